//! Writes the lines of the log to stderr, above the lines that are redrawn in place.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, Weak};

use super::live_lines::{LiveLines, lock};
use super::printable::{filtered, unmarked, with_own_styles, without_commands};

/// The lines that were put on the terminal last.
static LIVE_LINES: Mutex<Weak<LiveLines>> = Mutex::new(Weak::new());

/// Writes the lines of the log: above the live lines if there are any, else to stderr.
#[derive(Clone, Copy, Debug)]
pub struct LogWriter;

impl LogWriter {
    /// From now on, writes above these lines as long as they are shown.
    pub(super) fn write_above(lines: &Arc<LiveLines>) {
        *lock(&LIVE_LINES) = Arc::downgrade(lines);
    }
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not within the condition: it would hold one lock while it waits for another.
        let lines = lock(&LIVE_LINES).upgrade();
        let text = String::from_utf8_lossy(bytes);
        // The colours are those of the log's format, which escapes what others wrote.
        let text = without_commands(&filtered(&with_own_styles(text.trim_end())));
        if !lines.is_some_and(|lines| lines.write_above(&text)) {
            writeln!(io::stderr().lock(), "{}", unmarked(&text))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
