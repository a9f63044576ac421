//! `ecsail restart`: deploys the revision that runs again, and watches.

use super::confirmation::is_change_confirmed;
use std::collections::BTreeMap;

use clap::Args;
use serde_json::Value;

use super::ImageArgs;
use super::change_guards::{ensure_no_failures, find_changeable_services, rollback_terms};
use super::first_look::ride_out;
use super::interrupts::Interrupts;
use super::rollouts::watch_rollouts;
use super::service_ends::{not_waited, tell_ends};
use super::services::{FoundService, SelectedServices, ServicesArgs, destination_of};
use super::stage_lock::{LockPurpose, lock_stage};
use super::unfinished::note_interrupted_watch;
use super::watch_args::WatchArgs;
use crate::apply;
use crate::aws::lookup::in_time;
use crate::aws::types::{ContainerImage, ImageState};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::image::ImageReference;
use crate::observe::images::image_states;
use crate::plan::image_checks::{ImageChecks, ImageVerdict, judge_image};
use crate::plan::rollback::service::{RollbackTerms, unchanged_plan};
use crate::plan::{Plan, Reason, ServicePlan, blockers};
use crate::report::{CommandOutcome, Event};
use crate::watch::snapshot::RolloutPurpose;

/// Replace all tasks of services by new ones of the same revision, and watch the rollouts
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("restart", "Examples:
  ecsail restart web
  ecsail restart web worker --cluster main --yes

ECS resolves image tags again: a tag that has moved brings its new image, which the plan shows."))]
pub struct RestartArgs {
    #[command(flatten)]
    services: ServicesArgs,
    /// Return once the updates are accepted, without watching
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Replace a deployment that is in progress, and changes that others made since the plan
    #[arg(long)]
    supersede: bool,
}

/// Runs the verb.
///
/// # Errors
/// A deployment is in progress, or an image no longer exists. Nothing was changed.
pub async fn run(args: &RestartArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.services.select(context).await?;
    lock_stage(&chosen.manifest, &chosen.aws, LockPurpose::of("restart"), context).await?;
    let limit = args.watch.timeout(&chosen.manifest);
    let found = ride_out(limit, context, async || find_changeable_services(&chosen).await).await?;
    if !args.supersede {
        ensure_no_failures(
            found
                .iter()
                .filter_map(|found| blockers::in_progress_blocker(&found.identity.key, &found.service))
                .collect(),
        )?;
    }
    let plan = plan_restart(&found, &chosen, args).await?;
    let plan = Plan { destination: destination_of(&found, &chosen.manifest, context), ..plan };
    context.reporter.report(&Event::Plan { plan: &plan, answer: None });
    let question = format!("Restart {} in {}?", plan.counted_changes(), plan.destination.in_question());
    let services: Vec<_> = plan.services.iter().collect();
    if !is_change_confirmed(&question, args.yes, &services, &chosen.aws, context).await? {
        return Ok(CommandOutcome::Declined);
    }
    let mut interrupts = Interrupts::listen()?;
    let mut applied = apply::apply_plan(&plan, &chosen.aws, context.reporter.as_ref()).await?;
    applied.rollouts.iter_mut().for_each(|rollout| rollout.purpose = RolloutPurpose::Restart);
    if args.no_wait {
        return Ok(not_waited(&applied, context));
    }
    let settled = watch_rollouts(applied.rollouts, &args.watch, &chosen.aws, context, &mut interrupts).await;
    let outcome = tell_ends(&settled, &applied.failures, context);
    note_interrupted_watch(&settled, context);
    Ok(outcome)
}

/// Returns the plan that restarts the services.
///
/// # Errors
/// An image no longer exists, so that no new task could start.
async fn plan_restart(found: &[FoundService], chosen: &SelectedServices, args: &RestartArgs) -> Result<Plan> {
    let checks = args.images.checks(&chosen.manifest);
    let mut plan = Plan::default();
    let mut failures = Vec::new();
    let images =
        futures_util::future::join_all(found.iter().map(|found| compare_images(found, chosen, checks))).await;
    for (found, images) in found.iter().zip(images) {
        match images {
            Ok((mut reasons, notes)) => {
                plan.notes.extend(notes);
                if reasons.is_empty() {
                    reasons.push(Reason::Forced);
                }
                let force = ("forceNewDeployment".to_owned(), Value::Bool(true));
                let members = serde_json::Map::from_iter([force]);
                let terms = rollback_terms(&found.identity, chosen);
                let terms = RollbackTerms { supersede: args.supersede, ..terms };
                let service = unchanged_plan(&terms, &found.service, &found.document);
                plan.services.push(ServicePlan { reasons, members, ..service });
            }
            Err(gone) => failures.extend(gone),
        }
    }
    ensure_no_failures(failures)?;
    Ok(plan)
}

/// Returns the images that differ between the running and the new tasks, and notes on what could not be checked.
///
/// # Errors
/// One for each image that no longer exists.
async fn compare_images(
    found: &FoundService,
    chosen: &SelectedServices,
    checks: ImageChecks,
) -> Result<(Vec<Reason>, Vec<String>), Vec<Failure>> {
    let current = &found.service.current_service_revisions;
    let arns: Vec<String> = current.iter().map(|revision| revision.arn.clone()).collect();
    let read = chosen.aws.service_revisions(&arns);
    let revisions = match in_time("ecs:DescribeServiceRevisions", read).await {
        Ok(revisions) => revisions,
        Err(error) => {
            let note =
                format!("`{}`: the existence of its images is not checked: {error}", found.identity.key);
            return Ok((Vec::new(), vec![note]));
        }
    };
    let runs = revisions.iter().filter(|revision| revision.task_definition == found.service.task_definition);
    let images: BTreeMap<String, &ContainerImage> = runs
        .flat_map(|revision| &revision.container_images)
        .map(|image| (image.image.clone(), image))
        .collect();
    let references = images.keys().map(|image| ImageReference::parse(image)).collect();
    let states = image_states(&chosen.aws, &references).await.map_err(|failure| vec![failure])?;
    let mut reasons = Vec::new();
    let mut gone = Vec::new();
    let mut notes = Vec::new();
    for (image, ran) in images {
        let reference = ImageReference::parse(&image);
        let Some(state) = states.get(&reference.to_string()) else { continue };
        match judge_image(&reference, state, checks) {
            ImageVerdict::Fine => {}
            ImageVerdict::Note(note) => notes.push(note),
            ImageVerdict::Refused(failure) => gone.push(failure),
        }
        if let (ImageState::Found { digest }, Some(before)) = (state, &ran.image_digest)
            && reference.digest.is_none()
            && digest != before
        {
            reasons.push(Reason::ImageMoved { image, before: before.clone(), after: digest.clone() });
        }
    }
    if gone.is_empty() { Ok((reasons, notes)) } else { Err(gone) }
}
