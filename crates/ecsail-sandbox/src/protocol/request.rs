//! The parts of an HTTP request from which a call is parsed.

use serde_json::{Value, json};

use crate::api::ApiError;

/// The parts of a request that name the operation and its input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestParts<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    /// The `X-Amz-Target` header.
    pub(crate) target: Option<&'a str>,
    /// The service in the signature.
    pub(crate) signed_for: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// Parses a JSON body: an object, or nothing.
pub(crate) fn parse_json_body(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(ApiError::new("SerializationException", "")),
    }
}

/// Decodes percent-encoding and `+`, as in a form body.
pub(crate) fn unescape(text: &str) -> String {
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
