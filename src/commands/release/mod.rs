//! Executes a release: hooks, one-off tasks, services and schedules, in order.
//! [`crate::release`] decides what comes next, and the watch decides the verdict of a rollout. A step begins only if
//! the one before it succeeded; targets that were not started are reported as skipped.

use std::collections::BTreeSet;

use super::following::Following;
use super::interrupts::Interrupts;
use super::one_off::{self, Lines, to_the_end};
use super::release_services::Services;
use super::rollouts;
use super::service_ends::{not_waited, tell_failures, tell_left, tell_updated};
use crate::apply::task::TaskOrder;
use crate::apply::{self, Applied};
use crate::aws::Aws;
use crate::aws::types::{Observed, TaskDefinition, revision_of};
use crate::context::Context;
use crate::error::{self, Failure, Result};
use crate::hooks::Moment;
use crate::manifest::Manifest;
use crate::outcome;
use crate::plan::schedules::TargetPlan;
use crate::plan::{Plan, ResolvedWork, Revision, SchedulePlan, TaskPlan};
use crate::release::id::started_by;
use crate::release::{Kind, Release, State};
use crate::report::{Event, Outcome};
use crate::retry::token;
use crate::watch::Settled;
use crate::watch::task::{TaskEnd, TaskEnding};

mod hooks;

/// The options of a release.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    pub following: &'a Following,
    /// The number of services that may roll out at once.
    pub at_once: usize,
    /// Whether to watch the rollouts. Otherwise the release ends once the updates are accepted.
    pub wait: bool,
    /// The services as observed for the plan, or `None` with `--supersede`.
    pub seen: Option<&'a Observed>,
}

/// A release in progress.
pub struct Carrier<'a> {
    pub plan: &'a Plan,
    pub manifest: &'a Manifest,
    pub performer: Option<String>,
    pub how: How<'a>,
    pub aws: &'a Aws,
    pub context: &'a Context,
    pub release: Release,
    /// Whether the release has waited for a hook, task or rollout since the plan.
    waited: bool,
    /// The worst outcome of its parts so far.
    outcome: Outcome,
    registered: Vec<TaskDefinition>,
    settled: Vec<Settled>,
    failures: Vec<(String, Failure)>,
}

impl<'a> Carrier<'a> {
    /// Returns a release that has not begun.
    pub fn new(
        plan: &'a Plan,
        release: Release,
        manifest: &'a Manifest,
        how: How<'a>,
        aws: &'a Aws,
        context: &'a Context,
    ) -> Carrier<'a> {
        Carrier {
            plan,
            manifest,
            performer: super::performer(&context.settings),
            how,
            aws,
            context,
            release,
            waited: !manifest.hooks.before_deploy.is_empty(),
            outcome: Outcome::Done,
            registered: Vec::new(),
            settled: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Executes the release and reports the state of each target.
    ///
    /// # Errors
    /// The first hook or a registration failed. No task was run, and nothing but definitions was changed.
    pub async fn to_the_end(mut self, interrupts: &mut Interrupts) -> Result<Outcome> {
        match self.prepare(interrupts).await {
            Ok(true) => {}
            Ok(false) => {
                self.outcome = Outcome::Interrupted;
                self.release.stop("the release was interrupted");
                self.ended().await;
                return Ok(self.outcome);
            }
            Err(failure) => {
                self.release.stop("the release could not begin");
                self.ended().await;
                return Err(failure);
            }
        }
        tell_left(self.plan, self.context);
        let _ = self.tasks(Kind::Before, interrupts).await
            && self.services(interrupts).await
            && self.schedules(interrupts).await
            && self.tasks(Kind::After, interrupts).await;
        Ok(self.finish().await)
    }

    /// Runs the `before_deploy` hook and registers revisions. Returns false after a second interrupt.
    async fn prepare(&mut self, interrupts: &mut Interrupts) -> Result<bool, Failure> {
        self.hook(Moment::BeforeDeploy)
            .await
            .map_err(|failure| failure.hint("nothing was changed".to_owned()))?;
        let registering = apply::registrations(self.plan, self.aws, self.context.report.as_ref());
        let Some(registered) = interrupts.finish(registering, self.context.report.as_ref()).await else {
            return Ok(false);
        };
        self.registered = registered?;
        Ok(true)
    }

    /// Runs the one-off tasks before or after the services, one after the other. Returns whether all succeeded.
    async fn tasks(&mut self, kind: Kind, interrupts: &mut Interrupts) -> bool {
        let tasks = if kind == Kind::Before { &self.plan.before } else { &self.plan.after };
        for task in tasks {
            let Some(work) = &task.work else { continue };
            if self.is_interrupted(interrupts) {
                return false;
            }
            self.waited = true;
            self.release.set(kind, &task.key, State::InProgress, None);
            let order = self.order(task, work);
            let how = one_off::How { lines: Lines::Story, wait: true, stop_on_interrupt: false };
            let end = to_the_end(&order, &how, self.aws, self.context, interrupts).await;
            let (state, detail, outcome) = match &end {
                Ok(end) => came_of(end),
                Err(error) => {
                    self.context.report.error(error);
                    not_started(error)
                }
            };
            self.release.set(kind, &task.key, state, detail);
            self.outcome = self.outcome.worse(outcome);
            if state != State::Succeeded {
                self.release.stop(&format!("`{}` {}", task.key, state.outcome().words()));
                return false;
            }
        }
        true
    }

    /// Stops the release if an interrupt is pending. Returns whether one is.
    fn is_interrupted(&mut self, interrupts: &Interrupts) -> bool {
        if interrupts.is_kept() {
            self.release.stop("the release was interrupted");
            self.outcome = self.outcome.worse(Outcome::Interrupted);
        }
        interrupts.is_kept()
    }

    fn order(&self, task: &TaskPlan, work: &ResolvedWork) -> TaskOrder {
        let started_by = started_by(&self.release.id);
        let order = TaskOrder::of(work, &self.registered, &started_by, &token());
        TaskOrder { timeout: task.timeout.unwrap_or(order.timeout), ..order }
    }

    /// Rolls out the services. Returns whether all are up.
    async fn services(&mut self, interrupts: &mut Interrupts) -> bool {
        if self.is_interrupted(interrupts) {
            return false;
        }
        let mut services = Services {
            plan: self.plan,
            registered: &self.registered,
            release: &mut self.release,
            seen: self.how.seen,
            waited: self.waited,
            at_once: self.how.wait.then_some(self.how.at_once),
            watched: BTreeSet::new(),
            begun: Vec::new(),
            failures: Vec::new(),
            attributes: Vec::new(),
        };
        if !self.how.wait {
            services.begin(self.how.following, self.aws, self.context.report.as_ref()).await;
            let (attributes, failures) = (services.attributes, services.failures);
            let applied = Applied { followed: services.begun, settled: attributes, failures };
            let outcome = not_waited(&applied, self.context);
            self.outcome = self.outcome.worse(outcome);
            return outcome == Outcome::Done;
        }
        let settled =
            rollouts::release(&mut services, self.how.following, self.aws, self.context, interrupts).await;
        tell_updated(self.plan, &services.attributes, self.context);
        self.failures = services.failures;
        self.settled = settled;
        let up = self.release.is_done(Kind::Service);
        if !up {
            let by = self.release.stopped_by();
            let why = by.map_or("a service is not up".to_owned(), |by| {
                format!("`{}` {}", by.key, by.state.outcome().words())
            });
            self.release.stop(&why);
        }
        up
    }

    /// Creates and updates schedules, all at once. Returns whether all succeeded.
    async fn schedules(&mut self, interrupts: &mut Interrupts) -> bool {
        if self.is_interrupted(interrupts) {
            return false;
        }
        let report = self.context.report.as_ref();
        let changing: Vec<&SchedulePlan> =
            self.plan.schedules.iter().filter(|schedule| schedule.is_changing()).collect();
        for schedule in &changing {
            self.release.set(Kind::Schedule, &schedule.key, State::InProgress, None);
        }
        let putting = apply::schedules::apply_all(&changing, &self.registered, self.aws, report);
        let Some(results) = interrupts.finish(putting, report).await else {
            self.release.stop("the release was interrupted");
            self.outcome = self.outcome.worse(Outcome::Interrupted);
            return false;
        };
        for (schedule, result) in changing.iter().zip(results) {
            let (state, detail) = match result {
                Ok(()) => (State::Succeeded, Some(runs(schedule, &self.registered))),
                Err(failure) => {
                    let detail = failure.to_string();
                    report.error(&failure);
                    self.outcome = self.outcome.worse(Outcome::Error);
                    (State::Failed, Some(detail))
                }
            };
            self.release.set(Kind::Schedule, &schedule.key, state, detail);
        }
        let done = self.release.is_done(Kind::Schedule);
        if !done {
            self.release.stop("a schedule failed");
        }
        done
    }

    /// Reports the rollouts, records the image digests that run, and runs the last hook.
    async fn finish(mut self) -> Outcome {
        let good = |settled: &&Settled| settled.succeeded() && settled.aftermath.is_none();
        let deployed: Vec<&str> =
            self.settled.iter().filter(good).map(|settled| settled.followed.key.as_str()).collect();
        apply::record_digests(self.plan, &deployed, self.aws, self.context.report.as_ref()).await;
        let rolled_out = rollouts::tell_ends(&self.settled, self.context);
        tell_failures(&self.failures, self.context);
        let updated = if self.failures.is_empty() { Outcome::Done } else { Outcome::Error };
        self.outcome = self.outcome.worse(rolled_out).worse(updated);
        // Targets that are still waiting will not be started.
        self.release.stop("an earlier target did not succeed");
        // A release with a failed or unfinished target is not a success, even if each outcome is.
        self.outcome = match (self.release.outcome(), self.outcome) {
            (outcome::Outcome::Failed | outcome::Outcome::RolledBack, Outcome::Done) => Outcome::Error,
            (outcome::Outcome::InProgress, Outcome::Done) if self.how.wait => Outcome::Interrupted,
            (_, outcome) => outcome,
        };
        self.ended().await;
        self.outcome
    }

    /// Reports the end of the release, and runs the hook for it.
    async fn ended(&mut self) {
        self.context.report.tell(&Event::Released(&self.release));
        let moment = match self.release.outcome() {
            outcome::Outcome::Succeeded | outcome::Outcome::Unchanged => Moment::AfterDeploy,
            outcome::Outcome::InProgress if self.outcome == Outcome::Done && !self.how.wait => {
                Moment::AfterDeploy
            }
            _ => Moment::OnFailure,
        };
        if let Err(failure) = self.hook(moment).await {
            self.context.report.error(&failure);
            self.outcome = self.outcome.worse(Outcome::Error);
        }
    }
}

/// Returns the revisions that the targets of a schedule run after the release.
fn runs(schedule: &SchedulePlan, registered: &[TaskDefinition]) -> String {
    let revision = |target: &TargetPlan| match &target.revision {
        Revision::New(index) => registered[*index].revision().to_owned(),
        Revision::Registered(arn) => revision_of(arn).to_owned(),
        Revision::Same => target.revision_before.as_deref().map(revision_of).unwrap_or_default().to_owned(),
    };
    let mut revisions: Vec<String> = schedule.targets.iter().map(revision).collect();
    revisions.dedup();
    revisions.join(", ")
}

/// Returns the state of a task that could not be started. If the answer of ECS was lost, the task may be running.
fn not_started(error: &Failure) -> (State, Option<String>, Outcome) {
    let outcome = match error.kind {
        error::Kind::Interrupted => Outcome::Interrupted,
        _ => Outcome::Error,
    };
    match error.unclear {
        true => (State::InProgress, Some("it is unknown whether it was started".to_owned()), outcome),
        false => (State::Failed, Some(error.to_string()), outcome),
    }
}

/// Returns the state of a task that was started. Its exit code is in the detail; the release exits with a code of its
/// own.
fn came_of(end: &TaskEnd) -> (State, Option<String>, Outcome) {
    let (state, detail, outcome) = match &end.ending {
        TaskEnding::Exited { code: 0 } if end.is_success() => {
            return (State::Succeeded, Some(end.revision.clone()), Outcome::Done);
        }
        TaskEnding::Exited { code } => (State::Failed, format!("exit code {code}"), Outcome::RolloutFailed),
        TaskEnding::FailedWithoutCode { reason } => (State::Failed, reason.clone(), Outcome::RolloutFailed),
        TaskEnding::TimedOut { stopped: true } => {
            (State::Failed, "exceeded its timeout and was stopped".to_owned(), Outcome::RolloutFailed)
        }
        TaskEnding::TimedOut { stopped: false } => {
            (State::InProgress, "its time was up".to_owned(), Outcome::TimedOut)
        }
        TaskEnding::Interrupted { stopped: true } => {
            (State::Failed, "interrupted and stopped".to_owned(), Outcome::Interrupted)
        }
        TaskEnding::Interrupted { stopped: false } => {
            (State::InProgress, "interrupted; it goes on".to_owned(), Outcome::Interrupted)
        }
        TaskEnding::NotWaited => (State::InProgress, "not waited for".to_owned(), Outcome::Error),
        TaskEnding::Lost { error } => (State::InProgress, error.clone(), Outcome::Error),
    };
    (state, Some(detail), outcome)
}
