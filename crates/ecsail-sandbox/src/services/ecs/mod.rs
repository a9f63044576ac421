//! Amazon ECS. Each resource has a module of its own.

mod cluster;
mod definition;
mod definition_defaults;
mod definition_rules;
mod definition_spelling;
mod exec;
mod express;
mod namespace;
mod role;
mod service;
mod service_attributes;
mod service_deployment;
mod service_rules;
mod service_view;
mod tag;
mod task;
mod task_view;

use serde_json::Value;

pub(crate) use definition::register;
pub(crate) use service::new_service;
pub(crate) use service_rules::check as check_service;

use crate::api::ApiError;
use crate::state::CallContext;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "CreateCluster" => cluster::create(context, input),
        "DescribeClusters" => cluster::describe(context, input),
        "ListClusters" => cluster::list(context, input),
        "RegisterTaskDefinition" => definition::register(context, input),
        "DescribeTaskDefinition" => definition::describe(context, input),
        "ListTaskDefinitions" => definition::list(context, input),
        "ListTaskDefinitionFamilies" => definition::list_families(context, input),
        "DeregisterTaskDefinition" => definition::deregister(context, input),
        "DeleteTaskDefinitions" => definition::delete(context, input),
        "CreateService" => service::create(context, input),
        "UpdateService" => service::update(context, input),
        "DeleteService" => service::delete(context, input),
        "CreateExpressGatewayService" => express::create(context, input),
        "UpdateExpressGatewayService" => express::update(context, input),
        "DescribeExpressGatewayService" => express::describe(context, input),
        "DeleteExpressGatewayService" => express::delete(context, input),
        "DescribeServices" => service::describe(context, input),
        "ListServices" => service::list(context, input),
        "ListServicesByNamespace" => namespace::list_services(context, input),
        "ListServiceDeployments" => service_deployment::list(context, input),
        "DescribeServiceDeployments" => service_deployment::describe(context, input),
        "DescribeServiceRevisions" => service_deployment::describe_revisions(context, input),
        "ContinueServiceDeployment" => service_deployment::resume(context, input),
        "StopServiceDeployment" => service_deployment::stop(context, input),
        "ListTasks" => task::list(context, input),
        "DescribeTasks" => task::describe(context, input),
        "RunTask" => task::run(context, input),
        "StopTask" => task::stop(context, input),
        "ExecuteCommand" => exec::execute(context, input),
        "TagResource" => tag::tag(context, input),
        "UntagResource" => tag::untag(context, input),
        "ListTagsForResource" => tag::list(context, input),
        _ => Err(ApiError::unknown_operation()),
    }
}
