//! `deploy schedule` against MiniStack and moto, through the binary; boto3 reads the result.
//!
//! Ignored in a plain `cargo test`, as all conformance tests.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::emulator::Emulator;

pub(crate) const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
schedule_role: starter
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
services:
  web: { task_definition: web.yml }
schedules:
  nightly:
    expression: cron(0 3 * * ? *)
    timezone: Asia/Tokyo
    task: { like: web, command: [ report ] }
  hourly:
    via: rule
    expression: rate(1 hour)
    task: { like: web, command: [ tidy ] }
";

/// A rule with two targets, for the end of the manifest.
pub(crate) const PAIR: &str = "
  pair:
    via: rule
    expression: rate(2 hours)
    targets:
      taken: { task: { like: web, command: [ first ] } }
      refused: { task: { like: web, command: [ second ] } }
";

const DEPLOY: &[&str] = &["deploy", "schedule", "--tag"];

/// Runs a test on each emulator.
pub(crate) fn on_both(part: impl Fn(&Emulator)) {
    for emulator in [Emulator::ministack, Emulator::moto] {
        part(&emulator(&[]).watched(&[("ecsail.yml", MANIFEST)]));
    }
}

/// Deploys the schedules with a tag, and checks that a plan then has no changes.
pub(crate) fn deploy(emulator: &Emulator, tag: &str) -> Vec<String> {
    let (run, changes) = emulator.changes(&[DEPLOY, &[tag]].concat());
    run.exits(0);
    emulator.is_unchanged(&["schedule", "--tag", tag]);
    changes
}

/// Returns the target of the schedule, and that of the rule.
pub(crate) fn targets(state: &Value) -> [&Value; 2] {
    [&state["schedules"]["nightly"]["Target"], &state["rules"]["hourly"]["Targets"]["hourly"]]
}

pub(crate) fn states(state: &Value) -> [&Value; 2] {
    [&state["schedules"]["nightly"]["State"], &state["rules"]["hourly"]["State"]]
}

/// Returns the revision that a target runs.
pub(crate) fn revision(target: &Value) -> &str {
    let arn = target["EcsParameters"]["TaskDefinitionArn"].as_str().expect("an ARN");
    arn.rsplit('/').next().expect("a part")
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn schedules_and_rules_are_created_as_the_manifest_says_and_then_unchanged() {
    on_both(|emulator| {
        let changes = deploy(emulator, "v2");
        let group = ["POST /schedule-groups/shop", "POST /schedules/nightly"];
        assert_eq!(changes, [&group[..], &["PutRule", "PutTargets", "RegisterTaskDefinition"]].concat());
        let state = emulator.look();
        let (schedule, rule) = (&state["schedules"]["nightly"], &state["rules"]["hourly"]);
        assert_eq!(
            (&schedule["ScheduleExpression"], &schedule["ScheduleExpressionTimezone"]),
            (&json!("cron(0 3 * * ? *)"), &json!("Asia/Tokyo"))
        );
        assert_eq!((&schedule["GroupName"], &state["groups"]["shop"]), (&json!("shop"), &owner()));
        assert_eq!(
            (&rule["ScheduleExpression"], &rule["Tags"]),
            (&json!("rate(1 hour)"), &remembered("hourly"))
        );
        for (target, command) in targets(&state).into_iter().zip(["report", "tidy"]) {
            assert_eq!(revision(target), "web:2");
            assert!(target["RoleArn"].as_str().is_some_and(|arn| arn.ends_with(":role/starter")), "{target}");
            let input: Value =
                serde_json::from_str(target["Input"].as_str().expect("an input")).expect("JSON");
            assert_eq!(input, json!({"containerOverrides": [{"name": "app", "command": [command]}]}));
        }
        assert_eq!((&state["images"]["web:2"], &state["services"]["web"]), (&json!("v2"), &json!("web:1")));
        assert_eq!(deploy(emulator, "v2"), [""; 0]);
    });
}

fn owner() -> Value {
    json!({"ecsail:app": "shop"})
}

fn remembered(targets: &str) -> Value {
    json!({"ecsail:app": "shop", "ecsail:targets": targets})
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn an_update_keeps_the_retry_policy_that_it_does_not_name() {
    on_both(|emulator| {
        deploy(emulator, "v2");
        for name in ["nightly", "hourly"] {
            emulator.other_client(&["retry", name]);
        }
        emulator.is_unchanged(&["schedule", "--tag", "v2"]);
        let changes = deploy(emulator, "v3");
        assert_eq!(changes, ["PUT /schedules/nightly", "PutTargets", "RegisterTaskDefinition"]);
        let state = emulator.look();
        for target in targets(&state) {
            assert_eq!(revision(target), "web:3");
            let policy = json!({"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 600});
            assert_eq!(target["RetryPolicy"], policy, "{}", emulator.kind);
        }
    });
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn disabled_schedule_stays_disabled_until_it_is_enabled() {
    on_both(|emulator| {
        let write = |enabled: &str| {
            let line = format!("\n    enabled: {enabled}");
            let manifest = ["nightly:", "hourly:"]
                .iter()
                .fold(MANIFEST.to_owned(), |manifest, name| manifest.replace(name, &format!("{name}{line}")));
            emulator.write("ecsail.yml", &manifest);
        };
        deploy(emulator, "v2");
        assert_eq!(states(&emulator.look()), ["ENABLED", "ENABLED"]);
        write("false");
        assert_eq!(deploy(emulator, "v2"), ["PUT /schedules/nightly", "PutRule"]);
        assert_eq!(states(&emulator.look()), ["DISABLED", "DISABLED"]);
        emulator.write("ecsail.yml", MANIFEST);
        deploy(emulator, "v3");
        assert_eq!(states(&emulator.look()), ["DISABLED", "DISABLED"]);
        write("true");
        deploy(emulator, "v3");
        assert_eq!(states(&emulator.look()), ["ENABLED", "ENABLED"]);
    });
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn a_target_of_others_is_kept_and_shown() {
    on_both(|emulator| {
        deploy(emulator, "v2");
        emulator.other_client(&["foreign", "hourly"]);
        let foreign = emulator.look()["rules"]["hourly"]["Targets"]["other"].clone();
        let shown = "targets of other owners, kept: other";
        emulator.is_unchanged(&["schedule", "hourly", "--tag", "v2"]).answers(shown);
        assert_eq!(deploy(emulator, "v3").len(), 3, "the schedule, the rule's target, the definition");
        let rule = emulator.look()["rules"]["hourly"].clone();
        assert_eq!((revision(&rule["Targets"]["hourly"]), &rule["Targets"]["other"]), ("web:3", &foreign));
    });
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn failed_target_is_an_error_and_is_put_by_the_next_deploy() {
    on_both(|emulator| {
        emulator.write("ecsail.yml", &format!("{}{PAIR}", MANIFEST.trim_end()));
        emulator.refuse(&["refused"]);
        let (run, _) = emulator.changes(&["deploy", "schedule", "pair", "--tag", "v2"]);
        let run = run.exits(1).says("error: failed to put 1 of 2 targets of rule `pair`");
        run.says("caused by: `refused`: InternalException: ").says("hint: the others succeeded: `taken`");
        let ids = || {
            let rule = emulator.look()["rules"]["pair"].clone();
            rule["Targets"].as_object().expect("targets").keys().cloned().collect::<BTreeSet<_>>()
        };
        assert_eq!(ids(), BTreeSet::from(["taken".to_owned()]));
        emulator.folder.run(&["plan", "schedule", "pair", "--tag", "v2", "--exit-code"]).exits(6);
        emulator.refuse(&[]);
        let (run, changes) = emulator.changes(&["deploy", "schedule", "pair", "--tag", "v2"]);
        run.exits(0);
        let both = ["refused", "taken"].map(str::to_owned);
        assert_eq!((changes, ids()), (vec!["PutTargets".to_owned()], BTreeSet::from(both)));
    });
}
