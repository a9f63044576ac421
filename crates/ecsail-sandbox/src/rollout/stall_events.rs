//! Service events about a deployment that makes no progress.

use super::service_scheduler::{FAILURES_BEFORE_BACKOFF, FIRST_BACKOFF, TaskCounts, backoff};
use super::service_step::ServiceStep;
use crate::ids::digest_of;
use crate::scenario::IncidentKind;

impl ServiceStep<'_> {
    /// Reports that tasks fail repeatedly, and that ECS backs off.
    pub(super) fn report_repeated_failures(&mut self, incident: Option<IncidentKind>) {
        let desired = self.service.desired_count.max(1);
        let name = self.service.name.clone();
        let failed = self.service.deployments.first().map_or(0, |d| d.failed_tasks);
        let throttled = incident == Some(IncidentKind::Throttled) && failed > 0;
        if failed / desired >= FAILURES_BEFORE_BACKOFF || throttled {
            self.add_event_once(format!(
                "(service {name}) is unable to consistently start tasks successfully. For more information, see the \
                 Troubleshooting section of the Amazon ECS Developer Guide."
            ));
        }
        if throttled {
            self.add_event_once(format!(
                "service {name} operations are being throttled. Will try again later."
            ));
        }
    }

    /// Reports why no task is placed. A role that cannot be assumed counts as a failure of each task.
    pub(super) fn report_unplaced_tasks(&mut self, kind: IncidentKind, tasks: usize) {
        let name = self.service.name.clone();
        let unable = format!("service {name} was unable to place a task");
        // The name of the instance is always the same, so that the event is not repeated.
        let digits = digest_of(&name);
        let instance = digits.get(7..39).unwrap_or_default();
        let message = match kind {
            IncidentKind::NoRole => {
                self.count_failed_launches(tasks);
                format!(
                    "(service {name}) failed to launch a task with (error ECS was unable to assume the role '{}' that \
                     was provided for this task. Please verify that the role being passed has the proper trust \
                     relationship and permissions and that your IAM user has permissions to pass this role.).",
                    self.task_role()
                )
            }
            IncidentKind::NoInstance => format!(
                "{unable} because no container instance met all of its requirements. The closest matching \
                 (container-instance {instance}) has insufficient CPU units available. For more information, see the \
                 Troubleshooting section of the Amazon ECS Developer Guide."
            ),
            _ => format!(
                "{unable}. Reason: Capacity is unavailable at this time. Please try again later or in a different \
                 availability zone."
            ),
        };
        self.add_event_once(message);
    }

    /// Counts tasks that could not be launched, and backs off.
    fn count_failed_launches(&mut self, tasks: usize) {
        let now = self.now;
        let desired = self.service.desired_count.max(1);
        if let Some(primary) = self.service.deployments.first_mut() {
            primary.failed_tasks += tasks;
            primary.updated = now;
            primary.next_launch_at = now + backoff(primary.failed_tasks / desired).max(FIRST_BACKOFF);
        }
    }

    /// Returns the role of the tasks.
    fn task_role(&self) -> String {
        let definition = self.resources.task_definition(&self.service.task_definition);
        let role =
            definition.and_then(|d| d.text_field("taskRoleArn").or_else(|| d.text_field("executionRoleArn")));
        let default_role =
            || format!("arn:aws:iam::{}:role/{}-task", self.resources.account, self.service.name);
        role.map_or_else(default_role, str::to_owned)
    }

    pub(super) fn report_protected_tasks(&mut self, tasks: usize) {
        let Some(previous) = self.service.deployments.get(1).map(|d| d.id.clone()) else {
            return;
        };
        self.add_event_once(format!(
            "(service {}) was unable to reach steady state because (taskSet {previous}) was unable to scale in due to \
             (reason {tasks} tasks under protection)",
            self.service.name
        ));
    }

    /// Reports that the deployment percentages allow no change.
    pub(super) fn report_blocking_percentages(&mut self, counts: &TaskCounts) {
        if counts.upper <= counts.desired && counts.lower >= counts.desired {
            let name = self.service.name.clone();
            self.add_event_once(format!(
                "service {name} was unable to stop or start tasks during a deployment because of the service \
                 deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
            ));
        }
    }
}
