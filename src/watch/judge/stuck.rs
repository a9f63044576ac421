//! Judges whether a rollout is stuck: it cannot succeed, although ECS keeps trying.

use std::collections::BTreeMap;

use super::Verdict;
use super::stall_reason::without_advice;
use crate::aws::types::{CircuitBreakerThreshold, Service, Task};
use crate::diagnose::causes::causes_of;
use crate::diagnose::events::{EventKind, read_event};
use crate::diagnose::{FailureSignature, Retry};
use crate::watch::snapshot::{RolloutSnapshot, WatchedRollout};

/// The fewest and the most failures at which the circuit breaker trips (developer guide, "deployment circuit breaker").
const MIN_BREAKER_THRESHOLD: i64 = 3;
const MAX_BREAKER_THRESHOLD: i64 = 200;

/// How many equal failures are enough, where a retry cannot succeed.
const HOPELESS_FAILURES: i64 = 2;

/// Tasks that were created within this time were launched together, in seconds: all of them may fail because of a
/// role or a policy that was just created and is not in effect everywhere.
const SAME_LAUNCH_SECONDS: f64 = 5.0;

/// The event with which ECS announces that it delays retries: its circuit breaker may then never trip.
const DELAYED_STARTS_TEXT: &str = "unable to consistently start tasks";

/// How long after an event about such a failure a task may still appear, in seconds: ECS repeats the event only
/// after hours.
const LAST_TASK_SECONDS: f64 = 60.0;

/// Returns the verdict on a deployment that cannot start: its tasks fail repeatedly in the same way, or ECS reports
/// that it cannot start any.
pub(super) fn judge(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    now: f64,
) -> Option<Verdict> {
    judge_tasks(followed, snapshot, service).or_else(|| judge_events(followed, snapshot, service, now))
}

fn judge_tasks(followed: &WatchedRollout, snapshot: &RolloutSnapshot, service: &Service) -> Option<Verdict> {
    let ours = followed.find_deployment(service);
    // All tasks run and none has failed since: earlier failures are over.
    if ours.is_some_and(|ours| ours.running_count >= ours.desired_count && ours.failed_tasks == 0) {
        return None;
    }
    let desired = ours.map_or(service.desired_count, |ours| ours.desired_count);
    let allowed = allowed_failures(followed, snapshot, service, desired);
    let grace = service.health_check_grace_period_seconds as f64;
    let past_grace =
        |failures: &EqualFailures| grace <= 0.0 || failures.last_stopped_at - followed.created_at >= grace;
    let enough = |signature: &FailureSignature, failures: &EqualFailures| match signature {
        // Where tasks of it have kept running, a retry can succeed, whatever a text says.
        _ if signature.is_deterministic() && snapshot.max_steady_running == 0 => {
            failures.is_hopeless(desired)
        }
        // An unhealthy target often recovers, so it takes more failures.
        _ if signature.is_self_healing() => {
            failures.count >= allowed.saturating_mul(2) && past_grace(failures)
        }
        // The same holds for failures against which a retry often helps.
        _ if failures.is_retry_helpful => failures.count >= allowed.saturating_mul(2),
        FailureSignature::NotStarted { .. } => failures.count >= allowed,
        _ => failures.count >= allowed && past_grace(failures),
    };
    let failures = failures_by_signature(snapshot).into_iter();
    let hopeless = failures.filter(|(signature, failures)| enough(signature, failures));
    let (signature, failures) = hopeless.max_by_key(|(_, failures)| failures.count)?;
    Some(Verdict::Stuck { reason: format!("{} tasks failed in the same way: {signature}", failures.count) })
}

/// Returns the verdict where no task appears, and ECS reports a failure that a retry cannot fix.
fn judge_events(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    now: f64,
) -> Option<Verdict> {
    let ours = followed.find_deployment(service)?;
    if ours.desired_count <= 0 || ours.running_count > 0 || ours.pending_count > 0 {
        return None;
    }
    let events: Vec<_> =
        followed.events_since_start(service).map(|event| (event, read_event(&event.message))).collect();
    // Once a task was started, earlier obstacles are over.
    let started = events.iter().rposition(|(_, told)| told.kind == EventKind::TasksStarted);
    let standing =
        events.iter().skip(started.map_or(0, |at| at + 1)).filter(|(_, told)| told.is_deterministic);
    let (mut times, mut first) = (0, None);
    for (event, told) in standing {
        times += 1;
        first.get_or_insert((event.created_at.0, told.text));
    }
    let (since, text) = first?;
    // A failed launch leaves no task behind, but ECS counts it: this many are more than one for each task.
    let launches = if snapshot.stopped_tasks.is_empty() { ours.failed_tasks } else { 0 };
    let again = launches >= HOPELESS_FAILURES.saturating_mul(ours.desired_count);
    let hopeless = times >= HOPELESS_FAILURES || again || now - since >= LAST_TASK_SECONDS;
    hopeless.then(|| Verdict::Stuck { reason: format!("ECS {}", without_advice(text)) })
}

/// Returns how many equal failures are too many.
///
/// Where the circuit breaker is on, ECS decides first; but ECS delays failing starts until the breaker may never
/// trip. So the limit is twice its threshold or, once ECS has announced the delay, the default threshold: a higher
/// one would take hours to reach.
fn allowed_failures(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    desired: i64,
) -> i64 {
    let breaker = &service.deployment_configuration.deployment_circuit_breaker;
    let reported =
        snapshot.service_deployment.as_ref().and_then(|known| known.deployment_circuit_breaker.as_ref());
    let reported = reported.map(|state| state.threshold).filter(|threshold| *threshold > 0);
    let threshold =
        reported.unwrap_or_else(|| breaker_threshold(desired, breaker.threshold_configuration.as_ref()));
    let puts_off =
        followed.events_since_start(service).any(|event| event.message.contains(DELAYED_STARTS_TEXT));
    match breaker.enable {
        // There may be half an hour between two tries: a high threshold is never reached.
        _ if puts_off => threshold.min(breaker_threshold(desired, None)),
        true => threshold.saturating_mul(2),
        false => threshold,
    }
}

/// Returns after how many failures the circuit breaker trips: half the desired count, from 3 to 200, unless configured.
///
/// API reference, `DeploymentCircuitBreaker`, `thresholdConfiguration`.
pub fn breaker_threshold(desired: i64, configured: Option<&CircuitBreakerThreshold>) -> i64 {
    let percent = |value: i64| desired.saturating_mul(value).saturating_add(99) / 100;
    match configured.map(|threshold| (threshold.kind.as_str(), threshold.value)) {
        Some(("COUNT", count)) => count.max(1),
        Some(("BOUNDED_PERCENT", value)) => {
            percent(value).clamp(MIN_BREAKER_THRESHOLD, MAX_BREAKER_THRESHOLD)
        }
        Some(("UNBOUNDED_PERCENT", value)) => percent(value).max(1),
        _ => percent(50).clamp(MIN_BREAKER_THRESHOLD, MAX_BREAKER_THRESHOLD),
    }
}

/// How often tasks failed in one way, and when the last of them stopped.
#[derive(Clone, Copy, Debug, Default)]
struct EqualFailures {
    count: i64,
    last_stopped_at: f64,
    /// When the first and the last of them were created.
    created: Option<(f64, f64)>,
    /// Whether a retry often helps.
    is_retry_helpful: bool,
}

impl EqualFailures {
    /// Returns whether the same failure came again in a second try: not only in tasks that were launched together.
    fn is_hopeless(&self, desired: i64) -> bool {
        let again = self.created.is_some_and(|(first, last)| last - first > SAME_LAUNCH_SECONDS);
        self.count >= HOPELESS_FAILURES && (again || self.count >= HOPELESS_FAILURES.saturating_mul(desired))
    }
}

/// Returns the failures since the rollout last advanced, by signature.
fn failures_by_signature(snapshot: &RolloutSnapshot) -> BTreeMap<FailureSignature, EqualFailures> {
    let mut counted: BTreeMap<FailureSignature, EqualFailures> = BTreeMap::new();
    let since = |task: &&Task| task.stopped_at.0 > snapshot.recovered_at || snapshot.recovered_at == 0.0;
    for task in snapshot.stopped_tasks.iter().filter(since) {
        let Some(signature) = FailureSignature::from_task(task) else { continue };
        let known = counted.entry(signature).or_default();
        known.count += 1;
        known.last_stopped_at = known.last_stopped_at.max(task.stopped_at.0);
        let at = task.created_at.0;
        if at > 0.0 {
            let (first, last) = known.created.unwrap_or((at, at));
            known.created = Some((first.min(at), last.max(at)));
        }
        known.is_retry_helpful = causes_of(task).first().is_some_and(|cause| cause.retry_helps == Retry::Yes);
    }
    counted
}
