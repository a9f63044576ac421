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
/// How often a question is asked before wrong answers end the command.
const MAX_ANSWERS: usize = 3;
const IMAGE_QUESTION: &str =
    "Repository of its image, such as 123456789012.dkr.ecr.us-east-1.amazonaws.com/api:";

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
        Some(name) => valid_name(name)?,
        None => answer(&format!("Name of the app [{folder}]:"), valid_name, context)?.unwrap_or(folder),
    };
    let image = match &args.image {
        Some(image) => valid_image(image)?,
        None => answer(IMAGE_QUESTION, valid_image, context)?.ok_or_else(no_image)?,
    };
    // Who gives the name and the image has said what the app is.
    let asks = args.name.is_none() || args.image.is_none();
    let port = match args.port {
        None if asks => answer("Port that the container listens on, if it does:", valid_port, context)?,
        port => port,
    };
    let cluster = match &context.settings.cluster {
        None if asks => answer(&format!("Cluster [{CLUSTER}]:"), valid_cluster, context)?,
        cluster => cluster.clone(),
    };
    let app = NewApp {
        name,
        image,
        port,
        cluster: cluster.unwrap_or_else(|| CLUSTER.to_owned()),
        region: context.settings.region.clone(),
        manifest: destination.manifest.clone(),
        express: args.express,
    };
    if app.region.is_some() || !asks {
        return Ok(app);
    }
    let region = answer(&format!("Region [{}]:", app.region_or_default()), valid_region, context)?;
    Ok(NewApp { region, ..app })
}

fn valid_name(name: &str) -> Result<String> {
    match name_error(name) {
        Some(wrong) => Err(Failure::usage(format!("`{name}` is no name of a service: {wrong}"))),
        None => Ok(name.to_owned()),
    }
}

fn valid_image(image: &str) -> Result<String> {
    let repository = ImageReference::parse(image).repository;
    if let Some(wrong) = syntax_error(&repository) {
        return Err(Failure::usage(format!("`{image}` is no image: {wrong}")));
    }
    if repository != image {
        let hint = format!(
            "name the repository alone, `{repository}`: the tag is given with `--tag` when it is deployed"
        );
        return Err(Failure::usage(format!("`{image}` has a version")).with_hint(hint));
    }
    Ok(repository)
}

fn valid_port(text: &str) -> Result<u16> {
    text.parse::<u16>()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| Failure::usage(format!("`{text}` is no port: a port is a number from 1 to 65535")))
}

fn valid_cluster(text: &str) -> Result<String> {
    match name_error(text) {
        Some(wrong) => Err(Failure::usage(format!("`{text}` is no name of a cluster: {wrong}"))),
        None => Ok(text.to_owned()),
    }
}

fn valid_region(text: &str) -> Result<String> {
    let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.contains('-') && text.chars().all(is_known) {
        return Ok(text.to_owned());
    }
    Err(Failure::usage(format!("`{text}` is no region: a region is named like `eu-west-1`")))
}

fn no_image() -> Failure {
    let hint =
        "name its repository: `ecsail init --new --name api --image REPOSITORY --port 8080`".to_owned();
    Failure::usage("no image for the new app").with_hint(hint)
}

/// Returns the valid answer to a question; `None` where it is empty, or there is no terminal to ask on.
///
/// # Errors
/// Every answer was wrong.
fn answer<T>(
    question: &str,
    valid: impl Fn(&str) -> Result<T>,
    context: &CommandContext,
) -> Result<Option<T>> {
    if context.settings.assumes_yes() {
        return Ok(None);
    }
    for attempt in 1..=MAX_ANSWERS {
        let Some(text) = context.reporter.ask_text(question).filter(|answer| !answer.is_empty()) else {
            return Ok(None);
        };
        match valid(&text) {
            Ok(value) => return Ok(Some(value)),
            Err(failure) if attempt == MAX_ANSWERS => return Err(failure),
            Err(failure) => context.reporter.report_error(&failure),
        }
    }
    Ok(None)
}
