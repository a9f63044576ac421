//! The meaning of service events. The rows are in `events/table.rs`.
//!
//! ECS writes the same event as `(service NAME) …`, `service NAME …`, `service (NAME) …` and `(service NAME,
//! taskSet ecs-svc/ID) …`; the rest of the text decides. A text that no row matches is `Unknown`, and kept as it
//! is.

use super::causes::{Retry, any, of_text, plain};

mod table;

pub(super) use table::UNHEALTHY_TARGET;
use table::{ROWS, Row};

/// The severity of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
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
pub enum Kind {
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
    NothingToGoBackTo,
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
    PercentsBlock,
    Throttled,
    RoleInvalid,
    TargetHealthUnreadable,
    NotLaunched,
    ProvisioningLimit,
    TargetMissing,
    PermissionsChanged,
    AgentSilent,
    Unknown,
}

/// The meaning of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Told<'a> {
    pub class: Class,
    pub kind: Kind,
    /// The event without the name of its service.
    pub text: &'a str,
    pub cause: Option<&'static str>,
    pub remedy: Option<&'static str>,
    pub retry_helps: Retry,
    /// A retry with the same definition cannot end otherwise.
    pub deterministic: bool,
    /// It reports that something failed, but not why.
    pub general: bool,
    /// The deployment that it names: the failed one, or the one that ECS rolls back to.
    pub deployment: Option<&'a str>,
    /// The reason that it gives, such as `Health checks failed with these codes: [503]`.
    pub reason: Option<&'a str>,
}

/// Returns the meaning of a service event; also that of ECS's reason for the end of a service deployment.
pub fn read(message: &str) -> Told<'_> {
    let text = without_service(message.trim());
    let compared = plain(text);
    let told = Told {
        class: Class::Unknown,
        kind: Kind::Unknown,
        text,
        cause: None,
        remedy: None,
        retry_helps: Retry::Sometimes,
        deterministic: false,
        general: false,
        deployment: deployment(text),
        reason: reason(text),
    };
    match ROWS.iter().find(|row| row.matches(&compared)) {
        Some(row) => filled(told, row),
        None => told,
    }
}

/// Returns whether an event is one that every rollout has.
pub fn is_noise(message: &str) -> bool {
    matches!(read(message).class, Class::Ok | Class::Info)
}

fn filled<'a>(told: Told<'a>, row: &'static Row) -> Told<'a> {
    let told = Told {
        class: row.class,
        kind: row.kind,
        cause: row.said.map(|(cause, _)| cause),
        remedy: row.said.map(|(_, remedy)| remedy),
        retry_helps: row.retry_helps,
        deterministic: row.deterministic,
        general: row.general,
        ..told
    };
    // The event repeats the reason of a task: the table of causes is more precise about it.
    match told.reason.and_then(|reason| of_text(reason).into_iter().next()).filter(|_| row.quotes) {
        Some(found) => Told {
            cause: Some(found.row.cause),
            remedy: Some(found.row.remedy),
            retry_helps: found.row.retry_helps,
            deterministic: found.row.deterministic,
            general: false,
            ..told
        },
        None => told,
    }
}

impl Row {
    fn matches(&self, compared: &str) -> bool {
        self.all.iter().all(|part| any(part, compared))
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
fn deployment(text: &str) -> Option<&str> {
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
