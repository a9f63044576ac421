//! Asks questions on the terminal of the user, also where standard streams are piped. Never answers one by itself.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};

use super::screen::Screen;
use super::{InterruptAnswer, TaskInterruptAnswer};

/// Returns whether a person can answer: on standard input, or on the terminal that the process belongs to.
pub(super) fn can_ask() -> bool {
    (io::stdin().is_terminal() && io::stderr().is_terminal()) || terminal().is_some()
}

/// Writes a question, and returns the line that answers it; `None` at the end of the input.
pub(super) fn ask(question: &str) -> Option<String> {
    if !write(question) {
        return None;
    }
    let terminal = terminal();
    let mut answer = String::new();
    let read = match terminal {
        Some(terminal) if !io::stdin().is_terminal() => BufReader::new(terminal).read_line(&mut answer),
        _ => io::stdin().read_line(&mut answer),
    };
    read.ok().filter(|length| *length > 0).map(|_| answer.trim().to_owned())
}

/// Writes a question where a person sees it, and returns whether that succeeded.
pub(super) fn write(question: &str) -> bool {
    match terminal() {
        Some(mut terminal) if !io::stderr().is_terminal() => write!(terminal, "{question} ").is_ok(),
        _ => write!(io::stderr().lock(), "{question} ").is_ok(),
    }
}

/// Asks until the answer is one of the choices, and returns its value. An empty line, or the end of the input, is the first
/// choice.
///
/// Each choice is its key, the rest of its word, and its value.
fn choose<T: Copy>(question: &str, choices: &[(&str, &str, T)]) -> T {
    loop {
        let answer = ask(question).unwrap_or_default().to_lowercase();
        let chosen = match answer.as_str() {
            "" => choices.first(),
            given => choices.iter().find(|(key, rest, _)| given == *key || given == format!("{key}{rest}")),
        };
        if let Some((_, _, value)) = chosen {
            return *value;
        }
    }
}

/// Asks what to do about the rollouts in progress.
pub(super) fn about_rollouts(screen: &Screen) -> InterruptAnswer {
    let question = "The rollout continues without ecsail. Leave it, roll it back, or keep watching? [L/r/w]";
    let choices = [
        ("l", "eave", InterruptAnswer::Leave),
        ("r", "ollback", InterruptAnswer::RollBack),
        ("w", "atch", InterruptAnswer::KeepWatching),
    ];
    choose(&screen.shown(question), &choices)
}

/// Asks what to do about running tasks.
pub(super) fn about_tasks(screen: &Screen) -> TaskInterruptAnswer {
    let question = "The task keeps running without ecsail. Leave it, stop it, or keep watching? [L/s/w]";
    let choices = [
        ("l", "eave", TaskInterruptAnswer::Leave),
        ("s", "top", TaskInterruptAnswer::Stop),
        ("w", "atch", TaskInterruptAnswer::KeepWatching),
    ];
    choose(&screen.shown(question), &choices)
}

/// Opens the terminal that the process belongs to; `None` if there is none, or if the process runs in its background, where
/// reading would suspend it.
#[cfg(unix)]
pub(super) fn terminal() -> Option<File> {
    let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
    let foreground = rustix::termios::tcgetpgrp(&terminal).ok()?;
    (foreground == rustix::process::getpgrp()).then_some(terminal)
}

/// Returns nothing: questions are asked on the standard streams alone.
#[cfg(not(unix))]
pub(super) fn terminal() -> Option<File> {
    None
}
