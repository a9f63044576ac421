//! Owns the schedules below the services: those of the manifest, where all of it was asked for.
//!
//! What may not be read is said once, and is no failure of the verb. Where the manifest has no schedules nothing is asked.

use jiff::Timestamp;

use crate::aws::Aws;
use crate::commands::schedule::list::short;
use crate::commands::schedule::look::{self, Notes};
use crate::commands::services;
use crate::context::Context;
use crate::error::Result;
use crate::manifest::load::locate;
use crate::report::Item;

/// Holds the schedules that are looked at.
pub(super) struct Schedules<'a> {
    chosen: look::Chosen,
    aws: &'a Aws,
    notes: Notes<'a>,
}

impl<'a> Schedules<'a> {
    /// Returns the schedules of the manifest; none where it has none, or where they cannot be read, which is said.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub(super) fn of(services: &'a services::Chosen, context: &'a Context) -> Result<Option<Schedules<'a>>> {
        let notes = Notes::new(context);
        if locate(&context.settings)?.is_none() {
            return Ok(None);
        }
        match look::choose(&[], context) {
            Ok(chosen) if chosen.desired.is_empty() => Ok(None),
            Ok(chosen) => Ok(Some(Schedules { chosen, aws: &services.aws, notes })),
            Err(_) => {
                notes.say("schedules are not shown: they cannot be read as things are here (`ecsail schedule list` says why)");
                Ok(None)
            }
        }
    }

    /// Returns what is shown of them: a line each, below a heading.
    pub(super) async fn items(&self) -> Vec<Item> {
        let seen = self.chosen.look(self.aws, &self.notes).await;
        let Some(seen) = self.notes.or_none(seen, "how schedules stand is not known") else {
            return Vec::new();
        };
        let page = short(&seen, Timestamp::now());
        // Programs need no heading.
        let head = Item { lines: page.head, ..Item::default() };
        std::iter::once(head).chain(page.items).collect()
    }
}
