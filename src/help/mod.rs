//! The help: the overview of all commands, the layout of the help of one command, and what was meant by an unknown command.
//!
//! Only arranges what the arguments of each command say about themselves. Never prints.

use clap::builder::StyledStr;
use clap::{Arg, Command};

pub mod similar_flag;
pub mod synonyms;

/// The help heading of the global flags.
pub const GLOBAL_OPTIONS: &str = "Global options";

/// The commands in the groups of the overview.
const GROUPS: &[(&str, &[&str])] = &[
    ("Deploy", &["deploy", "plan", "approve", "apply", "promote", "run", "schedule", "wait"]),
    ("Look", &["status", "why", "history", "tasks", "logs", "images", "revisions"]),
    ("Go back", &["rollback", "cancel", "continue"]),
    ("Operate", &["restart", "scale", "exec", "stop-task", "prune", "delete", "lock"]),
    ("Files", &["init", "import", "check", "render", "schema", "explain"]),
    ("Set up", &["notify", "sandbox", "completions", "docs", "help"]),
];

const USAGE: &str = "Usage: ecsail COMMAND [OPTIONS]";
const EXAMPLES: &str = "Examples:
  ecsail deploy web --tag 1.4.2            # deploy a tag, and watch the rollout
  ecsail status                            # what runs, and what is wrong
  ecsail --sandbox deploy web --tag v2     # try it without an AWS account";
const COMMAND_TEMPLATE: &str =
    "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";
const GLOBAL_FOOTER: &str =
    "Options of all commands, such as --stage, --cluster and --output: ecsail help options";

/// Returns the overview that is shown without arguments: the names of the commands by group.
pub fn overview(program: &Command) -> String {
    let about = about(program);
    let width = GROUPS.iter().map(|(title, _)| title.len()).max().unwrap_or_default();
    let rows: Vec<String> =
        GROUPS.iter().map(|(title, names)| format!("  {title:width$}  {}", names.join("  "))).collect();
    let more = "`ecsail help` says what each command does, `ecsail help COMMAND` describes
one, `ecsail help options` lists the options of all, and `ecsail docs` has the
documentation of this version.";
    format!("{about}\n\n{USAGE}\n\n{}\n\n{EXAMPLES}\n\n{more}", rows.join("\n"))
}

/// Returns the list of all commands with what each does, by group.
pub fn all_commands(program: &Command) -> String {
    let about_of = |name: &str| program.find_subcommand(name).map(about).unwrap_or_default();
    // A build without the sandbox has no such command.
    let groups = GROUPS.iter().map(|(title, names)| {
        let known = names.iter().filter(|name| program.find_subcommand(name).is_some());
        let rows: String = known.map(|name| format!("\n  {name:11} {}", about_of(name))).collect();
        format!("{title}:{rows}")
    });
    let groups: Vec<String> = groups.collect();
    format!("{}\n\n{USAGE}\n\n{}\n\n{EXAMPLES}\n\n{GLOBAL_FOOTER}", about(program), groups.join("\n\n"))
}

/// Returns what a command says about itself in one line.
fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// Returns the options that all commands take.
pub fn global_options(program: &Command) -> String {
    let options = program.get_arguments().filter(|arg| is_global(arg)).cloned().collect::<Vec<Arg>>();
    let page = Command::new("ecsail").disable_help_flag(true).disable_version_flag(true).args(options);
    let mut page = page.max_term_width(100).help_template("{all-args}");
    page.render_long_help().to_string().trim_end().to_owned()
}

/// Returns the help of a command by its words, such as `schedule run`; `None` where there is none of that name.
pub fn of_command(program: Command, words: &[String]) -> Option<String> {
    let mut program = arranged(program);
    program.build();
    let mut command = &mut program;
    for word in words {
        command = command.find_subcommand_mut(word)?;
    }
    Some(command.render_long_help().to_string().trim_end().to_owned())
}

/// Returns the command line with its help arranged: the overview for the program; for each command its examples first, and
/// only the options of its own.
pub fn arranged(program: Command) -> Command {
    let overview = StyledStr::from(all_commands(&program));
    program
        .override_help(overview)
        .mut_args(|arg| if is_global(&arg) { arg.hide(true) } else { arg })
        .mut_subcommands(arranged_command)
}

fn arranged_command(command: Command) -> Command {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (examples, rest) = text.split_once("\n\n").unwrap_or((text.as_str(), ""));
    let rest = if rest.is_empty() { GLOBAL_FOOTER.to_owned() } else { format!("{rest}\n\n{GLOBAL_FOOTER}") };
    let hidden = command.mut_args(|arg| if is_global(&arg) { arg.hide(true) } else { arg });
    let arranged = hidden.before_help(examples.to_owned()).after_help(rest).mut_subcommands(arranged_command);
    arranged.help_template(COMMAND_TEMPLATE)
}

fn is_global(arg: &Arg) -> bool {
    arg.get_help_heading() == Some(GLOBAL_OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    #[test]
    fn the_groups_have_every_command_once() {
        let program = Cli::command();
        let commands = program.get_subcommands().filter(|command| !command.is_hide_set());
        let commands: BTreeSet<&str> = commands.map(Command::get_name).collect();
        let listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert_eq!(listed.len(), commands.len());
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), commands);
    }
}
