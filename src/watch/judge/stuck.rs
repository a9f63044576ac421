//! Judges whether a rollout is stuck: it cannot succeed, although ECS keeps trying.
//!
//! Never takes failures for a crash loop while the rollout advances: what failed before tasks came up does not count.

use std::collections::BTreeMap;

use super::Verdict;
use super::crash_loop::CrashLoop;
use super::stall_reason::without_advice;
use crate::aws::types::{CircuitBreakerThreshold, Service, Task};
use crate::diagnose::causes::causes_of;
use crate::diagnose::events::{EventKind, read_event};
use crate::diagnose::{FailureSignature, Retry};
use crate::duration;
use crate::manifest::Patience;
use crate::watch::snapshot::{RolloutSnapshot, WatchedRollout};

/// The fewest and the most failures at which the circuit breaker trips (developer guide, "deployment circuit breaker").
const MIN_BREAKER_THRESHOLD: i64 = 3;
const MAX_BREAKER_THRESHOLD: i64 = 200;

/// How many generations of tasks have to fail in the same way before that counts as a crash loop: what tasks wait for,
/// such as a database, often comes up while the first ones fail.
const STANDARD_GENERATIONS: i64 = 4;

/// The same for tasks that fail their health checks: each of them has had the time of several checks.
const UNHEALTHY_GENERATIONS: i64 = 3;

/// The most failures that whole generations take: ECS lists stopped tasks only for an hour, and of thousands only some are
/// read.
const MAX_TASKS: i64 = 400;

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

/// Returns the verdict on a deployment that cannot succeed: its tasks fail repeatedly in the same way, or ECS reports that
/// it cannot start any.
pub(super) fn judge(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    now: f64,
) -> Option<Verdict> {
    let patience = followed.policy.patience();
    if patience == Patience::Never {
        return None;
    }
    let certain = certain_failure(followed, snapshot, service);
    let certain = certain.or_else(|| failed_launches(followed, snapshot, service, now));
    let reason = certain.or_else(|| crash_loop(patience, followed, snapshot, service))?;
    Some(Verdict::Stuck { reason })
}

/// Describes the crash loop of a rollout that is not given up because of its patience.
pub(super) fn tolerated_crash_loop(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
) -> Option<String> {
    let certain = certain_failure(followed, snapshot, service);
    certain.or_else(|| crash_loop(Patience::Standard, followed, snapshot, service))
}

/// Describes tasks that failed again for a cause that no retry can mend.
fn certain_failure(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
) -> Option<String> {
    // Where tasks of it have kept running, a retry can succeed, whatever a text says.
    if is_up(followed, service) || snapshot.max_steady_running > 0 {
        return None;
    }
    let desired = desired_count(followed, service);
    let failures = failures_by_signature(snapshot).into_iter();
    let certain = failures
        .filter(|(signature, failures)| signature.is_deterministic() && failures.is_hopeless(desired));
    let (signature, failures) = certain.max_by_key(|(_, failures)| failures.count())?;
    Some(format!("{} tasks failed in the same way: {signature}", failures.count()))
}

/// Describes the tasks that fail in the same way, generation after generation, where that exceeds the patience.
fn crash_loop(
    patience: Patience,
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
) -> Option<String> {
    if is_up(followed, service) {
        return None;
    }
    let desired = desired_count(followed, service);
    let running = followed.find_deployment(service).map_or(0, |ours| ours.running_count);
    let breaker = failures_of_breaker(followed, snapshot, service, desired);
    let failures = failures_by_signature(snapshot).into_iter();
    let loops = failures.filter_map(|(signature, failures)| {
        let limit = Limit::new(patience, breaker, &signature, &failures)?;
        let grace = is_past_grace(&signature, &failures, followed, service);
        let found = CrashLoop::from_failures(failures.tasks, desired);
        let exceeded = grace && limit.is_exceeded_by(&found) && !found.is_outlived(running, snapshot.at);
        exceeded.then_some((signature, found))
    });
    let (signature, found) = loops.max_by_key(|(_, found)| found.tasks)?;
    Some(format!("{} tasks failed in the same way: {signature} ({})", found.tasks, generations_text(&found)))
}

/// Returns the numbers of a crash loop in words.
fn generations_text(found: &CrashLoop) -> String {
    let generations = match found.generations {
        1 => "1 generation".to_owned(),
        number => format!("{number} generations"),
    };
    match found.longest_run {
        0.0 => generations,
        run => format!("{generations}, none ran longer than {}", duration::seconds(run)),
    }
}

/// Returns whether all tasks run and none has failed since: earlier failures are over.
fn is_up(followed: &WatchedRollout, service: &Service) -> bool {
    let ours = followed.find_deployment(service);
    ours.is_some_and(|ours| ours.running_count >= ours.desired_count && ours.failed_tasks == 0)
}

fn desired_count(followed: &WatchedRollout, service: &Service) -> i64 {
    followed.find_deployment(service).map_or(service.desired_count, |ours| ours.desired_count)
}

/// Returns whether failures count already: a crash within the grace period for health checks is none, but a failure to
/// start is.
fn is_past_grace(
    signature: &FailureSignature,
    failures: &EqualFailures<'_>,
    followed: &WatchedRollout,
    service: &Service,
) -> bool {
    let grace = service.health_check_grace_period_seconds as f64;
    let not_started =
        matches!(signature, FailureSignature::NotStarted { .. }) && !failures.is_retry_helpful();
    not_started || grace <= 0.0 || failures.last_stopped_at() - followed.created_at >= grace
}

/// How far a crash loop has to go before it counts as one.
#[derive(Clone, Copy, Debug)]
struct Limit {
    generations: i64,
    /// The least number of tasks, whatever the size of a generation.
    tasks: i64,
}

impl Limit {
    /// Returns the limit for failures of one signature; `None` where they never count.
    fn new(
        patience: Patience,
        breaker: BreakerFailures,
        signature: &FailureSignature,
        failures: &EqualFailures<'_>,
    ) -> Option<Limit> {
        let generations = match patience {
            Patience::Generations(count) => return Some(Limit { generations: i64::from(count), tasks: 1 }),
            Patience::Standard if breaker.are_starts_delayed => 1,
            Patience::Standard if signature.is_self_healing() => UNHEALTHY_GENERATIONS,
            Patience::Standard => STANDARD_GENERATIONS,
            Patience::CertainCauses | Patience::Never => return None,
        };
        // An unhealthy target often recovers, and other failures pass as well: it takes more of them.
        let passes = signature.is_self_healing() || failures.is_retry_helpful();
        let tasks = breaker.allowed.saturating_mul(if passes { 2 } else { 1 });
        Some(Limit { generations, tasks })
    }

    fn is_exceeded_by(&self, found: &CrashLoop) -> bool {
        let whole = self.generations.saturating_mul(found.largest).min(MAX_TASKS);
        found.generations >= self.generations && found.tasks >= whole.max(self.tasks)
    }
}

/// Describes why no task appears, where ECS reports a failure that a retry cannot fix.
fn failed_launches(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    now: f64,
) -> Option<String> {
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
    hopeless.then(|| format!("ECS {}", without_advice(text)))
}

/// How many equal failures the circuit breaker leaves to ECS.
#[derive(Clone, Copy, Debug)]
struct BreakerFailures {
    allowed: i64,
    /// The breaker is on, and ECS delays the starts of tasks until it may never trip.
    are_starts_delayed: bool,
}

/// Returns how many equal failures are left to the circuit breaker.
///
/// Where it is on, ECS decides first; but ECS delays failing starts until the breaker may never trip. So the limit is
/// twice its threshold or, once ECS has announced the delay, the default threshold: a higher one would take hours to
/// reach.
fn failures_of_breaker(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    desired: i64,
) -> BreakerFailures {
    let breaker = &service.deployment_configuration.deployment_circuit_breaker;
    let reported =
        snapshot.service_deployment.as_ref().and_then(|known| known.deployment_circuit_breaker.as_ref());
    // A service deployment keeps the settings with which it began.
    let is_on = breaker.enable || reported.is_some_and(|state| state.status.starts_with("MONITORING"));
    let reported = reported.map(|state| state.threshold).filter(|threshold| *threshold > 0);
    let threshold =
        reported.unwrap_or_else(|| breaker_threshold(desired, breaker.threshold_configuration.as_ref()));
    let are_starts_delayed = is_on
        && followed.events_since_start(service).any(|event| event.message.contains(DELAYED_STARTS_TEXT));
    let allowed = if are_starts_delayed {
        // There may be half an hour between two tries: a high threshold is never reached.
        threshold.min(breaker_threshold(desired, None))
    } else if is_on {
        threshold.saturating_mul(2)
    } else {
        threshold
    };
    BreakerFailures { allowed, are_starts_delayed }
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

/// The tasks that failed in one way.
#[derive(Clone, Debug, Default)]
struct EqualFailures<'a> {
    tasks: Vec<&'a Task>,
}

impl EqualFailures<'_> {
    fn count(&self) -> i64 {
        i64::try_from(self.tasks.len()).unwrap_or(i64::MAX)
    }

    /// Returns when the last of them stopped.
    fn last_stopped_at(&self) -> f64 {
        self.tasks.iter().map(|task| task.stopped_at.0).fold(0.0, f64::max)
    }

    /// Returns whether a retry often helps.
    fn is_retry_helpful(&self) -> bool {
        let last = self.tasks.last().and_then(|task| causes_of(task).into_iter().next());
        last.is_some_and(|cause| cause.retry_helps == Retry::Yes)
    }

    /// Returns whether the same failure came again in a second try: not only in tasks that were launched together.
    fn is_hopeless(&self, desired: i64) -> bool {
        let created = self.tasks.iter().map(|task| task.created_at.0).filter(|at| *at > 0.0);
        let (first, last) = created
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(first, last), at| (first.min(at), last.max(at)));
        let again = last - first > SAME_LAUNCH_SECONDS;
        self.count() >= HOPELESS_FAILURES
            && (again || self.count() >= HOPELESS_FAILURES.saturating_mul(desired))
    }
}

/// Returns the failures since the rollout last advanced, by signature.
fn failures_by_signature(snapshot: &RolloutSnapshot) -> BTreeMap<FailureSignature, EqualFailures<'_>> {
    let mut found: BTreeMap<FailureSignature, EqualFailures<'_>> = BTreeMap::new();
    let since = |task: &&Task| task.stopped_at.0 > snapshot.recovered_at || snapshot.recovered_at == 0.0;
    for task in snapshot.stopped_tasks.iter().filter(since) {
        if let Some(signature) = FailureSignature::from_task(task) {
            found.entry(signature).or_default().tasks.push(task);
        }
    }
    found
}
