//! Reports to people: answers on stdout, the story on stderr, with a live display where there is a terminal.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ending::{verdict_line, what_now};
use super::layout::one_line;
use super::line::{on_the_way_back, plain};
use super::page::{Line, Page};
use super::progress::Live;
use super::refresh::Refresh;
use super::screen::{MARK, Paint, Screen, paint};
use super::{
    Event, Interrupted, PlanFormat, Question, Report, Style, TaskInterrupted, TaskQuestion, error,
    explanation, hook, plan, problems, release, rollback,
};
use crate::apply::ScheduleAction;
use crate::diagnose::events::is_noise;
use crate::error::Failure;
use crate::events::JsonEvent;
use crate::manifest::schedules::noun;
use crate::outcome::Outcome;
use crate::release::{Kind, Release};
use crate::settings::Settings;
use crate::tail::merge::Line as LogLine;
use crate::watch::task::{TaskEnd, TaskEnding};
use crate::watch::{Aftermath, Progress, Settled};

/// Writes events as text.
pub struct Text {
    screen: Screen,
    live: Option<Live>,
    /// The last line of each rollout, where there is no live display.
    said: RefCell<BTreeMap<String, (Progress, String)>>,
    /// The services whose rollouts are being rolled back.
    going_back: RefCell<BTreeSet<String>>,
    /// The answer that is redrawn in place, where stdout is a terminal.
    in_place: Option<Box<RefCell<Refresh>>>,
    quiet: bool,
    verbose: bool,
    /// The flags that a command needs to reach the same services as this one.
    flags: String,
}

/// Writes one line to stderr as it is.
pub(super) fn plain_err(text: &str) {
    Screen::new(crate::settings::Color::Never, true, false).err(text);
}

impl Text {
    /// Returns the report for this process's streams.
    pub fn new(style: Style, settings: &Settings) -> Text {
        let no_color = settings.environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        let screen = Screen::new(style.color, no_color, settings.sandbox.is_some());
        let dumb = settings.environment.get("TERM").is_some_and(|term| term == "dumb");
        let moves = !style.no_progress && !dumb && !no_color;
        let live = screen.terminal && moves && !style.quiet;
        let in_place = (screen.terminal_out && moves).then(Box::default);
        let prefix = if settings.sandbox.is_some() { MARK } else { "" };
        let live = live.then(|| Live::new(prefix, screen.color));
        let verbose = style.verbosity > 0;
        let (said, going_back) = (RefCell::default(), RefCell::default());
        Text { screen, live, said, going_back, in_place, quiet: style.quiet, verbose, flags: flags(settings) }
    }

    /// Writes a part of the story, above the live display if there is one.
    fn story(&self, text: &str) {
        if self.quiet {
            return;
        }
        let shown = self.in_place.as_ref().filter(|place| self.screen.terminal && place.borrow().is_shown());
        if let Some(place) = shown {
            return place.borrow_mut().above(&self.screen.prefixed(text));
        }
        match &self.live {
            Some(live) => live.line(&self.screen.prefixed(text)),
            None => self.screen.err(text),
        }
    }

    /// Returns a line as it is shown: wrapped, in its colour, without control characters.
    fn shown(&self, line: &Line) -> Vec<String> {
        let color = |text: &str| {
            let paint = line.paint.map(|color| paint(self.screen.color_out, color, text));
            paint.unwrap_or_else(|| text.to_owned())
        };
        self.screen.answer_folded(&one_line(&line.text)).lines().map(color).collect()
    }

    fn page(&self, page: &Page) {
        page.lines().flat_map(|line| self.shown(line)).for_each(|line| self.screen.out(&line));
    }

    /// Redraws an answer in place; where that is not possible, writes what has changed.
    fn refreshed(&self, page: &Page, changed: &Page) {
        let Some(place) = &self.in_place else { return self.page(changed) };
        let lines = page.lines().flat_map(|line| self.shown(line));
        let lines = lines.map(|line| self.screen.prefixed(&line));
        place.borrow_mut().show(lines.collect());
    }

    /// Writes a part of the story that may be long.
    fn told(&self, text: &str) {
        self.story(&self.screen.story_folded(text));
    }

    fn progress(&self, progress: &Progress) {
        let back = self.going_back.borrow().contains(&progress.key).then(|| on_the_way_back(progress));
        let progress = back.as_ref().unwrap_or(progress);
        if let Some(live) = &self.live {
            return live.show(progress);
        }
        let mut said = self.said.borrow_mut();
        let before = said.get(&progress.key);
        let line = plain(progress, before.map(|(before, _)| before));
        if before.is_none_or(|(_, before)| *before != line) {
            self.story(&line);
        }
        said.insert(progress.key.clone(), (progress.clone(), line));
    }

    /// Ends the live display: its last lines stay on the screen.
    fn finish(&self) {
        let last = self.live.as_ref().map(Live::finish).unwrap_or_default();
        last.iter().for_each(|progress| self.screen.err_folded(&plain(progress, None)));
    }

    fn settled(&self, settled: &Settled) {
        let color = self.screen.color;
        let key = &settled.followed.key;
        let back = match &settled.aftermath {
            Some(Aftermath::TakenBack { diagnosis, .. }) => diagnosis.as_deref(),
            _ => None,
        };
        for diagnosis in settled.diagnosis.iter().chain(back) {
            self.screen.err_folded(&explanation::text(key, diagnosis, color));
        }
        let (mark, text) = verdict_line(settled);
        self.screen.out_folded(&format!("{key}: {}", paint(self.screen.color_out, mark, &text)));
        for line in self.what_now(settled) {
            self.screen.err_folded(&format!("  {line}"));
        }
    }

    /// Returns what runs now, and the next commands.
    pub(super) fn what_now(&self, settled: &Settled) -> Vec<String> {
        what_now(settled, &self.flags)
    }
}

impl Report for Text {
    fn tell(&self, event: &Event<'_>) {
        let color = self.screen.color;
        match event {
            Event::Note(text) => self.told(&paint(color, Paint::Dim, &format!("note: {text}"))),
            Event::Remarks(invalid) if invalid.problems.is_empty() => {}
            Event::Remarks(invalid) => self.story(&problems::text(invalid, color)),
            Event::Plan { plan, answer: Some(PlanFormat::Text) } => {
                self.screen.out(&plan::text(plan, self.screen.color_out));
            }
            Event::Plan { plan, answer: Some(PlanFormat::Markdown) } => {
                self.screen.out_raw(&plan::markdown(plan))
            }
            Event::Plan { plan, answer: None } => self.story(&plan::text(plan, color)),
            Event::Target(target) => self.told(&rollback::text(target, color)),
            Event::ScheduleTarget { plan, services } => {
                self.told(&rollback::schedule(plan, services, color));
            }
            Event::Registered { revision } => self.story(&format!("registered {revision}")),
            Event::Retired { revision, deleted, done, of } => {
                let what = if *deleted { "deleted" } else { "deregistered" };
                self.story(&format!("{what} {revision} ({done} of {of})"));
            }
            Event::ScheduleApplied { schedule, name, via, action } => {
                let action = match action {
                    ScheduleAction::TargetsRemoved => {
                        "kept, without the app's targets that are not in the manifest"
                    }
                    action => action.name(),
                };
                self.story(&format!("{schedule}: {} `{name}` {action}", noun(*via)));
            }
            Event::Updated { service, revision, deployment: Some(id) } => {
                self.story(&format!("{service}: deploying {revision} ({id})"));
            }
            Event::Updated { service, revision, deployment: None } => {
                self.story(&format!("{service}: updated, {revision}"));
            }
            Event::Progress(progress) => self.progress(progress),
            Event::TakingBack { service, by, to } => {
                let to = to.map(|to| format!(" to {to}")).unwrap_or_default();
                self.told(&format!("{service}: {}{to} ({by})", paint(color, Paint::Bad, "rolling back")));
                self.going_back.borrow_mut().insert((*service).to_owned());
                self.note(service, &format!("rolling back{to}"));
            }
            Event::ServiceEvent { service, event } => self.service_event(service, &event.message),
            Event::Settled(settled) => self.settled(settled),
            Event::Left { service, revision, updated: false } => {
                self.screen.out(&format!("{service}: unchanged, {revision} stays"));
            }
            Event::Left { service, revision, updated: true } => {
                self.screen.out(&format!("{service}: attributes updated, {revision} stays"));
            }
            Event::NotUpdated { service, error } => {
                self.screen.err_folded(&error::of_failure(error, color));
                self.screen
                    .out(&format!("{service}: {}", paint(self.screen.color_out, Paint::Bad, "not updated")));
            }
            Event::Documents([]) => {}
            Event::Documents(documents) => self.documents(documents),
            Event::Checked { services, stages } => self.screen.out(&checked(*services, stages)),
            // Output that another program reads has no prefix.
            Event::Answer {
                event:
                    JsonEvent::Serving(_)
                    | JsonEvent::Completions(_)
                    | JsonEvent::ShownSchema(_)
                    | JsonEvent::Man(_),
                text,
            } => self.screen.out_raw(text),
            Event::Line { line, width, .. } => {
                let Screen { color_out, terminal_out, .. } = self.screen;
                self.screen.out(&super::log::text(line, *width, color_out, terminal_out));
            }
            Event::TaskStarted { key, cluster, revision, tasks, .. } => {
                self.told(&super::task::started(key, cluster, revision, tasks));
            }
            Event::TaskProgress { key, task, several, .. } => {
                self.story(&super::task::progress(key, task, *several));
            }
            Event::TaskLine { key, line, width, prefixed, story } => {
                self.task_line(key, line, prefixed.then_some(*width), *story);
            }
            Event::TaskEnded { end, answer } => self.task_ended(end, *answer),
            Event::Hook { hook, fact } => {
                hook::text(hook.name(), fact).iter().for_each(|text| self.told(text))
            }
            Event::Released(release) => self.released(release),
            Event::Answer { text, .. } => self.screen.out(text),
            Event::Page(page) => self.page(page),
            Event::Refreshed { page, changed } => self.refreshed(page, changed),
            Event::Done => self.finish(),
        }
    }

    fn error(&self, error: &Failure) {
        self.finish();
        self.screen.err(&error::text(error, self.screen.color));
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        self.screen.interactive.then(|| self.screen.ask(question))
    }

    fn ask_interrupted(&self) -> Option<Question> {
        if !self.screen.interactive {
            return None;
        }
        self.finish();
        let (screen, live) = (self.screen, self.live.clone());
        Some(Box::new(move || {
            let question =
                "The rollout continues without ecsail. [l]eave it, [r]oll it back, or keep [w]atching?";
            let answer = match screen.answer(question).to_lowercase().as_str() {
                "r" | "rollback" | "roll back" => Interrupted::RollBack,
                "w" | "watch" => Interrupted::GoOn,
                _ => return Interrupted::Leave,
            };
            live.iter().for_each(Live::resume);
            answer
        }))
    }

    fn ask_about_tasks(&self) -> Option<TaskQuestion> {
        if !self.screen.interactive {
            return None;
        }
        self.finish();
        let screen = self.screen;
        Some(Box::new(move || {
            let question =
                "The task keeps running without ecsail. [l]eave it, [s]top it, or keep [w]atching?";
            match screen.answer(question).to_lowercase().as_str() {
                "s" | "stop" => TaskInterrupted::Stop,
                "w" | "watch" => TaskInterrupted::GoOn,
                _ => TaskInterrupted::Leave,
            }
        }))
    }
}

impl Text {
    /// Shows the outcome of each target of a release; not of a single service, whose end was reported.
    fn released(&self, release: &Release) {
        match release.outcome() {
            // Unchanged services were already reported.
            Outcome::Unchanged => release::unchanged(release).iter().for_each(|line| self.screen.out(line)),
            // The end of a single service was already reported.
            _ => match release.targets.as_slice() {
                [one] if one.kind == Kind::Service => {}
                _ => self.page(&release::page(release)),
            },
        }
    }

    /// Writes a log line of a task: as it is where it is the answer, after the name of the run in the story.
    fn task_line(&self, key: &str, line: &LogLine, width: Option<usize>, story: bool) {
        let Screen { color, color_out, terminal, terminal_out, .. } = self.screen;
        match story {
            false => self.screen.out(&super::log::of_task(line, width, color_out, terminal_out)),
            true => {
                let text = super::log::of_task(line, width, color, terminal);
                text.split('\n').for_each(|one| self.story(&format!("{key} | {one}")));
            }
        }
    }

    fn task_ended(&self, end: &TaskEnd, answer: bool) {
        let color = self.screen.color;
        if let Some(diagnosis) = &end.diagnosis {
            self.screen.err_folded(&explanation::text(&end.key, diagnosis, color));
        }
        let (mark, text) = super::task::verdict_line(end);
        let quiet = end.is_success() && end.ending == TaskEnding::NotWaited;
        match answer {
            // The start was already reported; a script needs the ids alone.
            false if end.ending == TaskEnding::NotWaited => {
                end.tasks.iter().for_each(|task| self.screen.out(task.id()));
                if !quiet {
                    self.screen.err_folded(&format!("{}: {}", end.key, paint(color, mark, &text)));
                }
            }
            true => {
                let text = paint(self.screen.color_out, mark, &text);
                self.screen.out_folded(&format!("{}: {text}", end.key));
            }
            false if end.is_success() => self.told(&format!("{}: {}", end.key, paint(color, mark, &text))),
            false => self.screen.err_folded(&format!("{}: {}", end.key, paint(color, mark, &text))),
        }
        super::task::what_now(end).iter().for_each(|line| self.screen.err(&format!("  {line}")));
    }

    /// Shows a service event; a routine one with `-v` only.
    fn service_event(&self, service: &str, message: &str) {
        let tail = explanation::tail(message);
        let telling = !is_noise(message);
        if self.verbose || telling {
            self.told(&format!("{service}: {tail}"));
        }
        if telling {
            self.note(service, tail);
        }
    }

    fn note(&self, service: &str, note: &str) {
        self.live.iter().for_each(|live| live.note(service, note));
    }

    fn documents(&self, documents: &[(String, Value)]) {
        let blocks: Vec<String> = documents
            .iter()
            .map(|(name, document)| {
                let yaml = serde_saphyr::to_string(document).unwrap_or_else(|_| document.to_string());
                format!("# {name}\n{}", yaml.trim_end())
            })
            .collect();
        self.screen.out_raw(&blocks.join("\n---\n"));
    }
}

fn checked(services: usize, stages: &[String]) -> String {
    let services = if services == 1 { "1 service".to_owned() } else { format!("{services} services") };
    match stages {
        [] => format!("{services} checked, no problems"),
        stages => format!("{services} checked in {}, no problems", stages.join(", ")),
    }
}

/// Returns the global flags of this run, for the next command.
fn flags(settings: &Settings) -> String {
    let manifest = settings.manifest.as_ref().map(|path| path.display().to_string());
    let named = [
        ("-f", manifest),
        ("--stage", settings.stage.clone()),
        ("--region", settings.region.clone()),
        ("--profile", settings.profile.clone()),
        ("--endpoint-url", settings.endpoint_url.clone()),
    ];
    let sandbox = settings.sandbox.as_ref().map(|_| " --sandbox".to_owned());
    let named = named.into_iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", quoted(&value?))));
    sandbox.into_iter().chain(named).collect()
}

/// Quotes an argument for a shell.
pub fn quoted(argument: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@=+,".contains(character);
    if argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}
