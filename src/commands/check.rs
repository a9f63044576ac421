//! `ecsail check`: reads and renders everything, without AWS and without credentials.

use std::path::PathBuf;

use clap::Args;

use super::SelectionArgs;
use super::schedule::upcoming;
use crate::context::CommandContext;
use crate::document::problem::InvalidFiles;
use crate::error::{Details, Failure, Result};
use crate::events::JsonEvent;
use crate::events::answer::Checked;
use crate::file_limits::FileLimits;
use crate::manifest::{self, Manifest, load};
use crate::render;
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

Without --stage, every stage of the manifest is checked.")]
pub struct CheckArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Check these task definition files on their own, without a manifest
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = clap::ValueHint::FilePath)]
    definition: Vec<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// Every problem that was found.
pub fn run(args: &CheckArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let _limits = FileLimits::start();
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
    let now = jiff::Timestamp::now();
    let one = |stage: Option<&String>| -> Result<Result<render::DesiredState, InvalidFiles>> {
        let settings =
            Settings { stage: stage.cloned().or(context.settings.stage.clone()), ..context.settings.clone() };
        match manifest::load(&settings, &request) {
            Ok(manifest) => Ok(render::render_desired(&Manifest { now: Some(now), ..manifest })),
            Err(Failure { details: Details::Problems(invalid), .. }) => Ok(Err(*invalid)),
            Err(failure) => Err(failure),
        }
    };
    let checked = match stages.as_slice() {
        [] => vec![one(None)?],
        stages => stages.iter().map(|stage| one(Some(stage))).collect::<Result<_>>()?,
    };
    let mut services = 0;
    let mut invalid: Option<InvalidFiles> = None;
    let mut schedules = Vec::new();
    for (index, result) in checked.into_iter().enumerate() {
        match result {
            Ok(desired) => {
                services = services.max(desired.services.len());
                let stage = stages.get(index).or(context.settings.stage.as_ref());
                schedules.push((stage.cloned(), desired.schedules));
                context.reporter.report(&Event::FileProblems(&desired.file_problems));
            }
            Err(found) => invalid = Some(merge_problems(invalid, found)),
        }
    }
    if let Some(invalid) = invalid {
        return Err(invalid.into());
    }
    let stages: Vec<String> =
        if stages.is_empty() { context.settings.stage.iter().cloned().collect() } else { stages };
    context.reporter.report(&Event::Checked { services, stages: &stages });
    context.reporter.report(&Event::Page(&upcoming::page(&schedules, now)));
    Ok(CommandOutcome::Succeeded)
}

/// Checks definition files on their own, each with the files that it includes.
fn check_definitions(args: &CheckArgs, tags: &ImageTags, context: &CommandContext) -> Result<CommandOutcome> {
    let mut all = InvalidFiles::default();
    for path in &args.definition {
        let (name, mut manifest) = load::load_definition(&context.settings, path, tags)?;
        let mut problems = std::mem::take(&mut manifest.problems);
        render::render_definition_file(&name, &manifest, &mut problems);
        all = merge_problems(Some(all), InvalidFiles { problems, sources: manifest.sources });
    }
    if all.problems.has_errors() {
        return Err(all.into());
    }
    context.reporter.report(&Event::FileProblems(&all));
    let count = args.definition.len();
    let text = if count == 1 { "1 definition".to_owned() } else { format!("{count} definitions") };
    let text = format!("{text} checked, no problems");
    let event = JsonEvent::Checked(Checked::Definitions { definitions: count });
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}

/// Merges the problems of two stages. Both read the same files, so equal problems are reported once.
fn merge_problems(known: Option<InvalidFiles>, found: InvalidFiles) -> InvalidFiles {
    let Some(mut known) = known else { return found };
    // Source ids follow the order of reading, which may differ between stages, so spans are mapped by file name.
    for mut problem in found.problems {
        problem.span = problem.span.map(|span| {
            let source = found.sources.get(span.source);
            let id = known.sources.find(&source.name);
            let id = id.unwrap_or_else(|| known.sources.add(&source.name, &source.text));
            if source.is_foreign {
                known.sources.hide(id);
            }
            crate::document::source::SourceSpan { source: id, ..span }
        });
        known.problems.push(problem);
    }
    known
}
