//! Owns calls to ECS about the revisions of a family: listing them, reading them, retiring them, and what runs of them.

use aws_sdk_ecs::types::{DesiredStatus, SortOrder, TaskDefinitionStatus};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::ecs::once;
use super::raw::{RawJson, views};
use super::types::{Task, TaskDefinition};
use super::{ApiError, Aws, CALLS_AT_ONCE};

/// How many task definitions DeleteTaskDefinitions takes (API reference, `taskDefinitions`).
pub const DELETIONS_A_CALL: usize = 10;
/// How many tasks DescribeTasks takes.
const TASKS_A_CALL: usize = 100;

/// Says whether a revision can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Active,
    /// Deregistered: what runs goes on, nothing new can use it.
    Inactive,
    DeleteInProgress,
}

impl Status {
    /// Returns the name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Status::Active => "ACTIVE",
            Status::Inactive => "INACTIVE",
            Status::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}

impl Aws {
    /// Returns the ARNs of a family's revisions in a status, newest first, as many as `most` at the most.
    ///
    /// # Errors
    /// The API's.
    pub async fn revision_arns(
        &self,
        family: &str,
        status: Status,
        most: usize,
    ) -> Result<Vec<String>, ApiError> {
        let (mut arns, mut next) = (Vec::new(), None);
        loop {
            let request = self.ecs.list_task_definitions().family_prefix(family).sort(SortOrder::Desc);
            let request = request.status(TaskDefinitionStatus::from(status.name())).max_results(100);
            let sent = request.set_next_token(next).send().await;
            let answer = sent.map_err(|error| ApiError::new("ecs:ListTaskDefinitions", error))?;
            arns.extend(answer.task_definition_arns().iter().cloned());
            next = answer.next_token().map(str::to_owned).filter(|token| !token.is_empty());
            if next.is_none() || arns.len() >= most {
                arns.truncate(most);
                return Ok(arns);
            }
        }
    }

    /// Returns task definitions by ARN, with their tags, in the order given; those that are gone are left out.
    ///
    /// One call each, a few at a time: the bucket for reading them holds 50 and refills by 20 a second.
    ///
    /// # Errors
    /// The API's.
    pub async fn task_definitions(&self, arns: &[String]) -> Result<Vec<TaskDefinition>, ApiError> {
        let calls = arns.iter().map(|arn| self.task_definition(arn));
        let found: Vec<Option<TaskDefinition>> =
            stream::iter(calls).buffered(CALLS_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Returns the names of all clusters of the account in this region.
    ///
    /// # Errors
    /// The API's.
    pub async fn cluster_names(&self) -> Result<Vec<String>, ApiError> {
        let mut names = Vec::new();
        let mut pages = self.ecs.list_clusters().into_paginator().items().send();
        while let Some(arn) = pages.next().await {
            let arn = arn.map_err(|error| ApiError::new("ecs:ListClusters", error))?;
            names.push(arn.rsplit('/').next().unwrap_or_default().to_owned());
        }
        Ok(names)
    }

    /// Returns the tasks of a family that run, or are about to, in a cluster: a service's and others.
    ///
    /// # Errors
    /// The API's.
    pub async fn tasks_of_family(&self, cluster: &str, family: &str) -> Result<Vec<Task>, ApiError> {
        let mut arns = Vec::new();
        let request = self.ecs.list_tasks().cluster(cluster).family(family);
        let mut pages = request.desired_status(DesiredStatus::Running).into_paginator().items().send();
        while let Some(arn) = pages.next().await {
            arns.push(arn.map_err(|error| ApiError::new("ecs:ListTasks", error))?);
        }
        let mut tasks = Vec::new();
        for arns in arns.chunks(TASKS_A_CALL) {
            let raw = RawJson::keep();
            let request = self.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
            let sent = request.customize().interceptor(raw.clone()).send().await;
            sent.map_err(|error| ApiError::new("ecs:DescribeTasks", error))?;
            tasks.extend(views::<Task>("ecs:DescribeTasks", &raw, "tasks")?);
        }
        Ok(tasks)
    }

    /// Deregisters a revision; one that is INACTIVE already stays so. Sent once: who retires many waits out throttles.
    ///
    /// # Errors
    /// The API's.
    pub async fn deregister(&self, arn: &str) -> Result<(), ApiError> {
        let request = self.ecs.deregister_task_definition().task_definition(arn).customize();
        let sent = request.config_override(once()).send().await;
        sent.map(drop).map_err(|error| ApiError::new("ecs:DeregisterTaskDefinition", error))
    }

    /// Deletes up to ten INACTIVE revisions, and returns those that ECS refused with the reason. Sent once, as above.
    ///
    /// # Errors
    /// The API's.
    pub async fn delete_definitions(&self, arns: &[String]) -> Result<Vec<(String, String)>, ApiError> {
        let request = self.ecs.delete_task_definitions().set_task_definitions(Some(arns.to_vec()));
        let sent = request.customize().config_override(once()).send().await;
        let answer = sent.map_err(|error| ApiError::new("ecs:DeleteTaskDefinitions", error))?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let refused = |failure: &aws_sdk_ecs::types::Failure| {
            (text(failure.arn()), text(failure.reason().or(failure.detail())))
        };
        Ok(answer.failures().iter().map(refused).collect())
    }
}
