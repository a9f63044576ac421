//! Reads everything that may refer to the revisions of a family: services and their past deployments, tasks, rules and
//! schedules.
//!
//! The result also contains what could not be read: a caller that removes revisions must not mistake unread for
//! unreferenced.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, join4};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::error::Meaning;
use super::past::family_of;
use super::rules::RuleTarget;
use super::schedules::ScheduleTarget;
use super::types::{Service, ServiceDeployment, Task, revision_of, view};
use super::{ApiError, Aws, CALLS_AT_ONCE};
use crate::error::Failure;
use crate::plan::rollback::{Wanted, choose, releases, wanted};

/// The number of service revisions read per call, newest first, until enough are known.
const REVISIONS_A_CALL: usize = 20;

/// A kind of resource that may refer to a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Services of the clusters; always read
    #[value(skip)]
    Services,
    /// Other clusters of the account in this region
    Clusters,
    /// Past deployments of the services
    Deployments,
    /// Running tasks
    Tasks,
    /// EventBridge rules
    Rules,
    /// EventBridge Scheduler schedules
    Schedules,
}

impl Source {
    /// Returns the IAM actions that reading it needs.
    pub fn permissions(self) -> &'static [&'static str] {
        match self {
            Source::Services => &["ecs:ListServices", "ecs:DescribeServices"],
            Source::Clusters => &["ecs:ListClusters"],
            Source::Deployments => &[
                "ecs:ListServiceDeployments",
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServiceRevisions",
                "ecs:DescribeTaskDefinition",
            ],
            Source::Tasks => &["ecs:ListTasks", "ecs:DescribeTasks"],
            Source::Rules => &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
            Source::Schedules => &["scheduler:ListSchedules", "scheduler:GetSchedule"],
        }
    }

    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Source::Services => "services",
            Source::Clusters => "clusters",
            Source::Deployments => "deployments",
            Source::Tasks => "tasks",
            Source::Rules => "rules",
            Source::Schedules => "schedules",
        }
    }
}

/// What to search for references.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub family: String,
    /// The named clusters; all other clusters of the account are read as well, unless they are excluded.
    pub clusters: Vec<String>,
    /// Whether to read past deployments of services that do not run the family now: they may roll back to it.
    pub all_pasts: bool,
    /// The kinds of resources that are not read.
    pub without: Vec<Source>,
}

/// The resources that may refer to a family.
#[derive(Debug, Default)]
pub struct Referring {
    pub services: Vec<SeenService>,
    pub tasks: Vec<Task>,
    pub rules: Vec<RuleTarget>,
    pub schedules: Vec<ScheduleTarget>,
    /// The kinds of resources that could not be read, with the first error of each.
    pub unread: Vec<(Source, ApiError)>,
}

/// A service and its past deployments.
#[derive(Clone, Debug, Default)]
pub struct SeenService {
    pub cluster: String,
    pub service: Service,
    /// The service deployments, newest first.
    pub deployments: Vec<ServiceDeployment>,
    /// The service revisions that ran when the oldest deployment began.
    pub at_first: Vec<String>,
    /// Task definition ARNs by service revision, as far as they were read.
    pub definitions: BTreeMap<String, String>,
    /// The task definition that a rollback would deploy; only of a service that runs the family.
    pub back_to: Option<String>,
}

impl Aws {
    /// Returns everything that may refer to the revisions of a family. Never fails: what could not be read is in
    /// `unread`.
    pub async fn referring(&self, scope: &Scope) -> Referring {
        let mut seen = Referring::default();
        let clusters = self.clusters_of(scope, &mut seen).await;
        let (services, tasks, rules, schedules) = join4(
            self.seen_services(&clusters),
            unless(scope, Source::Tasks, self.family_tasks(&clusters, &scope.family)),
            unless(scope, Source::Rules, self.rules_that_run_tasks()),
            unless(scope, Source::Schedules, self.schedules_that_run_tasks()),
        )
        .await;
        seen.services = seen.take(Source::Services, services);
        seen.tasks = seen.take(Source::Tasks, tasks);
        seen.rules = seen.take(Source::Rules, rules);
        seen.schedules = seen.take(Source::Schedules, schedules);
        if !scope.without.contains(&Source::Deployments) {
            self.look_back(scope, &mut seen).await;
        }
        seen
    }

    async fn clusters_of(&self, scope: &Scope, seen: &mut Referring) -> BTreeSet<String> {
        // A cluster may be given as an ARN; listed clusters are names.
        let named = scope.clusters.iter().map(|name| revision_of(name).to_owned());
        let mut clusters: BTreeSet<String> = named.collect();
        let others = unless(scope, Source::Clusters, self.cluster_names()).await;
        clusters.extend(seen.take(Source::Clusters, others));
        clusters
    }

    async fn seen_services(&self, clusters: &BTreeSet<String>) -> Result<Vec<SeenService>, ApiError> {
        let calls = clusters.iter().map(|cluster| self.services_of(cluster));
        let found: Vec<Vec<SeenService>> = stream::iter(calls).buffered(CALLS_AT_ONCE).try_collect().await?;
        Ok(found.concat())
    }

    async fn services_of(&self, cluster: &str) -> Result<Vec<SeenService>, ApiError> {
        let names = self.service_names(cluster).await?;
        let documents = self.services(cluster, &names).await?;
        let seen = |document| {
            let service: Service =
                view(document).map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?;
            Ok(SeenService { cluster: cluster.to_owned(), service, ..SeenService::default() })
        };
        documents.values().map(seen).collect()
    }

    async fn family_tasks(&self, clusters: &BTreeSet<String>, family: &str) -> Result<Vec<Task>, ApiError> {
        let calls = clusters.iter().map(|cluster| self.tasks_of_family(cluster, family));
        let found: Vec<Vec<Task>> = stream::iter(calls).buffered(CALLS_AT_ONCE).try_collect().await?;
        Ok(found.concat())
    }

    /// Reads the past deployments of the services.
    async fn look_back(&self, scope: &Scope, seen: &mut Referring) {
        let (mut services, mut errors) = (std::mem::take(&mut seen.services), Vec::new());
        let interesting = |seen: &&mut SeenService| {
            // Services with other deployment controllers have no service deployments.
            let by_ecs = matches!(seen.service.deployment_controller.kind.as_str(), "" | "ECS");
            by_ecs && (scope.all_pasts || seen.runs(&scope.family))
        };
        let mut chosen: Vec<&mut SeenService> = services.iter_mut().filter(interesting).collect();
        for some in chosen.chunks_mut(CALLS_AT_ONCE) {
            let calls = some.iter_mut().map(|service| self.look_back_on(service, &scope.family));
            errors.extend(join_all(calls).await.into_iter().filter_map(Result::err));
        }
        seen.services = services;
        seen.unread.extend(errors.into_iter().next().map(|error| (Source::Deployments, error)));
    }

    async fn look_back_on(&self, seen: &mut SeenService, family: &str) -> Result<(), ApiError> {
        let name = &seen.service.service_name;
        seen.deployments = match self.newest_service_deployments(&seen.cluster, name, usize::MAX).await {
            // The service was deleted after it was listed.
            Err(error) if error.meaning == Meaning::NotFound => return Ok(()),
            deployments => deployments?,
        };
        if let Some(oldest) = seen.deployments.last() {
            let described =
                self.service_deployments(std::slice::from_ref(&oldest.service_deployment_arn)).await?;
            let sources = described.into_iter().flat_map(|known| known.source_service_revisions);
            seen.at_first = sources.map(|revision| revision.arn).collect();
        }
        let mut open: Vec<String> = seen.wanted_revisions();
        while !open.is_empty() && !seen.knows_enough() {
            let rest = open.split_off(open.len().min(REVISIONS_A_CALL));
            for revision in self.service_revisions(&open).await? {
                seen.definitions.insert(revision.service_revision_arn, revision.task_definition);
            }
            open = rest;
        }
        if seen.runs(family) {
            seen.back_to = self.way_back(seen).await.map_err(of_failure)?;
        }
        Ok(())
    }

    /// Returns the task definition that `ecsail rollback` would deploy now.
    async fn way_back(&self, seen: &SeenService) -> Result<Option<String>, Failure> {
        let (service, one) = (&seen.service, Wanted::Back(1));
        let mut past = self.past(&seen.cluster, service).await?;
        let known = releases(service, &past);
        if !wanted::is_known(&one, &past, &known) {
            let family = family_of(&known.running.definition).to_owned();
            let below = wanted::number_below(&past, &known);
            self.read_registered(&mut past, &family, below).await?;
        }
        // A service without a previous deployment is no error here.
        Ok(choose(service, &past, &one).ok().flatten().map(|choice| choice.to.definition))
    }
}

/// Returns the API error that caused a failure.
fn of_failure(failure: Failure) -> ApiError {
    let cause = std::error::Error::source(&failure).and_then(|cause| cause.downcast_ref::<ApiError>());
    cause.cloned().unwrap_or_else(|| ApiError::unreadable("ecs:DescribeTaskDefinition"))
}

/// Awaits a call, unless its source is excluded; then the result is empty.
async fn unless<T: Default>(
    scope: &Scope,
    source: Source,
    call: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    if scope.without.contains(&source) { Ok(T::default()) } else { call.await }
}

impl Referring {
    /// Returns what was read of a source, or nothing after recording the error.
    fn take<T: Default>(&mut self, source: Source, read: Result<T, ApiError>) -> T {
        read.unwrap_or_else(|error| {
            self.unread.push((source, error));
            T::default()
        })
    }
}
