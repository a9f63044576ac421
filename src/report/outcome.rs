//! The outcome of a run, and the one place where exit codes are chosen.

use crate::error::{ErrorKind, Failure};
use crate::watch::judge::Verdict;
use crate::watch::task::{TaskRunOutcome, TaskRunResult};
use crate::watch::{FailureResponse, WatchOutcome, WatchResult};

/// How a run ended that returned no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandOutcome {
    /// It succeeded, or there was nothing to do.
    Succeeded,
    /// `plan --exit-code` found changes.
    HasChanges,
    /// A rollout failed or was rolled back, or a task failed without an exit code.
    RolloutFailed,
    /// The timeout has passed, and the rollout is still in progress.
    TimedOut,
    /// `status --exit-code` found a deployment in progress.
    InProgress,
    /// It was interrupted; the rollout continues.
    Interrupted,
    /// An error that was already reported.
    Error,
    /// It was refused, before anything changed, and that was already reported.
    Refused,
    /// A question was answered with no.
    Declined,
    /// The exit code of another program, or of a task, that was run.
    ExitCode(u8),
}

impl CommandOutcome {
    /// Returns the exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            CommandOutcome::Succeeded => 0,
            CommandOutcome::Error | CommandOutcome::Declined => 1,
            CommandOutcome::RolloutFailed => 3,
            CommandOutcome::TimedOut | CommandOutcome::InProgress => 4,
            CommandOutcome::Refused => 5,
            CommandOutcome::HasChanges => 6,
            CommandOutcome::Interrupted => 130,
            CommandOutcome::ExitCode(code) => code,
        }
    }

    /// Returns the outcome of several rollouts: the worst of them.
    ///
    /// A known failure is worse than a rollout that is not known to have ended.
    pub fn of_rollouts(settled: &[WatchResult]) -> CommandOutcome {
        settled.iter().map(rollout_outcome).fold(CommandOutcome::Succeeded, CommandOutcome::worse)
    }

    /// Returns the outcome of services that could not be updated: refused, if that is all and nothing was changed.
    pub fn of_failures(failures: &[(String, Failure)], nothing_changed: bool) -> CommandOutcome {
        let refused = |(_, failure): &(String, Failure)| failure.kind == ErrorKind::Refused;
        match failures {
            [] => CommandOutcome::Succeeded,
            all if nothing_changed && all.iter().all(refused) => CommandOutcome::Refused,
            _ => CommandOutcome::Error,
        }
    }

    /// Returns the worse of two outcomes.
    pub fn worse(self, other: CommandOutcome) -> CommandOutcome {
        if other.severity() > self.severity() { other } else { self }
    }

    fn severity(self) -> u8 {
        match self {
            CommandOutcome::Succeeded
            | CommandOutcome::HasChanges
            | CommandOutcome::Declined
            | CommandOutcome::ExitCode(0) => 0,
            CommandOutcome::TimedOut | CommandOutcome::InProgress => 1,
            CommandOutcome::Error | CommandOutcome::Refused => 2,
            CommandOutcome::Interrupted => 3,
            CommandOutcome::RolloutFailed | CommandOutcome::ExitCode(_) => 4,
        }
    }
}

fn rollout_outcome(settled: &WatchResult) -> CommandOutcome {
    let outcome = if settled.rollout.going_back {
        requested_rollback_outcome(settled)
    } else {
        watch_outcome(&settled.outcome)
    };
    match &settled.failure_response {
        // It timed out: a rollback that is in progress, or succeeded, does not change that.
        Some(FailureResponse::TakenBack { end, .. }) if outcome == CommandOutcome::TimedOut => match end {
            WatchOutcome::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => outcome,
            WatchOutcome::Settled(_) => CommandOutcome::RolloutFailed,
            _ => outcome,
        },
        // It was interrupted and rolled back: it does not continue, and has not succeeded.
        Some(FailureResponse::TakenBack { .. }) => outcome.worse(CommandOutcome::RolloutFailed),
        _ => outcome,
    }
}

/// Returns the outcome of a deployment whose rollback was requested: if it succeeded, the request came too late.
fn requested_rollback_outcome(settled: &WatchResult) -> CommandOutcome {
    match watch_outcome(&settled.outcome) {
        _ if settled.has_ended_as_requested() => CommandOutcome::Succeeded,
        CommandOutcome::Succeeded => CommandOutcome::RolloutFailed,
        outcome => outcome,
    }
}

fn watch_outcome(ending: &WatchOutcome) -> CommandOutcome {
    match ending {
        WatchOutcome::Settled(Verdict::Succeeded | Verdict::Reached { .. }) => CommandOutcome::Succeeded,
        // A verdict that is not final never ends a watch; if it did, it would not be success.
        WatchOutcome::Settled(_) => CommandOutcome::RolloutFailed,
        WatchOutcome::TimedOut { .. } => CommandOutcome::TimedOut,
        WatchOutcome::Interrupted => CommandOutcome::Interrupted,
        WatchOutcome::Lost { .. } => CommandOutcome::Error,
    }
}

impl TaskRunResult {
    /// Returns the outcome of a run: the container's exit code, if there is one.
    pub fn command_outcome(&self) -> CommandOutcome {
        match &self.outcome {
            TaskRunOutcome::Exited { code: 0 } | TaskRunOutcome::NotWaited if self.is_success() => {
                CommandOutcome::Succeeded
            }
            TaskRunOutcome::Exited { code: 0 } | TaskRunOutcome::NotWaited => CommandOutcome::RolloutFailed,
            // Windows containers have exit codes of 32 bits, a process has 8: such a code must not become 0.
            TaskRunOutcome::Exited { code } => {
                CommandOutcome::ExitCode(u8::try_from(*code).unwrap_or(u8::MAX))
            }
            TaskRunOutcome::FailedWithoutCode { .. } => CommandOutcome::RolloutFailed,
            TaskRunOutcome::TimedOut { .. } => CommandOutcome::TimedOut,
            TaskRunOutcome::Interrupted { .. } => CommandOutcome::Interrupted,
            TaskRunOutcome::Lost { .. } => CommandOutcome::Error,
        }
    }
}

/// Returns the exit code of an error.
pub fn exit_code_of(error: &Failure) -> u8 {
    error.kind.exit_code()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::snapshot::WatchedRollout;

    fn settled(ending: WatchOutcome) -> WatchResult {
        WatchResult {
            rollout: WatchedRollout::default(),
            outcome: ending,
            warnings: Vec::new(),
            diagnosis: None,
            elapsed: std::time::Duration::ZERO,
            failure_response: None,
            running: None,
            timeline: None,
        }
    }

    #[test]
    fn every_ending_has_its_exit_code() {
        let text = String::new;
        let rows = [
            (WatchOutcome::Settled(Verdict::Succeeded), 0),
            (WatchOutcome::Settled(Verdict::RolledBack { reason: text(), runs: text() }), 3),
            (WatchOutcome::Settled(Verdict::Failed { reason: text() }), 3),
            (WatchOutcome::Settled(Verdict::Stuck { reason: text() }), 3),
            (WatchOutcome::Settled(Verdict::Superseded { by: text() }), 3),
            (WatchOutcome::Settled(Verdict::Progressing { detail: text() }), 3),
            (WatchOutcome::Settled(Verdict::AwaitingHook { hook: text() }), 3),
            (WatchOutcome::TimedOut { waiting_for: text() }, 4),
            (WatchOutcome::Interrupted, 130),
            (WatchOutcome::Lost { error: text() }, 1),
        ];
        for (ending, code) in rows {
            assert_eq!(
                CommandOutcome::of_rollouts(&[settled(ending.clone())]).exit_code(),
                code,
                "{ending:?}"
            );
        }
    }

    #[test]
    fn requested_rollback_succeeds_only_if_rolled_back() {
        let text = String::new;
        for (ending, code) in [
            (WatchOutcome::Settled(Verdict::RolledBack { reason: text(), runs: text() }), 0),
            (WatchOutcome::Settled(Verdict::Succeeded), 3),
            (WatchOutcome::Settled(Verdict::Failed { reason: text() }), 3),
            (WatchOutcome::TimedOut { waiting_for: text() }, 4),
        ] {
            let settled = settled(ending.clone());
            let rollout = WatchedRollout { going_back: true, ..settled.rollout.clone() };
            assert_eq!(
                CommandOutcome::of_rollouts(&[WatchResult { rollout, ..settled }]).exit_code(),
                code,
                "{ending:?}"
            );
        }
    }

    #[test]
    fn every_end_of_a_run_has_its_exit_code() {
        let text = String::new;
        let end = |ending, missing| TaskRunResult {
            key: text(),
            cluster: text(),
            revision: text(),
            outcome: ending,
            tasks: Vec::new(),
            is_stop_accepted: false,
            not_started_count: missing,
            not_started_reasons: Vec::new(),
            diagnosis: None,
            elapsed: std::time::Duration::ZERO,
        };
        for (ending, missing, code) in [
            (TaskRunOutcome::Exited { code: 0 }, 0, 0),
            (TaskRunOutcome::Exited { code: 0 }, 1, 3),
            (TaskRunOutcome::Exited { code: 7 }, 0, 7),
            (TaskRunOutcome::Exited { code: 7 }, 1, 7),
            (TaskRunOutcome::Exited { code: 3_221_225_786 }, 0, 255),
            (TaskRunOutcome::Exited { code: 256 }, 0, 255),
            (TaskRunOutcome::FailedWithoutCode { reason: text() }, 0, 3),
            (TaskRunOutcome::TimedOut { stopped: true }, 0, 4),
            (TaskRunOutcome::Interrupted { stopped: false }, 0, 130),
            (TaskRunOutcome::NotWaited, 0, 0),
            (TaskRunOutcome::NotWaited, 1, 3),
            (TaskRunOutcome::Lost { error: text() }, 0, 1),
        ] {
            let end = end(ending, missing);
            assert_eq!(end.command_outcome().exit_code(), code, "{end:?}");
            assert_eq!(end.is_success(), code == 0, "{end:?}");
        }
        assert_eq!(CommandOutcome::Succeeded.worse(CommandOutcome::ExitCode(7)), CommandOutcome::ExitCode(7));
    }

    #[test]
    fn one_failure_among_several_decides() {
        let good = settled(WatchOutcome::Settled(Verdict::Succeeded));
        let bad = settled(WatchOutcome::Settled(Verdict::Failed { reason: String::new() }));
        let slow = settled(WatchOutcome::TimedOut { waiting_for: String::new() });
        assert_eq!(
            CommandOutcome::of_rollouts(&[good.clone(), bad, slow.clone()]),
            CommandOutcome::RolloutFailed
        );
        assert_eq!(CommandOutcome::of_rollouts(&[good, slow]), CommandOutcome::TimedOut);
        assert_eq!(CommandOutcome::TimedOut.worse(CommandOutcome::Error), CommandOutcome::Error);
    }
}
