//! Executes a release: hooks, one-off tasks, services and schedules, in order.
//! [`crate::release`] decides what comes next, and the watch decides the verdict of a rollout. A step begins only if
//! the one before it succeeded; targets that were not started are reported as skipped.

use std::collections::{BTreeMap, BTreeSet};

use super::attach::planned::AttachedRollouts;
use super::github::recorder::{GitHubRecorder, RecordedRelease};
use super::interrupts::Interrupts;
use super::notify::sender::Notifier;
use super::one_off::Beside;
use super::release_services::Services;
use super::rollouts;
use super::service_ends::{not_waited, tell_failures, tell_left, tell_updated};
use super::unfinished::note_interrupted;
use super::watch_args::WatchArgs;
use crate::apply::{self, ApplyResult};
use crate::aws::Aws;
use crate::aws::types::{TaskDefinition, revision_name};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::hooks::HookPoint;
use crate::manifest::Manifest;
use crate::outcome;
use crate::plan::schedules::TargetPlan;
use crate::plan::{Plan, Revision, SchedulePlan, ServiceState};
use crate::release::{Release, State, TargetKind};
use crate::report::{CommandOutcome, Event};
use crate::watch::WatchResult;

mod autoscaling;
mod express;
mod hooks;
mod marks;
mod notices;
mod task_counts;
mod tasks;

/// The options of a release.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseOptions<'a> {
    pub watch: &'a WatchArgs,
    /// The number of services that may roll out at once.
    pub parallel: usize,
    /// Whether to watch the rollouts. Otherwise the release ends once the updates are accepted.
    pub wait: bool,
    /// Beside which tasks of the same name the tasks may run.
    pub beside: Beside,
    /// The rollouts in progress that are watched instead of updating their services.
    pub attached: &'a AttachedRollouts,
}

/// A release in progress.
pub struct ReleaseRunner<'a> {
    pub plan: &'a Plan,
    pub manifest: &'a Manifest,
    pub performer: Option<String>,
    pub options: ReleaseOptions<'a>,
    pub aws: &'a Aws,
    pub context: &'a CommandContext,
    pub release: Release,
    /// The worst outcome of its parts so far.
    outcome: CommandOutcome,
    registered: Vec<TaskDefinition>,
    settled: Vec<WatchResult>,
    failures: Vec<(String, Failure)>,
    /// The services that were updated without a deployment, as the update left them.
    attributes: BTreeMap<String, ServiceState>,
    notifier: Notifier,
    recorder: GitHubRecorder,
}

impl<'a> ReleaseRunner<'a> {
    /// Returns a release that has not begun.
    pub fn new(
        plan: &'a Plan,
        release: Release,
        manifest: &'a Manifest,
        how: ReleaseOptions<'a>,
        aws: &'a Aws,
        context: &'a CommandContext,
    ) -> ReleaseRunner<'a> {
        let recorded = RecordedRelease {
            task: "deploy",
            release: release.id.clone(),
            tag: release.tag.clone(),
            commit: plan.record.git_sha.clone(),
        };
        ReleaseRunner {
            plan,
            manifest,
            performer: super::ci_user(&context.settings),
            options: how,
            aws,
            context,
            release,
            outcome: CommandOutcome::Succeeded,
            registered: Vec::new(),
            settled: Vec::new(),
            failures: Vec::new(),
            attributes: BTreeMap::new(),
            notifier: Notifier::start(&manifest.notify, aws, context),
            recorder: GitHubRecorder::start(manifest, recorded, context),
        }
    }

    /// Executes the release and reports the state of each target.
    ///
    /// # Errors
    /// The first hook or a registration failed. No task was run, and nothing but definitions was changed.
    pub async fn run(mut self, interrupts: &mut Interrupts) -> Result<CommandOutcome> {
        self.tell_start();
        match self.prepare(interrupts).await {
            Ok(true) => {}
            Ok(false) => {
                self.outcome = CommandOutcome::Interrupted;
                self.release.skip_waiting("the release was interrupted");
                self.report_end(None).await;
                return Ok(self.outcome);
            }
            Err(failure) => {
                self.release.skip_waiting("the release could not begin");
                self.report_end(Some(failure.message.clone())).await;
                return Err(failure);
            }
        }
        tell_left(self.plan, self.context);
        let _ = self.run_tasks(TargetKind::Before, interrupts).await
            && self.roll_out_services(interrupts).await
            && self.apply_autoscaling(interrupts).await
            && self.watch_task_counts(interrupts).await
            && self.apply_schedules(interrupts).await
            && self.run_tasks(TargetKind::After, interrupts).await;
        Ok(self.finish().await)
    }

    /// Checks that no other tasks run, runs the `before_deploy` hook and registers revisions. Returns false after a second interrupt.
    async fn prepare(&mut self, interrupts: &mut Interrupts) -> Result<bool, Failure> {
        self.ensure_no_other_tasks().await?;
        self.run_hook(HookPoint::BeforeDeploy)
            .await
            .map_err(|failure| failure.with_hint("nothing was changed".to_owned()))?;
        let registering = apply::register_all(self.plan, self.aws, self.context.reporter.as_ref());
        let Some(registered) = interrupts.run_to_end(registering, self.context.reporter.as_ref()).await
        else {
            return Ok(false);
        };
        self.registered = registered?;
        Ok(true)
    }

    /// Stops the release if an interrupt is pending. Returns whether one is.
    fn stop_if_interrupted(&mut self, interrupts: &Interrupts) -> bool {
        if interrupts.is_pending() {
            self.release.skip_waiting("the release was interrupted");
            self.outcome = self.outcome.worse(CommandOutcome::Interrupted);
        }
        interrupts.is_pending()
    }

    /// Rolls out the services. Returns whether all are up.
    async fn roll_out_services(&mut self, interrupts: &mut Interrupts) -> bool {
        if self.stop_if_interrupted(interrupts) {
            return false;
        }
        let report = self.context.reporter.as_ref();
        let _ = interrupts.run_to_end(self.mark_pending(), report).await;
        if self.stop_if_interrupted(interrupts) {
            return false;
        }
        let waiting = self.waiting_reporter();
        let mut services = Services {
            plan: self.plan,
            attached: self.options.attached,
            registered: &self.registered,
            release: &mut self.release,
            at_once: self.options.wait.then_some(self.options.parallel),
            watched: BTreeSet::new(),
            begun: Vec::new(),
            failures: Vec::new(),
            attributes: BTreeMap::new(),
        };
        if !self.options.wait {
            services.begin(self.options.watch, self.aws, self.context.reporter.as_ref()).await;
            let (attributes, failures) = (services.attributes, services.failures);
            let applied = ApplyResult { rollouts: services.begun, without_deployment: attributes, failures };
            let outcome = not_waited(&applied, self.context);
            self.outcome = self.outcome.worse(outcome);
            return outcome == CommandOutcome::Succeeded;
        }
        let settled = rollouts::watch_release(
            &mut services,
            self.options.watch,
            self.aws,
            &waiting,
            self.context,
            interrupts,
        )
        .await;
        tell_updated(self.plan, &services.attributes, self.context);
        self.failures = services.failures;
        self.attributes = services.attributes;
        self.settled = settled;
        let up = self.release.has_succeeded(TargetKind::Service);
        if !up {
            let by = self.release.first_failure();
            let why = by.map_or("a service is not up".to_owned(), |by| {
                format!("`{}` {}", by.key, by.state.outcome().words())
            });
            self.release.skip_waiting(&why);
        }
        up
    }

    /// Creates and updates schedules, all at once. Returns whether all succeeded.
    async fn apply_schedules(&mut self, interrupts: &mut Interrupts) -> bool {
        if self.stop_if_interrupted(interrupts) {
            return false;
        }
        let report = self.context.reporter.as_ref();
        let changing: Vec<&SchedulePlan> =
            self.plan.schedules.iter().filter(|schedule| schedule.is_changing()).collect();
        for schedule in &changing {
            self.release.set_state(TargetKind::Schedule, &schedule.key, State::InProgress, None);
        }
        let putting = apply::schedules::apply_schedules(&changing, &self.registered, self.aws, report);
        let Some(results) = interrupts.run_to_end(putting, report).await else {
            self.release.skip_waiting("the release was interrupted");
            self.outcome = self.outcome.worse(CommandOutcome::Interrupted);
            return false;
        };
        for (schedule, result) in changing.iter().zip(results) {
            let (state, detail) = match result {
                Ok(()) => (State::Succeeded, Some(schedule_revisions(schedule, &self.registered))),
                Err(failure) => {
                    let detail = failure.to_string();
                    report.report_error(&failure);
                    self.outcome = self.outcome.worse(CommandOutcome::Error);
                    (State::Failed, Some(detail))
                }
            };
            self.release.set_state(TargetKind::Schedule, &schedule.key, state, detail);
        }
        let done = self.release.has_succeeded(TargetKind::Schedule);
        if !done {
            self.release.skip_waiting("a schedule failed");
        }
        done
    }

    /// Reports the rollouts, records the image digests that run, and runs the last hook.
    async fn finish(mut self) -> CommandOutcome {
        let good = |settled: &&WatchResult| settled.has_succeeded() && settled.failure_response.is_none();
        let deployed: Vec<&str> =
            self.settled.iter().filter(good).map(|settled| settled.rollout.key.as_str()).collect();
        apply::record_digests(self.plan, &deployed, self.aws, self.context.reporter.as_ref()).await;
        self.add_urls().await;
        let rolled_out = rollouts::report_ends(&self.settled, self.context);
        tell_failures(&self.failures, self.context);
        let updated = CommandOutcome::of_failures(&self.failures, self.has_changed_nothing());
        self.outcome = self.outcome.worse(rolled_out).worse(updated);
        // Targets that are still waiting will not be started.
        self.release.skip_waiting("an earlier target did not succeed");
        // A release with a failed or unfinished target is not a success, even if each outcome is.
        self.outcome = match (self.release.outcome(), self.outcome) {
            (outcome::Outcome::Failed | outcome::Outcome::RolledBack, CommandOutcome::Succeeded) => {
                CommandOutcome::Error
            }
            (outcome::Outcome::InProgress, CommandOutcome::Succeeded) if self.options.wait => {
                CommandOutcome::Interrupted
            }
            (_, outcome) => outcome,
        };
        self.report_end(None).await;
        self.outcome
    }

    /// Returns whether no target was changed or run.
    fn has_changed_nothing(&self) -> bool {
        self.settled.is_empty()
            && self.release.targets.iter().all(|target| {
                matches!(
                    target.state,
                    State::Waiting | State::Unchanged | State::NotNeeded | State::NotReached | State::Failed
                )
            })
    }

    /// Reports the end of the release, and runs the hook for it; `reason` is why it could not begin.
    async fn report_end(&mut self, reason: Option<String>) {
        self.context.reporter.report(&Event::ReleaseEnded(&self.release));
        if self.outcome == CommandOutcome::Interrupted {
            note_interrupted(self.context);
        }
        let moment = match self.release.outcome() {
            outcome::Outcome::Succeeded | outcome::Outcome::Unchanged => HookPoint::AfterDeploy,
            outcome::Outcome::InProgress
                if self.outcome == CommandOutcome::Succeeded && !self.options.wait =>
            {
                HookPoint::AfterDeploy
            }
            _ => HookPoint::OnFailure,
        };
        if let Err(failure) = self.run_hook(moment).await {
            self.context.reporter.report_error(&failure);
            self.outcome = self.outcome.worse(CommandOutcome::Error);
        }
        self.tell_end(reason);
        let recorded = std::mem::take(&mut self.recorder).finish(self.recorded_end(), self.context);
        let told = std::mem::take(&mut self.notifier).finish(self.context);
        tokio::join!(recorded, told);
    }
}

/// Returns the revisions that the targets of a schedule run after the release.
fn schedule_revisions(schedule: &SchedulePlan, registered: &[TaskDefinition]) -> String {
    let revision = |target: &TargetPlan| match &target.revision {
        Revision::New(index) => registered[*index].revision_name().to_owned(),
        Revision::Registered(arn) => revision_name(arn).to_owned(),
        Revision::Same => target.revision_before.as_deref().map(revision_name).unwrap_or_default().to_owned(),
    };
    let mut revisions: Vec<String> = schedule.targets.iter().map(revision).collect();
    revisions.dedup();
    revisions.join(", ")
}
