//! Finds the files to import, and reads what they name.

use std::cell::Cell;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::place::Place;
use crate::error::{Failure, Result};
use crate::import::tools::{self, FoundFile, Tool};
use crate::import::{REWRITTEN_FOLDER, SourceFiles};
use crate::text_file;

/// The maximum depth of folders that are searched.
const MAX_DEPTH: usize = 8;
/// The maximum number of files that are read: of a folder that is searched, and of what files name.
const MAX_FILES: usize = 5000;
/// The endings of files that a tool may have.
const ENDINGS: &[&str] = &["yml", "yaml", "json", "jsonnet"];
/// Folders that hold the code of others.
const OTHERS: &[&str] = &["node_modules", "target", "vendor", "__pycache__", "cdk.out"];

/// The files of one tool.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) tool: &'static Tool,
    pub(super) files: Vec<FoundFile>,
    /// Whether they were named on the command line, one by one.
    pub(super) is_named: bool,
}

/// Reads files below and beside the working folder.
#[derive(Debug, Default)]
pub(super) struct FolderFiles {
    count: Cell<usize>,
}

impl SourceFiles for FolderFiles {
    fn read(&self, path: &str) -> Result<Option<String>> {
        let path = Path::new(path);
        self.count.set(self.count.get() + 1);
        if self.count.get() > MAX_FILES {
            return Err(Failure::error(format!("more than {MAX_FILES} files to read"))
                .with_hint("name the files or folders to import: `ecsail import TOOL PATH`".to_owned()));
        }
        if !path.exists() {
            return Ok(None);
        }
        let text = text_file::read_regular(path).map_err(|error| unreadable(path, error))?;
        Ok(Some(text))
    }
}

fn unreadable(path: &Path, error: text_file::ReadError) -> Failure {
    Failure::error(format!("failed to read `{}`", path.display())).with_cause(error)
}

/// Returns a path as the import has it: relative to the working folder where it is below it, with `/`, without `.`.
///
/// # Errors
/// The working folder is not known.
pub(super) fn normalized(path: &str) -> Result<String> {
    let path = Path::new(path);
    let mut path = path.to_path_buf();
    if path.is_absolute() {
        let here = std::env::current_dir()
            .map_err(|error| Failure::error("failed to find the working folder").with_cause(error))?;
        if let Ok(inner) = path.strip_prefix(&here) {
            path = inner.to_path_buf();
        }
    }
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(parts.components().next_back(), Some(Component::Normal(_))) => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    Ok(parts.to_string_lossy().replace('\\', "/"))
}

/// Returns the files of each tool: those that are named, and those in folders that are recognised by their content.
///
/// # Errors
/// A named file does not exist, cannot be read, or belongs to no tool.
pub(super) fn find(
    chosen: Option<&'static Tool>,
    paths: &[String],
    place: &Place,
    files: &FolderFiles,
) -> Result<Vec<Found>> {
    let here = [String::new()];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let mut found: Vec<Found> = Vec::new();
    for path in paths {
        let folder = if path.is_empty() { Path::new(".") } else { Path::new(path) };
        if folder.is_dir() {
            search(path, chosen, place, files, &mut found)?;
            continue;
        }
        let text = files.read(path)?.ok_or_else(|| {
            Failure::usage(format!("no file or folder `{path}`"))
                .with_hint("name a tool, a file or a folder: `ecsail import [TOOL] PATH`".to_owned())
        })?;
        let file = FoundFile { path: path.clone(), text };
        let tool = chosen.or_else(|| tools::recognise(&file)).ok_or_else(|| unknown(path))?;
        add(&mut found, tool, file, true);
    }
    if chosen.is_some() && found.is_empty() {
        found.extend(chosen.map(|tool| Found { tool, files: Vec::new(), is_named: true }));
    }
    // The order of the tools decides whose file a definition is.
    let order = |found: &Found| tools::TOOLS.iter().position(|tool| tool.name == found.tool.name);
    found.sort_by_key(order);
    Ok(found)
}

fn unknown(path: &str) -> Failure {
    Failure::error(format!("`{path}` is no file of a tool that can be imported")).with_hint(
        "name the tool, such as `ecsail import ecspresso PATH`; `ecsail docs import` lists them".to_owned(),
    )
}

fn add(found: &mut Vec<Found>, tool: &'static Tool, file: FoundFile, is_named: bool) {
    let same = found.iter_mut().find(|known| known.tool.name == tool.name && known.is_named == is_named);
    match same {
        Some(known) if known.files.iter().any(|other| other.path == file.path) => {}
        Some(known) => known.files.push(file),
        None => found.push(Found { tool, files: vec![file], is_named }),
    }
}

/// Adds the files below a folder that a tool recognises.
fn search(
    path: &str,
    chosen: Option<&'static Tool>,
    place: &Place,
    files: &FolderFiles,
    found: &mut Vec<Found>,
) -> Result<()> {
    let mut below = Vec::new();
    list(path, 0, place, &mut below);
    below.sort();
    for path in below {
        // A file that cannot be read is no file of a tool.
        let Ok(text) = text_file::read_regular(Path::new(&path)) else { continue };
        files.count.set(files.count.get() + 1);
        if files.count.get() > MAX_FILES {
            files.read(&path)?;
        }
        let file = FoundFile { path, text };
        let tool = match chosen {
            Some(tool) => Some(tool).filter(|tool| (tool.recognises)(&file)),
            None => tools::recognise(&file),
        };
        if let Some(tool) = tool {
            add(found, tool, file, false);
        }
    }
    Ok(())
}

fn list(folder: &str, depth: usize, place: &Place, found: &mut Vec<String>) {
    let shown = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let Ok(entries) = fs::read_dir(shown) else { return };
    for entry in entries.flatten().take(MAX_FILES) {
        let Ok(kind) = entry.file_type() else { continue };
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if kind.is_dir() && depth < MAX_DEPTH && is_searched(&path, &name, place) {
            list(&path, depth + 1, place, found);
        }
        let has_ending = Path::new(&name).extension().and_then(|ending| ending.to_str());
        let is_own = path == Path::new(&place.relative).join(&place.manifest).to_string_lossy();
        if kind.is_file() && !is_own && has_ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
            found.push(path);
        }
    }
}

/// Returns whether a folder may have files of a tool, and none that an import has written.
fn is_searched(path: &str, name: &str, place: &Place) -> bool {
    let is_written = normalized(path)
        .is_ok_and(|path| path == Path::new(&place.relative).join(REWRITTEN_FOLDER).to_string_lossy());
    let is_hidden = name.starts_with('.') && !matches!(name, ".github" | ".aws" | ".ecs");
    !is_written && !is_hidden && !OTHERS.contains(&name)
}
