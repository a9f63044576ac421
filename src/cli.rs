//! Parses the command line (the global flags and the verbs), runs the verb, and returns its exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint};

use crate::apply::stage_lock::HeldLock;
use crate::commands::{
    apply_plan, approve, cancel, check, completions, continue_verb, delete, deploy, docs, exec, explain,
    help as help_verb, history, images, init, interrupts, lock, logs, man, notify, plan, promote, prune,
    render, restart, revisions, rollback, run, scale, schedule, schema, status, stop_task, tasks, wait,
    waves, why,
};
use crate::completion;
use crate::context::CommandContext;
use crate::document::problem::most_similar;
use crate::error::{ErrorKind, Failure, Result};
use crate::help::{self, GLOBAL_OPTIONS, similar_flag, synonyms};
use crate::interrupt::{self, Signal};
use crate::report::{self, CommandOutcome, Event, HelpText, OutputStyle, ReportFile, outcome};
use crate::secrets::masked_message;
use crate::settings::{ColorChoice, OutputMode, Settings};
use crate::{duration, env_file, file_limits, text_file};

/// Deploy to Amazon ECS and report how the rollout really ended
#[derive(Debug, Parser)]
#[command(name = "ecsail", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(init::InitArgs),
    Check(check::CheckArgs),
    Render(render::RenderArgs),
    Plan(plan::PlanArgs),
    Deploy(deploy::DeployArgs),
    Approve(approve::ApproveArgs),
    Apply(apply_plan::ApplyArgs),
    Promote(promote::PromoteArgs),
    Status(status::StatusArgs),
    Why(why::WhyArgs),
    History(history::HistoryArgs),
    Tasks(tasks::TasksArgs),
    Images(images::ImagesArgs),
    Revisions(revisions::RevisionsArgs),
    Prune(prune::PruneArgs),
    Wait(wait::WaitArgs),
    Rollback(rollback::RollbackArgs),
    Cancel(cancel::CancelArgs),
    Continue(continue_verb::ContinueArgs),
    Restart(restart::RestartArgs),
    Logs(logs::LogsArgs),
    Exec(exec::ExecArgs),
    Run(run::RunArgs),
    Schedule(schedule::ScheduleArgs),
    StopTask(stop_task::StopTaskArgs),
    Scale(scale::ScaleArgs),
    Lock(lock::LockArgs),
    Notify(notify::NotifyArgs),
    Delete(delete::DeleteArgs),
    Explain(explain::ExplainArgs),
    #[cfg(feature = "sandbox")]
    Sandbox(crate::commands::sandbox::SandboxArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Docs(docs::DocsArgs),
    Help(help_verb::HelpArgs),
    #[command(hide = true)]
    Man(man::ManArgs),
}

/// The flags that every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = GLOBAL_OPTIONS)]
struct GlobalArgs {
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
    output: OutputFormat,
    /// Write the JSON events to a file as well, whatever `--output` prints
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,
    /// Print only answers and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Increase verbosity; repeatable
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,
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
enum OutputFormat {
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

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    completion::complete_and_exit(Cli::command);
    let parsed = help::arranged(Cli::command()).try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return report_unparsed(error),
    };
    init_logging(cli.global.verbose);
    let style = cli.global.style();
    let settings = match cli.settings() {
        Ok(settings) => settings,
        Err(error) => {
            report::reporter(style, &early_settings()).report_error(&error);
            return ExitCode::from(outcome::exit_code_of(&error));
        }
    };
    limit_files(style, &settings);
    let stage_lock = HeldLock::new(move |signal| end_early(signal, style));
    let at_exit = stage_lock.clone();
    interrupt::end_before_listening(move |signal| {
        at_exit.release_at_exit();
        end_early(signal, style);
    });
    interrupts::interrupt_with_parent(style, &settings);
    let file = match cli.global.report.as_deref().map(ReportFile::create).transpose() {
        Ok(file) => file,
        Err(error) => {
            report::reporter(style, &settings).report_error(&error);
            return ExitCode::from(outcome::exit_code_of(&error));
        }
    };
    let invocation = Invocation { cli: &cli, style, file, stage_lock };
    ExitCode::from(code_after_writes(invocation.run(settings)))
}

/// The command line, and what its runs share: one for each stage that is deployed.
struct Invocation<'a> {
    cli: &'a Cli,
    style: OutputStyle,
    file: Option<ReportFile>,
    stage_lock: HeldLock,
}

impl Invocation<'_> {
    fn context(&self, settings: Settings) -> CommandContext {
        let report = report::recorded_reporter(self.style, &settings, self.file.clone());
        CommandContext::new(settings, report).with_stage_lock(self.stage_lock.clone())
    }

    /// Runs the verb, in each of several stages where it is a deploy to them, and returns its exit code.
    fn run(&self, settings: Settings) -> u8 {
        let Verb::Deploy(args) = &self.cli.verb else { return self.run_once(&self.context(settings)) };
        let stages = match waves::stages_of(&settings) {
            Ok(stages) => stages,
            Err(error) => {
                report::reporter(self.style, &settings).report_error(&error);
                return outcome::exit_code_of(&error);
            }
        };
        if stages.is_empty() {
            self.run_once(&self.context(settings))
        } else {
            self.run_waves(args, &stages, settings)
        }
    }

    /// Runs the verb once and returns its exit code.
    fn run_once(&self, context: &CommandContext) -> u8 {
        let code = self.code_of(run_verb(self.cli, context), context);
        context.reporter.finish();
        code
    }

    /// Deploys to stages, one after the other, until one does not succeed; returns the exit code of the last.
    fn run_waves(&self, args: &deploy::DeployArgs, stages: &[String], settings: Settings) -> u8 {
        if let Some(code) = self.refused_waves(args, stages, &settings) {
            return code;
        }
        for (index, stage) in stages.iter().enumerate() {
            let own = self.context(waves::settings_of(&settings, stage));
            let pause = args.wave_pause().filter(|_| index > 0);
            let after = pause.map(|pause| format!(", in {}", duration::text(pause))).unwrap_or_default();
            let note = format!("stage `{stage}`, {} of {}{after}", index + 1, stages.len());
            own.reporter.report(&Event::Note(&note));
            let code = self.code_of(block_on(waves::deploy_after(pause, args, &own), &own), &own);
            let left = waves::left_after(stages, index).filter(|_| code != 0);
            if let Some(left) = left {
                own.reporter.report(&Event::Note(&left));
            }
            own.reporter.finish();
            if code != 0 {
                return code;
            }
        }
        0
    }

    /// Reports the stages whose plan is refused, and returns the exit code; `None` where none is.
    fn refused_waves(&self, args: &deploy::DeployArgs, stages: &[String], settings: &Settings) -> Option<u8> {
        let context = self.context(settings.clone());
        let mut refused = Vec::new();
        let check = async {
            refused = waves::refused_stages(args, stages, settings).await;
            Ok(CommandOutcome::Succeeded)
        };
        if let Err(error) = block_on(check, &context) {
            return Some(self.code_of(Err(error), &context));
        }
        let mut code = None;
        for (stage, failure) in refused {
            // The hints of a refusal name its own stage.
            let own = self.context(waves::settings_of(settings, &stage));
            let note = format!("the plan of stage `{stage}` is refused, so no stage is deployed");
            own.reporter.report(&Event::Note(&note));
            code = Some(self.code_of(Err(failure), &own));
            own.reporter.finish();
        }
        code
    }

    /// Saves the state of the sandbox, reports a failure, and returns the exit code.
    fn code_of(&self, result: Result<CommandOutcome>, context: &CommandContext) -> u8 {
        match context.save_sandbox_state().and(result) {
            Ok(CommandOutcome::Succeeded | CommandOutcome::HasChanges)
                if report::write_failure().is_some() =>
            {
                0
            }
            Ok(outcome) => outcome.exit_code(),
            Err(error) => {
                context.reporter.report_error(&error);
                outcome::exit_code_of(&error)
            }
        }
    }
}

/// Ends the process on a signal that arrives before the verb listens for signals.
fn end_early(signal: Signal, style: OutputStyle) {
    let failure = Failure::interrupted(format!("interrupted by {}", signal.as_str()))
        .with_hint("run the command again".to_owned());
    let reporter = report::reporter(style, &early_settings());
    reporter.report_error(&failure);
    reporter.finish();
    std::process::exit(outcome::exit_code_of(&failure).into());
}

/// Returns the exit code of a run: an output that could not be written is an error, unless the run failed anyway.
fn code_after_writes(code: u8) -> u8 {
    let Some(failure) = report::write_failure() else { return code };
    // As text on stderr with any `--output`: stdout is most likely the stream that cannot be written.
    report::reporter(OutputStyle::default(), &early_settings()).report_error(&failure);
    if code == 0 { outcome::exit_code_of(&failure) } else { code }
}

/// Returns the settings of a report before all settings are known: what reads the output is known from the environment.
fn early_settings() -> Settings {
    Settings { environment: process_environment(), ..Settings::default() }
}

/// Ends the run with an error where files take too much memory or time to render: the thread that renders them cannot be stopped.
fn limit_files(style: OutputStyle, settings: &Settings) {
    let settings = settings.clone();
    file_limits::on_exceeded(move |failure| {
        let reporter = report::reporter(style, &settings);
        reporter.report_error(failure);
        reporter.finish();
        std::process::exit(i32::from(outcome::exit_code_of(failure)));
    });
}

/// Reports a command line that is wrong, or asks for help, and returns the exit code.
fn report_unparsed(error: clap::Error) -> ExitCode {
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

/// Runs a verb to its end, and gives the lock of the stage back. Does not wait for what it left behind on other threads, such as a name that is being looked up.
fn block_on(
    verb: impl Future<Output = Result<CommandOutcome>>,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        built.map_err(|error| Failure::error("failed to start the async runtime").with_cause(error))?;
    let outcome = runtime.block_on(async {
        let outcome = verb.await;
        context.release_stage_lock().await;
        outcome
    });
    runtime.shutdown_background();
    outcome
}

fn run_verb(cli: &Cli, context: &CommandContext) -> Result<CommandOutcome> {
    if cli.global.output == OutputFormat::Markdown && !matches!(cli.verb, Verb::Plan(_)) {
        return Err(Failure::usage("`--output markdown` is supported by `ecsail plan` only"));
    }
    match &cli.verb {
        Verb::Check(args) => block_on(check::run(args, context), context),
        Verb::Render(args) => block_on(render::run(args, context), context),
        Verb::Schema(args) => schema::run(args, context),
        Verb::Explain(args) => explain::run(args, context),
        Verb::Completions(args) => completions::run(args, context),
        Verb::Docs(args) => docs::run(args, context),
        Verb::Help(args) => help_verb::run(args, Cli::command(), context),
        Verb::Man(args) => man::run(args, Cli::command(), context),
        Verb::Plan(args) => {
            let markdown = cli.global.output == OutputFormat::Markdown;
            block_on(plan::run(args, markdown, context), context)
        }
        Verb::Deploy(args) => block_on(deploy::run(args, context), context),
        Verb::Approve(args) => block_on(approve::run(args, context), context),
        Verb::Apply(args) => block_on(apply_plan::run(args, context), context),
        Verb::Promote(args) => block_on(promote::run(args, context), context),
        Verb::Init(args) => block_on(init::run(args, context), context),
        Verb::Status(args) => block_on(status::run(args, context), context),
        Verb::Why(args) => block_on(why::run(args, context), context),
        Verb::History(args) => block_on(history::run(args, context), context),
        Verb::Tasks(args) => block_on(tasks::run(args, context), context),
        Verb::Images(args) => block_on(images::run(args, context), context),
        Verb::Revisions(args) => block_on(revisions::run(args, context), context),
        Verb::Prune(args) => block_on(prune::run(args, context), context),
        Verb::Wait(args) => block_on(wait::run(args, context), context),
        Verb::Rollback(args) => block_on(rollback::run(args, context), context),
        Verb::Cancel(args) => block_on(cancel::run(args, context), context),
        Verb::Continue(args) => block_on(continue_verb::run(args, context), context),
        Verb::Restart(args) => block_on(restart::run(args, context), context),
        Verb::Logs(args) => block_on(logs::run(args, context), context),
        Verb::Exec(args) => block_on(exec::run(args, context), context),
        Verb::Run(args) => block_on(run::run(args, context), context),
        Verb::Schedule(args) => block_on(schedule::run(args, context), context),
        Verb::StopTask(args) => block_on(stop_task::run(args, context), context),
        Verb::Scale(args) => block_on(scale::run(args, context), context),
        Verb::Lock(args) => block_on(lock::run(args, context), context),
        Verb::Notify(args) => block_on(notify::run(args, context), context),
        Verb::Delete(args) => block_on(delete::run(args, context), context),
        #[cfg(feature = "sandbox")]
        Verb::Sandbox(args) => block_on(crate::commands::sandbox::run(args, context), context),
    }
}

impl Cli {
    /// Returns the settings of the run: those of the global flags, and of a saved plan that is applied.
    fn settings(&self) -> Result<Settings, Failure> {
        let settings = Settings { emergency: self.emergency(), ..self.global.settings()? };
        match &self.verb {
            Verb::Apply(args) => args.settings(settings),
            Verb::Promote(args) => args.settings(settings),
            _ => Ok(settings),
        }
    }

    /// Returns the reason for a change without approval, which is kept in tags: without secrets.
    fn emergency(&self) -> Option<String> {
        let reason = match &self.verb {
            Verb::Deploy(args) => &args.emergency,
            Verb::Promote(args) => &args.emergency,
            Verb::Apply(args) => &args.emergency.emergency,
            Verb::Rollback(args) => &args.approval.emergency.emergency,
            Verb::Scale(args) => &args.approval.emergency.emergency,
            Verb::Delete(args) => &args.approval.emergency.emergency,
            Verb::Prune(args) => &args.approval.emergency.emergency,
            _ => return None,
        };
        reason.as_deref().map(masked_message)
    }
}

impl GlobalArgs {
    fn style(&self) -> OutputStyle {
        let output = if self.output == OutputFormat::Json { OutputMode::Json } else { OutputMode::Text };
        OutputStyle {
            output,
            color: self.color,
            quiet: self.quiet,
            no_progress: self.no_progress,
            verbosity: self.verbose,
        }
    }

    fn settings(&self) -> Result<Settings, Failure> {
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
fn process_environment() -> BTreeMap<String, String> {
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

/// Writes log lines to stderr. Of other crates only INFO and above is logged: the SDK's DEBUG lines contain request
/// bodies.
fn init_logging(verbosity: u8) {
    use tracing_subscriber::filter::{EnvFilter, FilterFn, LevelFilter};
    use tracing_subscriber::prelude::*;
    let own = match verbosity {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let chosen = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|filter| !filter.is_empty());
    let chosen = chosen.and_then(|filter| EnvFilter::try_new(filter).ok());
    let filter = chosen.unwrap_or_else(|| EnvFilter::new(format!("off,ecsail={own}")));
    let safe = FilterFn::new(|metadata| {
        metadata.target().starts_with("ecsail") || *metadata.level() <= tracing::Level::INFO
    });
    let lines =
        tracing_subscriber::fmt::layer().with_writer(|| report::LogWriter).without_time().with_filter(safe);
    tracing_subscriber::registry().with(filter).with(lines).init();
}
