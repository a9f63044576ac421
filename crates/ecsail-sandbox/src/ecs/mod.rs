//! Amazon ECS: which operation goes where. Owns nothing else; each resource has a file of its own.

mod cluster;
mod definition;
mod definition_fill;
mod definition_rules;
mod exec;
mod history;
mod service;
mod service_rules;
mod service_view;
mod tag;
mod task;
mod task_view;

use serde_json::Value;

pub(super) use definition::register;
pub(super) use service::new_service;
pub(super) use service_rules::check as check_service;

use super::state::Env;
use super::wire::ApiError;

/// Answers an ECS operation.
pub(super) fn answer(env: &mut Env<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "CreateCluster" => cluster::create(env, input),
        "DescribeClusters" => cluster::describe(env, input),
        "ListClusters" => cluster::list(env, input),
        "RegisterTaskDefinition" => definition::register(env, input),
        "DescribeTaskDefinition" => definition::describe(env, input),
        "ListTaskDefinitions" => definition::list(env, input),
        "ListTaskDefinitionFamilies" => definition::list_families(env, input),
        "DeregisterTaskDefinition" => definition::deregister(env, input),
        "DeleteTaskDefinitions" => definition::delete(env, input),
        "CreateService" => service::create(env, input),
        "UpdateService" => service::update(env, input),
        "DeleteService" => service::delete(env, input),
        "DescribeServices" => service::describe(env, input),
        "ListServices" => service::list(env, input),
        "ListServiceDeployments" => history::list(env, input),
        "DescribeServiceDeployments" => history::describe(env, input),
        "DescribeServiceRevisions" => history::describe_revisions(env, input),
        "ContinueServiceDeployment" => history::resume(env, input),
        "StopServiceDeployment" => history::stop(env, input),
        "ListTasks" => task::list(env, input),
        "DescribeTasks" => task::describe(env, input),
        "RunTask" => task::run(env, input),
        "StopTask" => task::stop(env, input),
        "ExecuteCommand" => exec::execute(env, input),
        "TagResource" => tag::tag(env, input),
        "UntagResource" => tag::untag(env, input),
        "ListTagsForResource" => tag::list(env, input),
        _ => Err(ApiError::unknown_operation()),
    }
}
