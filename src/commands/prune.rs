//! `ecsail prune`: deregisters the old revisions of a family that nothing refers to.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use futures_util::future::{join, try_join};

use super::family::{Family, OfFamily};
use super::interrupts::Interrupts;
use super::prune_end::PruneEnd;
use super::services::confirmed;
use crate::apply::prune::{Retired, retire};
use crate::aws::ApiError;
use crate::aws::definitions::Status;
use crate::aws::error::{Meaning, failure};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::events::{JsonEvent, prune as events};
use crate::observe::references::{Scope, referring};
use crate::plan::prune::{Fate, Known, Wish, decide};
use crate::plan::references::{Source, family_and_revision, references, shortly};
use crate::report::{Event, Item, Line, Outcome, Page, Paint, Row, references, table};

/// Deregister old revisions of a family that nothing refers to
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail prune web --keep 10 --dry-run
  ecsail prune web --keep 10 --delete --yes
  ecsail prune --family shop-worker --keep 5 --cluster main
  ecsail prune web --keep 10 --without schedules   # none runs the family

Always kept: the newest ACTIVE revisions, and those that services, task sets, deployments in
progress, running tasks, the last successful deployments, a rollback, EventBridge rules or
schedules of the account and region refer to. If one of these sources cannot be read, nothing is
changed (exit code 5), unless `--without` skips it. State machines, functions and pipelines that
run tasks are not checked.

Exit codes: 0 succeeded or nothing to do, 1 error or declined, 2 usage, 5 refused, 130
interrupted.")]
pub struct Prune {
    #[command(flatten)]
    of: OfFamily,
    /// Number of newest ACTIVE revisions to keep, even if nothing refers to them; at least 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Also delete INACTIVE revisions that nothing refers to; this cannot be undone
    #[arg(long)]
    delete: bool,
    /// Show what would change and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Skip the references of this source; what refers to a revision from there may break; repeatable
    #[arg(long, value_name = "WHERE", value_enum, value_delimiter = ',')]
    without: Vec<Source>,
}

type Fates = Vec<(Known, Fate)>;

/// Runs the verb.
///
/// # Errors
/// The service or family does not exist, references cannot be read, or an API call failed.
pub async fn run(args: &Prune, context: &Context) -> Result<Outcome> {
    let family = args.of.choose(context).await?;
    let fates = look(args, &family).await?;
    context.report.tell(&Event::Page(&page(&family.name, &fates)));
    tell_left_out(args, context);
    if args.dry_run || fates.iter().all(|(_, fate)| fate.keeps()) {
        let end = if args.dry_run { PruneEnd::DryRun } else { PruneEnd::NothingToDo };
        tell_end(&family.name, &fates, &Retired::default(), end, context);
        return Ok(Outcome::Done);
    }
    if !confirmed(&question(&fates), args.yes, context)? {
        tell_end(&family.name, &fates, &Retired::default(), PruneEnd::Declined, context);
        return Ok(Outcome::Declined);
    }
    let fates = match args.yes {
        true => fates,
        // References may have been added during the prompt: a revision in use by now is kept.
        false => still(&fates, &look(args, &family).await?),
    };
    let retired = work(&fates, &family, context).await?;
    let end = match &retired {
        Retired { failure: Some(_), .. } => PruneEnd::Failed,
        Retired { interrupted: true, .. } => PruneEnd::Interrupted,
        _ => PruneEnd::Succeeded,
    };
    tell_end(&family.name, &fates, &retired, end, context);
    match retired {
        Retired { failure: Some(failure), .. } => Err(failure),
        Retired { interrupted: true, .. } => Ok(Outcome::Interrupted),
        Retired { refused, .. } if !refused.is_empty() => Ok(Outcome::Error),
        _ => Ok(Outcome::Done),
    }
}

/// Returns what to do with each revision.
///
/// # Errors
/// Not all references can be read, or an API call failed.
async fn look(args: &Prune, family: &Family) -> Result<Fates> {
    let scope = Scope {
        family: family.name.clone(),
        clusters: family.clusters.clone(),
        all_pasts: true,
        without: args.without.clone(),
    };
    let (revisions, seen) = join(revisions(family, args.delete), referring(&family.aws, &scope)).await;
    let revisions = revisions?;
    if revisions.is_empty() {
        return Err(family.absent());
    }
    if !seen.unread.is_empty() {
        return Err(blind(&family.name, seen.unread));
    }
    let wish = Wish { keep: args.keep as usize, delete: args.delete };
    Ok(decide(&revisions, &references(&seen, &family.name), wish))
}

async fn revisions(family: &Family, with_inactive: bool) -> Result<Vec<Known>, Failure> {
    let of = |status| family.aws.revision_arns(&family.name, status, usize::MAX);
    let inactive = async { if with_inactive { of(Status::Inactive).await } else { Ok(Vec::new()) } };
    let (active, inactive) = try_join(of(Status::Active), inactive).await.map_err(failure)?;
    let known = |arn: String, status| {
        let number = family_and_revision(&arn).1?;
        Some(Known { number, arn, status })
    };
    let active = active.into_iter().filter_map(|arn| known(arn, Status::Active));
    Ok(active.chain(inactive.into_iter().filter_map(|arn| known(arn, Status::Inactive))).collect())
}

/// Returns the refusal to prune without knowing all references.
fn blind(family: &str, mut unread: Vec<(Source, ApiError)>) -> Failure {
    let denied = |error: &ApiError| matches!(error.meaning, Meaning::Denied | Meaning::Unsupported);
    let kind = if unread.iter().all(|(_, error)| denied(error)) { Kind::Refused } else { Kind::Error };
    let names: Vec<&str> = unread.iter().map(|(source, _)| source.name()).collect();
    let message = format!(
        "failed to read all references to the revisions of `{family}`, and nothing was changed; unread: {}",
        names.join(", ")
    );
    let hints: Vec<String> = unread.iter().map(|(source, error)| way_out(*source, error)).collect();
    let (_, first) = unread.swap_remove(0);
    hints.into_iter().fold(Failure::new(kind, message), Failure::hint).because(first)
}

fn way_out(source: Source, error: &ApiError) -> String {
    let permissions: Vec<String> =
        source.permissions().iter().map(|permission| format!("`{permission}`")).collect();
    let allow = match error.meaning {
        Meaning::Denied => format!("allow {}", permissions.join(", ")),
        _ => format!("run the command again: {} could not be read: {error}", source.name()),
    };
    match source {
        Source::Services => allow,
        _ => {
            format!("{allow}; or, if none of them can refer to the family, add `--without {}`", source.name())
        }
    }
}

/// Returns the earlier decisions that are still the same.
fn still(before: &Fates, now: &Fates) -> Fates {
    let holds = |known: &Known, fate: &Fate| {
        now.iter().find(|(other, _)| other.arn == known.arn).is_some_and(|(_, other)| other == fate)
    };
    before.iter().filter(|(known, fate)| fate.keeps() || holds(known, fate)).cloned().collect()
}

/// Deregisters and deletes revisions. After an interrupt, finishes the current call and stops.
async fn work(fates: &Fates, family: &Family, context: &Context) -> Result<Retired> {
    let arns = |wanted: fn(&Fate) -> bool| -> Vec<String> {
        // Oldest first, so that a run that stops half-way leaves no gap in the family.
        let wanted = fates.iter().rev().filter(|(_, fate)| wanted(fate));
        wanted.map(|(known, _)| known.arn.clone()).collect()
    };
    let (deregister, delete) = (arns(Fate::deregisters), arns(Fate::deletes));
    let stop = AtomicBool::new(false);
    let mut interrupts = Interrupts::listen()?;
    let retiring = retire(&deregister, &delete, &stop, &family.aws, context.report.as_ref());
    tokio::pin!(retiring);
    loop {
        tokio::select! {
            retired = &mut retiring => return Ok(retired),
            () = interrupts.next() => stop.store(true, Ordering::Relaxed),
        }
    }
}

/// Returns the numbers of revisions to keep, to deregister and to delete.
fn counts(fates: &Fates) -> [usize; 3] {
    let count = |wanted: fn(&Fate) -> bool| fates.iter().filter(|(_, fate)| wanted(fate)).count();
    [count(Fate::keeps), count(Fate::deregisters), count(Fate::deletes)]
}

fn revisions_of(number: usize) -> String {
    if number == 1 { "1 revision".to_owned() } else { format!("{number} revisions") }
}

fn question(fates: &Fates) -> String {
    match counts(fates) {
        [_, deregister, 0] => format!("Deregister {}?", revisions_of(deregister)),
        [_, 0, delete] => format!("Delete {} permanently?", revisions_of(delete)),
        [_, deregister, delete] => {
            format!("Deregister {deregister} and delete {} permanently?", revisions_of(delete))
        }
    }
}

fn page(family: &str, fates: &Fates) -> Page {
    let row = |(known, fate): &(Known, Fate)| {
        let (action, in_words, paint) = match fate {
            Fate::Keep { .. } => (events::PruneAction::Keep, "keep", None),
            Fate::Deregister => (events::PruneAction::Deregister, "deregister", Some(Paint::Warn)),
            Fate::DeregisterAndDelete => {
                (events::PruneAction::DeregisterAndDelete, "deregister, delete", Some(Paint::Bad))
            }
            Fate::Delete => (events::PruneAction::Delete, "delete", Some(Paint::Bad)),
        };
        let name = format!("{family}:{}", known.number);
        let (status, reasons) = (known.status, fate.reasons());
        let event = JsonEvent::PruneRevision(events::PruneRevision {
            family: family.to_owned(),
            revision: name.clone(),
            number: known.number,
            status: status.name().to_owned(),
            action,
            reasons: reasons.iter().map(references::event).collect(),
        });
        Row {
            cells: vec![name, status.name().to_owned(), in_words.to_owned(), shortly(reasons)],
            paint,
            event: Some(event),
            ..Row::default()
        }
    };
    table(&["REVISION", "STATUS", "ACTION", "WHY"], fates.iter().map(row).collect())
}

/// Reports the sources that were not read, since references from there may break.
fn tell_left_out(args: &Prune, context: &Context) {
    let names: BTreeSet<&str> = args.without.iter().map(|source| source.name()).collect();
    if !names.is_empty() {
        let names: Vec<&str> = names.into_iter().collect();
        let note = format!("not checked: {}; references from there are unknown", names.join(", "));
        context.report.tell(&Event::Note(&note));
    }
}

fn tell_end(family: &str, fates: &Fates, retired: &Retired, end: PruneEnd, context: &Context) {
    let [kept, deregister, delete] = counts(fates);
    let done = (retired.deregistered.len(), retired.deleted.len());
    let planned = match delete {
        0 => format!("{deregister} to deregister"),
        _ => format!("{deregister} to deregister, {delete} to delete"),
    };
    let did = match done {
        (deregistered, 0) => format!("{deregistered} deregistered"),
        (deregistered, deleted) => format!("{deregistered} deregistered, {deleted} deleted"),
    };
    let text = match end {
        PruneEnd::NothingToDo => format!("{family}: nothing to do, {kept} kept"),
        PruneEnd::DryRun => format!("{family}: {planned}, {kept} kept; dry run: nothing was changed"),
        PruneEnd::Declined => format!("{family}: nothing was changed"),
        PruneEnd::Succeeded => format!("{family}: {did}, {kept} kept"),
        PruneEnd::Interrupted | PruneEnd::Failed => {
            let outcome = end.outcome().words();
            format!("{family}: {outcome}, {did}, of {planned}; the rest is as it was")
        }
    };
    let refused = retired.refused.iter();
    let event = JsonEvent::Prune(events::Prune {
        family: family.to_owned(),
        outcome: end.outcome(),
        kept,
        to_deregister: deregister,
        to_delete: delete,
        deregistered: done.0,
        deleted: done.1,
        refused: refused
            .map(|(arn, reason)| events::RefusedRevision { arn: arn.clone(), reason: reason.clone() })
            .collect(),
    });
    let refusals = retired.refused.iter().map(|(arn, reason)| {
        let name = crate::aws::types::revision_of(arn);
        Line::painted(format!("{name} cannot be deleted: {reason}"), Paint::Bad)
    });
    let lines = refusals.chain([Line::plain(text)]).collect();
    context
        .report
        .tell(&Event::Page(&Page { items: vec![Item { lines, event: Some(event) }], ..Page::default() }));
}
