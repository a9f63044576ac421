//! Writes the files of an import: all of them, or none. Never overwrites a file with another text unless it is asked to.

use std::fs;
use std::io;

use super::place::Place;
use crate::adopt::SCHEMA_FOLDER;
use crate::commands::init::file_set::{FileSet, Readers};
use crate::commands::init::write::refusal;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::import::ImportedFile;
use crate::manifest;

use super::report;

/// Returns the JSON Schema of the manifest, for editors.
pub(super) fn manifest_schema() -> ImportedFile {
    // The schema of the manifest is compiled in, and a test parses it.
    let schema: serde_json::Value = serde_json::from_str(manifest::SCHEMA).unwrap_or_default();
    ImportedFile { path: format!("{SCHEMA_FOLDER}/manifest.schema.json"), text: format!("{schema:#}\n") }
}

/// Refuses where a file exists with another text.
///
/// # Errors
/// One exists, and `force` is not set.
pub(super) fn refuse_existing(place: &Place, files: &[ImportedFile], force: bool) -> Result<()> {
    let other = place.folder.join("ecsail.yaml");
    if !force && place.manifest == "ecsail.yml" && !files.is_empty() && other.exists() {
        return Err(Failure::refused(format!("`{}` exists already, and is a manifest too", other.display()))
            .with_hint("name the manifest to write with `--manifest FILE`, or remove it".to_owned()));
    }
    let taken: Vec<String> = files
        .iter()
        .filter(|file| !force && state(place, file) == FileState::Other)
        .map(|file| format!("`{}`", place.folder.join(&file.path).display()))
        .collect();
    let Some(mut failure) = refusal(&taken) else { return Ok(()) };
    failure.hints.clear();
    Err(failure.with_hint(
        "overwrite with `--force`, print the files with `--dry-run`, or write elsewhere with `--out FOLDER`"
            .to_owned(),
    ))
}

/// What is at the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileState {
    Missing,
    Same,
    Other,
}

fn state(place: &Place, file: &ImportedFile) -> FileState {
    match fs::read(place.folder.join(&file.path)) {
        Ok(text) if text == file.text.as_bytes() => FileState::Same,
        Err(error) if error.kind() == io::ErrorKind::NotFound => FileState::Missing,
        _ => FileState::Other,
    }
}

/// Writes the files that are not there yet.
///
/// # Errors
/// A file cannot be written; then none is.
pub(super) fn write(place: &Place, files: &[ImportedFile], context: &CommandContext) -> Result<()> {
    let mut set = FileSet::default();
    let mut fresh = Vec::new();
    for file in files {
        let is_same = state(place, file) == FileState::Same;
        if !is_same {
            set.add(place.folder.join(&file.path), &file.text, Readers::All)?;
        }
        fresh.push((file, !is_same));
    }
    set.replace_all()?;
    for (file, is_written) in fresh {
        report::file(&place.folder.join(&file.path), file, is_written, context);
    }
    Ok(())
}
