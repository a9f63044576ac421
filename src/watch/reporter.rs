//! Defines where a watch reports what it observes. Never shows anything itself.

use std::time::Duration;

use super::Progress;
use crate::aws::types::ServiceEvent;

/// Where a watch reports what it observes.
pub trait WatchReporter {
    /// Reports something worth knowing that stops nothing.
    fn note(&self, text: &str);
    /// Reports a service event that is new.
    fn service_event(&self, service: &str, event: &ServiceEvent);
    /// Reports the progress of a rollout, where it has changed.
    fn progress(&self, progress: &Progress);
    /// Reports the progress of a rollout that has not changed for this long.
    fn unchanged(&self, progress: &Progress, unchanged_for: Duration);
}
