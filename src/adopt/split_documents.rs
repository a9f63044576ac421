//! Splits the documents of all stages into files: a base layer that several share, a file of each, and a layer of each
//! stage where they differ. Pure.

use serde_json::{Map, Value};

use super::documents::with_mappings;
use super::layers::{StageDocument, rest, shared};
use super::names::UsedNames;
use super::{AdoptedFile, SCHEMA_FOLDER};
use crate::document::model::DocumentKind;
use crate::yaml_writer::to_yaml;

/// The fewest values that make a base layer worth its file.
const SMALLEST_BASE: usize = 3;

/// One document in the stages that have it.
#[derive(Clone, Debug)]
pub(super) struct DocumentSet {
    /// The key of its service or schedule, which names its file.
    pub(super) key: String,
    /// By the index of the stage.
    pub(super) documents: Vec<(usize, Value)>,
}

/// The layers of a document: paths of files, relative to the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DocumentLayers {
    /// Those of all stages that have the document.
    pub(super) common: Vec<String>,
    /// Those of one stage, by its index.
    pub(super) of_stage: Vec<(usize, String)>,
}

impl DocumentLayers {
    /// Returns the layers of one stage alone.
    pub(super) fn all_of(&self, stage: usize) -> Vec<String> {
        let own = self.of_stage.iter().filter(|(index, _)| *index == stage).map(|(_, path)| path.clone());
        self.common.iter().cloned().chain(own).collect()
    }

    /// Returns the layer that only one stage has.
    pub(super) fn own_of(&self, stage: usize) -> Option<&str> {
        self.of_stage.iter().find(|(index, _)| *index == stage).map(|(_, path)| path.as_str())
    }
}

/// The files of one kind of document, and the layers of each document in the order of the sets.
#[derive(Clone, Debug, Default)]
pub(super) struct SplitDocuments {
    pub(super) files: Vec<AdoptedFile>,
    pub(super) layers: Vec<DocumentLayers>,
}

/// What one document is made of.
struct SplitSet {
    common: Option<Value>,
    of_stage: Vec<(usize, Value)>,
}

/// Splits documents into files in a folder. `stages` are the names of the stages.
pub(super) fn split(
    sets: &[DocumentSet],
    stages: &[Option<&str>],
    root: DocumentKind,
    folder: &str,
) -> SplitDocuments {
    let shape = root.input_shape();
    let mut parts: Vec<SplitSet> = sets.iter().map(|set| split_stages(set, stages, shape)).collect();
    let mut names = UsedNames::default();
    let mut done = SplitDocuments::default();
    let base = if root == DocumentKind::TaskDefinition { take_base(&mut parts, shape) } else { None };
    let base = base.map(|(base, users)| {
        let wished = ["base", "common", "shared"].map(str::to_owned);
        let free = wished.iter().find(|name| !sets.iter().any(|set| set.key.eq_ignore_ascii_case(name)));
        let path = format!("{folder}/{}.yml", names.claim(&[free.cloned().unwrap_or_default()]));
        done.files.push(file(&path, &base, root));
        (path, users)
    });
    for (index, (set, part)) in sets.iter().zip(&parts).enumerate() {
        let name = names.claim(std::slice::from_ref(&set.key));
        let mut layers = DocumentLayers::default();
        if let Some((path, users)) = &base
            && users.contains(&index)
        {
            layers.common.push(path.clone());
        }
        if let Some(common) = &part.common {
            let path = format!("{folder}/{name}.yml");
            done.files.push(file(&path, common, root));
            layers.common.push(path);
        }
        for (stage, own) in &part.of_stage {
            let suffix = stages.get(*stage).copied().flatten().unwrap_or("stage");
            let path = format!("{folder}/{name}.{suffix}.yml");
            done.files.push(file(&path, own, root));
            layers.of_stage.push((*stage, path));
        }
        done.layers.push(layers);
    }
    done
}

fn split_stages(set: &DocumentSet, stages: &[Option<&str>], shape: &str) -> SplitSet {
    let stage = |index: usize| stages.get(index).copied().flatten();
    let documents: Vec<StageDocument<'_>> =
        set.documents.iter().map(|(index, value)| StageDocument { value, stage: stage(*index) }).collect();
    let common = shared(&documents, shape);
    let own = set
        .documents
        .iter()
        .zip(&documents)
        .filter_map(|((index, _), document)| Some((*index, rest(*document, common.as_ref(), shape)?)));
    let of_stage = own.collect();
    SplitSet { common, of_stage }
}

/// Takes what the largest group of similar documents shares out of them; returns it with the indexes of the documents.
fn take_base(parts: &mut [SplitSet], shape: &str) -> Option<(Value, Vec<usize>)> {
    let users = largest_group(parts);
    let documents: Vec<Value> = users.iter().filter_map(|index| parts[*index].common.clone()).collect();
    let plain: Vec<StageDocument<'_>> =
        documents.iter().map(|value| StageDocument { value, stage: None }).collect();
    let base = shared(&plain, shape).filter(|base| plain.len() > 1 && value_count(base) >= SMALLEST_BASE)?;
    for (index, document) in users.iter().zip(&plain) {
        parts[*index].common = rest(*document, Some(&base), shape);
    }
    Some((base, users))
}

/// Returns the documents that start in the same way: on Fargate or not, and with the same network mode.
fn largest_group(parts: &[SplitSet]) -> Vec<usize> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let Some(document) = &part.common else { continue };
        let kind = format!("{} {}", document["networkMode"], document["requiresCompatibilities"]);
        match groups.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, users)) => users.push(index),
            None => groups.push((kind, vec![index])),
        }
    }
    groups.into_iter().map(|(_, users)| users).rev().max_by_key(Vec::len).unwrap_or_default()
}

/// Returns how many single values a value has.
fn value_count(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(value_count).sum(),
        Value::Array(items) => items.iter().map(value_count).sum(),
        _ => 1,
    }
}

fn file(path: &str, document: &Value, root: DocumentKind) -> AdoptedFile {
    let schema = match root {
        DocumentKind::Service => "service",
        _ => "task-definition",
    };
    let nothing = Map::new();
    let readable = with_mappings(document, root.input_shape());
    let body = to_yaml(readable.as_object().unwrap_or(&nothing));
    AdoptedFile {
        path: path.to_owned(),
        text: format!("# yaml-language-server: $schema=../{SCHEMA_FOLDER}/{schema}.schema.json\n{body}"),
    }
}
