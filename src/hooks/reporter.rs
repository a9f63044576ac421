//! Defines where hooks report what their commands do. Never shows anything itself.

use super::Moment;

/// Where hooks report what their commands do.
pub trait HookReporter {
    /// Reports something worth knowing that stops nothing.
    fn note(&self, text: &str);
    /// Reports a fact of a command.
    fn hook(&self, hook: Moment, fact: HookFact<'_>);
}

/// A fact about a command that a hook runs.
#[derive(Clone, Copy, Debug)]
pub enum HookFact<'a> {
    /// It was started.
    Started { command: &'a str },
    /// It wrote a line.
    Line { stream: HookStream, line: &'a str },
    /// It ended: by itself with a code, by a signal, by its timeout, or by an interrupt.
    Ended { code: Option<i32>, signal: Option<i32>, timed_out: bool, interrupted: bool, seconds: f64 },
}

/// The stream to which a command wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookStream {
    Stdout,
    Stderr,
}
