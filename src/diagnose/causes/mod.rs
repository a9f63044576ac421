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
pub enum End {
    /// It never ran.
    NotStarted,
    /// A container exited by itself.
    Exited,
    /// A health check failed.
    Unhealthy,
    /// It was stopped from outside: that shows nothing about what is deployed.
    Interrupted,
    /// ECS stopped it in normal operation.
    Ordinary,
}

/// The container exits that a row matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Any,
    Code(&'static [i64]),
    Nonzero,
    Missing,
}

/// One row: what the end of a task means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    pub end: End,
    /// Each of these is in the reason, or one of its alternatives: `a|b`. Lower case.
    all: &'static [&'static str],
    /// None of these is: `a|b`.
    unless: &'static str,
    /// The stop code that matches in place of the text.
    code: &'static str,
    exit: Exit,
    /// Left out where a more precise row matches.
    general: bool,
    /// What happened.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
    pub retry_helps: Retry,
    /// A retry with the same definition cannot end otherwise.
    pub deterministic: bool,
}

/// The text of a row: the cause and the remedy.
type Said = (&'static str, &'static str);

const fn row(end: End, all: &'static [&'static str], said: Said, retry_helps: Retry) -> Cause {
    let (cause, remedy) = said;
    Cause {
        end,
        all,
        unless: "",
        code: "",
        exit: Exit::Any,
        general: false,
        cause,
        remedy,
        retry_helps,
        deterministic: false,
    }
}

const fn exit(exit: Exit, said: Said) -> Cause {
    let row = row(End::Exited, &[], said, Retry::No);
    Cause { exit, ..row }
}

impl Cause {
    const fn unless(self, unless: &'static str) -> Cause {
        Cause { unless, ..self }
    }

    const fn or_code(self, code: &'static str) -> Cause {
        Cause { code, ..self }
    }

    const fn general(self) -> Cause {
        Cause { general: true, ..self }
    }

    const fn deterministic(self) -> Cause {
        Cause { deterministic: true, ..self }
    }

    /// Returns whether a text matches the patterns of this row.
    pub(super) fn is_told_by(&self, text: &str) -> bool {
        self.has_words(&plain(text))
    }

    fn has_words(&self, plain: &str) -> bool {
        !self.all.is_empty() && self.all.iter().all(|part| any(part, plain))
    }

    fn matches(&self, end: &Facts) -> bool {
        let text = self.has_words(&end.text);
        let code = !self.code.is_empty() && end.code == self.code;
        let exit = match self.exit {
            Exit::Any => false,
            Exit::Code(codes) => end.exited && end.exit_code.is_some_and(|code| codes.contains(&code)),
            Exit::Nonzero => end.exited && end.exit_code.is_some_and(|code| code != 0),
            Exit::Missing => end.exited && end.exit_code.is_none(),
        };
        (text || code || exit) && (self.unless.is_empty() || !any(self.unless, &end.text))
    }
}

/// Returns whether a text contains one of the alternatives.
pub(super) fn any(alternatives: &str, text: &str) -> bool {
    alternatives.split('|').any(|part| text.contains(part))
}

/// Returns a text as the tables compare it: in lower case, with plain apostrophes and single spaces.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace('\u{2019}', "'").to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What rows are compared with.
#[derive(Default)]
struct Facts {
    text: String,
    code: String,
    exit_code: Option<i64>,
    exited: bool,
}

/// A row that matches, and its place in the table: the smaller, the more precise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub(super) rank: usize,
    pub(super) row: &'static Cause,
}

/// Texts that service events share.
pub(super) mod said {
    pub(in crate::diagnose) use super::secrets::ROLE;
    pub(in crate::diagnose) use super::start::CAPACITY;
    pub(in crate::diagnose) use super::stops::{CONTAINER, ELB};
}

const TABLES: [&[Cause]; 5] = [stops::ROWS, pull::ROWS, secrets::ROWS, start::ROWS, exits::ROWS];

fn matching(end: &Facts) -> Vec<Match> {
    let rows = TABLES.into_iter().flatten().enumerate();
    let all: Vec<Match> =
        rows.filter(|(_, row)| row.matches(end)).map(|(rank, row)| Match { rank, row }).collect();
    let precise: Vec<Match> = all.iter().copied().filter(|found| !found.row.general).collect();
    // The first general row only: later ones are less precise.
    if precise.is_empty() { all.into_iter().take(1).collect() } else { precise }
}

/// Returns the rows that match a stopped task, the most precise first; empty where none does.
pub(super) fn of_task(task: &Task) -> Vec<Match> {
    let own = plain(task.stopped_reason.as_deref().unwrap_or_default());
    let code = task.stop_code.as_ref().map(StopCode::to_string).unwrap_or_default();
    let ordinary =
        matching(&Facts { text: own.clone(), code: code.clone(), ..Facts::default() }).into_iter().next();
    // What ECS itself stopped is explained by that: the exit codes of its containers are the consequence.
    if let Some(found) = ordinary.filter(|found| found.row.end == End::Ordinary) {
        return vec![found];
    }
    matching(&Facts {
        exited: code == "EssentialContainerExited" || own.contains("essential container in task exited"),
        text: plain(&super::full_reason(task)),
        exit_code: failing_container(task).and_then(|container| container.exit_code),
        code,
    })
}

/// Returns the rows that match a reason, the most precise first; empty where none does.
pub(super) fn of_text(text: &str) -> Vec<Match> {
    matching(&Facts { text: plain(text), ..Facts::default() })
}

/// Returns the causes of a stopped task, the most precise first; empty where none is known.
pub fn causes_of(task: &Task) -> Vec<&'static Cause> {
    of_task(task).into_iter().map(|found| found.row).collect()
}

#[cfg(test)]
mod tests;
