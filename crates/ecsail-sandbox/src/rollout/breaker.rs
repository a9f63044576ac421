//! The deployment circuit breaker and the rollback. Owns which deployment comes back and how; never
//! counts failures.

use serde_json::Value;

use super::life::exit;
use super::{Hand, REVISION_FIELDS};
use crate::model::{Deployment, EntryStatus, Revision, RollbackNote, Rollout, Service};
use crate::script::{Script, Way};
use crate::state::{Millis, last_part};

const TRIPPED: &str = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
const ALARMED: &str = "Service deployment rolled back because an alarm was triggered.";
const NOT_ROLLED_BACK: &str =
    "Service deployment stopped because the circuit breaker threshold was exceeded.";
const NO_CANDIDATE: &str =
    "Service deployment failed because no rollback candidate was found to run the rollback.";
const NOT_BACK_EITHER: &str =
    "Service deployment rollback failed because the circuit breaker threshold was exceeded.";
pub(super) const REQUESTED: &str =
    "Service deployment rolled back because of a StopServiceDeployment request.";

impl Hand<'_> {
    /// Fails the PRIMARY deployment once it has failed too often, and rolls back if it is to.
    pub(super) fn check_breaker(&mut self) {
        let is_active = self.service.status == "ACTIVE";
        let Some(primary) = self.service.deployments.first_mut().filter(|_| is_active) else {
            return;
        };
        let breaker = &primary.breaker;
        if !breaker.enabled || primary.rollout != Rollout::InProgress || primary.failed < breaker.threshold {
            return;
        }
        let (id, entry, rollback) = (primary.id.clone(), primary.entry.clone(), breaker.rollback);
        let way = primary.script.rollback;
        primary.fail(self.now);
        primary.reason = "ECS deployment circuit breaker: tasks failed to start.".to_owned();
        let failures = primary.failed;
        self.say(&format!("(deployment {id}) deployment failed: tasks failed to start."));
        let mut is_back = false;
        if let Some(entry) = self.service.entry(&entry) {
            entry.triggered = true;
            entry.failures = failures;
            is_back = entry.status == EntryStatus::RollbackInProgress;
        }
        match (is_back, rollback, way) {
            (true, ..) => self.close(&entry, EntryStatus::RollbackFailed, NOT_BACK_EITHER),
            (_, false, _) => self.close(&entry, EntryStatus::Stopped, NOT_ROLLED_BACK),
            (_, _, Way::NoTarget) => self.close(&entry, EntryStatus::RollbackFailed, NO_CANDIDATE),
            _ => self.roll_back(TRIPPED),
        }
        if way == Way::Fails && !is_back {
            self.break_old();
        }
    }

    /// Lets the revision that has just come back fail as the one before it did.
    fn break_old(&mut self) {
        let (now, service) = (self.now, &mut *self.service);
        let Some((back, others)) = service.deployments.split_first_mut() else {
            return;
        };
        let failed = others.iter().find(|d| d.entry == back.entry);
        back.script.fate = failed.map(|d| d.script.fate).unwrap_or_default();
        for task in self.realm.tasks.iter_mut().filter(|t| t.is_in(&back.id) && t.is_running() && t.is_live())
        {
            exit(task, now, 1, None);
        }
    }

    /// Rolls back because an alarm has gone off.
    pub(super) fn roll_back_for_alarm(&mut self) {
        let Some(primary) = self.service.deployments.first_mut() else {
            return;
        };
        let (id, entry) = (primary.id.clone(), primary.entry.clone());
        primary.reason = "ECS deployment alarm detected.".to_owned();
        let given = self.service.config.get("deploymentConfiguration").map(|c| &c["alarms"]["alarmNames"]);
        let names = given.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut names: Vec<String> = names.map(str::to_owned).take(1).collect();
        if names.is_empty() {
            names.push("sandbox-5xx".to_owned());
        }
        if let Some(entry) = self.service.entry(&entry) {
            entry.alarms = names;
        }
        self.say(&format!("(deployment {id}) deployment failed: alarm detected."));
        self.roll_back(ALARMED);
    }

    /// Makes the deployment that was completed last the PRIMARY one again.
    pub(super) fn roll_back(&mut self, reason: &str) {
        let now = self.now;
        let Some(failed) = self.service.deployments.first_mut() else {
            return;
        };
        failed.fail(now);
        let (entry, anew) = (failed.entry.clone(), failed.script.rollback == Way::NewId);
        let breaker = failed.breaker.clone();
        let Some(revision) = candidate(self.service) else {
            return self.close(&entry, EntryStatus::RollbackFailed, NO_CANDIDATE);
        };
        let mut back = self.take_back(&revision);
        if anew {
            back.id = format!("ecs-svc/{}", self.ids.number());
            back.created = self.now;
        }
        restart(&mut back, self.now);
        back.breaker = breaker;
        entry.clone_into(&mut back.entry);
        let id = back.id.clone();
        if let Some(failed) = self.service.deployments.first_mut() {
            failed.aborted = true;
            failed.primary = false;
        }
        back.definition.clone_into(&mut self.service.definition);
        self.service.config.retain(|key, _| !REVISION_FIELDS.contains(&key.as_str()));
        for (key, value) in &revision.config {
            self.service.config.insert(key.clone(), value.clone());
        }
        self.service.deployments.insert(0, back);
        self.service.steady = false;
        self.note_rollback(&entry, reason, revision.arn);
        self.say(&format!("rolling back to deployment {id}."));
    }

    /// Notes in the history that a service deployment is being rolled back to `revision`.
    fn note_rollback(&mut self, entry: &str, reason: &str, revision: String) {
        let now = self.now;
        if let Some(entry) = self.service.entry(entry) {
            entry.status = EntryStatus::RollbackInProgress;
            entry.reason = Some(reason.to_owned());
            entry.rollback = Some(RollbackNote { reason: reason.to_owned(), started: now, revision });
            entry.updated = now;
        }
    }

    /// Returns the deployment of `revision`: the one still there, or one like it. Where the rollback
    /// is to have an id of its own, the one still there stays, to be drained.
    fn take_back(&mut self, revision: &Revision) -> Deployment {
        let failed = &self.service.deployments[0];
        let anew = failed.script.rollback == Way::NewId;
        let at = self.service.deployments.iter().position(|d| d.revision == revision.arn && !d.primary);
        match at {
            Some(at) if anew => self.service.deployments[at].clone(),
            Some(at) => self.service.deployments.remove(at),
            None => revived(revision, failed),
        }
    }

    /// Ends the service deployment where no deployment comes back.
    fn close(&mut self, entry: &str, status: EntryStatus, reason: &str) {
        let now = self.now;
        if let Some(entry) = self.service.entry(entry) {
            entry.end(status, now);
            entry.reason = Some(reason.to_owned());
        }
    }
}

/// Puts a deployment back to work, as the PRIMARY one.
fn restart(back: &mut Deployment, now: Millis) {
    back.primary = true;
    back.rollout = Rollout::InProgress;
    back.updated = now;
    back.launch_at = now;
    back.failed = 0;
    back.aborted = false;
    back.script = back.script.for_return();
    back.script.incident = None;
    back.struck = false;
    back.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", back.id);
}

/// Returns the revision that was completed last before the deployment under way.
fn candidate(service: &Service) -> Option<Revision> {
    let failed = service.deployments.first()?;
    let arn = service.history.iter().rev().filter(|e| e.arn != failed.entry).find_map(|entry| match entry
        .status
    {
        EntryStatus::Successful => Some(entry.target.clone()),
        EntryStatus::RollbackSuccessful => entry.rollback.as_ref().map(|note| note.revision.clone()),
        _ => None,
    })?;
    service.revisions.iter().find(|revision| revision.arn == arn).cloned()
}

/// Returns a deployment for a revision whose own has been drained already.
fn revived(revision: &Revision, failed: &Deployment) -> Deployment {
    Deployment {
        id: format!("ecs-svc/{}", last_part(&revision.arn)),
        definition: revision.definition.clone(),
        revision: revision.arn.clone(),
        completed: true,
        created: revision.created,
        script: Script::default(),
        config: revision.config.clone(),
        ..failed.clone()
    }
}
