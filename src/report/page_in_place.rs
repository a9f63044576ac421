//! Redraws an answer in place, where stdout is a terminal.

use std::sync::{Arc, Mutex};

use console::{Term, truncate_str};

use super::layout::TerminalSize;
use super::live_lines::{LiveLines, REDRAW_INTERVAL, lock};
use super::log_writer::LogWriter;

/// Draws a page over itself.
pub struct PageInPlace {
    page: Arc<Mutex<Vec<String>>>,
    lines: Arc<LiveLines>,
    /// Whether stderr is a terminal too, so that its lines have to be written above the page.
    is_stderr_terminal: bool,
}

impl PageInPlace {
    /// Returns a page that is not shown yet.
    pub fn new(is_stderr_terminal: bool) -> PageInPlace {
        let page = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&page);
        let lines = LiveLines::new(Arc::new(Term::stdout()), move |size| fit_lines(&lock(&shown), size));
        PageInPlace { page, lines: Arc::new(lines.redrawn_every(REDRAW_INTERVAL)), is_stderr_terminal }
    }

    /// Shows these lines in place of those shown last; the lines that do not fit are counted.
    pub fn show(&self, lines: Vec<String>) {
        *lock(&self.page) = lines;
        if self.is_stderr_terminal {
            LogWriter::write_above(&self.lines);
        }
        self.lines.show();
        self.lines.redraw();
    }

    /// Writes a part of the story above the lines that are shown; returns whether there are any.
    pub fn write_above(&self, text: &str) -> bool {
        self.is_stderr_terminal && self.lines.write_above(text)
    }

    /// Stops redrawing; the page stays on the screen.
    pub fn leave(&self) {
        self.lines.leave();
    }
}

/// Returns the lines that fit on a terminal; the last column and the last row stay free.
fn fit_lines(lines: &[String], size: TerminalSize) -> Vec<String> {
    let room = size.rows.saturating_sub(1).max(1);
    let cut = |line: &String| truncate_str(line, size.columns.saturating_sub(1), "…").into_owned();
    if lines.len() <= room {
        return lines.iter().map(cut).collect();
    }
    let shown = lines.iter().take(room - 1).map(cut);
    shown.chain([format!("… and {} more lines", lines.len() - room + 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_counted() {
        let lines: Vec<String> = (0..5).map(|n| format!("line {n} of five")).collect();
        assert_eq!(
            fit_lines(&lines, TerminalSize { rows: 4, columns: 8 }),
            ["line 0…", "line 1…", "… and 3 more lines"]
        );
        assert_eq!(fit_lines(&lines[..2], TerminalSize { rows: 4, columns: 80 }), lines[..2]);
    }
}
