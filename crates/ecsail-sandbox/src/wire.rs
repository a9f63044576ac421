//! The wire: which operation a request asks for, and how answers and errors look. Owns the JSON 1.1
//! protocol of ECS, ECR, CloudWatch Logs, Application Auto Scaling and EventBridge; the query protocol of STS
//! and the load balancers stands in `query`, the REST protocol of the scheduler in `rest`. Never touches state.

use std::fmt;

use serde_json::{Value, json};

use crate::{query, rest};

/// An error as an AWS service answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The error code, such as `ClusterNotFoundException`.
    pub code: String,
    /// The message that goes with it.
    pub message: String,
}

impl ApiError {
    /// Returns an error with the status that AWS uses for a caller's mistake, 400.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> ApiError {
        ApiError { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// Returns ECS's `ClientException`.
    pub(crate) fn client(message: impl Into<String>) -> ApiError {
        ApiError::new("ClientException", message)
    }

    /// Returns ECS's and ECR's `InvalidParameterException`.
    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError::new("InvalidParameterException", message)
    }

    /// Returns the refusal that IAM gives when no policy allows `action`, such as `ecs:TagResource`.
    pub(crate) fn denied(who: &str, action: &str, resource: &str) -> ApiError {
        ApiError::new(
            "AccessDeniedException",
            format!(
                "User: {who} is not authorized to perform: {action} on resource: {resource} \
                 because no identity-based policy allows the {action} action"
            ),
        )
    }

    /// Returns what an endpoint says to an operation that it does not know.
    pub(crate) fn unknown_operation() -> ApiError {
        ApiError { status: 400, code: "UnknownOperationException".to_owned(), message: String::new() }
    }
}

/// Refuses with ECS's `ClientException` where something is wrong.
pub(crate) fn client_if(wrong: bool, message: impl Into<String>) -> Result<(), ApiError> {
    if wrong { Err(ApiError::client(message)) } else { Ok(()) }
}

/// Refuses with `InvalidParameterException` where something is wrong.
pub(crate) fn invalid_if(wrong: bool, message: impl Into<String>) -> Result<(), ApiError> {
    if wrong { Err(ApiError::invalid(message)) } else { Ok(()) }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (HTTP {})", self.code, self.message, self.status)
    }
}

impl std::error::Error for ApiError {}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// `ecs`, `ecr`, `logs`, `application-autoscaling`, `events`, `scheduler`, `sts` or `elasticloadbalancing`: the name in
    /// signatures and policies.
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) input: Value,
}

/// What of a request says which operation it asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    /// The `X-Amz-Target` header.
    pub(crate) target: Option<&'a str>,
    /// The service in its signature.
    pub(crate) signed_for: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// Reads the operation and its input: from the target header, from method and path, or from a form body.
pub(crate) fn asked(sent: Sent<'_>) -> Result<Asked, ApiError> {
    match sent.target {
        Some(target) => json_call(target, sent.body),
        None if sent.path != "/" => rest::call(sent),
        None => query::call(sent.signed_for, sent.body),
    }
}

fn json_call(target: &str, body: &[u8]) -> Result<Asked, ApiError> {
    let (prefix, operation) = target.split_once('.').ok_or_else(ApiError::unknown_operation)?;
    let service = match prefix {
        "AmazonEC2ContainerServiceV20141113" => "ecs",
        "AmazonEC2ContainerRegistry_V20150921" => "ecr",
        "Logs_20140328" => "logs",
        "AWSEvents" => "events",
        "AnyScaleFrontendService" => "application-autoscaling",
        _ => return Err(ApiError::unknown_operation()),
    };
    let input = parsed(body)?;
    Ok(Asked { service: service.to_owned(), operation: operation.to_owned(), input })
}

/// Reads the body of a request: an object, or nothing at all.
pub(crate) fn parsed(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(ApiError::new("SerializationException", "")),
    }
}

/// Returns the body of an error answer and its content type.
pub(crate) fn error_body(service: &str, error: &ApiError, request_id: &str) -> (String, &'static str) {
    if query::speaks(service) {
        return (query::error_body(service, error, request_id), "text/xml");
    }
    if rest::speaks(service) {
        return (json!({ "Message": error.message }).to_string(), "application/json");
    }
    // Unknown operations and unreadable bodies are refused before a service sees them: no message.
    let body = if error.message.is_empty() {
        json!({ "__type": error.code })
    } else {
        // Application Auto Scaling models its message with a capital.
        let member = if service == "application-autoscaling" { "Message" } else { "message" };
        json!({ "__type": error.code, member: error.message })
    };
    (body.to_string(), "application/x-amz-json-1.1")
}

/// Returns the body of an answer and its content type.
pub(crate) fn answer_body(asked: &Asked, output: &Value, request_id: &str) -> (String, &'static str) {
    if query::speaks(&asked.service) {
        return (query::answer_body(&asked.service, &asked.operation, output, request_id), "text/xml");
    }
    if rest::speaks(&asked.service) {
        return (output.to_string(), "application/json");
    }
    (output.to_string(), "application/x-amz-json-1.1")
}
