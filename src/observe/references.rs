//! Reads everything that may refer to the revisions of a family: services and their past deployments, tasks, rules and
//! schedules.
//!
//! The result also contains what could not be read: a caller that removes revisions must not mistake unread for
//! unreferenced.

use std::collections::BTreeSet;

use futures_util::future::{join_all, join4};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::past::{deployment_history, read_older_revisions};
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{Service, Task, family_of, parse_view, revision_name};
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS};
use crate::error::Result;
use crate::plan::references::{Referring, SeenService, Source};
use crate::plan::rollback::{RollbackSelector, choose, deployed_states, selector};

/// The number of service revisions read per call, newest first, until enough are known.
const MAX_REVISIONS_PER_CALL: usize = 20;

/// What to search for references.
#[derive(Clone, Debug, Default)]
pub struct ReferenceScope {
    pub family: String,
    /// The named clusters; all other clusters of the account are read as well, unless they are excluded.
    pub clusters: Vec<String>,
    /// Whether to read past deployments of services that do not run the family now: they may roll back to it.
    pub include_past_services: bool,
    /// The kinds of resources that are not read.
    pub excluded: Vec<Source>,
}

/// Returns everything that may refer to the revisions of a family. Never fails: what could not be read is in
/// `unread`.
pub async fn observe_references(aws: &Aws, scope: &ReferenceScope) -> Referring {
    let mut seen = Referring::default();
    let clusters = clusters_in_scope(aws, scope, &mut seen).await;
    let (services, tasks, rules, schedules) = join4(
        referencing_services(aws, &clusters),
        fetch_unless_excluded(scope, Source::Tasks, family_tasks(aws, &clusters, &scope.family)),
        fetch_unless_excluded(scope, Source::Rules, aws.task_rule_targets()),
        fetch_unless_excluded(scope, Source::Schedules, aws.task_schedule_targets()),
    )
    .await;
    seen.services = seen.take(Source::Services, services);
    seen.tasks = seen.take(Source::Tasks, tasks);
    seen.rules = seen.take(Source::Rules, rules);
    seen.schedules = seen.take(Source::Schedules, schedules);
    if !scope.excluded.contains(&Source::Deployments) {
        read_past_deployments(aws, scope, &mut seen).await;
    }
    seen
}

async fn clusters_in_scope(aws: &Aws, scope: &ReferenceScope, seen: &mut Referring) -> BTreeSet<String> {
    // A cluster may be given as an ARN; listed clusters are names.
    let named = scope.clusters.iter().map(|name| revision_name(name).to_owned());
    let mut clusters: BTreeSet<String> = named.collect();
    let others = fetch_unless_excluded(scope, Source::Clusters, aws.cluster_names()).await;
    clusters.extend(seen.take(Source::Clusters, others));
    clusters
}

async fn referencing_services(aws: &Aws, clusters: &BTreeSet<String>) -> Result<Vec<SeenService>, ApiError> {
    let calls = clusters.iter().map(|cluster| services_in_cluster(aws, cluster));
    let found: Vec<Vec<SeenService>> =
        stream::iter(calls).buffered(MAX_CONCURRENT_CALLS).try_collect().await?;
    Ok(found.concat())
}

async fn services_in_cluster(aws: &Aws, cluster: &str) -> Result<Vec<SeenService>, ApiError> {
    let names = aws.service_names(cluster).await?;
    let documents = aws.services(cluster, &names).await?;
    let seen = |document| {
        let service: Service =
            parse_view(document).map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?;
        Ok(SeenService { cluster: cluster.to_owned(), service, ..SeenService::default() })
    };
    documents.values().map(seen).collect()
}

async fn family_tasks(aws: &Aws, clusters: &BTreeSet<String>, family: &str) -> Result<Vec<Task>, ApiError> {
    let calls = clusters.iter().map(|cluster| aws.tasks_of_family(cluster, family));
    let found: Vec<Vec<Task>> = stream::iter(calls).buffered(MAX_CONCURRENT_CALLS).try_collect().await?;
    Ok(found.concat())
}

/// Reads the past deployments of the services.
async fn read_past_deployments(aws: &Aws, scope: &ReferenceScope, seen: &mut Referring) {
    let (mut services, mut errors) = (std::mem::take(&mut seen.services), Vec::new());
    let interesting = |seen: &&mut SeenService| {
        // Services with other deployment controllers have no service deployments.
        let by_ecs = seen.service.deployment_controller.is_ecs();
        by_ecs && (scope.include_past_services || seen.runs(&scope.family))
    };
    let mut chosen: Vec<&mut SeenService> = services.iter_mut().filter(interesting).collect();
    for some in chosen.chunks_mut(MAX_CONCURRENT_CALLS) {
        let calls = some.iter_mut().map(|service| read_past_deployments_of(aws, service, &scope.family));
        errors.extend(join_all(calls).await.into_iter().filter_map(Result::err));
    }
    seen.services = services;
    seen.unread.extend(errors.into_iter().next().map(|error| (Source::Deployments, error)));
}

async fn read_past_deployments_of(aws: &Aws, seen: &mut SeenService, family: &str) -> Result<(), ApiError> {
    let name = &seen.service.service_name;
    seen.deployments = match aws.newest_service_deployments(&seen.cluster, name, usize::MAX).await {
        // The service was deleted after it was listed.
        Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(()),
        deployments => deployments?,
    };
    if let Some(oldest) = seen.deployments.last() {
        let described = aws.service_deployments(std::slice::from_ref(&oldest.service_deployment_arn)).await?;
        let sources = described.into_iter().flat_map(|known| known.source_service_revisions);
        seen.at_first = sources.map(|revision| revision.arn).collect();
    }
    let mut open: Vec<String> = seen.service_revisions_to_read();
    while !open.is_empty() && !seen.has_enough_revisions() {
        let rest = open.split_off(open.len().min(MAX_REVISIONS_PER_CALL));
        for revision in aws.service_revisions(&open).await? {
            seen.definitions.insert(revision.service_revision_arn, revision.task_definition);
        }
        open = rest;
    }
    if seen.runs(family) {
        seen.back_to = find_rollback_definition(aws, seen).await?;
    }
    Ok(())
}

/// Returns the task definition that `ecsail rollback` would deploy now.
async fn find_rollback_definition(aws: &Aws, seen: &SeenService) -> Result<Option<String>, ApiError> {
    let (service, one) = (&seen.service, RollbackSelector::Steps(1));
    let mut past = deployment_history(aws, &seen.cluster, service).await?;
    let known = deployed_states(service, &past);
    if !selector::can_resolve(&one, &past, &known) {
        let family = family_of(&known.running.definition).to_owned();
        let below = selector::revision_limit(&past, &known);
        read_older_revisions(aws, &mut past, &family, below).await?;
    }
    // A service without a previous deployment is no error here.
    Ok(choose(service, &past, &one).ok().flatten().map(|choice| choice.to.definition))
}

/// Awaits a call, unless its source is excluded; then the result is empty.
async fn fetch_unless_excluded<T: Default>(
    scope: &ReferenceScope,
    source: Source,
    call: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    if scope.excluded.contains(&source) { Ok(T::default()) } else { call.await }
}
