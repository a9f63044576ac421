//! Parses the command line (the global flags and the verbs), runs the verb, and returns its exit code.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::apply::stage_lock::HeldLock;
use crate::commands::{
    apply_plan, approve, cancel, check, completions, continue_verb, delete, deploy, docs, exec, explain,
    help as help_verb, history, images, import, init, interrupts, lock, logs, man, notify, plan, promote,
    prune, render, restart, revisions, rollback, run, scale, schedule, schema, status, stop_task, tasks,
    wait, why,
};
use crate::completion;
use crate::error::Failure;
use crate::file_limits;
use crate::help;
use crate::interrupt::{self, Signal};
use crate::report::{self, OutputStyle, ReportFile, outcome};
use crate::secrets::masked_message;
use crate::settings::Settings;

mod global_args;
mod invocation;
mod unparsed;

use global_args::{GlobalArgs, process_environment};
use invocation::Invocation;
use unparsed::report_unparsed;

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
    Import(import::ImportArgs),
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
            Verb::Promote(args) => &args.emergency.emergency,
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
