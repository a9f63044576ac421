//! Runs the program in a pseudo-terminal, and returns the screen that a person sees.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A terminal of so many columns and rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

/// What a program has shown on a terminal.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) code: i32,
    /// The lines at the end, without trailing blanks.
    pub(crate) lines: Vec<String>,
}

impl Screen {
    /// Fails unless the program exited with this code.
    pub(crate) fn exits(self, code: i32) -> Screen {
        assert_eq!(self.code, code, "{}", self.text());
        self
    }

    /// Returns the lines as one text.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n").trim_end().to_owned()
    }

    /// Fails unless a line at the end contains this text.
    pub(crate) fn shows(self, text: &str) -> Screen {
        assert!(self.text().contains(text), "no `{text}` in:\n{}", self.text());
        self
    }
}

impl Terminal {
    /// Runs a command, and types each answer once its text is shown.
    pub(crate) fn run(self, command: &Command, steps: &[(&str, &str)]) -> Screen {
        let mut driven = python(command);
        let steps: Vec<[&str; 2]> = steps.iter().map(|(text, answer)| [*text, *answer]).collect();
        let steps = serde_json::to_string(&steps).expect("texts");
        driven.arg(folder().join("drive.py"));
        driven.args([self.columns.to_string(), self.rows.to_string(), steps]);
        driven.arg(command.get_program()).args(command.get_args());
        let output = driven.output().expect("the tests on a terminal need python3: install it");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.is_empty(), "{error}");
        let mut terminal = vt100::Parser::new(size(self.rows), size(self.columns), 0);
        terminal.process(&output.stdout);
        Screen {
            code: output.status.code().unwrap_or(-1),
            lines: terminal.screen().rows(0, self.columns).map(|line| line.trim_end().to_owned()).collect(),
        }
    }
}

/// Returns a command that belongs to no terminal, as in a job of a CI system.
pub(crate) fn without_terminal(command: &Command) -> Command {
    let mut detached = python(command);
    detached.args(["-c", "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"]);
    detached.arg(command.get_program()).args(command.get_args()).stdin(std::process::Stdio::null());
    detached
}

/// Returns Python with the folder and the environment of a command.
fn python(command: &Command) -> Command {
    let mut python = Command::new("python3");
    python.env_clear().current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    python.envs(variables);
    python
}

fn size(of: u16) -> NonZeroU16 {
    NonZeroU16::new(of).expect("a terminal has columns and rows")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terminal")
}
