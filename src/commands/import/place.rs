//! Where an import writes.

use std::path::{Path, PathBuf};

use super::discover;
use crate::adopt::new_app::as_name;
use crate::error::Result;
use crate::settings::Settings;

/// The name of the manifest where none is given.
const MANIFEST: &str = "ecsail.yml";

/// The folder in which files are written, and the name of the manifest in it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    /// The folder relative to the working folder, with `/`; empty for the working folder.
    pub(super) relative: String,
    pub(super) manifest: String,
}

impl Place {
    /// Returns the place: `out`, else the folder of the given manifest, else the only folder that is imported.
    ///
    /// # Errors
    /// The working folder is not known.
    pub(super) fn of(out: Option<&str>, paths: &[String], settings: &Settings) -> Result<Place> {
        let given = settings.manifest.as_ref();
        let name = given.and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
        let folder_of_given = given.map(|path| {
            path.parent().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default()
        });
        let folder_of_paths = match paths {
            [only] if Path::new(only).is_dir() => Some(only.clone()),
            _ => None,
        };
        let folder = out.map(str::to_owned).or(folder_of_given).or(folder_of_paths).unwrap_or_default();
        let relative = discover::normalized(&folder)?;
        Ok(Place {
            folder: PathBuf::from(&relative),
            relative,
            manifest: name.unwrap_or_else(|| MANIFEST.to_owned()),
        })
    }

    /// Returns the name of the app: that of the folder.
    pub(super) fn app_name(&self) -> String {
        let folder = if self.relative.is_empty() { Path::new(".") } else { &self.folder };
        let resolved = folder.canonicalize().ok();
        let name =
            resolved.as_deref().unwrap_or(folder).file_name().map(|name| name.to_string_lossy().into_owned());
        name.map_or_else(|| "app".to_owned(), |name| as_name(&name))
    }
}
