//! `ecsail prune`: deregisters the old revisions of a family that nothing refers to.

use super::approvals::args::ChangeApprovalArgs;
use super::approvals::change::{Authorization, authorize};
use super::confirmation::is_confirmed;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use futures_util::future::{join, try_join};

use super::family::{Family, FamilyArgs};
use super::interrupts::Interrupts;
use super::prune_end::PruneEnd;
use super::stage_lock::{LockPurpose, lock_stage};
use crate::apply::prune::{PruneResult, prune};
use crate::aws::ApiError;
use crate::aws::definitions::RevisionStatus;
use crate::aws::error::{ApiErrorKind, failure};
use crate::context::CommandContext;
use crate::error::{ErrorKind, Failure, Result};
use crate::events::{JsonEvent, prune as events};
use crate::exit_codes;
use crate::observe::references::{ReferenceScope, observe_references};
use crate::plan::prune::{FamilyRevision, PruneAction, PruneOptions, decide};
use crate::plan::references::{Source, family_and_revision, references, summarize};
use crate::report::{
    Column, CommandOutcome, Event, Page, PageItem, PageLine, Paint, TableRow, references, table,
};

/// Deregister old revisions of a family that nothing refers to
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("prune", "Examples:
  ecsail prune web --keep 10 --dry-run
  ecsail prune web --keep 10 --delete --yes
  ecsail prune --family shop-worker --keep 5 --cluster main
  ecsail prune web --keep 10 --without schedules   # none runs the family

Always kept: the newest ACTIVE revisions, and those that services, task sets, deployments in
progress, running tasks, the last successful deployments, a rollback, EventBridge rules or
schedules of the account and region refer to. If one of these sources cannot be read, the command is
refused, unless `--without` skips it. State machines, functions and pipelines that run tasks are not
checked."))]
pub struct PruneArgs {
    #[command(flatten)]
    family: FamilyArgs,
    /// Number of newest ACTIVE revisions to keep, even if nothing refers to them; at least 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Also delete INACTIVE revisions that nothing refers to; this cannot be undone
    #[arg(long)]
    delete: bool,
    /// Show what would change and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub approval: ChangeApprovalArgs,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Skip the references of this source; what refers to a revision from there may break; repeatable
    #[arg(long, value_name = "WHERE", value_enum, value_delimiter = ',')]
    without: Vec<Source>,
}

type PruneDecisions = Vec<(FamilyRevision, PruneAction)>;

/// Runs the verb.
///
/// # Errors
/// The service or family does not exist, references cannot be read, or an API call failed.
pub async fn run(args: &PruneArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let family = args.family.resolve(context).await?;
    if let Some(manifest) = family.manifest.as_ref().filter(|_| !args.dry_run) {
        lock_stage(manifest, &family.aws, LockPurpose::of("prune"), context).await?;
    }
    let fates = decide_revisions(args, &family).await?;
    context.reporter.report(&Event::Page(&page(&family.name, &fates)));
    report_skipped_sources(args, context);
    if args.dry_run || fates.iter().all(|(_, fate)| fate.is_kept()) {
        let end = if args.dry_run { PruneEnd::DryRun } else { PruneEnd::NothingToDo };
        report_outcome(&family.name, &fates, &PruneResult::default(), end, context);
        return Ok(CommandOutcome::Succeeded);
    }
    if let Some(manifest) = &family.manifest {
        let changes = prune_changes(&fates);
        let place = (manifest, &family.aws);
        if authorize("prune", changes, &args.approval, place, context).await? == Authorization::Requested {
            return Ok(CommandOutcome::Succeeded);
        }
    }
    if !is_confirmed(&confirmation_prompt(&fates), args.yes, context)? {
        report_outcome(&family.name, &fates, &PruneResult::default(), PruneEnd::Declined, context);
        return Ok(CommandOutcome::Declined);
    }
    let fates =
        if args.yes { fates } else { unchanged_decisions(&fates, &decide_revisions(args, &family).await?) };
    let retired = execute(&fates, &family, context).await?;
    let end = match &retired {
        PruneResult { failure: Some(_), .. } => PruneEnd::Failed,
        PruneResult { interrupted: true, .. } => PruneEnd::Interrupted,
        _ => PruneEnd::Succeeded,
    };
    report_outcome(&family.name, &fates, &retired, end, context);
    match retired {
        PruneResult { failure: Some(failure), .. } => Err(failure),
        PruneResult { interrupted: true, .. } => Ok(CommandOutcome::Interrupted),
        PruneResult { refused, .. } if !refused.is_empty() => Ok(CommandOutcome::Error),
        _ => Ok(CommandOutcome::Succeeded),
    }
}

/// Returns what to do with each revision.
///
/// # Errors
/// Not all references can be read, or an API call failed.
async fn decide_revisions(args: &PruneArgs, family: &Family) -> Result<PruneDecisions> {
    let scope = ReferenceScope {
        family: family.name.clone(),
        clusters: family.clusters.clone(),
        include_past_services: true,
        excluded: args.without.clone(),
    };
    let (revisions, seen) =
        join(list_revisions(family, args.delete), observe_references(&family.aws, &scope)).await;
    let revisions = revisions?;
    if revisions.is_empty() {
        return Err(family.not_found());
    }
    if !seen.unread.is_empty() {
        return Err(unread_references(&family.name, seen.unread));
    }
    let wish = PruneOptions { keep: args.keep as usize, delete: args.delete };
    Ok(decide(&revisions, &references(&seen, &family.name), wish))
}

async fn list_revisions(family: &Family, with_inactive: bool) -> Result<Vec<FamilyRevision>, Failure> {
    let of = |status| family.aws.revision_arns(&family.name, status, usize::MAX);
    let inactive = async { if with_inactive { of(RevisionStatus::Inactive).await } else { Ok(Vec::new()) } };
    let (active, inactive) = try_join(of(RevisionStatus::Active), inactive).await.map_err(failure)?;
    let known = |arn: String, status| {
        let number = family_and_revision(&arn).1?;
        Some(FamilyRevision { number, arn, status })
    };
    let active = active.into_iter().filter_map(|arn| known(arn, RevisionStatus::Active));
    Ok(active.chain(inactive.into_iter().filter_map(|arn| known(arn, RevisionStatus::Inactive))).collect())
}

/// Returns the refusal to prune without knowing all references.
fn unread_references(family: &str, mut unread: Vec<(Source, ApiError)>) -> Failure {
    let denied = |error: &ApiError| matches!(error.kind, ApiErrorKind::Denied | ApiErrorKind::Unsupported);
    let kind =
        if unread.iter().all(|(_, error)| denied(error)) { ErrorKind::Refused } else { ErrorKind::Error };
    let names: Vec<&str> = unread.iter().map(|(source, _)| source.name()).collect();
    let message = format!(
        "failed to read all references to the revisions of `{family}`, and nothing was changed; unread: {}",
        names.join(", ")
    );
    let hints: Vec<String> = unread.iter().map(|(source, error)| unread_hint(*source, error)).collect();
    let (_, first) = unread.swap_remove(0);
    hints.into_iter().fold(Failure::new(kind, message), Failure::with_hint).with_cause(first)
}

fn unread_hint(source: Source, error: &ApiError) -> String {
    let permissions: Vec<String> =
        source.permissions().iter().map(|permission| format!("`{permission}`")).collect();
    let allow = match error.kind {
        ApiErrorKind::Denied => format!("allow {}", permissions.join(", ")),
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
fn unchanged_decisions(before: &PruneDecisions, now: &PruneDecisions) -> PruneDecisions {
    let holds = |known: &FamilyRevision, fate: &PruneAction| {
        now.iter().find(|(other, _)| other.arn == known.arn).is_some_and(|(_, other)| other == fate)
    };
    before.iter().filter(|(known, fate)| fate.is_kept() || holds(known, fate)).cloned().collect()
}

/// Deregisters and deletes revisions. After an interrupt, finishes the current call and stops.
async fn execute(fates: &PruneDecisions, family: &Family, context: &CommandContext) -> Result<PruneResult> {
    let arns = |wanted: fn(&PruneAction) -> bool| -> Vec<String> {
        // Oldest first, so that a run that stops half-way leaves no gap in the family.
        let wanted = fates.iter().rev().filter(|(_, fate)| wanted(fate));
        wanted.map(|(known, _)| known.arn.clone()).collect()
    };
    let (deregister, delete) = (arns(PruneAction::is_deregistered), arns(PruneAction::is_deleted));
    let stop = AtomicBool::new(false);
    let mut interrupts = Interrupts::listen()?;
    let retiring = prune(&deregister, &delete, &stop, &family.aws, context.reporter.as_ref());
    tokio::pin!(retiring);
    loop {
        tokio::select! {
            retired = &mut retiring => return Ok(retired),
            () = interrupts.next() => stop.store(true, Ordering::Relaxed),
        }
    }
}

/// Returns what is approved: each revision, and what becomes of it.
fn prune_changes(fates: &PruneDecisions) -> Vec<String> {
    let retired = fates.iter().filter_map(|(known, fate)| {
        let what = match fate {
            PruneAction::Keep { .. } => return None,
            PruneAction::Deregister => "deregistered",
            PruneAction::DeregisterAndDelete => "deregistered and deleted",
            PruneAction::Delete => "deleted",
        };
        Some(format!("{}: {what}", known.arn))
    });
    retired.collect()
}

/// Returns the numbers of revisions to keep, to deregister and to delete.
fn count_actions(fates: &PruneDecisions) -> [usize; 3] {
    let count = |wanted: fn(&PruneAction) -> bool| fates.iter().filter(|(_, fate)| wanted(fate)).count();
    [count(PruneAction::is_kept), count(PruneAction::is_deregistered), count(PruneAction::is_deleted)]
}

fn revision_count(number: usize) -> String {
    if number == 1 { "1 revision".to_owned() } else { format!("{number} revisions") }
}

fn confirmation_prompt(fates: &PruneDecisions) -> String {
    match count_actions(fates) {
        [_, deregister, 0] => format!("Deregister {}?", revision_count(deregister)),
        [_, 0, delete] => format!("Delete {} permanently?", revision_count(delete)),
        [_, deregister, delete] => {
            format!("Deregister {deregister} and delete {} permanently?", revision_count(delete))
        }
    }
}

const COLUMNS: &[Column] =
    &[Column::name("REVISION"), Column::whole("STATUS"), Column::whole("ACTION"), Column::text("WHY")];

fn page(family: &str, fates: &PruneDecisions) -> Page {
    let row = |(known, fate): &(FamilyRevision, PruneAction)| {
        let (action, in_words, paint) = match fate {
            PruneAction::Keep { .. } => (events::PruneAction::Keep, "keep", None),
            PruneAction::Deregister => (events::PruneAction::Deregister, "deregister", Some(Paint::Warn)),
            PruneAction::DeregisterAndDelete => {
                (events::PruneAction::DeregisterAndDelete, "deregister, delete", Some(Paint::Bad))
            }
            PruneAction::Delete => (events::PruneAction::Delete, "delete", Some(Paint::Bad)),
        };
        let name = format!("{family}:{}", known.number);
        let (status, reasons) = (known.status, fate.reasons());
        let event = JsonEvent::PruneRevision(events::PruneRevision {
            family: family.to_owned(),
            revision: name.clone(),
            number: known.number,
            status: status.as_str().to_owned(),
            action,
            reasons: reasons.iter().map(references::event).collect(),
        });
        TableRow {
            cells: vec![name, status.as_str().to_owned(), in_words.to_owned(), summarize(reasons)],
            paint,
            event: Some(event),
            ..TableRow::default()
        }
    };
    table(COLUMNS, fates.iter().map(row).collect())
}

/// Reports the sources that were not read, since references from there may break.
fn report_skipped_sources(args: &PruneArgs, context: &CommandContext) {
    let names: BTreeSet<&str> = args.without.iter().map(|source| source.name()).collect();
    if !names.is_empty() {
        let names: Vec<&str> = names.into_iter().collect();
        let note = format!("not checked: {}; references from there are unknown", names.join(", "));
        context.reporter.report(&Event::Note(&note));
    }
}

fn report_outcome(
    family: &str,
    fates: &PruneDecisions,
    retired: &PruneResult,
    end: PruneEnd,
    context: &CommandContext,
) {
    let [kept, deregister, delete] = count_actions(fates);
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
            format!("{family}: {outcome}; {did} of {planned}; the others are unchanged")
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
        let name = crate::aws::types::revision_name(arn);
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        PageLine::painted(format!("{name} cannot be deleted{reason}"), Paint::Bad)
    });
    let lines = refusals.chain([PageLine::plain(text)]).collect();
    context.reporter.report(&Event::Page(&Page {
        items: vec![PageItem { lines, event: Some(event) }],
        ..Page::default()
    }));
}
