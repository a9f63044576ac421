//! Defines where log lines are reported. Never shows anything itself.

use super::merge::Line;

/// Where log lines are reported.
pub trait TailReporter {
    /// Reports something worth knowing that stops nothing.
    fn note(&self, text: &str);
    /// Reports a line of a service's task; `width` is that of the longest container name.
    fn service_line(&self, service: &str, line: &Line, width: usize);
    /// Reports a line of a one-off task: as the answer of a run, or as part of its story. A `prefixed` line has its task
    /// and its container before it.
    fn task_line(&self, key: &str, line: &Line, width: usize, prefixed: bool, story: bool);
    /// Whether the reader of the answers has gone, so that no more lines are needed.
    fn is_output_closed(&self) -> bool;
}
