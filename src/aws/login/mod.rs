//! Logs in to AWS: obtains the credentials of a run, once for all clients, with a time limit of its own. Never asks or
//! prints anything itself.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::credentials::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::Mutex;

use super::ApiError;
use crate::duration;
use crate::error::Result;

mod chain;
mod error;
mod profiles;

pub use error::LoginError;
pub(in crate::aws) use error::find;
pub(in crate::aws) use profiles::ProfileFiles;

use chain::{Base, Chain, Role};

/// The limit for one login: enough for a program that opens a browser.
const LIMIT: Duration = Duration::from_mins(5);
/// After this time it is reported what a login waits for.
const REPORT_AFTER: Duration = Duration::from_secs(2);
/// How long before they expire credentials are renewed: calls that were signed shortly before are still accepted.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
/// The name of the sessions of roles, where the profile names none.
const SESSION_NAME: &str = "ecsail";

/// Where a login reports what it waits for.
pub trait LoginReporter {
    /// Reports what a login waits for that takes longer than usual.
    fn waiting_for_login(&self, what: &str);
    /// Returns the question for the code of an MFA device, to be asked on a thread of its own; `None` where there is no
    /// terminal to ask on.
    fn mfa_question(&self, device: &str) -> Option<MfaQuestion>;
}

/// The question for the code of an MFA device; it blocks until it is answered.
pub type MfaQuestion = Box<dyn FnOnce() -> String + Send>;

/// The source of the credentials of all clients. Its copies share one login.
#[derive(Clone)]
pub(super) struct Login(Arc<Shared>);

struct Shared {
    chain: Chain,
    base: Option<SharedCredentialsProvider>,
    /// The configuration of the calls to STS.
    config: SdkConfig,
    /// The token file and the role that the environment names.
    web_identity: Option<(String, String)>,
    current: Mutex<Option<Credentials>>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Login {
    /// Returns a login for the profile that the machine selects, and for the role of the manifest. Obtains nothing yet.
    ///
    /// `found` has the credentials that the SDK finds by itself, and `config` makes the calls to STS.
    pub(super) async fn new(
        found: &SdkConfig,
        config: &SdkConfig,
        files: &ProfileFiles,
        role: Option<&str>,
    ) -> Login {
        let mut chain = files.chain().clone();
        chain.roles.extend(role.map(|arn| Role { arn: arn.to_owned(), ..Role::default() }));
        let base = match &chain.base {
            Base::Default => found.credentials_provider(),
            Base::Profile { name, .. } => files.provider(name, found).await,
            Base::Keys { credentials, .. } => Some(SharedCredentialsProvider::new(credentials.clone())),
            Base::Environment | Base::Instance | Base::Container => Some(named_provider(&chain.base, found)),
        };
        Login(Arc::new(Shared {
            chain,
            base,
            config: config.clone(),
            web_identity: files.web_identity(),
            current: Mutex::default(),
        }))
    }

    /// Obtains the credentials, and reports what it waits for if that takes longer than usual.
    ///
    /// # Errors
    /// There are none, or their source failed.
    pub(super) async fn log_in(&self, reporter: &dyn LoginReporter) -> Result<(), LoginError> {
        let code = match self.0.chain.role_with_mfa() {
            Some(role) => Some(ask_for_code(role, reporter).await?),
            None => None,
        };
        let mut login = std::pin::pin!(self.credentials(code));
        tokio::select! {
            done = &mut login => return done.map(drop),
            () = tokio::time::sleep(REPORT_AFTER) => reporter.waiting_for_login(&self.0.chain.waits_for()),
        }
        login.await.map(drop)
    }

    /// Returns the credentials: those of an earlier login while they are valid.
    ///
    /// The login is a task of its own: a call that gives up does not end it, and the next call waits for the same one.
    async fn credentials(&self, code: Option<String>) -> Result<Credentials, LoginError> {
        let shared = Arc::clone(&self.0);
        let login = tokio::spawn(async move { shared.current_credentials(code).await });
        login.await.unwrap_or_else(|_| Err(LoginError::new("the login was interrupted")))
    }
}

impl ProvideCredentials for Login {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.credentials(None).await.map_err(CredentialsError::provider_error)
        })
    }
}

impl Shared {
    async fn current_credentials(&self, code: Option<String>) -> Result<Credentials, LoginError> {
        let mut current = self.current.lock().await;
        if let Some(known) = current.as_ref().filter(|known| is_valid_for(known, RENEW_BEFORE)) {
            return Ok(known.clone());
        }
        let limit = tokio::time::timeout(LIMIT, self.obtain(code)).await;
        let late = |_| error::timed_out(&self.chain.waits_for(), &duration::text(LIMIT));
        match limit.map_err(late).and_then(std::convert::identity) {
            Ok(credentials) => Ok(current.insert(credentials).clone()),
            // What is still valid is used until the last moment.
            Err(error) => current.clone().filter(|known| is_valid_for(known, Duration::ZERO)).ok_or(error),
        }
    }

    async fn obtain(&self, code: Option<String>) -> Result<Credentials, LoginError> {
        let web_identity = self.web_identity.as_ref().map(|(file, role)| (file.as_str(), role.as_str()));
        let base = match &self.base {
            Some(base) => base.provide_credentials().await,
            None => Err(CredentialsError::not_loaded_no_source()),
        };
        let mut credentials =
            base.map_err(|failed| error::of_base(&self.chain.base, &failed, web_identity))?;
        for role in &self.chain.roles {
            credentials = self.assume(role, credentials, code.as_deref()).await?;
        }
        Ok(credentials)
    }

    async fn assume(
        &self,
        role: &Role,
        with: Credentials,
        code: Option<&str>,
    ) -> Result<Credentials, LoginError> {
        if role.mfa_device.is_some() && code.is_none() {
            return Err(needs_code(role));
        }
        let config =
            self.config.to_builder().credentials_provider(SharedCredentialsProvider::new(with)).build();
        let request = aws_sdk_sts::Client::new(&config)
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(role.session_name.as_deref().unwrap_or(SESSION_NAME))
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(role.duration_seconds)
            .set_serial_number(role.mfa_device.clone())
            .set_token_code(role.mfa_device.is_some().then(|| code.unwrap_or_default().to_owned()));
        let answer = request
            .send()
            .await
            .map_err(|failed| error::of_role(role, &ApiError::from_sdk("sts:AssumeRole", failed)))?;
        let unreadable = || error::of_role(role, &ApiError::unreadable("sts:AssumeRole"));
        let given = answer.credentials.ok_or_else(unreadable)?;
        let expiry = SystemTime::try_from(given.expiration).ok();
        Ok(Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            expiry,
            "ecsail",
        ))
    }
}

/// Returns the provider of a `credential_source`.
fn named_provider(base: &Base, config: &SdkConfig) -> SharedCredentialsProvider {
    let mut settings = ProviderConfig::without_region().with_region(config.region().cloned());
    if let Some(client) = config.http_client() {
        settings = settings.with_http_client(client);
    }
    match base {
        Base::Instance => {
            SharedCredentialsProvider::new(ImdsCredentialsProvider::builder().configure(&settings).build())
        }
        Base::Container => {
            SharedCredentialsProvider::new(EcsCredentialsProvider::builder().configure(&settings).build())
        }
        _ => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
    }
}

fn is_valid_for(credentials: &Credentials, time: Duration) -> bool {
    credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + time)
}

/// Returns the code of the MFA device of a role, from the terminal.
async fn ask_for_code(role: &Role, reporter: &dyn LoginReporter) -> Result<String, LoginError> {
    let device = role.mfa_device.as_deref().unwrap_or_default();
    let question = reporter.mfa_question(device).ok_or_else(|| needs_code(role))?;
    let code = tokio::task::spawn_blocking(question).await.unwrap_or_default();
    if code.is_empty() { Err(needs_code(role)) } else { Ok(code) }
}

fn needs_code(role: &Role) -> LoginError {
    let profile = role.profile.as_deref().unwrap_or_default();
    LoginError::new(format!("role `{}` needs a code of MFA device `{}`", role.arn, role.mfa_device.as_deref().unwrap_or_default()))
        .with_hint("run the command on a terminal, where it asks for the code")
        .with_hint(format!(
            "or export a session before: `eval \"$(aws configure export-credentials --profile {profile} --format env)\"`"
        ))
}
