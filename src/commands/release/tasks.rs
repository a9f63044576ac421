//! Runs the one-off tasks of a release, before and after the services, one after the other. A task that an earlier run
//! of the same release has started is watched, and not started again.

use std::collections::BTreeSet;

use super::ReleaseRunner;
use crate::apply::task::RunTaskRequest;
use crate::commands::interrupts::Interrupts;
use crate::commands::one_off::{self, Beside, LogOutput, run_to_end};
use crate::commands::task_lookup::{find_running, has_succeeded_since};
use crate::error::{self, Failure};
use crate::plan::{ResolvedWork, Revision, TaskPlan};
use crate::release::task_origin::TaskOrigin;
use crate::release::{State, TargetKind};
use crate::report::{CommandOutcome, Event};
use crate::retry::token;
use crate::watch::task::{TaskRunOutcome, TaskRunResult};

impl ReleaseRunner<'_> {
    /// Runs the one-off tasks of a kind. Returns whether all succeeded.
    pub(super) async fn run_tasks(&mut self, kind: TargetKind, interrupts: &mut Interrupts) -> bool {
        let tasks = if kind == TargetKind::Before { &self.plan.before } else { &self.plan.after };
        for task in tasks {
            let Some(work) = &task.work else { continue };
            if self.stop_if_interrupted(interrupts) {
                return false;
            }
            self.release.set_state(kind, &task.key, State::InProgress, None);
            let order = self.run_task_request(task, work);
            let (state, detail, outcome) = self.run_to_its_end(task, &order, interrupts).await;
            self.release.set_state(kind, &task.key, state, detail);
            self.outcome = self.outcome.worse(outcome);
            if state != State::Succeeded {
                self.release.skip_waiting(&format!("`{}` {}", task.key, state.outcome().words()));
                return false;
            }
            if kind == TargetKind::After {
                self.mark_done(task).await;
            }
        }
        true
    }

    /// Runs a task to its end, unless an earlier release has left it and it has succeeded since.
    async fn run_to_its_end(
        &self,
        task: &TaskPlan,
        order: &RunTaskRequest,
        interrupts: &mut Interrupts,
    ) -> (State, Option<String>, CommandOutcome) {
        if let Some(release) = self.succeeded_since(task, order).await {
            let note = format!("{}: release {release} has run it already", task.key);
            self.context.reporter.report(&Event::Note(&note));
            return (State::Succeeded, Some(format!("by release {release}")), CommandOutcome::Succeeded);
        }
        let how = one_off::OneOffOptions {
            log_output: LogOutput::Progress,
            wait: true,
            stop_on_interrupt: false,
            beside: self.options.beside,
        };
        match run_to_end(order, &how, self.aws, self.context, interrupts).await {
            Ok(end) => state_of_ended_task(&end),
            Err(error) => {
                self.context.reporter.report_error(&error);
                state_of_failed_start(&error)
            }
        }
    }

    /// Returns the release that left a task unfinished, if the task has succeeded all the same.
    async fn succeeded_since<'t>(&self, task: &'t TaskPlan, order: &RunTaskRequest) -> Option<&'t str> {
        let release = task.unfinished.as_deref()?;
        let is_only_left = self
            .plan
            .services
            .iter()
            .all(|service| !service.changes() || !task.marked.contains(&service.key));
        // Where a service changes, the task is needed again.
        (is_only_left && has_succeeded_since(order, release, self.aws).await).then_some(release)
    }

    /// Refuses the release while another release's task of the same name is running.
    ///
    /// # Errors
    /// The refusal; nothing was changed.
    pub(super) async fn ensure_no_other_tasks(&self) -> Result<(), Failure> {
        let mut checked = BTreeSet::new();
        for task in self.plan.before.iter().chain(&self.plan.after) {
            let Some(work) = task.work.as_ref().filter(|_| checked.insert(&task.key)) else { continue };
            let order = self.planned_request(task, work);
            if self.options.beside == Beside::None {
                find_running(&order, Beside::None, self.aws, self.context.reporter.as_ref()).await?;
            }
        }
        Ok(())
    }

    /// Returns the request as far as it is known before the registrations.
    fn planned_request(&self, task: &TaskPlan, work: &ResolvedWork) -> RunTaskRequest {
        let revision = match &work.revision {
            Revision::New(_) => Revision::Same,
            known => known.clone(),
        };
        self.run_task_request(task, &ResolvedWork { revision, ..work.clone() })
    }

    fn run_task_request(&self, task: &TaskPlan, work: &ResolvedWork) -> RunTaskRequest {
        let (app, stage) = (self.manifest.app.as_deref(), self.manifest.stage.as_deref());
        let origin = TaskOrigin::new(&self.release.id, app, stage, &task.key);
        let order = RunTaskRequest::from_spec(work, &self.registered, origin, &token());
        RunTaskRequest { timeout: task.timeout.unwrap_or(order.timeout), ..order }
    }
}

/// Returns the state of a task that could not be started. If the answer of ECS was lost, the task may be running.
fn state_of_failed_start(error: &Failure) -> (State, Option<String>, CommandOutcome) {
    let outcome = match error.kind {
        error::ErrorKind::Interrupted => CommandOutcome::Interrupted,
        _ => CommandOutcome::Error,
    };
    if error.may_have_taken_effect {
        (State::InProgress, Some("it is unknown whether it was started".to_owned()), outcome)
    } else {
        (State::Failed, Some(error.to_string()), outcome)
    }
}

/// Returns the state of a task that was started. Its exit code is in the detail; the release exits with a code of its
/// own.
fn state_of_ended_task(end: &TaskRunResult) -> (State, Option<String>, CommandOutcome) {
    let (state, detail, outcome) = match &end.outcome {
        TaskRunOutcome::Exited { code: 0 } if end.is_success() => {
            return (State::Succeeded, Some(end.revision.clone()), CommandOutcome::Succeeded);
        }
        TaskRunOutcome::Exited { code } => {
            (State::Failed, format!("exit code {code}"), CommandOutcome::RolloutFailed)
        }
        TaskRunOutcome::FailedWithoutCode { reason } => {
            (State::Failed, reason.clone(), CommandOutcome::RolloutFailed)
        }
        TaskRunOutcome::TimedOut { stopped: true } => {
            (State::Failed, "exceeded its timeout and was stopped".to_owned(), CommandOutcome::RolloutFailed)
        }
        TaskRunOutcome::TimedOut { stopped: false } => {
            (State::InProgress, "exceeded its timeout".to_owned(), CommandOutcome::TimedOut)
        }
        TaskRunOutcome::Interrupted { stopped: true } => {
            (State::Failed, "interrupted and stopped".to_owned(), CommandOutcome::Interrupted)
        }
        TaskRunOutcome::Interrupted { stopped: false } => {
            (State::InProgress, "interrupted; the task continues".to_owned(), CommandOutcome::Interrupted)
        }
        TaskRunOutcome::NotWaited => (State::InProgress, "not watched".to_owned(), CommandOutcome::Error),
        TaskRunOutcome::Lost { error } => (State::InProgress, error.clone(), CommandOutcome::Error),
    };
    (state, Some(detail), outcome)
}
