//! ecs-cli: `ecs-params.yml` beside a Compose file, whose services are the containers of one task. Pure.

use serde_json::{Map, Value, json};

use super::Session;
use super::compose;
use super::source::{file_name, folder_of, joined};
use super::tools::{FoundFile, ToolInput};
use super::yaml_file::{YamlFile, entries, texts};
use crate::document::tree::Node;
use crate::error::{Failure, Result};

/// The names of the Compose file beside the parameters.
const COMPOSE_FILES: &[&str] = &["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"];

/// What the parameters add to a Compose file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EcsParams {
    /// Members of the definition.
    pub(super) definition: Map<String, Value>,
    /// Members of containers, by name.
    pub(super) containers: Map<String, Value>,
    pub(super) network: Option<Value>,
}

/// Returns whether a file has the parameters of ecs-cli.
pub(super) fn recognises(file: &FoundFile) -> bool {
    if !file_name(&file.path).starts_with("ecs-params") {
        return false;
    }
    YamlFile::parse(&file.path, &file.text)
        .is_ok_and(|file| file.root.get("task_definition").is_some() || file.root.get("run_params").is_some())
}

/// Imports parameters with the Compose file beside them.
///
/// # Errors
/// A file is no YAML, or there is no Compose file.
pub(super) fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    for found in input.files {
        let file = YamlFile::parse(&found.path, &found.text)?;
        let params = params(session, &file);
        let Some(beside) = compose_file(session, &found.path)? else {
            return Err(Failure::error(format!("no Compose file beside `{}`", found.path)).with_hint(
                "put `docker-compose.yml` beside it; or `ecsail init --cluster CLUSTER` writes what runs"
                    .to_owned(),
            ));
        };
        session.mark_used(&beside.path);
        compose::import_with(session, &beside, &params)?;
    }
    Ok(())
}

fn compose_file(session: &mut Session<'_>, path: &str) -> Result<Option<FoundFile>> {
    for name in COMPOSE_FILES {
        let path = joined(folder_of(path), name);
        if let Some(text) = session.read(&path)? {
            return Ok(Some(FoundFile { path, text }));
        }
    }
    Ok(None)
}

fn params(session: &mut Session<'_>, file: &YamlFile) -> EcsParams {
    let mut params = EcsParams::default();
    let task = file.root.get("task_definition");
    for (key, node) in entries(task) {
        let text = node.text().map(Value::from);
        match (key.name.as_str(), text) {
            ("ecs_network_mode", Some(mode)) => {
                if mode == "awsvpc" {
                    params.definition.insert("networkMode".to_owned(), mode);
                } else {
                    session.missing(
                        &file.path,
                        Some(file.line(node.span)),
                        "ecs_network_mode",
                        "the definition is one for Fargate, with `awsvpc`: change both for EC2",
                    );
                }
            }
            ("task_role_arn", Some(role)) => drop(params.definition.insert("taskRoleArn".to_owned(), role)),
            ("task_execution_role", Some(role)) => {
                drop(params.definition.insert("executionRoleArn".to_owned(), role));
            }
            ("task_size", _) => {
                for (from, to) in [("cpu_limit", "cpu"), ("mem_limit", "memory")] {
                    let size = node.get(from).and_then(Node::text).map(size_text);
                    params.definition.extend(size.map(|size| (to.to_owned(), size.into())));
                }
            }
            ("services", _) => {
                for (name, node) in node.entries() {
                    params
                        .containers
                        .insert(name.name.clone(), container(session, file, &name.name, node).into());
                }
            }
            (name, _) => session.missing(
                &file.path,
                Some(file.line(node.span)),
                &format!("task_definition.{name}"),
                "write it into the definition: `ecsail init --cluster CLUSTER` writes the one that runs",
            ),
        }
    }
    let network = file
        .root
        .get("run_params")
        .and_then(|run| run.get("network_configuration")?.get("awsvpc_configuration"));
    if let Some(node) = network {
        params.network = Some(json!({ "awsvpcConfiguration": {
            "subnets": texts(node.get("subnets")), "securityGroups": texts(node.get("security_groups")),
            "assignPublicIp": node.get("assign_public_ip").and_then(Node::text).unwrap_or("DISABLED") } }));
    }
    for (key, node) in
        entries(file.root.get("run_params")).iter().filter(|(key, _)| key.name != "network_configuration")
    {
        session.missing(
            &file.path,
            Some(file.line(node.span)),
            &format!("run_params.{}", key.name),
            "write it into `service:`",
        );
    }
    session.changed(&file.path, None, "ecs-cli", "the tool is archived; `ecsail init --cluster CLUSTER` writes what runs, with its names and its load balancer");
    params
}

/// Returns a size as a definition has it: `0.5GB` and `512` are taken as they are.
fn size_text(text: &str) -> String {
    match text.strip_suffix("GB").and_then(|number| number.trim().parse::<f64>().ok()) {
        Some(number) if (0.0..1000.0).contains(&number) => format!("{}", (number * 1024.0) as u64),
        _ => text.trim_end_matches("MB").trim().to_owned(),
    }
}

fn container(session: &mut Session<'_>, file: &YamlFile, name: &str, node: &Node) -> Map<String, Value> {
    let mut members = Map::new();
    for (key, value) in node.entries() {
        let size = value.text().and_then(compose::mebibytes);
        match (key.name.as_str(), size) {
            ("essential", _) => {
                drop(members.insert("essential".to_owned(), (value.text() != Some("false")).into()));
            }
            ("cpu_shares", _) => drop(members.insert("cpu".to_owned(), value.to_value())),
            ("mem_limit", Some(size)) => drop(members.insert("memory".to_owned(), size.into())),
            ("mem_reservation", Some(size)) => {
                drop(members.insert("memoryReservation".to_owned(), size.into()));
            }
            ("secrets", _) => {
                let pair = |secret: &Node| {
                    Some((secret.get("name")?.text()?.to_owned(), secret.get("value_from")?.to_value()))
                };
                let pairs: Map<String, Value> = value.items().iter().filter_map(pair).collect();
                members.insert("secrets".to_owned(), pairs.into());
            }
            (key, _) => session.missing(
                &file.path,
                Some(file.line(value.span)),
                &format!("services.{name}.{key}"),
                "write it into the definition",
            ),
        }
    }
    members
}
