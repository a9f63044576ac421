//! Owns the table of causes: which end of a task means what, and what helps. One row a pattern.
//!
//! The patterns are ECS's own texts, from the developer guide's pages on stopped tasks, the ECS agent's source, and reasons
//! that people reported. The stop code is only an aid: the text decides, so that a code of tomorrow hides no known text.
//! Nothing is guessed: a text that no row knows has no cause.

use serde::Serialize;

use super::failing_container;
use crate::aws::types::{StopCode, Task};

mod exits;
mod pull;
mod secrets;
mod start;
mod stops;

/// Says whether trying again helps, with the same definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    No,
    Sometimes,
    Yes,
}

/// Says how a task ended, in the view of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It never ran.
    NotStarted,
    /// A container ended by itself.
    Exited,
    /// A health check failed.
    Unhealthy,
    /// Something from outside ended it: it says nothing of what is deployed.
    Interrupted,
    /// ECS ended it in the course of things.
    Ordinary,
}

/// Says which ends of containers a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Any,
    Code(&'static [i64]),
    Nonzero,
    Missing,
}

/// Holds what an end of a task means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    pub end: End,
    /// Each of these stands in the reason, or one of its alternatives: `a|b`. Small letters.
    all: &'static [&'static str],
    /// None of these does: `a|b`.
    unless: &'static str,
    /// The stop code that stands for the text.
    code: &'static str,
    exit: Exit,
    /// It says nothing beside a row that is more precise.
    general: bool,
    /// What happened.
    pub cause: &'static str,
    /// What helps.
    pub remedy: &'static str,
    pub retry_helps: Retry,
    /// Trying again with the same definition cannot end otherwise.
    pub deterministic: bool,
}

/// What a row says: the cause and the remedy.
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

    /// Returns whether a text has the words of this row.
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

/// Returns whether one of the alternatives stands in a text.
pub(super) fn any(alternatives: &str, text: &str) -> bool {
    alternatives.split('|').any(|part| text.contains(part))
}

/// Returns a text as the tables compare it: in small letters, with plain apostrophes and single spaces.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace('\u{2019}', "'").to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What rows look at.
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

/// What service events say in the same words.
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
    // The first general row only: those behind it say less.
    if precise.is_empty() { all.into_iter().take(1).collect() } else { precise }
}

/// Returns what a stopped task tells of, the most precise first; empty where no row knows its end.
pub(super) fn of_task(task: &Task) -> Vec<Match> {
    let own = plain(task.stopped_reason.as_deref().unwrap_or_default());
    let code = task.stop_code.as_ref().map(StopCode::to_string).unwrap_or_default();
    let ordinary =
        matching(&Facts { text: own.clone(), code: code.clone(), ..Facts::default() }).into_iter().next();
    // What ECS itself ended is explained by that: its containers' exit codes are the consequence.
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

/// Returns what a reason tells of, the most precise first; empty where no row knows it.
pub(super) fn of_text(text: &str) -> Vec<Match> {
    matching(&Facts { text: plain(text), ..Facts::default() })
}

/// Returns what a stopped task means, the most precise first; empty where that is not known.
pub fn causes_of(task: &Task) -> Vec<&'static Cause> {
    of_task(task).into_iter().map(|found| found.row).collect()
}

#[cfg(test)]
#[path = "causes_tests.rs"]
mod tests;
