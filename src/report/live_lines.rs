//! Keeps lines at the end of a terminal that are redrawn in place, below all other output. Never decides what they are.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::layout::TerminalSize;
use super::line_target::LineTarget;
use super::printable::{filtered, unmarked};

/// The time between two drawings of lines that change with time or with the size of the terminal.
pub const REDRAW_INTERVAL: Duration = Duration::from_millis(100);

/// Lines at the end of a terminal.
///
/// They are the text of one bar of indicatif: lines that share columns and an order have to change together, and a bar
/// for each would be drawn one after the other.
pub struct LiveLines {
    terminal: Arc<dyn TermLike>,
    style: ProgressStyle,
    /// The time between two drawings; without one they are drawn on demand only.
    interval: Option<Duration>,
    /// The bar that is on the terminal.
    bar: Mutex<Option<ProgressBar>>,
}

impl LiveLines {
    /// Returns lines that are not shown yet; `lines` returns them for a size of the terminal, each narrower than it.
    pub fn new<F>(terminal: Arc<dyn TermLike>, lines: F) -> LiveLines
    where
        F: Fn(TerminalSize) -> Vec<String> + Clone + Send + Sync + 'static,
    {
        let size_of = Arc::clone(&terminal);
        let text = move |_: &ProgressState, text: &mut dyn fmt::Write| {
            let size = TerminalSize { columns: size_of.width().into(), rows: size_of.height().into() };
            let _ = text.write_str(&unmarked(&filtered(&lines(size).join("\n"))));
        };
        let style = ProgressStyle::default_bar().template("{lines}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("lines", text);
        LiveLines { terminal, style, interval: None, bar: Mutex::new(None) }
    }

    /// Redraws the lines on a thread of its own, as long as they are shown.
    pub fn redrawn_every(self, interval: Duration) -> LiveLines {
        LiveLines { interval: Some(interval), ..self }
    }

    /// Puts the lines on the terminal; without an interval the first `redraw` draws them.
    pub fn show(&self) {
        let mut shown = lock(&self.bar);
        if shown.is_some() {
            return;
        }
        let target = ProgressDrawTarget::term_like(Box::new(LineTarget::new(Arc::clone(&self.terminal))));
        let bar = ProgressBar::with_draw_target(None, target).with_style(self.style.clone());
        self.interval.iter().for_each(|interval| bar.enable_steady_tick(*interval));
        *shown = Some(bar);
    }

    /// Returns whether the lines are on the terminal.
    pub fn are_shown(&self) -> bool {
        lock(&self.bar).is_some()
    }

    /// Redraws the lines at once, if they are shown.
    pub fn redraw(&self) {
        lock(&self.bar).iter().for_each(ProgressBar::force_draw);
    }

    /// Writes a text above the lines; returns whether they are shown, so that there is an above.
    pub fn write_above(&self, text: &str) -> bool {
        let bar = lock(&self.bar);
        bar.iter().for_each(|bar| bar.println(unmarked(&filtered(text))));
        bar.is_some()
    }

    /// Removes the lines from the terminal; returns whether they were shown.
    pub fn remove(&self) -> bool {
        let bar = lock(&self.bar).take();
        bar.iter().for_each(ProgressBar::finish_and_clear);
        bar.is_some()
    }

    /// Stops redrawing; the lines stay on the terminal.
    pub fn leave(&self) {
        lock(&self.bar).take().iter().for_each(ProgressBar::finish);
    }
}

pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
