//! The outputs of a step of GitHub Actions: what became of each service, and of the run as a whole. Never writes elsewhere
//! than to the file of outputs, and never decides how a run ended.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::printable::random_digits;
use crate::aws::types::revision_name;
use crate::destination::Destination;
use crate::error::{ErrorKind, Failure};
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::release::{Release, TargetKind};
use crate::watch::judge::Verdict;
use crate::watch::task::{TaskRunOutcome, TaskRunResult};
use crate::watch::{FailureResponse, WatchOutcome, WatchResult};

/// The verdict of a run that was refused before anything changed.
const REFUSED: &str = "refused";

/// The outputs of a step, gathered while the run reports.
#[derive(Debug)]
pub(super) struct StepOutputs {
    path: PathBuf,
    /// The service of each name in outputs, in lower case.
    names: BTreeMap<String, String>,
    /// The revisions that ran before, by service.
    before: BTreeMap<String, String>,
    services: BTreeMap<String, ServiceOutputs>,
    destination: Option<Destination>,
    release: Option<String>,
    verdict: Option<&'static str>,
    changes: Option<bool>,
}

/// The outputs of one service. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct ServiceOutputs {
    pub verdict: &'static str,
    pub revision: String,
    pub previous_revision: String,
    pub running_revision: String,
}

/// All outputs in one JSON object.
#[derive(Debug, Serialize)]
struct AllOutputs<'a> {
    release: Option<&'a str>,
    verdict: Option<&'a str>,
    changes: Option<bool>,
    stage: Option<&'a str>,
    account: Option<&'a str>,
    region: Option<&'a str>,
    services: &'a BTreeMap<String, ServiceOutputs>,
}

impl StepOutputs {
    /// Returns the outputs that go to a file.
    pub(super) fn new(path: PathBuf) -> StepOutputs {
        StepOutputs {
            path,
            names: BTreeMap::new(),
            before: BTreeMap::new(),
            services: BTreeMap::new(),
            destination: None,
            release: None,
            verdict: None,
            changes: None,
        }
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Records what a plan changes, and what runs before it.
    pub(super) fn record_plan(&mut self, plan: &Plan) {
        let before = plan.services.iter();
        self.before =
            before.map(|service| (service.key.clone(), service.revision_before().to_owned())).collect();
        self.destination = Some(plan.destination.clone());
        self.changes = Some(plan.has_changes());
    }

    /// Records the end of a rollout.
    pub(super) fn rollout(&self, settled: &WatchResult) -> ServiceOutputs {
        let revision = revision_name(&settled.rollout.revision).to_owned();
        let outcome = rollout_outcome(settled);
        ServiceOutputs {
            verdict: outcome.name(),
            previous_revision: revision_name(&settled.rollout.previous).to_owned(),
            running_revision: running_revision(settled, &revision),
            revision,
        }
    }

    /// Returns the outputs of a service that stays on its revision.
    pub(super) fn staying(&self, service: &str, revision: &str, outcome: Outcome) -> ServiceOutputs {
        let before = self.before.get(service).cloned().unwrap_or_else(|| revision.to_owned());
        ServiceOutputs {
            verdict: outcome.name(),
            revision: revision.to_owned(),
            previous_revision: before.clone(),
            running_revision: before,
        }
    }

    /// Records the end of a one-off task; in a release, the release counts.
    pub(super) fn record_task(&mut self, end: &TaskRunResult) {
        let outcome = match &end.outcome {
            _ if end.is_success() => Outcome::Succeeded,
            TaskRunOutcome::TimedOut { .. } => Outcome::TimedOut,
            TaskRunOutcome::Interrupted { .. } => Outcome::Interrupted,
            TaskRunOutcome::Lost { .. } => Outcome::InProgress,
            _ => Outcome::Failed,
        };
        self.verdict = Some(outcome.name());
    }

    /// Records the end of a release, and returns the outputs that it changes: of services that it did not reach, and of those
    /// that it rolled back because others failed.
    pub(super) fn record_release(&mut self, release: &Release) -> Vec<(String, ServiceOutputs)> {
        self.release = Some(release.id.clone());
        self.destination.get_or_insert_with(|| release.destination.clone());
        let outcome = release.outcome();
        self.changes.get_or_insert(outcome != Outcome::Unchanged);
        let services = release.targets.iter().filter(|target| target.kind == TargetKind::Service);
        let changed = services.filter_map(|target| {
            let outputs = self.at_end_of_release(&target.key, target.state.outcome())?;
            Some((target.key.clone(), outputs))
        });
        let changed = changed.collect();
        self.verdict = Some(self.release_verdict(outcome));
        changed
    }

    /// Returns the outputs of a service at the end of its release; `None` where they are as they were recorded.
    fn at_end_of_release(&self, service: &str, outcome: Outcome) -> Option<ServiceOutputs> {
        match (self.services.get(service), outcome) {
            (None, Outcome::Skipped | Outcome::Failed) => Some(self.staying(service, "", outcome)),
            (Some(known), Outcome::RolledBack) if known.verdict != outcome.name() => Some(ServiceOutputs {
                verdict: outcome.name(),
                running_revision: known.previous_revision.clone(),
                ..known.clone()
            }),
            _ => None,
        }
    }

    /// Returns the verdict of a release: one that has not ended was interrupted, or has timed out, as its services say.
    fn release_verdict(&self, outcome: Outcome) -> &'static str {
        let cut_off = [Outcome::Interrupted, Outcome::TimedOut];
        let has_ended_so = |of: &&Outcome| self.services.values().any(|known| known.verdict == of.name());
        match cut_off.iter().find(has_ended_so) {
            Some(cut_off) if outcome == Outcome::InProgress => cut_off.name(),
            _ => outcome.name(),
        }
    }

    /// Records an error that ended the run.
    pub(super) fn record_failure(&mut self, failure: &Failure) {
        let verdict = match failure.kind {
            ErrorKind::Refused => REFUSED,
            ErrorKind::Interrupted => Outcome::Interrupted.name(),
            _ => Outcome::Failed.name(),
        };
        let good = [Outcome::Succeeded.name(), Outcome::Unchanged.name()];
        if self.verdict.is_none_or(|known| good.contains(&known)) {
            self.verdict = Some(verdict);
        }
    }

    /// Writes the outputs of one service, which later steps read; in their names, `_` replaces any character but letters,
    /// digits, `-` and `_`.
    ///
    /// GitHub takes names that differ in capitals as one: a second service with the same name has no outputs of its own.
    ///
    /// # Errors
    /// The service whose outputs have the same names.
    pub(super) fn write_service(
        &mut self,
        service: &str,
        outputs: ServiceOutputs,
    ) -> Result<io::Result<()>, String> {
        let is_kept = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let name: String = service.chars().map(|c| if is_kept(&c) { c } else { '_' }).collect();
        let known = self.names.entry(name.to_lowercase()).or_insert_with(|| service.to_owned()).clone();
        self.services.insert(service.to_owned(), outputs.clone());
        if known != service {
            return Err(known);
        }
        let succeeded = outputs.verdict == Outcome::Succeeded.name();
        let values = [
            ("verdict", outputs.verdict),
            ("revision", &outputs.revision),
            ("previous_revision", &outputs.previous_revision),
            ("running_revision", &outputs.running_revision),
            ("deployed", if succeeded { "true" } else { "false" }),
        ];
        let lines: Vec<String> =
            values.iter().map(|(of, value)| output(&format!("{name}_{of}"), value)).collect();
        Ok(append(&self.path, &lines.join("\n")))
    }

    /// Writes the outputs of the run; none where the run has none.
    pub(super) fn write_end(&self) -> io::Result<()> {
        let verdict = self.verdict.or_else(|| self.worst_verdict());
        if verdict.is_none() && self.changes.is_none() {
            return Ok(());
        }
        let destination = self.destination.as_ref();
        let all = AllOutputs {
            release: self.release.as_deref(),
            verdict,
            changes: self.changes,
            stage: destination.and_then(|place| place.stage.as_deref()),
            account: destination.and_then(|place| place.account.as_deref()),
            region: destination.and_then(|place| place.region.as_deref()),
            services: &self.services,
        };
        let json = serde_json::to_string(&all)?;
        let changes = self.changes.map(|changes| changes.to_string());
        let values = [
            ("release", self.release.as_deref()),
            ("verdict", verdict),
            ("changes", changes.as_deref()),
            ("json", Some(&json)),
        ];
        let known = values.iter().filter_map(|(name, value)| Some(output(name, (*value)?)));
        append(&self.path, &known.collect::<Vec<_>>().join("\n"))
    }

    /// Returns the worst verdict of the services, of a command that is no release.
    fn worst_verdict(&self) -> Option<&'static str> {
        let order = [
            Outcome::Failed,
            Outcome::RolledBack,
            Outcome::Superseded,
            Outcome::Interrupted,
            Outcome::TimedOut,
            Outcome::InProgress,
            Outcome::Skipped,
            Outcome::Succeeded,
            Outcome::Unchanged,
        ];
        let found = |outcome: &&Outcome| self.services.values().any(|of| of.verdict == outcome.name());
        order.iter().find(found).map(|outcome| outcome.name())
    }
}

/// Returns how a rollout ended; one that was rolled back as requested is rolled back.
fn rollout_outcome(settled: &WatchResult) -> Outcome {
    let outcome = match &settled.outcome {
        WatchOutcome::Settled(Verdict::Succeeded | Verdict::Reached { .. }) => Outcome::Succeeded,
        WatchOutcome::Settled(Verdict::RolledBack { .. }) => Outcome::RolledBack,
        WatchOutcome::Settled(Verdict::Superseded { .. }) => Outcome::Superseded,
        WatchOutcome::Settled(_) => Outcome::Failed,
        WatchOutcome::TimedOut { .. } => Outcome::TimedOut,
        WatchOutcome::Interrupted => Outcome::Interrupted,
        WatchOutcome::Lost { .. } => Outcome::InProgress,
    };
    match &settled.failure_response {
        Some(FailureResponse::TakenBack { end, .. }) if is_back(end) => Outcome::RolledBack,
        Some(FailureResponse::TakenBack { .. }) => Outcome::Failed,
        // The request to roll it back came too late.
        _ if settled.rollout.going_back && outcome == Outcome::Succeeded => Outcome::Failed,
        _ => outcome,
    }
}

fn is_back(end: &WatchOutcome) -> bool {
    matches!(end, WatchOutcome::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }))
}

/// Returns the revision that serves at the end of a rollout; empty where that is not known.
fn running_revision(settled: &WatchResult, revision: &str) -> String {
    match (&settled.outcome, &settled.failure_response) {
        (_, Some(FailureResponse::TakenBack { to, end, .. })) if is_back(end) => to.clone(),
        (WatchOutcome::Settled(Verdict::Succeeded), _) => revision.to_owned(),
        (WatchOutcome::Settled(Verdict::RolledBack { runs, .. }), _) => runs.clone(),
        _ => {
            let Some(running) = &settled.running else { return String::new() };
            let serving = running.serving.as_ref().filter(|_| running.running < running.desired);
            serving.map_or(&running.revision, |(revision, _)| revision).clone()
        }
    }
}

/// Returns an output for the file of outputs. Nothing in the value can end it, because the delimiter is random.
fn output(name: &str, value: &str) -> String {
    let delimiter = format!("ecsail_{}", random_digits());
    format!("{name}<<{delimiter}\n{value}\n{delimiter}")
}

/// Appends a line to a file, which is created if it does not exist.
fn append(path: &Path, text: &str) -> io::Result<()> {
    writeln!(OpenOptions::new().append(true).create(true).open(path)?, "{text}")
}
