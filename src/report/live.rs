//! The live display: one line for each rollout, redrawn in place below the story.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use console::Term;

use super::layout::{DisplayRow, TerminalSize, frame};
use super::live_lines::{LiveLines, REDRAW_INTERVAL, lock};
use super::log_writer::LogWriter;
use super::progress_line::has_ended;
use super::text::write_stderr_line;
use crate::watch::Progress;

/// Draws one line for each rollout on a terminal.
#[derive(Clone)]
pub struct LiveDisplay {
    state: Arc<Mutex<DisplayState>>,
    lines: Arc<LiveLines>,
}

/// The content of the display.
struct DisplayState {
    rows: BTreeMap<String, ShownRollout>,
    /// The newest event of each service that is not routine; it may arrive before the rollout's first progress.
    notes: BTreeMap<String, String>,
    prefix: String,
    color: bool,
}

struct ShownRollout {
    progress: Progress,
    started_at: Instant,
    /// How long it took, once it has ended, in seconds.
    duration_seconds: Option<f64>,
}

impl LiveDisplay {
    /// Returns an empty display; `prefix` begins every line.
    pub fn new(prefix: &str, color: bool) -> LiveDisplay {
        let state =
            DisplayState { rows: BTreeMap::new(), notes: BTreeMap::new(), prefix: prefix.to_owned(), color };
        let state = Arc::new(Mutex::new(state));
        let shown = Arc::clone(&state);
        let lines = LiveLines::new(Arc::new(Term::stderr()), move |size| lock(&shown).frame(size));
        LiveDisplay { state, lines: Arc::new(lines.redrawn_every(REDRAW_INTERVAL)) }
    }

    /// Shows the progress of a rollout.
    pub fn show(&self, progress: &Progress) {
        lock(&self.state).update(progress);
        self.resume();
    }

    /// Shows the newest event of a service in its line.
    pub fn set_note(&self, service: &str, note: &str) {
        lock(&self.state).notes.insert(service.to_owned(), note.to_owned());
    }

    /// Writes a text above the display.
    pub fn write_above(&self, text: &str) {
        if !self.lines.write_above(text) {
            write_stderr_line(text);
        }
    }

    /// Puts the display on the screen again, after `finish`.
    pub fn resume(&self) {
        let has_rows = !lock(&self.state).rows.is_empty();
        if has_rows {
            LogWriter::write_above(&self.lines);
            self.lines.show();
        }
    }

    /// Removes the display; returns the progress that it showed, the worst last.
    pub fn finish(&self) -> Vec<Progress> {
        if !self.lines.remove() {
            return Vec::new();
        }
        let state = lock(&self.state);
        let mut last: Vec<Progress> = state.rows.values().map(|shown| shown.progress.clone()).collect();
        last.sort_by_key(|progress| std::cmp::Reverse(progress.standing));
        last
    }
}

impl DisplayState {
    fn update(&mut self, progress: &Progress) {
        let now = Instant::now();
        let asked_for = now.checked_sub(Duration::from_secs_f64(progress.seconds.max(0.0))).unwrap_or(now);
        let known = self.rows.remove(&progress.key);
        // A rollout that is rolled back is watched anew; its time continues.
        let since = known.as_ref().map_or(asked_for, |known| known.started_at.min(asked_for));
        let took = has_ended(progress).then(|| now.duration_since(since).as_secs_f64());
        self.rows.insert(
            progress.key.clone(),
            ShownRollout { progress: progress.clone(), started_at: since, duration_seconds: took },
        );
    }

    fn frame(&self, size: TerminalSize) -> Vec<String> {
        let rows: Vec<DisplayRow> = self.rows.values().map(|shown| self.row(shown)).collect();
        frame(&rows, size, &self.prefix, self.color)
    }

    fn row(&self, shown: &ShownRollout) -> DisplayRow {
        let seconds = shown.duration_seconds.unwrap_or_else(|| shown.started_at.elapsed().as_secs_f64());
        let note = self.notes.get(&shown.progress.key).cloned();
        DisplayRow { progress: shown.progress.clone(), seconds, note }
    }
}
