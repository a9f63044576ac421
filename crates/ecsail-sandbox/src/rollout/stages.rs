//! The lifecycle stages of a deployment: how long each takes, where hooks stop it, and how much traffic the
//! new revision has.

use serde_json::Value;

use super::service_step::ServiceStep;
use crate::model::{LifecycleHook, ServiceDeployment, ServiceDeploymentStatus};
use crate::time::Millis;

const STAGES: &[&str] = &[
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
];
const SCALE_UP: usize = 2;
const TEST_TRAFFIC: usize = 4;
const PRODUCTION_TRAFFIC: usize = 7;
const CLEAN_UP: usize = 10;

const SECOND: Millis = 1000;
const MINUTE: Millis = 60 * SECOND;

impl ServiceDeployment {
    /// Returns whether tasks are replaced within the percentages, not by a second full set.
    pub(crate) fn is_rolling(&self) -> bool {
        matches!(self.config["strategy"].as_str(), None | Some("ROLLING"))
    }

    /// Returns the number of healthy tasks that completes the deployment before the previous tasks have
    /// stopped, if early success is configured.
    pub(crate) fn early_success_tasks(&self, desired: usize) -> Option<usize> {
        let early = &self.config["earlySuccessCriteria"];
        let deferred = early["enable"] == true && early["sourceServiceRevisionCleanup"] == "DEFERRED";
        let percent = early["healthyPercent"].as_u64().unwrap_or(100) as usize;
        let applies = deferred && self.is_rolling() && self.status == ServiceDeploymentStatus::InProgress;
        applies.then(|| (percent * desired).div_ceil(100))
    }

    /// Returns the current stage in the API's spelling.
    pub(crate) fn stage_name(&self) -> &'static str {
        match STAGES[self.stage.min(CLEAN_UP)] {
            // Documented as a stage of hooks, but not a value of `lifecycleStage`.
            "PRE_PRODUCTION_TRAFFIC_SHIFT" => "PRODUCTION_TRAFFIC_SHIFT",
            name => name,
        }
    }

    /// Returns the percentages of test and production traffic of the new revision.
    pub(crate) fn traffic(&self, now: Millis) -> (f64, f64) {
        let forward =
            matches!(self.status, ServiceDeploymentStatus::InProgress | ServiceDeploymentStatus::Successful);
        let stage = if forward { self.stage } else { 0 };
        let test = if stage >= TEST_TRAFFIC { 100.0 } else { 0.0 };
        let production = match stage {
            PRODUCTION_TRAFFIC => self.shifted_traffic(now),
            stage if stage > PRODUCTION_TRAFFIC => 100.0,
            _ => 0.0,
        };
        (test, production)
    }

    /// Returns the percentage of production traffic while it is being shifted.
    fn shifted_traffic(&self, now: Millis) -> f64 {
        let elapsed = now - self.stage_since.unwrap_or(now);
        let linear = &self.config["linearConfiguration"];
        let canary = &self.config["canaryConfiguration"];
        match self.config["strategy"].as_str() {
            Some("CANARY") => canary["canaryPercent"].as_f64().unwrap_or(5.0),
            Some("LINEAR") => {
                let bake = linear["stepBakeTimeInMinutes"].as_i64().unwrap_or(6).max(1) * MINUTE;
                let step = linear["stepPercent"].as_f64().unwrap_or(10.0);
                (step * (1 + elapsed / bake) as f64).min(100.0)
            }
            _ => 100.0,
        }
    }

    /// Returns the duration of a stage, without its hooks.
    fn stage_duration(&self, stage: usize) -> Millis {
        let linear = &self.config["linearConfiguration"];
        let canary = &self.config["canaryConfiguration"];
        match (STAGES[stage], self.config["strategy"].as_str()) {
            ("BAKE_TIME", _) => minutes(&self.config["bakeTimeInMinutes"], 0),
            (_, None | Some("ROLLING")) => 0,
            ("TEST_TRAFFIC_SHIFT", _) => 4 * SECOND,
            ("PRODUCTION_TRAFFIC_SHIFT", Some("CANARY")) => minutes(&canary["canaryBakeTimeInMinutes"], 10),
            ("PRODUCTION_TRAFFIC_SHIFT", Some("LINEAR")) => {
                let steps = (100.0 / linear["stepPercent"].as_f64().unwrap_or(10.0)).ceil() as i64;
                minutes(&linear["stepBakeTimeInMinutes"], 6) * steps
            }
            ("PRODUCTION_TRAFFIC_SHIFT", _) => 6 * SECOND,
            ("POST_SCALE_UP" | "POST_TEST_TRAFFIC_SHIFT" | "POST_PRODUCTION_TRAFFIC_SHIFT", _) => 2 * SECOND,
            _ => 0,
        }
    }

    /// Advances through the stages as far as hooks, time and the new tasks allow. Returns the reason of a
    /// hook that rolls the deployment back.
    fn advance_stages(&mut self, now: Millis, up: bool) -> Option<String> {
        while self.stage < CLEAN_UP && self.status == ServiceDeploymentStatus::InProgress {
            let name = STAGES[self.stage];
            let since = *self.stage_since.get_or_insert(now);
            if self.stage == SCALE_UP && !up {
                return None;
            }
            if let Some(hook) = self.hooks.iter_mut().find(|h| h.stage == name && !h.is_passed()) {
                hook.step(now);
                if hook.rolls_back() {
                    return Some(hook.rollback_reason());
                }
                if !hook.is_passed() {
                    return None;
                }
                continue;
            }
            if now - since < self.stage_duration(self.stage) {
                return None;
            }
            self.stage += 1;
            self.stage_since = Some(now);
        }
        None
    }

    /// Returns whether new tasks may not start yet.
    fn blocks_start(&self) -> bool {
        match self.status {
            ServiceDeploymentStatus::Pending => self.hooks.iter().any(is_before_scale_up),
            ServiceDeploymentStatus::InProgress => self.stage < SCALE_UP,
            _ => false,
        }
    }

    /// Returns whether previous tasks may not stop yet.
    fn blocks_stop(&self) -> bool {
        let open =
            matches!(self.status, ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress);
        open && self.stage < CLEAN_UP && (self.stage > SCALE_UP || !self.is_rolling())
    }

    /// Returns whether stages remain before the deployment can complete.
    pub(super) fn has_open_stages(&self) -> bool {
        self.status == ServiceDeploymentStatus::InProgress && self.stage < CLEAN_UP
    }
}

/// Returns whether a hook belongs to a stage before new tasks start.
fn is_before_scale_up(hook: &LifecycleHook) -> bool {
    STAGES[..SCALE_UP].contains(&hook.stage.as_str())
}

/// Returns a number of minutes of the configuration in milliseconds.
fn minutes(value: &Value, default: i64) -> Millis {
    value.as_i64().unwrap_or(default) * MINUTE
}

/// What the current stage of a deployment does not allow.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct StageLimits {
    pub(super) blocks_start: bool,
    pub(super) blocks_stop: bool,
}

impl ServiceStep<'_> {
    /// Advances the stages of the PRIMARY deployment, and returns what its stage does not allow.
    pub(super) fn pass_stages(&mut self, up: bool) -> StageLimits {
        let now = self.now;
        let Some(service_deployment_arn) =
            self.service.deployments.first().map(|d| d.service_deployment_arn.clone())
        else {
            return StageLimits::default();
        };
        let Some(service_deployment) = self.service.service_deployment_mut(&service_deployment_arn) else {
            return StageLimits::default();
        };
        let rollback_reason = service_deployment.advance_stages(now, up);
        let limits = StageLimits {
            blocks_start: service_deployment.blocks_start(),
            blocks_stop: service_deployment.blocks_stop(),
        };
        if let Some(reason) = rollback_reason {
            let id = self.service.deployments.first().map(|d| d.id.clone()).unwrap_or_default();
            self.add_event(&format!("(deployment {id}) deployment failed: {reason}"));
            self.roll_back(&reason);
        }
        limits
    }
}
