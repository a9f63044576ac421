//! `ecsail continue`: answers a paused lifecycle hook, and watches the deployment.

use clap::Args;

use super::attach::attach;
use super::change::{changeable_one, policy, terms};
use super::following::Following;
use super::interrupts::Interrupts;
use super::rollouts::{settle, tell_ends};
use super::services::One;
use crate::apply::hook;
use crate::aws::error::failure;
use crate::aws::types::{LifecycleHook, LifecycleHookStatus, ServiceDeployment};
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::rollout::Continued;
use crate::report::{Event, Outcome};
use crate::watch::snapshot::Followed;

/// Continue a deployment that waits in a lifecycle hook, or roll it back
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail continue web
  ecsail continue web --cluster main --rollback
  ecsail continue web --hook 2f6c0a1e-6f3a-4a53-9a2e-0d8f5a1c7b3e --no-wait

Exit codes: as of `deploy`; with `--rollback` 0 if the deployment was rolled back.")]
pub struct Continue {
    #[command(flatten)]
    named: One,
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
    following: Following,
}

/// Runs the verb.
///
/// # Errors
/// No hook is waiting, or service deployments cannot be read.
pub async fn run(args: &Continue, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = changeable_one(&chosen).await?;
    let key = &found.place.key;
    let followed = attach(&found, &chosen).await?;
    let arns: Vec<String> = followed.service_deployment.iter().cloned().collect();
    let deployments = chosen.aws.service_deployments(&arns).await.map_err(failure)?;
    let deployment = deployments.into_iter().next().ok_or_else(|| unknown(key))?;
    let id = waiting(key, &deployment, args.hook.as_deref())?.hook_id.clone();
    let mut interrupts = Interrupts::listen()?;
    hook::answer(&deployment.service_deployment_arn, &id, args.rollback, &chosen.aws).await?;
    let what = if args.rollback { "is being rolled back" } else { "continues" };
    let text = format!("{key}: the deployment {what} (hook {id})");
    let event = JsonEvent::Continued(Continued {
        service: key.clone(),
        hook: id,
        rollback: args.rollback,
        deployment: followed.deployment.clone(),
    });
    context.report.tell(&Event::Answer { text: &text, event });
    if args.no_wait {
        return Ok(Outcome::Done);
    }
    let policy = policy(&terms(&found.place, &chosen));
    let followed = Followed { going_back: args.rollback, policy, ..followed };
    let settled = settle(vec![followed], &args.following, &chosen.aws, context, &mut interrupts).await;
    Ok(tell_ends(&settled, context))
}

fn unknown(key: &str) -> Failure {
    let hint = "allow `ecs:ListServiceDeployments` and `ecs:DescribeServiceDeployments`".to_owned();
    Failure::error(format!("no service deployment of `{key}` with lifecycle hooks")).hint(hint)
}

/// Returns the hook to answer: the named one, or the only one that is waiting.
///
/// # Errors
/// No hook is waiting, the named one is not, or several are and none is named.
fn waiting<'a>(
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
        ([], _) => Err(none_waits(key, deployment)),
        (open, Some(id)) => open.iter().find(|hook| hook.hook_id == id).copied().ok_or_else(|| {
            Failure::error(format!("lifecycle hook `{id}` of `{key}` is not waiting"))
                .hint(format!("name a waiting hook with `--hook`: {}", ids()))
        }),
        ([only], None) => Ok(only),
        (_, None) => {
            let message = format!("several lifecycle hooks of `{key}` are waiting");
            Err(Failure::usage(message).hint(format!("name one with `--hook`: {}", ids())))
        }
    }
}

/// Returns the failure that no hook is waiting, with the status of the deployment.
fn none_waits(key: &str, deployment: &ServiceDeployment) -> Failure {
    let status = &deployment.status;
    let ended = status.has_ended();
    let stage = deployment.lifecycle_stage.as_ref().filter(|_| !ended);
    let at = stage.map(|stage| format!(", in {}", stage.in_words())).unwrap_or_default();
    let message = format!("no lifecycle hook of `{key}` is waiting: its last deployment is {status}{at}");
    Failure::error(message).hint((!ended).then(|| format!("watch it with `ecsail wait {key}`")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::types::view;

    fn chosen(hooks: &[(&str, &str)], named: Option<&str>) -> Result<String, String> {
        let hooks: Vec<_> =
            hooks.iter().map(|(id, status)| json!({"hookId": id, "status": status})).collect();
        let deployment = view(
            &json!({"status": "IN_PROGRESS", "lifecycleStage": "SCALE_UP", "lifecycleHookDetails": hooks}),
        );
        let found =
            waiting("web", &deployment.expect("a deployment"), named).map(|hook| hook.hook_id.clone());
        found.map_err(|failure| failure.message)
    }

    #[test]
    fn the_hook_that_waits_is_answered_and_of_several_the_named_one() {
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
