//! Amazon S3: reads objects. A bucket belongs to the region in which it was made, and other regions send a client there.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::state::SandboxState;

/// Answers a call from a region.
pub(crate) fn answer(
    state: &SandboxState,
    region: &str,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    if !matches!(operation, "GetObject" | "HeadObject") {
        return Err(ApiError { status: 405, ..error("MethodNotAllowed", METHOD_NOT_ALLOWED) });
    }
    let bucket = input["Bucket"].as_str().unwrap_or_default();
    let key = input["Key"].as_str().unwrap_or_default();
    let mut buckets = state.regions.values();
    let Some((home, objects)) = buckets.find_map(|kept| Some((&kept.region, kept.buckets.get(bucket)?)))
    else {
        return Err(ApiError { status: 404, ..error("NoSuchBucket", "The specified bucket does not exist") });
    };
    if home != region {
        return Err(redirect(home));
    }
    match objects.get(key) {
        Some(text) => Ok(json!({ "Body": text })),
        None => Err(ApiError { status: 404, ..error("NoSuchKey", "The specified key does not exist.") }),
    }
}

const METHOD_NOT_ALLOWED: &str = "The specified method is not allowed against this resource.";

/// Returns the answer to a request that is signed for another region than the bucket's ("Error responses" in the API
/// reference of S3).
fn redirect(home: &str) -> ApiError {
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all \
                   future requests to this endpoint.";
    ApiError {
        status: 301,
        members: Some(json!({ "Region": home })),
        ..ApiError::new("PermanentRedirect", message)
    }
}

fn error(code: &str, message: &str) -> ApiError {
    ApiError::new(code, message)
}
