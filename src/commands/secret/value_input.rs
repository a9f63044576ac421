//! Where the value of a secret comes from: a prompt that does not show it, or standard input. Never an argument, which others on
//! the machine can read, and which stays in the history of the shell.

use std::io::{IsTerminal, Read};

use clap::Args;

use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::report::SecretAnswer;
use crate::secret_store::without_line_end;
use crate::secrets::{KnownSource, add_known};

/// More bytes than any store takes.
const MOST_BYTES: u64 = 128 * 1024;

/// The arguments about the value.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ValueArgs {
    /// Read the value from standard input, without one line end at its end [default: ask for it on the terminal]
    #[arg(long)]
    pub(super) from_stdin: bool,
    /// Keep the line end at the end of the input
    #[arg(long, requires = "from_stdin")]
    keep_line_end: bool,
}

impl ValueArgs {
    /// Returns the value, which is a secret for the rest of the run. `what` names it in the question.
    ///
    /// # Errors
    /// It cannot be read, is no text, or was not given.
    pub(super) fn read(&self, what: &str, context: &CommandContext) -> Result<String> {
        let value = if self.from_stdin { self.read_input(what)? } else { ask(what, context)? };
        add_known(&value, KnownSource::Other);
        Ok(value)
    }

    fn read_input(&self, what: &str) -> Result<String> {
        let input = std::io::stdin();
        if input.is_terminal() {
            let message = "`--from-stdin` reads a terminal, which would show the value";
            let hint = "leave it out: the value is then asked for and not shown".to_owned();
            return Err(Failure::usage(message).with_hint(hint));
        }
        let mut bytes = Vec::new();
        let read = input.lock().take(MOST_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| Failure::error(format!("failed to read the {what}")).with_cause(error))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Failure::usage(format!("the {what} has more than {MOST_BYTES} bytes")));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            let hint = "encode it, for example with `base64`: a variable has text".to_owned();
            return Err(Failure::usage(format!("the {what} is no UTF-8 text")).with_hint(hint));
        };
        Ok(if self.keep_line_end { text } else { without_line_end(&text).to_owned() })
    }
}

fn ask(what: &str, context: &CommandContext) -> Result<String> {
    let capital = what.chars().next().map(|c| c.to_ascii_uppercase()).into_iter();
    let question = format!("{}:", capital.chain(what.chars().skip(1)).collect::<String>());
    match context.reporter.ask_secret(&question) {
        Some(SecretAnswer::Line(line)) => Ok(line),
        Some(SecretAnswer::SeveralLines) => {
            let hint = "give it with `--from-stdin < FILE`".to_owned();
            Err(Failure::usage(format!("the {what} has several lines")).with_hint(hint))
        }
        Some(SecretAnswer::Interrupted) => Err(Failure::interrupted("interrupted; nothing was changed")),
        Some(SecretAnswer::Ended) => Err(no_value(what, "the input ended")),
        None => Err(no_value(what, context.reporter.unasked_reason())),
    }
}

fn no_value(what: &str, why: &str) -> Failure {
    Failure::usage(format!("no {what} was given, and {why}"))
        .with_hint("give it on standard input with `--from-stdin`".to_owned())
}
