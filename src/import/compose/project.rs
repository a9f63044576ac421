//! A Compose file as services and tasks of a manifest. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::container::{ContainerImport, interpolate};
use super::keys;
use crate::adopt::new_app::as_name;
use crate::document::tree::Node;
use crate::image::ImageReference;
use crate::import::ecs_cli::EcsParams;
use crate::import::source::{folder_of, joined, relative};
use crate::import::yaml_file::{YamlFile, entries, texts};
use crate::import::{Draft, REWRITTEN_FOLDER, Session};
use crate::shell::quote;
use crate::yaml_writer::{expression, to_yaml};

/// The sizes of a task on Fargate with Linux: CPU units, the least and the most memory in MiB, and its steps (ECS developer guide,
/// "Task CPU and memory").
const SIZES: &[(u64, u64, u64, u64)] = &[
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// A Compose file.
pub(super) struct Project {
    pub(super) file: YamlFile,
    /// Whether the services are the containers of one task.
    pub(super) one_task: bool,
    pub(super) params: EcsParams,
}

/// An image that is built.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Build {
    repository: String,
    context: String,
    dockerfile: Option<String>,
    target: Option<String>,
    args: Vec<String>,
}

impl Project {
    /// Returns the path of a secret in the Parameter Store.
    pub(super) fn secret_path(&self, name: &str) -> String {
        format!("/{}/{name}", expression("app"))
    }

    /// Returns a text with variables as expressions.
    pub(super) fn interpolated(&self, session: &mut Session<'_>, text: &str) -> String {
        interpolate(session, &self.file.path, text)
    }

    /// Adds the services to the manifest.
    pub(super) fn import(&self, session: &mut Session<'_>) {
        let services = self.services(session);
        let tasks = self.tasks(&services);
        let mut draft = Draft::default();
        draft.set(&["cluster"], "default");
        draft.comment(&["cluster"], "A Compose file names no cluster: write yours.");
        let mut builds = Vec::new();
        if self.one_task {
            self.add_one_task(session, &services, &mut draft, &mut builds);
        } else {
            for (name, node) in &services {
                self.add_target(session, name, node, tasks.contains(*name), &tasks, &mut draft, &mut builds);
            }
        }
        self.add_build_script(session, &builds);
        session.add_draft(session.stage(&self.file.path), &self.file.path, draft);
        self.report_rest(session, &services);
    }

    /// Returns the services that run without a profile.
    fn services(&self, session: &mut Session<'_>) -> Vec<(&str, &Node)> {
        let mut found = Vec::new();
        for (key, node) in entries(self.file.root.get("services")) {
            if let Some(profiles) = node.get("profiles").filter(|profiles| !profiles.items().is_empty()) {
                let why = "it runs only with a profile: it is left out";
                session.missing(
                    &self.file.path,
                    Some(self.file.line(profiles.span)),
                    &format!("services.{}", key.name),
                    why,
                );
                continue;
            }
            found.push((key.name.as_str(), node));
        }
        found
    }

    /// Returns the services that others wait for to end: they are one-off tasks.
    fn tasks<'a>(&self, services: &[(&'a str, &Node)]) -> BTreeSet<&'a str> {
        let waits = services.iter().flat_map(|(_, node)| entries(node.get("depends_on")));
        let ended = waits.filter(|(_, on)| {
            on.get("condition").and_then(Node::text) == Some("service_completed_successfully")
        });
        let ended: BTreeSet<&str> = ended.map(|(key, _)| key.name.as_str()).collect();
        services.iter().map(|(name, _)| *name).filter(|name| ended.contains(name)).collect()
    }

    #[allow(clippy::too_many_arguments)]
    fn add_target(
        &self,
        session: &mut Session<'_>,
        name: &str,
        node: &Node,
        is_task: bool,
        tasks: &BTreeSet<&str>,
        draft: &mut Draft,
        builds: &mut Vec<Build>,
    ) {
        let key = as_name(name);
        let mut container = self.container(session, name, node, draft, builds);
        container.shift_remove("dependsOn");
        let definition = self.definition(&key, vec![container], &[node]);
        let path = format!("task/{key}.yml");
        session.add_output(&path, to_yaml(&definition));
        let line = Some(self.file.line(node.span));
        if is_task {
            draft.set(&["tasks", &key], json!({ "task_definition": path, "run_task": { "launchType": "FARGATE", "networkConfiguration": network() } }));
            session.changed(
                &self.file.path,
                line,
                &format!("services.{name}"),
                &format!("task `{key}`: it runs before the services that wait for its end"),
            );
            return;
        }
        draft.set(&["services", &key, "task_definition"], path);
        draft.set(&["services", &key, "service"], self.service(session, name, node));
        draft.comment(
            &["services", &key, "service", "networkConfiguration"],
            "Replace these by your own, before you deploy to AWS.",
        );
        let mut before = Vec::new();
        let mut needs = Vec::new();
        for other in dependencies(node) {
            if tasks.contains(other.as_str()) {
                before.push(as_name(&other));
            } else {
                needs.push(as_name(&other));
            }
        }
        for (member, names) in [("before", before), ("needs", needs)] {
            if !names.is_empty() {
                draft.set(&["services", &key, member], names);
            }
        }
        session.carried(&self.file.path, line, &format!("services.{name}"), &format!("service `{key}`"));
    }

    /// Adds all services as the containers of one task.
    fn add_one_task(
        &self,
        session: &mut Session<'_>,
        services: &[(&str, &Node)],
        draft: &mut Draft,
        builds: &mut Vec<Build>,
    ) {
        let containers =
            services.iter().map(|(name, node)| self.container(session, name, node, draft, builds)).collect();
        let nodes: Vec<&Node> = services.iter().map(|(_, node)| *node).collect();
        let key = "app";
        let mut definition = self.definition(key, containers, &nodes);
        let ending = self.tasks(services);
        definition.extend(self.params.definition.clone());
        for container in
            definition.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten()
        {
            let own = container["name"]
                .as_str()
                .and_then(|name| self.params.containers.get(name))
                .and_then(Value::as_object)
                .cloned();
            // A container that others wait for to end is not essential.
            let ends = ending.iter().any(|name| container["name"] == as_name(name));
            if let Some(members) = container.as_object_mut() {
                members.extend(ends.then(|| ("essential".to_owned(), false.into())));
                members.extend(own.unwrap_or_default());
            }
        }
        session.add_output("task/app.yml", to_yaml(&definition));
        draft.set(&["services", key, "name"], expression("app"));
        draft.set(&["services", key, "task_definition"], "task/app.yml");
        let own = self.params.network.clone();
        if own.is_none() {
            draft.comment(
                &["services", key, "service", "networkConfiguration"],
                "Replace these by your own, before you deploy to AWS.",
            );
        }
        draft.set(&["services", key, "service"], json!({ "desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": own.unwrap_or_else(network) }));
        let names: Vec<String> = services.iter().map(|(name, _)| format!("`{name}`")).collect();
        session.carried(
            &self.file.path,
            None,
            "services",
            &format!("the containers {} of one task", names.join(", ")),
        );
        session.changed(&self.file.path, None, "services", "the containers of a task reach one another at `localhost`, not by their names, and cannot listen on the same port");
    }

    fn container(
        &self,
        session: &mut Session<'_>,
        name: &str,
        node: &Node,
        draft: &mut Draft,
        builds: &mut Vec<Build>,
    ) -> Map<String, Value> {
        let mut members = Map::from_iter([("name".to_owned(), Value::from(as_name(name)))]);
        members.insert("image".to_owned(), self.image(session, name, node, draft, builds).into());
        let mut import = ContainerImport { session, project: self, name, node, members };
        import.run();
        let mut members = import.members;
        let depends = |(other, condition): (String, &str)| json!({ "containerName": as_name(&other), "condition": condition });
        let depends: Vec<Value> = conditions(node).into_iter().map(depends).collect();
        if !depends.is_empty() {
            members.insert("dependsOn".to_owned(), depends.into());
        }
        for (key, value) in node
            .entries()
            .iter()
            .filter(|(key, _)| !keys::HANDLED.contains(&key.name.as_str()) && !key.name.starts_with("x-"))
        {
            let line = Some(self.file.line(value.span));
            let what = format!("services.{name}.{}", key.name);
            match keys::reason(&key.name) {
                Some(why) => session.missing(&self.file.path, line, &what, why),
                None => session.changed(
                    &self.file.path,
                    line,
                    &what,
                    "it is about containers on this machine, and means nothing on ECS",
                ),
            }
        }
        members
    }

    /// Returns the image of a container; one that is built gets an entry in `images`.
    fn image(
        &self,
        session: &mut Session<'_>,
        name: &str,
        node: &Node,
        draft: &mut Draft,
        builds: &mut Vec<Build>,
    ) -> String {
        let image = node.get("image").and_then(Node::text).map(|text| self.interpolated(session, text));
        let Some(build) = node.get("build") else {
            return image.unwrap_or_default();
        };
        let own = image.map(|image| ImageReference::parse(&image).repository);
        let is_known = own.is_some();
        let repository = own.unwrap_or_else(|| {
            format!(
                "{}.dkr.ecr.{}.amazonaws.com/{}/{}",
                expression("aws.account"),
                expression("aws.region"),
                expression("app"),
                as_name(name)
            )
        });
        let key = session.images.claim(None, &repository, None, name);
        draft.set(&["images", &key], repository.clone());
        let line = Some(self.file.line(build.span));
        if !is_known {
            session.changed(&self.file.path, line, &format!("services.{name}.build"), "no `image` names its repository: it is one in ECR, with the names of the app and the service");
        }
        let text = |name: &str| build.get(name).and_then(Node::text).map(str::to_owned);
        let context =
            build.text().map(str::to_owned).or_else(|| text("context")).unwrap_or_else(|| ".".to_owned());
        let context = joined(folder_of(&self.file.path), &context);
        let args = entries(build.get("args"))
            .iter()
            .map(|(key, value)| format!("{}={}", key.name, value.text().unwrap_or_default()));
        let args: Vec<String> =
            args.chain(texts(build.get("args").filter(|args| args.text().is_none()))).collect();
        let made = Build {
            repository: if is_known { repository } else { as_name(name) },
            context,
            dockerfile: text("dockerfile"),
            target: text("target"),
            args,
        };
        if !builds.contains(&made) {
            builds.push(made);
        }
        expression(&format!("image.{key}"))
    }

    /// Returns a definition of containers.
    fn definition(
        &self,
        key: &str,
        containers: Vec<Map<String, Value>>,
        nodes: &[&Node],
    ) -> Map<String, Value> {
        let number = |container: &Map<String, Value>, name: &str| container.get(name).and_then(Value::as_u64);
        let cpu = containers.iter().map(|container| number(container, "cpu").unwrap_or(0)).sum();
        let memory = containers
            .iter()
            .map(|container| {
                number(container, "memory").or_else(|| number(container, "memoryReservation")).unwrap_or(0)
            })
            .sum();
        let (cpu, memory) = task_size(cpu, memory);
        let mut definition = Map::from_iter([
            ("family".to_owned(), json!(format!("{}-{key}", expression("app")))),
            ("networkMode".to_owned(), json!("awsvpc")),
            ("requiresCompatibilities".to_owned(), json!(["FARGATE"])),
            ("cpu".to_owned(), json!(cpu.to_string())),
            ("memory".to_owned(), json!(memory.to_string())),
            ("executionRoleArn".to_owned(), json!("ecsTaskExecutionRole")),
        ]);
        let is_arm = |node: &&Node| {
            node.get("platform").and_then(Node::text).is_some_and(|platform| platform.contains("arm64"))
        };
        if nodes.iter().any(is_arm) {
            definition.insert("runtimePlatform".to_owned(), json!({ "cpuArchitecture": "ARM64" }));
        }
        let containers: Vec<Value> = containers.into_iter().map(Value::Object).collect();
        definition.insert("containerDefinitions".to_owned(), containers.into());
        definition
    }

    /// Returns the attributes of a service.
    fn service(&self, session: &mut Session<'_>, name: &str, node: &Node) -> Value {
        let deploy = node.get("deploy");
        let count = deploy
            .and_then(|deploy| deploy.get("replicas"))
            .or_else(|| node.get("scale"))
            .and_then(Node::text);
        let count = count.and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
        let mut service =
            json!({ "desiredCount": count, "launchType": "FARGATE", "networkConfiguration": network() });
        let update = deploy.and_then(|deploy| deploy.get("update_config"));
        if update.and_then(|update| update.get("failure_action")).and_then(Node::text) == Some("rollback") {
            service["deploymentConfiguration"] =
                json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } });
        }
        for (key, value) in entries(deploy)
            .iter()
            .filter(|(key, _)| !matches!(key.name.as_str(), "replicas" | "resources" | "update_config"))
        {
            let why = match key.name.as_str() {
                "restart_policy" => "ECS replaces each task of a service that ends",
                "mode" => "a service runs as many tasks as `desiredCount` says",
                _ => "ECS has no equal of it",
            };
            let line = Some(self.file.line(value.span));
            session.missing(&self.file.path, line, &format!("services.{name}.deploy.{}", key.name), why);
        }
        if let Some(update) = update {
            session.changed(
                &self.file.path,
                Some(self.file.line(update.span)),
                &format!("services.{name}.deploy.update_config"),
                "ECS starts new tasks before it stops old ones, within `deploymentConfiguration`",
            );
        }
        let restart = node.get("restart");
        if let Some(restart) =
            restart.filter(|restart| matches!(restart.text(), Some("no" | "on-failure") | None))
        {
            session.changed(
                &self.file.path,
                Some(self.file.line(restart.span)),
                &format!("services.{name}.restart"),
                "ECS replaces each task of a service that ends",
            );
        }
        service
    }

    fn add_build_script(&self, session: &mut Session<'_>, builds: &[Build]) {
        if builds.is_empty() {
            return;
        }
        let mut text = String::from(
            "#!/bin/sh\n# Builds and pushes the images of the Compose file. Usage: TAG=… REGISTRY=… ecsail/build-images.sh\nset -eu\ncd \"$(dirname \"$0\")/..\"\n: \"${TAG:?the tag of the images}\"\n",
        );
        for build in builds {
            let image = if build.repository.contains('/') {
                quote(&build.repository)
            } else {
                format!("\"${{REGISTRY:?the registry and the app}}\"/{}", quote(&build.repository))
            };
            let place = |path: &str| {
                Some(relative(&session.options.folder, path))
                    .filter(|path| !path.is_empty())
                    .unwrap_or_else(|| ".".to_owned())
            };
            text.push_str(&format!("\ndocker build --tag {image}\":$TAG\""));
            if let Some(dockerfile) = &build.dockerfile {
                text.push_str(&format!(" --file {}", quote(&place(&joined(&build.context, dockerfile)))));
            }
            if let Some(target) = &build.target {
                text.push_str(&format!(" --target {}", quote(target)));
            }
            for arg in &build.args {
                text.push_str(&format!(" --build-arg {}", quote(arg)));
            }
            text.push_str(&format!(" {}\ndocker push {image}\":$TAG\"\n", quote(&place(&build.context))));
        }
        let path = format!("{REWRITTEN_FOLDER}/build-images.sh");
        session.add_output(&path, text);
        session.changed(
            &self.file.path,
            None,
            "build",
            &format!("ecsail builds no images: `{path}` does, in a pipeline"),
        );
    }

    /// Reports what the file has beside its services.
    fn report_rest(&self, session: &mut Session<'_>, services: &[(&str, &Node)]) {
        for (key, node) in self.file.root.entries() {
            let line = Some(self.file.line(node.span));
            match key.name.as_str() {
                "services" => {}
                "version" | "name" => session.changed(
                    &self.file.path,
                    line,
                    &key.name,
                    "the name of the app is that of the folder, or `--name`",
                ),
                "secrets" => session.changed(
                    &self.file.path,
                    line,
                    "secrets",
                    "parameters of Systems Manager, below the name of the app",
                ),
                "networks" => session.changed(
                    &self.file.path,
                    line,
                    "networks",
                    "a VPC takes their place: which service may reach which is decided by security groups",
                ),
                name if name.starts_with("x-") => {}
                "volumes" => {
                    for (volume, node) in node.entries() {
                        session.missing(
                            &self.file.path,
                            Some(self.file.line(node.span)).or(line),
                            &format!("volumes.{}", volume.name),
                            "ECS has no named volumes of its own: create a file system in EFS",
                        );
                    }
                }
                name => session.missing(&self.file.path, line, name, "ECS has no equal of it"),
            }
        }
        if services.len() > 1 && !self.one_task {
            session.changed(&self.file.path, None, "services", "services do not reach one another by their names: write `serviceConnectConfiguration` into `service:`, or use `--one-task`");
        }
    }
}

fn network() -> Value {
    json!({ "awsvpcConfiguration": { "subnets": ["subnet-0123456789abcdef0"], "securityGroups": ["sg-0123456789abcdef0"], "assignPublicIp": "ENABLED" } })
}

/// Returns the services that a service waits for.
fn dependencies(node: &Node) -> Vec<String> {
    let on = node.get("depends_on");
    let named = entries(on).iter().map(|(key, _)| key.name.clone());
    named.chain(texts(on)).collect()
}

/// Returns the services that a service waits for, and the condition of ECS.
fn conditions(node: &Node) -> Vec<(String, &'static str)> {
    let on = node.get("depends_on");
    let named = entries(on).iter().map(|(key, on)| {
        let condition = match on.get("condition").and_then(Node::text) {
            Some("service_healthy") => "HEALTHY",
            Some("service_completed_successfully") => "SUCCESS",
            _ => "START",
        };
        (key.name.clone(), condition)
    });
    named.chain(texts(on).into_iter().map(|name| (name, "START"))).collect()
}

/// Returns the smallest size of a task on Fargate with so much.
fn task_size(cpu: u64, memory: u64) -> (u64, u64) {
    let fits = |(units, _, most, _): &&(u64, u64, u64, u64)| *units >= cpu && *most >= memory;
    let (units, least, most, step) = *SIZES.iter().find(fits).unwrap_or(&SIZES[SIZES.len() - 1]);
    (units, memory.max(least).div_ceil(step).saturating_mul(step).min(most))
}
