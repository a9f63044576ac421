//! The table of permissions: one file for each kind of command. A new file is added to [`TABLES`].

use super::{Need, Permission, Reach};

mod access;
mod deploy;
mod init;
mod operate;
mod read;
mod rollouts;
mod schedules;
mod secret_store;
mod tasks;
mod verify;

/// All permissions.
pub(super) const TABLES: &[&[Permission]] = &[
    access::ROWS,
    init::ROWS,
    verify::ROWS,
    read::ROWS,
    deploy::ROWS,
    rollouts::ROWS,
    operate::ROWS,
    tasks::ROWS,
    schedules::ROWS,
    secret_store::ROWS,
];

/// The verbs that look up services.
const SERVICES: &[&str] = &[
    "plan",
    "deploy",
    "status",
    "why",
    "history",
    "tasks",
    "images",
    "revisions",
    "wait",
    "rollback",
    "cancel",
    "continue",
    "restart",
    "logs",
    "exec",
    "stop-task",
    "scale",
    "delete",
];
/// The verbs that take the names of services and suggest near misses.
const NAMES: &[&str] = &[
    "status",
    "why",
    "history",
    "tasks",
    "images",
    "revisions",
    "wait",
    "rollback",
    "cancel",
    "continue",
    "restart",
    "logs",
    "exec",
    "stop-task",
    "scale",
    "delete",
    "run",
];
/// The verbs that say why a rollout failed.
const EXPLAIN: &[&str] = &["deploy", "why", "wait", "rollback", "cancel", "continue", "restart"];
/// The verbs that read schedules and rules as they are.
const SCHEDULES: &[&str] = &[
    "plan",
    "deploy",
    "rollback",
    "status",
    "schedule list",
    "schedule diff",
    "schedule run",
    "schedule enable",
    "schedule disable",
    "schedule prune",
    "delete",
];
/// The verbs that also read what the app has beside the manifest.
const OWNED: &[&str] = &["status", "schedule list", "schedule prune", "delete"];
/// The verbs that take the lock of their stage.
const LOCKED: &[&str] = &[
    "deploy",
    "rollback",
    "restart",
    "scale",
    "delete",
    "run",
    "prune",
    "schedule enable",
    "schedule disable",
    "schedule prune",
];
/// The verbs that start tasks.
const TASKS: &[&str] = &["run", "deploy", "schedule run"];

const fn row(verbs: &'static [&'static str], actions: &'static [&'static str], need: Need) -> Permission {
    Permission { verbs, actions, need, resource: None, reach: Reach::Manifest, only_with: None }
}
