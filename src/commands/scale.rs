//! `ecsail scale`: sets the desired count of a service, or the range of its autoscaling.

use std::time::Duration;

use clap::Args;

use super::interrupts::Interrupts;
use super::services::{Found, One, confirmed};
use crate::apply;
use crate::aws::Aws;
use crate::aws::autoscaling::ScalableTarget;
use crate::aws::error::failure;
use crate::context::Context;
use crate::error::Result;
use crate::events::{JsonEvent, service as events};
use crate::plan::scale::{Autoscaling, Change, Scaling, Wish, scaling};
use crate::report::{Event, Outcome};
use crate::watch::count::{Counted, Counting};
use crate::{duration, outcome};

/// Set the number of tasks of a service, or the range of its autoscaling
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail scale web --desired 4
  ecsail scale web --min 2 --max 8
  ecsail scale web --suspend        # until `--resume`
  ecsail scale web --cluster main --desired 0 --yes

A number that autoscaling would change again is refused without `--force`.
No deployment is started. Exit codes: 0 as many tasks run as are desired,
1 error or declined, 2 usage, 4 timed out while in progress, 5 refused,
130 interrupted.")]
pub struct Scale {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    wish: Wanted,
    /// Set the number even if autoscaling will change it again
    #[arg(long, conflicts_with_all = ["min", "max", "suspend", "resume"])]
    force: bool,
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
struct Wanted {
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

impl Wanted {
    fn wish(&self) -> Wish {
        match self {
            Wanted { desired: Some(desired), .. } => Wish::Desired(*desired),
            Wanted { min, max, .. } if min.is_some() || max.is_some() => Wish::Range { min: *min, max: *max },
            Wanted { suspend, .. } => Wish::Suspended(*suspend),
        }
    }
}

/// Runs the verb.
///
/// # Errors
/// The change is refused, or an API call failed.
pub async fn run(args: &Scale, context: &Context) -> Result<Outcome> {
    let chosen = args.one.choose(context).await?;
    let found = chosen.one().await?;
    let (aws, place, report) = (&chosen.aws, &found.place, context.report.as_ref());
    let wish = args.wish.wish();
    let autoscaling = look(wish, &found, aws, context).await?;
    let scaling = scaling(wish, &place.key, &found.service, &autoscaling, args.force)?;
    scaling.notes.iter().for_each(|note| report.tell(&Event::Note(note)));
    // From here on the result is reported in any case, also after an interrupt. At the prompt an interrupt still ends
    // the process.
    if scaling.change != Change::None && !confirmed(&format!("{}?", scaling.words), args.yes, context)? {
        return Ok(Outcome::Declined);
    }
    let mut interrupts = Interrupts::listen()?;
    apply::scale::scale(&scaling.change, &place.cluster, &place.name, aws).await?;
    let state = State { found: &found, scaling: &scaling, autoscaling };
    let Some(desired) = scaling.comes_to.filter(|_| !args.no_wait) else {
        state.tell(if scaling.change == Change::None { End::Unchanged } else { End::Changed }, None, context);
        return Ok(Outcome::Done);
    };
    let counting = Counting {
        cluster: &place.cluster,
        name: &place.name,
        key: &place.key,
        desired,
        before: &found.service,
        timeout: args.timeout,
        poll: context.poll_interval(),
    };
    let (end, running) = tokio::select! {
        (counted, running) = counting.wait(aws, report) => (End::Counted(counted), Some(running)),
        () = interrupts.next() => (End::Interrupted, None),
    };
    report.tell(&Event::Done);
    let outcome = end.outcome();
    state.tell(end, running, context);
    Ok(outcome)
}

/// Returns the autoscaling of the service. Without the permission to read it, a desired count can still be set.
async fn look(wish: Wish, found: &Found, aws: &Aws, context: &Context) -> Result<Autoscaling> {
    match aws.scalable_target(&found.place.cluster, &found.place.name).await {
        Ok(Some(target)) => Ok(Autoscaling::Target(target)),
        Ok(None) => Ok(Autoscaling::None),
        Err(error) if matches!(wish, Wish::Desired(_)) && !error.may_pass() => {
            let note = format!("it is unknown whether autoscaling will change the number again: {error}");
            context.report.tell(&Event::Note(&note));
            Ok(Autoscaling::Unknown)
        }
        Err(error) => Err(failure(error)),
    }
}

/// How the run ended.
enum End {
    /// The service was already in the requested state.
    Unchanged,
    /// The service was changed and is not watched.
    Changed,
    Counted(Counted),
    Interrupted,
}

impl End {
    fn outcome(&self) -> Outcome {
        match self {
            End::Unchanged | End::Changed | End::Counted(Counted::Reached) => Outcome::Done,
            End::Counted(Counted::TimedOut) => Outcome::TimedOut,
            End::Counted(_) => Outcome::Error,
            End::Interrupted => Outcome::Interrupted,
        }
    }

    fn event_outcome(&self) -> outcome::Outcome {
        match self {
            End::Unchanged => outcome::Outcome::Unchanged,
            End::Changed | End::Counted(Counted::Lost { .. }) => outcome::Outcome::InProgress,
            End::Counted(Counted::Reached) => outcome::Outcome::Succeeded,
            End::Counted(Counted::TimedOut) => outcome::Outcome::TimedOut,
            End::Counted(Counted::Moved { .. }) => outcome::Outcome::Superseded,
            End::Counted(Counted::Gone) => outcome::Outcome::Failed,
            End::Interrupted => outcome::Outcome::Interrupted,
        }
    }
}

/// The data of the result that is reported.
struct State<'a> {
    found: &'a Found,
    scaling: &'a Scaling,
    autoscaling: Autoscaling,
}

impl State<'_> {
    fn tell(&self, end: End, running: Option<i64>, context: &Context) {
        let (place, before) = (&self.found.place, self.found.service.desired_count);
        let desired = match &end {
            End::Counted(Counted::Moved { desired }) => *desired,
            _ => self.scaling.comes_to.unwrap_or(before),
        };
        let text = format!("{}: {}", place.key, self.text(&end, desired, running));
        let target = self.target();
        let event = JsonEvent::Scaled(events::Scaled {
            service: place.key.clone(),
            cluster: place.cluster.clone(),
            outcome: end.event_outcome(),
            desired,
            desired_before: before,
            running,
            autoscaling: target.as_ref().map(target_event),
            error: match end {
                End::Counted(Counted::Lost { error }) => Some(error),
                _ => None,
            },
        });
        context.report.tell(&Event::Answer { text: &text, event });
    }

    /// Returns the scalable target after the change, if the service has one.
    fn target(&self) -> Option<ScalableTarget> {
        let Autoscaling::Target(target) = self.autoscaling else { return None };
        let Change::Target(change) = self.scaling.change else { return Some(target) };
        Some(ScalableTarget {
            min: change.min.unwrap_or(target.min),
            max: change.max.unwrap_or(target.max),
            suspended: change.suspended.unwrap_or(target.suspended),
        })
    }

    fn text(&self, end: &End, desired: i64, running: Option<i64>) -> String {
        let (before, running) = (self.found.service.desired_count, running.unwrap_or_default());
        let counts = format!("{running} of {desired} tasks running");
        match end {
            End::Unchanged | End::Changed => self.without_watch(end, desired),
            End::Counted(Counted::Reached) if before == desired => counts,
            End::Counted(Counted::Reached) => format!("scaled from {before} to {desired}, {counts}"),
            End::Counted(Counted::TimedOut) => format!("timed out with {counts}; ECS continues"),
            End::Counted(Counted::Moved { desired }) => {
                format!("the desired count was set to {desired} meanwhile, not by this command")
            }
            End::Counted(Counted::Gone) => "the service no longer exists".to_owned(),
            End::Counted(Counted::Lost { error }) => {
                format!("can no longer be watched, ECS continues: {error}")
            }
            End::Interrupted => format!("interrupted; ECS continues to {desired} tasks"),
        }
    }

    fn without_watch(&self, end: &End, desired: i64) -> String {
        let stays = matches!(end, End::Unchanged);
        match (&self.scaling.change, self.target()) {
            (Change::Desired(_), _) => {
                format!("the desired count is {desired} now, not waiting for the tasks")
            }
            (Change::Target(_), Some(target)) if self.scaling.comes_to.is_some() => {
                format!("{}; the desired count will be {desired}, not waiting for the tasks", range(&target))
            }
            (_, Some(target)) if stays => format!("unchanged, {}", range(&target)),
            (_, Some(target)) => range(&target),
            (_, None) => format!("unchanged, the desired count is {desired}"),
        }
    }
}

fn target_event(target: &ScalableTarget) -> events::ScalableTarget {
    events::ScalableTarget {
        min: target.min,
        max: target.max,
        scale_in_suspended: target.suspended.scale_in,
        scale_out_suspended: target.suspended.scale_out,
        scheduled_suspended: target.suspended.scheduled,
    }
}

/// Describes a scalable target.
fn range(target: &ScalableTarget) -> String {
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
