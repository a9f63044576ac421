//! The life of one task, from PROVISIONING to STOPPED. Owns how long each phase takes and what a
//! fate does to it; never looks at the service.

use super::reasons::reason;
use crate::model::{Phase, Stop, Task};
use crate::script::Fate;
use crate::state::Millis;

const SECOND: Millis = 1000;
const PROVISIONING: Millis = 14 * SECOND;
const PENDING: Millis = 24 * SECOND;
const PENDING_SLOWLY: Millis = 180 * SECOND;
const ACTIVATING: Millis = 4 * SECOND;
/// How long a task runs before its deployment counts on it.
const PROBATION: Millis = 15 * SECOND;
/// How long the health checks of a container or a target group take to say yes.
pub(crate) const CHECKING: Millis = 18 * SECOND;
const DEACTIVATING: Millis = 12 * SECOND;
/// How long containers take to end once they are told to.
pub(crate) const STOPPING: Millis = 8 * SECOND;
const DEPROVISIONING: Millis = 5 * SECOND;
/// How long a task outside a service works before it is done.
const WORK: Millis = 10 * SECOND;

/// Moves a task on to `now`.
pub(super) fn step(task: &mut Task, now: Millis) {
    let elapsed = now - task.since;
    match task.phase {
        Phase::Provisioning => provisioning(task, now, elapsed),
        Phase::Pending => pending(task, now, elapsed),
        Phase::Activating if elapsed >= ACTIVATING => run(task, now),
        Phase::Running => running(task, now, elapsed),
        Phase::Deactivating if elapsed >= DEACTIVATING.max(task.lingers) => enter(task, Phase::Stopping, now),
        Phase::Stopping if elapsed >= stopping(task) => {
            end_containers(task, 143);
            task.times.execution_stopped = Some(now);
            enter(task, Phase::Deprovisioning, now);
        }
        Phase::Deprovisioning if elapsed >= DEPROVISIONING => {
            task.times.stopped = Some(now);
            enter(task, Phase::Stopped, now);
        }
        _ => {}
    }
}

/// Tells a task to stop, as the scheduler or a user does; does nothing to one that is stopping already.
pub(crate) fn stop(task: &mut Task, now: Millis, code: &str, reason: &str) {
    if !task.is_live() {
        return;
    }
    task.stop = Some(Stop { code: code.to_owned(), reason: reason.to_owned() });
    task.times.stopping = Some(now);
    let next = match task.phase {
        Phase::Running if task.targeted => Phase::Deactivating,
        Phase::Running | Phase::Activating => Phase::Stopping,
        _ => Phase::Deprovisioning,
    };
    enter(task, next, now);
}

/// Returns how long a task's containers take to end: one without connections to drain lingers here.
fn stopping(task: &Task) -> Millis {
    if task.targeted { STOPPING } else { STOPPING.max(task.lingers) }
}

fn enter(task: &mut Task, phase: Phase, now: Millis) {
    task.phase = phase;
    task.since = now;
}

fn provisioning(task: &mut Task, now: Millis, elapsed: Millis) {
    match task.fate {
        Fate::Stuck => {}
        Fate::Flaky if elapsed >= 8 * SECOND => fail_to_start(task, now),
        _ if elapsed >= PROVISIONING => {
            task.times.pull_started = Some(now);
            enter(task, Phase::Pending, now);
        }
        _ => {}
    }
}

fn pending(task: &mut Task, now: Millis, elapsed: Millis) {
    let takes = if task.fate == Fate::Slow { PENDING_SLOWLY } else { PENDING };
    match task.fate {
        Fate::SecretDenied | Fate::SecretMissing if elapsed >= 4 * SECOND => fail_to_start(task, now),
        Fate::NoImage | Fate::Platform if elapsed >= 9 * SECOND => fail_to_start(task, now),
        Fate::NoNetwork if elapsed >= 20 * SECOND => fail_to_start(task, now),
        _ if elapsed >= takes => {
            // An image that its own repository does not have cannot be pulled, whatever the fate.
            if task.containers.iter().any(|c| c.digest.is_none()) {
                task.fate = Fate::NoImage;
                return fail_to_start(task, now);
            }
            task.times.pull_stopped = Some(now);
            match task.fate {
                Fate::ExecFormat => fail_to_start(task, now),
                _ if task.targeted => enter(task, Phase::Activating, now),
                _ => run(task, now),
            }
        }
        _ => {}
    }
}

fn run(task: &mut Task, now: Millis) {
    task.times.started = Some(now);
    enter(task, Phase::Running, now);
}

fn running(task: &mut Task, now: Millis, elapsed: Millis) {
    match task.fate {
        Fate::Crash if elapsed >= 4 * SECOND => exit(task, now, 1, None),
        Fate::ExitZero if elapsed >= 4 * SECOND => exit(task, now, 0, None),
        Fate::ExitSeven if elapsed >= 6 * SECOND => exit(task, now, 7, None),
        Fate::Oom if elapsed >= 8 * SECOND => {
            exit(task, now, 137, Some("OutOfMemoryError: Container killed due to memory usage"));
        }
        Fate::Unhealthy | Fate::TimedOut if elapsed >= 45 * SECOND => {
            let reason = unhealthy(task);
            stop(task, now, "ServiceSchedulerInitiated", &reason);
            task.failed = true;
        }
        Fate::UnhealthyContainer if elapsed >= 35 * SECOND => {
            stop(task, now, "ServiceSchedulerInitiated", "Task failed container health checks");
            task.failed = true;
        }
        Fate::UnhealthyContainer if elapsed >= 30 * SECOND => set_health(task, "UNHEALTHY"),
        Fate::Good | Fate::Slow if task.service.is_none() && elapsed >= WORK => exit(task, now, 0, None),
        Fate::Good | Fate::Slow => settle(task, elapsed),
        _ => {}
    }
}

/// Lets a good task become healthy once its probation and its health checks are over.
fn settle(task: &mut Task, elapsed: Millis) {
    let checked = task.containers.iter().any(|c| c.checked);
    if checked && elapsed >= CHECKING {
        set_health(task, "HEALTHY");
    }
    let takes = if checked || task.targeted { CHECKING.max(PROBATION) } else { PROBATION };
    task.healthy |= elapsed >= takes;
}

fn set_health(task: &mut Task, health: &str) {
    for container in task.containers.iter_mut().filter(|c| c.checked) {
        health.clone_into(&mut container.health);
    }
}

/// Ends a task because its essential container has ended by itself.
pub(super) fn exit(task: &mut Task, now: Millis, code: i32, reason: Option<&str>) {
    task.stop = Some(Stop {
        code: "EssentialContainerExited".to_owned(),
        reason: "Essential container in task exited".to_owned(),
    });
    task.times.stopping = Some(now);
    task.times.execution_stopped = Some(now);
    let culprit = task.containers.iter().position(|c| c.essential).unwrap_or(0);
    if let Some(container) = task.containers.get_mut(culprit) {
        container.exit_code = Some(code);
        container.reason = reason.map(str::to_owned);
    }
    end_containers(task, 143);
    task.failed = true;
    enter(task, Phase::Deprovisioning, now);
}

/// Gives an exit code to every container that ran and has none yet.
fn end_containers(task: &mut Task, code: i32) {
    if task.times.started.is_none() {
        return;
    }
    for container in task.containers.iter_mut().filter(|c| c.exit_code.is_none()) {
        container.exit_code = Some(code);
    }
}

fn fail_to_start(task: &mut Task, now: Millis) {
    let mut reason = reason(task);
    if matches!(task.fate, Fate::NoImage | Fate::Platform | Fate::ExecFormat) {
        // Only the container that is at fault carries the reason.
        let at = task.containers.iter().position(|c| c.digest.is_none());
        let at = at.or_else(|| task.containers.iter().position(|c| c.essential)).unwrap_or(0);
        if let Some(container) = task.containers.get_mut(at) {
            container.reason = Some(reason.clone());
            container.digest = container.digest.take().filter(|_| task.fate == Fate::ExecFormat);
        }
    }
    if task.fate == Fate::ExecFormat {
        "Task failed to start".clone_into(&mut reason);
    }
    task.stop = Some(Stop { code: "TaskFailedToStart".to_owned(), reason });
    task.times.stopping = Some(now);
    task.times.execution_stopped = Some(now);
    task.failed = true;
    enter(task, Phase::Deprovisioning, now);
}

fn unhealthy(task: &Task) -> String {
    match task.fixed.get("targetGroup").and_then(|g| g.as_str()) {
        Some(group) => format!("Task failed ELB health checks in (target-group {group})"),
        None => "Task failed container health checks".to_owned(),
    }
}
