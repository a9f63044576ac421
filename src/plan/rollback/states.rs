//! Orders the states that a service was in, and finds those below the running one.
//!
//! They form a stack: a deployment that succeeds is pushed, and one that restores an earlier state pops everything
//! above it. So two rollbacks in a row never return to the state that the first one left.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::attributes;
use super::past::DeploymentHistory;
use crate::aws::types::{Service, ServiceRevision, TaskDefinition, revision_name};
use crate::plan::record::{RESTORED_FROM_KEY, digest_key};

/// A state that a service was in, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct DeployedState {
    /// The ARN of the task definition.
    pub definition: String,
    /// When its deployment was created; 0 if that is not known.
    pub created_at: f64,
    /// The ARN of its service deployment.
    pub deployment: Option<String>,
    /// The service revision: exactly what was deployed.
    pub revision: Option<ServiceRevision>,
}

impl DeployedState {
    /// Creates a state of which only the task definition is known.
    pub fn from_definition(definition: &str) -> DeployedState {
        DeployedState { definition: definition.to_owned(), ..DeployedState::default() }
    }

    /// Returns `family:revision` of its definition.
    pub fn revision_name(&self) -> &str {
        revision_name(&self.definition)
    }

    /// Returns the digests that its containers ran, from ECS, or else from the tags of an earlier deploy.
    pub fn digests(&self, definition: Option<&TaskDefinition>) -> BTreeMap<String, String> {
        let Some(revision) = &self.revision else {
            return definition.map(recorded_digests).unwrap_or_default();
        };
        let digest = |image: &crate::aws::types::ContainerImage| {
            Some((image.container_name.clone(), image.image_digest.clone()?))
        };
        revision.container_images.iter().filter_map(digest).collect()
    }

    /// Returns whether both states have the same definition, images and attributes.
    ///
    /// What is not known of one of them counts as equal.
    pub fn is_same(&self, other: &DeployedState, past: &DeploymentHistory) -> bool {
        if past.original_definition(&self.definition) != past.original_definition(&other.definition) {
            return false;
        }
        let (Some(own), Some(others)) = (&self.revision, &other.revision) else { return true };
        let (digests, other_digests) = (self.digests(None), other.digests(None));
        let moved = |(container, digest): (&String, &String)| {
            other_digests.get(container).is_some_and(|other| other != digest)
        };
        !digests.iter().any(moved) && comparable_attributes(own) == comparable_attributes(others)
    }
}

fn comparable_attributes(revision: &ServiceRevision) -> Map<String, Value> {
    attributes::normal_attributes(&revision.attributes)
}

fn recorded_digests(definition: &TaskDefinition) -> BTreeMap<String, String> {
    let containers = definition.document["containerDefinitions"].as_array().into_iter().flatten();
    let names = containers.filter_map(|container| container["name"].as_str());
    names.filter_map(|name| Some((name.to_owned(), definition.tag(&digest_key(name))?.to_owned()))).collect()
}

impl DeploymentHistory {
    /// Returns the definition that a rollback registered this one again from, or itself.
    pub fn original_definition(&self, definition: &str) -> String {
        let tag = self.definitions.get(definition).and_then(|known| known.tag(RESTORED_FROM_KEY));
        let Some(name) = tag else { return definition.to_owned() };
        let place = definition.len() - revision_name(definition).len();
        format!("{}{name}", &definition[..place])
    }
}

/// What a service runs, and what it ran before.
#[derive(Clone, Debug, Default)]
pub struct DeployedStates {
    pub running: DeployedState,
    /// Whether its deployment, or one of the same state, succeeded.
    pub running_succeeded: bool,
    /// The states below it on the stack, the nearest first.
    pub earlier: Vec<DeployedState>,
    /// All succeeded states, newest first.
    pub succeeded: Vec<DeployedState>,
    /// The state that the service was rolled back from to the running one, if it has not been deployed to since.
    pub rolled_back_from: Option<DeployedState>,
}

/// Returns what a service runs and what it ran before, from ECS's history.
pub fn deployed_states(service: &Service, past: &DeploymentHistory) -> DeployedStates {
    let mut stack: Vec<DeployedState> = Vec::new();
    let mut succeeded = Vec::new();
    let mut rolled_back_from = None;
    let first = past.initial_revision.iter().map(|revision| DeployedState {
        definition: revision.task_definition.clone(),
        created_at: revision.created_at.0,
        deployment: None,
        revision: Some(revision.clone()),
    });
    let oldest_first: Vec<_> = past.succeeded().collect();
    let known = oldest_first.into_iter().rev().map(|(deployment, revision)| DeployedState {
        definition: revision.task_definition.clone(),
        created_at: deployment.created_at.0,
        deployment: Some(deployment.service_deployment_arn.clone()),
        revision: Some(revision.clone()),
    });
    for release in first.chain(known) {
        if let Some(at) = stack.iter().position(|known| known.is_same(&release, past)) {
            // The same state again, as by a restart, is no rollback.
            rolled_back_from = stack.split_off(at).into_iter().skip(1).last().or(rolled_back_from);
        } else {
            rolled_back_from = None;
        }
        stack.push(release.clone());
        succeeded.insert(0, release);
    }
    let running = running_state(service, past, &succeeded);
    let at = stack.iter().position(|known| known.is_same(&running, past));
    let is_newest = at.is_some_and(|at| at + 1 == stack.len());
    stack.truncate(at.unwrap_or(stack.len()));
    stack.reverse();
    let rolled_back_from = rolled_back_from.filter(|_| is_newest);
    DeployedStates { running, running_succeeded: at.is_some(), earlier: stack, succeeded, rolled_back_from }
}

/// Returns what a service is set to run: the service revision of its PRIMARY deployment.
///
/// Its ARN ends with the deployment's number, except after some rollbacks: then it is the only current service
/// revision, or else the newest succeeded one with this definition.
fn running_state(service: &Service, past: &DeploymentHistory, succeeded: &[DeployedState]) -> DeployedState {
    let definition =
        service.primary_deployment().map_or(&service.task_definition, |primary| &primary.task_definition);
    let current: Vec<&str> =
        service.current_service_revisions.iter().map(|revision| revision.arn.as_str()).collect();
    let number = service.primary_deployment().and_then(|primary| primary.id.rsplit('/').next());
    let last = |arn: &str| arn.rsplit('/').next().map(str::to_owned);
    let of_definition =
        |arn: &&str| past.revisions.get(*arn).is_some_and(|revision| &revision.task_definition == definition);
    let by_number = past
        .revisions
        .keys()
        .map(String::as_str)
        .find(|arn| last(arn).as_deref() == number)
        .filter(of_definition);
    let only = || match current.as_slice() {
        [only] => Some(*only).filter(of_definition),
        _ => None,
    };
    let Some(arn) = by_number.or_else(only) else {
        let newest = succeeded.iter().find(|known| &known.definition == definition).cloned();
        return newest.unwrap_or_else(|| DeployedState::from_definition(definition));
    };
    let deployment = past.deployments.iter().find(|known| known.target_revision_arn() == Some(arn));
    let revision = past.revisions.get(arn).cloned();
    let created = revision.as_ref().map_or(0.0, |revision| revision.created_at.0);
    DeployedState {
        definition: definition.clone(),
        created_at: deployment.map_or(created, |known| known.created_at.0),
        deployment: deployment.map(|known| known.service_deployment_arn.clone()),
        revision,
    }
}
