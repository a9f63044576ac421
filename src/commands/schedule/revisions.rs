//! Reads the revisions that schedules run, and those of the services that they are like.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::observed::{Like, OnceNotes, Runs, ScheduleState, SelectedSchedules};
use crate::aws::types::{
    ObservedSchedule, Service, TaskDefinition, answer, family_of, number_of, revision_name,
};
use crate::aws::{ApiError, Aws};
use crate::manifest::schedules::{ManifestSchedule, TargetTask};
use crate::plan::record::recorded_tag;
use crate::plan::schedules::run_now::is_task_target;

/// The number of definitions that are read at once.
const CONCURRENCY: usize = 8;

impl SelectedSchedules {
    /// Sets `runs` of the schedules: the revisions of their targets, and of the services that they are like.
    pub async fn read_revisions(&self, seen: &mut [ScheduleState], aws: &Aws, notes: &OnceNotes<'_>) {
        let services =
            notes.value_or_note(self.read_like_services(aws).await, "the revisions of services are unknown");
        let services = services.unwrap_or_default();
        let scheduled = seen.iter().filter_map(|seen| seen.observed.as_ref());
        let scheduled = scheduled.flat_map(ObservedSchedule::task_definitions);
        let running = services.values().map(|service| service.task_definition.as_str());
        let asked: BTreeSet<String> = scheduled.chain(running).map(definition_name).collect();
        let definitions =
            notes.value_or_note(read_definitions(asked, aws).await, "the tags of schedules are unknown");
        let definitions = definitions.unwrap_or_default();
        for seen in seen {
            let (Some(observed), entry) = (&seen.observed, seen.entry(&self.manifest)) else { continue };
            let targets = observed.targets.iter().filter(|target| !seen.is_foreign(target));
            let runs = targets.map(|target| {
                let work = entry.and_then(|entry| self.like_entry(entry, target));
                let like = work.and_then(|(key, whole)| {
                    let service = services.get(&key)?;
                    let definition = definitions.get(&definition_name(&service.task_definition));
                    Some(Like {
                        service: key,
                        revision: revision_name(&service.task_definition).to_owned(),
                        tag: definition.and_then(recorded_tag),
                        whole,
                    })
                });
                target_revision(target, &definitions, like)
            });
            seen.runs = runs.collect();
        }
    }

    /// Returns the service that a target is like, and whether the target takes its definition from it.
    pub(super) fn like_entry(&self, entry: &ManifestSchedule, target: &Value) -> Option<(String, bool)> {
        let id = target["Id"].as_str();
        let own = entry.targets.iter().find(|own| id.is_none_or(|id| own.id.value == id))?;
        let work = match &own.spec {
            TargetTask::Inline(work) => work.as_ref(),
            TargetTask::Named(name) => &self.manifest.tasks.iter().find(|task| task.key == name.value)?.spec,
            TargetTask::Missing => return None,
        };
        Some((work.like.as_ref()?.value.clone(), work.task_definition.is_empty()))
    }

    /// Returns the services that targets are like, by key.
    async fn read_like_services(&self, aws: &Aws) -> Result<BTreeMap<String, Service>, ApiError> {
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for service in &self.manifest.like_services {
            let Some(cluster) = self.manifest.cluster_of(service) else { continue };
            clusters.entry(cluster).or_default().push(service.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| aws.services(cluster, names));
        let answers = futures_util::future::try_join_all(calls).await?;
        let found: BTreeMap<(&String, &String), &Value> = clusters
            .keys()
            .zip(&answers)
            .flat_map(|(cluster, found)| found.iter().map(move |(name, value)| ((cluster, name), value)))
            .collect();
        let mut services = BTreeMap::new();
        for lender in &self.manifest.like_services {
            let Some(cluster) = self.manifest.cluster_of(lender) else { continue };
            let Some(document) = found.get(&(&cluster, &lender.name)) else { continue };
            let service: Service = answer("ecs:DescribeServices", document)?;
            if !service.task_definition.is_empty() {
                services.insert(lender.key.clone(), service);
            }
        }
        Ok(services)
    }
}

fn target_revision(
    target: &Value,
    definitions: &BTreeMap<String, TaskDefinition>,
    like: Option<Like>,
) -> Runs {
    let id = target["Id"].as_str().unwrap_or_default().to_owned();
    if !is_task_target(target) {
        return Runs { target: id, ..Runs::default() };
    }
    let arn = target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
    Runs {
        target: id,
        revision: Some(revision_name(arn).to_owned()),
        tag: definitions.get(&definition_name(arn)).and_then(recorded_tag),
        like,
    }
}

/// Returns the name to request a definition by: an ARN without a revision is reduced to its family.
fn definition_name(arn: &str) -> String {
    if number_of(arn).is_some() { arn.to_owned() } else { family_of(arn).to_owned() }
}

/// Reads definitions, by the names they were requested by. Those that do not exist are left out.
///
/// # Errors
///
/// Fails if a definition cannot be read.
pub async fn read_definitions(
    asked: BTreeSet<String>,
    aws: &Aws,
) -> Result<BTreeMap<String, TaskDefinition>, ApiError> {
    let calls = asked.into_iter().map(|name| async move {
        let found = aws.task_definition(&name).await?;
        Ok::<_, ApiError>(found.map(|found| (name, found)))
    });
    let found: Vec<Result<_, ApiError>> = stream::iter(calls).buffered(CONCURRENCY).collect().await;
    Ok(found.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
