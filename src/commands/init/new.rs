//! Writes the files of a new app. Calls nothing, and asks for what the arguments do not say.

use crate::adopt::new_app::{NewApp, as_name, name_error};
use crate::adopt::{AdoptedApp, AdoptedFile, AdoptedStage};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::image::{ImageReference, syntax_error};
use crate::report::{CommandOutcome, Event};

use super::{InitArgs, InitFolder, check, refuse_existing_manifest, write};

/// The cluster of an app without `--cluster`.
const CLUSTER: &str = "main";

/// Runs the verb for a new app.
///
/// # Errors
/// Files exist already, or an argument is missing or invalid.
pub(super) fn run(args: &InitArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let destination = InitFolder::of(&context.settings);
    if !args.force && !args.dry_run {
        refuse_existing_manifest(&destination, context)?;
    }
    let app = new_app(args, &destination, context)?;
    let files = app.files();
    if args.dry_run {
        write::print_files(&files, context);
        return Ok(CommandOutcome::Succeeded);
    }
    let all: Vec<AdoptedFile> = files.into_iter().chain(write::schemas()).collect();
    if !args.force
        && let Some(failure) = write::existing_files(&destination.folder, &all)
    {
        return Err(failure);
    }
    write::write_files(&destination.folder, &all, &[], context)?;
    check_files(&destination, context)?;
    let manifest = context.settings.manifest.as_ref().map(|path| format!(" --manifest {}", path.display()));
    let manifest = manifest.unwrap_or_default();
    let next = format!("try it without an account: `ecsail{manifest} --sandbox deploy --tag v2`");
    context.reporter.report(&Event::Note(&next));
    Ok(CommandOutcome::Succeeded)
}

/// Fails where the written files have a problem, which would be ours.
fn check_files(destination: &InitFolder, context: &CommandContext) -> Result<()> {
    let stage = AdoptedStage { tags: vec!["v2".to_owned()], ..AdoptedStage::default() };
    let app = AdoptedApp { stages: vec![stage], ..AdoptedApp::default() };
    let refusing = check::refusing_checks(destination, &app, context)?;
    if refusing.is_empty() {
        return Ok(());
    }
    Err(Failure::error("the written files do not pass every check")
        .with_hint("see `ecsail check`".to_owned()))
}

/// Returns the app of the arguments, and of the answers to questions about what they do not say.
fn new_app(args: &InitArgs, destination: &InitFolder, context: &CommandContext) -> Result<NewApp> {
    let folder = as_name(&destination.folder_name());
    let name = match &args.name {
        Some(name) => name.clone(),
        None => answer(&format!("Name of the app [{folder}]:"), context).unwrap_or(folder),
    };
    if let Some(wrong) = name_error(&name) {
        return Err(Failure::usage(format!("`{name}` is no name of a service: {wrong}")));
    }
    let image = args.image.clone().or_else(|| {
        answer("Repository of its image, such as 123456789012.dkr.ecr.us-east-1.amazonaws.com/api:", context)
    });
    let Some(image) = image else { return Err(no_image()) };
    let repository = ImageReference::parse(&image).repository;
    if let Some(wrong) = syntax_error(&repository) {
        return Err(Failure::usage(format!("`{image}` is no image: {wrong}")));
    }
    if repository != image {
        let hint = format!(
            "name the repository alone, `{repository}`: the tag is given with `--tag` when it is deployed"
        );
        return Err(Failure::usage(format!("`{image}` has a version")).with_hint(hint));
    }
    let port = match (args.port, args.name.is_some() && args.image.is_some()) {
        (None, false) => port_of(answer("Port that the container listens on, if it does:", context))?,
        (port, _) => port,
    };
    let cluster = context.settings.cluster.clone().unwrap_or_else(|| CLUSTER.to_owned());
    let region = context.settings.region.clone();
    Ok(NewApp {
        name,
        image,
        port,
        cluster,
        region,
        manifest: destination.manifest.clone(),
        express: args.express,
    })
}

fn no_image() -> Failure {
    let hint =
        "name its repository: `ecsail init --new --name api --image REPOSITORY --port 8080`".to_owned();
    Failure::usage("no image for the new app").with_hint(hint)
}

fn port_of(answer: Option<String>) -> Result<Option<u16>> {
    let Some(text) = answer else { return Ok(None) };
    let port = text.parse::<u16>().ok().filter(|port| *port > 0);
    port.map(Some)
        .ok_or_else(|| Failure::usage(format!("`{text}` is no port: a port is a number from 1 to 65535")))
}

/// Returns the answer to a question; `None` where it is empty, or there is no terminal to ask on.
fn answer(question: &str, context: &CommandContext) -> Option<String> {
    if context.settings.assumes_yes() {
        return None;
    }
    context.reporter.ask_text(question).filter(|answer| !answer.is_empty())
}
