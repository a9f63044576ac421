//! Shows the schedules of the manifest below the services, if no service is named.
//! What cannot be read is reported once as a note, and does not fail the verb. Makes no calls if the manifest has no
//! schedules.

use jiff::Timestamp;

use crate::aws::Aws;
use crate::commands::schedule::list::short_page;
use crate::commands::schedule::observed::{self, OnceNotes};
use crate::commands::services;
use crate::context::CommandContext;
use crate::error::Result;
use crate::manifest::load::manifest_path;
use crate::report::PageItem;

/// The schedules to show.
pub(super) struct StatusSchedules<'a> {
    chosen: observed::SelectedSchedules,
    aws: &'a Aws,
    notes: OnceNotes<'a>,
}

impl<'a> StatusSchedules<'a> {
    /// Returns the schedules of the manifest. Returns `None` if it has none, or, with a note, if they cannot be read.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub(super) async fn from_manifest(
        services: &'a services::SelectedServices,
        context: &'a CommandContext,
    ) -> Result<Option<StatusSchedules<'a>>> {
        let notes = OnceNotes::new(context);
        if manifest_path(&context.settings)?.is_none() {
            return Ok(None);
        }
        match observed::select(&[], context).await {
            Ok(chosen) if chosen.desired.is_empty() => Ok(None),
            Ok(chosen) => Ok(Some(StatusSchedules { chosen, aws: &services.aws, notes })),
            Err(_) => {
                notes.note(
                    "schedules are not shown: they cannot be read; see why with `ecsail schedule list`",
                );
                Ok(None)
            }
        }
    }

    /// Returns a heading, and one row for each schedule.
    pub(super) async fn items(&self) -> Vec<PageItem> {
        let seen = self.chosen.read(self.aws, &self.notes).await;
        let Some(seen) = self.notes.value_or_note(seen, "the state of schedules is unknown") else {
            return Vec::new();
        };
        let page = short_page(&seen, Timestamp::now());
        // The heading is not part of JSON output.
        let head = PageItem { lines: page.head, ..PageItem::default() };
        std::iter::once(head).chain(page.items).collect()
    }
}
