//! `ecsail explain`: explains a rule of the linter.

use clap::Args;
use serde_json::{Value, json};

use crate::context::Context;
use crate::document::problem::Severity;
use crate::error::{Failure, Result};
use crate::lint::table::RULES;
use crate::lint::{self, Rule};
use crate::report::{Event, Outcome};

/// Explain a rule of `check`: its reason, its source, and how to ignore it
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail explain
  ecsail explain fargate-cpu-memory
  ecsail explain fargate-cpu-memory --output json

Without an id, all rules are listed.")]
pub struct Explain {
    /// Id of the rule, as shown in brackets in a message [default: list all rules]
    id: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// No rule has this id.
pub fn run(args: &Explain, context: &Context) -> Result<Outcome> {
    let (text, value) = match &args.id {
        None => (list(), json!({"rules": RULES.iter().map(summary).collect::<Vec<_>>()})),
        Some(id) => {
            let unknown = || Failure::usage(format!("no rule with the id `{id}`")).hint(lint::suggestion(id));
            let rule = lint::rule(id).ok_or_else(unknown)?;
            (explained(rule), whole(rule))
        }
    };
    context.report.tell(&Event::Answer { event: "explain", text: &text, value });
    Ok(Outcome::Done)
}

fn list() -> String {
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let line = |rule: &Rule| format!("{:width$}  {:7}  {}", rule.id, severity(rule), rule.title);
    RULES.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn explained(rule: &Rule) -> String {
    format!(
        "{}[{}]: {}\n\n{}\n\nsource: {}\nignore it: {}",
        severity(rule),
        rule.id,
        rule.title,
        rule.reason,
        rule.source,
        how_to_ignore(rule)
    )
}

fn how_to_ignore(rule: &Rule) -> String {
    format!("`ignore: [{}]` in the manifest: at its root, in a stage, or in a service", rule.id)
}

fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn summary(rule: &Rule) -> Value {
    json!({"id": rule.id, "severity": rule.severity, "title": rule.title})
}

fn whole(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "severity": rule.severity,
        "title": rule.title,
        "reason": rule.reason,
        "source": rule.source,
        "ignore": how_to_ignore(rule),
    })
}
