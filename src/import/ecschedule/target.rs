//! What a rule of ecschedule runs, as the `task:` of a schedule.

use serde_json::{Map, Value, json};

use super::Rules;
use crate::document::tree::Node;
use crate::import::session::Session;

/// The members of a rule that have a place in the manifest.
const KNOWN: &[&str] = &[
    "name",
    "description",
    "scheduleExpression",
    "disabled",
    "targetId",
    "taskDefinition",
    "taskCount",
    "taskOverride",
    "containerOverrides",
    "role",
    "group",
    "capacityProviderStrategy",
    "launch_type",
    "platform_version",
    "network_configuration",
    "dead_letter_config",
    "propagateTags",
    "region",
    "cluster",
    "trackingId",
];

/// Returns the task of a rule.
pub(super) fn task(session: &mut Session<'_>, rules: &Rules<'_>, rule: &Node) -> Map<String, Value> {
    let mut task = Map::new();
    let family = rules.text(rule, "taskDefinition").unwrap_or_default();
    let run_task = run_task(rules, rule);
    let line = rule.get("taskDefinition").and_then(|node| rules.document.line(node));
    match session.service_of_family(rules.stage.as_deref(), &family) {
        Some(service) => {
            session.carried(
                &rules.document.path,
                line,
                "taskDefinition",
                &format!("`like: {service}`, whose definition has this family"),
            );
            task.insert("like".to_owned(), service.into());
        }
        None => {
            task.insert("task_definition".to_owned(), json!({ "family": family }));
        }
    }
    if !run_task.is_empty() {
        task.insert("run_task".to_owned(), Value::Object(run_task));
    }
    if let Some(count) =
        rule.get("taskCount").and_then(Node::text).and_then(|count| count.parse::<u32>().ok())
    {
        if count > 1 {
            task.insert("count".to_owned(), count.into());
        }
    }
    if let Some(cluster) = rules.text(rule, "cluster").filter(|cluster| *cluster != rules.cluster) {
        task.insert("cluster".to_owned(), cluster.into());
    }
    add_overrides(rules, rule, &mut task);
    task
}

/// Returns the members of RunTask.
fn run_task(rules: &Rules<'_>, rule: &Node) -> Map<String, Value> {
    let mut members = Map::new();
    for (from, to) in [
        ("launch_type", "launchType"),
        ("platform_version", "platformVersion"),
        ("group", "group"),
        ("propagateTags", "propagateTags"),
        ("capacityProviderStrategy", "capacityProviderStrategy"),
    ] {
        members.extend(rules.value(rule, from).map(|value| (to.to_owned(), value)));
    }
    let vpc = rule.get("network_configuration").and_then(|network| network.get("aws_vpc_configuration"));
    if let Some(vpc) = vpc {
        let mut network = Map::new();
        for (from, to) in [
            ("subnets", "subnets"),
            ("security_groups", "securityGroups"),
            ("assign_public_ip", "assignPublicIp"),
        ] {
            network.extend(rules.value(vpc, from).map(|value| (to.to_owned(), value)));
        }
        members.insert("networkConfiguration".to_owned(), json!({ "awsvpcConfiguration": network }));
    }
    members
}

/// Adds the overrides: of one container as keys of the task, of several as ECS takes them.
fn add_overrides(rules: &Rules<'_>, rule: &Node, task: &mut Map<String, Value>) {
    if let Some(of_task) = rule.get("taskOverride") {
        for name in ["cpu", "memory"] {
            task.extend(rules.value(of_task, name).map(|value| (name.to_owned(), value)));
        }
    }
    let containers = rule.get("containerOverrides").map_or(&[][..], Node::items);
    let is_simple = |container: &Node| {
        container
            .entries()
            .iter()
            .all(|(key, _)| matches!(key.name.as_str(), "name" | "command" | "environment"))
    };
    match containers {
        [] => {}
        [only] if is_simple(only) => {
            task.extend(rules.value(only, "name").map(|name| ("container".to_owned(), name)));
            for name in ["command", "environment"] {
                task.extend(
                    rules
                        .value(only, name)
                        .filter(|value| !is_empty(value))
                        .map(|value| (name.to_owned(), value)),
                );
            }
        }
        several => {
            let list: Vec<Value> = several
                .iter()
                .map(|container| {
                    crate::import::draft_value::draft_value(container, &rules.document.go, rules.functions)
                })
                .collect();
            task.insert("overrides".to_owned(), json!({ "containerOverrides": list }));
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// Reports the members of a rule that have no place.
pub(super) fn report(session: &mut Session<'_>, rules: &Rules<'_>, rule: &Node) {
    let document = rules.document;
    for (key, value) in rule.entries() {
        let line = document.key_line(key);
        match key.name.as_str() {
            "region" => {
                let is_same = rules.text(rule, "region") == rules.text(&document.root, "region");
                if !is_same {
                    session.missing(
                        &document.path,
                        line,
                        "region",
                        "a manifest has one region: import this rule into another one",
                    );
                }
            }
            "trackingId" => session.changed(
                &document.path,
                line,
                "trackingId",
                "left out: ecsail marks its rules with tags of its own",
            ),
            name if !KNOWN.contains(&name) && !value.is_null() => {
                session.missing(&document.path, line, name, "no member of a rule that ecschedule has");
            }
            _ => {}
        }
    }
}
