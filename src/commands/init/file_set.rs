//! Replaces a set of files: all of them, or none. Each is written beside its place first; then all are moved there, and moved
//! back if one cannot be.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::write::failed;
use crate::error::{Failure, Result};
use crate::private_file;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Readers {
    All,
    User,
}

/// The files of a set, written beside their places. Dropped without having been moved, they are removed.
#[derive(Debug, Default)]
pub(in crate::commands) struct FileSet {
    files: Vec<StagedFile>,
    /// The folders that were created for them, the outer ones first.
    folders: Vec<PathBuf>,
}

/// A file that is written beside its place.
#[derive(Debug)]
struct StagedFile {
    path: PathBuf,
    fresh: PathBuf,
    /// Where the old file is while the set is moved; `None` where there was none.
    old: Option<PathBuf>,
    is_moved: bool,
}

impl FileSet {
    /// Writes a file beside its place. One that was added already is left out.
    ///
    /// # Errors
    /// It cannot be written, or its place is a folder.
    pub(in crate::commands) fn add(&mut self, path: PathBuf, text: &str, readers: Readers) -> Result<()> {
        if self.files.iter().any(|known| known.path == path) {
            return Ok(());
        }
        let fresh = beside(&path, "new");
        self.create_folder_of(&path).map_err(|error| failed(&path, error))?;
        self.files.push(StagedFile { path: path.clone(), fresh: fresh.clone(), old: None, is_moved: false });
        let written = match readers {
            _ if path.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Readers::All => fs::write(&fresh, text),
            Readers::User => private_file::write(&fresh, text),
        };
        written.map_err(|error| failed(&path, error))
    }

    /// Moves all files to their places.
    ///
    /// # Errors
    /// One cannot be moved: then all are as before, or the message names the old ones that could not be moved back.
    pub(in crate::commands) fn replace_all(mut self) -> Result<()> {
        for index in 0..self.files.len() {
            if let Err(error) = self.files[index].move_to_place() {
                let failure = failed(&self.files[index].path, error);
                return Err(self.move_back(failure));
            }
        }
        for old in self.files.iter().filter_map(|file| file.old.as_ref()) {
            // The new file is in its place: an old one that stays is of no use.
            drop(fs::remove_file(old));
        }
        self.folders.clear();
        self.files.clear();
        Ok(())
    }

    /// Moves the files back, the last one first.
    fn move_back(&mut self, failure: Failure) -> Failure {
        let stuck: Vec<String> = self.files.iter_mut().rev().filter_map(StagedFile::move_back).collect();
        if stuck.is_empty() {
            return failure.with_hint("nothing was changed".to_owned());
        }
        failure.with_hint(format!("the earlier text of some files is in {}", stuck.join(", ")))
    }

    fn create_folder_of(&mut self, path: &Path) -> io::Result<()> {
        let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
            return Ok(());
        };
        let missing = folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
        let mut missing: Vec<PathBuf> = missing.map(Path::to_path_buf).collect();
        missing.reverse();
        self.folders.extend(missing);
        fs::create_dir_all(folder)
    }
}

impl Drop for FileSet {
    fn drop(&mut self) {
        for file in self.files.iter().filter(|file| !file.is_moved) {
            // It may not have been written.
            drop(fs::remove_file(&file.fresh));
        }
        for folder in self.folders.iter().rev() {
            // One that is not empty stays.
            drop(fs::remove_dir(folder));
        }
    }
}

impl StagedFile {
    fn move_to_place(&mut self) -> io::Result<()> {
        let old = beside(&self.path, "old");
        match fs::rename(&self.path, &old) {
            Ok(()) => self.old = Some(old),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        fs::rename(&self.fresh, &self.path)?;
        self.is_moved = true;
        Ok(())
    }

    /// Moves the old file back. Returns where it is if that fails.
    fn move_back(&mut self) -> Option<String> {
        match self.old.take() {
            Some(old) => fs::rename(&old, &self.path).err().map(|_| format!("`{}`", old.display())),
            None if self.is_moved => {
                fs::remove_file(&self.path).err().map(|_| format!("`{}`", self.path.display()))
            }
            None => None,
        }
    }
}

/// Returns a name beside a file that no other process uses.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.{suffix}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_cannot_be_moved_leaves_all_as_they_were() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.yml"), "old").expect("it is written");
        let mut set = FileSet::default();
        for name in ["a.yml", "b.yml", "sub/c.yml"] {
            set.add(path(name), "new", Readers::All).expect("it is staged");
        }
        fs::remove_file(&set.files[2].fresh).expect("it is there");
        set.replace_all().expect_err("the last one cannot be moved");
        assert_eq!(names(folder.path()), ["a.yml"]);
        assert_eq!(fs::read_to_string(path("a.yml")).expect("it is there"), "old");
    }

    #[test]
    fn all_files_are_moved_and_nothing_else_stays() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.yml"), "old").expect("it is written");
        let mut set = FileSet::default();
        set.add(path("a.yml"), "new", Readers::All).expect("it is staged");
        set.add(path("sub/b.yml"), "new", Readers::User).expect("it is staged");
        set.replace_all().expect("all can be moved");
        assert_eq!(
            (names(folder.path()), names(&path("sub"))),
            (vec!["a.yml".into(), "sub".into()], vec!["b.yml".into()])
        );
        assert_eq!(fs::read_to_string(path("a.yml")).expect("it is there"), "new");
    }
}
