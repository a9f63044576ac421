//! `ecsail man`: prints or writes the man pages, for packages.

use std::path::{Path, PathBuf};

use clap::{Arg, Args, Command};

use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, answer as events};
use crate::help::GLOBAL_OPTIONS;
use crate::report::{CommandOutcome, Event};

/// Print a man page, or write all of them to a folder
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail man deploy | man -l -
  ecsail man schedule run
  ecsail man --out man")]
pub struct ManArgs {
    /// Verb whose page to print, with its subcommand, such as `schedule run` [default: the page of the program]
    verb: Vec<String>,
    /// Write the pages of all verbs to this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "verb")]
    out: Option<PathBuf>,
}

/// Runs the verb; `program` is the whole command line, of which the pages are made.
///
/// # Errors
/// The verb does not exist, or the folder cannot be written.
pub fn run(args: &ManArgs, program: Command, context: &CommandContext) -> Result<CommandOutcome> {
    let pages = render_pages(program)?;
    let Some(folder) = &args.out else { return print(&args.verb.join("-"), &pages, context) };
    for (name, text) in &pages {
        write(folder, name, text)?;
    }
    let text = format!("wrote {} pages to `{}`", pages.len(), folder.display());
    let pages = pages.into_iter().map(|(name, _)| name).collect();
    let event = JsonEvent::Man(events::Man { pages, text: None });
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}

fn print(verb: &str, pages: &[(String, String)], context: &CommandContext) -> Result<CommandOutcome> {
    let name = if verb.is_empty() { "ecsail.1".to_owned() } else { format!("ecsail-{verb}.1") };
    let Some((_, text)) = pages.iter().find(|(known, _)| *known == name) else {
        return Err(Failure::usage(format!("no verb named `{verb}`")));
    };
    let event = JsonEvent::Man(events::Man { pages: vec![name], text: Some(text.clone()) });
    context.reporter.report(&Event::PagedAnswer { text: text.trim_end(), event });
    Ok(CommandOutcome::Succeeded)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(name), text));
    written.map_err(|error| {
        Failure::error(format!("failed to write `{}`", folder.join(name).display())).with_cause(error)
    })
}

/// Returns all pages by file name: that of the program, and one for each visible verb and for each subcommand that a verb requires.
///
/// A page has no date, so that the same program gives the same pages on every day.
fn render_pages(program: Command) -> Result<Vec<(String, String)>> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let verbs: Vec<&Command> = program.get_subcommands().filter(|verb| !verb.is_hide_set()).collect();
    // What `deploy service` takes, `deploy` takes too; `schedule` does nothing without one of its subcommands.
    let parts = verbs.iter().filter(|verb| verb.is_subcommand_required_set());
    let parts = parts.flat_map(|verb| verb.get_subcommands().filter(|part| !part.is_hide_set()));
    std::iter::once(&program).chain(verbs.iter().copied()).chain(parts).map(render_page).collect()
}

fn render_page(command: &Command) -> Result<(String, String)> {
    let name = command.get_display_name().unwrap_or("ecsail").to_owned();
    let is_verb = command.get_name() != "ecsail";
    // The global options are on the program's page only. A page has what the short help leaves out.
    let hidden = |arg: Arg| match arg.get_help_heading() {
        Some(GLOBAL_OPTIONS) if is_verb => arg.hide(true),
        _ => arg.hide_short_help(false),
    };
    let source = concat!("ecsail ", env!("CARGO_PKG_VERSION"));
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone().mut_args(hidden)).source(source).manual("");
    page.render(&mut text)
        .map_err(|error| Failure::error(format!("failed to write the page of `{name}`")).with_cause(error))?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if is_verb {
        text.push_str(".SH \"SEE ALSO\"\n\\fBecsail\\fR(1), for the global options\n");
        if !command.is_subcommand_required_set() {
            text = command
                .get_subcommands()
                .fold(text, |text, part| without_subcommand_page(&text, command, part));
        }
    }
    Ok((format!("{name}.1"), text))
}

/// Replaces the reference to a page of a subcommand, which does not exist, by the command.
fn without_subcommand_page(text: &str, verb: &Command, part: &Command) -> String {
    let (verb, part) = (verb.get_name(), part.get_name());
    text.replace(&format!("ecsail\\-{verb}\\-{part}(1)"), &format!("ecsail {verb} {part}"))
}
