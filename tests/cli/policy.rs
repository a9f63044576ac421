//! Holds the policies of `ecsail iam-policy` against the calls of the verbs: every call of every test is within the policy for
//! its manifest, and every statement of a policy has a call.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use ecsail::permissions::Purpose;
use ecsail_sandbox::{Policy, Request, Scenario};
use serde_json::Value;

use crate::support::{Folder, World};

/// The flags of a command that also choose what the policy is about, each with whether it has a value.
const CHOOSING: &[(&str, bool)] = &[
    ("--stage", true),
    ("--region", true),
    ("--profile", true),
    ("-f", true),
    ("--manifest", true),
    ("--set", true),
    ("--env-file", true),
    ("--allow-env", true),
    ("--no-env", false),
    ("--allow-includes-outside", false),
];

/// Returns the narrowest purpose that has a verb.
fn purpose(verb: &str) -> Purpose {
    let has = |purpose: &&Purpose| purpose.verbs().contains(&verb);
    Purpose::EACH.iter().find(has).copied().unwrap_or(Purpose::All)
}

fn name(purpose: Purpose) -> String {
    format!("{purpose:?}").to_lowercase()
}

/// Returns the flags of a command line that choose what the policy is about.
fn choosing(arguments: &[&str]) -> Vec<String> {
    let mut chosen = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let flag = argument.split('=').next().unwrap_or(argument);
        let Some((_, has_value)) = CHOOSING.iter().find(|(name, _)| *name == flag) else { continue };
        chosen.push((*argument).to_owned());
        if *has_value && !argument.contains('=') {
            chosen.extend(rest.next().map(|value| (*value).to_owned()));
        }
    }
    chosen
}

/// Returns the policy that the binary prints; `None` where it has none for this manifest.
fn printed(folder: &Folder, purpose: Purpose, flags: &[String]) -> Option<Policy> {
    let purpose = name(purpose);
    let mut arguments = vec!["iam-policy", "--for", &purpose, "--account", "123456789012"];
    arguments.extend(flags.iter().map(String::as_str));
    let run = folder.run(&arguments);
    if run.code != 0 {
        return None;
    }
    let document: Value = serde_json::from_str(&run.stdout).expect("a policy is JSON");
    Some(Policy::parse(&document).expect("the policy is one that the sandbox evaluates"))
}

/// Returns the policies that a command runs under: `promote` reads one stage and deploys to the other. None where none is
/// printed: the manifest has a problem, or a saved plan alone has the stage.
fn policies(folder: &Folder, verb: &str, purpose: Purpose, arguments: &[&str]) -> Vec<Policy> {
    let flags = choosing(arguments);
    if verb != "promote" {
        // A flag asks for what the policy of a deploy has only where the manifest says so.
        let verifies = arguments.contains(&"--verify").then_some(Purpose::Verify);
        let purposes = std::iter::once(purpose).chain(verifies);
        return purposes.filter_map(|purpose| printed(folder, purpose, &flags)).collect();
    }
    let stage = |flag: &str| arguments.iter().skip_while(|argument| **argument != flag).nth(1).copied();
    let of_stage = |stage: Option<&str>, purpose: Purpose| {
        let flags = [&flags[..], &["--stage".to_owned(), stage?.to_owned()]].concat();
        printed(folder, purpose, &flags)
    };
    let both = [of_stage(stage("--to"), purpose), of_stage(stage("--from"), Purpose::Operate)];
    both.into_iter().flatten().collect()
}

/// Fails unless the policy for the manifest allows what AWS checks for these requests.
pub(crate) fn allows(folder: &Folder, verb: &str, arguments: &[&str], requests: &[Request]) {
    // With `--cluster`, names of the command line are those of services that the manifest need not have.
    if arguments.iter().any(|argument| argument.starts_with("--cluster")) || verb == "init" {
        return;
    }
    let checks: Vec<_> = requests.iter().flat_map(|request| &request.checks).collect();
    if checks.is_empty() {
        return;
    }
    let purpose = purpose(verb);
    let policies = policies(folder, verb, purpose, arguments);
    if policies.is_empty() {
        return;
    }
    let reads_values = arguments.contains(&"--read-secrets");
    for check in checks {
        // No policy has the right to read values, which a flag asks for.
        if reads_values && check.action == "secretsmanager:GetSecretValue" {
            continue;
        }
        let sids: Vec<&str> = policies.iter().flat_map(|policy| policy.allowing(check)).collect();
        let is_allowed = !sids.is_empty() || is_beside_the_manifest(&check.resource, folder, arguments);
        assert!(
            is_allowed,
            "`ecsail iam-policy --for {}` does not allow {} on {} {:?}, which {arguments:?} calls",
            name(purpose),
            check.action,
            check.resource,
            check.keys
        );
        for sid in sids {
            record(purpose, sid, &check.action);
        }
    }
}

/// Returns whether a resource is none of the manifest: a name of the command line, or a log group, repository or role that
/// only ECS has, in a definition or in members of a service that the manifest leaves as they are.
fn is_beside_the_manifest(resource: &str, folder: &Folder, arguments: &[&str]) -> bool {
    let is_argument =
        |argument: &&str| argument.starts_with("arn:") || resource.ends_with(&format!("/{argument}"));
    if arguments.iter().any(is_argument) {
        return true;
    }
    let marks = [":log-group:", ":repository/", ":role/"];
    let Some((_, name)) = marks.iter().find_map(|mark| resource.split_once(mark)) else { return false };
    let name = name.split(':').next().unwrap_or(name);
    let is_named =
        |word: &str| word == name || word.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'));
    let between = |letter: char| letter.is_whitespace() || ",{}[]\"'".contains(letter);
    !folder.texts().iter().any(|text| text.split(between).any(is_named))
}

/// Returns the folder in which the test run notes which statements had calls.
fn notes() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("policy-calls")
}

/// Notes that a statement of a policy allowed a call, once in a test run.
fn record(purpose: Purpose, sid: &str, action: &str) {
    static KNOWN: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);
    let line = format!("{}\t{sid}\t{action}\n", name(purpose));
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.insert(line.clone()) {
        return;
    }
    std::fs::create_dir_all(notes()).expect("the folder can be made");
    let path = notes().join(format!("{}.tsv", std::process::id()));
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the note can be written");
}

/// Returns the names of the statements that allowed a call, as a test run has noted them.
pub(crate) fn noted_statements() -> BTreeSet<String> {
    let Ok(files) = std::fs::read_dir(notes()) else { return BTreeSet::new() };
    let texts = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter_map(|line| line.split('\t').nth(1).map(str::to_owned)).collect()
}

const FULL: &str = "\
ecsail: 1
app: shop
region: us-east-1
account: \"123456789012\"
cluster: main
role: deployer
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
lock: { table: locks }
schedule_role: scheduler
notify:
  - { slack: { ssm: /shop/slack } }
services:
  web:
    task_definition: web.yml
    service: { desiredCount: 2, loadBalancers: [] }
    autoscaling: { min: 2, max: 4, cpu: 60 }
schedules:
  nightly: { expression: cron(0 3 * * ? *), task: { like: web } }
  hourly: { via: rule, expression: rate(1 hour), task: { like: web } }
lookups: { tfstate: { default: { url: 's3://states/net.tfstate' } } }
";

const LOOKING_UP: &str = "\
family: web
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 256
memory: 512
executionRoleArn: arn:aws:iam::{{ aws.account }}:role/execution
taskRoleArn: {{ tfstate('aws_iam_role.task.arn') }}
containerDefinitions:
  - name: app
    image: {{ image.app }}
    logConfiguration: { logDriver: awslogs, options: { awslogs-group: /shop/web, awslogs-region: us-east-1, awslogs-stream-prefix: app } }
    environment:
      - { name: LEVEL, value: {{ ssm('/shop/level') }} }
      - { name: VPC, value: {{ cfn_output('network', 'VpcId') }} }
    secrets:
      - { name: TOKEN, valueFrom: {{ secret('shop/token') }} }
";

fn full() -> Folder {
    Folder::new(&[("ecsail.yml", FULL), ("web.yml", LOOKING_UP)])
}

#[test]
fn a_policy_names_what_the_manifest_names() {
    let run = full().run(&["iam-policy", "--format", "terraform"]).exits(0);
    let note = "note: the policy has `*` for `taskRoleArn` of service `web`, which is not in the manifest\n";
    assert!(run.stderr.starts_with(note), "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn a_policy_is_a_template_of_cloudformation() {
    let run = full().run(&["iam-policy", "--for", "run", "--format", "cloudformation"]).exits(0);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn a_trust_policy_with_an_account_needs_no_manifest() {
    let trust = ["iam-policy", "--trust", "github:acme/shop", "--account", "123456789012"];
    Folder::new(&[]).run(&trust).exits(0).answers("repo:acme/shop:*");
}

#[test]
fn a_trust_policy_names_the_environment() {
    let trust = ["iam-policy", "--trust", "github:acme/shop:environment:production"];
    let run = full().run(&trust).exits(0);
    insta::assert_snapshot!(run.stdout);
    for format in ["terraform", "cloudformation"] {
        let run = full().run(&[&trust[..], &["--format", format]].concat()).exits(0);
        insta::assert_snapshot!(format!("trust_{format}"), run.stdout);
    }
}

#[test]
fn a_trusted_repository_without_environment_is_a_note() {
    full()
        .run(&["iam-policy", "--trust", "github:acme/shop"])
        .exits(0)
        .says("note: every workflow of the repository is trusted")
        .answers("\"repo:acme/shop:*\"");
}

#[test]
fn a_trust_policy_needs_an_account() {
    let folder =
        Folder::new(&[("ecsail.yml", crate::support::MANIFEST), ("web.yml", crate::support::DEFINITION)])
            .env("AWS_EC2_METADATA_DISABLED", "true");
    let run = folder.run(&["iam-policy", "--trust", "github:acme/shop"]).exits(2);
    assert!(run.stderr.contains("error: a trust policy names the account of the role"), "{}", run.stderr);
}

#[test]
fn an_unknown_account_is_any_and_a_note() {
    let folder =
        Folder::new(&[("ecsail.yml", crate::support::MANIFEST), ("web.yml", crate::support::DEFINITION)])
            .env("AWS_EC2_METADATA_DISABLED", "true");
    folder
        .run(&["iam-policy"])
        .exits(0)
        .says("note: the policy has `*` for the account, which is not known")
        .answers("arn:aws:ecs:us-east-1:*:service/main/web");
}

#[test]
fn the_account_is_that_of_the_credentials() {
    let world = World::new(Scenario::Steady);
    world.folder.run(&["iam-policy"]).exits(0).answers("arn:aws:ecs:us-east-1:123456789012:service/main/web");
    let calls: Vec<_> = world.sandbox.requests().into_iter().map(|request| request.operation).collect();
    assert_eq!(calls, ["GetCallerIdentity"]);
}

#[test]
fn without_a_manifest_there_is_no_policy() {
    Folder::new(&[])
        .run(&["--cluster", "main", "--region", "us-east-1", "iam-policy"])
        .exits(2)
        .says("no `ecsail.yml`");
}

#[test]
fn a_policy_that_is_too_long_for_iam_is_a_note() {
    let services: String =
        (0..40).map(|index| format!("  service-{index}: {{ task_definition: web.yml }}\n")).collect();
    let manifest = crate::support::MANIFEST.replace("  web:\n    task_definition: web.yml\n", &services);
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", crate::support::DEFINITION)]);
    folder
        .run(&["iam-policy", "--account", "123456789012", "--for", "all"])
        .exits(0)
        .says("a managed policy may have 6144");
}

#[test]
fn what_the_policy_does_not_have_the_sandbox_refuses_as_aws_does() {
    let world = World::new(Scenario::Steady);
    let policy = printed(&world.folder, Purpose::Deploy, &[]).expect("a policy");
    world.sandbox.set_policy(Some(policy.without("Services")));
    world.deploy("v2").exits(1).says(
        "not authorized to perform: ecs:DescribeServices on resource: arn:aws:ecs:us-east-1:123456789012:service/main/web \
         because no identity-based policy allows the ecs:DescribeServices action",
    );
    world.sandbox.set_policy(Some(policy));
    world.deploy("v2").exits(0);
}
