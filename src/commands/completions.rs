//! `ecsail completions`: prints the completion script of a shell.

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use crate::completing;
use crate::context::Context;
use crate::error::Failure;
use crate::events::{JsonEvent, answer as events};
use crate::report::{Event, Outcome};

/// Prints the completion script of a shell
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail completions bash > /etc/bash_completion.d/ecsail
  ecsail completions zsh > \"${fpath[1]}/_ecsail\"
  ecsail completions fish > ~/.config/fish/completions/ecsail.fish

The script asks the `ecsail` in the path: for verbs and flags, for the services and stages of the manifest, and for the
names that `status` and others saw last (kept in `~/.cache/ecsail`). AWS is never asked.")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Runs the verb.
///
/// # Errors
/// A shell that cannot be completed for.
pub fn run(args: &Completions, context: &Context) -> Result<Outcome> {
    let name = args.shell.to_string();
    let none = || Failure::usage(format!("there is no script for `{name}`"));
    let text = completing::script(&name).ok_or_else(none)?;
    let event = JsonEvent::Completions(events::Completions { shell: name, script: text.clone() });
    context.report.tell(&Event::Answer { text: text.trim_end(), event });
    Ok(Outcome::Done)
}
