//! Reads services and what belongs to them, in batches as far as the API allows.
//! What cannot be read is reported once as a note, and does not fail the verb.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, join4};

use super::drift::{self, ServiceDrift};
use super::ended::NewestDeployments;
use super::failures::TaskFailures;
use crate::aws::autoscaling::ScalableTarget;
use crate::aws::lookup::in_time;
use crate::aws::types::{
    DeploymentStatus, LoadBalancer, Service, ServiceDeployment, ServiceRef, ServiceRevision, TargetHealth,
    Task, TaskDefinition,
};
use crate::aws::{ApiError, Aws};
use crate::commands::services::{FoundService, SelectedServices, ServiceIdentity};
use crate::context::CommandContext;
use crate::history::TaskDefinitions;
use crate::history::past_deployment::{PastDeployment, deployment_id};
use crate::plan::express::{active_configuration, endpoint};
use crate::report::Event;

/// What was read of one service.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceState {
    pub(super) place: ServiceIdentity,
    pub(super) service: Service,
    /// The service revisions that it runs, and those of its deployments in progress.
    pub(super) revisions: Vec<ServiceRevision>,
    /// The service deployments in progress.
    pub(super) in_progress: Vec<ServiceDeployment>,
    pub(super) definition: Option<TaskDefinition>,
    /// The URL of an Express service, if it was read.
    pub(super) url: Option<String>,
    /// The range in which the service is scaled automatically; `None` where it is not, or where that could not be read.
    pub(super) autoscaling: Option<ScalableTarget>,
    /// `None` if it has no target groups, or if they were not read.
    pub(super) targets: Option<Vec<TargetHealth>>,
    pub(super) drift: Option<ServiceDrift>,
    /// The last deployment, where it ended without success.
    pub(super) ended: Option<PastDeployment>,
    /// How tasks failed, where the service is failing or short of tasks.
    pub(super) failures: Option<TaskFailures>,
}

/// Reads services, and caches what does not change.
pub(super) struct StatusReader<'a> {
    pub(super) chosen: &'a SelectedServices,
    pub(super) aws: &'a Aws,
    context: &'a CommandContext,
    pub(super) revisions: BTreeMap<String, ServiceRevision>,
    pub(super) definitions: TaskDefinitions,
    pub(super) newest: NewestDeployments,
    /// The stopped tasks of services that were failing.
    pub(super) stopped: BTreeMap<ServiceIdentity, Vec<Task>>,
    drifts: drift::DriftCache,
    reported: BTreeSet<String>,
}

impl<'a> StatusReader<'a> {
    pub(super) fn new(chosen: &'a SelectedServices, context: &'a CommandContext) -> StatusReader<'a> {
        StatusReader {
            chosen,
            aws: &chosen.aws,
            context,
            revisions: BTreeMap::new(),
            definitions: TaskDefinitions::new(),
            newest: NewestDeployments::new(),
            stopped: BTreeMap::new(),
            drifts: drift::DriftCache::default(),
            reported: BTreeSet::new(),
        }
    }

    /// Returns services with their revisions. Makes batch calls only, none for a single service.
    pub(super) async fn read_brief(&mut self, found: Vec<FoundService>) -> Vec<ServiceState> {
        let arns = found.iter().filter_map(|found| primary_revision(&found.service)).collect();
        self.read_revisions(arns).await;
        let seen = |found: FoundService| {
            let revisions =
                primary_revision(&found.service).and_then(|arn| self.revisions.get(&arn)).cloned();
            let revisions = revisions.into_iter().collect();
            ServiceState {
                place: found.identity,
                service: found.service,
                revisions,
                ..ServiceState::default()
            }
        };
        found.into_iter().map(seen).collect()
    }

    /// Returns services with everything that belongs to them.
    pub(super) async fn read_full(&mut self, found: Vec<FoundService>) -> Vec<ServiceState> {
        let aws = self.aws;
        let groups: BTreeSet<String> = found.iter().flat_map(|found| target_groups(&found.service)).collect();
        let unknown: BTreeSet<String> =
            found.iter().map(|found| running_definition(&found.service).to_owned()).collect();
        let unknown =
            unknown.into_iter().filter(|arn| !arn.is_empty() && !self.definitions.contains_key(arn));
        let definitions = join_all(unknown.map(|arn| async move { aws.task_definition(&arn).await }));
        let targets =
            join_all(groups.iter().map(|group| async move { (group, read_health(aws, group).await) }));
        let (definitions, targets, open, ranges) =
            join4(definitions, targets, read_in_progress(aws, &found), read_ranges(aws, &found)).await;
        for read in definitions {
            let lost = "tags, commits and users of deployments are unknown";
            if let Some(Some(definition)) = self.value_or_note(lost, read) {
                self.definitions.insert(definition.arn.clone(), definition);
            }
        }
        let mut health: BTreeMap<&str, Vec<TargetHealth>> = BTreeMap::new();
        for (group, read) in targets {
            if let Some(targets) = self.value_or_note("target health is unknown", read) {
                health.insert(group, targets);
            }
        }
        let open = self
            .value_or_note("the lifecycle stages of deployments in progress are unknown", open)
            .unwrap_or_default();
        let ranges = self.value_or_note("the ranges of autoscaling are unknown", ranges).unwrap_or_default();
        self.read_revisions(service_revisions(&found, &open)).await;
        let mut seen: Vec<ServiceState> =
            found.into_iter().map(|found| self.service_state(found, &open, &health)).collect();
        self.set_urls(&mut seen).await;
        for one in &mut seen {
            one.autoscaling = ranges.get(&ServiceRef::new(&one.place.cluster, &one.place.name)).copied();
        }
        self.set_drift(&mut seen);
        self.set_ended(&mut seen).await;
        self.set_failures(&mut seen).await;
        seen
    }

    /// Returns one service with what was read.
    fn service_state(
        &self,
        found: FoundService,
        open: &[ServiceDeployment],
        health: &BTreeMap<&str, Vec<TargetHealth>>,
    ) -> ServiceState {
        let own = |known: &&ServiceDeployment| known.service_arn == found.service.service_arn;
        let open: Vec<ServiceDeployment> = open.iter().filter(own).cloned().collect();
        let arns = service_revisions(std::slice::from_ref(&found), &open);
        let FoundService { identity: place, service, .. } = found;
        let revisions = arns.iter().filter_map(|arn| self.revisions.get(arn)).cloned().collect();
        let groups = target_groups(&service);
        let targets = groups.iter().filter_map(|group| health.get(group.as_str())).flatten().cloned();
        let known = groups.iter().any(|group| health.contains_key(group.as_str()));
        ServiceState {
            targets: known.then(|| targets.collect()),
            definition: self.definitions.get(running_definition(&service)).cloned(),
            place,
            revisions,
            in_progress: open,
            service,
            ..ServiceState::default()
        }
    }

    /// Sets the URLs of Express services. Makes no calls where there are none.
    async fn set_urls(&mut self, seen: &mut [ServiceState]) {
        let express = seen.iter_mut().filter(|one| one.service.is_express());
        let aws = self.aws;
        let reading = express.map(async |one| {
            let read = aws.express_service(&one.service.service_arn);
            (in_time("ecs:DescribeExpressGatewayService", read).await, one)
        });
        for (read, one) in join_all(reading).await {
            let express = self.value_or_note("the URLs of Express services are unknown", read);
            one.url = express.and_then(|express| endpoint(active_configuration(&express)));
        }
    }

    /// Sets the drift of services.
    fn set_drift(&mut self, seen: &mut [ServiceState]) {
        let settings = &self.context.settings;
        for one in seen.iter_mut() {
            let Some(definition) = &one.definition else { continue };
            match self.drifts.compare(&self.chosen.manifest, settings, &one.place.key, definition) {
                Ok(drift) => one.drift = drift,
                Err(note) => {
                    if self.reported.insert(note.clone()) {
                        self.context.reporter.report(&Event::Note(&note));
                    }
                }
            }
        }
    }

    /// Reads the service revisions that are not cached yet. They never change.
    pub(super) async fn read_revisions(&mut self, arns: BTreeSet<String>) {
        let unknown: Vec<String> =
            arns.into_iter().filter(|arn| !arn.is_empty() && !self.revisions.contains_key(arn)).collect();
        let read = self.aws.service_revisions(&unknown).await;
        let found =
            self.value_or_note("the images and digests that run are unknown", read).unwrap_or_default();
        self.revisions
            .extend(found.into_iter().map(|revision| (revision.service_revision_arn.clone(), revision)));
    }

    /// Returns the result, or reports its error after the text `lost`, once.
    pub(super) fn value_or_note<T>(&mut self, lost: &str, read: Result<T, ApiError>) -> Option<T> {
        match read {
            Ok(found) => Some(found),
            Err(error) => {
                if self.reported.insert(lost.to_owned()) {
                    self.context.reporter.report(&Event::Note(&format!("{lost}: {error}")));
                }
                None
            }
        }
    }
}

/// Returns the ranges of the services that are scaled automatically.
async fn read_ranges(
    aws: &Aws,
    found: &[FoundService],
) -> Result<BTreeMap<ServiceRef, ScalableTarget>, ApiError> {
    let places: Vec<ServiceRef> =
        found.iter().map(|found| ServiceRef::new(&found.identity.cluster, &found.identity.name)).collect();
    in_time("application-autoscaling:DescribeScalableTargets", aws.scalable_targets(&places)).await
}

async fn read_health(aws: &Aws, group: &str) -> Result<Vec<TargetHealth>, ApiError> {
    in_time("elasticloadbalancing:DescribeTargetHealth", aws.target_health(group)).await
}

/// Returns the service deployments in progress of these services.
///
/// Makes no calls for services without a deployment in progress.
async fn read_in_progress(aws: &Aws, found: &[FoundService]) -> Result<Vec<ServiceDeployment>, ApiError> {
    let moving = found.iter().filter(|found| has_deployment_in_progress(&found.service));
    let lists = join_all(
        moving
            .map(|found| aws.service_deployments_in_progress(&found.identity.cluster, &found.identity.name)),
    );
    let lists = lists.await.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    let arns: Vec<String> = lists.iter().map(|known| known.service_deployment_arn.clone()).collect();
    aws.service_deployments(&arns).await
}

/// Returns whether a service has a deployment in progress, or a rollback of one.
pub(super) fn has_deployment_in_progress(service: &Service) -> bool {
    service.deployment_in_progress().is_some() || service.deployments.len() > 1
}

/// Returns the task definition that a service runs. With another deployment controller, its task set names it.
pub(super) fn running_definition(service: &Service) -> &str {
    let set = service.task_sets.iter().find(|set| set.status == DeploymentStatus::Primary);
    match (service.primary_deployment(), set) {
        (Some(primary), _) => &primary.task_definition,
        (None, Some(set)) => &set.task_definition,
        (None, None) => &service.task_definition,
    }
}

/// Returns the revision of the PRIMARY deployment, or the first one if the service does not show which it is.
pub(super) fn primary_revision(service: &Service) -> Option<String> {
    let primary = service.primary_deployment().map(|primary| primary.id.as_str());
    let arns = || service.current_service_revisions.iter().map(|revision| &revision.arn);
    let own = arns().find(|arn| Some(deployment_id(arn).as_str()) == primary);
    own.or_else(|| arns().next()).cloned()
}

/// Returns the service revisions that services run, and those that the deployments deploy or roll back to.
fn service_revisions(found: &[FoundService], open: &[ServiceDeployment]) -> BTreeSet<String> {
    let current = found.iter().flat_map(|found| &found.service.current_service_revisions);
    let current = current.map(|revision| revision.arn.clone());
    let targets = open.iter().filter_map(|known| known.target_revision_arn().map(str::to_owned));
    let back = open.iter().filter_map(|known| known.rollback.as_ref()?.service_revision_arn.clone());
    current.chain(targets).chain(back).collect()
}

/// Returns the target groups of a service, including the alternate ones of blue/green deployments.
fn target_groups(service: &Service) -> BTreeSet<String> {
    let of = |balancer: &LoadBalancer| {
        [
            balancer.target_group_arn.clone(),
            balancer.advanced_configuration.alternate_target_group_arn.clone(),
        ]
    };
    service.load_balancers.iter().flat_map(of).flatten().collect()
}
