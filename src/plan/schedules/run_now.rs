//! Computes the `RunTask` call for running a schedule target now, exactly as the target is set. Pure: the time is passed
//! in.

use serde_json::{Map, Value};

use super::run_task;
use crate::aws::types::{ObservedSchedule, Via, family_of, number_of};
use crate::document::model::model;
use crate::error::Failure;
use crate::manifest::schedules::schedule_noun;
use crate::service_arn::cluster_name;

/// The prefix of placeholders that EventBridge Scheduler fills in at run time (its user guide, "Adding context
/// attributes").
const CONTEXT_ATTRIBUTE_PREFIX: &str = "<aws.scheduler.";

/// What a target runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunNow {
    /// The name of the cluster.
    pub cluster: String,
    /// The revision's ARN, or the family, which means its newest ACTIVE revision.
    pub definition: String,
    /// Members of `RunTask`, with `overrides`.
    pub members: Map<String, Value>,
    pub count: u32,
}

/// The context attributes that EventBridge Scheduler fills in at run time.
#[derive(Clone, Copy, Debug)]
pub struct ContextAttributes<'a> {
    /// The scheduled time, such as `2026-11-22T03:00:00Z`.
    pub time: &'a str,
    /// The id of this run.
    pub execution: &'a str,
}

/// Returns whether a target runs tasks.
pub fn is_task_target(target: &Value) -> bool {
    let arn = target["Arn"].as_str().unwrap_or_default();
    arn.split(':').nth(2) == Some("ecs") && arn.contains(":cluster/") && target["EcsParameters"].is_object()
}

/// Returns what a target of a schedule runs.
///
/// # Errors
/// The target runs no task, or its input can only be filled in by an event or by EventBridge.
pub fn run_now(
    schedule: &ObservedSchedule,
    target: &Value,
    attributes: ContextAttributes<'_>,
) -> Result<RunNow, Failure> {
    let what = format!("{} `{}`", schedule_noun(schedule.via), schedule.name());
    let arn = target["Arn"].as_str().unwrap_or_default();
    if !is_task_target(target) {
        return Err(Failure::refused(format!("{what} does not run a task: its target is `{arn}`")));
    }
    let parameters = &target["EcsParameters"];
    let definition = parameters["TaskDefinitionArn"].as_str().unwrap_or_default();
    if definition.is_empty() {
        return Err(Failure::error(format!("{what} names no task definition")));
    }
    let mut members = run_task::run_task_members(target);
    if let Some(overrides) = overrides(schedule, target, attributes, &what)? {
        members.insert("overrides".to_owned(), overrides);
    }
    let whole = number_of(definition).is_some();
    Ok(RunNow {
        cluster: cluster_name(arn).to_owned(),
        definition: if whole { definition.to_owned() } else { family_of(definition).to_owned() },
        members,
        count: parameters["TaskCount"].as_f64().map_or(1, |count| count as u32),
    })
}

/// Returns the input of a target as the `overrides` of `RunTask`, or `None` if it has none.
fn overrides(
    schedule: &ObservedSchedule,
    target: &Value,
    attributes: ContextAttributes<'_>,
    what: &str,
) -> Result<Option<Value>, Failure> {
    for made in ["InputTransformer", "InputPath"] {
        if !target[made].is_null() {
            let hint = "run the task with overrides of your own with `ecsail run`".to_owned();
            let message =
                format!("the input of {what} is made from an event (`{made}`), and there is none now");
            return Err(Failure::refused(message).with_hint(hint));
        }
    }
    let Some(input) = target["Input"].as_str().filter(|input| !input.is_empty()) else { return Ok(None) };
    let filled = match schedule.via {
        Via::Scheduler => fill_context_attributes(input, schedule, attributes),
        Via::Rule => input.to_owned(),
    };
    let known = |name: &String| model().member_shape("TaskOverride", name).is_some();
    match serde_json::from_str(&filled) {
        Ok(Value::Object(members)) if members.is_empty() => Ok(None),
        Ok(Value::Object(members)) if members.keys().all(known) => Ok(Some(Value::Object(members))),
        _ => {
            let hint = "use an input such as `{\"containerOverrides\": […]}`".to_owned();
            let message = format!("the input of {what} does not override settings of a task");
            Err(Failure::refused(message).with_hint(hint))
        }
    }
}

/// Fills in the context attributes of an input.
fn fill_context_attributes(
    input: &str,
    schedule: &ObservedSchedule,
    attributes: ContextAttributes<'_>,
) -> String {
    let known = [
        ("schedule-arn", schedule.document["Arn"].as_str().unwrap_or_default()),
        ("scheduled-time", attributes.time),
        ("execution-id", attributes.execution),
        ("attempt-number", "1"),
    ];
    let fill = |text: String, (name, value): (&str, &str)| {
        text.replace(&format!("{CONTEXT_ATTRIBUTE_PREFIX}{name}>"), value)
    };
    known.into_iter().fold(input.to_owned(), fill)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schedule(via: Via) -> ObservedSchedule {
        let document = json!({"Name": "nightly", "Arn": "arn:aws:scheduler:::schedule/shop/nightly"});
        ObservedSchedule { via, document, targets: Vec::new(), tags: Default::default() }
    }

    fn target(members: Value) -> Value {
        let mut target = json!({"Arn": "arn:aws:ecs:us-east-1:1:cluster/main",
            "EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/web:3", "TaskCount": 2.0}});
        members.as_object().into_iter().flatten().for_each(|(name, member)| target[name] = member.clone());
        target
    }

    fn now(via: Via, target: &Value) -> Result<RunNow, Failure> {
        run_now(&schedule(via), target, ContextAttributes { time: "2026-11-22T03:00:00Z", execution: "x-1" })
    }

    #[test]
    fn it_runs_the_revision_in_the_cluster_as_often_as_the_target_says() {
        let run = now(Via::Rule, &target(json!({}))).expect("it runs");
        assert_eq!((run.cluster.as_str(), run.count), ("main", 2));
        assert_eq!(run.definition, "arn:aws:ecs:us-east-1:1:task-definition/web:3");
    }

    #[test]
    fn a_family_without_a_revision_means_its_newest_one() {
        let mut target = target(json!({}));
        target["EcsParameters"]["TaskDefinitionArn"] = "arn:aws:ecs:us-east-1:1:task-definition/web".into();
        assert_eq!(now(Via::Rule, &target).expect("it runs").definition, "web");
    }

    #[test]
    fn the_input_overrides_with_what_the_scheduler_fills_in() {
        let input = r#"{"containerOverrides": [{"name": "app", "command": ["report", "<aws.scheduler.scheduled-time>"]}]}"#;
        let run = now(Via::Scheduler, &target(json!({ "Input": input }))).expect("it runs");
        let command = &run.members["overrides"]["containerOverrides"][0]["command"];
        assert_eq!(*command, json!(["report", "2026-11-22T03:00:00Z"]));
    }

    #[test]
    fn what_only_an_event_could_fill_in_and_what_is_no_task_is_refused() {
        for (members, said) in [
            (json!({"InputPath": "$.detail"}), "is made from an event"),
            (json!({"Input": "{\"a\": 1}"}), "does not override settings"),
            (json!({"Arn": "arn:aws:lambda:us-east-1:1:function:mail"}), "does not run a task"),
        ] {
            let failure = now(Via::Rule, &target(members)).expect_err("it is refused");
            assert!(failure.message.contains(said), "{}", failure.message);
        }
    }
}
