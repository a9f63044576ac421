//! What a policy is for, as the verbs that it allows.

use clap::ValueEnum;

use super::verbs;

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Purpose {
    /// Deploy: `deploy`, `apply`, `promote` and `plan`
    Deploy,
    /// Look at what would change: `plan`, `check --lookups`, `render` and `schedule diff`
    Plan,
    /// Verify what documents name: `verify`
    Verify,
    /// Operate what runs: `status`, `logs`, `wait`, `rollback`, `restart`, `scale`, `approve` and others
    Operate,
    /// Run one-off tasks: `run`
    Run,
    /// Operate schedules: the commands of `schedule`
    Schedules,
    /// Remove: `delete` and `prune`
    Delete,
    /// Everything, `init` and `lock init` too
    All,
}

impl Purpose {
    /// All purposes, in the order of the help.
    pub const EACH: &[Purpose] = &[
        Purpose::Deploy,
        Purpose::Plan,
        Purpose::Verify,
        Purpose::Operate,
        Purpose::Run,
        Purpose::Schedules,
        Purpose::Delete,
        Purpose::All,
    ];

    /// Returns the verbs that a policy of this purpose allows.
    pub fn verbs(self) -> &'static [&'static str] {
        match self {
            Purpose::Deploy => &["deploy", "apply", "promote", "plan", "check", "render"],
            Purpose::Plan => &["plan", "check", "render", "schedule diff"],
            Purpose::Verify => &["verify"],
            Purpose::Operate => &[
                "approve",
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
                "lock status",
                "lock hold",
                "lock release",
            ],
            Purpose::Run => &["run"],
            Purpose::Schedules => &[
                "schedule list",
                "schedule diff",
                "schedule run",
                "schedule enable",
                "schedule disable",
                "schedule prune",
            ],
            Purpose::Delete => &["delete", "prune"],
            Purpose::All => verbs(),
        }
    }
}
