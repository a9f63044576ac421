//! Computes the plan: what a deploy would change, and what blocks it. Pure: everything was observed before.
//!
//! A plan never contains the value of a secret in what it shows. The documents to register are kept apart from the
//! printed changes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::aws::types::{ImageState, Observed, ObservedService, revision_of};
use crate::document::model::Root;
use crate::document::normal::normal;
use crate::error::{Failure, Failures};
use crate::manifest::OnFailure;
use crate::manifest::image::Reference;
use crate::render::{Desired, DesiredService};

pub mod back;
pub mod diff;
pub mod mask;
pub mod prune;
pub mod record;
pub mod references;
pub mod refuse;
mod release;
pub mod replace;
pub mod rollback;
pub mod scale;
pub mod schedules;
pub mod service;
pub mod task;
pub mod work;

pub use back::WayBack;
pub use diff::Change;
pub use record::Record;
pub use replace::desired_document;
pub use schedules::SchedulePlan;
pub use work::ResolvedWork;

/// The options of a plan.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Deploy even if nothing changed.
    pub force: bool,
    /// Deploy even if a deployment is in progress.
    pub supersede: bool,
    /// The account that the manifest requires.
    pub account: Option<String>,
    /// The current time, in seconds since 1970.
    pub now: i64,
    pub record: Record,
}

/// What a deploy will change, in order: registrations, then updates.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub registrations: Vec<Registration>,
    /// The tasks that run before the services are updated, in order.
    pub before: Vec<TaskPlan>,
    pub services: Vec<ServicePlan>,
    pub schedules: Vec<SchedulePlan>,
    /// The tasks that run last, in order.
    pub after: Vec<TaskPlan>,
    /// The services of this plan that a service waits for, by its key.
    pub needs: BTreeMap<String, Vec<String>>,
    /// Notes for the reader, such as images outside ECR and what could not be read.
    pub notes: Vec<String>,
}

/// A one-off task that runs before or after services.
#[derive(Clone, Debug)]
pub struct TaskPlan {
    pub key: String,
    /// The services that name it; it runs if one of them changes.
    pub of: Vec<String>,
    /// `None` if none of these services changes, so that the task does not run.
    pub work: Option<ResolvedWork>,
    pub timeout: Option<std::time::Duration>,
}

/// A document to register; services with the same document share it.
#[derive(Clone, Debug)]
pub struct Registration {
    pub family: String,
    /// The document as it will be sent, with the user's tags and those of the record.
    pub document: Value,
    /// The newest revision of the family before, to distinguish a lost response from a lost request.
    pub latest: Option<String>,
}

/// The changes of one service.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    pub key: String,
    pub name: String,
    pub cluster: String,
    /// The ARN of the running revision.
    pub before: String,
    pub after: Revision,
    pub definition_changes: Vec<Change>,
    pub service_changes: Vec<Change>,
    /// Why there is a new deployment although no document changed.
    pub reasons: Vec<Reason>,
    /// The members of UpdateService besides the task definition.
    pub members: serde_json::Map<String, Value>,
    /// The id of the PRIMARY deployment before the change.
    pub deployment_before: Option<String>,
    /// Tags to set on the running revision, because it will run other digests.
    pub retag: BTreeMap<String, String>,
    /// What the service returns to if the deploy fails.
    pub way_back: Option<WayBack>,
    pub timeout: Option<std::time::Duration>,
    pub on_failure: Option<OnFailure>,
    pub on_timeout: Option<OnFailure>,
}

/// The revision that a service will run.
#[derive(Clone, Debug, PartialEq)]
pub enum Revision {
    /// The running one.
    Same,
    /// One that is already registered, by ARN.
    Registered(String),
    /// The one that a registration of the plan creates, by index.
    New(usize),
}

/// Why a service gets a new deployment although its documents did not change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// The tag now points to another image.
    ImageMoved { image: String, before: String, after: String },
    /// The last deployment of this revision failed and was not rolled back.
    Failed,
    /// A deployment of this revision is in progress and will be superseded.
    Superseded,
    /// The user forced it.
    Forced,
}

impl Plan {
    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        let schedules = self.schedules.iter().any(SchedulePlan::is_changing);
        !schedules && self.services.iter().all(|service| !service.changes())
    }
}

impl ServicePlan {
    /// Returns whether the service is changed.
    pub fn changes(&self) -> bool {
        self.after != Revision::Same || !self.members.is_empty() || !self.reasons.is_empty()
    }

    /// Returns the short name of the running revision.
    pub fn revision_before(&self) -> &str {
        revision_of(&self.before)
    }
}

/// Returns the plan that changes what is observed into what is desired.
///
/// # Errors
/// All blockers at once: a missing service, a tag that is not in ECR, a deployment in progress, the wrong account.
pub fn compare(desired: &Desired, observed: &Observed, options: &Options) -> Result<Plan, Failures> {
    let mut plan = Plan { notes: observed.notes.clone(), ..Plan::default() };
    let mut failures = refuse::account(options.account.as_deref(), observed);
    for service in &desired.services {
        match plan_service(service, observed, options, &mut plan) {
            Ok(planned) => plan.services.push(planned),
            Err(found) => failures.extend(found),
        }
    }
    if failures.is_empty() {
        let against = work::Against { desired, observed, options };
        failures.extend(release::tasks(against, &mut plan));
        failures.extend(release::schedules(against, &mut plan));
    }
    plan.needs = release::needs(desired);
    plan.notes.extend(image_notes(observed));
    if failures.is_empty() { Ok(plan) } else { Err(Failures(distinct(failures))) }
}

/// Returns the failures, each message once: several services may share a blocker.
fn distinct(failures: Vec<Failure>) -> Vec<Failure> {
    let mut kept: Vec<Failure> = Vec::new();
    for failure in failures {
        if !kept.iter().any(|known| known.message == failure.message) {
            kept.push(failure);
        }
    }
    kept
}

fn image_notes(observed: &Observed) -> Vec<String> {
    let unchecked = observed.images.iter().filter_map(|(image, state)| match state {
        ImageState::Unchecked(reason) => Some(format!("image `{image}` was not checked: {reason}")),
        _ => None,
    });
    unchecked.collect()
}

fn plan_service(
    service: &DesiredService,
    observed: &Observed,
    options: &Options,
    plan: &mut Plan,
) -> Result<ServicePlan, Vec<Failure>> {
    let seen = refuse::service(service, observed)?;
    let document = desired_document(service, observed).map_err(|failure| vec![failure])?;
    let against = refuse::images(&document, observed);
    if !against.is_empty() {
        return Err(against);
    }
    let running = seen.running.as_ref().map(|running| &running.document);
    let (after, definition_changes) = revision(&document, seen, observed, options, plan);
    let attributes = service::changes(service, seen)?;
    plan.notes.extend(attributes.notes);
    let mut reasons = Vec::new();
    if after == Revision::Same {
        reasons = moved_images(running.unwrap_or(&Value::Null), seen, observed);
        // The newest deployment may have failed although it has this definition.
        let failed =
            seen.service.primary().is_some_and(|primary| primary.rollout_state.as_deref() == Some("FAILED"));
        let under_way = options.supersede && seen.service.under_way().is_some();
        reasons.extend(failed.then_some(Reason::Failed));
        reasons.extend(under_way.then_some(Reason::Superseded));
        if options.force && reasons.is_empty() {
            reasons.push(Reason::Forced);
        }
    }
    let mut members = attributes.members;
    // ECS accepts another capacity provider strategy only with a new deployment (API reference, UpdateService).
    if !reasons.is_empty() || members.contains_key("capacityProviderStrategy") {
        members.insert("forceNewDeployment".to_owned(), Value::Bool(true));
    }
    let way_back = WayBack::of(&seen.service).map(|way| way.with_members(&members, seen));
    let moved = reasons.iter().any(|reason| matches!(reason, Reason::ImageMoved { .. }));
    let retag = if moved { options.record.digest_tags(&document, observed) } else { BTreeMap::new() };
    Ok(ServicePlan {
        key: service.key.clone(),
        name: service.name.clone(),
        cluster: service.cluster.clone(),
        before: seen.service.task_definition.clone(),
        after,
        definition_changes,
        service_changes: attributes.changes,
        reasons,
        members,
        deployment_before: seen.service.primary().map(|primary| primary.id.clone()),
        retag,
        way_back,
        timeout: service.timeout,
        on_failure: service.on_failure,
        on_timeout: service.on_timeout,
    })
}

/// Returns the revision that the service will run, and how it differs from the running one.
fn revision(
    document: &Value,
    seen: &ObservedService,
    observed: &Observed,
    options: &Options,
    plan: &mut Plan,
) -> (Revision, Vec<Change>) {
    let root = Root::TaskDefinition;
    let wanted = normal(document, root);
    let running = seen.running.as_ref().map(|running| normal(&running.document, root)).unwrap_or(json!({}));
    if running == wanted {
        return (Revision::Same, Vec::new());
    }
    let changes = diff::diff(&running, &wanted, root.shape());
    let family = document["family"].as_str().unwrap_or_default();
    let latest = observed.latest.get(family);
    // Reuses a revision that an earlier, failed deploy registered, instead of registering the same content twice.
    let reusable = latest.filter(|latest| {
        latest.document["status"] == "ACTIVE"
            && normal(&latest.document, root) == wanted
            && same_digests(latest, document, observed)
    });
    if let Some(latest) = reusable {
        return (Revision::Registered(latest.arn.clone()), changes);
    }
    let document = options.record.tagged(document, observed);
    let known = plan.registrations.iter().position(|known| known.document == document);
    let index = known.unwrap_or_else(|| {
        let latest =
            latest.map(|latest| latest.arn.clone()).or_else(|| seen.running.as_ref().map(|r| r.arn.clone()));
        plan.registrations.push(Registration { family: family.to_owned(), document, latest });
        plan.registrations.len() - 1
    });
    (Revision::New(index), changes)
}

/// Returns whether a registered revision was recorded with the digests that its tags have now.
pub(super) fn same_digests(
    latest: &crate::aws::types::TaskDefinition,
    document: &Value,
    observed: &Observed,
) -> bool {
    record::digests(document, observed).iter().all(|(container, digest)| {
        let recorded = latest.tag(&record::digest_key(container));
        recorded.is_none_or(|recorded| recorded == digest)
    })
}

/// Returns the images whose tag now points to another digest than the running one.
fn moved_images(running: &Value, seen: &ObservedService, observed: &Observed) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for container in running["containerDefinitions"].as_array().into_iter().flatten() {
        let (Some(name), Some(image)) = (container["name"].as_str(), container["image"].as_str()) else {
            continue;
        };
        let Some(ImageState::Found { digest }) = observed.images.get(&Reference::parse(image).to_string())
        else {
            continue;
        };
        let recorded = seen.running.as_ref().and_then(|running| running.tag(&record::digest_key(name)));
        let runs = seen.digests.get(name).map(String::as_str).or(recorded);
        if let Some(runs) = runs.filter(|runs| runs != digest) {
            let image = image.to_owned();
            reasons.push(Reason::ImageMoved { image, before: runs.to_owned(), after: digest.clone() });
        }
    }
    reasons
}
