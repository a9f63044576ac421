//! What Express Mode keeps of a service beside the service itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::Millis;

/// The members of an Express service that neither its task definition nor its revisions have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ExpressService {
    pub(crate) infrastructure_role: String,
    pub(crate) health_check_path: String,
    /// `scalingTarget`, with all its members.
    pub(crate) scaling_target: Value,
    pub(crate) updated: Millis,
}
