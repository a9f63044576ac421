//! Table tests of the references to a revision.

use super::*;
use crate::aws::rule_targets::RuleTarget;
use crate::aws::schedule_targets::ScheduleTarget;
use crate::aws::types::{Task, parse_view};
use serde_json::{Value, json};

fn arn(revision: &str) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{revision}")
}

/// Returns a service that runs `web:NUMBER`, with past deployments as (status, revision), newest first.
fn referencing_service(runs: &str, members: Value, past: &[(&str, &str)]) -> SeenService {
    let mut service = json!({"serviceName": "web", "taskDefinition": arn(runs),
        "deployments": [{"status": "PRIMARY", "taskDefinition": arn(runs), "rolloutState": "COMPLETED"}]});
    for (name, value) in members.as_object().into_iter().flatten() {
        service[name] = value.clone();
    }
    let revision = |index: usize| format!("service-revision/{index}");
    let deployments = past.iter().enumerate().map(|(index, (status, _))| {
        let at = 1000 - index;
        parse_view(&json!({"status": status, "createdAt": at, "targetServiceRevisionArn": revision(index)}))
            .expect("a deployment")
    });
    let definitions = past.iter().enumerate().map(|(index, (_, named))| (revision(index), arn(named)));
    SeenService {
        cluster: "main".to_owned(),
        service: parse_view(&service).expect("a service"),
        deployments: deployments.collect(),
        definitions: definitions.collect(),
        ..SeenService::default()
    }
}

/// Returns the references by a service as `revision: why`.
fn reference_lines(service: SeenService) -> Vec<String> {
    let seen = Referring { services: vec![service], ..Referring::default() };
    lines(&seen)
}

fn lines(seen: &Referring) -> Vec<String> {
    let line = |reference: &RevisionReference| match reference.revision {
        Some(revision) => format!("{revision}: {}", reference.used_by),
        None => format!("latest: {}", reference.used_by),
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
    let runs = RevisionUse::Runs { cluster: cluster.clone(), service: service.clone() };
    let succeeded = RevisionUse::Succeeded { cluster: cluster.clone(), service };
    let other = RevisionUse::Succeeded { cluster, service: "api".to_owned() };
    let newest = RevisionUse::Newest { of: 2 };
    let all = [succeeded.clone(), runs, other, newest.clone()];
    assert_eq!(summarize(&all), "main/web runs it; last success of main/api");
    assert_eq!(summarize(&[newest]), "one of the newest 2");
    assert_eq!(summarize(&[succeeded]), "last success of main/web");
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
    assert_eq!(reference_lines(referencing_service("web:8", current, &past)), expected);
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
    let told = reference_lines(referencing_service("web:8", current, &past));
    assert!(told.contains(&"5: rollback target of main/web".to_owned()), "{told:?}");
    assert!(told.contains(&"8: rollback target of main/web".to_owned()), "{told:?}");
    assert!(told.contains(&"5: last success of main/web".to_owned()), "{told:?}");
}

#[test]
fn rollback_target_during_a_deployment_is_the_newest_success() {
    let members = json!({
        "currentServiceRevisions": [{"arn": "service-revision/1"}],
        "deployments": [
            {"status": "PRIMARY", "taskDefinition": arn("web:9"), "rolloutState": "IN_PROGRESS"},
            {"status": "ACTIVE", "taskDefinition": arn("web:8"), "rolloutState": "COMPLETED"},
        ],
    });
    let past = [("IN_PROGRESS", "web:9"), ("SUCCESSFUL", "web:8")];
    let told = reference_lines(referencing_service("web:9", members, &past));
    for line in ["9: in progress in main/web", "8: in progress in main/web", "8: rollback target of main/web"]
    {
        assert!(told.contains(&line.to_owned()), "{line}: {told:?}");
    }
}

#[test]
fn what_ran_when_the_history_begins_is_where_a_rollback_goes_too() {
    let current = json!({"currentServiceRevisions": [{"arn": "service-revision/0"}]});
    let mut service = referencing_service("web:8", current, &[("SUCCESSFUL", "web:8")]);
    service.at_first = vec!["service-revision/9".to_owned()];
    service.definitions.insert("service-revision/9".to_owned(), arn("web:2"));
    let told = reference_lines(service);
    assert!(told.contains(&"2: rollback target of main/web".to_owned()), "{told:?}");
}

#[test]
fn what_rollback_itself_finds_counts_whatever_the_history_says() {
    let mut service = referencing_service("web:8", json!({}), &[]);
    service.back_to = Some(arn("web:6"));
    assert_eq!(reference_lines(service), ["8: main/web runs it", "6: rollback target of main/web"]);
}

#[test]
fn unknown_status_counts_as_in_progress() {
    let told = reference_lines(referencing_service("web:8", json!({}), &[("BAKING", "web:9")]));
    assert!(told.contains(&"9: in progress in main/web".to_owned()), "{told:?}");
}

#[test]
fn service_of_another_family_may_roll_back_to_this_one() {
    let past = [("SUCCESSFUL", "shop:1"), ("SUCCESSFUL", "web:8")];
    let current = json!({"currentServiceRevisions": [{"arn": "service-revision/0"}]});
    let service = referencing_service("shop:1", current, &past);
    assert!(!service.runs("web"));
    assert_eq!(reference_lines(service), ["8: rollback target of main/web", "8: last success of main/web"]);
}

#[test]
fn task_sets_rules_schedules_and_tasks_refer_too() {
    let service = referencing_service("web:8", json!({"taskSets": [{"taskDefinition": arn("web:2")}]}), &[]);
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
        tasks: vec![task("web:3", ""), task("web:3", "me"), task("web:8", "ecs-svc/1"), task("other:3", "")],
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
    let mut service = referencing_service("web:8", current, &past);
    assert!(service.has_enough_revisions());
    service.definitions.remove("service-revision/2");
    assert!(!service.has_enough_revisions());
}
