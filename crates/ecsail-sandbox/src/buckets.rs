//! The request rates that ECS allows. Owns the token buckets of one account; they refill with wall time, as
//! that is what clients back off by, scaled as the sandbox's clock is.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::wire::Asked;

/// A bucket's name, how much it holds and how fast it refills in a second.
type Size = (&'static str, f64, f64);

#[derive(Debug)]
pub(crate) struct Buckets {
    levels: BTreeMap<String, (f64, Instant)>,
    /// How much faster than the wall's the sandbox's time goes.
    pace: f64,
}

impl Buckets {
    /// Returns full buckets that refill at a multiple of AWS's pace.
    pub(crate) fn new(pace: f64) -> Buckets {
        Buckets { levels: BTreeMap::new(), pace }
    }

    /// Takes one token for a call; false when it is to be throttled.
    pub(crate) fn take(&mut self, realm: &str, asked: &Asked, now: Instant) -> bool {
        // The rates of the other services are too high to be met, or not known.
        let Some((name, holds, refill)) = size(&asked.operation).filter(|_| asked.service == "ecs") else {
            return true;
        };
        let (level, at) = self.levels.entry(format!("{realm}/{name}")).or_insert((holds, now));
        let refilled = now.saturating_duration_since(*at).as_secs_f64() * refill * self.pace;
        *level = (*level + refilled).min(holds);
        *at = now;
        let allowed = *level >= 1.0;
        if allowed {
            *level -= 1.0;
        }
        allowed
    }
}

fn size(operation: &str) -> Option<Size> {
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

    fn asked(service: &str, operation: &str) -> Asked {
        Asked { service: service.to_owned(), operation: operation.to_owned(), input: json!({}) }
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut buckets = Buckets::new(1.0);
        let start = Instant::now();
        let register = asked("ecs", "RegisterTaskDefinition");
        let mut taken = |at| buckets.take("a", &register, start + Duration::from_secs(at));
        assert!((0..20).all(|_| taken(0)));
        assert!(!taken(0));
        assert!(taken(1));
        assert!(!taken(1));
        assert!(buckets.take("b", &register, start), "another account has its own");
    }

    #[test]
    fn a_faster_clock_refills_faster() {
        let mut buckets = Buckets::new(20.0);
        let start = Instant::now();
        let register = asked("ecs", "RegisterTaskDefinition");
        let mut taken = |at| buckets.take("a", &register, start + Duration::from_secs(at));
        assert!((0..20).all(|_| taken(0)));
        assert!(!taken(0));
        assert!((0..20).all(|_| taken(1)));
    }

    #[test]
    fn an_operation_of_another_service_takes_nothing_from_ecs() {
        let mut buckets = Buckets::new(1.0);
        let start = Instant::now();
        let tag = asked("events", "TagResource");
        assert!((0..100).all(|_| buckets.take("a", &tag, start)));
    }
}
