//! Changes the desired count or the autoscaling range of a service. Reads what it changes right before, and does not
//! change what another client has set since the plan.

use serde_json::json;

use super::is_retryable;
use super::lost_answer::{Trace, send_once};
use crate::aws::autoscaling::ScalableTarget;
use crate::aws::error::cluster_failure;
use crate::aws::types::{Service, answer};
use crate::aws::{ApiError, Aws};
use crate::error::{Failure, Result};
use crate::plan::scale::ScaleChange;

/// A change of a service's number of tasks, and what it was planned for.
#[derive(Clone, Debug, Default)]
pub struct ScaleOrder {
    pub cluster: String,
    pub name: String,
    pub change: ScaleChange,
    /// The desired count that the change was planned for; `None` if it may be another by now.
    pub desired_before: Option<i64>,
    /// The scalable target that the change was planned for; `None` if it may be another by now.
    pub target_before: Option<ScalableTarget>,
}

/// Changes the desired count of a service, or the range or suspension of its autoscaling.
///
/// # Errors
/// The API call failed, or the number or the range is not that of the plan.
pub async fn scale(order: &ScaleOrder, aws: &Aws) -> Result<()> {
    let name = &order.name;
    match order.change {
        ScaleChange::None => Ok(()),
        ScaleChange::Desired(desired) => {
            ensure_desired(order, aws).await?;
            set_desired(desired, order, aws).await
        }
        ScaleChange::Target(change) => {
            ensure_target(order, aws).await?;
            let changed = aws.register_scalable_target(&order.cluster, name, &change).await;
            changed.map_err(|error| {
                let hint = error.hint();
                Failure::error(format!("failed to change the autoscaling of service `{name}`"))
                    .with_cause(error)
                    .with_hint(hint)
            })
        }
    }
}

/// Fails if the desired count is not that of the plan.
async fn ensure_desired(order: &ScaleOrder, aws: &Aws) -> Result<()> {
    let Some(before) = order.desired_before else { return Ok(()) };
    let found = read_desired(order, aws).await;
    let Some(now) = found.map_err(|error| cluster_failure(&order.cluster, error))? else {
        return Err(Failure::refused(format!("service `{}` was deleted since the plan", order.name)));
    };
    if now == before {
        return Ok(());
    }
    Err(changed_failure(&format!(
        "the desired count of service `{}` has changed since the plan: it is {now} and was {before}",
        order.name
    )))
}

/// Fails if the scalable target is not that of the plan.
async fn ensure_target(order: &ScaleOrder, aws: &Aws) -> Result<()> {
    let Some(before) = order.target_before else { return Ok(()) };
    let found = aws.scalable_target(&order.cluster, &order.name).await?;
    let Some(now) = found.filter(|now| *now != before) else {
        return Ok(());
    };
    Err(changed_failure(&format!(
        "the autoscaling of service `{}` has changed since the plan: its range is {}..{} and was {}..{}",
        order.name, now.min, now.max, before.min, before.max
    )))
}

fn changed_failure(message: &str) -> Failure {
    let hint = "run the command again, or replace it with `--supersede`; nothing was changed".to_owned();
    Failure::refused(message).with_hint(hint)
}

/// Sets the desired count. After a lost answer it looks before it sends the number again: another client may have set
/// another one.
async fn set_desired(desired: i32, order: &ScaleOrder, aws: &Aws) -> Result<()> {
    let document = json!({"cluster": order.cluster, "service": order.name, "desiredCount": desired});
    let attempted = format!("failed to set the desired count of service `{}`", order.name);
    let look = async || {
        let now = read_desired(order, aws).await?;
        Ok(match (now, order.desired_before) {
            (Some(now), _) if now == i64::from(desired) => Trace::Ours(()),
            (Some(now), Some(before)) if now != before => Trace::Foreign(lost_failure(order, now)),
            _ => Trace::AsBefore,
        })
    };
    let call = async || aws.update_service(&document).await.map(drop);
    send_once(aws, &attempted, is_retryable, call, look).await
}

fn lost_failure(order: &ScaleOrder, now: i64) -> Failure {
    let message = format!(
        "no answer to the new desired count of service `{}`, which another client has set to {now} since",
        order.name
    );
    let hint = "it is unknown whether the number was set, and it is not sent again".to_owned();
    Failure::error(message).with_hint(hint).unclear(true)
}

/// Returns the desired count, or `None` if the service does not exist.
async fn read_desired(order: &ScaleOrder, aws: &Aws) -> Result<Option<i64>, ApiError> {
    let found = aws.services(&order.cluster, std::slice::from_ref(&order.name)).await?;
    let Some(document) = found.get(&order.name) else { return Ok(None) };
    let service: Service = answer("ecs:DescribeServices", document)?;
    Ok(Some(service.desired_count))
}
