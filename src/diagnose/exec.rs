//! Checks whether a command can be run in a container: everything that is missing at once, each with its remedy.
//! Pure.

use serde_json::Value;

use crate::aws::types::{LaunchType, ManagedAgent, Service, Task, TaskContainer, TaskStatus, revision_name};
use crate::shell;

/// The agent that ECS Exec runs beside each container.
const AGENT: &str = "ExecuteCommandAgent";
/// What the task role has to allow.
const PERMISSIONS: &str = "`ssmmessages:CreateControlChannel`, `ssmmessages:CreateDataChannel`, \
                           `ssmmessages:OpenControlChannel` and `ssmmessages:OpenDataChannel`";
/// AWS's guide for the installation of its plugin.
const INSTALL: &str = "https://docs.aws.amazon.com/systems-manager/latest/userguide/\
                       session-manager-working-with-install-plugin.html";

/// What is checked before a command is run.
#[derive(Clone, Copy, Debug)]
pub struct ExecPreflight<'a> {
    /// The name that commands use for the service.
    pub key: &'a str,
    pub service: &'a Service,
    /// The task that was chosen; `None` where none is running.
    pub task: Option<&'a Task>,
    pub container: Option<&'a TaskContainer>,
    /// The task definition, where it could be read.
    pub definition: Option<&'a Value>,
    /// Whether `session-manager-plugin` is installed.
    pub has_plugin: bool,
}

/// Something that is missing, and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPrerequisite {
    pub text: String,
    pub remedy: String,
}

impl MissingPrerequisite {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> MissingPrerequisite {
        MissingPrerequisite { text: what.into(), remedy: remedy.into() }
    }
}

/// Returns everything that is missing; empty where a command can be run.
pub fn find_missing(preflight: &ExecPreflight<'_>) -> Vec<MissingPrerequisite> {
    let all = [
        no_task(preflight),
        not_enabled(preflight),
        no_role(preflight),
        read_only_file_system(preflight),
        no_agent(preflight),
        no_plugin(preflight),
    ];
    all.into_iter().flatten().collect()
}

fn no_task(ExecPreflight { key, service, task, .. }: &ExecPreflight<'_>) -> Option<MissingPrerequisite> {
    if task.is_some() {
        return None;
    }
    let quoted = shell::quote(key);
    let remedy = match service.desired_count {
        0 => format!("it is scaled to 0: `ecsail scale {quoted} --desired 1`"),
        desired => {
            format!("{desired} are desired, {} pending: see `ecsail status {quoted}`", service.pending_count)
        }
    };
    Some(MissingPrerequisite::new(format!("service `{key}` has no running task"), remedy))
}

fn not_enabled(ExecPreflight { key, service, task, .. }: &ExecPreflight<'_>) -> Option<MissingPrerequisite> {
    let quoted = shell::quote(key);
    if !service.enable_execute_command && !task.is_some_and(|task| task.enable_execute_command) {
        let remedy = format!(
            "set `enableExecuteCommand: true` in its service document, then run `ecsail deploy {quoted}` and \
             `ecsail restart {quoted}`: only tasks that start after that support it"
        );
        return Some(MissingPrerequisite::new(format!("ECS Exec is not enabled on service `{key}`"), remedy));
    }
    let task = task.filter(|task| !task.enable_execute_command)?;
    let what = format!("task `{}` was started before ECS Exec was enabled on service `{key}`", task.id());
    Some(MissingPrerequisite::new(what, format!("restart its tasks: `ecsail restart {quoted}`")))
}

/// On EC2, the instance role is used where the task has none.
fn no_role(ExecPreflight { task, definition, .. }: &ExecPreflight<'_>) -> Option<MissingPrerequisite> {
    let (task, definition) = ((*task)?, (*definition)?);
    let has_role = task.overrides.task_role_arn.is_some() || definition["taskRoleArn"].is_string();
    if has_role || task.launch_type != LaunchType::Fargate {
        return None;
    }
    let what = format!("task definition {} has no `taskRoleArn`", revision_name(&task.task_definition_arn));
    Some(MissingPrerequisite::new(what, format!("give it a role that allows {PERMISSIONS}, and deploy")))
}

/// The agent cannot run on a read-only file system, unless the folders that it writes to are volumes.
fn read_only_file_system(
    ExecPreflight { task, container, definition, .. }: &ExecPreflight<'_>,
) -> Option<MissingPrerequisite> {
    let (task, container, definition) = ((*task)?, (*container)?, (*definition)?);
    let own = definition["containerDefinitions"].as_array().into_iter().flatten();
    let read_only = own
        .filter(|own| own["name"] == container.name.as_str())
        .any(|own| own["readonlyRootFilesystem"] == true);
    let runs = agent(container).is_some_and(|agent| agent.last_status == TaskStatus::Running);
    if !read_only || (runs && task.enable_execute_command) {
        return None;
    }
    let what =
        format!("container `{}` has a read-only file system (`readonlyRootFilesystem`)", container.name);
    let remedy = "the ECS Exec agent has to write: remove the setting, or mount volumes at `/var/lib/amazon` and \
                  `/var/log/amazon`";
    Some(MissingPrerequisite::new(what, remedy))
}

fn no_agent(ExecPreflight { key, task, container, .. }: &ExecPreflight<'_>) -> Option<MissingPrerequisite> {
    let (task, container) = ((*task).filter(|task| task.enable_execute_command)?, (*container)?);
    let agent = agent(container);
    let status = agent.map_or("missing", |agent| agent.last_status.as_str());
    if status == "RUNNING" {
        return None;
    }
    let reason = agent.and_then(|agent| agent.reason.as_deref()).map(|reason| format!(": {reason}"));
    let what = format!(
        "the {AGENT} of container `{}` in task `{}` is {status}{}",
        container.name,
        task.id(),
        reason.unwrap_or_default()
    );
    let remedy = match status {
        "PENDING" => "it starts with the container: try again in a few seconds".to_owned(),
        _ => format!(
            "replace the task (`ecsail stop-task {} {}`), or choose another with `--task`",
            shell::quote(key),
            shell::quote(task.id())
        ),
    };
    Some(MissingPrerequisite::new(what, remedy))
}

fn no_plugin(preflight: &ExecPreflight<'_>) -> Option<MissingPrerequisite> {
    let what = "`session-manager-plugin` is not installed: not found in `PATH`";
    (!preflight.has_plugin).then(|| MissingPrerequisite::new(what, format!("install it: {INSTALL}")))
}

fn agent(container: &TaskContainer) -> Option<&ManagedAgent> {
    container.managed_agents.iter().find(|agent| agent.name == AGENT)
}

/// Returns hints on why an agent that runs may not be reachable.
pub fn connection_hints(definition: Option<&Value>, container: &str) -> Vec<String> {
    let mut hints = vec![
        "an agent that has just started takes some seconds: try again".to_owned(),
        format!("the task role has to allow {PERMISSIONS}, and no policy may deny them"),
        "the task has to reach `ssmmessages` of its region: by a NAT gateway, a public address, or a VPC endpoint"
            .to_owned(),
    ];
    let own = definition.and_then(|definition| definition["containerDefinitions"].as_array());
    let own = own.into_iter().flatten().find(|own| own["name"] == container);
    let named = |list: &str| {
        let entries = own.and_then(|own| own[list].as_array()).into_iter().flatten();
        entries.filter_map(|entry| entry["name"].as_str()).any(|name| name == "AWS_ACCESS_KEY_ID")
    };
    if named("environment") || named("secrets") {
        hints.insert(
            0,
            format!(
                "container `{container}` sets `AWS_ACCESS_KEY_ID`: the agent uses that instead of the role"
            ),
        );
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::parse_view;
    use serde_json::json;

    /// Returns everything that is missing; `change` is applied to a service where nothing is.
    fn said(change: impl Fn(&mut Value)) -> Vec<String> {
        let mut world = json!({
            "service": {"enableExecuteCommand": true, "desiredCount": 2},
            "task": {"taskArn": "arn:aws:ecs:x:1:task/main/t1", "enableExecuteCommand": true, "launchType": "FARGATE",
                "taskDefinitionArn": "arn:aws:ecs:x:1:task-definition/web:7",
                "containers": [{"name": "app",
                    "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}]}]},
            "definition": {"taskRoleArn": "arn:aws:iam::1:role/web", "containerDefinitions": [{"name": "app"}]},
            "plugin": true});
        change(&mut world);
        let service: Service = parse_view(&world["service"]).expect("a service");
        let task: Option<Task> =
            (!world["task"].is_null()).then(|| parse_view(&world["task"]).expect("a task"));
        let definition = Some(&world["definition"]).filter(|definition| !definition.is_null());
        let preflight = ExecPreflight {
            key: "web",
            service: &service,
            task: task.as_ref(),
            container: task.as_ref().and_then(|task| task.containers.first()),
            definition,
            has_plugin: world["plugin"] == true,
        };
        find_missing(&preflight)
            .into_iter()
            .map(|missing| format!("{}; {}", missing.text, missing.remedy))
            .collect()
    }

    fn one(change: impl Fn(&mut Value)) -> String {
        let said = said(change);
        assert_eq!(said.len(), 1, "{said:#?}");
        said.concat()
    }

    #[test]
    fn nothing_is_missing_where_all_is_well() {
        assert_eq!(said(|_| {}), [""; 0]);
    }

    #[test]
    fn each_missing_prerequisite_has_a_remedy() {
        let off = one(|world| {
            world["service"]["enableExecuteCommand"] = json!(false);
            world["task"]["enableExecuteCommand"] = json!(false);
        });
        assert!(
            off.contains("not enabled on service `web`") && off.contains("`enableExecuteCommand: true`"),
            "{off}"
        );
        let older = one(|world| world["task"]["enableExecuteCommand"] = json!(false));
        assert!(older.contains("`t1` was started before") && older.contains("ecsail restart web"), "{older}");
        let role = one(|world| world["definition"]["taskRoleArn"] = json!(null));
        assert!(role.contains("web:7 has no `taskRoleArn`") && role.contains("OpenDataChannel"), "{role}");
        let plugin = one(|world| world["plugin"] = json!(false));
        assert!(
            plugin.contains("is not installed") && plugin.contains("https://docs.aws.amazon.com/"),
            "{plugin}"
        );
        let none = one(|world| world["task"] = json!(null));
        assert!(none.contains("no running task; 2 are desired"), "{none}");
    }

    #[test]
    fn an_agent_that_does_not_run_is_named_with_its_reason() {
        let agents = |status: &str| json!([{"name": "ExecuteCommandAgent", "lastStatus": status, "reason": "because"}]);
        let pending = one(|world| world["task"]["containers"][0]["managedAgents"] = agents("PENDING"));
        assert!(pending.contains("in task `t1` is PENDING: because; it starts with"), "{pending}");
        let stopped = one(|world| world["task"]["containers"][0]["managedAgents"] = agents("STOPPED"));
        assert!(stopped.contains("is STOPPED") && stopped.contains("ecsail stop-task web t1"), "{stopped}");
        let absent = one(|world| world["task"]["containers"][0]["managedAgents"] = json!([]));
        assert!(absent.contains("is missing"), "{absent}");
    }

    #[test]
    fn a_read_only_file_system_matters_only_where_the_agent_does_not_run() {
        let read_only = |world: &mut Value| {
            world["definition"]["containerDefinitions"][0]["readonlyRootFilesystem"] = json!(true);
        };
        assert_eq!(said(read_only), [""; 0], "its folders are volumes");
        let stopped = said(|world| {
            read_only(world);
            world["task"]["containers"][0]["managedAgents"][0]["lastStatus"] = json!("STOPPED");
        });
        assert!(
            stopped[0].contains("readonlyRootFilesystem") && stopped[1].contains("STOPPED"),
            "{stopped:#?}"
        );
    }

    #[test]
    fn on_instances_and_by_an_override_a_definition_needs_no_role() {
        for (launch_type, role) in [("EC2", json!(null)), ("FARGATE", json!("arn:aws:iam::1:role/x"))] {
            let said = said(|world| {
                world["definition"]["taskRoleArn"] = json!(null);
                world["task"]["launchType"] = json!(launch_type);
                world["task"]["overrides"] = json!({"taskRoleArn": role});
            });
            assert_eq!(said, [""; 0], "{launch_type}");
        }
    }

    #[test]
    fn everything_missing_is_reported_at_once() {
        let said = said(|world| {
            world["service"]["enableExecuteCommand"] = json!(false);
            world["task"]["enableExecuteCommand"] = json!(false);
            world["definition"]["taskRoleArn"] = json!(null);
            world["definition"]["containerDefinitions"][0]["readonlyRootFilesystem"] = json!(true);
            world["plugin"] = json!(false);
        });
        assert_eq!(said.len(), 4, "{said:#?}");
    }

    #[test]
    fn keys_in_the_environment_are_named_first_where_nothing_is_connected() {
        let definition = json!({"containerDefinitions": [
            {"name": "app", "secrets": [{"name": "AWS_ACCESS_KEY_ID", "valueFrom": "x"}]}, {"name": "side"}]});
        assert!(connection_hints(Some(&definition), "app")[0].contains("sets `AWS_ACCESS_KEY_ID`"));
        assert!(connection_hints(Some(&definition), "side")[0].contains("try again"));
        assert_eq!(connection_hints(None, "app").len(), 3);
    }
}
