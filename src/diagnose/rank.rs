//! Ranks causes, and selects the events that are worth showing.

use super::causes::{Cause, End, Match, Retry, any, of_task, plain};
use super::events::{self, Class, Kind, Told};
use super::signature::stable;
use super::{Explained, Seen, Signature, failing_container};
use crate::aws::types::{Event, StopCode, TargetHealth, Task};

/// How many events are shown.
const EVENTS: usize = 8;

/// Where a cause was found, the best evidence first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// ECS reports that an alarm ended the deployment.
    DecisiveAlarm,
    /// A task that failed.
    Failed,
    Alarm,
    /// An event, or ECS's reason, about a failure.
    Fail,
    /// A target, or an event about a problem.
    Warn,
    /// A task that was stopped from outside.
    Interrupted,
    /// Something that only reports a failure, and not why.
    General,
}

/// A cause before it is ranked.
struct Candidate {
    place: Place,
    rank: usize,
    explained: Explained,
}

/// Returns the causes, the best first, without duplicates.
///
/// Tasks are better evidence than events; among tasks, what most of them show, then the most precise.
pub(super) fn causes(seen: &Seen<'_>, targets: &[TargetHealth]) -> Vec<Explained> {
    let mut all: Vec<Candidate> = Vec::new();
    let mut tasks: Vec<&Task> = seen.stopped.iter().collect();
    tasks.sort_by(|a, b| a.stopped_at.0.total_cmp(&b.stopped_at.0));
    for task in tasks {
        of_one(task).into_iter().for_each(|candidate| add(&mut all, candidate));
    }
    let reason = seen.reason.unwrap_or_default();
    let place = if any("alarm", &plain(reason)) { Place::DecisiveAlarm } else { Place::Alarm };
    for name in seen.alarms {
        add(&mut all, alarm(name, place));
    }
    let messages = oldest_first(seen.events).into_iter().map(|event| event.message.as_str());
    for told in seen.reason.into_iter().chain(messages).map(events::read) {
        // The alarms' names are more precise.
        if told.kind != Kind::AlarmDetected || seen.alarms.is_empty() {
            told_of(&told).into_iter().for_each(|candidate| add(&mut all, candidate));
        }
    }
    targets.iter().map(of_target).for_each(|candidate| add(&mut all, candidate));
    let only_general = all.iter().all(|candidate| candidate.place == Place::General);
    all.retain(|candidate| only_general || candidate.place != Place::General);
    all.sort_by_key(|one| (one.place, std::cmp::Reverse(one.explained.count), one.rank));
    all.into_iter().map(|candidate| candidate.explained).collect()
}

/// Adds a candidate, or adds its count to an equal one.
fn add(all: &mut Vec<Candidate>, new: Candidate) {
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
fn of_one(task: &Task) -> Vec<Candidate> {
    let place = if Signature::of(task).is_some() { Place::Failed } else { Place::Interrupted };
    let mut said: Vec<&str> = Vec::new();
    let candidate = |found: Match| {
        let once = found.row.end != End::Ordinary && !said.contains(&found.row.cause);
        said.push(found.row.cause);
        let explained = explained(found.row, evidence(task, found.row), 1);
        once.then_some(Candidate { place, rank: found.rank, explained })
    };
    of_task(task).into_iter().filter_map(candidate).collect()
}

fn explained(row: &Cause, evidence: String, count: usize) -> Explained {
    Explained {
        cause: row.cause.to_owned(),
        remedy: row.remedy.to_owned(),
        retry_helps: row.retry_helps,
        evidence,
        count,
    }
}

/// Returns the evidence for a row: the text of the task or its container that matches, else the exit code.
fn evidence(task: &Task, row: &Cause) -> String {
    let own = task.stopped_reason.iter();
    let containers = task.containers.iter().filter_map(|container| container.reason.as_ref());
    let told = own.chain(containers).find(|text| row.is_told_by(text));
    let by_code = || match failing_container(task).map(|container| (&container.name, container.exit_code)) {
        Some((name, Some(code))) if row.end == End::Exited => {
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

fn alarm(name: &str, place: Place) -> Candidate {
    let explained = Explained {
        cause: format!("alarm `{name}` was triggered"),
        remedy: "check its metrics since the deployment began".to_owned(),
        retry_helps: Retry::No,
        evidence: name.to_owned(),
        count: 0,
    };
    Candidate { place, rank: 0, explained }
}

/// Returns the cause that an event reports; `None` where it is not about a problem.
fn told_of(told: &Told<'_>) -> Option<Candidate> {
    let place = match told.class {
        Class::Fail | Class::Warn if told.general => Place::General,
        Class::Fail => Place::Fail,
        Class::Warn => Place::Warn,
        Class::Ok | Class::Info | Class::Unknown => return None,
    };
    let explained = Explained {
        cause: told.cause?.to_owned(),
        remedy: told.remedy.unwrap_or_default().to_owned(),
        retry_helps: told.retry_helps,
        evidence: told.text.to_owned(),
        count: 0,
    };
    Some(Candidate { place, rank: usize::from(!told.deterministic), explained })
}

fn of_target(target: &TargetHealth) -> Candidate {
    let (cause, remedy) = events::UNHEALTHY_TARGET;
    let said = target.description.as_ref().or(target.reason.as_ref()).unwrap_or(&target.state);
    let explained = Explained {
        cause: cause.to_owned(),
        remedy: remedy.to_owned(),
        retry_helps: Retry::No,
        evidence: format!("{}:{}: {said}", target.target, target.port),
        count: 0,
    };
    Candidate { place: Place::Warn, rank: 0, explained }
}

/// Returns the events about problems and those that no row matches, oldest first, without duplicates.
pub(super) fn relevant(all: &[Event]) -> Vec<Event> {
    let mut seen: Vec<String> = Vec::new();
    let mut kept: Vec<(Class, usize, &Event)> = Vec::new();
    for (at, event) in oldest_first(all).into_iter().enumerate() {
        let told = events::read(&event.message);
        let text = stable(told.text);
        if matches!(told.class, Class::Ok | Class::Info) || seen.contains(&text) {
            continue;
        }
        seen.push(text);
        kept.push((told.class, at, event));
    }
    // Of too many, failures are kept first, then unknown events, then warnings; the earliest of each.
    kept.sort_by_key(|(class, at, _)| (weight(*class), *at));
    kept.truncate(EVENTS);
    kept.sort_by_key(|(_, at, _)| *at);
    kept.into_iter().map(|(_, _, event)| event.clone()).collect()
}

/// Returns events in the order of time; ECS returns the newest first.
fn oldest_first(events: &[Event]) -> Vec<&Event> {
    let mut sorted: Vec<&Event> = events.iter().rev().collect();
    sorted.sort_by(|a, b| a.created_at.0.total_cmp(&b.created_at.0));
    sorted
}

fn weight(class: Class) -> u8 {
    match class {
        Class::Fail => 0,
        Class::Unknown => 1,
        _ => 2,
    }
}
