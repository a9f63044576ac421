//! Reports in GitHub Actions: the text report, with groups, annotations, a step summary and outputs.
//!
//! Workflow commands go to stderr with the story; GitHub reads both streams, and stdout stays the answer. No text that others
//! wrote becomes a command: the story is broken up where it looks like one, and where an answer does, it is printed between
//! `::stop-commands::TOKEN` and `::TOKEN::`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use super::emergency::emergency_text;
use super::printable::{filtered, may_have_command, one_line, random_digits, without_bracket_commands};
use super::rollout_result::verdict_line;
use super::screen;
use super::step_masks;
use super::step_outputs::{ServiceOutputs, StepOutputs};
use super::step_summary::{self, StepSummary};
use super::text::TextReporter;
use super::{Event, PlanFormat, Reporter, RolloutQuestion, SecretAnswer, TaskQuestion, plan, release, task};
use crate::aws::login::MfaQuestion;
use crate::document::problem::{InvalidFiles, Severity};
use crate::error::{Details, Failure};
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::release::{Release, TargetKind};
use crate::settings::Settings;
use crate::tail::merge::LogLine;
use crate::watch::{WatchOutcome, WatchResult};

/// Writes events as text, and as workflow commands for GitHub.
pub struct GitHubReporter {
    text: TextReporter,
    summary: Option<RefCell<StepSummary>>,
    outputs: Option<RefCell<StepOutputs>>,
    /// The values that GitHub masks from now on.
    masked: RefCell<BTreeSet<String>>,
    stopped: RefCell<StoppedCommands>,
}

/// Whether GitHub takes commands from the output.
#[derive(Debug, Default)]
struct StoppedCommands {
    /// The token that starts them again, while they are stopped.
    token: Option<String>,
    /// Whether they were stopped before. GitHub reads the two streams in no certain order, so that from then on commands go to
    /// stdout, where they follow the token.
    were_stopped: bool,
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
        Ok(GitHubReporter {
            text,
            summary: named("GITHUB_STEP_SUMMARY").map(StepSummary::new).map(RefCell::new),
            outputs: named("GITHUB_OUTPUT").map(StepOutputs::new).map(RefCell::new),
            masked: RefCell::default(),
            stopped: RefCell::default(),
        })
    }

    /// Writes a workflow command; its message and its properties are escaped.
    fn write_command(&self, name: &str, properties: &[(&str, String)], message: &str) {
        self.start_commands();
        let properties: Vec<String> =
            properties.iter().map(|(name, value)| format!("{name}={}", escape_property(value))).collect();
        let properties = properties.join(",");
        let gap = if properties.is_empty() { "" } else { " " };
        let message = escape_message(&without_bracket_commands(&filtered(message)));
        // Without mark and colour: GitHub parses the line from its first character.
        let line = format!("::{name}{gap}{properties}::{message}");
        screen::write_exact(self.stopped.borrow().were_stopped, &line);
    }

    /// Stops commands before an answer that is printed as it is, if it may contain one; not where stdout goes to a file, which
    /// GitHub does not read.
    fn stop_commands_for(&self, answer: &str) {
        let mut stopped = self.stopped.borrow_mut();
        if stopped.token.is_some() || !may_have_command(answer) || screen::is_stdout_file() {
            return;
        }
        let token = random_digits();
        screen::write_exact(true, &format!("::stop-commands::{token}"));
        *stopped = StoppedCommands { token: Some(token), were_stopped: true };
    }

    /// Lets GitHub take commands again.
    fn start_commands(&self) {
        if let Some(token) = self.stopped.borrow_mut().token.take() {
            screen::write_exact(true, &format!("::{token}::"));
        }
    }

    /// Reports an event whose text is printed as it is.
    fn report_exactly(&self, event: &Event<'_>, text: &str) {
        self.stop_commands_for(text);
        self.text.report(event);
    }

    /// Appends to the step summary; one that cannot be written is a warning, because the log has the same.
    fn append_summary(&self, block: impl FnOnce(&StepSummary) -> String) {
        let Some(summary) = &self.summary else { return };
        let summary = summary.borrow();
        if let Err(error) = summary.append(&block(&summary)) {
            let message = format!("failed to write `{}`: {error}", summary.path().display());
            self.write_command("warning", &[], &message);
        }
    }

    fn keep_task_line(&self, key: &str, line: &LogLine) {
        if let Some(summary) = &self.summary {
            summary.borrow_mut().keep_task_line(key, &line.message);
        }
    }

    /// Writes the outputs of one service. A second service whose outputs have the same names has none, with a warning.
    fn write_service_outputs(&self, service: &str, values: impl FnOnce(&StepOutputs) -> ServiceOutputs) {
        let Some(outputs) = &self.outputs else { return };
        let values = values(&outputs.borrow());
        let written = outputs.borrow_mut().write_service(service, values);
        match written {
            Ok(written) => record_outputs_write(&outputs.borrow(), written),
            Err(known) => {
                let message = format!(
                    "the outputs of `{service}` are not set: they have the names of those of `{known}`"
                );
                self.write_command("warning", &[("title", "ecsail".to_owned())], &message);
            }
        }
    }

    fn write_release_outputs(&self, release: &Release) {
        let Some(outputs) = &self.outputs else { return };
        let changed = outputs.borrow_mut().record_release(release);
        for (service, values) in changed {
            self.write_service_outputs(&service, |_| values);
        }
    }

    /// Returns whether the step summary is the file that stdout goes to: the answer is in it already.
    fn is_summary_on_stdout(&self) -> bool {
        self.summary.as_ref().is_some_and(|summary| screen::is_stdout_the_file(summary.borrow().path()))
    }

    fn record_outputs(&self, record: impl FnOnce(&mut StepOutputs)) {
        if let Some(outputs) = &self.outputs {
            record(&mut outputs.borrow_mut());
        }
    }

    /// Has GitHub mask the secrets of a plan in the logs of the job, also in those of later steps.
    ///
    /// Not where stderr goes to a file: the commands, which have the values, would stay there.
    fn mask_secrets(&self, plan: &Plan) {
        if screen::is_stderr_file() {
            return;
        }
        for secret in step_masks::masks(plan) {
            if self.masked.borrow_mut().insert(secret.clone()) {
                self.start_commands();
                screen::write_exact(
                    self.stopped.borrow().were_stopped,
                    &format!("::add-mask::{}", escape_message(&secret)),
                );
            }
        }
    }

    fn annotate_problems(&self, invalid: &InvalidFiles) {
        for problem in invalid.shown() {
            let level = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let place = problem.span.map(|span| {
                let (source, at) = (invalid.sources.get(span.source), invalid.sources.position(span));
                let (line, column) = (at.line.to_string(), at.column.to_string());
                vec![("file", source.name.clone()), ("line", line), ("col", column)]
            });
            let stages = Some(problem.stages.join(", ")).filter(|stages| !stages.is_empty());
            let stages = stages.map(|stages| format!("\nin {stages}")).unwrap_or_default();
            let hint = problem.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            let message = format!("{}{stages}{hint}", problem.message);
            self.write_command(level, &place.unwrap_or_default(), &message);
        }
    }

    /// Annotates a rollout that did not succeed: the verdict, the cause, the remedy, and what runs now.
    fn annotate_rollout(&self, settled: &WatchResult) {
        let mut lines = vec![verdict_line(settled).1];
        if let Some(known) = settled.diagnosis.iter().flat_map(|known| &known.causes).next() {
            lines.extend([format!("cause: {}", known.cause), format!("remedy: {}", known.remedy)]);
        }
        lines.extend(self.text.next_steps(settled));
        let lines: Vec<String> = lines.iter().map(|line| one_line(line)).collect();
        self.annotate("error", &settled.rollout.key, &lines.join("\n"));
    }

    /// Annotates a service, a schedule or a task.
    fn annotate(&self, level: &str, key: &str, message: &str) {
        self.write_command(level, &[("title", format!("ecsail: {key}"))], message);
    }

    fn annotate_failure(&self, failure: &Failure) {
        let hints: String = failure
            .hints
            .iter()
            .map(|hint| format!("\nhint: {}", self.text.flags.in_commands(hint)))
            .collect();
        self.write_command("error", &[("title", "ecsail".to_owned())], &format!("{failure}{hints}"));
    }
}

/// No step is left with commands stopped.
impl Drop for GitHubReporter {
    fn drop(&mut self) {
        self.start_commands();
    }
}

fn record_outputs_write(outputs: &StepOutputs, written: std::io::Result<()>) {
    screen::record_write(&format!("`{}`", outputs.path().display()), written);
}

impl Reporter for GitHubReporter {
    fn report(&self, event: &Event<'_>) {
        match event {
            Event::Plan { plan, answer: None } => {
                self.mask_secrets(plan);
                self.record_outputs(|outputs| outputs.record_plan(plan));
                if self.text.is_quiet {
                    // A group without lines would be all that is left of the plan.
                    self.text.report(event);
                } else {
                    self.write_command("group", &[], "Plan");
                    self.text.report(event);
                    self.write_command("endgroup", &[], "");
                }
                self.append_summary(|_| plan::markdown(plan));
            }
            Event::Emergency { command, reason, .. } => {
                self.text.report(event);
                let text = emergency_text(command, reason);
                self.write_command("warning", &[("title", "ecsail".to_owned())], &text);
                self.append_summary(|_| format!("> **{}**\n", super::markdown::escape(&text)));
            }
            Event::Interrupted(text) => {
                self.text.report(event);
                let text = self.text.flags.in_commands(text);
                self.write_command("notice", &[("title", "ecsail".to_owned())], &text);
            }
            Event::RolloutEnded(settled) => {
                self.text.report(event);
                let key = &settled.rollout.key;
                // One notice at the end says how to continue.
                let is_interrupted = settled.outcome == WatchOutcome::Interrupted;
                if !settled.has_ended_as_requested() && !is_interrupted {
                    self.annotate_rollout(settled);
                }
                for warning in &settled.warnings {
                    self.annotate("warning", key, warning);
                }
                self.append_summary(|_| step_summary::rollout(settled));
                self.write_service_outputs(key, |outputs| outputs.rollout(settled));
            }
            Event::TaskEnded { end, .. } => {
                self.start_commands();
                self.text.report(event);
                let verdict = task::verdict_line(end).1;
                if !end.is_success() {
                    self.annotate("error", &end.key, &one_line(&verdict));
                }
                self.record_outputs(|outputs| outputs.record_task(end));
                self.append_summary(|summary| summary.task(end));
            }
            Event::ReleaseEnded(release) => {
                self.text.report(event);
                self.write_release_outputs(release);
                // A service alone has its verdict already.
                let has_more = release.targets.iter().any(|target| target.kind == TargetKind::Schedule);
                if has_more || release.targets.len() > 1 {
                    self.append_summary(|_| release::markdown(release));
                }
            }
            Event::UpdateFailed { service, error } => {
                self.text.report(event);
                self.annotate_failure(error);
                self.append_summary(|_| step_summary::verdict(service, &format!("not updated: {error}")));
                self.write_service_outputs(service, |outputs| outputs.staying(service, "", Outcome::Failed));
            }
            Event::Unchanged { service, revision, updated } => {
                self.text.report(event);
                let what = if *updated { "attributes updated" } else { "unchanged" };
                self.append_summary(|_| step_summary::verdict(service, &format!("{what}, {revision} stays")));
                let outcome = if *updated { Outcome::Succeeded } else { Outcome::Unchanged };
                self.write_service_outputs(service, |outputs| outputs.staying(service, revision, outcome));
            }
            Event::FileProblems(invalid) => {
                self.text.report(event);
                self.annotate_problems(invalid);
            }
            Event::TaskLine { key, line, story: true, .. } => {
                self.text.report(event);
                self.keep_task_line(key, line);
            }
            Event::LogLine { line, .. } | Event::TaskLine { line, story: false, .. } => {
                self.report_exactly(event, &line.message);
            }
            Event::Documents(documents) => {
                let texts = documents.iter().map(|(name, document)| format!("{name}\n{document}\n"));
                self.report_exactly(event, &texts.collect::<String>());
            }
            Event::Plan { plan, answer: Some(format) } => {
                self.mask_secrets(plan);
                self.record_outputs(|outputs| outputs.record_plan(plan));
                match format {
                    PlanFormat::Markdown => self.report_exactly(event, &plan::markdown(plan)),
                    PlanFormat::Text => self.text.report(event),
                }
                if !self.is_summary_on_stdout() {
                    self.append_summary(|_| plan::markdown(plan));
                }
            }
            other => self.text.report(other),
        }
    }

    fn report_error(&self, error: &Failure) {
        self.text.report_error(error);
        self.record_outputs(|outputs| outputs.record_failure(error));
        self.append_summary(|_| step_summary::failure(error, &self.text.flags));
        match &error.details {
            Details::Problems(invalid) => self.annotate_problems(invalid),
            Details::Several(failures) => {
                for failure in failures {
                    self.annotate_failure(failure);
                }
            }
            Details::None => self.annotate_failure(error),
        }
    }

    fn finish(&self) {
        self.start_commands();
        if let Some(outputs) = &self.outputs {
            let outputs = outputs.borrow();
            record_outputs_write(&outputs, outputs.write_end());
        }
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        self.text.confirm(question)
    }

    fn ask_text(&self, question: &str) -> Option<String> {
        self.text.ask_text(question)
    }

    fn can_show_secret(&self) -> bool {
        self.text.can_show_secret()
    }

    fn ask_secret(&self, question: &str) -> Option<SecretAnswer> {
        self.text.ask_secret(question)
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

/// Escapes a message for a workflow command (GitHub documentation, "Workflow commands for GitHub Actions").
fn escape_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a workflow command's property.
fn escape_property(text: &str) -> String {
    escape_message(&one_line(text)).replace(':', "%3A").replace(',', "%2C")
}
