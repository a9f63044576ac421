//! Describes how a wait for a number of tasks ended, for the commands that wait for one. Never changes anything.

use crate::outcome::Outcome;
use crate::report::CommandOutcome;
use crate::shell::quote;
use crate::watch::task_count::TaskCountOutcome;

/// The end of a wait, with the numbers around it.
pub(super) struct CountEnd<'a> {
    /// The service's name in commands.
    pub(super) key: &'a str,
    pub(super) outcome: &'a TaskCountOutcome,
    pub(super) before: i64,
    pub(super) desired: i64,
    pub(super) running: i64,
}

impl CountEnd<'_> {
    /// Returns how the wait ended, in words.
    pub(super) fn text(&self) -> String {
        let (before, desired) = (self.before, self.desired);
        let counts = format!("{} of {desired} tasks running", self.running);
        match self.outcome {
            TaskCountOutcome::Reached if before == desired => counts,
            TaskCountOutcome::Reached => format!("scaled from {before} to {desired}, {counts}"),
            TaskCountOutcome::Unreachable { reason } => {
                format!("{counts}, and more do not stay up: {reason}; {}", self.next_step())
            }
            TaskCountOutcome::TimedOut { reason: Some(reason) } => {
                format!("timed out with {counts}; ECS continues; its last report: {reason}")
            }
            TaskCountOutcome::TimedOut { reason: None } => format!("timed out with {counts}; ECS continues"),
            TaskCountOutcome::DesiredChanged { desired } => {
                format!("the desired count was set to {desired} meanwhile, not by this command")
            }
            TaskCountOutcome::ServiceGone => "the service was deleted".to_owned(),
            TaskCountOutcome::Lost { error } => {
                format!("can no longer be watched, ECS continues: {error}")
            }
        }
    }

    fn next_step(&self) -> String {
        format!("see why with `ecsail why {}`", quote(self.key))
    }
}

/// Returns the outcome of the command.
pub(super) fn command_outcome(end: &TaskCountOutcome) -> CommandOutcome {
    match end {
        TaskCountOutcome::Reached => CommandOutcome::Succeeded,
        TaskCountOutcome::Unreachable { .. } => CommandOutcome::RolloutFailed,
        TaskCountOutcome::TimedOut { .. } => CommandOutcome::TimedOut,
        TaskCountOutcome::DesiredChanged { .. }
        | TaskCountOutcome::ServiceGone
        | TaskCountOutcome::Lost { .. } => CommandOutcome::Error,
    }
}

/// Returns the outcome in the event.
pub(super) fn event_outcome(end: &TaskCountOutcome) -> Outcome {
    match end {
        TaskCountOutcome::Reached => Outcome::Succeeded,
        TaskCountOutcome::Lost { .. } => Outcome::InProgress,
        TaskCountOutcome::TimedOut { .. } => Outcome::TimedOut,
        TaskCountOutcome::DesiredChanged { .. } => Outcome::Superseded,
        TaskCountOutcome::Unreachable { .. } | TaskCountOutcome::ServiceGone => Outcome::Failed,
    }
}

/// Returns what is wrong, for the event.
pub(super) fn error_of(end: &TaskCountOutcome) -> Option<String> {
    match end {
        TaskCountOutcome::Lost { error } => Some(error.clone()),
        TaskCountOutcome::Unreachable { reason } => Some(reason.clone()),
        TaskCountOutcome::TimedOut { reason } => reason.clone(),
        TaskCountOutcome::Reached
        | TaskCountOutcome::DesiredChanged { .. }
        | TaskCountOutcome::ServiceGone => None,
    }
}
