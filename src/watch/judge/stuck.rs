//! Judges whether a rollout is stuck: it cannot succeed, although ECS keeps trying.

use std::collections::BTreeMap;

use super::Verdict;
use super::why::without_advice;
use crate::aws::types::{Service, Task, Threshold};
use crate::diagnose::causes::causes_of;
use crate::diagnose::events::{Kind, read};
use crate::diagnose::{Retry, Signature};
use crate::watch::snapshot::{Followed, Snapshot};

/// The fewest and the most failures at which the circuit breaker trips (developer guide, "deployment circuit breaker").
const FEWEST: i64 = 3;
const MOST: i64 = 200;

/// How many equal failures are enough, where a retry cannot succeed.
const HOPELESS: i64 = 2;

/// Tasks that were created within this time were launched together, in seconds: all of them may fail because of a
/// role or a policy that was just created and is not in effect everywhere.
const TOGETHER: f64 = 5.0;

/// The event with which ECS announces that it delays retries: its circuit breaker may then never trip.
const PUTS_OFF: &str = "unable to consistently start tasks";

/// How long after an event about such a failure a task may still appear, in seconds: ECS repeats the event only
/// after hours.
const IN_VAIN: f64 = 60.0;

/// Returns the verdict on a deployment that cannot start: its tasks fail repeatedly in the same way, or ECS reports
/// that it cannot start any.
pub(super) fn judge(
    followed: &Followed,
    snapshot: &Snapshot,
    service: &Service,
    now: f64,
) -> Option<Verdict> {
    by_tasks(followed, snapshot, service).or_else(|| by_events(followed, snapshot, service, now))
}

fn by_tasks(followed: &Followed, snapshot: &Snapshot, service: &Service) -> Option<Verdict> {
    let ours = followed.find(service);
    // All tasks run and none has failed since: earlier failures are over.
    if ours.is_some_and(|ours| ours.running_count >= ours.desired_count && ours.failed_tasks == 0) {
        return None;
    }
    let desired = ours.map_or(service.desired_count, |ours| ours.desired_count);
    let allowed = allowed(followed, snapshot, service, desired);
    let grace = service.health_check_grace_period_seconds as f64;
    let past_grace = |failures: &Failures| grace <= 0.0 || failures.last - followed.created_at >= grace;
    let enough = |signature: &Signature, failures: &Failures| match signature {
        // Where tasks of it have kept running, a retry can succeed, whatever a text says.
        _ if signature.is_deterministic() && snapshot.most_running == 0 => failures.are_hopeless(desired),
        // An unhealthy target often recovers, so it takes more failures.
        _ if signature.heals() => failures.count >= allowed.saturating_mul(2) && past_grace(failures),
        // The same holds for failures against which a retry often helps.
        _ if failures.passes => failures.count >= allowed.saturating_mul(2),
        Signature::NotStarted { .. } => failures.count >= allowed,
        _ => failures.count >= allowed && past_grace(failures),
    };
    let failures = failures(snapshot).into_iter();
    let hopeless = failures.filter(|(signature, failures)| enough(signature, failures));
    let (signature, failures) = hopeless.max_by_key(|(_, failures)| failures.count)?;
    Some(Verdict::Stuck { reason: format!("{} tasks failed in the same way: {signature}", failures.count) })
}

/// Returns the verdict where no task appears, and ECS reports a failure that a retry cannot fix.
fn by_events(followed: &Followed, snapshot: &Snapshot, service: &Service, now: f64) -> Option<Verdict> {
    let ours = followed.find(service)?;
    if ours.desired_count <= 0 || ours.running_count > 0 || ours.pending_count > 0 {
        return None;
    }
    let events: Vec<_> = followed.events(service).map(|event| (event, read(&event.message))).collect();
    // Once a task was started, earlier obstacles are over.
    let started = events.iter().rposition(|(_, told)| told.kind == Kind::TasksStarted);
    let standing = events.iter().skip(started.map_or(0, |at| at + 1)).filter(|(_, told)| told.deterministic);
    let (mut times, mut first) = (0, None);
    for (event, told) in standing {
        times += 1;
        first.get_or_insert((event.created_at.0, told.text));
    }
    let (since, text) = first?;
    // A failed launch leaves no task behind, but ECS counts it: this many are more than one for each task.
    let launches = if snapshot.stopped.is_empty() { ours.failed_tasks } else { 0 };
    let again = launches >= HOPELESS.saturating_mul(ours.desired_count);
    let hopeless = times >= HOPELESS || again || now - since >= IN_VAIN;
    hopeless.then(|| Verdict::Stuck { reason: format!("ECS {}", without_advice(text)) })
}

/// Returns how many equal failures are too many.
///
/// Where the circuit breaker is on, ECS decides first; but ECS delays failing starts until the breaker may never
/// trip. So the limit is twice its threshold or, once ECS has announced the delay, the default threshold: a higher
/// one would take hours to reach.
fn allowed(followed: &Followed, snapshot: &Snapshot, service: &Service, desired: i64) -> i64 {
    let breaker = &service.deployment_configuration.deployment_circuit_breaker;
    let reported =
        snapshot.service_deployment.as_ref().and_then(|known| known.deployment_circuit_breaker.as_ref());
    let reported = reported.map(|state| state.threshold).filter(|threshold| *threshold > 0);
    let threshold =
        reported.unwrap_or_else(|| breaker_threshold(desired, breaker.threshold_configuration.as_ref()));
    let puts_off = followed.events(service).any(|event| event.message.contains(PUTS_OFF));
    match breaker.enable {
        // There may be half an hour between two tries: a high threshold is never reached.
        _ if puts_off => threshold.min(breaker_threshold(desired, None)),
        true => threshold.saturating_mul(2),
        false => threshold,
    }
}

/// Returns after how many failures the circuit breaker trips: half the desired count, from 3 to 200, unless configured.
///
/// API reference, DeploymentCircuitBreaker, `thresholdConfiguration`.
pub fn breaker_threshold(desired: i64, configured: Option<&Threshold>) -> i64 {
    let percent = |value: i64| desired.saturating_mul(value).saturating_add(99) / 100;
    match configured.map(|threshold| (threshold.kind.as_str(), threshold.value)) {
        Some(("COUNT", count)) => count.max(1),
        Some(("BOUNDED_PERCENT", value)) => percent(value).clamp(FEWEST, MOST),
        Some(("UNBOUNDED_PERCENT", value)) => percent(value).max(1),
        _ => percent(50).clamp(FEWEST, MOST),
    }
}

/// How often tasks failed in one way, and when the last of them stopped.
#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: i64,
    last: f64,
    /// When the first and the last of them were created.
    created: Option<(f64, f64)>,
    /// Whether a retry often helps.
    passes: bool,
}

impl Failures {
    /// Returns whether the same failure came again in a second try: not only in tasks that were launched together.
    fn are_hopeless(&self, desired: i64) -> bool {
        let again = self.created.is_some_and(|(first, last)| last - first > TOGETHER);
        self.count >= HOPELESS && (again || self.count >= HOPELESS.saturating_mul(desired))
    }
}

/// Returns the failures since the rollout last advanced, by signature.
fn failures(snapshot: &Snapshot) -> BTreeMap<Signature, Failures> {
    let mut counted: BTreeMap<Signature, Failures> = BTreeMap::new();
    let since = |task: &&Task| task.stopped_at.0 > snapshot.healed_at || snapshot.healed_at == 0.0;
    for task in snapshot.stopped.iter().filter(since) {
        let Some(signature) = Signature::of(task) else { continue };
        let known = counted.entry(signature).or_default();
        known.count += 1;
        known.last = known.last.max(task.stopped_at.0);
        let at = task.created_at.0;
        if at > 0.0 {
            let (first, last) = known.created.unwrap_or((at, at));
            known.created = Some((first.min(at), last.max(at)));
        }
        known.passes = causes_of(task).first().is_some_and(|cause| cause.retry_helps == Retry::Yes);
    }
    counted
}
