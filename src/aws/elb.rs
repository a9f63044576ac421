//! Calls Elastic Load Balancing: the health of a service's targets, and the load balancers of its target groups.

use std::collections::BTreeMap;

use super::types::TargetHealth;
use super::{ApiError, Aws};
use crate::verification::TargetGroupFacts;

/// The most target groups in one call. The API reference names no maximum; 20 is the default page of lists.
const MAX_GROUPS_PER_CALL: usize = 20;

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

    /// Returns a target group; `None` where it does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn target_group(&self, arn: &str) -> Result<Option<TargetGroupFacts>, ApiError> {
        let sent = self.elb().describe_target_groups().target_group_arns(arn).send().await;
        let answer = match sent
            .map_err(|error| ApiError::from_sdk("elasticloadbalancing:DescribeTargetGroups", error))
        {
            Err(error) if error.code.as_deref() == Some("TargetGroupNotFound") => return Ok(None),
            answer => answer?,
        };
        Ok(answer.target_groups().first().map(|group| TargetGroupFacts {
            target_type: group.target_type().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            protocol: group.protocol().map(|protocol| protocol.as_str().to_owned()).unwrap_or_default(),
            vpc: group.vpc_id().map(str::to_owned),
            balancers: group.load_balancer_arns().len(),
        }))
    }

    /// Returns the ARNs of the load balancers that route to each of these target groups.
    ///
    /// # Errors
    /// The API call failed, or one of the target groups does not exist.
    pub async fn load_balancers(&self, groups: &[String]) -> Result<BTreeMap<String, Vec<String>>, ApiError> {
        let mut found = BTreeMap::new();
        for batch in groups.chunks(MAX_GROUPS_PER_CALL) {
            let request = self.elb().describe_target_groups().set_target_group_arns(Some(batch.to_vec()));
            let answer = request
                .send()
                .await
                .map_err(|error| ApiError::from_sdk("elasticloadbalancing:DescribeTargetGroups", error))?;
            for group in answer.target_groups() {
                let Some(arn) = group.target_group_arn() else { continue };
                found.insert(arn.to_owned(), group.load_balancer_arns().to_vec());
            }
        }
        Ok(found)
    }
}
