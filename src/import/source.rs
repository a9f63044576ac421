//! The files that an import reads. The command reads them; this module decides what they mean.

use crate::error::Result;

/// Reads the files of an import.
pub trait SourceFiles {
    /// Returns the text of a file; its path is relative to the working folder, with `/`. `None` where there is no such file.
    ///
    /// # Errors
    /// The file cannot be read: it is larger than 1 MiB, no text, or the import has read too many files.
    fn read(&self, path: &str) -> Result<Option<String>>;
}

/// Returns the folder of a path, empty for the working folder.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the name of a file without its folder.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns a path that is relative to a folder as one that is relative to the working folder, without `.` and inner `..`.
pub fn joined(folder: &str, path: &str) -> String {
    let whole =
        if folder.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let absolute = whole.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

/// Returns a path of the working folder as one that is relative to another folder.
pub fn relative(folder: &str, path: &str) -> String {
    let (folder, path) = (joined("", folder), joined("", path));
    if path.starts_with('/') || folder.starts_with('/') || folder.starts_with("..") {
        return path;
    }
    let above: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let parts: Vec<&str> = path.split('/').collect();
    let same = above.iter().zip(&parts).take_while(|(one, other)| one == other).count();
    let ups = vec![".."; above.len() - same];
    [ups, parts[same.min(parts.len())..].to_vec()].concat().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_made_relative() {
        for (folder, path, expected) in [
            ("", "a.json", "a.json"),
            ("ecs", "./a.json", "ecs/a.json"),
            ("ecs/prod", "../a.json", "ecs/a.json"),
            ("ecs", "../../a.json", "../a.json"),
            ("ecs", "/etc/a.json", "/etc/a.json"),
        ] {
            assert_eq!(joined(folder, path), expected, "{folder} {path}");
        }
        for (folder, path, expected) in [
            ("", "ecs/a.json", "ecs/a.json"),
            ("ecs", "ecs/a.json", "a.json"),
            ("out/b", "ecs/a.json", "../../ecs/a.json"),
            ("ecs", "a.json", "../a.json"),
        ] {
            assert_eq!(relative(folder, path), expected, "{folder} {path}");
        }
    }
}
