//! The lock of a stage: one command at a time changes it, no lock is taken from its holder, and every end releases it.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use ecsail::apply::stage_lock::{LockAttempt, WatchClock, try_take, unique_id};
use ecsail::aws::Aws;
use ecsail::lock::{DEFAULT_LEASE, Holder, LeaseWatch, LockKind, LockRecord};
use ecsail::settings::Settings;
use ecsail_sandbox::{Fault, FaultKind, OtherCall, Scenario};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, Run, World, service};

const STAGES: &str = "stages:
  production: { lock: { table: locks, lease: 1s } }
  staging: { region: us-east-1 }
";

fn world(scenario: Scenario) -> World {
    let manifest = format!("{MANIFEST}{STAGES}");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(scenario, &files, &[service("web", json!({}))]);
    create_table(&world);
    world
}

/// Creates the table `locks`, and clears the requests.
pub(crate) fn create_table(world: &World) {
    let table = json!({ "TableName": "locks", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }] });
    dynamodb(world, "CreateTable", table);
    dynamodb(world, "DescribeTable", json!({ "TableName": "locks" }));
    world.sandbox.clear_requests();
}

pub(crate) fn dynamodb(world: &World, operation: &str, input: Value) -> Value {
    world.sandbox.call("dynamodb", operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// Returns the attribute of the stored lock; empty without one.
fn stored(world: &World, name: &str) -> String {
    let item = dynamodb(
        world,
        "GetItem",
        json!({ "TableName": "locks", "Key": { "id": { "S": "shop/production" } } }),
    );
    item["Item"][name]["S"].as_str().unwrap_or_default().to_owned()
}

/// Returns the write by which bob's deploy has the lock.
pub(crate) fn of_bob() -> Value {
    json!({ "TableName": "locks", "Item": {
        "id": { "S": "shop/production" }, "kind": { "S": "run" }, "state": { "S": "held" },
        "owner": { "S": "b0b" }, "version": { "S": "1" }, "lease_ms": { "S": "1000" },
        "since": { "S": "2026-11-30T12:00:00Z" }, "who": { "S": "bob" }, "host": { "S": "build-7" },
        "command": { "S": "deploy" }, "clusters": { "S": "main" }, "services": { "S": "web" },
    } })
}

fn production<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--stage", "production"]].concat()
}

fn run(world: &World, arguments: &[&str]) -> Run {
    world.run(&production(arguments))
}

const DEPLOY: &[&str] = &["deploy", "--tag", "v2", "--yes"];
const AT_ONCE: &[&str] = &["--lock-timeout", "0s"];

#[test]
fn a_deploy_takes_the_lock_before_it_reads_and_gives_it_back() {
    let world = world(Scenario::Steady);
    run(&world, DEPLOY).exits(0);
    let calls: Vec<_> = world.sandbox.requests().into_iter().map(|request| request.operation).collect();
    let at = |name: &str| calls.iter().position(|call| call == name).expect(name);
    assert!(at("PutItem") < at("DescribeServices"), "{calls:?}");
    assert!(
        calls.iter().filter(|call| *call == "PutItem").count() >= 4,
        "renewed for each change: {calls:?}"
    );
    assert_eq!(stored(&world, "state"), "released");
    assert_eq!(stored(&world, "command"), "deploy");
}

#[test]
fn a_stage_without_a_lock_and_a_dry_run_take_none() {
    let world = world(Scenario::Steady);
    world.run(&["deploy", "--tag", "v2", "--stage", "staging"]).exits(0);
    run(&world, &["deploy", "--tag", "v3", "--dry-run"]).exits(0);
    run(&world, &["plan", "--tag", "v3"]).exits(0);
    assert!(world.calls("PutItem").is_empty());
}

#[test]
fn every_verb_that_changes_a_stage_is_refused_while_another_has_it() {
    let manifest = format!(
        "{MANIFEST}    before: [migrate]\ntasks:\n  migrate: {{ like: web }}\nschedule_role: scheduler\nschedules:\n  \
         nightly: {{ expression: cron(0 3 * * ? *), task: {{ like: web }} }}\n{STAGES}"
    );
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    create_table(&world);
    dynamodb(&world, "PutItem", of_bob());
    let verbs: &[&[&str]] = &[
        DEPLOY,
        &["rollback", "web", "--to", "v1", "--yes"],
        &["restart", "web", "--yes"],
        &["scale", "web", "--desired", "3", "--yes"],
        &["delete", "web", "--yes"],
        &["run", "migrate"],
        &["prune", "web", "--keep", "1", "--yes"],
        &["schedule", "enable", "nightly"],
        &["schedule", "disable", "nightly"],
        &["schedule", "prune", "--yes"],
    ];
    for verb in verbs {
        let refused = run(&world, &[verb, AT_ONCE].concat()).exits(5);
        refused.says("the lock of `shop/production` is held by bob on build-7 (deploy)");
    }
    world.unchanged();
    assert_eq!(stored(&world, "owner"), "b0b");
}

#[test]
fn cancel_works_while_a_deploy_has_the_lock() {
    let world = world(Scenario::Stuck);
    run(&world, &["deploy", "--tag", "v2", "--yes", "--no-wait"]).exits(0);
    dynamodb(&world, "PutItem", of_bob());
    world.sandbox.set_scenario(None, Scenario::Steady);
    run(&world, &["cancel", "web", "--yes", "--no-wait"]).exits(0);
    assert_eq!(stored(&world, "owner"), "b0b");
}

#[test]
fn the_lock_can_be_left_out_loudly() {
    let world = world(Scenario::Steady);
    dynamodb(&world, "PutItem", of_bob());
    run(&world, &[DEPLOY, &["--no-lock"]].concat()).exits(0).says("without its lock");
}

#[test]
fn a_lost_answer_to_the_write_that_takes_the_lock_is_no_other_holder() {
    for skipped in 0..4 {
        let world = world(Scenario::Steady);
        world.sandbox.inject(Fault::on("PutItem", FaultKind::DropAfter).after(skipped));
        run(&world, &[DEPLOY, AT_ONCE].concat()).exits(0);
        assert_eq!(stored(&world, "state"), "released", "after {skipped} writes");
    }
}

#[test]
fn no_change_is_sent_after_the_lock_is_lost() {
    let world = world(Scenario::Steady);
    let taken =
        OtherCall { service: "dynamodb".to_owned(), operation: "PutItem".to_owned(), input: of_bob() };
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", FaultKind::Followed(taken)));
    let failed = run(&world, DEPLOY);
    assert!(world.calls("UpdateService").is_empty(), "{}", failed.stderr);
    failed.exits(1).says("the lock of `shop/production` was taken by bob on build-7 (deploy)");
    assert_eq!(stored(&world, "owner"), "b0b", "the lock of another is not released");
}

#[test]
fn no_change_is_sent_once_the_lease_may_be_over() {
    let world = world(Scenario::Steady);
    let down =
        FaultKind::Code { status: 500, code: "InternalServerError".to_owned(), message: "x".to_owned() };
    world.sandbox.inject(Fault::on("PutItem", down).after(1).always());
    let late = FaultKind::Latency(Duration::from_secs(1));
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", late));
    let failed = run(&world, DEPLOY);
    assert!(world.calls("UpdateService").is_empty(), "{}", failed.stderr);
    failed.exits(1).says("could not be renewed in time");
}

/// Starts a deploy whose rollout does not end, and returns it once the service was updated.
fn rolling_out(world: &World) -> Child {
    let child = world.start(&production(DEPLOY));
    let started = Instant::now();
    while world.calls("UpdateService").iter().all(|call| call.status.is_none()) {
        assert!(started.elapsed() < Duration::from_secs(20), "it updates the service");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_lock_of_a_killed_deploy_is_taken_over_only_after_its_rollout() {
    let world = world(Scenario::Stuck);
    let mut child = rolling_out(&world);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert_eq!(stored(&world, "state"), "held");
    let owner = stored(&world, "owner");
    let waited =
        run(&world, &["restart", "web", "--yes", "--supersede", "--lock-timeout", "1400ms"]).exits(5);
    waited.says("its lease is over, but the rollout of service `web` is in progress");
    assert_eq!(stored(&world, "owner"), owner, "it is not taken over");
    run(&world, &["cancel", "web", "--yes"]);
    world.sandbox.set_scenario(None, Scenario::Steady);
    run(&world, &["restart", "web", "--yes"]).exits(0).says("taken over from ").says("no renewal for 1s");
    assert_eq!(stored(&world, "state"), "released");
}

#[test]
fn no_rollback_is_sent_after_the_lock_is_lost() {
    let world = world(Scenario::Crash);
    let operation = "PutItem".to_owned();
    let taken = OtherCall { service: "dynamodb".to_owned(), operation, input: of_bob() };
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Followed(taken)));
    let failed = run(&world, &[DEPLOY, &["--on-failure", "rollback"]].concat());
    assert_eq!(world.calls("UpdateService").len(), 1, "{}", failed.stderr);
    assert!(world.calls("StopServiceDeployment").is_empty());
    failed.exits(3).says("the lock of `shop/production` was taken by bob on build-7 (deploy)");
}

#[cfg(unix)]
#[test]
fn a_signal_releases_the_lock() {
    for signal in ["-INT", "-TERM"] {
        let world = world(Scenario::Stuck);
        let mut child = rolling_out(&world);
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.expect("`kill` is there").success());
        child.wait().expect("it ends");
        assert_eq!(stored(&world, "state"), "released", "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_before_the_first_change_releases_the_lock() {
    for signal in ["-INT", "-TERM"] {
        let world = world(Scenario::Steady);
        let slow = FaultKind::Latency(Duration::from_secs(5));
        world.sandbox.inject(Fault::on("DescribeTaskDefinition", slow).always());
        let mut child = world.start(&production(DEPLOY));
        let started = Instant::now();
        while world.calls("DescribeTaskDefinition").is_empty() {
            assert!(started.elapsed() < Duration::from_secs(20), "it reads");
            std::thread::sleep(Duration::from_millis(5));
        }
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.expect("`kill` is there").success());
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "{signal}");
        assert_eq!(stored(&world, "state"), "released", "{signal}");
    }
}

#[test]
fn a_hold_refuses_changes_until_it_is_released() {
    let world = world(Scenario::Steady);
    run(&world, &["lock", "status"]).exits(0).answers("shop/production: free");
    let held = run(&world, &["lock", "hold", "--reason", "migration", "--for", "2h"]).exits(0);
    held.answers("shop/production: on hold by ").answers(": migration").answers("until 20");
    let refused = run(&world, DEPLOY).exits(5);
    refused
        .says("`shop/production` is held until 20")
        .says(": migration")
        .says("lock release`; of others, with `--force`");
    world.unchanged();
    run(&world, &["lock", "release"]).exits(0).answers("shop/production: free; last held by ");
    run(&world, DEPLOY).exits(0);
}

#[test]
fn a_hold_that_is_over_stops_nobody() {
    let world = world(Scenario::Steady);
    let mut hold = of_bob();
    hold["Item"]["kind"] = json!({ "S": "hold" });
    hold["Item"]["until"] = json!({ "S": "1700000000" });
    dynamodb(&world, "PutItem", hold);
    run(&world, &["lock", "status"]).exits(0).answers("shop/production: free");
    run(&world, &[DEPLOY, AT_ONCE].concat()).exits(0);
}

#[test]
fn the_lock_of_another_is_released_by_force_only_and_that_is_recorded() {
    let world = world(Scenario::Steady);
    dynamodb(&world, "PutItem", of_bob());
    run(&world, &["lock", "release"]).exits(5).says("is held by bob on build-7 (deploy)");
    assert_eq!(stored(&world, "state"), "held");
    let released = run(&world, &["lock", "release", "--force", "--output", "json"]).exits(0);
    assert_eq!(released.event("lock")["state"], "free");
    assert_eq!(released.event("lock")["who"], "bob");
    let status = run(&world, &["lock", "status"]).exits(0);
    status.answers("last held by bob on build-7").answers("released by force by ");
}

#[test]
fn the_table_is_created_once_and_its_absence_is_named() {
    let manifest = format!("{MANIFEST}{STAGES}");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    run(&world, DEPLOY).exits(1).says("no DynamoDB table named `locks`").says("lock init`");
    run(&world, &["lock", "init", "--print", "terraform"]).exits(0).answers("\n  hash_key     = \"id\"\n");
    assert!(world.calls("CreateTable").is_empty());
    run(&world, &["lock", "init"]).exits(0).answers("created table `locks`");
    run(&world, &["lock", "init"]).exits(0).answers("table `locks` is there");
    run(&world, DEPLOY).exits(0);
}

#[test]
fn a_lock_needs_an_app_and_a_table() {
    let folder = crate::support::Folder::new(&[("ecsail.yml", "ecsail: 1\ncluster: main\nlock: {}\n")]);
    let run = folder.run(&["lock", "status"]).exits(1);
    run.says("a lock needs `app`").says("`lock` has no `table`");
}

#[test]
fn in_the_sandbox_the_table_is_there() {
    let manifest = format!("{MANIFEST}{STAGES}");
    let folder = crate::support::Folder::new(&[("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)]);
    let folder = folder.env("ECSAIL_SANDBOX_STEP", "5s").env("ECSAIL_POLL_INTERVAL", "2ms");
    folder.run(&["--sandbox", "lock", "hold", "--reason", "x", "--stage", "production"]).exits(0);
    folder.run(&["--sandbox", "deploy", "--tag", "v2", "--yes", "--stage", "production"]).exits(5);
}

/// Returns a record of a run that takes a lock.
fn contender(key: &str) -> LockRecord {
    LockRecord {
        key: key.to_owned(),
        kind: LockKind::Run,
        is_held: true,
        owner: unique_id(),
        version: unique_id(),
        lease: DEFAULT_LEASE,
        holder: Holder::default(),
        since: String::new(),
        until: None,
        clusters: Vec::new(),
        services: Vec::new(),
        tasks: Vec::new(),
        note: None,
    }
}

/// Takes locks one after the other, each at the same time as other threads; returns which were taken.
pub(crate) fn contend(settings: &Settings, rounds: usize, barrier: &std::sync::Barrier) -> Vec<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let aws = Aws::connect(settings, None, None).await.expect("connected");
        let table = aws.item_table("locks").expect("a table");
        let mut taken = Vec::new();
        for round in 0..rounds {
            let record = contender(&format!("shop/{round}"));
            barrier.wait();
            let clock = WatchClock::start();
            let attempt = try_take(&table, &record, &mut LeaseWatch::default(), &clock).await;
            taken.push(matches!(attempt.expect("an answer"), LockAttempt::Taken));
        }
        taken
    })
}

/// Fails unless exactly one of two threads gets each lock.
pub(crate) fn exactly_one_wins(url: &str, access_key: &str, rounds: usize) {
    let environment = [("AWS_ACCESS_KEY_ID", access_key), ("AWS_SECRET_ACCESS_KEY", "example")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings {
        endpoint_url: Some(url.to_owned()),
        region: Some("us-east-1".to_owned()),
        process_environment: environment.into_iter().collect(),
        ..Settings::default()
    };
    let barrier = std::sync::Barrier::new(2);
    let results: Vec<Vec<bool>> = std::thread::scope(|scope| {
        let threads = [0, 1].map(|_| scope.spawn(|| contend(&settings, rounds, &barrier)));
        threads.map(|thread| thread.join().expect("a thread")).into()
    });
    for round in 0..rounds {
        let winners = results.iter().filter(|taken| taken[round]).count();
        assert_eq!(winners, 1, "round {round}");
    }
}

#[test]
fn of_two_at_once_exactly_one_gets_the_lock() {
    let world = world(Scenario::Steady);
    exactly_one_wins(&world.sandbox.url(), "AKIAEXAMPLE", 200);
    assert_eq!(world.calls("PutItem").len(), 400);
}
