//! Formats hooks: each line that they write follows their name.

use crate::events::JsonEvent;
use crate::events::hook::{HookEnded, HookLine, HookName, HookOutput, HookStarted};
use crate::hooks::{HookFact, HookStream, Moment};

/// Returns a fact as text; `None` for an end, which the error or what follows shows.
pub fn text(hook: &str, fact: &HookFact<'_>) -> Option<String> {
    match fact {
        HookFact::Started { command } => Some(format!("{hook}: `{command}`")),
        HookFact::Line { line, .. } => Some(format!("{hook}: {line}").trim_end().to_owned()),
        HookFact::Ended { .. } => None,
    }
}

/// The event of a fact.
pub fn event(hook: Moment, fact: &HookFact<'_>) -> JsonEvent {
    let hook = match hook {
        Moment::BeforeDeploy => HookName::BeforeDeploy,
        Moment::AfterDeploy => HookName::AfterDeploy,
        Moment::OnFailure => HookName::OnFailure,
    };
    match *fact {
        HookFact::Started { command } => {
            JsonEvent::HookStarted(HookStarted { hook, command: command.to_owned() })
        }
        HookFact::Line { stream, line } => {
            let stream = match stream {
                HookStream::Stdout => HookOutput::Stdout,
                HookStream::Stderr => HookOutput::Stderr,
            };
            JsonEvent::HookLine(HookLine { hook, stream, line: line.to_owned() })
        }
        HookFact::Ended { code, signal, timed_out, interrupted, seconds } => {
            JsonEvent::HookEnded(HookEnded { hook, code, signal, timed_out, interrupted, seconds })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

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
        let schema = Value::Object(crate::events::schema::schema());
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let ended = |code, signal| HookFact::Ended {
            code,
            signal,
            timed_out: false,
            interrupted: false,
            seconds: 0.5,
        };
        for fact in [STARTED, LINE, ended(Some(3), None), ended(None, Some(9)), ended(None, None)] {
            let event = serde_json::to_value(event(Moment::BeforeDeploy, &fact)).expect("JSON");
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
