//! Reads what runs in a cluster, to write the files that describe it: services with their tags, revisions and definitions,
//! and the schedules that run tasks there.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join3};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{autoscaling, current_revisions, latest_definitions, newest};
use crate::adopt::ObservedCluster;
use crate::aws::autoscaling::ObservedAutoscaling;
use crate::aws::error::{cluster_failure, failure};
use crate::aws::lookup::in_time;
use crate::aws::types::{ObservedSchedule, ObservedService, ServiceRef, answer};
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS, RULES_AT_ONCE};
use crate::document::problem::did_you_mean;
use crate::error::{Failure, Result};
use crate::service_arn::cluster_name;

/// What was read of a cluster, and notes about what could not be read.
#[derive(Clone, Debug, Default)]
pub struct ObservedAdoption {
    pub cluster: ObservedCluster,
    pub notes: Vec<String>,
}

/// Reads the named services of a cluster, or all, and the schedules that run tasks in it.
///
/// # Errors
/// The cluster or a named service does not exist, or its services cannot be read.
pub async fn observe_cluster(aws: &Aws, cluster: &str, named: &[String]) -> Result<ObservedAdoption> {
    let listed = aws.service_names(cluster).await.map_err(|error| cluster_failure(cluster, error))?;
    let missing: Vec<Failure> = named
        .iter()
        .filter(|name| !listed.contains(name))
        .map(|name| not_found(name, cluster, &listed))
        .collect();
    if !missing.is_empty() {
        return Err(Failure::several(missing));
    }
    let names = if named.is_empty() { listed } else { named.to_vec() };
    let found =
        aws.services_with_tags(cluster, &names).await.map_err(|error| cluster_failure(cluster, error))?;
    let mut adoption = ObservedAdoption::default();
    adoption.cluster.name = cluster_name(cluster).to_owned();
    adoption.cluster.region = aws.region.clone();
    for document in found.into_values() {
        let service = answer("ecs:DescribeServices", &document).map_err(failure)?;
        adoption.cluster.services.push(ObservedService { document, service, ..ObservedService::default() });
    }
    read_services(aws, &mut adoption).await?;
    read_express(aws, &mut adoption).await;
    read_schedules(aws, &mut adoption).await?;
    Ok(adoption)
}

fn not_found(name: &str, cluster: &str, listed: &[String]) -> Failure {
    let hint = did_you_mean(name, listed.iter().map(String::as_str));
    let hint = hint.unwrap_or_else(|| format!("its services: {}", listed.join(", ")));
    Failure::usage(format!("no service named `{name}` in cluster `{}`", cluster_name(cluster)))
        .with_hint(hint)
}

/// Reads the definitions and revisions that the services run, and which of them are scaled automatically.
async fn read_services(aws: &Aws, adoption: &mut ObservedAdoption) -> Result<()> {
    let services = &adoption.cluster.services;
    let definitions: BTreeSet<String> = services
        .iter()
        .map(|seen| seen.service.task_definition.clone())
        .filter(|definition| !definition.is_empty())
        .collect();
    let revisions: Vec<String> = services
        .iter()
        .flat_map(|seen| seen.service.current_service_revisions.iter().map(|revision| revision.arn.clone()))
        .collect();
    let cluster = adoption.cluster.name.clone();
    let names: Vec<ServiceRef> =
        services.iter().map(|seen| ServiceRef::new(&cluster, &seen.service.service_name)).collect();
    let (definitions, revisions, scaling) = join3(
        latest_definitions(aws, &definitions),
        in_time("ecs:DescribeServiceRevisions", aws.service_revisions(&revisions)),
        in_time("application-autoscaling:DescribeScalableTargets", autoscaling_of(aws, &names)),
    )
    .await;
    let definitions = definitions.map_err(failure)?;
    let revisions = revisions.unwrap_or_else(|error| {
        let note = "could not read the service revisions, so that `monitoring` and other attributes that only they have are not \
                    written";
        adoption.notes.push(format!("{note}: {error}"));
        Vec::new()
    });
    for seen in &mut adoption.cluster.services {
        seen.running_definition = definitions.get(&seen.service.task_definition).cloned();
        let current = current_revisions(&seen.service, &revisions).max_by(newest);
        seen.revision = current.map(|revision| revision.attributes.clone());
    }
    match scaling {
        Ok(found) => adoption.cluster.autoscaling = found,
        Err(error) => {
            adoption.notes.push(format!("could not read the autoscaling, so that none is written: {error}"));
        }
    }
    Ok(())
}

/// Reads the configurations of Express services. One that cannot be read is noted, and the service is left out.
async fn read_express(aws: &Aws, adoption: &mut ObservedAdoption) {
    for seen in adoption.cluster.services.iter_mut().filter(|seen| seen.service.is_express()) {
        let read = aws.express_service(&seen.service.service_arn);
        match in_time("ecs:DescribeExpressGatewayService", read).await {
            Ok(express) => seen.express = Some(express),
            Err(error) => {
                let name = &seen.service.service_name;
                adoption.notes.push(format!("could not read the Express service `{name}`: {error}"));
            }
        }
    }
}

/// Returns the autoscaling of the services that have some, by their names.
async fn autoscaling_of(
    aws: &Aws,
    services: &[ServiceRef],
) -> Result<BTreeMap<String, ObservedAutoscaling>, ApiError> {
    let targets = aws.scalable_targets(services).await?;
    let scaled: Vec<ServiceRef> = targets.into_keys().collect();
    let found = autoscaling::observe_services(aws, &scaled).await?;
    Ok(found.into_iter().map(|(service, scaling)| (service.name, scaling)).collect())
}

/// Reads the schedules and rules that run tasks in the cluster, and the definitions that they run.
async fn read_schedules(aws: &Aws, adoption: &mut ObservedAdoption) -> Result<()> {
    let arn = adoption.cluster.services.first().map(|seen| seen.service.cluster_arn.clone());
    let Some(arn) = arn.filter(|arn| !arn.is_empty()) else { return Ok(()) };
    let (schedules, rules) = join(schedules_of(aws), rules_of(aws)).await;
    for (what, found) in [("schedules of EventBridge Scheduler", schedules), ("rules of EventBridge", rules)]
    {
        match found {
            Ok(found) => adoption.cluster.schedules.extend(found),
            Err(error) => {
                adoption
                    .notes
                    .push(format!("could not read the {what}, so that none of them is written: {error}"));
            }
        }
    }
    let runs_here =
        |schedule: &ObservedSchedule| schedule.targets.iter().any(|target| target["Arn"] == arn.as_str());
    adoption.cluster.schedules.retain(runs_here);
    let named = adoption.cluster.schedules.iter().flat_map(ObservedSchedule::task_definitions);
    let named: BTreeSet<String> = named.map(str::to_owned).collect();
    adoption.cluster.definitions = latest_definitions(aws, &named).await.map_err(failure)?;
    Ok(())
}

async fn schedules_of(aws: &Aws) -> Result<Vec<ObservedSchedule>, ApiError> {
    let targets = aws.task_schedule_targets().await?;
    let groups: BTreeSet<&str> = targets.iter().map(|target| target.group.as_str()).collect();
    let tags = groups.iter().map(|group| async move {
        Ok::<_, ApiError>(((*group).to_owned(), aws.schedule_group_tags(group).await?.unwrap_or_default()))
    });
    let tags: BTreeMap<String, BTreeMap<String, String>> =
        stream::iter(tags).buffer_unordered(MAX_CONCURRENT_CALLS).try_collect().await?;
    let calls = targets.iter().map(|target| aws.schedule(&target.group, &target.schedule));
    let found: Vec<Option<ObservedSchedule>> =
        stream::iter(calls).buffered(MAX_CONCURRENT_CALLS).try_collect().await?;
    let with_tags = |schedule: ObservedSchedule| {
        let tags = schedule.group().and_then(|group| tags.get(group)).cloned().unwrap_or_default();
        ObservedSchedule { tags, ..schedule }
    };
    Ok(found.into_iter().flatten().map(with_tags).collect())
}

/// Returns the rules of the default bus that have times; the rules of other buses have none.
async fn rules_of(aws: &Aws) -> Result<Vec<ObservedSchedule>, ApiError> {
    let rules = aws.all_rules().await?;
    let timed = rules.iter().filter(|rule| rule["ScheduleExpression"].is_string());
    let calls = timed.map(|rule| aws.whole_rule(rule));
    stream::iter(calls).buffered(RULES_AT_ONCE).try_collect().await
}
