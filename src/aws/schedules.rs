//! Calls EventBridge Scheduler: lists which schedules run tasks, and of which task definitions.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::error::Meaning;
use super::{ApiError, Aws, CALLS_AT_ONCE};

/// A schedule that runs tasks, or makes another ECS call with a task definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScheduleTarget {
    pub group: String,
    pub schedule: String,
    /// As the target names it: an ARN or a name, with or without a revision.
    pub task_definition: String,
}

impl Aws {
    /// Returns the schedules of all groups that name a task definition, disabled ones included.
    ///
    /// A list contains only the ARN of a schedule's target. Schedules whose target is neither an ECS cluster nor an ECS
    /// call are not read further.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn schedules_that_run_tasks(&self) -> Result<Vec<ScheduleTarget>, ApiError> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let sent = self.scheduler().list_schedules().max_results(100).set_next_token(next).send().await;
            let answer = sent.map_err(|error| ApiError::new("scheduler:ListSchedules", error))?;
            for schedule in answer.schedules() {
                let target = schedule.target().map(|target| target.arn()).unwrap_or_default();
                if concerns_ecs(target) {
                    let (Some(group), Some(name)) = (schedule.group_name(), schedule.name()) else {
                        return Err(ApiError::unreadable("scheduler:ListSchedules"));
                    };
                    found.push((group.to_owned(), name.to_owned()));
                }
            }
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let calls = found.iter().map(|(group, name)| self.schedule_target(group, name));
        let targets: Vec<Option<ScheduleTarget>> =
            stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).try_collect().await?;
        let mut targets: Vec<ScheduleTarget> = targets.into_iter().flatten().collect();
        targets.sort_by(|a, b| (&a.group, &a.schedule).cmp(&(&b.group, &b.schedule)));
        Ok(targets)
    }

    async fn schedule_target(&self, group: &str, name: &str) -> Result<Option<ScheduleTarget>, ApiError> {
        let sent = self.scheduler().get_schedule().group_name(group).name(name).send().await;
        let answer = match sent.map_err(|error| ApiError::new("scheduler:GetSchedule", error)) {
            // The schedule was deleted after it was listed.
            Err(error) if error.meaning == Meaning::NotFound => return Ok(None),
            answer => answer?,
        };
        let Some(target) = answer.target() else { return Ok(None) };
        let task = target.ecs_parameters().map(|task| task.task_definition_arn().to_owned());
        let named = task.or_else(|| in_input(target.input()?));
        Ok(named.map(|task_definition| ScheduleTarget {
            group: group.to_owned(),
            schedule: name.to_owned(),
            task_definition,
        }))
    }
}

/// Returns whether a target is an ECS cluster or an ECS operation (a universal target).
fn concerns_ecs(target: &str) -> bool {
    let service = target.split(':').nth(2);
    service == Some("ecs") || target.contains(":aws-sdk:ecs:")
}

/// Returns the task definition in the input of a universal target; member names are compared without case.
fn in_input(input: &str) -> Option<String> {
    let input: Value = serde_json::from_str(input).ok()?;
    let named = |(name, value): (&String, &Value)| {
        name.eq_ignore_ascii_case("taskDefinition").then(|| value.as_str().map(str::to_owned)).flatten()
    };
    input.as_object()?.iter().find_map(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_to_ecs_is_read_as_a_cluster_is() {
        assert!(concerns_ecs("arn:aws:ecs:us-east-1:123456789012:cluster/main"));
        assert!(concerns_ecs("arn:aws:scheduler:::aws-sdk:ecs:runTask"));
        assert!(!concerns_ecs("arn:aws:lambda:us-east-1:123456789012:function:ecs"));
        assert!(!concerns_ecs("arn:aws:scheduler:::aws-sdk:sqs:sendMessage"));
        let input = r#"{"Cluster": "main", "TaskDefinition": "web:3"}"#;
        assert_eq!(in_input(input).as_deref(), Some("web:3"));
        assert_eq!(in_input("no JSON"), None);
    }
}
