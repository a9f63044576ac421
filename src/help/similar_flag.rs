//! Finds the flag that was meant by one that does not exist, also where two letters are exchanged. Never prints.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::document::problem::most_similar;

/// Returns the error of an unknown flag with the flag of the command that it most likely stands for; any other error as it is.
pub fn with_similar_flag(
    mut error: clap::Error,
    program: clap::Command,
    arguments: impl Iterator<Item = String>,
) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument || error.get(ContextKind::SuggestedArg).is_some() {
        return error;
    }
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) else { return error };
    let Some(name) = given.strip_prefix("--") else { return error };
    let flags = flags_of(program, arguments);
    let Some(similar) = most_similar(name, flags.iter().map(String::as_str)) else { return error };
    // It is no value for another argument then.
    error.remove(ContextKind::Suggested);
    error.insert(ContextKind::SuggestedArg, ContextValue::String(format!("--{similar}")));
    error
}

/// Returns the flags of the command that the arguments name.
fn flags_of(program: clap::Command, arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut command = program;
    command.build();
    for word in arguments {
        if let Some(inner) = command.find_subcommand(&word) {
            command = inner.clone();
        }
    }
    command.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned)).collect()
}
