//! The policy that keeps a number of requests for each target of the service's load balancer: its metric names the load
//! balancer and the target group.

use serde_json::{Value, json};

use crate::aws::types::{ObservedState, ServiceRef};
use crate::error::Failure;
use crate::render::DesiredService;
use crate::render::autoscaling::{REQUESTS_POLICY, ScalingDocument, tracking_policy};

/// Returns the ARNs of a service's target groups: as its document in the manifest has them, else as it runs.
pub fn target_groups_of(service: &DesiredService, observed: &ObservedState) -> Vec<String> {
    let written = service.service.as_ref().map(|document| &document["loadBalancers"]);
    let seen = observed.services.get(&ServiceRef::new(&service.cluster, &service.name));
    let running = seen.map(|seen| &seen.document["loadBalancers"]);
    let balancers = written.filter(|written| written.is_array()).or(running).and_then(Value::as_array);
    let arns = balancers.into_iter().flatten().filter_map(|balancer| balancer["targetGroupArn"].as_str());
    let mut groups: Vec<String> = arns.map(str::to_owned).collect();
    groups.dedup();
    groups
}

/// Returns the policy that keeps so many requests for each target.
///
/// # Errors
/// The service has not exactly one target group, or no Application Load Balancer routes to it.
pub(super) fn requests_policy(
    value: f64,
    service: &DesiredService,
    observed: &ObservedState,
) -> Result<ScalingDocument, Failure> {
    let key = &service.key;
    let groups = target_groups_of(service, observed);
    let group = match groups.as_slice() {
        [group] => group,
        [] => {
            let message = format!("service `{key}` has no load balancer, which `requests_per_target` needs");
            let hint =
                "add a target group under `loadBalancers` of the service, or remove `requests_per_target`";
            return Err(Failure::error(message).with_hint(hint.to_owned()));
        }
        several => {
            let message = format!(
                "service `{key}` has {} target groups, and `requests_per_target` is for one",
                several.len()
            );
            let hint = "write the policy under `policies`, with the `ResourceLabel` of one of them";
            return Err(Failure::error(message).with_hint(hint.to_owned()));
        }
    };
    let balancers = observed.load_balancers.get(group).map(Vec::as_slice).unwrap_or_default();
    let labels = balancers.iter().filter_map(|balancer| application_balancer(balancer));
    let Some((balancer, group)) = labels.zip(target_group(group)).next() else {
        let message = format!("no Application Load Balancer routes to the target group of service `{key}`");
        let hint = "`requests_per_target` counts the requests of an Application Load Balancer: remove it, or add a listener rule";
        return Err(Failure::error(message).with_hint(hint.to_owned()));
    };
    let label = format!("{balancer}/{group}");
    let metric = json!({ "PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label });
    Ok(tracking_policy(REQUESTS_POLICY, metric, value))
}

/// Returns the end of the ARN of an Application Load Balancer, such as `app/web/0123456789abcdef`.
fn application_balancer(arn: &str) -> Option<&str> {
    arn.split_once(":loadbalancer/").map(|(_, name)| name).filter(|name| name.starts_with("app/"))
}

/// Returns the end of the ARN of a target group, such as `targetgroup/web/0123456789abcdef`.
fn target_group(arn: &str) -> Option<&str> {
    arn.rsplit(':').next().filter(|name| name.starts_with("targetgroup/"))
}
