//! Formats the first line of a service: its state, its tasks, and why they fail.

use super::super::condition::{ServiceCondition, condition, rolling_back};
use super::super::failures::{in_brackets, troubled_deployment};
use super::super::look::{ServiceState, running_definition};
use crate::aws::autoscaling::SuspendedActivities;
use crate::aws::types::{Deployment, revision_name};
use crate::report::{PageLine, Paint};

/// Returns the first line: what is wrong, else the revision and the number of its tasks.
pub(super) fn first_line(seen: &ServiceState) -> PageLine {
    let (key, name) = (&seen.place.key, &seen.service.service_name);
    let named = if key == name { String::new() } else { format!(" ({name})") };
    let paint = condition(seen).paint().unwrap_or(Paint::Bold);
    PageLine::painted(format!("{key}{named}: {}", state_text(seen)), paint)
}

/// Returns the state of a service in a sentence.
pub(super) fn state_text(seen: &ServiceState) -> String {
    let service = &seen.service;
    let revision = revision_name(running_definition(service));
    let counts = format!("{}/{} running", service.running_count, service.desired_count);
    let pending = match service.pending_count {
        0 => String::new(),
        pending => format!(", {pending} pending"),
    };
    match condition(seen) {
        ServiceCondition::Failing => failing_text(seen),
        ServiceCondition::Short => {
            let counts = format!("{}/{}", service.running_count, service.desired_count);
            format!("SHORT OF TASKS {revision} {counts}{}{pending}{}", in_brackets(seen), range_text(seen))
        }
        ServiceCondition::Deploying => deploying_text(seen),
        ServiceCondition::Deleting => format!("{revision}, {counts}{pending}, being deleted"),
        ServiceCondition::Steady => format!("{revision}, {counts}{pending}{}", range_text(seen)),
    }
}

/// Returns the range of autoscaling in brackets, with what of it is suspended.
fn range_text(seen: &ServiceState) -> String {
    let Some(target) = seen.autoscaling else { return String::new() };
    let all = SuspendedActivities::all(true);
    let state = match target.suspended {
        suspended if suspended == SuspendedActivities::default() => "autoscaled",
        suspended if suspended == all => "autoscaling suspended",
        _ => "autoscaling suspended in part",
    };
    format!(" ({}–{} {state})", target.min, target.max)
}

/// Returns which deployment fails, how, and which ones serve.
fn failing_text(seen: &ServiceState) -> String {
    let failing = troubled_deployment(seen);
    let what = failing.map_or_else(|| rolled_back_revision(seen), revision_and_counts);
    let back = if rolling_back(seen).is_some() { ", rolling back" } else { "" };
    format!("FAILING {what}{}{back}{}", in_brackets(seen), serving_text(seen, failing))
}

fn revision_and_counts(deployment: &Deployment) -> String {
    let revision = revision_name(&deployment.task_definition);
    format!("{revision} {}/{}", deployment.running_count, deployment.desired_count)
}

/// Returns the revision that is rolled back, which the service no longer lists.
fn rolled_back_revision(seen: &ServiceState) -> String {
    let target = rolling_back(seen).and_then(|open| open.target_revision_arn());
    let found = seen.revisions.iter().find(|known| Some(known.service_revision_arn.as_str()) == target);
    found.map_or_else(|| "a deployment".to_owned(), |known| revision_name(&known.task_definition).to_owned())
}

/// Returns the counts of the deployment in progress, and which ones serve.
fn deploying_text(seen: &ServiceState) -> String {
    let service = &seen.service;
    let Some(primary) = service.primary_deployment() else {
        let revision = revision_name(running_definition(service));
        let counts = format!("{}/{}", service.running_count, service.desired_count);
        return format!("{revision}, {counts} running, a deployment is in progress");
    };
    let pending = match primary.pending_count {
        0 => String::new(),
        pending => format!(", {pending} pending"),
    };
    format!(
        "{}, {}/{} running{pending}{}, a deployment is in progress{}",
        revision_name(&primary.task_definition),
        primary.running_count,
        primary.desired_count,
        range_text(seen),
        serving_text(seen, Some(primary))
    )
}

/// Returns the other deployments that have running tasks.
fn serving_text(seen: &ServiceState, but: Option<&Deployment>) -> String {
    let others = seen.service.deployments.iter().filter(|other| but.is_none_or(|but| but.id != other.id));
    let serving = others.filter(|other| other.running_count > 0);
    let text = |other: &Deployment| {
        format!("; {} serves with {}", revision_name(&other.task_definition), other.running_count)
    };
    serving.map(text).collect()
}
