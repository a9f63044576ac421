//! Calls ECS. Documents are sent and kept as raw JSON; see [`super::raw`].

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::types::{
    DesiredStatus, ServiceDeploymentStatus, ServiceField, StopServiceDeploymentStopType, TaskDefinitionField,
};
use serde_json::{Value, json};

use super::raw_json::{RawJson, list, text, views};
use super::types::{ServiceDeployment, ServiceRevision, Task, TaskDefinition};
use super::{ApiError, Aws};

/// The most services that one `DescribeServices` call takes (API reference, `DescribeServices`, `services`).
const MAX_SERVICES_PER_CALL: usize = 10;
/// The most ARNs that one `DescribeServiceDeployments` or `DescribeServiceRevisions` call takes.
const MAX_DEPLOYMENTS_PER_CALL: usize = 20;
/// The most service deployments in one page of `ListServiceDeployments`.
const MAX_DEPLOYMENTS_PER_PAGE: i32 = 100;
/// The statuses of a service deployment that has not ended.
const STATUSES_IN_PROGRESS: &[&str] =
    &["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];
/// The most tasks that one `DescribeTasks` call takes.
const MAX_TASKS_PER_CALL: usize = 100;
/// The most stopped tasks that are read: a crash loop of a large service leaves thousands.
pub const MAX_STOPPED_TASKS: usize = 1000;

/// The most pages of 100 deployments that are read: twenty deployments a day for the 90 days that ECS keeps.
const HISTORY_PAGES: usize = 20;

impl Aws {
    /// Returns services as raw JSON with their tags, by name; names that do not exist are left out.
    ///
    /// # Errors
    /// The API call failed, with [`Meaning::NotFound`] if the cluster does not exist.
    pub async fn services(
        &self,
        cluster: &str,
        names: &[String],
    ) -> Result<BTreeMap<String, Value>, ApiError> {
        self.describe_services(cluster, names, Some(vec![ServiceField::Tags]), with_retries).await
    }

    /// Returns services without their tags, with at most two attempts a call: the next poll reads them again.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn poll_services(
        &self,
        cluster: &str,
        names: &[String],
    ) -> Result<BTreeMap<String, Value>, ApiError> {
        self.describe_services(cluster, names, None, with_one_retry).await
    }

    async fn describe_services(
        &self,
        cluster: &str,
        names: &[String],
        include: Option<Vec<ServiceField>>,
        retries: impl Fn() -> aws_sdk_ecs::config::Builder,
    ) -> Result<BTreeMap<String, Value>, ApiError> {
        let (retries, include) = (&retries, &include);
        let calls = names.chunks(MAX_SERVICES_PER_CALL).map(|names| async move {
            let raw = RawJson::capture();
            let request = self.ecs.describe_services().cluster(cluster).set_services(Some(names.to_vec()));
            let request = request.set_include(include.clone()).customize().interceptor(raw.clone());
            let sent = request.config_override(retries()).send().await;
            sent.map_err(|error| ApiError::from_sdk("ecs:DescribeServices", error))?;
            raw.take_response("ecs:DescribeServices")
        });
        let mut services = BTreeMap::new();
        for answer in futures_util::future::try_join_all(calls).await? {
            for service in list("ecs:DescribeServices", &answer, "services")? {
                let name = text("ecs:DescribeServices", service, "serviceName")?;
                services.insert(name.to_owned(), service.clone());
            }
        }
        Ok(services)
    }

    /// Returns the names of the services of a cluster.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn service_names(&self, cluster: &str) -> Result<Vec<String>, ApiError> {
        let mut names = Vec::new();
        let mut pages =
            self.ecs.list_services().cluster(cluster).max_results(100).into_paginator().items().send();
        while let Some(arn) = pages.next().await {
            let arn = arn.map_err(|error| ApiError::from_sdk("ecs:ListServices", error))?;
            names.push(arn.rsplit('/').next().unwrap_or_default().to_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Returns a task definition by family, `family:revision` or ARN, or `None` if it does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn task_definition(&self, name: &str) -> Result<Option<TaskDefinition>, ApiError> {
        let raw = RawJson::capture();
        let request =
            self.ecs.describe_task_definition().task_definition(name).include(TaskDefinitionField::Tags);
        if let Err(error) = request.customize().interceptor(raw.clone()).send().await {
            let error = ApiError::from_sdk("ecs:DescribeTaskDefinition", error);
            // ECS answers "Unable to describe task definition." for one that does not exist.
            let absent =
                matches!(error.code.as_deref(), Some("ClientException" | "InvalidParameterException"));
            return if absent { Ok(None) } else { Err(error) };
        }
        let definition = task_definition_from(raw.take_response("ecs:DescribeTaskDefinition")?);
        definition.map(Some).ok_or_else(|| ApiError::unreadable("ecs:DescribeTaskDefinition"))
    }

    /// Registers a task definition document and returns the task definition as ECS stored it.
    ///
    /// Sent once: the call has no idempotency token, so a retry by the SDK after a lost response would register a
    /// second revision.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn register_task_definition(&self, document: &Value) -> Result<TaskDefinition, ApiError> {
        let raw = RawJson::with_body(document);
        let request = self.ecs.register_task_definition().customize().interceptor(raw.clone());
        let sent = request.config_override(without_retries()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:RegisterTaskDefinition", error))?;
        task_definition_from(raw.take_response("ecs:RegisterTaskDefinition")?)
            .ok_or_else(|| ApiError::unreadable("ecs:RegisterTaskDefinition"))
    }

    /// Updates a service with an `UpdateService` document and returns the service as raw JSON. Sent once.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn update_service(&self, document: &Value) -> Result<Value, ApiError> {
        let raw = RawJson::with_body(document);
        let request = self.ecs.update_service().customize().interceptor(raw.clone());
        let sent = request.config_override(without_retries()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:UpdateService", error))?;
        match raw.take_response("ecs:UpdateService")?["service"].take() {
            Value::Null => Err(ApiError::unreadable("ecs:UpdateService")),
            service => Ok(service),
        }
    }

    /// Sets tags on a resource.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn tag_resource(&self, arn: &str, tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
        let tags = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect::<Value>();
        let raw = RawJson::with_body(&json!({"resourceArn": arn, "tags": tags}));
        let sent = self.ecs.tag_resource().customize().interceptor(raw).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("ecs:TagResource", error))
    }

    /// Returns service revisions by ARN; those that ECS does not have are left out.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn service_revisions(&self, arns: &[String]) -> Result<Vec<ServiceRevision>, ApiError> {
        let calls = arns.chunks(MAX_DEPLOYMENTS_PER_CALL).map(|arns| async move {
            let raw = RawJson::capture();
            let request =
                self.ecs.describe_service_revisions().set_service_revision_arns(Some(arns.to_vec()));
            let sent = request.customize().interceptor(raw.clone()).send().await;
            sent.map_err(|error| ApiError::from_sdk("ecs:DescribeServiceRevisions", error))?;
            views("ecs:DescribeServiceRevisions", &raw, "serviceRevisions")
        });
        Ok(futures_util::future::try_join_all(calls).await?.concat())
    }

    /// Returns the deployments of a service that were created after a time, newest first: one page, at most 100.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn service_deployments_since(
        &self,
        cluster: &str,
        service: &str,
        since: f64,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        self.list_service_deployments_since(cluster, service, since, with_retries()).await
    }

    /// Returns the same, and sends the call once: a watch polls again anyway, and must not wait for a call that is
    /// throttled.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn poll_service_deployments_since(
        &self,
        cluster: &str,
        service: &str,
        since: f64,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        self.list_service_deployments_since(cluster, service, since, without_retries()).await
    }

    async fn list_service_deployments_since(
        &self,
        cluster: &str,
        service: &str,
        since: f64,
        retries: aws_sdk_ecs::config::Builder,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        let raw = RawJson::capture();
        let after = aws_smithy_types::DateTime::from_secs_f64(since);
        let created = aws_sdk_ecs::types::CreatedAt::builder().after(after).build();
        let request =
            self.ecs.list_service_deployments().cluster(cluster).service(service).created_at(created);
        let request = request.max_results(MAX_DEPLOYMENTS_PER_PAGE).customize().interceptor(raw.clone());
        let sent = request.config_override(retries).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:ListServiceDeployments", error))?;
        let mut list: Vec<ServiceDeployment> =
            views("ecs:ListServiceDeployments", &raw, "serviceDeployments")?;
        list.sort_by(|a, b| b.created_at.0.total_cmp(&a.created_at.0));
        Ok(list)
    }

    /// Returns all service deployments that ECS keeps of a service, newest first.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn service_deployment_history(
        &self,
        cluster: &str,
        service: &str,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        let mut list: Vec<ServiceDeployment> = Vec::new();
        let mut next = None;
        for _ in 0..HISTORY_PAGES {
            let raw = RawJson::capture();
            let request = self.ecs.list_service_deployments().cluster(cluster).service(service);
            let request = request.max_results(100).set_next_token(next);
            let listed = request.customize().interceptor(raw.clone()).send().await;
            let listed = listed.map_err(|error| ApiError::from_sdk("ecs:ListServiceDeployments", error))?;
            list.extend(views("ecs:ListServiceDeployments", &raw, "serviceDeployments")?);
            next = listed.next_token().map(str::to_owned).filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
        list.sort_by(|a, b| b.created_at.0.total_cmp(&a.created_at.0));
        Ok(list)
    }

    /// Returns the newest service deployments of a service, newest first, as `ListServiceDeployments` gives them.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn newest_service_deployments(
        &self,
        cluster: &str,
        service: &str,
        number: usize,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        let request = || self.ecs.list_service_deployments().cluster(cluster).service(service);
        let mut list: Vec<ServiceDeployment> = Vec::new();
        let mut next = None;
        loop {
            let raw = RawJson::capture();
            let page = request().max_results(MAX_DEPLOYMENTS_PER_PAGE).set_next_token(next);
            let sent = page.customize().interceptor(raw.clone()).send().await;
            let sent = sent.map_err(|error| ApiError::from_sdk("ecs:ListServiceDeployments", error))?;
            list.extend(views("ecs:ListServiceDeployments", &raw, "serviceDeployments")?);
            next = sent.next_token().map(str::to_owned).filter(|token| !token.is_empty());
            // ECS lists the newest first, but does not document that order.
            let in_order = list.is_sorted_by(|a, b| a.created_at.0 >= b.created_at.0);
            if next.is_none() || (in_order && list.len() >= number) {
                break;
            }
        }
        list.sort_by(|a, b| b.created_at.0.total_cmp(&a.created_at.0));
        list.truncate(number);
        Ok(list)
    }

    /// Returns the service deployments of a service that have not ended, as `ListServiceDeployments` gives them.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn service_deployments_in_progress(
        &self,
        cluster: &str,
        service: &str,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        let raw = RawJson::capture();
        let open = STATUSES_IN_PROGRESS.iter().map(|status| ServiceDeploymentStatus::from(*status)).collect();
        let request =
            self.ecs.list_service_deployments().cluster(cluster).service(service).set_status(Some(open));
        let sent = request.customize().interceptor(raw.clone()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:ListServiceDeployments", error))?;
        views("ecs:ListServiceDeployments", &raw, "serviceDeployments")
    }

    /// Returns service deployments by ARN; those that ECS does not have are left out.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn service_deployments(&self, arns: &[String]) -> Result<Vec<ServiceDeployment>, ApiError> {
        self.describe_service_deployments(arns, with_retries).await
    }

    /// Returns the same, and sends each call once, as a poll does.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn poll_service_deployments(
        &self,
        arns: &[String],
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        self.describe_service_deployments(arns, without_retries).await
    }

    async fn describe_service_deployments(
        &self,
        arns: &[String],
        retries: impl Fn() -> aws_sdk_ecs::config::Builder,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        let retries = &retries;
        let calls = arns.chunks(MAX_DEPLOYMENTS_PER_CALL).map(|arns| async move {
            let raw = RawJson::capture();
            let request =
                self.ecs.describe_service_deployments().set_service_deployment_arns(Some(arns.to_vec()));
            let request = request.customize().interceptor(raw.clone());
            let sent = request.config_override(retries()).send().await;
            sent.map_err(|error| ApiError::from_sdk("ecs:DescribeServiceDeployments", error))?;
            views("ecs:DescribeServiceDeployments", &raw, "serviceDeployments")
        });
        Ok(futures_util::future::try_join_all(calls).await?.concat())
    }

    /// Returns the stopped tasks of a service that are not in `known`; ECS lists stopped tasks for about an hour.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn stopped_tasks(
        &self,
        cluster: &str,
        service: &str,
        known: &BTreeSet<String>,
    ) -> Result<Vec<Task>, ApiError> {
        let mut arns = self.task_arns(cluster, service, DesiredStatus::Stopped).await?;
        arns.retain(|arn| !known.contains(arn));
        self.tasks(cluster, &arns).await
    }

    /// Returns the tasks of a service that are running or are to run.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn running_tasks(&self, cluster: &str, service: &str) -> Result<Vec<Task>, ApiError> {
        let arns = self.task_arns(cluster, service, DesiredStatus::Running).await?;
        self.tasks(cluster, &arns).await
    }

    /// Returns tasks by id or ARN; tasks that ECS does not have, or no longer has, are left out.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn tasks(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>, ApiError> {
        let calls = arns.chunks(MAX_TASKS_PER_CALL).map(|arns| async move {
            let raw = RawJson::capture();
            let request = self.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
            let sent = request.customize().interceptor(raw.clone()).send().await;
            sent.map_err(|error| ApiError::from_sdk("ecs:DescribeTasks", error))?;
            views("ecs:DescribeTasks", &raw, "tasks")
        });
        Ok(futures_util::future::try_join_all(calls).await?.concat())
    }

    /// Returns the ARNs of the tasks of a service, page by page; at most [`STOPPED_AT_MOST`] stopped ones.
    async fn task_arns(
        &self,
        cluster: &str,
        service: &str,
        status: DesiredStatus,
    ) -> Result<Vec<String>, ApiError> {
        let most = if status == DesiredStatus::Stopped { MAX_STOPPED_TASKS } else { usize::MAX };
        let mut arns = Vec::new();
        let mut next = None;
        loop {
            let request = self.ecs.list_tasks().cluster(cluster).service_name(service).set_next_token(next);
            let listed = request.desired_status(status.clone()).send().await;
            let listed = listed.map_err(|error| ApiError::from_sdk("ecs:ListTasks", error))?;
            arns.extend(listed.task_arns().iter().cloned());
            next = listed.next_token().map(str::to_owned).filter(|token| !token.is_empty());
            if next.is_none() || arns.len() >= most {
                return Ok(arns);
            }
        }
    }

    /// Stops a task with a reason, which ECS keeps. A task that has stopped already is left as it is.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn stop_task(&self, cluster: &str, arn: &str, reason: &str) -> Result<(), ApiError> {
        let sent = self.ecs.stop_task().cluster(cluster).task(arn).reason(reason).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("ecs:StopTask", error))
    }

    /// Stops a service deployment, so that ECS rolls back to the service revision before it.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn stop_service_deployment(&self, arn: &str) -> Result<(), ApiError> {
        let request = self.ecs.stop_service_deployment().service_deployment_arn(arn);
        let sent = request.stop_type(StopServiceDeploymentStopType::Rollback).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("ecs:StopServiceDeployment", error))
    }
}

impl Aws {
    /// Resolves a lifecycle hook that waits for an action: the service deployment continues or rolls back.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn continue_service_deployment(
        &self,
        arn: &str,
        hook: &str,
        back: bool,
    ) -> Result<(), ApiError> {
        use aws_sdk_ecs::types::DeploymentLifecycleHookAction as Action;
        let action = if back { Action::Rollback } else { Action::Continue };
        let request = self.ecs.continue_service_deployment().service_deployment_arn(arn);
        let sent = request.hook_id(hook).action(action).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("ecs:ContinueServiceDeployment", error))
    }
}

/// Returns the client configuration for calls that the SDK retries.
fn with_retries() -> aws_sdk_ecs::config::Builder {
    aws_sdk_ecs::config::Builder::new()
}

/// Returns the client configuration for calls that the SDK retries once.
fn with_one_retry() -> aws_sdk_ecs::config::Builder {
    aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::standard().with_max_attempts(2))
}

/// Returns the client configuration for calls that the SDK must not retry.
pub(super) fn without_retries() -> aws_sdk_ecs::config::Builder {
    aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::disabled())
}

fn task_definition_from(mut answer: Value) -> Option<TaskDefinition> {
    let mut document = answer["taskDefinition"].take();
    let arn = document["taskDefinitionArn"].as_str()?.to_owned();
    let tags = answer["tags"].take();
    if tags.as_array().is_some_and(|tags| !tags.is_empty()) {
        document["tags"] = tags;
    }
    Some(TaskDefinition { arn, document })
}
