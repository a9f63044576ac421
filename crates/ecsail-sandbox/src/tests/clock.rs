//! The times that clients see under a fast wall clock: those of the wall clock.

use serde_json::{Value, json};

use super::support::{is_completed, seeded_sandbox};
use crate::clock::wall_now;
use crate::{Clock, Options, Sandbox, Scenario, Seed, SeedRepository, SeedTag};

const FAST: Clock = Clock::Wall { factor: 20.0 };
const MINUTE: f64 = 60.0;

/// Returns a sandbox that continues from `saved`, where `seconds` have passed since the save.
fn continued(mut saved: Value, seconds: i64) -> Sandbox {
    for time in ["/saved_at", "/state/reported_times/wall"] {
        let time = saved.pointer_mut(time).expect("it is saved");
        *time = json!(time.as_i64().expect("a number") - 1000 * seconds);
    }
    Sandbox::start(Options { clock: FAST, state: Some(saved), ..Options::default() }).expect("its own state")
}

fn wall() -> f64 {
    wall_now() as f64 / 1000.0
}

/// Returns a service in steady state that was deployed a minute ago.
fn deployed_a_minute_ago() -> Sandbox {
    let sandbox = seeded_sandbox(FAST, json!({}));
    sandbox.deploy("v2", Scenario::Steady);
    let sandbox = continued(sandbox.save(), 60);
    assert!(is_completed(&sandbox));
    sandbox
}

/// Returns all times in an output, in seconds, with the names of their members.
fn times(output: &Value, found: &mut Vec<(String, f64)>) {
    match output {
        Value::Array(items) => items.iter().for_each(|item| times(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                let is_time = name.ends_with("At") || name.ends_with("Timestamp") || name == "timestamp";
                match member.as_f64().filter(|_| is_time) {
                    Some(at) if at > 1e11 => found.push((name.clone(), at / 1000.0)),
                    Some(at) => found.push((name.clone(), at)),
                    None => times(member, found),
                }
            }
        }
        _ => {}
    }
}

/// Returns the outputs in which people see times.
fn outputs(sandbox: &Sandbox) -> Value {
    let tasks = sandbox.ecs("ListTasks", json!({ "cluster": "shop" }))["taskArns"].clone();
    json!([
        sandbox.web(),
        sandbox.entry(),
        sandbox.ecs("DescribeTasks", json!({ "cluster": "shop", "tasks": tasks })),
        sandbox.ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" })),
        sandbox.call("ecr", "DescribeImages", json!({ "repositoryName": "shop/app" })).expect("answers"),
    ])
}

#[test]
fn now_is_the_wall_time_of_now() {
    let sandbox = deployed_a_minute_ago();
    let (before, now, after) = (wall(), sandbox.now(), wall());
    assert!(now >= before - 1.0 && now <= after + 1.0, "{before} {now} {after}");
}

#[test]
fn nothing_is_in_the_future_and_what_happened_a_minute_ago_is_a_minute_old() {
    let sandbox = deployed_a_minute_ago();
    let outputs = outputs(&sandbox);
    let now = wall() + 1.0;
    let mut found = Vec::new();
    times(&outputs, &mut found);
    assert!(found.len() > 20, "{found:?}");
    assert_eq!(found.iter().filter(|(_, at)| *at > now).collect::<Vec<_>>(), Vec::<&(String, f64)>::new());
    let created = outputs[1]["createdAt"].as_f64().expect("a time");
    let age = now - created;
    assert!((MINUTE..2.0 * MINUTE).contains(&age), "{age}");
}

#[test]
fn durations_are_scaled() {
    let sandbox = deployed_a_minute_ago();
    let entry = sandbox.entry();
    let time = |name: &str| entry[name].as_f64().expect("a time");
    let took = time("finishedAt") - time("startedAt");
    // A rollout of two tasks takes 30 to 120 simulated seconds.
    assert!((1.5..6.0).contains(&took), "{took}");
}

#[test]
fn dates_stay_when_the_sandbox_is_saved_and_goes_on() {
    let sandbox = deployed_a_minute_ago();
    let (entry, saved) = (sandbox.entry(), sandbox.save());
    let options = Options { clock: FAST, state: Some(saved), ..Options::default() };
    let sandbox = Sandbox::start(options).expect("its own state");
    for name in ["createdAt", "startedAt", "finishedAt"] {
        assert_eq!(sandbox.entry()[name], entry[name], "{name}");
    }
}

#[test]
fn a_time_that_clients_saw_is_taken_back() {
    let sandbox = seeded_sandbox(FAST, json!({}));
    sandbox.deploy_logging(Scenario::Steady);
    let sandbox = continued(sandbox.save(), 60);
    let read = |input: Value| sandbox.logs("FilterLogEvents", input).expect("answers")["events"].clone();
    let all = read(json!({ "logGroupName": "/shop/web" }));
    let all = all.as_array().expect("events");
    let middle = &all[all.len() / 2];
    let since = read(json!({ "logGroupName": "/shop/web", "startTime": middle["timestamp"] }));
    let since: Vec<&Value> =
        since.as_array().expect("events").iter().map(|event| &event["eventId"]).collect();
    assert!(since.contains(&&middle["eventId"]) && since.len() < all.len(), "{since:?} {middle}");
    let created = sandbox.entry()["createdAt"].as_f64().expect("a time");
    let listed = |range: Value| {
        let input = json!({ "cluster": "shop", "service": "web", "createdAt": range });
        sandbox.ecs("ListServiceDeployments", input)["serviceDeployments"].as_array().map(Vec::len)
    };
    assert_eq!(listed(json!({ "after": created })), Some(1));
    assert_eq!(listed(json!({ "after": created + 1.0 })), Some(0));
}

#[test]
fn a_time_that_is_given_is_reported_as_it_was_given() {
    let sandbox = seeded_sandbox(FAST, json!({}));
    let pushed_at = wall().floor() - 3600.0;
    let tag = SeedTag { tag: "given".to_owned(), pushed_at: Some(pushed_at), ..SeedTag::default() };
    let repository = SeedRepository { name: "shop/app".to_owned(), tags: vec![tag] };
    sandbox.seed(&Seed { repositories: vec![repository], ..Seed::default() }).expect("well formed");
    let input = json!({ "repositoryName": "shop/app", "imageIds": [{ "imageTag": "given" }] });
    let image = sandbox.call("ecr", "DescribeImages", input).expect("answers")["imageDetails"][0].clone();
    assert_eq!(image["imagePushedAt"].as_f64(), Some(pushed_at));
}
