//! Owns errors of the API: what was called, what came back, and what that means for the caller.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::error::{Cause, Failure};

/// Says what an error means for what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A throttle, a server error, a broken connection: worth another try.
    Passing,
    /// The caller may not do this.
    Denied,
    /// The credentials are no longer good.
    Expired,
    /// There are no credentials, or what should give them failed.
    NoCredentials,
    /// What was asked for is not there.
    NotFound,
    /// The service does not know this operation: an old or incomplete implementation.
    Unsupported,
    /// The answer is none of the service's: a proxy's page, or one that broke off. It may pass, or be so always.
    Garbled,
    /// Anything else.
    Other,
}

/// Holds an error of one call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation}: {}", self.text())]
pub struct ApiError {
    /// The IAM name of the call, such as `ecs:UpdateService`.
    pub operation: String,
    pub meaning: Meaning,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
}

impl ApiError {
    /// Returns our error of an SDK's.
    pub fn new<E>(operation: &str, error: SdkError<E, HttpResponse>) -> ApiError
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let request_id = error.request_id().map(str::to_owned);
        let code = error.code().map(str::to_owned);
        let message = error.message().map(str::to_owned);
        let meaning = meaning(&error, code.as_deref());
        let message = match cause::<CredentialsError, _>(&error) {
            // The SDK lists every place that it tried, over many lines; the hint names them.
            Some(credentials) => {
                let first = causes(credentials).lines().next().unwrap_or_default().to_owned();
                Some(first.trim_end_matches(" Attempted:").trim_end_matches('.').to_owned())
            }
            None => message.or_else(|| code.is_none().then(|| unnamed(&error))),
        };
        ApiError { operation: operation.to_owned(), meaning, code, message, request_id }
    }

    /// Returns whether another try may go better.
    pub fn may_pass(&self) -> bool {
        matches!(self.meaning, Meaning::Passing | Meaning::Garbled)
    }

    /// Returns whether the call may have taken effect all the same. A throttle had none.
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
            (None, None) => format!("no answer that can be read{request}"),
        }
    }

    /// Returns the error of an answer that is not what the service gives.
    pub fn unreadable(operation: &str) -> ApiError {
        ApiError {
            operation: operation.to_owned(),
            meaning: Meaning::Garbled,
            code: None,
            message: Some("the answer is not what ECS gives".to_owned()),
            request_id: None,
        }
    }

    /// Returns the error of an answer with a member that is not of the type that the API reference gives.
    pub fn not_understood(operation: &str, error: &dyn std::fmt::Display) -> ApiError {
        let message = Some(format!("the answer could not be read: {error}"));
        ApiError { meaning: Meaning::Garbled, message, ..ApiError::unreadable(operation) }
    }

    /// Returns what to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self.meaning {
            Meaning::Denied => Some(format!("allow `{}` to the role or user that runs ecsail", self.operation)),
            Meaning::Expired => Some("renew the credentials (`aws sso login`), then run it again".to_owned()),
            Meaning::NoCredentials => Some(
                "looked in the environment (`AWS_ACCESS_KEY_ID`), the profile in `~/.aws`, SSO, web identity, the container \
                 and the instance: set one up, or name a profile with `--profile`"
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
                Failure::error("the AWS credentials could not be loaded").because(error).hint(hint)
            }
            Meaning::Expired => Failure::error("the AWS credentials have expired").because(error).hint(hint),
            _ => Failure::error(format!("call `{}`", error.operation)).because(error).hint(hint),
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

/// Returns an error without a code in words; the status tells a page of a proxy's from an answer that broke off.
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

/// Returns the chain of causes as one line, without the SDK's dump of the answer.
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
