//! Reports how the services of a run ended: unchanged, updated, started, rolled out, or not updated.

use std::collections::BTreeMap;

use super::rollouts;
use crate::apply::ApplyResult;
use crate::context::CommandContext;
use crate::error::Failure;
use crate::events::JsonEvent;
use crate::events::rollout::Started;
use crate::plan::{Plan, ServiceState};
use crate::report::{CommandOutcome, Event};
use crate::watch::WatchResult;
use crate::watch::snapshot::RolloutPurpose;

/// Reports the services that the plan leaves unchanged.
pub(super) fn tell_left(plan: &Plan, context: &CommandContext) {
    for service in plan.services.iter().filter(|service| service.is_unchanged()) {
        let revision = service.revision_before();
        context.reporter.report(&Event::Unchanged { service: &service.key, revision, updated: false });
    }
}

/// Reports the services that were updated without a deployment.
pub(super) fn tell_updated(plan: &Plan, updated: &BTreeMap<String, ServiceState>, context: &CommandContext) {
    for service in plan.services.iter().filter(|service| updated.contains_key(&service.key)) {
        let revision = service.revision_before();
        context.reporter.report(&Event::Unchanged { service: &service.key, revision, updated: true });
    }
}

pub(super) fn not_waited(applied: &ApplyResult, context: &CommandContext) -> CommandOutcome {
    for followed in &applied.rollouts {
        let revision = crate::aws::types::revision_name(&followed.revision);
        let what = match followed.purpose {
            _ if followed.going_back => format!("{revision} is being rolled back"),
            RolloutPurpose::Deploy => format!("{revision} is being deployed"),
            RolloutPurpose::Rollback => format!("being rolled back to {revision}"),
            RolloutPurpose::Restart => format!("{revision} is being restarted"),
        };
        let text = format!("{}: {what}, not watching it", followed.key);
        let event = JsonEvent::Started(Started {
            service: followed.key.clone(),
            revision: revision.to_owned(),
            deployment: followed.deployment.clone(),
        });
        context.reporter.report(&Event::Answer { text: &text, event });
    }
    tell_failures(&applied.failures, context);
    let nothing_changed = applied.rollouts.is_empty() && applied.without_deployment.is_empty();
    CommandOutcome::of_failures(&applied.failures, nothing_changed)
}

/// Reports how each rollout ended, then the services that could not be updated.
pub(super) fn tell_ends(
    settled: &[WatchResult],
    failures: &[(String, Failure)],
    context: &CommandContext,
) -> CommandOutcome {
    let outcome = rollouts::report_ends(settled, context);
    tell_failures(failures, context);
    outcome.worse(CommandOutcome::of_failures(failures, settled.is_empty()))
}

pub(super) fn tell_failures(failures: &[(String, Failure)], context: &CommandContext) {
    for (service, error) in failures {
        context.reporter.report(&Event::UpdateFailed { service, error });
    }
}
