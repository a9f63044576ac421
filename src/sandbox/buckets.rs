//! The request rates that AWS allows. Owns the token buckets of one account; runs on wall time, as
//! clients that back off do.

use std::collections::BTreeMap;
use std::time::Instant;

/// A bucket's name, how much it holds and how fast it refills in a second.
type Size = (&'static str, f64, f64);

#[derive(Debug, Default)]
pub(super) struct Buckets {
    levels: BTreeMap<String, (f64, Instant)>,
}

impl Buckets {
    /// Takes one token for a call of this operation; false when the call is to be throttled.
    pub(super) fn take(&mut self, realm: &str, operation: &str, now: Instant) -> bool {
        let Some((name, holds, refill)) = size(operation) else {
            return true;
        };
        let (level, at) = self.levels.entry(format!("{realm}/{name}")).or_insert((holds, now));
        let refilled = now.saturating_duration_since(*at).as_secs_f64() * refill;
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
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut buckets = Buckets::default();
        let start = Instant::now();
        let mut taken = |at| buckets.take("a", "RegisterTaskDefinition", start + Duration::from_secs(at));
        assert!((0..20).all(|_| taken(0)));
        assert!(!taken(0));
        assert!(taken(1));
        assert!(!taken(1));
        assert!(buckets.take("b", "RegisterTaskDefinition", start), "another account has its own");
    }
}
