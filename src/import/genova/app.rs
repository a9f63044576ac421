//! What a `deploy.yml` and its definitions say. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::definition::{self, Variables};
use super::images::AppImages;
use super::merge::merge;
use super::stages;
use crate::adopt::names::without_stage;
use crate::document::tree::Node;
use crate::error::{Failure, Result};
use crate::import::Session;
use crate::import::source::{folder_of, joined};
use crate::import::tools::FoundFile;
use crate::import::yaml_file::{YamlFile, entries};

/// What uses a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum UseKind {
    Service,
    RunTask,
    /// The name is `rule:target`.
    ScheduledTask,
}

/// A service, run task or target of a rule in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) cluster: usize,
    pub(super) kind: UseKind,
    pub(super) name: String,
    /// The path of the definition as it is written.
    pub(super) path: String,
}

/// A cluster.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    /// The stage that it is; none where the app has no stages.
    pub(super) stage: Option<String>,
}

/// A definition file.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    /// The definition as genova read it.
    pub(super) value: Value,
    /// The path of the file that ecsail reads, as the manifest has it.
    pub(super) reference: String,
}

/// An app.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) file: YamlFile,
    /// The name in the paths of secrets.
    pub(super) name: String,
    pub(super) clusters: Vec<Cluster>,
    /// By the path as it is written.
    pub(super) definitions: BTreeMap<String, Definition>,
    pub(super) images: AppImages,
}

impl App {
    /// Reads a `deploy.yml` and all of its definitions.
    ///
    /// # Errors
    /// A file is missing or no YAML, or a key that has to be there is not.
    pub(super) fn read(session: &mut Session<'_>, found: &FoundFile) -> Result<App> {
        let file = YamlFile::parse(&found.path, &found.text)?;
        let names = cluster_names(&file)?;
        let uses = uses(&file)?;
        let stages = stages::stages(&names, &uses);
        let clusters: Vec<Cluster> = names
            .into_iter()
            .enumerate()
            .map(|(at, name)| Cluster {
                name,
                stage: stages.as_ref().and_then(|stages| stages.get(at).cloned()),
            })
            .collect();
        let first = uses.first().map_or_else(String::new, |used| {
            without_stage(&used.name, clusters.get(used.cluster).and_then(|cluster| cluster.stage.as_deref()))
        });
        let mut app =
            App { file, name: first, clusters, definitions: BTreeMap::new(), images: AppImages::default() };
        let files = app.read_definitions(session, &uses)?;
        app.name_images(&uses);
        app.rewrite(session, &files);
        Ok(app)
    }

    fn read_definitions(
        &mut self,
        session: &mut Session<'_>,
        uses: &[Use],
    ) -> Result<BTreeMap<String, YamlFile>> {
        let mut files = BTreeMap::new();
        for used in uses.iter().filter(|used| !used.path.is_empty()) {
            if files.contains_key(&used.path) {
                continue;
            }
            let path = joined(folder_of(&self.file.path), &used.path);
            let text = session.read_named(&path, &self.file.path)?;
            let file = YamlFile::parse(&path, &text)?;
            if file.root.get("container_definitions").is_none() {
                return Err(Failure::error(format!(
                    "`{path}` is no task definition: it has no `container_definitions`"
                ))
                .with_hint(format!("`{}` names it: check the path there", self.file.path)));
            }
            let value = definition::value_of(&file);
            self.definitions.insert(used.path.clone(), Definition { value, reference: path });
            files.insert(used.path.clone(), file);
        }
        Ok(files)
    }

    fn name_images(&mut self, uses: &[Use]) {
        for used in uses {
            let Some(definition) = self.definitions.get(&used.path) else { continue };
            let overrides = self.node(used).and_then(|node| node.get("task_overrides")).map(Node::to_value);
            let merged = merge(&definition.value, &overrides.unwrap_or_default());
            self.images.add(used.cluster, &merged.definition);
        }
        self.images.name_all();
    }

    /// Returns the node of a use.
    fn node(&self, used: &Use) -> Option<&Node> {
        let cluster = self.cluster(used.cluster)?;
        match used.kind {
            UseKind::Service => cluster.get("services")?.get(&used.name),
            UseKind::RunTask => cluster.get("run_tasks")?.get(&used.name),
            UseKind::ScheduledTask => scheduled(cluster)
                .into_iter()
                .find(|(_, name, _)| *name == used.name)
                .map(|(_, _, node)| node),
        }
    }

    /// Returns the node of a cluster.
    pub(super) fn cluster(&self, index: usize) -> Option<&Node> {
        self.file.root.get("clusters").and_then(|clusters| clusters.items().get(index))
    }

    /// Writes the definitions as ecsail reads them, and reports what is different in them.
    fn rewrite(&mut self, session: &mut Session<'_>, files: &BTreeMap<String, YamlFile>) {
        for (path, file) in files {
            let secret_path = |name: &str| format!("/{}/{name}", self.name);
            let rewritten = definition::rewrite(file, &self.images, Variables::TagOnly, &secret_path);
            let reference = if rewritten.text == file.text {
                session.carried(&file.path, None, "definition", "read as it is");
                session.reference(&file.path)
            } else {
                let reference = session.rewritten(&file.path, rewritten.text.clone());
                session.carried(
                    &file.path,
                    None,
                    "definition",
                    &format!("written as `{reference}`, with expressions of ecsail"),
                );
                reference
            };
            report_rewrite(session, file, &rewritten, &secret_path);
            if let Some(known) = self.definitions.get_mut(path) {
                known.reference = reference;
            }
        }
    }
}

fn report_rewrite(
    session: &mut Session<'_>,
    file: &YamlFile,
    rewritten: &definition::RewrittenDefinition,
    secret_path: &dyn Fn(&str) -> String,
) {
    for value in &rewritten.encrypted {
        report_encrypted(
            session,
            &file.path,
            Some(value.line),
            &value.name,
            &value.text,
            &secret_path(&value.name),
        );
    }
    if !rewritten.encrypted.is_empty() && file.root.get("execution_role_arn").is_none() {
        let why = "ECS reads secrets with an execution role, and the definition has none: write one";
        session.missing(&file.path, None, "execution_role_arn", why);
    }
    for line in &rewritten.escaped {
        session.carried(&file.path, Some(*line), "braces", "escaped, since they are no template of ecsail");
    }
    for (line, read) in &rewritten.respelled {
        session.carried(
            &file.path,
            Some(*line),
            "value",
            &format!("written as `{read}`, which is how Ruby reads it"),
        );
    }
}

/// Reports a value that is encrypted with KMS, and adds the command that moves it.
pub(super) fn report_encrypted(
    session: &mut Session<'_>,
    file: &str,
    line: Option<usize>,
    name: &str,
    text: &str,
    path: &str,
) {
    let command = from_kms_command(path, text);
    session.missing(
        file,
        line,
        name,
        &format!(
            "the value is encrypted with KMS: it is now the secret `{path}`; store it with the command below"
        ),
    );
    if !session.commands.contains(&command) {
        session.commands.push(command);
    }
}

/// Returns the command that decrypts a value and stores it.
fn from_kms_command(path: &str, text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("${") && line.ends_with('}')).unwrap_or(text);
    format!("ecsail secret from-kms {} {}", crate::shell::quote(line), crate::shell::quote(path))
}

fn cluster_names(file: &YamlFile) -> Result<Vec<String>> {
    let clusters = file.root.get("clusters").map_or(&[][..], Node::items);
    if clusters.is_empty() {
        return Err(Failure::error(format!("`{}` has no `clusters`", file.path)));
    }
    let name = |cluster: &Node| {
        let name = cluster.get("name").and_then(Node::text).map(str::to_owned);
        name.ok_or_else(|| {
            Failure::error(format!("`{}:{}`: a cluster has no `name`", file.path, file.line(cluster.span)))
        })
    };
    clusters.iter().map(name).collect()
}

/// Returns the targets of the rules of a cluster: the node of the rule, `rule:target`, and the node of the target.
pub(super) fn scheduled(cluster: &Node) -> Vec<(&Node, String, &Node)> {
    let text = |node: &Node, name: &str| node.get(name).and_then(Node::text).unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for rule in cluster.get("scheduled_tasks").map_or(&[][..], Node::items) {
        for target in rule.get("targets").map_or(&[][..], Node::items) {
            found.push((rule, format!("{}:{}", text(rule, "rule"), text(target, "name")), target));
        }
    }
    found
}

fn uses(file: &YamlFile) -> Result<Vec<Use>> {
    let mut found = Vec::new();
    let clusters = file.root.get("clusters").map_or(&[][..], Node::items);
    for (cluster, node) in clusters.iter().enumerate() {
        let named = |kind: UseKind, name: &str, node: &Node| -> Result<Use> {
            let path = node.get("path").and_then(Node::text).map(str::to_owned);
            let path = path.ok_or_else(|| {
                Failure::error(format!("`{}:{}`: `{name}` has no `path`", file.path, file.line(node.span)))
            })?;
            Ok(Use { cluster, kind, name: name.to_owned(), path })
        };
        for (section, kind) in [("services", UseKind::Service), ("run_tasks", UseKind::RunTask)] {
            for (key, node) in entries(node.get(section)) {
                found.push(named(kind, &key.name, node)?);
            }
        }
        for (_, name, target) in scheduled(node) {
            found.push(named(UseKind::ScheduledTask, &name, target)?);
        }
    }
    Ok(found)
}
