//! Conformance tests of policies: MiniStack evaluates what `ecsail iam-policy` prints, and every statement had a call in the
//! test run.

use std::io::Write as _;
use std::process::{Command, Stdio};

use ecsail::permissions::Purpose;
use serde_json::Value;

use crate::policy::noted_statements;
use crate::support::emulator::Emulator;
use crate::support::python::{HINT, program, run};
use crate::support::{DEFINITION, Folder, Run};

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
account: \"123456789012\"
cluster: main
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
lock: { table: ecsail-locks }
schedule_role: scheduler
services:
  web:
    task_definition: web.yml
schedules:
  nightly: { expression: cron(0 3 * * ? *), task: { like: web } }
lookups: { tfstate: { default: { url: 's3://states/a b/net.tfstate' } } }
";

const VARIABLES: &str = "    environment:
      - { name: A, value: {{ ssm('/shop/level') }} }
      - { name: C, value: {{ secret('shop/db') }} }
      - { name: D, value: {{ cfn_output('network', 'VpcId') }} }
      - { name: E, value: {{ cfn_export('shared-vpc') }} }
      - { name: F, value: {{ tfstate('output.net') | join(';') }} }
";

/// The commands that run under the policy, and what each is for.
const COMMANDS: &[&[&str]] = &[
    &["plan", "--tag", "v2"],
    &["deploy", "--tag", "v2", "--yes"],
    &["history", "web"],
    &["revisions", "web"],
    &["images", "web"],
    &["why", "web"],
    &["tasks", "web"],
    &["rollback", "web", "--yes"],
    &["restart", "web", "--yes"],
    &["schedule", "list"],
    &["schedule", "disable", "nightly"],
];

/// The statements of a deploy that MiniStack does not judge: it checks no role that is passed, no key that is used and no tags
/// of what is created; it has no service deployments and revisions; and these commands start no task, and find every
/// service, schedule and schedule group.
const NOT_JUDGED: &[&str] = &[
    "Clusters",
    "ServiceDeployments",
    "ServiceRevisions",
    "Tags",
    "RunTasks",
    "PassTaskRoles",
    "PassScheduleRoles",
    "Keys",
    "ScheduleGroups",
    "SameRules",
];

/// MiniStack with authorization, and the policies of its user.
struct Authorized {
    emulator: Emulator,
}

impl Authorized {
    fn start() -> Authorized {
        let emulator = Emulator::authorizing_ministack();
        run(&mut program("seed_lookups.py", &emulator.url(), emulator.access_key()), HINT);
        emulator.write("ecsail.yml", MANIFEST);
        emulator.write("web.yml", &format!("{DEFINITION}{VARIABLES}"));
        emulator.folder.run(&["lock", "init"]).exits(0);
        Authorized { emulator }
    }

    /// Returns the policy that ecsail prints for these purposes.
    fn policy(&self, purposes: &str) -> Value {
        let run = self.emulator.folder.run(&["iam-policy", "--for", purposes]).exits(0);
        serde_json::from_str(&run.stdout).expect("a policy is JSON")
    }

    /// Returns the folder with the keys of a user who has this policy, without one of its statements.
    fn as_user(&self, policy: &Value, without: Option<&str>) -> impl Fn(&[&str]) -> Run + '_ {
        let mut command = program("authorize.py", &self.emulator.url(), self.emulator.access_key());
        if let Some(sid) = without {
            command.args(["--without", sid]);
        }
        let key: Value = serde_json::from_str(&with_input(&mut command, &policy.to_string())).expect("JSON");
        let text = |name: &str| key[name].as_str().expect("a key").to_owned();
        let (id, secret) = (text("id"), text("secret"));
        let folder: &Folder = &self.emulator.folder;
        move |arguments: &[&str]| {
            let mut command = folder.command(arguments);
            command.env("AWS_ACCESS_KEY_ID", &id).env("AWS_SECRET_ACCESS_KEY", &secret);
            crate::support::finished(command)
        }
    }
}

/// Returns the output of a command that reads this.
fn with_input(command: &mut Command, input: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?}: {HINT}");
    String::from_utf8(output.stdout).expect("text")
}

fn is_denied(run: &Run) -> bool {
    let marks = ["is not authorized to perform", "was not checked"];
    marks.iter().any(|mark| run.stdout.contains(mark) || run.stderr.contains(mark))
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_allows_what_the_policy_has_and_denies_what_is_taken_from_it() {
    let authorized = Authorized::start();
    let whole = authorized.policy("deploy,operate,schedules");
    let allowed = authorized.as_user(&whole, None);
    for command in COMMANDS {
        let run = allowed(command).exits(0);
        assert!(!is_denied(&run), "{command:?}: {}", run.stderr);
    }
    let policy = authorized.policy("deploy");
    let statements = policy["Statement"].as_array().expect("a list");
    let mut not_judged = Vec::new();
    for (index, sid) in statements.iter().filter_map(|statement| statement["Sid"].as_str()).enumerate() {
        let user = authorized.as_user(&policy, Some(sid));
        let tag = if index % 2 == 0 { "v3" } else { "v1" };
        let denied =
            is_denied(&user(&["plan", "--tag", tag])) || is_denied(&user(&["deploy", "--tag", tag, "--yes"]));
        if !denied {
            not_judged.push(sid);
        }
    }
    assert_eq!(not_judged, NOT_JUDGED);
}

/// The statements whose calls are made beside `World::run`: a session of `exec` needs a terminal, and `init` runs before there is
/// a manifest for which a policy could be printed.
const NOT_NOTED: &[&str] = &["ExecuteCommand", "AllExpressServices", "AllRepositories", "AllScheduleGroups"];

#[test]
#[ignore = "needs a run of all other tests before"]
fn every_statement_of_every_policy_had_a_call() {
    let noted = noted_statements();
    assert!(!noted.is_empty(), "run `cargo test` before: it notes the calls in the target folder");
    let possible = ecsail::policy::possible_statements(Purpose::All);
    let missing: Vec<_> =
        possible.iter().filter(|sid| !noted.contains(*sid) && !NOT_NOTED.contains(&sid.as_str())).collect();
    assert!(missing.is_empty(), "no test makes a call for these: {missing:?}");
}
