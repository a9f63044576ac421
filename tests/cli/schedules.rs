//! Tests of schedules: what they are deployed as, and the verbs `list`, `diff`, `run`, `enable`, `disable` and `prune`.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, Run, World, service};

const SCHEDULES: &str = "\
schedule_role: scheduler
schedules:
  nightly:
    expression: cron(0 3 * * ? *)
    timezone: Asia/Tokyo
    task: { like: web, command: [ bin/report ] }
  hourly:
    via: rule
    expression: rate(1 hour)
    task: { like: web }
";

/// Returns a world with the manifest, these schedules in it, and service `web` in a network.
fn world_with(schedules: &str) -> World {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "launchType": "FARGATE"});
    let manifest = format!("{MANIFEST}{schedules}");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    World::with(Scenario::Steady, &files, &[service("web", network)])
}

/// Returns a world in which tag `v2` was deployed with the schedules.
pub(crate) fn deployed() -> World {
    let world = world_with(SCHEDULES);
    world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0);
    world.sandbox.clear_requests();
    world
}

pub(crate) fn rewrite(world: &World, schedules: &str) {
    world.folder.write("ecsail.yml", &format!("{MANIFEST}{schedules}"));
}

fn put_schedules(world: &World, tag: &str) -> Run {
    world.run(&["deploy", "schedule", "--tag", tag, "--yes"])
}

fn events(world: &World, operation: &str, input: Value) -> Value {
    let answer = world.sandbox.call("events", operation, input);
    answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// Returns a schedule of the app's group, if it exists.
fn schedule(world: &World, name: &str) -> Option<Value> {
    world.sandbox.call("scheduler", "GetSchedule", json!({"Name": name, "GroupName": "shop"})).ok()
}

/// Returns the state of a rule, if it exists.
fn rule(world: &World, name: &str) -> Option<Value> {
    world.sandbox.call("events", "DescribeRule", json!({ "Name": name })).ok()
}

/// Returns the targets of a rule by their ids.
fn targets(world: &World, rule: &str) -> Vec<(String, Value)> {
    let listed = events(world, "ListTargetsByRule", json!({ "Rule": rule }));
    let targets = listed["Targets"].as_array().cloned().unwrap_or_default();
    let named = |target: Value| (target["Id"].as_str().unwrap_or_default().to_owned(), target);
    targets.into_iter().map(named).collect()
}

fn ids(world: &World, rule: &str) -> Vec<String> {
    targets(world, rule).into_iter().map(|(id, _)| id).collect()
}

pub(crate) fn add_target(world: &World, rule: &str, target: Value) {
    let answer = events(world, "PutTargets", json!({"Rule": rule, "Targets": [target]}));
    assert_eq!(answer["FailedEntryCount"], 0, "{answer}");
}

/// Returns a target that is added to a rule without ecsail.
pub(crate) fn mail() -> Value {
    json!({"Id": "mail", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:mail"})
}

/// Returns a fault that fails one entry of a successful call.
fn not_done(code: &str, message: &str) -> FaultKind {
    FaultKind::FailedEntries { ids: Vec::new(), code: code.to_owned(), message: message.to_owned() }
}

/// Returns the calls of the run that change something in EventBridge.
fn changes(world: &World) -> Vec<String> {
    let reads = ["Get", "List", "Describe"];
    let changes = |name: &str| !reads.iter().any(|read| name.starts_with(read));
    let requests = world.sandbox.requests().into_iter();
    let scheduled = requests.filter(|request| ["events", "scheduler"].contains(&request.service.as_str()));
    scheduled.map(|request| request.operation).filter(|name| changes(name)).collect()
}

/// Returns the event of a schedule in `schedule list --output json`.
fn listed(world: &World, name: &str) -> Value {
    let run = world.run(&["schedule", "list", "--output", "json"]).exits(0);
    let found = run.events().into_iter().find(|event| event["schedule"] == name);
    found.unwrap_or_else(|| panic!("no schedule `{name}` in {}", run.stdout))
}

// deploy

#[test]
fn a_deploy_creates_schedules_and_rules_with_what_the_service_runs() {
    let world = deployed();
    let nightly = schedule(&world, "nightly").expect("it is there");
    assert_eq!(nightly["ScheduleExpressionTimezone"], "Asia/Tokyo");
    assert!(
        nightly["Target"]["EcsParameters"]["TaskDefinitionArn"]
            .as_str()
            .is_some_and(|arn| arn.ends_with("/web:2"))
    );
    assert_eq!(rule(&world, "hourly").expect("it is there")["State"], "ENABLED");
    assert_eq!(ids(&world, "hourly"), ["hourly"]);
}

#[test]
fn unchanged_schedules_are_not_updated() {
    let world = deployed();
    put_schedules(&world, "v2").exits(0);
    assert_eq!(changes(&world), Vec::<String>::new());
    assert!(world.calls("RegisterTaskDefinition").is_empty());
}

#[test]
fn an_update_of_schedules_leaves_services_alone() {
    let world = deployed();
    rewrite(&world, &SCHEDULES.replace("0 3 *", "0 4 *"));
    put_schedules(&world, "v2").exits(0);
    assert_eq!(schedule(&world, "nightly").expect("it is there")["ScheduleExpression"], "cron(0 4 * * ? *)");
    assert_eq!(changes(&world), ["UpdateSchedule"]);
    assert!(world.calls("UpdateService").is_empty());
}

#[test]
fn a_schedule_that_the_manifest_disables_is_disabled() {
    let world = deployed();
    rewrite(&world, &SCHEDULES.replace("    timezone:", "    enabled: false\n    timezone:"));
    put_schedules(&world, "v2").exits(0);
    assert_eq!(schedule(&world, "nightly").expect("it is there")["State"], "DISABLED");
}

#[test]
fn a_retry_policy_is_kept_over_an_update_that_does_not_name_it() {
    let world = world_with(
        &SCHEDULES.replace("    timezone:", "    retry: { attempts: 3, max_age: 1h }\n    timezone:"),
    );
    world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0);
    rewrite(&world, &SCHEDULES.replace("0 3 *", "0 4 *"));
    put_schedules(&world, "v2").exits(0);
    let nightly = schedule(&world, "nightly").expect("it is there");
    assert_eq!(nightly["ScheduleExpression"], "cron(0 4 * * ? *)");
    assert_eq!(nightly["Target"]["RetryPolicy"]["MaximumRetryAttempts"].as_f64(), Some(3.0));
    assert_eq!(nightly["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"].as_f64(), Some(3600.0));
}

#[test]
fn a_target_of_others_on_a_rule_is_kept_over_an_update() {
    let world = deployed();
    add_target(&world, "hourly", mail());
    put_schedules(&world, "v3").exits(0);
    let found = targets(&world, "hourly");
    assert_eq!(found.len(), 2);
    let own = found.iter().find(|(id, _)| id == "hourly").map(|(_, target)| target).expect("it is there");
    assert!(
        own["EcsParameters"]["TaskDefinitionArn"].as_str().is_some_and(|arn| arn.ends_with("/web:3")),
        "{own}"
    );
}

#[test]
fn failed_target_is_an_error() {
    let world = deployed();
    let failed = not_done("LimitExceededException", "too many");
    world.sandbox.inject(Fault::on("PutTargets", failed));
    let run = put_schedules(&world, "v3").exits(1);
    run.says("put 1 of 1 targets of rule `hourly`").says("`hourly`: LimitExceededException: too many");
}

#[test]
fn group_of_another_owner_is_refused() {
    let world = world_with(SCHEDULES);
    let tags = json!([{"Key": "ecsail:app", "Value": "other"}]);
    world
        .sandbox
        .call("scheduler", "CreateScheduleGroup", json!({"Name": "shop", "Tags": tags}))
        .expect("a group");
    world.sandbox.clear_requests();
    let run = world.run(&["deploy", "--tag", "v2", "--yes"]).exits(5);
    run.says("schedule group `shop` is taken: it belongs to app `other`");
    assert_eq!(changes(&world), Vec::<String>::new());
    world.unchanged();
}

// list

#[test]
fn list_shows_state_next_runs_revision_and_tag() {
    let world = deployed();
    let nightly = listed(&world, "nightly");
    assert_eq!((&nightly["state"], &nightly["group"]), (&json!("enabled"), &json!("shop")));
    let next = nightly["next"].as_array().expect("a list");
    assert_eq!(next.len(), 3);
    assert!(
        next.iter().all(|time| time.as_str().is_some_and(|time| time.ends_with("T03:00:00+09:00"))),
        "{next:?}"
    );
    assert_eq!(
        (&nightly["runs"][0]["revision"], &nightly["runs"][0]["tag"]),
        (&json!("web:2"), &json!("v2"))
    );
    assert_eq!(nightly["drift"], json!([]));
}

#[test]
fn list_shows_no_times_for_a_rate() {
    let hourly = listed(&deployed(), "hourly");
    assert_eq!(hourly["next"], json!([]));
    assert_eq!(hourly["every"], "every hour, from when it was created");
}

#[test]
fn a_disabled_schedule_has_no_next_runs() {
    let world = deployed();
    world.run(&["schedule", "disable", "nightly"]).exits(0);
    let nightly = listed(&world, "nightly");
    assert_eq!((&nightly["state"], &nightly["next"]), (&json!("disabled"), &json!([])));
}

#[test]
fn a_schedule_whose_service_runs_another_tag_drifts() {
    let world = deployed();
    world.deploy("v3").exits(0);
    let drift = json!(["it runs tag `v2` (web:2), `web` runs `v3` (web:3)"]);
    assert_eq!(listed(&world, "nightly")["drift"], drift);
}

#[test]
fn a_schedule_that_differs_from_the_manifest_drifts() {
    let world = deployed();
    rewrite(&world, &SCHEDULES.replace("0 3 *", "0 4 *"));
    let drift = json!(["expression is `cron(0 3 * * ? *)`, `cron(0 4 * * ? *)` in the manifest"]);
    assert_eq!(listed(&world, "nightly")["drift"], drift);
}

#[test]
fn a_schedule_that_is_not_there_is_missing() {
    let world = world_with(SCHEDULES);
    assert_eq!(listed(&world, "nightly")["state"], "missing");
    world
        .run(&["schedule", "list"])
        .exits(0)
        .answers("create it with `ecsail deploy schedule nightly --tag TAG`");
}

#[test]
fn what_the_manifest_no_longer_has_is_listed_and_marked() {
    let world = deployed();
    rewrite(&world, "");
    for name in ["nightly", "hourly"] {
        assert_eq!(listed(&world, name)["in_manifest"], false, "{name}");
    }
    let named = world.run(&["schedule", "list"]).exits(0);
    named.answers("this rule is not in the manifest: remove it with `ecsail schedule prune`");
}

#[test]
fn targets_of_others_on_a_rule_are_listed() {
    let world = deployed();
    add_target(&world, "hourly", mail());
    assert_eq!(listed(&world, "hourly")["foreign"], json!(["mail"]));
}

#[test]
fn unreadable_owned_schedules_are_a_note() {
    let world = deployed();
    world.sandbox.inject(Fault::on("ListSchedules", FaultKind::AccessDenied).always());
    let run = world.run(&["schedule", "list"]).exits(0);
    run.says("schedules that the manifest no longer has are unknown").answers("nightly   enabled");
}

#[test]
fn a_name_that_is_not_known_is_no_other_schedule() {
    let world =
        world_with(&SCHEDULES.replace("    timezone:", "    name: \"{{ env.NAME }}\"\n    timezone:"));
    world.run(&["schedule", "list"]).exits(1).says("this value uses a name that is not defined");
}

// diff

#[test]
fn a_diff_exits_with_6_where_a_deploy_would_change_something() {
    let world = deployed();
    world.run(&["schedule", "diff", "--tag", "v2", "--exit-code"]).exits(0);
    world.run(&["schedule", "diff", "--tag", "v3", "--exit-code"]).exits(6);
    assert_eq!(changes(&world), Vec::<String>::new());
}

// run

/// Returns the `RunTask` call of a run.
fn run_task(world: &World) -> Value {
    let calls = world.calls("RunTask");
    assert_eq!(calls.len(), 1);
    calls[0].body.clone()
}

#[test]
fn running_a_schedule_gives_run_task_what_its_target_has() {
    let world = deployed();
    world.run(&["schedule", "run", "nightly"]).exits(0).says("nightly: web:2 ended with exit code 0 after ");
    let sent = run_task(&world);
    assert_eq!(sent["cluster"], "main");
    assert!(sent["taskDefinition"].as_str().is_some_and(|arn| arn.ends_with("/web:2")), "{sent}");
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "DISABLED"}});
    assert_eq!(sent["networkConfiguration"], network);
    assert_eq!(sent["launchType"], "FARGATE");
    let overrides = json!({"containerOverrides": [{"name": "app", "command": ["bin/report"]}]});
    assert_eq!(sent["overrides"], overrides);
    assert!(
        sent["startedBy"].as_str().is_some_and(|by| by.starts_with("ecsail-schedule-") && by.len() <= 36)
    );
}

#[test]
fn what_aws_has_is_run_and_not_what_the_manifest_says() {
    let world = deployed();
    rewrite(&world, &SCHEDULES.replace("bin/report", "bin/other"));
    world.run(&["schedule", "run", "nightly"]).exits(0);
    assert_eq!(run_task(&world)["overrides"]["containerOverrides"][0]["command"], json!(["bin/report"]));
}

#[test]
fn the_exit_code_is_the_containers() {
    let world = deployed();
    world.sandbox.set_scenario(None, Scenario::Crash);
    world.run(&["schedule", "run", "nightly"]).exits(1).says("web:2 failed with exit code 1 after ");
}

#[test]
fn a_disabled_schedule_can_be_run() {
    let world = deployed();
    world.run(&["schedule", "disable", "nightly"]).exits(0);
    world.run(&["schedule", "run", "nightly"]).exits(0).says("`nightly` is disabled: it runs now");
}

#[test]
fn of_several_targets_one_has_to_be_named() {
    let two = "\
schedule_role: scheduler
schedules:
  hourly:
    via: rule
    expression: rate(1 hour)
    targets:
      one: { task: { like: web, command: [ bin/one ] } }
      two: { task: { like: web, command: [ bin/two ] } }
";
    let world = world_with(two);
    put_schedules(&world, "v2").exits(0);
    let run = world.run(&["schedule", "run", "hourly"]).exits(2);
    run.says("has several targets").says("name one with `--target`; targets of the rule: one, two");
    world.run(&["schedule", "run", "hourly", "--target", "three"]).exits(2).says("no target `three` in");
    world.run(&["schedule", "run", "hourly", "--target", "two"]).exits(0);
    assert_eq!(run_task(&world)["overrides"]["containerOverrides"][0]["command"], json!(["bin/two"]));
}

#[test]
fn the_manifests_own_target_is_run_beside_those_of_others() {
    let world = deployed();
    add_target(&world, "hourly", mail());
    world.run(&["schedule", "run", "hourly", "--no-wait"]).exits(0);
    let refused = world.run(&["schedule", "run", "hourly", "--target", "mail"]).exits(5);
    refused.says("does not run a task: its target is `arn:aws:lambda:");
}

#[test]
fn a_family_without_a_revision_runs_its_newest_one() {
    let world = deployed();
    let (_, mut target) = targets(&world, "hourly").remove(0);
    target["EcsParameters"]["TaskDefinitionArn"] =
        "arn:aws:ecs:us-east-1:123456789012:task-definition/web".into();
    add_target(&world, "hourly", target);
    world.run(&["schedule", "run", "hourly", "--no-wait"]).exits(0);
    assert!(run_task(&world)["taskDefinition"].as_str().is_some_and(|arn| arn.ends_with("/web:2")));
}

#[test]
fn a_schedule_that_is_not_there_cannot_be_run() {
    let world = world_with(SCHEDULES);
    world.run(&["schedule", "run", "nightly"]).exits(1).says("no schedule named `nightly` in group `shop`");
    world.run(&["schedule", "run", "nigtly"]).exits(2).says("did you mean `nightly`?");
}

// enable and disable

#[test]
fn a_schedule_and_a_rule_are_switched_and_nothing_else_about_them_changes() {
    let world = deployed();
    let before = schedule(&world, "nightly").expect("it is there");
    world.run(&["schedule", "disable", "nightly", "hourly"]).exits(0).answers("hourly: disabled");
    let after = schedule(&world, "nightly").expect("it is there");
    assert_eq!(after["State"], "DISABLED");
    assert_eq!(
        (&after["Target"], &after["ScheduleExpressionTimezone"]),
        (&before["Target"], &before["ScheduleExpressionTimezone"])
    );
    assert_eq!(rule(&world, "hourly").expect("it is there")["State"], "DISABLED");
    world.run(&["schedule", "enable", "nightly", "hourly"]).exits(0).answers("nightly: enabled");
    assert_eq!(rule(&world, "hourly").expect("it is there")["State"], "ENABLED");
}

#[test]
fn enabling_an_enabled_schedule_is_unchanged() {
    let world = deployed();
    world.run(&["schedule", "enable", "nightly"]).exits(0).answers("nightly: unchanged, already enabled");
    assert_eq!(changes(&world), Vec::<String>::new());
}

#[test]
fn conflict_with_the_manifest_is_noted() {
    let world = world_with(&SCHEDULES.replace("    timezone:", "    enabled: true\n    timezone:"));
    world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0);
    let run = world.run(&["schedule", "disable", "nightly"]).exits(0);
    run.says("the manifest has `enabled: true`, so the next deploy enables it again");
}

#[test]
fn one_that_is_not_there_keeps_the_others_as_they_are() {
    let world = deployed();
    events(&world, "RemoveTargets", json!({"Rule": "hourly", "Ids": ["hourly"]}));
    events(&world, "DeleteRule", json!({"Name": "hourly"}));
    world.sandbox.clear_requests();
    world.run(&["schedule", "disable", "nightly", "hourly"]).exits(1).says("no rule named `hourly`");
    assert_eq!(changes(&world), Vec::<String>::new());
}

#[test]
fn rule_of_another_owner_is_not_changed() {
    let world = deployed();
    let arn = rule(&world, "hourly").expect("it is there")["Arn"].clone();
    let tags = json!([{"Key": "ecsail:app", "Value": "other"}]);
    events(&world, "TagResource", json!({"ResourceARN": arn, "Tags": tags}));
    world.run(&["schedule", "disable", "hourly"]).exits(5).says("rule `hourly` is owned by app `other`");
}

#[test]
fn switching_needs_a_name() {
    world_with(SCHEDULES).run(&["schedule", "disable"]).exits(2);
}

// prune

/// Returns a world with a schedule and a rule that the manifest no longer has.
fn left() -> World {
    let world = deployed();
    rewrite(&world, "");
    world
}

fn prune(world: &World) -> Run {
    world.run(&["schedule", "prune", "--yes"])
}

#[test]
fn owned_schedules_not_in_the_manifest_are_removed() {
    let world = left();
    prune(&world).exits(0).answers("2 removed, 0 kept");
    assert_eq!((schedule(&world, "nightly"), rule(&world, "hourly")), (None, None));
}

#[test]
fn what_is_in_the_manifest_stays() {
    let world = deployed();
    prune(&world).exits(0).answers("nothing to do: the manifest has every schedule that the app owns");
    assert_eq!(changes(&world), Vec::<String>::new());
}

#[test]
fn schedules_of_others_are_kept() {
    let world = left();
    let target = json!({"Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/main",
        "RoleArn": "arn:aws:iam::123456789012:role/x", "EcsParameters": {"TaskDefinitionArn": crate::prune::arn("web:2")}});
    let create = json!({"Name": "theirs", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target});
    world.sandbox.call("scheduler", "CreateSchedule", create).expect("a schedule");
    crate::prune::rule(&world, "theirs", "web:2");
    prune(&world).exits(0).answers("2 removed, 0 kept");
    assert!(rule(&world, "theirs").is_some());
    world.sandbox.call("scheduler", "GetSchedule", json!({"Name": "theirs"})).expect("it is there");
}

#[test]
fn rule_with_targets_of_others_is_kept() {
    let world = left();
    add_target(&world, "hourly", mail());
    let run = prune(&world).exits(0).says("rule `hourly` kept, without the app's targets");
    run.answers("`mail` is kept: its target is `arn:aws:lambda:");
    assert_eq!(ids(&world, "hourly"), ["mail"]);
    prune(&world).exits(0).answers("nothing to do, 1 kept");
}

#[test]
fn old_target_of_a_kept_rule_is_removed() {
    let world = deployed();
    let (_, mut target) = targets(&world, "hourly").remove(0);
    target["Id"] = "old".into();
    add_target(&world, "hourly", target);
    add_target(&world, "hourly", mail());
    prune(&world).exits(0).answers("1 removed, 0 kept").answers("`mail` is kept");
    assert_eq!(ids(&world, "hourly"), ["hourly", "mail"]);
    prune(&world).exits(0).answers("nothing to do");
}

#[test]
fn a_task_that_no_tag_names_as_the_apps_is_one_of_others() {
    let world = left();
    let (_, mut target) = targets(&world, "hourly").remove(0);
    target["Id"] = "by-hand".into();
    target["EcsParameters"]["TaskDefinitionArn"] = crate::prune::arn("web:1").into();
    add_target(&world, "hourly", target);
    prune(&world).exits(0).answers("`by-hand` is kept: it runs web:1, which has no owner tags");
    assert_eq!(ids(&world, "hourly"), ["by-hand"]);
}

#[test]
fn a_part_of_the_manifest_is_refused() {
    let world = left();
    world.run(&["schedule", "prune", "nightly", "--yes"]).exits(5).says("needs the whole manifest");
    rewrite(&world, "schedules:\n  \"{{ env.NOPE }}\": { expression: rate(1 day), task: { like: web } }\n");
    prune(&world).exits(1);
    rewrite(&world, "{% if env.NOPE %}\nschedules: {}\n{% endif %}\n");
    prune(&world).exits(1);
    assert_eq!(changes(&world), Vec::<String>::new());
}

#[test]
fn prune_requires_an_app() {
    let world = left();
    world.folder.write("ecsail.yml", &MANIFEST.replace("app: shop\n", ""));
    prune(&world).exits(5).says("the manifest has no `app`");
    assert_eq!(changes(&world), Vec::<String>::new());
}

#[test]
fn group_named_in_the_manifest_is_not_pruned() {
    let world = deployed();
    rewrite(
        &world,
        "schedules:\n  other:\n    group: shop\n    expression: rate(1 day)\n    task: { like: web }\n",
    );
    prune(&world).exits(0).says("group `shop` is not pruned");
    assert!(schedule(&world, "nightly").is_some());
    assert_eq!(rule(&world, "hourly"), None);
}

#[test]
fn prune_requires_confirmation() {
    let world = left();
    world.run(&["schedule", "prune", "--dry-run"]).exits(0).answers("dry run: nothing was changed");
    world.unattended(&["schedule", "prune"]).exits(2).says("add `--yes`");
    assert_eq!(changes(&world), Vec::<String>::new());
}

#[test]
fn a_target_that_was_not_removed_is_an_error_and_the_rest_goes() {
    let world = left();
    let failed = not_done("ManagedRuleException", "it is managed");
    world.sandbox.inject(Fault::on("RemoveTargets", failed));
    let run = prune(&world).exits(1).says("`hourly`: ManagedRuleException: it is managed");
    run.answers("1 of 2 removed, 1 could not be removed");
    assert_eq!(schedule(&world, "nightly"), None);
    assert!(rule(&world, "hourly").is_some());
}

// check

#[test]
fn check_shows_the_next_runs_without_aws() {
    let world = world_with(SCHEDULES);
    let run = world.run(&["check"]).exits(0).answers("cron(0 3 * * ? *) Asia/Tokyo");
    run.answers("every hour, from when it was created");
    let events = world.run(&["check", "--output", "json"]).exits(0).events();
    let next: Vec<&Value> = events.iter().filter(|event| event["event"] == "schedule.next").collect();
    assert_eq!(next.len(), 2);
    assert_eq!(
        (&next[0]["schedule"], next[0]["next"].as_array().map(Vec::len)),
        (&json!("nightly"), Some(3))
    );
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn check_of_all_stages_shows_each_schedule_once() {
    let stages = "stages: { staging: {}, production: { schedules: { hourly: { enabled: false } } } }\n";
    let world = world_with(&format!("{SCHEDULES}{stages}"));
    let events = world.run(&["check", "--output", "json"]).exits(0).events();
    let told = events.iter().filter(|event| event["event"] == "schedule.next");
    let told: Vec<(&Value, &Value)> = told.map(|event| (&event["schedule"], &event["stages"])).collect();
    let expected = [
        (&json!("nightly"), &json!(["staging", "production"])),
        (&json!("hourly"), &json!(["staging"])),
        (&json!("hourly"), &json!(["production"])),
    ];
    assert_eq!(told, expected);
}

// status

#[test]
fn the_status_of_all_shows_the_schedules_in_a_line_each() {
    let world = deployed();
    world.deploy("v3").exits(0);
    let run = world.run(&["status"]).exits(0);
    let line = run.stdout.lines().find(|line| line.starts_with("nightly ")).expect("a line");
    for part in
        ["enabled", "03:00 Asia/Tokyo", "web:2", "v2", "it runs tag `v2` (web:2), `web` runs `v3` (web:3)"]
    {
        assert!(line.contains(part), "`{part}` is not in {line}");
    }
}

#[test]
fn status_of_a_service_reads_no_schedules() {
    let world = deployed();
    let run = world.run(&["status", "web"]).exits(0);
    assert!(!run.stdout.contains("nightly"), "{}", run.stdout);
    assert!(world.calls("GetSchedule").is_empty());
}

#[test]
fn status_without_schedules_makes_no_more_calls() {
    let world = world_with("");
    world.run(&["status"]).exits(0);
    let services: Vec<String> = world.sandbox.requests().into_iter().map(|request| request.service).collect();
    assert!(services.iter().all(|service| service != "events" && service != "scheduler"), "{services:?}");
    let all = services.len();
    world.sandbox.clear_requests();
    world.run(&["status", "web"]).exits(0);
    assert_eq!(world.sandbox.requests().len(), all);
}

#[test]
fn a_status_without_the_right_to_schedules_is_no_failure() {
    let world = deployed();
    world.sandbox.inject(Fault::on("GetSchedule", FaultKind::AccessDenied).always());
    world.run(&["status"]).exits(0).says("note: the state of schedules is unknown").answers("web");
}

// rollback

/// Returns the revision of a schedule's target, or of the only target of a rule.
fn runs(world: &World, name: &str) -> String {
    let target = match schedule(world, name) {
        Some(schedule) => schedule["Target"].clone(),
        None => targets(world, name).remove(0).1,
    };
    let arn = target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}

const OWN: &str = "\
tasks:
  report:
    task_definition: report.yml
    run_task: { launchType: FARGATE, networkConfiguration: { awsvpcConfiguration: { subnets: [ subnet-1 ] } } }
schedule_role: scheduler
schedules:
  nightly:
    expression: cron(0 3 * * ? *)
    task: { like: web, command: [ bin/report ] }
  own:
    expression: cron(0 4 * * ? *)
    task: report
";

/// Returns a world in which two tags were deployed, with a schedule like `web` and one with a definition of its own.
fn twice() -> World {
    let world = world_with(OWN);
    world.folder.write("report.yml", &DEFINITION.replace("family: web", "family: report"));
    world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0);
    world.run(&["deploy", "--tag", "v3", "--yes"]).exits(0);
    assert_eq!((runs(&world, "nightly"), runs(&world, "own")), ("web:3".to_owned(), "report:2".to_owned()));
    world.sandbox.clear_requests();
    world
}

#[test]
fn schedules_are_rolled_back_with_the_services() {
    let world = twice();
    let run = world.run(&["rollback", "--yes"]).exits(0);
    let run = run.says("nightly: rolls back from web:3 to web:2, with `web`");
    run.says("own: rolls back from report:2 to report:1, with `web`");
    assert_eq!((runs(&world, "nightly"), runs(&world, "own")), ("web:2".to_owned(), "report:1".to_owned()));
    let nightly = schedule(&world, "nightly").expect("it is there");
    assert!(
        nightly["Target"]["Input"].as_str().is_some_and(|input| input.contains("bin/report")),
        "{nightly}"
    );
    let operations: Vec<String> =
        world.sandbox.requests().into_iter().map(|request| request.operation).collect();
    let position = |name: &str| operations.iter().position(|operation| operation == name);
    assert!(position("UpdateService") < position("UpdateSchedule"), "{operations:?}");
}

#[test]
fn rollback_of_one_service_includes_only_its_schedules() {
    let world = twice();
    world.run(&["rollback", "web", "--yes"]).exits(0);
    assert_eq!((runs(&world, "nightly"), runs(&world, "own")), ("web:2".to_owned(), "report:2".to_owned()));
}

#[test]
fn schedules_can_be_left_and_a_dry_run_leaves_them() {
    for arguments in [&["rollback", "--yes", "--no-schedules"][..], &["rollback", "--dry-run"]] {
        let world = twice();
        world.run(arguments).exits(0);
        assert_eq!(runs(&world, "nightly"), "web:3", "{arguments:?}");
    }
}

#[test]
fn schedules_stay_where_the_services_are_not_back() {
    let world = twice();
    world.sandbox.set_scenario(None, Scenario::Stuck);
    world
        .run(&["rollback", "--yes", "--timeout", "300ms"])
        .exits(4)
        .says("are not rolled back: not all services were rolled back");
    assert_eq!((runs(&world, "nightly"), runs(&world, "own")), ("web:3".to_owned(), "report:2".to_owned()));
}

#[test]
fn schedule_without_older_revision_is_not_rolled_back() {
    let world = twice();
    world.call("DeregisterTaskDefinition", json!({"taskDefinition": "report:1"}));
    let run = world.run(&["rollback", "--yes"]).exits(0);
    run.says("schedule `own` is not rolled back from report:2: no older revision of `report` is of the same release as web:2");
    assert_eq!((runs(&world, "nightly"), runs(&world, "own")), ("web:2".to_owned(), "report:2".to_owned()));
}

#[test]
fn a_schedule_of_another_release_stays() {
    let world = twice();
    world.deploy("v1").exits(0);
    world.run(&["rollback", "--yes"]).exits(0);
    assert_eq!((runs(&world, "nightly"), runs(&world, "own")), ("web:3".to_owned(), "report:2".to_owned()));
}

#[test]
fn a_rollback_works_without_the_right_to_schedules() {
    let world = twice();
    world.sandbox.inject(Fault::on("GetSchedule", FaultKind::AccessDenied).always());
    let run = world.run(&["rollback", "--yes"]).exits(0).says("note: the schedules are not rolled back: ");
    run.answers("web: ");
    assert_eq!(runs_of_service(&world), "web:2");
}

fn runs_of_service(world: &World) -> String {
    let arn = world.service("web")["taskDefinition"].clone();
    arn.as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned()
}

#[test]
fn rollback_without_schedules_makes_no_eventbridge_calls() {
    let world = world_with("");
    world.deploy("v2").exits(0);
    world.sandbox.clear_requests();
    world.run(&["rollback", "--yes"]).exits(0);
    let services: Vec<String> = world.sandbox.requests().into_iter().map(|request| request.service).collect();
    assert!(services.iter().all(|service| service != "events" && service != "scheduler"), "{services:?}");
}

#[test]
fn failed_rollback_of_a_schedule_is_an_error() {
    let world = twice();
    world.sandbox.inject(Fault::on("UpdateSchedule", FaultKind::AccessDenied).always());
    world.run(&["rollback", "--yes"]).exits(1).says("failed to update schedule `nightly`");
    assert_eq!(runs_of_service(&world), "web:2");
}
