//! Watches a service until as many tasks run as desired. Judges no deployment, and never changes anything.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::pace::{Rhythm, pause};
use super::progress::{Progress, Standing};
use super::reporter::WatchReporter;
use crate::aws::error::Meaning;
use crate::aws::types::{Service, ServiceStatus, revision_of, view};
use crate::aws::{ApiError, Aws};

/// What is waited for.
#[derive(Clone, Debug)]
pub struct Counting<'a> {
    pub cluster: &'a str,
    /// The service's name in ECS, and the name that commands use.
    pub name: &'a str,
    pub key: &'a str,
    pub desired: i64,
    /// The service before the change.
    pub before: &'a Service,
    pub timeout: Duration,
    /// The fixed time between polls; `None` for an adaptive one.
    pub poll: Option<Duration>,
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Counted {
    /// As many tasks run as desired.
    Reached,
    /// The timeout has passed.
    TimedOut,
    /// Another client has changed the desired count in the meantime.
    Moved { desired: i64 },
    /// The service no longer exists.
    Gone,
    /// The service can no longer be watched.
    Lost { error: String },
}

/// The state of a wait.
struct Seen {
    started: Instant,
    changed: Instant,
    looks: u32,
    /// Whether the requested desired count was seen: after that, any other was set by another client.
    took_effect: bool,
    events: BTreeSet<String>,
    progress: Option<Progress>,
}

impl Counting<'_> {
    /// Returns how the wait ended, and how many tasks ran at the last poll.
    pub async fn wait(&self, aws: &Aws, report: &dyn WatchReporter) -> (Counted, i64) {
        let now = Instant::now();
        let events = self.before.events.iter().map(|event| event.id.clone()).collect();
        let mut seen =
            Seen { started: now, changed: now, looks: 0, took_effect: false, events, progress: None };
        let mut running = self.before.running_count;
        loop {
            seen.looks += 1;
            match self.look(aws).await {
                Ok(Some(service)) => {
                    running = service.running_count;
                    self.show(&service, &mut seen, report);
                    if let Some(end) =
                        end(&service, self.before.desired_count, self.desired, &mut seen.took_effect)
                    {
                        return (end, running);
                    }
                }
                Ok(None) => return (Counted::Gone, 0),
                // Credentials worked before: a source of credentials that failed may recover.
                Err(error) if error.may_pass() || error.meaning == Meaning::NoCredentials => {
                    tracing::info!("still watching after: {error}");
                }
                Err(error) => {
                    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                    return (Counted::Lost { error: format!("{error}{hint}") }, running);
                }
            }
            let elapsed = seen.started.elapsed();
            if elapsed >= self.timeout {
                return (Counted::TimedOut, running);
            }
            let still = seen.changed.elapsed();
            let adapted = pause(&Rhythm { elapsed, looks: seen.looks, still, near_end: false });
            tokio::time::sleep(self.poll.unwrap_or(adapted).min(self.timeout - elapsed)).await;
        }
    }

    /// Returns the service; `None` where it no longer exists.
    async fn look(&self, aws: &Aws) -> Result<Option<Service>, ApiError> {
        let mut found = aws.services(self.cluster, &[self.name.to_owned()]).await?;
        let Some(document) = found.remove(self.name) else { return Ok(None) };
        let service: Service = view(&document).map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?;
        Ok(Some(service).filter(|service| service.status != ServiceStatus::Inactive))
    }

    /// Reports what is new.
    fn show(&self, service: &Service, seen: &mut Seen, report: &dyn WatchReporter) {
        for event in service.events.iter().rev().filter(|event| seen.events.insert(event.id.clone())) {
            report.service_event(self.key, event);
            seen.changed = Instant::now();
        }
        let progress = Progress {
            key: self.key.to_owned(),
            revision: revision_of(&service.task_definition).to_owned(),
            standing: if is_reached(service, self.desired) { Standing::Done } else { Standing::Moving },
            desired: self.desired,
            running: service.running_count,
            pending: service.pending_count,
            detail: detail(service, self.desired),
            seconds: seen.started.elapsed().as_secs_f64(),
            ..Progress::default()
        };
        if !seen.progress.as_ref().is_some_and(|known| known.is_where(&progress)) {
            report.progress(&progress);
            seen.progress = Some(progress);
            seen.changed = Instant::now();
        }
    }
}

/// Returns how the wait ended; `None` while it has not.
fn end(service: &Service, before: i64, wanted: i64, took_effect: &mut bool) -> Option<Counted> {
    let desired = service.desired_count;
    *took_effect |= desired == wanted;
    // Until the change was seen, an answer may be older than it.
    if desired != wanted && (*took_effect || desired != before) {
        return Some(Counted::Moved { desired });
    }
    is_reached(service, wanted).then_some(Counted::Reached)
}

fn is_reached(service: &Service, wanted: i64) -> bool {
    service.desired_count == wanted && service.running_count == wanted && service.pending_count == 0
}

fn detail(service: &Service, wanted: i64) -> String {
    let running = service.running_count;
    match running.cmp(&wanted) {
        std::cmp::Ordering::Less => format!("{} more to run", wanted - running),
        std::cmp::Ordering::Greater => format!("{} to stop", running - wanted),
        std::cmp::Ordering::Equal => "as desired".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(desired: i64, running: i64, pending: i64, took_effect: bool) -> Option<Counted> {
        let counts = Service {
            desired_count: desired,
            running_count: running,
            pending_count: pending,
            ..Service::default()
        };
        end(&counts, 2, 4, &mut took_effect.clone())
    }

    #[test]
    fn the_wait_is_over_when_as_many_run_as_are_wanted() {
        let moved = |desired| Some(Counted::Moved { desired });
        for (counts, expected) in [
            ((4, 4, 0, true), Some(Counted::Reached)),
            ((4, 3, 1, true), None),
            ((4, 5, 0, true), None),
            ((4, 4, 1, true), None),
            // An answer from before the change.
            ((2, 2, 0, false), None),
            // Another client set it back, or to another count.
            ((2, 4, 0, true), moved(2)),
            ((6, 4, 0, true), moved(6)),
            ((6, 2, 0, false), moved(6)),
        ] {
            let (desired, running, pending, took_effect) = counts;
            assert_eq!(seen(desired, running, pending, took_effect), expected, "{counts:?}");
        }
    }
}
