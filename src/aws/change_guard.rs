//! What allows the requests of a run that change something: the lock of a stage, while it is held. Decides by the name of
//! the operation, so that no call can be forgotten. Never allows a request itself.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// What the names of operations that only read begin with.
const READS: &[&str] = &["BatchCheck", "BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Scan"];

/// The answer of a guard: the reason where the request must not be sent.
pub type Allowed<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Allows requests that change something.
pub trait ChangeGuard: Debug + Send + Sync {
    /// Returns once the next request may be sent, or why it must not be.
    fn allow(&self) -> Allowed<'_>;
}

/// A request that was not sent, because the guard of the run did not allow it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ChangeRefused(pub(super) String);

/// Returns whether a request changes something.
///
/// Of the services with the query protocol, STS and Elastic Load Balancing, a run only reads.
pub(super) fn is_change(request: &HttpRequest) -> bool {
    if let Some(target) = request.headers().get("x-amz-target") {
        let operation = target.rsplit('.').next().unwrap_or_default();
        return !READS.iter().any(|read| operation.starts_with(read));
    }
    let path = request.uri().find("://").and_then(|at| request.uri()[at + 3..].split_once('/'));
    let is_rest = path.is_some_and(|(_, path)| !path.is_empty() && !path.starts_with('?'));
    is_rest && request.method() != "GET"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str, target: Option<&'static str>) -> HttpRequest {
        let mut request = HttpRequest::empty();
        request.set_method(method).expect("a method");
        request.set_uri(uri).expect("an address");
        if let Some(target) = target {
            request.headers_mut().insert("x-amz-target", target);
        }
        request
    }

    #[test]
    fn a_change_is_told_by_its_operation_or_its_method() {
        let cases = [
            ("POST", "https://ecs/", Some("AmazonEC2ContainerServiceV20141113.UpdateService"), true),
            ("POST", "https://ecs/", Some("AmazonEC2ContainerServiceV20141113.DescribeServices"), false),
            ("POST", "https://logs/", Some("Logs_20140328.FilterLogEvents"), false),
            ("POST", "https://ecr/", Some("AmazonEC2ContainerRegistry_V20150921.BatchGetImage"), false),
            ("POST", "https://events/", Some("AWSEvents.PutTargets"), true),
            ("PUT", "https://scheduler/schedules/nightly", None, true),
            ("GET", "https://scheduler/schedules/nightly", None, false),
            ("POST", "https://sts/", None, false),
            ("POST", "https://sts", None, false),
        ];
        for (method, uri, target, expected) in cases {
            assert_eq!(is_change(&request(method, uri, target)), expected, "{method} {uri} {target:?}");
        }
    }
}
