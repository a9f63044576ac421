//! Decides what to prune of schedules that are no longer in the manifest: the schedule, or targets of a rule. Pure.
//!
//! A schedule group that the app owns contains only schedules of the app. A rule that the app owns may have got targets
//! of others: only targets whose task definitions the app registered, according to their tags, are removed. Targets
//! without such tags are kept, and the rule with them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::now::runs_tasks;
use super::owner;
use super::types::Ground;
use crate::aws::types::{ObservedSchedule, TaskDefinition, Via, revision_of};

/// What `prune` does with a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is deleted; a rule with all of its targets.
    Delete,
    /// These targets are removed, and the rule is kept for the others.
    RemoveTargets(Vec<String>),
    /// It is kept.
    Keep,
}

/// The decision about a schedule, and what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub fate: Fate,
    /// The targets that the app does not own, each with the reason.
    pub kept: Vec<(String, String)>,
}

/// Decides about a schedule of the app that is no longer in the manifest; `definitions` are those of its targets, by
/// the ARN in the target.
pub fn decide(
    schedule: &ObservedSchedule,
    definitions: &BTreeMap<String, TaskDefinition>,
    ground: &Ground,
) -> Decided {
    if schedule.via == Via::Scheduler {
        return Decided { fate: Fate::Delete, kept: Vec::new() };
    }
    let id = |target: &Value| target["Id"].as_str().unwrap_or_default().to_owned();
    let (mut own, mut kept) = (Vec::new(), Vec::new());
    for target in &schedule.targets {
        match foreign(target, definitions, ground) {
            Some(why) => kept.push((id(target), why)),
            None => own.push(id(target)),
        }
    }
    let fate = match (kept.is_empty(), own.is_empty()) {
        (true, _) => Fate::Delete,
        (false, true) => Fate::Keep,
        (false, false) => Fate::RemoveTargets(own),
    };
    Decided { fate, kept }
}

/// Returns why the app does not own a target, or `None` if it does.
fn foreign(
    target: &Value,
    definitions: &BTreeMap<String, TaskDefinition>,
    ground: &Ground,
) -> Option<String> {
    if !runs_tasks(target) {
        return Some(format!("its target is `{}`, not a task", target["Arn"].as_str().unwrap_or_default()));
    }
    let arn = target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
    let tags = definitions.get(arn).map(|definition| {
        let tag = |key: &str| Some((key.to_owned(), definition.tag(key)?.to_owned()));
        [owner::APP, owner::STAGE].into_iter().filter_map(tag).collect::<BTreeMap<_, _>>()
    });
    let runs = revision_of(arn);
    match tags {
        Some(tags) if owner::is_own(&tags, ground) => None,
        Some(tags) => Some(match owner::other(&tags) {
            Some(other) => format!("it runs {runs}, which belongs to {other}"),
            None => format!("it runs {runs}, which has no owner tags"),
        }),
        None => Some(format!("it runs {runs}, which could not be read")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target(id: &str, arn: &str) -> Value {
        json!({"Id": id, "Arn": "arn:aws:ecs:us-east-1:1:cluster/main", "EcsParameters": {"TaskDefinitionArn": arn}})
    }

    fn rule(targets: Vec<Value>) -> ObservedSchedule {
        ObservedSchedule { via: Via::Rule, document: json!({"Name": "old"}), targets, tags: BTreeMap::new() }
    }

    fn decided(targets: Vec<Value>) -> Decided {
        let tags = |app: &str| json!({"tags": [{"key": "ecsail:app", "value": app}]});
        let known = [("web:1", tags("shop")), ("web:2", tags("other")), ("web:3", json!({}))];
        let known =
            known.map(|(arn, document)| (arn.to_owned(), TaskDefinition { arn: arn.to_owned(), document }));
        let ground = Ground { app: Some("shop".to_owned()), ..Ground::default() };
        decide(&rule(targets), &known.into_iter().collect(), &ground)
    }

    #[test]
    fn a_rule_whose_targets_are_all_the_apps_goes_and_one_without_any() {
        assert_eq!(decided(vec![target("a", "web:1"), target("b", "web:1")]).fate, Fate::Delete);
        assert_eq!(decided(Vec::new()).fate, Fate::Delete);
    }

    #[test]
    fn targets_of_others_keep_the_rule_and_only_the_apps_own_are_removed() {
        let mail = json!({"Id": "mail", "Arn": "arn:aws:lambda:us-east-1:1:function:mail"});
        for other in [target("x", "web:2"), target("x", "web:3"), target("x", "gone:1"), mail] {
            let decided = decided(vec![target("a", "web:1"), other.clone()]);
            assert_eq!(decided.fate, Fate::RemoveTargets(vec!["a".to_owned()]), "{other}");
            assert_eq!(decided.kept.len(), 1);
        }
    }

    #[test]
    fn a_rule_with_only_targets_of_others_stays() {
        assert_eq!(decided(vec![target("x", "web:3")]).fate, Fate::Keep);
    }
}
