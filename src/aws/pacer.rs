//! Lets each API call wait for its turn, so that AWS does not throttle a run: one token bucket for each rate of AWS, shared
//! by all calls. Another client of the account may use the same bucket: where AWS throttles all the same, the pace is
//! halved and recovers slowly. Never refuses a call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_ecs::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::sync::Notify;

use super::rates::{self, Rate};
use crate::duration;

/// The part of AWS's rates that a run uses: a little is left to other clients of the account.
const SHARE: f64 = 0.95;
/// The slowest pace, as a part of the rate, and how fast a pace recovers with each call.
const SLOWEST: f64 = 0.1;
const RECOVERY: f64 = 1.05;

/// From this time on it is reported that calls wait for their turn.
const REPORTED_WAIT: Duration = Duration::from_secs(3);

/// The token buckets of a run.
#[derive(Debug)]
pub(super) struct Pacer {
    /// None where calls are not paced.
    queues: Option<Mutex<BTreeMap<String, Arc<Queue>>>>,
}

/// The calls of one rate, in the order in which they came.
#[derive(Debug)]
struct Queue {
    rate: Rate,
    /// Held by the call that is next.
    next: tokio::sync::Mutex<()>,
    /// Notified when a call was answered.
    answered: Notify,
    bucket: Mutex<Bucket>,
}

/// What a run has taken from the bucket of a rate.
///
/// A call takes its token when it arrives at AWS, which is between sending it and its answer. The bucket counts it during
/// all that time, and lets the token refill from the answer on: AWS's bucket is never emptier than this one.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The tokens of answered calls that are not refilled yet.
    used: f64,
    in_flight: f64,
    waiting: f64,
    at: Instant,
    /// The part of the rate at which calls are made now.
    pace: f64,
}

/// The turn of a call. Ends when it is dropped, which is after the answer.
#[derive(Debug)]
pub(super) struct Turn(Option<Arc<Queue>>);

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(queue) = &self.0 else { return };
        queue.bucket().finish(&queue.rate, Instant::now());
        queue.answered.notify_waiters();
    }
}

impl Pacer {
    /// Returns full buckets.
    pub(super) fn new() -> Pacer {
        Pacer { queues: Some(Mutex::default()) }
    }

    /// Returns a pacer that lets every call pass at once.
    pub(super) fn off() -> Pacer {
        Pacer { queues: None }
    }

    /// Waits until it is the turn of a request. The turn is to be kept until the answer.
    pub(super) async fn turn(&self, request: &HttpRequest) -> Turn {
        let Some(queue) = rates::of_request(request).and_then(|rate| self.queue(rate)) else {
            return Turn(None);
        };
        let waiting = Waiting::new(&queue);
        let next = queue.next.lock().await;
        loop {
            let answered = queue.answered.notified();
            let wait = queue.bucket().start(&queue.rate, Instant::now());
            let Some(wait) = wait else { break };
            let _ = tokio::time::timeout(wait, answered).await;
        }
        drop((next, waiting));
        Turn(Some(queue))
    }

    /// Returns how long the last of so many further calls of an operation of ECS would wait.
    pub(super) fn expected_wait(&self, operation: &str, calls: usize) -> Duration {
        let Some(queue) = rates::of_ecs(operation).and_then(|rate| self.queue(rate)) else {
            return Duration::ZERO;
        };
        let mut bucket = *queue.bucket();
        bucket.refill(&queue.rate, Instant::now());
        bucket.wait_for(calls as f64 + bucket.waiting, &queue.rate)
    }

    /// Slows down after AWS throttled a request.
    fn slow_down(&self, request: &HttpRequest, now: Instant) {
        if let Some(queue) = rates::of_request(request).and_then(|rate| self.queue(rate)) {
            queue.bucket().slow_down(&queue.rate, now);
        }
    }

    fn queue(&self, rate: Rate) -> Option<Arc<Queue>> {
        let mut queues = self.queues.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let name = rate.name.clone().into_owned();
        let queue = queues.entry(name).or_insert_with(|| Arc::new(Queue::new(rate, Instant::now())));
        Some(Arc::clone(queue))
    }
}

/// Returns the note about calls that wait for their turn; none where that is short.
pub(super) fn wait_note(what: &str, wait: Duration) -> Option<String> {
    let seconds = Duration::from_secs(wait.as_secs());
    (wait >= REPORTED_WAIT).then(|| {
        format!("{what} takes about {}: AWS limits the rate of these calls", duration::text(seconds))
    })
}

/// Counts a call that waits, until it is dropped.
struct Waiting<'a>(&'a Queue);

impl<'a> Waiting<'a> {
    fn new(queue: &'a Queue) -> Waiting<'a> {
        queue.bucket().waiting += 1.0;
        Waiting(queue)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.bucket().waiting -= 1.0;
    }
}

impl Queue {
    fn new(rate: Rate, now: Instant) -> Queue {
        Queue {
            rate,
            next: tokio::sync::Mutex::default(),
            answered: Notify::new(),
            bucket: Mutex::new(Bucket::new(now)),
        }
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn new(now: Instant) -> Bucket {
        Bucket { used: 0.0, in_flight: 0.0, waiting: 0.0, at: now, pace: 1.0 }
    }

    /// Takes a token for a call, or returns the time until one is there.
    fn start(&mut self, rate: &Rate, now: Instant) -> Option<Duration> {
        self.refill(rate, now);
        let wait = self.wait_for(1.0, rate);
        if !wait.is_zero() {
            return Some(wait);
        }
        self.in_flight += 1.0;
        self.pace = (self.pace * RECOVERY).min(1.0);
        None
    }

    /// Lets the token of an answered call refill.
    fn finish(&mut self, rate: &Rate, now: Instant) {
        self.refill(rate, now);
        self.in_flight -= 1.0;
        self.used += 1.0;
    }

    fn slow_down(&mut self, rate: &Rate, now: Instant) {
        self.refill(rate, now);
        self.used = self.used.max(rate.burst * SHARE - self.in_flight);
        self.pace = (self.pace / 2.0).max(SLOWEST);
    }

    fn refill(&mut self, rate: &Rate, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.used = (self.used - seconds * rate.refill * SHARE * self.pace).max(0.0);
        self.at = now;
    }

    /// Returns the time until so many further calls have a token.
    fn wait_for(&self, calls: f64, rate: &Rate) -> Duration {
        let missing = self.used + self.in_flight + calls - rate.burst * SHARE;
        Duration::from_secs_f64(missing.max(0.0) / (rate.refill * SHARE * self.pace))
    }
}

/// An interceptor that slows the pacer down when AWS throttles a call.
#[derive(Clone, Debug)]
pub(super) struct ThrottleFeedback(pub(super) Arc<Pacer>);

#[dyn_dispatch_hint]
impl Intercept for ThrottleFeedback {
    fn name(&self) -> &'static str {
        "ThrottleFeedback"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(request), Some(response)) = (context.request(), context.response()) else { return Ok(()) };
        let is_error = response.status().is_client_error();
        let body = response.body().bytes().filter(|_| is_error).unwrap_or_default();
        if is_throttle(&String::from_utf8_lossy(body)) || response.status().as_u16() == 429 {
            self.0.slow_down(request, Instant::now());
        }
        Ok(())
    }
}

/// Returns whether the body of an error is that of a throttled call.
fn is_throttle(body: &str) -> bool {
    body.contains("ThrottlingException") || body.contains("TooManyRequestsException")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register() -> Rate {
        rates::of_ecs("RegisterTaskDefinition").expect("it has a rate")
    }

    /// A bucket from which calls were started, and answered after a time each.
    fn bucket(calls: usize, answered: Option<Duration>, now: Instant) -> Bucket {
        let mut bucket = Bucket::new(now);
        for _ in 0..calls {
            assert_eq!(bucket.start(&register(), now), None);
        }
        for _ in 0..calls {
            if let Some(after) = answered {
                bucket.finish(&register(), now + after);
            }
        }
        bucket
    }

    #[test]
    fn a_burst_passes_and_what_follows_waits() {
        let now = Instant::now();
        let mut full = bucket(19, Some(Duration::ZERO), now);
        let wait = full.start(&register(), now).expect("it waits").as_secs_f64();
        assert!((wait - 1.0 / 0.95).abs() < 0.01, "{wait}");
    }

    #[test]
    fn a_token_refills_from_the_answer_on() {
        let (now, late) = (Instant::now(), Duration::from_secs(30));
        let mut unanswered = bucket(19, None, now);
        assert!(unanswered.start(&register(), now + late).is_some());
        let mut answered = bucket(19, Some(late), now);
        assert!(answered.start(&register(), now + late).is_some());
        assert_eq!(answered.start(&register(), now + late + Duration::from_secs(2)), None);
    }

    #[test]
    fn a_throttled_call_halves_the_pace() {
        let now = Instant::now();
        let mut bucket = Bucket::new(now);
        bucket.slow_down(&register(), now);
        let wait = bucket.start(&register(), now).expect("it waits").as_secs_f64();
        assert!((wait - 1.0 / 0.475).abs() < 0.01, "{wait}");
    }

    #[test]
    fn the_expected_wait_is_that_of_the_last_call() {
        let wait = Pacer::new().expected_wait("RegisterTaskDefinition", 100).as_secs_f64();
        assert!((wait - 81.0 / 0.95).abs() < 0.01, "{wait}");
        assert_eq!(Pacer::new().expected_wait("RegisterTaskDefinition", 19), Duration::ZERO);
    }

    #[tokio::test]
    async fn without_pacing_no_call_waits() {
        let mut request = HttpRequest::empty();
        let target = "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition";
        request.headers_mut().insert("x-amz-target", target);
        let pacer = Pacer::off();
        let mut turns = Vec::new();
        for _ in 0..100 {
            turns.push(pacer.turn(&request).await);
        }
        assert_eq!(turns.len(), 100);
        assert_eq!(pacer.expected_wait("RegisterTaskDefinition", 100), Duration::ZERO);
    }

    #[test]
    fn only_a_long_wait_is_reported() {
        assert_eq!(wait_note("registering 20 task definitions", Duration::from_secs(2)), None);
        assert_eq!(
            wait_note("registering 100 task definitions", Duration::from_millis(85_263)).as_deref(),
            Some("registering 100 task definitions takes about 1m 25s: AWS limits the rate of these calls")
        );
    }
}
