//! Express Mode: services whose task definition, load balancer, security groups and scaling ECS makes from a few members.
//! The rollout that follows is that of any service.
//!
//! Where AWS's pages contradict each other, the values are those of the API reference. What a sent `primaryContainer`
//! leaves out gets its default: AWS does not say whether it is kept.

mod definition;
mod resources;
mod rules;
mod view;

pub(super) use resources::managed_resources;

use serde_json::{Value, json};

use super::definition::register;
use super::service::{new_service, taken_name};
use super::service_rules::active_definition;
use crate::api::{ApiError, invalid_if};
use crate::arn::service_key;
use crate::model::{Cluster, ExpressService, Service};
use crate::params::{includes, required_text, set_some, text};
use crate::rollout::{NewDeployment, begin_deletion, start_deployment};
use crate::state::CallContext;
use crate::time::epoch_seconds;

const DEFAULT_HEALTH_CHECK_PATH: &str = "/ping";

pub(super) fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    rules::check_creation(input)?;
    let cluster = cluster_of(context, input)?;
    let generated = format!("express-{}", context.ids.hex(8));
    let name = text(input, "serviceName").unwrap_or(&generated).to_owned();
    let existing = context.resources.services.get(&service_key(&cluster, &name));
    if let Some(service) = existing.filter(|service| service.status != "INACTIVE") {
        return Err(taken_name(service));
    }
    let role = rules::assumable_role(input, &context.caller.arn)?;
    let definition = if let Some(given) = text(input, "taskDefinitionArn") {
        rules::own_definition(active_definition(context, given)?)?
    } else {
        let document = definition::document(&cluster, &name, input, &Value::Null, context);
        registered(context, &document)?
    };
    let express = ExpressService {
        infrastructure_role: role,
        health_check_path: text(input, "healthCheckPath").unwrap_or(DEFAULT_HEALTH_CHECK_PATH).to_owned(),
        scaling_target: rules::scaling_target(&input["scalingTarget"], &Value::Null)?,
        updated: context.now,
    };
    let settings = resources::settings(context, &cluster, &name, input, &definition, &express);
    let mut service = new_service(context, &cluster, &settings)?;
    service.express = Some(express);
    deploy(context, &mut service, &definition);
    resources::put_scaling(context, &mut service);
    let answer = view::service(context.resources, &service);
    store(context, service);
    Ok(json!({ "service": answer }))
}

pub(super) fn update(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let mut service = express_service(context, input)?;
    ensure_active(&service)?;
    rules::check_definition_members(input)?;
    let before = view::newest(context.resources, &service);
    let definition = changed_definition(context, &service, input, &before)?;
    let Some(express) = service.express.as_mut() else { return Err(not_found()) };
    express.scaling_target = rules::scaling_target(&input["scalingTarget"], &express.scaling_target)?;
    if let Some(path) = text(input, "healthCheckPath") {
        path.clone_into(&mut express.health_check_path);
    }
    express.updated = context.now;
    let network = resources::network(context, &service.name, &input["networkConfiguration"]);
    let has_other_network = input["networkConfiguration"].is_object()
        && service.config.get("networkConfiguration") != Some(&network);
    if has_other_network {
        service.config.insert("networkConfiguration".to_owned(), network);
    }
    if definition != service.task_definition || has_other_network {
        resources::set_port(context.resources, &mut service, &definition);
        deploy(context, &mut service, &definition);
    }
    resources::put_scaling(context, &mut service);
    let mut answer = json!({
        "serviceArn": service.arn,
        "cluster": service.cluster,
        "serviceName": service.name,
        "status": view::status(&service),
        "targetConfiguration": view::newest(context.resources, &service),
        "createdAt": epoch_seconds(service.created),
    });
    set_some(
        &mut answer,
        "updatedAt",
        service.express.as_ref().map(|express| epoch_seconds(express.updated)),
    );
    store(context, service);
    Ok(json!({ "service": answer }))
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let service = express_service(context, input)?;
    let mut answer = view::service(context.resources, &service);
    if !includes(input, "TAGS") {
        answer.as_object_mut().map(|members| members.shift_remove("tags"));
    }
    Ok(json!({ "service": answer }))
}

pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let mut service = express_service(context, input)?;
    ensure_active(&service)?;
    begin_deletion(&mut service, context.now);
    context.resources.scalable_targets.remove(&resources::scalable_id(&service));
    let answer = view::service(context.resources, &service);
    store(context, service);
    Ok(json!({ "service": answer }))
}

/// Returns the cluster of an input. The cluster `default` is created where it does not exist.
fn cluster_of(context: &mut CallContext<'_>, input: &Value) -> Result<String, ApiError> {
    let given = text(input, "cluster");
    if matches!(given, None | Some("default")) && !context.resources.clusters.contains_key("default") {
        let arn = context.resources.ecs_arn("cluster/default");
        let cluster =
            Cluster { name: "default".to_owned(), arn, settings: Default::default(), tags: Vec::new() };
        context.resources.clusters.insert("default".to_owned(), cluster);
    }
    context.resources.cluster_name(given)
}

/// Registers a document and returns the ARN of the revision.
fn registered(context: &mut CallContext<'_>, document: &Value) -> Result<String, ApiError> {
    let answer = register(context, document)?;
    Ok(answer["taskDefinition"]["taskDefinitionArn"].as_str().unwrap_or_default().to_owned())
}

/// Returns the ARN of the task definition after an update: the current one, where nothing of it changes.
fn changed_definition(
    context: &mut CallContext<'_>,
    service: &Service,
    input: &Value,
    before: &Value,
) -> Result<String, ApiError> {
    if let Some(given) = text(input, "taskDefinitionArn") {
        return rules::own_definition(active_definition(context, given)?);
    }
    if !definition::has_members(input) {
        return Ok(service.task_definition.clone());
    }
    let (cluster, name) = (&service.cluster, &service.name);
    let document = definition::document(cluster, name, input, before, context);
    if document == definition::document(cluster, name, &Value::Null, before, context) {
        return Ok(service.task_definition.clone());
    }
    registered(context, &document)
}

fn deploy(context: &mut CallContext<'_>, service: &mut Service, definition: &str) {
    let images = context.resources.task_definition(definition).map(|d| d.images()).unwrap_or_default();
    let effects = context.scenarios.for_name(&service.name).effects(&images);
    let new = NewDeployment { task_definition: definition, effects, now: context.now };
    start_deployment(service, context.resources, context.ids, new);
}

fn store(context: &mut CallContext<'_>, service: Service) {
    context.resources.services.insert(service_key(&service.cluster, &service.name), service);
}

/// Returns the Express service that an input names by its ARN.
fn express_service(context: &CallContext<'_>, input: &Value) -> Result<Service, ApiError> {
    let arn = required_text(input, "serviceArn")?;
    let service = context.resources.services.values().find(|service| service.arn == arn);
    let service = service.ok_or_else(not_found)?;
    invalid_if(service.express.is_none(), format!("{arn} has ResourceManagementType=CUSTOMER"))?;
    Ok(service.clone())
}

/// The words are those that terraform-provider-aws looks for (`express_gateway_service.go`).
fn not_found() -> ApiError {
    ApiError::invalid("Resource not found")
}

/// Fails unless the service is ACTIVE; the words are those that terraform-provider-aws looks for.
fn ensure_active(service: &Service) -> Result<(), ApiError> {
    let message = match service.status.as_str() {
        "DRAINING" => "Service is in DRAINING status",
        "INACTIVE" => "Cannot perform this operation on a service in INACTIVE status",
        _ => return Ok(()),
    };
    Err(ApiError::new("ServiceNotActiveException", message))
}
