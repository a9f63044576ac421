//! What AWS checks for the calls of ECS.

use serde_json::Value;

use super::check::CheckList;
use crate::arn::{last_segment, parse_definition};
use crate::params::{list as items, text, texts};

/// To whom the roles of tasks are passed.
const TASKS: &str = "ecs-tasks.amazonaws.com";
/// To whom the roles of services, load balancers and volumes are passed.
const ECS: &str = "ecs.amazonaws.com";

/// Adds the checks of an operation.
pub(super) fn add(list: &mut CheckList<'_>, operation: &str, input: &Value) {
    let action = format!("ecs:{operation}");
    let cluster = last_segment(text(input, "cluster").unwrap_or("default")).to_owned();
    let cluster_arn = list.arn("ecs", &format!("cluster/{cluster}"));
    let in_cluster = [("ecs:cluster", cluster_arn.as_str())];
    match operation {
        "DescribeClusters" => {
            for name in texts(input, "clusters") {
                let arn = list.arn("ecs", &format!("cluster/{}", last_segment(name)));
                list.add(&action, arn, &[]);
            }
        }
        "ListServices" => list.add(&action, "*", &in_cluster),
        // Without a container instance in the call, AWS checks `*`: github.com/cdklabs/construct-hub/pull/1207.
        "ListTasks" => list.add(&action, "*", &in_cluster),
        "RegisterTaskDefinition" => register(list, &action, input),
        "DeleteTaskDefinitions" => {
            for name in texts(input, "taskDefinitions") {
                let arn = definition_arn(list, name);
                list.add(&action, arn, &[]);
            }
        }
        "CreateService"
        | "UpdateService"
        | "DeleteService"
        | "ListServiceDeployments"
        | "DescribeServices" => {
            on_services(list, &action, &cluster, input);
        }
        "CreateExpressGatewayService" => {
            let name = text(input, "serviceName").unwrap_or("express");
            let arn = list.arn("ecs", &format!("service/{cluster}/{name}"));
            list.add(&action, arn.clone(), &in_cluster);
            with_tags(list, input, &arn, operation);
            express(list, &cluster, name, input);
        }
        "UpdateExpressGatewayService" | "DescribeExpressGatewayService" | "DeleteExpressGatewayService" => {
            let arn = text(input, "serviceArn").unwrap_or_default();
            let mut names = arn.rsplit('/');
            let (name, cluster) = (names.next().unwrap_or_default(), names.next().unwrap_or("default"));
            let cluster_arn = list.arn("ecs", &format!("cluster/{cluster}"));
            list.add(&action, arn, &[("ecs:cluster", &cluster_arn)]);
            if operation == "UpdateExpressGatewayService" {
                express(list, cluster, name, input);
            }
        }
        "DescribeServiceDeployments" => {
            for arn in texts(input, "serviceDeploymentArns") {
                below_service(list, &action, arn);
            }
        }
        "DescribeServiceRevisions" => {
            for arn in texts(input, "serviceRevisionArns") {
                below_service(list, &action, arn);
            }
        }
        "StopServiceDeployment" | "ContinueServiceDeployment" => {
            below_service(list, &action, text(input, "serviceDeploymentArn").unwrap_or_default());
        }
        "DescribeTasks" | "StopTask" | "ExecuteCommand" => on_tasks(list, operation, &cluster, input),
        "RunTask" => run(list, &action, &cluster, input),
        "TagResource" | "UntagResource" => {
            list.add(&action, text(input, "resourceArn").unwrap_or_default(), &[]);
        }
        _ => list.add(&action, "*", &[]),
    }
}

fn definition_arn(list: &CheckList<'_>, given: &str) -> String {
    if given.starts_with("arn:") {
        return given.to_owned();
    }
    list.arn("ecs", &format!("task-definition/{given}"))
}

fn register(list: &mut CheckList<'_>, action: &str, input: &Value) {
    let family = text(input, "family").unwrap_or_default();
    let newest = list.resources().and_then(|resources| resources.families.get(family)).map_or(0, Vec::len);
    let arn = list.arn("ecs", &format!("task-definition/{family}:{}", newest + 1));
    list.add(action, arn.clone(), &[]);
    with_tags(list, input, &arn, "RegisterTaskDefinition");
    list.pass_role(&input["taskRoleArn"], TASKS);
    list.pass_role(&input["executionRoleArn"], TASKS);
}

/// Adds the check of the tags that a new resource gets.
fn with_tags(list: &mut CheckList<'_>, input: &Value, arn: &str, created_by: &str) {
    if !items(input, "tags").is_empty() {
        list.add("ecs:TagResource", arn, &[("ecs:CreateAction", created_by)]);
    }
}

fn on_services(list: &mut CheckList<'_>, action: &str, cluster: &str, input: &Value) {
    let given = ["service", "serviceName"].iter().find_map(|member| text(input, member));
    let cluster_arn = list.arn("ecs", &format!("cluster/{cluster}"));
    for name in texts(input, "services").into_iter().chain(given) {
        let arn = list.arn("ecs", &format!("service/{cluster}/{}", last_segment(name)));
        list.add(action, arn.clone(), &[("ecs:cluster", &cluster_arn)]);
        if action == "ecs:CreateService" {
            with_tags(list, input, &arn, "CreateService");
        }
    }
    if matches!(action, "ecs:CreateService" | "ecs:UpdateService") {
        list.pass_role(&input["role"], ECS);
        roles_below(list, input);
    }
}

/// Adds the roles that ECS uses itself: all members named `roleArn`.
fn roles_below(list: &mut CheckList<'_>, value: &Value) {
    match value {
        Value::Object(members) => {
            list.pass_role(members.get("roleArn").unwrap_or(&Value::Null), ECS);
            members.values().for_each(|member| roles_below(list, member));
        }
        Value::Array(items) => items.iter().for_each(|item| roles_below(list, item)),
        _ => {}
    }
}

/// Adds the dependent actions of Express Mode: ECS registers a definition for the caller.
fn express(list: &mut CheckList<'_>, cluster: &str, name: &str, input: &Value) {
    if !input["primaryContainer"].is_null() {
        let arn = list.arn("ecs", &format!("task-definition/{cluster}-{name}:1"));
        list.add("ecs:RegisterTaskDefinition", arn, &[]);
    }
    list.pass_role(&input["executionRoleArn"], TASKS);
    list.pass_role(&input["taskRoleArn"], TASKS);
    list.pass_role(&input["infrastructureRoleArn"], ECS);
}

/// Adds the checks of a service deployment or a service revision: it, and its service.
fn below_service(list: &mut CheckList<'_>, action: &str, arn: &str) {
    let names: Vec<&str> = arn.split('/').collect();
    let [_, cluster, service, _] = names[..] else { return list.add(action, arn, &[]) };
    let cluster_arn = list.arn("ecs", &format!("cluster/{cluster}"));
    let service_arn = list.arn("ecs", &format!("service/{cluster}/{service}"));
    list.add(action, arn, &[("ecs:cluster", &cluster_arn), ("ecs:service", &service_arn)]);
    list.add(action, service_arn, &[("ecs:cluster", &cluster_arn)]);
}

fn on_tasks(list: &mut CheckList<'_>, operation: &str, cluster: &str, input: &Value) {
    let action = format!("ecs:{operation}");
    let cluster_arn = list.arn("ecs", &format!("cluster/{cluster}"));
    let given = text(input, "task");
    for task in texts(input, "tasks").into_iter().chain(given) {
        let arn = list.arn("ecs", &format!("task/{cluster}/{}", last_segment(task)));
        list.add(&action, arn, &[("ecs:cluster", &cluster_arn)]);
    }
    if operation == "ExecuteCommand" {
        list.add(&action, cluster_arn, &[]);
    }
}

fn run(list: &mut CheckList<'_>, action: &str, cluster: &str, input: &Value) {
    let given = text(input, "taskDefinition").unwrap_or_default();
    let cluster_arn = list.arn("ecs", &format!("cluster/{cluster}"));
    let arn = definition_arn(list, given);
    list.add(action, arn, &[("ecs:cluster", &cluster_arn)]);
    let task = list.arn("ecs", &format!("task/{cluster}/new"));
    with_tags(list, input, &task, "RunTask");
    roles_below(list, input);
    // The dependent action of `RunTask`.
    let (family, revision) = parse_definition(given);
    let Some(revisions) = list.resources().and_then(|resources| resources.families.get(family)) else {
        return;
    };
    let found = match revision {
        Some(revision) => revisions.iter().find(|known| known.revision == revision),
        None => revisions.last(),
    };
    if let Some(found) = found {
        for role in ["taskRoleArn", "executionRoleArn"] {
            list.pass_role(found.document.get(role).unwrap_or(&Value::Null), TASKS);
        }
    }
}
