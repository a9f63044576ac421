//! `ecsail docs`: shows the documentation of this version from the binary itself. Never calls AWS.

use clap::Args;

use crate::book::{PAGES, Page, topics};
use crate::context::CommandContext;
use crate::document::problem::did_you_mean;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, answer as events};
use crate::report::{CommandOutcome, Event};

/// Show the documentation of this version, as Markdown
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail docs
  ecsail docs manifest
  ecsail docs --search 'health check'
  ecsail docs rollouts > rollouts.md")]
pub struct DocsArgs {
    /// Topic to show [default: list the topics]
    #[arg(value_name = "TOPIC", add = crate::completion::topics())]
    topic: Option<String>,
    /// List the lines that contain this text, in any letter case
    #[arg(long, value_name = "TEXT", conflicts_with = "topic")]
    search: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// There is no such topic, or no page contains the text.
pub fn run(args: &DocsArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let text = match (&args.topic, &args.search) {
        (Some(topic), _) => find_page(topic)?.content().trim_end().to_owned(),
        (None, Some(text)) => search(text)?,
        (None, None) => list(),
    };
    let event = JsonEvent::Docs(events::Docs { topic: args.topic.clone(), text: text.clone() });
    context.reporter.report(&Event::PagedAnswer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}

fn find_page(topic: &str) -> Result<&'static Page> {
    let wanted = topic.strip_suffix(".md").unwrap_or(topic);
    PAGES.iter().find(|page| page.topic == wanted).ok_or_else(|| {
        let hint = did_you_mean(wanted, topics());
        let hint = hint.unwrap_or_else(|| "list the topics with `ecsail docs`".to_owned());
        Failure::usage(format!("no documentation on `{topic}`")).with_hint(hint)
    })
}

fn list() -> String {
    let width = topics().map(str::len).max().unwrap_or_default();
    let rows: Vec<String> =
        PAGES.iter().map(|page| format!("{:width$}  {}", page.topic, page.title())).collect();
    rows.join("\n")
}

/// Returns the lines that contain a text, each with its topic and number.
fn search(text: &str) -> Result<String> {
    let wanted = text.to_lowercase();
    let found = PAGES.iter().flat_map(|page| {
        let lines = page.content().lines().enumerate();
        let matching = lines.filter(|(_, line)| line.to_lowercase().contains(&wanted));
        matching.map(|(index, line)| format!("{}:{}: {}", page.topic, index + 1, line.trim()))
    });
    let found: Vec<String> = found.collect();
    if found.is_empty() {
        let hint = "list the topics with `ecsail docs`".to_owned();
        return Err(Failure::error(format!("no page contains `{text}`")).with_hint(hint));
    }
    Ok(found.join("\n"))
}
