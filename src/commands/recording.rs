//! Writes the polls of rollouts to files, to report a wrong verdict.

use std::path::Path;

use crate::context::CommandContext;
use crate::private_file;
use crate::report::Event;
use crate::watch::WatchResult;

/// Writes the timelines of rollouts, one file each.
pub fn write_timelines(ends: &[WatchResult], folder: &Path, context: &CommandContext) {
    for (settled, timeline) in ends.iter().filter_map(|end| Some((end, end.timeline.as_ref()?))) {
        let path = folder.join(format!("{}.yml", file_name(&settled.rollout.key)));
        let text = serde_saphyr::to_string(timeline).map_err(std::io::Error::other);
        let written = text.and_then(|text| {
            private_file::create_folder(folder)?;
            private_file::write(&path, &text)
        });
        let note = match written {
            Ok(()) => format!("recorded the rollout in `{}`", path.display()),
            Err(error) => format!("failed to record the rollout in `{}`: {error}", path.display()),
        };
        context.reporter.report(&Event::Note(&note));
    }
}

/// Returns the file name for a service. It is unique, and never in another folder.
fn file_name(key: &str) -> String {
    key.replace('%', "%25").replace('/', "%2F")
}
