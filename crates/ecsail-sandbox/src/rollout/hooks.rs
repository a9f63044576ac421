//! Lifecycle hooks. Owns the life of one hook, not where a deployment stops for it; a PAUSE hook
//! waits for ContinueServiceDeployment, a Lambda one succeeds after a few seconds, unless the name of
//! its function ends with `fails` or `hangs`.

use serde_json::Value;

use crate::ids::Ids;
use crate::model::{Hook, HookStatus};
use crate::state::Millis;

/// How long a Lambda hook takes.
const LAMBDA: Millis = 3000;
/// How long a PAUSE hook waits where it does not say.
const MINUTES: i64 = 1440;

/// Returns the hooks of a deployment configuration, one for each of their stages.
pub(super) fn hooks_of(config: &Value, ids: &mut Ids) -> Vec<Hook> {
    let given = config["lifecycleHooks"].as_array();
    let mut hooks = Vec::new();
    for hook in given.into_iter().flatten() {
        let timeout = &hook["timeoutConfiguration"];
        for stage in hook["lifecycleStages"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            hooks.push(Hook {
                id: ids.uuid(),
                kind: hook["targetType"].as_str().unwrap_or("AWS_LAMBDA").to_owned(),
                target: hook["hookTargetArn"].as_str().map(str::to_owned),
                stage: stage.to_owned(),
                status: HookStatus::Waiting,
                reached: None,
                expires: None,
                minutes: timeout["timeoutInMinutes"].as_i64().unwrap_or(MINUTES),
                on_timeout: timeout["action"].as_str().unwrap_or("ROLLBACK").to_owned(),
            });
        }
    }
    hooks
}

impl Hook {
    /// Returns whether it lets the deployment pass.
    pub(super) fn is_passed(&self) -> bool {
        matches!(self.status, HookStatus::Succeeded) || self.lets_time_pass()
    }

    fn lets_time_pass(&self) -> bool {
        self.status == HookStatus::TimedOut && self.on_timeout == "CONTINUE"
    }

    fn is_pause(&self) -> bool {
        self.kind == "PAUSE"
    }

    fn function(&self) -> &str {
        self.target.as_deref().unwrap_or_default()
    }

    /// Returns whether it comes to an end by itself.
    fn answers(&self) -> bool {
        !self.is_pause() && !self.function().ends_with("hangs")
    }

    /// Returns why a deployment that it sends back is rolled back.
    pub(super) fn complaint(&self) -> String {
        let failed =
            format!("Service deployment rolled back because {} lifecycle hook(s) failed.", self.stage);
        match &self.target {
            Some(target) if self.status == HookStatus::Failed => {
                format!("{failed} Lifecycle hook target {target} returned FAILED status.")
            }
            _ => failed,
        }
    }

    /// Moves an unpassed hook on whose stage has been reached.
    pub(super) fn step(&mut self, now: Millis) {
        match self.status {
            HookStatus::Waiting => {
                self.status = HookStatus::Open;
                self.reached = Some(now);
                self.expires = Some(now + self.minutes * 60_000);
            }
            HookStatus::Open if self.expires.is_some_and(|at| now >= at) => {
                self.status = HookStatus::TimedOut;
            }
            HookStatus::Open if self.answers() && self.reached.is_some_and(|at| now - at >= LAMBDA) => {
                let fails = self.function().ends_with("fails");
                self.status = if fails { HookStatus::Failed } else { HookStatus::Succeeded };
            }
            _ => {}
        }
    }

    /// Returns whether it sends the deployment back.
    pub(super) fn turns_back(&self) -> bool {
        self.status == HookStatus::Failed || self.status == HookStatus::TimedOut && !self.lets_time_pass()
    }
}
