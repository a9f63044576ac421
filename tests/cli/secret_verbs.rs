//! Tests of `ecsail secret`: what is written, what is refused, and that no value is shown.

use std::io::Write;
use std::process::Stdio;

use ecsail_sandbox::{Fault, FaultKind, Scenario, Seed, SeedParameter};
use serde_json::{Value, json};

use crate::support::terminal::Terminal;
use crate::support::{DEFINITION, Folder, MANIFEST, Run, World, service};

const VALUE: &str = "blue-sky-77";

fn world() -> World {
    World::new(Scenario::Steady)
}

/// Runs the binary with a text on standard input.
fn piped(world: &World, arguments: &[&str], input: &[u8]) -> Run {
    let mut command = world.folder.command(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // A run that is refused before it reads closes the pipe.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    let run = Run {
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
        code: output.status.code().unwrap_or(-1),
    };
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(!all.contains(VALUE), "{all}");
    run
}

fn put(world: &World, arguments: &[&str]) -> Run {
    piped(world, &[&["secret", "put", "--from-stdin"], arguments].concat(), format!("{VALUE}\n").as_bytes())
}

fn parameter(world: &World, name: &str) -> Value {
    let input = json!({ "Name": name, "WithDecryption": true });
    world.sandbox.call("ssm", "GetParameter", input).expect("it is there")["Parameter"].clone()
}

fn secret(world: &World, name: &str) -> Value {
    world.sandbox.call("secretsmanager", "GetSecretValue", json!({ "SecretId": name })).expect("it is there")
}

#[test]
fn a_parameter_is_created_and_its_entry_printed() {
    let world = world();
    let run = put(&world, &["/shop/db-password"]).exits(0);
    insta::assert_snapshot!(run.stdout, @"
    created parameter `/shop/db-password` in us-east-1
      secrets:
        - { name: DB_PASSWORD, valueFrom: /shop/db-password }
    ");
    let kept = parameter(&world, "/shop/db-password");
    assert_eq!((&kept["Value"], &kept["Type"]), (&json!(VALUE), &json!("SecureString")));
    assert_eq!(world.calls("GetParameter").len(), 0);
}

#[test]
fn a_secret_is_created_and_its_entry_has_the_arn() {
    let world = world();
    let run = put(&world, &["shop/db", "--kms-key", "alias/shop"]).exits(0);
    insta::assert_snapshot!(run.stdout, @"
    created secret `shop/db` in us-east-1
      secrets:
        - { name: DB, valueFrom: arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-db8e86 }
    ");
    run.says("note: `valueFrom: {{ secret('shop/db') }}` finds the ARN in each stage");
    assert_eq!(secret(&world, "shop/db")["SecretString"], VALUE);
    assert_eq!(world.calls("GetSecretValue").len(), 0);
}

#[test]
fn as_json_there_is_one_event_without_the_value() {
    let world = world();
    let run = put(&world, &["/shop/db-password", "--output", "json"]).exits(0);
    insta::assert_snapshot!(run.stdout, @r#"{"event":"secret.written","name":"/shop/db-password","store":"parameter_store","region":"us-east-1","action":"created","version":1,"entry":{"name":"DB_PASSWORD","valueFrom":"/shop/db-password"}}"#);
}

#[test]
fn a_replaced_value_keeps_key_and_tier_and_needs_a_yes() {
    let world = world();
    put(&world, &["/shop/db", "--kms-key", "alias/shop", "--advanced"]).exits(0);
    put(&world, &["/shop/db"]).exits(0).says("note: tasks that run keep the value before");
    let kept = parameter(&world, "/shop/db");
    assert_eq!(
        (&kept["Version"], &kept["KeyId"], &kept["Tier"]),
        (&json!(2), &json!("alias/shop"), &json!("Advanced"))
    );
    put(&world, &["shop/db"]).exits(0);
    let run = put(&world, &["shop/db"]).exits(0);
    assert!(
        run.stdout.starts_with("replaced the value of secret `shop/db` in us-east-1\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn one_line_end_is_left_out_unless_it_is_to_be_kept() {
    let world = world();
    put(&world, &["/a/x"]).exits(0);
    put(&world, &["/a/y", "--keep-line-end"]).exits(0);
    assert_eq!(parameter(&world, "/a/x")["Value"], VALUE);
    assert_eq!(parameter(&world, "/a/y")["Value"], format!("{VALUE}\n"));
}

#[test]
fn values_and_names_that_cannot_be_are_refused_before_anything_is_written() {
    let world = world();
    let [for_secrets, for_pipes] = [65_537, 140_000].map(|length| vec![b'x'; length]);
    for (name, value, flags, message) in [
        ("/shop/db", &b"\n"[..], &[][..], "the value of parameter `/shop/db` is empty"),
        ("/shop/db", &[0xff, 0xfe], &[], "is no UTF-8 text"),
        ("/shop/db", &[b'x'; 4097], &[], "has 4097 bytes, and Parameter Store takes 4096"),
        ("/shop/db", &[b'x'; 8193], &["--advanced"], "has 8193 bytes, and Parameter Store takes 8192"),
        ("shop/db", &for_secrets[..], &[], "has 65537 bytes, and Secrets Manager takes 65536"),
        ("shop/db", &for_pipes[..], &[], "has more than 131072 bytes"),
        ("/aws/db", b"x", &[], "a name must not begin with `aws` or `ssm`"),
        ("/shop/db", b"x", &["--approval-file", "-"], "cannot both come from standard input"),
        ("shop/db", b"x", &["--advanced"], "`--advanced` is a tier of Parameter Store"),
    ] {
        let arguments = [&["secret", "put", name, "--from-stdin"], flags].concat();
        piped(&world, &arguments, value).exits(2).says(message);
    }
    assert_eq!(world.calls("PutParameter").len() + world.calls("CreateSecret").len(), 0);
}

#[test]
fn without_a_value_and_a_terminal_the_way_is_named() {
    let world = world();
    let run = world.unattended(&["secret", "put", "/shop/db"]).exits(2);
    run.says("no value of parameter `/shop/db` was given, and there is no terminal to ask on")
        .says("hint: give it on standard input with `--from-stdin`");
}

#[test]
fn what_would_not_be_replaced_as_it_is_meant_is_refused() {
    let world = world();
    let plain = SeedParameter { name: "/plain".to_owned(), kind: "String".to_owned(), value: "x".to_owned() };
    let seed = Seed {
        parameters: vec![plain],
        secrets: vec!["gone".to_owned(), "kept".to_owned()],
        ..Seed::default()
    };
    world.sandbox.seed(&seed).expect("the seed is good");
    world.sandbox.call("secretsmanager", "DeleteSecret", json!({ "SecretId": "gone" })).expect("it is there");
    put(&world, &["/plain"]).exits(2).says("parameter `/plain` is a String, whose value is not encrypted");
    put(&world, &["gone"]).exits(2).says("aws secretsmanager restore-secret --secret-id gone");
    put(&world, &["kept", "--kms-key", "k"]).exits(2).says("secret `kept` exists, and keeps its key");
}

#[test]
fn a_refusal_of_aws_that_quotes_the_value_is_shown_without_it() {
    let world = world();
    // AWS takes `{{}}` for another parameter.
    let run = piped(&world, &["secret", "put", "/shop/db", "--from-stdin"], b"{{blue-sky-77}}").exits(1);
    run.says("failed to write parameter `/shop/db`").says("can't nest another parameter");
}

#[test]
fn a_lost_answer_writes_one_version() {
    for (name, operation) in [("/shop/db", "PutParameter"), ("shop/db", "CreateSecret")] {
        let world = world();
        world.sandbox.inject(Fault::on(operation, FaultKind::DropAfter));
        put(&world, &[name]).exits(0);
    }
    let world = world();
    put(&world, &["/shop/db"]).exits(0);
    put(&world, &["shop/db"]).exits(0);
    world.sandbox.inject(Fault::on("PutParameter", FaultKind::DropAfter));
    put(&world, &["/shop/db"]).exits(0);
    assert_eq!(parameter(&world, "/shop/db")["Version"], 2);
    world.sandbox.inject(Fault::on("PutSecretValue", FaultKind::DropAfter));
    put(&world, &["shop/db"]).exits(0);
    let described = world.sandbox.call("secretsmanager", "DescribeSecret", json!({ "SecretId": "shop/db" }));
    let versions =
        described.expect("it is there")["VersionIdsToStages"].as_object().map(serde_json::Map::len);
    assert_eq!(versions, Some(2));
}

#[test]
fn a_lost_answer_that_cannot_be_looked_for_is_unclear() {
    let world = world();
    world.sandbox.inject(Fault::on("PutParameter", FaultKind::DropAfter));
    world.sandbox.inject(Fault::on("GetParameter", FaultKind::AccessDenied).always());
    put(&world, &["/shop/db"]).exits(1).says("it may have taken effect (`ssm:GetParameter` failed too)");
}

#[test]
fn throttled_writes_are_repeated_and_denied_ones_name_the_action() {
    let world = world();
    for operation in ["DescribeParameters", "PutParameter", "DescribeSecret", "CreateSecret"] {
        world.sandbox.inject(Fault::on(operation, FaultKind::Throttling));
    }
    put(&world, &["/shop/db"]).exits(0);
    put(&world, &["shop/db"]).exits(0);
    for (name, operation, action) in [
        ("/shop/new", "PutParameter", "ssm:PutParameter"),
        ("shop/new", "CreateSecret", "secretsmanager:CreateSecret"),
        ("/shop/new", "DescribeParameters", "ssm:DescribeParameters"),
    ] {
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied));
        put(&world, &[name]).exits(1).says(&format!("hint: allow `{action}`"));
    }
}

#[test]
fn another_account_and_missing_approvals_are_refused_before_the_value_is_read() {
    let world = world();
    world.folder.write("ecsail.yml", &format!("{MANIFEST}account: \"999999999999\"\n"));
    put(&world, &["/shop/db"]).exits(5).says("999999999999");
    let protected = format!("{MANIFEST}protected: true\n");
    world.folder.write("ecsail.yml", &protected);
    put(&world, &["/shop/db"]).exits(5).says("approval");
    put(&world, &["/shop/db", "--emergency", "the old one leaked"]).exits(0);
}

#[test]
fn on_a_terminal_the_value_is_asked_for_and_not_shown() {
    let world = world();
    let terminal = Terminal { columns: 100, rows: 20 };
    let mut command = world.folder.command(&["secret", "put", "/shop/db"]);
    command.env("CI", "");
    let question = "Value of parameter `/shop/db`:";
    let screen = terminal.run(&command, &[(question, "blue-skyx\u{7f}-77\r")]).exits(0);
    assert!(!screen.text().contains("blue-sky"), "{}", screen.text());
    assert_eq!(parameter(&world, "/shop/db")["Value"], VALUE);
    let replace = "Replace the value of parameter `/shop/db` in us-east-1? [y/N]";
    terminal.run(&command, &[(question, "other\r"), (replace, "n\r")]).exits(1).shows("nothing was changed");
    terminal
        .run(&command, &[(question, "-----BEGIN KEY-----\rabc\r-----END KEY-----\r")])
        .exits(2)
        .shows("has several lines");
    terminal.run(&command, &[(question, "abc\u{3}")]).exits(130);
    assert_eq!(parameter(&world, "/shop/db")["Version"], 1);
}

#[test]
fn secrets_are_listed_without_values() {
    let world = world();
    for name in ["/shop/db", "shop/api", "other/api"] {
        put(&world, &[name]).exits(0);
    }
    let names = |arguments: &[&str]| -> Vec<String> {
        let run = world.run(&[&["secret", "list", "--output", "json"], arguments].concat()).exits(0);
        run.events().iter().map(|event| event["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(&[]), ["/shop/db", "other/api", "shop/api"]);
    assert_eq!(names(&["shop/"]), ["shop/api"]);
    assert_eq!(names(&["--ssm"]), ["/shop/db"]);
    world.run(&["secret", "list", "none"]).exits(0).says("note: no secrets whose names begin with `none`");
}

#[test]
fn secrets_of_the_definitions_are_compared_with_what_is_there() {
    let arn = |name: &str| format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}");
    let definition = format!(
        "{DEFINITION}    secrets:\n      - {{ name: A, valueFrom: /shop/db }}\n      - {{ name: B, valueFrom: '{}:key::' }}\n      \
         - {{ name: C, valueFrom: /shop/no }}\n      - {{ name: D, valueFrom: '{}' }}\n      \
         - {{ name: E, valueFrom: 'arn:aws:ssm:us-east-1:999999999999:parameter/x' }}\n",
        arn("shop/api-aa60c9"),
        arn("shop/no-AbCdEf"),
    );
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    put(&world, &["/shop/db"]).exits(0);
    let written = put(&world, &["shop/api", "--output", "json"]).exits(0).event("secret.written");
    let definition = definition.replace(&arn("shop/api-aa60c9"), written["arn"].as_str().expect("an ARN"));
    world.folder.write("web.yml", &definition);
    let run = world.run(&["secret", "diff", "--exit-code"]).exits(6);
    insta::assert_snapshot!(run.stdout);
    assert_eq!(world.calls("GetParameters").len() + world.calls("GetSecretValue").len(), 0);
    world.sandbox.inject(Fault::on("DescribeParameters", FaultKind::AccessDenied));
    let run = world.run(&["secret", "diff"]).exits(0);
    run.answers("unknown").answers("allow `ssm:DescribeParameters`");
}

#[test]
fn a_secret_that_a_template_does_not_find_is_missing() {
    let world = world();
    let secrets = "    secrets: [{ name: A, valueFrom: {{ secret('shop/no', key='url') }} }]\n";
    world.folder.write("web.yml", &format!("{DEFINITION}{secrets}"));
    let run = world.run(&["secret", "diff", "--exit-code"]).exits(6);
    insta::assert_snapshot!(run.stdout, @r"
    STATE    SECRET   USED BY
    missing  shop/no  web: A
      create it with `ecsail secret put shop/no`
    ");
    world.run(&["plan", "--tag", "v2"]).exits(1).says("create it with `ecsail secret put shop/no`");
}

/// Returns a world with a key in KMS.
fn with_key() -> World {
    let world = world();
    let seed = Seed { key_aliases: vec!["alias/shop".to_owned()], ..Seed::default() };
    world.sandbox.seed(&seed).expect("the seed is good");
    world
}

fn encrypted(world: &World) -> String {
    let arguments = ["secret", "encrypt", "--key", "shop", "--from-stdin"];
    piped(world, &arguments, VALUE.as_bytes()).exits(0).stdout.trim().to_owned()
}

#[test]
fn what_is_encrypted_is_decrypted_again() {
    let world = with_key();
    let value = encrypted(&world);
    assert!(value.starts_with("${AQICAH") && value.ends_with('}'), "{value}");
    let run = world.run(&["secret", "decrypt", &value, "--in-ci"]).exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("blue-sky-77\n", ""));
    assert_eq!(world.unattended(&["secret", "decrypt", &value]).exits(0).stdout, "blue-sky-77\n");
}

#[test]
fn a_decrypted_value_is_printed_neither_in_ci_nor_as_json() {
    let world = with_key();
    let value = encrypted(&world);
    world.run(&["secret", "decrypt", &value]).exits(2).says("a decrypted value is not printed in CI");
    let run = world.unattended(&["secret", "decrypt", &value, "--output", "json"]).exits(2);
    assert!(run.stdout.contains("a decrypted value is never written as JSON"), "{}", run.stdout);
    let run = world.unattended(&["secret", "decrypt", &value, "--report", "report.json"]).exits(0);
    assert_eq!(run.stdout, "blue-sky-77\n");
    let report = std::fs::read_to_string(world.folder.dir.path().join("report.json")).expect("it is written");
    assert!(!report.contains(VALUE), "{report}");
    world.run(&["secret", "decrypt", "${HOME}", "--in-ci"]).exits(2).says("is no ciphertext of KMS");
}

#[test]
fn the_errors_of_kms_have_their_way_out() {
    let world = with_key();
    let value = encrypted(&world);
    let decrypt = |value: &str| world.run(&["secret", "decrypt", value, "--in-ci"]);
    let elsewhere =
        world.run(&["secret", "decrypt", &value, "--in-ci", "--kms-region", "eu-west-1"]).exits(1);
    elsewhere.says("does not exist in this region").says("see that the key is one of eu-west-1");
    decrypt(&format!("${{{}}}", "AAAA".repeat(30))).exits(1).says("InvalidCiphertextException");
    let kms = |operation: &str| {
        world.sandbox.call("kms", operation, json!({ "KeyId": "alias/shop" })).expect("the key is there")
    };
    kms("DisableKey");
    decrypt(&value).exits(1).says("is disabled.").says("aws kms enable-key");
    kms("ScheduleKeyDeletion");
    decrypt(&value).exits(1).says("is pending deletion.").says("aws kms cancel-key-deletion");
    kms("EnableKey");
    world.sandbox.inject(Fault::on("Decrypt", FaultKind::Throttling));
    decrypt(&value).exits(0);
    let arguments = ["secret", "encrypt", "--key", "other", "--from-stdin"];
    let run = piped(&world, &arguments, b"x").exits(1);
    run.says("Alias arn:aws:kms:us-east-1:123456789012:alias/other is not found.")
        .says("aws kms list-aliases");
    let arguments = ["secret", "encrypt", "--key", "shop", "--from-stdin"];
    piped(&world, &arguments, &[b'x'; 4097]).exits(2).says("has 4097 bytes, and KMS takes 4096");
}

#[test]
fn a_ciphertext_of_a_definition_moves_into_a_secret() {
    let world = with_key();
    let value = encrypted(&world);
    let variables = format!("    environment:\n      - {{ name: DB_PASSWORD, value: '{value}' }}\n");
    world.folder.write("web.yml", &format!("{DEFINITION}{variables}"));
    world
        .run(&["check"])
        .exits(1)
        .says("the value of `DB_PASSWORD` is a ciphertext of KMS")
        .says("`ecsail secret from-kms DB_PASSWORD NAME`");
    let run = world.run(&["secret", "from-kms", "DB_PASSWORD", "/shop/db"]).exits(0);
    insta::assert_snapshot!(run.stdout, @"
    created parameter `/shop/db` in us-east-1
      secrets:
        - { name: DB_PASSWORD, valueFrom: /shop/db }
    ");
    assert!(!run.stderr.contains(VALUE), "{}", run.stderr);
    assert_eq!(parameter(&world, "/shop/db")["Value"], VALUE);
    world.run(&["secret", "from-kms", &value, "shop/db"]).exits(0).answers("- { name: DB, valueFrom: arn:");
    let run = world.run(&["secret", "from-kms", "DB_PASWORD", "/shop/x"]).exits(2);
    run.says("no ciphertext of KMS in variable `DB_PASWORD`").says("did you mean `DB_PASSWORD`?");
}

#[test]
fn different_ciphertexts_of_a_variable_are_told_apart() {
    let world = with_key();
    let (one, other) = (encrypted(&world), encrypted(&world));
    let variables = format!("    environment:\n      - {{ name: KEY, value: '{one}' }}\n");
    world.folder.write("web.yml", &format!("{DEFINITION}{variables}"));
    let task = format!("tasks:\n  migrate:\n    like: web\n    environment: {{ KEY: '{other}' }}\n");
    world.folder.write("ecsail.yml", &format!("{MANIFEST}{task}"));
    let run = world.run(&["secret", "from-kms", "KEY", "/shop/key"]).exits(2);
    run.says("`KEY` has different ciphertexts in ").says("task migrate");
}

#[test]
fn a_parameter_that_the_sandbox_has_by_itself_is_replaced_by_a_put() {
    let manifest =
        "ecsail: 1\nregion: us-east-1\ncluster: main\nservices:\n  web: { task_definition: web.yml }\n";
    let definition = "family: web\nexecutionRoleArn: arn:aws:iam::123456789012:role/execution\ncontainerDefinitions:\n  \
                      - { name: app, image: nginx:1, memory: 128, secrets: { DB: /web/db } }\n";
    let folder = Folder::new(&[("ecsail.yml", manifest), ("web.yml", definition)]);
    folder.run(&["--sandbox", "secret", "diff"]).exits(0).answers("/web/db");
    let mut put = folder.command(&["--sandbox", "secret", "put", "/web/db", "--from-stdin"]);
    let mut child = put.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    child.stdin.take().expect("it is piped").write_all(b"example\n").expect("it reads");
    assert!(child.wait().expect("it ends").success());
}
