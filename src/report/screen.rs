//! Writes to stdout and stderr, with colours: everything that is printed passes through here.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;

use super::wrap::wrap;
use crate::error::Failure;
use crate::settings::{ColorChoice, Settings};

/// The names of the streams in messages.
const STDOUT: &str = "stdout";
const STDERR: &str = "stderr";

/// The prefix of every line in the sandbox.
pub const SANDBOX_PREFIX: &str = "sandbox: ";

/// Set once a write has shown that nothing can be written to stdout, or that nothing reads it.
static IS_STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);
/// The first error of a write, other than a closed pipe, and what it was to.
static WRITE_ERROR: OnceLock<(String, io::Error)> = OnceLock::new();

/// Returns whether stdout cannot be written, or is a closed pipe, as far as writes have shown.
pub fn is_stdout_closed() -> bool {
    IS_STDOUT_CLOSED.load(Ordering::Relaxed)
}

/// Returns the failure to write a part of the output, as far as writes have shown. A closed pipe is none.
pub fn write_failure() -> Option<Failure> {
    let (to, error) = WRITE_ERROR.get()?;
    Some(Failure::error(format!("failed to write to {to}")).with_cause(error.to_string()))
}

/// Records whether a write succeeded. A closed pipe is not an error.
pub(super) fn record_write(to: &str, written: io::Result<()>) {
    let Err(error) = written else { return };
    if to == STDOUT {
        IS_STDOUT_CLOSED.store(true, Ordering::Relaxed);
    }
    if error.kind() != io::ErrorKind::BrokenPipe {
        // Only the first error is reported.
        let _ = WRITE_ERROR.set((to.to_owned(), error));
    }
}

/// Writes a line to stdout as it is.
pub fn write_answer(text: &str) {
    record_write(STDOUT, write_line(&mut io::stdout().lock(), text));
}

/// Writes lines to stdout and stderr. Errors are remembered for the end of the run; a closed pipe is none.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Whether stderr is coloured.
    pub stderr_color: bool,
    /// Whether stdout is coloured.
    pub stdout_color: bool,
    /// Whether questions can be asked: both stdin and stderr are terminals.
    pub is_interactive: bool,
    /// Whether stderr is a terminal.
    pub is_stderr_terminal: bool,
    /// Whether stdout is a terminal.
    pub is_stdout_terminal: bool,
    is_sandbox: bool,
}

/// The colours, each for one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Good,
    Bad,
    Warn,
    Bold,
    Dim,
}

impl Screen {
    /// Returns the screen of this process.
    pub fn new(color: ColorChoice, sandbox: bool) -> Screen {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let colored = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal,
        };
        Screen {
            stderr_color: colored(err),
            stdout_color: colored(out),
            is_interactive: io::stdin().is_terminal() && err,
            is_stderr_terminal: err,
            is_stdout_terminal: out,
            is_sandbox: sandbox,
        }
    }

    /// Writes the answer. It never has the prefix of the sandbox, so that other programs can read it.
    pub fn write_answer(&self, text: &str) {
        write_answer(text);
    }

    /// Writes a part of the story.
    pub fn write_story(&self, text: &str) {
        record_write(STDERR, write_line(&mut io::stderr().lock(), &self.with_prefix(text)));
    }

    /// Writes the answer; on a terminal long lines are wrapped at words.
    pub fn write_answer_wrapped(&self, text: &str) {
        self.write_answer(&self.wrap_answer(text));
    }

    /// Returns an answer, wrapped to the width of the terminal.
    pub fn wrap_answer(&self, text: &str) -> String {
        wrap_for(text, self.is_stdout_terminal, &Term::stdout(), 0)
    }

    /// Writes a part of the story; on a terminal long lines are wrapped at words.
    pub fn write_story_wrapped(&self, text: &str) {
        self.write_story(&self.wrap_story(text));
    }

    /// Returns a part of the story, wrapped to the width of the terminal.
    pub fn wrap_story(&self, text: &str) -> String {
        let prefix = if self.is_sandbox { SANDBOX_PREFIX.len() } else { 0 };
        wrap_for(text, self.is_stderr_terminal, &Term::stderr(), prefix)
    }

    /// Returns a part of the story with every line prefixed, in the sandbox.
    pub fn with_prefix(&self, text: &str) -> String {
        let prefix = self.prefix();
        if prefix.is_empty() {
            return text.to_owned();
        }
        text.lines().map(|line| format!("{prefix}{line}\n")).collect::<String>().trim_end().to_owned()
    }

    /// Returns what stands before each line of the story: the mark of the sandbox, or nothing.
    pub fn prefix(&self) -> String {
        if self.is_sandbox { paint(self.stderr_color, Paint::Dim, SANDBOX_PREFIX) } else { String::new() }
    }

    /// Returns the answer to a yes-or-no question; anything but yes is no.
    pub fn confirm(&self, question: &str) -> bool {
        matches!(self.ask(&format!("{question} [y/N]")).to_lowercase().as_str(), "y" | "yes")
    }

    /// Returns the answer to a question; empty where there is none.
    pub fn ask(&self, question: &str) -> String {
        let _ = write!(io::stderr().lock(), "{} ", self.with_prefix(question));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).is_ok();
        if read { answer.trim().to_owned() } else { String::new() }
    }
}

/// Returns a text wrapped to the width of a terminal, on which each line has a prefix of so many columns.
fn wrap_for(text: &str, is_terminal: bool, terminal: &Term, prefix: usize) -> String {
    if !is_terminal {
        return text.to_owned();
    }
    // On a very narrow terminal too little is left to wrap into.
    wrap(text, usize::from(terminal.size().1).saturating_sub(prefix + 1).max(20))
}

fn write_line(to: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}

/// Returns when to use colour: as the flag says, else as `NO_COLOR`, `FORCE_COLOR` or `CLICOLOR_FORCE` say.
pub fn color_choice(flag: ColorChoice, settings: &Settings) -> ColorChoice {
    let value = |name: &str| settings.environment.get(name).filter(|value| !value.is_empty());
    let is_on = |name: &str| value(name).is_some_and(|value| value != "0" && value != "false");
    match flag {
        ColorChoice::Auto if value("NO_COLOR").is_some() => ColorChoice::Never,
        ColorChoice::Auto if is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE") => ColorChoice::Always,
        flag => flag,
    }
}

/// Returns a text in a colour, or unchanged.
pub fn paint(color: bool, paint: Paint, text: &str) -> String {
    let code = match paint {
        Paint::Good => "32",
        Paint::Bad => "31",
        Paint::Warn => "33",
        Paint::Bold => "1",
        Paint::Dim => "2",
    };
    if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}
