//! Turns the state of a service into its JSON event.

use super::happened::happened;
use super::look::{Seen, running};
use super::standing::{Standing, standing};
use crate::aws::types::{Deployment, Event, ServiceDeployment, ServiceRevision, revision_of};
use crate::commands::services::Place;
use crate::diagnose::events::{self as service_events, Class};
use crate::events::{JsonEvent, service as events};
use crate::history::past::{is_registered_for, record_of};
use crate::image::Reference;
use crate::report::diagnosis::health_target;

/// The event of a service that does not exist.
pub(super) fn missing(place: &Place) -> JsonEvent {
    JsonEvent::Status(events::Status {
        service: place.name.clone(),
        cluster: place.cluster.clone(),
        state: events::StatusState::Missing { status: events::Missing::Missing },
    })
}

/// The event of a service; what is not known is absent.
pub(super) fn known(seen: &Seen, number: usize) -> JsonEvent {
    let service = &seen.service;
    let state = events::ServiceState {
        key: seen.place.key.clone(),
        status: service.status.to_string(),
        standing: standing_event(standing(seen)),
        revision: revision_of(running(service)).to_owned(),
        desired: service.desired_count,
        running: service.running_count,
        pending: service.pending_count,
        in_progress: service.under_way().is_some(),
        deployments: service.deployments.iter().map(deployment).collect(),
        events: happened(service, number).into_iter().map(service_event).collect(),
        images: images(seen),
        deployed: deployed(seen),
        rollouts: seen.open.iter().map(|open| rollout(seen, open)).collect(),
        targets: seen.targets.as_ref().map(|targets| targets.iter().map(health_target).collect()),
        drift: seen.drift.as_ref().map(|drift| drift.paths.clone()),
    };
    JsonEvent::Status(events::Status {
        service: service.service_name.clone(),
        cluster: seen.place.cluster.clone(),
        state: events::StatusState::Found(Box::new(state)),
    })
}

fn standing_event(standing: Standing) -> events::ServiceStanding {
    match standing {
        Standing::Failing => events::ServiceStanding::Failing,
        Standing::Short => events::ServiceStanding::Short,
        Standing::Deploying => events::ServiceStanding::Deploying,
        Standing::Deleting => events::ServiceStanding::Deleting,
        Standing::Steady => events::ServiceStanding::Steady,
    }
}

fn deployment(deployment: &Deployment) -> events::Deployment {
    events::Deployment {
        id: deployment.id.clone(),
        status: deployment.status.to_string(),
        revision: revision_of(&deployment.task_definition).to_owned(),
        desired: deployment.desired_count,
        running: deployment.running_count,
        pending: deployment.pending_count,
        failed: deployment.failed_tasks,
        rollout_state: deployment.rollout_state.as_ref().map(ToString::to_string),
        created_at: deployment.created_at.0,
    }
}

fn service_event(event: &Event) -> events::ServiceEvent {
    let class = match service_events::read(&event.message).class {
        Class::Ok => events::EventClass::Ok,
        Class::Info => events::EventClass::Info,
        Class::Warn => events::EventClass::Warn,
        Class::Fail => events::EventClass::Fail,
        Class::Unknown => events::EventClass::Unknown,
    };
    events::ServiceEvent { at: event.created_at.0, message: event.message.clone(), class }
}

/// The images of the revisions that run.
fn images(seen: &Seen) -> Vec<events::RunningImage> {
    let current = &seen.service.current_service_revisions;
    let runs =
        |revision: &&ServiceRevision| current.iter().any(|known| known.arn == revision.service_revision_arn);
    seen.revisions.iter().filter(runs).flat_map(images_of).collect()
}

fn images_of(revision: &ServiceRevision) -> impl Iterator<Item = events::RunningImage> {
    revision.container_images.iter().map(|image| events::RunningImage {
        container: image.container_name.clone(),
        image: image.image.clone(),
        tag: Reference::parse(&image.image).tag,
        digest: image.image_digest.clone(),
        revision: revision_of(&revision.task_definition).to_owned(),
    })
}

/// The last deploy, and what the tags of the task definition record of it.
fn deployed(seen: &Seen) -> Option<events::LastDeploy> {
    let at = seen.service.primary()?.created_at.0;
    let Some(definition) = &seen.definition else {
        return Some(events::LastDeploy { at, ..events::LastDeploy::default() });
    };
    let mut record = record_of(definition);
    let performer = record.remove("deployed-by");
    let (by, registered_by) =
        if is_registered_for(definition, at) { (performer, None) } else { (None, performer) };
    let (tag, git_sha) = (record.remove("tag"), record.remove("git-sha"));
    Some(events::LastDeploy { at, by, registered_by, tag, git_sha })
}

/// A service deployment in progress.
fn rollout(seen: &Seen, open: &ServiceDeployment) -> events::Rollout {
    let revision = |arn: &str| {
        let found = seen.revisions.iter().find(|known| known.service_revision_arn == arn)?;
        Some(revision_of(&found.task_definition).to_owned())
    };
    let back = open.rollback.as_ref();
    events::Rollout {
        service_deployment: open.service_deployment_arn.clone(),
        status: open.status.to_string(),
        revision: open.target().and_then(revision),
        stage: open.lifecycle_stage.as_ref().map(ToString::to_string),
        hook: open.waiting_hook().map(Into::into),
        reason: back.and_then(|back| back.reason.as_ref()).or(open.status_reason.as_ref()).cloned(),
        rolling_back_to: back.and_then(|back| revision(back.service_revision_arn.as_deref()?)),
    }
}
