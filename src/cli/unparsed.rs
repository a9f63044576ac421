//! A command line that is wrong or asks for help: what is printed, and the exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};

use super::global_args::process_environment;
use super::{Cli, code_after_writes, early_settings};
use crate::document::problem::most_similar;
use crate::error::{ErrorKind, Failure};
use crate::help::{self, similar_flag, synonyms};
use crate::report::{self, HelpText, OutputStyle, outcome};
use crate::settings::OutputMode;

/// Reports a command line that is wrong, or asks for help, and returns the exit code.
pub(super) fn report_unparsed(error: clap::Error) -> ExitCode {
    let error = similar_flag::with_similar_flag(error, Cli::command(), std::env::args().skip(1));
    let is_json = has_json_output(std::env::args_os());
    let unknown = unknown_command(&error);
    if !error.use_stderr() || (!is_json && unknown.is_none() && !has_no_command(&error)) {
        return print_help(error);
    }
    let output = if is_json { OutputMode::Json } else { OutputMode::Text };
    let failure = match unknown {
        Some(failure) => failure,
        None if has_no_command(&error) && !is_json => {
            report::write_usage(&help::overview(&Cli::command()));
            return ExitCode::from(ErrorKind::Usage.exit_code());
        }
        None => usage_failure(&error.render().to_string()),
    };
    let style = OutputStyle { output, ..OutputStyle::default() };
    report::reporter(style, &early_settings()).report_error(&failure);
    ExitCode::from(outcome::exit_code_of(&failure))
}

/// Returns whether the command line has no command.
fn has_no_command(error: &clap::Error) -> bool {
    // A flag, or a variable that sets one, is there, and no command.
    if error.kind() == clap::error::ErrorKind::MissingSubcommand {
        let of = error.get(ContextKind::InvalidSubcommand);
        return matches!(of, Some(ContextValue::String(of)) if of == Cli::command().get_name());
    }
    let shows_all = error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    shows_all && std::env::args_os().skip(1).all(|word| word.to_string_lossy().starts_with('-'))
}

/// Returns the failure of a command that does not exist, with the one that was meant.
fn unknown_command(error: &clap::Error) -> Option<Failure> {
    if error.kind() != clap::error::ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let program = Cli::command();
    let names = program.get_subcommands().map(clap::Command::get_name);
    let similar = most_similar(word, names).map(|name| format!("`ecsail {name}`"));
    let replacement = synonyms::replacement(word).map(str::to_owned).or(similar);
    let hint = replacement.map(|command| format!("use {command}"));
    let hint = hint.unwrap_or_else(|| "list the commands with `ecsail help`".to_owned());
    Some(Failure::usage(format!("no command named `{word}`")).with_hint(hint))
}

/// Prints what clap answers to `--help`, `--version` or wrong arguments, and returns its exit code.
fn print_help(error: clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(1);
    let is_error = error.use_stderr();
    let text = with_plain_arguments(error).render();
    let help = HelpText { plain: text.to_string(), colored: text.ansi().to_string(), is_error };
    report::write_help(&help, &process_environment());
    ExitCode::from(code_after_writes(code))
}

/// Returns an error of the command line that repeats arguments without line breaks and control characters.
fn with_plain_arguments(mut error: clap::Error) -> clap::Error {
    let plain = |value: &ContextValue| match value {
        ContextValue::String(text) => Some(ContextValue::String(report::one_line(text))),
        ContextValue::Strings(texts) => {
            Some(ContextValue::Strings(texts.iter().map(|text| report::one_line(text)).collect()))
        }
        _ => None,
    };
    let context: Vec<_> = error.context().filter_map(|(kind, value)| Some((kind, plain(value)?))).collect();
    for (kind, value) in context {
        error.insert(kind, value);
    }
    error
}

/// Returns whether the arguments contain `--output json`. Used when the command line cannot be parsed.
fn has_json_output(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<OsString> = arguments.skip(1).take_while(|argument| argument != "--").collect();
    let pair = |pair: &[OsString]| pair[0] == "--output" && pair[1] == "json";
    arguments.iter().any(|argument| argument == "--output=json") || arguments.windows(2).any(pair)
}

/// Converts clap's message into a failure: its first paragraph becomes the message, its tips become hints.
fn usage_failure(message: &str) -> Failure {
    let mut paragraphs =
        message.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let first = paragraphs.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(&first).to_owned();
    let tips = paragraphs.filter_map(|part| part.strip_prefix("tip: ").map(str::to_owned));
    let help = "run `ecsail --help` for the verbs and flags".to_owned();
    tips.chain([help]).fold(Failure::usage(first), Failure::with_hint)
}
