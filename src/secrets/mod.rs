//! What counts as a secret, and how it is masked: everything that shows a value of a definition, a setting, a command or a log
//! line goes through this module. Pure; it never reads where a value comes from.
//!
//! A value is a secret by the name of its setting (`DB_PASSWORD`), or by its form: a token that its issuer marks, a JWT, a
//! private key, a URL with a password, and, as the value of an environment variable, a random string. The linter reports such
//! values ([`looks_secret`]); plans, events, hooks and the lines of a run's story show [`HIDDEN`] in their place, whichever of
//! the two gives them away.
//!
//! A value of which a look-up says that it is a secret ([`add_known`]) is hidden in every output, whatever its form.
//!
//! Two kinds of output are not masked, since they are what was asked for: the documents of `ecsail render` (also those that it
//! writes to files), and what programs themselves wrote, as `ecsail logs` and the standard output of `ecsail run` show it.

mod command;
mod forms;
mod known;
mod line;
mod names;
mod setting;
mod snippet;
mod text;
mod value;

pub use known::{KnownSource, add_known, known_source, value_without_known, without_known};
pub use line::{
    controls_terminal, masked_line, masked_log_message, masked_message, masked_reason, printable,
    secrets_among, secrets_of,
};
pub use names::hides;
pub use setting::{hides_value, looks_secret};
pub use snippet::holds_secret;
pub use value::{embedded, is_secret_pair, masked};

/// What is shown in the place of a secret.
pub const HIDDEN: &str = "(hidden)";

#[cfg(test)]
mod tests;
