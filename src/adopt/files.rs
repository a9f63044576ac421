//! Puts the files of an adopted app together: what was observed becomes parts, parts become documents, and documents become
//! layers in files. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::commands::hide_in_commands;
use super::documents::unknown_members;
use super::manifest::{self, ManifestParts};
use super::parts::{ClusterParts, take_apart};
use super::schedules::DefinitionFile;
use super::secret_values::SecretVariables;
use super::split_documents::{DocumentLayers, DocumentSet, split};
use super::{AdoptOptions, AdoptedApp, AdoptedStage, ObservedCluster};
use crate::document::model::DocumentKind;

/// The layers of everything that has a document, by key.
#[derive(Clone, Debug, Default)]
pub(super) struct LayersByKey {
    pub(super) definitions: Vec<(String, DocumentLayers)>,
    pub(super) services: Vec<(String, DocumentLayers)>,
}

impl LayersByKey {
    /// Returns the layers of a definition.
    pub(super) fn definition(&self, key: &str) -> Option<&DocumentLayers> {
        self.definitions.iter().find(|(known, _)| known == key).map(|(_, layers)| layers)
    }

    /// Returns the layers of a service document.
    pub(super) fn service(&self, key: &str) -> Option<&DocumentLayers> {
        self.services.iter().find(|(known, _)| known == key).map(|(_, layers)| layers)
    }
}

/// Returns the files of an app that runs in one cluster, or in one cluster of each stage.
pub fn adopt(clusters: &[ObservedCluster], options: &AdoptOptions) -> AdoptedApp {
    let mut parts: Vec<ClusterParts> = clusters.iter().map(|cluster| take_apart(cluster, options)).collect();
    let secrets = take_secrets(&mut parts);
    let commands = hide_commands(&mut parts, options.hides_commands);
    let definitions = definition_sets(&parts);
    let services = service_sets(&parts);
    let allow_unknown = allowed_members(&definitions);
    let names: Vec<Option<&str>> = parts.iter().map(|part| part.stage.as_deref()).collect();
    let of_definitions = split(&definitions, &names, DocumentKind::TaskDefinition, "task");
    let of_services = split(&services, &names, DocumentKind::Service, "service");
    let by_key = |sets: &[DocumentSet], layers: Vec<DocumentLayers>| {
        sets.iter().map(|set| set.key.clone()).zip(layers).collect()
    };
    let layers = LayersByKey {
        definitions: by_key(&definitions, of_definitions.layers),
        services: by_key(&services, of_services.layers),
    };
    let whole = ManifestParts { clusters: &parts, layers: &layers, allow_unknown: &allow_unknown, options };
    let mut app = AdoptedApp { files: vec![manifest::file(&whole)], ..AdoptedApp::default() };
    app.files.extend(of_definitions.files);
    app.files.extend(of_services.files);
    app.notes = notes(&parts, &secrets, &whole);
    app.notes.extend(commands.iter().map(|key| {
        format!("a command of `{key}` holds what looks like a secret, in plain sight: pass it in a variable under `secrets:`")
    }));
    app.services =
        keys(&parts, |part| part.services.iter().map(|service| service.key.clone()).collect()).len();
    app.schedules =
        keys(&parts, |part| part.schedules.iter().map(|schedule| schedule.key.clone()).collect()).len();
    app.stages = parts
        .iter()
        .enumerate()
        .map(|(index, part)| AdoptedStage {
            stage: part.stage.clone(),
            tags: part.images.tag_arguments(),
            secrets: secrets.of_stage(index),
        })
        .collect();
    app
}

/// Replaces the values that look secret in all definitions.
fn take_secrets(parts: &mut [ClusterParts]) -> SecretVariables {
    let shape = DocumentKind::TaskDefinition.input_shape();
    let express_shape = DocumentKind::Express.input_shape();
    let mut secrets = SecretVariables::default();
    for (stage, part) in parts.iter().enumerate() {
        for (key, definition) in part.definitions() {
            secrets.add(definition, shape, stage, key);
        }
        for service in &part.services {
            let document = service.express.as_ref().unwrap_or(&Value::Null);
            secrets.add(document, express_shape, stage, &service.key);
        }
        for schedule in &part.schedules {
            secrets.add(&Value::Object(schedule.entry.clone()), "", stage, &schedule.key);
        }
    }
    for (stage, part) in parts.iter_mut().enumerate() {
        for (key, definition) in part.definitions_mut() {
            secrets.replace_in(definition, shape, stage, &key);
        }
        for (key, document) in part.express_mut() {
            secrets.replace_in(document, express_shape, stage, &key);
        }
        for schedule in &mut part.schedules {
            let mut entry = Value::Object(std::mem::take(&mut schedule.entry));
            secrets.replace_in(&mut entry, "", stage, &schedule.key);
            schedule.entry = entry.as_object().cloned().unwrap_or_default();
        }
    }
    secrets
}

/// Returns the keys of the definitions and schedules whose commands hold secrets, and hides these on request.
fn hide_commands(parts: &mut [ClusterParts], hides: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in parts {
        for (key, definition) in part.definitions_mut() {
            let mut hidden = definition.clone();
            if hide_in_commands(&mut hidden) {
                found.insert(key);
                if hides {
                    *definition = hidden;
                }
            }
        }
        for schedule in &mut part.schedules {
            let mut hidden = Value::Object(schedule.entry.clone());
            if hide_in_commands(&mut hidden) {
                found.insert(schedule.key.clone());
                if let Value::Object(hidden) = hidden
                    && hides
                {
                    schedule.entry = hidden;
                }
            }
        }
    }
    found
}

/// Returns the keys of all stages, in the order in which they first occur.
pub(super) fn keys(parts: &[ClusterParts], of: impl Fn(&ClusterParts) -> Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for key in parts.iter().flat_map(of) {
        if !found.contains(&key) {
            found.push(key);
        }
    }
    found
}

fn add_document(sets: &mut Vec<DocumentSet>, key: &str, stage: usize, document: &Value) {
    let known = sets.iter_mut().find(|set| set.key == key);
    match known {
        Some(set) => set.documents.push((stage, document.clone())),
        None => sets.push(DocumentSet { key: key.to_owned(), documents: vec![(stage, document.clone())] }),
    }
}

/// Returns the name of the definition that a target has of its own.
pub(super) fn target_key(schedule: &str, target: Option<&str>) -> String {
    // A service may have the name of a schedule.
    match target {
        Some(target) => format!("schedule-{schedule}-{target}"),
        None => format!("schedule-{schedule}"),
    }
}

fn definition_sets(parts: &[ClusterParts]) -> Vec<DocumentSet> {
    let mut sets = Vec::new();
    for (stage, part) in parts.iter().enumerate() {
        for service in &part.services {
            if let Some(definition) = &service.definition {
                add_document(&mut sets, &service.key, stage, definition);
            }
        }
    }
    for (stage, part) in parts.iter().enumerate() {
        for schedule in &part.schedules {
            for target in &schedule.definitions {
                if let DefinitionFile::Own(document) = &target.source {
                    add_document(
                        &mut sets,
                        &target_key(&schedule.key, target.target.as_deref()),
                        stage,
                        document,
                    );
                }
            }
        }
    }
    sets
}

fn service_sets(parts: &[ClusterParts]) -> Vec<DocumentSet> {
    let mut sets = Vec::new();
    for (stage, part) in parts.iter().enumerate() {
        for service in &part.services {
            if let Some(document) = &service.service {
                add_document(&mut sets, &service.key, stage, document);
            }
        }
    }
    sets
}

/// Returns the members of definitions that this ecsail does not have.
fn allowed_members(sets: &[DocumentSet]) -> BTreeSet<String> {
    let documents = sets.iter().flat_map(|set| &set.documents);
    documents.flat_map(|(_, document)| unknown_members(document, DocumentKind::TaskDefinition)).collect()
}

fn notes(parts: &[ClusterParts], secrets: &SecretVariables, whole: &ManifestParts<'_>) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for part in parts {
        let of_stage = part.stage.as_ref().map(|stage| format!("{stage}: ")).unwrap_or_default();
        let owned = part.services.iter().filter_map(|service| {
            let owner = service.owner.as_ref()?;
            Some(format!(
                "service `{}` seems to belong to {owner}: its definition and attributes stay there; adopt them with `--own`",
                service.name
            ))
        });
        let all = owned.chain(part.notes.iter().cloned()).map(|note| format!("{of_stage}{note}"));
        notes.extend(all);
    }
    for (key, container, name) in secrets.places() {
        let place = if container.is_empty() { String::new() } else { format!(" of container `{container}`") };
        notes.push(format!(
            "`{name}`{place} of `{key}` looks like a secret, and its value is in no definition: store it in Secrets Manager or \
             Parameter Store, and write `secrets: {{ {name}: ARN }}` in place of the variable"
        ));
    }
    notes.extend(manifest::app_note(whole));
    notes
}
