//! Keeps track of outages: a service cannot be polled, for reasons that may pass.
//!
//! An outage is reported once while it lasts, and again in the result of a watch that times out: what was read
//! before it is out of date.

use std::time::{Duration, Instant};

use super::poll::late;
use super::{RolloutWatch, WatchItem, WatchOutcome};
use crate::aws::ApiError;
use crate::aws::error::ApiErrorKind;
use crate::duration;

/// After how many failed polls in a row, or after which time, an outage is reported.
const REPORT_AFTER_POLLS: u32 = 3;
const REPORT_AFTER: Duration = Duration::from_secs(10);
/// How long credentials may be missing: a source of credentials that failed may recover.
const MAX_WITHOUT_CREDENTIALS: Duration = Duration::from_mins(1);

/// An outage: since when a service cannot be polled, and why.
#[derive(Clone, Debug)]
pub(super) struct Outage {
    since: Instant,
    failed_polls: u32,
    error: String,
    is_throttled: bool,
    is_reported: bool,
    /// Since when there are no credentials.
    no_credentials_since: Option<Instant>,
}

impl WatchItem {
    /// Records a poll that failed with an error that may pass.
    pub(super) fn record_poll_failure(&mut self, error: &ApiError, now: Instant) {
        let since = self.polled_at.unwrap_or(self.started_at);
        let blind = self.outage.get_or_insert_with(|| Outage {
            since,
            failed_polls: 0,
            error: String::new(),
            is_throttled: false,
            is_reported: false,
            no_credentials_since: None,
        });
        blind.failed_polls += 1;
        blind.error = error.to_string();
        blind.is_throttled = error.is_throttled();
        let missing = error.kind == ApiErrorKind::NoCredentials;
        blind.no_credentials_since = missing.then(|| blind.no_credentials_since.unwrap_or(now));
        if blind
            .no_credentials_since
            .is_some_and(|since| now.duration_since(since) >= MAX_WITHOUT_CREDENTIALS)
        {
            self.end_as_lost(error);
        }
    }

    /// Ends the watch because of an error that will not pass.
    pub(super) fn end_as_lost(&mut self, error: &ApiError) {
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        self.outcome =
            Some((WatchOutcome::Lost { error: format!("{error}{hint}") }, self.started_at.elapsed()));
    }

    /// Describes the outage: when the service was last polled, and the error. `None` where the last poll succeeded.
    pub(super) fn outage_text(&self) -> Option<String> {
        let blind = self.outage.as_ref()?;
        let since = duration::text(blind.since.elapsed());
        let error = &blind.error;
        Some(match self.polled_at {
            Some(_) => format!("last seen {since} ago: {error}"),
            None => format!("never seen: {error}"),
        })
    }
}

impl RolloutWatch<'_> {
    /// Records an abandoned poll as a failure of each item whose count of polls is still the one in `looks`.
    pub(super) fn record_late_poll(&mut self, looks: &[u32]) {
        let error = late("ecs:DescribeServices");
        for (item, looks) in self.items.iter_mut().zip(looks) {
            let said = item.outage.is_some();
            if item.outcome.is_none() && item.polls == *looks && !said {
                item.record_poll_failure(&error, Instant::now());
            }
        }
    }

    /// Reports each new outage once, with its services and its error.
    pub(super) fn report_outages(&mut self) {
        let mut unseen: Vec<(Outage, Vec<String>)> = Vec::new();
        for item in self.items.iter_mut().filter(|item| item.outcome.is_none()) {
            let Some(blind) = item.outage.as_mut().filter(|blind| !blind.is_reported) else { continue };
            if blind.failed_polls < REPORT_AFTER_POLLS && blind.since.elapsed() < REPORT_AFTER {
                continue;
            }
            blind.is_reported = true;
            let key = item.rollout.key.clone();
            match unseen.iter_mut().find(|(known, _)| known.error == blind.error) {
                Some((_, keys)) => keys.push(key),
                None => unseen.push((blind.clone(), vec![key])),
            }
        }
        for (outage, keys) in unseen {
            let (keys, error) = (keys.join(", "), outage.error);
            let what = if outage.is_throttled { "ECS throttles the polls of" } else { "failed to poll" };
            self.reporter.note(&format!("{what} {keys}, still watching: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::snapshot::WatchedRollout;

    fn error(meaning: ApiErrorKind) -> ApiError {
        ApiError { kind: meaning, ..ApiError::unreadable("ecs:DescribeServices") }
    }

    #[test]
    fn missing_credentials_end_the_watch_with_a_hint() {
        let mut item = WatchItem::new(WatchedRollout::default());
        let start = Instant::now();
        item.record_poll_failure(&error(ApiErrorKind::NoCredentials), start);
        item.record_poll_failure(&error(ApiErrorKind::NoCredentials), start + Duration::from_secs(59));
        assert!(item.outcome.is_none());
        item.record_poll_failure(&error(ApiErrorKind::NoCredentials), start + MAX_WITHOUT_CREDENTIALS);
        let Some((WatchOutcome::Lost { error }, _)) = item.outcome else { panic!("{:?}", item.outcome) };
        assert!(error.contains("--profile"), "{error}");
    }

    #[test]
    fn transient_errors_do_not_end_the_watch() {
        let mut item = WatchItem::new(WatchedRollout::default());
        let start = Instant::now();
        for minute in 0..20 {
            item.record_poll_failure(
                &error(ApiErrorKind::Transient),
                start + Duration::from_secs(60 * minute),
            );
        }
        assert!(item.outcome.is_none());
        assert!(item.outage_text().is_some_and(|text| text.starts_with("never seen: ecs:DescribeServices")));
    }
}
