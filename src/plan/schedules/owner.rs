//! Determines the owner of a rule or schedule group from its tags `ecsail:app` and `ecsail:stage`.

use std::collections::BTreeMap;

use super::types::ScheduleContext;
use crate::plan::record::sanitize_tag_value;

/// The tags that name the owner.
pub const APP_KEY: &str = "ecsail:app";
pub const STAGE_KEY: &str = "ecsail:stage";
/// The tag that lists the targets of a rule that came from the manifest; those that it no longer contains are removed.
pub const TARGETS_KEY: &str = "ecsail:targets";
/// The greatest length of a tag value (API reference, Tag).
const MAX_VALUE_LENGTH: usize = 256;

/// Returns the owner tags of an app and its stage; none without an app, which then owns nothing.
pub fn owner_tags(schedule_context: &ScheduleContext) -> BTreeMap<String, String> {
    let Some(app) = &schedule_context.app else { return BTreeMap::new() };
    let stage =
        schedule_context.stage.as_ref().map(|stage| (STAGE_KEY.to_owned(), sanitize_tag_value(stage)));
    std::iter::once((APP_KEY.to_owned(), sanitize_tag_value(app))).chain(stage).collect()
}

/// Returns whether tags name the app and stage of the context as the owner.
pub fn is_own(found: &BTreeMap<String, String>, schedule_context: &ScheduleContext) -> bool {
    has_same_owner(found, &owner_tags(schedule_context))
}

/// Returns whether `found` names the same owner as `own`; no stage counts as a stage of its own.
pub fn has_same_owner(found: &BTreeMap<String, String>, own: &BTreeMap<String, String>) -> bool {
    !own.is_empty() && [APP_KEY, STAGE_KEY].iter().all(|key| found.get(*key) == own.get(*key))
}

/// Returns whether the tags of a rule list a target as one of the manifest.
pub fn has_recorded_target(found: &BTreeMap<String, String>, id: &str) -> bool {
    found.get(TARGETS_KEY).is_some_and(|ids| ids.split(' ').any(|known| known == id))
}

/// Returns the value of the tag that lists targets, and the ids that do not fit.
pub fn targets_tag_value<'a>(ids: impl Iterator<Item = &'a str>) -> (String, Vec<String>) {
    let (mut value, mut left_out) = (String::new(), Vec::new());
    for id in ids {
        let space = if value.is_empty() { "" } else { " " };
        if value.len() + space.len() + id.len() <= MAX_VALUE_LENGTH {
            value = format!("{value}{space}{id}");
        } else {
            left_out.push(id.to_owned());
        }
    }
    (value, left_out)
}

/// Describes the owner that tags name, or returns `None` if they name none.
pub fn describe_owner(found: &BTreeMap<String, String>) -> Option<String> {
    match (found.get(APP_KEY), found.get(STAGE_KEY)) {
        (Some(app), Some(stage)) => Some(format!("app `{app}`, stage `{stage}`")),
        (Some(app), None) => Some(format!("app `{app}`")),
        (None, Some(stage)) => Some(format!("stage `{stage}`")),
        (None, None) => None,
    }
}
