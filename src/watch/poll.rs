//! Polls AWS for a watch: with as few calls as possible, and a fallback for each call that is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures_util::future::{join, join_all, try_join_all};
use serde_json::Value;

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
/// After how many unreadable answers in a row the watch continues without service deployments.
const MAX_UNREADABLE_ANSWERS: u32 = 3;
/// The number of polls between two searches for a service deployment that the first searches did not find.
const POLLS_BETWEEN_SEARCHES: u32 = 4;
/// How much the clocks of the API may differ between parts of one answer, in seconds.
const CLOCK_SKEW: f64 = 5.0;

/// What can be read for one service, besides the service itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadableSources {
    service_deployments: bool,
    /// The number of unreadable answers about them in a row.
    unreadable_answers: u32,
    pub(super) tasks: bool,
    /// Stopped tasks were due, and could not be read.
    has_due_tasks: bool,
    targets: bool,
}

impl Default for ReadableSources {
    fn default() -> ReadableSources {
        ReadableSources {
            service_deployments: true,
            unreadable_answers: 0,
            tasks: true,
            has_due_tasks: false,
            targets: true,
        }
    }
}

/// What belongs to a service: its newly stopped tasks, and its targets.
pub(super) type RelatedReads = (Result<Vec<Task>, ApiError>, Result<Option<Vec<TargetHealth>>, ApiError>);

/// What was read of the service deployments.
#[derive(Default)]
struct FoundServiceDeployments {
    deployments: Vec<ServiceDeployment>,
    /// The items whose service deployment could not be read in this poll, for a reason that may pass.
    unread: BTreeSet<usize>,
}

impl RolloutWatch<'_> {
    /// Polls all open services: one call for each cluster and ten services, and what belongs to them.
    ///
    /// The services are read last of what a verdict depends on: after a rollback they must not show an older state
    /// than the service deployment that ended.
    pub(super) async fn poll(&mut self) {
        let deployments = self.read_service_deployments().await;
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for item in self.items.iter().filter(|item| item.outcome.is_none()) {
            clusters.entry(item.rollout.cluster.clone()).or_default().push(item.rollout.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| self.aws.services(cluster, names));
        let answers = join_all(calls).await;
        // An error in one cluster does not concern the services of another.
        for (cluster, answer) in clusters.keys().zip(answers) {
            match answer {
                Ok(found) => self.add_services(cluster, &found, &deployments).await,
                Err(error) => self.record_cluster_error(cluster, &error),
            }
        }
    }

    /// Adds what was read of a cluster's services, with what belongs to each.
    async fn add_services(
        &mut self,
        cluster: &str,
        found: &BTreeMap<String, Value>,
        deployments: &FoundServiceDeployments,
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
        let reading = services.iter().map(|(index, service)| self.read_related(*index, service.as_ref()));
        let around = join_all(reading).await;
        for ((index, service), around) in services.into_iter().zip(around) {
            let (stopped, targets) =
                (self.tasks_or_note(index, around.0), self.targets_or_note(index, around.1));
            let item = &mut self.items[index];
            let arn = item.rollout.service_deployment.as_deref();
            let is_ours = |known: &&ServiceDeployment| arn == Some(known.service_deployment_arn.as_str());
            let service_deployment = deployments.deployments.iter().find(is_ours).cloned();
            let unread = deployments.unread.contains(&index);
            let look = Poll { at: item.api_now(), service, service_deployment, unread, stopped, targets };
            item.add_poll(look);
        }
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

    /// Reads the service deployments; reports once what is not permitted or not known, and continues without it.
    async fn read_service_deployments(&mut self) -> FoundServiceDeployments {
        let mut found = FoundServiceDeployments::default();
        for (index, searched) in self.search_service_deployments().await {
            match searched {
                Ok(arn) => self.items[index].rollout.service_deployment = arn,
                Err(error) => self.continue_without(index, &error, &mut found),
            }
        }
        let read = |(index, item): (usize, &WatchItem)| {
            let wanted = item.outcome.is_none() && item.sources.service_deployments;
            Some((index, item.rollout.service_deployment.clone().filter(|_| wanted)?))
        };
        let wanted: Vec<(usize, String)> = self.items.iter().enumerate().filter_map(read).collect();
        if wanted.is_empty() {
            return found;
        }
        let arns: Vec<String> = wanted.iter().map(|(_, arn)| arn.clone()).collect();
        match self.aws.service_deployments(&arns).await {
            Ok(read) => self.add_service_deployments(&wanted, read, &mut found),
            // One that may not be read fails the call for all: each is requested alone.
            Err(error) if wanted.len() > 1 && is_lasting(&error) => {
                let calls = arns.chunks(1).map(|arn| self.aws.service_deployments(arn));
                let answers = join_all(calls).await;
                for (one, answer) in wanted.chunks(1).zip(answers) {
                    match answer {
                        Ok(read) => self.add_service_deployments(one, read, &mut found),
                        Err(error) => self.continue_without(one[0].0, &error, &mut found),
                    }
                }
            }
            Err(error) => {
                for (index, _) in &wanted {
                    self.continue_without(*index, &error, &mut found);
                }
            }
        }
        found
    }

    fn add_service_deployments(
        &mut self,
        of: &[(usize, String)],
        read: Vec<ServiceDeployment>,
        found: &mut FoundServiceDeployments,
    ) {
        found.deployments.extend(read);
        for (index, _) in of {
            self.items[*index].sources.unreadable_answers = 0;
        }
    }

    /// Searches for the service deployments that are not known yet.
    async fn search_service_deployments(&self) -> Vec<(usize, Result<Option<String>, ApiError>)> {
        let unknown = |(index, item): (usize, &WatchItem)| item.should_search().then_some(index);
        let searching = self.items.iter().enumerate().filter_map(unknown).map(|index| async move {
            let followed = &self.items[index].rollout;
            let Some(id) = &followed.deployment else { return (index, Ok(None)) };
            let since = followed.created_at - CLOCK_SKEW;
            let list = self.aws.service_deployments_since(&followed.cluster, &followed.name, since).await;
            (index, list.map(|list| find_service_deployment_arn(id, followed.created_at, &list)))
        });
        join_all(searching).await
    }

    /// Continues without the service deployment of an item: for this poll, or for good if the error will not pass.
    fn continue_without(&mut self, index: usize, error: &ApiError, found: &mut FoundServiceDeployments) {
        let sources = &mut self.items[index].sources;
        if error.kind == ApiErrorKind::Unreadable {
            sources.unreadable_answers += 1;
        }
        if !is_lasting(error) && sources.unreadable_answers <= MAX_UNREADABLE_ANSWERS {
            found.unread.insert(index);
            return;
        }
        sources.service_deployments = false;
        self.note_once("watching the deployment list, since service deployments cannot be read", error);
    }

    /// Reports once what cannot be read, and why. What no longer exists shows in the services themselves.
    fn note_once(&mut self, what: &'static str, error: &ApiError) {
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
fn is_lasting(error: &ApiError) -> bool {
    !error.is_retryable() && !matches!(error.kind, ApiErrorKind::Expired | ApiErrorKind::NoCredentials)
}

impl WatchItem {
    /// Returns whether to search for its service deployment: in each of the first polls, then from time to time.
    fn should_search(&self) -> bool {
        let unknown = self.rollout.service_deployment.is_none() && self.rollout.deployment.is_some();
        let due = self.polls < POLLS_BETWEEN_SEARCHES || self.polls.is_multiple_of(POLLS_BETWEEN_SEARCHES);
        unknown && due && self.outcome.is_none() && self.sources.service_deployments
    }

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

/// Returns the ARN of the service deployment that belongs to the deployment with this id.
///
/// Its target revision ends in the deployment's number. Another number means another deployment, whatever its time.
pub(crate) fn find_service_deployment_arn(
    id: &str,
    created_at: f64,
    list: &[ServiceDeployment],
) -> Option<String> {
    let number = id.rsplit('/').next();
    let by_number = list.iter().find(|deployment| {
        let target = deployment.target_revision_arn().and_then(|arn| arn.rsplit('/').next());
        target.is_some() && target == number
    });
    // Otherwise only one without a target can be ours: the list is newest first, so the last that is not older.
    let since = |deployment: &&ServiceDeployment| {
        deployment.target_revision_arn().is_none() && deployment.created_at.0 >= created_at - 1.0
    };
    let found = by_number.or_else(|| list.iter().rev().find(since));
    found.map(|deployment| deployment.service_deployment_arn.clone())
}
