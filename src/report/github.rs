//! Reports in GitHub Actions: the text report, with groups, annotations, a step summary and outputs.
//!
//! Workflow commands go to stderr with the story; GitHub reads both streams, and stdout stays the answer.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use super::ending::verdict_line;
use super::screen::Screen;
use super::text::Text;
use super::{Event, Question, Report, TaskQuestion, plan, release, task};
use crate::aws::types::revision_of;
use crate::diagnose::log::Log;
use crate::document::problem::{Invalid, Severity};
use crate::error::{Details, Failure};
use crate::settings::{Color, Settings};
use crate::watch::Settled;

/// Writes events as text, and as workflow commands for GitHub.
pub struct GitHub {
    text: Text,
    summary: Option<PathBuf>,
    output: Option<PathBuf>,
}

impl GitHub {
    /// Returns the report that wraps a text report; `Err` returns the text report where this is not GitHub Actions.
    pub fn around(text: Text, settings: &Settings) -> Result<GitHub, Text> {
        let named =
            |name: &str| settings.environment.get(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        if settings.environment.get("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
            return Err(text);
        }
        Ok(GitHub { text, summary: named("GITHUB_STEP_SUMMARY"), output: named("GITHUB_OUTPUT") })
    }

    fn command(&self, line: &str) {
        // Without mark and colour: GitHub parses the line from its first character.
        Screen::new(Color::Never, true, false).err(line);
    }

    fn append(&self, path: Option<&PathBuf>, text: &str) {
        let Some(path) = path else { return };
        let written = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| writeln!(file, "{text}"));
        if let Err(error) = written {
            self.command(&format!(
                "::warning::failed to write `{}`: {}",
                path.display(),
                escaped(&error.to_string())
            ));
        }
    }

    /// Sets the outputs of one service; in their names, `_` replaces any character but letters, digits and `_`.
    fn outputs(&self, service: &str, revision: &str, deployed: bool) {
        let name: String = service.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        self.append(self.output.as_ref(), &format!("{name}_revision={revision}\n{name}_deployed={deployed}"));
    }

    fn annotate(&self, invalid: &Invalid) {
        for problem in invalid.problems.sorted() {
            let level = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let place = problem.span.map(|span| {
                let (source, at) = (invalid.sources.get(span.source), invalid.sources.position(span));
                format!(" file={},line={},col={}", property(&source.name), at.line, at.column)
            });
            let hint = problem.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            let message = escaped(&format!("{}{hint}", problem.message));
            self.command(&format!("::{level}{}::{message}", place.unwrap_or_default()));
        }
    }

    /// Annotates a rollout that did not succeed: the verdict, the cause, the remedy, and what runs now.
    fn annotate_end(&self, settled: &Settled) {
        let mut lines = vec![verdict_line(settled).1];
        if let Some(known) = settled.diagnosis.iter().flat_map(|known| &known.causes).next() {
            lines.extend([format!("cause: {}", known.cause), format!("remedy: {}", known.remedy)]);
        }
        lines.extend(self.text.what_now(settled));
        let title = property(&format!("ecsail: {}", settled.followed.key));
        self.command(&format!("::error title={title}::{}", escaped(&lines.join("\n"))));
    }

    fn annotate_failure(&self, failure: &Failure) {
        let hints: String = failure.hints.iter().map(|hint| format!("\nhint: {hint}")).collect();
        self.command(&format!("::error title=ecsail::{}", escaped(&format!("{failure}{hints}"))));
    }
}

impl Report for GitHub {
    fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Plan { plan, answer: None } => {
                self.command("::group::Plan");
                self.text.tell(event);
                self.command("::endgroup::");
                self.append(self.summary.as_ref(), &plan::markdown(plan));
            }
            Event::Settled(settled) => {
                self.text.tell(event);
                let key = &settled.followed.key;
                if !settled.is_good() {
                    self.annotate_end(settled);
                }
                self.append(self.summary.as_ref(), &summary(settled));
                self.outputs(key, revision_of(&settled.followed.revision), settled.is_good());
            }
            Event::TaskEnded { end, .. } => {
                self.text.tell(event);
                let verdict = task::verdict_line(end).1;
                if !end.is_success() {
                    let title = property(&format!("ecsail: {}", end.key));
                    self.command(&format!("::error title={title}::{}", escaped(&verdict)));
                }
                self.append(self.summary.as_ref(), &format!("**{}**: {}\n", end.key, as_text(&verdict)));
            }
            Event::Released(release) => {
                self.text.tell(event);
                if release.targets.len() > 1 {
                    self.append(self.summary.as_ref(), &release::markdown(release));
                }
            }
            Event::NotUpdated { service, error } => {
                self.text.tell(event);
                self.annotate_failure(error);
                self.outputs(service, "", false);
            }
            Event::Left { service, revision, .. } => {
                self.text.tell(event);
                self.outputs(service, revision, false);
            }
            Event::Remarks(invalid) => {
                self.text.tell(event);
                self.annotate(invalid);
            }
            other => self.text.tell(other),
        }
    }

    fn error(&self, error: &Failure) {
        self.text.error(error);
        match &error.details {
            Details::Problems(invalid) => self.annotate(invalid),
            Details::Several(failures) => {
                failures.iter().for_each(|failure| self.annotate_failure(failure));
            }
            Details::None => self.annotate_failure(error),
        }
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        self.text.confirm(question)
    }

    fn ask_interrupted(&self) -> Option<Question> {
        self.text.ask_interrupted()
    }

    fn ask_about_tasks(&self) -> Option<TaskQuestion> {
        self.text.ask_about_tasks()
    }
}

/// Returns the step summary of a rollout: the verdict, and the last log lines in a collapsed block.
pub fn summary(settled: &Settled) -> String {
    let verdict = format!("**{}**: {}\n", settled.followed.key, as_text(&verdict_line(settled).1));
    let log = settled.diagnosis.as_ref().and_then(|diagnosis| diagnosis.log.as_ref());
    match log.filter(|log| !log.lines.is_empty()) {
        Some(log) => format!("{verdict}\n{}", details(log)),
        None => verdict,
    }
}

/// Returns log lines as a collapsed block, with a fence longer than any in the lines.
fn details(log: &Log) -> String {
    let lines = log.lines.join("\n").replace('\r', "");
    let longest = lines.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let place = as_text(&format!("{} {}", log.group, log.stream));
    format!(
        "<details><summary>the last log lines ({place})</summary>\n\n{fence}text\n{lines}\n{fence}\n\n</details>\n"
    )
}

/// Escapes a text for Markdown and HTML.
fn as_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Escapes a message for a workflow command (GitHub documentation, "Workflow commands for GitHub Actions").
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a workflow command's property.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
