//! Defines where a watch reports what it observes. Never shows anything itself.

use super::Progress;
use crate::aws::types::Event;

/// Where a watch reports what it observes.
pub trait WatchReporter {
    /// Reports something worth knowing that stops nothing.
    fn note(&self, text: &str);
    /// Reports a service event that is new.
    fn service_event(&self, service: &str, event: &Event);
    /// Reports the progress of a rollout, where it has changed.
    fn progress(&self, progress: &Progress);
}
