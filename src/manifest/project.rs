//! Which files belong to a manifest: those below its folder, and those of its git repository. Resolves links, and reads no file.

use std::path::{Path, PathBuf};

/// The folder of a manifest, relative to which it names files.
#[derive(Clone, Debug, Default)]
pub(super) struct ProjectFolder {
    pub(super) directory: PathBuf,
    /// The folder without links; none where it cannot be resolved.
    resolved: Option<PathBuf>,
    allows_includes_outside: bool,
}

impl ProjectFolder {
    /// Returns the folder of a manifest or definition.
    pub(super) fn of(file: &Path, allows_includes_outside: bool) -> ProjectFolder {
        let directory = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let here = if directory.as_os_str().is_empty() { Path::new(".") } else { &directory };
        let resolved = here.canonicalize().ok();
        ProjectFolder { directory, resolved, allows_includes_outside }
    }

    /// Returns whether a template may include a file: one below the folder, once links are resolved.
    ///
    /// A file that does not exist is not outside: that it is missing says nothing about another file.
    pub(super) fn may_include(&self, path: &Path) -> bool {
        self.allows_includes_outside || self.is_below(self.resolved.as_deref(), path)
    }

    /// Returns whether a file belongs to the project, so that messages may show its text.
    pub(super) fn has_file(&self, path: &Path) -> bool {
        let folder = self.resolved.as_deref();
        let repository =
            folder.and_then(|folder| folder.ancestors().find(|above| above.join(".git").exists()));
        self.is_below(repository.or(folder), path)
    }

    fn is_below(&self, folder: Option<&Path>, path: &Path) -> bool {
        match (folder, path.canonicalize()) {
            (Some(folder), Ok(path)) => path.starts_with(folder),
            (_, Err(error)) => error.kind() == std::io::ErrorKind::NotFound && !has_parent_step(path),
            (None, Ok(_)) => false,
        }
    }
}

/// Returns whether a path leads out of a folder by itself, so that even what is missing there is outside.
fn has_parent_step(path: &Path) -> bool {
    path.is_absolute() || path.components().any(|part| part == std::path::Component::ParentDir)
}
