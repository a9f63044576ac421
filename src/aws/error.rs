//! Errors of the AWS API: which call failed, what AWS answered, and what kind of error that is.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::error::{Cause, Failure};
use crate::secrets::masked_message;

/// The kind of an API error, as far as callers treat kinds differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A throttle, a server error or a broken connection: worth a retry.
    Passing,
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
    Garbled,
    /// Anything else.
    Other,
}

/// The error of one API call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation}: {}", self.text())]
pub struct ApiError {
    /// The IAM action of the call, such as `ecs:UpdateService`.
    pub operation: String,
    pub meaning: Meaning,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
}

impl ApiError {
    /// Converts an error of the SDK.
    pub fn new<E>(operation: &str, error: SdkError<E, HttpResponse>) -> ApiError
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let request_id = error.request_id().map(str::to_owned);
        let code = error.code().map(str::to_owned);
        let message = error.message().map(str::to_owned);
        let meaning = meaning(&error, code.as_deref());
        let message = match cause::<CredentialsError, _>(&error) {
            // The SDK lists every provider that it tried, over many lines; the hint names them.
            Some(credentials) => {
                let first = causes(credentials).lines().next().unwrap_or_default().to_owned();
                Some(first.trim_end_matches(" Attempted:").trim_end_matches('.').to_owned())
            }
            None => message.or_else(|| code.is_none().then(|| unnamed(&error))),
        };
        // AWS quotes what it was sent.
        let message = message.map(|message| masked_message(&message));
        ApiError { operation: operation.to_owned(), meaning, code, message, request_id }
    }

    /// Returns whether a retry may succeed.
    pub fn may_pass(&self) -> bool {
        matches!(self.meaning, Meaning::Passing | Meaning::Garbled)
    }

    /// Returns whether the call may have taken effect although it failed. A throttled call never did.
    pub fn is_ambiguous(&self) -> bool {
        let throttled =
            self.code.as_deref().is_some_and(|code| code.contains("Throttl") || code.contains("TooMany"));
        self.may_pass() && !throttled
    }

    fn text(&self) -> String {
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
            meaning: Meaning::Garbled,
            code: None,
            message: Some("the response could not be parsed".to_owned()),
            request_id: None,
        }
    }

    /// Returns the error of an answer with a member that is not of the type that the API reference gives.
    pub fn not_understood(operation: &str, error: &dyn std::fmt::Display) -> ApiError {
        let message = Some(format!("the answer could not be read: {error}"));
        ApiError { meaning: Meaning::Garbled, message, ..ApiError::unreadable(operation) }
    }

    /// Returns what to do about the error, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self.meaning {
            Meaning::Denied => Some(format!("allow `{}` for the role or user that runs ecsail", self.operation)),
            Meaning::Expired => Some("renew the credentials (`aws sso login`), then run the command again".to_owned()),
            Meaning::NoCredentials => Some(
                "set up credentials in the environment (`AWS_ACCESS_KEY_ID`), a profile in `~/.aws`, SSO, web identity, the container \
                 or the instance, or choose a profile with `--profile`"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        let hint = error.hint();
        match error.meaning {
            Meaning::NoCredentials => {
                Failure::error("failed to load AWS credentials").because(error).hint(hint)
            }
            Meaning::Expired => Failure::error("the AWS credentials have expired").because(error).hint(hint),
            _ => Failure::error(format!("failed to call `{}`", error.operation)).because(error).hint(hint),
        }
    }
}

impl From<ApiError> for Cause {
    fn from(error: ApiError) -> Cause {
        let temporary = error.may_pass();
        Cause::new(error).temporary(temporary)
    }
}

fn meaning<E>(error: &SdkError<E, HttpResponse>, code: Option<&str>) -> Meaning
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if let Some(credentials) = cause::<CredentialsError, _>(error) {
        tracing::debug!("credentials: {credentials}");
        return Meaning::NoCredentials;
    }
    match code {
        Some("ExpiredTokenException" | "ExpiredToken" | "RequestExpired") => Meaning::Expired,
        Some("AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation") => Meaning::Denied,
        Some(
            "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "ServerException"
            | "InternalFailure",
        ) => Meaning::Passing,
        Some(
            "ImageNotFoundException"
            | "RepositoryNotFoundException"
            | "ServiceNotFoundException"
            | "ResourceNotFoundException",
        ) => Meaning::NotFound,
        Some("InvalidAction" | "UnknownOperationException") => Meaning::Unsupported,
        Some(_) if error.raw_response().is_some_and(|answer| answer.status().is_server_error()) => {
            Meaning::Passing
        }
        Some(_) => Meaning::Other,
        None => match error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => Meaning::Passing,
            SdkError::ResponseError(_) | SdkError::ServiceError(_) => Meaning::Garbled,
            _ => Meaning::Other,
        },
    }
}

/// Describes an error that has no code; the HTTP status distinguishes a proxy's page from a response that broke off.
fn unnamed<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    let status = error.raw_response().map(|answer| format!("HTTP {}: ", answer.status().as_u16()));
    format!("{}{}", status.unwrap_or_default(), causes(error))
}

fn cause<T: StdError + 'static, E: StdError + 'static>(error: &E) -> Option<&T> {
    let mut next = error.source();
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<T>() {
            return Some(found);
        }
        next = current.source();
    }
    None
}

/// Returns the chain of causes as one line, without the SDK's dump of the response.
fn causes(error: &dyn StdError) -> String {
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
    Failure::error(format!("no cluster named `{cluster}`")).because(failure).hint(hint)
}

/// Converts an API error into a failure of the command.
pub fn failure(error: ApiError) -> Failure {
    let hint = error.hint();
    match error.meaning {
        Meaning::NoCredentials => Failure::error("failed to load AWS credentials").because(error).hint(hint),
        Meaning::Expired => Failure::error("the AWS credentials have expired").because(error).hint(hint),
        _ => Failure::error(format!("failed to call `{}`", error.operation)).because(error).hint(hint),
    }
}
