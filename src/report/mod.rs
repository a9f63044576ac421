//! Reports to people and to programs: the only module that writes to the terminal.
//!
//! stdout is the answer, stderr the story. Everything that is reported is an [`Event`]; a [`Report`] shows it as
//! text or as JSON. Never decides anything.

use std::time::Duration;

use serde_json::Value;

use crate::apply::{ApplyReporter, AutoscalingAction, ScheduleAction};
use crate::aws::login::{LoginReporter, MfaQuestion};
use crate::aws::types;
use crate::aws::types::Via;
use crate::destination::Destination;
use crate::document::problem::InvalidFiles;
use crate::error::Failure;
use crate::events::JsonEvent;
use crate::hooks::{HookFact, HookPoint, HookReporter};
use crate::plan::deletion::ServiceDeletion;
use crate::plan::rollback::Target;
use crate::plan::{Plan, SchedulePlan};
use crate::promotion::PromotedService;
use crate::release::Release;
use crate::settings::{ColorChoice, OutputMode, Settings};
use crate::tail::TailReporter;
use crate::tail::merge::LogLine;
use crate::watch::task::{TaskReporter, TaskRunResult};
use crate::watch::{Progress, WatchReporter, WatchResult};

mod applied;
mod commits;
mod deletion;
pub mod deployed_image;
pub mod diagnosis;
mod emergency;
pub mod error;
pub mod explanation;
pub mod github;
pub mod given_flags;
pub mod hook;
pub mod json;
pub mod layout;
mod line_target;
pub mod live;
pub mod live_lines;
pub mod log;
mod log_level;
mod log_writer;
mod markdown;
pub mod names;
pub mod outcome;
pub mod page;
pub mod page_in_place;
mod pager;
pub mod plan;
pub mod plan_comment;
mod printable;
pub mod problems;
pub mod progress_line;
pub mod promotion;
mod question;
pub mod references;
pub mod release;
mod report_file;
mod reporters;
pub mod rollback;
pub mod rollout;
pub mod rollout_result;
pub mod screen;
mod secret_prompt;
pub mod shorten;
mod step_masks;
mod step_outputs;
pub mod step_summary;
pub mod table;
pub mod task;
pub mod text;
pub mod times;
pub mod verification;
pub mod wrap;

use given_flags::GivenFlags;
pub use log_writer::LogWriter;
pub use outcome::CommandOutcome;
pub use page::{Page, PageItem, PageLine};
pub use printable::one_line;
use report_file::RecordedReporter;
pub use report_file::ReportFile;
pub use screen::{HelpText, Paint, write_failure, write_help};
pub use secret_prompt::SecretAnswer;
pub use table::{Column, TableRow, table};

/// One fact that a run reports.
#[allow(clippy::large_enum_variant, reason = "an event is made, reported and dropped")]
pub enum Event<'a> {
    /// A note, which stops nothing.
    Note(&'a str),
    /// `--emergency` lets a command change a stage without approval.
    Emergency { command: &'a str, reason: &'a str, stage: Option<&'a str>, is_protected: bool },
    /// The watch was interrupted: what continues it.
    Interrupted(&'a str),
    /// Warnings and notes about the files.
    FileProblems(&'a InvalidFiles),
    /// Where the command changes something, in one line; part of a plan otherwise.
    Destination(&'a Destination),
    /// A plan: the answer of `plan`, part of the story of `deploy`.
    Plan { plan: &'a Plan, answer: Option<PlanFormat> },
    /// What a service runs in the stage that is promoted from.
    Promoted { service: &'a PromotedService, from: &'a str },
    /// What a service is rolled back to, and why.
    Rollback(&'a Target),
    /// What a schedule is rolled back to, each target with the service that it follows.
    ScheduleRollback { plan: &'a SchedulePlan, services: &'a [String] },
    /// What the deletion of a service would do.
    Deletion(&'a ServiceDeletion),
    /// A revision was registered.
    Registered { revision: &'a str },
    /// A revision was deregistered or deleted: step `done` of `of`.
    RevisionRemoved { revision: &'a str, deleted: bool, done: usize, of: usize },
    /// A schedule was created, updated, restored, deleted, enabled or disabled.
    ScheduleApplied { schedule: &'a str, name: &'a str, via: Via, action: ScheduleAction },
    /// The autoscaling of a service was created, updated or restored.
    AutoscalingApplied { service: &'a str, action: AutoscalingAction },
    /// A service was created, with its first deployment.
    Created { service: &'a str, revision: &'a str, deployment: Option<&'a str> },
    /// A service was updated; without a deployment where only its attributes changed.
    Updated { service: &'a str, revision: &'a str, deployment: Option<&'a str> },
    /// The progress of a rollout; reported on change only.
    Progress(&'a Progress),
    /// The progress of a rollout that has not changed; reported every 30 seconds.
    ProgressUnchanged { progress: &'a Progress, unchanged_for: Duration },
    /// An event of the service, as ECS words it.
    ServiceEvent { service: &'a str, event: &'a types::ServiceEvent },
    /// A rollback has begun: by which call, and to which revision where that is known.
    RollbackStarted { service: &'a str, by: &'a str, to: Option<&'a str> },
    /// The end of a rollout.
    RolloutEnded(&'a WatchResult),
    /// The end of a release, with the outcome of each of its targets.
    ReleaseEnded(&'a Release),
    /// A service that a deploy left unchanged, or of which it changed the attributes only.
    Unchanged { service: &'a str, revision: &'a str, updated: bool },
    /// A service that could not be updated, while others were.
    UpdateFailed { service: &'a str, error: &'a crate::error::Failure },
    /// The documents of `render`.
    Documents(&'a [(String, Value)]),
    /// A hook was started, wrote a line, or ended.
    Hook { hook: HookPoint, fact: HookFact<'a> },
    /// The end of the live display.
    DisplayEnded,
    /// The live display goes on, after a question.
    DisplayResumed,
    /// A log line of a container; `width` is that of the longest container name, `time` is shown before it.
    LogLine { service: &'a str, line: &'a LogLine, width: usize, time: Option<&'a str> },
    /// One-off tasks were started, or are watched because they run already.
    TaskStarted {
        attached: bool,
        key: &'a str,
        cluster: &'a str,
        revision: &'a str,
        started_by: &'a str,
        tasks: &'a [types::Task],
    },
    /// The state of a one-off task; reported on change only.
    TaskProgress { key: &'a str, task: &'a types::Task, several: bool, seconds: f64 },
    /// The state of a one-off task that has not changed; reported every 30 seconds.
    TaskUnchanged { key: &'a str, task: &'a types::Task, several: bool, seconds: f64 },
    /// A log line of a one-off task: the answer of a run, or part of the story of a release.
    TaskLine { key: &'a str, line: &'a LogLine, width: usize, prefixed: bool, story: bool },
    /// The end of a run of one-off tasks; part of the story where its log lines are the answer.
    TaskEnded { end: &'a TaskRunResult, answer: bool },
    /// An answer of one line.
    Answer { text: &'a str, event: JsonEvent },
    /// A decrypted value, for the command whose answer it is: on stdout alone, and never in JSON.
    SecretValue(&'a str),
    /// A long text to read; in a pager on a terminal.
    PagedAnswer { text: &'a str, event: JsonEvent },
    /// An answer of several lines and items.
    Page(&'a Page),
    /// An answer that is repeated: the whole page, and what has changed since the last one.
    Refreshed { page: &'a Page, changed: &'a Page },
}

/// The format of the answer of `plan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFormat {
    Text,
    Markdown,
}

/// Reports events: as text for people, also to GitHub Actions, or as JSON for programs.
pub trait Reporter:
    WatchReporter + TaskReporter + TailReporter + ApplyReporter + HookReporter + LoginReporter
{
    /// Reports one event.
    fn report(&self, event: &Event<'_>);
    /// Reports an error.
    fn report_error(&self, error: &Failure);
    /// Writes what is known only at the end of the run. Called once, after everything was reported.
    fn finish(&self) {}
    /// Returns the answer to a yes-or-no question; `None` where there is no terminal to ask on.
    fn confirm(&self, question: &str) -> Option<bool>;
    /// Returns the line that answers a question; `None` where there is no terminal to ask on.
    fn ask_text(&self, _question: &str) -> Option<String> {
        None
    }
    /// Returns whether a decrypted value can be shown: JSON is for logs.
    fn can_show_secret(&self) -> bool {
        false
    }
    /// Returns the value of a secret, which is not shown while it is typed; `None` where there is no terminal to ask on.
    fn ask_secret(&self, _question: &str) -> Option<SecretAnswer> {
        None
    }
    /// Returns why no question can be asked.
    fn unasked_reason(&self) -> &'static str {
        "there is no terminal to ask on"
    }
    /// Returns the question what to do about the rollouts in progress, to be asked on a thread of its own; `None`
    /// where there is no terminal to ask on.
    fn rollout_question(&self) -> Option<RolloutQuestion>;
    /// Returns the question what to do about running tasks, to be asked on a thread of its own; `None` where there
    /// is no terminal to ask on.
    fn task_question(&self) -> Option<TaskQuestion> {
        None
    }
    /// Returns the question for the code of an MFA device, to be asked on a thread of its own; `None` where there is no
    /// terminal to ask on.
    fn mfa_code_question(&self, _device: &str) -> Option<MfaQuestion> {
        None
    }
    /// Returns whether the answers are lost: stdout is a closed pipe, or cannot be written.
    fn is_output_closed(&self) -> bool {
        screen::is_stdout_closed()
    }
}

/// A question about rollouts; it blocks until it is answered.
pub type RolloutQuestion = Box<dyn FnOnce() -> InterruptAnswer + Send>;

/// A question about running tasks; it blocks until it is answered.
pub type TaskQuestion = Box<dyn FnOnce() -> TaskInterruptAnswer + Send>;

/// What to do about running tasks after an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskInterruptAnswer {
    /// Stop watching; the tasks keep running.
    Leave,
    /// Stop them, and watch that.
    Stop,
    /// Keep watching.
    KeepWatching,
}

/// What to do about the rollouts in progress after an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptAnswer {
    /// Stop watching; the rollouts continue.
    Leave,
    /// Roll them back, and watch that.
    RollBack,
    /// Keep watching.
    KeepWatching,
}

/// How output is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputStyle {
    pub output: OutputMode,
    pub color: ColorChoice,
    pub quiet: bool,
    pub no_progress: bool,
    pub verbosity: u8,
}

/// Writes how the program is used, to stderr: for a command line without a command.
pub fn write_usage(text: &str) {
    text::write_stderr_line(text);
}

/// Returns the report for a style, which a file has in JSON as well if one is given.
pub fn recorded_reporter(
    style: OutputStyle,
    settings: &Settings,
    file: Option<ReportFile>,
) -> Box<dyn Reporter> {
    let shown = reporter(style, settings);
    match file {
        None => shown,
        Some(file) => {
            Box::new(RecordedReporter { shown, recorded: json_reporter(false, settings, Some(file)) })
        }
    }
}

/// Returns a report that shows nothing but errors: of plans that are made only to see whether they are refused.
pub fn silent_reporter(settings: &Settings) -> Box<dyn Reporter> {
    Box::new(text::TextReporter::new(OutputStyle { quiet: true, ..OutputStyle::default() }, settings))
}

/// Returns the report for a style.
pub fn reporter(style: OutputStyle, settings: &Settings) -> Box<dyn Reporter> {
    match style.output {
        OutputMode::Json => Box::new(json_reporter(style.quiet, settings, None)),
        OutputMode::Text => {
            match github::GitHubReporter::wrap(text::TextReporter::new(style, settings), settings) {
                Ok(github) => Box::new(github),
                Err(text) => Box::new(text),
            }
        }
    }
}

fn json_reporter(quiet: bool, settings: &Settings, file: Option<ReportFile>) -> json::JsonReporter {
    let sandbox = settings.sandbox.is_some();
    json::JsonReporter { sandbox, quiet, flags: GivenFlags::from_settings(settings), file }
}
