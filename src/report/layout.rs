//! Lays out the live display: which rollouts are shown, in which order, and what fits on a line. Pure.

use console::{measure_text_width, pad_str, truncate_str};

use super::line::{counts, facts_of, has_ended, others};
use super::screen::{Paint, paint};
use crate::duration;
use crate::watch::{Progress, Standing};

/// The least number of rows of the terminal that the display leaves to the lines above it and to the cursor.
const LEFT_FREE: usize = 3;

/// What is known of one rollout when the display is drawn.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub progress: Progress,
    /// Since the deployment was requested.
    pub seconds: f64,
    /// The newest service event that is not routine.
    pub note: Option<String>,
}

/// The columns and rows of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// Returns the lines of the display, the worst rollouts first; each fits on one row of the terminal.
pub fn frame(rows: &[Row], size: Size, prefix: &str, color: bool) -> Vec<String> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|a, b| (a.progress.standing, &a.progress.key).cmp(&(b.progress.standing, &b.progress.key)));
    let room = size.rows.saturating_sub(LEFT_FREE.max(size.rows / 4)).max(1);
    let (shown, rest) = if rows.len() <= room { rows.split_at(rows.len()) } else { rows.split_at(room - 1) };
    // The last column stays free: a terminal wraps when it is written to.
    let width = size.columns.saturating_sub(1);
    let columns = Columns::of(&rows, width.saturating_sub(measure_text_width(prefix)));
    let mut lines: Vec<String> = shown.iter().map(|row| columns.line(row, color)).collect();
    if !rest.is_empty() {
        lines.push(truncate_str(&summary(rest, shown.is_empty()), columns.width, "…").into_owned());
    }
    lines.iter().map(|line| truncate_str(&format!("{prefix}{line}"), width, "").into_owned()).collect()
}

/// Summarises the rollouts that have no line of their own.
fn summary(rest: &[&Row], are_all: bool) -> String {
    let of = |standing: Standing| rest.iter().filter(|row| row.progress.standing == standing).count();
    let words = [
        (Standing::Failing, "failing"),
        (Standing::Troubled, "with failed tasks"),
        (Standing::Waiting, "waiting"),
        (Standing::Moving, "in progress"),
        (Standing::Done, "succeeded"),
    ];
    let counts = words.iter().filter(|(standing, _)| of(*standing) > 0);
    let counts: Vec<String> = counts.map(|(standing, word)| format!("{} {word}", of(*standing))).collect();
    match are_all {
        true => format!("{} services: {}", rest.len(), counts.join(", ")),
        false => format!("… and {} more: {}", rest.len(), counts.join(", ")),
    }
}

/// The widths of the columns, which all lines share.
struct Columns {
    width: usize,
    name: usize,
    bar: usize,
    counts: usize,
    time: usize,
    /// Whether there is room for the word after the counts.
    worded: bool,
}

impl Columns {
    fn of(rows: &[&Row], width: usize) -> Columns {
        let widest = |of: &dyn Fn(&Row) -> usize| rows.iter().map(|row| of(row)).max().unwrap_or_default();
        Columns {
            width,
            name: widest(&|row| measure_text_width(&row.progress.key)).min((width / 3).clamp(8, 32)),
            bar: match width {
                0..40 => 0,
                40..60 => 6,
                60..100 => 10,
                _ => 16,
            },
            counts: widest(&|row| counts(&row.progress).map_or(0, |counts| counts.len())),
            time: widest(&|row| clock(row.seconds).len()),
            worded: width >= 75,
        }
    }

    fn line(&self, row: &Row, color: bool) -> String {
        let progress = &row.progress;
        let tint = tint(progress.standing);
        let name = pad_str(&shortened(&progress.key, self.name), self.name, console::Alignment::Left, None)
            .into_owned();
        let mut cells = vec![paint(color, Paint::Bold, &name)];
        if self.bar > 0 {
            let bar = bar(progress, self.bar);
            cells.push(tint.map_or(bar.clone(), |tint| paint(color, tint, &bar)));
        }
        cells.push(self.counts_of(progress));
        cells.push(format!("{:>1$}", clock(row.seconds), self.time));
        let used: usize = cells.iter().map(|cell| measure_text_width(cell) + 1).sum();
        let room = self.width.saturating_sub(used + 1);
        let words = truncate_str(&one_line(&words(row)), room, "…").into_owned();
        let loud = tint.filter(|tint| *tint != Paint::Good);
        let words = loud.map_or(words.clone(), |tint| paint(color, tint, &words));
        format!("{}  {words}", cells.join(" "))
    }

    fn counts_of(&self, progress: &Progress) -> String {
        let counts = counts(progress);
        let word = match (&counts, self.worded) {
            (_, false) => "",
            (Some(_), true) => " running",
            (None, true) => "        ",
        };
        format!("{:>1$}{word}", counts.unwrap_or_default(), self.counts)
    }
}

/// Returns the colour of a state; the words carry the same information.
fn tint(standing: Standing) -> Option<Paint> {
    match standing {
        Standing::Failing => Some(Paint::Bad),
        Standing::Troubled | Standing::Waiting => Some(Paint::Warn),
        Standing::Moving => None,
        Standing::Done => Some(Paint::Good),
    }
}

/// Returns the text after the counts, the most important first: what does not fit is cut off.
fn words(row: &Row) -> String {
    let progress = &row.progress;
    let facts = facts_of(progress, None);
    let counts = others(progress);
    let note = row.note.clone().filter(|_| !has_ended(progress));
    let words: Vec<String> = match progress.standing {
        Standing::Failing | Standing::Waiting => facts.into_iter().chain(counts).chain(note).collect(),
        _ => counts.into_iter().chain(facts).chain(note).collect(),
    };
    words.join("; ")
}

/// Returns a bar of running and desired tasks: full only where all run, empty only where none does.
fn bar(progress: &Progress, width: usize) -> String {
    let (running, desired) = (progress.running.max(0) as usize, progress.desired.max(0) as usize);
    let filled = match (running, desired) {
        (_, 0) if progress.standing == Standing::Failing => 0,
        (running, desired) if running >= desired => width,
        (0, _) => 0,
        (running, desired) => (running * width / desired).clamp(1, width - 1),
    };
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

/// Shortens a name to a width by leaving out its middle, since names differ at both ends.
fn shortened(name: &str, width: usize) -> String {
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= width {
        return name.to_owned();
    }
    let kept = width.saturating_sub(1);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let part = |characters: &[char]| characters.iter().collect::<String>();
    format!("{}…{}", part(&characters[..head]), part(&characters[characters.len() - tail..]))
}

/// Returns how long a row has been shown, in whole seconds.
fn clock(seconds: f64) -> String {
    duration::seconds(seconds.floor())
}

/// Replaces control characters by spaces, so that the cursor does not move.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
