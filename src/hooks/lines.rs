//! Reads the output of a command line by line, with lines of any length.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The number of bytes kept of a line: far more than are shown, so that the shown part never ends within a secret.
const KEPT: usize = 64 * 1024;

/// Reads lines from a pipe.
pub(super) struct Lines<R> {
    /// `None` once the other end is closed.
    from: Option<R>,
    begun: Vec<u8>,
    whole: VecDeque<String>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Creates a reader of a pipe; without a pipe, there are no lines.
    pub(super) fn of(from: Option<R>) -> Lines<R> {
        Lines { from, begun: Vec::new(), whole: VecDeque::new() }
    }

    /// Returns whether there may be more lines.
    pub(super) fn is_open(&self) -> bool {
        self.from.is_some() || !self.whole.is_empty()
    }

    /// Returns the next line without its line end, or `None` at the end. Invalid UTF-8 is replaced.
    ///
    /// Cancel safe: bytes that were read are kept for the next call.
    pub(super) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(line) = self.whole.pop_front() {
                return Some(line);
            }
            let from = self.from.as_mut()?;
            let mut bytes = [0; 4096];
            match from.read(&mut bytes).await {
                Ok(count) if count > 0 => self.take(&bytes[..count]),
                // A pipe that cannot be read has no more lines.
                _ => self.close(),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for (index, part) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if index > 0 {
                self.end_line();
            }
            let room = KEPT.saturating_sub(self.begun.len()).min(part.len());
            self.begun.extend_from_slice(&part[..room]);
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.begun);
        self.whole.push_back(line.trim_end_matches('\r').to_owned());
        self.begun.clear();
    }

    fn close(&mut self) {
        self.from = None;
        if !self.begun.is_empty() {
            self.end_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the lines of a text.
    async fn lines(text: &[u8]) -> Vec<String> {
        let mut lines = Lines::of(Some(text));
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
        let text = format!("{}\nnext", "a".repeat(3 * KEPT));
        assert_eq!(lines(text.as_bytes()).await, ["a".repeat(KEPT), "next".to_owned()]);
    }
}
