//! Reads a configuration of ecspresso.

use serde_json::Value;

use super::super::document::SourceDocument;
use super::super::resolve::resolved;
use super::super::session::Session;
use super::super::tools::FoundFile;
use super::timeout::{GoDuration, parse, written};
use super::{definition_path, plugins};
use crate::document::tree::{Node, NodeKind};
use crate::error::{Failure, Result};
use crate::import::draft_value::draft_value;
use crate::template::go_call::GoFunctions;

/// The timeout of ecspresso where none is written (`config.go`).
const DEFAULT_TIMEOUT: u64 = 600;
/// What is written for no limit.
const NO_LIMIT: &str = "24h";

/// What a configuration says.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) path: String,
    pub(super) stage: Option<String>,
    pub(super) region: Option<String>,
    pub(super) cluster: String,
    pub(super) service: Option<String>,
    /// The name of the service with the values of the environment, for its key.
    resolved_service: Option<String>,
    pub(super) timeout: String,
    pub(super) task_definition: Option<SourceDocument>,
    pub(super) service_definition: Option<SourceDocument>,
    /// The paths of definitions in Jsonnet, which are used as they are.
    pub(super) express: Option<Value>,
    pub(super) ignored_tags: Vec<String>,
    /// The members of `lookups:`, each with its kind and name.
    pub(super) lookups: Vec<([String; 2], Value)>,
    pub(super) functions: GoFunctions,
}

impl Config {
    /// Reads a configuration, and the definitions that it names.
    ///
    /// # Errors
    /// A file cannot be read, or a path depends on a variable without a value.
    pub(super) fn read(session: &mut Session<'_>, file: &FoundFile) -> Result<Config> {
        let document = SourceDocument::with_tags(&file.path, &session.evaluated(file)?)?;
        session.mark_used(&file.path);
        let mut config = Config {
            path: file.path.clone(),
            stage: session.stage(&file.path),
            cluster: "default".to_owned(),
            timeout: written(DEFAULT_TIMEOUT),
            ..Config::default()
        };
        if document.root.entries().is_empty() {
            return Err(document.failure(
                &document.root,
                "a configuration must be a mapping",
                "name its file with `ecsail import ecspresso FILE`",
            ));
        }
        report_statements(session, &document);
        if let Some(list) = document.root.get("plugins") {
            let scope = plugins::PluginScope {
                path: &file.path,
                stage: config.stage.as_deref(),
                document: &document,
            };
            config.lookups = plugins::read_plugins(session, &mut config.functions, scope, list);
        }
        for (key, value) in document.root.entries() {
            config.read_key(session, &document, &key.name, value, document.key_line(key))?;
        }
        Ok(config)
    }

    fn read_key(
        &mut self,
        session: &mut Session<'_>,
        document: &SourceDocument,
        key: &str,
        value: &Node,
        line: Option<usize>,
    ) -> Result<()> {
        match key {
            "region" => {
                self.region = self.text(session, document, value, line)?.filter(|region| !region.is_empty());
            }
            "cluster" => {
                let cluster =
                    self.text(session, document, value, line)?.filter(|cluster| !cluster.is_empty());
                self.cluster = cluster.unwrap_or_else(|| "default".to_owned());
            }
            "service" => {
                self.service = self.text(session, document, value, line)?.filter(|name| !name.is_empty());
                self.resolved_service = value
                    .text()
                    .and_then(|text| resolved(&document.go, text, &session.options.environment).ok());
            }
            "timeout" => self.read_timeout(session, document, value, line),
            "task_definition" => {
                let path = self.path_of(session, document, value, key)?;
                self.task_definition = Some(self.definition(session, &path)?);
            }
            "service_definition" => {
                let path = self.path_of(session, document, value, key)?;
                self.service_definition = Some(self.definition(session, &path)?);
            }
            "express_definition" => {
                let path = self.path_of(session, document, value, key)?;
                let express = self.definition(session, &path)?;
                self.express = Some(draft_value(&express.root, &express.go, &self.functions));
                session.carried(&self.path, line, key, "`express` of the service");
            }
            "ignore" => {
                let tags = value.get("tags").map_or(&[][..], Node::items);
                self.ignored_tags = tags.iter().filter_map(|tag| tag.text().map(str::to_owned)).collect();
                session.carried(&self.path, line, "ignore.tags", "`ignore_tags` of the service");
            }
            "plugins" => {}
            _ if value.is_null() => {}
            "codedeploy" | "appspec" => session.missing(
                &self.path,
                line,
                key,
                "ecsail deploys with ECS's own controller and its lifecycle hooks, not with CodeDeploy",
            ),
            "job_definition" => session.missing(&self.path, line, key, "ecsail runs no jobs of AWS Batch"),
            "required_version" => {
                session.changed(&self.path, line, key, "left out: it is about ecspresso's own version");
            }
            "filter_command" => {
                session.changed(&self.path, line, key, "left out: `ecsail tasks` lists the tasks itself");
            }
            _ => session.changed(&self.path, line, key, "left out: ecspresso does not use it either"),
        }
        Ok(())
    }

    /// Returns a text for the manifest.
    fn text(
        &self,
        session: &mut Session<'_>,
        document: &SourceDocument,
        value: &Node,
        line: Option<usize>,
    ) -> Result<Option<String>> {
        let text = match &value.kind {
            NodeKind::Null => return Ok(None),
            _ => value
                .text()
                .ok_or_else(|| document.failure(value, "a text is expected here", "write one value"))?,
        };
        match document.go.value(text, &self.functions) {
            Ok(text) => Ok(Some(text)),
            Err(tag) => {
                session.missing(&self.path, line, &tag, "no translation: write the value in the manifest");
                Ok(Some(document.go.original(text)))
            }
        }
    }

    fn read_timeout(
        &mut self,
        session: &mut Session<'_>,
        document: &SourceDocument,
        value: &Node,
        line: Option<usize>,
    ) {
        let text = value.text().unwrap_or_default();
        if let Ok(jinja) = document.go.value(text, &self.functions)
            && jinja != text
        {
            self.timeout = jinja;
            return;
        }
        match parse(text) {
            Some(GoDuration::Seconds(seconds)) => self.timeout = written(seconds),
            Some(GoDuration::Nanoseconds(number)) => {
                self.timeout = written(number.clamp(1, 86_400));
                let why = format!(
                    "a number without a unit is nanoseconds for ecspresso 2: `{}` is written, as it was most likely meant",
                    self.timeout
                );
                session.changed(&self.path, line, "timeout", &why);
            }
            Some(GoDuration::Unlimited) => {
                NO_LIMIT.clone_into(&mut self.timeout);
                session.changed(
                    &self.path,
                    line,
                    "timeout",
                    "no limit for ecspresso; ecsail has one: `24h` is written",
                );
            }
            None if value.is_null() => {}
            None => session.missing(
                &self.path,
                line,
                "timeout",
                "no duration such as `10m`; the default of ecspresso is written",
            ),
        }
    }

    /// Returns the path that a key names, with the values of the environment.
    fn path_of(
        &self,
        session: &Session<'_>,
        document: &SourceDocument,
        value: &Node,
        key: &str,
    ) -> Result<String> {
        let text = value.text().ok_or_else(|| {
            document.failure(value, &format!("`{key}` must be the path of a file"), "write a path")
        })?;
        let path = resolved(&document.go, text, &session.options.environment).map_err(|variable| {
            Failure::error(format!(
                "`{key}` in `{}` depends on the variable `{variable}`, which has no value",
                self.path
            ))
            .with_hint(format!(
                "set it for the import: `{variable}=… ecsail import …`, or give it with `--env-file FILE`"
            ))
        })?;
        Ok(definition_path(&self.path, &path))
    }

    fn definition(&self, session: &mut Session<'_>, path: &str) -> Result<SourceDocument> {
        let text = session.read_named(path, &self.path)?;
        let file = FoundFile { path: path.to_owned(), text };
        SourceDocument::with_tags(path, &session.evaluated(&file)?)
    }

    /// Returns the key of the service or task.
    pub(super) fn key(&self, session: &Session<'_>, family: Option<&str>) -> String {
        let literal =
            |text: &str| text.chars().all(|c| c.is_ascii() && !c.is_control()).then(|| text.to_owned());
        let name = self.resolved_service.clone().or_else(|| self.service.as_deref().and_then(literal));
        let name = name.or_else(|| family.and_then(literal)).filter(|name| !name.is_empty());
        session.key(&name.unwrap_or_else(|| "app".to_owned()), self.stage.as_deref())
    }
}

/// Reports conditions in a configuration: a manifest could have them, and what is read is their first branch.
fn report_statements(session: &mut Session<'_>, document: &SourceDocument) {
    let Some(first) =
        document.go.tags.iter().find(|tag| tag.form == super::super::go_text::GoForm::Statement)
    else {
        return;
    };
    let line = document.line_at(first.range.start);
    let what = document.go.text[first.range.clone()].to_owned();
    session.missing(
        &document.path,
        line,
        &what,
        "a condition in a configuration: what is in front of `else` is written; use stages for the rest",
    );
}
