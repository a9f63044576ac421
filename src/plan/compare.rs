//! Compares what is desired with what is observed: the plan of the services, with tasks and schedules around them.

use crate::aws::types::RolloutState;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::creation::plan_creation;
use super::desired_document::desired_document;
use super::diff::{Change, diff};
use super::edited_definition;
use super::express::{compare_express, express_change, other_kind_failure};
use super::image_checks::{image_notes, refused_images};
use super::image_pins::with_running_pins;
use super::plan_revision::Revision;
use super::record::{self, same_digests};
use super::rollback_point::RollbackPoint;
use super::service::tags::compare_tags;
use super::service_state::ServiceState;
use super::types::{Options, Plan, Reason, Registration, ServicePlan};
use super::{after_marks, autoscaling, blockers, release, service, task_spec};
use crate::aws::types::{ImageState, ObservedService, ObservedState};
use crate::document::model::DocumentKind;
use crate::document::normalize::{is_same, normal_pair};
use crate::error::{Failure, Result};
use crate::image::ImageReference;
use crate::render::express::express_definition;
use crate::render::{DefinitionSource, DesiredService, DesiredState};

/// Returns the plan that changes what is observed into what is desired.
///
/// # Errors
/// All blockers at once: a missing service, a tag that is not in ECR, a deployment in progress, the wrong account.
pub fn compare(desired: &DesiredState, observed: &ObservedState, options: &Options) -> Result<Plan, Failure> {
    let record = options.record.with_performer(observed);
    let mut plan = Plan { notes: observed.notes.clone(), record, ..Plan::default() };
    let mut failures = blockers::account_blocker(options.account.as_deref(), observed);
    for service in &desired.services {
        match plan_service(service, observed, options, &mut plan) {
            Ok(planned) => plan.services.push(planned),
            Err(found) => failures.extend(found),
        }
    }
    failures.extend(plan_autoscaling(desired, observed, options, &mut plan));
    if failures.is_empty() {
        let absent = &ObservedService::default();
        let against = task_spec::PlanContext { desired, observed, options, absent };
        failures.extend(release::plan_tasks(against, &mut plan));
        failures.extend(release::plan_schedules(against, &mut plan));
        after_marks::mark_registrations(&mut plan, &options.record);
    }
    plan.needs = release::needs(desired);
    plan.notes.extend(image_notes(&observed.images, options.images));
    if failures.is_empty() { Ok(plan) } else { Err(Failure::several(distinct(failures))) }
}

/// Plans the autoscaling of the services whose manifest has some, and returns the blockers.
fn plan_autoscaling(
    desired: &DesiredState,
    observed: &ObservedState,
    options: &Options,
    plan: &mut Plan,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for service in &desired.services {
        let Some(autoscaling) = &service.autoscaling else { continue };
        match autoscaling::compare(service, autoscaling, observed, options.supersede) {
            Ok(mut planned) => {
                plan.notes.append(&mut planned.notes);
                plan.autoscaling.push(planned);
            }
            Err(found) => failures.extend(found),
        }
    }
    failures
}

/// Returns the failures, each message once: several services may share a blocker.
fn distinct(failures: Vec<Failure>) -> Vec<Failure> {
    let mut kept: Vec<Failure> = Vec::new();
    for failure in failures {
        if !kept.iter().any(|known| known.message == failure.message) {
            kept.push(failure);
        }
    }
    kept
}

fn plan_service(
    service: &DesiredService,
    observed: &ObservedState,
    options: &Options,
    plan: &mut Plan,
) -> Result<ServicePlan, Vec<Failure>> {
    let seen = blockers::deployable_service(service, observed)?;
    if let DefinitionSource::Express(written) = &service.definition {
        let document = express_definition(written);
        refuse_images(&document, observed, options)?;
        let other_kind = seen.and_then(|seen| other_kind_failure(service, seen));
        if let Some(failure) = other_kind {
            return Err(vec![failure]);
        }
    }
    let Some(seen) = seen else {
        return plan_creation(service, observed, options, plan);
    };
    let document = desired_document(service, observed).map_err(|failure| vec![failure])?;
    refuse_images(&document, observed, options)?;
    let running = seen.running_definition.as_ref().map(|running| &running.document);
    edited_definition::ensure_valid(service, running, &document, &options.ignore)?;
    plan.notes.extend(edited_definition::notes(service, running));
    let (after, definition_changes) = match &service.definition {
        DefinitionSource::Express(_) => (Revision::Same, Vec::new()),
        _ => revision(&document, seen, observed, options, plan),
    };
    let mut attributes = match &service.definition {
        DefinitionSource::Express(written) => {
            compare_express(service, written, seen, &options.deploy_command)?
        }
        _ => service::compare_attributes(service, seen, &options.deploy_command)?,
    };
    let express = express_change(&attributes, seen);
    plan.notes.append(&mut attributes.notes);
    let (tags, tag_changes) = compare_tags(service, seen);
    attributes.changes.extend(tag_changes);
    let mut reasons = Vec::new();
    if after == Revision::Same && express.is_none() {
        reasons = moved_images(running.unwrap_or(&Value::Null), seen, observed);
        // The newest deployment may have failed although it has this definition.
        let failed = seen
            .service
            .primary_deployment()
            .is_some_and(|primary| primary.rollout_state == Some(RolloutState::Failed));
        let under_way = options.supersede && seen.service.deployment_in_progress().is_some();
        reasons.extend(failed.then_some(Reason::Failed));
        reasons.extend(under_way.then_some(Reason::Superseded));
        if options.force && reasons.is_empty() {
            reasons.push(Reason::Forced);
        }
    }
    let mut members = attributes.members;
    // ECS accepts another capacity provider strategy only with a new deployment (API reference, UpdateService).
    if !reasons.is_empty() || members.contains_key("capacityProviderStrategy") {
        members.insert("forceNewDeployment".to_owned(), Value::Bool(true));
    }
    // The members of Express Mode are none of `UpdateService`.
    let restored = if express.is_some() { Map::new() } else { members.clone() };
    let way_back = RollbackPoint::from_service(&seen.service).map(|way| {
        let (way, notes) = way.with_members(&restored, seen);
        plan.notes.extend(notes.iter().map(|note| format!("`{}`: {note}", service.key)));
        way
    });
    let moved = reasons.iter().any(|reason| matches!(reason, Reason::ImageMoved { .. }));
    let retag = if moved { options.record.digest_tags(&document, observed) } else { BTreeMap::new() };
    let is_same = after == Revision::Same && members.is_empty() && reasons.is_empty();
    let attached = seen
        .service
        .deployment_in_progress()
        .filter(|deployment| is_same && deployment.task_definition == seen.service.task_definition);
    let attached = attached.map(|deployment| deployment.id.clone());
    Ok(ServicePlan {
        attached,
        creation: None,
        express,
        tags,
        key: service.key.clone(),
        name: service.name.clone(),
        cluster: service.cluster.clone(),
        before: seen.service.task_definition.clone(),
        after,
        definition_changes,
        service_changes: attributes.changes,
        reasons,
        members,
        observed: ServiceState::new(&seen.service, &seen.document),
        supersede: options.supersede,
        deployment_before: seen.service.primary_deployment().map(|primary| primary.id.clone()),
        retag,
        way_back,
        timeout: service.timeout,
        on_failure: service.on_failure,
        on_timeout: service.on_timeout,
        patience: service.patience,
    })
}

/// Fails if an image of a document is refused.
fn refuse_images(document: &Value, observed: &ObservedState, options: &Options) -> Result<(), Vec<Failure>> {
    let refused = refused_images(document, &observed.images, options.images);
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Returns the revision that the service will run, and how it differs from the running one.
pub(super) fn revision(
    document: &Value,
    seen: &ObservedService,
    observed: &ObservedState,
    options: &Options,
    plan: &mut Plan,
) -> (Revision, Vec<Change>) {
    let root = DocumentKind::TaskDefinition;
    let running =
        seen.running_definition.as_ref().map(|running| running.document.clone()).unwrap_or(json!({}));
    let document = &with_running_pins(document, &running, observed);
    let (running, wanted) = normal_pair(&running, document, root);
    if running == wanted {
        return (Revision::Same, Vec::new());
    }
    let changes = diff(&running, &wanted, root.input_shape());
    let family = document["family"].as_str().unwrap_or_default();
    let latest = observed.latest_definitions.get(family);
    // Reuses a revision that an earlier, failed deploy registered, instead of registering the same content twice.
    let reusable = latest.filter(|latest| {
        latest.document["status"] == "ACTIVE"
            && is_same(&latest.document, &with_running_pins(document, &latest.document, observed), root)
            && same_digests(latest, document, observed)
    });
    if let Some(latest) = reusable {
        return (Revision::Registered(latest.arn.clone()), changes);
    }
    let document = options.record.with_record_tags(document, observed);
    let known = plan.registrations.iter().position(|known| known.document == document);
    let index = known.unwrap_or_else(|| {
        let latest = latest
            .map(|latest| latest.arn.clone())
            .or_else(|| seen.running_definition.as_ref().map(|r| r.arn.clone()));
        plan.registrations.push(Registration { family: family.to_owned(), document, latest });
        plan.registrations.len() - 1
    });
    (Revision::New(index), changes)
}

/// Returns the images whose tag now points to another digest than the running one.
fn moved_images(running: &Value, seen: &ObservedService, observed: &ObservedState) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for container in running["containerDefinitions"].as_array().into_iter().flatten() {
        let (Some(name), Some(image)) = (container["name"].as_str(), container["image"].as_str()) else {
            continue;
        };
        let reference = ImageReference::parse(image);
        let state = observed.images.get(&reference.to_string());
        let Some(ImageState::Found { digest }) = state.filter(|_| reference.digest.is_none()) else {
            continue;
        };
        let recorded =
            seen.running_definition.as_ref().and_then(|running| running.tag(&record::digest_key(name)));
        let runs = seen.running_digests.get(name).map(String::as_str).or(recorded);
        if let Some(runs) = runs.filter(|runs| runs != digest) {
            let image = image.to_owned();
            reasons.push(Reason::ImageMoved { image, before: runs.to_owned(), after: digest.clone() });
        }
    }
    reasons
}
