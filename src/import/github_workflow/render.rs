//! What the render action wrote into a definition, as a layer over it. Pure.
//!
//! The source is `index.js` of aws-actions/amazon-ecs-render-task-definition.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::expressions::{self, WorkflowImage};
use super::workflow::{Job, Step};
use crate::yaml_writer::expression;

/// The variables that the step of ecsail gets, by name, and the expressions of GitHub that give them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StepVariables(BTreeMap<String, String>);

impl StepVariables {
    /// Returns the name of the variable that has a value: `wish`, or with a number where that has another value.
    pub(super) fn claim(&mut self, wish: &str, value: &str) -> String {
        let mut name = wish.to_owned();
        let mut number = 2;
        while self.0.get(&name).is_some_and(|known| known != value) {
            name = format!("{wish}_{number}");
            number += 1;
        }
        self.0.insert(name.clone(), value.to_owned());
        name
    }

    /// Returns all names and values.
    pub(super) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Returns a text of a workflow as one of the manifest: what only GitHub knows is a variable of the environment.
    pub(super) fn manifest_text(&mut self, text: &str) -> String {
        let mut written = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let Some((inner, after)) = after.split_once("}}") else { break };
            written.push_str(before);
            let inner = inner.trim();
            let name = self.claim(&variable_name(inner), &format!("${{{{ {inner} }}}}"));
            written.push_str(&expression(&format!("env.{name}")));
            rest = after;
        }
        written + rest
    }
}

/// Returns the name of a variable for an expression: its last word.
pub(super) fn variable_name(inner: &str) -> String {
    let last = inner.rsplit('.').next().unwrap_or(inner);
    crate::adopt::names::identifier(last).to_ascii_uppercase()
}

/// A container of a layer and its image.
#[derive(Clone, Debug)]
pub(super) struct RenderedImage {
    pub(super) container: String,
    /// None where the workflow does not say it.
    pub(super) image: Option<WorkflowImage>,
    /// The input as it is written.
    pub(super) input: String,
}

impl RenderedImage {
    /// Returns the tag, where the workflow has it as a text; `latest` where there is none.
    pub(super) fn fixed_tag(&self) -> Option<String> {
        let tag = self.image.as_ref()?.tag.clone().unwrap_or_else(|| "latest".to_owned());
        (!expressions::has_expression(&tag)).then_some(tag)
    }
}

/// What one or several render steps write.
#[derive(Clone, Debug, Default)]
pub(super) struct RenderedLayer {
    pub(super) images: Vec<RenderedImage>,
    /// The containers without their images, by name.
    pub(super) containers: Vec<(String, Map<String, Value>)>,
    /// Members of the task.
    pub(super) task: Map<String, Value>,
    /// The names of variables whose values are secrets of GitHub.
    pub(super) secret_variables: Vec<String>,
    /// Inputs of which the action dropped a part.
    pub(super) cut: Vec<String>,
}

impl RenderedLayer {
    /// Adds what a step writes.
    pub(super) fn add(&mut self, step: &Step, job: &Job, variables: &mut StepVariables) {
        let input = |name: &str| {
            step.with.get(name).filter(|text| !text.is_empty()).map(|text| expressions::resolve(text, step))
        };
        let mut members = Map::new();
        if let Some(command) = input("command") {
            let words: Vec<Value> =
                command.split(' ').map(|word| variables.manifest_text(word).into()).collect();
            members.insert("command".to_owned(), words.into());
        }
        if let Some(files) = input("env-files") {
            let file = |line: &str| json!({ "value": line, "type": "s3" });
            let files: Vec<Value> = lines(&files).map(|line| file(&variables.manifest_text(line))).collect();
            members.insert("environmentFiles".to_owned(), files.into());
        }
        for (name, member) in [("environment-variables", "environment"), ("secrets", "secrets")] {
            let Some(text) = input(name) else { continue };
            let pairs = lines(&text).filter_map(|line| line.split_once('='));
            let mut written = Map::new();
            for (name, value) in pairs {
                if member == "environment" && value.contains("secrets.") && expressions::has_expression(value)
                {
                    self.secret_variables.push(name.to_owned());
                }
                written.insert(name.to_owned(), variables.manifest_text(value).into());
            }
            members.insert(member.to_owned(), written.into());
        }
        self.add_log(&input, variables, &mut members);
        for (name, member) in [("task-role-arn", "taskRoleArn"), ("execution-role-arn", "executionRoleArn")] {
            self.task
                .extend(input(name).map(|arn| (member.to_owned(), variables.manifest_text(&arn).into())));
        }
        let names = input("container-name").unwrap_or_default();
        for name in names.split(',') {
            let name = variables.manifest_text(name);
            let input = step.with.get("image").cloned().unwrap_or_default();
            self.images.retain(|known| known.container != name);
            self.images.push(RenderedImage {
                container: name.clone(),
                image: expressions::image(&input, step, job),
                input,
            });
            match self.containers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => merge(known, &members),
                None => self.containers.push((name, members.clone())),
            }
        }
    }

    fn add_log(
        &mut self,
        input: &dyn Fn(&str) -> Option<String>,
        variables: &mut StepVariables,
        members: &mut Map<String, Value>,
    ) {
        let mut log = Map::new();
        if let Some(driver) = input("log-configuration-log-driver") {
            log.insert("logDriver".to_owned(), variables.manifest_text(&driver).into());
        }
        if let Some(options) = input("log-configuration-options") {
            log.insert(
                "options".to_owned(),
                self.cut_pairs("log-configuration-options", &options, variables).into(),
            );
        }
        if !log.is_empty() {
            members.insert("logConfiguration".to_owned(), log.into());
        }
        if let Some(labels) = input("docker-labels") {
            members.insert(
                "dockerLabels".to_owned(),
                self.cut_pairs("docker-labels", &labels, variables).into(),
            );
        }
    }

    /// Returns pairs as the action reads them: it cuts a value at a second `=`.
    fn cut_pairs(&mut self, name: &str, text: &str, variables: &mut StepVariables) -> Map<String, Value> {
        let mut pairs = Map::new();
        for line in lines(text) {
            let Some((key, value)) = line.split_once('=') else { continue };
            let kept = value.split('=').next().unwrap_or_default();
            if kept != value {
                self.cut.push(format!("{name} `{key}`"));
            }
            pairs.insert(key.to_owned(), variables.manifest_text(kept).into());
        }
        pairs
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Merges the members of a later step over those of an earlier one; variables and the like are merged by name.
fn merge(known: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (name, value) in over {
        match (known.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(over)) => merge(known, over),
            _ => drop(known.insert(name.clone(), value.clone())),
        }
    }
}
