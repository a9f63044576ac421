//! Reports to people: answers on stdout, the story on stderr, with a live display where there is a terminal.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::applied;
use super::deletion;
use super::emergency::emergency_text;
use super::given_flags::GivenFlags;
use super::live::LiveDisplay;
use super::page::{Page, PageLine};
use super::page_in_place::PageInPlace;
use super::pager::Pager;
use super::printable::{filtered, one_line};
use super::progress_line::{as_rollback, progress_line};
use super::rollout_result::{next_steps, verdict_line};
use super::screen::{Paint, Screen, color_choice, is_ci, paint};
use super::{
    Event, OutputStyle, PlanFormat, Reporter, RolloutQuestion, TaskQuestion, error, explanation, hook, plan,
    problems, promotion, question, release, rollback, times,
};
use crate::aws::login::MfaQuestion;
use crate::diagnose::events::is_routine;
use crate::duration;
use crate::error::{Details, Failure};
use crate::events::JsonEvent;
use crate::outcome::Outcome;
use crate::release::{Release, TargetKind};
use crate::settings::{ColorChoice, Settings};
use crate::tail::merge::LogLine;
use crate::watch::task::{TaskRunOutcome, TaskRunResult};
use crate::watch::{FailureResponse, Progress, WatchResult};

/// Writes events as text.
pub struct TextReporter {
    screen: Screen,
    live: Option<LiveDisplay>,
    /// The last line of each rollout, where there is no live display.
    last_lines: RefCell<BTreeMap<String, (Progress, String)>>,
    /// The services whose rollouts are being rolled back.
    rolling_back: RefCell<BTreeSet<String>>,
    /// The answer that is redrawn in place, where stdout is a terminal.
    page_in_place: Option<Box<PageInPlace>>,
    pub(super) is_quiet: bool,
    is_verbose: bool,
    /// Whether a person can answer questions.
    can_ask: bool,
    /// Where the command changes something; written once more before the first verdict.
    destination: RefCell<Option<String>>,
    pager: Option<Pager>,
    pub(super) flags: GivenFlags,
}

/// Writes one line to stderr as it is.
pub(super) fn write_stderr_line(text: &str) {
    Screen::new(ColorChoice::Never, false).write_story_lines(text);
}

impl TextReporter {
    /// Returns the report for this process's streams.
    pub fn new(style: OutputStyle, settings: &Settings) -> TextReporter {
        let is_ci = is_ci(&settings.environment);
        let color = color_choice(style.color, &settings.environment);
        let screen = Screen::new(color, settings.sandbox.is_some()).in_ci(is_ci);
        let dumb = settings.environment.get("TERM").is_some_and(|term| term == "dumb");
        let moves = !style.no_progress && !dumb;
        let live = screen.is_stderr_terminal && moves && !style.quiet;
        let in_place = (screen.is_stdout_terminal && moves)
            .then(|| Box::new(PageInPlace::new(screen.is_stderr_terminal)));
        let live = live.then(|| LiveDisplay::new(&screen.prefix(), screen.stderr_color));
        let verbose = style.verbosity > 0;
        let (said, going_back) = (RefCell::default(), RefCell::default());
        TextReporter {
            screen,
            live,
            last_lines: said,
            rolling_back: going_back,
            page_in_place: in_place,
            is_quiet: style.quiet,
            is_verbose: verbose,
            can_ask: question::can_ask() && !settings.assumes_yes(),
            destination: RefCell::default(),
            pager: Pager::from_environment(&settings.process_environment),
            flags: GivenFlags::from_settings(settings),
        }
    }

    /// Writes a line of the story. Line breaks in it, which others wrote, become spaces.
    fn write_story(&self, text: &str) {
        self.write_story_lines(&one_line(text));
    }

    /// Writes a part of the story, above the live display if there is one.
    fn write_story_lines(&self, text: &str) {
        if self.is_quiet {
            return;
        }
        let prefixed = self.screen.with_prefix(&filtered(text));
        match (&self.page_in_place, &self.live) {
            (Some(page), _) if page.write_above(&prefixed) => {}
            (_, Some(live)) => live.write_above(&prefixed),
            (_, None) => self.screen.write_story_lines(text),
        }
    }

    /// Returns a line as it is shown: wrapped, in its colour, without control characters.
    fn shown_lines(&self, line: &PageLine) -> Vec<String> {
        let color = |text: &str| {
            let paint = line.paint.map(|color| paint(self.screen.stdout_color, color, text));
            paint.unwrap_or_else(|| text.to_owned())
        };
        self.screen.wrap_answer(&one_line(&line.text)).lines().map(color).collect()
    }

    fn write_page(&self, page: &Page) {
        self.page_lines(page).iter().for_each(|line| self.screen.write_answer(line));
    }

    /// Returns the lines of a page as they are shown; on a terminal tables are as narrow as it is.
    fn page_lines(&self, page: &Page) -> Vec<String> {
        let lines = match self.screen.answer_width() {
            Some(width) => page.fitted_lines(width),
            None => page.lines().cloned().collect(),
        };
        lines.iter().flat_map(|line| self.shown_lines(line)).collect()
    }

    /// Redraws an answer in place; where that is not possible, writes what has changed.
    fn redraw_page(&self, page: &Page, changed: &Page) {
        let Some(place) = &self.page_in_place else { return self.write_page(changed) };
        place.show(self.page_lines(page));
    }

    /// Writes a line of the story that may be long.
    fn write_story_wrapped(&self, text: &str) {
        self.write_story_lines_wrapped(&one_line(text));
    }

    /// Writes lines of the story that may be long.
    fn write_story_lines_wrapped(&self, text: &str) {
        self.write_story_lines(&self.screen.wrap_story(text));
    }

    fn show_progress(&self, progress: &Progress) {
        let back = self.rolling_back.borrow().contains(&progress.key).then(|| as_rollback(progress));
        let progress = back.as_ref().unwrap_or(progress);
        if let Some(live) = &self.live {
            return live.show(progress);
        }
        let mut said = self.last_lines.borrow_mut();
        let before = said.get(&progress.key);
        let line = progress_line(progress, before.map(|(before, _)| before));
        if before.is_none_or(|(_, before)| *before != line) {
            self.write_story(&line);
        }
        said.insert(progress.key.clone(), (progress.clone(), line));
    }

    /// Writes the progress of a rollout that has not changed; a terminal shows it already.
    fn write_unchanged(&self, progress: &Progress, unchanged_for: Duration) {
        if self.screen.is_stderr_terminal {
            return;
        }
        let back = self.rolling_back.borrow().contains(&progress.key).then(|| as_rollback(progress));
        let line = progress_line(back.as_ref().unwrap_or(progress), None);
        let (unchanged, elapsed) = (duration::text(unchanged_for), duration::seconds(progress.seconds));
        self.write_story(&format!("{line}; unchanged for {unchanged}, {elapsed} since the update"));
    }

    /// Ends the live display: its last lines stay on the screen, and so does a page that is redrawn in place.
    fn end_display(&self) {
        self.page_in_place.iter().for_each(|page| page.leave());
        let last = self.live.as_ref().map(LiveDisplay::finish).unwrap_or_default();
        for progress in &last {
            self.screen.write_story_wrapped(&progress_line(progress, None));
        }
    }

    /// Writes where the plan has changed something, above the first verdict: its own line may be far above.
    fn write_destination_again(&self) {
        if let Some(line) = self.destination.take() {
            self.write_story_wrapped(&paint(self.screen.stderr_color, Paint::Bold, &line));
        }
    }

    fn write_rollout(&self, settled: &WatchResult) {
        self.write_destination_again();
        let color = self.screen.stderr_color;
        let key = &settled.rollout.key;
        let back = match &settled.failure_response {
            Some(FailureResponse::TakenBack { diagnosis, .. }) => diagnosis.as_deref(),
            _ => None,
        };
        for diagnosis in settled.diagnosis.iter().chain(back) {
            self.screen.write_story_lines_wrapped(&explanation::text(
                key,
                diagnosis,
                Some(&self.flags),
                color,
            ));
        }
        let (mark, text) = verdict_line(settled);
        self.screen.write_answer_wrapped(&format!("{key}: {}", paint(self.screen.stdout_color, mark, &text)));
        if let Some(url) = settled.rollout.url.as_ref().filter(|_| settled.has_succeeded()) {
            self.screen.write_answer_wrapped(&format!("{key}: {url}"));
        }
        for warning in &settled.warnings {
            self.screen.write_story_wrapped(&paint(
                color,
                Paint::Warn,
                &format!("warning: {key}: {warning}"),
            ));
        }
        for line in self.next_steps(settled) {
            self.screen.write_story_wrapped(&format!("  {line}"));
        }
    }

    /// Returns what runs now, and the next commands.
    pub(super) fn next_steps(&self, settled: &WatchResult) -> Vec<String> {
        next_steps(settled, self.flags.without_cluster())
    }

    /// Writes a long text, in a pager if stdout is a terminal.
    fn write_paged(&self, text: &str) {
        let pager = self.pager.as_ref().filter(|_| self.screen.is_stdout_terminal);
        if !pager.is_some_and(|pager| pager.show(text)) {
            self.screen.write_raw_answer(text);
        }
    }
}

impl Reporter for TextReporter {
    fn report(&self, event: &Event<'_>) {
        let color = self.screen.stderr_color;
        match event {
            Event::Note(text) | Event::Interrupted(text) => {
                let text = self.flags.in_commands(text);
                self.write_story_wrapped(&paint(color, Paint::Dim, &format!("note: {text}")));
            }
            Event::Emergency { command, reason, .. } => {
                let text = emergency_text(command, reason);
                self.write_story_wrapped(&paint(color, Paint::Bad, &format!("warning: {text}")));
            }
            Event::FileProblems(invalid) if invalid.problems.is_empty() => {}
            Event::FileProblems(invalid) => self.write_story_lines(&problems::text(invalid, color)),
            Event::Plan { plan, answer: Some(PlanFormat::Text) } => {
                self.screen.write_answer_lines(&plan::text(plan, self.screen.stdout_color));
            }
            Event::Plan { plan, answer: Some(PlanFormat::Markdown) } => {
                self.screen.write_raw_answer(&plan::markdown(plan));
            }
            Event::Destination(destination) => {
                self.write_story_wrapped(&paint(color, Paint::Bold, &destination.line()));
            }
            Event::Plan { plan, answer: None } => {
                self.write_story_lines_wrapped(&plan::text(plan, color));
                // On a terminal only a few lines stay between the plan and the end.
                let again = plan.destination.known_line().filter(|_| !self.screen.is_stderr_terminal);
                *self.destination.borrow_mut() = again;
            }
            Event::Promoted { service, from } => {
                self.write_story_wrapped(&promotion::text(service, from, times::unix_now(), color));
            }
            Event::Rollback(target) => self.write_story_lines_wrapped(&rollback::text(target, color)),
            Event::ScheduleRollback { plan, services } => {
                self.write_story_lines_wrapped(&rollback::schedule_text(plan, services, color));
            }
            Event::Registered { .. }
            | Event::RevisionRemoved { .. }
            | Event::ScheduleApplied { .. }
            | Event::AutoscalingApplied { .. }
            | Event::Created { .. }
            | Event::Updated { .. } => self.write_story_wrapped(&applied::line(event)),
            Event::Deletion(deletion) => {
                for line in deletion::lines(deletion) {
                    self.write_story_wrapped(&line);
                }
            }
            Event::Progress(progress) => self.show_progress(progress),
            Event::ProgressUnchanged { progress, unchanged_for } => {
                self.write_unchanged(progress, *unchanged_for);
            }
            Event::RollbackStarted { service, by, to } => {
                let to = to.map(|to| format!(" to {to}")).unwrap_or_default();
                self.write_story_wrapped(&format!(
                    "{service}: {}{to} ({by})",
                    paint(color, Paint::Bad, "rolling back")
                ));
                self.rolling_back.borrow_mut().insert((*service).to_owned());
                self.set_note(service, &format!("rolling back{to}"));
            }
            Event::ServiceEvent { service, event } => self.write_service_event(service, &event.message),
            Event::RolloutEnded(settled) => self.write_rollout(settled),
            Event::Unchanged { service, revision, updated: false } => {
                self.screen.write_answer(&format!("{service}: unchanged, {revision} stays"));
            }
            Event::Unchanged { service, revision, updated: true } => {
                self.screen.write_answer(&format!("{service}: attributes updated, {revision} stays"));
            }
            Event::UpdateFailed { service, error } => {
                self.screen.write_story_lines_wrapped(&error::failure_text(error, color, &self.flags));
                self.screen.write_answer(&format!(
                    "{service}: {}",
                    paint(self.screen.stdout_color, Paint::Bad, "not updated")
                ));
            }
            Event::Documents([]) => {}
            Event::Documents(documents) => self.write_documents(documents),
            Event::LogLine { line, width, time, .. } => {
                let Screen { stdout_color: color_out, is_stdout_terminal: terminal_out, .. } = self.screen;
                let text = super::log::timed_text(line, *width, *time, color_out, terminal_out);
                self.screen.write_log_answer(&text);
            }
            Event::TaskStarted { key, cluster, revision, tasks, attached, .. } => {
                let line = super::task::started_line(key, cluster, revision, tasks, *attached);
                self.write_story_wrapped(&line);
            }
            Event::TaskProgress { key, task, several, .. } => {
                self.write_story(&super::task::progress_line(key, task, *several));
            }
            Event::TaskUnchanged { key, task, several, seconds } => {
                if !self.screen.is_stderr_terminal {
                    let line = super::task::progress_line(key, task, *several);
                    self.write_story(&format!("{line}, started {} ago", duration::seconds(*seconds)));
                }
            }
            Event::TaskLine { key, line, width, prefixed, story } => {
                self.write_task_line(key, line, prefixed.then_some(*width), *story);
            }
            Event::TaskEnded { end, answer } => self.write_task_run(end, *answer),
            Event::Hook { hook, fact } => {
                if let Some(text) = &hook::text(hook.as_str(), fact) {
                    self.write_story_wrapped(text);
                }
            }
            Event::ReleaseEnded(release) => self.write_release(release),
            // Output that another program reads is printed as it is.
            Event::Answer {
                event: JsonEvent::Serving(_) | JsonEvent::Completions(_) | JsonEvent::ShownSchema(_),
                text,
            } => self.screen.write_raw_answer(text),
            Event::Answer {
                text,
                event:
                    JsonEvent::Explain(_)
                    | JsonEvent::InitFile(_)
                    | JsonEvent::ImportFile(_)
                    | JsonEvent::ImportFinding(_)
                    | JsonEvent::LockTable(_)
                    | JsonEvent::Scenarios(_),
            } => {
                self.screen.write_answer_lines(text);
            }
            Event::PagedAnswer { text, .. } => self.write_paged(text),
            Event::Answer { text, .. } => self.screen.write_answer(text),
            Event::Page(page) => self.write_page(page),
            Event::Refreshed { page, changed } => self.redraw_page(page, changed),
            Event::DisplayEnded => self.end_display(),
            Event::DisplayResumed => self.live.iter().for_each(LiveDisplay::resume),
        }
    }

    fn report_error(&self, error: &Failure) {
        self.end_display();
        let text = error::text(error, self.screen.stderr_color, &self.flags);
        // The lines of files keep their columns, which a mark below them points to.
        if matches!(error.details, Details::Problems(_)) {
            self.screen.write_story_lines(&text);
        } else {
            self.screen.write_story_lines_wrapped(&text);
        }
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        self.can_ask.then(|| self.screen.confirm(question))
    }

    fn ask_text(&self, question: &str) -> Option<String> {
        self.can_ask.then(|| self.screen.ask(question))
    }

    fn rollout_question(&self) -> Option<RolloutQuestion> {
        if !self.can_ask {
            return None;
        }
        self.end_display();
        let screen = self.screen;
        Some(Box::new(move || question::about_rollouts(&screen)))
    }

    fn mfa_code_question(&self, device: &str) -> Option<MfaQuestion> {
        let screen = self.screen;
        let question = format!("MFA code of {device}:");
        // A login is no change: nothing answers it in place of a person.
        question::can_ask().then(|| -> MfaQuestion { Box::new(move || screen.ask(&question)) })
    }

    fn task_question(&self) -> Option<TaskQuestion> {
        if !self.can_ask {
            return None;
        }
        self.end_display();
        let screen = self.screen;
        Some(Box::new(move || question::about_tasks(&screen)))
    }
}

impl TextReporter {
    /// Shows the outcome of each target of a release; not of a single service, whose end was reported.
    fn write_release(&self, release: &Release) {
        match release.outcome() {
            // Unchanged services were already reported.
            Outcome::Unchanged => {
                for line in &release::unchanged_schedules(release) {
                    self.screen.write_answer(line);
                }
            }
            // The end of a single service was already reported.
            _ => match release.targets.as_slice() {
                [one] if one.kind == TargetKind::Service => {}
                _ => {
                    self.write_destination_again();
                    self.write_page(&release::page(release));
                }
            },
        }
    }

    /// Writes a log line of a task: as it is where it is the answer, after the name of the run in the story.
    fn write_task_line(&self, key: &str, line: &LogLine, width: Option<usize>, story: bool) {
        let Screen {
            stderr_color: color,
            stdout_color: color_out,
            is_stderr_terminal: terminal,
            is_stdout_terminal: terminal_out,
            ..
        } = self.screen;
        if story {
            let text = super::log::task_line(line, width, color, terminal);
            text.split('\n').for_each(|one| self.write_story(&format!("{key} | {one}")));
        } else {
            self.screen.write_log_answer(&super::log::task_line(line, width, color_out, terminal_out));
        }
    }

    fn write_task_run(&self, end: &TaskRunResult, answer: bool) {
        let color = self.screen.stderr_color;
        if let Some(diagnosis) = &end.diagnosis {
            self.screen.write_story_lines_wrapped(&explanation::text(&end.key, diagnosis, None, color));
        }
        let (mark, text) = super::task::verdict_line(end);
        let quiet = end.is_success() && end.outcome == TaskRunOutcome::NotWaited;
        match answer {
            // The start was already reported; a script needs the ids alone.
            false if end.outcome == TaskRunOutcome::NotWaited => {
                end.tasks.iter().for_each(|task| self.screen.write_answer(task.id()));
                if !quiet {
                    self.screen.write_story_wrapped(&format!("{}: {}", end.key, paint(color, mark, &text)));
                }
            }
            true => {
                let text = paint(self.screen.stdout_color, mark, &text);
                self.screen.write_answer_wrapped(&format!("{}: {text}", end.key));
            }
            false if end.is_success() => {
                self.write_story_wrapped(&format!("{}: {}", end.key, paint(color, mark, &text)));
            }
            false => self.screen.write_story_wrapped(&format!("{}: {}", end.key, paint(color, mark, &text))),
        }
        for line in &super::task::next_steps(end) {
            self.screen.write_story(&format!("  {line}"));
        }
    }

    /// Shows a service event; a routine one with `-v` only.
    fn write_service_event(&self, service: &str, message: &str) {
        let tail = explanation::without_service_name(message);
        let telling = !is_routine(message);
        if self.is_verbose || telling {
            self.write_story_wrapped(&format!("{service}: {tail}"));
        }
        if telling {
            self.set_note(service, tail);
        }
    }

    fn set_note(&self, service: &str, note: &str) {
        self.live.iter().for_each(|live| live.set_note(service, note));
    }

    fn write_documents(&self, documents: &[(String, Value)]) {
        let blocks: Vec<String> = documents
            .iter()
            .map(|(name, document)| {
                let yaml = serde_saphyr::to_string(document).unwrap_or_else(|_| document.to_string());
                format!("# {name}\n{}", yaml.trim_end())
            })
            .collect();
        self.screen.write_raw_answer(&blocks.join("\n---\n"));
    }
}
