//! A service of a Compose file as a container of ECS. Pure.

use serde_json::{Map, Value, json};

use super::project::Project;
use super::values::{self, cpu_units, interpolated, mebibytes, seconds, short_ports, words};
use crate::document::tree::Node;
use crate::import::Session;
use crate::import::source::{folder_of, joined};
use crate::import::yaml_file::{entries, texts};
use crate::secrets::looks_secret;
use crate::yaml_writer::expression;

/// The limits of a health check (API reference, HealthCheck): name, the smallest and the largest value.
const HEALTH_LIMITS: &[(&str, &str, u64, u64)] = &[
    ("interval", "interval", 5, 300),
    ("timeout", "timeout", 2, 60),
    ("start_period", "startPeriod", 0, 300),
];
/// The longest time to stop a container on Fargate, in seconds (API reference, ContainerDefinition.stopTimeout).
const LONGEST_STOP: u64 = 120;

/// A container while it is made.
pub(super) struct ContainerImport<'a, 's, 'f> {
    pub(super) session: &'s mut Session<'f>,
    pub(super) project: &'a Project,
    pub(super) name: &'a str,
    pub(super) node: &'a Node,
    pub(super) members: Map<String, Value>,
}

impl ContainerImport<'_, '_, '_> {
    /// Makes the container, but for its image and what it depends on.
    pub(super) fn run(&mut self) {
        self.add_command();
        self.add_ports();
        self.add_environment();
        self.add_secrets();
        self.add_health_check();
        self.add_resources();
        self.add_plain_members();
        self.add_log();
        self.report_mounts();
    }

    fn key(&self, name: &str) -> String {
        format!("services.{}.{name}", self.name)
    }

    fn missing(&mut self, node: &Node, name: &str, why: &str) {
        let key = self.key(name);
        self.session.missing(&self.project.file.path, Some(self.project.file.line(node.span)), &key, why);
    }

    fn changed(&mut self, node: &Node, name: &str, why: &str) {
        let key = self.key(name);
        self.session.changed(&self.project.file.path, Some(self.project.file.line(node.span)), &key, why);
    }

    /// Returns the text of a key, with variables as expressions.
    fn text(&mut self, name: &str) -> Option<String> {
        let text = self.node.get(name)?.text()?.to_owned();
        Some(self.project.interpolated(self.session, &text))
    }

    fn add_command(&mut self) {
        for (name, member) in [("entrypoint", "entryPoint"), ("command", "command")] {
            let Some(node) = self.node.get(name).filter(|node| !node.is_null()) else { continue };
            let list = match node.text() {
                Some(text) => words(text),
                None => texts(Some(node)),
            };
            let list: Vec<Value> =
                list.iter().map(|word| self.project.interpolated(self.session, word).into()).collect();
            self.members.insert(member.to_owned(), list.into());
        }
    }

    fn add_ports(&mut self) {
        let mut mappings: Vec<Value> = Vec::new();
        for node in self.node.get("ports").map_or(&[][..], Node::items) {
            let found = match node.text() {
                Some(text) => short_ports(text),
                None => long_port(node).map(|port| vec![port]),
            };
            let Some(found) = found else {
                self.missing(
                    node,
                    "ports",
                    "a port that is a variable, or no port: write it into `portMappings`",
                );
                continue;
            };
            for port in found {
                if port.published.as_ref().is_some_and(|published| *published != port.container.to_string()) {
                    let why = format!(
                        "a task on Fargate has an address of its own: it is reached at port {}, not at {}",
                        port.container,
                        port.published.unwrap_or_default()
                    );
                    self.changed(node, "ports", &why);
                }
                let mut mapping = Map::from_iter([("containerPort".to_owned(), Value::from(port.container))]);
                if port.protocol != "tcp" {
                    mapping.insert("protocol".to_owned(), port.protocol.into());
                }
                push_once(&mut mappings, mapping.into());
            }
        }
        for port in texts(self.node.get("expose")).iter().filter_map(|text| short_ports(text)).flatten() {
            push_once(&mut mappings, json!({ "containerPort": port.container }));
        }
        if !mappings.is_empty() {
            self.members.insert("portMappings".to_owned(), mappings.into());
        }
    }

    fn add_environment(&mut self) {
        let mut variables: Vec<(String, Option<String>, Option<usize>)> = Vec::new();
        for (path, is_required, node) in env_files(self.node) {
            let path = joined(folder_of(&self.project.file.path), &path);
            match self.session.read(&path) {
                Ok(Some(text)) => {
                    let pairs = text
                        .lines()
                        .map(str::trim)
                        .filter(|line| !line.starts_with('#'))
                        .filter_map(|line| line.split_once('='));
                    variables.extend(pairs.map(|(name, value)| {
                        (
                            name.trim_start_matches("export ").trim().to_owned(),
                            Some(value.trim().trim_matches(['"', '\'']).to_owned()),
                            None,
                        )
                    }));
                    self.session.changed(
                        &path,
                        None,
                        &format!("services.{}.env_file", self.name),
                        "its variables are in the definition; secrets among them are secrets",
                    );
                }
                Ok(None) if !is_required => {}
                _ => self.missing(
                    &node,
                    "env_file",
                    &format!("no file `{path}`: its variables are not in the definition"),
                ),
            }
        }
        let environment = self.node.get("environment");
        for (key, value) in entries(environment) {
            variables.push((
                key.name.clone(),
                value.text().map(str::to_owned),
                Some(self.project.file.line(key.span)),
            ));
        }
        for item in environment.map_or(&[][..], Node::items) {
            let text = item.text().unwrap_or_default();
            let (name, value) =
                text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
            variables.push((name.to_owned(), value, Some(self.project.file.line(item.span))));
        }
        for (name, value, line) in variables {
            self.add_variable(&name, value, line);
        }
    }

    fn add_variable(&mut self, name: &str, value: Option<String>, line: Option<usize>) {
        let remove = |members: &mut Map<String, Value>, list: &str| {
            if let Some(Value::Object(list)) = members.get_mut(list) {
                list.shift_remove(name);
            }
        };
        let is_secret = value.as_deref().is_some_and(|value| looks_secret(name, value).is_some());
        if is_secret {
            remove(&mut self.members, "environment");
            let path = self.project.secret_path(name);
            let why = "its value looks secret, and is in no file now: write it with `ecsail secret put` and the name in `secrets`";
            let key = self.key(&format!("environment.{name}"));
            self.session.missing(&self.project.file.path, line, &key, why);
            entry(&mut self.members, "secrets", name, path.into());
            return;
        }
        let value = match value {
            Some(value) => self.project.interpolated(self.session, &value),
            // A variable without a value is that of the shell.
            None => expression(&format!("env.{name}")),
        };
        remove(&mut self.members, "secrets");
        entry(&mut self.members, "environment", name, value.into());
    }

    fn add_secrets(&mut self) {
        for node in self.node.get("secrets").map_or(&[][..], Node::items) {
            let source = node
                .text()
                .or_else(|| node.get("source").and_then(Node::text))
                .unwrap_or_default()
                .to_owned();
            let name = crate::adopt::names::identifier(&source).to_ascii_uppercase();
            entry(&mut self.members, "secrets", &name, self.project.secret_path(&source).into());
            let why = format!(
                "the file `/run/secrets/{source}` is the variable `{name}` now: ECS has secrets in variables. Write its value with `ecsail secret put`"
            );
            self.missing(node, "secrets", &why);
        }
    }

    fn add_health_check(&mut self) {
        let Some(node) = self.node.get("healthcheck") else { return };
        let test = node.get("test");
        let is_off = node.get("disable").and_then(Node::text) == Some("true")
            || texts(test).first().is_some_and(|word| word == "NONE");
        if is_off {
            return;
        }
        let command = match test.and_then(Node::text) {
            Some(text) => vec!["CMD-SHELL".to_owned(), text.to_owned()],
            None => texts(test),
        };
        if command.is_empty() {
            self.missing(
                node,
                "healthcheck",
                "without a `test` it changes the check of the image, which ECS does not use",
            );
            return;
        }
        let command: Vec<Value> =
            command.iter().map(|word| self.project.interpolated(self.session, word).into()).collect();
        let mut check = Map::from_iter([("command".to_owned(), command.into())]);
        for (from, to, least, most) in HEALTH_LIMITS {
            let Some(value) = node.get(from).and_then(Node::text).and_then(seconds) else { continue };
            let kept = value.clamp(*least, *most);
            if kept != value {
                self.changed(
                    node,
                    &format!("healthcheck.{from}"),
                    &format!("ECS takes {least} to {most} seconds: {kept}"),
                );
            }
            check.insert((*to).to_owned(), kept.into());
        }
        if let Some(retries) =
            node.get("retries").and_then(Node::text).and_then(|text| text.parse::<u64>().ok())
        {
            check.insert("retries".to_owned(), retries.clamp(1, 10).into());
        }
        if let Some(start) = node.get("start_interval") {
            self.missing(start, "healthcheck.start_interval", "ECS has one interval");
        }
        self.members.insert("healthCheck".to_owned(), check.into());
    }

    fn add_resources(&mut self) {
        let resources = self.node.get("deploy").and_then(|deploy| deploy.get("resources"));
        let limit = |part: &str, name: &str| resources?.get(part)?.get(name)?.text().map(str::to_owned);
        let own = |name: &str| self.node.get(name).and_then(Node::text).map(str::to_owned);
        let cpu = limit("limits", "cpus").or_else(|| own("cpus")).and_then(|text| cpu_units(&text));
        let memory = limit("limits", "memory").or_else(|| own("mem_limit")).and_then(|text| mebibytes(&text));
        let reserved = limit("reservations", "memory")
            .or_else(|| own("mem_reservation"))
            .and_then(|text| mebibytes(&text));
        for (member, value) in [("cpu", cpu), ("memory", memory), ("memoryReservation", reserved)] {
            self.members.extend(value.map(|value| (member.to_owned(), Value::from(value))));
        }
        for (part, name) in [
            ("reservations", "cpus"),
            ("reservations", "devices"),
            ("reservations", "generic_resources"),
            ("limits", "pids"),
        ] {
            if let Some(node) = resources.and_then(|resources| resources.get(part)?.get(name)) {
                self.missing(
                    node,
                    &format!("deploy.resources.{part}.{name}"),
                    "a container on Fargate has CPU units and memory only",
                );
            }
        }
    }

    fn add_plain_members(&mut self) {
        for (from, to) in [("user", "user"), ("working_dir", "workingDirectory")] {
            let text = self.text(from);
            self.members.extend(text.map(|text| (to.to_owned(), text.into())));
        }
        let is_true = |node: &Node, name: &str| node.get(name).and_then(Node::text) == Some("true");
        for (from, to) in [
            ("read_only", "readonlyRootFilesystem"),
            ("tty", "pseudoTerminal"),
            ("stdin_open", "interactive"),
        ] {
            if is_true(self.node, from) {
                self.members.insert(to.to_owned(), true.into());
            }
        }
        let mut linux = Map::new();
        if is_true(self.node, "init") {
            linux.insert("initProcessEnabled".to_owned(), true.into());
        }
        let dropped = texts(self.node.get("cap_drop"));
        if !dropped.is_empty() {
            linux.insert("capabilities".to_owned(), json!({ "drop": dropped }));
        }
        if let Some(node) = self.node.get("cap_add") {
            let added = texts(Some(node));
            if added == ["SYS_PTRACE"] {
                linux.entry("capabilities").or_insert_with(|| json!({}))["add"] = json!(added);
            } else {
                self.missing(node, "cap_add", "Fargate adds no capability but SYS_PTRACE");
            }
        }
        if !linux.is_empty() {
            self.members.insert("linuxParameters".to_owned(), linux.into());
        }
        if let Some(node) = self.node.get("stop_grace_period")
            && let Some(time) = node.text().and_then(seconds)
        {
            if time > LONGEST_STOP {
                self.changed(
                    node,
                    "stop_grace_period",
                    &format!("Fargate waits {LONGEST_STOP} seconds at most"),
                );
            }
            self.members.insert("stopTimeout".to_owned(), time.min(LONGEST_STOP).into());
        }
        self.add_lists();
    }

    fn add_lists(&mut self) {
        let limits = entries(self.node.get("ulimits")).iter().map(|(key, node)| {
            let number = |name: &str| {
                node.get(name)
                    .and_then(Node::text)
                    .or_else(|| node.text())
                    .and_then(|text| text.parse::<i64>().ok())
            };
            json!({ "name": key.name, "softLimit": number("soft"), "hardLimit": number("hard") })
        });
        let limits: Vec<Value> = limits.collect();
        if !limits.is_empty() {
            self.members.insert("ulimits".to_owned(), limits.into());
        }
        let labels = pairs(self.node.get("labels"));
        for (name, value) in labels {
            let value = self.project.interpolated(self.session, &value);
            entry(&mut self.members, "dockerLabels", &name, value.into());
        }
        let controls: Vec<Value> = pairs(self.node.get("sysctls"))
            .into_iter()
            .map(|(name, value)| json!({ "namespace": name, "value": value }))
            .collect();
        if !controls.is_empty() {
            self.members.insert("systemControls".to_owned(), controls.into());
        }
    }

    /// Writes the log to CloudWatch: the drivers of Docker's own machine do not exist on Fargate.
    fn add_log(&mut self) {
        let logging = self.node.get("logging");
        let driver = logging.and_then(|node| node.get("driver")).and_then(Node::text);
        if let (Some(node), Some("awslogs" | "splunk" | "awsfirelens")) = (logging, driver) {
            let options: Map<String, Value> =
                pairs(node.get("options")).into_iter().map(|(name, value)| (name, value.into())).collect();
            self.members
                .insert("logConfiguration".to_owned(), json!({ "logDriver": driver, "options": options }));
            return;
        }
        if let Some(node) = logging {
            self.changed(node, "logging", "Fargate has no such driver: the lines go to CloudWatch Logs");
        }
        self.members.insert(
            "logConfiguration".to_owned(),
            json!({ "logDriver": "awslogs", "options": {
                "awslogs-group": format!("/ecs/{}", expression("app")),
                "awslogs-region": expression("aws.region"),
                "awslogs-stream-prefix": self.name,
            }}),
        );
    }

    fn report_mounts(&mut self) {
        for node in self.node.get("volumes").map_or(&[][..], Node::items) {
            let source = match node.text() {
                Some(text) => text.split(':').next().unwrap_or_default().to_owned(),
                None => node.get("source").and_then(Node::text).unwrap_or_default().to_owned(),
            };
            let is_bind =
                source.starts_with(['.', '/', '~']) || node.get("type").and_then(Node::text) == Some("bind");
            let why = if is_bind {
                format!("`{source}` is a folder of this machine: put it into the image")
            } else {
                format!(
                    "volume `{source}`: a task loses its storage when it ends; write an EFS volume into `volumes` and `mountPoints`, or use a database of AWS"
                )
            };
            self.missing(node, "volumes", &why);
        }
    }
}

fn long_port(node: &Node) -> Option<values::Port> {
    let text = |name: &str| node.get(name).and_then(Node::text).map(str::to_owned);
    Some(values::Port {
        container: text("target")?.parse().ok()?,
        protocol: text("protocol").unwrap_or_else(|| "tcp".to_owned()),
        published: text("published"),
    })
}

/// Returns the env files: path, whether each has to exist, and where it is named.
fn env_files(node: &Node) -> Vec<(String, bool, Node)> {
    let Some(files) = node.get("env_file") else { return Vec::new() };
    let one = |node: &Node| {
        let path = node.text().or_else(|| node.get("path")?.text())?.to_owned();
        let is_required = node.get("required").and_then(Node::text) != Some("false");
        Some((path, is_required, node.clone()))
    };
    if files.text().is_some() {
        one(files).into_iter().collect()
    } else {
        files.items().iter().filter_map(one).collect()
    }
}

/// Returns the pairs of a mapping, or of a list of `NAME=VALUE`.
fn pairs(node: Option<&Node>) -> Vec<(String, String)> {
    let mapped = entries(node)
        .iter()
        .map(|(key, value)| (key.name.clone(), value.text().unwrap_or_default().to_owned()));
    let listed = texts(node).into_iter().map(|text| {
        text.split_once('=').map_or_else(
            || (text.clone(), String::new()),
            |(name, value)| (name.to_owned(), value.to_owned()),
        )
    });
    mapped.chain(listed).collect()
}

fn entry(members: &mut Map<String, Value>, map: &str, name: &str, value: Value) {
    members.entry(map).or_insert_with(|| json!({}))[name] = value;
}

fn push_once(list: &mut Vec<Value>, value: Value) {
    let is_known = list.iter().any(|known| {
        known["containerPort"] == value["containerPort"] && known.get("protocol") == value.get("protocol")
    });
    if !is_known {
        list.push(value);
    }
}

/// Returns a text with the variables of a Compose file as expressions, and reports each variable once.
pub(super) fn interpolate(session: &mut Session<'_>, file: &str, text: &str) -> String {
    let mut names = Vec::new();
    let text = interpolated(text, &mut names);
    for name in names {
        let why = format!(
            "`env.{name}` of the manifest: ecsail reads no `.env`, so give it with `--env-file .env`"
        );
        session.changed(file, None, &format!("${{{name}}}"), &why);
    }
    text
}
