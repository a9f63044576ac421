//! The progress of a lifecycle hook.
//!
//! A PAUSE hook waits for `ContinueServiceDeployment`. A Lambda hook succeeds after a few seconds, unless the
//! name of its function ends with `fails` or `hangs`.

use serde_json::Value;

use crate::ids::Ids;
use crate::model::{HookStatus, LifecycleHook};
use crate::time::Millis;

/// How long a Lambda function takes.
const LAMBDA_DURATION: Millis = 3000;
/// The timeout of a hook that has none configured.
const DEFAULT_TIMEOUT_MINUTES: i64 = 1440;

/// Returns the hooks of a deployment configuration: one for each stage of each hook.
pub(super) fn lifecycle_hooks(config: &Value, ids: &mut Ids) -> Vec<LifecycleHook> {
    let given = config["lifecycleHooks"].as_array();
    let mut hooks = Vec::new();
    for hook in given.into_iter().flatten() {
        let timeout = &hook["timeoutConfiguration"];
        for stage in hook["lifecycleStages"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            hooks.push(LifecycleHook {
                id: ids.uuid(),
                target_type: hook["targetType"].as_str().unwrap_or("AWS_LAMBDA").to_owned(),
                target_arn: hook["hookTargetArn"].as_str().map(str::to_owned),
                stage: stage.to_owned(),
                status: HookStatus::NotReached,
                reached_at: None,
                expires_at: None,
                timeout_minutes: timeout["timeoutInMinutes"].as_i64().unwrap_or(DEFAULT_TIMEOUT_MINUTES),
                timeout_action: timeout["action"].as_str().unwrap_or("ROLLBACK").to_owned(),
            });
        }
    }
    hooks
}

impl LifecycleHook {
    /// Returns whether the deployment may go on.
    pub(super) fn is_passed(&self) -> bool {
        matches!(self.status, HookStatus::Succeeded) || self.continues_on_timeout()
    }

    fn continues_on_timeout(&self) -> bool {
        self.status == HookStatus::TimedOut && self.timeout_action == "CONTINUE"
    }

    fn is_pause(&self) -> bool {
        self.target_type == "PAUSE"
    }

    fn function(&self) -> &str {
        self.target_arn.as_deref().unwrap_or_default()
    }

    /// Returns whether the hook ends without `ContinueServiceDeployment` and before its timeout.
    fn is_self_completing(&self) -> bool {
        !self.is_pause() && !self.function().ends_with("hangs")
    }

    /// Returns the status reason of a deployment that the hook rolls back.
    pub(super) fn rollback_reason(&self) -> String {
        let failed =
            format!("Service deployment rolled back because {} lifecycle hook(s) failed.", self.stage);
        match &self.target_arn {
            Some(target) if self.status == HookStatus::Failed => {
                format!("{failed} Lifecycle hook target {target} returned FAILED status.")
            }
            _ => failed,
        }
    }

    /// Advances a hook whose stage has been reached.
    pub(super) fn step(&mut self, now: Millis) {
        match self.status {
            HookStatus::NotReached => {
                self.status = HookStatus::InProgress;
                self.reached_at = Some(now);
                self.expires_at = Some(now + self.timeout_minutes * 60_000);
            }
            HookStatus::InProgress if self.expires_at.is_some_and(|at| now >= at) => {
                self.status = HookStatus::TimedOut;
            }
            HookStatus::InProgress
                if self.is_self_completing()
                    && self.reached_at.is_some_and(|at| now - at >= LAMBDA_DURATION) =>
            {
                let fails = self.function().ends_with("fails");
                self.status = if fails { HookStatus::Failed } else { HookStatus::Succeeded };
            }
            _ => {}
        }
    }

    /// Returns whether the hook rolls the deployment back.
    pub(super) fn rolls_back(&self) -> bool {
        self.status == HookStatus::Failed
            || self.status == HookStatus::TimedOut && !self.continues_on_timeout()
    }
}
