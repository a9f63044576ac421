//! `ecsail run`: runs a one-off task, shows its log lines, and exits with its exit code.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use super::change_guards::{ensure_account, ensure_no_failures};
use super::deploy::new_release_id;
use super::interrupts::Interrupts;
use super::one_off::{Beside, LogOutput, OneOffOptions, TaskRunOutcome, run_to_end};
use super::services::{SelectedServices, ServiceArgs};
use super::stage_lock::{LockPurpose, lock_stage};
use super::unfinished::note_interrupted;
use super::{ImageArgs, lookups, plan_options};
use crate::apply;
use crate::apply::task::{DEFAULT_TIMEOUT, RunTaskRequest};
use crate::aws::Aws;
use crate::aws::error::{cluster_failure, failure};
use crate::aws::types::ObservedService;
use crate::aws::types::{DeploymentStatus, RolloutState, Service, ServiceStatus, TaskDefinition, answer};
use crate::context::CommandContext;
use crate::document::problem::{InvalidFiles, Problem, Problems};
use crate::duration;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::lint::{commands, sizes};
use crate::manifest::Request;
use crate::manifest::{Manifest, Scope};
use crate::observe::observe;
use crate::plan::image_checks::image_notes;
use crate::plan::task::{
    ManifestOverrides, members_like_service, override_container, overrides, volumes_like_service,
};
use crate::plan::task_spec::{PlanContext, resolve};
use crate::plan::{self, Plan, blockers};
use crate::release::task_origin::TaskOrigin;
use crate::render::{DesiredTask, DesiredTaskSpec};
use crate::report::{CommandOutcome, Event};
use crate::retry::token;
use crate::settings::ImageTags;

/// Run a one-off task and wait until it ends
#[derive(Clone, Debug, Args)]
#[command(
    override_usage = "ecsail run [OPTIONS] [NAME] [--like SERVICE] [-- COMMAND...]",
    after_help = exit_codes::after_help("run", "Examples:
  ecsail run migrate
  ecsail run migrate --tag 1.4.2
  ecsail run --like web -- bin/rails db:migrate
  ecsail run --cluster main --like web --env BATCH=500 -- bin/import
  ecsail run --like worker --memory 4096 --timeout 3h -- bin/report
  ecsail run --like web --no-wait -- bin/rebuild-index

A task is described under `tasks:` in the manifest, or taken from a service
with `--like`: it runs the revision of the service (with `--tag` the one that a
deploy would register), in its network and on its capacity. Its log lines are
printed to stdout.")
)]
pub struct RunArgs {
    /// Key of a task in the manifest
    #[arg(value_name = "NAME", add = crate::completion::tasks())]
    name: Option<String>,
    /// Image tag to run, as for `deploy` [default: the revision that the service runs]
    #[arg(long, value_name = "[IMAGE=]TAG")]
    tag: Vec<String>,
    /// Service to take the revision, network and capacity from: a key in the manifest, or a name or ARN in ECS
    #[arg(long, value_name = "SERVICE", add = crate::completion::services())]
    like: Option<String>,
    /// Container that the command and the environment apply to; its log lines are shown and its exit code is used
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Set an environment variable of the container, overriding the definition's; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// CPU of the task, overriding the definition's: units such as 256, or `.25 vCPU`
    #[arg(long, value_name = "SIZE", value_parser = sizes::cpu_argument)]
    cpu: Option<i64>,
    /// Memory of the task, overriding the definition's: MiB such as 512, or `0.5 GB`
    #[arg(long, value_name = "SIZE", value_parser = sizes::memory_argument)]
    memory: Option<i64>,
    /// Number of tasks to run at once [default: the manifest's `count`, else 1]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10))]
    count: Option<u32>,
    /// Time that the tasks may run before they are stopped [default: the manifest's `timeout`, else 1h]
    #[arg(long, value_name = "DURATION", value_parser = duration::argument)]
    timeout: Option<Duration>,
    /// Return once the tasks are started, without watching
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    images: ImageArgs,
    /// Start the task even if the same task is running already, instead of watching that
    #[arg(long)]
    concurrent: bool,
    /// Stop the tasks on an interrupt, without a prompt
    #[arg(long)]
    stop_on_interrupt: bool,
    /// Command of the container, overriding the definition's
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs the verb.
///
/// # Errors
/// A service or container does not exist, or the task could not be started.
pub async fn run(args: &RunArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let overrides = args.parse_overrides()?;
    let tags = ImageTags::parse(&args.tag)?;
    let (order, aws) = match (&args.name, &args.like) {
        (None, Some(service)) if tags.is_empty() => {
            let chosen = ServiceArgs::from_name(service).select(context).await?;
            let model = ServiceTemplate::read(&chosen, context).await?;
            (model.into_request(args, &overrides)?, chosen.aws)
        }
        (None, None) => {
            let hint = "run a task of the manifest with `ecsail run NAME`, or a command with `ecsail run --like SERVICE -- COMMAND…`";
            return Err(Failure::usage("no task and no `--like SERVICE` is named").with_hint(hint.to_owned()));
        }
        _ => resolve_described(args, &overrides, tags, context).await?,
    };
    warn_about_one_word(&args.command, &order, context);
    let how = OneOffOptions {
        log_output: LogOutput::Stdout,
        wait: !args.no_wait,
        stop_on_interrupt: args.stop_on_interrupt,
        beside: if args.concurrent { Beside::Any } else { Beside::Others },
    };
    let mut interrupts = Interrupts::listen()?;
    let end = run_to_end(&order, &how, &aws, context, &mut interrupts).await?;
    // Only a task with a name is found again.
    if matches!(end.outcome, TaskRunOutcome::Interrupted { stopped: false }) && order.origin.is_some() {
        note_interrupted(context);
    }
    Ok(end.command_outcome())
}

/// Warns about a command of one word with blanks, which the container takes for the name of a program.
fn warn_about_one_word(command: &[String], order: &RunTaskRequest, context: &CommandContext) {
    let [word] = command else { return };
    let containers = order.definition.document["containerDefinitions"].as_array();
    let container = containers.into_iter().flatten().find(|container| {
        order.container.as_ref().is_none_or(|name| container["name"].as_str() == Some(name))
    });
    let entry_point: Vec<&str> = container
        .and_then(|container| container["entryPoint"].as_array())
        .map(|words| words.iter().filter_map(serde_json::Value::as_str).collect())
        .unwrap_or_default();
    let family = order.definition.document["runtimePlatform"]["operatingSystemFamily"].as_str();
    // On Windows, the words are joined to one command line.
    let is_windows = family.is_some_and(|family| family.starts_with("WINDOWS"));
    if is_windows || !commands::is_one_word(word) || commands::takes_command_line(&entry_point) {
        return;
    }
    let mut problems = Problems::default();
    let message =
        format!("the command is one word with blanks: the container looks for a program named `{word}`");
    let quoted = word.replace('\'', r"'\''");
    let hint = format!("write `-- {word}`, or `-- sh -c '{quoted}'` for a shell");
    problems.push(Problem::warning(None, message).hint(hint));
    context.reporter.report(&Event::FileProblems(&InvalidFiles { problems, ..InvalidFiles::default() }));
}

/// Resolves a task of the manifest, or a service with another tag. Registers a new revision if needed.
async fn resolve_described(
    args: &RunArgs,
    overrides: &ManifestOverrides,
    tags: ImageTags,
    context: &CommandContext,
) -> Result<(RunTaskRequest, Aws)> {
    let scope = Scope::Task { name: args.name.clone(), like: args.like.clone() };
    let request = Request { tags, scope, ..Request::default() };
    let (manifest, desired) = lookups::render(&request, &context.settings, context, Ok).await?;
    context.reporter.report(&Event::FileProblems(&desired.file_problems));
    let aws = context.connect(&manifest, &desired).await?;
    let id = new_release_id();
    // Only tasks of a release change what a deploy relies on; any other may run for hours.
    if args.name.as_ref().is_some_and(|name| is_release_task(&manifest, name)) {
        let purpose = LockPurpose { command: "run", release: Some(&id) };
        lock_stage(&manifest, &aws, purpose, context).await?;
    }
    let observed = observe(&aws, &desired).await?;
    let options = plan_options(&manifest, &request, &context.settings, &args.images);
    let record = plan::DeployRecord { release_id: Some(id.clone()), ..options.record };
    let options = plan::Options { record, ..options };
    ensure_no_failures(blockers::account_blocker(options.account.as_deref(), &observed))?;
    let task = desired.tasks.iter().find(|task| Some(&task.key) == args.name.as_ref());
    let work = args.resolve_work(task, overrides);
    let key = args.name.as_ref().or(args.like.as_ref()).cloned().unwrap_or_default();
    let mut plan = Plan::default();
    let absent = &ObservedService::default();
    let against = PlanContext { desired: &desired, observed: &observed, options: &options, absent };
    let work = resolve(&key, &work, None, against, &mut plan).map_err(Failure::several)?;
    for note in observed.notes.iter().cloned().chain(image_notes(&observed.images, options.images)) {
        context.reporter.report(&Event::Note(&note));
    }
    let registered = apply::register_all(&plan, &aws, context.reporter.as_ref()).await?;
    let (app, stage) = (manifest.app.as_deref(), manifest.stage.as_deref());
    let origin = TaskOrigin::new(&id, app, stage, &key);
    let order = RunTaskRequest::from_spec(&work, &registered, origin, &token());
    // Only a task of the manifest has a name under which it is looked for.
    let origin = order.origin.clone().filter(|_| args.name.is_some());
    let timeout = args.timeout.or(task.and_then(|task| task.timeout)).unwrap_or(order.timeout);
    Ok((RunTaskRequest { timeout, origin, ..order }, aws))
}

/// Returns whether a task runs before or after the services in a release.
fn is_release_task(manifest: &Manifest, name: &str) -> bool {
    manifest.release_tasks.contains(name)
}

impl RunArgs {
    /// Returns the task of the manifest, overridden by the arguments.
    fn resolve_work(&self, task: Option<&DesiredTask>, overrides: &ManifestOverrides) -> DesiredTaskSpec {
        let mut work = task.map(|task| task.spec.clone()).unwrap_or_default();
        work.like = self.like.clone().or(work.like);
        work.overrides = work.overrides.overridden_by(overrides);
        work.count = self.count.unwrap_or(work.count.max(1));
        work
    }

    fn parse_overrides(&self) -> Result<ManifestOverrides, Failure> {
        Ok(ManifestOverrides {
            container: self.container.clone(),
            command: (!self.command.is_empty()).then(|| self.command.clone()),
            environment: self
                .env
                .iter()
                .map(|text| parse_variable(text))
                .collect::<Result<BTreeMap<_, _>, _>>()?,
            cpu: self.cpu.map(|units| units.to_string()),
            memory: self.memory.map(|size| size.to_string()),
            ..ManifestOverrides::default()
        })
    }
}

/// Returns the name and value of `--env NAME=VALUE`.
fn parse_variable(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=').filter(|(name, _)| !name.is_empty()) {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        // The text may be a secret, so the message does not repeat it.
        None => Err(Failure::usage("a value of `--env` is not `NAME=VALUE`")),
    }
}

/// What a task takes from a service: its revision, network and capacity.
struct ServiceTemplate {
    key: String,
    cluster: String,
    members: serde_json::Map<String, serde_json::Value>,
    definition: TaskDefinition,
}

impl ServiceTemplate {
    /// Reads the revision and the settings of the chosen service.
    async fn read(chosen: &SelectedServices, context: &CommandContext) -> Result<ServiceTemplate> {
        let Some(place) = chosen.identities.first() else {
            return Err(Failure::usage("name one service"));
        };
        ensure_account(&chosen.manifest, &chosen.aws).await?;
        let found = chosen.aws.services(&place.cluster, std::slice::from_ref(&place.name)).await;
        let mut found = found.map_err(|error| cluster_failure(&place.cluster, error))?;
        let Some(document) = found.remove(&place.name) else {
            return Err(chosen.not_found(place).await);
        };
        let service: Service = answer("ecs:DescribeServices", &document).map_err(failure)?;
        if service.status == ServiceStatus::Inactive {
            return Err(blockers::deleted_failure(&place.name, &place.cluster));
        }
        let definition = read_definition(&service, &place.key, &chosen.aws).await?;
        let under_way = service.primary_deployment().and_then(|primary| primary.rollout_state.as_ref());
        if under_way.is_some_and(|state| *state != RolloutState::Completed) {
            let revision = definition.revision_name();
            let note = format!("the deployment of {revision} to `{}` has not succeeded", place.key);
            context.reporter.report(&Event::Note(&note));
        }
        let mut members = members_like_service(&document);
        let volumes = volumes_like_service(&place.key, &document, &definition.document)?;
        members.extend(volumes.map(|volumes| ("volumeConfigurations".to_owned(), volumes)));
        Ok(ServiceTemplate { key: place.key.clone(), cluster: place.cluster.clone(), members, definition })
    }

    /// Returns the `RunTask` call.
    fn into_request(self, args: &RunArgs, changes: &ManifestOverrides) -> Result<RunTaskRequest, Failure> {
        let mut members = self.members;
        override_container(changes.container.as_deref(), &self.definition.document)?;
        if let Some(changes) = overrides(changes, &self.definition.document)? {
            members.insert("overrides".to_owned(), changes);
        }
        let token = token();
        Ok(RunTaskRequest {
            key: self.key,
            cluster: self.cluster,
            definition: self.definition,
            members,
            tags: BTreeMap::new(),
            count: args.count.unwrap_or(1),
            container: changes.container.clone(),
            timeout: args.timeout.unwrap_or(DEFAULT_TIMEOUT),
            origin: None,
            started_by: format!("ecsail-run-{}", &token[token.len() - 8..]),
            token,
        })
    }
}

/// Returns the definition that a service runs.
async fn read_definition(service: &Service, key: &str, aws: &Aws) -> Result<TaskDefinition, Failure> {
    let set = service
        .task_sets
        .iter()
        .find(|set| set.status == DeploymentStatus::Primary)
        .map(|set| &set.task_definition);
    let own = Some(&service.task_definition).filter(|arn| !arn.is_empty());
    let Some(arn) = own.or(set) else {
        return Err(Failure::error(format!("service `{key}` has no task definition")));
    };
    let found = aws.task_definition(arn).await.map_err(failure)?;
    found
        .ok_or_else(|| Failure::error(format!("task definition `{arn}` of service `{key}` no longer exists")))
}
