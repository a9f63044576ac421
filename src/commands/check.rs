//! `ecsail check`: reads and renders everything, without AWS and without credentials.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::schedule::upcoming;
use super::{SelectionArgs, lookups};
use crate::context::CommandContext;
use crate::document::problem::{InvalidFiles, Problems};
use crate::document::source::SourceSpan;
use crate::error::{Details, Failure, Result};
use crate::events::JsonEvent;
use crate::events::answer::Checked;
use crate::fetch::FetchScope;
use crate::file_limits::FileLimits;
use crate::manifest::{self, Manifest, Request, Scope, load};
use crate::render::{self, DesiredSchedule, DesiredState};
use crate::report::{CommandOutcome, Event};
use crate::settings::{ImageTags, Settings};

/// The tag to render with if none is given. Nothing is looked up, so any tag works.
const PLACEHOLDER_TAG: &str = "TAG";

/// Read and render everything without calling AWS, and report all problems at once
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail check
  ecsail check --stage production --tag 1.4.2
  ecsail check web --output json
  ecsail check --definition task-definition.json
  ecsail check --lookups --stage production

Without --stage, every stage of the manifest is checked.")]
pub struct CheckArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Check these task definition files on their own, without a manifest
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = clap::ValueHint::FilePath)]
    definition: Vec<PathBuf>,
    /// Fetch what templates look up in AWS, in Terraform states and from commands [default: only files of this machine are read]
    #[arg(long, conflicts_with = "definition")]
    lookups: bool,
}

/// Runs the verb.
///
/// # Errors
/// Every problem that was found.
pub async fn run(args: &CheckArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let mut request = args.selection.request()?;
    if request.tags.default.is_none() {
        request.tags =
            ImageTags { default: Some(PLACEHOLDER_TAG.to_owned()), is_placeholder: true, ..request.tags };
    }
    if !args.definition.is_empty() {
        return check_definitions(args, &request.tags, context);
    }
    let stages = match &context.settings.stage {
        Some(_) => Vec::new(),
        None => load::stages(&context.settings)?,
    };
    let scope = if args.lookups { FetchScope::Everything } else { FetchScope::Files };
    let mut checked = CheckedManifest { now: jiff::Timestamp::now(), ..CheckedManifest::default() };
    if stages.is_empty() {
        checked.add(None, &context.settings, &request, scope, context).await?;
    }
    for stage in &stages {
        let settings = Settings { stage: Some(stage.clone()), ..context.settings.clone() };
        checked.add(Some(stage), &settings, &request, scope, context).await?;
    }
    // With one stage alone, or a part of the manifest, an image may be used by what is left out.
    if request.scope == Scope::Release && context.settings.stage.is_none() {
        checked.add_unused_images();
    }
    if checked.found.problems.has_errors() {
        return Err(checked.found.into());
    }
    context.reporter.report(&Event::FileProblems(&checked.found));
    let stages: Vec<String> =
        if stages.is_empty() { context.settings.stage.iter().cloned().collect() } else { stages };
    let text = checked_text(checked.services, &stages, &checked.found.problems);
    let event = JsonEvent::Checked(Checked::Manifest { services: checked.services, stages });
    context.reporter.report(&Event::Answer { text: &text, event });
    context.reporter.report(&Event::Page(&upcoming::page(&checked.schedules, checked.now)));
    Ok(CommandOutcome::Succeeded)
}

/// Returns the answer of `check`: what was checked, and how many problems there are.
fn checked_text(services: usize, stages: &[String], problems: &Problems) -> String {
    let services = if services == 1 { "1 service".to_owned() } else { format!("{services} services") };
    let counts = problems.counts();
    let counts = counts.as_deref().unwrap_or("no problems");
    match stages {
        [] => format!("{services} checked, {counts}"),
        stages => format!("{services} checked in {}, {counts}", stages.join(", ")),
    }
}

/// What was found in a manifest, in one stage after the other.
#[derive(Default)]
struct CheckedManifest {
    now: jiff::Timestamp,
    services: usize,
    schedules: Vec<(Option<String>, Vec<DesiredSchedule>)>,
    found: InvalidFiles,
    /// The images that no definition uses, of each stage that could be rendered.
    unused_images: Vec<(Option<String>, InvalidFiles)>,
    /// Whether a stage could not be rendered.
    is_incomplete: bool,
}

impl CheckedManifest {
    /// Reads and renders the manifest in a stage, or as it is without one.
    async fn add(
        &mut self,
        stage: Option<&String>,
        settings: &Settings,
        request: &Request,
        scope: FetchScope,
        context: &CommandContext,
    ) -> Result<()> {
        let now = self.now;
        let pass = move |request: &Request| render_at(now, settings, request);
        match lookups::until_answered(request, settings, scope, context, &pass).await? {
            Ok((manifest, desired)) => {
                let mut unused =
                    InvalidFiles { sources: manifest.sources.clone(), ..InvalidFiles::default() };
                unused.problems.extend(render::unused_images(&manifest, &desired));
                self.unused_images.push((stage.cloned(), unused));
                self.services = self.services.max(desired.services.len());
                self.schedules.push((stage.or(settings.stage.as_ref()).cloned(), desired.schedules));
                merge_problems(&mut self.found, desired.file_problems, stage);
            }
            Err(invalid) => self.add_invalid(*invalid, stage),
        }
        Ok(())
    }

    fn add_invalid(&mut self, invalid: InvalidFiles, stage: Option<&String>) {
        self.is_incomplete = true;
        merge_problems(&mut self.found, invalid, stage);
    }

    /// Adds the images that no definition of any stage uses.
    fn add_unused_images(&mut self) {
        if self.is_incomplete {
            return;
        }
        let all = std::mem::take(&mut self.unused_images);
        let names = |(_, unused): &(Option<String>, InvalidFiles)| -> BTreeSet<Option<String>> {
            unused.problems.iter().map(|problem| problem.path.clone()).collect()
        };
        let in_all = all.iter().map(names).reduce(|known, next| &known & &next).unwrap_or_default();
        for (stage, mut unused) in all {
            unused.problems.retain(|problem| in_all.contains(&problem.path));
            merge_problems(&mut self.found, unused, stage.as_ref());
        }
    }
}

/// Returns the manifest and its documents, or their problems.
///
/// # Errors
/// There is no manifest, or it cannot be read.
fn render_at(now: jiff::Timestamp, settings: &Settings, request: &Request) -> Result<Rendered> {
    let _limits = FileLimits::start();
    let manifest = match manifest::load(settings, request) {
        Ok(manifest) => Manifest { now: Some(now), ..manifest },
        Err(Failure { details: Details::Problems(invalid), .. }) => return Ok(Err(invalid)),
        Err(failure) => return Err(failure),
    };
    match render::render_desired(&manifest) {
        Ok(desired) => Ok(Ok((manifest, desired))),
        Err(invalid) => Ok(Err(Box::new(invalid))),
    }
}

/// A manifest with its documents, or the problems of its files.
type Rendered = Result<(Manifest, DesiredState), Box<InvalidFiles>>;

/// Checks definition files on their own, each with the files that it includes.
fn check_definitions(args: &CheckArgs, tags: &ImageTags, context: &CommandContext) -> Result<CommandOutcome> {
    let _limits = FileLimits::start();
    let mut all = InvalidFiles::default();
    for path in &args.definition {
        let (name, mut manifest) = load::load_definition(&context.settings, path, tags)?;
        let mut problems = std::mem::take(&mut manifest.problems);
        render::render_definition_file(&name, &manifest, &mut problems);
        merge_problems(&mut all, InvalidFiles { problems, sources: manifest.sources }, None);
    }
    if all.problems.has_errors() {
        return Err(all.into());
    }
    context.reporter.report(&Event::FileProblems(&all));
    let count = args.definition.len();
    let text = if count == 1 { "1 definition".to_owned() } else { format!("{count} definitions") };
    let text = format!("{text} checked, {}", all.problems.counts().as_deref().unwrap_or("no problems"));
    let event = JsonEvent::Checked(Checked::Definitions { definitions: count });
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}

/// Merges the problems of a stage into those of others. All read the same files, so equal problems are reported once.
fn merge_problems(known: &mut InvalidFiles, found: InvalidFiles, stage: Option<&String>) {
    // Source ids follow the order of reading, which may differ between stages, so spans are mapped by file name.
    for mut problem in found.problems {
        problem.span = problem.span.map(|span| {
            let source = found.sources.get(span.source);
            let id = known.sources.find(&source.name);
            let id = id.unwrap_or_else(|| known.sources.add(&source.name, &source.text));
            if source.is_foreign {
                known.sources.hide(id);
            }
            SourceSpan { source: id, ..span }
        });
        match stage {
            Some(stage) => known.problems.push_of_stage(problem, stage),
            None => known.problems.push(problem),
        }
    }
}
