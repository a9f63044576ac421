//! `schedule enable`, `disable`, `list`, `prune` and `run` against MiniStack and moto, through the binary; boto3 reads
//! the result.
//!
//! Ignored in a plain `cargo test`, as all conformance tests.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::conformance_schedules::{MANIFEST, PAIR, deploy, on_both, revision, states, targets};
use crate::support::DEFINITION;
use crate::support::emulator::Emulator;

/// A rule, for the end of the manifest.
const WEEKLY: &str = "
  weekly: { via: rule, expression: rate(7 days), task: { like: web, command: [ sweep ] } }
";

/// The log group of the container of [`DEFINITION`].
const LOGS: &str = "    logConfiguration:
      logDriver: awslogs
      options:
        awslogs-group: /ecs/web
        awslogs-region: us-east-1
        awslogs-stream-prefix: web
        awslogs-create-group: 'true'
";

const BOTH: [&str; 2] = ["nightly", "hourly"];

/// Returns everything but the states of schedules and rules, and the times of their changes.
fn but_states(mut there: Value) -> Value {
    for kind in ["schedules", "rules"] {
        for entry in there[kind].as_object_mut().expect("by name").values_mut() {
            let members = entry.as_object_mut().expect("members");
            // The metadata of an answer is different each time.
            for name in ["State", "LastModificationDate", "ResponseMetadata"] {
                members.remove(name);
            }
        }
    }
    there
}

/// Returns the manifest with an addition at its end.
fn with(part: &str) -> String {
    format!("{}{part}", MANIFEST.trim_end())
}

/// Runs a verb on both schedules, and returns what it changed.
fn switch(emulator: &Emulator, verb: &str) -> Vec<String> {
    let (run, changes) = emulator.changes(&[&["schedule", verb], &BOTH[..]].concat());
    run.exits(0);
    changes
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn disable_and_enable_change_only_the_state() {
    on_both(|emulator| {
        deploy(emulator, "v2");
        for name in BOTH {
            emulator.other_client(&["fill", name]);
        }
        emulator.other_client(&["foreign", "hourly"]);
        let before = emulator.look();
        assert_eq!(before["schedules"]["nightly"]["Description"], "by hand");
        for (verb, call, state) in
            [("disable", "DisableRule", "DISABLED"), ("enable", "EnableRule", "ENABLED")]
        {
            assert_eq!(switch(emulator, verb), [call, "PUT /schedules/nightly"]);
            let after = emulator.look();
            assert_eq!(states(&after), [state; 2], "{}", emulator.kind);
            assert_eq!(but_states(after), but_states(before.clone()), "{}", emulator.kind);
            assert_eq!(switch(emulator, verb), [""; 0], "it is so already");
        }
    });
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn disabled_schedule_stays_disabled_after_a_deploy() {
    on_both(|emulator| {
        deploy(emulator, "v2");
        switch(emulator, "disable");
        emulator.is_unchanged(&["schedule", "--tag", "v2"]);
        deploy(emulator, "v3");
        let state = emulator.look();
        assert_eq!(states(&state), ["DISABLED"; 2]);
        assert_eq!(targets(&state).map(revision), ["web:3"; 2]);
    });
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn prune_removes_what_the_manifest_no_longer_has_and_nothing_of_others() {
    on_both(|emulator| {
        emulator.write("ecsail.yml", &with(&format!("{}{WEEKLY}", PAIR.trim_end())));
        deploy(emulator, "v2");
        emulator.other_client(&["others"]);
        for rule in ["pair", "hourly"] {
            emulator.other_client(&["foreign", rule]);
        }
        let nightly = MANIFEST.find("  nightly:").expect("it is there");
        let hourly = MANIFEST.find("  hourly:").expect("it is there");
        emulator.write("ecsail.yml", &format!("{}{}", &MANIFEST[..nightly], &MANIFEST[hourly..]));
        let before = emulator.look();
        let (run, changes) = emulator.changes(&["schedule", "prune", "--dry-run"]);
        run.exits(0);
        assert_eq!(changes, [""; 0]);
        let (run, changes) = emulator.changes(&["schedule", "prune", "--yes"]);
        run.exits(0).answers("3 removed, 0 kept").answers("`other` is kept: its target is");
        let removed = ["DELETE /schedules/nightly", "DeleteRule", "RemoveTargets", "RemoveTargets"];
        assert_eq!(changes, removed, "{}", emulator.kind);
        assert_eq!(but_states(emulator.look()), but_states(without_the_pruned(before)), "{}", emulator.kind);
        let (run, changes) = emulator.changes(&["schedule", "prune", "--yes"]);
        run.exits(0).answers("nothing to do, 1 kept");
        assert_eq!(changes, [""; 0]);
    });
}

/// Returns the earlier state without the schedule, the rule and the targets that are removed.
fn without_the_pruned(mut there: Value) -> Value {
    let mut take = |pointer: &str, name: &str| {
        let members = there.pointer_mut(pointer).and_then(Value::as_object_mut).expect("members");
        assert!(members.remove(name).is_some(), "`{name}` was there");
    };
    take("/schedules", "nightly");
    take("/rules", "weekly");
    take("/rules/pair/Targets", "taken");
    take("/rules/pair/Targets", "refused");
    there
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn list_shows_state_and_revision() {
    on_both(|emulator| {
        let list = || {
            let (run, changes) = emulator.changes(&["schedule", "list", "--output", "json"]);
            assert_eq!(changes, [""; 0]);
            run.exits(0).events().into_iter().filter(|event| event["event"] == "schedule").collect::<Vec<_>>()
        };
        let missing: Vec<_> = list().iter().map(|schedule| schedule["state"].clone()).collect();
        assert_eq!(missing, ["missing", "missing"]);
        emulator.write("ecsail.yml", &with(WEEKLY));
        deploy(emulator, "v2");
        emulator.write("ecsail.yml", &MANIFEST.replace("rate(1 hour)", "rate(2 hours)"));
        emulator.folder.run(&["schedule", "disable", "hourly"]).exits(0);
        emulator.other_client(&["foreign", "hourly"]);
        emulator.other_client(&["others"]);
        emulator.other_client(&["fill", "nightly"]);
        let (there, shown) = (emulator.look(), list());
        let names: Vec<_> = shown.iter().map(|schedule| schedule["name"].clone()).collect();
        assert_eq!(names, ["nightly", "hourly", "weekly"], "{}", emulator.kind);
        for schedule in &shown {
            is_as_there(schedule, &there);
        }
        let known: Vec<_> = shown.iter().map(|schedule| schedule["in_manifest"].clone()).collect();
        assert_eq!(
            (known, &shown[1]["foreign"]),
            (vec![json!(true), json!(true), json!(false)], &json!(["other"]))
        );
        let behind = "it runs tag `v2` (web:2), `web` runs `v1` (web:1)";
        let moved = "expression is `rate(1 hour)`, `rate(2 hours)` in the manifest";
        assert_eq!(shown[0]["drift"], json!([behind]), "what the manifest leaves out is kept");
        assert_eq!(shown[1]["drift"], json!([moved, behind]));
    });
}

/// Fails unless a listed schedule is as boto3 reads it.
#[track_caller]
fn is_as_there(listed: &Value, there: &Value) {
    let name = listed["name"].as_str().expect("a name");
    let is_rule = listed["via"] == "rule";
    let found = &there[if is_rule { "rules" } else { "schedules" }][name];
    let target = if is_rule { &found["Targets"][name] } else { &found["Target"] };
    let state = found["State"].as_str().expect("a state").to_lowercase();
    assert_eq!(listed["state"], state, "{name}");
    assert_eq!(listed["expression"], found["ScheduleExpression"], "{name}");
    assert_eq!(listed["timezone"], found["ScheduleExpressionTimezone"], "{name}");
    assert_eq!(listed["group"], found["GroupName"], "{name}");
    assert_eq!(listed["runs"][0]["revision"], revision(target), "{name}");
    assert_eq!(listed["runs"][0]["tag"], there["images"][revision(target)], "{name}");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_run_gives_the_container_what_the_target_has_and_ends_with_its_code() {
    let definition = format!("{DEFINITION}{LOGS}");
    let emulator = Emulator::ministack(&[]).watched(&[("ecsail.yml", MANIFEST), ("web.yml", &definition)]);
    deploy(&emulator, "v2");
    emulator.other_client(&["override", "nightly", "sh", "-c", "exit 7"]);
    emulator.other_client(&["override", "hourly", "sh", "-c", "exit 0"]);
    emulator.other_client(&["foreign", "hourly"]);
    switch(&emulator, "disable");
    for (name, code) in [("nightly", 7), ("hourly", 0)] {
        let (run, changes) = emulator.changes(&["schedule", "run", name]);
        run.exits(code).says("is disabled: it runs now").answers(&format!("sh -c exit {code}\n"));
        assert_eq!(changes, ["RunTask"]);
    }
    let state = emulator.look();
    let ran: BTreeSet<_> = state["tasks"].as_array().expect("tasks").iter().map(ran).collect();
    let expected = [("web:2", "[\"sh\",\"-c\",\"exit 7\"]", 7), ("web:2", "[\"sh\",\"-c\",\"exit 0\"]", 0)];
    let expected = expected.map(|(revision, command, code)| (revision.to_owned(), command.to_owned(), code));
    assert_eq!(ran, BTreeSet::from(expected));
    emulator
        .folder
        .run(&["schedule", "run", "hourly", "--target", "other"])
        .exits(5)
        .says("does not run a task");
}

/// Returns the revision, the command and the exit code of a task.
fn ran(task: &Value) -> (String, String, i64) {
    let revision = task["taskDefinition"].as_str().expect("a revision").to_owned();
    (revision, task["command"].to_string(), task["containers"][0].as_i64().expect("an exit code"))
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_run_starts_what_the_target_has() {
    // moto starts no task of a container without a memory size.
    let definition = format!("{DEFINITION}    memory: 512\n");
    let emulator = Emulator::moto(&[]).watched(&[("ecsail.yml", MANIFEST), ("web.yml", &definition)]);
    deploy(&emulator, "v2");
    for name in BOTH {
        emulator.other_client(&["override", name, "by", "hand", name]);
        emulator.folder.run(&["schedule", "run", name, "--no-wait"]).exits(0);
    }
    let tasks = emulator.look()["tasks"].clone();
    let commands: BTreeSet<_> =
        tasks.as_array().expect("tasks").iter().map(|task| task["command"].to_string()).collect();
    let expected = BOTH.map(|name| json!(["by", "hand", name]).to_string());
    assert_eq!(commands, BTreeSet::from(expected));
}
