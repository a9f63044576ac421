//! Checks a running definition that flags of the command line have changed: what ECS would refuse because of them, and which of
//! them change nothing. Pure.

use serde_json::Value;

use crate::document::problem::{Problem, Problems, Severity};
use crate::document::source::{SourceId, SourceSpan};
use crate::document::tree::Node;
use crate::error::Failure;
use crate::lint::check_task_definition;
use crate::render::DesiredService;

/// Fails if the changed definition has an error that the running one does not have.
///
/// # Errors
/// One for each such error.
pub(super) fn ensure_valid(
    service: &DesiredService,
    running: Option<&Value>,
    edited: &Value,
    ignore: &[String],
) -> Result<(), Vec<Failure>> {
    if service.edits.is_empty() {
        return Ok(());
    }
    let known = errors_in(running.unwrap_or(&Value::Null), ignore);
    let is_new = |problem: &Problem| !known.iter().any(|known| known.message == problem.message);
    let failures: Vec<Failure> = errors_in(edited, ignore)
        .into_iter()
        .filter(is_new)
        .map(|problem| failure(service, problem))
        .collect();
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

fn failure(service: &DesiredService, problem: Problem) -> Failure {
    let message =
        format!("the flags give `{}` a definition that ECS refuses: {}", service.key, problem.message);
    Failure::usage(message).with_hint(problem.hint)
}

fn errors_in(document: &Value, ignore: &[String]) -> Vec<Problem> {
    let nowhere = SourceSpan::new(SourceId::from_index(0), 0..0);
    let mut problems = Problems::default();
    check_task_definition(&Node::from_value(document, nowhere), ignore, &mut problems);
    problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect()
}

/// Returns the notes on flags that change nothing, or whose value may be mistaken.
pub(super) fn notes(service: &DesiredService, running: Option<&Value>) -> Vec<String> {
    let Some(running) = running else { return Vec::new() };
    let edits = &service.edits;
    let unset = |flag: &str, member: &str, name: &str| {
        let mut containers = running["containerDefinitions"].as_array().into_iter().flatten();
        let is_set = containers.any(|container| {
            let items = container[member].as_array();
            items.into_iter().flatten().any(|item| item["name"] == name)
        });
        (!is_set).then(|| format!("`{}`: `{flag} {name}` changes nothing: it is not set", service.key))
    };
    let variables =
        edits.removed_variables.iter().filter_map(|edit| unset("--unset-env", "environment", &edit.value));
    let secrets =
        edits.removed_secrets.iter().filter_map(|edit| unset("--unset-secret", "secrets", &edit.value));
    let parameters = edits.secrets.iter().filter(|edit| !edit.value.1.starts_with("arn:")).map(|edit| {
        let (name, source) = &edit.value;
        format!(
            "`{}`: `{source}` of `--secret {name}` is no ARN: ECS takes it as the name of a Parameter Store parameter in the \
             service's region",
            service.key
        )
    });
    variables.chain(secrets).chain(parameters).collect()
}
