//! The wire: which operation a request asks for, and how answers and errors look. Owns the JSON 1.1
//! protocol of ECS and ECR and the query protocol of STS; never touches state.

use std::fmt;

use serde_json::{Map, Value, json};

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
    pub(super) fn new(code: &str, message: impl Into<String>) -> ApiError {
        ApiError { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// Returns ECS's `ClientException`.
    pub(super) fn client(message: impl Into<String>) -> ApiError {
        ApiError::new("ClientException", message)
    }

    /// Returns ECS's and ECR's `InvalidParameterException`.
    pub(super) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError::new("InvalidParameterException", message)
    }

    /// Returns the refusal that IAM gives when no policy allows `action`, such as `ecs:TagResource`.
    pub(super) fn denied(who: &str, action: &str, resource: &str) -> ApiError {
        ApiError::new(
            "AccessDeniedException",
            format!(
                "User: {who} is not authorized to perform: {action} on resource: {resource} \
                 because no identity-based policy allows the {action} action"
            ),
        )
    }

    /// Returns what an endpoint says to an operation that it does not know.
    pub(super) fn unknown_operation() -> ApiError {
        ApiError { status: 400, code: "UnknownOperationException".to_owned(), message: String::new() }
    }
}

/// Refuses with ECS's `ClientException` where something is wrong.
pub(super) fn client_if(wrong: bool, message: impl Into<String>) -> Result<(), ApiError> {
    if wrong { Err(ApiError::client(message)) } else { Ok(()) }
}

/// Refuses with `InvalidParameterException` where something is wrong.
pub(super) fn invalid_if(wrong: bool, message: impl Into<String>) -> Result<(), ApiError> {
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
pub(super) struct Asked {
    /// `ecs`, `ecr` or `sts`.
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) input: Value,
}

/// Reads the operation and its input from a request's target header, or from its form body.
pub(super) fn asked(target: Option<&str>, body: &[u8]) -> Result<Asked, ApiError> {
    match target {
        Some(target) => json_call(target, body),
        None => form_call(body),
    }
}

fn json_call(target: &str, body: &[u8]) -> Result<Asked, ApiError> {
    let (prefix, operation) = target.split_once('.').ok_or_else(ApiError::unknown_operation)?;
    let service = match prefix {
        "AmazonEC2ContainerServiceV20141113" => "ecs",
        "AmazonEC2ContainerRegistry_V20150921" => "ecr",
        _ => return Err(ApiError::unknown_operation()),
    };
    let input = if body.is_empty() { json!({}) } else { parsed(body)? };
    Ok(Asked { service: service.to_owned(), operation: operation.to_owned(), input })
}

fn parsed(body: &[u8]) -> Result<Value, ApiError> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(ApiError::new("SerializationException", "")),
    }
}

fn form_call(body: &[u8]) -> Result<Asked, ApiError> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let mut input: Map<String, Value> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (unescaped(key), Value::String(unescaped(value))))
        .collect();
    let Some(Value::String(operation)) = input.shift_remove("Action") else {
        return Err(ApiError::unknown_operation());
    };
    input.shift_remove("Version");
    Ok(Asked { service: "sts".to_owned(), operation, input: Value::Object(input) })
}

/// Undoes percent-encoding and `+`, as in a form body.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns the body of an error answer and its content type.
pub(super) fn error_body(service: &str, error: &ApiError, request_id: &str) -> (String, &'static str) {
    if service == "sts" {
        let side = if error.status >= 500 { "Receiver" } else { "Sender" };
        let text = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    \
             <Type>{side}</Type>\n    <Code>{}</Code>\n    <Message>{}</Message>\n  </Error>\n  \
             <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
            escaped(&error.code),
            escaped(&error.message)
        );
        return (text, "text/xml");
    }
    // Unknown operations and unreadable bodies are refused before a service sees them: no message.
    let body = if error.message.is_empty() {
        json!({ "__type": error.code })
    } else {
        json!({ "__type": error.code, "message": error.message })
    };
    (body.to_string(), "application/x-amz-json-1.1")
}

/// Returns the body of an answer and its content type.
pub(super) fn answer_body(asked: &Asked, output: &Value, request_id: &str) -> (String, &'static str) {
    if asked.service != "sts" {
        return (output.to_string(), "application/x-amz-json-1.1");
    }
    let operation = &asked.operation;
    let text = format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
         <{operation}Result>{}</{operation}Result>\n  <ResponseMetadata>\n    \
         <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</{operation}Response>\n",
        xml(output)
    );
    (text, "text/xml")
}

fn xml(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| format!("<{key}>{}</{key}>", xml(value))).collect()
        }
        Value::String(text) => escaped(text),
        other => other.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
