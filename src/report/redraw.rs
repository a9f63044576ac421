//! Owns the drawing in place: lines at the end of the terminal that are written over, and a story that grows above them.
//!
//! Each line ends with a newline and is shorter than the terminal is wide. A terminal that becomes wider leaves such
//! lines as they are; one that becomes narrower folds them, and how many rows they then take can be told.

use console::measure_text_width;

/// Remembers what stands at the end of the terminal.
#[derive(Debug, Default)]
pub struct Redraw {
    /// How wide the lines are that were drawn last.
    drawn: Vec<usize>,
    columns: usize,
}

impl Redraw {
    /// Returns what to write so that the story is followed by these lines, in place of those drawn last.
    pub fn to(&mut self, story: &[String], frame: &[String], columns: usize) -> String {
        let columns = columns.max(1);
        let up: usize = self.drawn.iter().map(|width| width.div_ceil(columns).max(1)).sum();
        let mut text = "\r".to_owned();
        if up > 0 {
            text.push_str(&format!("\u{1b}[{up}A"));
        }
        // Written over line by line nothing flickers; what was folded or moves down has to go first.
        if !story.is_empty() || columns != self.columns {
            text.push_str("\u{1b}[J");
        }
        story.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        frame.iter().for_each(|line| text.push_str(&format!("{line}\u{1b}[K\n")));
        text.push_str("\u{1b}[J");
        self.drawn = frame.iter().map(|line| measure_text_width(line)).collect();
        self.columns = columns;
        text
    }
}
