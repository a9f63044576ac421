//! The protocol of S3: the bucket and the key in the path, the object as the body, and errors as XML.

use serde_json::{Value, json};

use super::query::escape_xml;
use super::request::{RequestParts, unescape};
use crate::api::{ApiCall, ApiError};

/// The name in signatures.
const SERVICE: &str = "s3";

/// Returns whether a service has this protocol.
pub(crate) fn is_spoken_by(service: &str) -> bool {
    service == SERVICE
}

/// Returns the call of a request in path style: `GET` or `HEAD /BUCKET/KEY`.
pub(crate) fn parse_call(sent: RequestParts<'_>) -> ApiCall {
    let path = sent.path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let decoded = |text: &str| unescape(&text.replace('+', "%2B"));
    let operation = match sent.method {
        "GET" if !key.is_empty() => "GetObject",
        "HEAD" if !key.is_empty() => "HeadObject",
        _ => "Other",
    };
    let input = json!({ "Bucket": decoded(bucket), "Key": decoded(key) });
    ApiCall { service: SERVICE.to_owned(), operation: operation.to_owned(), input }
}

/// Returns the body of a successful response.
pub(crate) fn answer_body(output: &Value) -> String {
    output["Body"].as_str().unwrap_or_default().to_owned()
}

/// Returns the region that the response to a redirected request names.
pub(crate) fn redirected_to(error: &ApiError) -> Option<&str> {
    error.members.as_ref()?["Region"].as_str()
}

/// Returns the body of an error response.
pub(crate) fn error_body(error: &ApiError, request_id: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>\
         <RequestId>{request_id}</RequestId></Error>",
        escape_xml(&error.code),
        escape_xml(&error.message)
    )
}
