//! The JSON events: each line of `--output json` is one of these structs, serialized. The schema and the reference of the
//! events are generated from them. Never decides what is reported, and imports no module but `outcome`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

pub mod answer;
pub mod approval;
pub mod autoscaling;
pub mod deletion;
pub mod diagnosis;
pub mod hook;
pub mod import;
pub mod lock;
pub mod notify;
pub mod plan;
pub mod prune;
pub mod reference;
pub mod rollback;
pub mod rollout;
pub mod schedule;
pub mod schema;
pub mod service;
pub mod task;

use answer::{
    Checked, Completions, Docs, Document, DryRun, Error, Explain, Help, InitChecked, InitFile, Man, Note,
    Pushed, Remark, Reset, Scenarios, Serving, ShownSchema,
};
use approval::{Approved, Emergency};
use autoscaling::AutoscalingApplied;
use deletion::{ServiceDeleted, ServiceDeletion};
use hook::{HookEnded, HookLine, HookStarted};
use import::{ImportFile, ImportFinding, ImportFound};
use lock::{Lock, LockTable};
use notify::NotificationPreview;
use plan::{Created, Deregistered, Plan, Registered, Updated};
use prune::{Deleted, Prune, PruneRevision, Revision};
use rollback::{RollbackTarget, ScheduleRollback};
use rollout::{
    Continued, ReleaseEnded, RolloutEvent, RolloutProgress, RolloutRollbackStarted, RolloutSettled, Started,
    Unchanged,
};
use schedule::{Schedule, ScheduleApplied, ScheduleNext, SchedulePrune, SchedulePruned, ScheduleSwitched};
use service::{History, Image, Log, Promoted, Scaled, Status, Stopping, Task};
use task::{TaskEnded, TaskLine, TaskProgress, TaskStarted};

/// The name of an event, and the schema of its fields.
pub(crate) struct EventType {
    pub(crate) name: &'static str,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
}

/// Defines [`JsonEvent`] and the list of all events.
macro_rules! json_events {
    ($($name:literal => $event:ident,)*) => {
        /// One line of `--output json`.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "event")]
        #[allow(clippy::large_enum_variant, reason = "an event is made, written and dropped")]
        pub enum JsonEvent {
            $(#[serde(rename = $name)] $event($event),)*
        }

        /// All events, in the order of the reference.
        pub(crate) const EVENT_TYPES: &[EventType] =
            &[$(EventType { name: $name, schema: <$event as JsonSchema>::json_schema },)*];
    };
}

json_events! {
    "note" => Note,
    "remark" => Remark,
    "error" => Error,
    "plan" => Plan,
    "dry_run" => DryRun,
    "registered" => Registered,
    "created" => Created,
    "updated" => Updated,
    "unchanged" => Unchanged,
    "started" => Started,
    "rollout.progress" => RolloutProgress,
    "rollout.event" => RolloutEvent,
    "rollout.rollback_started" => RolloutRollbackStarted,
    "rollout.settled" => RolloutSettled,
    "release.ended" => ReleaseEnded,
    "promoted" => Promoted,
    "rollback.target" => RollbackTarget,
    "schedule.rollback" => ScheduleRollback,
    "continued" => Continued,
    "scaled" => Scaled,
    "delete.service" => ServiceDeletion,
    "service.deleted" => ServiceDeleted,
    "stopping" => Stopping,
    "task.started" => TaskStarted,
    "task.progress" => TaskProgress,
    "task.line" => TaskLine,
    "task.ended" => TaskEnded,
    "hook.started" => HookStarted,
    "hook.line" => HookLine,
    "hook.ended" => HookEnded,
    "approved" => Approved,
    "emergency" => Emergency,
    "lock" => Lock,
    "lock.table" => LockTable,
    "notification" => NotificationPreview,
    "status" => Status,
    "history" => History,
    "task" => Task,
    "image" => Image,
    "log" => Log,
    "schedule" => Schedule,
    "schedule.next" => ScheduleNext,
    "schedule.applied" => ScheduleApplied,
    "autoscaling.applied" => AutoscalingApplied,
    "schedule.switched" => ScheduleSwitched,
    "schedule.prune" => SchedulePrune,
    "schedule.pruned" => SchedulePruned,
    "revision" => Revision,
    "prune.revision" => PruneRevision,
    "deregistered" => Deregistered,
    "deleted" => Deleted,
    "prune" => Prune,
    "document" => Document,
    "checked" => Checked,
    "init.file" => InitFile,
    "init.checked" => InitChecked,
    "import.found" => ImportFound,
    "import.finding" => ImportFinding,
    "import.file" => ImportFile,
    "explain" => Explain,
    "schema" => ShownSchema,
    "completions" => Completions,
    "man" => Man,
    "help" => Help,
    "docs" => Docs,
    "serving" => Serving,
    "scenarios" => Scenarios,
    "pushed" => Pushed,
    "reset" => Reset,
}

/// An event as it is written: with the mark of the sandbox.
#[derive(Debug, Serialize)]
pub struct JsonLine<'a> {
    #[serde(flatten)]
    pub event: &'a JsonEvent,
    /// Whether it happened in the sandbox; absent elsewhere.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
}
