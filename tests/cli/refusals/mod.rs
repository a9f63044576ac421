//! What AWS refuses, as tables: `ecsail check` finds it with its place, and the sandbox refuses it with AWS's words.
//!
//! The words are those that users and AWS's documentation report; where only a part is known, that part is compared.

mod definition_parts;
mod definitions;
mod runs;
mod service_parts;
mod services;
mod targets;

use std::collections::BTreeMap;

use ecsail_sandbox::Sandbox;
use serde_json::Value;

use crate::support::Run;

/// What `check` says.
#[derive(Clone, Copy, Debug)]
enum Finding {
    /// An error of this check, and no other error.
    Error(&'static str),
    /// A warning of this check, and no error.
    Warning(&'static str),
    /// An error with these words, of no check.
    Words(&'static str),
    /// No error: the document cannot show it, or AWS accepts it.
    Nothing,
}

/// What the API answers.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// An error with this code and these words.
    Refused(&'static str, &'static str),
    Accepted,
    /// It is not known what AWS says.
    NotSeen,
}

const CLIENT: &str = "ClientException";
const INVALID: &str = "InvalidParameterException";
const VALIDATION: &str = "ValidationException";

/// A problem that `check` reports.
#[derive(Clone, Debug)]
struct Reported {
    rule: Option<String>,
    severity: String,
    line: u64,
    message: String,
}

/// Returns the problems of a run with `--output json`, by file.
fn problems_by_file(run: &Run) -> BTreeMap<String, Vec<Reported>> {
    let mut found: BTreeMap<String, Vec<Reported>> = BTreeMap::new();
    let events = run.events();
    let listed = events.iter().flat_map(|event| event["problems"].as_array().into_iter().flatten());
    for problem in listed {
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        let file = text("file");
        let name = file.rsplit('/').next().unwrap_or_default().to_owned();
        found.entry(name).or_default().push(Reported {
            rule: problem["rule"].as_str().map(str::to_owned),
            severity: text("severity"),
            line: problem["line"].as_u64().unwrap_or(0),
            message: text("message"),
        });
    }
    found
}

/// Returns what is wrong with the problems of a row.
fn compare_finding(expected: Finding, found: &[Reported]) -> Option<String> {
    let errors: Vec<&Reported> = found.iter().filter(|problem| problem.severity == "error").collect();
    let of = |id: &str, severity: &str| {
        found.iter().any(|problem| {
            problem.rule.as_deref() == Some(id) && problem.severity == severity && problem.line > 0
        })
    };
    let right = match expected {
        Finding::Error(id) => {
            of(id, "error") && errors.iter().all(|problem| problem.rule.as_deref() == Some(id))
        }
        Finding::Warning(id) => of(id, "warning") && errors.is_empty(),
        Finding::Words(words) => {
            !errors.is_empty()
                && errors.iter().all(|problem| problem.message.contains(words) && problem.line > 0)
        }
        Finding::Nothing => errors.is_empty(),
    };
    (!right).then(|| format!("check: expected {expected:?}, found {found:?}"))
}

/// Returns what is wrong with the answer of a call.
fn compare_answer(
    expected: Answer,
    sandbox: &Sandbox,
    service: &str,
    operation: &str,
    input: Value,
) -> Option<String> {
    let answer = sandbox.call(service, operation, input);
    let right = match (expected, &answer) {
        (Answer::NotSeen, _) | (Answer::Accepted, Ok(_)) => true,
        (Answer::Refused(code, words), Err(error)) => error.code == code && error.message.contains(words),
        _ => false,
    };
    (!right).then(|| format!("{operation}: expected {expected:?}, answered {:?}", answer.err()))
}

/// Merges members into a JSON value; `null` removes a member.
fn merged(mut base: Value, over: &Value) -> Value {
    let Value::Object(members) = over else { return over.clone() };
    for (name, value) in members {
        let own = base[name.as_str()].take();
        base[name.as_str()] = if own.is_object() { merged(own, value) } else { value.clone() };
    }
    if let Value::Object(base) = &mut base {
        base.retain(|_, value| !value.is_null());
    }
    base
}

#[track_caller]
fn none_wrong(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
