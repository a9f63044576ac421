//! Lays out the live display: which rollouts are shown, in which order, and what fits on a line. Pure.

use std::collections::{BTreeMap, BTreeSet};

use console::{measure_text_width, pad_str, truncate_str};

use super::printable::one_line;
use super::progress_line::{counts, has_ended, other_counts, progress_facts};
use super::screen::{Paint, paint};
use super::shorten::cut_apart;
use crate::duration;
use crate::watch::{Progress, ProgressState};

/// The least number of rows of the terminal that the display leaves to the lines above it and to the cursor.
const MIN_FREE_ROWS: usize = 3;

/// What is known of one rollout when the display is drawn.
#[derive(Clone, Debug, Default)]
pub struct DisplayRow {
    pub progress: Progress,
    /// Since the deployment was requested.
    pub seconds: f64,
    /// The newest service event that is not routine.
    pub note: Option<String>,
}

/// The columns and rows of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TerminalSize {
    pub columns: usize,
    pub rows: usize,
}

/// Returns the lines of the display, the worst rollouts first; each fits on one row of the terminal.
pub fn frame(rows: &[DisplayRow], size: TerminalSize, prefix: &str, color: bool) -> Vec<String> {
    let named = |row: &DisplayRow| DisplayRow { progress: with_plain_key(&row.progress), ..row.clone() };
    let rows: Vec<DisplayRow> = rows.iter().map(named).collect();
    let mut rows: Vec<&DisplayRow> = rows.iter().collect();
    rows.sort_by(|a, b| (a.progress.standing, &a.progress.key).cmp(&(b.progress.standing, &b.progress.key)));
    let room = size.rows.saturating_sub(MIN_FREE_ROWS.max(size.rows / 4)).max(1);
    let (shown, rest) = if rows.len() <= room { rows.split_at(rows.len()) } else { rows.split_at(room - 1) };
    // The last column stays free: a terminal wraps when it is written to.
    let width = size.columns.saturating_sub(1);
    let columns = Columns::from_rows(&rows, width.saturating_sub(measure_text_width(prefix)));
    let mut lines: Vec<String> = shown.iter().map(|row| columns.line(row, color)).collect();
    if !rest.is_empty() {
        lines.push(truncate_str(&summary(rest, shown.is_empty()), columns.width, "…").into_owned());
    }
    lines.iter().map(|line| truncate_str(&format!("{prefix}{line}"), width, "").into_owned()).collect()
}

/// Summarises the rollouts that have no line of their own.
fn summary(rest: &[&DisplayRow], are_all: bool) -> String {
    let of = |standing: ProgressState| rest.iter().filter(|row| row.progress.standing == standing).count();
    let words = [
        (ProgressState::Failing, "failing"),
        (ProgressState::Troubled, "with failed tasks"),
        (ProgressState::Waiting, "waiting"),
        (ProgressState::Moving, "in progress"),
        (ProgressState::Done, "succeeded"),
    ];
    let counts = words.iter().filter(|(standing, _)| of(*standing) > 0);
    let counts: Vec<String> = counts.map(|(standing, word)| format!("{} {word}", of(*standing))).collect();
    if are_all {
        format!("{} services: {}", rest.len(), counts.join(", "))
    } else {
        format!("… and {} more: {}", rest.len(), counts.join(", "))
    }
}

/// The widths of the columns, which all lines share.
struct Columns {
    width: usize,
    name: usize,
    /// What each name is shortened to.
    names: BTreeMap<String, String>,
    bar: usize,
    counts: usize,
    time: usize,
    /// Whether there is room for the word after the counts.
    has_words: bool,
}

impl Columns {
    fn from_rows(rows: &[&DisplayRow], width: usize) -> Columns {
        let widest =
            |of: &dyn Fn(&DisplayRow) -> usize| rows.iter().map(|row| of(row)).max().unwrap_or_default();
        let name = widest(&|row| measure_text_width(&row.progress.key)).min((width / 3).clamp(8, 32));
        let names: BTreeSet<&str> = rows.iter().map(|row| row.progress.key.as_str()).collect();
        Columns {
            width,
            name,
            names: cut_apart(&names, name),
            bar: match width {
                0..40 => 0,
                40..60 => 6,
                60..100 => 10,
                _ => 16,
            },
            counts: widest(&|row| counts(&row.progress).map_or(0, |counts| counts.len())),
            time: widest(&|row| format_seconds(row.seconds).len()),
            has_words: width >= 75,
        }
    }

    fn line(&self, row: &DisplayRow, color: bool) -> String {
        let progress = &row.progress;
        let tint = state_paint(progress.standing);
        let name = self.names.get(&progress.key).unwrap_or(&progress.key);
        // A name that cannot be told from another one when it is cut stays whole.
        let name = pad_str(name, self.name, console::Alignment::Left, None).into_owned();
        let mut cells = vec![paint(color, Paint::Bold, &name)];
        if self.bar > 0 {
            let bar = bar(progress, self.bar);
            cells.push(tint.map_or(bar.clone(), |tint| paint(color, tint, &bar)));
        }
        cells.push(self.counts_of(progress));
        cells.push(format!("{:>1$}", format_seconds(row.seconds), self.time));
        let used: usize = cells.iter().map(|cell| measure_text_width(cell) + 1).sum();
        let room = self.width.saturating_sub(used + 1);
        let words = truncate_str(&without_control_characters(&row_text(row)), room, "…").into_owned();
        let loud = tint.filter(|tint| *tint != Paint::Good);
        let words = loud.map_or(words.clone(), |tint| paint(color, tint, &words));
        format!("{}  {words}", cells.join(" "))
    }

    fn counts_of(&self, progress: &Progress) -> String {
        let counts = counts(progress);
        let word = match (&counts, self.has_words) {
            (_, false) => "",
            (Some(_), true) => " running",
            (None, true) => "        ",
        };
        format!("{:>1$}{word}", counts.unwrap_or_default(), self.counts)
    }
}

/// Returns the colour of a state; the words carry the same information.
fn state_paint(standing: ProgressState) -> Option<Paint> {
    match standing {
        ProgressState::Failing => Some(Paint::Bad),
        ProgressState::Troubled | ProgressState::Waiting => Some(Paint::Warn),
        ProgressState::Moving => None,
        ProgressState::Done => Some(Paint::Good),
    }
}

/// Returns the text after the counts, the most important first: what does not fit is cut off.
fn row_text(row: &DisplayRow) -> String {
    let progress = &row.progress;
    let facts = progress_facts(progress, None);
    let counts = other_counts(progress);
    let note = row.note.clone().filter(|_| !has_ended(progress));
    let words: Vec<String> = match progress.standing {
        ProgressState::Failing | ProgressState::Waiting => {
            facts.into_iter().chain(counts).chain(note).collect()
        }
        _ => counts.into_iter().chain(facts).chain(note).collect(),
    };
    words.join("; ")
}

/// Returns a bar of running and desired tasks: full only where all run, empty only where none does.
fn bar(progress: &Progress, width: usize) -> String {
    let (running, desired) = (progress.running.max(0) as usize, progress.desired.max(0) as usize);
    let filled = match (running, desired) {
        (_, 0) if progress.standing == ProgressState::Failing => 0,
        (running, desired) if running >= desired => width,
        (0, _) => 0,
        (running, desired) => (running * width / desired).clamp(1, width - 1),
    };
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

/// Returns how long a row has been shown, in whole seconds.
fn format_seconds(seconds: f64) -> String {
    duration::seconds(seconds.floor())
}

/// Replaces control characters by spaces, so that the cursor does not move.
fn without_control_characters(text: &str) -> String {
    one_line(text).replace('\t', " ")
}

fn with_plain_key(progress: &Progress) -> Progress {
    Progress { key: without_control_characters(&progress.key), ..progress.clone() }
}
