//! Collects the displayed changes of a schedule, with the manifest's names and without secrets.

use serde_json::{Map, Value, json};

use super::input;
use crate::plan::diff::{Change, diff};

/// A collection of changes under one path prefix.
pub(super) struct ChangeList {
    prefix: String,
    pub(super) changes: Vec<Change>,
}

impl ChangeList {
    /// Creates an empty collection; each path begins with the prefix.
    pub(super) fn new(prefix: impl Into<String>) -> ChangeList {
        ChangeList { prefix: prefix.into(), changes: Vec::new() }
    }

    /// Adds the change of one named value, if there is one.
    pub(super) fn add_value(&mut self, name: &str, before: Option<Value>, after: Option<Value>) {
        let single = |value: Option<Value>| {
            let present = value.filter(|value| !value.is_null());
            Value::Object(present.map(|value| (name.to_owned(), value)).into_iter().collect())
        };
        self.add_changes(&single(before), &single(after), "");
    }

    /// Adds the changes between two documents in normal form, of the named shape.
    pub(super) fn add_changes(&mut self, before: &Value, after: &Value, shape: &str) {
        for change in diff(before, after, shape) {
            let path = format!("{}{}", self.prefix, change.path);
            self.changes.push(Change { path, ..change });
        }
    }

    /// Adds the changes between two inputs, per setting if both are task overrides.
    pub(super) fn add_input(&mut self, before: Option<&str>, after: Option<&str>) {
        let parsed = |text: Option<&str>| match text {
            None => Some(Map::new()),
            Some(text) => input::parse_overrides(text),
        };
        let (Some(old), Some(new)) = (parsed(before), parsed(after)) else {
            return self.add_value("input", before.map(Value::from), after.map(Value::from));
        };
        let (old, new) = (Value::Object(old), Value::Object(new));
        let mut names: Vec<&str> = [&old, &new].into_iter().flat_map(override_containers).collect();
        names.sort_unstable();
        names.dedup();
        let (old_whole, new_whole) = (with_containers(&old, &names), with_containers(&new, &names));
        let from = self.changes.len();
        self.add_changes(&old_whole, &new_whole, "TaskOverride");
        if let [only] = names[..] {
            let own = format!("{}containerOverrides[{only}].", self.prefix);
            for change in &mut self.changes[from..] {
                let setting = change.path.strip_prefix(&own).unwrap_or_default();
                if setting.starts_with("command") || setting.starts_with("environment") {
                    change.path = format!("{}{setting}", self.prefix);
                }
            }
        }
    }
}

fn override_containers(overrides: &Value) -> Vec<&str> {
    let items = overrides["containerOverrides"].as_array().into_iter().flatten();
    items.filter_map(|item| item["name"].as_str()).collect()
}

/// Adds the missing containers to overrides, so that changes are shown per setting instead of per container.
fn with_containers(overrides: &Value, names: &[&str]) -> Value {
    let mut whole = overrides.clone();
    let mut items = overrides["containerOverrides"].as_array().cloned().unwrap_or_default();
    let known = override_containers(overrides);
    items.extend(names.iter().filter(|name| !known.contains(name)).map(|name| json!({ "name": name })));
    if !items.is_empty() {
        whole["containerOverrides"] = Value::Array(items);
    }
    whole
}
