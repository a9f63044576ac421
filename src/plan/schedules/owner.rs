//! Owns whose a rule or a schedule group is: its tags `ecsail:app` and `ecsail:stage` say so.

use std::collections::BTreeMap;

use super::types::Ground;
use crate::plan::record::allowed;

/// The tags that name the owner.
pub const APP: &str = "ecsail:app";
pub const STAGE: &str = "ecsail:stage";
/// The tag that names the targets of a rule that are the manifest's: what it no longer names is removed.
pub const TARGETS: &str = "ecsail:targets";
/// The longest value of a tag (API reference, Tag).
const LONGEST: usize = 256;

/// Returns the tags of what an app and its stage own; none without an app: then nothing can be owned.
pub fn tags(ground: &Ground) -> BTreeMap<String, String> {
    let Some(app) = &ground.app else { return BTreeMap::new() };
    let stage = ground.stage.as_ref().map(|stage| (STAGE.to_owned(), allowed(stage)));
    std::iter::once((APP.to_owned(), allowed(app))).chain(stage).collect()
}

/// Returns whether something with these tags is the app's and the stage's own.
pub fn is_own(found: &BTreeMap<String, String>, ground: &Ground) -> bool {
    is_of(found, &tags(ground))
}

/// Returns whether something with these tags is of the owner whose tags the others are: no stage is a stage too.
pub fn is_of(found: &BTreeMap<String, String>, own: &BTreeMap<String, String>) -> bool {
    !own.is_empty() && [APP, STAGE].iter().all(|key| found.get(*key) == own.get(*key))
}

/// Returns whether the tags of a rule say that a target was the manifest's.
pub fn remembers(found: &BTreeMap<String, String>, id: &str) -> bool {
    found.get(TARGETS).is_some_and(|ids| ids.split(' ').any(|known| known == id))
}

/// Returns the value of the tag that names targets, and the ids that it has no room for.
pub fn remembered<'a>(ids: impl Iterator<Item = &'a str>) -> (String, Vec<String>) {
    let (mut value, mut left_out) = (String::new(), Vec::new());
    for id in ids {
        let space = if value.is_empty() { "" } else { " " };
        match value.len() + space.len() + id.len() <= LONGEST {
            true => value = format!("{value}{space}{id}"),
            false => left_out.push(id.to_owned()),
        }
    }
    (value, left_out)
}

/// Returns whose something with these tags is, in words; none where no tag names an owner.
pub fn other(found: &BTreeMap<String, String>) -> Option<String> {
    match (found.get(APP), found.get(STAGE)) {
        (Some(app), Some(stage)) => Some(format!("app `{app}`, stage `{stage}`")),
        (Some(app), None) => Some(format!("app `{app}`")),
        (None, Some(stage)) => Some(format!("stage `{stage}`")),
        (None, None) => None,
    }
}
