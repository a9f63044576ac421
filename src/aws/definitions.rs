//! Calls ECS about the revisions of a family: lists, reads, deregisters and deletes them, and lists the tasks that run
//! them.

use aws_sdk_ecs::operation::list_tasks::builders::ListTasksFluentBuilder;
use aws_sdk_ecs::types::{DesiredStatus, SortOrder, TaskDefinitionStatus};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::ecs::without_retries;
use super::types::{Task, TaskDefinition};
use super::{ApiError, Aws, MAX_CONCURRENT_CALLS};

/// The most task definitions that one `DeleteTaskDefinitions` call takes (API reference, `taskDefinitions`).
pub const MAX_DELETIONS_PER_CALL: usize = 10;

/// The status of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RevisionStatus {
    Active,
    /// Deregistered: running tasks continue, and nothing new can use it.
    Inactive,
    DeleteInProgress,
}

impl RevisionStatus {
    /// Returns the status as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            RevisionStatus::Active => "ACTIVE",
            RevisionStatus::Inactive => "INACTIVE",
            RevisionStatus::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}

/// Returns the ARNs of all pages of `ListTasks`.
async fn listed_tasks(request: ListTasksFluentBuilder) -> Result<Vec<String>, ApiError> {
    let mut arns = Vec::new();
    let mut pages = request.into_paginator().items().send();
    while let Some(arn) = pages.next().await {
        arns.push(arn.map_err(|error| ApiError::from_sdk("ecs:ListTasks", error))?);
    }
    Ok(arns)
}

impl Aws {
    /// Returns the ARNs of a family's revisions in a status, newest first, at most `most` of them.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn revision_arns(
        &self,
        family: &str,
        status: RevisionStatus,
        most: usize,
    ) -> Result<Vec<String>, ApiError> {
        let (mut arns, mut next) = (Vec::new(), None);
        loop {
            let request = self.ecs.list_task_definitions().family_prefix(family).sort(SortOrder::Desc);
            let request = request.status(TaskDefinitionStatus::from(status.as_str())).max_results(100);
            let sent = request.set_next_token(next).send().await;
            let answer = sent.map_err(|error| ApiError::from_sdk("ecs:ListTaskDefinitions", error))?;
            arns.extend(answer.task_definition_arns().iter().cloned());
            next = answer.next_token().map(str::to_owned).filter(|token| !token.is_empty());
            if next.is_none() || arns.len() >= most {
                arns.truncate(most);
                return Ok(arns);
            }
        }
    }

    /// Returns task definitions by ARN, with their tags, in the given order. Task definitions that no longer exist are
    /// left out.
    ///
    /// Makes one call per ARN, a few at a time: the token bucket for these reads holds 50 and refills by 20 a second.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn task_definitions(&self, arns: &[String]) -> Result<Vec<TaskDefinition>, ApiError> {
        let calls = arns.iter().map(|arn| self.task_definition(arn));
        let found: Vec<Option<TaskDefinition>> =
            stream::iter(calls).buffered(MAX_CONCURRENT_CALLS).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Returns the names of all clusters of the account in this region.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn cluster_names(&self) -> Result<Vec<String>, ApiError> {
        let mut names = Vec::new();
        let mut pages = self.ecs.list_clusters().into_paginator().items().send();
        while let Some(arn) = pages.next().await {
            let arn = arn.map_err(|error| ApiError::from_sdk("ecs:ListClusters", error))?;
            names.push(arn.rsplit('/').next().unwrap_or_default().to_owned());
        }
        Ok(names)
    }

    /// Returns the running and pending tasks of a family in a cluster, those of services among them.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn tasks_of_family(&self, cluster: &str, family: &str) -> Result<Vec<Task>, ApiError> {
        let request = self.ecs.list_tasks().cluster(cluster).family(family);
        let arns = listed_tasks(request.desired_status(DesiredStatus::Running)).await?;
        self.tasks(cluster, &arns).await
    }

    /// Returns the stopped tasks of a family in a cluster; ECS lists stopped tasks for about an hour.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn stopped_tasks_of_family(&self, cluster: &str, family: &str) -> Result<Vec<Task>, ApiError> {
        let request = self.ecs.list_tasks().cluster(cluster).family(family);
        let arns = listed_tasks(request.desired_status(DesiredStatus::Stopped)).await?;
        self.tasks(cluster, &arns).await
    }

    /// Returns the tasks that were started with a `startedBy`, those that have stopped among them. `ListTasks` takes no other
    /// filter beside it.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn tasks_started_by(&self, cluster: &str, started_by: &str) -> Result<Vec<Task>, ApiError> {
        let mut arns = Vec::new();
        for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let request = self.ecs.list_tasks().cluster(cluster).started_by(started_by);
            arns.extend(listed_tasks(request.desired_status(status)).await?);
        }
        self.tasks(cluster, &arns).await
    }

    /// Deregisters a revision; an INACTIVE one is left as it is. Sent once: a caller that deregisters many retries
    /// throttles itself.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn deregister_task_definition(&self, arn: &str) -> Result<(), ApiError> {
        let request = self.ecs.deregister_task_definition().task_definition(arn).customize();
        let sent = request.config_override(without_retries()).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("ecs:DeregisterTaskDefinition", error))
    }

    /// Deletes up to ten INACTIVE revisions. Returns the ARNs that ECS refused, with the reasons. Sent once, like
    /// [`Aws::deregister`].
    ///
    /// # Errors
    /// The API call failed.
    pub async fn delete_task_definitions(&self, arns: &[String]) -> Result<Vec<(String, String)>, ApiError> {
        let request = self.ecs.delete_task_definitions().set_task_definitions(Some(arns.to_vec()));
        let sent = request.customize().config_override(without_retries()).send().await;
        let answer = sent.map_err(|error| ApiError::from_sdk("ecs:DeleteTaskDefinitions", error))?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let refused = |failure: &aws_sdk_ecs::types::Failure| {
            (text(failure.arn()), text(failure.reason().or(failure.detail())))
        };
        Ok(answer.failures().iter().map(refused).collect())
    }
}
