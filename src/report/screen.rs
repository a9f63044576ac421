//! Writes to stdout and stderr, with colours: everything that is printed passes through here.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;

use super::wrap::wrapped;
use crate::settings::Color;

/// The prefix of every line in the sandbox.
pub const MARK: &str = "sandbox: ";

/// Set once a write has shown that stdout is a closed pipe.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Returns whether stdout is a closed pipe, as far as writes have shown.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Writes a line to stdout as it is; a closed pipe is not an error, but is remembered.
pub fn answer(text: &str) {
    let written = write(&mut io::stdout().lock(), text);
    if written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        CLOSED.store(true, Ordering::Relaxed);
    }
}

/// Writes lines to stdout and stderr; a closed pipe is not an error.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Whether stderr is coloured.
    pub color: bool,
    /// Whether stdout is coloured.
    pub color_out: bool,
    /// Whether questions can be asked: both stdin and stderr are terminals.
    pub interactive: bool,
    /// Whether stderr is a terminal.
    pub terminal: bool,
    /// Whether stdout is a terminal.
    pub terminal_out: bool,
    sandbox: bool,
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
    pub fn new(color: Color, no_color: bool, sandbox: bool) -> Screen {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let colored = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        };
        Screen {
            color: colored(err),
            color_out: colored(out),
            interactive: io::stdin().is_terminal() && err,
            terminal: err,
            terminal_out: out,
            sandbox,
        }
    }

    /// Writes the answer.
    pub fn out(&self, text: &str) {
        answer(&self.prefixed(text));
    }

    /// Writes the answer without the prefix of the sandbox: for documents that another program reads.
    pub fn out_raw(&self, text: &str) {
        answer(text);
    }

    /// Writes a part of the story.
    pub fn err(&self, text: &str) {
        let _ = write(&mut io::stderr().lock(), &self.prefixed(text));
    }

    /// Writes the answer; on a terminal long lines are wrapped at words.
    pub fn out_folded(&self, text: &str) {
        self.out(&self.answer_folded(text));
    }

    /// Returns an answer, wrapped to the width of the terminal.
    pub fn answer_folded(&self, text: &str) -> String {
        self.folded(text, self.terminal_out, &Term::stdout())
    }

    /// Writes a part of the story; on a terminal long lines are wrapped at words.
    pub fn err_folded(&self, text: &str) {
        self.err(&self.story_folded(text));
    }

    /// Returns a part of the story, wrapped to the width of the terminal.
    pub fn story_folded(&self, text: &str) -> String {
        self.folded(text, self.terminal, &Term::stderr())
    }

    fn folded(&self, text: &str, is_terminal: bool, terminal: &Term) -> String {
        if !is_terminal {
            return text.to_owned();
        }
        let mark = if self.sandbox { MARK.len() } else { 0 };
        // On a very narrow terminal too little is left to wrap into.
        wrapped(text, usize::from(terminal.size().1).saturating_sub(mark + 1).max(20))
    }

    /// Returns a text with every line prefixed, in the sandbox.
    pub fn prefixed(&self, text: &str) -> String {
        if !self.sandbox {
            return text.to_owned();
        }
        text.lines().map(|line| format!("{MARK}{line}\n")).collect::<String>().trim_end().to_owned()
    }

    /// Returns the answer to a yes-or-no question; anything but yes is no.
    pub fn ask(&self, question: &str) -> bool {
        matches!(self.answer(&format!("{question} [y/N]")).to_lowercase().as_str(), "y" | "yes")
    }

    /// Returns the answer to a question; empty where there is none.
    pub fn answer(&self, question: &str) -> String {
        let _ = write!(io::stderr().lock(), "{} ", self.prefixed(question));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).is_ok();
        if read { answer.trim().to_owned() } else { String::new() }
    }
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
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
