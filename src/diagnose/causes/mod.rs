//! The table of causes: what the end of a task means, and its remedy. One row for each pattern.
//!
//! The patterns are ECS's own texts, from the developer guide's pages on stopped tasks, the ECS agent's source, and
//! reasons that people reported. The text decides before the stop code, so that an unknown stop code hides no known
//! text. Nothing is guessed: a text that no row matches has no cause.

use serde::Serialize;

use super::failing_container;
use crate::aws::types::{StopCode, Task};

mod exits;
mod pull;
mod secrets;
mod start;
mod stops;

pub use exits::READ_LOG;

/// Whether a retry with the same definition helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    No,
    Sometimes,
    Yes,
}

/// How a task ended, from the point of view of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEndKind {
    /// It never ran.
    NotStarted,
    /// A container exited by itself.
    Exited,
    /// A health check failed.
    Unhealthy,
    /// It was stopped from outside: that shows nothing about what is deployed.
    Interrupted,
    /// ECS stopped it in normal operation.
    Routine,
}

/// The container exits that a row matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExitMatch {
    Any,
    Code(&'static [i64]),
    Nonzero,
    Missing,
}

/// One row: what the end of a task means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CauseRow {
    pub end: TaskEndKind,
    /// Each of these is in the reason, or one of its alternatives: `a|b`. Lower case.
    patterns: &'static [&'static str],
    /// None of these is: `a|b`.
    excluded: &'static str,
    /// The stop code that matches in place of the text.
    stop_code: &'static str,
    exit: ExitMatch,
    /// Left out where a more precise row matches.
    is_general: bool,
    /// What happened.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
    pub retry_helps: Retry,
    /// A retry with the same definition cannot end otherwise.
    pub is_deterministic: bool,
}

/// The text of a row: the cause and the remedy.
type CauseText = (&'static str, &'static str);

const fn row(
    end: TaskEndKind,
    all: &'static [&'static str],
    said: CauseText,
    retry_helps: Retry,
) -> CauseRow {
    let (cause, remedy) = said;
    CauseRow {
        end,
        patterns: all,
        excluded: "",
        stop_code: "",
        exit: ExitMatch::Any,
        is_general: false,
        cause,
        remedy,
        retry_helps,
        is_deterministic: false,
    }
}

const fn exit(exit: ExitMatch, said: CauseText) -> CauseRow {
    let row = row(TaskEndKind::Exited, &[], said, Retry::No);
    CauseRow { exit, ..row }
}

impl CauseRow {
    const fn unless(self, unless: &'static str) -> CauseRow {
        CauseRow { excluded: unless, ..self }
    }

    const fn or_stop_code(self, code: &'static str) -> CauseRow {
        CauseRow { stop_code: code, ..self }
    }

    const fn general(self) -> CauseRow {
        CauseRow { is_general: true, ..self }
    }

    const fn deterministic(self) -> CauseRow {
        CauseRow { is_deterministic: true, ..self }
    }

    /// Returns whether a text matches the patterns of this row.
    pub(super) fn matches_text(&self, text: &str) -> bool {
        self.matches_normalized(&normalize(text))
    }

    fn matches_normalized(&self, plain: &str) -> bool {
        !self.patterns.is_empty() && self.patterns.iter().all(|part| contains_any(part, plain))
    }

    fn matches(&self, end: &MatchInput) -> bool {
        let text = self.matches_normalized(&end.text);
        let code = !self.stop_code.is_empty() && end.stop_code == self.stop_code;
        let exit = match self.exit {
            ExitMatch::Any => false,
            ExitMatch::Code(codes) => {
                end.has_exited && end.exit_code.is_some_and(|code| codes.contains(&code))
            }
            ExitMatch::Nonzero => end.has_exited && end.exit_code.is_some_and(|code| code != 0),
            ExitMatch::Missing => end.has_exited && end.exit_code.is_none(),
        };
        (text || code || exit) && (self.excluded.is_empty() || !contains_any(self.excluded, &end.text))
    }
}

/// Returns whether a text contains one of the alternatives.
pub(super) fn contains_any(alternatives: &str, text: &str) -> bool {
    alternatives.split('|').any(|part| text.contains(part))
}

/// Returns a text as the tables compare it: in lower case, with plain apostrophes and single spaces.
pub(super) fn normalize(text: &str) -> String {
    let text = text.replace('\u{2019}', "'").to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What rows are compared with.
#[derive(Default)]
struct MatchInput {
    text: String,
    stop_code: String,
    exit_code: Option<i64>,
    has_exited: bool,
}

/// A row that matches, and its place in the table: the smaller, the more precise.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowMatch {
    pub(super) rank: usize,
    pub(super) row: &'static CauseRow,
}

/// Texts that service events share.
pub(super) mod shared_texts {
    pub(in crate::diagnose) use super::secrets::ROLE;
    pub(in crate::diagnose) use super::start::CAPACITY;
    pub(in crate::diagnose) use super::stops::{CONTAINER, ELB};
}

const TABLES: [&[CauseRow]; 5] = [stops::ROWS, pull::ROWS, secrets::ROWS, start::ROWS, exits::ROWS];

fn find_matches(end: &MatchInput) -> Vec<RowMatch> {
    let rows = TABLES.into_iter().flatten().enumerate();
    let all: Vec<RowMatch> =
        rows.filter(|(_, row)| row.matches(end)).map(|(rank, row)| RowMatch { rank, row }).collect();
    let precise: Vec<RowMatch> = all.iter().copied().filter(|found| !found.row.is_general).collect();
    // The first general row only: later ones are less precise.
    if precise.is_empty() { all.into_iter().take(1).collect() } else { precise }
}

/// Returns the rows that match a stopped task, the most precise first; empty where none does.
pub(super) fn match_task(task: &Task) -> Vec<RowMatch> {
    let own = normalize(task.stopped_reason.as_deref().unwrap_or_default());
    let code = task.stop_code.as_ref().map(StopCode::to_string).unwrap_or_default();
    let ordinary =
        find_matches(&MatchInput { text: own.clone(), stop_code: code.clone(), ..MatchInput::default() })
            .into_iter()
            .next();
    // What ECS itself stopped is explained by that: the exit codes of its containers are the consequence.
    if let Some(found) = ordinary.filter(|found| found.row.end == TaskEndKind::Routine) {
        return vec![found];
    }
    find_matches(&MatchInput {
        has_exited: code == "EssentialContainerExited" || own.contains("essential container in task exited"),
        text: normalize(&super::full_reason(task)),
        exit_code: failing_container(task).and_then(|container| container.exit_code),
        stop_code: code,
    })
}

/// Returns the rows that match a reason, the most precise first; empty where none does.
pub(super) fn match_text(text: &str) -> Vec<RowMatch> {
    find_matches(&MatchInput { text: normalize(text), ..MatchInput::default() })
}

/// Returns the causes of a stopped task, the most precise first; empty where none is known.
pub fn causes_of(task: &Task) -> Vec<&'static CauseRow> {
    match_task(task).into_iter().map(|found| found.row).collect()
}

#[cfg(test)]
mod tests;
