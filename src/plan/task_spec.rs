//! Resolves what a one-off task or a schedule target runs: the revision, the network and the overrides. Pure.

use serde_json::{Map, Value};

use super::desired_document::desired_document;
use super::image_checks::refused_images;
use super::plan_revision::Revision;
use super::record::same_digests;
use super::service::complete::{Extent, completed};
use super::types::{Options, Plan, Registration, ResolvedWork};
use super::{blockers, service, task};
use crate::aws::types::{ObservedService, ObservedState, TaskDefinition};
use crate::document::model::{DocumentKind, model};
use crate::document::normalize::is_same;
use crate::error::Failure;
use crate::render::{DefinitionSource, DesiredService, DesiredState, DesiredTaskSpec};

/// What a task or target is resolved with.
#[derive(Clone, Copy)]
pub struct PlanContext<'a> {
    pub desired: &'a DesiredState,
    pub observed: &'a ObservedState,
    pub options: &'a Options,
    /// What is observed of a service that the plan creates.
    pub absent: &'a ObservedService,
}

/// Returns what a task or target runs. A document that no revision has is added to the plan's registrations.
///
/// `current` is the revision that a schedule's target runs already: it is kept if its content is the same.
///
/// # Errors
/// All blockers: a missing service, a missing image, a missing network configuration.
pub fn resolve(
    key: &str,
    work: &DesiredTaskSpec,
    current: Option<&TaskDefinition>,
    against: PlanContext<'_>,
    plan: &mut Plan,
) -> Result<ResolvedWork, Vec<Failure>> {
    let one = |failure| vec![failure];
    let lender = match &work.like {
        Some(like) => Some(find_like_service(like, against, plan)?),
        None => None,
    };
    let document = match (&work.definition, &lender) {
        (Some(DefinitionSource::Rendered(document)), _) => document.clone(),
        (Some(DefinitionSource::Registered(name)), _) => {
            find_registered(key, name, against.observed).map_err(one)?.document.clone()
        }
        (_, Some((service, _))) => desired_document(service, against.observed).map_err(one)?,
        _ => return Err(vec![Failure::error(format!("`{key}` has no task definition"))]),
    };
    let missing = refused_images(&document, &against.observed.images, against.options.images);
    if !missing.is_empty() {
        return Err(missing);
    }
    let cluster =
        work.cluster.clone().or_else(|| lender.as_ref().map(|(service, _)| service.cluster.clone()));
    let cluster = cluster.ok_or_else(|| vec![Failure::error(format!("`{key}` has no cluster"))])?;
    let members = run_task_members(key, work, lender.as_ref(), &document)?;
    let volumes = match &lender {
        Some((service, seen)) if !members.contains_key("volumeConfigurations") => {
            task::volumes_like_service(key, &planned_service(service, seen), &document).map_err(one)?
        }
        _ => None,
    };
    let overrides = task::overrides(&work.overrides, &document).map_err(one)?;
    let known = lender
        .as_ref()
        .filter(|_| work.definition.is_none())
        .and_then(|lender| like_service_revision(lender, plan));
    let registered = match &work.definition {
        Some(DefinitionSource::Registered(name)) => {
            Some(find_registered(key, name, against.observed).map_err(one)?)
        }
        _ => None,
    };
    let revision = match known {
        _ if let Some(registered) = registered => Revision::Registered(registered.arn.clone()),
        // The revision that the schedule runs is kept if its content is the same.
        Some(known) if current.is_none_or(|current| !has_content(current, &document, against.observed)) => {
            known
        }
        _ => plan_revision(&document, current, lender.as_ref().map(|(_, seen)| *seen), work, against, plan),
    };
    Ok(ResolvedWork {
        key: key.to_owned(),
        cluster_arn: cluster_arn(&cluster, against.observed, lender.as_ref().map(|(_, seen)| *seen)),
        cluster,
        revision,
        family: document["family"].as_str().unwrap_or_default().to_owned(),
        definition: document,
        members,
        volumes,
        overrides,
        count: work.count,
        container: work.overrides.container.clone(),
    })
}

/// Returns the revision that a task runs although the manifest does not have its definition.
fn find_registered<'a>(
    key: &str,
    name: &str,
    observed: &'a ObservedState,
) -> Result<&'a TaskDefinition, Failure> {
    let hint = "list revisions with `ecsail revisions --family FAMILY`";
    let Some(found) = observed.latest_definitions.get(name) else {
        let message = format!("`{key}` runs the task definition `{name}`, which is not registered");
        return Err(Failure::error(message).with_hint(hint.to_owned()));
    };
    if found.document["status"] == "INACTIVE" {
        let message = format!("`{key}` runs the task definition `{name}`, which is INACTIVE");
        return Err(Failure::error(message).with_hint(hint.to_owned()));
    }
    Ok(found)
}

/// Returns the service that `like:` names, as desired and as observed.
fn find_like_service<'a>(
    like: &str,
    against: PlanContext<'a>,
    plan: &Plan,
) -> Result<(&'a DesiredService, &'a ObservedService), Vec<Failure>> {
    let found = against.desired.all_services().find(|service| service.is_named(like));
    let service =
        found.ok_or_else(|| vec![Failure::error(format!("no service named `{like}` in the manifest"))])?;
    if plan.services.iter().any(|planned| planned.key == service.key && planned.creation.is_some()) {
        return Ok((service, against.absent));
    }
    let names = &against.options.manifest_services;
    let seen = blockers::existing_service(&service.name, &service.cluster, against.observed, names)
        .map_err(|failure| vec![failure])?;
    Ok((service, seen))
}

/// Returns the members of `RunTask`: those that the service will have, overridden by the task's own.
fn run_task_members(
    key: &str,
    work: &DesiredTaskSpec,
    lender: Option<&(&DesiredService, &ObservedService)>,
    document: &Value,
) -> Result<Map<String, Value>, Vec<Failure>> {
    let mut members = lender
        .map(|(service, seen)| task::members_like_service(&planned_service(service, seen)))
        .unwrap_or_default();
    // ECS accepts only one of the two.
    for (own, other) in
        [("launchType", "capacityProviderStrategy"), ("capacityProviderStrategy", "launchType")]
    {
        if work.run_task_members.contains_key(own) {
            members.remove(other);
        }
    }
    members.extend(work.run_task_members.clone());
    if document["networkMode"] == "awsvpc" && !members.contains_key("networkConfiguration") {
        let hint = "take it from a service with `like:`, or write `run_task: { networkConfiguration: … }`"
            .to_owned();
        let message = format!("`{key}` has no network: tasks in `awsvpc` mode need a `networkConfiguration`");
        return Err(vec![Failure::error(message).with_hint(hint)]);
    }
    Ok(members)
}

/// Returns the observed service, overridden by what the manifest contains.
fn planned_service(service: &DesiredService, seen: &ObservedService) -> Value {
    let mut document = seen.document.clone();
    const MEMBERS: [&str; 5] = [
        "networkConfiguration",
        "capacityProviderStrategy",
        "launchType",
        "platformVersion",
        "volumeConfigurations",
    ];
    for member in MEMBERS {
        let observed = service::observed_member(member, seen);
        if !observed.is_null() {
            document[member] = observed;
        }
    }
    for (member, value) in service.service.iter().filter_map(Value::as_object).flatten() {
        let shape = model().member_shape(DocumentKind::Service.input_shape(), member).unwrap_or_default();
        document[member] = completed(value, &document[member], shape, Extent::Resulting);
    }
    document
}

/// Returns the revision that a task shares with its `like:` service: the running one, or the one that this plan gives
/// it; `None` if the service is not in the plan and gets another document.
fn like_service_revision(
    (service, seen): &(&DesiredService, &ObservedService),
    plan: &Plan,
) -> Option<Revision> {
    if matches!(service.definition, DefinitionSource::RunningUnchanged) {
        return seen.running_definition.as_ref().map(|running| Revision::Registered(running.arn.clone()));
    }
    let planned = plan.services.iter().find(|planned| planned.key == service.key)?;
    match &planned.after {
        Revision::Same => Some(Revision::Registered(planned.before.clone())),
        after => Some(after.clone()),
    }
}

/// Returns whether a revision has the content of a document, with the digests that its tags have now.
fn has_content(known: &TaskDefinition, document: &Value, observed: &ObservedState) -> bool {
    known.document["status"] != "INACTIVE"
        && is_same(&known.document, document, DocumentKind::TaskDefinition)
        && same_digests(known, document, observed)
}

/// Returns the revision with the document's content, or the registration that creates it.
fn plan_revision(
    document: &Value,
    current: Option<&TaskDefinition>,
    lender: Option<&ObservedService>,
    work: &DesiredTaskSpec,
    against: PlanContext<'_>,
    plan: &mut Plan,
) -> Revision {
    let family = document["family"].as_str().unwrap_or_default();
    let (observed, latest) = (against.observed, against.observed.latest_definitions.get(family));
    let running =
        lender.and_then(|seen| seen.running_definition.as_ref()).filter(|_| work.definition.is_none());
    let serves = |known: &&TaskDefinition| has_content(known, document, observed);
    // Prefers the revision that a service of this plan deploys to another one with equal content.
    if let Some(known) = [current, running, latest].into_iter().flatten().find(serves) {
        return Revision::Registered(known.arn.clone());
    }
    let document = against.options.record.with_record_tags(document, observed);
    let known = plan.registrations.iter().position(|known| known.document == document);
    Revision::New(known.unwrap_or_else(|| {
        let latest = latest.or(running).map(|latest| latest.arn.clone());
        plan.registrations.push(Registration { family: family.to_owned(), document, latest });
        plan.registrations.len() - 1
    }))
}

/// Returns the ARN of a cluster that is given as a name or an ARN.
pub(super) fn cluster_arn(cluster: &str, observed: &ObservedState, seen: Option<&ObservedService>) -> String {
    if cluster.starts_with("arn:") {
        return cluster.to_owned();
    }
    let known =
        observed.services.iter().find(|(service, _)| service.cluster == cluster).map(|(_, seen)| seen);
    let of_service = known.or(seen).and_then(|seen| seen.document["clusterArn"].as_str());
    if let Some(arn) = of_service.filter(|arn| arn.ends_with(&format!("cluster/{cluster}"))) {
        return arn.to_owned();
    }
    let Some(caller) = &observed.caller else { return cluster.to_owned() };
    let partition = caller.arn.split(':').nth(1).unwrap_or("aws");
    format!("arn:{partition}:ecs:{}:{}:cluster/{cluster}", observed.region, caller.account)
}
