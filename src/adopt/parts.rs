//! Takes apart what was observed in one cluster: which services and schedules are adopted and how, and which are left. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::autoscaling;
use super::documents;
use super::images::{ImageUser, NamedImages};
use super::names::{UsedNames, shown, without_stage};
use super::owner::owner;
use super::schedules::{self, AdoptedSchedule, DefinitionFile, LikeService, ScheduleSurroundings};
use super::{AdoptOptions, ObservedCluster};
use crate::aws::types::{ObservedSchedule, ObservedService, ServiceStatus, Via};
use crate::document::arn::Arn;
use crate::document::rendered_text::find_reserved;
use crate::plan::blockers::undeployable_blocker;
use crate::plan::schedules::owner as app_owner;
use crate::shell::quote;

/// What is adopted of one cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct ClusterParts {
    pub(super) stage: Option<String>,
    pub(super) cluster: String,
    pub(super) region: String,
    pub(super) account: Option<String>,
    pub(super) services: Vec<AdoptedService>,
    pub(super) schedules: Vec<AdoptedSchedule>,
    pub(super) images: NamedImages,
    /// The apps that own the rules, by their tags; none for a rule without an owner.
    pub(super) rule_owners: BTreeSet<Option<String>>,
    pub(super) notes: Vec<String>,
}

/// A service that is adopted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct AdoptedService {
    pub(super) key: String,
    /// Its name in ECS.
    pub(super) name: String,
    /// The tool that owns it: its definition and its attributes stay where they are.
    pub(super) owner: Option<String>,
    pub(super) definition: Option<Value>,
    pub(super) service: Option<Value>,
    /// The members of an Express service, in place of definition, service and autoscaling.
    pub(super) express: Option<Value>,
    pub(super) autoscaling: Option<Value>,
}

/// Returns what is adopted of a cluster, with the images named.
pub(super) fn take_apart(observed: &ObservedCluster, options: &AdoptOptions) -> ClusterParts {
    let mut parts = ClusterParts {
        stage: observed.stage.clone(),
        cluster: observed.name.clone(),
        region: observed.region.clone(),
        account: account_of(observed),
        ..ClusterParts::default()
    };
    let mut keys = UsedNames::default();
    let mut adopted: Vec<(&ObservedService, String)> = Vec::new();
    for seen in &observed.services {
        let name = &seen.service.service_name;
        if let Some(why) = reason_to_leave(seen) {
            parts.notes.push(format!("service {} is left out: {why}", shown(name)));
            continue;
        }
        let key = keys.claim(&[without_stage(name, observed.stage.as_deref()), name.clone()]);
        let mut service = adopted_service(seen, key.clone(), options, &mut parts.notes);
        let has_own_scaling = service.owner.is_none() && service.express.is_none();
        let scaling = observed.autoscaling.get(name).filter(|_| has_own_scaling);
        service.autoscaling = scaling.and_then(autoscaling::entry);
        adopted.push((seen, key));
        parts.services.push(service);
    }
    take_schedules(observed, &adopted, options, &mut parts);
    name_images(&adopted, &mut parts);
    parts
}

fn account_of(observed: &ObservedCluster) -> Option<String> {
    let arn =
        observed.services.iter().map(|seen| seen.service.service_arn.as_str()).find(|arn| !arn.is_empty())?;
    Arn::parse(arn).map(|arn| arn.account.to_owned()).filter(|account| account.len() == 12)
}

fn reason_to_leave(seen: &ObservedService) -> Option<String> {
    if seen.service.status == ServiceStatus::Inactive {
        return Some("it was deleted".to_owned());
    }
    if let Some(failure) = undeployable_blocker(&seen.service) {
        if seen.service.deployment_controller.is_ecs() {
            return Some(failure.message);
        }
        let name = quote(&seen.service.service_name);
        return Some(format!(
            "{}, and a deploy of the manifest would be refused; `ecsail status {name}`, `logs`, `scale` and `run --like {name}` \
             take it by its name",
            failure.message
        ));
    }
    if seen.service.is_express() && documents::express(seen).is_none() {
        return Some("its Express Mode configuration cannot be read".to_owned());
    }
    let Some(running) = &seen.running_definition else {
        return Some("its task definition cannot be read".to_owned());
    };
    let is_reserved =
        find_reserved(&running.document.to_string()).or(find_reserved(&seen.document.to_string()));
    is_reserved
        .map(|_| "a value has a character from U+E000 to U+E003, which no template can contain".to_owned())
}

fn adopted_service(
    seen: &ObservedService,
    key: String,
    options: &AdoptOptions,
    notes: &mut Vec<String>,
) -> AdoptedService {
    let name = seen.service.service_name.clone();
    let owner = owner(&seen.document).filter(|_| !options.own);
    let mut service = AdoptedService { key, name, owner, ..AdoptedService::default() };
    if service.owner.is_some() {
        return service;
    }
    if seen.service.is_express() {
        service.express = documents::express(seen);
        return service;
    }
    service.definition =
        seen.running_definition.as_ref().map(|running| documents::task_definition(&running.document));
    let attributes = documents::service(seen);
    notes.extend(attributes.notes.iter().map(|note| format!("service {}: {note}", shown(&service.name))));
    service.service = Some(attributes.document).filter(|document| !documents::is_empty(document));
    service
}

fn take_schedules(
    observed: &ObservedCluster,
    adopted: &[(&ObservedService, String)],
    options: &AdoptOptions,
    parts: &mut ClusterParts,
) {
    let likes: Vec<LikeService<'_>> = adopted
        .iter()
        .zip(&parts.services)
        .map(|((seen, key), service)| LikeService { key, seen, has_file: service.definition.is_some() })
        .collect();
    let Some(arn) = adopted.first().map(|(seen, _)| seen.service.cluster_arn.as_str()) else { return };
    let around = ScheduleSurroundings {
        stage: observed.stage.as_deref(),
        cluster_arn: arn,
        services: &likes,
        definitions: &observed.definitions,
        own: options.own,
        only_families: options.only_families,
    };
    let mut found = Vec::new();
    let mut keys = UsedNames::default();
    for schedule in &observed.schedules {
        match with_owner_checked(schedule, observed, schedules::adopt(schedule, &around)) {
            Ok(Some(mut adopted)) => {
                // A rule and a schedule may have one name.
                adopted.key = keys.claim(&[adopted.key]);
                parts.rule_owners.extend(
                    (schedule.via == Via::Rule).then(|| schedule.tags.get(app_owner::APP_KEY).cloned()),
                );
                found.push(adopted);
            }
            Ok(None) => {}
            Err(note) => parts.notes.push(note),
        }
    }
    parts.schedules = found;
}

/// Refuses a rule that belongs to another stage, which a plan would refuse.
fn with_owner_checked(
    schedule: &ObservedSchedule,
    observed: &ObservedCluster,
    adopted: Result<Option<AdoptedSchedule>, String>,
) -> Result<Option<AdoptedSchedule>, String> {
    let is_taken = schedule.via == Via::Rule
        && schedule.tags.contains_key(app_owner::APP_KEY)
        && schedule.tags.get(app_owner::STAGE_KEY) != observed.stage.as_ref();
    match (adopted, app_owner::describe_owner(&schedule.tags)) {
        (Ok(Some(_)), Some(owner)) if is_taken => {
            Err(format!("rule {} is left as it is: it belongs to {owner}", shown(schedule.name())))
        }
        (adopted, _) => adopted,
    }
}

/// Names the images of everything that is adopted, and writes the names into the definitions that have files.
fn name_images(adopted: &[(&ObservedService, String)], parts: &mut ClusterParts) {
    let running = adopted.iter().filter_map(|(seen, key)| {
        Some(ImageUser { key, document: &seen.running_definition.as_ref()?.document })
    });
    let own = parts.schedules.iter().flat_map(|schedule| {
        let own = schedule.definitions.iter().filter_map(|target| match &target.source {
            DefinitionFile::Own(document) => Some(document),
            DefinitionFile::OfService(_) => None,
        });
        own.map(|document| ImageUser { key: &schedule.key, document })
    });
    let images = NamedImages::of(&running.chain(own).collect::<Vec<_>>());
    for (_, definition) in parts.definitions_mut() {
        images.name_in(definition);
    }
    for (_, express) in parts.express_mut() {
        images.name_in_express(express);
    }
    for (repository, names) in images.of_several_versions() {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        parts.notes.push(format!(
            "{} runs in several versions, each of which is an image of its own: {}",
            shown(repository),
            names.join(", ")
        ));
    }
    parts.images = images;
}

impl ClusterParts {
    /// Returns the Express services, each with its key, to change them.
    pub(super) fn express_mut(&mut self) -> impl Iterator<Item = (String, &mut Value)> {
        self.services.iter_mut().filter_map(|service| Some((service.key.clone(), service.express.as_mut()?)))
    }

    /// Returns the task definitions that get files, each with the key of what runs it.
    pub(super) fn definitions(&self) -> impl Iterator<Item = (&str, &Value)> {
        let of_services = self
            .services
            .iter()
            .filter_map(|service| Some((service.key.as_str(), service.definition.as_ref()?)));
        let of_schedules = self.schedules.iter().flat_map(|schedule| {
            schedule.definitions.iter().filter_map(|target| match &target.source {
                DefinitionFile::Own(document) => Some((schedule.key.as_str(), document)),
                DefinitionFile::OfService(_) => None,
            })
        });
        of_services.chain(of_schedules)
    }

    /// Returns the task definitions that get files, each with the key of what runs it, to change them.
    pub(super) fn definitions_mut(&mut self) -> impl Iterator<Item = (String, &mut Value)> {
        let of_services = self
            .services
            .iter_mut()
            .filter_map(|service| Some((service.key.clone(), service.definition.as_mut()?)));
        let of_schedules = self.schedules.iter_mut().flat_map(|schedule| {
            let key = schedule.key.clone();
            schedule.definitions.iter_mut().filter_map(move |target| match &mut target.source {
                DefinitionFile::Own(document) => Some((key.clone(), document)),
                DefinitionFile::OfService(_) => None,
            })
        });
        of_services.chain(of_schedules)
    }
}
