//! Advances a task from PROVISIONING to STOPPED: how long each status takes, and what its behavior does to
//! it. Knows no service.

use super::start_failures::start_failure_reason;
use crate::model::{Container, StopDetails, Task, TaskStatus};
use crate::scenario::TaskBehavior;
use crate::time::Millis;

const SECOND: Millis = 1000;
const PROVISIONING_TIME: Millis = 14 * SECOND;
const PENDING_TIME: Millis = 24 * SECOND;
const SLOW_PENDING_TIME: Millis = 180 * SECOND;
const ACTIVATING_TIME: Millis = 4 * SECOND;
/// How long a task runs before its deployment counts it as healthy.
const MIN_HEALTHY_TIME: Millis = 15 * SECOND;
/// How long the health checks of a container or target group take to succeed.
pub(crate) const HEALTH_CHECK_TIME: Millis = 18 * SECOND;
const DEACTIVATING_TIME: Millis = 12 * SECOND;
/// How long containers take to exit after SIGTERM.
pub(crate) const STOP_TIME: Millis = 8 * SECOND;
const DEPROVISIONING_TIME: Millis = 5 * SECOND;
/// How long a standalone task runs.
const STANDALONE_RUN_TIME: Millis = 10 * SECOND;

/// Advances a task to `now`.
pub(super) fn step(task: &mut Task, now: Millis) {
    let elapsed = now - task.status_since;
    match task.status {
        TaskStatus::Provisioning => step_provisioning(task, now, elapsed),
        TaskStatus::Pending => step_pending(task, now, elapsed),
        TaskStatus::Activating if elapsed >= ACTIVATING_TIME => run(task, now),
        TaskStatus::Running => step_running(task, now, elapsed),
        TaskStatus::Deactivating if elapsed >= DEACTIVATING_TIME.max(task.drain_time) => {
            set_status(task, TaskStatus::Stopping, now);
        }
        TaskStatus::Stopping if elapsed >= stopping_time(task) => {
            end_containers(task, 143);
            task.times.execution_stopped = Some(now);
            set_status(task, TaskStatus::Deprovisioning, now);
        }
        TaskStatus::Deprovisioning if elapsed >= DEPROVISIONING_TIME => {
            task.times.stopped = Some(now);
            set_status(task, TaskStatus::Stopped, now);
        }
        _ => {}
    }
}

/// Stops a task, as the service scheduler or a user does. A task that is stopping already is left unchanged.
pub(crate) fn stop(task: &mut Task, now: Millis, code: &str, reason: &str) {
    if !task.is_live() {
        return;
    }
    task.stop = Some(StopDetails { code: code.to_owned(), reason: reason.to_owned() });
    task.times.stopping = Some(now);
    let next = match task.status {
        TaskStatus::Running if task.in_target_group => TaskStatus::Deactivating,
        TaskStatus::Running | TaskStatus::Activating => TaskStatus::Stopping,
        _ => TaskStatus::Deprovisioning,
    };
    set_status(task, next, now);
}

/// Returns how long the containers of a task take to exit. A task in a target group drains before, any other
/// one here.
fn stopping_time(task: &Task) -> Millis {
    if task.in_target_group { STOP_TIME } else { STOP_TIME.max(task.drain_time) }
}

fn set_status(task: &mut Task, status: TaskStatus, now: Millis) {
    task.status = status;
    task.status_since = now;
}

fn step_provisioning(task: &mut Task, now: Millis, elapsed: Millis) {
    match task.behavior {
        TaskBehavior::Stuck => {}
        TaskBehavior::Flaky if elapsed >= 8 * SECOND => fail_to_start(task, now),
        _ if elapsed >= PROVISIONING_TIME => {
            task.times.pull_started = Some(now);
            set_status(task, TaskStatus::Pending, now);
        }
        _ => {}
    }
}

fn step_pending(task: &mut Task, now: Millis, elapsed: Millis) {
    let duration = if task.behavior == TaskBehavior::Slow { SLOW_PENDING_TIME } else { PENDING_TIME };
    match task.behavior {
        TaskBehavior::SecretDenied | TaskBehavior::SecretMissing if elapsed >= 4 * SECOND => {
            fail_to_start(task, now);
        }
        TaskBehavior::NoImage | TaskBehavior::Platform if elapsed >= 9 * SECOND => fail_to_start(task, now),
        TaskBehavior::NoNetwork if elapsed >= 20 * SECOND => fail_to_start(task, now),
        _ if elapsed >= duration => {
            // An image that its repository does not have cannot be pulled, whatever the behavior.
            if task.containers.iter().any(|c| c.digest.is_none()) {
                task.behavior = TaskBehavior::NoImage;
                return fail_to_start(task, now);
            }
            task.times.pull_stopped = Some(now);
            match task.behavior {
                TaskBehavior::ExecFormat => fail_to_start(task, now),
                _ if task.in_target_group => set_status(task, TaskStatus::Activating, now),
                _ => run(task, now),
            }
        }
        _ => {}
    }
}

fn run(task: &mut Task, now: Millis) {
    task.times.started = Some(now);
    set_status(task, TaskStatus::Running, now);
}

fn step_running(task: &mut Task, now: Millis, elapsed: Millis) {
    match task.behavior {
        TaskBehavior::Crash if elapsed >= 4 * SECOND => exit_essential_container(task, now, 1, None),
        TaskBehavior::ExitZero if elapsed >= 4 * SECOND => exit_essential_container(task, now, 0, None),
        TaskBehavior::ExitSeven if elapsed >= 6 * SECOND => exit_essential_container(task, now, 7, None),
        TaskBehavior::Oom if elapsed >= 8 * SECOND => {
            exit_essential_container(
                task,
                now,
                137,
                Some("OutOfMemoryError: Container killed due to memory usage"),
            );
        }
        TaskBehavior::Unhealthy | TaskBehavior::TimedOut if elapsed >= 45 * SECOND => {
            let reason = health_check_stop_reason(task);
            stop(task, now, "ServiceSchedulerInitiated", &reason);
            task.has_uncounted_failure = true;
        }
        TaskBehavior::UnhealthyContainer if elapsed >= 35 * SECOND => {
            stop(task, now, "ServiceSchedulerInitiated", "Task failed container health checks");
            task.has_uncounted_failure = true;
        }
        TaskBehavior::UnhealthyContainer if elapsed >= 30 * SECOND => set_health(task, "UNHEALTHY"),
        TaskBehavior::Normal | TaskBehavior::Slow | TaskBehavior::DeadSidecar
            if task.service.is_none() && elapsed >= STANDALONE_RUN_TIME =>
        {
            exit_essential_container(task, now, 0, None);
        }
        TaskBehavior::Normal | TaskBehavior::Slow => update_health(task, elapsed),
        TaskBehavior::DeadSidecar => {
            let others = |c: &&mut Container| !c.is_essential && c.exit_code.is_none();
            task.containers.iter_mut().filter(others).for_each(|container| container.exit_code = Some(1));
            update_health(task, elapsed);
        }
        _ => {}
    }
}

/// Marks a task as healthy once it has run long enough and its health checks have succeeded.
fn update_health(task: &mut Task, elapsed: Millis) {
    let has_health_check = task.containers.iter().any(|c| c.has_health_check);
    if has_health_check && elapsed >= HEALTH_CHECK_TIME {
        set_health(task, "HEALTHY");
    }
    let duration = if has_health_check || task.in_target_group {
        HEALTH_CHECK_TIME.max(MIN_HEALTHY_TIME)
    } else {
        MIN_HEALTHY_TIME
    };
    task.is_healthy |= elapsed >= duration;
}

fn set_health(task: &mut Task, health: &str) {
    for container in task.containers.iter_mut().filter(|c| c.has_health_check) {
        health.clone_into(&mut container.health);
    }
}

/// Stops a task because its essential container has exited.
pub(super) fn exit_essential_container(task: &mut Task, now: Millis, code: i32, reason: Option<&str>) {
    task.stop = Some(StopDetails {
        code: "EssentialContainerExited".to_owned(),
        reason: "Essential container in task exited".to_owned(),
    });
    task.times.stopping = Some(now);
    task.times.execution_stopped = Some(now);
    let failed = task.containers.iter().position(|c| c.is_essential).unwrap_or(0);
    if let Some(container) = task.containers.get_mut(failed) {
        container.exit_code = Some(code);
        container.reason = reason.map(str::to_owned);
    }
    end_containers(task, 143);
    task.has_uncounted_failure = true;
    set_status(task, TaskStatus::Deprovisioning, now);
}

/// Sets the exit code of all containers that have run and have none.
fn end_containers(task: &mut Task, code: i32) {
    if task.times.started.is_none() {
        return;
    }
    for container in task.containers.iter_mut().filter(|c| c.exit_code.is_none()) {
        container.exit_code = Some(code);
    }
}

fn fail_to_start(task: &mut Task, now: Millis) {
    let mut reason = start_failure_reason(task);
    if matches!(task.behavior, TaskBehavior::NoImage | TaskBehavior::Platform | TaskBehavior::ExecFormat) {
        // Only the container that failed has the reason.
        let at = task.containers.iter().position(|c| c.digest.is_none());
        let at = at.or_else(|| task.containers.iter().position(|c| c.is_essential)).unwrap_or(0);
        if let Some(container) = task.containers.get_mut(at) {
            container.reason = Some(reason.clone());
            container.digest = container.digest.take().filter(|_| task.behavior == TaskBehavior::ExecFormat);
        }
    }
    if task.behavior == TaskBehavior::ExecFormat {
        "Task failed to start".clone_into(&mut reason);
    }
    task.stop = Some(StopDetails { code: "TaskFailedToStart".to_owned(), reason });
    task.times.stopping = Some(now);
    task.times.execution_stopped = Some(now);
    task.has_uncounted_failure = true;
    set_status(task, TaskStatus::Deprovisioning, now);
}

fn health_check_stop_reason(task: &Task) -> String {
    match task.fixed_fields.get("targetGroup").and_then(|g| g.as_str()) {
        Some(group) => format!("Task failed ELB health checks in (target-group {group})"),
        None => "Task failed container health checks".to_owned(),
    }
}
