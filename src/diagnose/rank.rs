//! Ranks causes, and selects the events that are worth showing.

use super::causes::{CauseRow, Retry, RowMatch, TaskEndKind, contains_any, match_task, normalize};
use super::events::{self, EventClass, EventKind, EventMeaning};
use super::signature::without_variable_parts;
use super::{DiagnosedCause, DiagnosisInput, FailureSignature, failing_container};
use crate::aws::types::{ServiceEvent, StopCode, TargetHealth, Task};

/// How many events are shown.
const MAX_EVENTS: usize = 8;

/// Where a cause was found, the best evidence first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CauseSource {
    /// ECS reports that an alarm ended the deployment.
    DecisiveAlarm,
    /// A task that failed.
    FailedTask,
    Alarm,
    /// An event, or ECS's reason, about a failure.
    FailureEvent,
    /// A target, or an event about a problem.
    Warning,
    /// A task that was stopped from outside.
    InterruptedTask,
    /// Something that only reports a failure, and not why.
    General,
}

/// A cause before it is ranked.
struct CauseCandidate {
    place: CauseSource,
    rank: usize,
    explained: DiagnosedCause,
}

/// Returns the causes, the best first, without duplicates.
///
/// Tasks are better evidence than events; among tasks, what most of them show, then the most precise.
pub(super) fn ranked_causes(seen: &DiagnosisInput<'_>, targets: &[TargetHealth]) -> Vec<DiagnosedCause> {
    let mut all: Vec<CauseCandidate> = Vec::new();
    let mut tasks: Vec<&Task> = seen.stopped_tasks.iter().collect();
    tasks.sort_by(|a, b| a.stopped_at.0.total_cmp(&b.stopped_at.0));
    for task in tasks {
        for candidate in causes_of_task(task) {
            add_candidate(&mut all, candidate);
        }
    }
    let reason = seen.reason.unwrap_or_default();
    let place = if contains_any("alarm", &normalize(reason)) {
        CauseSource::DecisiveAlarm
    } else {
        CauseSource::Alarm
    };
    for name in seen.alarms {
        add_candidate(&mut all, cause_of_alarm(name, place));
    }
    let messages = oldest_first(seen.events).into_iter().map(|event| event.message.as_str());
    for told in seen.reason.into_iter().chain(messages).map(events::read_event) {
        // The alarms' names are more precise.
        let is_given_by_alarms = told.kind == EventKind::AlarmDetected && !seen.alarms.is_empty();
        if let Some(candidate) = cause_of_event(&told).filter(|_| !is_given_by_alarms) {
            add_candidate(&mut all, candidate);
        }
    }
    targets.iter().map(cause_of_target).for_each(|candidate| add_candidate(&mut all, candidate));
    let only_general = all.iter().all(|candidate| candidate.place == CauseSource::General);
    all.retain(|candidate| only_general || candidate.place != CauseSource::General);
    all.sort_by_key(|one| (one.place, std::cmp::Reverse(one.explained.count), one.rank));
    all.into_iter().map(|candidate| candidate.explained).collect()
}

/// Adds a candidate, or adds its count to an equal one.
fn add_candidate(all: &mut Vec<CauseCandidate>, new: CauseCandidate) {
    match all.iter_mut().find(|known| known.explained.cause == new.explained.cause) {
        Some(known) => {
            known.explained.count += new.explained.count;
            known.rank = known.rank.min(new.rank);
            known.place = known.place.min(new.place);
        }
        None => all.push(new),
    }
}

/// Returns the causes of one stopped task.
fn causes_of_task(task: &Task) -> Vec<CauseCandidate> {
    let place = if FailureSignature::from_task(task).is_some() {
        CauseSource::FailedTask
    } else {
        CauseSource::InterruptedTask
    };
    let mut said: Vec<&str> = Vec::new();
    let candidate = |found: RowMatch| {
        let once = found.row.end != TaskEndKind::Routine && !said.contains(&found.row.cause);
        said.push(found.row.cause);
        let explained = diagnosed_cause(found.row, evidence(task, found.row), 1);
        once.then_some(CauseCandidate { place, rank: found.rank, explained })
    };
    match_task(task).into_iter().filter_map(candidate).collect()
}

fn diagnosed_cause(row: &CauseRow, evidence: String, count: usize) -> DiagnosedCause {
    DiagnosedCause {
        cause: row.cause.to_owned(),
        remedy: row.remedy.to_owned(),
        retry_helps: row.retry_helps,
        evidence,
        count,
    }
}

/// Returns the evidence for a row: the text of the task or its container that matches, else the exit code.
fn evidence(task: &Task, row: &CauseRow) -> String {
    let own = task.stopped_reason.iter();
    let containers = task.containers.iter().filter_map(|container| container.reason.as_ref());
    let told = own.chain(containers).find(|text| row.matches_text(text));
    let by_code = || match failing_container(task).map(|container| (&container.name, container.exit_code)) {
        Some((name, Some(code))) if row.end == TaskEndKind::Exited => {
            Some(format!("container `{name}` exited with code {code}"))
        }
        _ => None,
    };
    let raw = || {
        task.stopped_reason
            .clone()
            .or_else(|| task.stop_code.as_ref().map(StopCode::to_string))
            .unwrap_or_default()
    };
    told.cloned().or_else(by_code).unwrap_or_else(raw)
}

fn cause_of_alarm(name: &str, place: CauseSource) -> CauseCandidate {
    let explained = DiagnosedCause {
        cause: format!("alarm `{name}` was triggered"),
        remedy: "check its metrics since the deployment began".to_owned(),
        retry_helps: Retry::No,
        evidence: name.to_owned(),
        count: 0,
    };
    CauseCandidate { place, rank: 0, explained }
}

/// Returns the cause that an event reports; `None` where it is not about a problem.
fn cause_of_event(told: &EventMeaning<'_>) -> Option<CauseCandidate> {
    let place = match told.class {
        EventClass::Fail | EventClass::Warn if told.is_general => CauseSource::General,
        EventClass::Fail => CauseSource::FailureEvent,
        EventClass::Warn => CauseSource::Warning,
        EventClass::Ok | EventClass::Info | EventClass::Unknown => return None,
    };
    let explained = DiagnosedCause {
        cause: told.cause?.to_owned(),
        remedy: told.remedy.unwrap_or_default().to_owned(),
        retry_helps: told.retry_helps,
        evidence: told.text.to_owned(),
        count: 0,
    };
    Some(CauseCandidate { place, rank: usize::from(!told.is_deterministic), explained })
}

fn cause_of_target(target: &TargetHealth) -> CauseCandidate {
    let (cause, remedy) = events::UNHEALTHY_TARGET;
    let said = target.description.as_ref().or(target.reason.as_ref()).unwrap_or(&target.state);
    let explained = DiagnosedCause {
        cause: cause.to_owned(),
        remedy: remedy.to_owned(),
        retry_helps: Retry::No,
        evidence: format!("{}:{}: {said}", target.target, target.port),
        count: 0,
    };
    CauseCandidate { place: CauseSource::Warning, rank: 0, explained }
}

/// Returns the events about problems and those that no row matches, oldest first, without duplicates.
pub(super) fn relevant_events(all: &[ServiceEvent]) -> Vec<ServiceEvent> {
    let mut seen: Vec<String> = Vec::new();
    let mut kept: Vec<(EventClass, usize, &ServiceEvent)> = Vec::new();
    for (at, event) in oldest_first(all).into_iter().enumerate() {
        let told = events::read_event(&event.message);
        let text = without_variable_parts(told.text);
        if matches!(told.class, EventClass::Ok | EventClass::Info) || seen.contains(&text) {
            continue;
        }
        seen.push(text);
        kept.push((told.class, at, event));
    }
    // Of too many, failures are kept first, then unknown events, then warnings; the earliest of each.
    kept.sort_by_key(|(class, at, _)| (class_order(*class), *at));
    kept.truncate(MAX_EVENTS);
    kept.sort_by_key(|(_, at, _)| *at);
    kept.into_iter().map(|(_, _, event)| event.clone()).collect()
}

/// Returns events in the order of time; ECS returns the newest first.
fn oldest_first(events: &[ServiceEvent]) -> Vec<&ServiceEvent> {
    let mut sorted: Vec<&ServiceEvent> = events.iter().rev().collect();
    sorted.sort_by(|a, b| a.created_at.0.total_cmp(&b.created_at.0));
    sorted
}

fn class_order(class: EventClass) -> u8 {
    match class {
        EventClass::Fail => 0,
        EventClass::Unknown => 1,
        _ => 2,
    }
}
