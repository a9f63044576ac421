//! Turns the state of a service into its JSON event.

use super::condition::{ServiceCondition, condition};
use super::failures::cause;
use super::happened::happened;
use super::look::{ServiceState, running_definition};
use crate::aws::types::{Deployment, ServiceDeployment, ServiceEvent, ServiceRevision, revision_name};
use crate::commands::scale;
use crate::commands::services::ServiceIdentity;
use crate::diagnose::events::{self as service_events, EventClass};
use crate::events::{JsonEvent, service as events};
use crate::history::past_deployment::{PastDeployment, is_registered_for, record_tags};
use crate::image::ImageReference;
use crate::outcome::Outcome;
use crate::report::diagnosis::health_target;

/// The event of a service that does not exist, or was deleted.
pub(super) fn missing(place: &ServiceIdentity, is_deleted: bool) -> JsonEvent {
    let status = if is_deleted { events::Missing::Inactive } else { events::Missing::Missing };
    JsonEvent::Status(events::Status {
        service: place.name.clone(),
        cluster: place.cluster.clone(),
        state: events::StatusState::Missing { status },
    })
}

/// The event of a service; what is not known is absent.
pub(super) fn known(seen: &ServiceState, number: usize) -> JsonEvent {
    let service = &seen.service;
    let state = events::ServiceState {
        key: seen.place.key.clone(),
        status: service.status.to_string(),
        standing: standing_event(condition(seen)),
        revision: revision_name(running_definition(service)).to_owned(),
        desired: service.desired_count,
        running: service.running_count,
        pending: service.pending_count,
        in_progress: service.deployment_in_progress().is_some(),
        deployments: service.deployments.iter().map(deployment).collect(),
        events: happened(service, number).into_iter().map(service_event).collect(),
        url: seen.url.clone(),
        images: images(seen),
        deployed: deployed(seen),
        rollouts: seen.in_progress.iter().map(|open| rollout(seen, open)).collect(),
        autoscaling: seen.autoscaling.as_ref().map(scale::target_event),
        targets: seen.targets.as_ref().map(|targets| targets.iter().map(health_target).collect()),
        drift: seen.drift.as_ref().map(|drift| drift.paths.clone()),
        cause: cause(seen),
        ended: seen.ended.as_ref().map(ended),
    };
    JsonEvent::Status(events::Status {
        service: service.service_name.clone(),
        cluster: seen.place.cluster.clone(),
        state: events::StatusState::Found(Box::new(state)),
    })
}

fn ended(past: &PastDeployment) -> events::EndedDeployment {
    events::EndedDeployment {
        revision: Some(revision_name(&past.revision).to_owned()).filter(|revision| !revision.is_empty()),
        tag: past.deployed_tag(),
        outcome: past.state().outcome().unwrap_or(Outcome::Failed),
        reason: past.reason.clone(),
        at: (past.finished_at > 0.0).then_some(past.finished_at),
    }
}

fn standing_event(standing: ServiceCondition) -> events::ServiceStanding {
    match standing {
        ServiceCondition::Failing => events::ServiceStanding::Failing,
        ServiceCondition::Short => events::ServiceStanding::Short,
        ServiceCondition::Deploying => events::ServiceStanding::Deploying,
        ServiceCondition::Deleting => events::ServiceStanding::Deleting,
        ServiceCondition::Steady => events::ServiceStanding::Steady,
    }
}

fn deployment(deployment: &Deployment) -> events::Deployment {
    events::Deployment {
        id: deployment.id.clone(),
        status: deployment.status.to_string(),
        revision: revision_name(&deployment.task_definition).to_owned(),
        desired: deployment.desired_count,
        running: deployment.running_count,
        pending: deployment.pending_count,
        failed: deployment.failed_tasks,
        rollout_state: deployment.rollout_state.as_ref().map(ToString::to_string),
        created_at: deployment.created_at.0,
    }
}

fn service_event(event: &ServiceEvent) -> events::ServiceEvent {
    let class = match service_events::read_event(&event.message).class {
        EventClass::Ok => events::EventClass::Ok,
        EventClass::Info => events::EventClass::Info,
        EventClass::Warn => events::EventClass::Warn,
        EventClass::Fail => events::EventClass::Fail,
        EventClass::Unknown => events::EventClass::Unknown,
    };
    events::ServiceEvent { at: event.created_at.0, message: event.message.clone(), class }
}

/// The images of the revisions that run.
fn images(seen: &ServiceState) -> Vec<events::RunningImage> {
    let current = &seen.service.current_service_revisions;
    let runs =
        |revision: &&ServiceRevision| current.iter().any(|known| known.arn == revision.service_revision_arn);
    seen.revisions.iter().filter(runs).flat_map(images_of).collect()
}

fn images_of(revision: &ServiceRevision) -> impl Iterator<Item = events::RunningImage> {
    revision.container_images.iter().map(|image| events::RunningImage {
        container: image.container_name.clone(),
        image: image.image.clone(),
        tag: ImageReference::parse(&image.image).tag,
        digest: image.image_digest.clone(),
        revision: revision_name(&revision.task_definition).to_owned(),
    })
}

/// The last deploy, and what the tags of the task definition record of it.
fn deployed(seen: &ServiceState) -> Option<events::LastDeploy> {
    let at = seen.service.primary_deployment()?.created_at.0;
    let Some(definition) = &seen.definition else {
        return Some(events::LastDeploy { at, ..events::LastDeploy::default() });
    };
    let mut record = record_tags(definition);
    let performer = record.remove("deployed-by");
    let (by, registered_by) =
        if is_registered_for(definition, at) { (performer, None) } else { (None, performer) };
    let (tag, git_sha) = (record.remove("tag"), record.remove("git-sha"));
    Some(events::LastDeploy { at, by, registered_by, tag, git_sha })
}

/// A service deployment in progress.
fn rollout(seen: &ServiceState, open: &ServiceDeployment) -> events::Rollout {
    let revision = |arn: &str| {
        let found = seen.revisions.iter().find(|known| known.service_revision_arn == arn)?;
        Some(revision_name(&found.task_definition).to_owned())
    };
    let back = open.rollback.as_ref();
    events::Rollout {
        service_deployment: open.service_deployment_arn.clone(),
        status: open.status.to_string(),
        revision: open.target_revision_arn().and_then(revision),
        stage: open.lifecycle_stage.as_ref().map(ToString::to_string),
        hook: open.waiting_hook_id().map(Into::into),
        reason: back.and_then(|back| back.reason.as_ref()).or(open.status_reason.as_ref()).cloned(),
        rolling_back_to: back.and_then(|back| revision(back.service_revision_arn.as_deref()?)),
    }
}
