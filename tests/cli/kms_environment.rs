//! Tests of ciphertexts of KMS in `environment`: refused, or decrypted with `kms_environment: decrypt` and hidden everywhere.

use ecsail_sandbox::{Fault, FaultKind, Scenario, Seed};
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, service};

const VALUE: &str = "blue-sky-77";

/// Returns a world whose definition has a ciphertext, further lines of the manifest, and the ciphertext.
fn world(manifest: &str) -> (World, String) {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    let seed = Seed { key_aliases: vec!["alias/shop".to_owned()], ..Seed::default() };
    world.sandbox.seed(&seed).expect("the seed is good");
    // "blue-sky-77" in Base64.
    let input = json!({ "KeyId": "alias/shop", "Plaintext": "Ymx1ZS1za3ktNzc=" });
    let answer = world.sandbox.call("kms", "Encrypt", input).expect("it is encrypted");
    let value = format!("${{{}}}", answer["CiphertextBlob"].as_str().expect("a text"));
    let variables = format!("    environment:\n      - {{ name: DB_PASSWORD, value: '{value}' }}\n");
    world.folder.write("ecsail.yml", &format!("{MANIFEST}{}", manifest.replace("VALUE", &value)));
    world.folder.write("web.yml", &format!("{DEFINITION}{variables}"));
    (world, value)
}

#[test]
fn a_ciphertext_is_an_error_with_the_way_out() {
    let (world, value) = world("");
    let run = world.run(&["plan", "--tag", "v2"]).exits(1);
    insta::assert_snapshot!(run.stderr.replace(&value, "${AQICAHh…}"));
    assert_eq!(world.calls("Decrypt").len(), 0);
    world.run(&["status"]).exits(0);
}

#[test]
fn decrypted_values_are_deployed_and_shown_nowhere() {
    let task = "tasks:\n  migrate: { like: web, environment: { KEY: 'VALUE' } }\n";
    let (world, _) = world(&format!("kms_environment: decrypt\n{task}"));
    for arguments in [
        &["render", "--tag", "v2"][..],
        &["render", "--tag", "v2", "--output", "json"],
        &["plan", "--tag", "v2"],
        &["plan", "--tag", "v2", "--output", "json"],
        &["plan", "--tag", "v2", "--output", "markdown"],
        &["-vv", "deploy", "--tag", "v2", "--yes"],
        &["-vv", "run", "migrate", "--no-wait"],
    ] {
        let run = world.run(arguments).exits(0);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(!all.contains(VALUE), "{arguments:?}: {all}");
        assert!(all.contains("is decrypted into plain `environment`"), "{arguments:?}: {all}");
    }
    let (document, tags) = world.definition("web");
    assert_eq!(document["containerDefinitions"][0]["environment"][0]["value"], VALUE);
    assert!(!tags.values().any(|value| value.contains(VALUE)), "{tags:?}");
    let tasks = world.call("ListTasks", json!({ "cluster": "main", "family": "web" }));
    let tasks = json!({ "cluster": "main", "tasks": tasks["taskArns"] });
    let described = world.call("DescribeTasks", tasks)["tasks"].to_string();
    assert!(described.contains(&format!("\"KEY\",\"value\":\"{VALUE}\"")), "{described}");
    let refused = "the plan would have the value of a secret";
    world.run(&["plan", "--tag", "v3", "--out", "web.plan"]).exits(5).says(refused);
}

#[test]
fn each_distinct_ciphertext_is_decrypted_once() {
    let (world, value) = world("kms_environment: decrypt\n");
    let variables = format!(
        "    environment:\n      - {{ name: A, value: '{value}' }}\n      - {{ name: B, value: '{value}' }}\n"
    );
    world.folder.write("web.yml", &format!("{DEFINITION}{variables}"));
    world.sandbox.inject(Fault::on("Decrypt", FaultKind::Throttling));
    world.run(&["plan", "--tag", "v2"]).exits(0);
    assert_eq!(world.calls("Decrypt").len(), 2);
}

#[test]
fn check_warns_at_each_value_and_decrypts_only_when_it_is_asked_to() {
    let (world, value) = world("kms_environment: decrypt\n");
    let run = world.run(&["check"]).exits(0).answers("1 service checked, 1 warning");
    insta::assert_snapshot!(run.stderr.replace(&value, "${AQICAHh…}"));
    assert_eq!(world.sandbox.requests().len(), 0);
    world.sandbox.call("kms", "DisableKey", json!({ "KeyId": "alias/shop" })).expect("the key is there");
    let run = world.run(&["check", "--lookups"]).exits(1);
    run.says("failed to decrypt ciphertext `AQICAHh").says("is disabled.").says("aws kms enable-key");
}

#[test]
fn a_stage_may_decrypt_and_a_layer_may_replace_a_ciphertext() {
    let stages = "stages:\n  old: { kms_environment: decrypt }\n  new:\n    services:\n      web:\n        task_definition:\n          \
                  containerDefinitions:\n            - { name: app, environment: [{ name: DB_PASSWORD, value: null }] }\n";
    let (world, _) = world(stages);
    world.run(&["check", "--stage", "old"]).exits(0);
    let replaced = stages.replace("value: null", "value: plain-x");
    world.folder.write("ecsail.yml", &format!("{MANIFEST}{replaced}"));
    world.run(&["check", "--stage", "new"]).exits(0);
    world.folder.write("ecsail.yml", &format!("{MANIFEST}kms_environment: keep\n"));
    world.run(&["check"]).exits(1).says("`kms_environment` must be `refuse` or `decrypt`, found `keep`");
}
