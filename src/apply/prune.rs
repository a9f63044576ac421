//! Removes revisions: deregisters them one by one, then deletes them ten at a time.
//!
//! ECS allows one deregistration a second after a burst of twenty, so throttles are waited out instead of reported as
//! failures.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::reporter::ApplyReporter;
use crate::aws::definitions::DELETIONS_A_CALL;
use crate::aws::types::revision_of;
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::report::Report;
use crate::retry::{Attempts, Backoff, Policy};

/// The policy where ECS throttles: its buckets refill by one a second, and one that gives nothing for a minute is emptied by
/// others.
const THROTTLED: Policy = Policy { attempts: 60, backoff: Backoff::Constant(Duration::from_secs(1)) };

/// What was done, and what stopped it early.
#[derive(Debug, Default)]
pub struct Retired {
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
pub async fn retire(
    deregister: &[String],
    delete: &[String],
    stop: &AtomicBool,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Retired {
    let work = Work { stop, report, of: deregister.len() + delete.len() };
    let mut retired = Retired::default();
    if let Err(end) = work.all(deregister, delete, aws, &mut retired).await {
        match end {
            End::Interrupted => retired.interrupted = true,
            End::Failed(failure) => retired.failure = Some(failure),
        }
    }
    retired
}

/// Why the work stopped early.
enum End {
    Interrupted,
    Failed(Failure),
}

/// The context of every call.
struct Work<'a> {
    stop: &'a AtomicBool,
    report: &'a dyn ApplyReporter,
    of: usize,
}

impl Work<'_> {
    async fn all(
        &self,
        deregister: &[String],
        delete: &[String],
        aws: &Aws,
        retired: &mut Retired,
    ) -> Result<(), End> {
        for arn in deregister {
            let what = format!("failed to deregister `{}`", revision_of(arn));
            self.patiently(&what, retired.done(), async || deregister_once(arn, aws).await).await?;
            retired.deregistered.push(arn.clone());
            self.tell(arn, false, retired.done());
        }
        for arns in delete.chunks(DELETIONS_A_CALL) {
            let what = format!("failed to delete `{}` and others", revision_of(&arns[0]));
            let call = async || aws.delete_definitions(arns).await;
            let refused = self.patiently(&what, retired.done(), call).await?;
            for arn in arns.iter().filter(|arn| !refused.iter().any(|(known, _)| known == *arn)) {
                retired.deleted.push(arn.clone());
                self.tell(arn, true, retired.done());
            }
            retired.refused.extend(refused);
        }
        Ok(())
    }

    fn tell(&self, arn: &str, deleted: bool, done: usize) {
        self.report.retired(revision_of(arn), deleted, done, self.of);
    }

    /// Retries a call while its error is transient. Both calls are idempotent.
    async fn patiently<T>(
        &self,
        what: &str,
        done: usize,
        call: impl AsyncFn() -> Result<T, ApiError>,
    ) -> Result<T, End> {
        let mut throttled_attempts = Attempts::new(THROTTLED);
        let mut failed_attempts = Attempts::new(Policy::CALL);
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(End::Interrupted);
            }
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let throttled = error.may_pass() && !error.is_ambiguous();
            if throttled && throttled_attempts.failed() == 0 {
                let text = format!("{done} of {} done; ECS throttles to one a second", self.of);
                self.report.note(&text);
            }
            let attempts = if throttled { &mut throttled_attempts } else { &mut failed_attempts };
            if !error.may_pass() || !attempts.wait().await {
                return Err(End::Failed(Failure::error(what).hint(error.hint()).because(error)));
            }
        }
    }
}

/// Deregisters a revision. Succeeds if another client deregistered it in the meantime.
async fn deregister_once(arn: &str, aws: &Aws) -> Result<(), ApiError> {
    let Err(error) = aws.deregister(arn).await else { return Ok(()) };
    if error.code.as_deref() != Some("ClientException") {
        return Err(error);
    }
    match aws.task_definition(arn).await {
        Ok(Some(found)) if found.document["status"] == "INACTIVE" => Ok(()),
        _ => Err(error),
    }
}

impl Retired {
    /// Returns the number of finished steps.
    pub fn done(&self) -> usize {
        self.deregistered.len() + self.deleted.len() + self.refused.len()
    }
}
