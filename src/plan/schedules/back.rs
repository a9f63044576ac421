//! Plans which revision a schedule target is rolled back to with the services. Pure.
//!
//! AWS keeps no history of what a schedule ran, but each revision that a release registers carries its tag and release
//! id. So a target that runs a revision of the release that is rolled back returns to the newest older revision of its
//! family with the tag, or the release id, that the services return to.

use serde_json::Value;

use super::schedule;
use super::types::{Action, SchedulePlan, TargetPlan};
use crate::aws::types::{ObservedSchedule, TaskDefinition, Via, family_of, number_of, revision_of};
use crate::plan::diff::Change;
use crate::plan::record::{RELEASE, tag_of};
use crate::plan::revision::Revision;

/// What a service is rolled back from and to.
#[derive(Clone, Debug)]
pub struct Return {
    pub service: String,
    pub from: TaskDefinition,
    /// What it ran before, as it was registered then.
    pub to: TaskDefinition,
    /// What it will run: the same, unless its images had to be pinned.
    pub runs: Revision,
}

/// How a target is rolled back.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// Not at all: it runs nothing of the release.
    Untouched,
    /// To the same revision as the service.
    AsTheService(Revision),
    /// To an older revision of its own family: the first of these that fits.
    Among(Vec<String>),
}

/// Returns whether two revisions are of the same release or have the same tag.
pub fn same_release(one: &TaskDefinition, other: &TaskDefinition) -> bool {
    let both = |a: Option<String>, b: Option<String>| a.is_some() && a == b;
    let release = |known: &TaskDefinition| known.tag(RELEASE).map(str::to_owned);
    both(release(one), release(other)) || both(tag_of(one), tag_of(other))
}

/// Returns how a target that runs `runs` is rolled back with a service; `family` lists the ACTIVE revisions of its
/// family.
pub fn way(runs: &TaskDefinition, going: &Return, family: &[String]) -> Way {
    if runs.arn == going.from.arn {
        return Way::AsTheService(going.runs.clone());
    }
    if !same_release(runs, &going.from) || same_release(runs, &going.to) {
        return Way::Untouched;
    }
    let number = number_of(&runs.arn).unwrap_or_default();
    let older = |arn: &&String| {
        family_of(arn) == family_of(&runs.arn) && number_of(arn).is_some_and(|known| known < number)
    };
    let mut older: Vec<String> = family.iter().filter(older).cloned().collect();
    older.sort_by_key(|arn| std::cmp::Reverse(number_of(arn)));
    Way::Among(older)
}

/// Returns the plan that makes targets of a schedule run other revisions, by target index; everything else is kept.
pub fn plan(
    key: &str,
    observed: &ObservedSchedule,
    targets: &[(usize, Revision, String)],
    now: i64,
) -> SchedulePlan {
    let mut changes = Vec::new();
    let mut plans = Vec::new();
    for (index, revision, shown) in targets {
        let Some(target) = observed.targets.get(*index) else { continue };
        let before = target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
        let id = target["Id"].as_str().unwrap_or_default().to_owned();
        let path = match id.as_str() {
            "" => "target.task_definition".to_owned(),
            id => format!("targets[{id}].task_definition"),
        };
        let name = |text: &str| Some(Value::from(revision_of(text)));
        changes.push(Change { path, before: name(before), after: name(shown) });
        plans.push(TargetPlan {
            id,
            revision: revision.clone(),
            family: family_of(before).to_owned(),
            revision_before: Some(before.to_owned()),
            document: target.clone(),
            changes: true,
        });
    }
    let document = match observed.via {
        Via::Scheduler => schedule::sendable(&observed.document, now),
        Via::Rule => super::rule::sendable(&observed.document),
    };
    SchedulePlan {
        key: key.to_owned(),
        name: observed.name().to_owned(),
        via: observed.via,
        group: observed.group().map(str::to_owned),
        action: Action::Update,
        changes,
        foreign: Vec::new(),
        notes: Vec::new(),
        before: Some(observed.clone()),
        document,
        changes_document: false,
        targets: plans,
        new_group: None,
        new_tags: Default::default(),
        removed: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(revision: &str, tag: &str, release: Option<&str>) -> TaskDefinition {
        let mut tags = vec![json!({"key": "ecsail:tag", "value": tag})];
        tags.extend(release.map(|release| json!({"key": "ecsail:release", "value": release})));
        TaskDefinition { arn: format!("task-definition/{revision}"), document: json!({ "tags": tags }) }
    }

    fn going() -> Return {
        let to = definition("web:1", "v1", None);
        let runs = Revision::Registered(to.arn.clone());
        Return { service: "web".to_owned(), from: definition("web:2", "v2", Some("r2")), to, runs }
    }

    #[test]
    fn what_runs_the_services_revision_goes_with_it() {
        let way = way(&definition("web:2", "v2", Some("r2")), &going(), &[]);
        assert_eq!(way, Way::AsTheService(Revision::Registered("task-definition/web:1".to_owned())));
    }

    #[test]
    fn what_the_same_release_brought_goes_to_an_older_revision_of_its_own_family_the_newest_first() {
        let family = ["report:1", "report:2", "report:3", "report:4", "other:1"];
        let family = family.map(|revision| format!("task-definition/{revision}"));
        let way = way(&definition("report:3", "x", Some("r2")), &going(), &family);
        let expected = ["task-definition/report:2", "task-definition/report:1"].map(str::to_owned);
        assert_eq!(way, Way::Among(expected.to_vec()));
    }

    #[test]
    fn what_another_release_brought_stays() {
        for runs in [definition("report:3", "v3", Some("r3")), definition("report:1", "v1", Some("r1"))] {
            assert_eq!(way(&runs, &going(), &[]), Way::Untouched, "{}", runs.arn);
        }
    }
}
