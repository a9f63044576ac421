//! Owns the report for people: answers on stdout, the story on stderr, live where there is a terminal.

use serde_json::Value;

use super::progress::Bars;
use super::screen::{Paint, Screen, paint};
use super::{Event, PlanFormat, Report, Style, error, plan, problems};
use crate::aws::types::revision_of;
use crate::diagnose::Diagnosis;
use crate::settings::Settings;
use crate::watch::judge::Verdict;
use crate::watch::{Ending, Progress, Settled};

/// Writes facts as text.
pub struct Text {
    screen: Screen,
    bars: Option<Bars>,
    quiet: bool,
    verbose: bool,
    /// The flags that a command needs to reach the same place as this one.
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
        let live = screen.terminal && !style.no_progress && !style.quiet && !dumb && !no_color;
        let prefix = if settings.sandbox.is_some() { "sandbox: " } else { "" };
        let bars = live.then(|| Bars::new(prefix, screen.color));
        let verbose = style.verbosity > 0;
        Text { screen, bars, quiet: style.quiet, verbose, flags: flags(settings) }
    }

    /// Writes a piece of the story, above the live part where there is one.
    fn story(&self, text: &str) {
        if self.quiet {
            return;
        }
        match &self.bars {
            Some(bars) => bars.line(&self.screen.prefixed(text)),
            None => self.screen.err(text),
        }
    }

    fn progress(&self, progress: &Progress) {
        match &self.bars {
            Some(bars) => bars.show(progress),
            None => self.story(&plain(progress)),
        }
    }

    /// Ends the live part: what it showed last stays on the screen, as plain lines.
    fn finish(&self) {
        let last = self.bars.as_ref().map(Bars::finish).unwrap_or_default();
        last.iter().for_each(|progress| self.screen.err(&plain(progress)));
    }

    fn settled(&self, settled: &Settled) {
        let color = self.screen.color;
        if let Some(diagnosis) = &settled.diagnosis {
            self.screen.err(&explanation(&settled.followed.key, diagnosis, color));
        }
        let (mark, text) = verdict_line(settled);
        self.screen.out(&format!("{}: {}", settled.followed.key, paint(self.screen.color_out, mark, &text)));
        for line in what_now(settled, &self.flags) {
            self.screen.err(&format!("  {line}"));
        }
    }
}

impl Report for Text {
    fn tell(&self, event: &Event<'_>) {
        let color = self.screen.color;
        match event {
            Event::Note(text) => self.story(&paint(color, Paint::Dim, &format!("note: {text}"))),
            Event::Remarks(invalid) if invalid.problems.is_empty() => {}
            Event::Remarks(invalid) => self.story(&problems::text(invalid, color)),
            Event::Plan { plan, answer: Some(PlanFormat::Text) } => {
                self.screen.out(&plan::text(plan, self.screen.color_out));
            }
            Event::Plan { plan, answer: Some(PlanFormat::Markdown) } => {
                self.screen.out_raw(&plan::markdown(plan))
            }
            Event::Plan { plan, answer: None } => self.story(&plan::text(plan, color)),
            Event::Registered { revision } => self.story(&format!("registered {revision}")),
            Event::Updated { service, revision, deployment: Some(id) } => {
                self.story(&format!("{service}: deploying {revision} ({id})"));
            }
            Event::Updated { service, revision, deployment: None } => {
                self.story(&format!("{service}: updated, {revision}"));
            }
            Event::Progress(progress) => self.progress(progress),
            Event::ServiceEvent { service, event } => self.service_event(service, &event.message),
            Event::Settled(settled) => self.settled(settled),
            Event::Left { service, revision, updated: false } => {
                self.screen.out(&format!("{service}: unchanged, {revision} stays"));
            }
            Event::Left { service, revision, updated: true } => {
                self.screen.out(&format!("{service}: attributes updated, {revision} stays"));
            }
            Event::NotUpdated { service, error } => {
                self.screen.err(&error::of_failure(error, color));
                self.screen
                    .out(&format!("{service}: {}", paint(self.screen.color_out, Paint::Bad, "not updated")));
            }
            Event::Documents([]) => {}
            Event::Documents(documents) => self.documents(documents),
            Event::Checked { services, stages } => self.screen.out(&checked(*services, stages)),
            // What another program reads carries no mark.
            Event::Answer { event: "serving" | "completions" | "schema", text, .. } => {
                self.screen.out_raw(text)
            }
            Event::Answer { text, .. } => self.screen.out(text),
            Event::Done => self.finish(),
        }
    }

    fn error(&self, error: &anyhow::Error) {
        self.finish();
        self.screen.err(&error::text(error, self.screen.color));
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        self.screen.interactive.then(|| self.screen.ask(question))
    }
}

impl Text {
    /// Shows an event of the service; what every rollout says is shown under `-v` only.
    fn service_event(&self, service: &str, message: &str) {
        const ORDINARY: &[&str] = &[
            "has started",
            "registered",
            "deregistered",
            "has stopped",
            "begun draining",
            "stopped",
            "steady state",
        ];
        // The key is before it already; ECS's own name of the service may be another.
        let tail = message
            .strip_prefix("(service ")
            .and_then(|rest| rest.split_once(") "))
            .map_or(message, |(_, tail)| tail);
        let warns = ["unable", "unhealthy", "failed", "rolling back"].iter().any(|word| tail.contains(word));
        if self.verbose || warns || !ORDINARY.iter().any(|word| tail.contains(word)) {
            self.story(&format!("{service}: {tail}"));
        }
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

/// Returns where a rollout stands, as a line.
fn plain(progress: &Progress) -> String {
    let failed = if progress.failed > 0 { format!(", {} failed", progress.failed) } else { String::new() };
    let Progress { key, running, desired, detail, .. } = progress;
    format!("{key}: {running}/{desired} running{failed}; {detail}")
}

fn checked(services: usize, stages: &[String]) -> String {
    let services = if services == 1 { "1 service".to_owned() } else { format!("{services} services") };
    match stages {
        [] => format!("{services} checked, no problems"),
        stages => format!("{services} checked in {}, no problems", stages.join(", ")),
    }
}

/// Returns the one line that says how it ended.
pub(super) fn verdict_line(settled: &Settled) -> (Paint, String) {
    let revision = revision_of(&settled.followed.revision);
    let time = duration(settled.elapsed);
    match &settled.ending {
        Ending::Settled(Verdict::Succeeded) => (Paint::Good, format!("deployed {revision} in {time}")),
        Ending::Settled(Verdict::RolledBack { reason, runs }) => {
            (Paint::Bad, format!("{revision} was rolled back, {runs} runs: {reason}"))
        }
        Ending::Settled(Verdict::Failed { reason }) => (Paint::Bad, format!("{revision} failed: {reason}")),
        Ending::Settled(Verdict::Stuck { reason }) => {
            (Paint::Bad, format!("{revision} cannot succeed: {reason}"))
        }
        Ending::Settled(Verdict::Superseded { by }) => {
            (Paint::Bad, format!("{revision} was superseded by {by} before it was done"))
        }
        Ending::Settled(Verdict::Progressing { detail }) => {
            (Paint::Warn, format!("{revision} is under way: {detail}"))
        }
        Ending::Settled(Verdict::AwaitingHook { hook }) => {
            (Paint::Warn, format!("{revision} waits for hook {hook}"))
        }
        Ending::TimedOut { waiting_for } => {
            (Paint::Warn, format!("{revision} is still under way after {time}; waiting for: {waiting_for}"))
        }
        Ending::Interrupted => {
            (Paint::Warn, format!("{revision} is still under way; the watch was interrupted"))
        }
        Ending::Lost { error } => {
            (Paint::Warn, format!("{revision} can no longer be watched, the rollout goes on: {error}"))
        }
    }
}

/// Returns the global flags of this run, as the next command needs them.
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

/// Returns what the reader can do next.
fn what_now(settled: &Settled, flags: &str) -> Vec<String> {
    let followed = &settled.followed;
    let look = format!("look at it: `ecsail{flags} status {} --cluster {}`", followed.name, followed.cluster);
    match &settled.ending {
        Ending::Settled(Verdict::Succeeded | Verdict::RolledBack { .. } | Verdict::Superseded { .. }) => {
            Vec::new()
        }
        Ending::Settled(Verdict::Stuck { .. } | Verdict::Failed { .. }) => {
            go_back(settled, flags).into_iter().collect()
        }
        _ => vec![format!("the rollout goes on without ecsail; {look}")],
    }
}

/// Returns how to go back to the revision before; nothing where there is none, or where this is the sandbox.
fn go_back(settled: &Settled, flags: &str) -> Option<String> {
    let followed = &settled.followed;
    let previous = revision_of(&followed.previous);
    let region = followed.revision.split(':').nth(3).filter(|region| !region.is_empty())?;
    if flags.contains("--sandbox") || followed.previous == followed.revision || previous.is_empty() {
        return None;
    }
    let same =
        |flag: &str| flags.split(" --").find(|part| part.starts_with(flag)).map(|part| format!(" --{part}"));
    let flags: String = ["profile ", "endpoint-url "].iter().filter_map(|flag| same(flag)).collect();
    Some(format!(
        "the previous revision is {previous}; go back to it: `aws ecs update-service --region {region}{flags} --cluster {} \
         --service {} --task-definition {previous}`",
        followed.cluster, followed.name
    ))
}

/// Returns an argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@=+,".contains(character);
    if argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

/// Returns the explanation of a failure: task, containers, cause, remedy.
fn explanation(service: &str, diagnosis: &Diagnosis, color: bool) -> String {
    let count = match diagnosis.failed_tasks {
        0 => "no task failed".to_owned(),
        1 => "one task failed".to_owned(),
        n => format!("{n} tasks failed; the first"),
    };
    let task = diagnosis.task.as_ref().map(|task| format!(": {task}")).unwrap_or_default();
    let mut lines = vec![format!("{service}: {count}{task}")];
    if let Some(reason) = &diagnosis.stopped_reason {
        let code = diagnosis.stop_code.as_deref().unwrap_or("no stop code");
        lines.push(format!("  stopped: {reason} ({code})"));
    }
    for container in &diagnosis.containers {
        let code = container.exit_code.map_or("no exit code".to_owned(), |code| format!("exit code {code}"));
        let reason = container.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!("  container `{}`: {code}{reason}", container.name));
    }
    if let Some(known) = diagnosis.causes.first() {
        lines.push(format!("  {}: {}", paint(color, Paint::Bold, "cause"), known.cause));
        lines.push(format!("  {}: {}", paint(color, Paint::Bold, "remedy"), known.remedy));
    }
    lines.join("\n")
}

fn duration(time: std::time::Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1}s", time.as_secs_f64()),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}
