//! The rates of API calls that AWS allows an account in a region, as token buckets: a burst, and what is added a second.
//!
//! The sources are "Request throttling for the Amazon ECS API" in the ECS API reference, and the quotas of EventBridge and
//! EventBridge Scheduler. An operation without a bucket has no documented rate, or one that is not reached.

use std::borrow::Cow;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// A token bucket. Operations of one name share it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rate {
    pub(super) name: Cow<'static, str>,
    /// The calls that a full bucket allows at once.
    pub(super) burst: f64,
    /// The calls that are added a second.
    pub(super) refill: f64,
}

/// The buckets of ECS.
const ECS: &[(&str, f64, f64, &[&str])] = &[
    ("cluster read", 50.0, 20.0, &["DescribeClusters", "ListClusters"]),
    ("definition modify", 20.0, 1.0, &["RegisterTaskDefinition", "DeregisterTaskDefinition"]),
    (
        "definition read",
        50.0,
        20.0,
        &["DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"],
    ),
    ("definition delete", 5.0, 1.0, &["DeleteTaskDefinitions"]),
    ("tag modify", 20.0, 10.0, &["TagResource", "UntagResource"]),
    ("tag read", 50.0, 20.0, &["ListTagsForResource"]),
    // The quota of RunTask on Fargate, which is the lower one.
    ("run task", 20.0, 20.0, &["RunTask"]),
    ("cluster resource modify", 100.0, 40.0, &["StopTask", "ExecuteCommand"]),
    ("cluster resource read", 100.0, 20.0, &["DescribeTasks", "ListTasks"]),
    ("service modify", 50.0, 5.0, &["CreateService", "UpdateService", "DeleteService"]),
    ("service read", 100.0, 20.0, &["DescribeServices", "ListServices"]),
    ("service deployment", 50.0, 20.0, &["DescribeServiceDeployments", "ListServiceDeployments"]),
    ("service revision", 50.0, 20.0, &["DescribeServiceRevisions"]),
    ("task protection", 200.0, 80.0, &["UpdateTaskProtection", "GetTaskProtection"]),
    ("namespace read", 10.0, 1.0, &["ListServicesByNamespace"]),
];
/// EventBridge allows 50 calls a second of each operation. Its burst is not documented, so that a burst and the calls of
/// the second after it stay below.
const EVENTBRIDGE: (f64, f64) = (10.0, 40.0);
/// EventBridge Scheduler allows at least 250 calls a second of each operation on schedules.
const SCHEDULER: (f64, f64) = (50.0, 200.0);

/// Returns the rate of an operation of ECS.
pub(super) fn of_ecs(operation: &str) -> Option<Rate> {
    let (name, burst, refill, _) = ECS.iter().find(|(.., operations)| operations.contains(&operation))?;
    Some(Rate { name: Cow::Borrowed(name), burst: *burst, refill: *refill })
}

/// Returns the rate of the operation that a request calls.
pub(super) fn of_request(request: &HttpRequest) -> Option<Rate> {
    if let Some(target) = request.headers().get("x-amz-target") {
        return of_target(target);
    }
    let path = request.uri().find("://").map(|at| &request.uri()[at + 3..])?;
    let path = path.split_once('/')?.1;
    let is_schedule = path.starts_with("schedules/");
    is_schedule.then(|| {
        let name = Cow::Owned(format!("scheduler {}", request.method()));
        Rate { name, burst: SCHEDULER.0, refill: SCHEDULER.1 }
    })
}

fn of_target(target: &str) -> Option<Rate> {
    let (service, operation) = target.split_once('.')?;
    match service {
        "AmazonEC2ContainerServiceV20141113" => of_ecs(operation),
        "AWSEvents" => {
            let name = Cow::Owned(format!("events {operation}"));
            Some(Rate { name, burst: EVENTBRIDGE.0, refill: EVENTBRIDGE.1 })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, target: Option<&str>) -> HttpRequest {
        let mut request = HttpRequest::empty();
        request.set_uri(uri).expect("a URL");
        if let Some(target) = target {
            request.headers_mut().insert("x-amz-target", target.to_owned());
        }
        request
    }

    #[test]
    fn operations_of_one_bucket_share_it() {
        let of = |operation: &str| {
            of_request(&request(
                "https://ecs/",
                Some(&format!("AmazonEC2ContainerServiceV20141113.{operation}")),
            ))
        };
        assert_eq!(of("RegisterTaskDefinition"), of("DeregisterTaskDefinition"));
        assert_eq!(of("RegisterTaskDefinition").map(|rate| (rate.burst, rate.refill)), Some((20.0, 1.0)));
        assert_eq!(of("SomethingNew"), None);
    }

    #[test]
    fn each_operation_of_eventbridge_has_its_own_bucket() {
        let of = |operation: &str| {
            of_request(&request("https://events/", Some(&format!("AWSEvents.{operation}"))))
        };
        assert_ne!(of("PutRule"), of("PutTargets"));
    }

    #[test]
    fn schedules_are_told_from_their_groups() {
        let name = |path: &str| {
            of_request(&request(&format!("https://scheduler{path}"), None)).map(|rate| rate.name)
        };
        assert_eq!(name("/schedules/nightly?groupName=shop").as_deref(), Some("scheduler GET"));
        assert_eq!(name("/schedule-groups/shop"), None);
    }
}
