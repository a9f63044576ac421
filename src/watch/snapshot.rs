//! What a verdict is made from: the watched deployment, and what all polls have shown of it.
//!
//! A poll is plain data and adding one is pure, so that a recorded timeline replays exactly as the watch saw it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

use crate::aws::types::{
    Deployment, DeploymentStatus, Epoch, LifecycleStage, RolloutState, Service, ServiceDeployment,
    ServiceDeploymentStatus, ServiceEvent, TargetHealth, Task,
};
use crate::manifest::{FailureAction, Patience};
use crate::plan::RollbackPoint;

/// A watched deployment: what ran before it, and what to do if it does not succeed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct WatchedRollout {
    /// The name that commands use for the service.
    pub key: String,
    pub name: String,
    pub cluster: String,
    /// The id of the PRIMARY deployment in `UpdateService`'s answer; `None` where the answer did not show ours.
    pub deployment: Option<String>,
    /// The ARN of its service deployment, once that was found.
    pub service_deployment: Option<String>,
    /// When it was created, on the API's clock, in seconds since 1970.
    pub created_at: f64,
    /// The ARN of the revision that it deploys.
    pub revision: String,
    /// The ARN of the previous revision.
    pub previous: String,
    /// The id of the previous deployment.
    pub deployment_before: Option<String>,
    /// What the service is rolled back to, if an earlier deployment was completed.
    pub way_back: Option<RollbackPoint>,
    /// Whether it is the first deployment of a service that the run created.
    pub created: bool,
    /// Whether its tasks have containers that are not essential; `None` where that is not known.
    #[serde(skip)]
    pub has_side_containers: Option<bool>,
    /// The attributes of the service as the update left them, in normal form; empty where the run did not make it.
    #[serde(skip)]
    pub attributes_after: Map<String, Value>,
    /// The URL of an Express service, where ECS shows it.
    #[serde(skip)]
    pub url: Option<String>,
    /// How far the rollout is watched.
    pub until: WatchUntil,
    /// A rollback of the deployment was requested: the watch waits for it.
    pub going_back: bool,
    /// It had ended before the watch began: how long it took is not known.
    #[serde(skip)]
    pub ended: bool,
    /// What it is for, which its verdict says.
    #[serde(skip)]
    pub purpose: RolloutPurpose,
    #[serde(skip)]
    pub policy: WatchPolicy,
}

/// What a rollout is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RolloutPurpose {
    #[default]
    Deploy,
    /// To return to an earlier revision.
    Rollback,
    /// To replace the tasks of the same revision.
    Restart,
}

/// How long a rollout is watched, and what to do if it fails or the timeout passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchPolicy {
    pub timeout: Duration,
    /// What was requested; `None` for a rollback where there is something to roll back to.
    pub on_failure: Option<FailureAction>,
    pub on_timeout: FailureAction,
    /// When to give up on a rollout that ECS continues; `None`: as [`WatchPolicy::patience`] says.
    pub patience: Option<Patience>,
}

impl WatchPolicy {
    /// Returns when to give up on a rollout that ECS continues.
    ///
    /// Where a failed rollout is left as it is, nothing is gained by giving up early, and it may still succeed.
    pub fn patience(&self) -> Patience {
        match (self.patience, self.on_failure) {
            (Some(patience), _) => patience,
            (None, Some(FailureAction::Leave)) => Patience::CertainCauses,
            (None, _) => Patience::Standard,
        }
    }
}

/// How long a rollout is watched by default.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(15);

impl Default for WatchPolicy {
    fn default() -> WatchPolicy {
        WatchPolicy {
            timeout: DEFAULT_TIMEOUT,
            on_failure: None,
            on_timeout: FailureAction::Leave,
            patience: None,
        }
    }
}

/// For how many polls in a row a service deployment that is missing in the answer counts as it was last read.
const MAX_POLLS_UNSEEN: u32 = 3;

/// How long more tasks than ever before have to run until that counts, in seconds.
const STEADY_SECONDS: f64 = 30.0;

/// How far a rollout is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WatchUntil {
    /// Until ECS reports its end.
    #[default]
    Stable,
    /// Until it has reached this lifecycle stage, or a later one: `BAKE_TIME`.
    Stage(String),
}

/// What one poll read.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Poll {
    /// The time on the clock of the API, in seconds since 1970.
    pub at: f64,
    /// `None`: the service was not in the answer.
    pub service: Option<Service>,
    /// `None`: it could not be read, or was not found yet.
    pub service_deployment: Option<ServiceDeployment>,
    /// The service deployment could not be read in this poll, for a reason that may pass.
    pub unread: bool,
    /// The service deployment was not read in this poll, because nothing else that was read called for it.
    pub skipped: bool,
    /// The newly stopped tasks of the service.
    pub stopped: Vec<Task>,
    /// `None`: they were not read in this poll.
    pub targets: Option<Vec<TargetHealth>>,
}

/// What all polls so far have shown.
#[derive(Clone, Debug, Default)]
pub struct RolloutSnapshot {
    /// The time of the last poll, on the API's clock; never older than anything that it showed.
    pub at: f64,
    /// `None`: the service was not in the answer.
    pub service: Option<Service>,
    /// In how many polls in a row the service was not in the answer.
    pub polls_without_service: u32,
    /// As it was last read; `None`: it could not be read, or was not found yet.
    pub service_deployment: Option<ServiceDeployment>,
    /// A service deployment was read at least once.
    pub was_service_deployment_read: bool,
    /// The last poll could not read it, for a reason that may pass.
    pub is_service_deployment_unread: bool,
    /// The last poll did not read it, because the list of deployments showed all that a verdict needs.
    pub is_service_deployment_skipped: bool,
    /// In how many polls in a row it was missing, though it was read before.
    pub polls_without_service_deployment: u32,
    /// In how many polls in a row it was STOPPED.
    pub polls_stopped: u32,
    /// In how many polls in a row our deployment was not in the service's list.
    pub polls_without_deployment: u32,
    /// In how many polls in a row our deployment was PRIMARY and FAILED.
    pub polls_failed: u32,
    /// Failures up to this time did not keep the rollout from advancing; in seconds since 1970.
    pub recovered_at: f64,
    /// The highest number of tasks of this deployment that kept running at the same time.
    pub max_steady_running: i64,
    /// Since when more than that are running.
    pub rising_since: Option<f64>,
    /// Since when all tasks of this deployment are running, and ECS counts none as failed.
    pub steady_since: Option<f64>,
    /// Our deployment as the list last showed it.
    pub last_deployment: Option<Deployment>,
    /// The stopped tasks of this deployment.
    pub stopped_tasks: Vec<Task>,
    pub targets: Vec<TargetHealth>,
    /// When the targets were last read.
    pub targets_read_at: f64,
    /// The lifecycle stage at the last poll, and when it was first seen.
    pub stage: Option<(LifecycleStage, f64)>,
}

impl WatchedRollout {
    /// Returns whether it was started a moment ago, by this run.
    pub fn is_new(&self) -> bool {
        self.service_deployment.is_none() && !self.ended && !self.going_back
    }

    /// Returns the watched deployment in a service's list: by its id, or the first of our revision since the
    /// update.
    pub fn find_deployment<'a>(&self, service: &'a Service) -> Option<&'a Deployment> {
        service.deployments.iter().find(|deployment| match &self.deployment {
            Some(id) => &deployment.id == id,
            None => {
                deployment.task_definition == self.revision
                    && self.deployment_before.as_ref() != Some(&deployment.id)
            }
        })
    }

    /// Returns whether a task was started by this deployment.
    ///
    /// ECS writes the deployment's id into `startedBy`; where it has another value, revision and time decide.
    pub fn has_started(&self, task: &Task) -> bool {
        match (&self.deployment, task.started_by.starts_with("ecs-svc/")) {
            (Some(id), true) => &task.started_by == id,
            _ => task.task_definition_arn == self.revision && task.created_at.0 >= self.created_at - 1.0,
        }
    }

    /// Returns the events of a service since this deployment began, oldest first.
    pub fn events_since_start<'a>(
        &self,
        service: &'a Service,
    ) -> impl Iterator<Item = &'a ServiceEvent> + use<'a> {
        let since = self.created_at - 1.0;
        service.events.iter().rev().filter(move |event| event.created_at.0 >= since)
    }
}

impl RolloutSnapshot {
    /// Adds a poll. Where the deployment's id was not known, it is taken from the first poll that shows it.
    pub fn add_poll(&mut self, followed: &mut WatchedRollout, look: Poll) {
        self.polls_without_service = if look.service.is_some() { 0 } else { self.polls_without_service + 1 };
        self.is_service_deployment_skipped = look.skipped;
        if !look.skipped {
            self.store_service_deployment(look.service_deployment, look.unread);
        }
        let at = look.at.max(self.at);
        self.add_stopped_tasks_at(followed, look.stopped, at);
        self.service = look.service;
        // The poll's time is the local one converted to the API's clock: what the API has shown may be newer.
        self.at = self.api_times().fold(at, f64::max);
        if let Some(targets) = look.targets {
            (self.targets, self.targets_read_at) = (targets, self.at);
        }
        let service = self.service.take();
        if let Some(service) = &service {
            self.store_deployment(followed, service);
        }
        self.service = service;
        let stage = self.service_deployment.as_ref().and_then(|known| known.lifecycle_stage.clone());
        if stage.as_ref() != self.stage.as_ref().map(|(known, _)| known) {
            self.stage = stage.map(|stage| (stage, self.at));
        }
    }

    /// Stores the service deployment; keeps the last one for a few polls if the answer does not have it.
    ///
    /// Without it the deployment list would decide, which may call a deployment completed that still bakes.
    fn store_service_deployment(&mut self, deployment: Option<ServiceDeployment>, unread: bool) {
        self.was_service_deployment_read |= deployment.is_some();
        self.is_service_deployment_unread = unread;
        let missing = deployment.is_none() && self.service_deployment.is_some();
        self.polls_without_service_deployment =
            if missing { self.polls_without_service_deployment + 1 } else { 0 };
        if !missing || self.polls_without_service_deployment > MAX_POLLS_UNSEEN {
            self.service_deployment = deployment;
        }
        let stopped = self
            .service_deployment
            .as_ref()
            .is_some_and(|known| known.status == ServiceDeploymentStatus::Stopped);
        self.polls_stopped = if stopped { self.polls_stopped + 1 } else { 0 };
    }

    /// Returns when the bake time ends, on the API's clock; `None` where it does not bake.
    pub fn bake_time_end(&self) -> Option<f64> {
        let (_, since) = self.stage.as_ref().filter(|(stage, _)| *stage == LifecycleStage::BakeTime)?;
        let minutes = self.service.as_ref()?.deployment_configuration.bake_time_in_minutes?;
        Some(since + minutes as f64 * 60.0)
    }

    /// Adds the tasks of this deployment that are not known yet.
    pub fn add_stopped_tasks(&mut self, followed: &WatchedRollout, tasks: Vec<Task>) {
        self.add_stopped_tasks_at(followed, tasks, self.at);
    }

    /// Adds stopped tasks; one that is still being stopped has no time yet, and gets that of the poll.
    fn add_stopped_tasks_at(&mut self, followed: &WatchedRollout, tasks: Vec<Task>, at: f64) {
        for mut task in tasks {
            let known = self.stopped_tasks.iter().any(|known| known.task_arn == task.task_arn);
            if task.stopped_at.0 <= 0.0 {
                task.stopped_at = Epoch(at);
            }
            if !known && followed.has_started(&task) {
                self.stopped_tasks.push(task);
            }
        }
    }

    /// Stores our deployment for when the list no longer has it.
    fn store_deployment(&mut self, followed: &mut WatchedRollout, service: &Service) {
        let found = followed.find_deployment(service).cloned();
        self.polls_without_deployment = if found.is_some() { 0 } else { self.polls_without_deployment + 1 };
        let failed = |found: &Deployment| {
            found.status == DeploymentStatus::Primary && found.rollout_state == Some(RolloutState::Failed)
        };
        self.polls_failed = if found.as_ref().is_some_and(failed) { self.polls_failed + 1 } else { 0 };
        let Some(found) = found else { return };
        // A watch that begins later, and finds running tasks, does not count earlier failures.
        if self.last_deployment.is_none() && found.running_count > 0 {
            self.recovered_at = self.at;
        }
        self.record_recovery(found.running_count);
        self.record_steadiness(&found);
        if followed.deployment.is_none() {
            followed.deployment = Some(found.id.clone());
            followed.created_at = found.created_at.0;
        }
        self.last_deployment = Some(found);
    }

    /// Disregards the failures until more tasks ran than ever before, once they have kept running.
    ///
    /// Tasks that crash run for a moment as well: that is no recovery.
    fn record_recovery(&mut self, running: i64) {
        if running <= self.max_steady_running {
            self.rising_since = None;
            return;
        }
        let since = *self.rising_since.get_or_insert(self.at);
        if self.at - since >= STEADY_SECONDS {
            (self.max_steady_running, self.recovered_at, self.rising_since) = (running, since, None);
        }
    }

    /// Disregards the failures so far where all tasks run and have kept running: ECS resets its count then as well.
    ///
    /// A task that fails once in hours does not make a rollout stuck.
    fn record_steadiness(&mut self, ours: &Deployment) {
        let up = ours.desired_count > 0 && ours.running_count >= ours.desired_count;
        self.steady_since = (up && ours.failed_tasks == 0).then(|| self.steady_since.unwrap_or(self.at));
        if self.steady_since.is_some_and(|since| self.at - since >= STEADY_SECONDS) {
            self.recovered_at = self.recovered_at.max(self.at);
        }
    }

    /// Returns the times in the API's answers.
    fn api_times(&self) -> impl Iterator<Item = f64> + '_ {
        let events = self.service.iter().flat_map(|service| &service.events).map(|event| event.created_at.0);
        let tasks = self.stopped_tasks.iter().map(|task| task.stopped_at.0);
        let deployment = self.service_deployment.iter().map(|deployment| deployment.updated_at.0);
        events.chain(tasks).chain(deployment)
    }
}
