//! Polls the tasks of a rollout once more after it has succeeded: for tasks that ended since, and for containers that are
//! dead in every task.
//!
//! Never changes a verdict, and never takes longer than two seconds: what cannot be read by then is left out.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::judge::Verdict;
use super::poll::is_lasting;
use super::snapshot::{RolloutSnapshot, WatchedRollout};
use super::{RolloutWatch, WatchItem, WatchOutcome};
use crate::aws::ApiError;
use crate::aws::types::{Deployment, Service, Task, TaskContainer, TaskStatus, answer};
use crate::diagnose::FailureSignature;

/// The time limit for all rollouts that succeeded in one poll.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// How much the times of a deployment and of its tasks may differ, in seconds.
const CLOCK_SKEW: f64 = 1.0;

impl RolloutWatch<'_> {
    /// Polls the tasks of the rollouts that have just succeeded, and stores what is wrong with them.
    pub(super) async fn look_after_success(&mut self) {
        let wanted: Vec<usize> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| item.should_look_after_success().then_some(index))
            .collect();
        let until = Instant::now() + TIME_LIMIT;
        let reading = wanted.iter().map(|index| timeout_at(until, self.warnings_of(*index)));
        for (index, read) in wanted.iter().zip(join_all(reading).await) {
            let item = &mut self.items[*index];
            item.is_explained = true;
            match read {
                Ok(Ok(warnings)) => item.warnings = warnings,
                Ok(Err(error)) if is_lasting(&error) => {
                    self.note_once("cannot check for tasks that end after the success", &error);
                }
                Ok(Err(error)) => {
                    tracing::info!("failed to poll the tasks of `{}`: {error}", item.rollout.key);
                }
                Err(_) => tracing::info!("the tasks of `{}` were not read in time", item.rollout.key),
            }
        }
    }

    async fn warnings_of(&self, index: usize) -> Result<Vec<String>, ApiError> {
        let item = &self.items[index];
        let rollout = &item.rollout;
        let has_lost_tasks = self.has_lost_tasks(rollout).await?;
        if !has_lost_tasks && rollout.has_side_containers == Some(false) {
            return Ok(Vec::new());
        }
        let mut warnings = Vec::new();
        if has_lost_tasks {
            // Those that ended before the poll that showed the success are known.
            let stopped = [item.snapshot.stopped_tasks.clone(), self.read_tasks(index).await?].concat();
            warnings.extend(late_failures(rollout, &item.snapshot, &stopped));
        }
        let mut tasks = self.aws.running_tasks(&rollout.cluster, &rollout.name).await?;
        tasks.retain(|task| rollout.has_started(task));
        let mut dead = dead_containers(&tasks);
        if dead.iter().any(|container| container.exit_code == Some(0)) {
            let definition = self.aws.task_definition(&rollout.revision).await?;
            let expected =
                definition.map(|found| containers_that_may_end(&found.document)).unwrap_or_default();
            dead.retain(|container| container.exit_code != Some(0) || !expected.contains(&container.name));
        }
        warnings.extend(dead.iter().map(|container| dead_container_text(container, tasks.len())));
        Ok(warnings)
    }

    /// Polls the service, and returns whether tasks of a deployment that has succeeded have ended.
    async fn has_lost_tasks(&self, rollout: &WatchedRollout) -> Result<bool, ApiError> {
        let mut found = self.aws.poll_services(&rollout.cluster, std::slice::from_ref(&rollout.name)).await?;
        let Some(document) = found.remove(&rollout.name) else { return Ok(false) };
        let service: Service = answer("ecs:DescribeServices", &document)?;
        Ok(rollout.find_deployment(&service).is_some_and(is_missing_tasks))
    }
}

/// Returns whether a deployment that had all its tasks does not have them any more.
fn is_missing_tasks(ours: &Deployment) -> bool {
    ours.running_count < ours.desired_count || ours.failed_tasks > 0
}

impl WatchItem {
    fn should_look_after_success(&self) -> bool {
        let succeeded = matches!(self.outcome, Some((WatchOutcome::Settled(Verdict::Succeeded), _)));
        succeeded
            && !self.is_explained
            && self.sources.tasks
            && !self.rollout.ended
            && !self.rollout.going_back
    }
}

/// Returns when the deployment succeeded, in seconds since 1970.
fn succeeded_at(snapshot: &RolloutSnapshot) -> f64 {
    let finished = snapshot.service_deployment.as_ref().map_or(0.0, |known| known.finished_at.0);
    let updated = snapshot.last_deployment.as_ref().map_or(0.0, |ours| ours.updated_at.0);
    [finished, updated, snapshot.at].into_iter().find(|at| *at > 0.0).unwrap_or_default()
}

/// Describes the tasks of a deployment that failed after it had succeeded.
fn late_failures(rollout: &WatchedRollout, snapshot: &RolloutSnapshot, stopped: &[Task]) -> Option<String> {
    let since = succeeded_at(snapshot) - CLOCK_SKEW;
    let late = stopped.iter().filter(|task| rollout.has_started(task) && ended_at(task) >= since);
    let signatures: Vec<FailureSignature> = late.filter_map(FailureSignature::from_task).collect();
    let first = signatures.first()?;
    let number = match signatures.len() {
        1 => "1 task has".to_owned(),
        number => format!("{number} tasks have"),
    };
    Some(format!("{number} ended since the deployment succeeded: {first}"))
}

/// Returns when a task ended; a task that is still being stopped ends now.
fn ended_at(task: &Task) -> f64 {
    let times = [task.execution_stopped_at.0, task.stopped_at.0];
    times.into_iter().find(|at| *at > 0.0).unwrap_or(f64::INFINITY)
}

/// Returns the containers that have ended in every running task: no task stops for them, so none is essential.
fn dead_containers(tasks: &[Task]) -> Vec<TaskContainer> {
    let up: Vec<&Task> = tasks.iter().filter(|task| task.last_status == TaskStatus::Running).collect();
    let Some((first, others)) = up.split_first() else { return Vec::new() };
    let is_dead = |task: &Task, name: &str| {
        task.containers.iter().any(|container| container.name == name && is_stopped(container))
    };
    let dead = first.containers.iter().filter(|container| is_stopped(container));
    dead.filter(|container| others.iter().all(|task| is_dead(task, &container.name))).cloned().collect()
}

fn is_stopped(container: &TaskContainer) -> bool {
    container.last_status == TaskStatus::Stopped
}

/// Returns the containers whose end others wait for: `dependsOn` with COMPLETE or SUCCESS.
fn containers_that_may_end(definition: &Value) -> BTreeSet<String> {
    let containers = definition["containerDefinitions"].as_array().into_iter().flatten();
    let conditions = containers.flat_map(|container| container["dependsOn"].as_array().into_iter().flatten());
    let ends = conditions.filter(|on| matches!(on["condition"].as_str(), Some("COMPLETE" | "SUCCESS")));
    ends.filter_map(|on| on["containerName"].as_str()).map(str::to_owned).collect()
}

fn dead_container_text(container: &TaskContainer, tasks: usize) -> String {
    let code = match container.exit_code {
        Some(code) => format!("it exited with code {code}"),
        None => "it did not run".to_owned(),
    };
    let reason = container.reason.as_deref().filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let tasks = if tasks == 1 { "the new task".to_owned() } else { format!("all {tasks} new tasks") };
    format!("container `{}` is dead in {tasks}; {code}{reason}", container.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::types::{Epoch, parse_view};

    fn task(value: &Value) -> Task {
        parse_view(value).expect("a task")
    }

    fn running(containers: Value) -> Task {
        task(
            &json!({"lastStatus": "RUNNING", "createdAt": 100, "startedBy": "ecs-svc/2", "containers": containers}),
        )
    }

    /// Returns the snapshot of a deployment of two tasks that succeeded at this time.
    fn succeeded(at: f64) -> RolloutSnapshot {
        let ours = Deployment { desired_count: 2, updated_at: Epoch(at), ..Deployment::default() };
        RolloutSnapshot { last_deployment: Some(ours), ..RolloutSnapshot::default() }
    }

    fn rollout() -> WatchedRollout {
        WatchedRollout { deployment: Some("ecs-svc/2".to_owned()), ..WatchedRollout::default() }
    }

    #[test]
    fn tasks_are_missing_where_they_do_not_run_or_failed() {
        let counts = |running_count, failed_tasks| {
            is_missing_tasks(&Deployment {
                desired_count: 2,
                running_count,
                failed_tasks,
                ..Deployment::default()
            })
        };
        assert!(!counts(2, 0));
        assert!(counts(1, 0));
        assert!(counts(2, 1));
    }

    #[test]
    fn only_failures_after_the_success_count() {
        let crashed = |stopped: f64| {
            task(
                &json!({"startedBy": "ecs-svc/2", "stopCode": "EssentialContainerExited", "stoppedAt": stopped,
                "stoppedReason": "Essential container in task exited",
                "containers": [{"name": "app", "exitCode": 1}]}),
            )
        };
        let text =
            late_failures(&rollout(), &succeeded(200.0), &[crashed(150.0), crashed(203.0), crashed(204.0)]);
        let expected =
            "2 tasks have ended since the deployment succeeded: container `app` exited with code 1";
        assert_eq!(text.as_deref(), Some(expected));
        assert_eq!(late_failures(&rollout(), &succeeded(200.0), &[crashed(150.0)]), None);
        let scaled_in = task(&json!({"startedBy": "ecs-svc/2", "stopCode": "ServiceSchedulerInitiated",
            "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/2)", "stoppedAt": 203}));
        assert_eq!(late_failures(&rollout(), &succeeded(200.0), &[scaled_in]), None);
    }

    #[test]
    fn a_container_is_dead_if_it_ended_in_every_task() {
        let proxy = |status: &str| {
            running(json!([{"name": "app", "lastStatus": "RUNNING"},
                {"name": "proxy", "lastStatus": status, "exitCode": 1, "reason": "bad configuration"}]))
        };
        let dead = dead_containers(&[proxy("STOPPED"), proxy("STOPPED")]);
        let texts: Vec<String> = dead.iter().map(|container| dead_container_text(container, 2)).collect();
        let expected =
            "container `proxy` is dead in all 2 new tasks; it exited with code 1: bad configuration";
        assert_eq!(texts, [expected]);
        assert!(dead_containers(&[proxy("STOPPED"), proxy("RUNNING")]).is_empty());
        assert!(dead_containers(&[]).is_empty());
    }

    #[test]
    fn containers_that_others_wait_for_may_end() {
        let definition = json!({"containerDefinitions": [
            {"name": "app", "dependsOn": [{"containerName": "init", "condition": "SUCCESS"},
                {"containerName": "proxy", "condition": "HEALTHY"}]},
            {"name": "init"}, {"name": "proxy"}]});
        assert_eq!(containers_that_may_end(&definition), BTreeSet::from(["init".to_owned()]));
    }
}
