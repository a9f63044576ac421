//! The one error type: what was attempted, why it failed, what to do next.
//!
//! Stages create failures and commands return them. Only `report` prints them, and only [`Kind::exit_code`] chooses
//! the exit code.

use std::error::Error as StdError;
use std::fmt;

use crate::document::problem::InvalidFiles;
use crate::secrets::masked_message;

/// The result of anything that can fail with a [`Failure`].
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The kind of a failure, by which scripts decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// An error without a more precise kind.
    Error,
    /// The command line or the environment names something that is invalid or does not exist.
    Usage,
    /// Refused before anything changed: a deployment is in progress, or the account is the wrong one.
    Refused,
    /// Interrupted by Ctrl-C, SIGTERM or SIGHUP.
    Interrupted,
}

impl ErrorKind {
    /// Returns the exit code of this kind of failure.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Error => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Refused => 5,
            ErrorKind::Interrupted => 130,
        }
    }
}

/// A failure with its causes and hints.
#[derive(Debug)]
pub struct Failure {
    pub kind: ErrorKind,
    pub message: String,
    pub hints: Vec<String>,
    /// Whether the attempt may have taken effect all the same.
    pub may_have_taken_effect: bool,
    pub details: Details,
    cause: Option<Cause>,
}

/// What a failure consists of, beside its message.
#[derive(Debug, Default)]
pub enum Details {
    /// The message, the causes and the hints are all.
    #[default]
    None,
    /// The problems of the user's files.
    Problems(Box<InvalidFiles>),
    /// Several failures at once, such as one for each service of a deploy.
    Several(Vec<Failure>),
}

/// The cause of a failure.
#[derive(Debug)]
pub struct Cause {
    error: Box<dyn StdError + Send + Sync>,
    /// Whether another attempt may succeed.
    temporary: bool,
}

impl Cause {
    /// Returns the cause of a failure that another attempt would not change.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Cause {
        Cause { error: error.into(), temporary: false }
    }

    /// Sets whether another attempt may succeed.
    pub fn temporary(mut self, temporary: bool) -> Cause {
        self.temporary = temporary;
        self
    }
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Cause {
        Cause { temporary: failure.is_temporary(), error: failure.into() }
    }
}

impl From<std::io::Error> for Cause {
    fn from(error: std::io::Error) -> Cause {
        Cause::new(error)
    }
}

impl From<String> for Cause {
    fn from(text: String) -> Cause {
        Cause::new(text)
    }
}

impl Failure {
    /// Returns a failure. `message` says what went wrong, in lower case and without a full stop: ``failed to read
    /// env file `prod.env` ``. Why it went wrong is added by [`Failure::because`].
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Failure {
        let message = masked_message(&message.into());
        Failure {
            kind,
            message,
            hints: Vec::new(),
            may_have_taken_effect: false,
            details: Details::None,
            cause: None,
        }
    }

    /// Returns an ordinary error.
    pub fn error(message: impl Into<String>) -> Failure {
        Failure::new(ErrorKind::Error, message)
    }

    /// Returns an error of the command line.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(ErrorKind::Usage, message)
    }

    /// Returns a refusal.
    pub fn refused(message: impl Into<String>) -> Failure {
        Failure::new(ErrorKind::Refused, message)
    }

    /// Returns the failure of an interrupted command.
    pub fn interrupted(message: impl Into<String>) -> Failure {
        Failure::new(ErrorKind::Interrupted, message)
    }

    /// Sets whether the attempt may have taken effect all the same.
    pub fn unclear(mut self, unclear: bool) -> Failure {
        self.may_have_taken_effect = unclear;
        self
    }

    /// Adds a hint, if there is one.
    pub fn with_hint(mut self, hint: impl Into<Option<String>>) -> Failure {
        self.hints.extend(hint.into().map(|hint| masked_message(&hint)));
        self
    }

    /// Sets the cause.
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Failure {
        self.cause = Some(cause.into());
        self
    }

    /// Returns several failures as one, which is a refusal only if all of them are.
    pub fn several(failures: Vec<Failure>) -> Failure {
        let kind = match failures.first() {
            Some(first) if failures.iter().all(|failure| failure.kind == first.kind) => first.kind,
            _ => ErrorKind::Error,
        };
        let messages: Vec<_> = failures.iter().map(|failure| failure.message.as_str()).collect();
        let message = messages.join("; ");
        Failure { details: Details::Several(failures), ..Failure::new(kind, message) }
    }

    /// Returns failures as one: a single failure stays as it is.
    pub fn combined(mut failures: Vec<Failure>) -> Failure {
        if failures.len() == 1 { failures.remove(0) } else { Failure::several(failures) }
    }

    /// Returns whether another attempt may succeed.
    pub fn is_temporary(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| cause.temporary)
    }

    /// Returns the causes as text, the nearest first.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = StdError::source(self);
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }

    /// Returns the message and the causes as one line.
    pub fn one_line(&self) -> String {
        [vec![self.message.clone()], self.causes()].concat().join(": ")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| -> &(dyn StdError + 'static) { cause.error.as_ref() })
    }
}

impl From<InvalidFiles> for Failure {
    fn from(invalid: InvalidFiles) -> Failure {
        let message = invalid.to_string();
        Failure { details: Details::Problems(Box::new(invalid)), ..Failure::error(message) }
    }
}
