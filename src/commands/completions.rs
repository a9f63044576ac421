//! `ecsail completions`: prints the completion script of a shell.

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::context::Context;
use crate::report::{Event, Outcome};

/// Prints the completion script of a shell
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail completions bash > /etc/bash_completion.d/ecsail
  ecsail completions zsh > \"${fpath[1]}/_ecsail\"
  ecsail completions fish > ~/.config/fish/completions/ecsail.fish")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Runs the verb.
///
/// # Errors
/// None; the signature is that of all verbs.
pub fn run(args: &Completions, context: &Context) -> Result<Outcome> {
    let text = script(args.shell);
    let value = serde_json::json!({"shell": args.shell.to_string(), "script": text});
    context.report.tell(&Event::Answer { event: "completions", text: text.trim_end(), value });
    Ok(Outcome::Done)
}

/// Returns the completion script of a shell.
pub fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ecsail", &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
