//! `ecsail cancel`: stops the deployment in progress and watches ECS roll it back.

use super::confirmation::is_confirmed;
use clap::Args;

use super::change_guards::{deployment_in_progress, find_changeable_service, stop_deployments};
use super::first_look::ride_out;
use super::interrupts::Interrupts;
use super::rollouts::watch_rollouts;
use super::service_ends::{not_waited, tell_ends};
use super::service_rollbacks::warn_if_rollback;
use super::services::ServiceArgs;
use super::unfinished::note_interrupted_watch;
use super::watch_args::WatchArgs;
use crate::apply::ApplyResult;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::report::{CommandOutcome, Event};
use crate::shell;

/// Stop the deployment in progress and roll the service back
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("cancel", "Examples:
  ecsail cancel web
  ecsail cancel web --cluster main --yes

If ECS cannot stop the deployment, the service is updated to its previous revision. If no
deployment is in progress, use `ecsail rollback`."))]
pub struct CancelArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// Return once the deployment is stopped, without watching the rollback
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    watch: WatchArgs,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

/// Runs the verb.
///
/// # Errors
/// No deployment is in progress, or the service cannot be read.
pub async fn run(args: &CancelArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.service.select(context).await?;
    let limit = args.watch.timeout(&chosen.manifest);
    let found = ride_out(limit, context, async || find_changeable_service(&chosen).await).await?;
    let key = &found.identity.key;
    if found.service.deployment_in_progress().is_none() {
        let hint = format!(
            "roll back to the last deployment that succeeded with `ecsail rollback {}`",
            shell::quote(key)
        );
        return Err(Failure::error(format!("no deployment of `{key}` is in progress")).with_hint(hint));
    }
    let read = async || deployment_in_progress(&found, &chosen).await;
    let (followed, target, note) = ride_out(limit, context, read).await?;
    if let Some(note) = &note {
        context.reporter.report(&Event::Note(note));
    }
    let destination = found.destination(&chosen.manifest, context);
    context.reporter.report(&Event::Destination(&destination));
    context.reporter.report(&Event::Rollback(&target));
    if let Some(note) = &warn_if_rollback(&followed) {
        context.reporter.report(&Event::Note(note));
    }
    if !is_confirmed(&format!("Stop this deployment in {}?", destination.in_question()), args.yes, context)? {
        return Ok(CommandOutcome::Declined);
    }
    let mut interrupts = Interrupts::listen()?;
    let mut applied = ApplyResult::default();
    stop_deployments(vec![followed], &mut applied, &chosen, context).await;
    if args.no_wait {
        return Ok(not_waited(&applied, context));
    }
    let settled = watch_rollouts(applied.rollouts, &args.watch, &chosen.aws, context, &mut interrupts).await;
    let outcome = tell_ends(&settled, &applied.failures, context);
    note_interrupted_watch(&settled, context);
    Ok(outcome)
}
