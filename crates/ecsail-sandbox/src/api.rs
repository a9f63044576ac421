//! An API call and its errors, independent of the protocol that carries them.

use std::fmt;

use serde_json::Value;

/// An error as an AWS service answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The error code, such as `ClusterNotFoundException`.
    pub code: String,
    /// The error message.
    pub message: String,
    /// Further members of the error, such as the item of a condition that failed in DynamoDB.
    pub members: Option<Value>,
}

impl ApiError {
    /// Returns an error with status 400.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> ApiError {
        ApiError { status: 400, code: code.to_owned(), message: message.into(), members: None }
    }

    /// Returns ECS's `ClientException`.
    pub(crate) fn client(message: impl Into<String>) -> ApiError {
        ApiError::new("ClientException", message)
    }

    /// Returns ECS's and ECR's `InvalidParameterException`.
    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError::new("InvalidParameterException", message)
    }

    /// Returns the error that IAM answers when no policy allows `action`, such as `ecs:TagResource`.
    pub(crate) fn denied(who: &str, action: &str, resource: &str) -> ApiError {
        ApiError::new(
            "AccessDeniedException",
            format!(
                "User: {who} is not authorized to perform: {action} on resource: {resource} \
                 because no identity-based policy allows the {action} action"
            ),
        )
    }

    /// Returns the `ValidationException` of EventBridge, the scheduler and Application Auto Scaling.
    pub(crate) fn validation(message: impl Into<String>) -> ApiError {
        ApiError::new("ValidationException", message)
    }

    /// Returns the error of an endpoint that does not have the operation.
    pub(crate) fn unknown_operation() -> ApiError {
        ApiError::new("UnknownOperationException", "")
    }
}

/// Returns ECS's `ClientException` when `wrong` is true.
pub(crate) fn client_if(wrong: bool, message: impl Into<String>) -> Result<(), ApiError> {
    if wrong { Err(ApiError::client(message)) } else { Ok(()) }
}

/// Returns `InvalidParameterException` when `wrong` is true.
pub(crate) fn invalid_if(wrong: bool, message: impl Into<String>) -> Result<(), ApiError> {
    if wrong { Err(ApiError::invalid(message)) } else { Ok(()) }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (HTTP {})", self.code, self.message, self.status)
    }
}

impl std::error::Error for ApiError {}

/// A call of an operation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ApiCall {
    /// The service's name in signatures and policies: `ecs`, `ecr`, `logs`, `application-autoscaling`,
    /// `events`, `scheduler`, `sts`, `elasticloadbalancing`, `dynamodb`, `kms`, `ssm`,
    /// `secretsmanager`, `cloudformation` or `s3`.
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) input: Value,
}
