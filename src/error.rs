//! Errors as people read them: what went wrong, why, and what to do next.
//!
//! Stages create them; commands pass them on with `anyhow`; only `report` prints them, and only [`Kind::exit_code`]
//! chooses the exit code.

use std::error::Error as StdError;
use std::fmt;

use crate::secrets::masked_message;

/// The kind of a failure, by which scripts decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An error without a more precise kind.
    Error,
    /// The command line or the environment names something that is invalid or does not exist.
    Usage,
    /// Refused before anything changed: a deployment is in progress, or the account is the wrong one.
    Refused,
    /// Interrupted by Ctrl-C or SIGTERM.
    Interrupted,
}

impl Kind {
    /// Returns the exit code of this kind of failure.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Error => 1,
            Kind::Usage => 2,
            Kind::Refused => 5,
            Kind::Interrupted => 130,
        }
    }
}

/// A failure with its hints.
#[derive(Debug)]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    pub hints: Vec<String>,
    /// Whether the attempt may have taken effect all the same.
    pub unclear: bool,
    cause: Option<anyhow::Error>,
}

impl Failure {
    /// Returns a failure. `message` says what went wrong, in lower case and without a full stop: ``failed to read
    /// env file `prod.env` ``. Why it went wrong is added by [`Failure::because`].
    pub fn new(kind: Kind, message: impl Into<String>) -> Failure {
        let message = masked_message(&message.into());
        Failure { kind, message, hints: Vec::new(), unclear: false, cause: None }
    }

    /// Returns an ordinary error.
    pub fn error(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Error, message)
    }

    /// Returns an error of the command line.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Usage, message)
    }

    /// Returns a refusal.
    pub fn refused(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Refused, message)
    }

    /// Returns the failure of an interrupted command.
    pub fn interrupted(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Interrupted, message)
    }

    /// Sets whether the attempt may have taken effect all the same.
    pub fn unclear(mut self, unclear: bool) -> Failure {
        self.unclear = unclear;
        self
    }

    /// Adds a hint, if there is one.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Failure {
        self.hints.extend(hint.into().map(|hint| masked_message(&hint)));
        self
    }

    /// Sets the cause.
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Failure {
        self.cause = Some(cause.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| -> &(dyn StdError + 'static) { cause.as_ref() })
    }
}

/// Several failures at once, such as one for each service of a deploy.
#[derive(Debug)]
pub struct Failures(pub Vec<Failure>);

impl Failures {
    /// Returns the kind that decides the exit code: that of all failures where they agree, else [`Kind::Error`].
    pub fn kind(&self) -> Kind {
        match self.0.first() {
            Some(first) if self.0.iter().all(|failure| failure.kind == first.kind) => first.kind,
            _ => Kind::Error,
        }
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<_> = self.0.iter().map(|failure| failure.message.as_str()).collect();
        f.write_str(&messages.join("; "))
    }
}

impl StdError for Failures {}
