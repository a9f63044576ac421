//! ecschedule: a configuration with the rules that run tasks in one cluster.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document::SourceDocument;
use super::draft::Draft;
use super::draft_value::draft_value;
use super::ecspresso::plugins::{PluginScope, read_plugins};
use super::session::Session;
use super::tools::{FoundFile, ToolInput};
use crate::document::tree::Node;
use crate::error::Result;
use crate::template::go_call::GoFunctions;

mod target;

/// The role of rules that name none (ecschedule, `rule.go`).
const DEFAULT_ROLE: &str = "ecsEventsRole";

/// Returns whether a file is a configuration of ecschedule: it has rules with schedule expressions.
pub fn recognises(file: &FoundFile) -> bool {
    let has = |key: &str| file.text.contains(key);
    has("rules") && has("scheduleExpression") && has("taskDefinition") && !has("EventBusName")
}

/// Adds what the configurations say.
///
/// # Errors
/// A file cannot be read, or a rule has no name.
pub fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    for file in input.files {
        add(session, file)?;
    }
    if !input.files.is_empty() {
        session.changed(
            "",
            None,
            "ecschedule apply -prune",
            "deletes rules that carry its tracking id and are no longer in its file: stop running it before you remove rules there",
        );
        session.changed(
            "",
            None,
            "taskDefinition",
            "each deploy pins the newest revision; a rule of ecschedule runs the newest one at each time",
        );
    }
    Ok(())
}

/// One configuration.
struct Rules<'a> {
    document: &'a SourceDocument,
    functions: &'a GoFunctions,
    stage: Option<String>,
    cluster: String,
    role: String,
}

impl Rules<'_> {
    /// Returns a member of a mapping as a value of the manifest.
    fn value(&self, node: &Node, name: &str) -> Option<Value> {
        let value = node.get(name).filter(|value| !value.is_null())?;
        Some(draft_value(value, &self.document.go, self.functions))
    }

    fn text(&self, node: &Node, name: &str) -> Option<String> {
        let value = node.get(name)?;
        let text = value.text()?;
        Some(self.document.go.value(text, self.functions).unwrap_or_else(|_| self.document.go.original(text)))
    }
}

fn add(session: &mut Session<'_>, file: &FoundFile) -> Result<()> {
    let document = SourceDocument::with_tags(&file.path, &session.evaluated(file)?)?;
    session.mark_used(&file.path);
    let stage = session.stage(&file.path);
    let mut functions = GoFunctions::default();
    let mut lookups = Vec::new();
    if let Some(list) = document.root.get("plugins") {
        let scope = PluginScope { path: &file.path, stage: stage.as_deref(), document: &document };
        lookups = read_plugins(session, &mut functions, scope, list);
    }
    let mut rules = Rules {
        document: &document,
        functions: &functions,
        stage: stage.clone(),
        cluster: String::new(),
        role: String::new(),
    };
    rules.cluster = rules
        .text(&document.root, "cluster")
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "default".to_owned());
    rules.role = rules.text(&document.root, "role").unwrap_or_else(|| DEFAULT_ROLE.to_owned());
    let mut draft = Draft::default();
    draft.set(&["cluster"], rules.cluster.clone());
    if let Some(region) = rules.text(&document.root, "region").filter(|region| !region.is_empty()) {
        draft.set(&["region"], region);
    }
    draft.set(&["schedule_role"], rules.role.clone());
    for (path, value) in lookups {
        draft.set(&["lookups", path[0].as_str(), path[1].as_str()], value);
    }
    for (key, value) in document.root.entries() {
        report_key(session, &document, &key.name, value, document.key_line(key));
    }
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for rule in document.root.get("rules").map_or(&[][..], Node::items) {
        add_rule(session, &rules, rule, &mut keys, &mut draft)?;
    }
    for tag in &document.go.tags {
        let is_value = tag.form == super::go_text::GoForm::Value;
        let known = crate::template::go_call::expression_of(&tag.inner, &functions).is_some()
            || crate::template::go_call::literal(&tag.inner).is_some();
        if is_value && !known {
            let what = document.go.text[tag.range.clone()].to_owned();
            session.missing(
                &file.path,
                document.line_at(tag.range.start),
                &what,
                "no translation: write the value in the manifest",
            );
        }
    }
    session.add_draft(stage, &file.path, draft);
    Ok(())
}

fn report_key(
    session: &mut Session<'_>,
    document: &SourceDocument,
    key: &str,
    value: &Node,
    line: Option<usize>,
) {
    let path = &document.path;
    match key {
        "region" | "cluster" | "role" | "plugins" | "rules" => {}
        "trackingId" => {
            session.changed(
                path,
                line,
                key,
                "left out: ecsail marks its rules with the tags `ecsail:app` and `ecsail:stage`",
            );
        }
        _ if value.is_null() => {}
        _ => session.changed(path, line, key, "left out: ecschedule does not use it either"),
    }
}

fn add_rule(
    session: &mut Session<'_>,
    rules: &Rules<'_>,
    rule: &Node,
    keys: &mut BTreeMap<String, usize>,
    draft: &mut Draft,
) -> Result<()> {
    let document = rules.document;
    let line = document.line(rule);
    let name = rules.text(rule, "name").filter(|name| !name.is_empty()).ok_or_else(|| {
        document.failure(rule, "a rule has no `name`", "give it the name that it has in EventBridge")
    })?;
    let literal = rule.get("name").and_then(Node::text).unwrap_or_default();
    let resolved = super::resolve::resolved(&document.go, literal, &session.options.environment);
    let plain = resolved.unwrap_or_else(|_| crate::import::images::literal_text(&name));
    let base = session.key(if plain.is_empty() { "rule" } else { &plain }, rules.stage.as_deref());
    let count = keys.entry(base.clone()).or_default();
    *count += 1;
    let key = if *count == 1 { base } else { format!("{base}-{count}") };
    let mut entry = Map::from_iter([("via".to_owned(), json!("rule"))]);
    if name != key {
        entry.insert("rule".to_owned(), name.clone().into());
    }
    let target = rules.text(rule, "targetId").unwrap_or_else(|| name.clone());
    if target != key {
        entry.insert("target".to_owned(), target.into());
    }
    for (from, to) in [("description", "description"), ("scheduleExpression", "expression")] {
        entry.extend(
            rules.text(rule, from).filter(|text| !text.is_empty()).map(|text| (to.to_owned(), text.into())),
        );
    }
    let is_disabled = rule.get("disabled").and_then(Node::text) == Some("true");
    entry.insert("enabled".to_owned(), json!(!is_disabled));
    if let Some(role) = rules.text(rule, "role").filter(|role| *role != rules.role) {
        entry.insert("role".to_owned(), role.into());
    }
    let queue = rule.get("dead_letter_config").and_then(|config| rules.text(config, "sqs"));
    entry.extend(queue.map(|queue| ("dead_letter".to_owned(), queue.into())));
    let task = target::task(session, rules, rule);
    entry.insert("task".to_owned(), Value::Object(task));
    target::report(session, rules, rule);
    draft.set(&["schedules", key.as_str()], Value::Object(entry));
    session.carried(
        &document.path,
        line,
        &format!("rule `{}`", document.go.original(literal)),
        &format!("`schedules.{key}`"),
    );
    Ok(())
}
