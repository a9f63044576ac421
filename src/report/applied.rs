//! Formats what the execution of a plan has changed, in one line each.

use super::Event;
use crate::apply::ScheduleAction;
use crate::manifest::schedules::schedule_noun;

/// Returns the line of a change that was made; empty for any other event.
pub(super) fn line(event: &Event<'_>) -> String {
    match event {
        Event::Registered { revision } => format!("registered {revision}"),
        Event::RevisionRemoved { revision, deleted, done, of } => {
            let what = if *deleted { "deleted" } else { "deregistered" };
            format!("{what} {revision} ({done} of {of})")
        }
        Event::ScheduleApplied { schedule, name, via, action } => {
            let action = match action {
                ScheduleAction::TargetsRemoved => {
                    "kept, without the app's targets that are not in the manifest"
                }
                action => action.name(),
            };
            format!("{schedule}: {} `{name}` {action}", schedule_noun(*via))
        }
        Event::AutoscalingApplied { service, action } => format!("{service}: autoscaling {}", action.name()),
        Event::Created { service, revision, deployment } => {
            let id = deployment.map(|id| format!(" ({id})")).unwrap_or_default();
            format!("{service}: created, deploying {revision}{id}")
        }
        Event::Updated { service, revision, deployment: Some(id) } => {
            format!("{service}: deploying {revision} ({id})")
        }
        Event::Updated { service, revision, deployment: None } => format!("{service}: updated, {revision}"),
        _ => String::new(),
    }
}
