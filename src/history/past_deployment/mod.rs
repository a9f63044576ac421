//! Joins the past deployments of a service: what was deployed, from what, by whom, and with which outcome. Pure.

use serde_json::Value;
use std::collections::BTreeMap;

use super::TaskDefinitions;
use crate::aws::types::{
    ContainerImage, Deployment, Epoch, LifecycleStage, RolloutState, Service, ServiceDeployment,
    ServiceRevision, TaskDefinition, revision_name,
};
use crate::diagnose::events;
use crate::document::normalize::OWN_TAG_PREFIX;
use crate::outcome::Outcome;
use crate::watch::judge::{api_name_in_words, ecs_reason};

/// The longest time between the registration of a revision and its deployment by the same deploy, in seconds.
///
/// A deploy registers first and then runs the tasks before the services, each of which may take an hour by default.
const MAX_REGISTRATION_AGE: f64 = 4200.0;

/// The outcome of a deployment, or its state while it is in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastState {
    Succeeded,
    RolledBack,
    RollbackFailed,
    /// The circuit breaker ended it, and it was not rolled back.
    Failed,
    Stopped,
    /// It was superseded by another deployment before it ended.
    Superseded,
    InProgress,
    RollingBack,
    Stopping,
    /// A status that this version does not have.
    Unknown,
}

impl PastState {
    /// The outcome; none for a status that is not known.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            PastState::Succeeded => Some(Outcome::Succeeded),
            PastState::RolledBack => Some(Outcome::RolledBack),
            PastState::RollbackFailed | PastState::Failed | PastState::Stopped => Some(Outcome::Failed),
            PastState::Superseded => Some(Outcome::Superseded),
            PastState::InProgress | PastState::RollingBack | PastState::Stopping => Some(Outcome::InProgress),
            PastState::Unknown => None,
        }
    }
}

/// A past deployment of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastDeployment {
    /// Empty if only the service's own list contains it.
    pub service_deployment_arn: String,
    /// `ecs-svc/NUMBER`.
    pub deployment: String,
    /// As the API has it: SUCCESSFUL, `ROLLBACK_SUCCESSFUL`, …; from the service's own list COMPLETED, FAILED, ….
    pub status: String,
    /// The lifecycle stage, while it is in progress.
    pub stage: Option<LifecycleStage>,
    /// The ARN of the task definition; empty if it is not known.
    pub revision: String,
    pub service_revision_arn: String,
    pub images: Vec<ContainerImage>,
    /// The record that a deploy left on the task definition, by tag key without `ecsail:`.
    pub tags: BTreeMap<String, String>,
    /// Whether the task definition was registered for this deployment, so that its tags name who deployed it.
    pub has_own_record: bool,
    /// In seconds since 1970; 0 if it is not known.
    pub created_at: f64,
    pub started_at: f64,
    pub finished_at: f64,
    pub reason: Option<String>,
    /// The ARN of the task definition that ECS rolled back to.
    pub rolled_back_to: Option<String>,
    /// The `family:revision` that superseded it.
    pub superseded_by: Option<String>,
    /// Whether the service's list has it as FAILED: without a rollback, the service deployment does not show that.
    pub has_failed: bool,
}

impl PastDeployment {
    /// Returns its outcome.
    pub fn state(&self) -> PastState {
        match self.status.as_str() {
            "SUCCESSFUL" | "COMPLETED" => PastState::Succeeded,
            "ROLLBACK_SUCCESSFUL" => PastState::RolledBack,
            "ROLLBACK_FAILED" => PastState::RollbackFailed,
            "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => PastState::RollingBack,
            "STOPPED" | "STOP_REQUESTED" if self.superseded_by.is_some() => PastState::Superseded,
            "STOPPED" if self.has_failed || self.is_failure_reason() => PastState::Failed,
            "STOPPED" => PastState::Stopped,
            "STOP_REQUESTED" => PastState::Stopping,
            "FAILED" => PastState::Failed,
            "PENDING" | "IN_PROGRESS" if self.has_failed => PastState::Failed,
            "PENDING" | "IN_PROGRESS" => PastState::InProgress,
            _ => PastState::Unknown,
        }
    }

    /// Returns whether ECS's reason is a failure: without a rollback, the circuit breaker only stops a deployment.
    fn is_failure_reason(&self) -> bool {
        let told = self.reason.as_deref().map(|reason| events::read_event(reason).class);
        told == Some(events::EventClass::Fail)
    }

    /// Returns how it ended, in words: the outcome, and what the status of ECS says more precisely.
    pub fn outcome_text(&self) -> String {
        let Some(outcome) = self.state().outcome() else { return api_name_in_words(&self.status) };
        let outcome = outcome.words();
        match self.state() {
            PastState::RollbackFailed => format!("{outcome} (rollback failed)"),
            PastState::Stopped => format!("{outcome} (stopped)"),
            PastState::RollingBack => format!("{outcome} (rolling back)"),
            PastState::Stopping => format!("{outcome} (stopping)"),
            _ => outcome.to_owned(),
        }
    }

    /// Returns its duration in seconds, or `None` while it is in progress or if that is not known.
    pub fn duration_seconds(&self) -> Option<f64> {
        let known = self.finished_at > 0.0 && self.created_at > 0.0;
        known.then_some(self.finished_at - self.created_at)
    }

    /// Returns who deployed it, or `None` if the record belongs to an earlier deployment of the same revision.
    pub fn deployed_by(&self) -> Option<&str> {
        self.tags.get("deployed-by").filter(|_| self.has_own_record).map(String::as_str)
    }

    /// Returns the deployed tag, from the record or else from the images.
    pub fn deployed_tag(&self) -> Option<String> {
        self.tags.get("tag").cloned().or_else(|| image_tag(&self.images))
    }
}

/// Returns the tag of the images of a revision; several if they differ.
pub fn image_tag(images: &[ContainerImage]) -> Option<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in images.iter().filter_map(|image| crate::image::ImageReference::parse(&image.image).tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Some(tags.join(",")).filter(|tags| !tags.is_empty())
}

/// Returns the id of the deployment that a service revision was created for: both end with the same number.
pub fn deployment_id(service_revision_arn: &str) -> String {
    let number = service_revision_arn.rsplit('/').next().unwrap_or_default();
    if number.is_empty() { String::new() } else { format!("ecs-svc/{number}") }
}

/// Returns the record that a deploy left on a task definition, by tag key without `ecsail:`.
pub fn record_tags(definition: &TaskDefinition) -> BTreeMap<String, String> {
    let tags = definition.document["tags"].as_array().into_iter().flatten();
    let own = |tag: &Value| {
        let key = tag["key"].as_str()?.strip_prefix(OWN_TAG_PREFIX)?;
        Some((key.to_owned(), tag["value"].as_str()?.to_owned()))
    };
    tags.filter_map(own).collect()
}

/// Returns whether a task definition was registered for a deployment of that time.
///
/// One that was registered long before belongs to another deploy, and so do its tags.
pub fn is_registered_for(definition: &TaskDefinition, created_at: f64) -> bool {
    let registered: Epoch =
        serde_json::from_value(definition.document["registeredAt"].clone()).unwrap_or_default();
    registered.0 > 0.0 && (0.0..=MAX_REGISTRATION_AGE).contains(&(created_at - registered.0 + 1.0))
}

/// Returns service deployments, newest first, with the revision that each deployed.
pub fn join_deployments(
    list: &[ServiceDeployment],
    service: &Service,
    revisions: &[ServiceRevision],
    definitions: &TaskDefinitions,
) -> Vec<PastDeployment> {
    let mut past: Vec<PastDeployment> =
        list.iter().map(|deployment| join_deployment(deployment, service, revisions)).collect();
    set_superseding(&mut past);
    set_records(&mut past, definitions);
    past
}

/// Returns a service deployment with the revision that it deployed.
fn join_deployment(
    deployment: &ServiceDeployment,
    service: &Service,
    revisions: &[ServiceRevision],
) -> PastDeployment {
    let known = |arn: &str| revisions.iter().find(|revision| revision.service_revision_arn == arn);
    let target = deployment.target_revision_arn().unwrap_or_default();
    let id = deployment_id(target);
    let listed = service.deployments.iter().find(|listed| listed.id == id);
    let failed = listed.filter(|listed| listed.rollout_state == Some(RolloutState::Failed));
    let back = deployment.rollback.as_ref();
    let revision = known(target).map(|revision| &revision.task_definition);
    PastDeployment {
        service_deployment_arn: deployment.service_deployment_arn.clone(),
        status: deployment.status.to_string(),
        stage: deployment.lifecycle_stage.clone(),
        revision: revision.or(listed.map(|listed| &listed.task_definition)).cloned().unwrap_or_default(),
        images: known(target).map(|revision| revision.container_images.clone()).unwrap_or_default(),
        service_revision_arn: target.to_owned(),
        deployment: id,
        created_at: deployment.created_at.0,
        started_at: deployment.started_at.0,
        finished_at: deployment.finished_at.0,
        reason: ecs_reason(deployment)
            .or_else(|| failed.and_then(|listed| listed.rollout_state_reason.clone())),
        rolled_back_to: back
            .and_then(|back| known(back.service_revision_arn.as_deref()?))
            .map(|revision| revision.task_definition.clone()),
        has_failed: failed.is_some(),
        ..PastDeployment::default()
    }
}

/// Returns the deployments that a service lists itself, newest first.
pub fn listed_deployments(
    service: &Service,
    revisions: &[ServiceRevision],
    definitions: &TaskDefinitions,
) -> Vec<PastDeployment> {
    let of = |deployment: &Deployment| {
        let revision =
            revisions.iter().find(|known| deployment_id(&known.service_revision_arn) == deployment.id);
        PastDeployment {
            deployment: deployment.id.clone(),
            status: deployment
                .rollout_state
                .as_ref()
                .map_or(deployment.status.as_str(), RolloutState::as_str)
                .to_owned(),
            revision: deployment.task_definition.clone(),
            service_revision_arn: revision
                .map(|known| known.service_revision_arn.clone())
                .unwrap_or_default(),
            images: revision.map(|known| known.container_images.clone()).unwrap_or_default(),
            created_at: deployment.created_at.0,
            reason: deployment
                .rollout_state_reason
                .clone()
                .filter(|_| deployment.rollout_state == Some(RolloutState::Failed)),
            ..PastDeployment::default()
        }
    };
    let mut past: Vec<PastDeployment> = service.deployments.iter().map(of).collect();
    past.sort_by(|a, b| b.created_at.total_cmp(&a.created_at));
    set_records(&mut past, definitions);
    past
}

/// Sets which deployment superseded each stopped one: the next that began before it ended.
fn set_superseding(past: &mut [PastDeployment]) {
    for index in 1..past.len() {
        let (newer, older) = past.split_at_mut(index);
        let (Some(next), Some(this)) = (newer.last(), older.first_mut()) else { continue };
        let stopped = matches!(this.status.as_str(), "STOPPED" | "STOP_REQUESTED");
        let meanwhile = this.finished_at <= 0.0 || next.created_at <= this.finished_at;
        if stopped && meanwhile && this.rolled_back_to.is_none() {
            let name = if next.revision.is_empty() { &next.deployment } else { &next.revision };
            this.superseded_by = Some(revision_name_or_id(name).to_owned());
        }
    }
}

/// Returns the short name of a revision, or the id of a deployment unchanged.
fn revision_name_or_id(name: &str) -> &str {
    if name.starts_with("ecs-svc/") { name } else { revision_name(name) }
}

/// Adds the records in the tags of the task definitions.
fn set_records(past: &mut [PastDeployment], definitions: &TaskDefinitions) {
    for index in 0..past.len() {
        let (newer, older) = past.split_at_mut(index + 1);
        let Some(this) = newer.last_mut() else { continue };
        let Some(definition) = definitions.get(&this.revision) else { continue };
        this.tags = record_tags(definition);
        let before = older.iter().any(|older| older.revision == this.revision);
        this.has_own_record = !before && is_registered_for(definition, this.created_at);
    }
}

#[cfg(test)]
mod tests;
