//! Writes the manifest of an adopted app: what all stages have in common, and what each has of its own. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::documents::with_mappings;
use super::files::{LayersByKey, keys, target_key};
use super::layers::{StageDocument, rest, shared};
use super::names::without_stage;
use super::parts::{AdoptedService, ClusterParts};
use super::schedules::{AdoptedSchedule, DefinitionFile};
use super::split_documents::DocumentLayers;
use super::{AdoptOptions, AdoptedFile, SCHEMA_FOLDER};
use crate::document::model::DocumentKind;
use crate::yaml_writer::to_yaml;

/// What the manifest is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct ManifestParts<'a> {
    pub(super) clusters: &'a [ClusterParts],
    pub(super) layers: &'a LayersByKey,
    pub(super) allow_unknown: &'a BTreeSet<String>,
    pub(super) options: &'a AdoptOptions,
}

/// An entry of the manifest: the part of all stages, and the part of each stage that has it.
struct StagedEntry {
    common: Option<Value>,
    of_stage: Vec<(usize, Value)>,
}

/// Returns the file of the manifest.
pub(super) fn file(parts: &ManifestParts<'_>) -> AdoptedFile {
    let mut common = Map::from_iter([("ecsail".to_owned(), json!(1))]);
    common.extend(app_name(parts).map(|app| ("app".to_owned(), app.into())));
    let mut stages: Vec<Map<String, Value>> = vec![Map::new(); parts.clusters.len()];
    let settings = staged(
        parts,
        &parts.clusters.iter().enumerate().map(|(at, part)| (at, settings(part))).collect::<Vec<_>>(),
    );
    common.extend(settings.common.as_ref().and_then(Value::as_object).cloned().unwrap_or_default());
    for (stage, own) in settings.of_stage {
        stages[stage].extend(own.as_object().cloned().unwrap_or_default());
    }
    if !parts.allow_unknown.is_empty() {
        common.insert("allow_unknown".to_owned(), json!(parts.allow_unknown));
    }
    let everywhere = &parts.options.ignore.everywhere;
    if !everywhere.is_empty() {
        common.insert("ignore".to_owned(), json!(everywhere));
    }
    let service_keys =
        keys(parts.clusters, |part| part.services.iter().map(|service| service.key.clone()).collect());
    let schedule_keys =
        keys(parts.clusters, |part| part.schedules.iter().map(|known| known.key.clone()).collect());
    let services = service_keys.iter().map(|key| (key, service_entry(key, parts)));
    let schedules = schedule_keys.iter().map(|key| (key, schedule_entry(key, parts)));
    add_entries("services", services, &mut common, &mut stages);
    add_entries("schedules", schedules, &mut common, &mut stages);
    AdoptedFile { path: parts.options.manifest.clone(), text: text(common, stages, parts) }
}

/// Returns the text of the manifest: a blank line around each block.
fn text(
    mut common: Map<String, Value>,
    stages: Vec<Map<String, Value>>,
    parts: &ManifestParts<'_>,
) -> String {
    let blocks: Map<String, Value> = ["services", "schedules"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), common.shift_remove(*name)?)))
        .collect();
    let staged = parts.clusters.iter().zip(stages);
    let staged: Map<String, Value> =
        staged.filter_map(|(part, own)| Some((part.stage.clone()?, Value::Object(own)))).collect();
    if !staged.is_empty() {
        common.insert("stages".to_owned(), Value::Object(staged));
    }
    common.extend(blocks);
    let mut text =
        format!("# yaml-language-server: $schema={SCHEMA_FOLDER}/manifest.schema.json\n{}", comments(parts));
    for (name, value) in common {
        if value.is_object() {
            text.push('\n');
        }
        text.push_str(&to_yaml(&Map::from_iter([(name, value)])));
    }
    text
}

/// Returns the comments about what stays elsewhere.
fn comments(parts: &ManifestParts<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for service in parts.clusters.iter().flat_map(|part| &part.services) {
        if let Some(owner) = &service.owner {
            let line = format!(
                "# `{}` seems to belong to {owner}: its definition and its attributes stay there.\n",
                service.key
            );
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines.concat()
}

/// Returns the settings of one stage.
fn settings(part: &ClusterParts) -> Value {
    let mut members = Map::from_iter([
        ("region".to_owned(), Value::from(part.region.clone())),
        ("cluster".to_owned(), part.cluster.clone().into()),
    ]);
    members.extend(part.account.clone().map(|account| ("account".to_owned(), account.into())));
    let images = part.images.by_name.iter();
    let images: Map<String, Value> =
        images.map(|(name, image)| (name.clone(), image.repository.clone().into())).collect();
    if !images.is_empty() {
        members.insert("images".to_owned(), Value::Object(images));
    }
    Value::Object(members)
}

/// Splits the values of stages into what all have in common and the rest of each. A value that some stages do not have is
/// no common one.
fn staged(parts: &ManifestParts<'_>, values: &[(usize, Value)]) -> StagedEntry {
    let stage = |index: usize| parts.clusters.get(index).and_then(|part| part.stage.as_deref());
    if values.len() < parts.clusters.len() {
        return StagedEntry { common: None, of_stage: values.to_vec() };
    }
    let documents: Vec<StageDocument<'_>> =
        values.iter().map(|(index, value)| StageDocument { value, stage: stage(*index) }).collect();
    let common = shared(&documents, "").unwrap_or_else(|| json!({}));
    let own = values
        .iter()
        .zip(&documents)
        .filter_map(|((index, _), document)| Some((*index, rest(*document, Some(&common), "")?)));
    let of_stage = own.collect();
    StagedEntry { common: Some(common), of_stage }
}

fn add_entries<'a>(
    section: &str,
    entries: impl Iterator<Item = (&'a String, StagedEntry)>,
    common: &mut Map<String, Value>,
    stages: &mut [Map<String, Value>],
) {
    for (key, entry) in entries {
        if let Some(value) = entry.common {
            common.entry(section).or_insert_with(|| json!({}))[key.as_str()] = value;
        }
        for (stage, value) in entry.of_stage {
            stages[stage].entry(section).or_insert_with(|| json!({}))[key.as_str()] = value;
        }
    }
}

fn service_entry(key: &str, parts: &ManifestParts<'_>) -> StagedEntry {
    let found: Vec<(usize, &AdoptedService)> = parts
        .clusters
        .iter()
        .enumerate()
        .filter_map(|(at, part)| Some((at, part.services.iter().find(|service| service.key == key)?)))
        .collect();
    let values: Vec<(usize, Value)> = found.iter().map(|(at, service)| (*at, own_members(service))).collect();
    let mut entry = staged(parts, &values);
    let has_definition: Vec<usize> = indexes(&found, |service| service.definition.is_some());
    let has_service: Vec<usize> = indexes(&found, |service| service.service.is_some());
    if let Some(layers) = parts.layers.definition(key) {
        add_layers(&mut entry, &["task_definition"], layers, &has_definition, parts.clusters.len());
    }
    if let Some(layers) = parts.layers.service(key) {
        add_layers(&mut entry, &["service"], layers, &has_service, parts.clusters.len());
    }
    if let Some(ignored) = parts.options.ignore.services.get(key) {
        let of_stages = entry.of_stage.iter_mut().map(|(_, value)| value);
        let places: Vec<&mut Value> = match &mut entry.common {
            Some(common) => vec![common],
            None => of_stages.collect(),
        };
        for place in places {
            place["ignore"] = json!(ignored);
        }
    }
    entry
}

/// Returns the members of a service's entry that no file has: its name in ECS, where that is not the key, its autoscaling,
/// and an Express service whole.
fn own_members(service: &AdoptedService) -> Value {
    let mut members = Map::new();
    if service.name != service.key {
        members.insert("name".to_owned(), service.name.clone().into());
    }
    let shape = DocumentKind::Express.input_shape();
    let express = service.express.as_ref().map(|document| with_mappings(document, shape));
    members.extend(express.map(|document| ("express".to_owned(), document)));
    members.extend(service.autoscaling.clone().map(|entry| ("autoscaling".to_owned(), entry)));
    Value::Object(members)
}

fn indexes(found: &[(usize, &AdoptedService)], has: impl Fn(&AdoptedService) -> bool) -> Vec<usize> {
    found.iter().filter(|(_, service)| has(service)).map(|(at, _)| *at).collect()
}

fn schedule_entry(key: &str, parts: &ManifestParts<'_>) -> StagedEntry {
    let found: Vec<(usize, &AdoptedSchedule)> = parts
        .clusters
        .iter()
        .enumerate()
        .filter_map(|(at, part)| Some((at, part.schedules.iter().find(|schedule| schedule.key == key)?)))
        .collect();
    let values: Vec<(usize, Value)> =
        found.iter().map(|(at, schedule)| (*at, Value::Object(schedule.entry.clone()))).collect();
    let mut entry = staged(parts, &values);
    // A target may have its own definition in one stage, and be like a service in another.
    let mut done: Vec<(Option<&str>, String)> = Vec::new();
    for target in found.iter().flat_map(|(_, schedule)| &schedule.definitions) {
        let source = |source: &DefinitionFile| match source {
            DefinitionFile::OfService(service) => service.clone(),
            DefinitionFile::Own(_) => target_key(key, target.target.as_deref()),
        };
        let (id, file) = (target.target.as_deref(), source(&target.source));
        if done.contains(&(id, file.clone())) {
            continue;
        }
        let is_it = |schedule: &AdoptedSchedule| {
            schedule.definitions.iter().any(|own| own.target.as_deref() == id && source(&own.source) == file)
        };
        let users: Vec<usize> =
            found.iter().filter(|(_, schedule)| is_it(schedule)).map(|(at, _)| *at).collect();
        let path: Vec<&str> = match id {
            Some(id) => vec!["targets", id, "task", "task_definition"],
            None => vec!["task", "task_definition"],
        };
        if let Some(layers) = parts.layers.definition(&file) {
            add_layers(&mut entry, &path, layers, &users, parts.clusters.len());
        }
        done.push((id, file));
    }
    entry
}

/// Adds the layers of a document at a path of an entry; `users` are the stages that have it.
fn add_layers(
    entry: &mut StagedEntry,
    path: &[&str],
    layers: &DocumentLayers,
    users: &[usize],
    stages: usize,
) {
    let is_common = users.len() == stages;
    if is_common && let Some(common) = &mut entry.common {
        insert(common, path, layers_value(layers.common.clone()));
    }
    for stage in users {
        let own = match (is_common, layers.own_of(*stage)) {
            (true, None) => continue,
            (true, Some(own)) => vec![own.to_owned()],
            (false, _) => layers.all_of(*stage),
        };
        if !entry.of_stage.iter().any(|(known, _)| known == stage) {
            entry.of_stage.push((*stage, json!({})));
        }
        for (_, value) in entry.of_stage.iter_mut().filter(|(known, _)| known == stage) {
            insert(value, path, layers_value(own.clone()));
        }
    }
}

/// Returns layers as the manifest has them: a path, or a list of paths. Without any, an empty list.
fn layers_value(layers: Vec<String>) -> Value {
    match <[String; 1]>::try_from(layers) {
        Ok([only]) => only.into(),
        Err(layers) => layers.into(),
    }
}

/// Inserts a value in front of the members of the mapping at a path, and creates the mappings above it.
fn insert(into: &mut Value, path: &[&str], value: Value) {
    let Some(members) = into.as_object_mut() else { return };
    match path {
        [] => {}
        [name] => {
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            if !is_empty {
                // Behind the name, and a service behind its definition.
                let before =
                    ["name", "task_definition"].iter().filter(|name| members.contains_key(**name)).count();
                members.shift_insert(before, (*name).to_owned(), value);
            }
        }
        [name, rest @ ..] => insert(members.entry(*name).or_insert_with(|| json!({})), rest, value),
    }
}

/// Returns the name of the app; none where a name would change the tags of rules without an owner.
fn app_name(parts: &ManifestParts<'_>) -> Option<String> {
    let owners: BTreeSet<&Option<String>> =
        parts.clusters.iter().flat_map(|part| &part.rule_owners).collect();
    if let Some(owner) = owners.iter().find_map(|owner| owner.as_ref()) {
        return Some(owner.clone());
    }
    if !owners.is_empty() && parts.options.app.is_none() {
        return None;
    }
    Some(parts.options.app.clone().unwrap_or_else(|| default_name(parts)))
}

/// Returns the name of the clusters without their stages, where they have one name.
fn default_name(parts: &ManifestParts<'_>) -> String {
    let name = |part: &ClusterParts| without_stage(&part.cluster, part.stage.as_deref());
    let names: BTreeSet<String> = parts.clusters.iter().map(name).collect();
    match names.into_iter().collect::<Vec<_>>().as_slice() {
        [only] if only != "default" => only.clone(),
        _ => parts.options.default_app.clone(),
    }
}

/// Returns the note about an app without a name.
pub(super) fn app_note(parts: &ManifestParts<'_>) -> Option<String> {
    app_name(parts).is_none().then(|| {
        "the manifest has no `app:`, since the rules would get its owner tags: add it when you want `schedule prune`, or give \
         `--name`"
            .to_owned()
    })
}
