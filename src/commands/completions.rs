//! `ecsail completions`: prints the completion script of a shell.

use clap::Args;
use clap_complete::Shell;

use crate::completing;
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, answer as events};
use crate::report::{Event, Outcome};

/// Print the completion script of a shell
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail completions bash > /etc/bash_completion.d/ecsail
  ecsail completions zsh > \"${fpath[1]}/_ecsail\"
  ecsail completions fish > ~/.config/fish/completions/ecsail.fish

The script runs the `ecsail` in the path, which completes verbs and flags, the services and stages
of the manifest, and the names that earlier commands cached in `~/.cache/ecsail`. It never calls
AWS.")]
pub struct Completions {
    /// Shell to print the script for
    shell: Shell,
}

/// Runs the verb.
///
/// # Errors
/// The shell is not supported.
pub fn run(args: &Completions, context: &Context) -> Result<Outcome> {
    let name = args.shell.to_string();
    let none = || Failure::usage(format!("no completion script for shell `{name}`"));
    let text = completing::script(&name).ok_or_else(none)?;
    let event = JsonEvent::Completions(events::Completions { shell: name, script: text.clone() });
    context.report.tell(&Event::Answer { text: text.trim_end(), event });
    Ok(Outcome::Done)
}
