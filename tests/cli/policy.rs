//! Holds the policies of `ecsail iam-policy` against the calls of the verbs: every call of every test is within the policy for
//! its manifest, and every statement of a policy has a call.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use ecsail::permissions::Purpose;
use ecsail_sandbox::{Policy, Request};
use serde_json::Value;

use crate::support::Folder;

/// The flags of a command that also choose what the policy is about, each with whether it has a value.
const CHOOSING: &[(&str, bool)] = &[
    ("--stage", true),
    ("--region", true),
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
    let flags = choosing(arguments);
    let Some(policy) = printed(folder, purpose, &flags) else { return };
    for check in checks {
        let sids = policy.allowing(check);
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

/// Returns whether a resource is none of the manifest: a name of the command line, or a log group that only a definition in ECS
/// has.
fn is_beside_the_manifest(resource: &str, folder: &Folder, arguments: &[&str]) -> bool {
    if arguments.iter().any(|argument| resource.ends_with(&format!("/{argument}"))) {
        return true;
    }
    let Some((_, group)) = resource.split_once(":log-group:") else { return false };
    let group = group.split(':').next().unwrap_or(group);
    !folder.texts().iter().any(|text| text.contains(group))
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
