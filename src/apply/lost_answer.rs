//! Looks for what a call did whose answer was lost. AWS shows a change a moment later, not at once: nothing is concluded
//! from what is not there before it was looked for three times, over longer than AWS takes.

use super::unknown_effect;
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::retry::{Attempts, Policy};

/// What is there after a call whose answer was lost.
pub(super) enum Trace<T> {
    /// What the call was to do.
    Ours(T),
    /// What was there before: the call has had no effect.
    AsBefore,
    /// Neither: another client has changed it, and the call must not be sent again.
    Foreign(Failure),
}

/// Looks until the effect of the call is there, at most as often as AWS may need to show it. The last look counts.
///
/// # Errors
/// The look failed, so that it is not known whether the call had an effect.
pub(super) async fn look_repeatedly<T>(
    aws: &Aws,
    look: impl AsyncFn() -> Result<Trace<T>, ApiError>,
) -> Result<Trace<T>, ApiError> {
    let mut trace = look().await?;
    for pause in aws.lookup_pauses() {
        if matches!(trace, Trace::Ours(_)) {
            break;
        }
        tokio::time::sleep(pause).await;
        trace = look().await?;
    }
    Ok(trace)
}

/// Sends a call until it succeeds or fails for good. After a lost answer it is sent again only if everything is as before.
///
/// # Errors
/// The call failed, or it is not known whether it had an effect.
pub(super) async fn send_once<T>(
    aws: &Aws,
    attempted: &str,
    passes: impl Fn(&ApiError) -> bool,
    call: impl AsyncFn() -> Result<T, ApiError>,
    look: impl AsyncFn() -> Result<Trace<T>, ApiError>,
) -> Result<T, Failure> {
    let mut attempts = Attempts::new(Policy::CALL);
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if error.is_ambiguous() {
            let trace = look_repeatedly(aws, &look).await;
            match trace.map_err(|lookup| unknown_effect(attempted, &error, lookup))? {
                Trace::Ours(answer) => return Ok(answer),
                Trace::Foreign(failure) => return Err(failure.with_cause(error)),
                Trace::AsBefore => {}
            }
        }
        if !passes(&error) || !attempts.wait().await {
            return Err(Failure::error(attempted).with_hint(error.hint()).with_cause(error));
        }
    }
}
