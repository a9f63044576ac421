//! `ecsail continue`: answers a paused lifecycle hook, and watches the deployment.

use super::confirmation::is_confirmed;
use clap::Args;

use super::attach::attach;
use super::change_guards::{find_changeable_service, rollback_terms, watch_policy};
use super::first_look::ride_out;
use super::interrupts::Interrupts;
use super::rollouts::{report_ends, watch_rollouts};
use super::services::ServiceArgs;
use super::unfinished::note_interrupted_watch;
use super::watch_args::WatchArgs;
use crate::apply::lifecycle_hook;
use crate::aws::error::failure;
use crate::aws::types::{LifecycleHook, LifecycleHookStatus, ServiceDeployment};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::rollout::Continued;
use crate::exit_codes;
use crate::report::{CommandOutcome, Event};
use crate::shell;
use crate::watch::snapshot::WatchedRollout;

/// Continue a deployment that waits in a lifecycle hook, or roll it back
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("continue", "Examples:
  ecsail continue web
  ecsail continue web --cluster main --rollback
  ecsail continue web --hook 2f6c0a1e-6f3a-4a53-9a2e-0d8f5a1c7b3e --no-wait"))]
pub struct ContinueArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// Roll the deployment back instead of continuing it
    #[arg(long)]
    rollback: bool,
    /// Lifecycle hook to answer, if several are waiting [default: the only one]
    #[arg(long, value_name = "ID")]
    hook: Option<String>,
    /// Return once the hook is answered, without watching
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
/// No hook is waiting, or service deployments cannot be read.
pub async fn run(args: &ContinueArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.service.select(context).await?;
    let limit = args.watch.timeout(&chosen.manifest);
    let found = ride_out(limit, context, async || find_changeable_service(&chosen).await).await?;
    let key = &found.identity.key;
    let attached = ride_out(limit, context, async || attach(&found, &chosen, None).await).await?;
    if let Some(note) = &attached.unread {
        context.reporter.report(&Event::Note(note));
    }
    let followed = attached.rollout;
    let arns: Vec<String> = followed.service_deployment.iter().cloned().collect();
    let deployments = chosen.aws.service_deployments(&arns).await.map_err(failure)?;
    let deployment = deployments.into_iter().next().ok_or_else(|| no_service_deployment(key))?;
    let id = choose_hook(key, &deployment, args.hook.as_deref())?.hook_id.clone();
    let destination = found.destination(&chosen.manifest, context);
    context.reporter.report(&Event::Destination(&destination));
    let verb = if args.rollback { "Roll back" } else { "Continue" };
    let question = format!("{verb} the deployment of service {key} in {}?", destination.in_question());
    if !is_confirmed(&question, args.yes, context)? {
        return Ok(CommandOutcome::Declined);
    }
    let mut interrupts = Interrupts::listen()?;
    lifecycle_hook::resolve_hook(&deployment.service_deployment_arn, &id, args.rollback, &chosen.aws).await?;
    let what = if args.rollback { "is being rolled back" } else { "continues" };
    let text = format!("{key}: the deployment {what} (hook {id})");
    let event = JsonEvent::Continued(Continued {
        service: key.clone(),
        hook: id,
        rollback: args.rollback,
        deployment: followed.deployment.clone(),
    });
    context.reporter.report(&Event::Answer { text: &text, event });
    if args.no_wait {
        return Ok(CommandOutcome::Succeeded);
    }
    let policy = watch_policy(&rollback_terms(&found.identity, &chosen));
    let followed = WatchedRollout { going_back: args.rollback, policy, ..followed };
    let settled = watch_rollouts(vec![followed], &args.watch, &chosen.aws, context, &mut interrupts).await;
    let outcome = report_ends(&settled, context);
    note_interrupted_watch(&settled, context);
    Ok(outcome)
}

fn no_service_deployment(key: &str) -> Failure {
    let hint = "allow `ecs:ListServiceDeployments` and `ecs:DescribeServiceDeployments`".to_owned();
    Failure::error(format!("no service deployment of `{key}` with lifecycle hooks")).with_hint(hint)
}

/// Returns the hook to answer: the named one, or the only one that is waiting.
///
/// # Errors
/// No hook is waiting, the named one is not, or several are and none is named.
fn choose_hook<'a>(
    key: &str,
    deployment: &'a ServiceDeployment,
    named: Option<&str>,
) -> Result<&'a LifecycleHook, Failure> {
    let open = deployment
        .lifecycle_hook_details
        .iter()
        .filter(|hook| hook.status == LifecycleHookStatus::AwaitingAction);
    let open: Vec<&LifecycleHook> = open.collect();
    let ids = || open.iter().map(|hook| hook.hook_id.as_str()).collect::<Vec<_>>().join(", ");
    match (open.as_slice(), named) {
        ([], _) => Err(no_waiting_hook(key, deployment)),
        (open, Some(id)) => open.iter().find(|hook| hook.hook_id == id).copied().ok_or_else(|| {
            Failure::error(format!("lifecycle hook `{id}` of `{key}` is not waiting"))
                .with_hint(format!("name a waiting hook with `--hook`: {}", ids()))
        }),
        ([only], None) => Ok(only),
        (_, None) => {
            let message = format!("several lifecycle hooks of `{key}` are waiting");
            Err(Failure::usage(message).with_hint(format!("name one with `--hook`: {}", ids())))
        }
    }
}

/// Returns the failure that no hook is waiting, with the status of the deployment.
fn no_waiting_hook(key: &str, deployment: &ServiceDeployment) -> Failure {
    let status = &deployment.status;
    let ended = status.has_ended();
    let stage = deployment.lifecycle_stage.as_ref().filter(|_| !ended);
    let at = stage.map(|stage| format!(", in {}", stage.in_words())).unwrap_or_default();
    let message = format!("no lifecycle hook of `{key}` is waiting: its last deployment is {status}{at}");
    Failure::error(message)
        .with_hint((!ended).then(|| format!("watch it with `ecsail wait {}`", shell::quote(key))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::types::parse_view;

    fn chosen(hooks: &[(&str, &str)], named: Option<&str>) -> Result<String, String> {
        let hooks: Vec<_> =
            hooks.iter().map(|(id, status)| json!({"hookId": id, "status": status})).collect();
        let deployment = parse_view(
            &json!({"status": "IN_PROGRESS", "lifecycleStage": "SCALE_UP", "lifecycleHookDetails": hooks}),
        );
        let found =
            choose_hook("web", &deployment.expect("a deployment"), named).map(|hook| hook.hook_id.clone());
        found.map_err(|failure| failure.message)
    }

    #[test]
    fn waiting_hook_is_answered() {
        let both = [("a", "AWAITING_ACTION"), ("b", "AWAITING_ACTION")];
        assert_eq!(chosen(&both[..1], None), Ok("a".to_owned()));
        assert_eq!(chosen(&[("a", "SUCCEEDED"), both[1]], None), Ok("b".to_owned()));
        assert_eq!(chosen(&both, Some("b")), Ok("b".to_owned()));
        assert!(chosen(&both, None).is_err_and(|message| message.starts_with("several")));
        assert!(chosen(&both, Some("c")).is_err_and(|message| message.contains("`c`")));
        let none = chosen(&[("a", "IN_PROGRESS")], None).expect_err("it is not waiting");
        assert_eq!(
            none,
            "no lifecycle hook of `web` is waiting: its last deployment is IN_PROGRESS, in scale up"
        );
    }
}
