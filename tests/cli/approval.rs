//! Protected stages: whose approval counts, for how long, and what goes on without one.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;

use crate::lock::{create_table, dynamodb};
use crate::support::github_api::{self, GitHubApi};
use crate::support::python::{HINT, program};
use crate::support::{DEFINITION, MANIFEST, Run, World, finished, service};

const PLAN: &str = "web.plan";
const TOKEN: &str = "approval";

/// A principal of the sandbox: its access key, secret and session token.
type Person = (&'static str, &'static str, Option<&'static str>);

const ALICE: Person = ("AKIASANDBOXALICE0000", "alice-secret", None);
const BOB: Person = ("AKIASANDBOXBOB000000", "bob-secret", None);
const SESSION: (&str, Option<&str>) = ("session-secret", Some("session-token/of+the=sandbox"));
const SSO_ALICE: Person = ("ASIASANDBOXSSOALICE0", SESSION.0, SESSION.1);
const SSO_BOB: Person = ("ASIASANDBOXSSOBOB000", SESSION.0, SESSION.1);
const OPERATOR_ONE: Person = ("ASIASANDBOXOPSONE000", SESSION.0, SESSION.1);
const OPERATOR_TWO: Person = ("ASIASANDBOXOPSTWO000", SESSION.0, SESSION.1);
const CI: Person = ("ASIASANDBOXCI0000000", SESSION.0, SESSION.1);

fn world(protected: &str) -> World {
    let manifest = format!("{MANIFEST}lock: {{ table: locks }}\nprotected: {protected}\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    create_table(&world);
    world
}

/// Runs the binary as a person, with more variables.
fn run_with(world: &World, person: Person, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let (key, secret, token) = person;
    let mut command = world.folder.command(arguments);
    command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret);
    command.envs(token.map(|token| ("AWS_SESSION_TOKEN", token))).envs(variables.iter().copied());
    finished(command)
}

fn run(world: &World, person: Person, arguments: &[&str]) -> Run {
    run_with(world, person, &[], arguments)
}

fn plan(world: &World, person: Person) {
    run(world, person, &["plan", "--tag", "v2", "--out", PLAN])
        .exits(0)
        .says("have another person approve it");
}

/// Returns the token of a person who approves the file.
fn approve(world: &World, person: Person, file: &str) -> String {
    let run = run(world, person, &["approve", file]).exits(0);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    run.stdout.trim().to_owned()
}

fn apply(world: &World, person: Person, tokens: &[&str]) -> Run {
    run_with(world, person, &[("ECSAIL_APPROVALS", &tokens.join("\n"))], &["apply", PLAN])
}

#[test]
fn a_protected_stage_is_deployed_by_a_plan_that_another_person_approved() {
    let world = world("true");
    let refused = world.run(&["deploy", "--tag", "v2"]).exits(5);
    insta::assert_snapshot!(refused.stderr, @"
    error: the app is protected: it takes only plans that another person has approved
      hint: save a plan with `ecsail plan --tag v2 --out FILE`
      hint: have another person run `ecsail approve FILE`
      hint: deploy it with `ecsail apply FILE --approval-file APPROVAL`
      hint: in an emergency, give the reason with `--emergency REASON`, which is recorded
    ");
    plan(&world, ALICE);
    let refused = world.run(&["apply", PLAN]).exits(5);
    let error = refused.stderr.split_once("error: ").expect("an error").1;
    insta::assert_snapshot!(error, @"
    the app is protected: the change needs the approval of another person, and there is none
      hint: have another person run `ecsail approve web.plan`
      hint: give the output with `--approval-file FILE` or `ECSAIL_APPROVAL`, or let `--record` keep it
      hint: in an emergency, give the reason with `--emergency REASON`, which is recorded
    ");
    world.unchanged();
    let approved = run(&world, BOB, &["approve", PLAN, "--out", TOKEN]).exits(0);
    let approved =
        approved.says("web: web:1 → a new revision of `web`").says("approved as bob; good for 15 minutes");
    assert!(!approved.stderr.contains("ecsail-approval-1"), "{}", approved.stderr);
    world
        .run(&["apply", PLAN, "--approval-file", TOKEN])
        .exits(0)
        .says("approved by bob")
        .answers("web: deployed web:2");
    // What is deployed already needs no approval.
    world.run(&["apply", PLAN]).exits(0).answers("web: unchanged");
}

#[test]
fn the_own_approval_does_not_count() {
    let world = world("true");
    plan(&world, ALICE);
    run(&world, ALICE, &["approve", PLAN])
        .exits(5)
        .says("the approval of `alice` does not count: it is of who made the plan");
    let token = approve(&world, BOB, PLAN);
    apply(&world, BOB, &[&token])
        .exits(5)
        .says("the approval of `bob` does not count: it is of who runs this command");
    // Behind the role of the manifest is who assumed it.
    let with_role = self::world("true\nrole: arn:aws:iam::123456789012:role/deployer");
    plan(&with_role, ALICE);
    run(&with_role, ALICE, &["approve", PLAN]).exits(5).says("it is of who made the plan");
    plan(&world, OPERATOR_ONE);
    run(&world, OPERATOR_TWO, &["approve", PLAN]).exits(5).says("it is of who made the plan");
    world.unchanged();
}

#[test]
fn an_approval_that_is_old_forged_or_of_another_plan_does_not_count() {
    let world = world("true");
    plan(&world, ALICE);
    let other = approve(&world, BOB, PLAN);
    plan(&world, ALICE);
    let token = approve(&world, SSO_BOB, PLAN);
    let date = token.split('.').nth(3).expect("a date").to_owned();
    let old = token.replace(&date, "20260101T000000Z");
    let last = token.split('.').nth(4).expect("a signature").to_owned();
    let forged = token.replace(&last, &"0f".repeat(32));
    for (token, sentence) in [
        (&other, "an approval is of something else, or was edited"),
        (&forged, "an approval is of something else, or was edited"),
        (&old, "an approval has expired: it was good for 15 minutes, until 2026-01-01T00:15:00Z"),
        (&token.replace("ASIASANDBOXSSOBOB000", "ASIAUNKNOWN"), "AWS does not know the access key"),
        (&token.replace("us-east-1", "eu-west-1"), "an approval is of region `eu-west-1`"),
    ] {
        apply(&world, CI, &[token]).exits(5).says(sentence);
    }
    apply(&world, CI, &["https://evil.example/?Action=AssumeRole"])
        .exits(2)
        .says("has a text that is no approval");
    world.unchanged();
    apply(&world, CI, &[&other, &token]).exits(0).says("approved by bob@example.com");
}

#[test]
fn two_approvals_are_of_two_people_whom_the_manifest_names() {
    let approvers = "[\"arn:aws:iam::123456789012:user/team/bob\", \"arn:aws:sts::123456789012:assumed-role/\
                     AWSReservedSSO_Deploy_0123456789abcdef/alice@example.com\"]";
    let world = world(&format!("{{ approvals: 2, approvers: {approvers} }}"));
    plan(&world, CI);
    let bob = approve(&world, BOB, PLAN);
    run(&world, SSO_BOB, &["approve", PLAN]).exits(5).says("`approvers` does not have this identity");
    let twice = apply(&world, CI, &[&bob, &bob]).exits(5);
    let _ = twice.says("needs the approvals of 2 other people, and there is only that of bob");
    let alice = approve(&world, SSO_ALICE, PLAN);
    world.folder.write("tokens", &format!("{bob}\n{alice}\n"));
    let mut command = world.folder.command(&["apply", PLAN, "--approval-file", "-"]);
    command.stdin(std::fs::File::open(world.folder.dir.path().join("tokens")).expect("a file"));
    finished(command).exits(0).says("approved by bob, alice@example.com");
}

#[test]
fn a_recorded_approval_is_found_under_the_key_of_its_writer() {
    let world = world("true");
    plan(&world, ALICE);
    let recorded = run(&world, SSO_BOB, &["approve", PLAN, "--record"]).exits(0);
    let _ = recorded.answers("recorded the approval of bob@example.com for shop, good for 24h");
    let key = "approval/sso/AROASANDBOXSSODEPLOY0:bob@example.com/shop";
    let item = dynamodb(&world, "GetItem", json!({ "TableName": "locks", "Key": { "id": { "S": key } } }));
    assert_eq!(item["Item"]["id"]["S"], key);
    // The policy does not let anybody else write there.
    let of_others = json!({ "TableName": "locks", "Item": item["Item"] });
    let refused = world.sandbox.call("dynamodb", "PutItem", of_others).expect_err("a policy");
    assert_eq!(refused.code, "AccessDeniedException");
    run(&world, SSO_BOB, &["apply", PLAN]).exits(5).says("it is of who runs this command");
    world.run(&["apply", PLAN]).exits(0).says("approved by bob@example.com");
}

#[test]
fn a_change_without_a_plan_is_requested_approved_and_made() {
    let world = world("true");
    for verb in [
        &["scale", "web", "--desired", "0"][..],
        &["delete", "web"],
        &["rollback", "web", "--to", "v1"],
        &["prune", "web", "--keep", "1"],
    ] {
        if verb[0] == "rollback" {
            world.run(&["deploy", "--tag", "v2", "--emergency", "a test"]).exits(0);
            for _ in 0..2 {
                world.call("RegisterTaskDefinition", service("web", json!({})).task_definition);
            }
            world.sandbox.clear_requests();
        }
        world.run(verb).exits(5).says("is protected: the change needs the approval of another person");
        world.unchanged();
    }
    world.run(&["scale", "web", "--desired", "3"]).exits(0);
    let zero = ["scale", "web", "--desired", "0"];
    world.run(&[&zero[..], &["--request-approval", "zero.request"]].concat()).exits(0);
    let approved = run(&world, BOB, &["approve", "zero.request", "--out", TOKEN]).exits(0);
    let _ = approved.says("service main/web: 3 → 0 tasks (deployment ecs-svc/");
    world.run(&["delete", "web", "--approval-file", TOKEN]).exits(5).says("an approval is of something else");
    world.run(&[&zero[..], &["--approval-file", TOKEN]].concat()).exits(0).says("approved by bob");
    assert_eq!(world.service("web")["desiredCount"], 0);
}

#[test]
fn an_emergency_goes_ahead_and_is_recorded() {
    let world = world("true");
    let run =
        world.run(&["deploy", "--tag", "v2", "--emergency", "checkout is down", "--output", "json"]).exits(0);
    let expected = json!({ "event": "emergency", "command": "deploy", "reason": "checkout is down", "stage": null,
        "is_protected": true });
    assert_eq!(run.event("emergency"), expected);
    assert_eq!(world.definition("web:2").1["ecsail:emergency"], "checkout is down");
    let lock = dynamodb(&world, "GetItem", json!({ "TableName": "locks", "Key": { "id": { "S": "shop" } } }));
    assert_eq!(lock["Item"]["reason"]["S"], "emergency: checkout is down");
    let run = world.run(&["rollback", "web", "--emergency", "v2 is worse"]).exits(0);
    let run = run.says("warning: EMERGENCY: `rollback` goes ahead without approval: v2 is worse");
    let arn = world.service("web")["serviceArn"].clone();
    let tags = world.call("ListTagsForResource", json!({ "resourceArn": arn }))["tags"].to_string();
    assert!(tags.contains("v2 is worse"), "{tags} {}", run.stderr);
    world.run(&["deploy", "--tag", "v3", "--emergency", " "]).exits(2).says("a reason is needed");
}

#[test]
fn a_reviewer_of_the_github_environment_counts_as_one_approval() {
    let world = world("{ github: production }");
    plan(&world, CI);
    let api = GitHubApi::start();
    let apply = || {
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_API_URL", api.url()),
            ("GITHUB_REPOSITORY", "octo/shop"),
            ("GITHUB_RUN_ID", "42"),
            ("GITHUB_TOKEN", github_api::TOKEN),
        ];
        run_with(&world, CI, &variables, &["apply", PLAN])
    };
    apply().exits(5).says("nobody has approved environment `production` of this run");
    let (user, environments) = (json!({ "id": 7, "login": "bob" }), json!([{ "name": "production" }]));
    api.state().reviews.push(json!({ "state": "approved", "user": user, "environments": environments }));
    apply().exits(0).says("approved by bob (GitHub)");
}

#[test]
fn what_needs_no_approval_or_is_nothing_to_approve_is_refused() {
    let world = World::new(Scenario::Steady);
    world.run(&["plan", "--tag", "v2", "--out", PLAN]).exits(0);
    world.run(&["approve", PLAN]).exits(2).says("a stage that is not protected: it needs no approval");
    world.run(&["approve", "ecsail.yml"]).exits(2).says("`ecsail.yml` is not a plan");
    let request = ["scale", "web", "--desired", "0", "--request-approval", "zero.request"];
    world.run(&request).exits(2).says("`zero.request` was not written: the change needs no approval");
    world.folder.write("ecsail.yml", &format!("{MANIFEST}protected: true\n"));
    plan(&world, ALICE);
    run(&world, BOB, &["approve", PLAN, "--record"]).exits(2).says("the stage has no `lock`");
    world.unchanged();
}

#[test]
fn records_that_cannot_be_read_or_written_are_named() {
    let world = world("true");
    plan(&world, ALICE);
    world.sandbox.inject(Fault::on("Scan", FaultKind::AccessDenied).always());
    world.run(&["apply", PLAN, "--no-lock"]).exits(5).says("failed to read recorded approvals: ");
    world.sandbox.clear_faults();
    world.sandbox.inject(Fault::on("PutItem", FaultKind::AccessDenied).always());
    let refused = run(&world, BOB, &["approve", PLAN, "--record"]).exits(1);
    let _ = refused
        .says("failed to record the approval in table `locks`")
        .says("allow what `ecsail lock init --print approval-policy` prints");
    let policy = world.run(&["lock", "init", "--print", "approval-policy"]).exits(0);
    let policy: serde_json::Value = serde_json::from_str(&policy.stdout).expect("JSON");
    let effects = policy["Statement"].as_array().expect("statements").iter();
    let effects: Vec<&str> = effects.filter_map(|statement| statement["Effect"].as_str()).collect();
    assert_eq!(effects, ["Allow", "Deny", "Deny", "Deny"]);
    assert_eq!(policy["Statement"][0]["Resource"], "arn:aws:dynamodb:us-east-1:*:table/locks");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn botocore_signs_what_ecsail_signs_and_the_sandbox_takes_it() {
    let world = world("true");
    plan(&world, ALICE);
    let token = approve(&world, SSO_BOB, PLAN);
    let text = std::fs::read_to_string(world.folder.dir.path().join(PLAN)).expect("a plan");
    let digest = text.split('"').nth(5).expect("a hash");
    let mut driver = program("drive_presigned.py", &world.sandbox.url(), "AKIAEXAMPLE");
    driver.args(["--token", &token, "--plan", &format!("sha256:{digest}")]);
    let printed = crate::support::python::run(&mut driver, HINT);
    assert!(printed.contains("presigned requests: as botocore signs them"), "{printed}");
}

#[test]
fn a_protection_that_is_wrong_is_named() {
    let world = world("{ approvals: 0, approvers: [alice, 'arn:aws:iam::123456789012:role/*'] }");
    let run = world.run(&["check"]).exits(1);
    let text = format!("{}{}", run.stdout, run.stderr);
    for sentence in
        ["must be a number from 1 to 10, found `0`", "`alice` is not the ARN", "role/*` is not the ARN"]
    {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
}
