//! The HTTP control endpoints under `/_sandbox/`, for clients in other languages. They do what the methods
//! of `Sandbox` do.

use std::time::Duration;

use serde_json::{Value, json};

use crate::authorization::Policy;
use crate::faults::Fault;
use crate::scenario::Scenario;
use crate::simulation::SharedSimulation;

/// The most seconds that one request moves time on: a week.
const MAX_ADVANCE: u64 = 7 * 24 * 3600;

/// Answers a control request with an HTTP status and a body.
pub(crate) async fn answer(
    simulation: &SharedSimulation,
    method: &str,
    path: &str,
    body: &[u8],
) -> (u16, Value) {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    match (method, path) {
        ("GET", "health") => {
            let now = simulation.lock().reported_now();
            (200, json!({ "status": "ok", "now": now }))
        }
        ("GET", "requests") => {
            let requests = simulation.lock().log.all();
            (200, json!({ "requests": requests }))
        }
        ("POST", "scenario") => scenario(simulation, &input),
        ("POST", "advance") => advance(simulation, &input).await,
        ("POST", "fault") => fault(simulation, input),
        ("POST", "policy") => policy(simulation, &input),
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
            simulation.lock().add_fault(fault);
            (200, json!({}))
        }
        Err(error) => (400, json!({ "error": error.to_string() })),
    }
}

/// Sets the policy of all callers; `null` allows everything.
fn policy(simulation: &SharedSimulation, input: &Value) -> (u16, Value) {
    let policy = if input.is_null() { Ok(None) } else { Policy::parse(input).map(Some) };
    match policy {
        Ok(policy) => {
            simulation.lock().policy = policy;
            (200, json!({}))
        }
        Err(error) => (400, json!({ "error": error })),
    }
}

async fn advance(simulation: &SharedSimulation, input: &Value) -> (u16, Value) {
    let given = input["seconds"].as_f64().and_then(|s| Duration::try_from_secs_f64(s).ok());
    let Some(mut rest) = given.filter(|by| *by <= Duration::from_secs(MAX_ADVANCE)) else {
        return (400, json!({ "error": format!("`seconds` must be a number from 0 to {MAX_ADVANCE}") }));
    };
    while !rest.is_zero() {
        rest = simulation.advance_part(rest);
        // Other requests are answered in between.
        tokio::task::yield_now().await;
    }
    (200, json!({ "now": simulation.lock().reported_now() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Simulation;
    use crate::{Clock, Options};

    fn simulation() -> SharedSimulation {
        let options = Options { clock: Clock::Held, ..Options::default() };
        SharedSimulation::new(Simulation::new(&options).expect("an empty state is well formed"))
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
    }

    #[test]
    fn other_requests_are_answered_while_time_moves_on() {
        let simulation = simulation();
        let before = simulation.lock().state.now;
        let day = json!({ "seconds": 86_400 });
        let health = async { answer(&simulation, "GET", "health", b"").await.1["now"].as_f64() };
        let ((status, after), seen) = block_on(async { tokio::join!(advance(&simulation, &day), health) });
        let passed = |now: Option<f64>| now.unwrap_or_default() - before as f64 / 1000.0;
        assert_eq!((status, passed(after["now"].as_f64())), (200, 86_400.0));
        assert!(passed(seen) > 0.0 && passed(seen) < 86_400.0, "{seen:?}");
    }

    #[test]
    fn time_moves_on_by_a_week_at_most() {
        let simulation = simulation();
        for seconds in [json!(MAX_ADVANCE + 1), json!(1e300), json!(-1), json!("1")] {
            assert_eq!(block_on(advance(&simulation, &json!({ "seconds": seconds }))).0, 400);
        }
    }
}
