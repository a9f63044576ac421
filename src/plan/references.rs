//! Owns what refers to a revision of a family, and why: what was seen becomes references to revision numbers.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::aws::references::{Referring, SeenService};
use crate::aws::types::{Service, ServiceDeployment, revision_of};

/// How many different revisions are kept that a service was last deployed with successfully.
const SUCCESSES: usize = 3;

/// Says why a revision is in use, or may be; the strongest reasons first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// A deployment under way brings it out, or has tasks of it left.
    UnderWay { cluster: String, service: String },
    /// A service runs it.
    Runs { cluster: String, service: String },
    /// A task set has it.
    TaskSet { cluster: String, service: String },
    /// A rollback would go to it.
    RollbackTarget { cluster: String, service: String },
    /// One of the last successful deployments brought it out.
    Succeeded { cluster: String, service: String },
    /// Tasks that belong to no service run it.
    Tasks { cluster: String, tasks: usize },
    /// An EventBridge rule runs it.
    Rule { bus: String, rule: String },
    /// A schedule runs it.
    Schedule { group: String, schedule: String },
    /// It is one of the newest ACTIVE ones.
    Newest { of: usize },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Runs { cluster, service } => write!(f, "{cluster}/{service} runs it"),
            Why::UnderWay { cluster, service } => write!(f, "under way in {cluster}/{service}"),
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
    /// Returns the service that it is about.
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

/// Returns reasons as a person wants them: of each service the strongest, the rest where nothing else says it.
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

/// Holds one reference to a revision of the family at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// None: whichever is the latest ACTIVE one, since only the family is named.
    pub revision: Option<u64>,
    pub why: Why,
}

/// Returns the family and the revision that an ARN or a name means; without a revision it is the latest ACTIVE one.
pub fn family_and_revision(named: &str) -> (&str, Option<u64>) {
    match revision_of(named).split_once(':') {
        Some((family, revision)) => (family, revision.parse().ok()),
        None => (revision_of(named), None),
    }
}

/// Returns the references to a family's revisions in what was seen, each once.
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
        let done = deployment.status == "PRIMARY" && service.under_way().is_none();
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

/// Returns the references of running tasks; a service's own count only where no reference of a service does.
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

/// Returns whether nothing comes after a status of a service deployment; one that is not known counts as open.
fn is_over(deployment: &ServiceDeployment) -> bool {
    matches!(deployment.status.as_str(), "SUCCESSFUL" | "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED")
}

impl SeenService {
    /// Returns whether the service runs a family, or is being deployed with it.
    pub fn runs(&self, family: &str) -> bool {
        let Service { task_definition, deployments, task_sets, .. } = &self.service;
        let deployed = deployments.iter().map(|deployment| &deployment.task_definition);
        let sets = task_sets.iter().map(|set| &set.task_definition);
        let mut all = std::iter::once(task_definition).chain(deployed).chain(sets);
        all.any(|definition| family_and_revision(definition).0 == family)
    }

    /// Returns the service revisions to read, the ones that matter most first.
    pub fn wanted_revisions(&self) -> Vec<String> {
        let current = self.service.current_service_revisions.iter().map(|revision| revision.arn.as_str());
        let open = self.open().filter_map(ServiceDeployment::target);
        let successes = self.successes().filter_map(ServiceDeployment::target);
        let at_first = self.at_first.iter().map(String::as_str);
        let mut wanted: Vec<String> = Vec::new();
        for arn in current.chain(open).chain(successes).chain(at_first) {
            if !wanted.iter().any(|known| known == arn) {
                wanted.push(arn.to_owned());
            }
        }
        wanted
    }

    /// Returns whether what was read tells all that is wanted; it need not tell the whole past.
    pub fn knows_enough(&self) -> bool {
        let current = self.service.current_service_revisions.iter().map(|revision| revision.arn.as_str());
        let mut first = current.chain(self.open().filter_map(ServiceDeployment::target));
        let other = |definition: &&str| *definition != self.service.task_definition;
        first.all(|arn| self.definitions.contains_key(arn))
            && self.last_successes().len() >= SUCCESSES
            && self.rollback_targets().iter().any(other)
    }

    fn definition(&self, service_revision: &str) -> Option<&str> {
        self.definitions.get(service_revision).map(String::as_str)
    }

    fn current(&self) -> impl Iterator<Item = &str> {
        self.service.current_service_revisions.iter().filter_map(|revision| self.definition(&revision.arn))
    }

    fn open(&self) -> impl Iterator<Item = &ServiceDeployment> {
        self.deployments.iter().filter(|deployment| !is_over(deployment))
    }

    /// Returns the deployments that succeeded, newest first.
    fn successes(&self) -> impl Iterator<Item = &ServiceDeployment> {
        self.deployments.iter().filter(|deployment| deployment.status == "SUCCESSFUL")
    }

    /// Returns the task definitions of the last successes: the last three different ones, which are no fewer than those
    /// of the last three deployments.
    fn last_successes(&self) -> Vec<&str> {
        let mut last: Vec<&str> = Vec::new();
        for definition in self.successes().filter_map(|deployment| self.definition(deployment.target()?)) {
            if !last.contains(&definition) && last.len() < SUCCESSES {
                last.push(definition);
            }
        }
        last
    }

    /// Returns what a rollback may go to: what `rollback` finds, the newest success before the one that runs, and the
    /// newest with another task definition. More than one is better than the wrong one.
    fn rollback_targets(&self) -> Vec<&str> {
        let current = &self.service.current_service_revisions;
        let runs = |deployment: &&ServiceDeployment| {
            current.iter().any(|revision| Some(revision.arn.as_str()) == deployment.target())
        };
        let successes: Vec<&ServiceDeployment> = self.successes().collect();
        // While a deployment is under way, what ran before it is where a rollback goes.
        let settled = self.service.under_way().is_none() && self.open().next().is_none();
        let before = successes.iter().position(runs).filter(|_| settled).map_or(0, |at| at + 1);
        let targets = successes[before..].iter().filter_map(|deployment| deployment.target());
        let at_first = self.at_first.iter().map(String::as_str);
        let known: Vec<&str> = targets.chain(at_first).filter_map(|arn| self.definition(arn)).collect();
        let other = known.iter().find(|definition| **definition != self.service.task_definition);
        self.back_to.as_deref().into_iter().chain(known.first().copied()).chain(other.copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::rules::RuleTarget;
    use crate::aws::schedules::ScheduleTarget;
    use crate::aws::types::{Task, view};
    use serde_json::{Value, json};

    fn arn(revision: &str) -> String {
        format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{revision}")
    }

    /// Returns a service that runs `web:NUMBER`, with a past of (status, revision), newest first.
    fn seen(runs: &str, members: Value, past: &[(&str, &str)]) -> SeenService {
        let mut service = json!({"serviceName": "web", "taskDefinition": arn(runs),
            "deployments": [{"status": "PRIMARY", "taskDefinition": arn(runs), "rolloutState": "COMPLETED"}]});
        for (name, value) in members.as_object().into_iter().flatten() {
            service[name] = value.clone();
        }
        let revision = |index: usize| format!("service-revision/{index}");
        let deployments = past.iter().enumerate().map(|(index, (status, _))| {
            let at = 1000 - index;
            view(&json!({"status": status, "createdAt": at, "targetServiceRevisionArn": revision(index)}))
                .expect("a deployment")
        });
        let definitions = past.iter().enumerate().map(|(index, (_, named))| (revision(index), arn(named)));
        SeenService {
            cluster: "main".to_owned(),
            service: view(&service).expect("a service"),
            deployments: deployments.collect(),
            definitions: definitions.collect(),
            ..SeenService::default()
        }
    }

    /// Returns the references of a service as `revision: why`.
    fn told(service: SeenService) -> Vec<String> {
        let seen = Referring { services: vec![service], ..Referring::default() };
        lines(&seen)
    }

    fn lines(seen: &Referring) -> Vec<String> {
        let line = |reference: &Reference| match reference.revision {
            Some(revision) => format!("{revision}: {}", reference.why),
            None => format!("latest: {}", reference.why),
        };
        references(seen, "web").iter().map(line).collect()
    }

    #[test]
    fn a_name_has_a_family_and_maybe_a_revision() {
        assert_eq!(family_and_revision(&arn("web:3")), ("web", Some(3)));
        assert_eq!(family_and_revision(&arn("web")), ("web", None));
        assert_eq!(family_and_revision("web:3"), ("web", Some(3)));
        assert_eq!(family_and_revision("web"), ("web", None));
        assert_eq!(family_and_revision("web:newest"), ("web", None));
    }

    #[test]
    fn a_person_sees_the_strongest_reason_of_each_service() {
        let (cluster, service) = ("main".to_owned(), "web".to_owned());
        let runs = Why::Runs { cluster: cluster.clone(), service: service.clone() };
        let succeeded = Why::Succeeded { cluster: cluster.clone(), service };
        let other = Why::Succeeded { cluster, service: "api".to_owned() };
        let newest = Why::Newest { of: 2 };
        let all = [succeeded.clone(), runs, other, newest.clone()];
        assert_eq!(shortly(&all), "main/web runs it; last success of main/api");
        assert_eq!(shortly(&[newest]), "one of the newest 2");
        assert_eq!(shortly(&[succeeded]), "last success of main/web");
    }

    #[test]
    fn the_past_of_a_service_keeps_the_rollback_target_and_three_successes() {
        let past = [
            ("ROLLBACK_SUCCESSFUL", "web:9"),
            ("SUCCESSFUL", "web:8"),
            ("STOPPED", "web:7"),
            ("SUCCESSFUL", "web:6"),
            ("SUCCESSFUL", "web:5"),
            ("SUCCESSFUL", "web:4"),
        ];
        let current = json!({"currentServiceRevisions": [{"arn": "service-revision/1"}]});
        let expected = [
            "8: main/web runs it",
            "6: rollback target of main/web",
            "8: last success of main/web",
            "6: last success of main/web",
            "5: last success of main/web",
        ];
        assert_eq!(told(seen("web:8", current, &past)), expected);
    }

    #[test]
    fn forced_deployments_of_one_revision_do_not_push_the_others_out() {
        let past = [
            ("SUCCESSFUL", "web:8"),
            ("SUCCESSFUL", "web:8"),
            ("SUCCESSFUL", "web:8"),
            ("SUCCESSFUL", "web:8"),
            ("SUCCESSFUL", "web:5"),
        ];
        let current = json!({"currentServiceRevisions": [{"arn": "service-revision/0"}]});
        let told = told(seen("web:8", current, &past));
        assert!(told.contains(&"5: rollback target of main/web".to_owned()), "{told:?}");
        assert!(told.contains(&"8: rollback target of main/web".to_owned()), "{told:?}");
        assert!(told.contains(&"5: last success of main/web".to_owned()), "{told:?}");
    }

    #[test]
    fn while_a_deployment_is_under_way_the_newest_success_is_where_a_rollback_goes() {
        let members = json!({
            "currentServiceRevisions": [{"arn": "service-revision/1"}],
            "deployments": [
                {"status": "PRIMARY", "taskDefinition": arn("web:9"), "rolloutState": "IN_PROGRESS"},
                {"status": "ACTIVE", "taskDefinition": arn("web:8"), "rolloutState": "COMPLETED"},
            ],
        });
        let past = [("IN_PROGRESS", "web:9"), ("SUCCESSFUL", "web:8")];
        let told = told(seen("web:9", members, &past));
        for line in ["9: under way in main/web", "8: under way in main/web", "8: rollback target of main/web"]
        {
            assert!(told.contains(&line.to_owned()), "{line}: {told:?}");
        }
    }

    #[test]
    fn what_ran_when_the_history_begins_is_where_a_rollback_goes_too() {
        let current = json!({"currentServiceRevisions": [{"arn": "service-revision/0"}]});
        let mut service = seen("web:8", current, &[("SUCCESSFUL", "web:8")]);
        service.at_first = vec!["service-revision/9".to_owned()];
        service.definitions.insert("service-revision/9".to_owned(), arn("web:2"));
        let told = told(service);
        assert!(told.contains(&"2: rollback target of main/web".to_owned()), "{told:?}");
    }

    #[test]
    fn what_rollback_itself_finds_counts_whatever_the_history_says() {
        let mut service = seen("web:8", json!({}), &[]);
        service.back_to = Some(arn("web:6"));
        assert_eq!(told(service), ["8: main/web runs it", "6: rollback target of main/web"]);
    }

    #[test]
    fn a_status_that_nobody_knows_counts_as_under_way() {
        let told = told(seen("web:8", json!({}), &[("BAKING", "web:9")]));
        assert!(told.contains(&"9: under way in main/web".to_owned()), "{told:?}");
    }

    #[test]
    fn a_service_that_has_another_family_now_may_still_go_back_to_this_one() {
        let past = [("SUCCESSFUL", "shop:1"), ("SUCCESSFUL", "web:8")];
        let current = json!({"currentServiceRevisions": [{"arn": "service-revision/0"}]});
        let service = seen("shop:1", current, &past);
        assert!(!service.runs("web"));
        assert_eq!(told(service), ["8: rollback target of main/web", "8: last success of main/web"]);
    }

    #[test]
    fn task_sets_rules_schedules_and_tasks_refer_too() {
        let service = seen("web:8", json!({"taskSets": [{"taskDefinition": arn("web:2")}]}), &[]);
        let task = |revision: &str, by: &str| Task {
            task_arn: "arn:aws:ecs:us-east-1:123456789012:task/main/0123".to_owned(),
            task_definition_arn: arn(revision),
            started_by: by.to_owned(),
            ..Task::default()
        };
        let rule = |name: &str, definition: &str| RuleTarget {
            bus: "default".to_owned(),
            rule: name.to_owned(),
            task_definition: definition.to_owned(),
        };
        let schedule = ScheduleTarget {
            group: "default".to_owned(),
            schedule: "nightly".to_owned(),
            task_definition: "web:4".to_owned(),
        };
        let seen = Referring {
            services: vec![service],
            tasks: vec![
                task("web:3", ""),
                task("web:3", "me"),
                task("web:8", "ecs-svc/1"),
                task("other:3", ""),
            ],
            rules: vec![rule("hourly", &arn("web")), rule("other", &arn("other:1"))],
            schedules: vec![schedule],
            ..Referring::default()
        };
        let expected = [
            "8: main/web runs it",
            "2: task set of main/web",
            "3: 2 tasks run in main",
            "latest: rule hourly",
            "4: schedule default/nightly",
        ];
        assert_eq!(lines(&seen), expected);
    }

    #[test]
    fn a_task_of_a_service_counts_where_nothing_else_tells_of_its_revision() {
        let task = Task {
            task_arn: "arn:aws:ecs:us-east-1:123456789012:task/main/0123".to_owned(),
            task_definition_arn: arn("web:3"),
            started_by: "ecs-svc/1".to_owned(),
            ..Task::default()
        };
        let seen = Referring { tasks: vec![task], ..Referring::default() };
        assert_eq!(lines(&seen), ["3: a task runs in main"]);
    }

    #[test]
    fn enough_is_known_once_there_are_three_successes_and_somewhere_to_go_back_to() {
        let past = [("SUCCESSFUL", "web:8"), ("SUCCESSFUL", "web:7"), ("SUCCESSFUL", "web:6")];
        let current = json!({"currentServiceRevisions": [{"arn": "service-revision/0"}]});
        let mut service = seen("web:8", current, &past);
        assert!(service.knows_enough());
        service.definitions.remove("service-revision/2");
        assert!(!service.knows_enough());
    }
}
