//! Redraws an answer in place, where stdout is a terminal.

use std::io::{self, Write};

use console::{Term, truncate_str};

use super::redraw::Redraw;

/// Draws a page over itself.
#[derive(Debug, Default)]
pub struct PageInPlace {
    redraw: Redraw,
    lines: Vec<String>,
}

impl PageInPlace {
    /// Shows these lines in place of those shown last; the lines that do not fit are counted.
    pub fn show(&mut self, lines: Vec<String>) {
        self.lines = lines;
        self.draw(&[]);
    }

    /// Returns whether there are lines on the screen.
    pub fn is_shown(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Writes a text above the lines that are shown.
    pub fn write_above(&mut self, text: &str) {
        let story: Vec<String> = text.lines().map(str::to_owned).collect();
        self.draw(&story);
    }

    fn draw(&mut self, story: &[String]) {
        let (rows, columns) = Term::stdout().size();
        let frame = fit_lines(&self.lines, rows.into(), columns.into());
        let text = self.redraw.render(story, &frame, columns.into());
        // A closed terminal is not an error.
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// Returns the lines that fit on a terminal; the last column and the last row stay free.
fn fit_lines(lines: &[String], rows: usize, columns: usize) -> Vec<String> {
    let room = rows.saturating_sub(1).max(1);
    let cut = |line: &String| truncate_str(line, columns.saturating_sub(1), "…").into_owned();
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
        assert_eq!(fit_lines(&lines, 4, 8), ["line 0…", "line 1…", "… and 3 more lines"]);
        assert_eq!(fit_lines(&lines[..2], 4, 80), lines[..2]);
    }
}
