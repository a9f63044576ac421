//! Reads task specifications: what a task runs, in `tasks` and in the targets of schedules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{FieldReader, LocatedValue};
use super::layers::{Layer, layers};
use crate::document::problem::{Problem, Problems};
use crate::document::source::SourceSpan;
use crate::document::tree::NodeKind;

/// The keys of a task specification.
pub const TASK_SPEC_KEYS: &[&str] = &[
    "like",
    "task_definition",
    "run_task",
    "overrides",
    "cluster",
    "container",
    "command",
    "environment",
    "cpu",
    "memory",
    "count",
];

/// The maximum length of the name of a family (API reference: `RegisterTaskDefinition`, `family`).
const MAX_FAMILY_LENGTH: usize = 255;
/// The maximum number of tasks (API reference: `RunTask`, `count`; `EcsParameters`, `TaskCount`).
const MAX_TASKS: u32 = 10;

/// What a task runs.
#[derive(Clone, Debug)]
pub struct TaskSpec {
    /// The service whose definition, network and capacity are used for members that are not set here.
    pub like: Option<LocatedValue<String>>,
    /// Empty to use the definition of the `like` service, or a registered one.
    pub task_definition: Vec<Layer>,
    /// A family or a revision that is registered elsewhere, in place of a definition in the manifest.
    pub registered: Option<LocatedValue<String>>,
    /// Members of the `RunTask` request.
    pub run_task: Vec<Layer>,
    /// The overrides as ECS takes them, below those in `overrides`.
    pub override_document: Vec<Layer>,
    pub cluster: Option<String>,
    pub overrides: ManifestOverrides,
    pub count: u32,
    pub span: Option<SourceSpan>,
}

/// Overrides of the task definition for one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ManifestOverrides {
    /// The container that the overrides apply to, if it is given.
    pub container: Option<String>,
    pub command: Option<Vec<String>>,
    pub environment: BTreeMap<String, String>,
    /// CPU and memory of the task, as `RunTask` takes them.
    pub cpu: Option<String>,
    pub memory: Option<String>,
    /// The rest of the overrides, as `RunTask` takes them; those above take precedence.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub members: Map<String, Value>,
}

impl ManifestOverrides {
    /// Returns these overrides with those of `over` taking precedence.
    pub fn overridden_by(&self, over: &ManifestOverrides) -> ManifestOverrides {
        let mut environment = self.environment.clone();
        environment.extend(over.environment.clone());
        ManifestOverrides {
            container: over.container.clone().or_else(|| self.container.clone()),
            command: over.command.clone().or_else(|| self.command.clone()),
            environment,
            cpu: over.cpu.clone().or_else(|| self.cpu.clone()),
            memory: over.memory.clone().or_else(|| self.memory.clone()),
            members: if over.members.is_empty() { self.members.clone() } else { over.members.clone() },
        }
    }
}

/// Reads a task specification; `span` is that of its key.
pub(super) fn read_task_spec(
    fields: &FieldReader<'_>,
    span: SourceSpan,
    problems: &mut Problems,
) -> TaskSpec {
    let text = |name: &str, problems: &mut Problems| fields.text(name, problems).map(|text| text.value);
    let definition = layers(fields, "task_definition", problems);
    let registered = registered_definition(&definition);
    if let Some(named) = &registered {
        check_registered(named, fields, problems);
    }
    let work = TaskSpec {
        like: fields.text("like", problems),
        task_definition: if registered.is_some() { Vec::new() } else { definition },
        registered,
        run_task: layers(fields, "run_task", problems),
        override_document: layers(fields, "overrides", problems),
        cluster: text("cluster", problems),
        overrides: ManifestOverrides {
            container: text("container", problems),
            command: read_command(fields, problems),
            environment: read_environment(fields, problems),
            cpu: text("cpu", problems),
            memory: text("memory", problems),
            members: Map::new(),
        },
        count: read_count(fields, problems),
        span: Some(span),
    };
    if fields.get("like").is_none() && fields.get("task_definition").is_none() {
        let hint = "set `like:` to a service, or add a `task_definition:`".to_owned();
        let message = format!(
            "`{}` has neither `like` nor `task_definition`",
            fields.member_path("").trim_end_matches('.')
        );
        problems.push(Problem::error(span, message).hint(hint));
    }
    work
}

/// Returns the family or revision that definitions consisting of nothing but `family` name: the one of the last layer.
pub fn registered_definition(definition: &[Layer]) -> Option<LocatedValue<String>> {
    let named = |layer: &Layer| match layer {
        Layer::Inline(node) => match node.entries() {
            [(key, value)] if key.name == "family" => {
                Some(LocatedValue { value: value.text()?.to_owned(), span: value.span })
            }
            _ => None,
        },
        Layer::File(_) => None,
    };
    let names: Option<Vec<_>> = definition.iter().map(named).collect();
    names?.pop()
}

/// Reports a name that is neither a family, nor a family with a revision, nor an ARN.
fn check_registered(named: &LocatedValue<String>, fields: &FieldReader<'_>, problems: &mut Problems) {
    let name = named.value.split_once("task-definition/").map_or(named.value.as_str(), |(_, name)| name);
    let (family, revision) = name.split_once(':').unwrap_or((name, "1"));
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let is_family = (1..=MAX_FAMILY_LENGTH).contains(&family.len()) && family.chars().all(fits);
    if is_family && revision.parse::<u32>().is_ok_and(|revision| revision > 0) {
        return;
    }
    let message = "`family` must be a family, or a revision such as `report:12`";
    let problem = Problem::error(named.span, message).path(fields.member_path("task_definition.family"));
    problems.push(problem);
}

fn read_command(fields: &FieldReader<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let node = fields.get("command")?;
    if let Some(text) = node.text() {
        let words: Vec<String> = text.split_whitespace().map(|word| format!("\"{word}\"")).collect();
        let hint = if node.span.from_expression {
            "write it as a list of words".to_owned()
        } else {
            format!("write it as a list: `command: [{}]`", words.join(", "))
        };
        let message = format!("`command` must be a list, found {}", node.describe());
        problems.push(Problem::error(node.span, message).path(fields.member_path("command")).hint(hint));
        return None;
    }
    let words = fields.text_list("command", problems);
    for item in node.items().iter().filter(|item| item.text().is_none() && !item.is_undefined()) {
        let message = format!("an item of `command` must be a string, found {}", item.describe());
        let problem = Problem::error(item.span, message).path(fields.member_path("command"));
        problems.push(problem.hint(item.unquoted_text_hint().map(str::to_owned)));
    }
    Some(words)
}

/// Reads environment variables: a mapping, or a list of `name` and `value` as in ECS.
fn read_environment(fields: &FieldReader<'_>, problems: &mut Problems) -> BTreeMap<String, String> {
    let Some(node) = fields.get("environment") else { return BTreeMap::new() };
    let path = fields.member_path("environment");
    let mut found = BTreeMap::new();
    match &node.kind {
        NodeKind::Seq(items) => {
            for item in items {
                let text = |name: &str| item.get(name).and_then(|node| node.text()).map(str::to_owned);
                match (text("name"), text("value")) {
                    (Some(name), Some(value)) => drop(found.insert(name, value)),
                    _ if item.has_undefined() => {}
                    _ => problems.push(
                        Problem::error(item.span, "an environment entry must have a `name` and a `value`")
                            .path(&path),
                    ),
                }
            }
        }
        _ => {
            for (key, value) in fields.entries("environment", problems) {
                match value.text() {
                    Some(text) => drop(found.insert(key.name.clone(), text.to_owned())),
                    None if value.is_undefined() => {}
                    None => {
                        let message =
                            format!("an environment value must be a string, found {}", value.describe());
                        let hint = value.unquoted_text_hint().map(str::to_owned);
                        problems.push(Problem::error(value.span, message).path(&path).hint(hint));
                    }
                }
            }
        }
    }
    found
}

fn read_count(fields: &FieldReader<'_>, problems: &mut Problems) -> u32 {
    let Some(text) = fields.text("count", problems) else { return 1 };
    match text.value.parse() {
        Ok(count) if (1..=MAX_TASKS).contains(&count) => count,
        _ => {
            let message = format!("`count` must be a number from 1 to {MAX_TASKS}, found `{}`", text.value);
            problems.push(Problem::error(text.span, message).path(fields.member_path("count")));
            1
        }
    }
}
