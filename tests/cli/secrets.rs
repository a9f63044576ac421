//! No output shows a value that `secrets` calls a secret, whether its name or its form gives it away.

use crate::support::{DEFINITION, MANIFEST, Run, World, service};
use ecsail::document::model::DocumentKind;
use ecsail::document::normalize::normalize;
use ecsail::document::problem::Problem;
use ecsail::error::Failure;
use ecsail::plan::diff::{Change, diff};
use ecsail::plan::{Plan, Revision, ServicePlan, ServiceState};
use ecsail::report::given_flags::GivenFlags;
use ecsail::report::{error, plan};
use ecsail::secrets::{HIDDEN, looks_secret, masked_line, secrets_of};
use ecsail_sandbox::Scenario;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Value, json};

/// Settings that the linter reports, each with the part of its value that must not be shown.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("FOO", "ghp_0123456789abcdefghijklmnopqrstuvwxyz", "ghp_0123"),
    ("ACCESS", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSF"),
    ("ODD", "q7Zk2LmX9vBt4RwYc8NdPf3H", "q7Zk2LmX"),
    ("DATABASE", "postgres://app:pw-of,db@db/shop", "pw-of,db"),
    ("SESSION", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN", "eyJhbGci"),
    ("DB_PASSWORD", "hunter2-hunter3", "hunter2"),
];

fn definition(settings: &[(&str, &str, &str)]) -> String {
    let entries = settings.iter().map(|(name, value, _)| format!("      {name}: \"{value}\"\n"));
    format!("{DEFINITION}    environment:\n{}", entries.collect::<String>())
}

fn shows_no_secret(run: &Run, what: &str) {
    for (name, value, needle) in SETTINGS {
        assert!(looks_secret(name, value).is_some(), "the linter reports {name}");
        for output in [&run.stdout, &run.stderr] {
            // GitHub hides the values that these commands name, and does not print the commands.
            let shown = output.lines().filter(|line| !line.starts_with("::add-mask::"));
            let output: String = shown.map(|line| format!("{line}\n")).collect();
            assert!(!output.contains(needle), "{what} shows {name}:\n{output}");
        }
    }
}

#[test]
fn no_verb_shows_a_value_that_the_linter_calls_a_secret() {
    let hooks = "hooks: { before_deploy: cat, after_deploy: cat }\n";
    let (manifest, definition) = (format!("{MANIFEST}{hooks}"), definition(SETTINGS));
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", definition.as_str())];
    let mut world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.folder = world.folder.env("FOO", SETTINGS[0].1).env("RUST_LOG", "trace");
    for output in ["text", "json", "markdown"] {
        let run = world.run(&["plan", "--tag", "v2", "--output", output]).exits(0);
        shows_no_secret(&run, output);
        assert!(run.stdout.contains("[FOO]") && run.stdout.contains(HIDDEN), "{}", run.stdout);
    }
    shows_no_secret(&world.run(&["check"]), "check");
    shows_no_secret(&world.run(&["deploy", "--tag", "v2", "-vv"]).exits(0), "deploy");
    shows_no_secret(&world.run(&["deploy", "--tag", "v1", "--output", "json"]).exits(0), "deploy as JSON");
    shows_no_secret(&world.run(&["rollback", "web", "--dry-run", "-v"]).exits(0), "rollback");
    shows_no_secret(
        &world.run(&["rollback", "web", "--yes", "--output", "json"]).exits(0),
        "rollback as JSON",
    );
    world.folder.write("web.yml", &definition.replace("hunter3", "hunter4"));
    for arguments in [&["status"][..], &["status", "--output", "json"], &["history"], &["revisions", "web"]] {
        shows_no_secret(&world.run(arguments), arguments[0]);
    }
    world.folder = world.folder.env("GITHUB_ACTIONS", "true");
    shows_no_secret(&world.run(&["plan", "--tag", "v2"]).exits(0), "plan in GitHub Actions");
    shows_no_secret(&world.run(&["deploy", "--tag", "v2"]).exits(0), "deploy in GitHub Actions");
}

#[test]
fn no_error_shows_the_line_of_a_secret() {
    for (name, value, _) in SETTINGS {
        for entry in [
            format!("    environment: {{ {name}: \"{value}\", BROKEN: [ 1 ] }}\n"),
            format!("    environment: [ {{ name: {name}, value: \"{value}\", broken: 1 }} ]\n"),
            format!("    cpu: \"{value}\"\n"),
        ] {
            let world = World::new(Scenario::Steady);
            world.folder.write("web.yml", &format!("{DEFINITION}{entry}"));
            // A random string under another name, and a password under `cpu`, look like nothing that is a secret.
            if entry.contains("cpu") && looks_secret("", value).is_none_or(|why| why.contains("random")) {
                continue;
            }
            for output in ["text", "json"] {
                shows_no_secret(&world.run(&["plan", "--tag", "v2", "--output", output]).exits(1), &entry);
            }
        }
    }
}

#[test]
fn render_prints_documents_as_they_are() {
    let world = World::new(Scenario::Steady);
    world.folder.write("web.yml", &definition(SETTINGS));
    let run = world.run(&["render", "--tag", "v2"]).exits(0);
    assert!(SETTINGS.iter().all(|(_, _, needle)| run.stdout.contains(needle)), "{}", run.stdout);
}

/// Settings whose value `secrets` calls a secret, with the part of it that must not be shown.
fn settings() -> impl Strategy<Value = (String, String, String)> {
    let whole = |(name, value): (String, String)| (name, value.clone(), value);
    let by_name =
        ("[A-Z]{1,8}_(PASSWORD|TOKEN|SECRET|API_KEY)", "[a-zA-Z0-9][a-zA-Z0-9!$%,;:' ]{4,22}[a-zA-Z0-9]")
            .prop_map(whole);
    let issued = "(ghp_|github_pat_|glpat-|xoxb-|sk_live_|sk-ant-|SG\\.|AIza)[A-Za-z0-9]{40}";
    let by_form = ("[A-Z]{1,8}", prop_oneof![issued, "(AKIA|ASIA)[A-Z0-9]{16}"]).prop_map(whole);
    let random = ("[A-Z]{1,8}", "[A-Za-z0-9+/_-]{24,48}").prop_map(whole);
    let url = ("[A-Z]{1,8}", "[a-z]{3,8}", "[a-zA-Z0-9,;'\"+]{8,16}")
        .prop_map(|(name, user, password)| (name, format!("amqp://{user}:{password}@host/x"), password));
    prop_oneof![by_name, by_form, random, url]
        .prop_filter("the linter reports it", |(name, value, _)| looks_secret(name, value).is_some())
}

/// Returns a plan whose one service has these changes.
fn plan_of(changes: Vec<Change>) -> Plan {
    let service = ServicePlan {
        attached: None,
        key: "web".into(),
        name: "web".into(),
        cluster: "main".into(),
        before: "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1".into(),
        after: Revision::Registered("web:2".into()),
        definition_changes: changes,
        service_changes: Vec::new(),
        reasons: Vec::new(),
        creation: None,
        express: None,
        members: Default::default(),
        tags: Default::default(),
        observed: ServiceState::default(),
        supersede: false,
        deployment_before: None,
        retag: Default::default(),
        way_back: None,
        timeout: None,
        on_failure: None,
        on_timeout: None,
        patience: None,
    };
    Plan { services: vec![service], ..Plan::default() }
}

fn with_environment(entries: Value) -> Value {
    json!({"family": "web", "containerDefinitions": [{"name": "app", "image": "a:1", "environment": entries}]})
}

proptest! {
    #![proptest_config(Config { cases: 400, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_output_shows_a_secret((name, value, needle) in settings(), command in any::<bool>()) {
        let plain = json!({"name": name, "value": "plain"});
        let entry = json!({"name": name, "value": value});
        let sides = [json!([]), json!([plain]), json!([entry]), json!([entry, entry]), json!([entry, {"name": "B", "value": "1"}])];
        let mut outputs = Vec::new();
        for before in &sides {
            for after in &sides {
                let root = DocumentKind::TaskDefinition;
                let normal = |entries: &Value| normalize(&with_environment(entries.clone()), root);
                let plan = plan_of(diff(&normal(before), &normal(after), root.input_shape()));
                outputs.extend([plan::text(&plan, false), plan::markdown(&plan), serde_json::to_string(&plan::event(&plan)).expect("JSON")]);
            }
        }
        // The whole container is new: it is shown as one value.
        let new = normalize(&with_environment(json!([entry])), DocumentKind::TaskDefinition);
        outputs.push(plan::text(&plan_of(diff(&json!({}), &new, DocumentKind::TaskDefinition.input_shape())), false));
        let known = secrets_of(&with_environment(json!([entry])));
        outputs.push(masked_line(&format!("started with {value} and {name}={value}"), &known));
        let by_form = looks_secret("", &value).is_some_and(|why| !why.contains("random"));
        if by_form {
            if command {
                let with = json!({"family": "web", "containerDefinitions": [{"name": "app", "command": ["run", value]}]});
                let changes = diff(&json!({"family": "web"}), &normalize(&with, DocumentKind::TaskDefinition), DocumentKind::TaskDefinition.input_shape());
                outputs.push(plan::text(&plan_of(changes), false));
            }
            let failure = Failure::error(format!("found `{value}`")).with_hint(format!("not {value}"));
            let problem = Problem::error(None, format!("found `{value}`")).hint(format!("not {value}"));
            outputs.extend([format!("{problem:?}"), error::failure_text(&failure, false, &GivenFlags::default())]);
        }
        for output in outputs {
            prop_assert!(!output.contains(&needle), "{name}={value}: {output}");
        }
    }
}
