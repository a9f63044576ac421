//! The flags that every verb takes, and the settings that they become.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args, ValueHint};

use crate::completion;
use crate::error::{Failure, Result};
use crate::help::GLOBAL_OPTIONS;
use crate::report::OutputStyle;
use crate::settings::{ColorChoice, OutputMode, Settings};
use crate::{duration, env_file, text_file};

/// The flags that every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = GLOBAL_OPTIONS)]
pub(super) struct GlobalArgs {
    /// Path of the manifest [default: `ecsail.yml` in this directory or the nearest parent]
    #[arg(short = 'f', long = "manifest", value_name = "FILE", env = "ECSAIL_MANIFEST", global = true, value_hint = ValueHint::FilePath)]
    manifest: Option<String>,
    /// Stage of the manifest to use
    #[arg(long, value_name = "NAME", env = "ECSAIL_STAGE", global = true, add = completion::stages())]
    stage: Option<String>,
    /// Set a variable, overriding the manifest's `vars`; repeatable
    #[arg(long, value_name = "NAME=VALUE", global = true)]
    set: Vec<String>,
    /// Read environment variables for templates from a file; repeatable
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath)]
    env_file: Vec<PathBuf>,
    /// Leave the environment out of `env` in templates; variables of `--env-file` stay
    #[arg(long, global = true, hide_short_help = true)]
    no_env: bool,
    /// Have only this variable of the environment in `env` of templates; repeatable
    #[arg(long, value_name = "NAME", global = true, hide_short_help = true)]
    allow_env: Vec<String>,
    /// Let templates include files outside the folder of the manifest
    #[arg(long, global = true, hide_short_help = true)]
    allow_includes_outside: bool,
    /// Cluster to use, overriding the manifest's; with it, services need not be in a manifest
    #[arg(long, value_name = "NAME", global = true, add = completion::clusters())]
    cluster: Option<String>,
    /// AWS region to use, overriding the manifest's
    #[arg(long, value_name = "REGION", global = true)]
    region: Option<String>,
    /// Profile of `~/.aws` to use
    #[arg(long, value_name = "NAME", global = true)]
    profile: Option<String>,
    /// Send AWS API calls to this URL instead
    #[arg(long, value_name = "URL", global = true)]
    endpoint_url: Option<String>,
    /// Run against the embedded sandbox instead of AWS; `--sandbox=crash` selects a scenario [default scenario: steady]
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, require_equals = true, default_missing_value = "steady", global = true, add = completion::scenarios())]
    sandbox: Option<String>,
    /// Format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    pub(super) output: OutputFormat,
    /// Write the JSON events to a file as well, whatever `--output` prints
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath)]
    pub(super) report: Option<PathBuf>,
    /// Print only answers and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Increase verbosity; repeatable
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    /// Print plain lines instead of a live display
    #[arg(long, global = true)]
    no_progress: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", global = true)]
    color: ColorChoice,
    /// Time between two polls of a rollout [default: adapts to the rollout]
    #[arg(
        long,
        value_name = "DURATION",
        env = "ECSAIL_POLL_INTERVAL",
        hide_short_help = true,
        global = true
    )]
    poll_interval: Option<String>,
    /// Time to wait for the lock of the stage before giving up; `0s` for not at all [default: 15m]
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration::argument_or_zero,
        hide_short_help = true,
        global = true
    )]
    lock_timeout: Option<Duration>,
    /// Change the stage without its lock
    #[arg(long, hide_short_help = true, global = true)]
    no_lock: bool,
}

/// The values of `--output`. `plan` alone supports Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OutputFormat {
    Text,
    Json,
    Markdown,
}

fn parse_poll_interval(text: &str) -> Result<Duration> {
    let invalid = || {
        let hint = "set `--poll-interval` or `ECSAIL_POLL_INTERVAL` to a duration such as `500ms` or `2s`";
        Failure::usage(format!("poll interval `{text}` is not a duration")).with_hint(hint.to_owned())
    };
    duration::parse(text).ok_or_else(invalid)
}

impl GlobalArgs {
    pub(super) fn style(&self) -> OutputStyle {
        let output = if self.output == OutputFormat::Json { OutputMode::Json } else { OutputMode::Text };
        OutputStyle {
            output,
            color: self.color,
            quiet: self.quiet,
            no_progress: self.no_progress,
            verbosity: self.verbose,
        }
    }

    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        let arguments = std::env::args_os().skip(1);
        Ok(Settings {
            arguments: arguments.map(|argument| argument.to_string_lossy().into_owned()).collect(),
            manifest: non_empty(self.manifest.as_ref()).map(PathBuf::from),
            stage: non_empty(self.stage.as_ref()),
            set_vars: self.set.iter().map(|argument| parse_assignment(argument)).collect::<Result<_, _>>()?,
            template_variables: self.template_variables()?,
            allow_includes_outside: self.allow_includes_outside,
            environment: self.environment()?,
            process_environment: process_environment(),
            profile: non_empty(self.profile.as_ref()),
            region: non_empty(self.region.as_ref()),
            cluster: non_empty(self.cluster.as_ref()),
            endpoint_url: non_empty(self.endpoint_url.as_ref()),
            #[cfg(feature = "sandbox")]
            sandbox: self.sandbox.clone(),
            #[cfg(not(feature = "sandbox"))]
            sandbox: None,
            poll_interval: non_empty(self.poll_interval.as_ref())
                .map(|text| parse_poll_interval(&text))
                .transpose()?,
            lock_timeout: self.lock_timeout,
            without_lock: self.no_lock,
            emergency: None,
        })
    }

    /// Returns the names in `env` of templates; none where all of the environment is in it.
    fn template_variables(&self) -> Result<Option<BTreeSet<String>>, Failure> {
        if !self.no_env && self.allow_env.is_empty() {
            return Ok(None);
        }
        let mut names: BTreeSet<String> = self.allow_env.iter().cloned().collect();
        for path in &self.env_file {
            names.extend(variables_of(path)?.into_iter().map(|(name, _)| name));
        }
        Ok(Some(names))
    }

    /// Returns the environment of the process, overridden by the files of `--env-file`.
    fn environment(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut environment = process_environment();
        for path in &self.env_file {
            environment.extend(variables_of(path)?);
        }
        Ok(environment)
    }
}

/// Returns the environment of the process. Names and values that are not UTF-8 are left out.
pub(super) fn process_environment() -> BTreeMap<String, String> {
    let own = std::env::vars_os();
    own.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// Returns the variables of an env file.
fn variables_of(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let unreadable = || Failure::usage(format!("failed to read env file `{}`", path.display()));
    let text = text_file::read(path).map_err(|error| unreadable().with_cause(error))?;
    env_file::parse(&text).map_err(|error| unreadable().with_cause(error))
}

/// Returns the argument, or `None` if it is empty, as an unset variable in a script leaves it.
fn non_empty(argument: Option<&String>) -> Option<String> {
    argument.filter(|argument| !argument.is_empty()).cloned()
}

/// Returns the name and value of `--set name=value`.
fn parse_assignment(argument: &str) -> Result<(String, String), Failure> {
    let parts = argument.split_once('=');
    let name = |name: &str| {
        let start = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        start && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    if let Some((name, value)) = parts.filter(|(found, _)| name(found)) {
        Ok((name.to_owned(), value.to_owned()))
    } else {
        // The value may be a secret, so the message repeats the name only.
        let name = argument.split('=').next().unwrap_or_default();
        let hint = "use letters, digits and `_` in the name, and no digit first".to_owned();
        Err(Failure::usage(format!("`--set {name}…` is not `name=value`")).with_hint(hint))
    }
}
