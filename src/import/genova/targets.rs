//! What a run task or the target of a rule runs, as the `task:` of a manifest. Pure.

use serde_json::{Map, Value, json};

use super::app::App;
use crate::document::tree::Node;
use crate::import::Session;
use crate::import::yaml_file::entries;
use crate::yaml_writer::expression;

/// Returns the members of a task beside its definition: launch type, network, number and overrides.
pub(super) fn task_members(
    session: &mut Session<'_>,
    app: &App,
    node: &Node,
    is_rule: bool,
) -> Map<String, Value> {
    let mut task = Map::new();
    let mut run_task = Map::new();
    let text = |name: &str| node.get(name).and_then(Node::text).map(str::to_owned);
    for (from, to) in [("launch_type", "launchType"), ("group", "group")] {
        if let Some(value) = text(from) {
            run_task.insert(to.to_owned(), value.into());
        }
    }
    if let Some(network) =
        node.get("network_configuration").and_then(|network| network.get("awsvpc_configuration"))
    {
        let members = entries(Some(network)).iter().map(|(key, value)| {
            let name = match key.name.as_str() {
                "security_groups" => "securityGroups",
                "assign_public_ip" => "assignPublicIp",
                name => name,
            };
            (name.to_owned(), value.to_value())
        });
        let members: Map<String, Value> = members.collect();
        run_task.insert("networkConfiguration".to_owned(), json!({ "awsvpcConfiguration": members }));
    }
    if !run_task.is_empty() {
        task.insert("run_task".to_owned(), run_task.into());
    }
    let count = text("task_count").filter(|_| is_rule).or_else(|| text("desired_count"));
    if let Some(count) = count.and_then(|count| count.parse::<u64>().ok()).filter(|count| *count != 1) {
        task.insert("count".to_owned(), count.into());
    }
    add_overrides(session, app, node, is_rule, &mut task);
    task
}

fn add_overrides(
    session: &mut Session<'_>,
    app: &App,
    node: &Node,
    is_rule: bool,
    task: &mut Map<String, Value>,
) {
    let roles = [("task_role", "taskRoleArn"), ("task_execution_role", "executionRoleArn")];
    let mut document = Map::new();
    for (name, member) in roles {
        let Some(role) = node.get(name).filter(|_| !(is_rule && name == "task_execution_role")) else {
            continue;
        };
        let arn = role.text().map(|name| format!("arn:aws:iam::{}:role/{name}", expression("aws.account")));
        document.extend(arn.map(|arn| (member.to_owned(), arn.into())));
        let why = "written as an ARN with the account of the deploy: a role with a path has another one";
        session.changed(&app.file.path, Some(app.file.line(role.span)), name, why);
    }
    let old = node.get("overrides").filter(|_| is_rule);
    let containers = old.or_else(|| node.get("container_overrides")).map_or(&[][..], Node::items);
    let containers: Vec<Map<String, Value>> = containers.iter().map(container_override).collect();
    match containers.as_slice() {
        [only]
            if document.is_empty()
                && only.keys().all(|name| ["name", "command", "environment"].contains(&name.as_str())) =>
        {
            for (name, value) in only {
                let name = if name == "name" { "container" } else { name };
                task.insert(name.to_owned(), app.images.with_expressions(value));
            }
        }
        [] => {}
        several => {
            let several: Vec<Value> = several.iter().cloned().map(Value::Object).collect();
            document.insert("containerOverrides".to_owned(), app.images.with_expressions(&several.into()));
        }
    }
    if !document.is_empty() {
        task.insert("overrides".to_owned(), document.into());
    }
}

/// Returns the override of a container: variables are a list of mappings with one key, or of names and values.
fn container_override(node: &Node) -> Map<String, Value> {
    let mut members = Map::new();
    for (key, value) in node.entries() {
        match key.name.as_str() {
            "environment" => {
                let mut variables = Map::new();
                for item in value.items() {
                    variables.extend(variables_of(item));
                }
                if !variables.is_empty() {
                    members.insert("environment".to_owned(), variables.into());
                }
            }
            "command" => {
                let words: Vec<Value> =
                    value.items().iter().filter_map(Node::text).map(Value::from).collect();
                members.insert("command".to_owned(), words.into());
            }
            "memory_reservation" => drop(members.insert("memoryReservation".to_owned(), value.to_value())),
            name => drop(members.insert(name.to_owned(), value.to_value())),
        }
    }
    members
}

fn variables_of(item: &Node) -> Vec<(String, Value)> {
    let text = |node: &Node| Value::from(node.text().unwrap_or_default());
    if let (Some(name), Some(value)) = (item.get("name").and_then(Node::text), item.get("value")) {
        return vec![(name.to_owned(), text(value))];
    }
    item.entries().iter().map(|(key, value)| (key.name.clone(), text(value))).collect()
}
