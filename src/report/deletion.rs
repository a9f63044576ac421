//! Formats the deletion of a service: text for a terminal, JSON for a program.

use crate::events::deletion as events;
use crate::events::service::ScalableTarget;
use crate::plan::deletion::ServiceDeletion;

/// Returns what goes with a service and what stays, in lines.
pub(super) fn lines(deletion: &ServiceDeletion) -> Vec<String> {
    let key = &deletion.key;
    let tasks = match deletion.running {
        0 => "no task runs".to_owned(),
        1 => "1 task stops".to_owned(),
        running => format!("{running} tasks stop"),
    };
    let what = if deletion.in_progress { "is being deleted already" } else { "delete" };
    let mut lines = vec![format!("{key}: {what}, {tasks}")];
    lines.extend(deletion.autoscaling.map(|target| {
        format!("  goes with it: autoscaling between {} and {} tasks", target.min, target.max)
    }));
    if !deletion.stays.is_empty() {
        lines.push(format!("  stays: {}", deletion.stays.join(", ")));
    }
    lines
}

/// Returns the event of the deletion of a service.
pub(super) fn event(deletion: &ServiceDeletion) -> events::ServiceDeletion {
    events::ServiceDeletion {
        service: deletion.key.clone(),
        name: deletion.name.clone(),
        cluster: deletion.cluster.clone(),
        in_progress: deletion.in_progress,
        running: deletion.running,
        autoscaling: deletion.autoscaling.map(|target| ScalableTarget {
            min: target.min,
            max: target.max,
            scale_in_suspended: target.suspended.scale_in,
            scale_out_suspended: target.suspended.scale_out,
            scheduled_suspended: target.suspended.scheduled,
        }),
        stays: deletion.stays.clone(),
    }
}
