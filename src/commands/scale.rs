//! `ecsail scale`: sets the desired count of a service, or the range of its autoscaling.

use std::time::Duration;

use super::approvals::args::ChangeApprovalArgs;
use super::approvals::change::{Authorization, authorize};
use super::confirmation::is_confirmed;
use super::count_ends::{self, CountEnd};

use clap::Args;

use super::interrupts::Interrupts;
use super::services::{FoundService, ServiceArgs};
use super::stage_lock::{LockPurpose, lock_stage};
use crate::apply;
use crate::apply::emergency::record_emergency;
use crate::apply::scale::ScaleOrder;
use crate::aws::autoscaling::{ScalableTarget, SuspendedActivities};
use crate::aws::error::failure;
use crate::aws::lookup::in_time;
use crate::aws::types::ServiceRef;
use crate::aws::{ApiError, Aws};
use crate::context::CommandContext;
use crate::error::Result;
use crate::events::{JsonEvent, service as events};
use crate::exit_codes;
use crate::plan::scale::{Autoscaling, ScaleChange, ScalePlan, ScaleRequest, manifest_notes, plan_scaling};
use crate::report::{CommandOutcome, Event};
use crate::service_arn::cluster_name;
use crate::watch::task_count::{TaskCountGoal, TaskCountOutcome, TaskCountWatch};
use crate::{duration, outcome};

/// Set the number of tasks of a service, or the range of its autoscaling
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("scale", "Examples:
  ecsail scale web --desired 4
  ecsail scale web --min 2 --max 8
  ecsail scale web --suspend        # until `--resume`
  ecsail scale web --cluster main --desired 0 --yes

A number that autoscaling would change again is refused without `--force`.
No deployment is started."))]
pub struct ScaleArgs {
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    change: ScaleChangeArgs,
    /// Set the number even if autoscaling will change it again
    #[arg(long, conflicts_with_all = ["min", "max", "suspend", "resume"])]
    force: bool,
    /// Replace a number or a range that others set since the plan
    #[arg(long)]
    supersede: bool,
    #[command(flatten)]
    pub approval: ChangeApprovalArgs,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Return once the change is accepted, without watching
    #[arg(long)]
    no_wait: bool,
    /// Time to watch before giving up; ECS continues
    #[arg(long, value_name = "DURATION", value_parser = duration::argument, default_value = "15m")]
    timeout: Duration,
}

/// The arguments that select the change.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = true)]
struct ScaleChangeArgs {
    /// Number of tasks
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(0..), conflicts_with_all = ["min", "max", "suspend", "resume"])]
    desired: Option<i32>,
    /// Minimum of autoscaling
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(0..), conflicts_with_all = ["suspend", "resume"])]
    min: Option<i32>,
    /// Maximum of autoscaling
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(0..), conflicts_with_all = ["suspend", "resume"])]
    max: Option<i32>,
    /// Suspend autoscaling: scaling in, scaling out and scheduled actions
    #[arg(long, conflicts_with = "resume")]
    suspend: bool,
    /// Resume autoscaling
    #[arg(long)]
    resume: bool,
}

impl ScaleChangeArgs {
    fn to_request(&self) -> ScaleRequest {
        match self {
            ScaleChangeArgs { desired: Some(desired), .. } => ScaleRequest::Desired(*desired),
            ScaleChangeArgs { min, max, .. } if min.is_some() || max.is_some() => {
                ScaleRequest::Range { min: *min, max: *max }
            }
            ScaleChangeArgs { suspend, .. } => ScaleRequest::Suspended(*suspend),
        }
    }
}

/// Runs the verb.
///
/// # Errors
/// The change is refused, or an API call failed.
pub async fn run(args: &ScaleArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.service.select(context).await?;
    lock_stage(&chosen.manifest, &chosen.aws, LockPurpose::of("scale"), context).await?;
    let found = chosen.read_one().await?;
    let (aws, place, report) = (&chosen.aws, &found.identity, context.reporter.as_ref());
    let wish = args.change.to_request();
    let autoscaling = read_autoscaling(wish, &found, aws, context).await?;
    let scaling = plan_scaling(wish, &place.key, &found.service, &autoscaling, args.force)?;
    let destination = found.destination(&chosen.manifest, context);
    if scaling.change != ScaleChange::None {
        report.report(&Event::Destination(&destination));
    }
    let written = chosen.manifest.services.iter().find(|service| service.key == place.key);
    let written = written.and_then(|service| service.autoscaling.as_ref());
    let notes = scaling.notes.iter().cloned().chain(manifest_notes(wish, written));
    notes.for_each(|note| report.report(&Event::Note(&note)));
    if needs_approval(&scaling, context) {
        let changes = vec![scale_change(&scaling, &found)];
        let authorized =
            authorize("scale", changes, &args.approval, (&chosen.manifest, aws), context).await?;
        if authorized == Authorization::Requested {
            return Ok(CommandOutcome::Succeeded);
        }
    }
    // From here on the result is reported in any case, also after an interrupt. At the prompt an interrupt still ends
    // the process.
    if scaling.change != ScaleChange::None
        && !is_confirmed(
            &format!("{} in {}?", scaling.question, destination.in_question()),
            args.yes,
            context,
        )?
    {
        return Ok(CommandOutcome::Declined);
    }
    let mut interrupts = Interrupts::listen()?;
    apply::scale::scale(&scale_order(args, &scaling, &found, &autoscaling), aws).await?;
    if let Some(reason) = context.settings.emergency.as_ref().filter(|_| scaling.change != ScaleChange::None)
    {
        record_emergency(&[&found.service.service_arn], reason, aws, report).await;
    }
    let state = ScaleReport { found: &found, scaling: &scaling, autoscaling };
    let Some(desired) = scaling.desired_after.filter(|_| !args.no_wait) else {
        state.report(
            if scaling.change == ScaleChange::None { ScaleOutcome::Unchanged } else { ScaleOutcome::Changed },
            None,
            context,
        );
        return Ok(CommandOutcome::Succeeded);
    };
    let counting = TaskCountWatch {
        cluster: &place.cluster,
        name: &place.name,
        key: &place.key,
        goal: TaskCountGoal::Desired(desired),
        service_before: &found.service,
        timeout: args.timeout,
        poll_interval: context.poll_interval(),
    };
    let (end, running) = tokio::select! {
        (counted, running) = counting.wait(aws, report) => (ScaleOutcome::Counted(counted), Some(running)),
        () = interrupts.next() => (ScaleOutcome::Interrupted, None),
    };
    report.report(&Event::DisplayEnded);
    let outcome = end.outcome();
    state.report(end, running, context);
    Ok(outcome)
}

/// Returns whether a change must be approved where the stage is protected: one that stops all tasks, and one that is called
/// an emergency, which is recorded.
fn needs_approval(scaling: &ScalePlan, context: &CommandContext) -> bool {
    let stops_all = scaling.desired_after == Some(0);
    scaling.change != ScaleChange::None && (stops_all || context.settings.emergency.is_some())
}

/// Returns what is approved, with the state from which it changes.
fn scale_change(scaling: &ScalePlan, found: &FoundService) -> String {
    let FoundService { identity, service, .. } = found;
    format!(
        "service {}/{}: {} → {} tasks (deployment {})",
        cluster_name(&identity.cluster),
        identity.name,
        service.desired_count,
        scaling.desired_after.unwrap_or(service.desired_count),
        service.primary_id()
    )
}

/// Returns the change to apply, with what it was planned for.
fn scale_order(
    args: &ScaleArgs,
    scaling: &ScalePlan,
    found: &FoundService,
    autoscaling: &Autoscaling,
) -> ScaleOrder {
    let target = autoscaling.target();
    // Autoscaling changes the number at any time, so that another number is no change of another client.
    let moves = matches!(autoscaling, Autoscaling::Target(target) if target.suspended != SuspendedActivities::all(true));
    ScaleOrder {
        cluster: found.identity.cluster.clone(),
        name: found.identity.name.clone(),
        change: scaling.change,
        desired_before: Some(found.service.desired_count).filter(|_| !args.supersede && !moves),
        target_before: target.filter(|_| !args.supersede),
    }
}

/// Returns the autoscaling of the service. Without the permission to read it, a desired count can still be set.
async fn read_autoscaling(
    wish: ScaleRequest,
    found: &FoundService,
    aws: &Aws,
    context: &CommandContext,
) -> Result<Autoscaling> {
    let target = aws.scalable_target(&found.identity.cluster, &found.identity.name);
    match in_time("application-autoscaling:DescribeScalableTargets", target).await {
        Ok(Some(target))
            if matches!(wish, ScaleRequest::Desired(_)) && is_idle(found, aws, context).await =>
        {
            Ok(Autoscaling::Idle(target))
        }
        Ok(Some(target)) => Ok(Autoscaling::Target(target)),
        Ok(None) => Ok(Autoscaling::None),
        Err(error) if matches!(wish, ScaleRequest::Desired(_)) && !error.is_retryable() => {
            let note = format!("it is unknown whether autoscaling will change the number again: {error}");
            context.reporter.report(&Event::Note(&note));
            Ok(Autoscaling::Unknown)
        }
        Err(error) => Err(failure(error)),
    }
}

/// Returns whether a scalable target is known to have neither policies nor scheduled actions, so that nothing changes the
/// number of tasks inside its range.
async fn is_idle(found: &FoundService, aws: &Aws, context: &CommandContext) -> bool {
    let place = ServiceRef::new(&found.identity.cluster, &found.identity.name);
    let policies = in_time("application-autoscaling:DescribeScalingPolicies", aws.scaling_policies(&place));
    let actions = in_time("application-autoscaling:DescribeScheduledActions", aws.scheduled_actions(&place));
    let (policies, actions) = futures_util::future::join(policies, actions).await;
    let policies = known_to_be_empty("policies", policies, context);
    let actions = known_to_be_empty("scheduled actions", actions, context);
    policies && actions
}

/// Returns whether what was read is known to be empty; that it is not known is a note.
fn known_to_be_empty<T>(what: &str, read: Result<Vec<T>, ApiError>, context: &CommandContext) -> bool {
    match read {
        Ok(found) => found.is_empty(),
        Err(error) => {
            let note = format!("it is unknown whether autoscaling has {what}: {error}");
            context.reporter.report(&Event::Note(&note));
            false
        }
    }
}

/// How the run ended.
enum ScaleOutcome {
    /// The service was already in the requested state.
    Unchanged,
    /// The service was changed and is not watched.
    Changed,
    Counted(TaskCountOutcome),
    Interrupted,
}

impl ScaleOutcome {
    fn outcome(&self) -> CommandOutcome {
        match self {
            ScaleOutcome::Unchanged | ScaleOutcome::Changed => CommandOutcome::Succeeded,
            ScaleOutcome::Counted(counted) => count_ends::command_outcome(counted),
            ScaleOutcome::Interrupted => CommandOutcome::Interrupted,
        }
    }

    fn event_outcome(&self) -> outcome::Outcome {
        match self {
            ScaleOutcome::Unchanged => outcome::Outcome::Unchanged,
            ScaleOutcome::Changed => outcome::Outcome::InProgress,
            ScaleOutcome::Counted(counted) => count_ends::event_outcome(counted),
            ScaleOutcome::Interrupted => outcome::Outcome::Interrupted,
        }
    }
}

/// The data of the result that is reported.
struct ScaleReport<'a> {
    found: &'a FoundService,
    scaling: &'a ScalePlan,
    autoscaling: Autoscaling,
}

impl ScaleReport<'_> {
    fn report(&self, end: ScaleOutcome, running: Option<i64>, context: &CommandContext) {
        let (place, before) = (&self.found.identity, self.found.service.desired_count);
        let desired = match &end {
            ScaleOutcome::Counted(TaskCountOutcome::DesiredChanged { desired }) => *desired,
            _ => self.scaling.desired_after.unwrap_or(before),
        };
        let text = format!("{}: {}", place.key, self.text(&end, desired, running));
        let target = self.scalable_target();
        let event = JsonEvent::Scaled(events::Scaled {
            service: place.key.clone(),
            cluster: place.cluster.clone(),
            outcome: end.event_outcome(),
            desired,
            desired_before: before,
            running,
            autoscaling: target.as_ref().map(target_event),
            error: match end {
                ScaleOutcome::Counted(counted) => count_ends::error_of(&counted),
                _ => None,
            },
        });
        context.reporter.report(&Event::Answer { text: &text, event });
    }

    /// Returns the scalable target after the change, if the service has one.
    fn scalable_target(&self) -> Option<ScalableTarget> {
        let target = self.autoscaling.target()?;
        let ScaleChange::Target(change) = self.scaling.change else { return Some(target) };
        Some(ScalableTarget {
            min: change.min.unwrap_or(target.min),
            max: change.max.unwrap_or(target.max),
            suspended: change.suspended.unwrap_or(target.suspended),
        })
    }

    fn text(&self, end: &ScaleOutcome, desired: i64, running: Option<i64>) -> String {
        match end {
            ScaleOutcome::Unchanged | ScaleOutcome::Changed => self.text_without_watch(end, desired),
            ScaleOutcome::Counted(counted) => CountEnd {
                key: &self.found.identity.key,
                outcome: counted,
                before: self.found.service.desired_count,
                desired,
                running: running.unwrap_or_default(),
            }
            .text(),
            ScaleOutcome::Interrupted => format!("interrupted; ECS continues to {desired} tasks"),
        }
    }

    fn text_without_watch(&self, end: &ScaleOutcome, desired: i64) -> String {
        let stays = matches!(end, ScaleOutcome::Unchanged);
        match (&self.scaling.change, self.scalable_target()) {
            (ScaleChange::Desired(_), _) => {
                format!("the desired count is {desired} now, not waiting for the tasks")
            }
            (ScaleChange::Target(_), Some(target)) if self.scaling.desired_after.is_some() => {
                format!(
                    "{}; the desired count will be {desired}, not waiting for the tasks",
                    describe_target(&target)
                )
            }
            (_, Some(target)) if stays => format!("unchanged, {}", describe_target(&target)),
            (_, Some(target)) => describe_target(&target),
            (_, None) => format!("unchanged, the desired count is {desired}"),
        }
    }
}

/// The event of a scalable target.
pub(super) fn target_event(target: &ScalableTarget) -> events::ScalableTarget {
    events::ScalableTarget {
        min: target.min,
        max: target.max,
        scale_in_suspended: target.suspended.scale_in,
        scale_out_suspended: target.suspended.scale_out,
        scheduled_suspended: target.suspended.scheduled,
    }
}

/// Describes a scalable target.
fn describe_target(target: &ScalableTarget) -> String {
    let suspended = target.suspended;
    let parts = [
        (suspended.scale_in, "scaling in"),
        (suspended.scale_out, "scaling out"),
        (suspended.scheduled, "scheduled actions"),
    ];
    let parts: Vec<&str> = parts.into_iter().filter_map(|(is, part)| is.then_some(part)).collect();
    let state = match parts.len() {
        0 => "autoscaling is on".to_owned(),
        3 => "autoscaling is suspended".to_owned(),
        _ => format!("{} suspended", parts.join(" and ")),
    };
    format!("{state}, {}..{} tasks", target.min, target.max)
}
