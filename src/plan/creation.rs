//! Plans the creation of a service that its cluster does not have. Never fills in what the manifest does not say. Pure.

use serde_json::{Map, Value, json};

use super::blockers::{deleted_failure, not_found, other_controller_failure};
use super::compare::revision;
use super::desired_document::desired_document;
use super::diff::{Change, additions};
use super::express::{ExpressChange, plan_express_creation};
use super::image_checks::refused_images;
use super::plan_revision::Revision;
use super::service::tags::{TagChanges, with_key_record};
use super::service_state::ServiceState;
use super::types::{Creation, Options, Plan, ServicePlan};
use crate::aws::types::{
    ClusterDetails, ControllerType, ObservedService, ObservedState, ServiceRef, TargetGroupState,
};
use crate::document::model::DocumentKind;
use crate::document::problem::{did_you_mean, likely_typo};
use crate::error::Failure;
use crate::render::{DefinitionSource, DesiredService};

/// Returns the plan that creates a service.
///
/// # Errors
/// The cluster has a service of a similar name, the manifest does not describe the service as a whole, or an image is
/// missing.
pub(super) fn plan_creation(
    service: &DesiredService,
    observed: &ObservedState,
    options: &Options,
    plan: &mut Plan,
) -> Result<ServicePlan, Vec<Failure>> {
    if let DefinitionSource::Express(written) = &service.definition {
        return plan_express_creation(service, written, observed, options, plan);
    }
    let cluster = observed.clusters.get(&service.cluster);
    ensure_described(service, observed, cluster, options)?;
    if let Some(failure) = similar_name_blocker(service, cluster, options) {
        return Err(vec![failure]);
    }
    let document = desired_document(service, observed).map_err(|failure| vec![failure])?;
    let mut failures = refused_images(&document, &observed.images, options.images);
    failures.extend(cluster.into_iter().flat_map(|cluster| unknown_providers(service, cluster)));
    failures.extend(unusable_target_groups(service, observed));
    if !failures.is_empty() {
        return Err(failures);
    }
    let (after, _) = revision(&document, &ObservedService::default(), observed, options, plan);
    let definition_changes = additions(&document, DocumentKind::TaskDefinition.input_shape());
    let mut members = service.service.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let service_changes = additions(&Value::Object(members.clone()), DocumentKind::Service.input_shape());
    members.entry("tags").and_modify(|tags| *tags = with_key_record(tags));
    let new = NewService { after, definition_changes, service_changes, members, express: None };
    Ok(new_service_plan(service, new, options, plan))
}

/// What a service is created with.
pub(super) struct NewService {
    pub(super) after: Revision,
    pub(super) definition_changes: Vec<Change>,
    pub(super) service_changes: Vec<Change>,
    pub(super) members: Map<String, Value>,
    pub(super) express: Option<ExpressChange>,
}

/// Returns the plan of a service that is created.
pub(super) fn new_service_plan(
    service: &DesiredService,
    new: NewService,
    options: &Options,
    plan: &Plan,
) -> ServicePlan {
    let token = options.record.release_id.as_deref().unwrap_or_default();
    ServicePlan {
        key: service.key.clone(),
        name: service.name.clone(),
        cluster: service.cluster.clone(),
        before: String::new(),
        after: new.after,
        definition_changes: new.definition_changes,
        service_changes: new.service_changes,
        reasons: Vec::new(),
        creation: Some(Creation { token: format!("{token}-{}", plan.services.len()) }),
        express: new.express,
        members: new.members,
        tags: TagChanges::default(),
        observed: ServiceState::default(),
        supersede: options.supersede,
        deployment_before: None,
        attached: None,
        retag: Default::default(),
        way_back: None,
        timeout: service.timeout,
        on_failure: service.on_failure,
        on_timeout: service.on_timeout,
        patience: service.patience,
    }
}

/// Fails unless the manifest says everything that `CreateService` needs.
fn ensure_described(
    service: &DesiredService,
    observed: &ObservedState,
    cluster: Option<&ClusterDetails>,
    options: &Options,
) -> Result<(), Vec<Failure>> {
    if let Some(controller) = other_controller(service) {
        return Err(vec![other_controller_failure(&service.name, &controller)]);
    }
    let is_described =
        service.service.is_some() || matches!(service.definition, DefinitionSource::Rendered(_));
    let missing = if is_described {
        missing_members(service, cluster)
    } else {
        vec!["describe it in a manifest, with `task_definition` and `service:`".to_owned()]
    };
    if missing.is_empty() {
        return Ok(());
    }
    let (name, place) = (&service.name, &service.cluster);
    let was_deleted = observed.services.contains_key(&ServiceRef::new(place, name));
    let failure = if was_deleted {
        deleted_failure(name, place)
    } else {
        not_found(name, place, &options.manifest_services)
    };
    let names = cluster.map(|cluster| cluster.services.as_slice()).unwrap_or_default();
    let near = did_you_mean(name, names.iter().map(String::as_str));
    let failure = failure.with_hint(near.or_else(|| names_in_cluster(names)));
    let hints = missing.into_iter().map(|missing| format!("to create the service, {missing}"));
    Err(vec![hints.fold(failure, |failure, hint| failure.with_hint(hint))])
}

fn names_in_cluster(names: &[String]) -> Option<String> {
    const MOST: usize = 10;
    (!names.is_empty())
        .then(|| format!("services in the cluster: {}", names[..names.len().min(MOST)].join(", ")))
}

/// Returns the deployment controller in the manifest, if rollouts of it are not ecsail's.
fn other_controller(service: &DesiredService) -> Option<ControllerType> {
    let controller = service.service.as_ref()?["deploymentController"]["type"].as_str()?;
    Some(ControllerType::from(controller))
        .filter(|kind| matches!(kind, ControllerType::CodeDeploy | ControllerType::External))
}

/// Returns what the manifest has to say before the service can be created, each as an instruction.
fn missing_members(service: &DesiredService, cluster: Option<&ClusterDetails>) -> Vec<String> {
    let empty = json!({});
    let written = service.service.as_ref().unwrap_or(&empty);
    let mut missing = Vec::new();
    let document = if let DefinitionSource::Rendered(document) = &service.definition {
        document
    } else {
        missing.push("add its `task_definition` to the manifest".to_owned());
        &empty
    };
    if written["desiredCount"].is_null() && written["schedulingStrategy"] != "DAEMON" {
        missing.push("add `desiredCount` under `service:` (or `schedulingStrategy: DAEMON`)".to_owned());
    }
    let subnets = written["networkConfiguration"]["awsvpcConfiguration"]["subnets"].as_array();
    if document["networkMode"] == "awsvpc" && subnets.is_none_or(Vec::is_empty) {
        missing.push(
            "add `networkConfiguration: { awsvpcConfiguration: { subnets: […], securityGroups: […] } }` under `service:`: \
             the task definition has the network mode `awsvpc`"
                .to_owned(),
        );
    }
    if runs_only_on_fargate(document) && is_launched_by_default(written) && has_no_default_strategy(cluster) {
        missing.push(
            "add `launchType: FARGATE` under `service:`: the task definition is for Fargate, and the cluster has no \
             default capacity provider strategy"
                .to_owned(),
        );
    }
    missing
}

fn runs_only_on_fargate(document: &Value) -> bool {
    document["requiresCompatibilities"]
        .as_array()
        .is_some_and(|kinds| kinds.iter().all(|kind| kind == "FARGATE"))
        && document["requiresCompatibilities"] != json!([])
}

/// Returns whether a service says neither its launch type nor its capacity providers.
fn is_launched_by_default(written: &Value) -> bool {
    let providers = written["capacityProviderStrategy"].as_array();
    written["launchType"].is_null() && providers.is_none_or(Vec::is_empty)
}

/// Returns whether a cluster is known to have no default strategy: ECS takes the launch type EC2 there.
fn has_no_default_strategy(cluster: Option<&ClusterDetails>) -> bool {
    let strategy = cluster.and_then(|cluster| cluster.document["defaultCapacityProviderStrategy"].as_array());
    strategy.is_some_and(Vec::is_empty)
}

/// Returns the refusal of a service whose name is most likely a mistyped name of the cluster's.
pub(super) fn similar_name_blocker(
    service: &DesiredService,
    cluster: Option<&ClusterDetails>,
    options: &Options,
) -> Option<Failure> {
    if options.create {
        return None;
    }
    let others = cluster?.services.iter().filter(|name| !options.manifest_services.contains(*name));
    let similar = likely_typo(&service.name, others.map(String::as_str))?;
    let message = format!(
        "cluster `{}` has no service named `{}`, but one named `{similar}`",
        service.cluster, service.name
    );
    let hint = "correct the name, or create the service with `--create`".to_owned();
    Some(Failure::refused(message).with_hint(hint))
}

/// Returns a failure for each target group that ECS would refuse.
fn unusable_target_groups(service: &DesiredService, observed: &ObservedState) -> Vec<Failure> {
    let groups = service.target_groups();
    let failure = |arn: &String| {
        let name = arn.rsplit('/').nth(1).unwrap_or(arn);
        let (what, hint) = match observed.target_groups.get(arn)? {
            TargetGroupState::Routed => return None,
            TargetGroupState::Missing => {
                ("does not exist", "create it with its load balancer, or correct `targetGroupArn`")
            }
            TargetGroupState::Unrouted => {
                ("has no load balancer", "add a listener or a rule that forwards to it")
            }
        };
        let message = format!("service `{}` names the target group `{name}`, which {what}", service.key);
        Some(Failure::error(message).with_hint(hint.to_owned()))
    };
    groups.iter().filter_map(failure).collect()
}

/// Returns a failure for each capacity provider that the cluster does not have: ECS refuses it.
fn unknown_providers(service: &DesiredService, cluster: &ClusterDetails) -> Vec<Failure> {
    let Some(known) = cluster.document["capacityProviders"].as_array() else { return Vec::new() };
    let none = Map::new();
    let written = service.service.as_ref().and_then(Value::as_object).unwrap_or(&none);
    let strategy = written.get("capacityProviderStrategy").and_then(Value::as_array);
    let named = strategy.into_iter().flatten().map(|item| &item["capacityProvider"]);
    let unknown = named.filter(|provider| !known.contains(provider)).filter_map(Value::as_str);
    let failure = |provider: &str| {
        let message = format!(
            "service `{}` names the capacity provider `{provider}`, which cluster `{}` does not have",
            service.key, service.cluster
        );
        let names: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
        let hint = match names[..] {
            [] => "associate one with the cluster, or use `launchType`".to_owned(),
            _ => format!("capacity providers of the cluster: {}", names.join(", ")),
        };
        Failure::error(message).with_hint(hint)
    };
    unknown.map(failure).collect()
}
