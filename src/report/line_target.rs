//! Writes the lines of indicatif to a terminal whose width may change. Never decides what the lines are.
//!
//! indicatif fills each line with spaces up to the width of the terminal and writes no newline. When the width changes,
//! the terminal rewraps all these lines as one, and the number of rows that indicatif remembers is wrong. Here each
//! line ends with a newline, so that it is rewrapped by itself, and the rows that it then takes can be computed.

use std::fmt::Write;
use std::io;
use std::mem;
use std::sync::{Arc, Mutex};

use console::measure_text_width;
use indicatif::TermLike;

use super::live_lines::lock;

/// Erases from the cursor to the end of its row.
const ERASE: &str = "\u{1b}[K";

/// Moves nothing and pads nothing: collects the lines of a drawing, and writes them all at once.
#[derive(Debug)]
pub(super) struct LineTarget {
    terminal: Arc<dyn TermLike>,
    drawing: Mutex<Drawing>,
}

/// What is on the terminal, and what is to replace it.
#[derive(Debug, Default)]
struct Drawing {
    /// The lines that were drawn last.
    shown: Vec<String>,
    /// The width of the terminal when they were drawn.
    columns: usize,
    /// The number of them, from the last one up, that the drawing in progress replaces.
    replaced: usize,
    /// The lines of the drawing in progress.
    lines: Vec<String>,
    /// Whether the next text is the padding of the last line.
    expects_padding: bool,
}

impl LineTarget {
    pub(super) fn new(terminal: Arc<dyn TermLike>) -> LineTarget {
        LineTarget { terminal, drawing: Mutex::default() }
    }
}

impl Drawing {
    /// Returns the text that replaces the lines on the terminal; empty where it would change nothing.
    fn render(&mut self, columns: usize) -> String {
        let replaced = self.shown.split_off(self.shown.len().saturating_sub(mem::take(&mut self.replaced)));
        let has_same_width = mem::replace(&mut self.columns, columns) == columns;
        self.shown = mem::take(&mut self.lines);
        self.expects_padding = false;
        if has_same_width && self.shown == replaced {
            return String::new();
        }
        let rows: usize = replaced.iter().map(|line| measure_text_width(line).div_ceil(columns).max(1)).sum();
        let is_narrow = |line: &String| measure_text_width(line) < columns;
        let overwrites =
            has_same_width && self.shown.len() == replaced.len() && self.shown.iter().all(is_narrow);
        // What was typed is on the row of the cursor.
        let mut text = format!("\r{ERASE}{}", up(rows));
        // Overwriting line by line does not flicker. After a line as wide as the terminal, erasing would take its last
        // column. Rows are erased one by one, because tmux keeps a copy of a screen that is erased as a whole.
        if !overwrites {
            let _ = write!(text, "{}{}", format!("{ERASE}\n").repeat(rows), up(rows));
        }
        let end = if overwrites { ERASE } else { "" };
        for line in &self.shown {
            let _ = writeln!(text, "{line}{end}");
        }
        text
    }
}

/// Returns the control sequence that moves the cursor up by this many rows.
fn up(rows: usize) -> String {
    if rows == 0 { String::new() } else { format!("\u{1b}[{rows}A") }
}

/// A terminal that was closed is not an error.
impl TermLike for LineTarget {
    fn width(&self) -> u16 {
        // indicatif subtracts the width of a character from it, which may be 2.
        self.terminal.width().max(2)
    }

    fn height(&self) -> u16 {
        self.terminal.height()
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        lock(&self.drawing).lines.push(line.to_owned());
        Ok(())
    }

    /// Takes a line, then its padding.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut drawing = lock(&self.drawing);
        if !drawing.expects_padding {
            drawing.lines.push(text.to_owned());
        }
        drawing.expects_padding = !drawing.expects_padding;
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        lock(&self.drawing).replaced += 1;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let text = lock(&self.drawing).render(usize::from(self.terminal.width()).max(1));
        if !text.is_empty() {
            let _ = self.terminal.write_str(&text).and_then(|()| self.terminal.flush());
        }
        Ok(())
    }
}
