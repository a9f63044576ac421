//! Tests of what the machine sets: variables that are empty, profiles, proxies, certificates and endpoints.

use ecsail_sandbox::Scenario;

use crate::support::{DEFINITION, Folder, MANIFEST, World};

/// The variables that ecsail, the AWS SDK and its libraries read.
const VARIABLES: &[&str] = &[
    "ALL_PROXY",
    "AWS_ACCOUNT_ID",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_AUTH_SCHEME_PREFERENCE",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_REGION",
    "AWS_DISABLE_REQUEST_COMPRESSION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_ECS",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_RETRY_MODE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SDK_UA_APP_ID",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_SIGV4A_SIGNING_REGION_SET",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "CI",
    "ECSAIL_COMPLETE",
    "ECSAIL_MANIFEST",
    "ECSAIL_SANDBOX_STEP",
    "ECSAIL_SANDBOX_TOKEN",
    "ECSAIL_STAGE",
    "GITHUB_ACTIONS",
    "GITHUB_ACTOR",
    "GITHUB_OUTPUT",
    "GITHUB_SHA",
    "GITHUB_STEP_SUMMARY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_COLOR",
    "NO_PROXY",
    "REQUEST_METHOD",
    "RUST_LOG",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "XDG_CACHE_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Returns the folder with all of these variables empty.
fn with_empty(folder: Folder, names: &[&str]) -> Folder {
    names.iter().fold(folder, |folder, name| folder.env(name, ""))
}

#[test]
fn a_variable_that_is_set_and_empty_is_unset() {
    let mut world = World::new(Scenario::Steady);
    world.folder = with_empty(world.folder, VARIABLES);
    let run = world.run(&["deploy", "service", "web", "--tag", "v2", "--yes"]);
    run.exits(0).answers("web: deployed web:2");
}

#[test]
fn an_empty_endpoint_is_none() {
    let world = World::new(Scenario::Steady);
    let url = world.sandbox.url();
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)])
        .env("AWS_ENDPOINT_URL", "")
        .env("AWS_ENDPOINT_URL_ECS", "")
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example");
    folder.run(&["status", "--endpoint-url", &url]).exits(0).answers("web: web:1");
}

#[test]
fn an_empty_region_leaves_the_next_source() {
    let mut world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &MANIFEST.replace("region: us-east-1\n", ""));
    world.folder = world.folder.env("AWS_REGION", "").env("AWS_DEFAULT_REGION", "us-east-1");
    world.run(&["status"]).exits(0);
    assert!(world.sandbox.requests().iter().all(|request| request.signing_region == "us-east-1"));
}

#[test]
fn an_empty_poll_interval_is_none() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("ECSAIL_POLL_INTERVAL", "");
    world.run(&["status"]).exits(0);
}

#[test]
fn an_empty_proxy_hides_no_other() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("HTTP_PROXY", "").env("http_proxy", &world.sandbox.url());
    // Behind a proxy the host need not exist; the sandbox answers for names of loopback only.
    world.folder = world.folder.env("AWS_ENDPOINT_URL", "http://aws.localhost");
    world.run(&["status"]).exits(0).answers("web: web:1");
}

#[test]
fn an_empty_file_of_partitions_is_refused_before_the_sdk_ends_the_process() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("SMITHY_CLIENT_SDK_CUSTOM_PARTITION", "");
    world.run(&["status"]).exits(2).says("unset `SMITHY_CLIENT_SDK_CUSTOM_PARTITION`");
}

#[test]
fn a_ca_bundle_without_certificates_is_refused() {
    let mut world = World::new(Scenario::Steady);
    for text in ["", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
        world.folder.write("bundle.pem", text);
        world.folder = world.folder.env("AWS_CA_BUNDLE", "bundle.pem");
        world.run(&["status"]).exits(2).says("`AWS_CA_BUNDLE` file `bundle.pem` has no usable certificate");
    }
}

#[test]
fn a_proxy_that_is_no_url_is_refused() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("HTTPS_PROXY", "socks5://user:hunter2@proxy");
    let run = world.run(&["status"]).exits(2).says("`HTTPS_PROXY` is not the URL of an HTTP proxy");
    assert!(!run.stderr.contains("hunter2"), "{run:?}");
}

/// A profile that assumes a role with the keys of another one.
const PROFILES: &str = "\
[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = secret

[profile deployer]
role_arn = arn:aws:iam::123456789012:role/deployer
source_profile = base
region = us-east-1
";

/// Returns a world without keys in the environment, and with profiles.
fn with_profiles(profiles: &str) -> World {
    let mut world = World::new(Scenario::Steady);
    world.folder = with_empty(world.folder, &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"])
        .env("AWS_EC2_METADATA_DISABLED", "true");
    world.folder.write(".aws/config", profiles);
    world
}

#[test]
fn a_profile_is_the_same_by_flag_and_by_variable() {
    let calls = |given: &[&str], variable: &str| {
        let mut world = with_profiles(PROFILES);
        world.folder.write("ecsail.yml", &MANIFEST.replace("region: us-east-1\n", ""));
        world.folder = world.folder.env("AWS_PROFILE", variable);
        world.run(&[given, &["deploy", "--tag", "v2"]].concat()).exits(0);
        let (_, tags) = world.definition("web:2");
        assert!(tags["ecsail:deployed-by"].contains("assumed-role/deployer/"), "{tags:?}");
        let requests = world.sandbox.requests();
        let mut calls: Vec<String> = requests.into_iter().map(|request| request.operation).collect();
        calls.sort();
        calls.dedup();
        calls
    };
    let by_flag = calls(&["--profile", "deployer"], "");
    assert_eq!(by_flag, calls(&[], "deployer"));
    assert!(by_flag.contains(&"AssumeRole".to_owned()), "{by_flag:?}");
}

#[test]
fn a_profile_given_by_flag_precedes_the_keys_of_the_environment() {
    let mut world = with_profiles(PROFILES);
    world.folder = world.folder.env("AWS_ACCESS_KEY_ID", "AKIAOTHER").env("AWS_SECRET_ACCESS_KEY", "other");
    world.run(&["status", "--profile", "deployer"]).exits(0);
    let assumed = world.calls("AssumeRole");
    assert_eq!(assumed[0].access_key, "AKIABASE");
}

#[test]
fn the_endpoint_by_flag_is_that_of_the_credentials_too() {
    let mut world = with_profiles(PROFILES);
    let url = world.sandbox.url();
    world.folder = world.folder.env("AWS_ENDPOINT_URL", "").env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    world.run(&["status", "--profile", "deployer", "--endpoint-url", &url]).exits(0);
    assert_eq!(world.calls("AssumeRole").len(), 1);
}

/// What a machine may set that would lead calls away from the sandbox.
const LEADING_AWAY: &[(&str, &str)] = &[
    ("ALL_PROXY", "http://127.0.0.1:1"),
    ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "required"),
    ("AWS_CA_BUNDLE", "/missing.pem"),
    ("AWS_CONFIG_FILE", "aws-config"),
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ("AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:1"),
    ("AWS_ENDPOINT_URL_ECS", "http://127.0.0.1:1"),
    ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1"),
    ("AWS_PROFILE", "elsewhere"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_RETRY_MODE", "nonsense"),
    ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ("AWS_USE_FIPS_ENDPOINT", "true"),
    ("HTTPS_PROXY", "http://127.0.0.1:1"),
    ("HTTP_PROXY", "http://127.0.0.1:1"),
    ("SSL_CERT_FILE", "/missing.pem"),
    ("http_proxy", "http://127.0.0.1:1"),
];

#[test]
fn the_sandbox_takes_nothing_from_the_settings_of_the_machine() {
    let hook = "hooks:\n  before_deploy: 'echo no proxy for $NO_PROXY'\n";
    let files = [
        ("ecsail.yml", format!("{MANIFEST}role: arn:aws:iam::123456789012:role/deployer\n{hook}")),
        ("web.yml", DEFINITION.to_owned()),
        (
            "aws-config",
            "[profile elsewhere]\nendpoint_url = http://127.0.0.1:1\nuse_fips_endpoint = true\n".to_owned(),
        ),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder =
        LEADING_AWAY.iter().fold(Folder::new(&files), |folder, (name, value)| folder.env(name, value));
    let folder = folder.env("ECSAIL_POLL_INTERVAL", "20ms");
    folder
        .run(&["--sandbox", "deploy", "--tag", "v2"])
        .exits(0)
        .answers("web: deployed web:2")
        .says("no proxy for 127.0.0.1");
}

/// Returns an address on this machine that refuses connections.
fn refusing() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    format!("http://{address}")
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_named_with_its_source() {
    for (variable, flag) in
        [("AWS_ENDPOINT_URL", false), ("AWS_ENDPOINT_URL_ECS", false), ("--endpoint-url", true)]
    {
        let mut world = World::new(Scenario::Steady);
        let address = refusing();
        let mut arguments = vec!["status"];
        if flag {
            arguments.extend(["--endpoint-url", &address]);
        } else {
            world.folder = world.folder.env(variable, &address);
        }
        let run = world.folder.run(&arguments).exits(1);
        run.says(&format!("could not reach `{address}`: Connection refused"))
            .says(&format!("the address is that of `{variable}`"));
    }
}

#[test]
fn an_endpoint_of_a_profile_is_named_as_that() {
    let address = refusing();
    let mut world = with_profiles(&format!("[default]\nendpoint_url = {address}\n"));
    world.folder = world
        .folder
        .env("AWS_ENDPOINT_URL", "")
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example");
    world.folder.run(&["status"]).exits(1).says("the address is that of `endpoint_url` in profile `default`");
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("HTTP_PROXY", &refusing());
    world.run(&["status"]).exits(1).says("calls go through the proxy of `HTTP_PROXY`");
}

#[test]
fn an_endpoint_without_a_scheme_is_refused_before_any_call() {
    let mut world = World::new(Scenario::Steady);
    let run = world.run(&["status", "--endpoint-url", "localhost:4566"]).exits(2);
    run.says("endpoint `localhost:4566` has no scheme")
        .says("set `--endpoint-url` to `http://localhost:4566`");
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_STS"] {
        let mut world = World::new(Scenario::Steady);
        world.folder = world.folder.env(variable, "aws.example.com");
        world.run(&["status"]).exits(2).says(&format!("set `{variable}` to `https://aws.example.com`"));
        assert!(world.sandbox.requests().is_empty());
    }
    world.folder = world.folder.env("AWS_ENDPOINT_URL", "http://");
    world.run(&["status"]).exits(2).says("endpoint `http://` is not a URL of HTTP");
}

#[test]
fn a_name_that_cannot_be_a_region_is_refused_before_any_call() {
    let world = World::new(Scenario::Steady);
    for region in ["eu west 1", "EU-WEST-1", "eu-west-1a/"] {
        world
            .run(&["status", "--region", region])
            .exits(2)
            .says(&format!("`{region}` is not the name of an AWS region"));
    }
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_region_that_does_not_exist_is_said_not_to() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("AWS_ENDPOINT_URL", "");
    world
        .folder
        .run(&["status", "--region", "eu-wst-1"])
        .exits(1)
        .says("could not reach `https://ecs.eu-wst-1.amazonaws.com`")
        .says("there is no AWS region `eu-wst-1`, set by `--region`; did you mean `eu-west-1`?");
}

#[test]
fn pacing_is_on_or_off() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("ECSAIL_PACING", "fast");
    world.run(&["status"]).exits(2).says("`ECSAIL_PACING` is `fast`, not `on` or `off`");
}

#[test]
fn pause_before_looking_again_is_a_duration() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("ECSAIL_LOOKUP_PAUSE", "soon");
    world.run(&["status"]).exits(2).says("`ECSAIL_LOOKUP_PAUSE` is `soon`: not a duration");
}
