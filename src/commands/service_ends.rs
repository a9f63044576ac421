//! Reports how the services of a run ended: unchanged, updated, started, rolled out, or not updated.

use super::rollouts;
use crate::apply::Applied;
use crate::context::Context;
use crate::error::Failure;
use crate::events::JsonEvent;
use crate::events::rollout::Started;
use crate::plan::Plan;
use crate::report::{Event, Outcome};
use crate::watch::Settled;

/// Reports the services that the plan leaves unchanged.
pub(super) fn tell_left(plan: &Plan, context: &Context) {
    for service in plan.services.iter().filter(|service| !service.changes()) {
        let revision = service.revision_before();
        context.report.tell(&Event::Left { service: &service.key, revision, updated: false });
    }
}

/// Reports the services that were updated without a deployment.
pub(super) fn tell_updated(plan: &Plan, updated: &[String], context: &Context) {
    for service in plan.services.iter().filter(|service| updated.contains(&service.key)) {
        let revision = service.revision_before();
        context.report.tell(&Event::Left { service: &service.key, revision, updated: true });
    }
}

pub(super) fn not_waited(applied: &Applied, context: &Context) -> Outcome {
    for followed in &applied.followed {
        let revision = crate::aws::types::revision_of(&followed.revision);
        let what = if followed.going_back { "rolled back" } else { "deployed" };
        let text = format!("{}: {revision} is being {what}, not watching it", followed.key);
        let event = JsonEvent::Started(Started {
            service: followed.key.clone(),
            revision: revision.to_owned(),
            deployment: followed.deployment.clone(),
        });
        context.report.tell(&Event::Answer { text: &text, event });
    }
    tell_failures(&applied.failures, context);
    if applied.failures.is_empty() { Outcome::Done } else { Outcome::Error }
}

/// Reports how each rollout ended, then the services that could not be updated.
pub(super) fn tell_ends(settled: &[Settled], failures: &[(String, Failure)], context: &Context) -> Outcome {
    let outcome = rollouts::tell_ends(settled, context);
    tell_failures(failures, context);
    outcome.worse(if failures.is_empty() { Outcome::Done } else { Outcome::Error })
}

pub(super) fn tell_failures(failures: &[(String, Failure)], context: &Context) {
    for (service, error) in failures {
        context.report.tell(&Event::NotUpdated { service, error });
    }
}
