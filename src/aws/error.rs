//! Errors of the AWS API: which call failed, what AWS answered, and what kind of error that is.

use std::error::Error as StdError;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::change_guard::ChangeRefused;
use super::login::{LoginError, find};
use super::transport::Unreachable;
use crate::error::{Cause, Failure};
use crate::secrets::masked_message;

/// What to do after a request was not sent because the lock of the stage was lost.
const CHANGE_REFUSED_HINT: &str =
    "nothing was changed by this call: see who holds the lock with `ecsail lock status`";

/// The kind of an API error, as far as callers treat kinds differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// A throttle, a server error or a broken connection: worth a retry.
    Transient,
    /// The caller lacks the permission.
    Denied,
    /// The credentials have expired.
    Expired,
    /// There are no credentials, or their provider failed.
    NoCredentials,
    /// The resource does not exist.
    NotFound,
    /// The service does not have this operation: an old or incomplete implementation of the API.
    Unsupported,
    /// The response is not one of the service: a proxy's page, or a response that broke off. It may be transient or
    /// permanent.
    Unreadable,
    /// The address of the service cannot be reached.
    Unreachable,
    /// The request was not sent: the lock of the stage was lost.
    NotAllowed,
    /// Anything else.
    Other,
}

/// The error of one API call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation}: {}", self.describe())]
pub struct ApiError {
    /// The IAM action of the call, such as `ecs:UpdateService`.
    pub operation: String,
    pub kind: ApiErrorKind,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
    /// What to do, where it depends on more than the kind of error.
    pub advice: Option<String>,
}

impl ApiError {
    /// Converts an error of the SDK.
    pub fn from_sdk<E>(operation: &str, error: SdkError<E, HttpResponse>) -> ApiError
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let request_id = error.request_id().map(str::to_owned);
        let code = error.code().map(str::to_owned);
        let message = error.message().filter(|message| !message.is_empty()).map(str::to_owned);
        let meaning = classify(&error, code.as_deref());
        let (message, advice) = if let Some(login) = find::<LoginError>(&error) {
            (Some(login.to_string()), login.hints.first().cloned())
        } else if let Some(unreachable) = find::<Unreachable>(&error) {
            (Some(unreachable.to_string()), Some(unreachable.advice.clone()))
        } else if let Some(refused) = find::<ChangeRefused>(&error) {
            (Some(refused.to_string()), Some(CHANGE_REFUSED_HINT.to_owned()))
        } else {
            (message.or_else(|| code.is_none().then(|| describe_without_code(&error))), None)
        };
        // AWS quotes what it was sent.
        let message = message.map(|message| masked_message(&message));
        ApiError { operation: operation.to_owned(), kind: meaning, code, message, request_id, advice }
    }

    /// Returns whether a retry may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ApiErrorKind::Transient | ApiErrorKind::Unreadable)
    }

    /// Returns whether the call may have taken effect although it failed. A throttled call never did.
    pub fn is_ambiguous(&self) -> bool {
        self.is_retryable() && !self.is_throttled()
    }

    /// Returns whether AWS refused the call because there are too many.
    pub fn is_throttled(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.contains("Throttl") || code.contains("TooMany"))
    }

    fn describe(&self) -> String {
        let request = self.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => format!("{code}: {message}{request}"),
            (Some(one), None) | (None, Some(one)) => format!("{one}{request}"),
            (None, None) => format!("the response could not be parsed{request}"),
        }
    }

    /// Returns the error for a response that is not one of the service's.
    pub fn unreadable(operation: &str) -> ApiError {
        ApiError {
            operation: operation.to_owned(),
            kind: ApiErrorKind::Unreadable,
            code: None,
            message: Some("the response could not be parsed".to_owned()),
            request_id: None,
            advice: None,
        }
    }

    /// Returns the error for a call that is not answered in time.
    pub fn not_answered_within(operation: &str, limit: Duration) -> ApiError {
        let message = Some(format!("no answer within {} s", limit.as_secs()));
        ApiError { kind: ApiErrorKind::Unreachable, message, ..ApiError::unreadable(operation) }
    }

    /// Returns the error of an answer with a member that is not of the type that the API reference gives.
    pub fn not_understood(operation: &str, error: &dyn std::fmt::Display) -> ApiError {
        let message = Some(format!("the answer could not be read: {error}"));
        ApiError { kind: ApiErrorKind::Unreadable, message, ..ApiError::unreadable(operation) }
    }

    /// Returns what to do about the error, if that is known.
    pub fn hint(&self) -> Option<String> {
        if self.advice.is_some() {
            return self.advice.clone();
        }
        if let Some(hint) = self.code.as_deref().and_then(hint_for_code) {
            return Some(hint.to_owned());
        }
        match self.kind {
            ApiErrorKind::Denied => Some(format!("allow `{}` for the role or user that runs ecsail", self.operation)),
            ApiErrorKind::Expired => Some("renew the credentials (`aws sso login`), then run the command again".to_owned()),
            ApiErrorKind::NoCredentials => Some(
                "set up credentials in the environment (`AWS_ACCESS_KEY_ID`), a profile in `~/.aws`, SSO, web identity, the container \
                 or the instance, or choose a profile with `--profile`"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Returns what to do about credentials that AWS does not accept.
fn hint_for_code(code: &str) -> Option<&'static str> {
    match code {
        "InvalidClientTokenId" | "UnrecognizedClientException" | "AuthFailure" => Some(
            "check the access key: AWS does not know it, it was deactivated, or its session token is missing",
        ),
        "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            Some("check the secret access key, and the clock of this machine")
        }
        _ => None,
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        let hint = error.hint();
        let message = match error.kind {
            ApiErrorKind::NoCredentials => "failed to load AWS credentials".to_owned(),
            ApiErrorKind::Expired => "the AWS credentials have expired".to_owned(),
            _ => format!("failed to call `{}`", error.operation),
        };
        Failure::error(message).with_cause(error).with_hint(hint)
    }
}

impl From<ApiError> for Cause {
    fn from(error: ApiError) -> Cause {
        let temporary = error.is_retryable();
        Cause::new(error).temporary(temporary)
    }
}

fn classify<E>(error: &SdkError<E, HttpResponse>, code: Option<&str>) -> ApiErrorKind
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if find::<CredentialsError>(error).is_some() {
        return ApiErrorKind::NoCredentials;
    }
    if find::<Unreachable>(error).is_some() {
        return ApiErrorKind::Unreachable;
    }
    if find::<ChangeRefused>(error).is_some() {
        return ApiErrorKind::NotAllowed;
    }
    match code {
        Some("ExpiredTokenException" | "ExpiredToken" | "RequestExpired") => ApiErrorKind::Expired,
        Some("AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation") => ApiErrorKind::Denied,
        Some(
            "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "ServerException"
            | "InternalFailure",
        ) => ApiErrorKind::Transient,
        Some(
            "ImageNotFoundException"
            | "RepositoryNotFoundException"
            | "ServiceNotFoundException"
            | "ResourceNotFoundException",
        ) => ApiErrorKind::NotFound,
        Some("InvalidAction" | "UnknownOperationException") => ApiErrorKind::Unsupported,
        Some(_) if error.raw_response().is_some_and(|answer| answer.status().is_server_error()) => {
            ApiErrorKind::Transient
        }
        Some(_) => ApiErrorKind::Other,
        None => match error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => ApiErrorKind::Transient,
            SdkError::ResponseError(_) | SdkError::ServiceError(_) => ApiErrorKind::Unreadable,
            _ => ApiErrorKind::Other,
        },
    }
}

/// Describes an error that has no code; the HTTP status distinguishes a proxy's page from a response that broke off.
fn describe_without_code<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    let status = error.raw_response().map(|answer| format!("HTTP {}: ", answer.status().as_u16()));
    format!("{}{}", status.unwrap_or_default(), join_causes(error))
}

/// Returns the chain of causes as one line, without the SDK's dump of the response.
fn join_causes(error: &dyn StdError) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(current) = next {
        let text = current.to_string();
        if !parts.contains(&text) {
            parts.push(text);
        }
        next = current.source();
    }
    parts.join(": ")
}

/// Converts the error of a call about a cluster into a failure of the command.
pub fn cluster_failure(cluster: &str, error: ApiError) -> Failure {
    let missing = error.code.as_deref() == Some("ClusterNotFoundException");
    let failure = failure(error);
    if !missing {
        return failure;
    }
    let hint =
        "check `cluster:` and `region:` in the manifest, and the account of the credentials".to_owned();
    Failure::error(format!("no cluster named `{cluster}`")).with_cause(failure).with_hint(hint)
}

/// Converts an API error into a failure of the command.
pub fn failure(error: ApiError) -> Failure {
    Failure::from(error)
}
