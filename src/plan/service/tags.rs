//! Compares the tags of a service. Only keys that the manifest has, or had when ecsail last set tags, are changed or removed;
//! tags of others stay. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::types::ObservedService;
use crate::document::model::DocumentKind;
use crate::plan::diff::{Change, diff};
use crate::plan::record::{MAX_TAGS, MAX_VALUE_LENGTH};
use crate::render::DesiredService;

/// The tag of a service that records the keys which ecsail has set.
const KEYS_KEY: &str = "ecsail:tags";

/// Separates the keys in the record. A tag's value takes no comma.
const SEPARATOR: &str = " / ";

/// What changes about the tags of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagChanges {
    /// The ARN of the service.
    pub service: String,
    pub set: BTreeMap<String, String>,
    pub removed: Vec<String>,
}

impl TagChanges {
    /// Returns whether no tag changes.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }
}

/// Returns whether ecsail has set tags of a service, as `DescribeServices` returns it with its tags.
pub fn are_recorded(service: &Value) -> bool {
    tags_of(service).contains_key(KEYS_KEY)
}

/// Returns how the tags of a service differ from the manifest's, for the calls and as they are shown.
pub(in crate::plan) fn compare_tags(
    service: &DesiredService,
    seen: &ObservedService,
) -> (TagChanges, Vec<Change>) {
    let is_compared = |key: &str| !service.ignore_tags.iter().any(|ignored| ignored == key);
    let observed = tags_of(&seen.document);
    let written = tags_of(service.tagged_document());
    let recorded =
        observed.get(KEYS_KEY).map(|keys| keys.split(SEPARATOR).collect::<Vec<_>>()).unwrap_or_default();
    let is_own = |key: &str| {
        key != KEYS_KEY && is_compared(key) && (written.contains_key(key) || recorded.contains(&key))
    };
    let before: BTreeMap<_, _> = observed.iter().filter(|(key, _)| is_own(key)).collect();
    let after: BTreeMap<_, _> = written.iter().filter(|(key, _)| is_compared(key)).collect();
    let set = after.iter().filter(|(key, value)| before.get(*key) != Some(*value));
    let mut changes = TagChanges {
        service: seen.service.service_arn.clone(),
        set: set.map(|(key, value)| ((*key).clone(), (*value).clone())).collect(),
        removed: before.keys().filter(|key| !after.contains_key(*key)).map(|key| (*key).clone()).collect(),
    };
    if changes.is_empty() {
        return (changes, Vec::new());
    }
    match key_record(written.keys().map(String::as_str)) {
        Some(record) if observed.len() < MAX_TAGS => drop(changes.set.insert(KEYS_KEY.to_owned(), record)),
        None if observed.contains_key(KEYS_KEY) => changes.removed.push(KEYS_KEY.to_owned()),
        _ => {}
    }
    let shape = DocumentKind::Service.input_shape();
    let shown = diff(&json!({"tags": as_list(&before)}), &json!({"tags": as_list(&after)}), shape);
    (changes, shown)
}

/// Adds the record of the keys to the tags of a service that is created.
pub(in crate::plan) fn with_key_record(tags: &Value) -> Value {
    let mut tags = tags.as_array().cloned().unwrap_or_default();
    let record = key_record(tags.iter().filter_map(|tag| tag["key"].as_str()));
    if let Some(record) = record.filter(|_| tags.len() < MAX_TAGS) {
        tags.push(json!({"key": KEYS_KEY, "value": record}));
    }
    Value::Array(tags)
}

/// Returns the value that records keys; `None` if there are none, or more than a tag can hold.
fn key_record<'a>(keys: impl Iterator<Item = &'a str>) -> Option<String> {
    let record = keys.collect::<Vec<_>>().join(SEPARATOR);
    (!record.is_empty() && record.chars().count() <= MAX_VALUE_LENGTH).then_some(record)
}

/// Returns the tags of a document by key, without those that only AWS can set.
fn tags_of(document: &Value) -> BTreeMap<String, String> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let tag = |tag: &Value| {
        let value = tag["value"].as_str().unwrap_or_default();
        Some((tag["key"].as_str()?.to_owned(), value.to_owned()))
    };
    tags.filter_map(tag).filter(|(key, _)| !key.starts_with("aws:")).collect()
}

fn as_list(tags: &BTreeMap<&String, &String>) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}
