//! Shows the schedules of the manifest below the services, if no service is named.
//! What cannot be read is reported once as a note, and does not fail the verb. Makes no calls if the manifest has no
//! schedules.

use jiff::Timestamp;

use crate::aws::Aws;
use crate::commands::schedule::list::short;
use crate::commands::schedule::look::{self, Notes};
use crate::commands::services;
use crate::context::Context;
use crate::error::Result;
use crate::manifest::load::locate;
use crate::report::Item;

/// The schedules to show.
pub(super) struct Schedules<'a> {
    chosen: look::Chosen,
    aws: &'a Aws,
    notes: Notes<'a>,
}

impl<'a> Schedules<'a> {
    /// Returns the schedules of the manifest. Returns `None` if it has none, or, with a note, if they cannot be read.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub(super) fn of(services: &'a services::Chosen, context: &'a Context) -> Result<Option<Schedules<'a>>> {
        let notes = Notes::new(context);
        if locate(&context.settings)?.is_none() {
            return Ok(None);
        }
        match look::choose(&[], context) {
            Ok(chosen) if chosen.desired.is_empty() => Ok(None),
            Ok(chosen) => Ok(Some(Schedules { chosen, aws: &services.aws, notes })),
            Err(_) => {
                notes
                    .say("schedules are not shown: they cannot be read; see why with `ecsail schedule list`");
                Ok(None)
            }
        }
    }

    /// Returns a heading, and one row for each schedule.
    pub(super) async fn items(&self) -> Vec<Item> {
        let seen = self.chosen.look(self.aws, &self.notes).await;
        let Some(seen) = self.notes.or_none(seen, "the state of schedules is unknown") else {
            return Vec::new();
        };
        let page = short(&seen, Timestamp::now());
        // The heading is not part of JSON output.
        let head = Item { lines: page.head, ..Item::default() };
        std::iter::once(head).chain(page.items).collect()
    }
}
