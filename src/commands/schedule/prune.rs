//! `ecsail schedule prune`: removes schedules that the app owns and the manifest no longer has.
//! Reads the manifest strictly: what could not be read might be a schedule to keep.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use super::look::{Chosen, Left};
use super::runs::definitions;
use crate::apply::schedules::{delete, remove_targets};
use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::{ObservedSchedule, Via};
use crate::commands::change::right_account;
use crate::commands::services::confirmed;
use crate::context::Context;
use crate::document::problem::Invalid;
use crate::error::{Failure, Result};
use crate::manifest::Request;
use crate::manifest::schedules::noun;
use crate::manifest::{self, Manifest, Scope};
use crate::plan::schedules::prune::{Decided, Fate, decide};
use crate::render::schedules::{group_of, known};
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
        let outcome = if args.dry_run { "dry_run" } else { "nothing_to_do" };
        tell_end(&fates, 0, 0, outcome, context);
        return Ok(Outcome::Done);
    }
    let question = if removing == 1 {
        "Remove this schedule?".to_owned()
    } else {
        format!("Remove these {removing} schedules?")
    };
    if !confirmed(&question, args.yes, context)? {
        tell_end(&fates, 0, 0, "declined", context);
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
    tell_end(&fates, done, failed, if failed == 0 { "done" } else { "failed" }, context);
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
            Fate::Delete => ("delete", "delete".to_owned(), Some(Paint::Bad)),
            Fate::RemoveTargets(ids) => {
                ("remove_targets", format!("remove {}", quoted(ids)), Some(Paint::Warn))
            }
            Fate::Keep => ("keep", "keep".to_owned(), None),
        };
        let removed = match &decided.fate {
            Fate::RemoveTargets(ids) => ids.clone(),
            _ => Vec::new(),
        };
        let kept: Vec<_> =
            decided.kept.iter().map(|(id, why)| json!({"target": id, "reason": why})).collect();
        let value = json!({"event": "schedule.prune", "name": schedule.name(), "via": schedule.via.name(), "group": schedule.group(),
            "action": action, "targets": removed, "kept": kept});
        let below = decided.kept.iter().map(|(id, why)| Line::plain(format!("    `{id}` is kept: {why}")));
        let expression = schedule.document["ScheduleExpression"].as_str().unwrap_or_default();
        let cells = vec![
            noun(schedule.via).to_owned(),
            schedule.name().to_owned(),
            schedule.group().unwrap_or_default().to_owned(),
            expression.to_owned(),
            in_words,
        ];
        Row { cells, below: below.collect(), paint, value }
    };
    table(&["KIND", "NAME", "GROUP", "EXPRESSION", "ACTION"], fates.iter().map(row).collect())
}

fn quoted(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

fn tell_end(fates: &Fates, done: usize, failed: usize, outcome: &str, context: &Context) {
    let kept = fates.iter().filter(|(_, decided)| decided.fate == Fate::Keep).count();
    let removing = fates.len() - kept;
    let text = match outcome {
        "nothing_to_do" if kept == 0 => {
            "nothing to do: the manifest has every schedule that the app owns".to_owned()
        }
        "nothing_to_do" => format!("nothing to do, {kept} kept"),
        "dry_run" => format!("{removing} to remove, {kept} kept; dry run: nothing was changed"),
        "declined" => "nothing was changed".to_owned(),
        "done" => format!("{done} removed, {kept} kept"),
        _ => format!("{done} of {removing} removed, {failed} could not be removed, {kept} kept"),
    };
    let value =
        json!({"outcome": outcome, "to_remove": removing, "removed": done, "failed": failed, "kept": kept});
    context.report.tell(&Event::Answer { event: "schedule.pruned", text: &text, value });
}
