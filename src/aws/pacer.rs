//! Lets each API call wait for its turn, so that AWS does not throttle a run: one token bucket for each rate of AWS, shared
//! by all calls. Another client of the account may use the same bucket: where AWS throttles all the same, the pace is
//! halved and recovers slowly. Never refuses a call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_ecs::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::rates::{self, Rate};

/// The part of AWS's rates that a run uses: calls do not arrive as evenly as they are sent.
const SHARE: f64 = 0.95;
/// The slowest pace, as a part of the rate, and how fast a pace recovers with each call.
const SLOWEST: f64 = 0.1;
const RECOVERY: f64 = 1.05;

/// The token buckets of a run.
#[derive(Debug)]
pub(super) struct Pacer {
    /// None where calls are not paced.
    buckets: Option<Mutex<BTreeMap<String, Bucket>>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Below zero by the number of calls that wait.
    tokens: f64,
    at: Instant,
    /// The part of the rate at which calls are made now.
    pace: f64,
}

impl Pacer {
    /// Returns full buckets.
    pub(super) fn new() -> Pacer {
        Pacer { buckets: Some(Mutex::default()) }
    }

    /// Returns a pacer that lets every call pass at once.
    pub(super) fn off() -> Pacer {
        Pacer { buckets: None }
    }

    /// Waits until it is the turn of a request.
    pub(super) async fn wait(&self, request: &HttpRequest) {
        let Some(rate) = rates::of_request(request) else { return };
        let wait = self.reserve(&rate, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Returns how long the last of so many further calls of an operation of ECS would wait.
    pub(super) fn expected_wait(&self, operation: &str, calls: usize) -> Duration {
        let (Some(rate), Some(buckets)) = (rates::of_ecs(operation), &self.buckets) else {
            return Duration::ZERO;
        };
        let buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bucket = bucket_at(&buckets, &rate, Instant::now());
        bucket.tokens -= calls as f64;
        bucket.wait(&rate)
    }

    /// Takes a token for a call and returns the time until it may be sent.
    fn reserve(&self, rate: &Rate, now: Instant) -> Duration {
        let Some(buckets) = &self.buckets else { return Duration::ZERO };
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bucket = bucket_at(&buckets, rate, now);
        bucket.tokens -= 1.0;
        let wait = bucket.wait(rate);
        bucket.pace = (bucket.pace * RECOVERY).min(1.0);
        buckets.insert(rate.name.clone().into_owned(), bucket);
        wait
    }

    /// Slows down after AWS throttled a request.
    fn slow_down(&self, request: &HttpRequest, now: Instant) {
        let (Some(rate), Some(buckets)) = (rates::of_request(request), &self.buckets) else { return };
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bucket = bucket_at(&buckets, &rate, now);
        bucket.tokens = bucket.tokens.min(0.0);
        bucket.pace = (bucket.pace / 2.0).max(SLOWEST);
        buckets.insert(rate.name.into_owned(), bucket);
    }
}

/// Returns the bucket of a rate as it is at a time.
fn bucket_at(buckets: &BTreeMap<String, Bucket>, rate: &Rate, now: Instant) -> Bucket {
    let burst = rate.burst * SHARE;
    let Some(known) = buckets.get(rate.name.as_ref()) else {
        return Bucket { tokens: burst, at: now, pace: 1.0 };
    };
    let seconds = now.saturating_duration_since(known.at).as_secs_f64();
    let tokens = known.tokens + seconds * rate.refill * SHARE * known.pace;
    Bucket { tokens: tokens.min(burst), at: now, pace: known.pace }
}

impl Bucket {
    /// Returns the time until the tokens that are owed were added.
    fn wait(&self, rate: &Rate) -> Duration {
        Duration::from_secs_f64((-self.tokens).max(0.0) / (rate.refill * SHARE * self.pace))
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

    const TARGET: &str = "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition";

    fn register() -> Rate {
        rates::of_ecs("RegisterTaskDefinition").expect("it has a rate")
    }

    fn seconds(pacer: &Pacer, now: Instant) -> f64 {
        pacer.reserve(&register(), now).as_secs_f64()
    }

    #[test]
    fn a_burst_passes_and_what_follows_waits_its_turn() {
        let (pacer, now) = (Pacer::new(), Instant::now());
        let waits: Vec<f64> = (0..100).map(|_| seconds(&pacer, now)).collect();
        assert!(waits[..19].iter().all(|wait| *wait == 0.0), "{waits:?}");
        // 81 more at 0.95 a second.
        assert!((waits[99] - 81.0 / 0.95).abs() < 0.1, "{waits:?}");
        assert!(waits.is_sorted());
    }

    #[test]
    fn a_bucket_refills_with_time() {
        let (pacer, now) = (Pacer::new(), Instant::now());
        (0..19).for_each(|_| assert_eq!(seconds(&pacer, now), 0.0));
        assert!(seconds(&pacer, now) > 1.0);
        assert_eq!(seconds(&pacer, now + Duration::from_mins(1)), 0.0);
    }

    #[test]
    fn a_throttled_call_halves_the_pace() {
        let (pacer, now) = (Pacer::new(), Instant::now());
        let mut request = HttpRequest::empty();
        request.headers_mut().insert("x-amz-target", TARGET);
        pacer.slow_down(&request, now);
        let wait = seconds(&pacer, now);
        assert!((wait - 1.0 / 0.475).abs() < 0.1, "{wait}");
    }

    #[test]
    fn without_pacing_no_call_waits() {
        let (pacer, now) = (Pacer::off(), Instant::now());
        (0..100).for_each(|_| assert_eq!(seconds(&pacer, now), 0.0));
    }
}
