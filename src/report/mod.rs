//! Owns what people and programs see: the only module that writes to the terminal.
//!
//! stdout is the answer, stderr the story. Every fact is an [`Event`]; a [`Report`] shows it as text
//! or as JSON. Nothing here decides anything.

use serde_json::Value;

use crate::apply::{ApplyReporter, ScheduleAction};
use crate::aws::types;
use crate::document::problem::Invalid;
use crate::events::JsonEvent;
use crate::hooks::{HookFact, HookReporter, Moment};
use crate::manifest::schedules::Via;
use crate::plan::rollback::Target;
use crate::plan::{Plan, SchedulePlan};
use crate::release::Release;
use crate::settings::{Color, Output, Settings};
use crate::tail::TailReporter;
use crate::tail::merge::Line as LogLine;
use crate::watch::task::{TaskEnd, TaskReporter};
use crate::watch::{Progress, Settled, WatchReporter};

pub mod diagnosis;
pub mod ending;
pub mod error;
pub mod explanation;
pub mod github;
pub mod hook;
pub mod json;
pub mod layout;
pub mod line;
pub mod log;
pub mod names;
pub mod outcome;
pub mod page;
pub mod plan;
pub mod problems;
pub mod progress;
pub mod redraw;
pub mod references;
pub mod refresh;
pub mod release;
mod reporters;
pub mod rollback;
pub mod rollout;
pub mod screen;
pub mod task;
pub mod text;
pub mod times;
pub mod wrap;

pub use outcome::Outcome;
pub use page::{Item, Line, Page, Row, table};
pub use progress::LogLines;
pub use screen::Paint;
pub use text::quoted;

/// Holds one fact of a run.
pub enum Event<'a> {
    /// Something worth knowing that stops nothing.
    Note(&'a str),
    /// Warnings and notes about the files.
    Remarks(&'a Invalid),
    /// What would change: the answer of `plan`, part of the story of `deploy`.
    Plan { plan: &'a Plan, answer: Option<PlanFormat> },
    /// Where a service goes back to, and why.
    Target(&'a Target),
    /// Where a schedule goes back to, each target with the service that it goes with.
    ScheduleTarget { plan: &'a SchedulePlan, services: &'a [String] },
    /// A revision was registered.
    Registered { revision: &'a str },
    /// A revision was deregistered or deleted; so many steps of so many are done.
    Retired { revision: &'a str, deleted: bool, done: usize, of: usize },
    /// A schedule was created, updated, restored, deleted, enabled or disabled.
    ScheduleApplied { schedule: &'a str, name: &'a str, via: Via, action: ScheduleAction },
    /// A service was updated; without a deployment where only its attributes changed.
    Updated { service: &'a str, revision: &'a str, deployment: Option<&'a str> },
    /// Where a rollout stands; told on change only.
    Progress(&'a Progress),
    /// An event of the service, as ECS words it.
    ServiceEvent { service: &'a str, event: &'a types::Event },
    /// A rollout is being taken back: by which call, and to which revision where that is known.
    TakingBack { service: &'a str, by: &'a str, to: Option<&'a str> },
    /// A rollout's end.
    Settled(&'a Settled),
    /// A release's end: what became of each of its targets.
    Released(&'a Release),
    /// A service that a deploy left as it is, or whose attributes alone changed.
    Left { service: &'a str, revision: &'a str, updated: bool },
    /// A service that could not be updated, while others were.
    NotUpdated { service: &'a str, error: &'a crate::error::Failure },
    /// The documents of `render`.
    Documents(&'a [(String, Value)]),
    /// The answer of `check`.
    Checked { services: usize, stages: &'a [String] },
    /// What a hook does, and what it writes.
    Hook { hook: Moment, fact: HookFact<'a> },
    /// The screen's live part ends here.
    Done,
    /// A line of the log of a container; `width` is that of the widest container's name.
    Line { service: &'a str, line: &'a LogLine, width: usize },
    /// Tasks of their own were started.
    TaskStarted {
        key: &'a str,
        cluster: &'a str,
        revision: &'a str,
        started_by: &'a str,
        tasks: &'a [types::Task],
    },
    /// Where a task of its own stands; told on change only.
    TaskProgress { key: &'a str, task: &'a types::Task, several: bool, seconds: f64 },
    /// A line that a task of its own wrote: the answer of a run, or part of the story of a release.
    TaskLine { key: &'a str, line: &'a LogLine, width: usize, prefixed: bool, story: bool },
    /// The end of a run; where its lines are the answer, this is part of the story.
    TaskEnded { end: &'a TaskEnd, answer: bool },
    /// A plain answer: one line.
    Answer { text: &'a str, event: JsonEvent },
    /// An answer of several lines and things.
    Page(&'a Page),
    /// An answer that is looked at again and again: the whole of it, and what has changed since the last time.
    Refreshed { page: &'a Page, changed: &'a Page },
}

/// Says how `plan` writes its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFormat {
    Text,
    Markdown,
}

/// Shows facts: as text for people, beside it to GitHub Actions, or as JSON for programs.
pub trait Report: WatchReporter + TaskReporter + TailReporter + ApplyReporter + HookReporter {
    /// Shows one fact.
    fn tell(&self, event: &Event<'_>);
    /// Shows an error.
    fn error(&self, error: &anyhow::Error);
    /// Returns the answer to a question; `None` where nobody can be asked.
    fn confirm(&self, question: &str) -> Option<bool>;
    /// Returns the question what to do about the rollouts that are still under way, to be asked on a thread of its own;
    /// `None` where nobody can be asked.
    fn ask_interrupted(&self) -> Option<Question>;
    /// Returns the question what to do about tasks that run on, to be asked on a thread of its own; `None` where nobody
    /// can be asked.
    fn ask_about_tasks(&self) -> Option<TaskQuestion> {
        None
    }
    /// Returns whether nobody reads the answers any more: the pipe that they go to is closed.
    fn is_closed(&self) -> bool {
        screen::is_closed()
    }
}

/// A question to a person; it waits for the answer.
pub type Question = Box<dyn FnOnce() -> Interrupted + Send>;

/// A question to a person about tasks that run; it waits for the answer.
pub type TaskQuestion = Box<dyn FnOnce() -> TaskInterrupted + Send>;

/// Says what is to be done about tasks that run when somebody interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskInterrupted {
    /// Stop watching; they run on.
    Leave,
    /// Stop them, and watch that.
    Stop,
    /// Go on watching.
    GoOn,
}

/// Says what is to be done about rollouts under way when somebody interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// Stop watching; they go on.
    Leave,
    /// Take them back, and watch that.
    RollBack,
    /// Go on watching.
    GoOn,
}

/// Holds how the screen is used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub output: Output,
    pub color: Color,
    pub quiet: bool,
    pub no_progress: bool,
    pub verbosity: u8,
}

/// Returns the report that the flags ask for.
pub fn new(style: Style, settings: &Settings) -> Box<dyn Report> {
    let sandbox = settings.sandbox.is_some();
    match style.output {
        Output::Json => Box::new(json::Json { sandbox, quiet: style.quiet }),
        Output::Text => match github::GitHub::around(text::Text::new(style, settings), settings) {
            Ok(github) => Box::new(github),
            Err(text) => Box::new(text),
        },
    }
}
