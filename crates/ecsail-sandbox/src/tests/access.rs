//! Who may call: hosts, origins, and the token of the control endpoints.

use serde_json::json;

use super::http::send;
use super::support::{definition, seeded_sandbox};
use crate::{Clock, Sandbox};

/// Returns the status of a control request with these headers, and of a call.
fn statuses(sandbox: &Sandbox, headers: &[&str]) -> (u16, u16) {
    let token = format!("authorization: Bearer {}", sandbox.token());
    let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
    let with_token = [headers.as_slice(), &[token]].concat();
    let status = |line: &str, headers: &[String]| send(sandbox, line, headers, "").map_or(0, |a| a.status);
    (status("GET /_sandbox/health", &with_token), status("GET /schedules", &headers))
}

#[test]
fn a_request_under_a_foreign_name_is_refused() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    assert_eq!(statuses(&sandbox, &["host: evil.example"]), (403, 403));
    assert_eq!(statuses(&sandbox, &["host: localhost", "host: evil.example"]), (403, 403));
    // A call without a signature gets as far as the check of the signature.
    assert_eq!(statuses(&sandbox, &["host: localhost:4510"]).0, 200);
    assert_ne!(statuses(&sandbox, &["host: localhost:4510"]).1, 403);
}

#[test]
fn a_request_of_a_foreign_page_is_refused() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    for origin in ["https://evil.example", "null"] {
        assert_eq!(statuses(&sandbox, &[&format!("origin: {origin}")]), (403, 403), "{origin}");
    }
    assert_eq!(statuses(&sandbox, &["origin: http://localhost:3000"]).0, 200);
}

#[test]
fn a_control_request_without_the_token_is_refused() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    for path in ["health", "requests", "nothing"] {
        let line = format!("GET /_sandbox/{path}");
        for header in ["x-none: 1", "authorization: Bearer wrong", "authorization: Basic x"] {
            let answer = send(&sandbox, &line, &[header.to_owned()], "").expect("an answer");
            assert_eq!(answer.status, 401, "{path} {header}");
        }
    }
}

#[test]
fn the_log_of_requests_has_no_values_of_environment_variables() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let mut input = definition("v2");
    input["containerDefinitions"][0]["environment"] = json!([{ "name": "KEY", "value": "hunter2" }]);
    super::http::post(&sandbox, "ecs", "RegisterTaskDefinition", &input);
    let token = format!("authorization: Bearer {}", sandbox.token());
    let log = send(&sandbox, "GET /_sandbox/requests", &[token], "").expect("an answer").body;
    assert!(log.contains("RegisterTaskDefinition") && log.contains("KEY"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}
