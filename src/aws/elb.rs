//! Calls Elastic Load Balancing: the health of a service's targets.

use super::types::TargetHealth;
use super::{ApiError, Aws};

impl Aws {
    /// Returns the health of the targets of a target group.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn target_health(&self, group: &str) -> Result<Vec<TargetHealth>, ApiError> {
        let sent = self.elb().describe_target_health().target_group_arn(group).send().await;
        let answer =
            sent.map_err(|error| ApiError::from_sdk("elasticloadbalancing:DescribeTargetHealth", error))?;
        let name = group.rsplit('/').nth(1).unwrap_or(group);
        let described = answer.target_health_descriptions().iter();
        Ok(described
            .map(|described| {
                let (target, health) = (described.target(), described.target_health());
                let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
                TargetHealth {
                    group: name.to_owned(),
                    target: target.and_then(|target| text(target.id())).unwrap_or_default(),
                    port: target.and_then(|target| target.port()).unwrap_or_default().into(),
                    state: health.and_then(|h| h.state()).map(|s| s.as_str().to_owned()).unwrap_or_default(),
                    reason: health.and_then(|h| h.reason()).map(|reason| reason.as_str().to_owned()),
                    description: health.and_then(|health| text(health.description())),
                }
            })
            .collect())
    }
}
