//! Checks the output of `--output json` against the schema of `ecsail schema events`, for every verb.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::prune::{register, rule, schedule};
use crate::schedules::{add_target, deployed, mail, rewrite};
use crate::support::{DEFINITION, Folder, MANIFEST, Run, World, behind_target_group, service, with_port_80};

fn schema() -> Value {
    let run = Folder::new(&[]).run(&["schema", "events"]).exits(0);
    serde_json::from_str(&run.stdout).expect("JSON")
}

/// The schema, and the names of the events that were checked against it.
struct Checked {
    schema: Value,
    all: Validator,
    seen: BTreeSet<String>,
}

impl Checked {
    fn new() -> Checked {
        let schema = schema();
        jsonschema::meta::validate(&schema).expect("a schema");
        Checked { all: jsonschema::validator_for(&schema).expect("a schema"), schema, seen: BTreeSet::new() }
    }

    /// Fails unless each line matches the schema; returns the events.
    #[track_caller]
    fn lines(&mut self, stdout: &str) -> Vec<Value> {
        assert!(!stdout.is_empty(), "something is printed");
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let events: Vec<Value> = stdout.lines().map(parse).collect();
        for event in &events {
            let name = event["event"].as_str().expect("each line names its event").to_owned();
            assert!(self.all.is_valid(event), "{}\n{event:#}", self.why(&name, event));
            self.seen.insert(name);
        }
        events
    }

    /// Returns the violations of the definition of one event. The whole schema would only report that no event matches.
    fn why(&self, name: &str, event: &Value) -> String {
        let mut one = self.schema.clone();
        one.as_object_mut().expect("an object").remove("oneOf");
        one["$ref"] = json!(format!("#/$defs/{name}"));
        let validator = jsonschema::validator_for(&one).expect("a schema");
        validator.iter_errors(event).map(|error| format!("{}: {error}\n", error.instance_path())).collect()
    }

    #[track_caller]
    fn run(&mut self, run: Run, code: i32) -> Vec<Value> {
        let run = run.exits(code);
        assert_eq!(run.stderr, "");
        self.lines(&run.stdout)
    }
}

/// Fails unless each line of a run matches the schema.
#[track_caller]
pub(crate) fn all_as_the_schema_says(stdout: &str) {
    Checked::new().lines(stdout);
}

fn in_json(world: &World, arguments: &[&str]) -> Run {
    world.run(&[arguments, &["--output", "json"]].concat())
}

/// Returns the end of the only rollout.
fn settled(events: &[Value]) -> &Value {
    events.iter().find(|event| event["event"] == "rollout.settled").expect("the rollout has an end")
}

#[test]
fn rollout_end_events_match_the_schema() {
    let mut checked = Checked::new();
    let deploy: &[&str] = &["deploy", "--tag", "v2"];
    for (scenario, code, verdict) in [
        (Scenario::Steady, 0, "succeeded"),
        (Scenario::Crash, 3, "rolled_back"),
        (Scenario::Alarm, 3, "rolled_back"),
        (Scenario::RollbackNewId, 3, "rolled_back"),
    ] {
        let events = checked.run(in_json(&World::with_breaker(scenario), deploy), code);
        assert_eq!(settled(&events)["verdict"], verdict, "{scenario:?}");
    }
    // With the breaker on, ECS has rolled back by the time the second start fails.
    let events = checked.run(in_json(&World::new(Scenario::NoImage), deploy), 3);
    assert_eq!(settled(&events)["verdict"], "stuck");
    let events = checked.run(in_json(&World::new(Scenario::CrashBreaker), deploy), 3);
    assert!(settled(&events)["verdict"].is_string(), "{events:?}");
    let world = World::new(Scenario::Steady);
    let events = checked.run(in_json(&world, &["deploy", "--tag", "v2", "--until", "scale-up"]), 0);
    assert_eq!(settled(&events)["verdict"], "reached");
}

#[test]
fn diagnosis_events_match_the_schema() {
    let mut checked = Checked::new();
    let events = checked.run(in_json(&World::with_breaker(Scenario::Crash), &["deploy", "--tag", "v2"]), 3);
    let diagnosis = &settled(&events)["diagnosis"];
    assert_eq!(diagnosis["containers"][0]["exit_code"], 1);
    assert_eq!(diagnosis["causes"][0]["cause"], "the program exited with an error");
    let mut members = behind_target_group();
    members["deploymentConfiguration"] =
        json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    let (seeded, definition) = with_port_80(members);
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Unhealthy, &files, &[seeded]);
    let events = checked.run(in_json(&world, &["deploy", "--tag", "v2"]), 3);
    assert!(settled(&events)["diagnosis"]["failed_tasks"].is_number());
}

#[test]
fn rollback_events_match_the_schema() {
    let mut checked = Checked::new();
    let world = World::new(Scenario::Steady);
    checked.run(in_json(&world, &["deploy", "--tag", "v2"]), 0);
    world.sandbox.set_scenario(None, Scenario::Stuck);
    let arguments = ["deploy", "--tag", "v3", "--timeout", "400ms", "--on-timeout", "rollback"];
    let run = in_json(&world, &arguments);
    let events = checked.lines(&run.stdout);
    assert!(checked.seen.contains("rollout.rollback_started"), "{}", run.stdout);
    assert_eq!(settled(&events)["aftermath"]["action"], "taken_back");
    let world = World::new(Scenario::Stuck);
    let arguments = ["deploy", "--tag", "v2", "--timeout", "300ms", "--on-timeout", "leave"];
    let events = checked.run(in_json(&world, &arguments), 4);
    assert_eq!(settled(&events)["outcome"], "timed_out");
}

#[test]
fn superseded_events_match_the_schema() {
    let mut checked = Checked::new();
    let world = World::new(Scenario::Slow);
    let mut child = world.start(&["deploy", "--tag", "v2", "--output", "json"]);
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut printed = String::new();
    while !printed.contains("rollout.progress") {
        assert_ne!(stdout.read_line(&mut printed).expect("text"), 0, "{printed}");
    }
    let other =
        json!({"cluster": "main", "service": "web", "taskDefinition": "web:1", "forceNewDeployment": true});
    world.call("UpdateService", other);
    while stdout.read_line(&mut printed).expect("text") > 0 {}
    assert_eq!(child.wait().expect("ends").code(), Some(3));
    assert_eq!(settled(&checked.lines(&printed))["verdict"], "superseded");
}

#[test]
fn error_events_match_the_schema() {
    let mut checked = Checked::new();
    let world = World::new(Scenario::Slow);
    checked.run(in_json(&world, &["deploy", "--tag", "v2", "--no-wait"]), 0);
    let refused = checked.run(in_json(&world, &["deploy", "--tag", "v3"]), 5);
    assert_eq!(refused.last().expect("a line")["kind"], "refused");
    checked.run(in_json(&world, &["deploy", "--tag", "v9"]), 1);
    checked.run(in_json(&world, &["deploy", "service", "nope", "--tag", "v2"]), 2);
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::AccessDenied).always());
    let events = checked.run(in_json(&world, &["deploy", "--tag", "v2"]), 1);
    assert_eq!(settled(&events)["outcome"], "failed");
    assert!(settled(&events)["error"].is_string());
    assert!(checked.seen.contains("started") && checked.seen.contains("error"));
}

#[test]
fn plan_document_and_status_events_match_the_schema() {
    let mut checked = Checked::new();
    let world = World::with_breaker(Scenario::Steady);
    for arguments in [
        &["plan", "--tag", "v2"][..],
        &["plan", "--tag", "v1"],
        &["plan", "--tag", "v2", "--stage", "", "-q"],
        &["deploy", "--tag", "v2", "--dry-run"],
        &["render", "--tag", "v2"],
        &["status"],
        &["deploy", "--tag", "v1"],
        &["deploy", "--tag", "v1", "--force"],
        &["wait"],
        &["check"],
    ] {
        checked.run(in_json(&world, arguments), 0);
    }
    checked.run(in_json(&world, &["status", "nope", "--cluster", "main"]), 1);
    checked.run(in_json(&world, &["wait", "nope", "--cluster", "main"]), 2);
    world.move_tag("v1");
    checked.run(in_json(&world, &["deploy", "--tag", "v1"]), 0);
    let moved = checked.run(in_json(&world, &["plan", "--tag", "v1"]), 0);
    assert_eq!(moved[0]["event"], "plan");
}

#[test]
fn operator_events_match_the_schema() {
    let mut checked = Checked::new();
    let (mut seeded, _) = with_port_80(behind_target_group());
    let proxy = json!({"name": "proxy", "image": "public.ecr.aws/nginx/nginx:1.27"});
    seeded.task_definition["containerDefinitions"].as_array_mut().expect("a list").push(proxy);
    let world = World::with(Scenario::Crash, &[], &[seeded]);
    let verbs: &[&[&str]] = &[&["status"], &["history"], &["tasks"], &["tasks", "--stopped"], &["images"]];
    let arguments = ["deploy", "service", "web", "--cluster", "main", "--tag", "app=v2", "--no-wait"];
    checked.run(in_json(&world, &arguments), 0);
    for _ in 0..12 {
        checked.run(in_json(&world, &["status", "--cluster", "main"]), 0);
    }
    for verb in verbs {
        checked.run(in_json(&world, &[verb, &["--cluster", "main"][..]].concat()), 0);
    }
    for name in ["status", "history", "task", "image"] {
        assert!(checked.seen.contains(name), "{name}");
    }
}

#[test]
fn task_and_scale_events_match_the_schema() {
    let mut checked = Checked::new();
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs",
        "options": {"awslogs-group": "/shop/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}});
    let world = World::with(Scenario::Steady, &[], &[seeded]);
    let place = ["--cluster", "main", "web"];
    let run = |arguments: &[&str]| in_json(&world, &[arguments, &place].concat());
    checked.run(run(&["logs", "--since", "2026-01-01T00:00:00Z"]), 0);
    let lines = checked.run(run(&["logs", "--since", "2025-12-31T23:50:00Z"]), 0);
    checked.run(run(&["exec"]), 1);
    checked.run(run(&["scale", "--desired", "3", "--yes"]), 0);
    checked.run(run(&["scale", "--suspend", "--yes"]), 1);
    let target = json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web", "MinCapacity": 1, "MaxCapacity": 4,
        "ScalableDimension": "ecs:service:DesiredCount"});
    let scaling = |operation, input| world.sandbox.call("application-autoscaling", operation, input);
    scaling("RegisterScalableTarget", target).expect("a good range");
    checked.run(run(&["scale", "--suspend", "--yes"]), 0);
    checked.run(run(&["scale", "--desired", "2", "--yes", "--no-wait"]), 0);
    let task = lines[0]["task"].as_str().expect("an id");
    let stopped = in_json(&world, &["stop-task", "--cluster", "main", "--service", "web", task, "--yes"]);
    checked.run(stopped, 0);
    for name in ["log", "stopping", "scaled", "note"] {
        assert!(checked.seen.contains(name), "{name}: {:?}", checked.seen);
    }
}

#[test]
fn problem_events_match_the_schema() {
    let mut checked = Checked::new();
    let odd = format!("{DEFINITION}    cpux: 1\n");
    let files = [("ecsail.yml", MANIFEST), ("web.yml", odd.as_str()), ("alone.yml", "family: [")];
    let folder = Folder::new(&files);
    let events = checked.run(folder.run(&["check", "--output", "json"]), 1);
    assert_eq!(events[0]["problems"][0]["line"], 10);
    checked.run(folder.run(&["check", "--definition", "alone.yml", "--output", "json"]), 1);
    let noted = DEFINITION.replace("image: {{ image.app }}", "image: nginx");
    let folder = Folder::new(&[
        ("ecsail.yml", MANIFEST),
        ("web.yml", &noted),
        (
            "alone.json",
            r#"{"family": "a", "revision": 3, "containerDefinitions": [{"name": "a", "image": "b", "memory": 9}]}"#,
        ),
    ]);
    checked.run(folder.run(&["check", "--output", "json"]), 0);
    checked.run(folder.run(&["check", "--definition", "alone.json", "--output", "json"]), 0);
    assert!(checked.seen.contains("remark"), "{:?}", checked.seen);
}

#[test]
fn offline_events_match_the_schema() {
    let mut checked = Checked::new();
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]);
    for arguments in [
        &["explain"][..],
        &["explain", "fargate-cpu-memory"],
        &["completions", "bash"],
        &["schema", "manifest"],
        &["schema", "events"],
        &["iam-policy", "--account", "123456789012"],
        &["sandbox", "scenarios"],
        &["sandbox", "reset"],
    ] {
        checked.run(folder.run(&[arguments, &["--output", "json"]].concat()), 0);
    }
    checked.run(folder.run(&["explain", "nope", "--output", "json"]), 2);
    let events = checked.run(folder.run(&["plan", "--tag", "v2", "--sandbox", "--output", "json"]), 0);
    assert_eq!(events[0]["sandbox"], true);
}

#[cfg(unix)]
#[test]
fn serving_event_matches_the_schema() {
    let folder = Folder::new(&[]);
    let mut command = folder.command(&["sandbox", "serve", "--output", "json"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("the binary runs");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut printed = String::new();
    while !printed.contains("until interrupted") {
        assert_ne!(stdout.read_line(&mut printed).expect("text"), 0, "{printed}");
    }
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("`kill` is there").success());
    child.wait().expect("ends");
    let mut checked = Checked::new();
    checked.lines(&printed);
    assert!(checked.seen.contains("serving"));
}

#[test]
fn invalid_command_line_is_an_error_event() {
    let mut checked = Checked::new();
    let folder = Folder::new(&[]);
    for arguments in [
        &["--output", "json", "nope"][..],
        &["--output=json"],
        &["deploy", "--output", "json", "--timeout", "soon"],
        &["deplo", "--output", "json"],
        &["completions", "--output", "json"],
    ] {
        let events = checked.run(folder.run(arguments), 2);
        assert_eq!((events.len(), &events[0]["kind"]), (1, &json!("usage")), "{arguments:?}");
        assert!(!events[0]["message"].as_str().expect("a text").contains("error:"), "{events:?}");
    }
    let typo = checked.run(folder.run(&["deplo", "--output", "json"]), 2);
    assert_eq!(typo[0]["message"], "no command named `deplo`");
    assert_eq!(typo[0]["hints"][0], "use `ecsail deploy`");
}

#[test]
fn help_and_other_outputs_stay_text() {
    let folder = Folder::new(&[]);
    folder.run(&["--output", "json", "--help"]).exits(0).answers("Usage: ecsail");
    folder.run(&["--version", "--output", "json"]).exits(0).answers("ecsail ");
    folder.run(&["nope", "--output", "text"]).exits(2).says("error: no command named `nope`");
    let literal = folder.run(&["nope", "--", "--output", "json"]).exits(2);
    assert_eq!(literal.stdout, "");
}

/// Returns every object of the schema that has members, with its path.
fn objects(value: &Value, place: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            if members.contains_key("properties") {
                found.push((place.to_owned(), value.clone()));
            }
            members.iter().for_each(|(name, member)| objects(member, &format!("{place}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| objects(item, &format!("{place}/{n}"), found));
        }
        _ => {}
    }
}

#[test]
fn schema_objects_are_closed() {
    let mut found = Vec::new();
    objects(&schema(), "", &mut found);
    assert!(found.len() > 40, "{}", found.len());
    for (place, object) in found {
        let closed = object["additionalProperties"] == false || object["unevaluatedProperties"] == false;
        // A schema without a type is part of an object, which is closed itself.
        assert!(closed || object.get("type").is_none(), "{place} is open");
    }
}

#[test]
fn undocumented_line_is_rejected() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let world = World::with_breaker(Scenario::Crash);
    let events = in_json(&world, &["deploy", "--tag", "v2"]).exits(3).events();
    assert!(!validator.is_valid(&json!({"event": "nope"})), "an unknown event");
    assert!(!validator.is_valid(&json!({"message": "no event"})));
    for event in &events {
        assert!(validator.is_valid(event), "{event}");
        for place in places(event, "") {
            let mut more = event.clone();
            more.pointer_mut(&place).expect("an object is there")["nope"] = json!(1);
            // The values in a plan are ECS's own and can be anything.
            let free =
                event["event"] == "plan" && ["/before", "/after"].iter().any(|end| place.ends_with(end));
            assert!(free || !validator.is_valid(&more), "`nope` is taken at `{place}` of {event}");
        }
        for name in event.as_object().expect("an object").keys() {
            let optional = ["sandbox", "stage", "traffic", "hook", "aftermath", "diagnosis"];
            let mut less = event.clone();
            less.as_object_mut().expect("an object").remove(name);
            assert_eq!(
                validator.is_valid(&less),
                optional.contains(&name.as_str()),
                "without `{name}`: {event}"
            );
        }
    }
}

/// Returns the paths of all objects in a value.
fn places(value: &Value, at: &str) -> Vec<String> {
    let within = |children: Vec<(String, &Value)>| -> Vec<String> {
        children.iter().flat_map(|(name, child)| places(child, &format!("{at}/{name}"))).collect()
    };
    match value {
        Value::Object(members) => {
            let inner = within(members.iter().map(|(name, child)| (name.clone(), child)).collect());
            [vec![at.to_owned()], inner].concat()
        }
        Value::Array(items) => {
            within(items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect())
        }
        _ => Vec::new(),
    }
}

/// Returns the events that the source defines, each with the type of its fields.
fn events_of_the_source() -> BTreeMap<String, String> {
    let source = include_str!("../../src/events/mod.rs");
    let list = source.split("json_events! {").nth(1).expect("the list of the events");
    let list = list.split('}').next().expect("its end");
    let event = |line: &str| {
        let (name, event) = line.trim().strip_suffix(',')?.split_once(" => ")?;
        Some((name.trim_matches('"').to_owned(), event.to_owned()))
    };
    list.lines().filter_map(event).collect()
}

/// Calls `read` with the text of every source file outside of `src/events`.
fn each_source(folder: &Path, read: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("src/events") && !path.ends_with("src/sandbox") {
            each_source(&path, read);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            read(&path, &std::fs::read_to_string(&path).expect("text"));
        }
    }
}

#[test]
fn every_event_is_made_somewhere_and_none_is_pasted_together() {
    let events = events_of_the_source();
    assert!(events.len() > 40, "{events:?}");
    let mut unused: BTreeSet<String> = events.values().cloned().collect();
    each_source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, text| {
        let made = |event: &String| {
            let uses = text.matches(&format!("JsonEvent::{event}(")).count();
            uses > text.matches(&format!("JsonEvent::{event}(_)")).count()
        };
        unused.retain(|event| !made(event));
        assert!(!text.contains("\"event\":"), "an event is pasted together in {}", path.display());
    });
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn revision_and_prune_events_match_the_schema() {
    let mut checked = Checked::new();
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 5);
    rule(&world, "hourly", "web:2");
    schedule(&world, "nightly", "web:3");
    checked.run(in_json(&world, &["revisions", "web"]), 0);
    checked.run(in_json(&world, &["prune", "web", "--keep", "1", "--dry-run"]), 0);
    checked.run(in_json(&world, &["prune", "web", "--keep", "1", "--delete", "--yes"]), 0);
    checked.run(in_json(&world, &["prune", "web", "--keep", "1", "--yes"]), 0);
    checked.run(in_json(&world, &["man", "prune"]), 0);
    let expected = ["deleted", "deregistered", "man", "prune", "prune.revision", "revision"];
    assert_eq!(checked.seen.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn schedule_events_match_the_schema() {
    let mut checked = Checked::new();
    let world = deployed();
    checked.run(in_json(&world, &["check"]), 0);
    checked.run(in_json(&world, &["schedule", "list"]), 0);
    checked.run(in_json(&world, &["status"]), 0);
    checked.run(in_json(&world, &["schedule", "disable", "nightly"]), 0);
    checked.run(in_json(&world, &["schedule", "run", "nightly"]), 0);
    checked.run(in_json(&world, &["deploy", "--tag", "v3", "--yes"]), 0);
    checked.run(in_json(&world, &["rollback", "--yes"]), 0);
    add_target(&world, "hourly", mail());
    rewrite(&world, "");
    checked.run(in_json(&world, &["schedule", "list"]), 0);
    checked.run(in_json(&world, &["schedule", "prune", "--yes"]), 0);
    for name in [
        "schedule",
        "schedule.applied",
        "schedule.next",
        "schedule.prune",
        "schedule.pruned",
        "schedule.rollback",
        "schedule.switched",
    ] {
        assert!(checked.seen.contains(name), "no event `{name}`");
    }
}

#[test]
fn events_of_locks_and_messages_match_the_schema() {
    let mut checked = Checked::new();
    let world = World::new(Scenario::Steady);
    let notify = "notify: [{ slack: { env: HOOK } }, { webhook: { ssm: /hook }, on: [failed] }]";
    world.folder.write("ecsail.yml", &format!("{MANIFEST}lock: {{ table: locks }}\n{notify}\n"));
    checked.run(in_json(&world, &["lock", "init", "--print", "terraform"]), 0);
    checked.run(in_json(&world, &["lock", "init"]), 0);
    checked.run(in_json(&world, &["lock", "status"]), 0);
    checked.run(in_json(&world, &["lock", "hold", "--reason", "migration", "--for", "2h"]), 0);
    checked.run(in_json(&world, &["lock", "release"]), 0);
    checked.run(in_json(&world, &["notify", "--dry-run"]), 0);
    assert_eq!(checked.seen.iter().collect::<Vec<_>>(), ["lock", "lock.table", "note", "notification"]);
}

#[test]
fn every_event_of_the_source_has_a_definition_and_no_other_has() {
    let schema = schema();
    let branches = schema["oneOf"].as_array().expect("a list").iter();
    let name = |branch: &Value| branch["$ref"].as_str().expect("a reference").replace("#/$defs/", "");
    let defined: BTreeSet<String> = branches.map(name).collect();
    for name in &defined {
        assert_eq!(schema["$defs"][name]["properties"]["event"]["const"], name.as_str());
    }
    let names: BTreeSet<String> = events_of_the_source().into_keys().collect();
    assert_eq!(names, defined);
}

/// Fails unless a file is what the code generates; writes it where `ECSAIL_UPDATE_DOCS` is 1.
#[track_caller]
fn is_generated(path: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if crate::docs::updating() {
        std::fs::write(&path, generated).expect("the file can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "generate it with `ECSAIL_UPDATE_DOCS=1 cargo test --test cli reference`";
    assert!(written == generated, "{} is not what the code generates: {hint}", path.display());
}

#[test]
fn the_reference_of_the_events_is_current() {
    is_generated("docs/reference/events.md", &ecsail::events::reference::markdown());
}

#[test]
fn the_schema_in_the_reference_is_current() {
    let schema = serde_json::to_string_pretty(&ecsail::events::schema::schema()).expect("JSON");
    is_generated("docs/reference/events.schema.json", &format!("{schema}\n"));
}
