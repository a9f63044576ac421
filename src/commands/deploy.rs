//! `ecsail deploy`: plans, applies, and watches.

use std::time::Duration;

use clap::Args;

use super::approvals::args::parse_reason;
use super::change_guards::ensure_no_failures;
use super::confirmation::is_change_confirmed;
use super::edit_args::EditArgs;
use super::interrupts::Interrupts;
use super::one_off::Beside;
use super::planning::{Planned, PlanningOptions, ProtectedStage, plan_deploy};
use super::release::{ReleaseOptions, ReleaseRunner};
use super::service_ends::tell_left;
use super::watch_args::WatchArgs;
use super::{ImageArgs, SelectionArgs};
use crate::context::CommandContext;
use crate::duration;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::answer::DryRun;
use crate::exit_codes;
use crate::manifest::Request;
use crate::plan::{Plan, ServicePlan};
use crate::release::{Release, id::release_id};
use crate::report::{CommandOutcome, Event};

/// The default of `--parallel`: as many updates as `UpdateService` accepts in a burst (ECS API rate limits).
pub(super) const DEFAULT_PARALLEL: usize = 50;

/// Deploy an image tag: register revisions, update services, and watch the rollouts
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("deploy", "Examples:
  ecsail deploy web --tag 1.4.2
  ecsail deploy --stage production --tag 1.4.2 --yes
  ecsail deploy web --cluster main --tag 1.4.2     # without a manifest
  ecsail deploy --stage eu,us --tag 1.4.2 --wave-pause 10m
  ecsail deploy web --tag 1.4.2 --dry-run"))]
pub struct DeployArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Return once the updates are accepted, without watching
    #[arg(long, global = true)]
    no_wait: bool,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    images: ImageArgs,
    #[command(flatten)]
    edits: EditArgs,
    /// Change a protected stage without approval; the reason is recorded
    #[arg(long, value_name = "REASON", value_parser = parse_reason, global = true)]
    pub emergency: Option<String>,
    /// Look up everything that the documents name before anything changes, as `ecsail verify` does [default: the manifest's `verify`]
    #[arg(long, global = true)]
    verify: bool,
    /// Show the plan and change nothing
    #[arg(long, global = true)]
    dry_run: bool,
    /// Skip the confirmation prompt
    #[arg(long, short, global = true)]
    yes: bool,
    /// Deploy even if nothing changed
    #[arg(long, global = true)]
    force: bool,
    /// Replace a deployment in progress and changes of others since the plan, and start tasks beside those of another release
    #[arg(long, global = true)]
    supersede: bool,
    /// Create services that do not exist, even if the cluster has one of a similar name
    #[arg(long, global = true)]
    create: bool,
    /// Time between two stages of `--stage eu,us`, which are deployed one after the other [default: none]
    #[arg(long, value_name = "DURATION", value_parser = duration::argument_or_zero, global = true)]
    wave_pause: Option<Duration>,
    /// Number of services that roll out at once
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_PARALLEL, value_parser = parse_parallel, hide_short_help = true, global = true)]
    parallel: usize,
}

impl DeployArgs {
    /// Returns the time between two stages; none where nothing is changed.
    pub fn wave_pause(&self) -> Option<Duration> {
        self.wave_pause.filter(|_| !self.dry_run)
    }

    /// Returns what becomes of the plan where the stage is protected.
    pub(super) fn on_protected_stage(&self) -> ProtectedStage {
        if self.dry_run { ProtectedStage::Planned } else { ProtectedStage::Refused }
    }

    /// Returns what is planned, and the options for a plan that nothing follows.
    ///
    /// # Errors
    /// Arguments that contradict each other.
    pub(super) fn request_and_options(&self) -> Result<(Request, PlanningOptions)> {
        let how = PlanningOptions {
            force: self.force,
            supersede: self.supersede,
            create: self.create,
            edits: self.edits.edits()?,
            images: self.images.clone(),
            verify: self.verify,
            ..PlanningOptions::default()
        };
        Ok((self.selection.request()?, how))
    }
}

/// Runs the verb.
///
/// # Errors
/// The plan is refused, or a registration failed. No service was changed.
pub async fn run(args: &DeployArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let (request, how) = args.request_and_options()?;
    let id = new_release_id();
    let has_edits = !how.edits.is_empty();
    let how = PlanningOptions {
        release: Some(id.clone()),
        watch: Some(args.watch.clone()),
        locks: !args.dry_run,
        protected: args.on_protected_stage(),
        ..how
    };
    let planned = plan_deploy(&request, how, context).await?;
    if args.no_wait {
        reject_no_wait(&planned.plan)?;
    }
    if args.dry_run {
        let plan = planned.with_blockers_noted();
        context.reporter.report(&Event::Plan { plan: &plan, answer: None });
        let text = "dry run: nothing was changed";
        context.reporter.report(&Event::Answer { text, event: JsonEvent::DryRun(DryRun {}) });
        return Ok(CommandOutcome::Succeeded);
    }
    if has_edits && planned.plan.is_empty() {
        // They say which flags change nothing.
        planned.plan.notes.iter().for_each(|note| context.reporter.report(&Event::Note(note)));
    }
    let options = ExecuteOptions {
        release: id,
        tag: request.tags.summary(),
        watch: &args.watch,
        parallel: args.parallel,
        wait: !args.no_wait,
        yes: args.yes,
        supersede: args.supersede,
    };
    execute(planned, options, context).await
}

/// How a plan is executed.
pub(super) struct ExecuteOptions<'a> {
    /// The id of the release.
    pub release: String,
    /// The values of `--tag` as given.
    pub tag: Option<String>,
    pub watch: &'a WatchArgs,
    pub parallel: usize,
    pub wait: bool,
    /// Whether nothing is asked.
    pub yes: bool,
    /// Whether tasks of another release may run beside.
    pub supersede: bool,
}

/// Executes a plan: asks, applies, and watches.
///
/// # Errors
/// The plan is refused, or a registration failed. No service was changed.
pub(super) async fn execute(
    mut planned: Planned,
    options: ExecuteOptions<'_>,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    ensure_no_failures(std::mem::take(&mut planned.blockers))?;
    let Planned { manifest, aws, plan, attached, .. } = planned;
    let release = Release::from_plan(&plan, &options.release, options.tag);
    if plan.is_empty() {
        tell_left(&plan, context);
        context.reporter.report(&Event::ReleaseEnded(&release));
        return Ok(CommandOutcome::Succeeded);
    }
    context.reporter.report(&Event::Plan { plan: &plan, answer: None });
    // What is in progress already is only watched.
    if plan.has_changes() {
        let tag = release.tag.as_ref().map(|tag| format!(" with tag {tag}")).unwrap_or_default();
        let place = plan.destination.in_question();
        let question = format!("Deploy {}{tag} to {place}?", plan.counted_changes());
        if !is_change_confirmed(&question, options.yes, &changing_services(&plan), &aws, context).await? {
            return Ok(CommandOutcome::Declined);
        }
    }
    // From here on the release is reported in any case, also after an interrupt.
    let mut interrupts = Interrupts::listen()?;
    let how = ReleaseOptions {
        watch: options.watch,
        parallel: options.parallel,
        wait: options.wait,
        beside: if options.supersede { Beside::Others } else { Beside::None },
        attached: &attached,
    };
    ReleaseRunner::new(&plan, release, &manifest, how, &aws, context).run(&mut interrupts).await
}

/// Parses a number that is at least 1.
pub(super) fn parse_parallel(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "not a number of at least 1".to_owned())
}

/// Refuses `--no-wait` if a part of the plan has to wait for another.
fn reject_no_wait(plan: &Plan) -> Result<(), Failure> {
    let changes = |key: &String| plan.services.iter().any(|service| &service.key == key && service.changes());
    let hint = || "leave out `--no-wait`".to_owned();
    for (key, needs) in plan.needs.iter().filter(|(key, _)| changes(key)) {
        if let Some(need) = needs.iter().find(|need| changes(need)) {
            let message =
                format!("service `{key}` needs `{need}` to be up, which `--no-wait` does not wait for");
            return Err(Failure::usage(message).with_hint(hint()));
        }
    }
    let services = plan.services.iter().any(ServicePlan::changes);
    if let Some(schedule) = plan.schedules.iter().find(|schedule| services && schedule.is_changing()) {
        let message = format!(
            "schedule `{}` is changed after the services are up, which `--no-wait` does not wait for",
            schedule.key
        );
        let hint = "leave out `--no-wait`, or deploy the services alone with `ecsail deploy service`";
        return Err(Failure::usage(message).with_hint(hint.to_owned()));
    }
    let changes_services = plan.services.iter().any(|service| !service.is_unchanged());
    if let Some(scaling) = plan.autoscaling.iter().find(|scaling| changes_services && scaling.is_changing()) {
        let message = format!(
            "the autoscaling of service `{}` is changed after the services are up, which `--no-wait` does not wait for",
            scaling.key
        );
        return Err(Failure::usage(message).with_hint(hint()));
    }
    match plan.after.iter().find(|task| task.work.is_some()) {
        Some(task) => {
            let message = format!(
                "task `{}` is run after the services are up, which `--no-wait` does not wait for",
                task.key
            );
            Err(Failure::usage(message).with_hint(hint()))
        }
        None => Ok(()),
    }
}

/// Returns the id of a release that begins now.
pub(super) fn new_release_id() -> String {
    release_id(jiff::Timestamp::now(), fastrand::u64(..))
}

/// Returns the services that the plan changes.
fn changing_services(plan: &Plan) -> Vec<&ServicePlan> {
    plan.services.iter().filter(|service| service.changes()).collect()
}
