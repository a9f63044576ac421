//! Repeats the first reads of a verb that watches, while AWS throttles or fails them, as the watch does with its polls.
//! Never repeats anything that changes AWS.

use std::time::{Duration, Instant};

use crate::context::CommandContext;
use crate::duration;
use crate::error::Result;
use crate::report::Event;

/// The pause between two attempts, each of which the SDK has repeated on its own.
const PAUSE: Duration = Duration::from_secs(5);
/// How often it is reported that the reads are repeated.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Reads until it succeeds, fails for a reason that does not pass, or the time is up.
///
/// # Errors
/// The failure of the last attempt.
pub async fn ride_out<T>(
    limit: Duration,
    context: &CommandContext,
    read: impl AsyncFn() -> Result<T>,
) -> Result<T> {
    let pause = context.poll_interval().unwrap_or(PAUSE);
    let started = Instant::now();
    let mut reported: Option<Instant> = None;
    loop {
        let failure = match read().await {
            Err(failure) if failure.is_temporary() => failure,
            result => return result,
        };
        if started.elapsed() + pause >= limit {
            let hint = format!("nothing was changed; AWS could not be read for {}", duration::text(limit));
            return Err(failure.with_hint(hint));
        }
        if reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
            reported = Some(Instant::now());
            let left = duration::text(limit.saturating_sub(started.elapsed()));
            let note = format!("waiting for AWS, for up to {left}: {}", failure.one_line());
            context.reporter.report(&Event::Note(&note));
        }
        tokio::time::sleep(pause).await;
    }
}
