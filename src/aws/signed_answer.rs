//! The answers of calls that are signed here: JSON, the XML of the query protocol and of S3, and their errors.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::error::ApiErrorKind;
use super::{ApiError, xml};
use crate::secrets::masked_message;

/// The answer of a call, and the time at which AWS gave it, in seconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct SignedAnswer {
    pub(super) body: Value,
    pub(super) answered_at: Option<i64>,
}

/// An answer as it came over HTTP.
#[derive(Clone, Debug)]
pub(super) struct RawAnswer {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    answered_at: Option<i64>,
    /// The region of a bucket, which S3 names where a request went to another one.
    pub(super) bucket_region: Option<String>,
    /// The code of an error of the REST protocols.
    error_type: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// The error of a call, with the whole body of AWS's answer.
#[derive(Clone, Debug)]
pub(super) struct SignedError {
    pub(super) error: ApiError,
    pub(super) body: Value,
    pub(super) answered_at: Option<i64>,
}

/// Returns the error of a request without an answer.
pub(super) fn lost(action: &str, error: &dyn std::error::Error) -> Box<SignedError> {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let message = Some(masked_message(&innermost.to_string()));
    ApiError { kind: ApiErrorKind::Transient, message, ..ApiError::unreadable(action) }.into()
}

pub(super) async fn raw_answer(action: &str, response: HttpResponse) -> Result<RawAnswer, Box<SignedError>> {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).map(str::to_owned);
    let request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
    let answered_at = header("date").and_then(|date| seconds_of(&date));
    let bucket_region = header("x-amz-bucket-region");
    let error_type = header("x-amzn-errortype");
    let bytes = ByteStream::new(response.into_body()).collect().await;
    let bytes = bytes.map_err(|error| lost(action, &error))?.into_bytes().to_vec();
    Ok(RawAnswer { status, request_id, answered_at, bucket_region, error_type, bytes })
}

/// Returns the answer of an operation whose protocol is JSON.
pub(super) fn read(action: &str, answer: RawAnswer) -> Result<SignedAnswer, Box<SignedError>> {
    let RawAnswer { status, answered_at, .. } = answer;
    let Ok(body) = serde_json::from_slice::<Value>(&answer.bytes) else {
        return Err(not_parsed(action, &answer));
    };
    if (200..300).contains(&status) {
        return Ok(SignedAnswer { body, answered_at });
    }
    let code = body["__type"].as_str().or(answer.error_type.as_deref()).or(body["ErrorCode"].as_str());
    let code = code.and_then(|code| code.split(':').next()?.rsplit('#').next()).unwrap_or_default();
    let message = body["message"].as_str().or(body["Message"].as_str());
    let error = error_of(action, code, message, status >= 500);
    let error = ApiError { request_id: answer.request_id, ..error };
    Err(Box::new(SignedError { error, body, answered_at }))
}

/// Returns the answer of an operation whose protocol has XML. The error of the query protocol is inside `ErrorResponse`, that of EC2
/// inside a list, and that of S3 is the root.
pub(super) fn read_xml(action: &str, answer: &RawAnswer) -> Result<Value, Box<SignedError>> {
    let text = String::from_utf8_lossy(&answer.bytes);
    let Some(body) = xml::parse(&text) else { return Err(not_parsed(action, answer)) };
    if (200..300).contains(&answer.status) {
        return Ok(body);
    }
    let of_query = body.pointer("/ErrorResponse/Error").or_else(|| body.pointer("/Response/Errors/Error"));
    let error = of_query.unwrap_or(&body["Error"]);
    let code = error["Code"].as_str().unwrap_or_default();
    let found = error_of(action, code, error["Message"].as_str(), answer.status >= 500);
    let found = ApiError { request_id: answer.request_id.clone(), ..found };
    Err(Box::new(SignedError { error: found, body: error.clone(), answered_at: answer.answered_at }))
}

fn not_parsed(action: &str, answer: &RawAnswer) -> Box<SignedError> {
    let message = Some(format!("HTTP {}: the response could not be parsed", answer.status));
    ApiError { message, request_id: answer.request_id.clone(), ..ApiError::unreadable(action) }.into()
}

/// Returns the time of a `Date` header, in seconds since 1970.
fn seconds_of(date: &str) -> Option<i64> {
    let zoned = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(zoned.timestamp().as_second())
}

fn error_of(action: &str, code: &str, message: Option<&str>, is_server_error: bool) -> ApiError {
    let message = message.filter(|message| !message.is_empty()).map(masked_message);
    let kind = match code {
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => ApiErrorKind::Expired,
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => ApiErrorKind::Denied,
        "ResourceNotFoundException"
        | "ParameterNotFound"
        | "NoSuchKey"
        | "NoSuchBucket"
        | "NoSuchEntity"
        | "FileSystemNotFound"
        | "AccessPointNotFound"
        | "NamespaceNotFound" => ApiErrorKind::NotFound,
        "UnknownOperationException" => ApiErrorKind::Unsupported,
        code if is_throttle(code) || is_server_error => ApiErrorKind::Transient,
        _ => ApiErrorKind::Other,
    };
    ApiError { kind, code: Some(code.to_owned()), message, ..ApiError::unreadable(action) }
}

fn is_throttle(code: &str) -> bool {
    code.contains("Throttl")
        || code == "ProvisionedThroughputExceededException"
        || code == "RequestLimitExceeded"
        || code == "SlowDown"
}

impl From<ApiError> for Box<SignedError> {
    fn from(error: ApiError) -> Box<SignedError> {
        Box::new(SignedError { error, body: Value::Null, answered_at: None })
    }
}
