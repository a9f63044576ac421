//! The secrets of a plan that GitHub Actions is to mask in its logs. Pure; it decides nothing about what is a secret.

use serde_json::Value;

use crate::plan::{Plan, ResolvedWork};
use crate::secrets::{controls_terminal, secrets_of};

/// The fewest characters of a value that is masked: shorter ones occur in words and numbers of the log.
const SHORTEST: usize = 8;

/// Returns the values to mask, one line each.
///
/// GitHub drops an output that contains a masked value: values that occur in names of the plan are left out.
pub(super) fn masks(plan: &Plan) -> Vec<String> {
    let registered = plan.registrations.iter().map(|registration| &registration.document);
    let work = plan.before.iter().chain(&plan.after).filter_map(|task| task.work.as_ref());
    let documents = registered.cloned().chain(work.flat_map(documents_of));
    let secrets: Vec<String> = documents.flat_map(|document| secrets_of(&document)).collect();
    let names = names_of(plan);
    let lines = secrets.iter().flat_map(|secret| secret.lines()).map(str::trim);
    let mut masks: Vec<String> = lines
        .filter(|line| line.chars().count() >= SHORTEST && !line.chars().any(controls_terminal))
        .filter(|line| !names.iter().any(|name| name.contains(line)))
        .map(str::to_owned)
        .collect();
    masks.sort();
    masks.dedup();
    masks
}

/// Returns the documents of a task that have environment variables: its definition, and its overrides in the same form.
fn documents_of(work: &ResolvedWork) -> [Value; 2] {
    let overrides = work.overrides.as_ref().map(|overrides| &overrides["containerOverrides"]);
    let overrides = serde_json::json!({ "containerDefinitions": overrides });
    [work.definition.clone(), overrides]
}

/// Returns the names that may be in outputs.
fn names_of(plan: &Plan) -> Vec<&str> {
    let services = plan.services.iter().flat_map(|service| [service.key.as_str(), service.before.as_str()]);
    let families = plan.registrations.iter().map(|registration| registration.family.as_str());
    let destination = &plan.destination;
    let place = [&destination.stage, &destination.account, &destination.region];
    let place = place.into_iter().flatten().map(String::as_str);
    services.chain(families).chain(place).chain(destination.clusters.iter().map(String::as_str)).collect()
}
