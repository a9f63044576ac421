//! Redraws lines in place: the frame at the end of the terminal is overwritten, and the story grows above it.
//!
//! Each line ends with a newline and is shorter than the terminal is wide. A terminal that becomes wider leaves
//! such lines as they are; one that becomes narrower wraps them, and the number of rows that they then take can be
//! computed.

use console::measure_text_width;

/// What is at the end of the terminal.
#[derive(Debug, Default)]
pub struct Redraw {
    /// The widths of the lines that were drawn last.
    drawn_widths: Vec<usize>,
    columns: usize,
}

impl Redraw {
    /// Returns the text that writes the story and then these lines, in place of those drawn last.
    pub fn render(&mut self, story: &[String], frame: &[String], columns: usize) -> String {
        let columns = columns.max(1);
        let up: usize = self.drawn_widths.iter().map(|width| width.div_ceil(columns).max(1)).sum();
        let mut text = "\r".to_owned();
        if up > 0 {
            text.push_str(&format!("\u{1b}[{up}A"));
        }
        // Overwriting line by line does not flicker; wrapped lines, and lines that move down, are erased first.
        if !story.is_empty() || columns != self.columns {
            text.push_str("\u{1b}[J");
        }
        for line in story {
            text.push_str(&format!("{line}\n"));
        }
        for line in frame {
            text.push_str(&format!("{line}\u{1b}[K\n"));
        }
        text.push_str("\u{1b}[J");
        self.drawn_widths = frame.iter().map(|line| measure_text_width(line)).collect();
        self.columns = columns;
        text
    }
}
