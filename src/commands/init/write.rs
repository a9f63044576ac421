//! Writes the files of an app: all of them, or none. Never overwrites a file unless it is asked to.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::file_set::{FileSet, Readers};
use crate::adopt::{AdoptedFile, AdoptedStage, PRIVATE_FOLDER, SCHEMA_FOLDER};
use crate::context::CommandContext;
use crate::document::model::DocumentKind;
use crate::document::schema::json_schema;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::answer::InitFile;
use crate::manifest;
use crate::private_file;
use crate::report::Event;

/// Returns the JSON Schemas of the files, for editors.
pub(super) fn schemas() -> Vec<AdoptedFile> {
    let file = |kind: &str, schema: Value| AdoptedFile {
        path: format!("{SCHEMA_FOLDER}/{kind}.schema.json"),
        text: format!("{schema:#}\n"),
    };
    // The schema of the manifest is compiled in, and a test parses it.
    let of_manifest = serde_json::from_str(manifest::SCHEMA).unwrap_or_default();
    vec![
        file("manifest", of_manifest),
        file("task-definition", json_schema(DocumentKind::TaskDefinition)),
        file("service", json_schema(DocumentKind::Service)),
    ]
}

/// Returns the refusal of files that exist with another text.
pub(super) fn existing_files(folder: &Path, files: &[AdoptedFile]) -> Option<Failure> {
    let is_other = |file: &&AdoptedFile| match fs::read(folder.join(&file.path)) {
        Ok(text) => text != file.text.as_bytes(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    let taken: Vec<String> = files.iter().filter(is_other).map(|file| format!("`{}`", file.path)).collect();
    refusal(&taken)
}

/// Returns the refusal of files that exist.
pub(in crate::commands) fn refusal(taken: &[String]) -> Option<Failure> {
    let message = match taken {
        [] => return None,
        [one] => format!("{one} exists already"),
        [one, rest @ ..] => format!("{one} and {} more exist already: {}", rest.len(), rest.join(", ")),
    };
    let hint = "overwrite with `--force`, print the files with `--dry-run`, or write elsewhere with `--manifest FILE`";
    Some(Failure::refused(message).with_hint(hint.to_owned()))
}

/// Prints the files.
pub(super) fn print_files(files: &[AdoptedFile], context: &CommandContext) {
    for file in files {
        let text = format!("# {}\n{}", file.path, file.text);
        let event = InitFile { path: file.path.clone(), written: false, text: Some(file.text.clone()) };
        context.reporter.report(&Event::Answer { text: &text, event: JsonEvent::InitFile(event) });
    }
}

/// Writes the files in a folder, and the secrets of each stage in files that only the user may read.
///
/// # Errors
/// A file cannot be written; then none is.
pub(super) fn write_files(
    folder: &Path,
    files: &[AdoptedFile],
    stages: &[AdoptedStage],
    context: &CommandContext,
) -> Result<()> {
    let mut set = FileSet::default();
    for file in files {
        set.add(folder.join(&file.path), &file.text, Readers::All)?;
    }
    add_secrets(&mut set, folder, stages)?;
    set.replace_all()?;
    let secrets = stages.iter().filter_map(AdoptedStage::secrets_path);
    for path in files.iter().map(|file| file.path.clone()).chain(secrets) {
        let text = format!("wrote {}", folder.join(&path).display());
        let event = InitFile { path, written: true, text: None };
        context.reporter.report(&Event::Answer { text: &text, event: JsonEvent::InitFile(event) });
    }
    Ok(())
}

/// Writes a file that was written before anew.
///
/// # Errors
/// The file cannot be written.
pub(super) fn replace_file(folder: &Path, file: &AdoptedFile) -> Result<()> {
    let mut set = FileSet::default();
    set.add(folder.join(&file.path), &file.text, Readers::All)?;
    set.replace_all()
}

fn add_secrets(set: &mut FileSet, folder: &Path, stages: &[AdoptedStage]) -> Result<()> {
    let private = folder.join(PRIVATE_FOLDER);
    for (stage, path) in stages.iter().filter_map(|stage| Some((stage, folder.join(stage.secrets_path()?)))) {
        private_file::create_own_folder(&private).map_err(|error| failed(&path, error))?;
        // The folder ignores itself, so that it is not committed.
        set.add(private.join(".gitignore"), "*\n", Readers::User)?;
        set.add(path, &stage.secrets_text(), Readers::User)?;
    }
    Ok(())
}

pub(super) fn failed(path: &Path, error: io::Error) -> Failure {
    Failure::error(format!("failed to write `{}`", path.display())).with_cause(error)
}
