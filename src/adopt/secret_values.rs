//! Takes values that look secret out of documents: an expression of the environment stands in their place, and the values
//! go to an env file that is never committed. What counts as a secret is decided by `secrets`. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::identifier;
use crate::document::model::{Shape, model};
use crate::secrets::looks_secret;
use crate::yaml_writer::expression;

/// A value that looks secret, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SecretPlace {
    /// The stage, by its index.
    pub(super) stage: usize,
    /// The key of the service or schedule.
    pub(super) key: String,
    /// The container; empty elsewhere.
    pub(super) container: String,
    /// The name of the setting.
    pub(super) name: String,
    /// Which of several settings with this name in one container it is, from 0.
    pub(super) nth: usize,
}

/// The names of the variables in which secrets are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct SecretVariables {
    values: BTreeMap<SecretPlace, BTreeSet<String>>,
}

impl SecretVariables {
    /// Adds the values of a document that look secret.
    pub(super) fn add(&mut self, document: &Value, shape: &str, stage: usize, key: &str) {
        let mut document = document.clone();
        visit_places(&mut document, shape, stage, key, &mut |place, value| {
            self.values.entry(place).or_default().insert(value.clone());
        });
    }

    /// Returns the variable of a place: the setting's own name where all of a stage have the same value, else with the key
    /// in front, else with the container too.
    fn variable(&self, place: &SecretPlace) -> String {
        let same = |wanted: &dyn Fn(&SecretPlace) -> bool| {
            let mut by_stage: BTreeMap<usize, BTreeSet<&String>> = BTreeMap::new();
            for (known, values) in self.values.iter().filter(|(known, _)| wanted(known)) {
                by_stage.entry(known.stage).or_default().extend(values);
            }
            by_stage.values().all(|values| values.len() == 1)
        };
        let plain = |place: &SecretPlace| match place.nth {
            0 => identifier(&place.name),
            nth => format!("{}_{}", identifier(&place.name), nth + 1),
        };
        let name = plain(place);
        let is_name = |known: &SecretPlace| plain(known) == name;
        if same(&is_name) {
            return name;
        }
        let key = identifier(&place.key).to_ascii_uppercase();
        if same(&|known| is_name(known) && known.key == place.key) {
            return format!("{key}_{name}");
        }
        format!("{key}_{}_{name}", identifier(&place.container).to_ascii_uppercase())
    }

    /// Replaces the values of a document that look secret by expressions.
    pub(super) fn replace_in(&self, document: &mut Value, shape: &str, stage: usize, key: &str) {
        visit_places(document, shape, stage, key, &mut |place, value| {
            if self.values.contains_key(&place) {
                *value = expression(&format!("env.{}", self.variable(&place)));
            }
        });
    }

    /// Returns the variables of a stage with their values.
    pub(super) fn of_stage(&self, stage: usize) -> BTreeMap<String, String> {
        let own = self.values.iter().filter(|(place, _)| place.stage == stage);
        own.filter_map(|(place, values)| Some((self.variable(place), values.iter().next_back()?.clone())))
            .collect()
    }

    /// Returns the places as key, container and name, each once for all stages.
    pub(super) fn places(&self) -> BTreeSet<(&str, &str, &str)> {
        self.values
            .keys()
            .map(|place| (place.key.as_str(), place.container.as_str(), place.name.as_str()))
            .collect()
    }
}

/// Visits the values of a document that look secret, each with its place.
fn visit_places(
    document: &mut Value,
    shape: &str,
    stage: usize,
    key: &str,
    found: &mut dyn FnMut(SecretPlace, &mut String),
) {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    visit(document, shape, "", &mut |container, name, value| {
        let count = counts.entry((container.to_owned(), name.to_owned())).or_default();
        let (container, name) = (container.to_owned(), name.to_owned());
        let place = SecretPlace { stage, key: key.to_owned(), container, name, nth: *count };
        *count += 1;
        found(place, value);
    });
}

/// Visits the settings of a document whose values look secret: variables of containers, and entries of maps such as log
/// options.
fn visit(value: &mut Value, shape: &str, container: &str, found: &mut dyn FnMut(&str, &str, &mut String)) {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Map(_)) => {
            for (name, value) in members.iter_mut() {
                let Value::String(text) = value else { continue };
                if looks_secret(name, text).is_some() {
                    found(container, name, text);
                }
            }
        }
        (Value::Object(members), Shape::Structure(_)) if shape == "KeyValuePair" => {
            let name = members.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(Value::String(text)) = members.get_mut("value")
                && looks_secret(&name, text).is_some()
            {
                found(container, &name, text);
            }
        }
        (Value::Object(members), Shape::Structure(_)) => {
            let is_container = ["ContainerDefinition", "ContainerOverride"].contains(&shape);
            let name =
                members.get("name").and_then(Value::as_str).filter(|_| is_container).map(str::to_owned);
            for (member, value) in members.iter_mut() {
                let target = model().member_shape(shape, member).unwrap_or_default();
                visit(value, target, name.as_deref().unwrap_or(container), found);
            }
        }
        (Value::Array(items), Shape::List(item)) => {
            for value in items {
                visit(value, item, container, found);
            }
        }
        (value, Shape::Any) => visit_entry(value, found),
        _ => {}
    }
}

/// Visits the variables in an entry of the manifest: those of `environment`, and those of an input.
fn visit_entry(value: &mut Value, found: &mut dyn FnMut(&str, &str, &mut String)) {
    match value {
        Value::Object(members)
            if members.get("name").is_some_and(Value::is_string) && members.contains_key("value") =>
        {
            visit(value, "KeyValuePair", "", found);
        }
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                match value {
                    Value::Object(_) if name == "environment" => visit(value, "StringMap", "", found),
                    value => visit_entry(value, found),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|value| visit_entry(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHAPE: &str = "RegisterTaskDefinitionRequest";

    fn document(password: &str) -> Value {
        json!({"containerDefinitions": [{"name": "app", "environment": [
            {"name": "DB_PASSWORD", "value": password}, {"name": "LOG_LEVEL", "value": "info"}]}]})
    }

    #[test]
    fn a_value_that_all_share_has_the_name_of_its_setting() {
        let mut secrets = SecretVariables::default();
        secrets.add(&document("hunter22"), SHAPE, 0, "web");
        secrets.add(&document("hunter22"), SHAPE, 0, "worker");
        let mut written = document("hunter22");
        secrets.replace_in(&mut written, SHAPE, 0, "web");
        assert_eq!(written, document(&expression("env.DB_PASSWORD")));
        assert_eq!(secrets.of_stage(0), BTreeMap::from([("DB_PASSWORD".to_owned(), "hunter22".to_owned())]));
    }

    #[test]
    fn values_that_differ_have_names_of_their_own() {
        let mut secrets = SecretVariables::default();
        secrets.add(&document("hunter22"), SHAPE, 0, "web");
        secrets.add(&document("hunter33"), SHAPE, 0, "worker");
        assert_eq!(secrets.of_stage(0).keys().collect::<Vec<_>>(), ["WEB_DB_PASSWORD", "WORKER_DB_PASSWORD"]);
    }

    #[test]
    fn two_stages_share_the_name_and_not_the_value() {
        let mut secrets = SecretVariables::default();
        secrets.add(&document("hunter22"), SHAPE, 0, "web");
        secrets.add(&document("hunter33"), SHAPE, 1, "web");
        assert_eq!(secrets.of_stage(1), BTreeMap::from([("DB_PASSWORD".to_owned(), "hunter33".to_owned())]));
    }
}
