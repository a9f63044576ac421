//! Tests of logins: each source of credentials that fails says what to do, and a login is made once.

use std::io::{BufRead, BufReader, Read, Write};

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;

use crate::deploy::{at_a_terminal, until_asked};
use crate::support::{MANIFEST, World};

const KEYS: &str = "aws_access_key_id = AKIABASE\naws_secret_access_key = secret\n";

/// Returns a world whose machine has these profiles, and no keys in the environment.
fn world(profiles: &str) -> World {
    let mut world = World::new(Scenario::Steady);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        world.folder = world.folder.env(name, "");
    }
    world.folder = world.folder.env("AWS_EC2_METADATA_DISABLED", "true");
    world.folder.write(".aws/config", profiles);
    world
}

#[test]
fn a_profile_that_does_not_exist_names_the_others() {
    let world = world(&format!("[profile production]\n{KEYS}[profile staging]\n{KEYS}"));
    world
        .run(&["status", "--profile", "producton"])
        .exits(2)
        .says("no AWS profile named `producton`")
        .says("did you mean `production`? the profiles are production, staging");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_profile_of_the_environment_that_does_not_exist_is_the_same_error() {
    let mut world = world("");
    world.folder = world.folder.env("AWS_PROFILE", "prod");
    world.run(&["status"]).exits(2).says("no AWS profile named `prod`").says("there are no profiles in");
}

#[test]
fn a_missing_login_at_identity_center_names_the_command() {
    let world = world(
        "[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n\
         [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example.com/start\n",
    );
    world
        .run(&["status", "--profile", "corp"])
        .exits(1)
        .says("profile `corp` is not logged in at IAM Identity Center")
        .says("log in with `aws sso login --profile corp`");
}

#[test]
fn an_expired_login_at_identity_center_names_the_command() {
    let world = world(
        "[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n\
         [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example.com/start\n",
    );
    // The name is the SHA-1 of the session's name.
    let cached = "{\"accessToken\": \"t\", \"expiresAt\": \"2020-01-01T00:00:00Z\", \"startUrl\": \"https://corp.example.com/start\"}";
    world.folder.write(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", cached);
    world
        .run(&["status", "--profile", "corp"])
        .exits(1)
        .says("the login of profile `corp` at IAM Identity Center has expired")
        .says("log in with `aws sso login --profile corp`");
}

#[test]
fn a_login_at_identity_center_without_a_session_names_the_command() {
    let world = world(
        "[default]\nsso_region = us-east-1\nsso_start_url = https://corp.example.com/start\n\
         sso_account_id = 123456789012\nsso_role_name = dev\n",
    );
    let run = world.run(&["status"]).exits(1).says("profile `default` is not logged in");
    run.says("log in with `aws sso login`\n");
}

#[test]
fn a_denied_role_names_role_principal_and_what_to_add() {
    let role = "arn:aws:iam::123456789012:role/deployer";
    let world = world(&format!(
        "[profile base]\n{KEYS}[profile deployer]\nrole_arn = {role}\nsource_profile = base\n"
    ));
    world.sandbox.inject(Fault::on("AssumeRole", FaultKind::AccessDenied).always());
    world
        .run(&["status", "--profile", "deployer"])
        .exits(1)
        .says(&format!("failed to assume role `{role}`"))
        .says(&format!("allow `arn:aws:iam::123456789012:user/sandbox` to call `sts:AssumeRole` on `{role}`"))
        .says("in the trust policy of the role")
        .says("set `mfa_serial` in profile `deployer`");
}

#[test]
fn a_denied_role_of_the_manifest_is_explained_too() {
    let world = World::new(Scenario::Steady);
    let role = "arn:aws:iam::123456789012:role/deployer";
    world.folder.write("ecsail.yml", &MANIFEST.replace("region:", &format!("role: {role}\nregion:")));
    world.sandbox.inject(Fault::on("AssumeRole", FaultKind::AccessDenied).always());
    world.run(&["status"]).exits(1).says(&format!("failed to assume role `{role}`")).says("trust policy");
}

#[test]
fn a_missing_web_identity_token_names_its_path() {
    let mut world = world("");
    world.folder = world
        .folder
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/no-token")
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci");
    world
        .run(&["status"])
        .exits(1)
        .says("failed to read the web identity token file `/var/run/no-token`")
        .says("No such file or directory");
}

#[test]
fn a_web_identity_assumes_its_role() {
    let mut world = world("");
    world.folder.write("token", "jwt");
    world.folder = world
        .folder
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci");
    world.run(&["status"]).exits(0);
}

#[test]
fn an_expired_web_identity_token_is_said_to_be_expired() {
    let mut world = world("");
    world.folder.write("token", "expired");
    world.folder = world
        .folder
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci");
    world
        .run(&["status"])
        .exits(1)
        .says("with the token in `token`")
        .says("get a new token: this one has expired");
}

#[test]
fn a_program_that_fails_is_quoted() {
    let world = world("[profile x]\ncredential_process = sh -c 'echo vault is sealed >&2; exit 3'\n");
    world
        .run(&["status", "--profile", "x"])
        .exits(1)
        .says("`sh`, the `credential_process` of profile `x`, failed")
        .says("exit status: 3: vault is sealed");
}

#[test]
#[cfg(unix)]
fn a_slow_program_is_named_and_run_once_for_all_clients() {
    let world = world("[profile x]\ncredential_process = sh slow.sh\n");
    let keys = "{\"Version\": 1, \"AccessKeyId\": \"AKIASLOW\", \"SecretAccessKey\": \"s\"}";
    let script = format!("echo x >> logins; while [ ! -e go ]; do sleep 0.05; done; echo '{keys}'");
    world.folder.write("slow.sh", &script);
    let mut child = world.start(&["deploy", "--tag", "v2", "--profile", "x"]);
    let mut story = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    story.read_line(&mut line).expect("text");
    assert!(line.contains("logging in: waiting for `sh`, the `credential_process` of profile `x`"), "{line}");
    world.folder.write("go", "");
    story.read_to_string(&mut line).expect("text");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{line}");
    let logins = std::fs::read_to_string(world.folder.dir.path().join("logins")).expect("it ran");
    assert_eq!(logins, "x\n");
}

#[test]
fn a_role_is_assumed_once_for_all_clients() {
    let world = World::new(Scenario::Steady);
    let role = "arn:aws:iam::123456789012:role/deployer";
    world.folder.write("ecsail.yml", &MANIFEST.replace("region:", &format!("role: {role}\nregion:")));
    world.deploy("v2").exits(0);
    assert_eq!(world.calls("AssumeRole").len(), 1);
    let keys: std::collections::BTreeSet<String> =
        world.sandbox.requests().into_iter().map(|request| request.access_key).collect();
    assert_eq!(keys.len(), 2, "the keys of the environment, and those of the role: {keys:?}");
}

#[test]
fn an_mfa_code_cannot_be_asked_for_without_a_terminal() {
    let world = world(&format!(
        "[profile base]\n{KEYS}[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/admin-mfa\n\
         source_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    ));
    world
        .run(&["status", "--profile", "admin"])
        .exits(1)
        .says("needs a code of MFA device `arn:aws:iam::123456789012:mfa/me`")
        .says("aws configure export-credentials --profile admin --format env");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn an_mfa_code_is_asked_for_on_a_terminal() {
    let world = world(&format!(
        "[profile base]\n{KEYS}[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/admin-mfa\n\
         source_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    ));
    for (code, expected, says) in
        [(&b"123456\n"[..], 0, "web:1"), (b"000000\n", 1, "the MFA code was not accepted")]
    {
        let mut child = at_a_terminal(&world, "status --profile admin");
        until_asked(&mut child, "MFA code of arn:aws:iam::123456789012:mfa/me: ");
        child.stdin.take().expect("piped").write_all(code).expect("it listens");
        let output = child.wait_with_output().expect("it ends");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(expected), "{shown}");
        assert!(shown.contains(says), "{shown}");
    }
    let assumed = &world.calls("AssumeRole")[0];
    assert_eq!(
        (&assumed.body["TokenCode"], &assumed.body["SerialNumber"]),
        (&json!("123456"), &json!("arn:aws:iam::123456789012:mfa/me"))
    );
}

#[test]
fn keys_that_aws_does_not_know_are_said_to_be_wrong() {
    let world = World::new(Scenario::Steady);
    let code = "UnrecognizedClientException".to_owned();
    let message = "The security token included in the request is invalid.".to_owned();
    world.sandbox.inject(Fault::any(FaultKind::Code { status: 400, code, message }).always());
    world.run(&["status"]).exits(1).says("check the access key");
}
