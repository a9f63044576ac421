//! Writes the files of what runs in one or several clusters, and plans them.

use std::collections::BTreeSet;

use crate::adopt::{
    AdoptOptions, AdoptedApp, AdoptedFile, AdoptedStage, IgnoredChecks, ObservedCluster, adopt,
};
use crate::aws::Aws;
use crate::commands::interrupts::Interrupts;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::answer::InitChecked;
use crate::observe::adoption::observe_cluster;
use crate::plan::Plan;
use crate::report::{CommandOutcome, Event, PlanFormat};
use crate::shell;

use super::stages::{StageCluster, stages};
use super::{InitArgs, InitFolder, check, connect, refuse_existing_manifest, write};

/// Runs the verb for what runs.
///
/// # Errors
/// As of [`super::run`].
pub(super) async fn run(args: &InitArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let wanted = stages(&args.stage, context.settings.cluster.as_deref())?;
    let destination = InitFolder::of(&context.settings);
    if !args.force && !args.dry_run {
        refuse_existing_manifest(&destination, context)?;
    }
    let mut connections = Vec::new();
    let mut clusters: Vec<ObservedCluster> = Vec::new();
    for stage in &wanted {
        let aws = connect(stage.region(), context).await?;
        clusters.push(read(&aws, stage, args, context).await?);
        connections.push(aws);
    }
    let options = AdoptOptions {
        app: args.name.clone(),
        default_app: destination.folder_name(),
        own: args.own,
        only_families: !args.services.is_empty(),
        manifest: destination.manifest.clone(),
        hides_commands: args.dry_run,
        ..AdoptOptions::default()
    };
    let mut app = adopt(&clusters, &options);
    let files: Vec<AdoptedFile> = app.files.iter().cloned().chain(write::schemas()).collect();
    for note in &app.notes {
        context.reporter.report(&Event::Note(note));
    }
    if app.services == 0 && app.schedules == 0 {
        let hint =
            "the notes above say why each is left out; `status`, `tasks` and `logs` take them by their names";
        let failure =
            Failure::refused("there is nothing to write: a manifest cannot have any of these services");
        return Err(failure.with_hint(hint.to_owned()));
    }
    if args.dry_run {
        write::print_files(&app.files, context);
        return Ok(CommandOutcome::Succeeded);
    }
    if !args.force
        && let Some(failure) = write::existing_files(&destination.folder, &files)
    {
        return Err(failure);
    }
    // From here on an interrupt leaves either all files or none.
    let mut interrupts = Interrupts::listen()?;
    write::write_files(&destination.folder, &files, &app.stages, context)?;
    let ignore = check::refusing_checks(&destination, &app, context)?;
    if !ignore.is_empty() {
        // AWS accepted what runs, so that a check that refuses it is left out.
        context.reporter.report(&Event::Note(&ignored_note(&ignore)));
        app = adopt(&clusters, &AdoptOptions { ignore, ..options });
        write::replace_file(&destination.folder, &app.files[0])?;
    }
    tokio::select! {
        outcome = plan_stages(&app, &connections, &destination, context) => outcome,
        () = interrupts.next() => Err(Failure::interrupted("interrupted: the files are written, and were not planned")),
    }
}

/// Plans the written files of each stage.
///
/// # Errors
/// A stage could not be planned.
async fn plan_stages(
    app: &AdoptedApp,
    connections: &[Aws],
    destination: &InitFolder,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    let mut outcome = CommandOutcome::Succeeded;
    for (stage, aws) in app.stages.iter().zip(connections) {
        let planned = check::plan(destination, stage, aws, context).await;
        let plan = planned.inspect_err(|_| {
            context.reporter.report(&Event::Note("the files are written, and could not be planned"));
        })?;
        report_plan(&plan, stage, app, destination, context);
        if plan.has_changes() {
            outcome = CommandOutcome::HasChanges;
        }
    }
    Ok(outcome)
}

async fn read(
    aws: &Aws,
    stage: &StageCluster,
    args: &InitArgs,
    context: &CommandContext,
) -> Result<ObservedCluster> {
    let adoption = observe_cluster(aws, &stage.cluster, &args.services).await?;
    for note in &adoption.notes {
        context.reporter.report(&Event::Note(note));
    }
    if adoption.cluster.services.is_empty() {
        let message = format!("no services in cluster `{}`", adoption.cluster.name);
        return Err(Failure::error(message));
    }
    Ok(ObservedCluster { stage: stage.stage.clone(), ..adoption.cluster })
}

fn ignored_note(ignore: &IgnoredChecks) -> String {
    let of_services = ignore.services.values().flatten();
    let ids: BTreeSet<&String> = ignore.everywhere.iter().chain(of_services).collect();
    let ids: Vec<String> = ids.into_iter().map(|id| format!("`{id}`")).collect();
    format!(
        "what runs does not pass every check: {} left out with `ignore:`; see `ecsail explain`",
        ids.join(", ")
    )
}

/// Reports whether a plan of the written files has changes, and the command that repeats it.
fn report_plan(
    plan: &Plan,
    stage: &AdoptedStage,
    app: &AdoptedApp,
    destination: &InitFolder,
    context: &CommandContext,
) {
    let command = plan_command(stage, destination, context);
    let of_stage = stage.stage.as_ref().map(|stage| format!("{stage}: ")).unwrap_or_default();
    let has_changes = plan.has_changes();
    if has_changes {
        context.reporter.report(&Event::Plan { plan, answer: Some(PlanFormat::Text) });
    } else {
        plan.notes.iter().for_each(|note| context.reporter.report(&Event::Note(note)));
    }
    let found = if has_changes { "a deploy would make the changes above" } else { "no changes" };
    let (services, schedules) = (counted(app.services, "service"), counted(app.schedules, "schedule"));
    let text = format!("{of_stage}{found} ({services}, {schedules}): {command}");
    let event = InitChecked { stage: stage.stage.clone(), has_changes, command };
    context.reporter.report(&Event::Answer { text: &text, event: JsonEvent::InitChecked(event) });
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Returns the command that plans a stage with the tags that run.
fn plan_command(stage: &AdoptedStage, destination: &InitFolder, context: &CommandContext) -> String {
    let sandbox = context.settings.sandbox.as_ref().map(|_| "--sandbox".to_owned());
    let mut words: Vec<String> = std::iter::once("ecsail".to_owned()).chain(sandbox).collect();
    let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), shell::quote(value)]);
    if context.settings.manifest.is_some() {
        add("--manifest", &destination.manifest_path().display().to_string());
    }
    if let Some(profile) = &context.settings.profile {
        add("--profile", profile);
    }
    if let Some(stage) = &stage.stage {
        add("--stage", stage);
    }
    if let Some(path) = stage.secrets_path() {
        add("--env-file", &destination.folder.join(path).display().to_string());
    }
    words.push("plan".to_owned());
    for tag in &stage.tags {
        words.extend(["--tag".to_owned(), shell::quote(tag)]);
    }
    words.join(" ")
}
