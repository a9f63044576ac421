//! Conformance tests of `verify`: moto judges the requests, and boto3 the answers of the sandbox.

use serde_json::Value;

use crate::support::World;
use crate::support::emulator::Emulator;
use crate::support::python::{HINT, program, run};
use crate::verify::{ALL, ALL_DEFINITION, sound};

/// The names in the manifest of the tests, and what is made in their place.
const NAMES: &[(&str, &str)] = &[
    ("subnet-0aaaa", "subnet"),
    ("sg-0aaaa", "security_group"),
    ("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/aaaa/0123456789abcdef", "target_group"),
    ("aaaa.local", "namespace"),
    ("errors-aaaa", "alarm"),
    ("arn:aws:lambda:us-east-1:123456789012:function:check-aaaa", "function"),
    ("arn:aws:iam::123456789012:role/hooks-aaaa", "role"),
    ("arn:aws:iam::123456789012:role/execution-aaaa", "role"),
    ("arn:aws:iam::123456789012:role/task-aaaa", "role"),
    ("scheduler-aaaa", "role"),
    ("arn:aws:secretsmanager:us-east-1:123456789012:secret:db-aaaa00", "secret"),
    ("/shop/aaaa", "parameter"),
    ("arn:aws:s3:::config/aaaa.env", "object"),
    ("/ecs/aaaa", "log_group"),
    ("registry-aaaa", "secret"),
    ("fs-0aaaa", "file_system"),
    ("fsap-0aaaa", "access_point"),
    ("shop/app:aaaa", "image"),
];

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_has_what_a_manifest_names() {
    let emulator = Emulator::moto(&[]);
    let seeded = run(&mut program("seed_verify.py", &emulator.url(), emulator.access_key()), HINT);
    let seeded: Value = serde_json::from_str(&seeded).expect("JSON");
    assert_eq!(seeded["missing"], serde_json::json!([]));
    let named = |text: &str| {
        NAMES.iter().fold(text.to_owned(), |text, (name, key)| {
            let made = seeded["made"][*key].as_str().expect("a name");
            let made = if *key == "image" { format!("shop/app:{made}") } else { made.to_owned() };
            text.replace(name, &made)
        })
    };
    emulator.folder.write("ecsail.yml", &named(ALL));
    emulator.folder.write("web.yml", &named(ALL_DEFINITION));
    let run = emulator.folder.run(&["verify", "--read-secrets", "--output", "json"]).exits(1);
    let unsound: Vec<String> = run
        .events()
        .iter()
        .filter(|event| event["event"] == "reference" && event["result"] != "ok")
        .map(|event| format!("{} {}", event["result"], event["message"]))
        .collect();
    // moto's clusters have no capacity providers.
    assert_eq!(unsound, ["\"broken\" \"no capacity provider named `spot-aaaa` on cluster `main`\""]);
    // None of the names that were not replaced exists.
    emulator.folder.write("ecsail.yml", ALL);
    emulator.folder.write("web.yml", ALL_DEFINITION);
    let run = emulator.folder.run(&["verify", "--output", "json"]).exits(1);
    let verified = run.event("verified");
    let counts = ["ok", "broken", "unknown"].map(|key| verified[key].clone());
    assert_eq!(counts, [0, 19, 0].map(Value::from), "{}", run.stdout);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn boto3_reads_what_the_sandbox_has() {
    let world = World::with(ecsail_sandbox::Scenario::Steady, &[], &[]);
    world.sandbox.seed(&sound()).expect("the seed is good");
    run(&mut program("drive_verify.py", &world.sandbox.url(), "123456789012"), HINT);
}
