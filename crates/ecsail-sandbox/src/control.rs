//! The control plane under `/_sandbox/`, for clients in other languages. Owns nothing; does what the
//! `Sandbox` type does.

use std::time::Duration;

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::server::Shared;

/// Answers a control request: the HTTP status and the body.
pub(crate) fn answer(shared: &Shared, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    match (method, path) {
        ("GET", "health") => {
            let now = shared.lock().world.now;
            (200, json!({ "status": "ok", "now": now as f64 / 1000.0 }))
        }
        ("GET", "requests") => {
            let requests = shared.lock().log.all();
            (200, json!({ "requests": requests }))
        }
        ("POST", "scenario") => scenario(shared, &input),
        ("POST", "advance") => advance(shared, &input),
        _ => (404, json!({ "error": "no such control" })),
    }
}

fn scenario(shared: &Shared, input: &Value) -> (u16, Value) {
    match input["scenario"].as_str().unwrap_or_default().parse::<Scenario>() {
        Ok(scenario) => {
            shared.lock().set_scenario(input["service"].as_str(), scenario);
            (200, json!({ "scenario": scenario }))
        }
        Err(error) => (400, json!({ "error": error.to_string() })),
    }
}

fn advance(shared: &Shared, input: &Value) -> (u16, Value) {
    let given = input["seconds"].as_f64().and_then(|s| Duration::try_from_secs_f64(s).ok());
    let Some(by) = given else {
        return (400, json!({ "error": "`seconds` must be a number from 0" }));
    };
    let mut inner = shared.lock();
    inner.advance(by);
    (200, json!({ "now": inner.world.now as f64 / 1000.0 }))
}
