//! Tests of `ecsail history`: past deployments and how they ended, as in ECS's own history.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::support::{MANIFEST, World, service};

fn history(world: &World) -> Vec<Value> {
    world.run(&["history", "web", "--output", "json"]).exits(0).events()
}

/// Returns a world after deploys A and B, which succeeded, and C, which ECS rolled back.
fn three_deploys() -> World {
    let world = World::with_breaker(Scenario::Steady);
    world.deploy("v2").exits(0);
    world.deploy("v3").exits(0);
    world.sandbox.set_scenario(None, Scenario::Crash);
    world.push("v4");
    world.deploy("v4").exits(3);
    world
}

#[test]
fn history_matches_that_of_ecs() {
    let world = three_deploys();
    world.sandbox.clear_requests();
    let told = history(&world);
    world.unchanged();
    let list = world.call("ListServiceDeployments", json!({"cluster": "main", "service": "web"}));
    let log = list["serviceDeployments"].as_array().expect("a list");
    assert_eq!((told.len(), log.len()), (4, 4), "the seeded one, and three deploys");
    for (told, log) in told.iter().zip(log) {
        assert_eq!(told["service_deployment"], log["serviceDeploymentArn"]);
        assert_eq!(told["status"], log["status"]);
        for (ours, theirs) in
            [("created_at", "createdAt"), ("started_at", "startedAt"), ("finished_at", "finishedAt")]
        {
            assert_eq!(told[ours], log[theirs], "{ours}");
        }
        let arn = &log["targetServiceRevisionArn"];
        let revision = &world.call("DescribeServiceRevisions", json!({"serviceRevisionArns": [arn]}))["serviceRevisions"]
            [0];
        let definition = revision["taskDefinition"].as_str().expect("an ARN");
        assert_eq!(told["revision"], definition.rsplit('/').next().expect("a name"));
        assert_eq!(told["images"][0]["digest"], revision["containerImages"][0]["imageDigest"]);
        assert_eq!(
            told["deployment"].as_str().map(|id| id.rsplit('/').next()),
            Some(arn.as_str().and_then(|arn| arn.rsplit('/').next()))
        );
    }
    let words: Vec<_> = told.iter().map(|one| (one["outcome"].as_str(), one["tag"].as_str())).collect();
    let expected = [("rolled_back", "v4"), ("succeeded", "v3"), ("succeeded", "v2"), ("succeeded", "v1")];
    assert_eq!(words, expected.map(|(outcome, tag)| (Some(outcome), Some(tag))));
    assert_eq!(told[0]["rolled_back_to"], "web:3");
    assert_eq!(told[0]["reason"], log[0]["statusReason"]);
}

#[test]
fn history_is_a_table() {
    let world = three_deploys();
    let run = world.run(&["history", "web"]).exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "web:");
    assert!(lines[1].starts_with("WHEN               OUTCOME      REVISION  TAG  TOOK"), "{}", run.stdout);
    assert!(lines[2].contains("  rolled back  web:4     v4   "), "{}", run.stdout);
    assert!(
        lines[3].starts_with("    back to web:3: Service deployment rolled back because"),
        "{}",
        run.stdout
    );
    assert!(lines[4].contains("  succeeded    web:3     v3   "), "{}", run.stdout);
    assert!(lines[4].contains("  sandbox  "), "who deployed: {}", run.stdout);
    assert_eq!(lines.len(), 7);
}

#[test]
fn it_needs_no_manifest_and_stops_at_the_limit() {
    let world = three_deploys();
    std::fs::remove_file(world.folder.dir.path().join("ecsail.yml")).expect("it is there");
    world.sandbox.clear_requests();
    let run =
        world.run(&["history", "--cluster", "main", "--service", "web", "--limit", "2", "--output", "json"]);
    assert_eq!(run.exits(0).events().len(), 2);
    assert_eq!(world.calls("DescribeTaskDefinition").len(), 2, "only what is shown");
    world.run(&["history", "web", "--cluster", "main", "--limit", "0"]).exits(2);
}

#[test]
fn more_than_a_call_takes_is_read_in_batches() {
    let world = World::new(Scenario::Steady);
    for _ in 0..45 {
        let update = json!({"cluster": "main", "service": "web", "forceNewDeployment": true});
        world.call("UpdateService", update);
    }
    world.sandbox.clear_requests();
    let run = world.run(&["history", "web", "--limit", "40", "--output", "json"]).exits(0);
    let told = run.events();
    assert_eq!(told.len(), 40);
    assert_eq!(world.calls("ListServiceDeployments").len(), 1);
    assert_eq!(world.calls("DescribeServiceDeployments").len(), 2);
    assert_eq!(world.calls("DescribeServiceRevisions").len(), 2);
    assert_eq!(world.calls("DescribeTaskDefinition").len(), 1, "one revision");
    assert_eq!(told[1]["outcome"], "superseded");
    assert_eq!(told[1]["superseded_by"], "web:1");
}

#[test]
fn deployment_in_progress_is_shown() {
    let world = World::new(Scenario::Stuck);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let told = history(&world);
    assert_eq!((&told[0]["outcome"], &told[0]["finished_at"]), (&json!("in_progress"), &Value::Null));
    world.run(&["history"]).exits(0).answers("  in progress  web:2 ");
}

#[test]
fn of_several_tags_the_one_of_the_service_is_shown() {
    let world = World::new(Scenario::Steady);
    let manifest = MANIFEST.replace("services:", "  proxy: public.ecr.aws/nginx/nginx\nservices:");
    world.folder.write("ecsail.yml", &manifest);
    world.run(&["deploy", "--tag", "app=v2", "--tag", "proxy=1.27", "--yes"]).exits(0);
    let run = world.run(&["history", "web"]).exits(0).answers("  succeeded  web:2     v2   ");
    assert!(!run.stdout.contains("proxy"), "{}", run.stdout);
    let recorded = history(&world)[0]["tag"].clone();
    assert!(recorded.as_str().is_some_and(|tag| tag == "app=v2 proxy=1.27"), "{recorded}");
    world.run(&["status", "web"]).exits(0).answers("tag app=v2 proxy=1.27");
}

#[test]
fn a_breaker_without_rollback_is_a_failure() {
    let world = World::new(Scenario::CrashBreaker);
    world.run(&["deploy", "--tag", "v2", "--on-failure", "leave"]).exits(3);
    assert_eq!(history(&world)[0]["outcome"], "failed");
}

#[test]
fn stopped_deployment_is_shown_with_its_reason() {
    let world = World::new(Scenario::Crash);
    world.deploy("v2").exits(3);
    let told = history(&world);
    assert_eq!((&told[0]["outcome"], &told[0]["rolled_back_to"]), (&json!("rolled_back"), &json!("web:1")));
    assert!(told[0]["reason"].is_string());
}

#[test]
fn redeploying_user_is_not_the_registering_user() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    world.run(&["deploy", "--tag", "v2", "--force"]).exits(0);
    let told = history(&world);
    assert_eq!((&told[0]["revision"], &told[0]["deployed_by"]), (&json!("web:2"), &Value::Null));
    assert_eq!(told[0]["registered_by"], told[1]["deployed_by"]);
    assert!(told[1]["deployed_by"].is_string());
}

#[test]
fn without_service_deployments_the_deployment_list_is_shown() {
    let world = three_deploys();
    world.sandbox.inject(Fault::on("ListServiceDeployments", FaultKind::AccessDenied).always());
    let run = world.run(&["history", "web"]).exits(0).answers("  succeeded  web:3 ");
    run.says(
        "note: only the deployments that the service lists itself are shown: ecs:ListServiceDeployments",
    );
    let told = history(&world);
    let told: Vec<_> = told.iter().filter(|event| event["event"] == "history").collect();
    assert_eq!((told.len(), &told[0]["service_deployment"]), (1, &Value::Null));
    assert_eq!(told[0]["images"][0]["image"].as_str().map(|image| image.ends_with(":v3")), Some(true));
}

#[test]
fn without_descriptions_the_list_has_less_detail() {
    let world = three_deploys();
    world.sandbox.inject(Fault::on("DescribeServiceDeployments", FaultKind::AccessDenied).always());
    let run = world.run(&["history", "web"]).exits(0).answers("  rolled back  web:4 ");
    run.says("note: the reasons and revisions of rollbacks are unknown");
}

#[test]
fn without_revisions_or_definitions_the_rest_is_shown() {
    for (operation, note) in [
        ("DescribeServiceRevisions", "revisions, images and digests are unknown"),
        ("DescribeTaskDefinition", "tags, commits and deployers are unknown"),
    ] {
        let world = three_deploys();
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
        let run = world.run(&["history", "web"]).exits(0).answers("  rolled back  ");
        assert_eq!(run.stderr.matches(note).count(), 1, "{operation}: {}", run.stderr);
    }
}

#[test]
fn a_service_that_is_not_there_has_no_history() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    let run = world.run(&["history", "wbe", "--cluster", "main"]).exits(2);
    run.says("no service named `wbe` in cluster `main`").says("did you mean `web`?");
}
