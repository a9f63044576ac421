//! Changes the desired count or the autoscaling range of a service. Both calls set absolute values, so they are
//! idempotent and a lost response needs no check.

use serde_json::json;

use super::may_try_again;
use crate::aws::Aws;
use crate::error::Failure;
use crate::plan::scale::Change;
use crate::retry::{Policy, retry};

/// Changes the desired count of a service, or the range or suspension of its autoscaling.
///
/// # Errors
/// The API call failed.
pub async fn scale(change: &Change, cluster: &str, name: &str, aws: &Aws) -> Result<(), Failure> {
    match change {
        Change::None => Ok(()),
        Change::Desired(desired) => set_desired(*desired, cluster, name, aws).await,
        Change::Target(change) => {
            let changed = aws.register_scalable_target(cluster, name, change).await;
            changed.map_err(|error| {
                let hint = error.hint();
                Failure::error(format!("failed to change the autoscaling of service `{name}`"))
                    .because(error)
                    .hint(hint)
            })
        }
    }
}

async fn set_desired(desired: i32, cluster: &str, name: &str, aws: &Aws) -> Result<(), Failure> {
    let document = json!({"cluster": cluster, "service": name, "desiredCount": desired});
    let update = async || aws.update_service(&document).await;
    let updated = retry(Policy::CALL, may_try_again, update).await;
    updated.map(drop).map_err(|error| {
        let message = format!("failed to set the desired count of service `{name}`");
        Failure::error(message).hint(error.hint()).because(error)
    })
}
