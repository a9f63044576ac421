//! Keeps track of outages: a service cannot be polled, for reasons that may pass.
//!
//! An outage is reported once while it lasts, and again in the result of a watch that times out: what was read
//! before it is out of date.

use std::time::{Duration, Instant};

use super::{Ending, Item, Watch};
use crate::aws::ApiError;
use crate::aws::error::Meaning;
use crate::duration;

/// After how many failed polls in a row, or after which time, an outage is reported.
const LOOKS: u32 = 5;
const TIME: Duration = Duration::from_secs(30);
/// How long credentials may be missing: a source of credentials that failed may recover.
const NO_CREDENTIALS: Duration = Duration::from_secs(60);

/// An outage: since when a service cannot be polled, and why.
#[derive(Clone, Debug)]
pub(super) struct Blind {
    since: Instant,
    looks: u32,
    error: String,
    told: bool,
    /// Since when there are no credentials.
    no_credentials: Option<Instant>,
}

impl Item {
    /// Records a poll that failed with an error that may pass.
    pub(super) fn is_not_seen(&mut self, error: &ApiError, now: Instant) {
        let since = self.seen.unwrap_or(self.started);
        let blind = self.blind.get_or_insert_with(|| Blind {
            since,
            looks: 0,
            error: String::new(),
            told: false,
            no_credentials: None,
        });
        blind.looks += 1;
        blind.error = error.to_string();
        let missing = error.meaning == Meaning::NoCredentials;
        blind.no_credentials = missing.then(|| blind.no_credentials.unwrap_or(now));
        if blind.no_credentials.is_some_and(|since| now.duration_since(since) >= NO_CREDENTIALS) {
            self.lose(error);
        }
    }

    /// Ends the watch because of an error that will not pass.
    pub(super) fn lose(&mut self, error: &ApiError) {
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        self.ending = Some((Ending::Lost { error: format!("{error}{hint}") }, self.started.elapsed()));
    }

    /// Describes the outage: when the service was last polled, and the error. `None` where the last poll succeeded.
    pub(super) fn last_seen(&self) -> Option<String> {
        let blind = self.blind.as_ref()?;
        let since = duration::text(blind.since.elapsed());
        let error = &blind.error;
        Some(match self.seen {
            Some(_) => format!("last seen {since} ago: {error}"),
            None => format!("never seen: {error}"),
        })
    }
}

impl Watch<'_> {
    /// Records an abandoned poll as a failure of each item whose count of polls is still the one in `looks`.
    pub(super) fn late(&mut self, looks: &[u32]) {
        let message = Some("no answer in time".to_owned());
        let meaning = Meaning::Passing;
        let error = ApiError { meaning, message, ..ApiError::unreadable("ecs:DescribeServices") };
        for (item, looks) in self.items.iter_mut().zip(looks) {
            let said = item.blind.is_some();
            if item.ending.is_none() && item.looks == *looks && !said {
                item.is_not_seen(&error, Instant::now());
            }
        }
    }

    /// Reports each new outage once, with its services and its error.
    pub(super) fn tell_blind(&mut self) {
        let mut unseen: Vec<(String, Vec<String>)> = Vec::new();
        for item in self.items.iter_mut().filter(|item| item.ending.is_none()) {
            let Some(blind) = item.blind.as_mut().filter(|blind| !blind.told) else { continue };
            if blind.looks < LOOKS && blind.since.elapsed() < TIME {
                continue;
            }
            blind.told = true;
            let key = item.followed.key.clone();
            match unseen.iter_mut().find(|(error, _)| *error == blind.error) {
                Some((_, keys)) => keys.push(key),
                None => unseen.push((blind.error.clone(), vec![key])),
            }
        }
        for (error, keys) in unseen {
            let note = format!("failed to poll {}, still watching: {error}", keys.join(", "));
            self.report.note(&note);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::snapshot::Followed;

    fn error(meaning: Meaning) -> ApiError {
        ApiError { meaning, ..ApiError::unreadable("ecs:DescribeServices") }
    }

    #[test]
    fn credentials_that_stay_away_end_the_watch_and_the_way_on_is_said() {
        let mut item = Item::new(Followed::default());
        let start = Instant::now();
        item.is_not_seen(&error(Meaning::NoCredentials), start);
        item.is_not_seen(&error(Meaning::NoCredentials), start + Duration::from_secs(59));
        assert!(item.ending.is_none());
        item.is_not_seen(&error(Meaning::NoCredentials), start + NO_CREDENTIALS);
        let Some((Ending::Lost { error }, _)) = item.ending else { panic!("{:?}", item.ending) };
        assert!(error.contains("--profile"), "{error}");
    }

    #[test]
    fn what_passes_ends_no_watch() {
        let mut item = Item::new(Followed::default());
        let start = Instant::now();
        for minute in 0..20 {
            item.is_not_seen(&error(Meaning::Passing), start + Duration::from_secs(60 * minute));
        }
        assert!(item.ending.is_none());
        assert!(item.last_seen().is_some_and(|text| text.starts_with("never seen: ecs:DescribeServices")));
    }
}
