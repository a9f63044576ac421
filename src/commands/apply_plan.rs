//! `ecsail apply`: executes a plan that was saved, if nothing that it depends on has changed. Never renders documents, and
//! never plans anew what it deploys.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};

use super::ImageArgs;
use super::approvals::args::{ApprovalArgs, EmergencyArgs};
use super::approvals::{ApprovalSubject, ensure_approved};
use super::deploy::{DEFAULT_PARALLEL, ExecuteOptions, execute, parse_parallel};
use super::planning::{Planned, PlanningOptions, plan_rendered};
use super::save_plan::{files_of, request_of, saved_plan};
use super::watch_args::WatchArgs;
use crate::aws::types::ServiceRef;
use crate::commands::lookups;
use crate::context::CommandContext;
use crate::duration;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::plan::image_pins::pin_registrations;
use crate::plan::record::RELEASE_KEY;
use crate::report::{CommandOutcome, Event};
use crate::saved_plan::{SavedPlan, changed_files, changes_since};
use crate::settings::Settings;
use crate::shell::quote;
use crate::text_file;

/// Apply a plan that `ecsail plan --out` saved, if nothing that it depends on has changed
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("apply", "Examples:
  ecsail plan --stage production --tag 1.4.2 --out production.plan
  ecsail apply production.plan --yes"))]
pub struct ApplyArgs {
    /// The file that `ecsail plan --out` saved
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    plan: PathBuf,
    /// Refuse a plan that is older
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_age)]
    max_age: Duration,
    #[command(flatten)]
    approvals: ApprovalArgs,
    #[command(flatten)]
    pub emergency: EmergencyArgs,
    #[command(flatten)]
    watch: WatchArgs,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Number of services that roll out at once
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_PARALLEL, value_parser = parse_parallel, hide_short_help = true)]
    parallel: usize,
}

impl ApplyArgs {
    /// Returns settings with those of the plan: its stage, cluster, region and variables.
    ///
    /// # Errors
    /// The plan cannot be read, or the settings name another stage, cluster or region.
    pub fn settings(&self, settings: Settings) -> Result<Settings> {
        let saved = read(&self.plan)?.0.request;
        let named = [
            ("stage", &settings.stage, &saved.stage),
            ("cluster", &settings.cluster, &saved.cluster),
            ("region", &settings.region, &saved.region),
        ];
        for (what, given, planned) in named {
            if given.is_some() && given != planned {
                let text = |value: &Option<String>| {
                    value.clone().map_or("none".to_owned(), |value| format!("`{value}`"))
                };
                let message =
                    format!("the plan is of {what} {}, and {} is given", text(planned), text(given));
                let hint = format!("leave out the {what}: the plan has it");
                return Err(Failure::usage(message).with_hint(hint));
            }
        }
        // Where the command goes is named as if its flag was given.
        let stage = saved.stage.iter().flat_map(|stage| ["--stage".to_owned(), stage.clone()]);
        Ok(Settings {
            arguments: settings.arguments.iter().cloned().chain(stage).collect(),
            stage: saved.stage.clone(),
            cluster: saved.cluster,
            region: saved.region,
            set_vars: saved.vars,
            ..settings
        })
    }
}

/// Runs the verb.
///
/// # Errors
/// The plan is too old, or something that it depends on has changed; a registration failed. No service was changed.
pub async fn run(args: &ApplyArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let (saved, digest) = read(&args.plan)?;
    ensure_recent(&saved, args.max_age, jiff::Timestamp::now())?;
    let request = request_of(&saved.request);
    let manifest = lookups::load(&request, context).await?;
    ensure_unchanged(changed_files(&saved.files, &files_of(&manifest)), &saved)?;
    let how = PlanningOptions {
        force: saved.options.force,
        create: saved.options.create,
        images: ImageArgs::from_setting(saved.options.strict_images),
        release: Some(saved.release.clone()),
        watch: Some(args.watch.clone()),
        locks: true,
        ..PlanningOptions::default()
    };
    let by = saved.planned_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    context.reporter.report(&Event::Note(&format!("the plan was made at {}{by}", saved.planned_at)));
    let planned = plan_rendered(manifest, saved.desired.clone(), &request, how.clone(), context).await?;
    let now = saved_plan(&planned, &how, context);
    ensure_unchanged(changes_since(&saved, &now, &changed_by_release(&saved, &planned)), &saved)?;
    if planned.plan.has_changes() {
        let file = quote(&args.plan.display().to_string());
        let subject = ApprovalSubject { digest: &digest, planners: &saved.planners, file: Some(&file) };
        let approvals = ("apply", &args.approvals);
        ensure_approved(subject, approvals, &planned.manifest, &planned.aws, context).await?;
    }
    let Planned { mut plan, observed, .. } = planned;
    pin_registrations(&mut plan, &observed);
    let options = ExecuteOptions {
        release: saved.release.clone(),
        tag: saved.request.tags.summary(),
        watch: &args.watch,
        parallel: args.parallel,
        wait: true,
        yes: args.yes,
        supersede: false,
    };
    execute(Planned { observed, plan, ..planned }, options, context).await
}

/// Returns the services whose revision the release of this plan has registered: it was cut off, or has ended before.
fn changed_by_release(saved: &SavedPlan, planned: &Planned) -> BTreeSet<String> {
    let is_own = |cluster: &str, name: &str| {
        let service = ServiceRef { cluster: cluster.to_owned(), name: name.to_owned() };
        let observed = planned.observed.services.get(&service);
        let running = observed.and_then(|service| service.running_definition.as_ref());
        running.and_then(|running| running.tag(RELEASE_KEY)) == Some(saved.release.as_str())
    };
    let services = planned.plan.services.iter();
    let own = services.filter(|service| is_own(&service.cluster, &service.name));
    own.map(|service| service.key.clone()).collect()
}

fn ensure_unchanged(changes: Vec<String>, saved: &SavedPlan) -> Result<()> {
    let failures: Vec<Failure> = changes.into_iter().map(Failure::refused).collect();
    let Some(last) = failures.len().checked_sub(1) else { return Ok(()) };
    let hint = format!("the plan of {} no longer holds: plan again", saved.planned_at);
    let hinted = failures
        .into_iter()
        .enumerate()
        .map(|(at, failure)| if at == last { failure.with_hint(hint.clone()) } else { failure });
    Err(Failure::several(hinted.collect()))
}

/// Refuses a plan that is older than allowed.
fn ensure_recent(saved: &SavedPlan, max_age: Duration, now: jiff::Timestamp) -> Result<()> {
    let planned_at: Option<jiff::Timestamp> = saved.planned_at.parse().ok();
    let age = planned_at.and_then(|at| Duration::try_from(now.duration_since(at)).ok());
    // A plan of the future is as young as can be: the clocks of two machines differ.
    if planned_at.is_some() && age.unwrap_or_default() <= max_age {
        return Ok(());
    }
    let message = format!("the plan of {} is older than {}", saved.planned_at, duration::text(max_age));
    Err(Failure::refused(message).with_hint("plan again, or allow it with `--max-age`".to_owned()))
}

/// Returns a plan, and its SHA-256.
fn read(path: &Path) -> Result<(SavedPlan, String)> {
    let name = path.display().to_string();
    let unreadable = |error| Failure::usage(format!("failed to read plan `{name}`")).with_cause(error);
    let text = text_file::read(path).map_err(unreadable)?;
    Ok((SavedPlan::parse(&text, &name)?, SavedPlan::digest(&text, &name)?))
}

fn parse_age(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| "not a duration such as `24h`".to_owned())
}
