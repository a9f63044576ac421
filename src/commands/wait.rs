//! `ecsail wait`: watches the deployments in progress, with the display and the exit codes of a deploy.

use clap::Args;

use super::attach::attach;
use super::first_look::ride_out;
use super::interrupts::Interrupts;
use super::rollouts::{report_ends, watch_rollouts};
use super::services::ServicesArgs;
use super::unfinished::{note_interrupted_watch, note_pending_tasks};
use super::watch_args::WatchArgs;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::report::{CommandOutcome, Event};
use crate::watch::{FailureResponse, WatchOutcome, WatchResult};

/// Watch the deployments in progress to their end, without changing anything by default
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("wait", "Examples:
  ecsail wait web
  ecsail wait web --cluster main --timeout 30m
  ecsail wait web --cluster main --deployment ecs-svc/1234567890123456789

If no deployment is in progress, the outcome of the last one counts."))]
pub struct WaitArgs {
    #[command(flatten)]
    services: ServicesArgs,
    /// Deployment to watch, of one service [default: the newest]
    #[arg(long, value_name = "ID")]
    deployment: Option<String>,
    #[command(flatten)]
    watch: WatchArgs,
}

/// Runs the verb.
///
/// # Errors
/// A service does not exist, or an API call failed.
pub async fn run(args: &WaitArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.services.select(context).await?;
    let limit = args.watch.timeout(&chosen.manifest);
    let found = ride_out(limit, context, async || chosen.read_all().await).await?;
    if args.deployment.is_some() && found.len() != 1 {
        let hint =
            "name the service that the deployment is of: `ecsail wait NAME --deployment ID`".to_owned();
        return Err(Failure::usage("`--deployment` needs exactly one service").with_hint(hint));
    }
    if let (true, Some(cluster)) = (found.is_empty(), &chosen.manifest.cluster) {
        let note = format!("no services in cluster `{cluster}` to wait for");
        context.reporter.report(&Event::Note(&note));
    }
    let mut followed = Vec::new();
    for service in &found {
        let attach = async || attach(service, &chosen, args.deployment.as_deref()).await;
        let attached = ride_out(limit, context, attach).await?;
        for note in [attached.doubt, attached.unread].into_iter().flatten() {
            context.reporter.report(&Event::Note(&note));
        }
        followed.push(attached.rollout);
    }
    let mut interrupts = Interrupts::listen()?;
    let mut settled = watch_rollouts(followed, &args.watch, &chosen.aws, context, &mut interrupts).await;
    if args.watch.on_failure.is_none() {
        settled.iter_mut().for_each(explain_no_rollback);
    }
    let outcome = report_ends(&settled, context);
    note_interrupted_watch(&settled, context);
    note_pending_tasks(&settled, &found, &chosen, context).await;
    Ok(outcome)
}

/// Sets the reason why a failed rollout was not rolled back: this verb rolls back only with `--on-failure`.
fn explain_no_rollback(settled: &mut WatchResult) {
    let asked = matches!(settled.outcome, WatchOutcome::Settled(_));
    if let Some(FailureResponse::Left { why }) = settled.failure_response.as_mut().filter(|_| asked) {
        "`ecsail wait` only watches; roll back failures with `--on-failure rollback`".clone_into(why);
    }
}
