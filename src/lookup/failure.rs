//! Why a look-up has no value.

use std::fmt;

use crate::document::problem::Problem;
use crate::document::source::SourceSpan;

/// Why a look-up has no value, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupFailure {
    pub message: String,
    pub hint: Option<String>,
    /// Whether the only reason is that there is nothing of this name.
    pub is_missing: bool,
}

impl LookupFailure {
    /// Returns a failure without a hint.
    pub fn new(message: impl Into<String>) -> LookupFailure {
        LookupFailure { message: message.into(), hint: None, is_missing: false }
    }

    /// Marks the failure as that of something that does not exist.
    pub fn of_missing(self) -> LookupFailure {
        LookupFailure { is_missing: true, ..self }
    }

    /// Sets the hint, or removes it with `None`.
    pub fn with_hint(self, hint: impl Into<Option<String>>) -> LookupFailure {
        LookupFailure { hint: hint.into(), ..self }
    }

    /// Returns the failure as a problem at the place that asks.
    pub fn problem(&self, span: SourceSpan) -> Problem {
        Problem::error(span, self.message.clone()).hint(self.hint.clone())
    }
}

impl fmt::Display for LookupFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LookupFailure {}
