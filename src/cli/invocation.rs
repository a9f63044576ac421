//! Runs the verb of a command line: once, or in each of several stages one after the other.

use clap::CommandFactory;

use super::global_args::OutputFormat;
use super::{Cli, Verb};
use crate::apply::stage_lock::HeldLock;
use crate::commands::{
    apply_plan, approve, cancel, check, completions, continue_verb, delete, deploy, docs, exec, explain,
    help as help_verb, history, images, import, init, lock, logs, man, notify, plan, promote, prune, render,
    restart, revisions, rollback, run, scale, schedule, schema, status, stop_task, tasks, wait, waves, why,
};
use crate::context::CommandContext;
use crate::duration;
use crate::error::{Failure, Result};
use crate::report::{self, CommandOutcome, Event, OutputStyle, ReportFile, outcome};
use crate::settings::Settings;

/// The command line, and what its runs share: one for each stage that is deployed.
pub(super) struct Invocation<'a> {
    pub(super) cli: &'a Cli,
    pub(super) style: OutputStyle,
    pub(super) file: Option<ReportFile>,
    pub(super) stage_lock: HeldLock,
}

impl Invocation<'_> {
    fn context(&self, settings: Settings) -> CommandContext {
        let report = report::recorded_reporter(self.style, &settings, self.file.clone());
        CommandContext::new(settings, report).with_stage_lock(self.stage_lock.clone())
    }

    /// Runs the verb, in each of several stages where it is a deploy to them, and returns its exit code.
    pub(super) fn run(&self, settings: Settings) -> u8 {
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
        Verb::Import(args) => import::run(args, context),
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
