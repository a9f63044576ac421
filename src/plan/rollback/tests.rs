//! Tests of the choice of a rollback target over many histories. A row is a history, oldest first. A deployment is
//! written as `REVISION`, with its digest after `@`, its subnet after `+`, and with `!` before it if it failed.

use super::*;
use crate::aws::types::{Service, TaskDefinition, parse_view};
use crate::error::Failure;
use serde_json::{Value, json};

const PLACE: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/";

fn arn(number: &str) -> String {
    format!("{PLACE}web:{number}")
}

/// Returns the history of deployments that are numbered from 1, and the service that runs its last state.
fn history_of(history: &[&str]) -> (Service, DeploymentHistory) {
    let mut past = DeploymentHistory { is_complete: true, ..DeploymentHistory::default() };
    let mut running = Value::Null;
    for (index, text) in history.iter().enumerate() {
        let (failed, text) = text.strip_prefix('!').map_or((false, *text), |text| (true, text));
        let (text, subnet) = text.split_once('+').unwrap_or((text, "a"));
        let own = format!("d{text}");
        let (number, digest) = text.split_once('@').unwrap_or((text, &own));
        let (at, target) = (index + 1, format!("service-revision/main/web/{}", index + 1));
        let images =
            json!([{"containerName": "app", "image": format!("app:v{number}"), "imageDigest": digest}]);
        let network = json!({"awsvpcConfiguration": {"subnets": [subnet]}});
        let revision = json!({"serviceRevisionArn": target, "taskDefinition": arn(number), "createdAt": at,
            "containerImages": images, "networkConfiguration": network});
        past.revisions.insert(target.clone(), parse_view(&revision).expect("a revision"));
        let status = if failed { "ROLLBACK_SUCCESSFUL" } else { "SUCCESSFUL" };
        let deployment = json!({"serviceDeploymentArn": format!("service-deployment/{at}"), "status": status,
            "statusReason": "the reason", "createdAt": at, "targetServiceRevisionArn": target});
        past.deployments.insert(0, parse_view(&deployment).expect("a deployment"));
        let document = json!({"status": "ACTIVE", "family": "web", "containerDefinitions":
            [{"name": "app", "image": format!("app:v{number}")}]});
        past.definitions.insert(arn(number), TaskDefinition { arn: arn(number), document });
        if !failed {
            running =
                json!({"id": format!("ecs-svc/{at}"), "taskDefinition": arn(number), "revision": target});
        }
    }
    (service(&running, "COMPLETED"), past)
}

fn service(running: &Value, state: &str) -> Service {
    let deployment = json!({"id": running["id"], "status": "PRIMARY", "taskDefinition": running["taskDefinition"],
        "rolloutState": state});
    let service = json!({"serviceName": "web", "status": "ACTIVE", "taskDefinition": running["taskDefinition"],
        "deployments": [deployment], "currentServiceRevisions": [{"arn": running["revision"]}]});
    parse_view(&service).expect("a service")
}

/// Returns the chosen revision, with its digest and subnet where these matter.
fn chosen_target(history: &[&str], wanted: &RollbackSelector) -> String {
    let (service, past) = history_of(history);
    shown(choose(&service, &past, wanted))
}

fn shown(chosen: Result<Option<Choice>, Failure>) -> String {
    match chosen {
        Err(failure) => format!("refused: {}", failure.message),
        Ok(None) => "runs".to_owned(),
        Ok(Some(choice)) => {
            let deployment = choice.to.deployment.as_deref().unwrap_or("service-deployment/-");
            format!("{} by {}", choice.to.revision_name(), deployment.rsplit('/').next().unwrap_or_default())
        }
    }
}

#[test]
fn the_target_is_the_newest_success_before_the_one_that_runs() {
    for (history, expected) in [
        (&["1", "2"][..], "web:1 by 1"),
        (&["1", "2", "!3"], "web:1 by 1"),
        (&["1", "!2", "3"], "web:1 by 1"),
        (&["1", "2", "3"], "web:2 by 2"),
        (&["1", "!2", "!3"], "refused"),
        (&["1"], "refused"),
        // A rollback is no step forward: what was rolled back is not chosen again.
        (&["1", "2", "1"], "refused"),
        (&["0", "1", "2", "1"], "web:0 by 1"),
        (&["1", "2", "1", "3"], "web:1 by 3"),
        (&["0", "1", "2", "1", "3", "1"], "web:0 by 1"),
        // Deployed again after something else, it is on top of that.
        (&["1", "2", "1", "3", "2"], "web:3 by 4"),
        // A forced deployment of the same revision is another state only if its image or an attribute differs.
        (&["4", "5", "5"], "web:4 by 1"),
        (&["5", "5"], "refused"),
        (&["4", "5@x", "5@y"], "web:5 by 2"),
        (&["4", "5+a", "5+b"], "web:5 by 2"),
        (&["4", "5@x", "5@y", "5@x"], "web:4 by 1"),
        (&["1", "2", "!2", "!3"], "web:1 by 1"),
    ] {
        let found = chosen_target(history, &RollbackSelector::Steps(1));
        assert!(found.starts_with(expected), "{history:?}: {found}");
    }
}

#[test]
fn steps_go_down_what_succeeded() {
    let history = ["1", "2", "!3", "4", "5", "4"];
    for (steps, expected) in [(1, "web:2 by 2"), (2, "web:1 by 1"), (3, "refused")] {
        let found = chosen_target(&history, &RollbackSelector::Steps(steps));
        assert!(found.starts_with(expected), "{steps}: {found}");
    }
}

#[test]
fn what_failed_and_is_still_set_to_run_goes_back_to_the_newest_success() {
    let (_, past) = history_of(&["1", "2", "!3"]);
    let failed =
        json!({"id": "ecs-svc/3", "taskDefinition": arn("3"), "revision": "service-revision/main/web/3"});
    let service = service(&failed, "FAILED");
    assert_eq!(shown(choose(&service, &past, &RollbackSelector::Steps(1))), "web:2 by 2");
}

#[test]
fn what_runs_is_known_even_where_its_deployment_has_a_number_of_its_own() {
    let (_, past) = history_of(&["1", "2", "!3"]);
    let anew =
        json!({"id": "ecs-svc/99", "taskDefinition": arn("2"), "revision": "service-revision/main/web/2"});
    assert_eq!(shown(choose(&service(&anew, "COMPLETED"), &past, &RollbackSelector::Steps(1))), "web:1 by 1");
}

#[test]
fn a_revision_that_was_registered_again_is_the_one_that_it_was_made_from() {
    let (service, mut past) = history_of(&["0", "1", "2", "7@d1"]);
    let again = past.definitions.get_mut(&arn("7")).expect("it is there");
    again.document["tags"] = json!([{"key": "ecsail:restored-from", "value": "web:1"}]);
    assert_eq!(shown(choose(&service, &past, &RollbackSelector::Steps(1))), "web:0 by 1");
}

#[test]
fn what_was_passed_over_is_told_with_its_reason() {
    let (service, past) = history_of(&["1", "2", "!3"]);
    let choice = choose(&service, &past, &RollbackSelector::Steps(1)).expect("chosen").expect("another");
    let failed = Why::Failed { status: "ROLLBACK_SUCCESSFUL".to_owned(), reason: "the reason".to_owned() };
    assert_eq!(choice.left_out, [LeftOut { revision: Some("web:3".to_owned()), at: 3.0, why: failed }]);
    let (service, past) = history_of(&["0", "1", "2", "1", "1"]);
    let choice = choose(&service, &past, &RollbackSelector::Steps(1)).expect("chosen").expect("another");
    let whys: Vec<Why> = choice.left_out.into_iter().map(|left| left.why).collect();
    assert_eq!(whys, [Why::Same, Why::RolledAwayFrom, Why::Same]);
    assert_eq!(choice.others[0].revision_name(), "web:2");
}

#[test]
fn nothing_to_go_back_to_names_what_succeeded_all_the_same() {
    let (service, past) = history_of(&["1", "2", "1"]);
    let failure = choose(&service, &past, &RollbackSelector::Steps(1)).expect_err("nothing is below");
    assert_eq!(failure.hints, ["choose a revision that succeeded: `--to web:2`"]);
}

#[test]
fn what_ran_when_the_history_begins_lies_below_it() {
    let (service, mut past) = history_of(&["5", "6"]);
    past.is_complete = false;
    let first = json!({"taskDefinition": arn("4"), "createdAt": 0.5});
    past.initial_revision = Some(parse_view(&first).expect("a revision"));
    assert_eq!(shown(choose(&service, &past, &RollbackSelector::Steps(2))), "web:4 by -");
    past.deployments.remove(1);
    let choice = choose(&service, &past, &RollbackSelector::Steps(1)).expect("chosen").expect("another");
    assert_eq!((choice.source, choice.to.revision_name()), (Source::BeforeHistory, "web:4"));
}

fn registered(number: &str, tags: Value) -> TaskDefinition {
    let document = json!({"status": "ACTIVE", "family": "web", "tags": tags, "containerDefinitions":
        [{"name": "app", "image": format!("app:v{number}")}]});
    TaskDefinition { arn: arn(number), document }
}

#[test]
fn without_history_the_tags_decide_and_else_the_order() {
    let (service, history) = history_of(&["5"]);
    let ours = || json!([{"key": "ecsail:tag", "value": "v"}]);
    let past = |registered: Vec<TaskDefinition>| DeploymentHistory {
        registered_revisions: registered,
        definitions: history.definitions.clone(),
        ..DeploymentHistory::default()
    };
    let source = |past: &DeploymentHistory| {
        let choice = choose(&service, past, &RollbackSelector::Steps(1)).expect("chosen").expect("another");
        (choice.to.revision_name().to_owned(), choice.source)
    };
    let tagged = past(vec![registered("6", ours()), registered("4", json!([])), registered("3", ours())]);
    assert_eq!(source(&tagged), ("web:3".to_owned(), Source::Tags));
    let plain =
        past(vec![registered("6", json!([])), registered("4", json!([])), registered("3", json!([]))]);
    assert_eq!(source(&plain), ("web:4".to_owned(), Source::Revisions));
    let same = TaskDefinition { arn: arn("4"), ..registered("5", json!([])) };
    assert!(
        choose(&service, &past(vec![same]), &RollbackSelector::Steps(1)).is_err(),
        "the same under another number"
    );
}

#[test]
fn without_history_a_failed_deployment_goes_back_to_the_one_that_the_service_still_shows() {
    let deployments = json!([{"id": "ecs-svc/3", "status": "PRIMARY", "taskDefinition": arn("3"), "rolloutState": "FAILED"},
        {"id": "ecs-svc/2", "status": "ACTIVE", "taskDefinition": arn("2"), "rolloutState": "COMPLETED"}]);
    let service: Service =
        parse_view(&json!({"serviceName": "web", "taskDefinition": arn("3"), "deployments": deployments}))
            .expect("a service");
    let choice = choose(&service, &DeploymentHistory::default(), &RollbackSelector::Steps(1))
        .expect("chosen")
        .expect("another");
    assert_eq!((choice.to.revision_name(), choice.source.clone()), ("web:2", Source::LastCompleted));
}

#[test]
fn a_named_target_is_a_revision_an_image_or_a_digest() {
    let history = ["1", "2", "3@x", "!4"];
    let to = |text: &str| RollbackSelector::parse(text).expect("a target");
    for (text, expected) in [
        ("web:1", "web:1 by 1"),
        ("2", "web:2 by 2"),
        ("v1", "web:1 by 1"),
        (&format!("sha256:{}", "0".repeat(64)), "refused: no deployment"),
        ("web:3", "runs"),
        ("v3", "runs"),
        ("web:4", "web:4 by -"),
        ("web:9", "refused: no revision named `web:9`"),
        ("api:1", "refused: `api:1` was never"),
        ("9", "refused: no revision named `web:9` and no image tagged `9`"),
    ] {
        let found = chosen_target(&history, &to(text));
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

#[test]
fn a_number_that_is_a_revision_and_a_tag_is_ambiguous() {
    let (service, mut past) = history_of(&["1", "2", "3"]);
    let first = past.revisions.get_mut("service-revision/main/web/1").expect("it is there");
    first.container_images[0].image = "app:2".to_owned();
    let failure = choose(&service, &past, &RollbackSelector::Number(2)).expect_err("it is ambiguous");
    assert_eq!(failure.hints, ["use `--to web:2` or `--to tag=2`"]);
    assert_eq!(shown(choose(&service, &past, &RollbackSelector::Image("2".to_owned()))), "web:1 by 1");
}

#[test]
fn services_that_were_deployed_apart_are_told_apart() {
    let running = |tag: &str, at: f64| Target {
        service: "web".to_owned(),
        cluster: "main".to_owned(),
        from: ReleaseSummary {
            revision: "web:2".to_owned(),
            at: Some(at),
            commit: None,
            tag: Some(tag.to_owned()),
            images: Vec::new(),
        },
        to: None,
        source: Source::UnderWay,
        left_out: Vec::new(),
        pinned: Vec::new(),
    };
    assert!(!are_apart(&[running("v2", 10_000.0), running("v2", 10_060.0)]));
    assert!(are_apart(&[running("v2", 10_000.0), running("v1", 10_060.0)]));
    assert!(are_apart(&[running("v2", 10_000.0), running("v2", 90_000.0)]));
}
