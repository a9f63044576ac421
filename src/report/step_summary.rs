//! The step summary of GitHub Actions: blocks of GitHub Markdown, each with an empty line around it. Never writes elsewhere.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::given_flags::GivenFlags;
use super::rollout_result::verdict_line;
use super::{markdown, task};
use crate::diagnose::log::LogExcerpt;
use crate::document::problem::{InvalidFiles, Problem, Severity};
use crate::error::{Details, Failure};
use crate::watch::WatchResult;
use crate::watch::task::TaskRunResult;

/// How many of the last lines of a task are kept.
const MAX_TASK_LINES: usize = 20;

/// The step summary, and what it needs of earlier events.
#[derive(Debug)]
pub struct StepSummary {
    path: PathBuf,
    /// The last lines that the tasks of a release wrote, by the key of the task.
    task_lines: BTreeMap<String, VecDeque<String>>,
}

impl StepSummary {
    /// Returns the summary in a file.
    pub fn new(path: PathBuf) -> StepSummary {
        StepSummary { path, task_lines: BTreeMap::new() }
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a block.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn append(&self, block: &str) -> io::Result<()> {
        let gap = match File::open(&self.path) {
            Ok(file) => gap_after(file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => "",
            Err(error) => return Err(error),
        };
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        writeln!(file, "{gap}{}", block.trim_end())
    }

    /// Keeps a line that a task of a release wrote; its secrets are masked already.
    pub fn keep_task_line(&mut self, key: &str, line: &str) {
        let kept = self.task_lines.entry(key.to_owned()).or_default();
        if kept.len() == MAX_TASK_LINES {
            kept.pop_front();
        }
        kept.push_back(line.to_owned());
    }

    /// Returns the block of a one-off task: the verdict, and where it failed the last log lines.
    pub fn task(&self, end: &TaskRunResult) -> String {
        let verdict = verdict(&end.key, &task::verdict_line(end).1);
        if end.is_success() {
            return verdict;
        }
        let log = end.diagnosis.as_ref().and_then(|diagnosis| diagnosis.log.as_ref());
        if let Some(log) = log.filter(|log| !log.lines.is_empty()) {
            return format!("{verdict}\n{}", log_block(log));
        }
        match self.task_lines.get(&end.key) {
            Some(lines) => format!("{verdict}\n{}", lines_block("", &Vec::from(lines.clone()))),
            None => verdict,
        }
    }
}

/// Returns what separates a block from what a file has: blocks without an empty line between them are one.
fn gap_after(mut file: File) -> io::Result<&'static str> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(2)))?;
    let mut end = Vec::new();
    file.take(2).read_to_end(&mut end)?;
    Ok(match end.as_slice() {
        [] | [b'\n'] | [b'\n', b'\n'] => "",
        [.., b'\n'] => "\n",
        _ => "\n\n",
    })
}

/// Returns the block of a rollout: the verdict, and the last log lines in a collapsed block.
pub fn rollout(settled: &WatchResult) -> String {
    let url = settled.rollout.url.as_ref().filter(|_| settled.has_succeeded());
    let url = url.map(|url| format!(", {url}")).unwrap_or_default();
    let verdict = verdict(&settled.rollout.key, &format!("{}{url}", verdict_line(settled).1));
    let log = settled.diagnosis.as_ref().and_then(|diagnosis| diagnosis.log.as_ref());
    match log.filter(|log| !log.lines.is_empty()) {
        Some(log) => format!("{verdict}\n{}", log_block(log)),
        None => verdict,
    }
}

/// Returns the block of a service, a schedule or a task: its name, and what became of it.
pub fn verdict(key: &str, text: &str) -> String {
    format!("**{}**: {}\n", markdown::escape(key), markdown::escape(text))
}

/// Returns the block of a run that ended with an error: the errors, each with its hints.
pub fn failure(failure: &Failure, flags: &GivenFlags) -> String {
    match &failure.details {
        Details::Problems(invalid) => file_problems(invalid),
        Details::Several(failures) => {
            failures.iter().map(|failure| one_failure(failure, flags)).collect::<Vec<_>>().join("\n")
        }
        Details::None => one_failure(failure, flags),
    }
}

fn one_failure(failure: &Failure, flags: &GivenFlags) -> String {
    let mut text = verdict("error", &failure.to_string());
    let hints = failure.hints.iter().map(|hint| markdown::escape(&flags.in_commands(hint)));
    let hints: Vec<String> = hints.map(|hint| format!("- hint: {hint}\n")).collect();
    if !hints.is_empty() {
        text = format!("{text}\n{}", hints.concat());
    }
    text
}

/// Returns the errors in the files as a list.
fn file_problems(invalid: &InvalidFiles) -> String {
    let counts = invalid.problems.counts().unwrap_or_default();
    let shown = invalid.shown();
    let errors = shown.iter().filter(|problem| problem.severity == Severity::Error);
    let lines: Vec<String> = errors.map(|problem| problem_item(problem, invalid)).collect();
    format!("**error**: {counts} in the files\n\n{}", lines.concat())
}

fn problem_item(problem: &Problem, invalid: &InvalidFiles) -> String {
    let place = problem.span.map(|span| {
        let line = invalid.sources.position(span).line;
        markdown::code(&format!("{}:{line}", invalid.sources.get(span.source).name)) + " "
    });
    let hint = problem.hint.as_ref().map(|hint| format!("; hint: {}", markdown::escape(hint)));
    let (place, hint) = (place.unwrap_or_default(), hint.unwrap_or_default());
    format!("- {place}{}{hint}\n", markdown::escape(&problem.message))
}

/// Returns log lines as a collapsed block.
fn log_block(log: &LogExcerpt) -> String {
    lines_block(&format!(" ({} {})", log.group, log.stream), &log.lines)
}

fn lines_block(place: &str, lines: &[String]) -> String {
    let (place, lines) = (markdown::escape(place), markdown::code_block(lines));
    format!("<details><summary>the last log lines{place}</summary>\n\n{lines}\n\n</details>\n")
}
