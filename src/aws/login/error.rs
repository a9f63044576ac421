//! Explains why a login failed, for each source of credentials in its own words, with what to do. Calls nothing.

use crate::shell;
use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;

use super::chain::{Base, ProfileSource, Role};
use crate::aws::ApiError;
use crate::error::Failure;
use crate::secrets::masked_message;

/// Why there are no credentials.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[error("{message}{}", .cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
pub struct LoginError {
    pub message: String,
    pub cause: Option<String>,
    pub hints: Vec<String>,
}

impl LoginError {
    pub(super) fn new(message: impl Into<String>) -> LoginError {
        LoginError { message: message.into(), cause: None, hints: Vec::new() }
    }

    fn with_cause(mut self, cause: impl Into<String>) -> LoginError {
        self.cause = Some(masked_message(&cause.into())).filter(|cause| !cause.is_empty());
        self
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> LoginError {
        self.hints.push(hint.into());
        self
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Failure {
        let failure = error.hints.into_iter().fold(Failure::error(error.message), Failure::with_hint);
        match error.cause {
            Some(cause) => failure.with_cause(cause),
            None => failure,
        }
    }
}

/// Returns the error of a login that takes too long.
pub(super) fn timed_out(waits_for: &str, limit: &str) -> LoginError {
    LoginError::new(format!("the login took longer than {limit}"))
        .with_cause(format!("no answer from {waits_for}"))
        .with_hint("log in before you run the command, so that its credentials are there already")
}

/// Returns the error of the base of a chain. `web_identity` is the token file and the role of the environment.
pub(super) fn of_base(
    base: &Base,
    error: &CredentialsError,
    web_identity: Option<(&str, &str)>,
) -> LoginError {
    let texts = texts(error);
    let has_other_sources =
        matches!(base, Base::Default | Base::Profile { source: ProfileSource::Other, .. });
    if let Some((file, role)) = web_identity.filter(|_| has_other_sources && !is_not_loaded(error)) {
        return of_web_identity(file, role, error, &texts);
    }
    match base {
        Base::Profile { name, source } => of_profile(name, source, error, &texts),
        Base::Keys { name, .. } => LoginError::new(format!("failed to use the keys of profile `{name}`"))
            .with_cause(texts.join(": ")),
        Base::Environment => LoginError::new("there are no AWS keys in the environment")
            .with_cause(texts.join(": "))
            .with_hint(
                "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, which `credential_source` names",
            ),
        Base::Instance | Base::Container | Base::Default => no_credentials(error, &texts),
    }
}

fn of_profile(name: &str, source: &ProfileSource, error: &CredentialsError, texts: &[String]) -> LoginError {
    let cause = texts.join(": ");
    match source {
        ProfileSource::Sso { account, role } => of_sso(name, account, role, texts),
        ProfileSource::Process(program) => {
            LoginError::new(format!("`{program}`, the `credential_process` of profile `{name}`, failed"))
                .with_cause(process_cause(&cause))
                .with_hint(format!("run `aws sts get-caller-identity --profile {}` to try it alone", shell::quote(name)))
        }
        ProfileSource::WebIdentity { file, role } => of_web_identity(file, role, error, texts),
        ProfileSource::LoginSession => {
            LoginError::new(format!("profile `{name}` uses `aws login`, which ecsail cannot")).with_hint(format!(
                "export its credentials: `eval \"$(aws configure export-credentials --profile {name} --format env)\"`"
            ))
        }
        ProfileSource::Keys => {
            LoginError::new(format!("failed to use the keys of profile `{name}`")).with_cause(cause)
        }
        ProfileSource::Other => LoginError::new(format!("profile `{name}` has no credentials"))
            .with_cause(cause)
            .with_hint(format!("set them with `aws configure --profile {}` or `aws configure sso`", shell::quote(name))),
    }
}

/// Returns the error of a profile of IAM Identity Center: not logged in, expired, or without access to the role.
fn of_sso(name: &str, account: &str, role: &str, texts: &[String]) -> LoginError {
    let cause = texts.join(": ");
    if texts.iter().any(|text| text.contains("ForbiddenException") || text.contains("No access")) {
        return LoginError::new(format!(
            "no access to role `{role}` in account `{account}` (profile `{name}`)"
        ))
        .with_cause(cause)
        .with_hint("ask for the permission set in IAM Identity Center, or choose another profile");
    }
    let login = match name {
        "default" => "log in with `aws sso login`".to_owned(),
        name => format!("log in with `aws sso login --profile {}`", shell::quote(name)),
    };
    let message = if cause.contains("expired") || cause.contains("UnauthorizedException") {
        format!("the login of profile `{name}` at IAM Identity Center has expired")
    } else if cause.contains("cached SSO token") || cause.contains("failed to read") {
        format!("profile `{name}` is not logged in at IAM Identity Center")
    } else {
        format!("failed to get the credentials of profile `{name}` from IAM Identity Center")
    };
    LoginError::new(message).with_cause(cause).with_hint(login)
}

fn of_web_identity(file: &str, role: &str, error: &CredentialsError, texts: &[String]) -> LoginError {
    if let Some(io) = find::<std::io::Error>(error) {
        return LoginError::new(format!("failed to read the web identity token file `{file}`"))
            .with_cause(io.to_string())
            .with_hint(
                "check `AWS_WEB_IDENTITY_TOKEN_FILE` or `web_identity_token_file`, and that the job has a token",
            );
    }
    let cause = texts.join(": ");
    let failed = LoginError::new(format!("failed to assume role `{role}` with the token in `{file}`"));
    let hint = if cause.contains("ExpiredToken") {
        "get a new token: this one has expired".to_owned()
    } else {
        format!(
            "check the identity provider, its audience, and the conditions in the trust policy of `{role}`"
        )
    };
    failed.with_cause(cause).with_hint(hint)
}

fn no_credentials(error: &CredentialsError, texts: &[String]) -> LoginError {
    let cause = if is_not_loaded(error) { "no source has any".to_owned() } else { texts.join(": ") };
    LoginError::new("failed to load AWS credentials").with_cause(cause).with_hint(
        "set up credentials in the environment (`AWS_ACCESS_KEY_ID`), a profile in `~/.aws`, SSO, web identity, \
         the container or the instance, or choose a profile with `--profile`",
    )
}

/// Returns the error of a role that could not be assumed.
pub(super) fn of_role(role: &Role, error: &ApiError) -> LoginError {
    let failed =
        LoginError::new(format!("failed to assume role `{}`", role.arn)).with_cause(error.to_string());
    let message = error.message.as_deref().unwrap_or_default();
    if message.contains("MultiFactorAuthentication failed") {
        return LoginError::new("the MFA code was not accepted")
            .with_cause(error.to_string())
            .with_hint("wait for the next code of the device: each is accepted once");
    }
    match error.code.as_deref() {
        Some("AccessDenied" | "AccessDeniedException") => denied_role(role, message, failed),
        Some("ExpiredToken" | "ExpiredTokenException") => {
            failed.with_hint("renew the credentials with which the role is assumed")
        }
        Some("InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch") => {
            failed.with_hint("check the access key with which the role is assumed")
        }
        _ => failed.with_hints(error.hint()),
    }
}

impl LoginError {
    fn with_hints(mut self, hints: impl IntoIterator<Item = String>) -> LoginError {
        self.hints.extend(hints);
        self
    }
}

fn denied_role(role: &Role, message: &str, failed: LoginError) -> LoginError {
    let principal = principal(message);
    let who = principal.as_deref().map_or("the caller".to_owned(), |principal| format!("`{principal}`"));
    let failed = failed
        .with_hint(format!("allow {who} to call `sts:AssumeRole` on `{}`", role.arn))
        .with_hint(format!("name {who} or its account in the trust policy of the role"));
    match (&role.mfa_device, &role.profile) {
        (None, Some(profile)) => {
            failed.with_hint(format!("if that policy asks for MFA, set `mfa_serial` in profile `{profile}`"))
        }
        _ => failed,
    }
}

/// Returns the principal that IAM names in a refusal, as policies name it: of a session its role.
fn principal(message: &str) -> Option<String> {
    let arn = message.split_once("User: ")?.1.split_whitespace().next()?;
    let Some((account, session)) = arn.split_once(":assumed-role/") else { return Some(arn.to_owned()) };
    let role = session.split('/').next().unwrap_or_default();
    Some(format!("{}:role/{role}", account.replacen(":sts:", ":iam:", 1)))
}

/// Returns the useful part of what the SDK says about a `credential_process`.
fn process_cause(cause: &str) -> String {
    let Some((_, rest)) = cause.split_once("exited with code ") else { return cause.to_owned() };
    let (status, stderr) = rest.split_once(". Stderr: ").unwrap_or((rest, ""));
    let stderr = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    if stderr.is_empty() { status.to_owned() } else { format!("{status}: {stderr}") }
}

fn is_not_loaded(error: &CredentialsError) -> bool {
    matches!(error, CredentialsError::CredentialsNotLoaded(_))
}

/// Returns the first error of a type in a chain of causes.
pub(in crate::aws) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<T>() {
            return Some(found);
        }
        next = current.source();
    }
    None
}

/// Returns the texts of the causes of an error, each once; the error of the provider itself says nothing.
fn texts(error: &CredentialsError) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut next = StdError::source(error);
    while let Some(current) = next {
        let text = current.to_string();
        if !text.is_empty() && text != "service error" && !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
        next = current.source();
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sso(text: &'static str) -> LoginError {
        let source = ProfileSource::Sso { account: "1".to_owned(), role: "dev".to_owned() };
        let base = Base::Profile { name: "corp".to_owned(), source };
        of_base(&base, &CredentialsError::provider_error(text), None)
    }

    #[test]
    fn a_login_that_is_missing_or_expired_is_repeated_with_the_profile() {
        for (text, message) in [
            ("failed to load the cached SSO token", "profile `corp` is not logged in at IAM Identity Center"),
            (
                "the SSO token has expired and cannot be refreshed",
                "the login of profile `corp` at IAM Identity Center has expired",
            ),
            (
                "UnauthorizedException: Session token not found or invalid",
                "the login of profile `corp` at IAM Identity Center has expired",
            ),
        ] {
            let error = sso(text);
            assert_eq!(error.message, message);
            assert_eq!(error.hints, ["log in with `aws sso login --profile corp`"]);
        }
    }

    #[test]
    fn a_permission_set_that_is_missing_is_no_missing_login() {
        let error = sso("ForbiddenException: No access");
        assert_eq!(error.message, "no access to role `dev` in account `1` (profile `corp`)");
    }

    #[test]
    fn a_denied_role_names_the_principal_as_policies_do() {
        let role = Role { arn: "arn:aws:iam::2:role/x".to_owned(), ..Role::default() };
        let refused = |who: &str| {
            let message = format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: x");
            let code = Some("AccessDenied".to_owned());
            let error = ApiError { code, message: Some(message), ..ApiError::unreadable("sts:AssumeRole") };
            of_role(&role, &error).hints[0].clone()
        };
        assert_eq!(
            refused("arn:aws:iam::1:user/me"),
            "allow `arn:aws:iam::1:user/me` to call `sts:AssumeRole` on `arn:aws:iam::2:role/x`"
        );
        assert!(refused("arn:aws:sts::1:assumed-role/ci/run-7").contains("allow `arn:aws:iam::1:role/ci`"));
    }

    #[test]
    fn a_program_that_fails_is_quoted() {
        let said = "Error retrieving credentials: external process exited with code exit status: 3. \
            Stderr: no session\n  log in first\n";
        assert_eq!(process_cause(said), "exit status: 3: no session log in first");
        assert_eq!(process_cause("could not parse response"), "could not parse response");
    }
}
