//! Determines which revisions of a family are referenced, and by what.

use crate::aws::types::DeploymentStatus;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

mod referring;
mod service;

pub use referring::{Referring, SeenService, Source, family_and_revision};

/// Why a revision is in use, or may be; the strongest reasons first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// A deployment in progress deploys it, or has tasks of it left.
    UnderWay { cluster: String, service: String },
    /// A service runs it.
    Runs { cluster: String, service: String },
    /// A task set has it.
    TaskSet { cluster: String, service: String },
    /// A rollback would deploy it.
    RollbackTarget { cluster: String, service: String },
    /// One of the last succeeded deployments deployed it.
    Succeeded { cluster: String, service: String },
    /// Tasks outside any service run it.
    Tasks { cluster: String, tasks: usize },
    /// An EventBridge rule runs it.
    Rule { bus: String, rule: String },
    /// A schedule runs it.
    Schedule { group: String, schedule: String },
    /// It is one of the newest ACTIVE revisions.
    Newest { of: usize },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Runs { cluster, service } => write!(f, "{cluster}/{service} runs it"),
            Why::UnderWay { cluster, service } => write!(f, "in progress in {cluster}/{service}"),
            Why::TaskSet { cluster, service } => write!(f, "task set of {cluster}/{service}"),
            Why::RollbackTarget { cluster, service } => write!(f, "rollback target of {cluster}/{service}"),
            Why::Succeeded { cluster, service } => write!(f, "last success of {cluster}/{service}"),
            Why::Tasks { cluster, tasks: 1 } => write!(f, "a task runs in {cluster}"),
            Why::Tasks { cluster, tasks } => write!(f, "{tasks} tasks run in {cluster}"),
            Why::Rule { bus, rule } if bus == "default" => write!(f, "rule {rule}"),
            Why::Rule { bus, rule } => write!(f, "rule {bus}/{rule}"),
            Why::Schedule { group, schedule } => write!(f, "schedule {group}/{schedule}"),
            Why::Newest { of: 1 } => f.write_str("the newest"),
            Why::Newest { of } => write!(f, "one of the newest {of}"),
        }
    }
}

impl Why {
    /// Returns the cluster and the service of the reference, if it is one by a service.
    fn service(&self) -> Option<(&str, &str)> {
        match self {
            Why::Runs { cluster, service }
            | Why::UnderWay { cluster, service }
            | Why::TaskSet { cluster, service }
            | Why::RollbackTarget { cluster, service }
            | Why::Succeeded { cluster, service } => Some((cluster, service)),
            Why::Tasks { .. } | Why::Rule { .. } | Why::Schedule { .. } | Why::Newest { .. } => None,
        }
    }
}

/// Returns the reasons in short: the strongest of each service, and `newest` only if it is the only one.
pub fn shortly(reasons: &[Why]) -> String {
    let weaker = |why: &Why| match why {
        Why::Newest { .. } => reasons.len() > 1,
        why => why
            .service()
            .is_some_and(|place| reasons.iter().any(|other| other < why && other.service() == Some(place))),
    };
    let strong = reasons.iter().filter(|why| !weaker(why));
    strong.map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A reference to a revision of the family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `None` if only the family is named, which means its latest ACTIVE revision.
    pub revision: Option<u64>,
    pub why: Why,
}

/// Returns the references to a family's revisions, each once.
pub fn references(seen: &Referring, family: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    for service in &seen.services {
        found.extend(of_service(service, family));
    }
    found.extend(of_tasks(seen, family, &found));
    for target in &seen.rules {
        let (bus, rule) = (target.bus.clone(), target.rule.clone());
        found.extend(named(&target.task_definition, family, Why::Rule { bus, rule }));
    }
    for target in &seen.schedules {
        let (group, schedule) = (target.group.clone(), target.schedule.clone());
        found.extend(named(&target.task_definition, family, Why::Schedule { group, schedule }));
    }
    let mut once: Vec<Reference> = Vec::new();
    for reference in found {
        if !once.contains(&reference) {
            once.push(reference);
        }
    }
    once
}

/// Returns a reference, if it is to this family.
fn named(definition: &str, family: &str, why: Why) -> Option<Reference> {
    let (found, revision) = family_and_revision(definition);
    (found == family).then_some(Reference { revision, why })
}

fn of_service(seen: &SeenService, family: &str) -> Vec<Reference> {
    let service = &seen.service;
    let place = || (seen.cluster.clone(), service.service_name.clone());
    let runs = || {
        let (cluster, service) = place();
        Why::Runs { cluster, service }
    };
    let under_way = || {
        let (cluster, service) = place();
        Why::UnderWay { cluster, service }
    };
    let mut found = Vec::new();
    let mut add = |definition: &str, why: Why| found.extend(named(definition, family, why));
    add(&service.task_definition, runs());
    seen.current().for_each(|definition| add(definition, runs()));
    for deployment in &service.deployments {
        let done = deployment.status == DeploymentStatus::Primary && service.under_way().is_none();
        add(&deployment.task_definition, if done { runs() } else { under_way() });
    }
    seen.open().filter_map(|open| seen.definition(open.target()?)).for_each(|open| add(open, under_way()));
    for set in &service.task_sets {
        let (cluster, service) = place();
        add(&set.task_definition, Why::TaskSet { cluster, service });
    }
    for definition in seen.rollback_targets() {
        let (cluster, service) = place();
        add(definition, Why::RollbackTarget { cluster, service });
    }
    for definition in seen.last_successes() {
        let (cluster, service) = place();
        add(definition, Why::Succeeded { cluster, service });
    }
    found
}

/// Returns the references by running tasks; those of a service only if no other reference covers the revision.
fn of_tasks(seen: &Referring, family: &str, known: &[Reference]) -> Vec<Reference> {
    let mut tasks: BTreeMap<(u64, &str), usize> = BTreeMap::new();
    for task in &seen.tasks {
        let (found, Some(revision)) = family_and_revision(&task.task_definition_arn) else { continue };
        let of_service = task.started_by.starts_with("ecs-svc/");
        let known = known.iter().any(|reference| reference.revision == Some(revision));
        if found == family && !(of_service && known) {
            // `arn:…:task/CLUSTER/ID`
            let cluster = task.task_arn.rsplit('/').nth(1).unwrap_or_default();
            *tasks.entry((revision, cluster)).or_default() += 1;
        }
    }
    let reference = |((revision, cluster), tasks): ((u64, &str), usize)| Reference {
        revision: Some(revision),
        why: Why::Tasks { cluster: cluster.to_owned(), tasks },
    };
    tasks.into_iter().map(reference).collect()
}

#[cfg(test)]
mod tests;
