//! Owns the report in GitHub Actions: the text report, with groups, annotations, a step summary and outputs beside it.
//!
//! Workflow commands go to stderr with the story; GitHub reads both streams, and stdout stays the answer.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use super::screen::Screen;
use super::text::{Text, verdict_line};
use super::{Event, Report, error, plan};
use crate::aws::types::revision_of;
use crate::document::problem::{Invalid, Severity};
use crate::error::{Failure, Failures};
use crate::settings::{Color, Settings};

/// Shows facts as text and tells GitHub of them.
pub struct GitHub {
    text: Text,
    summary: Option<PathBuf>,
    output: Option<PathBuf>,
}

impl GitHub {
    /// Returns the report around a text report, where this runs in GitHub Actions.
    pub fn around(text: Text, settings: &Settings) -> Result<GitHub, Text> {
        let named =
            |name: &str| settings.environment.get(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        if settings.environment.get("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
            return Err(text);
        }
        Ok(GitHub { text, summary: named("GITHUB_STEP_SUMMARY"), output: named("GITHUB_OUTPUT") })
    }

    fn command(&self, line: &str) {
        // Never marked or coloured: GitHub reads the line from its first character.
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
            self.command(&format!("::warning::write `{}`: {}", path.display(), escaped(&error.to_string())));
        }
    }

    /// Sets the outputs of one service; a name has letters, digits and `_`, whatever the service's has.
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
                let (_, verdict) = verdict_line(settled);
                let key = &settled.followed.key;
                if !settled.succeeded() {
                    let title = property(&format!("ecsail: {key}"));
                    let known = settled.diagnosis.as_ref().and_then(|known| known.causes.first());
                    let cause = known.map(|known| format!("\ncause: {}", known.cause));
                    let remedy = known.map(|known| format!("\nremedy: {}", known.remedy));
                    let message =
                        [Some(verdict.clone()), cause, remedy].into_iter().flatten().collect::<String>();
                    self.command(&format!("::error title={title}::{}", escaped(&message)));
                }
                self.append(self.summary.as_ref(), &format!("**{key}**: {verdict}\n"));
                self.outputs(key, revision_of(&settled.followed.revision), settled.succeeded());
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

    fn error(&self, error: &anyhow::Error) {
        self.text.error(error);
        if let Some(invalid) = error.downcast_ref::<Invalid>() {
            self.annotate(invalid);
        } else if let Some(failures) = error.downcast_ref::<Failures>() {
            failures.0.iter().for_each(|failure| self.annotate_failure(failure));
        } else if let Some(failure) = error.downcast_ref::<Failure>() {
            self.annotate_failure(failure);
        } else {
            self.command(&format!("::error title=ecsail::{}", escaped(&error::text(error, false))));
        }
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        self.text.confirm(question)
    }
}

/// Returns a message as a workflow command takes it (GitHub documentation, "Workflow commands for GitHub Actions").
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns the value of a workflow command's property.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
