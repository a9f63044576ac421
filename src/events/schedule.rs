//! Events of schedules and EventBridge rules.

use schemars::JsonSchema;
use serde::Serialize;

use crate::outcome::Outcome;

/// What runs a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// EventBridge Scheduler.
    Scheduler,
    /// An EventBridge rule.
    Rule,
}

/// Reported when a schedule or a rule was changed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScheduleApplied {
    /// The schedule's key, or its name where the manifest does not have it.
    pub schedule: String,
    /// The schedule's name in AWS.
    pub name: String,
    pub via: Via,
    pub action: AppliedAction,
}

/// What was done to a schedule or a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppliedAction {
    Created,
    Updated,
    Restored,
    Deleted,
    Enabled,
    Disabled,
    TargetsRemoved,
}

/// Reported by `ecsail schedule list` and `ecsail status` for each schedule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Schedule {
    /// The schedule's key, or its name where the manifest does not have it.
    pub schedule: String,
    /// The schedule's name in AWS.
    pub name: Option<String>,
    pub via: Via,
    /// The schedule group; null for a rule.
    pub group: Option<String>,
    pub state: ScheduleState,
    /// Whether the manifest has it.
    pub in_manifest: bool,
    pub expression: String,
    /// Null is UTC.
    pub timezone: Option<String>,
    /// What the targets run that are the manifest's.
    pub runs: Vec<ScheduledRevision>,
    /// The ids of a rule's targets that are not the manifest's.
    pub foreign: Vec<String>,
    /// How it differs from the manifest, and from the services that its targets are like.
    pub drift: Vec<String>,
    #[serde(flatten)]
    pub next: NextRuns,
}

/// Whether a schedule is enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleState {
    Enabled,
    Disabled,
    /// The manifest has it, and AWS does not.
    Missing,
}

/// What a target of a schedule runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScheduledRevision {
    /// The id of a rule's target; null for a schedule.
    pub target: Option<String>,
    /// Null where the target does not run a task.
    pub revision: Option<String>,
    /// The tag of the revision's images.
    pub tag: Option<String>,
    /// What the service runs that the target is like.
    pub like: Option<LikeService>,
}

/// What the service runs that a target is like.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LikeService {
    pub service: String,
    pub revision: String,
    pub tag: Option<String>,
}

/// When a schedule runs next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct NextRuns {
    /// The next runs with the offset of the schedule's zone, such as `2026-11-23T03:00:00+09:00`.
    pub next: Vec<String>,
    /// How often a rate runs whose times are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
}

/// Reported by `ecsail check` for each schedule of the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScheduleNext {
    /// The schedule's key in the manifest.
    pub schedule: String,
    /// The stages in which it runs so; empty where the manifest has none.
    pub stages: Vec<String>,
    pub expression: String,
    /// Null is UTC.
    pub timezone: Option<String>,
    #[serde(flatten)]
    pub next: NextRuns,
}

/// Reported by `ecsail schedule enable` and `ecsail schedule disable`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScheduleSwitched {
    /// The schedule's key in the manifest.
    pub schedule: String,
    /// The schedule's name in AWS.
    pub name: String,
    /// Whether it is enabled now.
    pub enabled: bool,
    /// Whether that was changed.
    pub changed: bool,
}

/// Reported by `ecsail schedule prune` for each schedule that the manifest does not have, before anything changes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SchedulePrune {
    /// The schedule's name in AWS.
    pub name: String,
    pub via: Via,
    /// The schedule group; null for a rule.
    pub group: Option<String>,
    pub action: SchedulePruneAction,
    /// With `remove_targets`: the ids of the targets.
    pub targets: Vec<String>,
    /// The targets that are kept.
    pub kept: Vec<KeptTarget>,
}

/// What `ecsail schedule prune` does with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchedulePruneAction {
    Delete,
    RemoveTargets,
    Keep,
}

/// A target that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct KeptTarget {
    /// The id of the target.
    pub target: String,
    pub reason: String,
}

/// Reported by `ecsail schedule prune` at its end.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SchedulePruned {
    /// `succeeded`, `unchanged`, `skipped` (a dry run, or the question was declined) or `failed`.
    pub outcome: Outcome,
    /// The number of schedules that were to be removed.
    pub to_remove: usize,
    pub removed: usize,
    /// The number of schedules that could not be removed.
    pub failed: usize,
    pub kept: usize,
}
