//! Reads the URLs of Express services that are up and whose URL was not known when they were changed.

use super::ReleaseRunner;
use crate::aws::lookup::in_time;
use crate::plan::ServicePlan;
use crate::plan::express::{active_configuration, endpoint};
use crate::report::Event;

impl ReleaseRunner<'_> {
    /// Adds the URLs to the results of the rollouts. A URL that cannot be read is left out, with a note.
    pub(super) async fn add_urls(&mut self) {
        for index in 0..self.settled.len() {
            let rollout = &self.settled[index].rollout;
            if rollout.url.is_some() || !self.settled[index].has_succeeded() {
                continue;
            }
            let of_rollout = |plan: &&ServicePlan| plan.key == rollout.key && plan.express.is_some();
            let Some(plan) = self.plan.services.iter().find(of_rollout) else { continue };
            let url = self.read_url(plan).await;
            self.settled[index].rollout.url = url;
        }
    }

    async fn read_url(&self, plan: &ServicePlan) -> Option<String> {
        let arn = self.express_arn(plan).await?;
        match in_time("ecs:DescribeExpressGatewayService", self.aws.express_service(&arn)).await {
            Ok(express) => endpoint(active_configuration(&express)),
            Err(error) => {
                let note = format!("the URL of `{}` is not known: {error}", plan.key);
                self.context.reporter.report(&Event::Note(&note));
                None
            }
        }
    }

    /// Returns the ARN of an Express service, also of one that the release has created.
    async fn express_arn(&self, plan: &ServicePlan) -> Option<String> {
        let known = plan.express.as_ref().map(|express| express.service_arn.clone());
        if let Some(arn) = known.filter(|arn| !arn.is_empty()) {
            return Some(arn);
        }
        let read = self.aws.services(&plan.cluster, std::slice::from_ref(&plan.name));
        let found = in_time("ecs:DescribeServices", read).await.ok()?;
        Some(found.get(&plan.name)?["serviceArn"].as_str()?.to_owned())
    }
}
