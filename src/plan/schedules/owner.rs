//! Owns whose a rule or a schedule group is: its tags `ecsail:app` and `ecsail:stage` say so.

use std::collections::BTreeMap;

use super::Ground;
use crate::plan::record::allowed;

/// The tags that name the owner.
pub const APP: &str = "ecsail:app";
pub const STAGE: &str = "ecsail:stage";

/// Returns the tags of what an app and its stage own; none without an app: then nothing can be owned.
pub fn tags(ground: &Ground) -> BTreeMap<String, String> {
    let Some(app) = &ground.app else { return BTreeMap::new() };
    let stage = ground.stage.as_ref().map(|stage| (STAGE.to_owned(), allowed(stage)));
    std::iter::once((APP.to_owned(), allowed(app))).chain(stage).collect()
}

/// Returns whether something with these tags is the app's and the stage's own.
pub fn is_own(found: &BTreeMap<String, String>, ground: &Ground) -> bool {
    let own = tags(ground);
    !own.is_empty() && [APP, STAGE].iter().all(|key| found.get(*key) == own.get(*key))
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
