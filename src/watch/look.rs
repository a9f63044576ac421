//! Polls AWS for a watch: with as few calls as possible, and a fallback for each call that is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures_util::future::{join, join_all, try_join_all};
use serde_json::Value;

use super::snapshot::Look;
use super::{Item, Watch};
use crate::aws::ApiError;
use crate::aws::error::Meaning;
use crate::aws::types::{LoadBalancer, RolloutState, Service, ServiceDeployment, TargetHealth, Task, view};

/// After how many polls without a change stopped tasks, and targets, are read all the same.
const LOOKS_BETWEEN_TASKS: u32 = 4;
const LOOKS_BETWEEN_TARGETS: u32 = 8;
/// After how many unreadable answers in a row the watch continues without service deployments.
const GARBLED: u32 = 3;
/// The number of polls between two searches for a service deployment that the first searches did not find.
const LOOKS_BETWEEN_SEARCHES: u32 = 4;
/// How much the clocks of the API may differ between parts of one answer, in seconds.
const SKEW: f64 = 5.0;

/// What can be read for one service, besides the service itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources {
    service_deployments: bool,
    /// The number of unreadable answers about them in a row.
    garbled: u32,
    pub(super) tasks: bool,
    /// Stopped tasks were due, and could not be read.
    tasks_owed: bool,
    targets: bool,
}

impl Default for Sources {
    fn default() -> Sources {
        Sources { service_deployments: true, garbled: 0, tasks: true, tasks_owed: false, targets: true }
    }
}

/// What belongs to a service: its newly stopped tasks, and its targets.
pub(super) type Around = (Result<Vec<Task>, ApiError>, Result<Option<Vec<TargetHealth>>, ApiError>);

/// What was read of the service deployments.
#[derive(Default)]
struct Found {
    deployments: Vec<ServiceDeployment>,
    /// The items whose service deployment could not be read in this poll, for a reason that may pass.
    unread: BTreeSet<usize>,
}

impl Watch<'_> {
    /// Polls all open services: one call for each cluster and ten services, and what belongs to them.
    ///
    /// The services are read last of what a verdict depends on: after a rollback they must not show an older state
    /// than the service deployment that ended.
    pub(super) async fn look(&mut self) {
        let deployments = self.look_at_service_deployments().await;
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for item in self.items.iter().filter(|item| item.ending.is_none()) {
            clusters.entry(item.followed.cluster.clone()).or_default().push(item.followed.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| self.aws.services(cluster, names));
        let answers = join_all(calls).await;
        // An error in one cluster does not concern the services of another.
        for (cluster, answer) in clusters.keys().zip(answers) {
            match answer {
                Ok(found) => self.take_in(cluster, &found, &deployments).await,
                Err(error) => self.take_in_error(cluster, &error),
            }
        }
    }

    /// Adds what was read of a cluster's services, with what belongs to each.
    async fn take_in(&mut self, cluster: &str, found: &BTreeMap<String, Value>, deployments: &Found) {
        let open = |item: &Item| item.ending.is_none() && item.followed.cluster == cluster;
        let mut services = BTreeMap::new();
        for (index, item) in self.items.iter_mut().enumerate().filter(|(_, item)| open(item)) {
            match found.get(&item.followed.name).map(view::<Service>).transpose() {
                Ok(service) => drop(services.insert(index, service)),
                Err(_) => {
                    item.is_not_seen(&ApiError::unreadable("ecs:DescribeServices"), Instant::now());
                }
            }
        }
        let reading = services.iter().map(|(index, service)| self.read_around(*index, service.as_ref()));
        let around = join_all(reading).await;
        for ((index, service), around) in services.into_iter().zip(around) {
            let (stopped, targets) =
                (self.tasks_or_note(index, around.0), self.targets_or_note(index, around.1));
            let item = &mut self.items[index];
            let arn = item.followed.service_deployment.as_deref();
            let is_ours = |known: &&ServiceDeployment| arn == Some(known.service_deployment_arn.as_str());
            let service_deployment = deployments.deployments.iter().find(is_ours).cloned();
            let unread = deployments.unread.contains(&index);
            let look = Look { at: item.now(), service, service_deployment, unread, stopped, targets };
            item.take_in(look);
        }
    }

    /// Reads what is due for a service: its newly stopped tasks, and its targets.
    async fn read_around(&self, index: usize, service: Option<&Service>) -> Around {
        let item = &self.items[index];
        let Some(service) = service else { return (Ok(Vec::new()), Ok(None)) };
        let tasks = async {
            if item.sources.tasks && item.wants_tasks(service) {
                self.read_tasks(index).await
            } else {
                Ok(Vec::new())
            }
        };
        let targets = async {
            if item.wants_targets(service) { self.read_targets(index, service).await } else { Ok(None) }
        };
        join(tasks, targets).await
    }

    /// Ends the watch of a cluster's services, and no others, if the error will not pass.
    fn take_in_error(&mut self, cluster: &str, error: &ApiError) {
        // Credentials worked when the deploy began: a source of credentials that failed may recover.
        let passes = error.may_pass() || error.meaning == Meaning::NoCredentials;
        tracing::info!("failed to poll cluster `{cluster}`: {error}");
        let open = |item: &&mut Item| item.ending.is_none() && item.followed.cluster == cluster;
        for item in self.items.iter_mut().filter(open) {
            match passes {
                true => item.is_not_seen(error, Instant::now()),
                false => item.lose(error),
            }
        }
    }

    /// Reads the service deployments; reports once what is not permitted or not known, and continues without it.
    async fn look_at_service_deployments(&mut self) -> Found {
        let mut found = Found::default();
        for (index, searched) in self.search().await {
            match searched {
                Ok(arn) => self.items[index].followed.service_deployment = arn,
                Err(error) => self.without(index, &error, &mut found),
            }
        }
        let read = |(index, item): (usize, &Item)| {
            let wanted = item.ending.is_none() && item.sources.service_deployments;
            Some((index, item.followed.service_deployment.clone().filter(|_| wanted)?))
        };
        let wanted: Vec<(usize, String)> = self.items.iter().enumerate().filter_map(read).collect();
        if wanted.is_empty() {
            return found;
        }
        let arns: Vec<String> = wanted.iter().map(|(_, arn)| arn.clone()).collect();
        match self.aws.service_deployments(&arns).await {
            Ok(read) => self.add(&wanted, read, &mut found),
            // One that may not be read fails the call for all: each is requested alone.
            Err(error) if wanted.len() > 1 && lasts(&error) => {
                let calls = arns.chunks(1).map(|arn| self.aws.service_deployments(arn));
                let answers = join_all(calls).await;
                for (one, answer) in wanted.chunks(1).zip(answers) {
                    match answer {
                        Ok(read) => self.add(one, read, &mut found),
                        Err(error) => self.without(one[0].0, &error, &mut found),
                    }
                }
            }
            Err(error) => wanted.iter().for_each(|(index, _)| self.without(*index, &error, &mut found)),
        }
        found
    }

    fn add(&mut self, of: &[(usize, String)], read: Vec<ServiceDeployment>, found: &mut Found) {
        found.deployments.extend(read);
        of.iter().for_each(|(index, _)| self.items[*index].sources.garbled = 0);
    }

    /// Searches for the service deployments that are not known yet.
    async fn search(&self) -> Vec<(usize, Result<Option<String>, ApiError>)> {
        let unknown = |(index, item): (usize, &Item)| item.wants_search().then_some(index);
        let searching = self.items.iter().enumerate().filter_map(unknown).map(|index| async move {
            let followed = &self.items[index].followed;
            let Some(id) = &followed.deployment else { return (index, Ok(None)) };
            let since = followed.created_at - SKEW;
            let list = self.aws.service_deployments_since(&followed.cluster, &followed.name, since).await;
            (index, list.map(|list| service_deployment_of(id, followed.created_at, &list)))
        });
        join_all(searching).await
    }

    /// Continues without the service deployment of an item: for this poll, or for good if the error will not pass.
    fn without(&mut self, index: usize, error: &ApiError, found: &mut Found) {
        let sources = &mut self.items[index].sources;
        if error.meaning == Meaning::Garbled {
            sources.garbled += 1;
        }
        if !lasts(error) && sources.garbled <= GARBLED {
            found.unread.insert(index);
            return;
        }
        sources.service_deployments = false;
        self.note_once("watching the deployment list, since service deployments cannot be read", error);
    }

    /// Reports once what cannot be read, and why. What no longer exists shows in the services themselves.
    fn note_once(&mut self, what: &'static str, error: &ApiError) {
        if error.meaning != Meaning::NotFound && self.noted.insert(what) {
            self.report.note(&format!("{what}: {error}"));
        }
    }

    /// Reads the newly stopped tasks.
    pub(super) async fn read_tasks(&self, index: usize) -> Result<Vec<Task>, ApiError> {
        let item = &self.items[index];
        self.aws.stopped_tasks(&item.followed.cluster, &item.followed.name, &item.read_tasks).await
    }

    /// Returns the tasks that were read; reports once if they may not be read.
    pub(super) fn tasks_or_note(&mut self, index: usize, read: Result<Vec<Task>, ApiError>) -> Vec<Task> {
        match read {
            Ok(tasks) => {
                let item = &mut self.items[index];
                item.sources.tasks_owed = false;
                item.read_tasks.extend(tasks.iter().map(|task| task.task_arn.clone()));
                tasks
            }
            Err(error) => {
                self.items[index].sources.tasks_owed = true;
                if lasts(&error) {
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
            if lasts(&error) {
                self.items[index].sources.targets = false;
                self.note_once("cannot show why targets are unhealthy", &error);
            }
            None
        })
    }
}

/// Returns whether an error means that something can never be read. An error that ends the watch is reported with
/// its end.
fn lasts(error: &ApiError) -> bool {
    !error.may_pass() && !matches!(error.meaning, Meaning::Expired | Meaning::NoCredentials)
}

impl Item {
    /// Returns whether to search for its service deployment: in each of the first polls, then from time to time.
    fn wants_search(&self) -> bool {
        let unknown = self.followed.service_deployment.is_none() && self.followed.deployment.is_some();
        let due = self.looks < LOOKS_BETWEEN_SEARCHES || self.looks.is_multiple_of(LOOKS_BETWEEN_SEARCHES);
        unknown && due && self.ending.is_none() && self.sources.service_deployments
    }

    fn wants_tasks(&self, service: &Service) -> bool {
        let Some(ours) = self.followed.find(service) else { return false };
        let failed = self.progress.as_ref().map_or(0, |progress| progress.failed);
        let unsettled = ours.running_count < ours.desired_count;
        let owed = self.sources.tasks_owed || ours.failed_tasks > failed;
        owed || (unsettled && (self.looks + 1).is_multiple_of(LOOKS_BETWEEN_TASKS))
    }

    fn wants_targets(&self, service: &Service) -> bool {
        let ours = self.followed.find(service);
        let waits = ours.is_some_and(|ours| {
            ours.running_count > 0 && ours.rollout_state == Some(RolloutState::InProgress)
        });
        waits && (self.looks + 1).is_multiple_of(LOOKS_BETWEEN_TARGETS)
    }
}

/// Returns the ARN of the service deployment that belongs to the deployment with this id.
///
/// Its target revision ends in the deployment's number. Another number means another deployment, whatever its time.
pub(crate) fn service_deployment_of(id: &str, created_at: f64, list: &[ServiceDeployment]) -> Option<String> {
    let number = id.rsplit('/').next();
    let by_number = list.iter().find(|deployment| {
        let target = deployment.target().and_then(|arn| arn.rsplit('/').next());
        target.is_some() && target == number
    });
    // Otherwise only one without a target can be ours: the list is newest first, so the last that is not older.
    let since = |deployment: &&ServiceDeployment| {
        deployment.target().is_none() && deployment.created_at.0 >= created_at - 1.0
    };
    let found = by_number.or_else(|| list.iter().rev().find(since));
    found.map(|deployment| deployment.service_deployment_arn.clone())
}
