//! Owns the look at AWS: as few calls as what is followed allows, and what to do where one of them is refused.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, try_join_all};
use serde_json::Value;

use super::snapshot::Look;
use super::{Ending, Item, Watch};
use crate::aws::ApiError;
use crate::aws::error::Meaning;
use crate::aws::types::{LoadBalancer, Service, ServiceDeployment, TargetHealth, Task, view};
use crate::report;

/// Looks without a change after which the stopped tasks, and the targets, are read all the same.
const LOOKS_BETWEEN_TASKS: u32 = 4;
const LOOKS_BETWEEN_TARGETS: u32 = 8;
/// How often in a row service deployments may fail to be read before the watch goes on without them.
const UNREAD: u32 = 3;
/// The clocks of the API and of one answer's parts may differ by this much, in seconds.
const SKEW: f64 = 5.0;

/// Holds what can be read, beside the services themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources {
    pub(super) service_deployments: bool,
    /// How often in a row they could not be read for a reason that may pass.
    unread: u32,
    pub(super) tasks: bool,
    pub(super) targets: bool,
}

impl Default for Sources {
    fn default() -> Sources {
        Sources { service_deployments: true, unread: 0, tasks: true, targets: true }
    }
}

impl Watch<'_> {
    /// Looks at all open services: one call a cluster and ten services, and what hangs on them.
    ///
    /// The services come last of what a verdict is made from: after a rollback they must not show an older state than
    /// the service deployment that ended.
    pub(super) async fn look(&mut self) -> Result<(), ApiError> {
        let deployments = self.look_at_service_deployments().await;
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for item in self.items.iter().filter(|item| item.ending.is_none()) {
            clusters.entry(item.followed.cluster.clone()).or_default().push(item.followed.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| self.aws.services(cluster, names));
        let answers = join_all(calls).await;
        let mut passing = None;
        for (cluster, answer) in clusters.keys().zip(answers) {
            match answer {
                Ok(found) => self.take_in(cluster, &found, &deployments).await?,
                Err(error) => passing = self.give_up(cluster, error).or(passing),
            }
        }
        passing.map_or(Ok(()), Err)
    }

    /// Takes in what was seen of a cluster's services, with what hangs on each.
    async fn take_in(
        &mut self,
        cluster: &str,
        found: &BTreeMap<String, Value>,
        deployments: &[ServiceDeployment],
    ) -> Result<(), ApiError> {
        let open = |item: &Item| item.ending.is_none() && item.followed.cluster == cluster;
        let mut services = BTreeMap::new();
        for (index, item) in self.items.iter().enumerate().filter(|(_, item)| open(item)) {
            let service = found.get(&item.followed.name).map(view::<Service>).transpose();
            services.insert(index, service.map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?);
        }
        let reading = services.iter().map(|(index, service)| self.read_around(*index, service.as_ref()));
        let around = join_all(reading).await;
        for ((index, service), around) in services.into_iter().zip(around) {
            let (stopped, targets) = (self.tasks_or_note(index, around.0), self.targets_or_note(around.1));
            let item = &mut self.items[index];
            let arn = item.followed.service_deployment.as_deref();
            let ours = deployments.iter().find(|known| arn == Some(known.service_deployment_arn.as_str()));
            let look = Look { at: item.now(), service, service_deployment: ours.cloned(), stopped, targets };
            item.take_in(look);
        }
        Ok(())
    }

    /// Reads what hangs on a service, as far as it is wanted now: the stopped tasks that are new, and the targets.
    async fn read_around(
        &self,
        index: usize,
        service: Option<&Service>,
    ) -> (Result<Vec<Task>, ApiError>, Result<Option<Vec<TargetHealth>>, ApiError>) {
        let item = &self.items[index];
        let Some(service) = service else { return (Ok(Vec::new()), Ok(None)) };
        let tasks = async {
            if self.sources.tasks && item.wants_tasks(service) {
                self.read_tasks(index).await
            } else {
                Ok(Vec::new())
            }
        };
        let targets =
            async { if item.wants_targets(service) { self.read_targets(service).await } else { Ok(None) } };
        join(tasks, targets).await
    }

    /// Ends the watch of a cluster's services over an error that lasts, and of no others.
    ///
    /// Returns the error where it may pass: then nothing ends.
    fn give_up(&mut self, cluster: &str, error: ApiError) -> Option<ApiError> {
        // Credentials were there when the deploy began: a source of them that fails may come back.
        if error.may_pass() || error.meaning == Meaning::NoCredentials {
            return Some(error);
        }
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        let open = |item: &&mut Item| item.ending.is_none() && item.followed.cluster == cluster;
        for item in self.items.iter_mut().filter(open) {
            item.ending = Some((Ending::Lost { error: format!("{error}{hint}") }, item.started.elapsed()));
        }
        None
    }

    /// Reads the service deployments; where that is not permitted or not known, says so once and goes on without.
    async fn look_at_service_deployments(&mut self) -> Vec<ServiceDeployment> {
        if !self.sources.service_deployments {
            return Vec::new();
        }
        match self.read_service_deployments().await {
            Ok(found) => {
                self.sources.unread = 0;
                return found;
            }
            // What was last seen of them holds until they can be read again.
            Err(error) if error.may_pass() && self.sources.unread < UNREAD => {
                self.sources.unread += 1;
                return self
                    .items
                    .iter()
                    .filter_map(|item| item.snapshot.service_deployment.clone())
                    .collect();
            }
            // The services will meet the same, and what ends the watch is theirs to say.
            Err(error) if error.meaning == Meaning::Expired => {}
            Err(error) => {
                self.sources.service_deployments = false;
                self.report.tell(&report::Event::Note(&format!(
                    "watching by the service's deployment list, since service deployments cannot be read: {error}"
                )));
            }
        }
        Vec::new()
    }

    async fn read_service_deployments(&mut self) -> Result<Vec<ServiceDeployment>, ApiError> {
        let unknown = |item: &&mut Item| item.ending.is_none() && item.followed.service_deployment.is_none();
        let aws = self.aws;
        let finding = self.items.iter_mut().filter(unknown).map(|item| async move {
            let followed = &item.followed;
            let Some(id) = &followed.deployment else { return Ok(()) };
            let since = followed.created_at - SKEW;
            let list = aws.service_deployments_since(&followed.cluster, &followed.name, since).await?;
            item.followed.service_deployment = service_deployment_of(id, followed.created_at, &list);
            Ok(())
        });
        try_join_all(finding).await?;
        let open = self.items.iter().filter(|item| item.ending.is_none());
        let arns: Vec<String> = open.filter_map(|item| item.followed.service_deployment.clone()).collect();
        if arns.is_empty() { Ok(Vec::new()) } else { self.aws.service_deployments(&arns).await }
    }

    /// Reads the stopped tasks that are new.
    pub(super) async fn read_tasks(&self, index: usize) -> Result<Vec<Task>, ApiError> {
        let item = &self.items[index];
        self.aws.stopped_tasks(&item.followed.cluster, &item.followed.name, &item.read_tasks).await
    }

    /// Returns the tasks that were read; where they may not be read, says so once.
    pub(super) fn tasks_or_note(&mut self, index: usize, read: Result<Vec<Task>, ApiError>) -> Vec<Task> {
        match read {
            Ok(tasks) => {
                self.items[index].read_tasks.extend(tasks.iter().map(|task| task.task_arn.clone()));
                tasks
            }
            Err(error) => {
                if lasts(&error) && self.sources.tasks {
                    self.sources.tasks = false;
                    self.report
                        .tell(&report::Event::Note(&format!("why tasks stop cannot be shown: {error}")));
                }
                Vec::new()
            }
        }
    }

    /// Reads the health of a service's targets; nothing where it has none.
    pub(super) async fn read_targets(
        &self,
        service: &Service,
    ) -> Result<Option<Vec<TargetHealth>>, ApiError> {
        let of = |balancer: &'_ LoadBalancer| {
            let alternate = balancer.advanced_configuration.alternate_target_group_arn.clone();
            [balancer.target_group_arn.clone(), alternate]
        };
        let groups: BTreeSet<String> = service.load_balancers.iter().flat_map(of).flatten().collect();
        if groups.is_empty() || !self.sources.targets {
            return Ok(None);
        }
        let found = try_join_all(groups.iter().map(|group| self.aws.target_health(group))).await?;
        Ok(Some(found.concat()))
    }

    /// Returns the targets that were read; where they may not be read, says so once.
    pub(super) fn targets_or_note(
        &mut self,
        read: Result<Option<Vec<TargetHealth>>, ApiError>,
    ) -> Option<Vec<TargetHealth>> {
        read.unwrap_or_else(|error| {
            if lasts(&error) && self.sources.targets {
                self.sources.targets = false;
                let note = format!("why targets are unhealthy cannot be shown: {error}");
                self.report.tell(&report::Event::Note(&note));
            }
            None
        })
    }
}

/// Returns whether an error says that something may not or cannot be read at all. What ends the watch itself is said there.
fn lasts(error: &ApiError) -> bool {
    !error.may_pass() && !matches!(error.meaning, Meaning::Expired | Meaning::NoCredentials)
}

impl Item {
    fn wants_tasks(&self, service: &Service) -> bool {
        let Some(ours) = self.followed.find(service) else { return false };
        let failed = self.progress.as_ref().map_or(0, |progress| progress.failed);
        let unsettled = ours.running_count < ours.desired_count;
        ours.failed_tasks > failed || (unsettled && (self.looks + 1).is_multiple_of(LOOKS_BETWEEN_TASKS))
    }

    fn wants_targets(&self, service: &Service) -> bool {
        let ours = self.followed.find(service);
        let waits = ours.is_some_and(|ours| {
            ours.running_count > 0 && ours.rollout_state.as_deref() == Some("IN_PROGRESS")
        });
        waits && (self.looks + 1).is_multiple_of(LOOKS_BETWEEN_TARGETS)
    }
}

/// Returns the ARN of the service deployment that is the deployment with that id.
///
/// Its target revision ends in the deployment's number. Another's number is another's deployment, whatever its time.
pub(crate) fn service_deployment_of(id: &str, created_at: f64, list: &[ServiceDeployment]) -> Option<String> {
    let number = id.rsplit('/').next();
    let by_number = list.iter().find(|deployment| {
        let target = deployment.target().and_then(|arn| arn.rsplit('/').next());
        target.is_some() && target == number
    });
    // Only one without a target can be ours all the same; newest first, so the last that is not older.
    let since = |deployment: &&ServiceDeployment| {
        deployment.target().is_none() && deployment.created_at.0 >= created_at - 1.0
    };
    let found = by_number.or_else(|| list.iter().rev().find(since));
    found.map(|deployment| deployment.service_deployment_arn.clone())
}
