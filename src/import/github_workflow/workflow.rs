//! What a workflow says: its jobs, their steps, and the variables that a step sees. Pure.

use std::collections::BTreeMap;

use crate::document::tree::Node;
use crate::error::Result;
use crate::import::yaml_file::{YamlFile, entries};

/// The action that writes an image and other values into a definition.
const RENDER: &str = "aws-actions/amazon-ecs-render-task-definition";
/// The action that registers a definition and updates a service.
const DEPLOY: &str = "aws-actions/amazon-ecs-deploy-task-definition";

/// A workflow.
#[derive(Clone, Debug)]
pub(super) struct Workflow {
    pub(super) file: YamlFile,
    pub(super) jobs: Vec<Job>,
}

/// A job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) name: String,
    /// The GitHub environment that it deploys to.
    pub(super) environment: Option<String>,
    pub(super) steps: Vec<Step>,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepKind {
    Render,
    Deploy,
    /// `aws-actions/configure-aws-credentials`.
    Credentials,
    Other,
}

/// A step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) kind: StepKind,
    pub(super) id: Option<String>,
    pub(super) node: Node,
    pub(super) line: usize,
    /// The inputs, as they are written.
    pub(super) with: BTreeMap<String, String>,
    /// The variables that the step sees, of the workflow, the job and the step, as they are written.
    pub(super) env: BTreeMap<String, String>,
    pub(super) run: Option<String>,
}

impl Workflow {
    /// Reads a workflow. Tabs, which YAML does not allow, are read as blanks.
    ///
    /// # Errors
    /// The text is no YAML.
    pub(super) fn read(path: &str, text: &str) -> Result<Workflow> {
        let mut file = YamlFile::parse(path, &text.replace('\t', " "))?;
        file.text = text.to_owned();
        let jobs =
            entries(file.root.get("jobs")).iter().map(|(key, node)| job(&file, &key.name, node)).collect();
        Ok(Workflow { file, jobs })
    }

    /// Returns all steps of all jobs that are of a kind.
    pub(super) fn has(&self, kind: StepKind) -> bool {
        self.jobs.iter().flat_map(|job| &job.steps).any(|step| step.kind == kind)
    }
}

fn job(file: &YamlFile, name: &str, node: &Node) -> Job {
    let environment = node.get("environment");
    let environment = environment.and_then(Node::text).or_else(|| environment?.get("name")?.text());
    let variables = [texts_of(file.root.get("env")), texts_of(node.get("env"))];
    let steps = node.get("steps").map_or(&[][..], Node::items);
    Job {
        name: name.to_owned(),
        environment: environment.map(str::to_owned),
        steps: steps.iter().map(|node| step(file, node, &variables)).collect(),
    }
}

fn step(file: &YamlFile, node: &Node, variables: &[BTreeMap<String, String>]) -> Step {
    let text = |name: &str| node.get(name).and_then(Node::text).map(str::to_owned);
    let uses = text("uses").unwrap_or_default();
    let kind = match uses.split('@').next().unwrap_or_default() {
        RENDER => StepKind::Render,
        DEPLOY => StepKind::Deploy,
        "aws-actions/configure-aws-credentials" => StepKind::Credentials,
        _ => StepKind::Other,
    };
    let mut env = BTreeMap::new();
    for own in variables {
        env.extend(own.clone());
    }
    env.extend(texts_of(node.get("env")));
    Step {
        kind,
        id: text("id"),
        line: file.line(node.span),
        with: texts_of(node.get("with")),
        env,
        run: text("run"),
        node: node.clone(),
    }
}

fn texts_of(node: Option<&Node>) -> BTreeMap<String, String> {
    let pairs = entries(node).iter();
    pairs.map(|(key, value)| (key.name.clone(), value.text().unwrap_or_default().trim().to_owned())).collect()
}

/// Returns whether a text may be a workflow with one of the actions.
pub(super) fn mentions_actions(text: &str) -> bool {
    text.contains(RENDER) || text.contains(DEPLOY)
}
