//! Operations on services. The rollout that follows is simulated in `rollout`.

use serde_json::{Value, json};

use super::service_attributes;
use super::service_rules::{active_definition, check, check_creation, check_execute_command, check_update};
use super::service_view::view;
use crate::api::{ApiError, invalid_if};
use crate::arn::{last_segment, service_key};
use crate::model::Service;
use crate::params::{
    checked_tags, describe_each, includes, is_name, list as items, page, required_text, required_texts, text,
};
use crate::rollout::{NewDeployment, REVISION_FIELDS, begin_deletion, start_deployment};
use crate::state::{CallContext, Resources};

pub(super) fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let name = required_text(input, "serviceName")?;
    let existing =
        context.resources.services.get(&service_key(&cluster, name)).filter(|s| s.status != "INACTIVE");
    if let Some(service) = existing {
        let token = text(input, "clientToken");
        if token.is_some() && service.client_token.as_deref() == token {
            return Ok(json!({ "service": view(context.resources, service, true) }));
        }
        return Err(taken_name(service));
    }
    let definition = active_definition(context, required_text(input, "taskDefinition")?)?;
    let arn = definition.arn.clone();
    let images = definition.images();
    check(input, definition)?;
    check_creation(input, definition.text_field("networkMode") == Some("awsvpc"))?;
    check_execute_command(input, definition)?;
    let effects = context.scenarios.for_name(name).effects(&images);
    let mut service = new_service(context, &cluster, input)?;
    start_deployment(
        &mut service,
        context.resources,
        context.ids,
        NewDeployment { task_definition: &arn, effects, now: context.now },
    );
    Ok(store(context, service))
}

/// Returns why a name is taken: ECS answers the same to both operations that create services
/// (terraform-provider-aws#47438).
pub(super) fn taken_name(service: &Service) -> ApiError {
    match service.status.as_str() {
        "DRAINING" => ApiError::invalid("Unable to Start a service that is still Draining."),
        _ => ApiError::invalid("Creation of service was not idempotent."),
    }
}

/// Stores a service and returns the output of the operation.
fn store(context: &mut CallContext<'_>, service: Service) -> Value {
    let out = json!({ "service": view(context.resources, &service, true) });
    context.resources.services.insert(service_key(&service.cluster, &service.name), service);
    out
}

/// Returns a service as a `CreateService` input describes it, without a deployment.
pub(crate) fn new_service(
    context: &CallContext<'_>,
    cluster: &str,
    input: &Value,
) -> Result<Service, ApiError> {
    let name = required_text(input, "serviceName")?;
    invalid_if(
        name.len() > 255 || !is_name(name),
        "Invalid service name. Up to 255 letters (uppercase and lowercase), numbers, \
                 underscores, and hyphens are allowed.",
    )?;
    let tags = items(input, "tags");
    checked_tags(&tags)?;
    let daemon = input["schedulingStrategy"] == "DAEMON";
    let desired = input["desiredCount"].as_u64().unwrap_or(u64::from(daemon)) as usize;
    Ok(Service {
        name: name.to_owned(),
        arn: context.resources.ecs_arn(&format!("service/{cluster}/{name}")),
        cluster: cluster.to_owned(),
        cluster_arn: context.resources.ecs_arn(&format!("cluster/{cluster}")),
        status: "ACTIVE".to_owned(),
        desired_count: desired,
        task_definition: String::new(),
        config: service_attributes::created(input)?,
        tags,
        created: context.now,
        created_by: context.caller.arn.clone(),
        client_token: text(input, "clientToken").map(str::to_owned),
        deployments: Vec::new(),
        service_deployments: Vec::new(),
        revisions: Vec::new(),
        events: Vec::new(),
        is_steady: false,
        inactive_since: None,
        express: None,
    })
}

pub(super) fn update(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let mut service = find_service(context.resources, &cluster, required_text(input, "service")?)?.clone();
    if service.status != "ACTIVE" {
        return Err(ApiError::new("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    check_update(&service, input)?;
    // The current task definition may be deregistered; a new one must be ACTIVE.
    let definition = match text(input, "taskDefinition") {
        Some(given) => active_definition(context, given)?,
        None => context
            .resources
            .task_definition(&service.task_definition)
            .ok_or_else(|| ApiError::client("TaskDefinition not found."))?,
    };
    let arn = definition.arn.clone();
    let images = definition.images();
    let mut after = Value::Object(service.config.clone());
    service_attributes::update(&mut after, input)?;
    if input["capacityProviderStrategy"].as_array().is_some_and(|s| !s.is_empty()) {
        after["launchType"] = Value::Null;
    }
    check(&after, definition)?;
    check_execute_command(&after, definition)?;
    let Value::Object(mut after) = after else {
        return Err(not_found());
    };
    after.retain(|_, value| !value.is_null());
    let changed = |name: &&str| service.config.get(*name) != after.get(*name);
    let deploys = input["forceNewDeployment"] == true
        || arn != service.task_definition
        || REVISION_FIELDS.iter().any(changed);
    service.config = after;
    if let Some(desired) = input["desiredCount"].as_u64() {
        service.is_steady &= service.desired_count == desired as usize;
        service.desired_count = desired as usize;
    }
    if deploys {
        let effects = context.scenarios.for_name(&service.name).effects(&images);
        start_deployment(
            &mut service,
            context.resources,
            context.ids,
            NewDeployment { task_definition: &arn, effects, now: context.now },
        );
    }
    Ok(store(context, service))
}

pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let mut service = find_service(context.resources, &cluster, required_text(input, "service")?)?.clone();
    if service.status == "INACTIVE" {
        return Err(not_found());
    }
    // The words are those of ekristen/aws-nuke#982.
    invalid_if(
        service.express.is_some(),
        format!("{} has ResourceManagementType=ECS use DeleteExpressGatewayService to delete", service.arn),
    )?;
    check_deletion(&service, input["force"] == true)?;
    begin_deletion(&mut service, context.now);
    Ok(store(context, service))
}

/// Refuses the deletion of a service that is scaled above 0, which concerns REPLICA only (API reference, `DeleteService`,
/// `force`), or is being deployed (terraform-provider-aws, `aws_ecs_service`, waits while ECS answers so).
fn check_deletion(service: &Service, force: bool) -> Result<(), ApiError> {
    if force || service.status == "DRAINING" {
        return Ok(());
    }
    let is_daemon = service.config.get("schedulingStrategy").is_some_and(|strategy| strategy == "DAEMON");
    invalid_if(
        service.desired_count > 0 && !is_daemon,
        "The service cannot be stopped while it is scaled above 0.",
    )?;
    invalid_if(service.deployments.len() > 1, "The service cannot be stopped while deployments are active.")
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let asked = required_texts(input, "services", 10)?;
    let resources = &*context.resources;
    let tags = includes(input, "TAGS");
    Ok(describe_each("services", &asked, |given| {
        let found = resources.services.get(&service_key(&cluster, given));
        let arn = || resources.ecs_arn(&format!("service/{cluster}/{}", last_segment(given)));
        found.map(|service| view(resources, service, tags)).ok_or_else(arn)
    }))
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let listed = context.resources.services.values().filter(|service| {
        service.cluster == cluster
            && service.status != "INACTIVE"
            && is_requested(service, input, "launchType")
            && is_requested(service, input, "schedulingStrategy")
            && has_management_type(service, input)
    });
    let arns: Vec<Value> = listed.map(|service| json!(service.arn)).collect();
    // The page size of ListServices is 10 unless given.
    let mut sized = input.clone();
    if sized["maxResults"].is_null() {
        sized["maxResults"] = json!(10);
    }
    page(&sized, "serviceArns", &arns, 100)
}

/// Returns whether a service has the value of a filter of the input, or there is no such filter.
fn is_requested(service: &Service, input: &Value, name: &str) -> bool {
    text(input, name).is_none_or(|given| service.config.get(name).is_some_and(|value| value == given))
}

/// Returns whether a service has the `resourceManagementType` of the input, or there is no such filter.
fn has_management_type(service: &Service, input: &Value) -> bool {
    let kind = if service.express.is_some() { "ECS" } else { "CUSTOMER" };
    text(input, "resourceManagementType").is_none_or(|given| given == kind)
}

/// Returns a service that must exist.
pub(super) fn find_service<'a>(
    resources: &'a Resources,
    cluster: &str,
    given: &str,
) -> Result<&'a Service, ApiError> {
    resources.services.get(&service_key(cluster, given)).ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::new("ServiceNotFoundException", "Service not found.")
}
