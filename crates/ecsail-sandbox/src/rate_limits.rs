//! The request rates that ECS allows, as token buckets for each account and region.
//!
//! The buckets refill with wall time, because clients back off in wall time; under a scaled clock they
//! refill as much faster.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::api::ApiCall;

/// The name of a bucket, its size, and the tokens that it gets per second.
type BucketSize = (&'static str, f64, f64);

#[derive(Debug)]
pub(crate) struct RateLimits {
    levels: BTreeMap<String, (f64, Instant)>,
    /// The simulated seconds per second.
    rate: f64,
}

impl RateLimits {
    /// Returns full buckets that refill at a multiple of AWS's rates.
    pub(crate) fn new(pace: f64) -> RateLimits {
        RateLimits { levels: BTreeMap::new(), rate: pace }
    }

    /// Takes a token for a call. Returns false when the bucket is empty: the call is throttled.
    pub(crate) fn try_take(&mut self, region_key: &str, asked: &ApiCall, now: Instant) -> bool {
        // The rates of other services are not published, or too high to be reached.
        let Some((name, holds, refill)) = bucket_size(&asked.operation).filter(|_| asked.service == "ecs")
        else {
            return true;
        };
        let (level, at) = self.levels.entry(format!("{region_key}/{name}")).or_insert((holds, now));
        let refilled = now.saturating_duration_since(*at).as_secs_f64() * refill * self.rate;
        *level = (*level + refilled).min(holds);
        *at = now;
        let allowed = *level >= 1.0;
        if allowed {
            *level -= 1.0;
        }
        allowed
    }
}

fn bucket_size(operation: &str) -> Option<BucketSize> {
    Some(match operation {
        "CreateCluster" => ("cluster modify", 20.0, 1.0),
        "DescribeClusters" | "ListClusters" => ("cluster read", 50.0, 20.0),
        "RegisterTaskDefinition" | "DeregisterTaskDefinition" => ("definition modify", 20.0, 1.0),
        "DescribeTaskDefinition" | "ListTaskDefinitions" | "ListTaskDefinitionFamilies" => {
            ("definition read", 50.0, 20.0)
        }
        "DeleteTaskDefinitions" => ("definition delete", 5.0, 1.0),
        "TagResource" | "UntagResource" => ("tag modify", 20.0, 10.0),
        "ListTagsForResource" => ("tag read", 50.0, 20.0),
        "RunTask" => ("run", 20.0, 20.0),
        "StopTask" | "ExecuteCommand" => ("task modify", 100.0, 40.0),
        "DescribeTasks" | "ListTasks" => ("task read", 100.0, 20.0),
        "CreateService" | "UpdateService" | "DeleteService" => ("service modify", 50.0, 5.0),
        "DescribeServices" | "ListServices" => ("service read", 100.0, 20.0),
        "DescribeServiceDeployments" | "ListServiceDeployments" => ("service deployment", 50.0, 20.0),
        "DescribeServiceRevisions" => ("service revision", 50.0, 20.0),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn asked(service: &str, operation: &str) -> ApiCall {
        ApiCall { service: service.to_owned(), operation: operation.to_owned(), input: json!({}) }
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut buckets = RateLimits::new(1.0);
        let start = Instant::now();
        let register = asked("ecs", "RegisterTaskDefinition");
        let mut taken = |at| buckets.try_take("a", &register, start + Duration::from_secs(at));
        assert!((0..20).all(|_| taken(0)));
        assert!(!taken(0));
        assert!(taken(1));
        assert!(!taken(1));
        assert!(buckets.try_take("b", &register, start), "another account has its own");
    }

    #[test]
    fn a_faster_clock_refills_faster() {
        let mut buckets = RateLimits::new(20.0);
        let start = Instant::now();
        let register = asked("ecs", "RegisterTaskDefinition");
        let mut taken = |at| buckets.try_take("a", &register, start + Duration::from_secs(at));
        assert!((0..20).all(|_| taken(0)));
        assert!(!taken(0));
        assert!((0..20).all(|_| taken(1)));
    }

    #[test]
    fn an_operation_of_another_service_takes_nothing_from_ecs() {
        let mut buckets = RateLimits::new(1.0);
        let start = Instant::now();
        let tag = asked("events", "TagResource");
        assert!((0..100).all(|_| buckets.try_take("a", &tag, start)));
    }
}
