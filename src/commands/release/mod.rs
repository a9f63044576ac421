//! Owns the carrying out of a release: hooks, tasks, services and schedules, in their order.
//!
//! What comes next is for [`crate::release`] to say, and what a rollout came to for the watch. A stage begins only where the
//! one before it is done; what was not reached is told as such.

use std::collections::BTreeSet;

use anyhow::Result;

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
use crate::error::{self, Failure};
use crate::hooks::Moment;
use crate::manifest::Manifest;
use crate::outcome;
use crate::plan::schedules::TargetPlan;
use crate::plan::{Plan, ResolvedWork, Revision, SchedulePlan, TaskPlan};
use crate::release::id::started_by;
use crate::release::{Kind, Release, State};
use crate::report::{Event, Outcome};
use crate::watch::Settled;
use crate::watch::task::{TaskEnd, TaskEnding};

mod hooks;

/// Says how a release is carried out.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    pub following: &'a Following,
    /// How many services may be under way at once.
    pub at_once: usize,
    /// Else the updates are accepted, and that is all.
    pub wait: bool,
    /// The services as they were when this was planned; none where another's deployment is to be replaced.
    pub seen: Option<&'a Observed>,
}

/// Holds a release that is being carried out.
pub struct Carrier<'a> {
    pub plan: &'a Plan,
    pub manifest: &'a Manifest,
    pub performer: Option<String>,
    pub how: How<'a>,
    pub aws: &'a Aws,
    pub context: &'a Context,
    pub release: Release,
    /// Whether something was waited for since it was planned.
    waited: bool,
    /// The worst that has come of a part of it.
    outcome: Outcome,
    registered: Vec<TaskDefinition>,
    settled: Vec<Settled>,
    failures: Vec<(String, Failure)>,
}

impl<'a> Carrier<'a> {
    /// Returns a release of which nothing has begun.
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

    /// Carries it out, and tells what became of each target.
    ///
    /// # Errors
    /// The first hook or a registration failed: no task was run and nothing but definitions was changed.
    pub async fn to_the_end(mut self, interrupts: &mut Interrupts) -> Result<Outcome> {
        match self.prepare(interrupts).await {
            Ok(true) => {}
            Ok(false) => {
                self.outcome = Outcome::Interrupted;
                self.release.stop("it was interrupted");
                self.ended().await;
                return Ok(self.outcome);
            }
            Err(failure) => {
                self.release.stop("it could not begin");
                self.ended().await;
                return Err(failure.into());
            }
        }
        tell_left(self.plan, self.context);
        let _ = self.tasks(Kind::Before, interrupts).await
            && self.services(interrupts).await
            && self.schedules(interrupts).await
            && self.tasks(Kind::After, interrupts).await;
        Ok(self.finish().await)
    }

    /// Runs the first hook and registers what is new; nothing where somebody interrupted twice.
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

    /// Runs the tasks before or after the services, one after the other, and returns whether all went well.
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

    /// Stops the release where somebody has interrupted what came before, and returns whether that is so.
    fn is_interrupted(&mut self, interrupts: &Interrupts) -> bool {
        if interrupts.is_kept() {
            self.release.stop("it was interrupted");
            self.outcome = self.outcome.worse(Outcome::Interrupted);
        }
        interrupts.is_kept()
    }

    fn order(&self, task: &TaskPlan, work: &ResolvedWork) -> TaskOrder {
        let started_by = started_by(&self.release.id);
        let order = TaskOrder::of(work, &self.registered, &started_by, &one_off::token());
        TaskOrder { timeout: task.timeout.unwrap_or(order.timeout), ..order }
    }

    /// Rolls the services out, and returns whether all are up.
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

    /// Creates and updates the schedules, side by side, and returns whether all are as they should be.
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
            self.release.stop("it was interrupted");
            self.outcome = self.outcome.worse(Outcome::Interrupted);
            return false;
        };
        for (schedule, result) in changing.iter().zip(results) {
            let (state, detail) = match result {
                Ok(()) => (State::Succeeded, Some(runs(schedule, &self.registered))),
                Err(failure) => {
                    let detail = failure.to_string();
                    report.error(&failure.into());
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

    /// Tells what became of it, records what runs, and runs the last hook.
    async fn finish(mut self) -> Outcome {
        let good = |settled: &&Settled| settled.succeeded() && settled.aftermath.is_none();
        let deployed: Vec<&str> =
            self.settled.iter().filter(good).map(|settled| settled.followed.key.as_str()).collect();
        apply::record_digests(self.plan, &deployed, self.aws, self.context.report.as_ref()).await;
        let rolled_out = rollouts::tell_ends(&self.settled, self.context);
        tell_failures(&self.failures, self.context);
        let updated = if self.failures.is_empty() { Outcome::Done } else { Outcome::Error };
        self.outcome = self.outcome.worse(rolled_out).worse(updated);
        // Nothing more will come of what still waits.
        self.release.stop("what came before it was not done");
        // Whatever a part came to, a release of which something failed or is not known is no success.
        self.outcome = match (self.release.outcome(), self.outcome) {
            (outcome::Outcome::Failed | outcome::Outcome::RolledBack, Outcome::Done) => Outcome::Error,
            (outcome::Outcome::InProgress, Outcome::Done) if self.how.wait => Outcome::Interrupted,
            (_, outcome) => outcome,
        };
        self.ended().await;
        self.outcome
    }

    /// Tells the end, and runs the hook that it is for.
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
            self.context.report.error(&failure.into());
            self.outcome = self.outcome.worse(Outcome::Error);
        }
    }
}

/// Returns the revisions that the targets of a schedule run from now on.
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

/// Returns what came of a task whose start ended with an error: where that is not clear, it may run.
fn not_started(error: &anyhow::Error) -> (State, Option<String>, Outcome) {
    let failure = error.downcast_ref::<Failure>();
    let outcome = match failure.map(|failure| failure.kind) {
        Some(error::Kind::Interrupted) => Outcome::Interrupted,
        _ => Outcome::Error,
    };
    match failure.is_some_and(|failure| failure.unclear) {
        true => (State::InProgress, Some("whether it was started is not known".to_owned()), outcome),
        false => (State::Failed, Some(error.to_string()), outcome),
    }
}

/// Returns what came of a task of a release. Its own exit code is told; the release fails with ecsail's.
fn came_of(end: &TaskEnd) -> (State, Option<String>, Outcome) {
    let (state, detail, outcome) = match &end.ending {
        TaskEnding::Exited { code: 0 } if end.is_success() => {
            return (State::Succeeded, Some(end.revision.clone()), Outcome::Done);
        }
        TaskEnding::Exited { code } => (State::Failed, format!("exit code {code}"), Outcome::RolloutFailed),
        TaskEnding::FailedWithoutCode { reason } => (State::Failed, reason.clone(), Outcome::RolloutFailed),
        TaskEnding::TimedOut { stopped: true } => {
            (State::Failed, "its time was up, and it was stopped".to_owned(), Outcome::RolloutFailed)
        }
        TaskEnding::TimedOut { stopped: false } => {
            (State::InProgress, "its time was up".to_owned(), Outcome::TimedOut)
        }
        TaskEnding::Interrupted { stopped: true } => {
            (State::Failed, "interrupted, and stopped".to_owned(), Outcome::Interrupted)
        }
        TaskEnding::Interrupted { stopped: false } => {
            (State::InProgress, "interrupted; it goes on".to_owned(), Outcome::Interrupted)
        }
        TaskEnding::NotWaited => (State::InProgress, "not waited for".to_owned(), Outcome::Error),
        TaskEnding::Lost { error } => (State::InProgress, error.clone(), Outcome::Error),
    };
    (state, Some(detail), outcome)
}
