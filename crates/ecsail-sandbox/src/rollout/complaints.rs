//! What ECS says where a service gets no further. Owns the texts and when they are due; starts and stops
//! nothing.

use super::Hand;
use super::schedule::{Count, FIRST_PAUSE, PATIENCE, pause};
use crate::ids::digest_of;
use crate::script::What;

impl Hand<'_> {
    /// Says that tasks fail again and again, and that ECS takes its time.
    pub(super) fn complain_of_failures(&mut self, incident: Option<What>) {
        let (desired, name) = (self.service.desired.max(1), self.service.name.clone());
        let failed = self.service.deployments.first().map_or(0, |d| d.failed);
        let throttled = incident == Some(What::Throttled) && failed > 0;
        if failed / desired >= PATIENCE || throttled {
            self.say_once(format!(
                "(service {name}) is unable to consistently start tasks successfully. For more information, see the \
                 Troubleshooting section of the Amazon ECS Developer Guide."
            ));
        }
        if throttled {
            self.say_once(format!("service {name} operations are being throttled. Will try again later."));
        }
    }

    /// Says why no task is placed. A role that cannot be assumed is a failure of each task that was to be.
    pub(super) fn explain_no_task(&mut self, what: What, tasks: usize) {
        let name = self.service.name.clone();
        let unable = format!("service {name} was unable to place a task");
        // The same instance each time: the event is not to be repeated.
        let digits = digest_of(&name);
        let instance = digits.get(7..39).unwrap_or_default();
        let message = match what {
            What::NoRole => {
                self.fail_to_launch(tasks);
                format!(
                    "(service {name}) failed to launch a task with (error ECS was unable to assume the role '{}' that \
                     was provided for this task. Please verify that the role being passed has the proper trust \
                     relationship and permissions and that your IAM user has permissions to pass this role.).",
                    self.role()
                )
            }
            What::NoInstance => format!(
                "{unable} because no container instance met all of its requirements. The closest matching \
                 (container-instance {instance}) has insufficient CPU units available. For more information, see the \
                 Troubleshooting section of the Amazon ECS Developer Guide."
            ),
            _ => format!(
                "{unable}. Reason: Capacity is unavailable at this time. Please try again later or in a different \
                 availability zone."
            ),
        };
        self.say_once(message);
    }

    /// Counts tasks that could not even be launched, and waits before the next try.
    fn fail_to_launch(&mut self, tasks: usize) {
        let (now, desired) = (self.now, self.service.desired.max(1));
        if let Some(primary) = self.service.deployments.first_mut() {
            primary.failed += tasks;
            primary.updated = now;
            primary.launch_at = now + pause(primary.failed / desired).max(FIRST_PAUSE);
        }
    }

    /// Returns the role that the tasks are to have.
    fn role(&self) -> String {
        let definition = self.realm.definition(&self.service.definition);
        let role = definition.and_then(|d| d.text("taskRoleArn").or_else(|| d.text("executionRoleArn")));
        let made_up = || format!("arn:aws:iam::{}:role/{}-task", self.realm.account, self.service.name);
        role.map_or_else(made_up, str::to_owned)
    }

    pub(super) fn explain_protection(&mut self, tasks: usize) {
        let Some(old) = self.service.deployments.get(1).map(|d| d.id.clone()) else {
            return;
        };
        self.say_once(format!(
            "(service {}) was unable to reach steady state because (taskSet {old}) was unable to scale in due to \
             (reason {tasks} tasks under protection)",
            self.service.name
        ));
    }

    /// Says why nothing moves, where the deployment percentages forbid it.
    pub(super) fn explain_standstill(&mut self, count: &Count) {
        if count.upper <= count.desired && count.lower >= count.desired {
            let name = self.service.name.clone();
            self.say_once(format!(
                "service {name} was unable to stop or start tasks during a deployment because of the service \
                 deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
            ));
        }
    }
}
