//! `ecsail wait`: watches the deployments in progress, with the display and the exit codes of a deploy.

use clap::Args;

use super::attach::attach_noted;
use super::following::Following;
use super::interrupts::Interrupts;
use super::rollouts::{settle, tell_ends};
use super::services::Named;
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::report::{Event, Outcome};
use crate::watch::{Aftermath, Ending, Settled};

/// Watch the deployments in progress to their end, without changing anything by default
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail wait web
  ecsail wait web --cluster main --timeout 30m
  ecsail wait web --cluster main --deployment ecs-svc/1234567890123456789

If no deployment is in progress, the last one decides the exit code: 3 if it was rolled back.
Exit codes: as of `deploy`.")]
pub struct Wait {
    #[command(flatten)]
    named: Named,
    /// Deployment to watch, of one service [default: the newest]
    #[arg(long, value_name = "ID")]
    deployment: Option<String>,
    #[command(flatten)]
    following: Following,
}

/// Runs the verb.
///
/// # Errors
/// A service does not exist, or an API call failed.
pub async fn run(args: &Wait, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = chosen.all().await?;
    if args.deployment.is_some() && found.len() != 1 {
        let hint = "name one service with `ecsail wait NAME --deployment ID`".to_owned();
        return Err(Failure::usage("`--deployment` needs exactly one service").hint(hint));
    }
    if let (true, Some(cluster)) = (found.is_empty(), &chosen.manifest.cluster) {
        let note = format!("no services in cluster `{cluster}` to wait for");
        context.report.tell(&Event::Note(&note));
    }
    let mut followed = Vec::new();
    for service in &found {
        let (found, note) = attach_noted(service, &chosen, args.deployment.as_deref()).await?;
        note.iter().for_each(|note| context.report.tell(&Event::Note(note)));
        followed.push(found);
    }
    let mut interrupts = Interrupts::listen()?;
    let mut settled = settle(followed, &args.following, &chosen.aws, context, &mut interrupts).await;
    if args.following.on_failure.is_none() {
        settled.iter_mut().for_each(only_watched);
    }
    Ok(tell_ends(&settled, context))
}

/// Sets the reason why a failed rollout was not rolled back: this verb rolls back only with `--on-failure`.
fn only_watched(settled: &mut Settled) {
    let asked = matches!(settled.ending, Ending::Settled(_));
    if let Some(Aftermath::Left { why }) = settled.aftermath.as_mut().filter(|_| asked) {
        "`ecsail wait` only watches; roll back failures with `--on-failure rollback`".clone_into(why);
    }
}
