//! A deploy step of a workflow with its render steps, as a service of the manifest and a command of ecsail. Pure.

use serde_json::{Map, Value, json};

use super::definition;
use super::expressions::{has_expression, resolve, step_output};
use super::render::{RenderedLayer, StepVariables};
use super::workflow::{Job, Step, StepKind, Workflow};
use crate::error::Result;
use crate::import::source::joined;
use crate::import::{Draft, Session};
use crate::shell::quote;

/// A deploy step and what it needs.
#[derive(Clone, Debug)]
pub(super) struct Deploy {
    /// The indexes of the job, of the step, and of its render steps.
    pub(super) job: usize,
    pub(super) step: usize,
    pub(super) renders: Vec<usize>,
    pub(super) stage: Option<String>,
    /// Whether another deploy of the stage has another image for a container of the same name.
    pub(super) has_own_images: bool,
}

/// What a deploy step became.
#[derive(Clone, Debug)]
pub(super) struct ImportedDeploy {
    pub(super) draft: Draft,
    /// The command, without `ecsail`.
    pub(super) command: String,
    pub(super) variables: StepVariables,
}

/// Returns the deploy steps of a workflow with their render steps.
pub(super) fn deploys(workflow: &Workflow) -> Vec<Deploy> {
    let mut found = Vec::new();
    for (job, steps) in workflow.jobs.iter().enumerate() {
        for (step, deploy) in steps.steps.iter().enumerate().filter(|(_, step)| step.kind == StepKind::Deploy)
        {
            let renders = renders(deploy, steps);
            found.push(Deploy { job, step, renders, stage: None, has_own_images: false });
        }
    }
    found
}

/// Returns the render steps whose output a step takes, the first one first.
fn renders(step: &Step, job: &Job) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut input = step.with.get("task-definition").map(|text| resolve(text, step));
    while let Some((id, _)) = input.as_deref().and_then(step_output) {
        let at = job
            .steps
            .iter()
            .position(|step| step.id.as_deref() == Some(&id) && step.kind == StepKind::Render);
        let Some(at) = at.filter(|at| !found.contains(at)) else { break };
        found.insert(0, at);
        input = job.steps[at].with.get("task-definition").map(|text| resolve(text, &job.steps[at]));
    }
    found
}

/// A definition that was read: its path as the manifest has it, and its text.
type ReadDefinition = (String, String);

/// A deploy step while it is imported.
pub(super) struct DeployImport<'a, 's, 'f> {
    pub(super) session: &'s mut Session<'f>,
    pub(super) workflow: &'a Workflow,
    /// The folder of the repository.
    pub(super) root: &'a str,
    pub(super) deploy: &'a Deploy,
    pub(super) job: &'a Job,
    pub(super) step: &'a Step,
    pub(super) variables: StepVariables,
    pub(super) draft: Draft,
    pub(super) flags: Vec<String>,
}

/// Imports a deploy step.
///
/// # Errors
/// A definition cannot be read.
pub(super) fn import(
    session: &mut Session<'_>,
    workflow: &Workflow,
    root: &str,
    deploy: &Deploy,
) -> Result<Option<ImportedDeploy>> {
    let job = &workflow.jobs[deploy.job];
    let step = &job.steps[deploy.step];
    let mut import = DeployImport {
        session,
        workflow,
        root,
        deploy,
        job,
        step,
        variables: StepVariables::default(),
        draft: Draft::default(),
        flags: Vec::new(),
    };
    let command = import.run()?;
    let (draft, variables) = (import.draft, import.variables);
    Ok(command.map(|command| ImportedDeploy { draft, command, variables }))
}

impl DeployImport<'_, '_, '_> {
    fn run(&mut self) -> Result<Option<String>> {
        let mut layer = RenderedLayer::default();
        for at in self.deploy.renders.clone() {
            layer.add(&self.job.steps[at], self.job, &mut self.variables);
        }
        let runs_task = self.input("run-task").as_deref() == Some("true");
        let service = self.input("service");
        if service.is_none() && !runs_task {
            self.missing(
                "service",
                "without a service the action only registers a revision; ecsail registers what it deploys",
            );
            return Ok(None);
        }
        let cluster = self.input("cluster").unwrap_or_else(|| "default".to_owned());
        let cluster = self.variables.manifest_text(&cluster);
        self.draft.set(&["cluster"], cluster);
        self.add_region();
        let (definition, family) = self.definition(&layer)?;
        let stage = self.deploy.stage.clone();
        let name = service.clone().unwrap_or_else(|| family.unwrap_or_else(|| "task".to_owned()));
        let key = if has_expression(&name) {
            self.fallback_key(&layer)
        } else {
            self.session.key(&name, stage.as_deref())
        };
        let layers = self.layers(definition.as_ref(), &layer);
        if service.is_some() {
            if key != name {
                let name = self.variables.manifest_text(&name);
                self.draft.set(&["services", &key, "name"], name);
            }
            self.draft.set(&["services", &key], {
                let mut entry = self
                    .draft
                    .get(&["services", &key])
                    .and_then(Value::as_object)
                    .cloned()
                    .unwrap_or_default();
                entry.extend(layers.clone().map(|layers| ("task_definition".to_owned(), layers)));
                entry
            });
            self.add_service(&key);
        }
        if runs_task {
            self.add_task(&key, service.is_some(), layers);
        }
        self.report_inputs();
        self.session.carried(
            &self.workflow.file.path,
            Some(self.step.line),
            "deploy step",
            &format!("service `{key}`, and a step with `ecsail deploy`"),
        );
        let stage = stage.map_or_else(String::new, |stage| format!("--stage {} ", quote(&stage)));
        let verb = if service.is_some() { "deploy" } else { "run" };
        let flags = self.flags.iter().map(|flag| format!(" {flag}")).collect::<String>();
        Ok(Some(format!("{verb} {stage}{}{flags}", quote(&key))))
    }

    fn input(&self, name: &str) -> Option<String> {
        let text = self.step.with.get(name).filter(|text| !text.is_empty())?;
        Some(resolve(text, self.step))
    }

    fn missing(&mut self, what: &str, why: &str) {
        self.session.missing(&self.workflow.file.path, Some(self.step.line), what, why);
    }

    pub(super) fn changed(&mut self, what: &str, why: &str) {
        self.session.changed(&self.workflow.file.path, Some(self.step.line), what, why);
    }

    /// Sets the region of the credentials, where the workflow says it; else it is that of the environment of the step.
    fn add_region(&mut self) {
        let credentials =
            self.job.steps[..self.deploy.step].iter().rev().find(|step| step.kind == StepKind::Credentials);
        let region = credentials.and_then(|step| Some(resolve(step.with.get("aws-region")?, step)));
        let region = region.or_else(|| self.step.env.get("AWS_REGION").map(|text| resolve(text, self.step)));
        if let Some(region) = region.filter(|region| !has_expression(region)) {
            self.draft.set(&["region"], region);
        }
    }

    /// Returns the key of a service whose name only GitHub knows: that of its container.
    fn fallback_key(&self, layer: &RenderedLayer) -> String {
        layer
            .images
            .first()
            .map(|image| image.container.clone())
            .filter(|name| !name.contains('\u{E000}'))
            .unwrap_or_else(|| "app".to_owned())
    }

    /// Returns the reference of the definition, its text and its family. None for one that is only in AWS.
    fn definition(&mut self, layer: &RenderedLayer) -> Result<(Option<ReadDefinition>, Option<String>)> {
        let source = self.deploy.renders.first().map_or(self.step, |at| &self.job.steps[*at]);
        let Some(path) = source.with.get("task-definition").map(|text| resolve(text, source)) else {
            let family = source
                .with
                .get("task-definition-family")
                .or_else(|| source.with.get("task-definition-arn"))
                .cloned();
            self.changed("task-definition-family", "the service keeps the definition that it runs; the action took the newest revision of the family");
            self.report_lost_layer(layer);
            return Ok((None, family));
        };
        let path = joined(self.root, &path);
        let text = if has_expression(&path) { None } else { self.session.read(&path)? };
        let Some(text) = text else {
            let is_described = self
                .job
                .steps
                .iter()
                .filter_map(|step| step.run.as_deref())
                .any(|run| run.contains("describe-task-definition"));
            if is_described {
                self.changed(
                    "task-definition",
                    "the workflow takes it from AWS: the service keeps the definition that it runs",
                );
            } else {
                self.missing(
                    "task-definition",
                    &format!("no file `{path}`: the service keeps the definition that it runs"),
                );
            }
            self.report_lost_layer(layer);
            return Ok((None, None));
        };
        let read = definition::definition(&text, &path, self.job, &mut self.variables);
        for placeholder in &read.unknown {
            self.session.missing(
                &path,
                None,
                placeholder,
                "no step of the workflow says what is put in its place",
            );
        }
        for placeholder in &read.replaced {
            self.session.carried(
                &path,
                None,
                placeholder,
                "a step of the workflow replaces it: it is a variable now, and the step can go",
            );
        }
        let reference = if read.text == text {
            self.session.reference(&path)
        } else {
            self.session.rewritten(&path, read.text.clone())
        };
        self.session.carried(&path, None, "definition", &format!("`{reference}`"));
        Ok((Some((reference, read.text)), None))
    }

    fn report_lost_layer(&mut self, layer: &RenderedLayer) {
        let is_empty =
            layer.task.is_empty() && layer.containers.iter().all(|(_, members)| members.is_empty());
        if !is_empty {
            self.missing("render step", "what it writes beside the image needs a definition in the repository: `ecsail init --cluster CLUSTER` writes it");
        }
    }

    /// Reports variables that are secrets of the definition, too: ECS takes a name once.
    fn report_secret_variables(&mut self, text: &str, container: &str, members: &Map<String, Value>) {
        let definition: Value = serde_json::from_str(text).unwrap_or_default();
        let containers = definition["containerDefinitions"].as_array().into_iter().flatten();
        let secrets = containers
            .filter(|known| known["name"] == container)
            .flat_map(|known| known["secrets"].as_array().into_iter().flatten());
        for name in secrets.filter_map(|secret| secret["name"].as_str()) {
            if members.get("environment").is_some_and(|variables| variables.get(name).is_some()) {
                let why =
                    "the definition has a secret of this name, and ECS takes only one of them: remove one";
                self.missing(&format!("environment-variables {name}"), why);
            }
        }
    }

    /// Returns the layers of the definition: the file, and what the render steps write.
    fn layers(&mut self, definition: Option<&ReadDefinition>, layer: &RenderedLayer) -> Option<Value> {
        let mut containers: Vec<Value> = Vec::new();
        for image in &layer.images {
            let text = definition.map(|(_, text)| text.as_str());
            let written = self.image(layer, image, text);
            let own = layer.containers.iter().find(|(name, _)| *name == image.container);
            let mut container = Map::from_iter([("name".to_owned(), Value::from(image.container.clone()))]);
            container.extend(written.map(|image| ("image".to_owned(), image.into())));
            container.extend(own.map(|(_, members)| members.clone()).unwrap_or_default());
            if container.len() > 1 {
                containers.push(container.into());
            }
        }
        for name in &layer.secret_variables {
            let why = "a secret of GitHub in plain text of the definition, which everyone can read who may describe it: move it with `ecsail secret put`";
            self.changed(&format!("environment-variables {name}"), why);
        }
        for name in &layer.cut {
            self.changed(
                name,
                "the action dropped what follows a second `=`: the manifest has what it wrote",
            );
        }
        let (reference, text) = definition?;
        for (container, members) in &layer.containers {
            self.report_secret_variables(text, container, members);
        }
        let mut over = layer.task.clone();
        if !containers.is_empty() {
            over.insert("containerDefinitions".to_owned(), containers.into());
        }
        Some(if over.is_empty() { reference.clone().into() } else { json!([reference, over]) })
    }

    fn add_service(&mut self, key: &str) {
        let mut service = Map::new();
        if let Some(count) = self.input("desired-count").and_then(|count| count.parse::<u64>().ok()) {
            service.insert("desiredCount".to_owned(), count.into());
            self.draft.set(&["services", key, "enforce_desired_count"], true);
        }
        if let Some(managed) = self.input("enable-ecs-managed-tags") {
            service.insert("enableECSManagedTags".to_owned(), (managed == "true").into());
        }
        if let Some(tags) = self.input("propagate-tags") {
            service.insert("propagateTags".to_owned(), tags.into());
        }
        if let (Some(name), Some(volume)) =
            (self.input("service-managed-ebs-volume-name"), self.json("service-managed-ebs-volume"))
        {
            service.insert(
                "volumeConfigurations".to_owned(),
                json!([{ "name": name, "managedEBSVolume": volume }]),
            );
        }
        if !service.is_empty() {
            self.draft.set(&["services", key, "service"], service);
        }
        if let Some(minutes) = self.input("wait-for-minutes") {
            self.draft.set(&["services", key, "timeout"], format!("{minutes}m"));
        }
        if self.input("force-new-deployment").as_deref() == Some("true")
            && !self.flags.iter().any(|flag| flag == "--force")
        {
            self.flags.push("--force".to_owned());
        }
        if self.input("wait-for-service-stability").as_deref() != Some("true") {
            self.changed(
                "wait-for-service-stability",
                "the action returned at once; ecsail watches the rollout: add `--no-wait` to keep that",
            );
        }
    }

    fn json(&mut self, name: &str) -> Option<Value> {
        let text = self.input(name)?;
        let value = serde_json::from_str(&text).ok();
        if value.is_none() {
            self.missing(name, "it is no JSON whose text the workflow says");
        }
        value
    }

    fn add_task(&mut self, key: &str, has_service: bool, layers: Option<Value>) {
        let list = |text: Option<String>| -> Option<Value> {
            Some(text?.split(',').map(|item| Value::from(item.trim())).collect())
        };
        let mut run_task = Map::new();
        match self.json("run-task-capacity-provider-strategy") {
            Some(strategy) => run_task.insert("capacityProviderStrategy".to_owned(), strategy),
            None => run_task.insert(
                "launchType".to_owned(),
                self.input("run-task-launch-type").unwrap_or_else(|| "FARGATE".to_owned()).into(),
            ),
        };
        let mut network = Map::new();
        network.extend(list(self.input("run-task-subnets")).map(|subnets| ("subnets".to_owned(), subnets)));
        network.extend(
            list(self.input("run-task-security-groups")).map(|groups| ("securityGroups".to_owned(), groups)),
        );
        if !network.is_empty() {
            let public = self.input("run-task-assign-public-IP").unwrap_or_else(|| "DISABLED".to_owned());
            network.insert("assignPublicIp".to_owned(), public.into());
            run_task.insert("networkConfiguration".to_owned(), json!({ "awsvpcConfiguration": network }));
        }
        run_task.extend(self.json("run-task-tags").map(|tags| ("tags".to_owned(), tags)));
        run_task.extend(self.input("run-task-started-by").map(|by| ("startedBy".to_owned(), by.into())));
        if let (Some(name), Some(volume)) =
            (self.input("run-task-managed-ebs-volume-name"), self.json("run-task-managed-ebs-volume"))
        {
            run_task.insert(
                "volumeConfigurations".to_owned(),
                json!([{ "name": name, "managedEBSVolume": volume }]),
            );
        }
        let mut task = Map::new();
        if has_service {
            task.insert("like".to_owned(), key.into());
        } else {
            task.extend(layers.map(|layers| ("task_definition".to_owned(), layers)));
        }
        task.insert("run_task".to_owned(), run_task.into());
        if let Some(overrides) = self.json("run-task-container-overrides") {
            task.insert("overrides".to_owned(), json!({ "containerOverrides": overrides }));
        }
        let name = if has_service { format!("{key}-task") } else { key.to_owned() };
        self.draft.set(&["tasks", &name], task);
        if has_service {
            self.draft.set(&["services", key, "before"], json!([name]));
        }
        if self.input("wait-for-task-stopped").as_deref() != Some("true") {
            self.changed(
                "run-task",
                "the action did not wait for the task; ecsail waits for it, and its failure ends the deploy",
            );
        }
    }

    /// Reports the inputs that are no part of the manifest.
    fn report_inputs(&mut self) {
        for name in self.step.with.keys() {
            match name.as_str() {
                name if name.starts_with("codedeploy-") => {
                    self.missing(name, "ecsail deploys services of the ECS controller: `deploymentConfiguration: { strategy: BLUE_GREEN }` takes the place of CodeDeploy");
                }
                "keep-null-value-keys" => {
                    self.changed(name, "the action removed empty values; ecsail sends what the files have");
                }
                "max-retries" | "wait-max-delay-seconds" => {
                    self.changed(name, "ecsail has its own retries and polls");
                }
                _ => {}
            }
        }
    }
}
