//! `ecsail schedule prune`: removes schedules that the app owns and the manifest no longer has.
//! Reads the manifest strictly: what could not be read might be a schedule to keep.

use std::collections::BTreeSet;

use clap::Args;

use super::look::{Chosen, Left};
use super::runs::definitions;
use crate::apply::schedules::{delete, remove_targets};
use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::{ObservedSchedule, Via};
use crate::commands::change::right_account;
use crate::commands::prune_end::PruneEnd;
use crate::commands::services::confirmed;
use crate::context::Context;
use crate::document::problem::Invalid;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, schedule as events};
use crate::manifest::Request;
use crate::manifest::schedules::noun;
use crate::manifest::{self, Manifest, Scope};
use crate::plan::schedules::prune::{Decided, Fate, decide};
use crate::render::schedules::{group_of, known};
use crate::report::plan::via_event;
use crate::report::{Event, Line, Outcome, Page, Paint, Row, table};
use crate::settings::Tags;

/// The tag to render with if none is given. Nothing is looked up, so any tag works.
const PLACEHOLDER: &str = "TAG";

/// Remove schedules that the app owns and the manifest no longer has
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schedule prune --dry-run
  ecsail schedule prune --stage production --yes

Only what this app and stage own is removed: schedules in their own group, and rules with their
tags. Groups that the manifest names are not pruned. Of a rule that also has targets of other
owners, only the app's own targets are removed.

Exit codes: 0 succeeded or nothing to do, 1 a removal failed or declined, 2 usage, 5 refused.")]
pub struct Prune {
    /// Names are refused: what is not named would look as if it were not in the manifest
    #[arg(value_name = "NAME", hide = true)]
    names: Vec<String>,
    /// Tag to read the manifest with, if its schedules depend on the tag; repeatable
    #[arg(long, value_name = "[IMAGE=]TAG", hide_short_help = true)]
    tag: Vec<String>,
    /// Show what would change and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

type Fates = Vec<(ObservedSchedule, Decided)>;

/// Runs the verb.
///
/// # Errors
/// The manifest cannot be read completely, or an API call failed.
pub async fn run(args: &Prune, context: &Context) -> Result<Outcome> {
    let chosen = whole(args, context)?;
    let aws = context.connect_only(&chosen.manifest).await?;
    right_account(&chosen.manifest, &aws).await?;
    let fates = look(&chosen, &aws, context).await?;
    context.report.tell(&Event::Page(&page(&fates)));
    let removing = fates.iter().filter(|(_, decided)| decided.fate != Fate::Keep).count();
    if args.dry_run || removing == 0 {
        let end = if args.dry_run { PruneEnd::DryRun } else { PruneEnd::NothingToDo };
        tell_end(&fates, 0, 0, end, context);
        return Ok(Outcome::Done);
    }
    let question = if removing == 1 {
        "Remove this schedule?".to_owned()
    } else {
        format!("Remove these {removing} schedules?")
    };
    if !confirmed(&question, args.yes, context)? {
        tell_end(&fates, 0, 0, PruneEnd::Declined, context);
        return Ok(Outcome::Declined);
    }
    let (mut done, mut failed) = (0, 0);
    for (schedule, decided) in &fates {
        match remove(schedule, decided, &aws, context).await {
            Ok(changed) => done += usize::from(changed),
            Err(failure) => {
                context.report.error(&failure);
                failed += 1;
            }
        }
    }
    let end = if failed == 0 { PruneEnd::Succeeded } else { PruneEnd::Failed };
    tell_end(&fates, done, failed, end, context);
    Ok(if failed == 0 { Outcome::Done } else { Outcome::Error })
}

/// Returns all schedules of the manifest.
///
/// # Errors
/// The manifest cannot be read completely, or it has no `app`.
fn whole(args: &Prune, context: &Context) -> Result<Chosen> {
    if !args.names.is_empty() {
        let hint = "leave out the names: schedules that the manifest does not have are removed".to_owned();
        return Err(Failure::refused("`ecsail schedule prune` takes no names: it needs the whole manifest")
            .hint(hint)
            .into());
    }
    let mut tags = Tags::parse(&args.tag)?;
    if tags.all.is_none() {
        tags = Tags { all: Some(PLACEHOLDER.to_owned()), placeholder: true, ..tags };
    }
    let request = Request { tags, scope: Scope::Schedules(Vec::new()), ..Request::default() };
    let manifest = manifest::load(&context.settings, &request)?;
    if manifest.problems.any_error() {
        return Err(Invalid { problems: manifest.problems, sources: manifest.sources }.into());
    }
    if manifest.app.is_none() {
        let hint = "set `app:` at the top of the manifest".to_owned();
        let message = "the manifest has no `app`, so its schedules in AWS cannot be identified";
        return Err(Failure::refused(message).hint(hint));
    }
    let desired = known(&manifest)?;
    Ok(Chosen { manifest, desired })
}

async fn look(chosen: &Chosen, aws: &Aws, context: &Context) -> Result<Fates> {
    let Left { whole: mut left, targets } = chosen.left_behind(aws).await.map_err(failure)?;
    if let Some(group) = named_itself(&chosen.manifest) {
        let before = left.len();
        left.retain(|schedule| schedule.group() != Some(group.as_str()));
        if left.len() < before {
            let note = format!("group `{group}` is not pruned: the manifest names it, so it may be shared");
            context.report.tell(&Event::Note(&note));
        }
    }
    let rules = left.iter().chain(&targets).filter(|schedule| schedule.via == Via::Rule);
    let arns: BTreeSet<String> =
        rules.flat_map(ObservedSchedule::task_definitions).map(str::to_owned).collect();
    let definitions = definitions(arns, aws).await.map_err(failure)?;
    let ground = chosen.ground();
    let fate = |schedule: ObservedSchedule| {
        let decided = decide(&schedule, &definitions, &ground);
        (schedule, decided)
    };
    let targets = targets.into_iter().filter_map(|rule| {
        let decided = of_targets(decide(&rule, &definitions, &ground), &rule)?;
        Some((rule, decided))
    });
    Ok(left.into_iter().map(fate).chain(targets.collect::<Fates>()).collect())
}

/// Returns what to do with the other targets of a rule that the manifest has, or `None` if all of them stay.
fn of_targets(decided: Decided, rule: &ObservedSchedule) -> Option<Decided> {
    let all = || rule.targets.iter().filter_map(|target| target["Id"].as_str().map(str::to_owned)).collect();
    match decided.fate {
        // The manifest has the rule, so only targets are removed.
        Fate::Delete => Some(Decided { fate: Fate::RemoveTargets(all()), ..decided }),
        Fate::RemoveTargets(_) => Some(decided),
        Fate::Keep => None,
    }
}

/// Returns the app's own group if the manifest names it, since it may then be shared.
fn named_itself(manifest: &Manifest) -> Option<String> {
    let own = group_of(manifest.app.as_deref()?, manifest.stage.as_deref());
    let mut named = manifest.schedules.iter().filter_map(|schedule| schedule.group.as_ref());
    named.any(|group| group.value == own).then_some(own)
}

/// Removes a schedule, a rule or targets. Returns whether there was anything to remove.
async fn remove(
    schedule: &ObservedSchedule,
    decided: &Decided,
    aws: &Aws,
    context: &Context,
) -> Result<bool, Failure> {
    let (name, report) = (schedule.name(), context.report.as_ref());
    match &decided.fate {
        Fate::Keep => return Ok(false),
        Fate::Delete => delete(name, schedule, aws, report).await?,
        Fate::RemoveTargets(ids) => remove_targets(name, schedule, ids, aws, report).await?,
    }
    Ok(true)
}

fn page(fates: &Fates) -> Page {
    let row = |(schedule, decided): &(ObservedSchedule, Decided)| {
        let (action, in_words, paint) = match &decided.fate {
            Fate::Delete => (events::SchedulePruneAction::Delete, "delete".to_owned(), Some(Paint::Bad)),
            Fate::RemoveTargets(ids) => {
                let in_words = format!("remove {}", quoted(ids));
                (events::SchedulePruneAction::RemoveTargets, in_words, Some(Paint::Warn))
            }
            Fate::Keep => (events::SchedulePruneAction::Keep, "keep".to_owned(), None),
        };
        let removed = match &decided.fate {
            Fate::RemoveTargets(ids) => ids.clone(),
            _ => Vec::new(),
        };
        let kept = decided
            .kept
            .iter()
            .map(|(id, why)| events::KeptTarget { target: id.clone(), reason: why.clone() });
        let event = JsonEvent::SchedulePrune(events::SchedulePrune {
            name: schedule.name().to_owned(),
            via: via_event(schedule.via),
            group: schedule.group().map(str::to_owned),
            action,
            targets: removed,
            kept: kept.collect(),
        });
        let below = decided.kept.iter().map(|(id, why)| Line::plain(format!("    `{id}` is kept: {why}")));
        let expression = schedule.document["ScheduleExpression"].as_str().unwrap_or_default();
        let cells = vec![
            noun(schedule.via).to_owned(),
            schedule.name().to_owned(),
            schedule.group().unwrap_or_default().to_owned(),
            expression.to_owned(),
            in_words,
        ];
        Row { cells, below: below.collect(), paint, event: Some(event) }
    };
    table(&["KIND", "NAME", "GROUP", "EXPRESSION", "ACTION"], fates.iter().map(row).collect())
}

fn quoted(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

fn tell_end(fates: &Fates, done: usize, failed: usize, end: PruneEnd, context: &Context) {
    let kept = fates.iter().filter(|(_, decided)| decided.fate == Fate::Keep).count();
    let removing = fates.len() - kept;
    let text = match end {
        PruneEnd::NothingToDo if kept == 0 => {
            "nothing to do: the manifest has all that is the app's".to_owned()
        }
        PruneEnd::NothingToDo => format!("nothing to do, {kept} kept"),
        PruneEnd::DryRun => format!("{removing} to remove, {kept} kept; dry run: nothing was changed"),
        PruneEnd::Declined => "nothing was changed".to_owned(),
        PruneEnd::Succeeded => format!("{done} removed, {kept} kept"),
        PruneEnd::Interrupted | PruneEnd::Failed => {
            format!("{done} of {removing} removed, {failed} could not be removed, {kept} kept")
        }
    };
    let event = JsonEvent::SchedulePruned(events::SchedulePruned {
        outcome: end.outcome(),
        to_remove: removing,
        removed: done,
        failed,
        kept,
    });
    context.report.tell(&Event::Answer { text: &text, event });
}
