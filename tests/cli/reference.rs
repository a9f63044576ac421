//! Generates the pages in `docs/reference/` from the code, and compares them with those in the repository.
//! `ECSAIL_UPDATE_DOCS=1` writes them instead.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command, CommandFactory};
use ecsail::cli::Cli;
use ecsail::document::normalize::lists::{LISTS, ListOrder};
use ecsail::document::normalize::spelling::SPELLINGS;
use ecsail::document::normalize::values::VALUES;
use ecsail::document::problem::Severity;
use ecsail::exit_codes::{COMMAND_EXIT_CODES, EXIT_CODES};
use ecsail::help::GLOBAL_OPTIONS;
use ecsail::lint::checks::all_checks;
use ecsail::permissions::{self, Need};
use ecsail_sandbox::scenarios;

use crate::docs::{root, updating};

/// Compares a page with the one in the repository, or writes it.
#[track_caller]
fn compare(name: &str, sources: &str, body: &str) {
    let update = "ECSAIL_UPDATE_DOCS=1 cargo test --test cli reference";
    let page =
        format!("<!-- Generated from {sources}; to update it, run `{update}`. -->\n\n{}\n", body.trim());
    let path = root().join("docs/reference").join(name);
    if updating() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(&path, page).expect("the page can be written");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/reference/{name} is not current: {update}");
}

/// Returns text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn commands_are_current() {
    let mut program = Cli::command();
    program.build();
    let mut body = String::from(
        "# Commands\n\nEvery command with its arguments and flags. `ecsail COMMAND --help` prints the same.\n\n\
         ## Global flags\n\nEvery command takes these flags.\n\n",
    );
    body.push_str(&flags(global(&program)));
    for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
        body.push_str(&section(command, 2));
    }
    compare("commands.md", "the arguments of the program (`src/cli/`, `src/commands/`)", &body);
}

fn is_listed(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

fn is_global(arg: &Arg) -> bool {
    arg.get_help_heading() == Some(GLOBAL_OPTIONS)
}

fn global(program: &Command) -> Vec<&Arg> {
    program.get_arguments().filter(|arg| is_global(arg) && !arg.is_hide_set()).collect()
}

fn section(command: &Command, level: usize) -> String {
    let name = command.get_bin_name().unwrap_or_default().trim_start_matches("ecsail ").to_owned();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let mut text = format!("\n{} {name}\n\n{about}.\n\n```text\n{usage}\n```\n", "#".repeat(level));
    // The flags of a command are also those of its subcommands, and are listed once.
    let own = |arg: &&Arg| {
        !is_global(arg) && !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str())
    };
    let inherited = |arg: &&Arg| level > 2 && arg.is_global_set();
    let args: Vec<&Arg> = command.get_arguments().filter(own).filter(|arg| !inherited(arg)).collect();
    if !args.is_empty() {
        let _ = write!(text, "\n{}", flags(args));
    }
    text.push_str(&examples(command));
    for sub in command.get_subcommands().filter(|command| is_listed(command)) {
        text.push_str(&section(sub, level + 1));
    }
    text
}

fn flags(args: Vec<&Arg>) -> String {
    let mut text = String::from("| flag | description |\n|---|---|\n");
    for arg in args {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "| {} | {}{} |", cell(&spelled(arg)), cell(&help), cell(&values(arg)));
    }
    text
}

/// Returns how an argument is written, in code spans: `-f`, `--manifest FILE`.
fn spelled(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    if arg.is_positional() {
        let many = if arg.get_num_args().is_some_and(|range| range.max_values() > 1) { "…" } else { "" };
        return format!("`{value}{many}`");
    }
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let long = arg.get_long().unwrap_or_default();
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) && !value.is_empty();
    match (takes, arg.is_require_equals_set()) {
        (true, true) => format!("{short}`--{long}[={value}]`"),
        (true, false) => format!("{short}`--{long} {value}`"),
        (false, _) => format!("{short}`--{long}`"),
    }
}

/// Returns the possible values, the default and the environment variable of an argument, as the help shows them.
fn values(arg: &Arg) -> String {
    let mut text = String::new();
    if matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) {
        let possible = arg.get_possible_values();
        let names: Vec<_> = possible
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if !names.is_empty() {
            let _ = write!(text, " ({})", names.join(", "));
        }
        let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() {
            let _ = write!(text, " [default: {}]", defaults.join(", "));
        }
    }
    if let Some(variable) = arg.get_env() {
        let _ = write!(text, " [env: `{}`]", variable.to_string_lossy());
    }
    text
}

/// Returns the examples of the help as a block, whose commands are parsed with those of the other pages.
fn examples(command: &Command) -> String {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let Some(help) = help.strip_prefix("Examples:\n") else { return String::new() };
    let lines = help.lines().take_while(|line| line.starts_with("  "));
    let lines: Vec<String> = lines.map(|line| format!("$ {}", line.trim())).collect();
    format!("\n```console\n{}\n```\n", lines.join("\n"))
}

#[test]
fn checks_are_current() {
    let severity = |severity: Severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut body = String::from(
        "# Checks\n\n`ecsail check`, and every other command that renders, makes these checks. Errors stop the run, warnings \
         do not. [How to ignore a check](../checks.md#ignoring-a-check).\n\n| check | severity | what it requires |\n|---|---|---|\n",
    );
    for rule in all_checks() {
        let _ = writeln!(
            body,
            "| [`{0}`](#{0}) | {1} | {2} |",
            rule.id,
            severity(rule.severity),
            cell(rule.title)
        );
    }
    for rule in all_checks() {
        let (url, member) = rule.source.split_once(' ').unwrap_or((rule.source, ""));
        let source = format!("<{url}> {member}");
        let _ = write!(
            body,
            "\n## {}\n\n{}. ({})\n\n{}\n\nSource: {}\n",
            rule.id,
            rule.title,
            severity(rule.severity),
            rule.reason,
            source.trim()
        );
    }
    compare("checks.md", "`src/lint/checks/`", &body);
}

#[test]
fn exit_codes_are_current() {
    let mut body = String::from(
        "# Exit codes\n\nThe exit code is the outcome of *this* run: a rollout that ECS rolled back is 3, though the service is steady \
         again.\n\n| code | meaning |\n|---|---|\n",
    );
    for row in EXIT_CODES {
        let _ = writeln!(body, "| {} | {} |", row.code, cell(row.meaning));
    }
    body.push_str(
        "\nWith several services the worst outcome decides: a failed rollout before an interrupt, an interrupt before an error, an error \
         before a timeout. `ecsail run` and `ecsail schedule run` exit with the container's exit code \
         ([details](../tasks-and-schedules.md#one-off-tasks)), `ecsail exec` with that of the Session Manager plugin.\n",
    );
    body.push_str("\n## By command\n\n| command | exit codes |\n|---|---|\n");
    for row in COMMAND_EXIT_CODES {
        let _ = writeln!(body, "| `{}` | {} |", row.command, cell(&row.text()));
    }
    compare("exit-codes.md", "`src/exit_codes.rs`", &body);
}

/// Returns the help after the flags of this command and of those below it, by the words of the command.
fn helps_after(command: &Command, words: &str, helps: &mut BTreeMap<String, String>) {
    for sub in command.get_subcommands() {
        let words = format!("{words} {}", sub.get_name()).trim().to_owned();
        helps_after(sub, &words, helps);
        helps.insert(words, sub.get_after_help().map(ToString::to_string).unwrap_or_default());
    }
}

#[test]
fn help_names_the_exit_codes_of_the_table_and_no_others() {
    let mut helps = BTreeMap::new();
    helps_after(&Cli::command(), "", &mut helps);
    for row in COMMAND_EXIT_CODES {
        let help = helps.remove(row.command).unwrap_or_else(|| panic!("no command `{}`", row.command));
        let (typed, codes) = help.split_once("\n\nExit codes: ").unwrap_or_else(|| panic!("{}", row.command));
        assert_eq!(codes.replace('\n', " "), format!("{}.", row.text()), "{}", row.command);
        assert!(!typed.contains("xit code"), "{}: {help}", row.command);
    }
    let typed: Vec<&String> =
        helps.iter().filter(|(_, help)| help.contains("Exit codes")).map(|(words, _)| words).collect();
    assert!(typed.is_empty(), "not in `src/exit_codes.rs`: {typed:?}");
}

#[test]
fn permissions_are_current() {
    let mut body = String::from(
        "# Permissions\n\nThe IAM actions that each command calls: those that it needs, those that it needs in some cases, and those that \
         it can do without. `check`, `render`, `explain`, `schema`, `completions` and `sandbox` call no AWS API.\n",
    );
    for verb in permissions::verbs() {
        let _ = write!(body, "\n## {verb}\n\n| action | needed | without it |\n|---|---|---|\n");
        let rank = |need: Need| match need {
            Need::Always => 0,
            Need::Where(_) => 1,
            Need::Optional(_) => 2,
        };
        let mut rows: Vec<_> = permissions::of(verb).collect();
        rows.sort_by_key(|row| rank(row.need));
        for row in rows {
            let actions: Vec<String> = row.actions.iter().map(|action| format!("`{action}`")).collect();
            let (needed, lost) = match row.need {
                Need::Always => ("yes".to_owned(), ""),
                Need::Where(case) => (format!("if {case}"), ""),
                Need::Optional(lost) => ("no".to_owned(), lost),
            };
            let _ = writeln!(body, "| {} | {} | {} |", actions.join(", "), cell(&needed), cell(lost));
        }
    }
    compare("permissions.md", "`src/permissions/`", &body);
}

#[test]
fn normal_form_is_current() {
    let mut body = String::from(
        "# Normal form\n\nA plan compares what you wrote with what ECS returns, and ECS returns some of it in another form. This page lists \
         what is no change, and on what that rests. Whatever is not proven stays a difference. The names are those of AWS's API \
         reference.\n\n## Spellings\n\nValues that mean the same.\n\n| member | the same | source |\n|---|---|---|\n",
    );
    for row in SPELLINGS {
        let _ = writeln!(body, "| {} | {} | {} |", row.members, cell(row.same), cell(row.source));
    }
    body.push_str(
        "\n## Absent members\n\nA member that is absent means the same as its default. A member without a default is compared as \
         written.\n\n| member | default | source |\n|---|---|---|\n",
    );
    for row in VALUES {
        let default = row.absent.map(|value| format!("`{value}`")).unwrap_or_default();
        let _ = writeln!(body, "| `{}.{}` | {default} | {} |", row.structure, row.member, cell(row.source));
    }
    body.push_str("\n## Lists\n\nWhether another order is a change.\n\n| list | another order | source |\n|---|---|---|\n");
    for row in LISTS {
        let order = match row.order {
            ListOrder::Kept => "a change",
            ListOrder::Ignored => "no change",
        };
        let _ = writeln!(body, "| `{}.{}` | {order} | {} |", row.structure, row.member, cell(row.source));
    }
    compare("normal-form.md", "the tables in `src/document/normalize/`", &body);
}

#[test]
fn scenarios_are_current() {
    let mut body = String::from(
        "# Sandbox scenarios\n\n`--sandbox=SCENARIO` chooses what happens to the rollouts that start from then on. Times are those of the \
         sandbox's clock. `ecsail sandbox scenarios` prints the same list.\n\n| scenario | what happens |\n|---|---|\n",
    );
    for scenario in scenarios() {
        let _ = writeln!(body, "| `{}` | {} |", scenario.name, cell(scenario.summary));
    }
    compare("scenarios.md", "the scenarios of the sandbox", &body);
}
