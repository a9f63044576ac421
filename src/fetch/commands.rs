//! Runs the commands that templates ask for, each once for the same arguments.

use std::collections::BTreeSet;
use std::process::Stdio;

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::{Answers, FetchContext};
use crate::aws::MAX_CONCURRENT_CALLS;
use crate::document::problem::did_you_mean;
use crate::lookup::{Lookup, LookupAnswer, LookupFailure};
use crate::manifest::lookups::{CommandFormat, ManifestCommand};
use crate::secrets::{masked_line, secrets_among};

/// The most bytes that are read of the output of a command.
const LARGEST: u64 = 8 << 20;

/// Returns the answers of all commands.
pub(super) async fn run_all(asked: &BTreeSet<Lookup>, context: &FetchContext<'_>) -> Answers {
    let commands = asked.iter().filter_map(|lookup| match lookup {
        Lookup::External { name, arguments } => Some((lookup, name, arguments)),
        _ => None,
    });
    let runs = commands.map(async |(lookup, name, arguments)| {
        let answer = run_named(name, arguments, context).await;
        (lookup.clone(), answer)
    });
    stream::iter(runs).buffered(MAX_CONCURRENT_CALLS).collect().await
}

/// Returns the answers to commands that the manifest does not have: they need no command to run.
pub(super) fn undeclared(asked: &BTreeSet<Lookup>, context: &FetchContext<'_>) -> Answers {
    let known = &context.manifest.lookups.commands;
    let failure = |lookup: &Lookup| match lookup {
        Lookup::External { name, .. } if !known.contains_key(name) => {
            Some((lookup.clone(), Err(no_command(name, context))))
        }
        _ => None,
    };
    asked.iter().filter_map(failure).collect()
}

fn no_command(name: &str, context: &FetchContext<'_>) -> LookupFailure {
    let hint = did_you_mean(name, context.manifest.lookups.commands.keys().map(String::as_str));
    let hint = hint.unwrap_or_else(|| format!("add `{name}` under `lookups.external` of the manifest"));
    LookupFailure::new(format!("the manifest has no command named `{name}`")).with_hint(hint)
}

async fn run_named(name: &str, arguments: &[String], context: &FetchContext<'_>) -> LookupAnswer {
    let Some(command) = context.manifest.lookups.commands.get(name) else {
        return Err(no_command(name, context));
    };
    let text = run(command, arguments, context).await.map_err(|why| {
        LookupFailure::new(format!("failed to run external command `{name}`: {why}"))
            .with_hint("run the command by hand in the folder of the manifest".to_owned())
    })?;
    match command.format {
        CommandFormat::Text => Ok(Value::from(text.trim_end_matches(['\n', '\r']))),
        CommandFormat::Json => serde_json::from_str(&text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            LookupFailure::new(format!("external command `{name}` printed no JSON ({place})"))
                .with_hint("print JSON to stdout, or set `format: text`".to_owned())
        }),
    }
}

/// Runs a command and returns what it printed.
async fn run(
    command: &ManifestCommand,
    arguments: &[String],
    context: &FetchContext<'_>,
) -> Result<String, String> {
    let Some((program, first)) = command.command.split_first() else {
        return Err("it has no program".to_owned());
    };
    let directory = context.manifest.folder();
    // A path with a folder is relative to the manifest, as in `lookups`.
    let program_path = if program.contains('/') {
        directory.join(program).canonicalize().unwrap_or_else(|_| program.into())
    } else {
        program.into()
    };
    let mut process = Command::new(program_path);
    process.args(first).args(arguments).current_dir(directory);
    process.env_clear().envs(&context.environment).kill_on_drop(true);
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = process.spawn().map_err(|error| format!("`{program}`: {error}"))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let ended = tokio::time::timeout(command.timeout, async {
        let (out, err) = tokio::join!(read_all(out), read_all(err));
        (out, err, child.wait().await)
    });
    let Ok((out, err, status)) = ended.await else {
        return Err(format!("it did not end within {:?}", command.timeout));
    };
    let status = status.map_err(|error| error.to_string())?;
    if !status.success() {
        let last = err.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let secrets = secrets_among(&context.environment);
        let line = masked_line(last.trim(), &secrets);
        let detail = if line.is_empty() { String::new() } else { format!(": {line}") };
        return Err(format!("{status}{detail}"));
    }
    Ok(out)
}

/// Returns what a stream has, up to the limit.
async fn read_all(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What was read before an error is the answer, and the exit code says whether it counts.
        let _ = stream.take(LARGEST).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
