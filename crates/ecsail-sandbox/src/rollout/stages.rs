//! The lifecycle stages of a deployment, in their order. Owns how long each takes, where hooks hold
//! it, and how much traffic the new revision has; a ROLLING deployment only stops where it has hooks.

use super::Hand;
use crate::model::{EntryStatus, ServiceDeployment};
use crate::state::Millis;

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
    /// Returns whether its tasks are replaced one by one, as opposed to two whole sets side by side.
    pub(crate) fn is_rolling(&self) -> bool {
        matches!(self.config["strategy"].as_str(), None | Some("ROLLING"))
    }

    /// Returns how many tasks make it a success before the old ones are gone, where that is so.
    pub(crate) fn enough(&self, desired: usize) -> Option<usize> {
        let early = &self.config["earlySuccessCriteria"];
        let deferred = early["enable"] == true && early["sourceServiceRevisionCleanup"] == "DEFERRED";
        let percent = early["healthyPercent"].as_u64().unwrap_or(100) as usize;
        let applies = deferred && self.is_rolling() && self.status == EntryStatus::InProgress;
        applies.then(|| (percent * desired).div_ceil(100))
    }

    /// Returns the name of the stage that it is in, as far as the status enumeration has it.
    pub(crate) fn stage_name(&self) -> &'static str {
        match STAGES[self.stage.min(CLEAN_UP)] {
            // Documented for hooks, and absent from the enumeration.
            "PRE_PRODUCTION_TRAFFIC_SHIFT" => "PRODUCTION_TRAFFIC_SHIFT",
            name => name,
        }
    }

    /// Returns the percentages of test and production traffic that the new revision is to have.
    pub(crate) fn traffic(&self, now: Millis) -> (f64, f64) {
        let forward = matches!(self.status, EntryStatus::InProgress | EntryStatus::Successful);
        let stage = if forward { self.stage } else { 0 };
        let test = if stage >= TEST_TRAFFIC { 100.0 } else { 0.0 };
        let production = match stage {
            PRODUCTION_TRAFFIC => self.shifted(now),
            later if later > PRODUCTION_TRAFFIC => 100.0,
            _ => 0.0,
        };
        (test, production)
    }

    /// Returns the production traffic while it is being shifted.
    fn shifted(&self, now: Millis) -> f64 {
        let elapsed = now - self.stage_since.unwrap_or(now);
        let (linear, canary) = (&self.config["linearConfiguration"], &self.config["canaryConfiguration"]);
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

    /// Returns how long a stage takes by itself.
    fn lasts(&self, stage: usize) -> Millis {
        let minutes = |value: &serde_json::Value, default: i64| value.as_i64().unwrap_or(default) * MINUTE;
        let (linear, canary) = (&self.config["linearConfiguration"], &self.config["canaryConfiguration"]);
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

    /// Goes through the stages as far as hooks, time and the new tasks let it; returns the complaint
    /// of a hook that sends it back.
    fn proceed(&mut self, now: Millis, up: bool) -> Option<String> {
        while self.stage < CLEAN_UP && self.status == EntryStatus::InProgress {
            let name = STAGES[self.stage];
            let since = *self.stage_since.get_or_insert(now);
            if self.stage == SCALE_UP && !up {
                return None;
            }
            if let Some(hook) = self.hooks.iter_mut().find(|h| h.stage == name && !h.is_passed()) {
                hook.step(now);
                if hook.turns_back() {
                    return Some(hook.complaint());
                }
                if !hook.is_passed() {
                    return None;
                }
                continue;
            }
            if now - since < self.lasts(self.stage) {
                return None;
            }
            self.stage += 1;
            self.stage_since = Some(now);
        }
        None
    }

    /// Returns whether no new task may start yet.
    fn holds_start(&self) -> bool {
        let hooked = |h: &crate::model::Hook| STAGES[..SCALE_UP].contains(&h.stage.as_str());
        match self.status {
            EntryStatus::Pending => self.hooks.iter().any(hooked),
            EntryStatus::InProgress => self.stage < SCALE_UP,
            _ => false,
        }
    }

    /// Returns whether no old task may stop yet.
    fn holds_stop(&self) -> bool {
        let open = matches!(self.status, EntryStatus::Pending | EntryStatus::InProgress);
        open && self.stage < CLEAN_UP && (self.stage > SCALE_UP || !self.is_rolling())
    }

    /// Returns whether it has stages before it that keep it from being complete.
    pub(super) fn holds_completion(&self) -> bool {
        self.status == EntryStatus::InProgress && self.stage < CLEAN_UP
    }
}

/// What a deployment's stage forbids.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Holds {
    pub(super) start: bool,
    pub(super) stop: bool,
}

impl Hand<'_> {
    /// Moves the deployment under way through its stages, and returns what it may not do there.
    pub(super) fn pass_stages(&mut self, up: bool) -> Holds {
        let now = self.now;
        let Some(entry) = self.service.deployments.first().map(|d| d.entry.clone()) else {
            return Holds::default();
        };
        let Some(entry) = self.service.entry(&entry) else {
            return Holds::default();
        };
        let back = entry.proceed(now, up);
        let holds = Holds { start: entry.holds_start(), stop: entry.holds_stop() };
        if let Some(complaint) = back {
            let id = self.service.deployments.first().map(|d| d.id.clone()).unwrap_or_default();
            self.say(&format!("(deployment {id}) deployment failed: {complaint}"));
            self.roll_back(&complaint);
        }
        holds
    }
}
