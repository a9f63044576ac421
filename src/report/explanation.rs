//! Formats a diagnosis: log lines and events first, then the task, the cause and the remedy, so that what matters
//! most is at the end of the screen.

use super::given_flags::GivenFlags;
use super::printable::one_line;
use super::screen::{Paint, paint};
use crate::aws::types::{ServiceEvent, StopCode, TargetHealth};
use crate::diagnose::causes::READ_LOG;
use crate::diagnose::log::LogExcerpt;
use crate::diagnose::{ContainerOutcome, DiagnosedCause, Diagnosis};
use crate::shell::quote;

/// How many causes are shown, the most likely first.
const MAX_CAUSES: usize = 3;
/// How many events are shown: the newest.
const MAX_EVENTS: usize = 5;

/// Returns a diagnosis as text. `flags` are those of the command that reads the log; `None` where its lines were printed as they
/// came.
pub fn text(service: &str, diagnosis: &Diagnosis, flags: Option<&GivenFlags>, color: bool) -> String {
    let mut lines = Vec::new();
    lines.extend(diagnosis.log.iter().flat_map(|log| log_lines(service, log, color)));
    if !diagnosis.events.is_empty() {
        lines.push(format!("{service}: service events"));
        let earlier = diagnosis.events.len().saturating_sub(MAX_EVENTS);
        lines.extend((earlier > 0).then(|| format!("  … {earlier} earlier")));
        lines.extend(diagnosis.events[earlier..].iter().map(event_line));
    }
    lines.extend(task_lines(service, diagnosis));
    let stopped = diagnosis.stopped_reason.as_deref().unwrap_or_default();
    lines.extend(diagnosis.containers.iter().map(|end| container_line(end, stopped)));
    lines.extend(diagnosis.targets.iter().map(target_line));
    for known in diagnosis.causes.iter().take(MAX_CAUSES) {
        // The number of tasks shows which of several causes weighs most.
        let count = match known.count {
            count if count > 0 && diagnosis.causes.len() > 1 => {
                format!(" ({count} of {})", failed_tasks_text(diagnosis))
            }
            _ => String::new(),
        };
        lines.push(format!("  {}: {}{count}", paint(color, Paint::Bold, "cause"), known.cause));
        lines.push(format!(
            "  {}: {}",
            paint(color, Paint::Bold, "remedy"),
            remedy(service, known, diagnosis, flags)
        ));
    }
    lines.iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
}

/// Returns the remedy of a cause; to read the log is none where the log was just shown.
fn remedy(
    service: &str,
    known: &DiagnosedCause,
    diagnosis: &Diagnosis,
    flags: Option<&GivenFlags>,
) -> String {
    let is_log_shown = diagnosis.log.as_ref().is_some_and(|log| !log.lines.is_empty());
    match flags {
        _ if known.remedy != READ_LOG => known.remedy.clone(),
        _ if is_log_shown => "mend what the log lines above show".to_owned(),
        Some(flags) => flags.in_commands(&format!("{READ_LOG}: `ecsail logs {}`", quote(service))),
        None => "mend what its log lines show".to_owned(),
    }
}

fn failed_tasks_text(diagnosis: &Diagnosis) -> String {
    match diagnosis.failed_tasks {
        0 | 1 => "one task".to_owned(),
        count => format!("{count} tasks"),
    }
}

fn log_lines(service: &str, log: &LogExcerpt, color: bool) -> Vec<String> {
    let bar = paint(color, Paint::Dim, "|");
    let mut lines = Vec::new();
    if !log.lines.is_empty() {
        lines.push(format!("{service}: the last log lines ({} {})", log.group, log.stream));
        lines.extend(log.lines.iter().map(|line| format!("  {bar} {line}")));
    }
    if let Some(note) = &log.note {
        let place =
            if log.group.is_empty() { String::new() } else { format!(" ({} {})", log.group, log.stream) };
        lines.push(format!("{service}: {note}{place}"));
    }
    lines
}

fn event_line(event: &ServiceEvent) -> String {
    format!("  {} {}", time_of_day(event.created_at.0), without_service_name(&event.message))
}

/// Returns an event's text without the service's name, which the line already has.
pub(super) fn without_service_name(message: &str) -> &str {
    message.strip_prefix("(service ").and_then(|rest| rest.split_once(") ")).map_or(message, |(_, tail)| tail)
}

/// Returns the time of day in UTC.
fn time_of_day(at: f64) -> String {
    let time = jiff::Timestamp::from_second(at as i64).ok();
    time.map(|time| time.strftime("%H:%M:%SZ").to_string()).unwrap_or_default()
}

fn task_lines(service: &str, diagnosis: &Diagnosis) -> Vec<String> {
    let Some(id) = &diagnosis.task else { return Vec::new() };
    let first = if diagnosis.failed_tasks > 1 { "; the first" } else { "" };
    let count = format!("{} failed{first}", failed_tasks_text(diagnosis));
    let at = diagnosis.stopped_at.map(|at| format!(" at {}", time_of_day(at))).unwrap_or_default();
    let mut lines = vec![format!("{service}: {count}: {id}{at}")];
    match (&diagnosis.stopped_reason, &diagnosis.stop_code) {
        (Some(reason), code) => {
            let code = code.as_ref().map_or("no stop code", StopCode::as_str);
            lines.push(format!("  stopped: {reason} ({code})"));
        }
        (None, Some(code)) => lines.push(format!("  stopped: {code}")),
        (None, None) => {}
    }
    lines
}

/// Returns how a container ended; a reason that the task already has is not repeated.
fn container_line(container: &ContainerOutcome, said: &str) -> String {
    let code = container.exit_code.map_or("no exit code".to_owned(), |code| format!("exit code {code}"));
    let reason = container.reason.as_ref().filter(|reason| !said.contains(reason.as_str()));
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("  container `{}`: {code}{reason}", container.name)
}

fn target_line(target: &TargetHealth) -> String {
    let why = match (&target.description, &target.reason) {
        (Some(text), Some(code)) => format!(": {text} ({code})"),
        (Some(text), None) | (None, Some(text)) => format!(": {text}"),
        (None, None) => String::new(),
    };
    format!("  target {}:{} in `{}` is {}{why}", target.target, target.port, target.group, target.state)
}
