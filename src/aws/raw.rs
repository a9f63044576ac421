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
use serde_json::Value;

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

    /// Returns the response's JSON, or `null` if there was none.
    pub fn answer(&self) -> Value {
        let bytes = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null)
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
