//! `ecsail schedule prune`: removes schedules that the app owns and the manifest no longer has.
//! Reads the manifest strictly: what could not be read might be a schedule to keep.

use crate::commands::confirmation::is_confirmed;
use crate::commands::lookups;
use crate::commands::stage_lock::{LockPurpose, lock_stage};
use std::collections::BTreeSet;

use clap::Args;

use super::observed::{RemovedFromManifest, SelectedSchedules};
use super::revisions::read_definitions;
use crate::apply::schedules::{delete, remove_targets};
use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::{ObservedSchedule, Via};
use crate::commands::change_guards::ensure_account;
use crate::commands::prune_end::PruneEnd;
use crate::context::CommandContext;
use crate::document::problem::InvalidFiles;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, schedule as events};
use crate::exit_codes;
use crate::manifest::Request;
use crate::manifest::schedules::schedule_noun;
use crate::manifest::{Manifest, Scope};
use crate::plan::schedules::prune::{SchedulePruneAction, SchedulePruneDecision, decide};
use crate::render::schedules::{app_group_name, schedules_without_targets};
use crate::report::plan::via_event;
use crate::report::{Column, CommandOutcome, Event, Page, PageLine, Paint, TableRow, table};
use crate::settings::ImageTags;

/// The tag to render with if none is given. Nothing is looked up, so any tag works.
const PLACEHOLDER_TAG: &str = "TAG";

/// Remove schedules that the app owns and the manifest no longer has
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("schedule prune", "Examples:
  ecsail schedule prune --dry-run
  ecsail schedule prune --stage production --yes

Only what this app and stage own is removed: schedules in their own group, and rules with their
tags. Groups that the manifest names are not pruned. Of a rule that also has targets of other
owners, only the app's own targets are removed."))]
pub struct SchedulePruneArgs {
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

pub(super) type SchedulePruneDecisions = Vec<(ObservedSchedule, SchedulePruneDecision)>;

/// Runs the verb.
///
/// # Errors
/// The manifest cannot be read completely, or an API call failed.
pub async fn run(args: &SchedulePruneArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = select_all(args, context).await?;
    let aws = context.connect_without_definitions(&chosen.manifest).await?;
    ensure_account(&chosen.manifest, &aws).await?;
    if !args.dry_run {
        lock_stage(&chosen.manifest, &aws, LockPurpose::of("schedule prune"), context).await?;
    }
    let fates = decide_schedules(&chosen, &aws, context).await?;
    context.reporter.report(&Event::Page(&page(&fates)));
    let removing = fates.iter().filter(|(_, decided)| decided.action != SchedulePruneAction::Keep).count();
    if args.dry_run || removing == 0 {
        let end = if args.dry_run { PruneEnd::DryRun } else { PruneEnd::NothingToDo };
        report_outcome(&fates, 0, 0, end, context);
        return Ok(CommandOutcome::Succeeded);
    }
    let question = if removing == 1 {
        "Remove this schedule?".to_owned()
    } else {
        format!("Remove these {removing} schedules?")
    };
    if !is_confirmed(&question, args.yes, context)? {
        report_outcome(&fates, 0, 0, PruneEnd::Declined, context);
        return Ok(CommandOutcome::Declined);
    }
    let (mut done, mut failed) = (0, 0);
    for (schedule, decided) in &fates {
        match remove(schedule, decided, &aws, context).await {
            Ok(changed) => done += usize::from(changed),
            Err(failure) => {
                context.reporter.report_error(&failure);
                failed += 1;
            }
        }
    }
    let end = if failed == 0 { PruneEnd::Succeeded } else { PruneEnd::Failed };
    report_outcome(&fates, done, failed, end, context);
    Ok(if failed == 0 { CommandOutcome::Succeeded } else { CommandOutcome::Error })
}

/// Returns all schedules of the manifest.
///
/// # Errors
/// The manifest cannot be read completely, or it has no `app`.
async fn select_all(args: &SchedulePruneArgs, context: &CommandContext) -> Result<SelectedSchedules> {
    if !args.names.is_empty() {
        let hint = "leave out the names: schedules that the manifest does not have are removed".to_owned();
        return Err(Failure::refused("`ecsail schedule prune` takes no names: it needs the whole manifest")
            .with_hint(hint));
    }
    let mut tags = ImageTags::parse(&args.tag)?;
    if tags.default.is_none() {
        tags = ImageTags { default: Some(PLACEHOLDER_TAG.to_owned()), is_placeholder: true, ..tags };
    }
    let request = Request { tags, scope: Scope::Schedules(Vec::new()), ..Request::default() };
    let manifest = lookups::load(&request, context).await?;
    if manifest.problems.has_errors() {
        return Err(InvalidFiles { problems: manifest.problems, sources: manifest.sources }.into());
    }
    if manifest.app.is_none() {
        let hint = "set `app:` at the top of the manifest".to_owned();
        let message = "the manifest has no `app`, so its schedules in AWS cannot be identified";
        return Err(Failure::refused(message).with_hint(hint));
    }
    let desired = schedules_without_targets(&manifest)?;
    Ok(SelectedSchedules { manifest, desired })
}

pub(super) async fn decide_schedules(
    chosen: &SelectedSchedules,
    aws: &Aws,
    context: &CommandContext,
) -> Result<SchedulePruneDecisions> {
    let RemovedFromManifest { schedules: mut left, targets } =
        chosen.read_removed(aws).await.map_err(failure)?;
    if let Some(group) = named_own_group(&chosen.manifest) {
        let before = left.len();
        left.retain(|schedule| schedule.group() != Some(group.as_str()));
        if left.len() < before {
            let note = format!("group `{group}` is not pruned: the manifest names it, so it may be shared");
            context.reporter.report(&Event::Note(&note));
        }
    }
    let rules = left.iter().chain(&targets).filter(|schedule| schedule.via == Via::Rule);
    let arns: BTreeSet<String> =
        rules.flat_map(ObservedSchedule::task_definitions).map(str::to_owned).collect();
    let definitions = read_definitions(arns, aws).await.map_err(failure)?;
    let ground = chosen.context();
    let fate = |schedule: ObservedSchedule| {
        let decided = decide(&schedule, &definitions, &ground);
        (schedule, decided)
    };
    let targets = targets.into_iter().filter_map(|rule| {
        let decided = decide_targets(decide(&rule, &definitions, &ground), &rule)?;
        Some((rule, decided))
    });
    Ok(left.into_iter().map(fate).chain(targets.collect::<SchedulePruneDecisions>()).collect())
}

/// Returns what to do with the other targets of a rule that the manifest has, or `None` if all of them stay.
fn decide_targets(decided: SchedulePruneDecision, rule: &ObservedSchedule) -> Option<SchedulePruneDecision> {
    let all = || rule.targets.iter().filter_map(|target| target["Id"].as_str().map(str::to_owned)).collect();
    match decided.action {
        // The manifest has the rule, so only targets are removed.
        SchedulePruneAction::Delete => {
            Some(SchedulePruneDecision { action: SchedulePruneAction::RemoveTargets(all()), ..decided })
        }
        SchedulePruneAction::RemoveTargets(_) => Some(decided),
        SchedulePruneAction::Keep => None,
    }
}

/// Returns the app's own group if the manifest names it, since it may then be shared.
fn named_own_group(manifest: &Manifest) -> Option<String> {
    let own = app_group_name(manifest.app.as_deref()?, manifest.stage.as_deref());
    let mut named = manifest.schedules.iter().filter_map(|schedule| schedule.group.as_ref());
    named.any(|group| group.value == own).then_some(own)
}

/// Removes a schedule, a rule or targets. Returns whether there was anything to remove.
pub(super) async fn remove(
    schedule: &ObservedSchedule,
    decided: &SchedulePruneDecision,
    aws: &Aws,
    context: &CommandContext,
) -> Result<bool, Failure> {
    let (name, report) = (schedule.name(), context.reporter.as_ref());
    match &decided.action {
        SchedulePruneAction::Keep => return Ok(false),
        SchedulePruneAction::Delete => delete(name, schedule, aws, report).await?,
        SchedulePruneAction::RemoveTargets(ids) => remove_targets(name, schedule, ids, aws, report).await?,
    }
    Ok(true)
}

const COLUMNS: &[Column] = &[
    Column::whole("KIND"),
    Column::name("NAME"),
    Column::spare("GROUP"),
    Column::spare("EXPRESSION"),
    Column::text("ACTION"),
];

pub(super) fn page(fates: &SchedulePruneDecisions) -> Page {
    let row = |(schedule, decided): &(ObservedSchedule, SchedulePruneDecision)| {
        let (action, in_words, paint) = match &decided.action {
            SchedulePruneAction::Delete => {
                (events::SchedulePruneAction::Delete, "delete".to_owned(), Some(Paint::Bad))
            }
            SchedulePruneAction::RemoveTargets(ids) => {
                let in_words = format!("remove {}", quote_ids(ids));
                (events::SchedulePruneAction::RemoveTargets, in_words, Some(Paint::Warn))
            }
            SchedulePruneAction::Keep => (events::SchedulePruneAction::Keep, "keep".to_owned(), None),
        };
        let removed = match &decided.action {
            SchedulePruneAction::RemoveTargets(ids) => ids.clone(),
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
        let below =
            decided.kept.iter().map(|(id, why)| PageLine::plain(format!("    `{id}` is kept: {why}")));
        let expression = schedule.document["ScheduleExpression"].as_str().unwrap_or_default();
        let cells = vec![
            schedule_noun(schedule.via).to_owned(),
            schedule.name().to_owned(),
            schedule.group().unwrap_or_default().to_owned(),
            expression.to_owned(),
            in_words,
        ];
        TableRow { cells, lines_below: below.collect(), paint, event: Some(event) }
    };
    table(COLUMNS, fates.iter().map(row).collect())
}

fn quote_ids(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

fn report_outcome(
    fates: &SchedulePruneDecisions,
    done: usize,
    failed: usize,
    end: PruneEnd,
    context: &CommandContext,
) {
    let kept = fates.iter().filter(|(_, decided)| decided.action == SchedulePruneAction::Keep).count();
    let removing = fates.len() - kept;
    let text = match end {
        PruneEnd::NothingToDo if kept == 0 => {
            "nothing to do: the manifest has every schedule that the app owns".to_owned()
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
    context.reporter.report(&Event::Answer { text: &text, event });
}
