//! Decides what to prune of schedules that are no longer in the manifest: the schedule, or targets of a rule. Pure.
//!
//! A schedule group that the app owns contains only schedules of the app. A rule that the app owns may have got targets
//! of others: only targets whose task definitions the app registered, according to their tags, are removed. Targets
//! without such tags are kept, and the rule with them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::owner;
use super::run_now::is_task_target;
use super::types::ScheduleContext;
use crate::aws::types::{ObservedSchedule, TaskDefinition, Via, revision_name};

/// What `prune` does with a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchedulePruneAction {
    /// It is deleted; a rule with all of its targets.
    Delete,
    /// These targets are removed, and the rule is kept for the others.
    RemoveTargets(Vec<String>),
    /// It is kept.
    Keep,
}

/// The decision about a schedule, and what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulePruneDecision {
    pub action: SchedulePruneAction,
    /// The targets that the app does not own, each with the reason.
    pub kept: Vec<(String, String)>,
}

/// Decides about a schedule of the app that is no longer in the manifest; `definitions` are those of its targets, by
/// the ARN in the target.
pub fn decide(
    schedule: &ObservedSchedule,
    definitions: &BTreeMap<String, TaskDefinition>,
    schedule_context: &ScheduleContext,
) -> SchedulePruneDecision {
    if schedule.via == Via::Scheduler {
        return SchedulePruneDecision { action: SchedulePruneAction::Delete, kept: Vec::new() };
    }
    let id = |target: &Value| target["Id"].as_str().unwrap_or_default().to_owned();
    let (mut own, mut kept) = (Vec::new(), Vec::new());
    for target in &schedule.targets {
        match foreign_reason(target, definitions, schedule_context) {
            Some(why) => kept.push((id(target), why)),
            None => own.push(id(target)),
        }
    }
    let fate = match (kept.is_empty(), own.is_empty()) {
        (true, _) => SchedulePruneAction::Delete,
        (false, true) => SchedulePruneAction::Keep,
        (false, false) => SchedulePruneAction::RemoveTargets(own),
    };
    SchedulePruneDecision { action: fate, kept }
}

/// Returns why the app does not own a target, or `None` if it does.
fn foreign_reason(
    target: &Value,
    definitions: &BTreeMap<String, TaskDefinition>,
    schedule_context: &ScheduleContext,
) -> Option<String> {
    if !is_task_target(target) {
        return Some(format!("its target is `{}`, not a task", target["Arn"].as_str().unwrap_or_default()));
    }
    let arn = target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
    let tags = definitions.get(arn).map(|definition| {
        let tag = |key: &str| Some((key.to_owned(), definition.tag(key)?.to_owned()));
        [owner::APP_KEY, owner::STAGE_KEY].into_iter().filter_map(tag).collect::<BTreeMap<_, _>>()
    });
    let runs = revision_name(arn);
    match tags {
        Some(tags) if owner::is_own(&tags, schedule_context) => None,
        Some(tags) => Some(match owner::describe_owner(&tags) {
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

    fn decided(targets: Vec<Value>) -> SchedulePruneDecision {
        let tags = |app: &str| json!({"tags": [{"key": "ecsail:app", "value": app}]});
        let known = [("web:1", tags("shop")), ("web:2", tags("other")), ("web:3", json!({}))];
        let known =
            known.map(|(arn, document)| (arn.to_owned(), TaskDefinition { arn: arn.to_owned(), document }));
        let schedule_context = ScheduleContext { app: Some("shop".to_owned()), ..ScheduleContext::default() };
        decide(&rule(targets), &known.into_iter().collect(), &schedule_context)
    }

    #[test]
    fn a_rule_whose_targets_are_all_the_apps_goes_and_one_without_any() {
        assert_eq!(
            decided(vec![target("a", "web:1"), target("b", "web:1")]).action,
            SchedulePruneAction::Delete
        );
        assert_eq!(decided(Vec::new()).action, SchedulePruneAction::Delete);
    }

    #[test]
    fn targets_of_others_keep_the_rule_and_only_the_apps_own_are_removed() {
        let mail = json!({"Id": "mail", "Arn": "arn:aws:lambda:us-east-1:1:function:mail"});
        for other in [target("x", "web:2"), target("x", "web:3"), target("x", "gone:1"), mail] {
            let decided = decided(vec![target("a", "web:1"), other.clone()]);
            assert_eq!(decided.action, SchedulePruneAction::RemoveTargets(vec!["a".to_owned()]), "{other}");
            assert_eq!(decided.kept.len(), 1);
        }
    }

    #[test]
    fn a_rule_with_only_targets_of_others_stays() {
        assert_eq!(decided(vec![target("x", "web:3")]).action, SchedulePruneAction::Keep);
    }
}
