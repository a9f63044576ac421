//! Owns the live part of the screen: a line a service, with a bar of running tasks, redrawn in place.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::watch::Progress;

/// Draws one line a service on a terminal.
pub struct Bars {
    multi: MultiProgress,
    bars: RefCell<BTreeMap<String, (ProgressBar, Progress)>>,
    prefix: String,
    color: bool,
}

impl Bars {
    /// Returns an empty display; `prefix` begins every line.
    pub fn new(prefix: &str, color: bool) -> Bars {
        Bars { multi: MultiProgress::new(), bars: RefCell::default(), prefix: prefix.to_owned(), color }
    }

    /// Shows where a rollout stands.
    pub fn show(&self, progress: &Progress) {
        let mut bars = self.bars.borrow_mut();
        let fresh = || (self.multi.add(self.bar(&progress.key)), progress.clone());
        let (bar, last) = bars.entry(progress.key.clone()).or_insert_with(fresh);
        last.clone_from(progress);
        bar.set_length(progress.desired.unsigned_abs().max(1));
        bar.set_position(if progress.desired == 0 { 1 } else { progress.running.unsigned_abs() });
        let failed =
            if progress.failed > 0 { format!(", {} failed", progress.failed) } else { String::new() };
        bar.set_message(format!(
            "{}/{} running{failed}  {}",
            progress.running, progress.desired, progress.detail
        ));
    }

    fn bar(&self, key: &str) -> ProgressBar {
        let bar = ProgressBar::new(1).with_prefix(format!("{}{key}", self.prefix));
        let template = if self.color {
            "{prefix:.bold} {bar:16.green} {elapsed:>4} {wide_msg}"
        } else {
            "{prefix} {bar:16} {elapsed:>4} {wide_msg}"
        };
        // The template is a constant; should it not parse, the default serves.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━╸─"));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// Prints a line above the display.
    pub fn line(&self, text: &str) {
        if self.bars.borrow().is_empty() || self.multi.println(text).is_err() {
            self.multi.suspend(|| super::text::plain_err(text));
        }
    }

    /// Ends the display and clears it; returns what it showed last.
    pub fn finish(&self) -> Vec<Progress> {
        let bars = std::mem::take(&mut *self.bars.borrow_mut());
        bars.into_values()
            .map(|(bar, last)| {
                bar.finish_and_clear();
                last
            })
            .collect()
    }
}
