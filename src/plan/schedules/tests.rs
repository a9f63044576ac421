use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::*;
use crate::aws::types::{Caller, ObservedSchedule, ObservedSchedules, Via};
use crate::manifest::schedules::ManifestRetry;
use crate::plan::{Change, ResolvedWork, Revision};
use crate::render::schedules::{DesiredSchedule, DesiredScheduleTarget};
use crate::render::task_spec::DesiredTaskSpec;

const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/main";
const NOW: i64 = 1_800_000_000;

fn context() -> ScheduleContext {
    ScheduleContext {
        account: "123456789012".into(),
        partition: "aws".into(),
        region: "us-east-1".into(),
        app: Some("shop".into()),
        stage: Some("prod".into()),
        now: NOW,
    }
}

fn revision(name: &str) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{name}")
}

fn work() -> ResolvedWork {
    ResolvedWork {
        volumes: None,
        key: "nightly".into(),
        cluster: "main".into(),
        cluster_arn: CLUSTER.into(),
        revision: Revision::Registered(revision("web:2")),
        family: "web".into(),
        definition: json!({}),
        members: Map::new(),
        overrides: None,
        count: 1,
        container: None,
    }
}

fn with_members(members: Value) -> ResolvedWork {
    ResolvedWork { members: members.as_object().cloned().expect("an object"), ..work() }
}

fn with_overrides(overrides: Value) -> ResolvedWork {
    ResolvedWork { overrides: Some(overrides), ..work() }
}

fn target(id: &str) -> DesiredScheduleTarget {
    let work = DesiredTaskSpec {
        like: Some("web".into()),
        definition: None,
        cluster: None,
        run_task_members: Map::new(),
        overrides: Default::default(),
        count: 1,
    };
    let (role, retry) = (Some("scheduler".to_owned()), ManifestRetry::default());
    DesiredScheduleTarget { id: id.into(), spec: work, role, input: None, retry, dead_letter: None }
}

fn nightly() -> DesiredSchedule {
    DesiredSchedule {
        key: "nightly".into(),
        kind: Via::Scheduler,
        name: "nightly".into(),
        group: Some("shop-prod".into()),
        uses_app_group: true,
        expression: "rate(1 day)".into(),
        timezone: None,
        enabled: None,
        description: None,
        flexible_window: None,
        start: None,
        end: None,
        targets: vec![target("nightly")],
    }
}

fn rule() -> DesiredSchedule {
    DesiredSchedule { kind: Via::Rule, group: None, uses_app_group: false, ..nightly() }
}

fn own_tags() -> BTreeMap<String, String> {
    owner::owner_tags(&context())
}

/// Returns a schedule as `GetSchedule` returns it, with the members that AWS fills in.
fn observed_schedule(change: impl Fn(&mut Value)) -> ObservedSchedules {
    let mut document = json!({
        "Arn": "arn:aws:scheduler:us-east-1:123456789012:schedule/shop-prod/nightly", "GroupName": "shop-prod",
        "Name": "nightly", "CreationDate": 1.5, "LastModificationDate": 1.5, "ActionAfterCompletion": "NONE",
        "FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": "rate(1 day)", "State": "ENABLED",
        "ScheduleExpressionTimezone": "UTC",
        "Target": {"Arn": CLUSTER, "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
            "EcsParameters": {"TaskDefinitionArn": revision("web:2"), "TaskCount": 1, "EnableECSManagedTags": false,
                "EnableExecuteCommand": false}}
    });
    change(&mut document);
    let targets = vec![document["Target"].clone()];
    let found = ObservedSchedule { via: Via::Scheduler, document, targets, tags: own_tags() };
    ObservedSchedules {
        found: BTreeMap::from([("nightly".to_owned(), found)]),
        groups: BTreeMap::from([("shop-prod".to_owned(), own_tags())]),
        ..ObservedSchedules::default()
    }
}

fn rule_target(id: &str) -> Value {
    json!({"Id": id, "Arn": CLUSTER, "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
        "EcsParameters": {"TaskDefinitionArn": revision("web:2"), "TaskCount": 1}})
}

/// Returns a target of a rule that runs another revision.
fn running(id: &str, name: &str) -> Value {
    let mut target = rule_target(id);
    target["EcsParameters"]["TaskDefinitionArn"] = json!(revision(name));
    target
}

/// Returns a rule as `ListRules` returns it; the tags of one that the app owns list the target `nightly`.
fn observed_rule(
    mut tags: BTreeMap<String, String>,
    targets: Vec<Value>,
    change: impl Fn(&mut Value),
) -> ObservedSchedules {
    let mut document = json!({"Name": "nightly", "Arn": "arn:aws:events:us-east-1:123456789012:rule/nightly",
        "ScheduleExpression": "rate(1 day)", "State": "ENABLED", "EventBusName": "default"});
    change(&mut document);
    if owner::is_own(&tags, &context()) {
        tags.entry(owner::TARGETS_KEY.to_owned()).or_insert("nightly".to_owned());
    }
    let found = ObservedSchedule { via: Via::Rule, document, targets, tags };
    ObservedSchedules {
        found: BTreeMap::from([("nightly".to_owned(), found)]),
        ..ObservedSchedules::default()
    }
}

fn planned(desired: &DesiredSchedule, work: ResolvedWork, observed: &ObservedSchedules) -> SchedulePlan {
    let works = vec![work; desired.targets.len()];
    compare(desired, &works, observed, &context()).expect("no blocker")
}

/// Returns the first blocker.
fn refused(desired: &DesiredSchedule, work: ResolvedWork, observed: &ObservedSchedules) -> String {
    let works = vec![work; desired.targets.len()];
    let failures = compare(desired, &works, observed, &context()).expect_err("a blocker");
    failures.iter().map(|failure| failure.message.clone()).collect::<Vec<_>>().join("\n")
}

fn format_plan(plan: &SchedulePlan) -> String {
    let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    let line =
        |change: &Change| format!("{}: {} → {}", change.path, text(&change.before), text(&change.after));
    let head = format!("{:?}", plan.action);
    std::iter::once(head).chain(plan.changes.iter().map(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_new_schedule_has_what_it_needs_and_nothing_else() {
    let plan = planned(&nightly(), work(), &ObservedSchedules::default());
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Create
    expression: - → "rate(1 day)"
    timezone: - → "UTC"
    state: - → "ENABLED"
    flexible_window: - → "off"
    target.task_definition: - → "web:2"
    target.cluster: - → "arn:aws:ecs:us-east-1:123456789012:cluster/main"
    target.count: - → 1
    target.role: - → "arn:aws:iam::123456789012:role/scheduler"
    "#);
    let expected = json!({"Name": "nightly", "GroupName": "shop-prod", "ScheduleExpression": "rate(1 day)",
        "State": "ENABLED", "FlexibleTimeWindow": {"Mode": "OFF"}});
    assert_eq!(plan.document, expected);
}

#[test]
fn what_aws_fills_in_is_no_change() {
    assert_eq!(format_plan(&planned(&nightly(), work(), &observed_schedule(|_| {}))), "Unchanged");
    let spelled = DesiredSchedule {
        timezone: Some("UTC".into()),
        enabled: Some(true),
        flexible_window: Some(0),
        description: Some(String::new()),
        ..nightly()
    };
    let written = with_members(json!({"enableExecuteCommand": false, "placementStrategy": [], "tags": [],
        "propagateTags": "NONE", "group": ""}));
    assert_eq!(format_plan(&planned(&spelled, written, &observed_schedule(|_| {}))), "Unchanged");
}

#[test]
fn a_network_in_another_order_is_no_change() {
    let observed = observed_schedule(|schedule| {
        schedule["Target"]["EcsParameters"]["NetworkConfiguration"] = json!({"awsvpcConfiguration":
            {"Subnets": ["b", "a"], "SecurityGroups": ["s"], "AssignPublicIp": "DISABLED"}});
    });
    let written = with_members(json!({"networkConfiguration": {"awsvpcConfiguration":
        {"subnets": ["a", "b"], "securityGroups": ["s"]}}}));
    assert_eq!(format_plan(&planned(&nightly(), written, &observed)), "Unchanged");
}

#[test]
fn members_outside_the_manifest_are_kept() {
    let observed = observed_schedule(|schedule| {
        schedule["KmsKeyArn"] = json!("arn:aws:kms:us-east-1:123456789012:key/a");
        schedule["Description"] = json!("of old");
        schedule["ActionAfterCompletion"] = json!("DELETE");
        schedule["EndDate"] = json!(1_900_000_000.0);
        schedule["NewerThanTheSdk"] = json!({"A": 1});
        let target = &mut schedule["Target"];
        target["RetryPolicy"] = json!({"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 2});
        target["DeadLetterConfig"] = json!({"Arn": "arn:aws:sqs:us-east-1:123456789012:dead"});
        let task = &mut target["EcsParameters"];
        task["Group"] = json!("nightly");
        task["ReferenceId"] = json!("r");
        task["PropagateTags"] = json!("TASK_DEFINITION");
        task["Tags"] = json!([{"Key": "team", "Value": "web"}]);
        task["NewerToo"] = json!(true);
    });
    let moved = ResolvedWork { revision: Revision::New(0), ..work() };
    let plan = planned(&nightly(), moved, &observed);
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    target.task_definition: "web:2" → "a new revision of `web`"
    "#);
    let before = &observed.found["nightly"].document;
    for name in ["KmsKeyArn", "Description", "ActionAfterCompletion", "EndDate", "NewerThanTheSdk"] {
        assert_eq!(plan.document[name], before[name], "{name}");
    }
    let mut expected = before["Target"].clone();
    expected["EcsParameters"].as_object_mut().map(|task| task.shift_remove("TaskDefinitionArn"));
    assert_eq!(plan.targets[0].document, expected);
}

#[test]
fn each_thing_that_is_written_is_a_change_of_its_own() {
    let mut wanted = DesiredSchedule {
        expression: "cron(0 3 * * ? *)".into(),
        timezone: Some("Asia/Tokyo".into()),
        enabled: Some(false),
        description: Some("the report".into()),
        flexible_window: Some(15),
        start: Some(NOW + 100),
        end: Some(NOW + 200),
        ..nightly()
    };
    wanted.targets[0].role = Some("arn:aws:iam::123456789012:role/path/other".into());
    wanted.targets[0].retry = ManifestRetry { max_attempts: Some(3), max_age_seconds: Some(600) };
    wanted.targets[0].dead_letter = Some("arn:aws:sqs:us-east-1:123456789012:dead".into());
    let mut other = with_members(
        json!({"launchType": "FARGATE", "platformVersion": "1.4.0", "enableExecuteCommand": true,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"]}}}),
    );
    other.cluster_arn = "arn:aws:ecs:us-east-1:123456789012:cluster/other".into();
    other.count = 2;
    let plan = planned(&wanted, other, &observed_schedule(|_| {}));
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    expression: "rate(1 day)" → "cron(0 3 * * ? *)"
    timezone: "UTC" → "Asia/Tokyo"
    state: "ENABLED" → "DISABLED"
    description: - → "the report"
    flexible_window: "off" → "15m"
    start: - → "2027-01-15T08:01:40Z"
    end: - → "2027-01-15T08:03:20Z"
    target.cluster: "arn:aws:ecs:us-east-1:123456789012:cluster/main" → "arn:aws:ecs:us-east-1:123456789012:cluster/other"
    target.count: 1 → 2
    target.role: "arn:aws:iam::123456789012:role/scheduler" → "arn:aws:iam::123456789012:role/path/other"
    target.enableExecuteCommand: - → true
    target.launchType: - → "FARGATE"
    target.networkConfiguration: - → {"awsvpcConfiguration":{"subnets":["a"]}}
    target.platformVersion: - → "1.4.0"
    target.retry.attempts: 185 → 3
    target.retry.max_age: 86400 → 600
    target.dead_letter: - → "arn:aws:sqs:us-east-1:123456789012:dead"
    "#);
}

#[test]
fn times_are_equal_however_their_numbers_are_written() {
    let wanted = DesiredSchedule { start: Some(NOW + 100), end: Some(NOW + 200), ..nightly() };
    let observed = observed_schedule(|schedule| {
        schedule["StartDate"] = json!(NOW as f64 + 100.0);
        schedule["EndDate"] = json!(NOW as f64 + 200.0);
    });
    assert_eq!(format_plan(&planned(&wanted, work(), &observed)), "Unchanged");
}

#[test]
fn a_start_of_a_cron_that_has_passed_is_neither_compared_nor_sent() {
    let daily = DesiredSchedule { expression: "cron(0 3 * * ? *)".into(), ..nightly() };
    let observed = |start: Value| {
        observed_schedule(move |schedule| {
            schedule["ScheduleExpression"] = json!("cron(0 3 * * ? *)");
            schedule["StartDate"] = start.clone();
        })
    };
    let wanted = DesiredSchedule { start: Some(NOW - 1000), ..daily.clone() };
    assert_eq!(format_plan(&planned(&wanted, work(), &observed(Value::Null))), "Unchanged");
    let off = DesiredSchedule { enabled: Some(false), ..daily };
    let plan = planned(&off, work(), &observed(json!(NOW - 1000)));
    assert_eq!(plan.document["StartDate"], Value::Null);
    assert_eq!(format_plan(&plan), "Update\nstate: \"ENABLED\" → \"DISABLED\"");
}

#[test]
fn a_rate_keeps_its_times_when_its_start_has_passed() {
    const DAY: i64 = 86_400;
    let begun = |start: i64| observed_schedule(move |schedule| schedule["StartDate"] = json!(start));
    let off = DesiredSchedule { enabled: Some(false), ..nightly() };
    for desired in [off.clone(), DesiredSchedule { start: Some(NOW - 1000 - 7 * DAY), ..off }] {
        let plan = planned(&desired, work(), &begun(NOW - 1000 - 3 * DAY));
        assert_eq!(plan.document["StartDate"], json!(NOW - 1000 + DAY));
        assert_eq!(format_plan(&plan), "Update\nstate: \"ENABLED\" → \"DISABLED\"");
    }
    let wanted = DesiredSchedule { start: Some(NOW - 1000 - 7 * DAY), ..nightly() };
    assert_eq!(format_plan(&planned(&wanted, work(), &begun(NOW - 1000 + DAY))), "Unchanged");
    assert_eq!(format_plan(&planned(&wanted, work(), &begun(NOW - 1000))), "Unchanged");
    assert_ne!(format_plan(&planned(&wanted, work(), &begun(NOW - 500))), "Unchanged", "at other times");
}

#[test]
fn what_never_runs_again_is_noted_unless_it_is_off() {
    let past = DesiredSchedule { expression: "at(2020-01-01T00:00:00)".into(), ..nightly() };
    let plan = planned(&past, work(), &ObservedSchedules::default());
    assert_eq!(
        plan.notes,
        ["schedule `nightly` never runs again: `at(2020-01-01T00:00:00)` has no time in the future"]
    );
    let over = DesiredSchedule { end: Some(NOW - 1), ..nightly() };
    assert_eq!(planned(&over, work(), &ObservedSchedules::default()).notes.len(), 1);
    let rule = DesiredSchedule { expression: "cron(0 3 * * ? 2020)".into(), ..rule() };
    assert_eq!(planned(&rule, work(), &ObservedSchedules::default()).notes.len(), 1);
    let off = DesiredSchedule { enabled: Some(false), ..past };
    assert_eq!(planned(&off, work(), &ObservedSchedules::default()).notes.len(), 0);
    assert_eq!(planned(&nightly(), work(), &ObservedSchedules::default()).notes.len(), 0);
}

#[test]
fn a_schedule_that_is_off_stays_off_where_nothing_is_said_of_it() {
    let observed = observed_schedule(|schedule| schedule["State"] = json!("DISABLED"));
    assert_eq!(format_plan(&planned(&nightly(), work(), &observed)), "Unchanged");
    let observed =
        observed_rule(own_tags(), vec![rule_target("nightly")], |rule| rule["State"] = json!("DISABLED"));
    assert_eq!(format_plan(&planned(&rule(), work(), &observed)), "Unchanged");
}

#[test]
fn a_launch_type_and_a_strategy_exclude_each_other() {
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]);
    let observed = observed_schedule(|schedule| {
        let task = &mut schedule["Target"]["EcsParameters"];
        task["LaunchType"] = json!("FARGATE");
        task["PlatformVersion"] = json!("1.4.0");
    });
    let written = with_members(json!({"capacityProviderStrategy": strategy}));
    let plan = planned(&nightly(), written.clone(), &observed);
    let task = &plan.targets[0].document["EcsParameters"];
    assert_eq!((&task["LaunchType"], &task["CapacityProviderStrategy"]), (&Value::Null, &strategy));
    let observed = observed_schedule(|schedule| {
        schedule["Target"]["EcsParameters"]["CapacityProviderStrategy"] =
            json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    });
    assert_eq!(format_plan(&planned(&nightly(), written, &observed)), "Unchanged");
    let plan = planned(&nightly(), with_members(json!({"launchType": "EC2"})), &observed);
    let task = &plan.targets[0].document["EcsParameters"];
    assert_eq!((&task["LaunchType"], &task["CapacityProviderStrategy"]), (&json!("EC2"), &Value::Null));
    let both = with_members(json!({"launchType": "EC2", "capacityProviderStrategy": strategy}));
    assert!(refused(&nightly(), both, &observed).contains("cannot be used together"));
}

#[test]
fn what_a_target_cannot_take_is_refused() {
    let written =
        with_members(json!({"volumeConfigurations": [{"name": "data"}], "enableECSManagedTags": true}));
    let message = refused(&nightly(), written, &observed_schedule(|_| {}));
    assert_eq!(
        message,
        "schedule `nightly`: schedules do not support `volumeConfigurations` for the tasks that they run"
    );
}

#[test]
fn tags_are_spelled_as_each_service_takes_them() {
    let written = with_members(json!({"tags": [{"key": "team", "value": "web"}]}));
    let plan = planned(&nightly(), written.clone(), &observed_schedule(|_| {}));
    assert_eq!(plan.targets[0].document["EcsParameters"]["Tags"], json!([{"key": "team", "value": "web"}]));
    let plan = planned(&rule(), written, &observed_rule(own_tags(), vec![rule_target("nightly")], |_| {}));
    assert_eq!(plan.targets[0].document["EcsParameters"]["Tags"], json!([{"Key": "team", "Value": "web"}]));
}

#[test]
fn overrides_are_compared_setting_by_setting_without_secrets() {
    let overrides = |command: &str, token: &str| {
        json!({"containerOverrides": [{"name": "app", "command": [command],
            "environment": [{"name": "API_TOKEN", "value": token}, {"name": "MODE", "value": "fast"}]}], "cpu": "512"})
    };
    let observed = observed_schedule(|schedule| {
        schedule["Target"]["Input"] = json!(overrides("report", "t0ps3cret").to_string());
    });
    let plan = planned(&nightly(), with_overrides(overrides("summary", "n3wsecret")), &observed);
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    target.command: ["report"] → ["summary"]
    target.environment[API_TOKEN]: "(hidden)" → "(hidden)"
    "#);
    let spaced = observed_schedule(|schedule| {
        let text = serde_json::to_string_pretty(&overrides("report", "a")).expect("JSON");
        schedule["Target"]["Input"] = json!(text);
    });
    let plan = planned(&nightly(), with_overrides(overrides("report", "a")), &spaced);
    assert_eq!(format_plan(&plan), "Unchanged");
    let new =
        planned(&nightly(), with_overrides(overrides("report", "t0ps3cret")), &ObservedSchedules::default());
    assert!(!format_plan(&new).contains("t0ps3cret"), "{}", format_plan(&new));
    assert!(format_plan(&new).contains("target.environment[MODE]: - → \"fast\""), "{}", format_plan(&new));
}

#[test]
fn an_input_takes_the_place_of_overrides_and_shows_no_secret() {
    let mut wanted = nightly();
    wanted.targets[0].input = Some(json!({"note": "b", "api_token": "n3wsecret"}).to_string());
    let observed = observed_schedule(|schedule| {
        schedule["Target"]["Input"] = json!(r#"{"note": "a", "api_token": "0ldsecret"}"#);
    });
    insta::assert_snapshot!(format_plan(&planned(&wanted, work(), &observed)), @r#"
    Update
    target.input(json).api_token: "(hidden)" → "(hidden)"
    target.input(json).note: "a" → "b"
    "#);
}

#[test]
fn no_form_of_an_input_shows_a_secret() {
    let with = |secret: &str, more: Value| {
        let mut input = json!({"containerOverrides": [{"name": "app", "command": ["login", "--password", secret],
            "environment": [{"name": "API_TOKEN", "value": secret}]}]});
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        input.to_string()
    };
    let upper = |secret: &str| {
        json!({"Overrides": {"ContainerOverrides": [{"Name": "app", "Command": ["sh", "-c", format!("x --password {secret}")],
            "Environment": [{"Name": "API_TOKEN", "Value": secret}]}]}})
        .to_string()
    };
    let forms: [&dyn Fn(&str) -> String; 6] = [
        &|secret| with(secret, json!({"taskRoleArn": "r"})),
        &|secret| with(secret, json!({"executionRoleArn": "r", "ephemeralStorage": {"sizeInGiB": 30}})),
        &|secret| with(secret, json!({"newerThanTheModel": 1})),
        &upper,
        &|secret| format!("{} <and no JSON>", with(secret, json!({}))),
        &|secret| json!({"tokens": [secret], "list": ["-t", "a", "--token", secret]}).to_string(),
    ];
    for (number, form) in forms.iter().enumerate() {
        let mut wanted = nightly();
        wanted.targets[0].input = Some(form("n3wsecret"));
        let observed = observed_schedule(|schedule| schedule["Target"]["Input"] = json!(form("0ldsecret")));
        for observed in [observed, observed_schedule(|_| {}), ObservedSchedules::default()] {
            let plan = planned(&wanted, work(), &observed);
            let text =
                format!("{}\n{}", format_plan(&plan), serde_json::to_string(&plan.changes).expect("JSON"));
            assert!(plan.is_changing(), "form {number}");
            assert!(
                !text.contains("secret\"") && !text.contains("n3w") && !text.contains("0ld"),
                "{number}: {text}"
            );
        }
    }
}

#[test]
fn an_input_of_overrides_goes_when_the_manifest_has_none_and_any_other_stays() {
    let observed = observed_schedule(|schedule| {
        schedule["Target"]["Input"] =
            json!(r#"{"containerOverrides":[{"name":"app","command":["old"]}],"cpu":"512"}"#);
    });
    let plan = planned(&nightly(), work(), &observed);
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    target.command: ["old"] → -
    target.cpu: "512" → -
    "#);
    assert_eq!(plan.targets[0].document["Input"], Value::Null);
    let observed =
        observed_schedule(|schedule| schedule["Target"]["Input"] = json!(r#"{"taskRoleArn":"r"}"#));
    let plan = planned(&nightly(), work(), &observed);
    assert_eq!(format_plan(&plan), "Unchanged");
    assert_eq!(plan.notes, ["`nightly`: its input is kept: it contains more than the manifest can override"]);
}

#[test]
fn an_input_that_is_too_long_is_refused() {
    let long =
        with_overrides(json!({"containerOverrides": [{"name": "app", "command": ["x".repeat(8200)]}]}));
    let message = refused(&nightly(), long, &observed_schedule(|_| {}));
    assert_eq!(message, "schedule `nightly`: the input has 8254 bytes, but may have at most 8192");
}

#[test]
fn a_new_schedule_needs_a_role_and_one_that_is_there_keeps_its_own() {
    let mut wanted = nightly();
    wanted.targets[0].role = None;
    let message = refused(&wanted, work(), &ObservedSchedules::default());
    assert_eq!(message, "schedule `nightly` has no role to start its tasks");
    assert_eq!(format_plan(&planned(&wanted, work(), &observed_schedule(|_| {}))), "Unchanged");
}

#[test]
fn a_rule_without_a_role_gets_the_default_one_with_a_warning() {
    let mut wanted = rule();
    wanted.targets[0].role = None;
    let plan = planned(&wanted, work(), &ObservedSchedules::default());
    assert_eq!(plan.targets[0].document["RoleArn"], "arn:aws:iam::123456789012:role/ecsEventsRole");
    assert!(plan.notes[0].starts_with("`nightly` has no role and uses `ecsEventsRole`"), "{:?}", plan.notes);
    let observed = observed_rule(own_tags(), vec![rule_target("nightly")], |_| {});
    let plan = planned(&wanted, work(), &observed);
    assert_eq!((format_plan(&plan).as_str(), plan.notes.len()), ("Unchanged", 0));
}

#[test]
fn the_group_of_the_app_is_created_with_its_tags() {
    let plan = planned(&nightly(), work(), &ObservedSchedules::default());
    let tags = [("ecsail:app".to_owned(), "shop".to_owned()), ("ecsail:stage".to_owned(), "prod".to_owned())];
    assert_eq!(plan.new_group, Some(NewGroup { name: "shop-prod".into(), tags: BTreeMap::from(tags) }));
}

#[test]
fn a_group_of_others_is_refused_unless_the_manifest_names_it() {
    let group = |tags: &[(&str, &str)]| ObservedSchedules {
        groups: BTreeMap::from([(
            "shop-prod".to_owned(),
            tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        )]),
        ..ObservedSchedules::default()
    };
    let untagged = group(&[]);
    let message = refused(&nightly(), work(), &untagged);
    assert_eq!(message, "schedule group `shop-prod` is taken: it has no owner tags");
    let others = group(&[("ecsail:app", "shop"), ("ecsail:stage", "test")]);
    let message = refused(&nightly(), work(), &others);
    assert_eq!(message, "schedule group `shop-prod` is taken: it belongs to app `shop`, stage `test`");
    let named = DesiredSchedule { uses_app_group: false, ..nightly() };
    assert_eq!(planned(&named, work(), &untagged).new_group, None);
    let missing = refused(&named, work(), &ObservedSchedules::default());
    assert_eq!(missing, "schedule `nightly`: schedule group `shop-prod` does not exist");
}

#[test]
fn a_name_that_something_else_has_is_refused() {
    let lambda = "arn:aws:lambda:us-east-1:123456789012:function:report";
    let observed = observed_schedule(|schedule| schedule["Target"]["Arn"] = json!(lambda));
    assert!(
        refused(&nightly(), work(), &observed)
            .starts_with("schedule `nightly` is taken: it does not run a task")
    );
    let mut other = rule_target("nightly");
    other["Arn"] = json!(lambda);
    let message = refused(&rule(), work(), &observed_rule(own_tags(), vec![other], |_| {}));
    assert!(message.starts_with("target `nightly` of rule `nightly` is taken"), "{message}");
}

#[test]
fn a_rule_of_others_is_refused() {
    let targets = || vec![rule_target("nightly")];
    let others = BTreeMap::from([("ecsail:app".to_owned(), "billing".to_owned())]);
    let message = refused(&rule(), work(), &observed_rule(others, targets(), |_| {}));
    assert_eq!(message, "rule `nightly` is taken: it belongs to app `billing`");
    let managed = observed_rule(own_tags(), targets(), |rule| rule["ManagedBy"] = json!("ecs.amazonaws.com"));
    assert_eq!(
        refused(&rule(), work(), &managed),
        "rule `nightly` is taken: it is managed by `ecs.amazonaws.com`"
    );
    let events = observed_rule(BTreeMap::new(), targets(), |rule| rule["EventPattern"] = json!("{}"));
    assert!(refused(&rule(), work(), &events).contains("it has an event pattern"));
}

#[test]
fn rule_without_owner_is_adopted_if_all_targets_are_desired() {
    let observed = observed_rule(BTreeMap::new(), vec![rule_target("nightly")], |rule| {
        rule["ScheduleExpression"] = json!("rate(2 days)");
    });
    let plan = planned(&rule(), work(), &observed);
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    expression: "rate(2 days)" → "rate(1 day)"
    tags[ecsail:app]: - → "shop"
    tags[ecsail:stage]: - → "prod"
    tags[ecsail:targets]: - → "nightly"
    "#);
    assert_eq!(plan.notes, ["rule `nightly` already exists and is adopted by this app"]);
}

#[test]
fn without_an_app_a_rule_is_used_and_nothing_is_said_of_it() {
    let without_owner = ScheduleContext { app: None, stage: None, ..context() };
    let observed = observed_rule(BTreeMap::new(), vec![rule_target("nightly")], |_| {});
    let plan = compare(&rule(), &[work()], &observed, &without_owner).expect("no blocker");
    assert_eq!((plan.action, plan.notes.len(), plan.new_tags.len()), (Action::Unchanged, 0, 0));
}

#[test]
fn the_partition_is_that_of_the_caller() {
    let caller = Caller {
        account: "123456789012".into(),
        arn: "arn:aws-cn:sts::123456789012:assumed-role/ci/run".into(),
        user_id: "AROACI:run".into(),
    };
    let mut wanted = nightly();
    wanted.targets[0].role = Some("starter".into());
    let schedule_context = ScheduleContext::of(&caller, "cn-north-1", (Some("shop".into()), None), NOW);
    let plan =
        compare(&wanted, &[work()], &ObservedSchedules::default(), &schedule_context).expect("no blocker");
    assert_eq!(plan.targets[0].document["RoleArn"], "arn:aws-cn:iam::123456789012:role/starter");
}

#[test]
fn a_rule_with_targets_of_others_is_used_at_its_own_times_only() {
    let targets = || vec![rule_target("nightly"), rule_target("other")];
    let plan = planned(&rule(), work(), &observed_rule(BTreeMap::new(), targets(), |_| {}));
    assert_eq!((format_plan(&plan).as_str(), plan.foreign.join(",").as_str()), ("Unchanged", "other"));
    assert_eq!(plan.notes, ["rule `nightly` also runs `other`: it is used, but not adopted"]);
    let later =
        observed_rule(BTreeMap::new(), targets(), |rule| rule["ScheduleExpression"] = json!("rate(2 days)"));
    let message = refused(&rule(), work(), &later);
    assert_eq!(
        message,
        "rule `nightly` is taken: it runs `other` at `rate(2 days)`, and it has no owner tags of this app"
    );
    let own = observed_rule(own_tags(), targets(), |rule| rule["ScheduleExpression"] = json!("rate(2 days)"));
    assert_eq!(planned(&rule(), work(), &own).foreign, ["other"]);
}

#[test]
fn more_targets_than_a_rule_may_have_are_refused_beforehand() {
    let five = ["a", "b", "c", "d", "e"].map(|id| running(id, "other:1")).to_vec();
    let message = refused(&rule(), work(), &observed_rule(own_tags(), five, |_| {}));
    assert_eq!(
        message,
        "rule `nightly` would have 6 targets, but may have at most 5: 5 of them are not in the manifest"
    );
}

#[test]
fn of_a_rule_with_several_targets_only_those_that_change_are_put() {
    let wanted = DesiredSchedule { targets: vec![target("a"), target("b")], ..rule() };
    let mut old = rule_target("b");
    old["EcsParameters"]["TaskDefinitionArn"] = json!(revision("web:1"));
    old["InputTransformer"] = json!({"InputTemplate": "x"});
    let mut tags = own_tags();
    tags.insert(owner::TARGETS_KEY.to_owned(), "a b".to_owned());
    let observed =
        observed_rule(tags, vec![rule_target("a"), old], |rule| rule["Description"] = json!("kept"));
    let plan = planned(&wanted, work(), &observed);
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    targets[b].task_definition: "web:1" → "web:2"
    "#);
    assert_eq!(plan.targets.iter().map(|target| target.changes).collect::<Vec<_>>(), [false, true]);
    assert!(!plan.changes_document);
    assert_eq!(plan.targets[1].document["InputTransformer"], json!({"InputTemplate": "x"}));
    assert_eq!(plan.document["Description"], "kept");
}

#[test]
fn an_input_drives_out_what_a_rule_had_in_its_place() {
    let mut old = rule_target("nightly");
    old["InputPath"] = json!("$.detail");
    let plan = planned(
        &rule(),
        with_overrides(json!({"cpu": "512"})),
        &observed_rule(own_tags(), vec![old], |_| {}),
    );
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    target.cpu: - → "512"
    target.input_path: "$.detail" → -
    "#);
}

#[test]
fn a_job_that_a_rule_runs_under_another_id_takes_its_place_and_keeps_what_it_had() {
    let mut old = running("terraform-20240101", "web:1");
    old["RetryPolicy"] = json!({"MaximumRetryAttempts": 2});
    let plan = planned(&rule(), work(), &observed_rule(BTreeMap::new(), vec![old], |_| {}));
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    tags[ecsail:app]: - → "shop"
    tags[ecsail:stage]: - → "prod"
    tags[ecsail:targets]: - → "nightly"
    target.id: "terraform-20240101" → "nightly"
    target.task_definition: "web:1" → "web:2"
    "#);
    assert_eq!(
        (plan.removed.as_slice(), plan.foreign.len()),
        (["terraform-20240101".to_owned()].as_slice(), 0)
    );
    assert_eq!(plan.targets[0].document["RetryPolicy"]["MaximumRetryAttempts"], 2);
    assert_eq!(
        plan.notes,
        [
            "rule `nightly` already exists and is adopted by this app",
            "target `terraform-20240101` of rule `nightly` runs the same task, and is replaced by `nightly`"
        ]
    );
}

#[test]
fn task_that_would_run_twice_is_refused() {
    let named = DesiredSchedule { targets: vec![target("report")], ..rule() };
    let other = || vec![rule_target("terraform-20240101")];
    let message = refused(&named, work(), &observed_rule(BTreeMap::new(), other(), |_| {}));
    assert_eq!(message, "rule `nightly` already runs `web`, as `terraform-20240101`: it would run twice");
    let two = vec![rule_target("a"), rule_target("b")];
    let message = refused(&rule(), work(), &observed_rule(own_tags(), two, |_| {}));
    assert_eq!(message, "rule `nightly` already runs `web`, as `a`, `b`: it would run twice");
    let failures = compare(&named, &[work()], &observed_rule(own_tags(), other(), |_| {}), &context())
        .expect_err("twice");
    assert_eq!(failures[0].hints, ["set `target: terraform-20240101`"]);
}

#[test]
fn a_target_that_is_named_and_does_something_else_is_another_job() {
    let named = DesiredSchedule { targets: vec![target("report")], ..rule() };
    let report = with_overrides(json!({"containerOverrides": [{"name": "app", "command": ["report"]}]}));
    let plan = planned(&named, report, &observed_rule(own_tags(), vec![rule_target("other")], |_| {}));
    assert_eq!((plan.foreign.join(","), plan.removed.len()), ("other".to_owned(), 0));
}

#[test]
fn a_target_that_the_manifest_no_longer_names_is_removed_and_one_that_it_never_named_stays() {
    let mut tags = own_tags();
    tags.insert(owner::TARGETS_KEY.to_owned(), "nightly old".to_owned());
    let targets = vec![rule_target("nightly"), running("old", "report:3"), running("theirs", "report:3")];
    let plan = planned(&rule(), work(), &observed_rule(tags, targets, |_| {}));
    insta::assert_snapshot!(format_plan(&plan), @r#"
    Update
    tags[ecsail:targets]: "nightly old" → "nightly"
    targets[old].task_definition: "report:3" → -
    "#);
    assert_eq!((plan.removed.join(","), plan.foreign.join(",")), ("old".to_owned(), "theirs".to_owned()));
}

#[test]
fn a_target_that_gets_another_id_keeps_what_it_had() {
    let renamed = DesiredSchedule { targets: vec![target("report")], ..rule() };
    let mut old = rule_target("nightly");
    old["RetryPolicy"] = json!({"MaximumRetryAttempts": 2});
    let plan = planned(&renamed, work(), &observed_rule(own_tags(), vec![old], |_| {}));
    assert_eq!(plan.removed, ["nightly"]);
    assert_eq!(plan.targets[0].document["RetryPolicy"]["MaximumRetryAttempts"], 2);
    assert!(plan.targets[0].changes, "it is put under its new id");
}

#[test]
fn a_rule_that_runs_targets_of_others_is_neither_switched_nor_described() {
    let targets = || vec![rule_target("nightly"), running("other", "report:1")];
    let off = DesiredSchedule { enabled: Some(false), ..rule() };
    let message = refused(&off, work(), &observed_rule(BTreeMap::new(), targets(), |_| {}));
    assert_eq!(
        message,
        "rule `nightly` is taken: `enabled: false` would also switch `other` off, and it has no owner tags of this app"
    );
    let described = DesiredSchedule { description: Some("ours".into()), enabled: Some(true), ..rule() };
    let theirs = observed_rule(BTreeMap::new(), targets(), |rule| rule["Description"] = json!("theirs"));
    let plan = planned(&described, work(), &theirs);
    assert_eq!((format_plan(&plan).as_str(), &plan.document["Description"]), ("Unchanged", &json!("theirs")));
}

#[test]
fn another_task_under_the_same_name_is_refused_without_owner_tags() {
    let other = || vec![running("nightly", "report:1")];
    let message = refused(&rule(), work(), &observed_rule(BTreeMap::new(), other(), |_| {}));
    assert_eq!(
        message,
        "target `nightly` of rule `nightly` is taken: it runs `report` on `main`, not `web` on `main`, and it has no owner tags of this app"
    );
    assert_eq!(planned(&rule(), work(), &observed_rule(own_tags(), other(), |_| {})).action, Action::Update);
    let named = DesiredSchedule { uses_app_group: false, ..nightly() };
    let mut observed = observed_schedule(|schedule| {
        schedule["Target"]["EcsParameters"]["TaskDefinitionArn"] = json!(revision("report:1"));
    });
    assert_eq!(planned(&named, work(), &observed).action, Action::Update);
    observed.found.get_mut("nightly").expect("it is there").tags.clear();
    let message = refused(&named, work(), &observed);
    assert!(message.starts_with("schedule `nightly` is taken: it runs `report` on `main`"), "{message}");
}

#[test]
fn a_schedule_of_a_named_group_that_is_used_is_noted() {
    let named = DesiredSchedule { uses_app_group: false, enabled: Some(false), ..nightly() };
    let mut observed = observed_schedule(|_| {});
    observed.found.get_mut("nightly").expect("it is there").tags.clear();
    let plan = planned(&named, work(), &observed);
    assert_eq!(plan.notes, ["schedule `shop-prod/nightly` already exists, and its group has no owner tags"]);
}

#[test]
fn what_is_new_shows_no_values_that_were_never_there() {
    let mut wanted = nightly();
    wanted.targets[0].retry = ManifestRetry { max_attempts: Some(3), max_age_seconds: None };
    let text = format_plan(&planned(&wanted, work(), &ObservedSchedules::default()));
    assert!(text.contains("target.retry.attempts: - → 3") && !text.contains("max_age"), "{text}");
}

#[test]
fn a_job_that_something_of_the_same_name_runs_elsewhere_is_refused_while_that_is_switched_on() {
    let elsewhere = |observed: ObservedSchedules| ObservedSchedules {
        elsewhere: observed.found.into_iter().map(|(key, found)| (key, vec![found])).collect(),
        ..ObservedSchedules::default()
    };
    let known = elsewhere(observed_rule(own_tags(), vec![rule_target("nightly")], |_| {}));
    assert_eq!(
        refused(&nightly(), work(), &known),
        "schedule `nightly` would run twice: rule `nightly` also runs `web`"
    );
    let failures = compare(&nightly(), &[work()], &known, &context()).expect_err("twice");
    insta::assert_snapshot!(failures[0].hints.join("\n"), @"
    it belongs to this app: delete it (`aws events remove-targets --rule nightly --ids nightly && aws events delete-rule --name nightly`)
    or keep it with `via: rule`
    ");
    let in_default = |state: &str| {
        elsewhere(observed_schedule(|schedule| {
            schedule["GroupName"] = json!("default");
            schedule["State"] = json!(state);
        }))
    };
    for desired in [nightly(), rule()] {
        assert_eq!(
            refused(&desired, work(), &in_default("ENABLED")),
            "schedule `nightly` would run twice: schedule `default/nightly` also runs `web`"
        );
        assert_eq!(planned(&desired, work(), &in_default("DISABLED")).action, Action::Create);
        let other = ResolvedWork { family: "report".into(), ..work() };
        assert_eq!(planned(&desired, other, &in_default("ENABLED")).action, Action::Create);
    }
}
