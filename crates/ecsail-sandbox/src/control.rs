//! The HTTP control endpoints under `/_sandbox/`, for clients in other languages. They do what the methods
//! of `Sandbox` do.

use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::scenario::Scenario;
use crate::simulation::SharedSimulation;

/// Answers a control request with an HTTP status and a body.
pub(crate) fn answer(simulation: &SharedSimulation, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    match (method, path) {
        ("GET", "health") => {
            let now = simulation.lock().state.now;
            (200, json!({ "status": "ok", "now": now as f64 / 1000.0 }))
        }
        ("GET", "requests") => {
            let requests = simulation.lock().log.all();
            (200, json!({ "requests": requests }))
        }
        ("POST", "scenario") => scenario(simulation, &input),
        ("POST", "advance") => advance(simulation, &input),
        ("POST", "fault") => fault(simulation, input),
        _ => (404, json!({ "error": "no such control" })),
    }
}

fn scenario(simulation: &SharedSimulation, input: &Value) -> (u16, Value) {
    match input["scenario"].as_str().unwrap_or_default().parse::<Scenario>() {
        Ok(scenario) => {
            simulation.lock().set_scenario(input["service"].as_str(), scenario);
            (200, json!({ "scenario": scenario }))
        }
        Err(error) => (400, json!({ "error": error.to_string() })),
    }
}

/// Adds a fault, in the form in which `Fault` is serialized.
fn fault(simulation: &SharedSimulation, input: Value) -> (u16, Value) {
    match serde_json::from_value::<Fault>(input) {
        Ok(fault) => {
            simulation.lock().faults.add(fault);
            (200, json!({}))
        }
        Err(error) => (400, json!({ "error": error.to_string() })),
    }
}

fn advance(simulation: &SharedSimulation, input: &Value) -> (u16, Value) {
    let given = input["seconds"].as_f64().and_then(|s| Duration::try_from_secs_f64(s).ok());
    let Some(by) = given else {
        return (400, json!({ "error": "`seconds` must be a number from 0" }));
    };
    let mut simulation = simulation.lock();
    simulation.advance(by);
    (200, json!({ "now": simulation.state.now as f64 / 1000.0 }))
}
