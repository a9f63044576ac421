//! Writes to stdout and stderr, with colours: everything that is printed passes through here, and through the filter of
//! `printable` for what others wrote.

use std::borrow::Cow;
use std::collections::BTreeMap;
#[cfg(unix)]
use std::fs::Metadata;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;

use super::printable::{filtered, one_line, styled, unmarked, with_own_styles, without_commands};
use super::question;
use super::wrap::wrap;
use crate::error::Failure;
use crate::settings::ColorChoice;

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
    /// Whether stderr is a terminal.
    pub is_stderr_terminal: bool,
    /// Whether stdout is a terminal.
    pub is_stdout_terminal: bool,
    is_sandbox: bool,
    /// Whether a CI system takes commands from what is printed.
    is_ci: bool,
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
            is_stderr_terminal: err,
            is_stdout_terminal: out,
            is_sandbox: sandbox,
            is_ci: false,
        }
    }

    /// Returns the screen of a process whose output a CI system reads.
    pub fn in_ci(self, is_ci: bool) -> Screen {
        Screen { is_ci, ..self }
    }

    /// Writes a line of the answer. Line breaks in it, which others wrote, become spaces. An answer never has the prefix of
    /// the sandbox, so that other programs can read it.
    pub fn write_answer(&self, text: &str) {
        self.write_answer_lines(&one_line(text));
    }

    /// Writes lines of the answer.
    pub fn write_answer_lines(&self, text: &str) {
        write_answer(&self.without_controls(&filtered(text)));
    }

    /// Writes the answer as it is: for documents that another program reads. Only on a terminal is it filtered.
    pub fn write_raw_answer(&self, text: &str) {
        write_answer(&self.exact_off_terminal(text));
    }

    /// Writes lines that a program wrote. Only on a terminal are they filtered.
    pub fn write_log_answer(&self, text: &str) {
        write_answer(&unmarked(&self.exact_off_terminal(text)));
    }

    fn exact_off_terminal<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_stdout_terminal { Cow::from(filtered(text)) } else { Cow::from(text) }
    }

    /// Writes a line of the story. Line breaks in it, which others wrote, become spaces.
    pub fn write_story(&self, text: &str) {
        self.write_story_lines(&one_line(text));
    }

    /// Writes lines of the story.
    pub fn write_story_lines(&self, text: &str) {
        record_write(STDERR, write_line(&mut io::stderr().lock(), &self.shown(text)));
    }

    /// Returns a text as it is written: filtered, with the prefix of the sandbox, and without commands for a CI system.
    pub(super) fn shown(&self, text: &str) -> String {
        self.without_controls(&self.with_prefix(&filtered(text)))
    }

    /// Returns a filtered text as it is written: without commands for a CI system.
    fn without_controls(&self, text: &str) -> String {
        unmarked(&if self.is_ci { without_commands(text) } else { text.to_owned() })
    }

    /// Writes a line of the answer; on a terminal long lines are wrapped at words.
    pub fn write_answer_wrapped(&self, text: &str) {
        self.write_answer_lines(&self.wrap_answer(&one_line(text)));
    }

    /// Returns how many columns a line of the answer may have; `None` where stdout is no terminal.
    pub fn answer_width(&self) -> Option<usize> {
        self.is_stdout_terminal.then(|| width_of(&Term::stdout(), 0))
    }

    /// Returns an answer, wrapped to the width of the terminal.
    pub fn wrap_answer(&self, text: &str) -> String {
        wrap_for(text, self.is_stdout_terminal, &Term::stdout(), 0)
    }

    /// Writes a line of the story; on a terminal a long one is wrapped at words.
    pub fn write_story_wrapped(&self, text: &str) {
        self.write_story_lines_wrapped(&one_line(text));
    }

    /// Writes lines of the story; on a terminal long ones are wrapped at words.
    pub fn write_story_lines_wrapped(&self, text: &str) {
        self.write_story_lines(&self.wrap_story(text));
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
        question::ask(&self.shown(question)).unwrap_or_default()
    }
}

/// Returns a text wrapped to the width of a terminal, on which each line has a prefix of so many columns.
fn wrap_for(text: &str, is_terminal: bool, terminal: &Term, prefix: usize) -> String {
    // What is removed has no width.
    let text = filtered(text);
    if !is_terminal {
        return text;
    }
    wrap(&text, width_of(terminal, prefix))
}

/// Returns how many columns of a terminal a line may have after a prefix; the last column stays free.
fn width_of(terminal: &Term, prefix: usize) -> usize {
    // On a very narrow terminal too little is left to wrap into.
    usize::from(terminal.size().1).saturating_sub(prefix + 1).max(20)
}

fn write_line(to: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}

/// The help, or an error of the command line, without and with colours.
#[derive(Debug)]
pub struct HelpText {
    pub plain: String,
    pub colored: String,
    /// Whether it goes to stderr.
    pub is_error: bool,
}

/// Writes the help, or an error of the command line.
pub fn write_help(help: &HelpText, environment: &BTreeMap<String, String>) {
    let screen = Screen::new(color_choice(ColorChoice::Auto, environment), false).in_ci(is_ci(environment));
    let has_color = if help.is_error { screen.stderr_color } else { screen.stdout_color };
    let text = if has_color { with_own_styles(&help.colored) } else { help.plain.clone() };
    if help.is_error {
        screen.write_story_lines(text.trim_end());
    } else {
        screen.write_answer_lines(text.trim_end());
    }
}

/// Returns whether a variable is set and not empty.
pub(super) fn is_set(environment: &BTreeMap<String, String>, name: &str) -> bool {
    environment.get(name).is_some_and(|value| !value.is_empty())
}

/// Returns whether a CI system reads the output, and takes commands from it: GitHub Actions, Azure Pipelines or `TeamCity`.
pub(super) fn is_ci(environment: &BTreeMap<String, String>) -> bool {
    ["GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"].iter().any(|name| is_set(environment, name))
}

/// Returns whether stdout is a file, so that the answers are read only after the run.
pub(super) fn is_stdout_file() -> bool {
    #[cfg(unix)]
    return file_of(&io::stdout()).is_some_and(|data| data.is_file());
    #[cfg(not(unix))]
    false
}

/// Returns whether stderr is a file.
pub(super) fn is_stderr_file() -> bool {
    #[cfg(unix)]
    return file_of(&io::stderr()).is_some_and(|data| data.is_file());
    #[cfg(not(unix))]
    false
}

/// Returns whether stdout goes to a file of this path.
pub(super) fn is_stdout_the_file(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let same = |(a, b): (Metadata, Metadata)| (a.dev(), a.ino()) == (b.dev(), b.ino());
        file_of(&io::stdout()).zip(std::fs::metadata(path).ok()).is_some_and(same)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Returns what the system knows of the file that a stream goes to.
#[cfg(unix)]
fn file_of(stream: &impl std::os::fd::AsFd) -> Option<Metadata> {
    std::fs::File::from(stream.as_fd().try_clone_to_owned().ok()?).metadata().ok()
}

/// Writes a line of stderr or stdout that is already as it is to be written.
pub(super) fn write_exact(to_stdout: bool, text: &str) {
    if to_stdout {
        return write_answer(text);
    }
    record_write(STDERR, write_line(&mut io::stderr().lock(), text));
}

/// Returns when to use colour: as the flag says, else as `NO_COLOR`, `FORCE_COLOR` or `CLICOLOR_FORCE` say.
pub fn color_choice(flag: ColorChoice, environment: &BTreeMap<String, String>) -> ColorChoice {
    let value = |name: &str| environment.get(name).filter(|value| !value.is_empty());
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
    if color { styled(code, text) } else { text.to_owned() }
}
