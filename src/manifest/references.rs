//! Checks the references between parts of the manifest: each name must exist, and `needs` must have no cycle.

use super::fields::LocatedValue;
use super::schedules::TargetTask;
use super::types::{Manifest, ManifestService};
use crate::document::problem::{Problem, Problems, did_you_mean};

/// Reports references to names that do not exist, and cycles in `needs`.
pub(super) fn check_references(manifest: &mut Manifest) {
    let mut problems = std::mem::take(&mut manifest.problems);
    let services: Vec<&str> = manifest.services.iter().map(|service| service.key.as_str()).collect();
    let tasks: Vec<&str> = manifest.tasks.iter().map(|task| task.key.as_str()).collect();
    for service in &manifest.services {
        for name in service.before.iter().chain(&service.after) {
            check_name(name, "task", &tasks, &mut problems);
        }
        for name in &service.needs {
            check_name(name, "service", &services, &mut problems);
        }
        if let Some(circle) = find_needs_cycle(service, manifest) {
            let at = service.needs.first().map(|name| name.span);
            let message = format!("services need each other: {}", circle.join(" → "));
            let problem = Problem::error(at, message).path(format!("services.{}.needs", service.key));
            problems.push(problem.hint("remove one of these `needs`".to_owned()));
        }
    }
    for task in &manifest.tasks {
        task.spec.like.iter().for_each(|name| check_name(name, "service", &services, &mut problems));
    }
    for target in manifest.schedules.iter().flat_map(|schedule| &schedule.targets) {
        match &target.spec {
            TargetTask::Named(name) => check_name(name, "task", &tasks, &mut problems),
            TargetTask::Inline(work) => {
                work.like.iter().for_each(|name| check_name(name, "service", &services, &mut problems));
            }
            TargetTask::Missing => {}
        }
    }
    manifest.problems = problems;
}

fn check_name(name: &LocatedValue<String>, what: &str, names: &[&str], problems: &mut Problems) {
    if names.contains(&name.value.as_str()) {
        return;
    }
    let message = if name.span.from_expression {
        format!("no {what} named `{{{{ … }}}}` in the manifest")
    } else {
        format!("no {what} named `{}` in the manifest", name.value)
    };
    let listed = || match names {
        [] => format!("add it under `{what}s:`"),
        names => format!("{what}s: {}", names.join(", ")),
    };
    let near = did_you_mean(&name.value, names.iter().copied()).filter(|_| !name.span.from_expression);
    problems.push(Problem::error(name.span, message).hint(near.unwrap_or_else(listed)));
}

/// Returns the cycle of `needs` that contains a service. A cycle is returned only for its first service in the
/// manifest, so that it is reported once.
fn find_needs_cycle(service: &ManifestService, manifest: &Manifest) -> Option<Vec<String>> {
    let mut paths = vec![vec![service.key.clone()]];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = paths.pop() {
        let last = path.last()?;
        let needs = manifest.services.iter().find(|known| &known.key == last).map(|known| &known.needs);
        for name in needs.into_iter().flatten() {
            let mut longer = path.clone();
            longer.push(name.value.clone());
            if name.value == service.key {
                let first = manifest.services.iter().find(|known| longer.contains(&known.key));
                return first.is_some_and(|first| first.key == service.key).then_some(longer);
            }
            if seen.insert(name.value.clone()) {
                paths.push(longer);
            }
        }
    }
    None
}
