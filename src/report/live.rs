//! Draws the live display: one line for each rollout, redrawn in place at most ten times a second, below the story.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use console::Term;

use super::layout::{DisplayRow, TerminalSize, frame};
use super::progress_line::has_ended;
use super::redraw::Redraw;
use crate::watch::Progress;

/// The time between two drawings.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);

/// The display that is on the screen, for the lines of the log: they must not be written into it.
static CURRENT_DISPLAY: Mutex<Weak<Mutex<DisplayState>>> = Mutex::new(Weak::new());

/// Draws one line for each rollout on a terminal.
#[derive(Clone)]
pub struct LiveDisplay {
    state: Arc<Mutex<DisplayState>>,
}

/// The content of the display.
struct DisplayState {
    rows: BTreeMap<String, ShownRollout>,
    /// The newest event of each service that is not routine; it may arrive before the rollout's first progress.
    notes: BTreeMap<String, String>,
    /// The lines that are still to be written above the display.
    story: Vec<String>,
    redraw: Redraw,
    /// The lines that were drawn last, and the size of the terminal.
    last_drawn: (Vec<String>, TerminalSize),
    prefix: String,
    color: bool,
    /// Whether it is on the screen; a thread redraws it as long as it is.
    is_shown: bool,
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
        let board = DisplayState {
            rows: BTreeMap::new(),
            notes: BTreeMap::new(),
            story: Vec::new(),
            redraw: Redraw::default(),
            last_drawn: Default::default(),
            prefix: prefix.to_owned(),
            color,
            is_shown: false,
        };
        LiveDisplay { state: Arc::new(Mutex::new(board)) }
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
        lock(&self.state).write_above(text);
    }

    /// Puts the display on the screen again, after `finish`.
    pub fn resume(&self) {
        let mut board = lock(&self.state);
        if board.is_shown || board.rows.is_empty() {
            return;
        }
        board.is_shown = true;
        *lock(&CURRENT_DISPLAY) = Arc::downgrade(&self.state);
        let board = Arc::downgrade(&self.state);
        thread::spawn(move || draw_while_live(&board));
    }

    /// Removes the display; returns the progress that it showed, the worst last.
    pub fn finish(&self) -> Vec<Progress> {
        let mut board = lock(&self.state);
        if !board.is_shown {
            return Vec::new();
        }
        board.is_shown = false;
        board.draw(&[]);
        let mut last: Vec<Progress> = board.rows.values().map(|shown| shown.progress.clone()).collect();
        last.sort_by_key(|progress| std::cmp::Reverse(progress.standing));
        last
    }
}

/// Redraws a display until it is removed.
fn draw_while_live(board: &Weak<Mutex<DisplayState>>) {
    while let Some(board) = board.upgrade() {
        let mut locked = lock(&board);
        if !locked.is_shown {
            return;
        }
        let lines = locked.frame();
        locked.draw(&lines);
        drop(locked);
        drop(board);
        thread::sleep(REDRAW_INTERVAL);
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

    fn write_above(&mut self, text: &str) {
        let lines = text.lines().map(str::to_owned);
        if self.is_shown {
            self.story.extend(lines);
        } else {
            super::text::write_stderr_line(text);
        }
    }

    fn frame(&self) -> Vec<String> {
        let row = |shown: &ShownRollout| DisplayRow {
            progress: shown.progress.clone(),
            seconds: shown.duration_seconds.unwrap_or_else(|| shown.started_at.elapsed().as_secs_f64()),
            note: self.notes.get(&shown.progress.key).cloned(),
        };
        let rows: Vec<DisplayRow> = self.rows.values().map(row).collect();
        frame(&rows, terminal_size(), &self.prefix, self.color)
    }

    /// Writes the story and these lines, if anything is new.
    fn draw(&mut self, lines: &[String]) {
        let size = terminal_size();
        if self.story.is_empty() && self.last_drawn.0 == lines && self.last_drawn.1 == size {
            return;
        }
        let text = self.redraw.render(&self.story, lines, size.columns);
        self.story.clear();
        self.last_drawn = (lines.to_vec(), size);
        // A closed terminal is not an error. One write: nothing else gets in between.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

fn terminal_size() -> TerminalSize {
    let (rows, columns) = Term::stderr().size();
    TerminalSize { columns: columns.into(), rows: rows.into() }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the lines of the log: above the display if there is one, else to stderr.
#[derive(Clone, Copy, Debug)]
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not within the match: it would hold one lock while it waits for the other.
        let shown = lock(&CURRENT_DISPLAY).upgrade();
        match shown {
            Some(board) => lock(&board).write_above(String::from_utf8_lossy(bytes).trim_end()),
            None => io::stderr().lock().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
