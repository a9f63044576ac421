//! Draws the live display: one line for each rollout, redrawn in place at most ten times a second, below the story.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use console::Term;

use super::layout::{Row, Size, frame};
use super::line::has_ended;
use super::redraw::Redraw;
use crate::watch::Progress;

/// The time between two drawings.
const TICK: Duration = Duration::from_millis(100);

/// The display that is on the screen, for the lines of the log: they must not be written into it.
static SHOWN: Mutex<Weak<Mutex<Board>>> = Mutex::new(Weak::new());

/// Draws one line for each rollout on a terminal.
#[derive(Clone)]
pub struct Live {
    board: Arc<Mutex<Board>>,
}

/// The content of the display.
struct Board {
    rows: BTreeMap<String, Shown>,
    /// The newest event of each service that is not routine; it may arrive before the rollout's first progress.
    notes: BTreeMap<String, String>,
    /// The lines that are still to be written above the display.
    story: Vec<String>,
    redraw: Redraw,
    /// The lines that were drawn last, and the size of the terminal.
    drawn: (Vec<String>, Size),
    prefix: String,
    color: bool,
    /// Whether it is on the screen; a thread redraws it as long as it is.
    live: bool,
}

struct Shown {
    progress: Progress,
    since: Instant,
    /// How long it took, once it has ended, in seconds.
    took: Option<f64>,
}

impl Live {
    /// Returns an empty display; `prefix` begins every line.
    pub fn new(prefix: &str, color: bool) -> Live {
        let board = Board {
            rows: BTreeMap::new(),
            notes: BTreeMap::new(),
            story: Vec::new(),
            redraw: Redraw::default(),
            drawn: Default::default(),
            prefix: prefix.to_owned(),
            color,
            live: false,
        };
        Live { board: Arc::new(Mutex::new(board)) }
    }

    /// Shows the progress of a rollout.
    pub fn show(&self, progress: &Progress) {
        locked(&self.board).take_in(progress);
        self.resume();
    }

    /// Shows the newest event of a service in its line.
    pub fn note(&self, service: &str, note: &str) {
        locked(&self.board).notes.insert(service.to_owned(), note.to_owned());
    }

    /// Writes a text above the display.
    pub fn line(&self, text: &str) {
        locked(&self.board).line(text);
    }

    /// Puts the display on the screen again, after `finish`.
    pub fn resume(&self) {
        let mut board = locked(&self.board);
        if board.live || board.rows.is_empty() {
            return;
        }
        board.live = true;
        *locked(&SHOWN) = Arc::downgrade(&self.board);
        let board = Arc::downgrade(&self.board);
        thread::spawn(move || draw_while_live(&board));
    }

    /// Removes the display; returns the progress that it showed, the worst last.
    pub fn finish(&self) -> Vec<Progress> {
        let mut board = locked(&self.board);
        if !board.live {
            return Vec::new();
        }
        board.live = false;
        board.draw(&[]);
        let mut last: Vec<Progress> = board.rows.values().map(|shown| shown.progress.clone()).collect();
        last.sort_by_key(|progress| std::cmp::Reverse(progress.standing));
        last
    }
}

/// Redraws a display until it is removed.
fn draw_while_live(board: &Weak<Mutex<Board>>) {
    while let Some(board) = board.upgrade() {
        let mut locked = locked(&board);
        if !locked.live {
            return;
        }
        let lines = locked.frame();
        locked.draw(&lines);
        drop(locked);
        drop(board);
        thread::sleep(TICK);
    }
}

impl Board {
    fn take_in(&mut self, progress: &Progress) {
        let now = Instant::now();
        let asked_for = now.checked_sub(Duration::from_secs_f64(progress.seconds.max(0.0))).unwrap_or(now);
        let known = self.rows.remove(&progress.key);
        // A rollout that is rolled back is watched anew; its time continues.
        let since = known.as_ref().map_or(asked_for, |known| known.since.min(asked_for));
        let took = has_ended(progress).then(|| now.duration_since(since).as_secs_f64());
        self.rows.insert(progress.key.clone(), Shown { progress: progress.clone(), since, took });
    }

    fn line(&mut self, text: &str) {
        let lines = text.lines().map(str::to_owned);
        if self.live {
            self.story.extend(lines);
        } else {
            super::text::plain_err(text);
        }
    }

    fn frame(&self) -> Vec<String> {
        let row = |shown: &Shown| Row {
            progress: shown.progress.clone(),
            seconds: shown.took.unwrap_or_else(|| shown.since.elapsed().as_secs_f64()),
            note: self.notes.get(&shown.progress.key).cloned(),
        };
        let rows: Vec<Row> = self.rows.values().map(row).collect();
        frame(&rows, size(), &self.prefix, self.color)
    }

    /// Writes the story and these lines, if anything is new.
    fn draw(&mut self, lines: &[String]) {
        let size = size();
        if self.story.is_empty() && self.drawn.0 == lines && self.drawn.1 == size {
            return;
        }
        let text = self.redraw.to(&self.story, lines, size.columns);
        self.story.clear();
        self.drawn = (lines.to_vec(), size);
        // A closed terminal is not an error. One write: nothing else gets in between.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

fn size() -> Size {
    let (rows, columns) = Term::stderr().size();
    Size { columns: columns.into(), rows: rows.into() }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the lines of the log: above the display if there is one, else to stderr.
#[derive(Clone, Copy, Debug)]
pub struct LogLines;

impl Write for LogLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not within the match: it would hold one lock while it waits for the other.
        let shown = locked(&SHOWN).upgrade();
        match shown {
            Some(board) => locked(&board).line(String::from_utf8_lossy(bytes).trim_end()),
            None => io::stderr().lock().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
