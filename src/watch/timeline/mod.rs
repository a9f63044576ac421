//! Timelines: what each poll of a rollout showed, in a form that can be stored, attached to a report of a wrong
//! verdict, and replayed through the judge. Pure.
//!
//! Each step holds only what differs from the previous one: objects as a merge patch (RFC 7396), events and stopped
//! tasks as the new ones.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::judge::{Verdict, judge};
use super::snapshot::{Poll, RolloutSnapshot, WatchedRollout};
use crate::aws::types::{Service, ServiceDeployment, ServiceEvent, TargetHealth, Task, parse_view};

/// A recorded rollout.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeline {
    /// What happens in it, in a few words.
    pub about: String,
    /// Where it comes from.
    pub source: String,
    pub followed: WatchedRollout,
    pub looks: Vec<TimelineStep>,
}

/// What one poll showed that the previous one did not.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimelineStep {
    /// In seconds since 1970, on the clock of the API.
    pub at: f64,
    /// `null`: the service was not in the answer.
    #[serde(skip_serializing_if = "is_empty")]
    pub service: Value,
    /// Time and message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<(f64, String)>,
    /// `null`: it could not be read, or was not found yet.
    #[serde(skip_serializing_if = "is_empty")]
    pub service_deployment: Value,
    /// It could not be read in this poll.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// It was not read in this poll, because nothing called for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Value>,
    pub targets: Option<Vec<TargetHealth>>,
    /// The verdict's name; left out while the rollout is in progress.
    pub verdict: Option<String>,
    /// A part of the verdict's text.
    pub says: Option<String>,
    /// A part of the text of the first cause.
    pub cause: Option<String>,
}

impl Default for TimelineStep {
    fn default() -> TimelineStep {
        TimelineStep {
            at: 0.0,
            // An empty patch: they are unchanged.
            service: json!({}),
            service_deployment: json!({}),
            unread: false,
            skipped: false,
            events: Vec::new(),
            stopped: Vec::new(),
            targets: None,
            verdict: None,
            says: None,
            cause: None,
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// The state after one poll of a replayed timeline.
#[derive(Clone, Debug)]
pub struct ReplayedPoll {
    pub verdict: Verdict,
    pub snapshot: RolloutSnapshot,
    pub rollout: WatchedRollout,
}

impl Timeline {
    /// Returns the state after each poll.
    ///
    /// # Errors
    /// A step that is not a valid answer of the API.
    pub fn replay(&self) -> Result<Vec<ReplayedPoll>, serde_json::Error> {
        let (mut followed, mut snapshot) = (self.followed.clone(), RolloutSnapshot::default());
        let mut seen = RawState::default();
        let mut played = Vec::with_capacity(self.looks.len());
        for step in &self.looks {
            snapshot.add_poll(&mut followed, seen.apply_step(step)?);
            let verdict = judge(&followed, &snapshot, snapshot.at);
            played.push(ReplayedPoll { verdict, snapshot: snapshot.clone(), rollout: followed.clone() });
        }
        Ok(played)
    }
}

/// What the polls so far have shown, as raw JSON.
#[derive(Clone, Debug, Default)]
struct RawState {
    service: Value,
    service_deployment: Value,
    /// The newest first, as in the API.
    events: Vec<ServiceEvent>,
}

impl RawState {
    /// Returns the poll that a step stands for, after the earlier ones.
    fn apply_step(&mut self, step: &TimelineStep) -> Result<Poll, serde_json::Error> {
        apply_patch(&mut self.service, &step.service);
        apply_patch(&mut self.service_deployment, &step.service_deployment);
        for (at, message) in &step.events {
            let id = format!("event-{}", self.events.len());
            let event =
                ServiceEvent { id, created_at: crate::aws::types::Epoch(*at), message: message.clone() };
            self.events.insert(0, event);
        }
        let service = (!self.service.is_null()).then(|| parse_view::<Service>(&self.service)).transpose()?;
        let service = service.map(|service| Service { events: self.events.clone(), ..service });
        let deployment = (!self.service_deployment.is_null())
            .then(|| parse_view::<ServiceDeployment>(&self.service_deployment))
            .transpose()?;
        let stopped = step.stopped.iter().map(parse_view::<Task>).collect::<Result<_, _>>()?;
        Ok(Poll {
            at: step.at,
            service,
            service_deployment: deployment.filter(|_| !step.unread && !step.skipped),
            unread: step.unread,
            skipped: step.skipped,
            stopped,
            targets: step.targets.clone(),
        })
    }
}

/// Applies a merge patch. A `null` member removes; an empty patch changes nothing.
fn apply_patch(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        value.clone_from(patch);
        return;
    };
    if patch.is_empty() && value.is_null() {
        return;
    }
    if !value.is_object() {
        *value = json!({});
    }
    let Some(members) = value.as_object_mut() else { return };
    for (name, change) in patch {
        match change {
            Value::Null => {
                members.shift_remove(name);
            }
            change => apply_patch(members.entry(name.clone()).or_insert(Value::Null), change),
        }
    }
}

/// Returns the merge patch that turns `before` into `after`.
fn merge_patch(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return after.clone() };
    let mut changes = Map::new();
    for (name, value) in after {
        match before.get(name) {
            Some(known) if known == value => {}
            Some(known) => drop(changes.insert(name.clone(), merge_patch(known, value))),
            None => drop(changes.insert(name.clone(), value.clone())),
        }
    }
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    changes.extend(gone.map(|name| (name.clone(), Value::Null)));
    Value::Object(changes)
}

/// Records polls.
#[derive(Clone, Debug, Default)]
pub struct TimelineRecorder {
    timeline: Timeline,
    service: Value,
    service_deployment: Value,
    events: usize,
}

impl TimelineRecorder {
    /// Returns a recorder for a watched deployment.
    pub fn new(followed: &WatchedRollout) -> TimelineRecorder {
        let about = format!("{} of service {}", followed.revision, followed.name);
        let source = "recorded by ecsail".to_owned();
        let timeline = Timeline { about, source, followed: followed.clone(), looks: Vec::new() };
        TimelineRecorder { timeline, ..TimelineRecorder::default() }
    }

    /// Adds a poll.
    pub fn add_poll(&mut self, look: &Poll) {
        let service = look.service.as_ref().map(|service| Service { events: Vec::new(), ..service.clone() });
        let service = as_bare_json(&service);
        let deployment = if look.unread || look.skipped {
            self.service_deployment.clone()
        } else {
            as_bare_json(&look.service_deployment)
        };
        let events = look.service.iter().flat_map(|service| service.events.iter().rev());
        let since = self.timeline.followed.created_at - 1.0;
        let events: Vec<_> = events.filter(|event| event.created_at.0 >= since).collect();
        let fresh = events.iter().skip(self.events).map(|event| (event.created_at.0, event.message.clone()));
        let step = TimelineStep {
            at: look.at,
            service: merge_patch(&self.service, &service),
            events: fresh.collect(),
            service_deployment: merge_patch(&self.service_deployment, &deployment),
            unread: look.unread,
            skipped: look.skipped,
            stopped: look.stopped.iter().map(as_bare_json).collect(),
            targets: look.targets.clone(),
            ..TimelineStep::default()
        };
        (self.service, self.service_deployment, self.events) = (service, deployment, events.len());
        self.timeline.looks.push(step);
    }

    /// Stores the verdict's name in the last poll.
    pub fn record_verdict(&mut self, verdict: &Verdict) {
        let value = serde_json::to_value(verdict).unwrap_or_default();
        if let Some(step) = self.timeline.looks.last_mut().filter(|_| verdict.is_final()) {
            step.verdict = value["verdict"].as_str().map(str::to_owned);
        }
    }

    /// Returns the recorded timeline.
    pub fn into_timeline(self) -> Timeline {
        self.timeline
    }
}

/// The members in which 0 means something else than their absence.
const ZERO_COUNTS: &[&str] =
    &["exitCode", "bakeTimeInMinutes", "requestedTestTrafficWeight", "requestedProductionTrafficWeight"];

/// Returns a value as JSON without empty members, which mean the same as their absence.
fn as_bare_json(value: &impl Serialize) -> Value {
    strip_empty_members(serde_json::to_value(value).unwrap_or_default())
}

fn strip_empty_members(value: Value) -> Value {
    let nothing = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    };
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().map(|(name, value)| (name, strip_empty_members(value)));
            let says = |name: &str, value: &Value| {
                !nothing(value) || (value.is_number() && ZERO_COUNTS.contains(&name))
            };
            Value::Object(kept.filter(|(name, value)| says(name, value)).collect())
        }
        Value::Array(items) => items.into_iter().map(strip_empty_members).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests;
