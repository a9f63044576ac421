//! The services of which the sandbox only has what was declared: IAM, EC2, EFS, Lambda, CloudWatch and Cloud Map. They answer
//! reads, and change nothing.

mod alarms;
mod functions;
mod namespaces;
mod networks;
mod roles;
mod storage;

use serde_json::Value;

use crate::api::{ApiCall, ApiError};
use crate::state::{CallContext, Caller, SandboxState};

/// The services, as signatures name them.
const SERVICES: &[&str] = &["iam", "ec2", "elasticfilesystem", "lambda", "monitoring", "servicediscovery"];

/// Returns whether a service is one of these.
pub(crate) fn has(service: &str) -> bool {
    SERVICES.contains(&service)
}

/// Answers a call of IAM, which has no regions.
pub(crate) fn answer_iam(state: &SandboxState, caller: &Caller, call: &ApiCall) -> Result<Value, ApiError> {
    roles::answer(state, caller, &call.operation, &call.input)
}

/// Answers a call of another of these services.
pub(crate) fn answer(context: &CallContext<'_>, call: &ApiCall) -> Result<Value, ApiError> {
    let (operation, input) = (call.operation.as_str(), &call.input);
    let resources = &*context.resources;
    match call.service.as_str() {
        "ec2" => networks::answer(resources, operation, input),
        "elasticfilesystem" => storage::answer(resources, operation, input),
        "lambda" => functions::answer(resources, operation, input),
        "monitoring" => alarms::answer(resources, operation, input),
        "servicediscovery" => namespaces::answer(resources, operation, input),
        _ => Err(ApiError::unknown_operation()),
    }
}
