//! Polls AWS for a watch: with as few calls as possible, and a fallback for each call that is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all, try_join_all};
use serde_json::Value;

use super::service_deployments::{DeploymentReads, FoundServiceDeployments};
use super::snapshot::Poll;
use super::{RolloutWatch, WatchItem};
use crate::aws::ApiError;
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{
    LoadBalancer, RolloutState, Service, ServiceDeployment, TargetHealth, Task, parse_view,
};

/// After how many polls without a change stopped tasks, and targets, are read all the same.
const POLLS_BETWEEN_TASKS: u32 = 4;
const POLLS_BETWEEN_TARGETS: u32 = 8;
/// The time limit for reading the services: what is slower is reported.
const SERVICES_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit for what a poll reads besides the services, on which no verdict has to wait.
const RELATED_TIMEOUT: Duration = Duration::from_secs(3);

/// What can be read for one service, besides the service itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadableSources {
    pub(super) deployments: DeploymentReads,
    pub(super) tasks: bool,
    /// Stopped tasks were due, and could not be read.
    has_due_tasks: bool,
    targets: bool,
}

impl Default for ReadableSources {
    fn default() -> ReadableSources {
        ReadableSources {
            deployments: DeploymentReads::default(),
            tasks: true,
            has_due_tasks: false,
            targets: true,
        }
    }
}

/// What belongs to a service: its newly stopped tasks, and its targets.
pub(super) type RelatedReads = (Result<Vec<Task>, ApiError>, Result<Option<Vec<TargetHealth>>, ApiError>);

impl RolloutWatch<'_> {
    /// Polls all open services: one call for each cluster and ten services, and what belongs to them.
    ///
    /// The services are read last of what a verdict depends on: after a rollback they must not show an older state
    /// than the service deployment that ended.
    pub(super) async fn poll(&mut self, limit: Duration) {
        let limit = limit / 3;
        let mut deployments = self.read_service_deployments(limit).await;
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for item in self.items.iter().filter(|item| item.outcome.is_none()) {
            clusters.entry(item.rollout.cluster.clone()).or_default().push(item.rollout.name.clone());
        }
        let aws = self.aws;
        let calls = clusters.iter().map(|(cluster, names)| async move {
            let read = tokio::time::timeout(SERVICES_TIMEOUT, aws.poll_services(cluster, names)).await;
            read.unwrap_or_else(|_| Err(late("ecs:DescribeServices")))
        });
        let answers = join_all(calls).await;
        // An error in one cluster does not concern the services of another.
        for (cluster, answer) in clusters.keys().zip(answers) {
            match answer {
                Ok(found) => self.add_services(cluster, &found, &mut deployments, limit).await,
                Err(error) => self.record_cluster_error(cluster, &error),
            }
        }
    }

    /// Adds what was read of a cluster's services, with what belongs to each.
    async fn add_services(
        &mut self,
        cluster: &str,
        found: &BTreeMap<String, Value>,
        deployments: &mut FoundServiceDeployments,
        limit: Duration,
    ) {
        let open = |item: &WatchItem| item.outcome.is_none() && item.rollout.cluster == cluster;
        let mut services = BTreeMap::new();
        for (index, item) in self.items.iter_mut().enumerate().filter(|(_, item)| open(item)) {
            match found.get(&item.rollout.name).map(parse_view::<Service>).transpose() {
                Ok(service) => drop(services.insert(index, service)),
                Err(_) => {
                    item.record_poll_failure(&ApiError::unreadable("ecs:DescribeServices"), Instant::now());
                }
            }
        }
        self.read_unquiet_service_deployments(&services, deployments, limit).await;
        let reading =
            services.iter().map(|(index, service)| self.read_related_in_time(*index, service.as_ref()));
        let around = join_all(reading).await;
        for ((index, service), around) in services.into_iter().zip(around) {
            let (stopped, targets) =
                (self.tasks_or_note(index, around.0), self.targets_or_note(index, around.1));
            let item = &mut self.items[index];
            let arn = item.rollout.service_deployment.as_deref();
            let is_ours = |known: &&ServiceDeployment| arn == Some(known.service_deployment_arn.as_str());
            let service_deployment = deployments.deployments.iter().find(is_ours).cloned();
            let unread = deployments.unread.contains(&index);
            let is_tried = unread || deployments.tried.contains(&index);
            let skipped = arn.is_some() && !is_tried && item.sources.deployments.are_readable();
            let at = item.api_now();
            let look = Poll { at, service, service_deployment, unread, skipped, stopped, targets };
            item.add_poll(look);
        }
    }

    /// Reads what is due for a service, as far as it is answered in time.
    async fn read_related_in_time(&self, index: usize, service: Option<&Service>) -> RelatedReads {
        let read = tokio::time::timeout(RELATED_TIMEOUT, self.read_related(index, service)).await;
        read.unwrap_or_else(|_| (Err(late("ecs:DescribeTasks")), Ok(None)))
    }

    /// Reads what is due for a service: its newly stopped tasks, and its targets.
    async fn read_related(&self, index: usize, service: Option<&Service>) -> RelatedReads {
        let item = &self.items[index];
        let Some(service) = service else { return (Ok(Vec::new()), Ok(None)) };
        let tasks = async {
            if item.sources.tasks && item.should_read_tasks(service) {
                self.read_tasks(index).await
            } else {
                Ok(Vec::new())
            }
        };
        let targets = async {
            if item.should_read_targets(service) { self.read_targets(index, service).await } else { Ok(None) }
        };
        join(tasks, targets).await
    }

    /// Ends the watch of a cluster's services, and no others, if the error will not pass.
    fn record_cluster_error(&mut self, cluster: &str, error: &ApiError) {
        // Credentials worked when the deploy began: a source of credentials that failed may recover.
        let passes = error.is_retryable() || error.kind == ApiErrorKind::NoCredentials;
        tracing::info!("failed to poll cluster `{cluster}`: {error}");
        let open = |item: &&mut WatchItem| item.outcome.is_none() && item.rollout.cluster == cluster;
        for item in self.items.iter_mut().filter(open) {
            if passes { item.record_poll_failure(error, Instant::now()) } else { item.end_as_lost(error) }
        }
    }

    /// Reports once what cannot be read, and why. What no longer exists shows in the services themselves.
    pub(super) fn note_once(&mut self, what: &'static str, error: &ApiError) {
        if error.kind != ApiErrorKind::NotFound && self.reported_notes.insert(what) {
            self.reporter.note(&format!("{what}: {error}"));
        }
    }

    /// Reads the newly stopped tasks.
    pub(super) async fn read_tasks(&self, index: usize) -> Result<Vec<Task>, ApiError> {
        let item = &self.items[index];
        self.aws.stopped_tasks(&item.rollout.cluster, &item.rollout.name, &item.read_task_arns).await
    }

    /// Returns the tasks that were read; reports once if they may not be read.
    pub(super) fn tasks_or_note(&mut self, index: usize, read: Result<Vec<Task>, ApiError>) -> Vec<Task> {
        match read {
            Ok(tasks) => {
                let item = &mut self.items[index];
                item.sources.has_due_tasks = false;
                item.read_task_arns.extend(tasks.iter().map(|task| task.task_arn.clone()));
                tasks
            }
            Err(error) => {
                self.items[index].sources.has_due_tasks = true;
                if is_lasting(&error) {
                    self.items[index].sources.tasks = false;
                    self.note_once("cannot show why tasks stop", &error);
                }
                Vec::new()
            }
        }
    }

    /// Reads the health of a service's targets; `None` where it has none.
    pub(super) async fn read_targets(
        &self,
        index: usize,
        service: &Service,
    ) -> Result<Option<Vec<TargetHealth>>, ApiError> {
        let of = |balancer: &'_ LoadBalancer| {
            let alternate = balancer.advanced_configuration.alternate_target_group_arn.clone();
            [balancer.target_group_arn.clone(), alternate]
        };
        let groups: BTreeSet<String> = service.load_balancers.iter().flat_map(of).flatten().collect();
        if groups.is_empty() || !self.items[index].sources.targets {
            return Ok(None);
        }
        let found = try_join_all(groups.iter().map(|group| self.aws.target_health(group))).await?;
        Ok(Some(found.concat()))
    }

    /// Returns the targets that were read; reports once if they may not be read.
    pub(super) fn targets_or_note(
        &mut self,
        index: usize,
        read: Result<Option<Vec<TargetHealth>>, ApiError>,
    ) -> Option<Vec<TargetHealth>> {
        read.unwrap_or_else(|error| {
            if is_lasting(&error) {
                self.items[index].sources.targets = false;
                self.note_once("cannot show why targets are unhealthy", &error);
            }
            None
        })
    }
}

/// Returns whether an error means that something can never be read. An error that ends the watch is reported with
/// its end.
pub(super) fn is_lasting(error: &ApiError) -> bool {
    !error.is_retryable() && !matches!(error.kind, ApiErrorKind::Expired | ApiErrorKind::NoCredentials)
}

/// Returns the error of a call that was not answered in time.
pub(super) fn late(operation: &str) -> ApiError {
    let message = Some("no answer in time".to_owned());
    ApiError { kind: ApiErrorKind::Transient, message, ..ApiError::unreadable(operation) }
}

impl WatchItem {
    fn should_read_tasks(&self, service: &Service) -> bool {
        let Some(ours) = self.rollout.find_deployment(service) else { return false };
        let failed = self.progress.as_ref().map_or(0, |progress| progress.failed);
        let unsettled = ours.running_count < ours.desired_count;
        let owed = self.sources.has_due_tasks || ours.failed_tasks > failed;
        owed || (unsettled && (self.polls + 1).is_multiple_of(POLLS_BETWEEN_TASKS))
    }

    fn should_read_targets(&self, service: &Service) -> bool {
        let ours = self.rollout.find_deployment(service);
        let waits = ours.is_some_and(|ours| {
            ours.running_count > 0 && ours.rollout_state == Some(RolloutState::InProgress)
        });
        waits && (self.polls + 1).is_multiple_of(POLLS_BETWEEN_TARGETS)
    }
}
