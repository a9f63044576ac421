//! The outcome of a run, and the one place where exit codes are chosen.

use crate::error::Failure;
use crate::watch::judge::Verdict;
use crate::watch::task::{TaskEnd, TaskEnding};
use crate::watch::{Aftermath, Ending, Settled};

/// How a run ended that returned no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded, or there was nothing to do.
    Done,
    /// `plan --exit-code` found changes.
    Changes,
    /// A rollout failed or was rolled back, or a task failed without an exit code.
    RolloutFailed,
    /// The timeout has passed, and the rollout is still in progress.
    TimedOut,
    /// It was interrupted; the rollout continues.
    Interrupted,
    /// An error that was already reported.
    Error,
    /// A question was answered with no.
    Declined,
    /// The exit code of another program, or of a task, that was run.
    Passed(u8),
}

impl Outcome {
    /// Returns the exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Error | Outcome::Declined => 1,
            Outcome::RolloutFailed => 3,
            Outcome::TimedOut => 4,
            Outcome::Changes => 6,
            Outcome::Interrupted => 130,
            Outcome::Passed(code) => code,
        }
    }

    /// Returns the outcome of several rollouts: the worst of them.
    ///
    /// A known failure is worse than a rollout that is not known to have ended.
    pub fn of(settled: &[Settled]) -> Outcome {
        settled.iter().map(of_settled).fold(Outcome::Done, Outcome::worse)
    }

    /// Returns the worse of two outcomes.
    pub fn worse(self, other: Outcome) -> Outcome {
        if other.weight() > self.weight() { other } else { self }
    }

    fn weight(self) -> u8 {
        match self {
            Outcome::Done | Outcome::Changes | Outcome::Declined | Outcome::Passed(0) => 0,
            Outcome::TimedOut => 1,
            Outcome::Error => 2,
            Outcome::Interrupted => 3,
            Outcome::RolloutFailed | Outcome::Passed(_) => 4,
        }
    }
}

fn of_settled(settled: &Settled) -> Outcome {
    let outcome = match settled.followed.going_back {
        true => of_way_back(settled),
        false => of_ending(&settled.ending),
    };
    match &settled.aftermath {
        // It timed out: a rollback that is in progress, or succeeded, does not change that.
        Some(Aftermath::TakenBack { end, .. }) if outcome == Outcome::TimedOut => match end {
            Ending::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => outcome,
            Ending::Settled(_) => Outcome::RolloutFailed,
            _ => outcome,
        },
        // It was interrupted and rolled back: it does not continue, and has not succeeded.
        Some(Aftermath::TakenBack { .. }) => outcome.worse(Outcome::RolloutFailed),
        _ => outcome,
    }
}

/// Returns the outcome of a deployment whose rollback was requested: if it succeeded, the request came too late.
fn of_way_back(settled: &Settled) -> Outcome {
    match of_ending(&settled.ending) {
        _ if settled.is_good() => Outcome::Done,
        Outcome::Done => Outcome::RolloutFailed,
        outcome => outcome,
    }
}

fn of_ending(ending: &Ending) -> Outcome {
    match ending {
        Ending::Settled(Verdict::Succeeded | Verdict::Reached { .. }) => Outcome::Done,
        // A verdict that is not final never ends a watch; if it did, it would not be success.
        Ending::Settled(_) => Outcome::RolloutFailed,
        Ending::TimedOut { .. } => Outcome::TimedOut,
        Ending::Interrupted => Outcome::Interrupted,
        Ending::Lost { .. } => Outcome::Error,
    }
}

impl TaskEnd {
    /// Returns the outcome of a run: the container's exit code, if there is one.
    pub fn outcome(&self) -> Outcome {
        match &self.ending {
            TaskEnding::Exited { code: 0 } | TaskEnding::NotWaited if self.is_success() => Outcome::Done,
            TaskEnding::Exited { code: 0 } | TaskEnding::NotWaited => Outcome::RolloutFailed,
            // Windows containers have exit codes of 32 bits, a process has 8: such a code must not become 0.
            TaskEnding::Exited { code } => Outcome::Passed(u8::try_from(*code).unwrap_or(u8::MAX)),
            TaskEnding::FailedWithoutCode { .. } => Outcome::RolloutFailed,
            TaskEnding::TimedOut { .. } => Outcome::TimedOut,
            TaskEnding::Interrupted { .. } => Outcome::Interrupted,
            TaskEnding::Lost { .. } => Outcome::Error,
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
    use crate::watch::snapshot::Followed;

    fn settled(ending: Ending) -> Settled {
        Settled {
            followed: Followed::default(),
            ending,
            diagnosis: None,
            elapsed: std::time::Duration::ZERO,
            aftermath: None,
            runs: None,
            timeline: None,
        }
    }

    #[test]
    fn every_ending_has_its_exit_code() {
        let text = String::new;
        let rows = [
            (Ending::Settled(Verdict::Succeeded), 0),
            (Ending::Settled(Verdict::RolledBack { reason: text(), runs: text() }), 3),
            (Ending::Settled(Verdict::Failed { reason: text() }), 3),
            (Ending::Settled(Verdict::Stuck { reason: text() }), 3),
            (Ending::Settled(Verdict::Superseded { by: text() }), 3),
            (Ending::Settled(Verdict::Progressing { detail: text() }), 3),
            (Ending::Settled(Verdict::AwaitingHook { hook: text() }), 3),
            (Ending::TimedOut { waiting_for: text() }, 4),
            (Ending::Interrupted, 130),
            (Ending::Lost { error: text() }, 1),
        ];
        for (ending, code) in rows {
            assert_eq!(Outcome::of(&[settled(ending.clone())]).exit_code(), code, "{ending:?}");
        }
    }

    #[test]
    fn what_was_to_be_taken_back_is_good_only_when_it_was() {
        let text = String::new;
        for (ending, code) in [
            (Ending::Settled(Verdict::RolledBack { reason: text(), runs: text() }), 0),
            (Ending::Settled(Verdict::Succeeded), 3),
            (Ending::Settled(Verdict::Failed { reason: text() }), 3),
            (Ending::TimedOut { waiting_for: text() }, 4),
        ] {
            let settled = settled(ending.clone());
            let followed = Followed { going_back: true, ..settled.followed.clone() };
            assert_eq!(Outcome::of(&[Settled { followed, ..settled }]).exit_code(), code, "{ending:?}");
        }
    }

    #[test]
    fn every_end_of_a_run_has_its_exit_code() {
        let text = String::new;
        let end = |ending, missing| TaskEnd {
            key: text(),
            cluster: text(),
            revision: text(),
            ending,
            tasks: Vec::new(),
            told_to_stop: false,
            missing,
            not_started: Vec::new(),
            diagnosis: None,
            elapsed: std::time::Duration::ZERO,
        };
        for (ending, missing, code) in [
            (TaskEnding::Exited { code: 0 }, 0, 0),
            (TaskEnding::Exited { code: 0 }, 1, 3),
            (TaskEnding::Exited { code: 7 }, 0, 7),
            (TaskEnding::Exited { code: 7 }, 1, 7),
            (TaskEnding::Exited { code: 3_221_225_786 }, 0, 255),
            (TaskEnding::Exited { code: 256 }, 0, 255),
            (TaskEnding::FailedWithoutCode { reason: text() }, 0, 3),
            (TaskEnding::TimedOut { stopped: true }, 0, 4),
            (TaskEnding::Interrupted { stopped: false }, 0, 130),
            (TaskEnding::NotWaited, 0, 0),
            (TaskEnding::NotWaited, 1, 3),
            (TaskEnding::Lost { error: text() }, 0, 1),
        ] {
            let end = end(ending, missing);
            assert_eq!(end.outcome().exit_code(), code, "{end:?}");
            assert_eq!(end.is_success(), code == 0, "{end:?}");
        }
        assert_eq!(Outcome::Done.worse(Outcome::Passed(7)), Outcome::Passed(7));
    }

    #[test]
    fn one_failure_among_several_decides() {
        let good = settled(Ending::Settled(Verdict::Succeeded));
        let bad = settled(Ending::Settled(Verdict::Failed { reason: String::new() }));
        let slow = settled(Ending::TimedOut { waiting_for: String::new() });
        assert_eq!(Outcome::of(&[good.clone(), bad, slow.clone()]), Outcome::RolloutFailed);
        assert_eq!(Outcome::of(&[good, slow]), Outcome::TimedOut);
        assert_eq!(Outcome::TimedOut.worse(Outcome::Error), Outcome::Error);
    }
}
