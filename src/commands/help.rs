//! `ecsail help`: describes the commands, one command, or the options of all. Never calls AWS.

use clap::{Args, Command};

use crate::context::CommandContext;
use crate::document::problem::most_similar;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, answer as events};
use crate::help::{self, synonyms};
use crate::report::{CommandOutcome, Event};

/// Describe a command, or the options of all commands
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail help
  ecsail help deploy
  ecsail help schedule run
  ecsail help options")]
pub struct HelpArgs {
    /// Words of the command to describe, or `options` [default: list all commands]
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
}

/// Runs the verb; `program` is the whole command line.
///
/// # Errors
/// There is no such command.
pub fn run(args: &HelpArgs, program: Command, context: &CommandContext) -> Result<CommandOutcome> {
    let text = match args.words.as_slice() {
        [] => help::all_commands(&program),
        [word] if word == "options" => help::global_options(&program),
        words => help::of_command(program.clone(), words).ok_or_else(|| unknown(words, &program))?,
    };
    let event = JsonEvent::Help(events::Help { command: args.words.join(" "), text: text.clone() });
    context.reporter.report(&Event::PagedAnswer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}

fn unknown(words: &[String], program: &Command) -> Failure {
    let word = words.first().map(String::as_str).unwrap_or_default();
    let names = program.get_subcommands().map(Command::get_name);
    let similar = || most_similar(word, names).map(|name| format!("`ecsail {name}`"));
    let replacement = synonyms::replacement(word).map(str::to_owned).or_else(similar);
    let hint = replacement.map(|command| format!("use {command}"));
    Failure::usage(format!("no command named `{}`", words.join(" "))).with_hint(hint)
}
