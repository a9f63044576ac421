//! The meaning of service events. The rows are in `events/table.rs`.
//!
//! ECS writes the same event as `(service NAME) …`, `service NAME …`, `service (NAME) …` and `(service NAME,
//! taskSet ecs-svc/ID) …`; the rest of the text decides. A text that no row matches is `Unknown`, and kept as it
//! is.

use super::causes::{Retry, contains_any, match_text, normalize};

mod table;

pub(super) use table::UNHEALTHY_TARGET;
use table::{EventRow, ROWS};

/// The severity of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventClass {
    /// The service or the deployment is where it should be.
    Ok,
    /// Every rollout has it.
    Info,
    /// A problem that may resolve itself.
    Warn,
    /// Something failed.
    Fail,
    /// No row matches it.
    Unknown,
}

/// Which event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    SteadyState,
    DeploymentCompleted,
    TasksStarted,
    TasksReplaced,
    TasksStopped,
    PendingStopped,
    TargetsRegistered,
    TargetsDeregistered,
    Draining,
    ZonesBalanced,
    ZonesRebalancing,
    ZonesStarted,
    ZonesEnded,
    DeploymentFailed,
    AlarmDetected,
    HookFailed,
    NetworkInvalid,
    NoRollbackCandidate,
    BreakerTripped,
    StopRequested,
    RollingBack,
    StartsImpaired,
    TargetUnhealthy,
    ContainerUnhealthy,
    NoInstanceFits,
    QuotaReached,
    NoCapacity,
    SizeAboveLimit,
    InternalError,
    StartFailed,
    NoInstances,
    TasksProtected,
    PercentsBlockDeployment,
    Throttled,
    RoleInvalid,
    TargetHealthUnreadable,
    NotLaunched,
    ProvisioningLimit,
    TargetMissing,
    PermissionsChanged,
    AgentTimeout,
    Unknown,
}

/// The meaning of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct EventMeaning<'a> {
    pub class: EventClass,
    pub kind: EventKind,
    /// The event without the name of its service.
    pub text: &'a str,
    pub cause: Option<&'static str>,
    pub remedy: Option<&'static str>,
    pub retry_helps: Retry,
    /// A retry with the same definition cannot end otherwise.
    pub is_deterministic: bool,
    /// It reports that something failed, but not why.
    pub is_general: bool,
    /// The deployment that it names: the failed one, or the one that ECS rolls back to.
    pub deployment: Option<&'a str>,
    /// The reason that it gives, such as `Health checks failed with these codes: [503]`.
    pub reason: Option<&'a str>,
}

/// Returns the meaning of a service event; also that of ECS's reason for the end of a service deployment.
pub fn read_event(message: &str) -> EventMeaning<'_> {
    let text = without_service(message.trim());
    let compared = normalize(text);
    let told = EventMeaning {
        class: EventClass::Unknown,
        kind: EventKind::Unknown,
        text,
        cause: None,
        remedy: None,
        retry_helps: Retry::Sometimes,
        is_deterministic: false,
        is_general: false,
        deployment: deployment_id(text),
        reason: reason(text),
    };
    match ROWS.iter().find(|row| row.matches(&compared)) {
        Some(row) => with_row(told, row),
        None => told,
    }
}

/// Returns whether an event is one that every rollout has.
pub fn is_routine(message: &str) -> bool {
    matches!(read_event(message).class, EventClass::Ok | EventClass::Info)
}

fn with_row<'a>(told: EventMeaning<'a>, row: &'static EventRow) -> EventMeaning<'a> {
    let told = EventMeaning {
        class: row.class,
        kind: row.kind,
        cause: row.text.map(|(cause, _)| cause),
        remedy: row.text.map(|(_, remedy)| remedy),
        retry_helps: row.retry_helps,
        is_deterministic: row.is_deterministic,
        is_general: row.is_general,
        ..told
    };
    // The event repeats the reason of a task: the table of causes is more precise about it.
    match told.reason.and_then(|reason| match_text(reason).into_iter().next()).filter(|_| row.quotes_reason) {
        Some(found) => EventMeaning {
            cause: Some(found.row.cause),
            remedy: Some(found.row.remedy),
            retry_helps: found.row.retry_helps,
            is_deterministic: found.row.is_deterministic,
            is_general: false,
            ..told
        },
        None => told,
    }
}

impl EventRow {
    fn matches(&self, compared: &str) -> bool {
        self.patterns.iter().all(|part| contains_any(part, compared))
    }
}

/// Returns an event without its service's name, in any of ECS's forms.
fn without_service(message: &str) -> &str {
    let named = |text: &'static str| message.strip_prefix(text);
    if let Some(rest) = named("(service ") {
        return rest.split_once(") ").map_or(message, |(_, text)| text);
    }
    let Some(rest) = named("service ") else { return message };
    let text = match rest.strip_prefix('(') {
        Some(name) => name.split_once(") "),
        None => rest.split_once(' '),
    };
    text.map_or(message, |(_, text)| text)
}

/// Returns the id of the deployment that an event names.
fn deployment_id(text: &str) -> Option<&str> {
    let at = text.find("ecs-svc/").filter(|_| text.contains("deployment"))?;
    let id = text[at..].split(|c: char| !(c.is_ascii_alphanumeric() || "/-_".contains(c))).next()?;
    (id.len() > "ecs-svc/".len()).then_some(id)
}

/// Returns the reason that an event gives: `(reason …)`, `(error …)`, or everything after `Reason: `.
fn reason(text: &str) -> Option<&str> {
    let behind = |mark: &str| text.split_once(mark).map(|(_, rest)| rest);
    if let Some(rest) = behind("(reason ").or_else(|| behind("(error ")) {
        let rest = rest.strip_suffix('.').unwrap_or(rest);
        return Some(rest.strip_suffix(')').unwrap_or(rest).trim_end_matches('.'));
    }
    behind("Reason: ").map(str::trim)
}

#[cfg(test)]
mod tests;
