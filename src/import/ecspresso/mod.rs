//! ecspresso: a configuration names a service and its two definition files. Many configurations become one manifest.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::definition::{
    DefinitionScope, ServiceScope, TaggedImage, import_service, import_task_definition, member,
    tagged_images, task_definition,
};
use super::document::SourceDocument;
use super::draft::Draft;
use super::session::Session;
use super::source::{file_name, folder_of, joined};
use super::tools::{FoundFile, ToolInput};
use crate::error::Result;

mod config;
pub(super) mod plugins;
pub(super) mod timeout;

use config::Config;

/// The names of variables that hold a tag, in whole repositories more often than any other.
const TAG_WORDS: &[&str] = &["TAG", "VERSION", "SHA", "REVISION", "COMMIT"];

/// Returns whether a file is a configuration of ecspresso: YAML, JSON or Jsonnet that names a definition file.
pub fn recognises(file: &FoundFile) -> bool {
    let has_key = |key: &str| {
        file.text.lines().any(|line| {
            let line = line.trim_start().trim_start_matches(['{', '"', '\'', ' ']);
            line.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
        })
    };
    let names_definition =
        ["task_definition", "service_definition", "express_definition"].iter().any(|key| {
            has_key(key)
                && file
                    .text
                    .lines()
                    .any(|line| line.contains(key) && (line.contains(".json") || line.contains(".y")))
        });
    // A manifest of ecsail has services, and rules of ecschedule have no file.
    names_definition
        && !has_key("services")
        && !has_key("ecsail")
        && (has_key("cluster") || has_key("service") || has_key("region"))
}

/// Adds what the configurations say.
///
/// # Errors
/// A file cannot be read, or names a path that depends on a variable without a value.
pub fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    let mut configs = Vec::new();
    for file in input.files {
        configs.push(Config::read(session, file)?);
    }
    let tag = tag_variable(&configs);
    for config in &mut configs {
        config.functions.tag_variable.clone_from(&tag);
        add(session, config)?;
    }
    if !configs.is_empty() {
        session.changed(
            "",
            None,
            "deploy",
            "registers a revision only where the definition changes; ecspresso registers one each time",
        );
        session.changed(
            "",
            None,
            "tags",
            "tags that are not in the service file stay; ecspresso removes them",
        );
        session.changed(
            "",
            None,
            "rollback",
            "returns to the last deployment that succeeded and keeps the revision; ecspresso takes the next lower number and deregisters",
        );
    }
    Ok(())
}

/// Returns the variable that holds the tag of most images.
fn tag_variable(configs: &[Config]) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let images: Vec<TaggedImage> =
        configs.iter().filter_map(|config| config.task_definition.as_ref()).flat_map(tagged_images).collect();
    for image in &images {
        *counts.entry(image.variable.clone()).or_default() += 1;
    }
    let rank = |name: &String| TAG_WORDS.iter().any(|word| name.to_uppercase().ends_with(word));
    let is_main = |name: &String| rank(name) && !name.contains("NGINX");
    counts
        .into_iter()
        .max_by_key(|(name, count)| (is_main(name), *count, std::cmp::Reverse(name.len())))
        .map(|(name, _)| name)
}

/// Adds what one configuration says.
fn add(session: &mut Session<'_>, config: &Config) -> Result<()> {
    let mut draft = Draft::default();
    let stage = config.stage.as_deref();
    draft.set(&["cluster"], config.cluster.clone());
    if let Some(region) = &config.region {
        draft.set(&["region"], region.clone());
    }
    draft.set(&["timeout"], config.timeout.clone());
    for (path, value) in &config.lookups {
        draft.set(&["lookups", path[0].as_str(), path[1].as_str()], value.clone());
    }
    let scope = DefinitionScope { stage, functions: &config.functions, is_template: true };
    let mut entry = serde_json::Map::new();
    let family = config.task_definition.as_ref().and_then(|document| family(document, config));
    let key = config.key(session, family.as_deref());
    if let (Some(name), true) = (&config.service, config.service.as_ref() != Some(&key)) {
        entry.insert("name".to_owned(), name.clone().into());
    }
    if let Some(document) = &config.task_definition {
        let imported = import_task_definition(session, document, scope)?;
        for (name, repository) in imported.images {
            draft.set(&["images", name.as_str()], repository);
        }
        entry.insert("task_definition".to_owned(), imported.reference.into());
    }
    if let Some(document) = &config.service_definition {
        let name = config.service.clone().unwrap_or_else(|| key.clone());
        let service = ServiceScope { name: &name, cluster: &config.cluster, family: family.as_deref() };
        let reference = import_service(session, document, scope, service);
        entry.insert("service".to_owned(), reference.into());
    }
    if let Some(express) = &config.express {
        entry.insert("express".to_owned(), express.clone());
    }
    if !config.ignored_tags.is_empty() {
        entry.insert("ignore_tags".to_owned(), json!(config.ignored_tags));
    }
    let section = if config.service.is_some() { "services" } else { "tasks" };
    if config.service.is_none() {
        report_task(session, config);
    }
    if let Some(family) = &family {
        session.add_family(stage, family, &key, section == "services");
    }
    draft.set(&[section, key.as_str()], Value::Object(entry));
    session.carried(
        &config.path,
        None,
        &format!("configuration `{}`", file_name(&config.path)),
        &format!("`{section}.{key}`"),
    );
    session.add_draft(config.stage.clone(), &config.path, draft);
    Ok(())
}

fn report_task(session: &mut Session<'_>, config: &Config) {
    let definition = config.task_definition.as_ref().map(|document| task_definition(&document.root));
    let mode = definition.and_then(|node| member(node, "networkMode")).and_then(|node| node.text());
    if mode == Some("awsvpc") {
        session.missing(
            &config.path,
            None,
            "network",
            "there is no service file: write `run_task: { networkConfiguration: … }` under the task, or `like:` a service",
        );
    }
}

/// Returns the family of a definition as the manifest would have it.
fn family(document: &SourceDocument, config: &Config) -> Option<String> {
    let text = member(task_definition(&document.root), "family")?.text()?;
    document.go.value(text, &config.functions).ok()
}

/// Returns the path of a definition that a configuration names.
fn definition_path(config: &str, path: &str) -> String {
    joined(folder_of(config), path)
}
