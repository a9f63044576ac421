//! Changes the desired count or the autoscaling range of a service. Both calls set absolute values, so they are
//! idempotent and a lost response needs no check.

use serde_json::json;

use super::is_retryable;
use crate::aws::Aws;
use crate::error::Failure;
use crate::plan::scale::ScaleChange;
use crate::retry::{Policy, retry};

/// Changes the desired count of a service, or the range or suspension of its autoscaling.
///
/// # Errors
/// The API call failed.
pub async fn scale(change: &ScaleChange, cluster: &str, name: &str, aws: &Aws) -> Result<(), Failure> {
    match change {
        ScaleChange::None => Ok(()),
        ScaleChange::Desired(desired) => set_desired(*desired, cluster, name, aws).await,
        ScaleChange::Target(change) => {
            let changed = aws.register_scalable_target(cluster, name, change).await;
            changed.map_err(|error| {
                let hint = error.hint();
                Failure::error(format!("failed to change the autoscaling of service `{name}`"))
                    .with_cause(error)
                    .with_hint(hint)
            })
        }
    }
}

async fn set_desired(desired: i32, cluster: &str, name: &str, aws: &Aws) -> Result<(), Failure> {
    let document = json!({"cluster": cluster, "service": name, "desiredCount": desired});
    let update = async || aws.update_service(&document).await;
    let updated = retry(Policy::CALL, is_retryable, update).await;
    updated.map(drop).map_err(|error| {
        let message = format!("failed to set the desired count of service `{name}`");
        Failure::error(message).with_hint(error.hint()).with_cause(error)
    })
}
