//! Formats hooks: each line that they write follows their name.

use serde_json::{Value, json};

/// A fact about a command that a hook runs.
#[derive(Clone, Copy, Debug)]
pub enum HookFact<'a> {
    /// It was started.
    Started { command: &'a str },
    /// It wrote a line.
    Line { stream: HookStream, line: &'a str },
    /// It ended: by itself with a code, by a signal, by its timeout, or by an interrupt.
    Ended { code: Option<i32>, signal: Option<i32>, timed_out: bool, interrupted: bool, seconds: f64 },
}

/// The stream to which a command wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HookStream {
    Stdout,
    Stderr,
}

/// Returns a fact as text; `None` for an end, which the error or what follows shows.
pub fn text(hook: &str, fact: &HookFact<'_>) -> Option<String> {
    match fact {
        HookFact::Started { command } => Some(format!("{hook}: `{command}`")),
        HookFact::Line { line, .. } => Some(format!("{hook}: {line}").trim_end().to_owned()),
        HookFact::Ended { .. } => None,
    }
}

/// Returns a fact as JSON.
pub fn json(hook: &str, fact: &HookFact<'_>) -> Value {
    match fact {
        HookFact::Started { command } => json!({"event": "hook.started", "hook": hook, "command": command}),
        HookFact::Line { stream, line } => {
            json!({"event": "hook.line", "hook": hook, "stream": stream, "line": line})
        }
        HookFact::Ended { code, signal, timed_out, interrupted, seconds } => {
            json!({"event": "hook.ended", "hook": hook, "code": code, "signal": signal, "timed_out": timed_out,
                "interrupted": interrupted, "seconds": seconds})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::SCHEMA;

    const LINE: HookFact<'static> = HookFact::Line { stream: HookStream::Stderr, line: "hello" };
    const STARTED: HookFact<'static> = HookFact::Started { command: "./notify.sh" };

    #[test]
    fn what_a_hook_writes_stands_behind_its_name() {
        assert_eq!(text("before_deploy", &STARTED).as_deref(), Some("before_deploy: `./notify.sh`"));
        assert_eq!(text("before_deploy", &LINE).as_deref(), Some("before_deploy: hello"));
        let empty = HookFact::Line { stream: HookStream::Stdout, line: "" };
        assert_eq!(text("before_deploy", &empty).as_deref(), Some("before_deploy:"));
    }

    #[test]
    fn the_events_of_a_hook_are_as_the_schema_says() {
        let schema = serde_json::from_str(SCHEMA).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let ended = |code, signal| HookFact::Ended {
            code,
            signal,
            timed_out: false,
            interrupted: false,
            seconds: 0.5,
        };
        for fact in [STARTED, LINE, ended(Some(3), None), ended(None, Some(9)), ended(None, None)] {
            let event = json("before_deploy", &fact);
            assert!(validator.is_valid(&event), "{event}");
            let mut more = event.clone();
            more["nope"] = json!(1);
            assert!(!validator.is_valid(&more), "{more}");
            for name in event.as_object().expect("an object").keys() {
                let mut less = event.clone();
                less.as_object_mut().expect("an object").remove(name);
                assert!(!validator.is_valid(&less), "without `{name}`: {event}");
            }
        }
    }
}
