//! Removes revisions: deregisters them one by one, then deletes them ten at a time.
//!
//! ECS allows one deregistration a second after a burst of twenty, so throttles are waited out instead of reported as
//! failures.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::reporter::ApplyReporter;
use crate::aws::definitions::MAX_DELETIONS_PER_CALL;
use crate::aws::types::revision_name;
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::retry::{Attempts, Backoff, Policy};

/// The policy where ECS throttles: its buckets refill by one a second, and one that gives nothing for a minute is emptied by
/// others.
const THROTTLED: Policy = Policy { attempts: 60, backoff: Backoff::Constant(Duration::from_secs(1)) };

/// What was done, and what stopped it early.
#[derive(Debug, Default)]
pub struct PruneResult {
    /// The ARNs that are INACTIVE now.
    pub deregistered: Vec<String>,
    /// The ARNs that are being deleted now.
    pub deleted: Vec<String>,
    /// The ARNs that ECS refused to delete, with the reasons.
    pub refused: Vec<(String, String)>,
    pub failure: Option<Failure>,
    pub interrupted: bool,
}

/// Deregisters and then deletes revisions, by ARN. Stops between two calls once `stop` is set.
pub async fn prune(
    deregister: &[String],
    delete: &[String],
    stop: &AtomicBool,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> PruneResult {
    let work = PruneRun { stop, report, total: deregister.len() + delete.len() };
    let mut retired = PruneResult::default();
    if let Err(end) = work.run(deregister, delete, aws, &mut retired).await {
        match end {
            PruneStop::Interrupted => retired.interrupted = true,
            PruneStop::Failed(failure) => retired.failure = Some(failure),
        }
    }
    retired
}

/// Why the work stopped early.
enum PruneStop {
    Interrupted,
    Failed(Failure),
}

/// The context of every call.
struct PruneRun<'a> {
    stop: &'a AtomicBool,
    report: &'a dyn ApplyReporter,
    total: usize,
}

impl PruneRun<'_> {
    async fn run(
        &self,
        deregister: &[String],
        delete: &[String],
        aws: &Aws,
        retired: &mut PruneResult,
    ) -> Result<(), PruneStop> {
        for arn in deregister {
            let what = format!("failed to deregister `{}`", revision_name(arn));
            self.retry(&what, retired.finished_steps(), async || deregister_once(arn, aws).await).await?;
            retired.deregistered.push(arn.clone());
            self.report_step(arn, false, retired.finished_steps());
        }
        for arns in delete.chunks(MAX_DELETIONS_PER_CALL) {
            let what = format!("failed to delete `{}` and others", revision_name(&arns[0]));
            let call = async || aws.delete_task_definitions(arns).await;
            let refused = self.retry(&what, retired.finished_steps(), call).await?;
            for arn in arns.iter().filter(|arn| !refused.iter().any(|(known, _)| known == *arn)) {
                retired.deleted.push(arn.clone());
                self.report_step(arn, true, retired.finished_steps());
            }
            retired.refused.extend(refused);
        }
        Ok(())
    }

    fn report_step(&self, arn: &str, deleted: bool, done: usize) {
        self.report.retired(revision_name(arn), deleted, done, self.total);
    }

    /// Retries a call while its error is transient. Both calls are idempotent.
    async fn retry<T>(
        &self,
        what: &str,
        done: usize,
        call: impl AsyncFn() -> Result<T, ApiError>,
    ) -> Result<T, PruneStop> {
        let mut throttled_attempts = Attempts::new(THROTTLED);
        let mut failed_attempts = Attempts::new(Policy::CALL);
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(PruneStop::Interrupted);
            }
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let throttled = error.is_retryable() && !error.is_ambiguous();
            if throttled && throttled_attempts.failed() == 0 {
                let text = format!("{done} of {} done; ECS throttles to one a second", self.total);
                self.report.note(&text);
            }
            let attempts = if throttled { &mut throttled_attempts } else { &mut failed_attempts };
            if !error.is_retryable() || !attempts.wait().await {
                return Err(PruneStop::Failed(
                    Failure::error(what).with_hint(error.hint()).with_cause(error),
                ));
            }
        }
    }
}

/// Deregisters a revision. Succeeds if another client deregistered it in the meantime.
async fn deregister_once(arn: &str, aws: &Aws) -> Result<(), ApiError> {
    let Err(error) = aws.deregister_task_definition(arn).await else { return Ok(()) };
    if error.code.as_deref() != Some("ClientException") {
        return Err(error);
    }
    match aws.task_definition(arn).await {
        Ok(Some(found)) if found.document["status"] == "INACTIVE" => Ok(()),
        _ => Err(error),
    }
}

impl PruneResult {
    /// Returns the number of finished steps.
    pub fn finished_steps(&self) -> usize {
        self.deregistered.len() + self.deleted.len() + self.refused.len()
    }
}
