//! ECS Exec: when a command can be run in a container.

use serde_json::{Value, json};

use super::support::{definition, seeded_sandbox, text};
use crate::{Clock, Options, Sandbox, Seed, SeedService};

/// Returns a sandbox whose service has ECS Exec enabled, with members added to its task definition and its container.
fn enabled(members: Value, container: Value) -> Sandbox {
    let sandbox = Sandbox::start(Options { clock: Clock::Held, ..Options::default() }).expect("starts");
    let mut definition = definition("v1");
    let lay = |to: &mut Value, from: Value| {
        from.as_object().into_iter().flatten().for_each(|(name, value)| to[name.as_str()] = value.clone());
    };
    lay(&mut definition, members);
    lay(&mut definition["containerDefinitions"][0], container);
    let service = SeedService {
        name: "web".to_owned(),
        cluster: "shop".to_owned(),
        task_definition: definition,
        service: json!({ "enableExecuteCommand": true }),
    };
    sandbox.seed(&Seed { services: vec![service], ..Seed::default() }).expect("the seed is good");
    sandbox
}

impl Sandbox {
    fn asked(&self) -> Value {
        let task = self.tasks("RUNNING")[0]["taskArn"].clone();
        json!({ "cluster": "shop", "task": task, "container": "app", "command": "/bin/sh", "interactive": true })
    }

    fn agent(&self) -> Value {
        self.tasks("RUNNING")[0]["containers"][0]["managedAgents"][0].clone()
    }
}

#[test]
fn a_session_is_handed_out_where_the_agent_runs() {
    let sandbox = enabled(json!({}), json!({}));
    assert_eq!(sandbox.agent()["name"], "ExecuteCommandAgent");
    assert_eq!(sandbox.agent()["lastStatus"], "RUNNING");
    let answer = sandbox.ecs("ExecuteCommand", sandbox.asked());
    assert!(text(&answer["session"]["sessionId"]).starts_with("ecs-execute-command-"));
    assert!(text(&answer["session"]["streamUrl"]).contains(".invalid/"), "it leads nowhere");
    assert_eq!(answer["containerName"], "app");
}

#[test]
fn a_task_that_was_started_without_it_refuses() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    assert!(sandbox.agent().is_null());
    let (code, message) = sandbox.ecs_error("ExecuteCommand", sandbox.asked());
    assert_eq!(code, "InvalidParameterException");
    assert!(message.starts_with("The execute command failed because execute command was not enabled when"));
    sandbox
        .ecs("UpdateService", json!({ "cluster": "shop", "service": "web", "enableExecuteCommand": true }));
    assert!(sandbox.agent().is_null(), "tasks get it when they start");
}

#[test]
fn a_read_only_file_system_keeps_the_agent_from_starting() {
    let sandbox = enabled(json!({}), json!({ "readonlyRootFilesystem": true }));
    assert_eq!(sandbox.agent()["lastStatus"], "STOPPED");
    assert_eq!(sandbox.ecs_error("ExecuteCommand", sandbox.asked()).0, "InvalidParameterException");
}

#[test]
fn without_a_task_role_nothing_is_connected() {
    let sandbox = enabled(json!({ "taskRoleArn": null }), json!({}));
    assert_eq!(sandbox.agent()["lastStatus"], "RUNNING");
    let (code, message) = sandbox.ecs_error("ExecuteCommand", sandbox.asked());
    assert_eq!(code, "TargetNotConnectedException");
    assert_eq!(message, "The execute command failed due to an internal error. Try again later.");
}

#[test]
fn only_interactive_sessions_are_known() {
    let sandbox = enabled(json!({}), json!({}));
    let mut asked = sandbox.asked();
    asked["interactive"] = json!(false);
    let refused = sandbox.ecs_error("ExecuteCommand", asked).1;
    assert_eq!(refused, "Interactive is the only mode supported currently.");
}
