//! `ecsail import`: turns the files of another tool into a manifest. Calls nothing, and changes no file of the other tool.

use clap::Args;

use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::import::tools::{FoundFile, Tool, ToolInput, tool};
use crate::import::{ImportOptions, ImportedFile, Session, merge};
use crate::report::CommandOutcome;

mod discover;
mod place;
mod report;
mod write;

use discover::{FolderFiles, Found};
use place::Place;

/// Turn the files of another tool into a manifest
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("import", "Examples:
  ecsail import                                  # what is in this folder
  ecsail import ecspresso ecspresso.yml
  ecsail import --stage staging=envs/stg --stage production=envs/prd
  ecsail import --dry-run deploy/
  ecsail import --out /tmp/try

The files of the other tool stay as they are. A definition that has to change is written below `ecsail/`. Nothing is sent
anywhere, and no command of a file is run."))]
pub struct ImportArgs {
    /// Tool, and files or folders [default: all tools, in this folder]
    #[arg(value_name = "TOOL|PATH")]
    what: Vec<String>,
    /// Command line of another tool, for tools without files
    #[arg(last = true, value_name = "COMMAND")]
    words: Vec<String>,
    /// Stage, and the file or folder that is for it; repeatable [default: by the words in paths and clusters]
    #[arg(long, value_name = "NAME=PATH")]
    stage: Vec<String>,
    /// Name of the app [default: that of the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Folder to write the manifest and the rewritten files in [default: the folder that is imported, else this one]
    #[arg(long, value_name = "FOLDER")]
    out: Option<String>,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
    /// Print the files instead of writing them
    #[arg(long)]
    dry_run: bool,
    /// External variable of Jsonnet; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    ext_str: Vec<String>,
    /// Make the services of a Compose file the containers of one task
    #[arg(long)]
    one_task: bool,
}

/// Runs the verb.
///
/// # Errors
/// A file cannot be read or says what no manifest can say, nothing is found, or files exist already.
pub fn run(args: &ImportArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let (chosen, paths) = tool_and_paths(&args.what);
    let paths = paths.iter().map(|path| discover::normalized(path)).collect::<Result<Vec<String>>>()?;
    let place = Place::of(args.out.as_deref(), &paths, &context.settings)?;
    let files = FolderFiles::default();
    let found = discover::find(chosen, &paths, &place, &files)?;
    let options = options(args, &place, context)?;
    let all: Vec<FoundFile> = found.iter().flat_map(|found| found.files.clone()).collect();
    let mut session = Session::new(&files, &options, &all);
    let used = import_all(&found, &args.words, &mut session)?;
    if used.is_empty() && args.words.is_empty() {
        return Err(nothing_found(chosen, &paths));
    }
    let outputs = outputs(&session, args, &place)?;
    report::found(&used, context);
    if !args.dry_run {
        write::refuse_existing(&place, &outputs, args.force)?;
    }
    report::findings(&session, context);
    if args.dry_run {
        report::print_files(&outputs, context);
    } else {
        write::write(&place, &outputs, context)?;
    }
    report::next(&session, &outputs, &place, context);
    Ok(if session.findings.has_gaps() { CommandOutcome::HasChanges } else { CommandOutcome::Succeeded })
}

/// Returns the tool that is named first, and the paths. A folder with the name of a tool is `./NAME`.
fn tool_and_paths(what: &[String]) -> (Option<&'static Tool>, &[String]) {
    match what.split_first() {
        Some((first, rest)) if tool(first).is_some() => (tool(first), rest),
        _ => (None, what),
    }
}

fn options(args: &ImportArgs, place: &Place, context: &CommandContext) -> Result<ImportOptions> {
    let pairs = |given: &[String], form: &str| {
        given.iter().map(|text| pair(text, form)).collect::<Result<Vec<(String, String)>>>()
    };
    let mut stages = pairs(&args.stage, "--stage NAME=PATH")?;
    for (_, path) in &mut stages {
        *path = discover::normalized(path)?;
    }
    Ok(ImportOptions {
        folder: place.relative.clone(),
        environment: context.settings.environment.clone(),
        stages,
        ext_vars: pairs(&args.ext_str, "--ext-str NAME=VALUE")?.into_iter().collect(),
        one_task: args.one_task,
    })
}

fn pair(text: &str, form: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        Failure::usage(format!("`{text}` has no `=`")).with_hint(format!("write it as `{form}`"))
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Imports the files of each tool; returns those that no other file has named.
fn import_all(found: &[Found], words: &[String], session: &mut Session<'_>) -> Result<Vec<Found>> {
    let mut used = Vec::new();
    for Found { tool, files, is_named } in found {
        // A definition that a file of another tool names is a part of that.
        let own: Vec<FoundFile> =
            files.iter().filter(|file| *is_named || !session.is_used(&file.path)).cloned().collect();
        if own.is_empty() && words.is_empty() {
            continue;
        }
        (tool.import)(session, &ToolInput { files: &own, words })?;
        used.push(Found { tool, files: own, is_named: *is_named });
    }
    Ok(used)
}

/// Returns the files to write, the manifest first.
fn outputs(session: &Session<'_>, args: &ImportArgs, place: &Place) -> Result<Vec<ImportedFile>> {
    let mut files = Vec::new();
    if !session.drafts.is_empty() {
        let name = args.name.clone().unwrap_or_else(|| place.app_name());
        let manifest = merge::merge(&session.drafts, Some(&name))?;
        files.push(ImportedFile { path: place.manifest.clone(), text: manifest.to_text() });
        files.push(write::manifest_schema());
    }
    files.extend(session.outputs.iter().cloned());
    Ok(files)
}

fn nothing_found(chosen: Option<&Tool>, paths: &[String]) -> Failure {
    let place = match paths {
        [] => "this folder".to_owned(),
        paths => paths.iter().map(|path| format!("`{}`", shown(path))).collect::<Vec<_>>().join(", "),
    };
    let what = chosen.map_or("file of a tool that can be imported".to_owned(), |tool| tool.file.to_owned());
    Failure::error(format!("no {what} in {place}")).with_hint(
        "name the tool and its files: `ecsail import TOOL PATH`; `ecsail docs import` lists the tools"
            .to_owned(),
    )
}

/// Returns a path for messages; the working folder is `.`.
fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}
