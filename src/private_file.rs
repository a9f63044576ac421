//! Writes files that only their user may read: the sandbox's state, caches and recordings. Never writes through a link in
//! place of the file, and never leaves half a file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Creates a folder, and those above it, that only the user may enter. One that exists stays as it is.
///
/// # Errors
/// The folder cannot be created.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Creates a folder that only ecsail uses; one that exists is closed to other users.
///
/// # Errors
/// The folder cannot be created.
pub fn create_own_folder(path: &Path) -> io::Result<()> {
    create_folder(path)?;
    #[cfg(unix)]
    {
        let closed = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700);
        // Fails for a folder of another user, where the files are closed nevertheless.
        if let Err(error) = fs::set_permissions(path, closed) {
            tracing::debug!(%error, path = %path.display(), "failed to close a folder to other users");
        }
    }
    Ok(())
}

/// Writes a file, in place of one that exists. A write that fails leaves the old file.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_string_lossy().into_owned();
    // Two processes at once each have a file of their own, and leave one complete file.
    let fresh = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = write_new(&fresh, text).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        // What is left of a failed write is of no use; it may not exist either.
        drop(fs::remove_file(&fresh));
    }
    written
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    create_new(path)
        .or_else(|error| match error.kind() {
            // A process with this id was ended while it wrote.
            io::ErrorKind::AlreadyExists => fs::remove_file(path).and_then(|()| create_new(path)),
            _ => Err(error),
        })?
        .write_all(text.as_bytes())
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("it exists").permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_for_its_user_only_even_if_it_was_not() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("state.json");
        fs::write(&path, "old").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("its own");
        write(&path, "new").expect("it can be written");
        assert_eq!((fs::read_to_string(&path).expect("text").as_str(), mode(&path)), ("new", 0o600));
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1, "no other file is left");
    }

    #[test]
    fn a_link_is_replaced_and_what_it_names_is_not_written() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let other = folder.path().join("other");
        fs::write(&other, "other").expect("a file");
        let path = folder.path().join("state.json");
        symlink(&other, &path).expect("a link");
        let fresh = folder.path().join(format!(".state.json.{}", std::process::id()));
        symlink(&other, &fresh).expect("a link");
        write(&path, "new").expect("it can be written");
        assert_eq!(fs::read_to_string(&other).expect("text"), "other");
        assert_eq!((fs::read_to_string(&path).expect("text").as_str(), mode(&path)), ("new", 0o600));
    }

    #[test]
    fn folders_are_for_their_user_only() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let (above, below) = (folder.path().join("above"), folder.path().join("above/below"));
        create_folder(&below).expect("it can be created");
        assert_eq!((mode(&above), mode(&below)), (0o700, 0o700));
        fs::set_permissions(&below, fs::Permissions::from_mode(0o755)).expect("its own");
        create_folder(&below).expect("it exists");
        assert_eq!(mode(&below), 0o755, "a folder of the user stays as it is");
        create_own_folder(&below).expect("it exists");
        assert_eq!(mode(&below), 0o700);
    }
}
