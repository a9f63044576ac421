//! How a prune of revisions or of schedules ended.

use crate::outcome::Outcome;

/// How a prune ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PruneEnd {
    NothingToDo,
    DryRun,
    Declined,
    Succeeded,
    Interrupted,
    Failed,
}

impl PruneEnd {
    /// The outcome, as events carry it.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            PruneEnd::NothingToDo => Outcome::Unchanged,
            PruneEnd::DryRun | PruneEnd::Declined => Outcome::Skipped,
            PruneEnd::Succeeded => Outcome::Succeeded,
            PruneEnd::Interrupted => Outcome::Interrupted,
            PruneEnd::Failed => Outcome::Failed,
        }
    }
}
