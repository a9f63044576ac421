//! Owns raw JSON through the SDK: a document is sent as it is, an answer is kept as it came.
//!
//! The SDK still signs, retries, finds endpoints and credentials. Its types would drop every field that is newer
//! than they are; the JSON does not.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

/// Replaces the body of one operation, and keeps the body of its answer.
#[derive(Clone, Debug, Default)]
pub struct RawJson {
    body: Option<Vec<u8>>,
    answer: Arc<Mutex<Option<Vec<u8>>>>,
}

impl RawJson {
    /// Returns an interceptor that only keeps the answer.
    pub fn keep() -> RawJson {
        RawJson::default()
    }

    /// Returns an interceptor that sends `document` as the body.
    ///
    /// An idempotency token that the SDK would have generated is not in it: the document brings its own.
    pub fn send(document: &Value) -> RawJson {
        RawJson { body: Some(document.to_string().into_bytes()), ..RawJson::default() }
    }

    /// Returns the answer's JSON; `null` where there was none.
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

    // Before the retry loop: each attempt is then signed over, and sends, this body.
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

    // Only after deserialization are the bytes in memory.
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
