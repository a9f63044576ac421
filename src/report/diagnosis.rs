//! Turns the explanation of a failure into the form that events carry.

use crate::aws::types::{self, TargetHealth};
use crate::diagnose::log::Log;
use crate::diagnose::{ContainerEnd, Diagnosis, Explained, Retry};
use crate::events::diagnosis as events;

/// The explanation, as events carry it.
pub fn event(diagnosis: &Diagnosis) -> events::Diagnosis {
    events::Diagnosis {
        task: diagnosis.task.clone(),
        task_definition: diagnosis.task_definition.clone(),
        failed_tasks: diagnosis.failed_tasks,
        stop_code: diagnosis.stop_code.as_ref().map(ToString::to_string),
        stopped_reason: diagnosis.stopped_reason.clone(),
        stopped_at: diagnosis.stopped_at,
        containers: diagnosis.containers.iter().map(container).collect(),
        targets: diagnosis.targets.iter().map(health_target).collect(),
        events: diagnosis.events.iter().map(message).collect(),
        log: diagnosis.log.as_ref().map(log),
        causes: diagnosis.causes.iter().map(cause).collect(),
    }
}

fn container(container: &ContainerEnd) -> events::ContainerEnd {
    events::ContainerEnd {
        name: container.name.clone(),
        exit_code: container.exit_code,
        reason: container.reason.clone(),
        failing: container.failing,
    }
}

/// The health of a load balancer target, as events carry it.
pub fn health_target(target: &TargetHealth) -> events::HealthTarget {
    events::HealthTarget {
        group: target.group.clone(),
        target: target.target.clone(),
        port: target.port,
        state: target.state.clone(),
        reason: target.reason.clone(),
        description: target.description.clone(),
    }
}

fn message(event: &types::Event) -> events::ServiceMessage {
    events::ServiceMessage { at: event.created_at.0, message: event.message.clone() }
}

fn log(log: &Log) -> events::LastLogLines {
    events::LastLogLines {
        group: log.group.clone(),
        stream: log.stream.clone(),
        lines: log.lines.clone(),
        note: log.note.clone(),
    }
}

fn cause(cause: &Explained) -> events::Cause {
    events::Cause {
        cause: cause.cause.clone(),
        remedy: cause.remedy.clone(),
        retry_helps: retry_helps(cause.retry_helps),
        evidence: cause.evidence.clone(),
        count: cause.count,
    }
}

/// Whether another attempt helps, as events carry it.
pub fn retry_helps(retry: Retry) -> events::RetryHelps {
    match retry {
        Retry::No => events::RetryHelps::No,
        Retry::Sometimes => events::RetryHelps::Sometimes,
        Retry::Yes => events::RetryHelps::Yes,
    }
}
