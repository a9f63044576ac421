//! Defines where the execution of a plan reports what it changed. Never shows anything itself.

use crate::aws::types::Via;

/// Where the execution of a plan reports what it changed.
pub trait ApplyReporter {
    /// Reports something worth knowing that stops nothing.
    fn note(&self, text: &str);
    /// Reports that a revision was registered.
    fn registered(&self, revision: &str);
    /// Reports that a revision was deregistered or deleted, as the `done`th of `of` steps.
    fn retired(&self, revision: &str, deleted: bool, done: usize, of: usize);
    /// Reports that a service was created, with its first deployment.
    fn created(&self, service: &str, revision: &str, deployment: Option<&str>);
    /// Reports that a service was updated; without a deployment where only its attributes changed.
    fn updated(&self, service: &str, revision: &str, deployment: Option<&str>);
    /// Reports that a rollback begins: the call that begins it, and the revision that the service returns to.
    fn rolling_back(&self, service: &str, by: &str, to: Option<&str>);
    /// Reports that a schedule or a rule was changed.
    fn schedule_applied(&self, schedule: &str, name: &str, via: Via, action: ScheduleAction);
    /// Reports that the autoscaling of a service was changed.
    fn autoscaling_applied(&self, service: &str, action: AutoscalingAction);
}

/// What was done to the autoscaling of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoscalingAction {
    Created,
    Updated,
    Restored,
}

impl AutoscalingAction {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            AutoscalingAction::Created => "created",
            AutoscalingAction::Updated => "updated",
            AutoscalingAction::Restored => "restored",
        }
    }
}

/// What was done to a schedule or a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleAction {
    Created,
    Updated,
    Restored,
    Deleted,
    Enabled,
    Disabled,
    TargetsRemoved,
}

impl ScheduleAction {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            ScheduleAction::Created => "created",
            ScheduleAction::Updated => "updated",
            ScheduleAction::Restored => "restored",
            ScheduleAction::Deleted => "deleted",
            ScheduleAction::Enabled => "enabled",
            ScheduleAction::Disabled => "disabled",
            ScheduleAction::TargetsRemoved => "targets_removed",
        }
    }
}
