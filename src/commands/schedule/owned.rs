//! The schedules and rules that an app owns in a stage, to delete all of them. Targets of other owners are kept.

use super::observed::SelectedSchedules;
use super::prune::{SchedulePruneDecisions, decide_schedules, page, remove};
use super::revisions::read_definitions;
use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::ObservedSchedule;
use crate::commands::lookups;
use crate::context::CommandContext;
use crate::error::Result;
use crate::manifest::{Manifest, Request, Scope};
use crate::observe::schedules;
use crate::plan::schedules::owner;
use crate::plan::schedules::prune::{SchedulePruneAction, decide};
use crate::render::schedules::schedules_without_targets;
use crate::report::Event;
use std::collections::BTreeSet;

/// The schedules that an app owns, and what to do with each.
#[derive(Default)]
pub struct OwnedSchedules(SchedulePruneDecisions);

/// Returns the schedules that the app owns in its stage: those of the manifest, and those that it no longer has. Empty if the
/// manifest has no `app`, since the owner cannot be identified then.
///
/// # Errors
/// The manifest cannot be read completely, or an API call failed.
pub async fn read_owned(of: &Manifest, aws: &Aws, context: &CommandContext) -> Result<OwnedSchedules> {
    let request = Request { names_only: true, scope: Scope::Schedules(Vec::new()), ..Request::default() };
    let manifest = lookups::load(&request, context).await?;
    if of.app.is_none() {
        if !manifest.schedules.is_empty() {
            let note = "the schedules stay: the manifest has no `app`, so they cannot be identified";
            context.reporter.report(&Event::Note(note));
        }
        return Ok(OwnedSchedules::default());
    }
    let desired = schedules_without_targets(&manifest)?;
    let chosen = SelectedSchedules { manifest, desired };
    let mut found = schedules::observe(aws, &chosen.desired).await.map_err(failure)?.found;
    let owner = chosen.context();
    found.retain(|_, schedule| owner::is_own(&schedule.tags, &owner));
    let mut decided = decide_schedules(&chosen, aws, context).await?;
    // A rule of the manifest is deleted as a whole, not only those of its targets that the manifest does not name.
    decided.retain(|(schedule, _)| !found.values().any(|own| own.name() == schedule.name()));
    let arns: BTreeSet<String> =
        found.values().flat_map(ObservedSchedule::task_definitions).map(str::to_owned).collect();
    let definitions = read_definitions(arns, aws).await.map_err(failure)?;
    decided.extend(found.into_values().map(|schedule| {
        let decision = decide(&schedule, &definitions, &owner);
        (schedule, decision)
    }));
    Ok(OwnedSchedules(decided))
}

impl OwnedSchedules {
    /// Returns whether there is nothing to delete.
    pub fn is_empty(&self) -> bool {
        self.names().is_empty()
    }

    /// Returns the names of those that are deleted, as a whole or in part.
    pub fn names(&self) -> Vec<&str> {
        let changing = self.0.iter().filter(|(_, decision)| decision.action != SchedulePruneAction::Keep);
        changing.map(|(schedule, _)| schedule.name()).collect()
    }

    /// Reports what is deleted and what is kept.
    pub fn report(&self, context: &CommandContext) {
        if !self.0.is_empty() {
            context.reporter.report(&Event::Page(&page(&self.0)));
        }
    }

    /// Deletes them, and returns how many could not be deleted; each failure is reported.
    pub async fn delete(&self, aws: &Aws, context: &CommandContext) -> usize {
        let mut failed = 0;
        for (schedule, decision) in &self.0 {
            if let Err(failure) = remove(schedule, decision, aws, context).await {
                context.reporter.report_error(&failure);
                failed += 1;
            }
        }
        failed
    }
}
