//! Repeats an operation that failed for a reason that may pass: how often, and with which pauses between the attempts.
//! Never decides which errors may pass.

use std::time::Duration;

/// How often an operation is attempted, and how long the pauses between the attempts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How often it is attempted at the most.
    pub attempts: u32,
    pub backoff: Backoff,
}

/// The pauses between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    /// Always the same pause.
    Constant(Duration),
    /// This pause first, then twice as long each time; up to the first pause is added as jitter, so that concurrent runs do
    /// not call in step.
    Exponential(Duration),
}

impl Policy {
    /// The policy for calls of the AWS API.
    pub const CALL: Policy =
        Policy { attempts: 6, backoff: Backoff::Exponential(Duration::from_millis(400)) };

    /// Returns the pause after so many attempts were made; `jitter` is from 0 to 1.
    fn pause(&self, made: u32, jitter: f64) -> Duration {
        match self.backoff {
            Backoff::Constant(pause) => pause,
            Backoff::Exponential(first) => {
                first.saturating_mul(2u32.saturating_pow(made.saturating_sub(1))) + first.mul_f64(jitter)
            }
        }
    }
}

/// The attempts that were made of one operation.
#[derive(Debug)]
pub struct Attempts {
    policy: Policy,
    failed: u32,
}

impl Attempts {
    /// Returns a count of attempts, before the first.
    pub fn new(policy: Policy) -> Attempts {
        Attempts { policy, failed: 0 }
    }

    /// Returns how many attempts were recorded as failed.
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// Returns whether the attempt that is being made is the last one.
    pub fn is_last(&self) -> bool {
        self.failed + 1 >= self.policy.attempts
    }

    /// Records that an attempt failed and waits until the next one may be made; returns `false`, at once, where none is left.
    pub async fn wait(&mut self) -> bool {
        let last = self.is_last();
        self.failed += 1;
        if !last {
            tokio::time::sleep(self.policy.pause(self.failed, fastrand::f64())).await;
        }
        !last
    }
}

/// Attempts an operation until it succeeds, fails with an error that is not temporary, or no attempt is left.
///
/// # Errors
/// The error of the last attempt.
pub async fn retry<T, E>(
    policy: Policy,
    is_temporary: impl Fn(&E) -> bool,
    operation: impl AsyncFn() -> Result<T, E>,
) -> Result<T, E> {
    let mut attempts = Attempts::new(policy);
    loop {
        match operation().await {
            Err(error) if is_temporary(&error) && attempts.wait().await => {}
            result => return result,
        }
    }
}

/// Returns a new idempotency token: AWS takes two calls with the same token for one.
pub fn token() -> String {
    format!("ecsail-{:032x}", fastrand::u128(..))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const AT_ONCE: Policy = Policy { attempts: 3, backoff: Backoff::Constant(Duration::ZERO) };

    fn attempts(results: &[Result<(), &'static str>]) -> (Result<(), &'static str>, usize) {
        let made = Cell::new(0);
        let operation = async || {
            made.set(made.get() + 1);
            results[made.get() - 1]
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let result = runtime.block_on(retry(AT_ONCE, |error| *error == "throttled", operation));
        (result, made.get())
    }

    #[test]
    fn an_operation_is_repeated_until_it_succeeds_or_no_attempt_is_left() {
        assert_eq!(attempts(&[Ok(())]), (Ok(()), 1));
        assert_eq!(attempts(&[Err("throttled"), Err("throttled"), Ok(())]), (Ok(()), 3));
        assert_eq!(attempts(&[Err("throttled"); 4]), (Err("throttled"), 3));
    }

    #[test]
    fn an_error_that_is_not_temporary_ends_it() {
        assert_eq!(attempts(&[Err("throttled"), Err("denied"), Ok(())]), (Err("denied"), 2));
    }

    #[test]
    fn pauses_double_and_jitter_adds_up_to_the_first_pause() {
        let pauses = |jitter| (1..=5).map(move |made| Policy::CALL.pause(made, jitter).as_millis());
        assert_eq!(pauses(0.0).collect::<Vec<_>>(), [400, 800, 1600, 3200, 6400]);
        assert_eq!(pauses(1.0).collect::<Vec<_>>(), [800, 1200, 2000, 3600, 6800]);
        let constant = Policy { attempts: 9, backoff: Backoff::Constant(Duration::from_secs(2)) };
        assert_eq!(constant.pause(8, 1.0), Duration::from_secs(2));
    }
}
