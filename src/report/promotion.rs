//! Formats what a service runs that is promoted: as text and as an event.

use std::collections::BTreeSet;

use super::deployed_image::deployed_image;
use super::names;
use super::printable::one_line;
use super::screen::{Paint, paint};
use super::times;
use crate::events::service::Promoted;
use crate::promotion::{PromotedService, resolved_reference};

/// Returns what a service runs in the stage that is promoted from, in one line.
pub fn text(service: &PromotedService, from: &str, now: f64, color: bool) -> String {
    let key = paint(color, Paint::Bold, &service.key);
    let mut line = format!("{key} in stage {from}: {}", service.revision);
    let versions: BTreeSet<String> =
        service.images.iter().filter_map(|image| resolved_reference(image).version()).collect();
    if !versions.is_empty() {
        let versions: Vec<String> = versions.iter().map(|version| names::short_version(version)).collect();
        line.push_str(&format!(" with {}", versions.join(", ")));
    }
    if let Some(commit) = &service.commit {
        line.push_str(&format!(", commit {}", names::short_commit(commit)));
    }
    if let Some(age) = service.since.and_then(|since| times::format_age(since, now)) {
        line.push_str(&format!(", deployed {age}"));
    }
    if let Some(rolled_back) = &service.rolled_back {
        line.push_str(&format!("; {rolled_back} was rolled back since"));
    }
    if let Some(reason) = &service.unsettled {
        line.push_str(&format!("; not settled: it {reason}"));
    }
    one_line(&line)
}

/// The event of what a service runs that is promoted.
pub fn event(service: &PromotedService, from: &str) -> Promoted {
    Promoted {
        service: service.key.clone(),
        from: from.to_owned(),
        revision: service.revision.clone(),
        tag: service.tag.clone(),
        images: service.images.iter().map(deployed_image).collect(),
        git_sha: service.commit.clone(),
        since: service.since,
        rolled_back: service.rolled_back.clone(),
        unsettled: service.unsettled.clone(),
    }
}
