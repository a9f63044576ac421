//! The IAM permissions of each verb: data for the reference and for policies. A test holds it against the calls that the
//! verbs make in the sandbox.

/// One or more actions that verbs need together.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// The verbs, as on the command line: `deploy`, `schedule run`.
    pub verbs: &'static [&'static str],
    /// IAM actions: `ecs:UpdateService`.
    pub actions: &'static [&'static str],
    pub need: Need,
}

/// Whether a verb works without an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The verb fails without it.
    Always,
    /// The verb needs it in this case.
    Where(&'static str),
    /// The verb works without it, and this is lost.
    Optional(&'static str),
}

mod table;

pub use table::PERMISSIONS;

/// All verbs that call AWS, but those that do so for look-ups alone.
const ALL: &[&str] = &[
    "init",
    "plan",
    "approve",
    "deploy",
    "apply",
    "promote",
    "status",
    "why",
    "history",
    "tasks",
    "images",
    "revisions",
    "prune",
    "wait",
    "rollback",
    "cancel",
    "continue",
    "restart",
    "logs",
    "exec",
    "run",
    "schedule list",
    "schedule diff",
    "schedule run",
    "schedule enable",
    "schedule disable",
    "schedule prune",
    "stop-task",
    "scale",
    "lock init",
    "lock status",
    "lock hold",
    "lock release",
    "secret put",
    "secret list",
    "secret diff",
    "secret from-kms",
    "secret encrypt",
    "secret decrypt",
    "delete",
];

/// The verbs that may look something up: all that call AWS, and those that call it for look-ups alone.
const LOOKUPS: &[&str] = &{
    let mut verbs = [""; ALL.len() + 2];
    verbs[0] = "check";
    verbs[1] = "render";
    let mut at = 0;
    while at < ALL.len() {
        verbs[at + 2] = ALL[at];
        at += 1;
    }
    verbs
};

/// Returns the verbs that call AWS, in the order of the help.
pub fn verbs() -> &'static [&'static str] {
    LOOKUPS
}

/// Returns the permissions of a verb.
///
/// `apply` and `promote` make the calls of `deploy`.
pub fn of(verb: &str) -> impl Iterator<Item = &'static Permission> {
    let verb = if matches!(verb, "apply" | "promote") { "deploy" } else { verb };
    PERMISSIONS.iter().filter(move |permission| permission.verbs.contains(&verb))
}
