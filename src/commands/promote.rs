//! `ecsail promote`: deploys to one stage what another one runs. Never changes anything in the stage that it reads from.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::approvals::args::EmergencyArgs;
use super::deploy::{DEFAULT_PARALLEL, ExecuteOptions, execute, new_release_id, parse_parallel};
use super::planning::{Planned, PlanningOptions, ProtectedStage, plan_deploy};
use super::running_tags::tags_of;
use super::services::{FoundService, SelectedServices, ServicesArgs};
use super::watch_args::WatchArgs;
use super::{ImageArgs, save_plan};
use crate::aws::error::failure;
use crate::completion;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::answer::DryRun;
use crate::exit_codes;
use crate::history::past_deployment::record_tags;
use crate::history::{ServiceHistory, TaskDefinitions};
use crate::manifest::{Request, Scope};
use crate::promotion::{Promotion, SourceService, Unsettled, current_deployment, has_digests, promotion};
use crate::report::{CommandOutcome, Event};
use crate::settings::Settings;
use crate::shell::quote;

/// The number of past deployments of a service that are read: what runs is nearly always among them.
const PAST_DEPLOYMENTS: usize = 10;

/// Deploy to one stage what another one runs, by the digests of its images
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("promote", "Examples:
  ecsail promote --from staging --to production
  ecsail promote web --from staging --to production --dry-run
  ecsail promote --from staging --to production --out production.plan"))]
pub struct PromoteArgs {
    /// Services, by their keys in the manifest [default: all, with the tasks and schedules of the manifest]
    #[arg(value_name = "NAME", add = completion::services())]
    names: Vec<String>,
    /// Stage to read what runs from
    #[arg(long, value_name = "STAGE", add = completion::stages())]
    from: String,
    /// Stage to deploy to
    #[arg(long, value_name = "STAGE", add = completion::stages())]
    to: String,
    /// Promote also what is still deploying, short of tasks, or known by its tag only
    #[arg(long)]
    allow_unsettled: bool,
    /// Save the plan to a file for `ecsail apply`, and change nothing
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Create services that do not exist, even if the cluster has one of a similar name
    #[arg(long)]
    create: bool,
    #[command(flatten)]
    pub emergency: EmergencyArgs,
    /// Number of services that roll out at once
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_PARALLEL, value_parser = parse_parallel, hide_short_help = true)]
    parallel: usize,
}

impl PromoteArgs {
    /// Returns the command that promotes the same.
    fn command(&self) -> String {
        let names = self.names.iter().map(|name| format!("{} ", quote(name))).collect::<String>();
        format!("promote {names}--from {} --to {}", quote(&self.from), quote(&self.to))
    }

    /// Returns settings with the stage that is deployed to.
    ///
    /// # Errors
    /// Both stages are the same, or the settings name another stage, or a cluster or region for both.
    pub fn settings(&self, settings: Settings) -> Result<Settings> {
        if self.from == self.to {
            return Err(Failure::usage(format!("`--from` and `--to` are both stage `{}`", self.to)));
        }
        if let Some(given) = settings.stage.as_ref().filter(|given| **given != self.to) {
            let message = format!("the promotion goes to stage `{}`, and `{given}` is given", self.to);
            let hint = "leave out `--stage` and `ECSAIL_STAGE`: `--to` names the stage";
            return Err(Failure::usage(message).with_hint(hint.to_owned()));
        }
        let both = [("--cluster", &settings.cluster), ("--region", &settings.region)];
        if let Some((flag, _)) = both.iter().find(|(_, given)| given.is_some()) {
            let message = format!("`{flag}` would be that of both stages");
            let hint = "set it in the stages of the manifest";
            return Err(Failure::usage(message).with_hint(hint.to_owned()));
        }
        // Where the command goes is named as if its flag was given.
        let stage = ["--stage".to_owned(), self.to.clone()];
        let arguments = settings.arguments.iter().cloned().chain(stage).collect();
        Ok(Settings { arguments, stage: Some(self.to.clone()), ..settings })
    }
}

/// Runs the verb.
///
/// # Errors
/// A service has not settled in the first stage, or the plan for the second is refused. Nothing was changed.
pub async fn run(args: &PromoteArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let promotion = read_promotion(args, context).await?;
    report_promotion(&promotion, &args.from, context);
    let scope = if args.names.is_empty() { Scope::Release } else { Scope::Services };
    let request =
        Request { tags: promotion.tags.clone(), services: args.names.clone(), scope, ..Request::default() };
    let changes_nothing = args.dry_run || args.out.is_some();
    let how = PlanningOptions {
        create: args.create,
        images: args.images.clone(),
        release: Some(new_release_id()),
        watch: Some(args.watch.clone()),
        locks: !changes_nothing,
        plan_command: Some(args.command()),
        protected: if changes_nothing { ProtectedStage::Planned } else { ProtectedStage::Refused },
        ..PlanningOptions::default()
    };
    let planned = plan_deploy(&request, how.clone(), context).await?;
    if changes_nothing {
        return show_only(args, &planned, &how, context).await;
    }
    let options = ExecuteOptions {
        release: how.release.unwrap_or_default(),
        tag: promotion.tags.default.clone().or_else(|| promotion.tags.summary()),
        watch: &args.watch,
        parallel: args.parallel,
        wait: true,
        yes: args.yes,
        supersede: false,
    };
    execute(planned, options, context).await
}

/// Shows the plan, and saves it where a file is named.
async fn show_only(
    args: &PromoteArgs,
    planned: &Planned,
    how: &PlanningOptions,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    let plan = planned.with_blockers_noted();
    context.reporter.report(&Event::Plan { plan: &plan, answer: None });
    if let Some(path) = &args.out {
        save_plan::save(path, planned, how, context).await?;
        return Ok(CommandOutcome::Succeeded);
    }
    let text = "dry run: nothing was changed";
    context.reporter.report(&Event::Answer { text, event: JsonEvent::DryRun(DryRun {}) });
    Ok(CommandOutcome::Succeeded)
}

/// Reads what the first stage runs.
async fn read_promotion(args: &PromoteArgs, context: &CommandContext) -> Result<Promotion> {
    let settings = Settings { stage: Some(args.from.clone()), ..context.settings.clone() };
    let source = context.with_settings(settings);
    let chosen = ServicesArgs::from_names(args.names.clone()).select(&source).await?;
    let mut definitions = TaskDefinitions::new();
    let mut services = Vec::new();
    for found in chosen.read_all().await? {
        services.push(read_service(found, &chosen, &mut definitions, context).await?);
    }
    let unsettled = if args.allow_unsettled { Unsettled::Allowed } else { Unsettled::Refused };
    promotion(&args.from, &chosen.manifest.images, &services, unsettled)
}

async fn read_service(
    found: FoundService,
    chosen: &SelectedServices,
    definitions: &mut TaskDefinitions,
    context: &CommandContext,
) -> Result<SourceService> {
    let (aws, cluster, service) = (&chosen.aws, &found.identity.cluster, found.service);
    let read = ServiceHistory::read(aws, cluster, &service, PAST_DEPLOYMENTS, definitions).await;
    let ServiceHistory { deployments: past, notes } = read.map_err(failure)?;
    for note in &notes {
        context.reporter.report(&Event::Note(note));
    }
    let definition = match definitions.get(&service.task_definition) {
        Some(known) => Some(known.clone()),
        None => aws.task_definition(&service.task_definition).await.map_err(failure)?,
    };
    let is_resolved = current_deployment(&service, &past).is_some_and(|current| has_digests(&current.images));
    let tasks = if is_resolved {
        Vec::new()
    } else {
        aws.running_tasks(cluster, &service.service_name).await.map_err(failure)?
    };
    let definition = definition.as_ref();
    Ok(SourceService {
        key: found.identity.key,
        tags: definition.map(|known| tags_of(&chosen.manifest, known)).unwrap_or_default(),
        commit: definition.and_then(|known| record_tags(known).get("git-sha").cloned()),
        service,
        past,
        tasks,
    })
}

fn report_promotion(promotion: &Promotion, from: &str, context: &CommandContext) {
    for service in &promotion.services {
        context.reporter.report(&Event::Promoted { service, from });
    }
    for image in &promotion.by_tag_only {
        let note = format!(
            "no service of stage `{from}` runs image `{image}`: it goes by its tag, without a digest"
        );
        context.reporter.report(&Event::Note(&note));
    }
}
