//! Sends and keeps raw JSON through the SDK.
//!
//! The SDK still signs, retries, and resolves endpoints and credentials. Its types would drop every field that is newer
//! than the SDK; the raw JSON keeps them.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::body::SdkBody;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{ApiError, types};

/// An interceptor that replaces the request body of one operation and keeps the response body.
#[derive(Clone, Debug, Default)]
pub struct RawJson {
    body: Option<Vec<u8>>,
    answer: Arc<Mutex<Option<Vec<u8>>>>,
}

impl RawJson {
    /// Returns an interceptor that only keeps the response.
    pub fn keep() -> RawJson {
        RawJson::default()
    }

    /// Returns an interceptor that sends `document` as the request body.
    ///
    /// The document must contain its own idempotency token: the one that the SDK generates is replaced with the body.
    pub fn send(document: &Value) -> RawJson {
        RawJson { body: Some(document.to_string().into_bytes()), ..RawJson::default() }
    }

    /// Returns the JSON of an operation's answer; an empty body is an empty object.
    ///
    /// # Errors
    /// No answer was kept, or it is not JSON.
    pub fn answer(&self, operation: &str) -> Result<Value, ApiError> {
        let bytes = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let bytes = bytes.ok_or_else(|| ApiError::unreadable(operation))?;
        if bytes.is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(&bytes).map_err(|error| ApiError::not_understood(operation, &error))
    }
}

#[dyn_dispatch_hint]
impl Intercept for RawJson {
    fn name(&self) -> &'static str {
        "RawJson"
    }

    // Before the retry loop, so that each attempt signs and sends this body.
    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(body) = &self.body {
            let request = context.request_mut();
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body.clone());
        }
        Ok(())
    }

    // The bytes are in memory only after deserialization.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(bytes) = context.response().body().bytes() {
            *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
        }
        Ok(())
    }
}

/// Returns a list in an answer; empty where the member is absent or `null`.
///
/// # Errors
/// The member is no list.
pub(super) fn list<'a>(operation: &str, answer: &'a Value, member: &str) -> Result<&'a [Value], ApiError> {
    match &answer[member] {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(ApiError::not_understood(operation, &format!("`{member}` is not a list"))),
    }
}

/// Returns a text that every answer of an operation has.
///
/// # Errors
/// The member is absent, or not a text.
pub(super) fn text<'a>(operation: &str, value: &'a Value, member: &str) -> Result<&'a str, ApiError> {
    let text = value[member].as_str();
    text.ok_or_else(|| ApiError::not_understood(operation, &format!("`{member}` is not a text")))
}

/// Returns the views of a list in the answer that was kept.
///
/// # Errors
/// The answer, or an item of the list, cannot be read.
pub(super) fn views<T: DeserializeOwned>(
    operation: &str,
    raw: &RawJson,
    member: &str,
) -> Result<Vec<T>, ApiError> {
    views_in(operation, &raw.answer(operation)?, member)
}

/// Returns the views of a list in an answer.
///
/// # Errors
/// An item of the list cannot be read.
pub(super) fn views_in<T: DeserializeOwned>(
    operation: &str,
    answer: &Value,
    member: &str,
) -> Result<Vec<T>, ApiError> {
    list(operation, answer, member)?.iter().map(|item| types::answer(operation, item)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::types::Task;
    use super::*;

    #[test]
    fn what_cannot_be_read_is_an_error_and_what_is_absent_is_empty() {
        let tasks = |answer: Value| views_in::<Task>("ecs:DescribeTasks", &answer, "tasks");
        assert!(tasks(json!({})).unwrap().is_empty());
        assert!(tasks(json!({"tasks": null})).unwrap().is_empty());
        assert_eq!(tasks(json!({"tasks": [{"taskArn": "a", "stopCode": null}]})).unwrap().len(), 1);
        let error = tasks(json!({"tasks": [{"taskArn": "a"}, {"taskArn": 3}]})).unwrap_err().to_string();
        assert!(error.starts_with("ecs:DescribeTasks: the answer could not be read: "), "{error}");
        let error = tasks(json!({"tasks": "none"})).unwrap_err().to_string();
        assert_eq!(error, "ecs:DescribeTasks: the answer could not be read: `tasks` is not a list");
    }

    #[test]
    fn an_answer_that_is_not_json_is_an_error() {
        let raw = |body: &str| RawJson {
            answer: Arc::new(Mutex::new(Some(body.as_bytes().to_vec()))),
            ..RawJson::default()
        };
        assert_eq!(raw("").answer("ecs:TagResource").unwrap(), json!({}));
        assert!(raw("<html>").answer("ecs:ListTasks").is_err());
        assert!(RawJson::keep().answer("ecs:ListTasks").is_err());
    }
}
