//! `ecsail explain`: explains a rule of the linter.

use clap::Args;

use crate::context::CommandContext;
use crate::document::problem::Severity;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, answer as events};
use crate::lint::checks::all_checks;
use crate::lint::{self, Check};
use crate::report::problems::severity_event;
use crate::report::{CommandOutcome, Event};

/// Explain a rule of `check`: its reason, its source, and how to ignore it
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail explain
  ecsail explain fargate-cpu-memory
  ecsail explain fargate-cpu-memory --output json

Without an id, all rules are listed.")]
pub struct ExplainArgs {
    /// Id of the rule, as shown in brackets in a message [default: list all rules]
    #[arg(add = crate::completion::rules())]
    id: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// No rule has this id.
pub fn run(args: &ExplainArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let (text, explain) = match &args.id {
        None => (list_rules(), events::Explain::All { rules: all_checks().map(summary).collect() }),
        Some(id) => {
            let unknown =
                || Failure::usage(format!("no rule with the id `{id}`")).with_hint(lint::unknown_id_hint(id));
            let rule = lint::find_check(id).ok_or_else(unknown)?;
            (explanation(rule), details(rule))
        }
    };
    context.reporter.report(&Event::Answer { text: &text, event: JsonEvent::Explain(explain) });
    Ok(CommandOutcome::Succeeded)
}

fn list_rules() -> String {
    let width = all_checks().map(|rule| rule.id.len()).max().unwrap_or_default();
    let line = |rule: &Check| format!("{:width$}  {:7}  {}", rule.id, severity_name(rule), rule.title);
    all_checks().map(line).collect::<Vec<_>>().join("\n")
}

fn explanation(rule: &Check) -> String {
    format!(
        "{}[{}]: {}\n\n{}\n\nsource: {}\nignore it: {}",
        severity_name(rule),
        rule.id,
        rule.title,
        rule.reason,
        rule.source,
        ignore_hint(rule)
    )
}

fn ignore_hint(rule: &Check) -> String {
    format!("`ignore: [{}]` in the manifest: at its root, in a stage, or in a service", rule.id)
}

fn severity_name(rule: &Check) -> &'static str {
    match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn summary(rule: &Check) -> events::Rule {
    events::Rule {
        id: rule.id.to_owned(),
        severity: severity_event(rule.severity),
        title: rule.title.to_owned(),
    }
}

fn details(rule: &Check) -> events::Explain {
    events::Explain::One {
        id: rule.id.to_owned(),
        severity: severity_event(rule.severity),
        title: rule.title.to_owned(),
        reason: rule.reason.to_owned(),
        source: rule.source.to_owned(),
        ignore: ignore_hint(rule),
    }
}
