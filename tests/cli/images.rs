//! Tests of `ecsail images`: the tags that can be deployed.

use std::collections::BTreeMap;

use ecsail_sandbox::{Fault, FaultKind, Scenario, Seed, SeedRepository, SeedTag};
use serde_json::{Value, json};

use crate::support::{REPOSITORY, World, service};

fn images(world: &World) -> Vec<Value> {
    world.run(&["images", "web", "--output", "json"]).exits(0).events()
}

#[test]
fn the_newest_comes_first_and_what_runs_is_marked() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["images", "web"]).exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "shop/app in account 123456789012, us-east-1:");
    assert!(lines[1].starts_with("TAG  DIGEST        PUSHED"), "{}", run.stdout);
    let tags: Vec<&str> = lines[2..].iter().filter_map(|line| line.split("  ").next()).collect();
    assert_eq!(tags, ["v3", "v2", "v1"]);
    assert!(lines[4].contains("2023-11-14 22:13Z, ") && lines[4].ends_with("  app"), "{}", run.stdout);
    assert!(!lines[1].contains("FINDINGS"), "no scan, no column");
    world.unchanged();
}

#[test]
fn json_has_full_digests_and_containers() {
    let world = World::new(Scenario::Steady);
    let told = images(&world);
    assert_eq!(told.len(), 3);
    assert_eq!((&told[2]["tags"], &told[2]["runs"]), (&json!(["v1"]), &json!(["app"])));
    assert_eq!(told[2]["digest"], world.image("v1")["imageDigest"]);
    assert_eq!((&told[0]["runs"], &told[0]["findings"]), (&json!([]), &Value::Null));
    assert_eq!(told[0]["repository"]["name"], "shop/app");
}

#[test]
fn what_a_scan_found_is_shown_where_there_was_one() {
    let world = World::new(Scenario::Steady);
    let tag = |tag: &str, at: f64, findings: &[(&str, i64)]| SeedTag {
        tag: tag.to_owned(),
        pushed_at: Some(at),
        findings: Some(
            findings.iter().map(|(level, count)| ((*level).to_owned(), *count)).collect::<BTreeMap<_, _>>(),
        ),
        ..SeedTag::default()
    };
    let tags =
        vec![tag("v4", 1_700_000_010.0, &[("MEDIUM", 7), ("CRITICAL", 1)]), tag("v5", 1_700_000_020.0, &[])];
    let repositories = vec![SeedRepository { name: "shop/app".to_owned(), tags }];
    world.sandbox.seed(&Seed { repositories, ..Seed::default() }).expect("the seed is good");
    let run = world.run(&["images", "web"]).exits(0).answers("FINDINGS").answers("  1 critical, 7 medium\n");
    run.answers("  none\n");
    let told = images(&world);
    assert_eq!(told[1]["findings"], json!({"CRITICAL": 1, "MEDIUM": 7}));
    assert_eq!((&told[0]["findings"], &told[2]["findings"]), (&json!({}), &Value::Null));
}

#[test]
fn the_limit_hides_the_older_ones_but_not_what_runs() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["images", "web", "--limit", "1"]).exits(0);
    let run = run.answers("\nv3 ").answers("\nv1 ").answers("… and 1 older (`--limit`)\n");
    assert!(!run.stdout.contains("\nv2 "), "{}", run.stdout);
}

#[test]
fn an_image_that_lost_its_tag_still_runs() {
    let world = World::new(Scenario::Steady);
    let before = world.image("v1")["imageDigest"].clone();
    world.move_tag("v1");
    let told = images(&world);
    let runs: Vec<&Value> = told.iter().filter(|image| image["runs"] == json!(["app"])).collect();
    assert_eq!(runs.len(), 1, "{told:?}");
    assert_eq!((&runs[0]["digest"], &runs[0]["tags"]), (&before, &json!([])));
    world.run(&["images", "web"]).exits(0).answers("(no tag)");
}

#[test]
fn an_image_that_was_deleted_is_missed() {
    let world = World::new(Scenario::Steady);
    let digest = world.image("v1")["imageDigest"].clone();
    let delete = json!({"repositoryName": "shop/app", "imageIds": [{"imageDigest": digest}]});
    world.sandbox.call("ecr", "BatchDeleteImage", delete).expect("it can be deleted");
    let run = world.run(&["images", "web"]).exits(0).answers("container `app` runs ");
    run.answers("which is no longer in the repository");
    let told = images(&world);
    assert_eq!((&told[2]["gone"], &told[2]["digest"]), (&json!(true), &digest));
}

#[test]
fn images_outside_of_ecr_are_listed() {
    let mut seeded = service("web", json!({}));
    let proxy = json!({"name": "proxy", "image": "public.ecr.aws/nginx/nginx:1.27"});
    seeded.task_definition["containerDefinitions"].as_array_mut().expect("a list").push(proxy);
    let world = World::with(Scenario::Steady, &[], &[seeded]);
    let run = world.run(&["images", "web", "--cluster", "main"]).exits(0);
    let run =
        run.answers("container `proxy` runs public.ecr.aws/nginx/nginx:1.27, which is in no private ECR");
    run.answers("shop/app in account 123456789012");
    let told = world.run(&["images", "web", "--cluster", "main", "--output", "json"]).exits(0).events();
    let last = told.last().expect("a line");
    assert_eq!((&last["repository"], &last["runs"]), (&Value::Null, &json!(["proxy"])));
}

#[test]
fn without_revisions_running_images_are_matched_by_tag() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServiceRevisions", FaultKind::AccessDenied).always());
    let run = world.run(&["images", "web"]).exits(0).says("the digests that run are unknown");
    let v1 = run.stdout.lines().find(|line| line.starts_with("v1 ")).expect("a line");
    assert!(v1.ends_with("  app"), "{v1}");
}

#[test]
fn a_repository_that_may_not_be_read_is_an_error_with_a_hint() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeImages", FaultKind::AccessDenied).always());
    let run = world.run(&["images", "web"]).exits(1).says("read the images of repository `shop/app`");
    run.says("allow `ecr:DescribeImages`");
}

#[test]
fn a_throttle_is_waited_out() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeImages", FaultKind::Throttling));
    assert_eq!(images(&world).len(), 3);
}

#[test]
fn missing_repository_is_an_error() {
    let mut seeded = service("web", json!({}));
    let image = REPOSITORY.replace("shop/app", "shop/gone");
    seeded.task_definition["containerDefinitions"][0]["image"] = json!(format!("{image}:v1"));
    let world = World::with(Scenario::Steady, &[], &[seeded]);
    world.run(&["images", "web", "--cluster", "main"]).exits(1).says("RepositoryNotFoundException");
}

#[test]
fn a_repository_that_is_missing_does_not_hide_the_others() {
    let mut seeded = service("web", json!({}));
    let proxy =
        json!({"name": "proxy", "image": format!("{}:v1", REPOSITORY.replace("shop/app", "shop/gone"))});
    seeded.task_definition["containerDefinitions"].as_array_mut().expect("a list").push(proxy);
    let world = World::with(Scenario::Steady, &[], &[seeded]);
    let run = world.run(&["images", "web", "--cluster", "main"]).exits(1);
    run.says("failed to read the images of repository `shop/gone`")
        .answers("shop/app in account 123456789012");
}
