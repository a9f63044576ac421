//! Compares the autoscaling of a service with what is there.

use serde_json::Value;

use super::change_list::{bound_change, document_changes};
use super::document::{ScalingKind, find, is_same, names, replacing};
use super::requests::requests_policy;
use super::types::{AutoscalingPlan, ScalingStep};
use crate::aws::autoscaling::ObservedAutoscaling;
use crate::aws::types::{ObservedState, ServiceRef};
use crate::error::{Failure, Result};
use crate::plan::diff::Change;
use crate::plan::schedules::Action;
use crate::render::DesiredService;
use crate::render::autoscaling::{DesiredAutoscaling, OWN_PREFIX, ScalingDocument, is_same_metric};
use crate::shell::quote;

/// Returns the plan that changes the autoscaling of a service into the desired one.
///
/// # Errors
/// All blockers: a range that is missing or empty, no load balancer, a metric that another policy tracks.
pub fn compare(
    service: &DesiredService,
    desired: &DesiredAutoscaling,
    observed: &ObservedState,
    supersede: bool,
) -> Result<AutoscalingPlan, Vec<Failure>> {
    let place = ServiceRef::new(&service.cluster, &service.name);
    let before = observed.autoscaling.get(&place).cloned().unwrap_or_default();
    let mut failures = Vec::new();
    let mut policies = desired.policies.clone();
    match desired.requests_per_target.map(|value| requests_policy(value, service, observed)) {
        Some(Ok(policy)) => policies.push(policy),
        Some(Err(failure)) => failures.push(failure),
        None => {}
    }
    failures.extend(range_blocker(&service.key, desired, &policies, &before));
    failures.extend(
        policies.iter().filter_map(|policy| metric_blocker(&service.key, policy, &policies, &before)),
    );
    if !failures.is_empty() {
        return Err(failures);
    }
    let mut parts = Parts::default();
    parts.add_range(desired, &before);
    parts.add_documents(&policies, &before.policies, ScalingKind::Policy);
    parts.add_documents(&desired.scheduled_actions, &before.scheduled_actions, ScalingKind::Action);
    let action = match (parts.steps.is_empty(), &before.target) {
        (true, _) => Action::Unchanged,
        (false, None) => Action::Create,
        (false, Some(_)) => Action::Update,
    };
    Ok(AutoscalingPlan {
        key: service.key.clone(),
        service: place,
        action,
        notes: lasting_notes(service, &parts),
        changes: parts.changes,
        steps: parts.steps,
        foreign: parts.foreign,
        before,
        supersede,
        on_failure: service.on_failure,
    })
}

/// Returns whether a policy or an action is removed once the manifest no longer has it.
fn is_own(name: &str) -> bool {
    name.starts_with(OWN_PREFIX)
}

/// The parts of a plan.
#[derive(Debug, Default)]
struct Parts {
    changes: Vec<Change>,
    steps: Vec<ScalingStep>,
    foreign: Vec<String>,
    /// The same with their kinds.
    kept: Vec<(ScalingKind, String)>,
    /// The names that are created and that no deploy removes.
    created: Vec<String>,
}

impl Parts {
    /// Adds the change of the range, which comes before all else: a policy needs a scalable target.
    fn add_range(&mut self, desired: &DesiredAutoscaling, before: &ObservedAutoscaling) {
        let target = before.target.as_ref();
        let min = bound_change("min", target.map(|target| target.min), desired.min);
        let max = bound_change("max", target.map(|target| target.max), desired.max);
        if min.is_none() && max.is_none() {
            return;
        }
        let min_after = desired.min.filter(|_| min.is_some());
        let max_after = desired.max.filter(|_| max.is_some());
        self.steps.push(ScalingStep::Register { min: min_after, max: max_after });
        self.changes.extend(min.into_iter().chain(max));
    }

    /// Adds the changes of policies or actions. Those that are removed come first: AWS accepts one policy for a metric.
    fn add_documents(&mut self, desired: &[ScalingDocument], observed: &[Value], kind: ScalingKind) {
        let is_desired = |name: &&str| desired.iter().any(|document| document.name == **name);
        let others: Vec<&str> = names(observed, kind).filter(|name| !is_desired(name)).collect();
        for name in others {
            if !is_own(name) {
                self.foreign.push(name.to_owned());
                self.kept.push((kind, name.to_owned()));
                continue;
            }
            self.changes.extend(document_changes(name, kind, find(observed, kind, name), None));
            self.steps.push(match kind {
                ScalingKind::Policy => ScalingStep::DeletePolicy(name.to_owned()),
                ScalingKind::Action => ScalingStep::DeleteAction(name.to_owned()),
            });
        }
        for document in desired {
            let before = find(observed, kind, &document.name);
            if before.is_some_and(|before| is_same(before, &document.document, kind)) {
                continue;
            }
            if before.is_none() && !is_own(&document.name) {
                self.created.push(document.name.clone());
            }
            self.changes.extend(document_changes(&document.name, kind, before, Some(&document.document)));
            self.steps.push(match kind {
                ScalingKind::Policy => ScalingStep::PutPolicy(document.clone()),
                ScalingKind::Action => ScalingStep::PutAction(replacing(document, before)),
            });
        }
    }
}

/// Returns the notes on names that no deploy removes: those that the manifest names without our prefix, when they are created,
/// and those that it does not name, with the commands that remove them.
fn lasting_notes(service: &DesiredService, parts: &Parts) -> Vec<String> {
    let key = &service.key;
    let created = parts.steps.iter().filter_map(|step| match step {
        ScalingStep::PutPolicy(document) => Some((ScalingKind::Policy, document)),
        ScalingStep::PutAction(document) => Some((ScalingKind::Action, document)),
        _ => None,
    });
    let created = created.filter(|(_, document)| parts.created.contains(&document.name));
    let created = created.map(|(kind, document)| {
        format!(
            "`{key}`: {} `{}` stays when it is removed from the manifest: only names beginning with `{OWN_PREFIX}` are removed",
            kind.document().noun(),
            document.name
        )
    });
    let kept = parts.kept.iter().map(|(kind, name)| {
        format!(
            "`{key}`: {} `{name}` is not in the manifest and stays; remove it with `{}`",
            kind.document().noun(),
            removal_command(service, *kind, name)
        )
    });
    created.chain(kept).collect()
}

/// Returns the command of the AWS CLI that removes a policy or a scheduled action.
fn removal_command(service: &DesiredService, kind: ScalingKind, name: &str) -> String {
    let (verb, flag) = match kind {
        ScalingKind::Policy => ("delete-scaling-policy", "--policy-name"),
        ScalingKind::Action => ("delete-scheduled-action", "--scheduled-action-name"),
    };
    let cluster = service.cluster.rsplit('/').next().unwrap_or_default();
    let resource = quote(&format!("service/{cluster}/{}", service.name));
    format!(
        "aws application-autoscaling {verb} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount \
         --resource-id {resource} {flag} {}",
        quote(name)
    )
}

/// Returns the blocker of a range that is missing where it is needed, or empty.
fn range_blocker(
    key: &str,
    desired: &DesiredAutoscaling,
    policies: &[ScalingDocument],
    before: &ObservedAutoscaling,
) -> Option<Failure> {
    let min = desired.min.or(before.target.map(|target| target.min));
    let max = desired.max.or(before.target.map(|target| target.max));
    let is_needed = desired.min.is_some()
        || desired.max.is_some()
        || !policies.is_empty()
        || !desired.scheduled_actions.is_empty();
    match (min, max) {
        (Some(min), Some(max)) if min > max => {
            let (written, other) = if desired.min.is_some() { ("min", "max") } else { ("max", "min") };
            let message = format!(
                "the autoscaling of service `{key}` has no range: `min` is {min}, and `max` is {max}"
            );
            let hint = format!("write `{other}` beside `{written}`");
            Some(Failure::error(message).with_hint(hint))
        }
        (None, _) | (_, None) if is_needed => {
            let message =
                format!("service `{key}` is not scaled automatically yet, and its range is not known");
            let hint = "write `min` and `max` under `autoscaling`".to_owned();
            Some(Failure::error(message).with_hint(hint))
        }
        _ => None,
    }
}

/// Returns the blocker of a policy whose metric a policy of others tracks, which AWS refuses.
fn metric_blocker(
    key: &str,
    policy: &ScalingDocument,
    policies: &[ScalingDocument],
    before: &ObservedAutoscaling,
) -> Option<Failure> {
    let kind = ScalingKind::Policy;
    let is_desired = |name: &str| policies.iter().any(|policy| policy.name == name);
    let stays = |name: &&str| !is_own(name) && !is_desired(name);
    let tracks_it = |name: &&str| {
        find(&before.policies, kind, name).is_some_and(|other| is_same_metric(other, &policy.document))
    };
    let other = names(&before.policies, kind).filter(stays).find(tracks_it)?;
    let message =
        format!("policy `{other}` of service `{key}` tracks the same metric as `{}` already", policy.name);
    let hint = format!(
        "AWS accepts one target tracking policy for a metric: delete `{other}`, or write it under `policies` with its name"
    );
    Some(Failure::refused(message).with_hint(hint))
}
