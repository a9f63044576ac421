//! Configures the AWS clients: region, credentials, role, endpoint, proxy and certificates, by the rules of the AWS
//! CLI. The one place that makes a configuration: every client is made from it.

use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::endpoint::Endpoints;
use super::environment::{Machine, check_partitions};
use super::http_client;
use super::login::{Login, ProfileFiles};
use super::pacer::Pacer;
use super::transport::Transport;
use crate::duration;
use crate::error::{Failure, Result};
use crate::settings::Settings;

/// Attempts per call: enough to outlast a throttled token bucket that refills once a second.
/// The variable that chooses who calls the embedded sandbox, and the users that it has.
const SANDBOX_USER: &str = "ECSAIL_SANDBOX_USER";
const SANDBOX_USERS: &[(&str, &str, &str)] = &[
    ("sandbox", "SANDBOXKEY", "sandbox"),
    ("alice", "AKIASANDBOXALICE0000", "alice-secret"),
    ("bob", "AKIASANDBOXBOB000000", "bob-secret"),
];
const ATTEMPTS: u32 = 5;
/// The limit for one attempt of a source of credentials. Those of other calls are in [`super::transport`].
const ATTEMPT_TIMEOUT: Duration = if cfg!(test) { Duration::from_mins(5) } else { Duration::from_secs(20) };
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The variable that turns the pacing of calls off, for accounts with higher rates.
const PACING: &str = "ECSAIL_PACING";
/// The variable that sets the pause before what a call without an answer did is looked for again.
const LOOKUP_PAUSE: &str = "ECSAIL_LOOKUP_PAUSE";
/// Two pauses are longer than AWS takes to show a change: EventBridge Scheduler and ECS are eventually consistent.
pub(crate) const DEFAULT_LOOKUP_PAUSE: Duration = Duration::from_millis(1500);

/// What all clients of a run are made from.
pub(super) struct Configuration {
    pub(super) config: SdkConfig,
    /// The source of the credentials; `None` in the sandbox, which takes any.
    pub(super) login: Option<Login>,
    pub(super) pacer: Arc<Pacer>,
    /// The pause before what a call without an answer did is looked for again.
    pub(super) lookup_pause: Duration,
    pub(super) transport: Transport,
    pub(super) machine: Machine,
}

/// Returns the configuration of a run. Obtains no credentials yet.
///
/// The region comes from `--region`, then the manifest, then the environment and the profile: a region in the manifest
/// overrides what CI exports.
///
/// # Errors
/// No region is set, the profile does not exist, or a proxy or the CA bundle cannot be used.
pub(super) async fn load(
    settings: &Settings,
    region: Option<&str>,
    role: Option<&str>,
) -> Result<Configuration> {
    check_partitions(settings)?;
    let machine = Machine::new(settings);
    let files = ProfileFiles::read(&machine).await?;
    let loaded = loader(settings, &machine, region)?.load().await;
    let Some(name) = loaded.region().map(ToString::to_string) else {
        let hint = "set `region:` in the manifest, `--region`, or `AWS_REGION`".to_owned();
        return Err(Failure::usage("no AWS region is set").with_hint(hint));
    };
    let endpoints = Endpoints::new(settings, &machine, &files, &name, region)?;
    let pacer = Arc::new(pacer(settings)?);
    let lookup_pause = lookup_pause(settings)?;
    let client = loaded.http_client().unwrap_or_else(http_client::plain);
    let transport = Transport::new(client, Arc::clone(&pacer), endpoints);
    let config = loaded
        .to_builder()
        .http_client(transport.clone())
        // The guard of uploads counts the time in which a call waits for its turn; a request has a timeout of its own.
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
        .build();
    if settings.sandbox.is_some() && role.is_none() {
        return Ok(Configuration { config, login: None, pacer, lookup_pause, transport, machine });
    }
    let login = Login::new(&loaded, &config, &files, role).await;
    let config = config
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(login.clone()))
        // The login keeps the credentials for all clients; the SDK would keep them for each.
        .identity_cache(IdentityCache::no_cache())
        .build();
    Ok(Configuration { config, login: Some(login), pacer, lookup_pause, transport, machine })
}

/// Returns the pacer of a run. The sandbox answers at any rate.
///
/// # Errors
/// The variable that turns it off has another value.
fn pacer(settings: &Settings) -> Result<Pacer> {
    match settings.process_variable(PACING) {
        _ if settings.sandbox.is_some() => Ok(Pacer::off()),
        None | Some("on") => Ok(Pacer::new()),
        Some("off") => Ok(Pacer::off()),
        Some(other) => Err(Failure::usage(format!("`{PACING}` is `{other}`, not `on` or `off`"))),
    }
}

/// Returns the pause before what a call without an answer did is looked for again.
///
/// # Errors
/// The variable that sets it is not a duration.
fn lookup_pause(settings: &Settings) -> Result<Duration> {
    let Some(given) = settings.process_variable(LOOKUP_PAUSE) else { return Ok(DEFAULT_LOOKUP_PAUSE) };
    duration::argument(given)
        .map_err(|problem| Failure::usage(format!("`{LOOKUP_PAUSE}` is `{given}`: {problem}")))
}

/// Returns the credentials of a person of the sandbox. The user's own credentials are not needed, and must not be sent to it.
///
/// # Errors
/// The variable that chooses the person has another value.
fn sandbox_credentials(settings: &Settings) -> Result<Credentials> {
    let name = settings.process_variable(SANDBOX_USER).unwrap_or(SANDBOX_USERS[0].0);
    if let Some((_, key, secret)) = SANDBOX_USERS.iter().find(|(known, ..)| *known == name) {
        return Ok(Credentials::from_keys(*key, *secret, None));
    }
    let names: Vec<String> = SANDBOX_USERS.iter().map(|(name, ..)| format!("`{name}`")).collect();
    Err(Failure::usage(format!("`{SANDBOX_USER}` is `{name}`, not one of {}", names.join(", "))))
}

fn loader(settings: &Settings, machine: &Machine, region: Option<&str>) -> Result<ConfigLoader> {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .env(machine.env())
        .fs(machine.files())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts.build());
    if let Some(region) = settings.region.as_deref().or(region) {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(endpoint) = &settings.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    if settings.sandbox.is_some() {
        let credentials = sandbox_credentials(settings)?;
        return Ok(loader.credentials_provider(credentials).http_client(http_client::plain()));
    }
    #[cfg(all(test, feature = "sandbox"))]
    if let Some(client) = super::in_process::client() {
        return Ok(loader.http_client(client));
    }
    Ok(loader.http_client(http_client::client(machine)?))
}
