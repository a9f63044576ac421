//! Reads everything that may refer to the revisions of a family: services and their past deployments, tasks, rules and
//! schedules.
//!
//! The result also contains what could not be read: a caller that removes revisions must not mistake unread for
//! unreferenced.

use std::collections::BTreeSet;

use futures_util::future::{join_all, join4};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::past::{past, read_registered};
use crate::aws::error::Meaning;
use crate::aws::types::{Service, Task, family_of, revision_of, view};
use crate::aws::{ApiError, Aws, CALLS_AT_ONCE};
use crate::error::Result;
use crate::plan::references::{Referring, SeenService, Source};
use crate::plan::rollback::{Wanted, choose, releases, wanted};

/// The number of service revisions read per call, newest first, until enough are known.
const REVISIONS_A_CALL: usize = 20;

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

/// Returns everything that may refer to the revisions of a family. Never fails: what could not be read is in
/// `unread`.
pub async fn referring(aws: &Aws, scope: &Scope) -> Referring {
    let mut seen = Referring::default();
    let clusters = clusters_of(aws, scope, &mut seen).await;
    let (services, tasks, rules, schedules) = join4(
        seen_services(aws, &clusters),
        unless(scope, Source::Tasks, family_tasks(aws, &clusters, &scope.family)),
        unless(scope, Source::Rules, aws.rules_that_run_tasks()),
        unless(scope, Source::Schedules, aws.schedules_that_run_tasks()),
    )
    .await;
    seen.services = seen.take(Source::Services, services);
    seen.tasks = seen.take(Source::Tasks, tasks);
    seen.rules = seen.take(Source::Rules, rules);
    seen.schedules = seen.take(Source::Schedules, schedules);
    if !scope.without.contains(&Source::Deployments) {
        look_back(aws, scope, &mut seen).await;
    }
    seen
}

async fn clusters_of(aws: &Aws, scope: &Scope, seen: &mut Referring) -> BTreeSet<String> {
    // A cluster may be given as an ARN; listed clusters are names.
    let named = scope.clusters.iter().map(|name| revision_of(name).to_owned());
    let mut clusters: BTreeSet<String> = named.collect();
    let others = unless(scope, Source::Clusters, aws.cluster_names()).await;
    clusters.extend(seen.take(Source::Clusters, others));
    clusters
}

async fn seen_services(aws: &Aws, clusters: &BTreeSet<String>) -> Result<Vec<SeenService>, ApiError> {
    let calls = clusters.iter().map(|cluster| services_of(aws, cluster));
    let found: Vec<Vec<SeenService>> = stream::iter(calls).buffered(CALLS_AT_ONCE).try_collect().await?;
    Ok(found.concat())
}

async fn services_of(aws: &Aws, cluster: &str) -> Result<Vec<SeenService>, ApiError> {
    let names = aws.service_names(cluster).await?;
    let documents = aws.services(cluster, &names).await?;
    let seen = |document| {
        let service: Service = view(document).map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?;
        Ok(SeenService { cluster: cluster.to_owned(), service, ..SeenService::default() })
    };
    documents.values().map(seen).collect()
}

async fn family_tasks(aws: &Aws, clusters: &BTreeSet<String>, family: &str) -> Result<Vec<Task>, ApiError> {
    let calls = clusters.iter().map(|cluster| aws.tasks_of_family(cluster, family));
    let found: Vec<Vec<Task>> = stream::iter(calls).buffered(CALLS_AT_ONCE).try_collect().await?;
    Ok(found.concat())
}

/// Reads the past deployments of the services.
async fn look_back(aws: &Aws, scope: &Scope, seen: &mut Referring) {
    let (mut services, mut errors) = (std::mem::take(&mut seen.services), Vec::new());
    let interesting = |seen: &&mut SeenService| {
        // Services with other deployment controllers have no service deployments.
        let by_ecs = seen.service.deployment_controller.is_ecs();
        by_ecs && (scope.all_pasts || seen.runs(&scope.family))
    };
    let mut chosen: Vec<&mut SeenService> = services.iter_mut().filter(interesting).collect();
    for some in chosen.chunks_mut(CALLS_AT_ONCE) {
        let calls = some.iter_mut().map(|service| look_back_on(aws, service, &scope.family));
        errors.extend(join_all(calls).await.into_iter().filter_map(Result::err));
    }
    seen.services = services;
    seen.unread.extend(errors.into_iter().next().map(|error| (Source::Deployments, error)));
}

async fn look_back_on(aws: &Aws, seen: &mut SeenService, family: &str) -> Result<(), ApiError> {
    let name = &seen.service.service_name;
    seen.deployments = match aws.newest_service_deployments(&seen.cluster, name, usize::MAX).await {
        // The service was deleted after it was listed.
        Err(error) if error.meaning == Meaning::NotFound => return Ok(()),
        deployments => deployments?,
    };
    if let Some(oldest) = seen.deployments.last() {
        let described = aws.service_deployments(std::slice::from_ref(&oldest.service_deployment_arn)).await?;
        let sources = described.into_iter().flat_map(|known| known.source_service_revisions);
        seen.at_first = sources.map(|revision| revision.arn).collect();
    }
    let mut open: Vec<String> = seen.wanted_revisions();
    while !open.is_empty() && !seen.knows_enough() {
        let rest = open.split_off(open.len().min(REVISIONS_A_CALL));
        for revision in aws.service_revisions(&open).await? {
            seen.definitions.insert(revision.service_revision_arn, revision.task_definition);
        }
        open = rest;
    }
    if seen.runs(family) {
        seen.back_to = way_back(aws, seen).await?;
    }
    Ok(())
}

/// Returns the task definition that `ecsail rollback` would deploy now.
async fn way_back(aws: &Aws, seen: &SeenService) -> Result<Option<String>, ApiError> {
    let (service, one) = (&seen.service, Wanted::Back(1));
    let mut past = past(aws, &seen.cluster, service).await?;
    let known = releases(service, &past);
    if !wanted::is_known(&one, &past, &known) {
        let family = family_of(&known.running.definition).to_owned();
        let below = wanted::number_below(&past, &known);
        read_registered(aws, &mut past, &family, below).await?;
    }
    // A service without a previous deployment is no error here.
    Ok(choose(service, &past, &one).ok().flatten().map(|choice| choice.to.definition))
}

/// Awaits a call, unless its source is excluded; then the result is empty.
async fn unless<T: Default>(
    scope: &Scope,
    source: Source,
    call: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    if scope.without.contains(&source) { Ok(T::default()) } else { call.await }
}
