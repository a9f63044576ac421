//! Reads the output of a command line by line, with lines of any length.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The number of bytes kept of a line: far more than are shown, so that the shown part never ends within a secret.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// Reads lines from a pipe.
pub(super) struct LineReader<R> {
    /// `None` once the other end is closed.
    reader: Option<R>,
    partial_line: Vec<u8>,
    complete_lines: VecDeque<String>,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Creates a reader of a pipe; without a pipe, there are no lines.
    pub(super) fn new(from: Option<R>) -> LineReader<R> {
        LineReader { reader: from, partial_line: Vec::new(), complete_lines: VecDeque::new() }
    }

    /// Returns whether there may be more lines.
    pub(super) fn is_open(&self) -> bool {
        self.reader.is_some() || !self.complete_lines.is_empty()
    }

    /// Returns the next line without its line end, or `None` at the end. Invalid UTF-8 is replaced.
    ///
    /// Cancel safe: bytes that were read are kept for the next call.
    pub(super) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(line) = self.complete_lines.pop_front() {
                return Some(line);
            }
            let from = self.reader.as_mut()?;
            let mut bytes = [0; 4096];
            match from.read(&mut bytes).await {
                Ok(count) if count > 0 => self.add_bytes(&bytes[..count]),
                // A pipe that cannot be read has no more lines.
                _ => self.end_input(),
            }
        }
    }

    fn add_bytes(&mut self, bytes: &[u8]) {
        for (index, part) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if index > 0 {
                self.end_line();
            }
            let room = MAX_LINE_BYTES.saturating_sub(self.partial_line.len()).min(part.len());
            self.partial_line.extend_from_slice(&part[..room]);
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.partial_line);
        self.complete_lines.push_back(line.trim_end_matches('\r').to_owned());
        self.partial_line.clear();
    }

    fn end_input(&mut self) {
        self.reader = None;
        if !self.partial_line.is_empty() {
            self.end_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the lines of a text.
    async fn lines(text: &[u8]) -> Vec<String> {
        let mut lines = LineReader::new(Some(text));
        let mut read = Vec::new();
        while let Some(line) = lines.next().await {
            read.push(line);
        }
        assert!(!lines.is_open());
        read
    }

    #[tokio::test]
    async fn the_last_line_needs_no_end_and_empty_lines_stay() {
        assert_eq!(lines(b"a\r\n\nb").await, ["a", "", "b"]);
        assert_eq!(lines(b"a\n").await, ["a"]);
        assert!(lines(b"").await.is_empty());
    }

    #[tokio::test]
    async fn what_is_not_utf_8_is_replaced() {
        assert_eq!(lines(b"caf\xe9!\n").await, ["caf\u{fffd}!"]);
    }

    #[tokio::test]
    async fn a_character_that_two_reads_part_stays_whole() {
        let text = format!("{}é", "a".repeat(4095));
        assert_eq!(lines(text.as_bytes()).await, [text]);
    }

    #[tokio::test]
    async fn a_line_without_an_end_does_not_fill_the_memory_and_the_next_is_read() {
        let text = format!("{}\nnext", "a".repeat(3 * MAX_LINE_BYTES));
        assert_eq!(lines(text.as_bytes()).await, ["a".repeat(MAX_LINE_BYTES), "next".to_owned()]);
    }
}
