//! Plans the rollback of one service: the revision, the attributes, and the registration if one is needed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::attributes::{RestoreContext, RestoredAttributes, restore_attributes};
use super::images::RestoredImages;
use super::new_choice::Choice;
use super::past::DeploymentHistory;
use super::states::DeployedState;
use crate::aws::types::{Service, TaskDefinition, family_of};
use crate::document::model::DocumentKind;
use crate::document::normalize::{is_same, normal_pair};
use crate::error::Failure;
use crate::manifest::{FailureAction, Patience};
use crate::plan::desired_document::registrable_document;
use crate::plan::diff::diff;
use crate::plan::plan_revision::Revision;
use crate::plan::record::{PERFORMER_KEY, RESTORED_FROM_KEY};
use crate::plan::rollback_point::RollbackPoint;
use crate::plan::service::tags::TagChanges;
use crate::plan::service_state::ServiceState;
use crate::plan::types::{Plan, Reason, Registration, ServicePlan};

/// The name of a service in commands, and the rollout settings of its manifest.
#[derive(Clone, Debug, Default)]
pub struct RollbackTerms {
    pub key: String,
    pub cluster: String,
    pub timeout: Option<std::time::Duration>,
    pub on_failure: Option<FailureAction>,
    pub on_timeout: Option<FailureAction>,
    pub patience: Option<Patience>,
    /// Update the service even if it has changed since the plan was made.
    pub supersede: bool,
}

/// The inputs of a service's rollback plan.
#[derive(Debug)]
pub struct RollbackContext<'a> {
    pub terms: RollbackTerms,
    pub service: &'a Service,
    /// The service as `DescribeServices` returns it.
    pub document: &'a Value,
    pub past: &'a DeploymentHistory,
    pub choice: &'a Choice,
    pub images: &'a RestoredImages,
    /// The newest ACTIVE revision of the family to roll back to, if it was read.
    pub latest: Option<&'a TaskDefinition>,
    /// Who runs the rollback.
    pub performer: Option<String>,
}

/// Returns the definition to roll back to.
///
/// # Errors
/// The definition was deleted.
pub fn definition<'a>(
    to: &DeployedState,
    past: &'a DeploymentHistory,
) -> Result<&'a TaskDefinition, Failure> {
    let known = past.definitions.get(&to.definition);
    let known = known.filter(|known| known.document["status"] != "DELETE_IN_PROGRESS");
    known.ok_or_else(|| Failure::error(format!("`{}` was deleted", to.revision_name())))
}

/// Returns whether the definition must be registered again: it is no longer ACTIVE, or images are pinned to digests.
pub fn needs_registration(definition: &TaskDefinition, images: &RestoredImages) -> bool {
    definition.document["status"] == "INACTIVE" || !images.pinned.is_empty()
}

/// Returns the rollback plan of a service, and adds its registration to the plan.
///
/// # Errors
/// The definition was deleted, or an attribute cannot be sent back.
pub fn plan_rollback(sight: &RollbackContext<'_>, plan: &mut Plan) -> Result<ServicePlan, Failure> {
    let Choice { from, to, .. } = sight.choice;
    let definition = definition(to, sight.past)?;
    let (service, terms) = (sight.service, &sight.terms);
    let attributes = match (&from.revision, &to.revision) {
        (Some(running), Some(wanted)) => {
            restore_attributes(&RestoreContext { running, wanted, service, document: sight.document })?
        }
        _ => RestoredAttributes::default(),
    };
    let root = DocumentKind::TaskDefinition;
    let running = sight.past.definitions.get(&from.definition);
    let running = running.map_or(json!({}), |known| known.document.clone());
    let after = plan_revision(sight, definition, plan);
    let (before, wanted) = normal_pair(&running, &sight.images.document, root);
    let definition_changes = diff(&before, &wanted, root.input_shape());
    let mut members = attributes.members;
    let mut reasons = Vec::new();
    if after == Revision::Same {
        reasons = changed_images(sight);
        reasons.extend((reasons.is_empty() && members.is_empty()).then_some(Reason::Forced));
    }
    if !reasons.is_empty() || members.contains_key("capacityProviderStrategy") {
        members.insert("forceNewDeployment".to_owned(), Value::Bool(true));
    }
    let notes = attributes.notes.iter().chain(&sight.images.notes);
    plan.notes.extend(notes.map(|note| format!("`{}`: {note}", terms.key)));
    let way_back =
        RollbackPoint::from_service(service).map(|way| RollbackPoint { members: attributes.before, ..way });
    Ok(ServicePlan {
        before: from.definition.clone(),
        after,
        definition_changes,
        service_changes: attributes.changes,
        reasons,
        members,
        way_back,
        ..unchanged_plan(terms, service, sight.document)
    })
}

/// Returns the plan of a service that already runs what was requested; `document` is the service as `DescribeServices`
/// returns it.
pub fn unchanged_plan(terms: &RollbackTerms, service: &Service, document: &Value) -> ServicePlan {
    ServicePlan {
        key: terms.key.clone(),
        name: service.service_name.clone(),
        cluster: terms.cluster.clone(),
        before: service.task_definition.clone(),
        after: Revision::Same,
        definition_changes: Vec::new(),
        service_changes: Vec::new(),
        reasons: Vec::new(),
        creation: None,
        express: None,
        tags: TagChanges::default(),
        members: serde_json::Map::new(),
        observed: ServiceState::new(service, document),
        supersede: terms.supersede,
        deployment_before: service.primary_deployment().map(|primary| primary.id.clone()),
        attached: None,
        retag: BTreeMap::new(),
        way_back: RollbackPoint::from_service(service),
        timeout: terms.timeout,
        on_failure: terms.on_failure,
        on_timeout: terms.on_timeout,
        patience: terms.patience,
    }
}

/// Returns the revision that the service will run.
fn plan_revision(sight: &RollbackContext<'_>, definition: &TaskDefinition, plan: &mut Plan) -> Revision {
    if !needs_registration(definition, sight.images) {
        return if definition.arn == sight.choice.from.definition {
            Revision::Same
        } else {
            Revision::Registered(definition.arn.clone())
        };
    }
    let wanted = &sight.images.document;
    // Reuses a revision that an earlier rollback registered, instead of registering the same content twice.
    let reusable = sight.latest.filter(|latest| {
        latest.document["status"] == "ACTIVE"
            && is_same(&latest.document, wanted, DocumentKind::TaskDefinition)
    });
    match reusable {
        Some(latest) if latest.arn == sight.choice.from.definition => return Revision::Same,
        Some(latest) => return Revision::Registered(latest.arn.clone()),
        None => {}
    }
    let document = restored_document(sight, definition);
    let known = plan.registrations.iter().position(|known| known.document == document);
    let index = known.unwrap_or_else(|| {
        let latest = sight.latest.map(|latest| latest.arn.clone());
        let family = family_of(&definition.arn).to_owned();
        plan.registrations.push(Registration { family, document, latest });
        plan.registrations.len() - 1
    });
    Revision::New(index)
}

/// Returns the document to register: the original with its tags, and a tag that names the original.
fn restored_document(sight: &RollbackContext<'_>, definition: &TaskDefinition) -> Value {
    const BY: &str = PERFORMER_KEY;
    let mut document = registrable_document(&sight.images.document);
    let mut tags = document["tags"].as_array().cloned().unwrap_or_default();
    tags.retain(|tag| tag["key"] != RESTORED_FROM_KEY && (tag["key"] != BY || sight.performer.is_none()));
    let origin = sight.past.original_definition(&definition.arn);
    let own = [
        (RESTORED_FROM_KEY, Some(crate::aws::types::revision_name(&origin).to_owned())),
        (BY, sight.performer.as_deref().map(crate::plan::record::sanitize_tag_value)),
    ];
    for (key, value) in own.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        if tags.len() < crate::plan::record::MAX_TAGS {
            tags.push(json!({"key": key, "value": value}));
        }
    }
    document["tags"] = Value::Array(tags);
    document
}

/// Returns the images that the same revision will run with another digest, because their tags were moved back.
fn changed_images(sight: &RollbackContext<'_>) -> Vec<Reason> {
    let Choice { from, to, .. } = sight.choice;
    let (before, after) = (from.digests(None), to.digests(None));
    let images = to.revision.iter().flat_map(|revision| &revision.container_images);
    let moved = images.filter_map(|image| {
        let (before, after) = (before.get(&image.container_name)?, after.get(&image.container_name)?);
        let (image, before, after) = (image.image.clone(), before.clone(), after.clone());
        (before != after).then_some(Reason::ImageMoved { image, before, after })
    });
    moved.collect()
}
