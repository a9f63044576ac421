//! `ecsail wait`: attaches to the deployments under way, with the display and the exit codes of a deploy.

use anyhow::Result;
use clap::Args;

use super::attach::attach_noted;
use super::following::Following;
use super::interrupts::Interrupts;
use super::rollouts::{settle, tell_ends};
use super::services::Named;
use crate::context::Context;
use crate::error::Failure;
use crate::report::{Event, Outcome};
use crate::watch::{Aftermath, Ending, Settled};

/// Watches the deployments under way to their end; changes nothing unless asked to
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail wait web
  ecsail wait web --cluster main --timeout 30m
  ecsail wait web --cluster main --deployment ecs-svc/1234567890123456789

Where nothing is under way, the last deployment counts: one that was rolled back is exit code 3.
Exit codes: as those of `deploy`.")]
pub struct Wait {
    #[command(flatten)]
    named: Named,
    /// The deployment to wait for, of one service; else its newest
    #[arg(long, value_name = "ID")]
    deployment: Option<String>,
    #[command(flatten)]
    following: Following,
}

/// Runs the verb.
///
/// # Errors
/// A service that is not there, or the API's.
pub async fn run(args: &Wait, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = chosen.all().await?;
    if args.deployment.is_some() && found.len() != 1 {
        let hint = "name one service: `ecsail wait NAME --deployment ID`".to_owned();
        return Err(Failure::usage("`--deployment` is for one service").hint(hint).into());
    }
    if let (true, Some(cluster)) = (found.is_empty(), &chosen.manifest.cluster) {
        let note = format!("there is no service in cluster `{cluster}`: nothing to wait for");
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

/// Says why a rollout was left that nobody asked to leave: this verb takes nothing back by itself.
fn only_watched(settled: &mut Settled) {
    let asked = matches!(settled.ending, Ending::Settled(_));
    if let Some(Aftermath::Left { why }) = settled.aftermath.as_mut().filter(|_| asked) {
        "`wait` only watches; `--on-failure rollback` takes it back".clone_into(why);
    }
}
