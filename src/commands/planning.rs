//! Plans a deploy: reads the manifest, observes AWS, and compares. Never changes anything in AWS.

use super::approvals::refuse_without_plan;
use super::attach::planned::{AttachedRollouts, attach_to_planned};
use super::edit_args::ensure_editable;
use super::first_look::ride_out;
use super::running_tags::running_tags;
use super::stage_lock::{LockPurpose, lock_stage};
use super::verify::{ImageReads, verify_before_change};
use super::watch_args::WatchArgs;
use super::{ImageArgs, ensure_not_empty, lookups, plan_options};
use crate::aws::Aws;
use crate::aws::types::ObservedState;
use crate::context::CommandContext;
use crate::destination::Destination;
use crate::error::{Failure, Result};
use crate::manifest::{Manifest, Request};
use crate::observe::{self, observe};
use crate::plan::image_checks::ImageChecks;
use crate::plan::{self, Plan, blockers};
use crate::render::DesiredState;
use crate::render::definition_edits::DefinitionEdits;
use crate::report::Event;

/// How a deploy is planned.
#[derive(Clone, Debug, Default)]
pub struct PlanningOptions {
    /// Deploy although nothing changed.
    pub force: bool,
    /// Supersede deployments in progress.
    pub supersede: bool,
    /// Create services although the cluster has one of a similar name.
    pub create: bool,
    /// Changes of the running definition of a service.
    pub edits: DefinitionEdits,
    /// Which images are refused.
    pub images: ImageArgs,
    /// Whether what the documents name is looked up first, whatever the manifest says.
    pub verify: bool,
    /// Whether images without a tag have the one that runs, if no tag is given.
    pub uses_running_tags: bool,
    /// The id of the release; none where nothing will be applied.
    pub release: Option<String>,
    /// The settings of the watch that follows; none where nothing is watched, so that reads are not repeated for long.
    pub watch: Option<WatchArgs>,
    /// Whether to take the lock of the stage, before anything is read.
    pub locks: bool,
    /// What is done about a protected stage.
    pub protected: ProtectedStage,
    /// The command that plans the same, for hints; `None` for `plan` with the tags of the request.
    pub plan_command: Option<String>,
}

/// What is done about a protected stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtectedStage {
    /// It is planned: nothing is changed, or the command checks the approvals itself.
    #[default]
    Planned,
    /// It is refused, unless it is an emergency.
    Refused,
}

/// A plan, with what it was made from and what blocks it.
pub struct Planned {
    /// The request, with the tags that were planned.
    pub request: Request,
    pub manifest: Manifest,
    pub desired: DesiredState,
    pub aws: Aws,
    pub observed: ObservedState,
    pub plan: Plan,
    /// The deployments in progress that an apply would refuse.
    pub blockers: Vec<Failure>,
    /// The rollouts in progress that already make the change of their service.
    pub attached: AttachedRollouts,
}

impl Planned {
    /// The plan as it is shown where nothing will be applied: with its blockers among the notes.
    pub fn with_blockers_noted(&self) -> Plan {
        let mut plan = self.plan.clone();
        plan.notes.extend(self.blockers.iter().map(|blocker| blocker.message.clone()));
        plan
    }
}

/// Plans a deploy of what the request names.
///
/// # Errors
/// A manifest or a template with errors, a service or an image that does not exist, the wrong account, or an error of AWS.
pub async fn plan_deploy(
    request: &Request,
    how: PlanningOptions,
    context: &CommandContext,
) -> Result<Planned> {
    let running = if how.uses_running_tags { with_running_tags(request, context).await? } else { None };
    let request = running.as_ref().unwrap_or(request);
    let now = Some(jiff::Timestamp::now());
    let prepare = |loaded: Manifest| {
        ensure_editable(&loaded, &how.edits)?;
        Ok(Manifest { now, edits_running_definition: !how.edits.is_empty(), ..loaded })
    };
    let (manifest, mut desired) = lookups::render(request, &context.settings, context, prepare).await?;
    if let [service] = desired.services.as_mut_slice() {
        service.edits = how.edits.clone();
    }
    context.reporter.report(&Event::FileProblems(&desired.file_problems));
    plan_rendered(manifest, desired, request, how, context).await
}

/// Plans a deploy of documents that are rendered already. The edits of the options are in them.
///
/// # Errors
/// As of [`plan_deploy`], but for the files.
pub async fn plan_rendered(
    manifest: Manifest,
    desired: DesiredState,
    request: &Request,
    how: PlanningOptions,
    context: &CommandContext,
) -> Result<Planned> {
    ensure_not_empty(&manifest)?;
    if how.protected == ProtectedStage::Refused {
        let plan_command = how.plan_command.clone().unwrap_or_else(|| plan_command(request));
        refuse_without_plan(&manifest, &plan_command, context)?;
    }
    let aws = context.connect(&manifest, &desired).await?;
    if how.verify || manifest.verify {
        let is_checked = how.images.checks(&manifest) != ImageChecks::Lenient;
        let images = if is_checked { ImageReads::All } else { ImageReads::None };
        verify_before_change(&manifest, &desired, images, &aws, context).await?;
    }
    if how.locks {
        let purpose = LockPurpose { command: "deploy", release: how.release.as_deref() };
        lock_stage(&manifest, &aws, purpose, context).await?;
    }
    if let Some(note) = observe::wait_note(&aws, &desired) {
        context.reporter.report(&Event::Note(&note));
    }
    let observed = match &how.watch {
        Some(watch) => {
            ride_out(watch.timeout(&manifest), context, async || observe(&aws, &desired).await).await?
        }
        None => observe(&aws, &desired).await?,
    };
    let options = plan_options(&manifest, request, &context.settings, &how.images);
    let record = plan::DeployRecord { release_id: how.release, ..options.record };
    let options =
        plan::Options { force: how.force, supersede: how.supersede, create: how.create, record, ..options };
    let mut plan = plan::compare(&desired, &observed, &options)?;
    plan.destination = destination_of(&plan, &observed, &manifest, context);
    let (attached, mut blockers) = attach_to_planned(&plan, &observed, &aws).await;
    if !how.supersede {
        blockers.extend(blockers::in_progress(&plan, &observed));
    }
    Ok(Planned { request: request.clone(), manifest, desired, aws, observed, plan, blockers, attached })
}

/// Returns the command that plans what a request asks for.
fn plan_command(request: &Request) -> String {
    let ones = request.tags.by_image.iter().map(|(image, tag)| format!("{image}={tag}"));
    let tags = request.tags.default.iter().cloned().chain(ones);
    std::iter::once("plan".to_owned())
        .chain(tags.map(|tag| format!("--tag {tag}")))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the request with the tags that run, where no tag is given and images need one; `None` where none is needed or known.
///
/// # Errors
/// Services run different tags, or an API call failed.
async fn with_running_tags(request: &Request, context: &CommandContext) -> Result<Option<Request>> {
    if !request.tags.is_empty() {
        return Ok(None);
    }
    // Undefined names of images without a tag are no errors here.
    let manifest = lookups::load(request, context).await?;
    let has_untagged = manifest.images.values().any(|image| !image.reference.has_version());
    if !has_untagged {
        return Ok(None);
    }
    let aws = context.connect_without_definitions(&manifest).await?;
    let tags = running_tags(&aws, &manifest).await?;
    let Some(summary) = tags.summary() else { return Ok(None) };
    let note = format!("no tag was given, so the plan has the tags that run: {summary}");
    context.reporter.report(&Event::Note(&note));
    Ok(Some(Request { tags, ..request.clone() }))
}

/// Returns where a plan changes something.
fn destination_of(
    plan: &Plan,
    observed: &ObservedState,
    manifest: &Manifest,
    context: &CommandContext,
) -> Destination {
    // The ARN of a schedule's target is that of its cluster.
    let targets = plan.schedules.iter().flat_map(|schedule| &schedule.targets);
    let targets: Vec<&str> = targets.filter_map(|target| target.document["Arn"].as_str()).collect();
    let running = plan.services.iter().map(|service| service.before.as_str());
    let clusters = observed.clusters.values().filter_map(|cluster| cluster.document["clusterArn"].as_str());
    let arn = running.chain(targets.iter().copied()).chain(clusters).find(|arn| !arn.is_empty());
    let work = plan.before.iter().chain(&plan.after).filter_map(|task| task.work.as_ref());
    let clusters = plan.services.iter().map(|service| service.cluster.as_str());
    let clusters = clusters.chain(work.map(|work| work.cluster.as_str())).chain(targets.iter().copied());
    Destination::new(&context.settings, manifest.stage.as_deref(), arn, clusters)
}
