//! `ecsail explain`: explains a rule of the linter.

use clap::Args;

use crate::context::Context;
use crate::document::problem::Severity;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, answer as events};
use crate::lint::table::RULES;
use crate::lint::{self, Rule};
use crate::report::problems::severity_event;
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
    let (text, explain) = match &args.id {
        None => (list(), events::Explain::All { rules: RULES.iter().map(summary).collect() }),
        Some(id) => {
            let unknown = || Failure::usage(format!("no rule with the id `{id}`")).hint(lint::suggestion(id));
            let rule = lint::rule(id).ok_or_else(unknown)?;
            (explained(rule), whole(rule))
        }
    };
    context.report.tell(&Event::Answer { text: &text, event: JsonEvent::Explain(explain) });
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

fn summary(rule: &Rule) -> events::Rule {
    events::Rule {
        id: rule.id.to_owned(),
        severity: severity_event(rule.severity),
        title: rule.title.to_owned(),
    }
}

fn whole(rule: &Rule) -> events::Explain {
    events::Explain::One {
        id: rule.id.to_owned(),
        severity: severity_event(rule.severity),
        title: rule.title.to_owned(),
        reason: rule.reason.to_owned(),
        source: rule.source.to_owned(),
        ignore: how_to_ignore(rule),
    }
}
