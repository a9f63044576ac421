//! The changes of a definition that `ecs deploy` makes, as flags of ecsail where it has them, and as a layer. Pure.

use serde_json::{Map, Value, json};

use super::command_line::{CommandLine, GivenFlag};

/// The changes of a definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DefinitionChanges {
    /// Flags of `ecsail deploy`, in pairs of a flag and its value.
    pub(super) flags: Vec<(String, String)>,
    /// The members of the task, and those of containers.
    task: Map<String, Value>,
    containers: Vec<(String, Map<String, Value>)>,
    /// The flags that only a layer gives.
    pub(super) only_layer: Vec<&'static str>,
}

impl DefinitionChanges {
    /// Returns the changes of a command line.
    pub(super) fn of(line: &CommandLine) -> DefinitionChanges {
        let mut changes = DefinitionChanges::default();
        for flag in &line.flags {
            changes.add(flag);
        }
        changes
    }

    fn add(&mut self, flag: &GivenFlag) {
        let value = |at: usize| flag.values.get(at).cloned().unwrap_or_default();
        let number =
            |at: usize| value(at).parse::<i64>().map_or_else(|_| Value::from(value(at)), Value::from);
        let boolean = |at: usize| {
            Value::from(matches!(value(at).to_ascii_lowercase().as_str(), "true" | "yes" | "1" | "t" | "y"))
        };
        let container = value(0);
        let is_only_layer = !matches!(
            flag.name,
            "--image"
                | "--command"
                | "--cpu"
                | "--memory"
                | "--task-cpu"
                | "--task-memory"
                | "--env"
                | "--secret"
        );
        match flag.name {
            "--image" => {
                self.flags.push(("--image".to_owned(), format!("{container}={}", value(1))));
                self.set(&container, "image", value(1).into());
            }
            "--command" => {
                let words = command_words(&value(1));
                let text = Value::from(words.clone());
                self.flags.push(("--command".to_owned(), format!("{container}={text}")));
                self.set(&container, "command", words.into());
            }
            "--cpu" | "--memory" => {
                self.flags.push((flag.name.to_owned(), format!("{container}={}", value(1))));
                self.set(&container, &flag.name[2..], number(1));
            }
            "--task-cpu" | "--task-memory" => {
                let member = flag.name.trim_start_matches("--task-");
                self.flags.push((format!("--{member}"), value(0)));
                self.task.insert(member.to_owned(), value(0).into());
            }
            "--env" => {
                self.flags.push(("--env".to_owned(), format!("{container}:{}={}", value(1), value(2))));
                self.entry(&container, "environment", &value(1), value(2).into());
            }
            "--secret" => {
                self.flags.push(("--secret".to_owned(), format!("{container}:{}={}", value(1), value(2))));
                self.entry(&container, "secrets", &value(1), value(2).into());
            }
            "--memoryreservation" => self.set(&container, "memoryReservation", number(1)),
            "--privileged" | "--essential" => self.set(&container, &flag.name[2..], boolean(1)),
            "--runtime-platform" => {
                self.task.insert(
                    "runtimePlatform".to_owned(),
                    json!({ "cpuArchitecture": value(0), "operatingSystemFamily": value(1) }),
                );
            }
            "--docker-label" => self.entry(&container, "dockerLabels", &value(1), value(2).into()),
            "--health-check" => {
                let check = json!({ "command": ["CMD-SHELL", value(1)], "interval": number(2), "timeout": number(3), "retries": number(4), "startPeriod": number(5) });
                self.set(&container, "healthCheck", check);
            }
            "--s3-env-file" => {
                self.item(&container, "environmentFiles", json!({ "value": value(1), "type": "s3" }));
            }
            "--ulimit" => self.item(
                &container,
                "ulimits",
                json!({ "name": value(1), "softLimit": number(2), "hardLimit": number(3) }),
            ),
            "--system-control" => {
                self.item(&container, "systemControls", json!({ "namespace": value(1), "value": value(2) }));
            }
            "--port" => self.item(
                &container,
                "portMappings",
                json!({ "containerPort": number(1), "hostPort": number(2), "protocol": "tcp" }),
            ),
            "--mount" => self.item(
                &container,
                "mountPoints",
                json!({ "sourceVolume": value(1), "containerPath": value(2), "readOnly": false }),
            ),
            "--volume" => {
                let volumes = self.task.entry("volumes").or_insert_with(|| json!([]));
                if let Some(volumes) = volumes.as_array_mut() {
                    volumes.push(json!({ "name": value(0), "host": { "sourcePath": value(1) } }));
                }
            }
            "--log" => {
                let log = self
                    .container(&container)
                    .entry("logConfiguration")
                    .or_insert_with(|| json!({ "options": {} }));
                log["logDriver"] = value(1).into();
                log["options"][value(2)] = value(3).into();
            }
            "--role" => drop(self.task.insert("taskRoleArn".to_owned(), value(0).into())),
            "--execution-role" => drop(self.task.insert("executionRoleArn".to_owned(), value(0).into())),
            "--add-container" => {
                self.set(&container, "image", "PLACEHOLDER".into());
                self.set(&container, "memory", 128.into());
            }
            _ => return,
        }
        if is_only_layer && !self.only_layer.contains(&flag.name) {
            self.only_layer.push(flag.name);
        }
    }

    /// Adds the variables of an env file.
    pub(super) fn add_file(&mut self, flag: &'static str, container: &str, text: &str) {
        let list = if flag == "--env-file" { "environment" } else { "secrets" };
        for (name, value) in text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .filter_map(|line| line.split_once('='))
        {
            let has =
                self.container(container).get(list).is_some_and(|known| known.get(name.trim()).is_some());
            // The flags come after the files.
            if !has {
                self.entry(container, list, name.trim(), value.trim().trim_matches(['"', '\'']).into());
            }
        }
        if !self.only_layer.contains(&flag) {
            self.only_layer.push(flag);
        }
    }

    /// Returns everything as a layer over a definition.
    pub(super) fn layer(&self) -> Map<String, Value> {
        let mut layer = self.task.clone();
        let container = |(name, members): &(String, Map<String, Value>)| {
            let mut container = Map::from_iter([("name".to_owned(), Value::from(name.clone()))]);
            container.extend(members.clone());
            Value::Object(container)
        };
        let containers: Vec<Value> = self.containers.iter().map(container).collect();
        if !containers.is_empty() {
            layer.insert("containerDefinitions".to_owned(), containers.into());
        }
        layer
    }

    fn container(&mut self, name: &str) -> &mut Map<String, Value> {
        let at = self.containers.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            self.containers.push((name.to_owned(), Map::new()));
            self.containers.len() - 1
        });
        &mut self.containers[at].1
    }

    fn set(&mut self, container: &str, member: &str, value: Value) {
        self.container(container).insert(member.to_owned(), value);
    }

    fn entry(&mut self, container: &str, map: &str, name: &str, value: Value) {
        let members = self.container(container).entry(map).or_insert_with(|| json!({}));
        members[name] = value;
    }

    fn item(&mut self, container: &str, list: &str, item: Value) {
        let items = self.container(container).entry(list).or_insert_with(|| json!([]));
        if let Some(items) = items.as_array_mut() {
            items.push(item);
        }
    }
}

/// Returns the words of a command: a JSON list, else split at blanks, as fabfuel does.
pub(super) fn command_words(text: &str) -> Vec<String> {
    let list = if text.trim_start().starts_with('[') { serde_json::from_str(text).ok() } else { None };
    list.unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect())
}
