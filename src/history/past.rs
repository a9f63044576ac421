//! Owns the join of a service's past: what was deployed, from what, by whom, and how it ended. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Definitions;
use crate::aws::types::{
    ContainerImage, Deployment, Epoch, Service, ServiceDeployment, ServiceRevision, TaskDefinition,
    revision_of,
};
use crate::diagnose::events;
use crate::document::normal::OWN_TAG_PREFIX;
use crate::outcome::Outcome;
use crate::watch::judge::{in_words, told_reason};

/// How long before its deployment a deploy of ours may have registered a revision, in seconds.
///
/// It registers first, and then runs the tasks that go before the services: each may take an hour where nobody says more.
const REGISTERED_FOR: f64 = 4200.0;

/// Says how a deployment ended, or where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastState {
    Succeeded,
    RolledBack,
    RollbackFailed,
    /// The circuit breaker gave it up, and nothing took it back.
    Failed,
    Stopped,
    /// Another deployment took its place before it was done.
    Superseded,
    InProgress,
    RollingBack,
    Stopping,
    /// A status of tomorrow.
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

/// Holds one deployment of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastDeployment {
    /// Empty where only the service's own list told of it.
    pub service_deployment_arn: String,
    /// `ecs-svc/NUMBER`.
    pub deployment: String,
    /// As the API has it: SUCCESSFUL, ROLLBACK_SUCCESSFUL, …; of the service's own list COMPLETED, FAILED, ….
    pub status: String,
    /// The lifecycle stage of one that is under way.
    pub stage: Option<String>,
    /// The ARN of the task definition; empty where it is not known.
    pub revision: String,
    pub service_revision_arn: String,
    pub images: Vec<ContainerImage>,
    /// The record that a deploy left on the task definition, by the tags' names without `ecsail:`.
    pub tags: BTreeMap<String, String>,
    /// Whether the task definition was registered for this deployment: then its tags say who deployed.
    pub is_first: bool,
    /// In seconds since 1970; 0 where it is not known.
    pub created_at: f64,
    pub started_at: f64,
    pub finished_at: f64,
    pub reason: Option<String>,
    /// The ARN of the task definition that ECS went back to.
    pub rolled_back_to: Option<String>,
    /// The `family:revision` that took its place.
    pub superseded_by: Option<String>,
    /// It is in the service's list, and FAILED there: without a rollback the service deployment does not say so.
    pub has_failed: bool,
}

impl PastDeployment {
    /// Returns how it ended.
    pub fn state(&self) -> PastState {
        match self.status.as_str() {
            "SUCCESSFUL" | "COMPLETED" => PastState::Succeeded,
            "ROLLBACK_SUCCESSFUL" => PastState::RolledBack,
            "ROLLBACK_FAILED" => PastState::RollbackFailed,
            "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => PastState::RollingBack,
            "STOPPED" | "STOP_REQUESTED" if self.superseded_by.is_some() => PastState::Superseded,
            "STOPPED" if self.has_failed || self.tells_of_failure() => PastState::Failed,
            "STOPPED" => PastState::Stopped,
            "STOP_REQUESTED" => PastState::Stopping,
            "FAILED" => PastState::Failed,
            "PENDING" | "IN_PROGRESS" if self.has_failed => PastState::Failed,
            "PENDING" | "IN_PROGRESS" => PastState::InProgress,
            _ => PastState::Unknown,
        }
    }

    /// Returns whether ECS's reason is a failure: without a rollback the circuit breaker only stops a deployment.
    fn tells_of_failure(&self) -> bool {
        let told = self.reason.as_deref().map(|reason| events::read(reason).class);
        told == Some(events::Class::Fail)
    }

    /// Returns how it ended, in words: the outcome, and what the status of ECS says more precisely.
    pub fn outcome_in_words(&self) -> String {
        let Some(outcome) = self.state().outcome() else { return in_words(&self.status) };
        let outcome = outcome.words();
        match self.state() {
            PastState::RollbackFailed => format!("{outcome} (rollback failed)"),
            PastState::Stopped => format!("{outcome} (stopped)"),
            PastState::RollingBack => format!("{outcome} (rolling back)"),
            PastState::Stopping => format!("{outcome} (stopping)"),
            _ => outcome.to_owned(),
        }
    }

    /// Returns how long it took, in seconds; nothing while it is under way, or where that is not known.
    pub fn seconds(&self) -> Option<f64> {
        let known = self.finished_at > 0.0 && self.created_at > 0.0;
        known.then_some(self.finished_at - self.created_at)
    }

    /// Returns who deployed; nothing where the record is of an earlier deployment of the same revision.
    pub fn deployed_by(&self) -> Option<&str> {
        self.tags.get("deployed-by").filter(|_| self.is_first).map(String::as_str)
    }

    /// Returns the tag that was deployed: as the record has it, else that of the images.
    pub fn deployed_tag(&self) -> Option<String> {
        self.tags.get("tag").cloned().or_else(|| tag_of(&self.images))
    }
}

/// Returns the tag that the images of a revision have; several where they differ.
pub fn tag_of(images: &[ContainerImage]) -> Option<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in images.iter().filter_map(|image| crate::manifest::image::Reference::parse(&image.image).tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Some(tags.join(",")).filter(|tags| !tags.is_empty())
}

/// Returns the id of the deployment that a service revision was made for: both end in the same number.
pub fn deployment_id(service_revision_arn: &str) -> String {
    let number = service_revision_arn.rsplit('/').next().unwrap_or_default();
    if number.is_empty() { String::new() } else { format!("ecs-svc/{number}") }
}

/// Returns the record that a deploy left on a task definition, by the tags' names without `ecsail:`.
pub fn record_of(definition: &TaskDefinition) -> BTreeMap<String, String> {
    let tags = definition.document["tags"].as_array().into_iter().flatten();
    let own = |tag: &Value| {
        let key = tag["key"].as_str()?.strip_prefix(OWN_TAG_PREFIX)?;
        Some((key.to_owned(), tag["value"].as_str()?.to_owned()))
    };
    tags.filter_map(own).collect()
}

/// Returns whether a task definition was registered for a deployment of that time.
///
/// One that was registered long before was deployed by another deploy, and its tags tell of that one.
pub fn is_registered_for(definition: &TaskDefinition, created_at: f64) -> bool {
    let registered: Epoch =
        serde_json::from_value(definition.document["registeredAt"].clone()).unwrap_or_default();
    registered.0 > 0.0 && (0.0..=REGISTERED_FOR).contains(&(created_at - registered.0 + 1.0))
}

/// Returns service deployments, newest first, with what each brought out.
pub fn join_past(
    list: &[ServiceDeployment],
    service: &Service,
    revisions: &[ServiceRevision],
    definitions: &Definitions,
) -> Vec<PastDeployment> {
    let mut past: Vec<PastDeployment> =
        list.iter().map(|deployment| joined(deployment, service, revisions)).collect();
    supersede(&mut past);
    record(&mut past, definitions);
    past
}

/// Returns a service deployment with the revision that it brought out.
fn joined(
    deployment: &ServiceDeployment,
    service: &Service,
    revisions: &[ServiceRevision],
) -> PastDeployment {
    let known = |arn: &str| revisions.iter().find(|revision| revision.service_revision_arn == arn);
    let target = deployment.target().unwrap_or_default();
    let id = deployment_id(target);
    let listed = service.deployments.iter().find(|listed| listed.id == id);
    let failed = listed.filter(|listed| listed.rollout_state.as_deref() == Some("FAILED"));
    let back = deployment.rollback.as_ref();
    let revision = known(target).map(|revision| &revision.task_definition);
    PastDeployment {
        service_deployment_arn: deployment.service_deployment_arn.clone(),
        status: deployment.status.clone(),
        stage: deployment.lifecycle_stage.clone(),
        revision: revision.or(listed.map(|listed| &listed.task_definition)).cloned().unwrap_or_default(),
        images: known(target).map(|revision| revision.container_images.clone()).unwrap_or_default(),
        service_revision_arn: target.to_owned(),
        deployment: id,
        created_at: deployment.created_at.0,
        started_at: deployment.started_at.0,
        finished_at: deployment.finished_at.0,
        reason: told_reason(deployment)
            .or_else(|| failed.and_then(|listed| listed.rollout_state_reason.clone())),
        rolled_back_to: back
            .and_then(|back| known(back.service_revision_arn.as_deref()?))
            .map(|revision| revision.task_definition.clone()),
        has_failed: failed.is_some(),
        ..PastDeployment::default()
    }
}

/// Returns the deployments that a service lists itself, newest first.
pub fn listed(
    service: &Service,
    revisions: &[ServiceRevision],
    definitions: &Definitions,
) -> Vec<PastDeployment> {
    let of = |deployment: &Deployment| {
        let revision =
            revisions.iter().find(|known| deployment_id(&known.service_revision_arn) == deployment.id);
        PastDeployment {
            deployment: deployment.id.clone(),
            status: deployment.rollout_state.clone().unwrap_or_else(|| deployment.status.clone()),
            revision: deployment.task_definition.clone(),
            service_revision_arn: revision
                .map(|known| known.service_revision_arn.clone())
                .unwrap_or_default(),
            images: revision.map(|known| known.container_images.clone()).unwrap_or_default(),
            created_at: deployment.created_at.0,
            reason: deployment
                .rollout_state_reason
                .clone()
                .filter(|_| deployment.rollout_state.as_deref() == Some("FAILED")),
            ..PastDeployment::default()
        }
    };
    let mut past: Vec<PastDeployment> = service.deployments.iter().map(of).collect();
    past.sort_by(|a, b| b.created_at.total_cmp(&a.created_at));
    record(&mut past, definitions);
    past
}

/// Notes of deployments that were stopped which one took their place: the next that began before they ended.
fn supersede(past: &mut [PastDeployment]) {
    for index in 1..past.len() {
        let (newer, older) = past.split_at_mut(index);
        let (Some(next), Some(this)) = (newer.last(), older.first_mut()) else { continue };
        let stopped = matches!(this.status.as_str(), "STOPPED" | "STOP_REQUESTED");
        let meanwhile = this.finished_at <= 0.0 || next.created_at <= this.finished_at;
        if stopped && meanwhile && this.rolled_back_to.is_none() {
            let name = if next.revision.is_empty() { &next.deployment } else { &next.revision };
            this.superseded_by = Some(revision_of_or_id(name).to_owned());
        }
    }
}

/// Returns the short name of a revision, or the id of a deployment as it is.
fn revision_of_or_id(name: &str) -> &str {
    if name.starts_with("ecs-svc/") { name } else { revision_of(name) }
}

/// Adds what the task definitions' tags record.
fn record(past: &mut [PastDeployment], definitions: &Definitions) {
    for index in 0..past.len() {
        let (newer, older) = past.split_at_mut(index + 1);
        let Some(this) = newer.last_mut() else { continue };
        let Some(definition) = definitions.get(&this.revision) else { continue };
        this.tags = record_of(definition);
        let before = older.iter().any(|older| older.revision == this.revision);
        this.is_first = !before && is_registered_for(definition, this.created_at);
    }
}

#[cfg(test)]
#[path = "past_tests.rs"]
mod tests;
