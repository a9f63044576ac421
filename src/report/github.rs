//! Reports in GitHub Actions: the text report, with groups, annotations, a step summary and outputs.
//!
//! Workflow commands go to stderr with the story; GitHub reads both streams, and stdout stays the answer.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::rollout_result::verdict_line;
use super::screen::{self, Screen};
use super::text::TextReporter;
use super::{Event, Reporter, RolloutQuestion, TaskQuestion, plan, release, task};
use crate::aws::login::MfaQuestion;
use crate::aws::types::revision_name;
use crate::diagnose::log::LogExcerpt;
use crate::document::problem::{InvalidFiles, Severity};
use crate::error::{Details, Failure};
use crate::settings::{ColorChoice, Settings};
use crate::watch::WatchResult;

/// Writes events as text, and as workflow commands for GitHub.
pub struct GitHubReporter {
    text: TextReporter,
    summary: Option<PathBuf>,
    output: Option<PathBuf>,
}

impl GitHubReporter {
    /// Returns the report that wraps a text report; where this is not GitHub Actions, the text report is returned.
    ///
    /// # Errors
    ///
    /// Returns the text report as it was given, outside GitHub Actions.
    pub fn wrap(text: TextReporter, settings: &Settings) -> Result<GitHubReporter, TextReporter> {
        let named =
            |name: &str| settings.environment.get(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        if settings.environment.get("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
            return Err(text);
        }
        Ok(GitHubReporter { text, summary: named("GITHUB_STEP_SUMMARY"), output: named("GITHUB_OUTPUT") })
    }

    fn write_command(line: &str) {
        // Without mark and colour: GitHub parses the line from its first character.
        Screen::new(ColorChoice::Never, false).write_story(line);
    }

    /// Appends to the step summary; one that cannot be written is a warning, because the log has the same.
    fn append_summary(&self, text: &str) {
        let Some(path) = &self.summary else { return };
        if let Err(error) = append(path, text) {
            Self::write_command(&format!(
                "::warning::failed to write `{}`: {}",
                path.display(),
                escape_message(&error.to_string())
            ));
        }
    }

    /// Sets the outputs of one service, which later steps read; in their names, `_` replaces any character but letters,
    /// digits and `_`.
    fn write_outputs(&self, service: &str, revision: &str, deployed: bool) {
        let name: String = service.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let Some(path) = &self.output else { return };
        let written = append(path, &format!("{name}_revision={revision}\n{name}_deployed={deployed}"));
        screen::record_write(&format!("`{}`", path.display()), written);
    }

    fn annotate_problems(invalid: &InvalidFiles) {
        for problem in invalid.problems.sorted() {
            let level = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let place = problem.span.map(|span| {
                let (source, at) = (invalid.sources.get(span.source), invalid.sources.position(span));
                format!(" file={},line={},col={}", escape_property(&source.name), at.line, at.column)
            });
            let hint = problem.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            let message = escape_message(&format!("{}{hint}", problem.message));
            Self::write_command(&format!("::{level}{}::{message}", place.unwrap_or_default()));
        }
    }

    /// Annotates a rollout that did not succeed: the verdict, the cause, the remedy, and what runs now.
    fn annotate_rollout(&self, settled: &WatchResult) {
        let mut lines = vec![verdict_line(settled).1];
        if let Some(known) = settled.diagnosis.iter().flat_map(|known| &known.causes).next() {
            lines.extend([format!("cause: {}", known.cause), format!("remedy: {}", known.remedy)]);
        }
        lines.extend(self.text.next_steps(settled));
        let title = escape_property(&format!("ecsail: {}", settled.rollout.key));
        Self::write_command(&format!("::error title={title}::{}", escape_message(&lines.join("\n"))));
    }

    fn annotate_failure(&self, failure: &Failure) {
        let hints: String = failure
            .hints
            .iter()
            .map(|hint| format!("\nhint: {}", self.text.flags.in_commands(hint)))
            .collect();
        Self::write_command(&format!(
            "::error title=ecsail::{}",
            escape_message(&format!("{failure}{hints}"))
        ));
    }
}

/// Appends a line to a file, which is created if it does not exist.
fn append(path: &Path, text: &str) -> io::Result<()> {
    writeln!(OpenOptions::new().append(true).create(true).open(path)?, "{text}")
}

impl Reporter for GitHubReporter {
    fn report(&self, event: &Event<'_>) {
        match event {
            Event::Plan { plan, answer: None } => {
                Self::write_command("::group::Plan");
                self.text.report(event);
                Self::write_command("::endgroup::");
                self.append_summary(&plan::markdown(plan));
            }
            Event::RolloutEnded(settled) => {
                self.text.report(event);
                let key = &settled.rollout.key;
                if !settled.has_ended_as_requested() {
                    self.annotate_rollout(settled);
                }
                for warning in &settled.warnings {
                    let title = escape_property(&format!("ecsail: {key}"));
                    Self::write_command(&format!("::warning title={title}::{}", escape_message(warning)));
                }
                self.append_summary(&summary(settled));
                self.write_outputs(
                    key,
                    revision_name(&settled.rollout.revision),
                    settled.has_ended_as_requested(),
                );
            }
            Event::TaskEnded { end, .. } => {
                self.text.report(event);
                let verdict = task::verdict_line(end).1;
                if !end.is_success() {
                    let title = escape_property(&format!("ecsail: {}", end.key));
                    Self::write_command(&format!("::error title={title}::{}", escape_message(&verdict)));
                }
                self.append_summary(&format!("**{}**: {}\n", end.key, escape_markdown(&verdict)));
            }
            Event::ReleaseEnded(release) => {
                self.text.report(event);
                if release.targets.len() > 1 {
                    self.append_summary(&release::markdown(release));
                }
            }
            Event::UpdateFailed { service, error } => {
                self.text.report(event);
                self.annotate_failure(error);
                self.write_outputs(service, "", false);
            }
            Event::Unchanged { service, revision, .. } => {
                self.text.report(event);
                self.write_outputs(service, revision, false);
            }
            Event::FileProblems(invalid) => {
                self.text.report(event);
                Self::annotate_problems(invalid);
            }
            other => self.text.report(other),
        }
    }

    fn report_error(&self, error: &Failure) {
        self.text.report_error(error);
        match &error.details {
            Details::Problems(invalid) => Self::annotate_problems(invalid),
            Details::Several(failures) => {
                for failure in failures {
                    self.annotate_failure(failure);
                }
            }
            Details::None => self.annotate_failure(error),
        }
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        self.text.confirm(question)
    }

    fn rollout_question(&self) -> Option<RolloutQuestion> {
        self.text.rollout_question()
    }

    fn mfa_code_question(&self, device: &str) -> Option<MfaQuestion> {
        self.text.mfa_code_question(device)
    }

    fn task_question(&self) -> Option<TaskQuestion> {
        self.text.task_question()
    }
}

/// Returns the step summary of a rollout: the verdict, and the last log lines in a collapsed block.
pub fn summary(settled: &WatchResult) -> String {
    let verdict = format!("**{}**: {}\n", settled.rollout.key, escape_markdown(&verdict_line(settled).1));
    let log = settled.diagnosis.as_ref().and_then(|diagnosis| diagnosis.log.as_ref());
    match log.filter(|log| !log.lines.is_empty()) {
        Some(log) => format!("{verdict}\n{}", log_block(log)),
        None => verdict,
    }
}

/// Returns log lines as a collapsed block, with a fence longer than any in the lines.
fn log_block(log: &LogExcerpt) -> String {
    let lines = log.lines.join("\n").replace('\r', "");
    let longest = lines.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let place = escape_markdown(&format!("{} {}", log.group, log.stream));
    format!(
        "<details><summary>the last log lines ({place})</summary>\n\n{fence}text\n{lines}\n{fence}\n\n</details>\n"
    )
}

/// Escapes a text for Markdown and HTML.
fn escape_markdown(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Escapes a message for a workflow command (GitHub documentation, "Workflow commands for GitHub Actions").
fn escape_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a workflow command's property.
fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}
