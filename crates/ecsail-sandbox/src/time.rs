//! Simulated time.

use serde_json::Value;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// Returns a timestamp as the JSON protocols carry it: seconds since 1970, with a fraction.
pub(crate) fn epoch_seconds(at: Millis) -> Value {
    Value::from(at as f64 / 1000.0)
}
