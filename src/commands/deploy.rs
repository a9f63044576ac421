//! `ecsail deploy`: plans, applies, and watches.

use clap::Args;

use super::change::still;
use super::following::Following;
use super::interrupts::Interrupts;
use super::release::{Carrier, How};
use super::rollouts;
use super::{Selection, options, some_services};
use crate::apply::Applied;
use crate::aws::types::{Observed, Service, ServiceRef};
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::manifest;
use crate::observe::observe;
use crate::plan::{self, Plan, ServicePlan};
use crate::release::{Release, id::id};
use crate::render;
use crate::report::{Event, Outcome};
use crate::watch::Settled;

/// The default of `--parallel`: as many updates as UpdateService accepts in a burst (ECS API rate limits).
const AT_ONCE: usize = 50;

/// Deploy an image tag: register revisions, update services, and watch the rollouts
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail deploy service web --tag 1.4.2
  ecsail deploy --stage production --tag 1.4.2 --yes
  ecsail deploy service web --cluster main --tag 1.4.2     # without a manifest
  ecsail deploy service web --tag 1.4.2 --dry-run

Exit codes: 0 succeeded or nothing to do, 1 error or declined, 2 usage, 3 rollout failed or rolled
back, 4 timed out while in progress, 5 refused, 130 interrupted.")]
pub struct Deploy {
    #[command(flatten)]
    selection: Selection,
    /// Return once the updates are accepted, without watching
    #[arg(long, global = true)]
    no_wait: bool,
    #[command(flatten)]
    following: Following,
    /// Show the plan and change nothing
    #[arg(long, global = true)]
    dry_run: bool,
    /// Skip the confirmation prompt
    #[arg(long, short, global = true)]
    yes: bool,
    /// Deploy even if nothing changed
    #[arg(long, global = true)]
    force: bool,
    /// Replace a deployment that is in progress
    #[arg(long, global = true)]
    supersede: bool,
    /// Number of services that roll out at once
    #[arg(long, value_name = "NUMBER", default_value_t = AT_ONCE, value_parser = at_once, hide_short_help = true, global = true)]
    parallel: usize,
}

/// Runs the verb.
///
/// # Errors
/// The plan is refused, or a registration failed. No service was changed.
pub async fn run(args: &Deploy, context: &Context) -> Result<Outcome> {
    let request = args.selection.request()?;
    let manifest = manifest::load(&context.settings, &request)?;
    let desired = render::desired(&manifest)?;
    context.report.tell(&Event::Remarks(&desired.remarks));
    some_services(&manifest)?;
    let aws = context.connect(&manifest, &desired).await?;
    let observed = observe(&aws, &desired).await?;
    let options = options(&manifest, &request, &context.settings);
    let id = release_id();
    let record = plan::Record { release: Some(id.clone()), ..options.record };
    let options = plan::Options { force: args.force, supersede: args.supersede, record, ..options };
    let plan = plan::compare(&desired, &observed, &options)?;
    if plan.is_empty() {
        tell_left(&plan, context);
        context.report.tell(&Event::Released(&Release::of(&plan, &id, request.tags.label())));
        return Ok(Outcome::Done);
    }
    if args.no_wait {
        waits(&plan)?;
    }
    context.report.tell(&Event::Plan { plan: &plan, answer: None });
    if args.dry_run {
        let text = "dry run: nothing was changed";
        context.report.tell(&Event::Answer { event: "dry_run", text, value: serde_json::json!({}) });
        return Ok(Outcome::Done);
    }
    let answer = if args.yes { None } else { context.report.confirm("Deploy this?") };
    match answer {
        Some(false) => return Ok(Outcome::Declined),
        Some(true) => still(changing(&plan, &observed), &aws).await?,
        None => {}
    }
    // From here on the release is reported in any case, also after an interrupt.
    let mut interrupts = Interrupts::listen()?;
    let release = Release::of(&plan, &id, request.tags.label());
    let how = How {
        following: &args.following,
        at_once: args.parallel,
        wait: !args.no_wait,
        seen: (!args.supersede).then_some(&observed),
    };
    Carrier::new(&plan, release, &manifest, how, &aws, context).to_the_end(&mut interrupts).await
}

/// Parses a number that is at least 1.
fn at_once(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "not a number of at least 1".to_owned())
}

/// Refuses `--no-wait` if a part of the plan has to wait for another.
fn waits(plan: &Plan) -> Result<(), Failure> {
    let changes = |key: &String| plan.services.iter().any(|service| &service.key == key && service.changes());
    let hint = || "leave out `--no-wait`".to_owned();
    for (key, needs) in plan.needs.iter().filter(|(key, _)| changes(key)) {
        if let Some(need) = needs.iter().find(|need| changes(need)) {
            let message =
                format!("service `{key}` needs `{need}` to be up, which `--no-wait` does not wait for");
            return Err(Failure::usage(message).hint(hint()));
        }
    }
    let services = plan.services.iter().any(ServicePlan::changes);
    if let Some(schedule) = plan.schedules.iter().find(|schedule| services && schedule.is_changing()) {
        let message = format!(
            "schedule `{}` is changed after the services are up, which `--no-wait` does not wait for",
            schedule.key
        );
        let hint = "leave out `--no-wait`, or deploy the services alone with `ecsail deploy service`";
        return Err(Failure::usage(message).hint(hint.to_owned()));
    }
    match plan.after.iter().find(|task| task.work.is_some()) {
        Some(task) => {
            let message = format!(
                "task `{}` is run after the services are up, which `--no-wait` does not wait for",
                task.key
            );
            Err(Failure::usage(message).hint(hint()))
        }
        None => Ok(()),
    }
}

/// Returns the id of a release that begins now.
pub(super) fn release_id() -> String {
    id(jiff::Timestamp::now(), fastrand::u64(..))
}

/// Returns the observed services that the plan changes, each with its cluster.
fn changing<'a>(plan: &'a Plan, observed: &'a Observed) -> impl Iterator<Item = (&'a str, &'a Service)> {
    let seen = |service: &ServicePlan| {
        observed.services.get_key_value(&ServiceRef::new(&service.cluster, &service.name))
    };
    let changing = plan.services.iter().filter(|service| service.changes()).filter_map(seen);
    changing.map(|(place, seen)| (place.cluster.as_str(), &seen.service))
}

/// Reports the services that the plan leaves unchanged.
pub(super) fn tell_left(plan: &Plan, context: &Context) {
    for service in plan.services.iter().filter(|service| !service.changes()) {
        let revision = service.revision_before();
        context.report.tell(&Event::Left { service: &service.key, revision, updated: false });
    }
}

/// Reports the services that were updated without a deployment.
pub(super) fn tell_updated(plan: &Plan, updated: &[String], context: &Context) {
    for service in plan.services.iter().filter(|service| updated.contains(&service.key)) {
        let revision = service.revision_before();
        context.report.tell(&Event::Left { service: &service.key, revision, updated: true });
    }
}

pub(super) fn not_waited(applied: &Applied, context: &Context) -> Outcome {
    for followed in &applied.followed {
        let revision = crate::aws::types::revision_of(&followed.revision);
        let what = if followed.going_back { "rolled back" } else { "deployed" };
        let text = format!("{}: {revision} is being {what}, not watching it", followed.key);
        let value = serde_json::json!({"service": followed.key, "revision": revision, "deployment": followed.deployment});
        context.report.tell(&Event::Answer { event: "started", text: &text, value });
    }
    tell_failures(&applied.failures, context);
    if applied.failures.is_empty() { Outcome::Done } else { Outcome::Error }
}

/// Reports how each rollout ended, then the services that could not be updated.
pub(super) fn tell_ends(settled: &[Settled], failures: &[(String, Failure)], context: &Context) -> Outcome {
    let outcome = rollouts::tell_ends(settled, context);
    tell_failures(failures, context);
    outcome.worse(if failures.is_empty() { Outcome::Done } else { Outcome::Error })
}

pub(super) fn tell_failures(failures: &[(String, Failure)], context: &Context) {
    for (service, error) in failures {
        context.report.tell(&Event::NotUpdated { service, error });
    }
}
