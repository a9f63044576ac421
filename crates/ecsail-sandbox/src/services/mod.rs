//! The AWS services: which service answers a call. Each has a module of its own.

mod autoscaling;
pub(crate) mod cloudformation;
mod dynamodb;
pub(crate) mod ecr;
pub(crate) mod ecs;
mod elb;
pub(crate) mod eventbridge;
mod inventory;
pub(crate) mod kms;
pub(crate) mod logs;
mod pull_through;
pub(crate) mod s3;
mod scheduler;
pub(crate) mod secretsmanager;
pub(crate) mod ssm;
mod sts;

use serde_json::Value;

use crate::api::{ApiCall, ApiError};
use crate::state::{Caller, SandboxState};

/// Answers a call.
///
/// # Errors
/// Those of the operation; `UnknownOperationException` where there is no such service or operation.
pub(crate) fn answer(state: &mut SandboxState, caller: &Caller, call: &ApiCall) -> Result<Value, ApiError> {
    let operation = call.operation.as_str();
    let input = &call.input;
    if call.service == "logs" {
        return logs::answer(state, caller, operation, input);
    }
    if call.service == "s3" {
        return s3::answer(state, &caller.region, operation, input);
    }
    if call.service == "iam" {
        return inventory::answer_iam(state, caller, call);
    }
    let registry = registry_of(caller, call);
    let mut context = state.call_context(registry.as_ref().unwrap_or(caller));
    match call.service.as_str() {
        "ecs" => ecs::answer(&mut context, operation, input),
        "application-autoscaling" => autoscaling::answer(&mut context, operation, input),
        "ecr" => ecr::answer(&mut context, operation, input),
        "elasticloadbalancing" => elb::answer(&mut context, operation, input),
        "events" => eventbridge::answer(&mut context, operation, input),
        "scheduler" => scheduler::answer(&mut context, operation, input),
        "dynamodb" => dynamodb::answer(&mut context, operation, input),
        "kms" => kms::answer(&mut context, operation, input),
        "ssm" => ssm::answer(&mut context, operation, input),
        "secretsmanager" => secretsmanager::answer(&mut context, operation, input),
        "cloudformation" => cloudformation::answer(&mut context, operation, input),
        "sts" => sts::answer(&mut context, operation, input),
        service if inventory::has(service) => inventory::answer(&context, call),
        _ => Err(ApiError::unknown_operation()),
    }
}

/// Returns the caller as one of the account whose registry an operation of ECR names, if that is another one.
fn registry_of(caller: &Caller, call: &ApiCall) -> Option<Caller> {
    let account = call.input["registryId"].as_str().filter(|_| call.service == "ecr")?;
    (account != caller.account).then(|| Caller {
        account: account.to_owned(),
        region: caller.region.clone(),
        arn: caller.arn.clone(),
        user_id: caller.user_id.clone(),
    })
}
