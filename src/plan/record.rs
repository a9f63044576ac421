//! The record that a deploy leaves on the revisions that it registers: tags named `ecsail:…`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::types::{ImageState, ObservedState, TaskDefinition};
use crate::image::ImageReference;

/// The most tags of a resource (API reference, `RegisterTaskDefinition`, `tags`).
pub(super) const MAX_TAGS: usize = 50;
/// The greatest lengths of a tag's value and key (API reference, Tag).
pub(super) const MAX_VALUE_LENGTH: usize = 256;
pub(super) const MAX_KEY_LENGTH: usize = 128;

/// The record of a deploy: what was deployed, from where, and by whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeployRecord {
    pub app: Option<String>,
    pub stage: Option<String>,
    /// The values of `--tag` as given.
    pub image_tag: Option<String>,
    pub git_sha: Option<String>,
    /// Who deployed, from the variables of CI; otherwise the caller, from STS.
    pub performer: Option<String>,
    /// The id of the release.
    pub release_id: Option<String>,
    /// Why the stage was changed without approval.
    pub emergency: Option<String>,
}

impl DeployRecord {
    /// Returns the record with the caller as the performer, where CI names none.
    pub fn with_performer(&self, observed: &ObservedState) -> DeployRecord {
        let caller = observed.caller.as_ref().map(|caller| caller.arn.clone());
        DeployRecord { performer: self.performer.clone().or(caller), ..self.clone() }
    }

    /// Adds the record's tags to a document. The user's own tags come first and are never dropped for them.
    pub fn with_record_tags(&self, document: &Value, observed: &ObservedState) -> Value {
        let mut tags = document["tags"].as_array().cloned().unwrap_or_default();
        let performer = self.with_performer(observed).performer;
        let facts = [
            ("ecsail:app", self.app.clone()),
            ("ecsail:stage", self.stage.clone()),
            (TAG_KEY, self.image_tag.clone()),
            (COMMIT_KEY, self.git_sha.clone()),
            (PERFORMER_KEY, performer),
            (RELEASE_KEY, self.release_id.clone()),
            (EMERGENCY_KEY, self.emergency.clone()),
        ];
        let facts =
            facts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), sanitize_tag_value(&value?))));
        for (key, value) in facts.chain(self.digest_tags(document, observed)) {
            if tags.len() < MAX_TAGS && !value.is_empty() && key.chars().count() <= MAX_KEY_LENGTH {
                tags.push(json!({"key": key, "value": value}));
            }
        }
        let mut document = document.clone();
        if !tags.is_empty() {
            document["tags"] = Value::Array(tags);
        }
        document
    }

    /// Returns the tags that record the digests of a document's images.
    pub fn digest_tags(&self, document: &Value, observed: &ObservedState) -> BTreeMap<String, String> {
        current_digests(document, observed)
            .into_iter()
            .map(|(container, digest)| (digest_key(&container), digest))
            .collect()
    }
}

/// Returns the tag that a definition was deployed with: from its record, or else from its images.
pub fn recorded_tag(definition: &TaskDefinition) -> Option<String> {
    if let Some(tag) = definition.tag(TAG_KEY) {
        return Some(tag.to_owned());
    }
    let mut tags: Vec<String> = Vec::new();
    for tag in crate::image::images(&definition.document).filter_map(|image| image.tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Some(tags.join(",")).filter(|tags| !tags.is_empty())
}

/// The keys of the tags that record the deployed tag and the release.
const TAG_KEY: &str = "ecsail:tag";
pub const RELEASE_KEY: &str = "ecsail:release";

/// The key of the tag that records the commit.
pub const COMMIT_KEY: &str = "ecsail:git-sha";
/// The key of the tag that records why a protected stage was changed without approval.
pub const EMERGENCY_KEY: &str = "ecsail:emergency";

/// The key of the tag that records who deployed.
pub const PERFORMER_KEY: &str = "ecsail:deployed-by";

/// The key of the tag on a revision that a rollback registered again: the original, as `family:revision`.
pub const RESTORED_FROM_KEY: &str = "ecsail:restored-from";

/// The beginning of the keys of the tags that record the digests of containers.
pub const DIGEST_KEY_PREFIX: &str = "ecsail:digest:";

/// Returns the key of the tag that records a container's digest.
pub fn digest_key(container: &str) -> String {
    format!("{DIGEST_KEY_PREFIX}{container}")
}

/// Returns the digests that a document's image tags point to now, by container.
pub fn current_digests(document: &Value, observed: &ObservedState) -> BTreeMap<String, String> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    let digest = |container: &Value| {
        let image = ImageReference::parse(container["image"].as_str()?);
        let digest = match observed.images.get(&image.to_string())? {
            ImageState::Found { digest } => digest.clone(),
            _ => return None,
        };
        Some((container["name"].as_str()?.to_owned(), image.digest.unwrap_or(digest)))
    };
    containers.filter_map(digest).collect()
}

/// Replaces characters that tags may not contain, a comma by a blank, and truncates the value to the allowed length.
pub fn sanitize_tag_value(value: &str) -> String {
    let fits = |character: char| character.is_alphanumeric() || " +-=._:/@".contains(character);
    value
        .chars()
        .map(|character| match character {
            ',' => ' ',
            other if fits(other) => other,
            _ => '_',
        })
        .take(MAX_VALUE_LENGTH)
        .collect()
}

/// Returns whether a registered revision was recorded with the digests that its tags have now.
pub(super) fn same_digests(latest: &TaskDefinition, document: &Value, observed: &ObservedState) -> bool {
    current_digests(document, observed).iter().all(|(container, digest)| {
        let recorded = latest.tag(&digest_key(container));
        recorded.is_none_or(|recorded| recorded == digest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_tags_stay_and_the_record_stops_at_fifty() {
        let tags: Vec<Value> = (0..49).map(|n| json!({"key": format!("k{n}"), "value": "v"})).collect();
        let record =
            DeployRecord { image_tag: Some("1".into()), app: Some("shop".into()), ..DeployRecord::default() };
        let tagged =
            record.with_record_tags(&json!({"family": "a", "tags": tags}), &ObservedState::default());
        let tags = tagged["tags"].as_array().expect("tags");
        assert_eq!(tags.len(), 50);
        assert_eq!(tags[49], json!({"key": "ecsail:app", "value": "shop"}));
    }

    #[test]
    fn a_record_of_nothing_adds_no_empty_list() {
        let document = json!({"family": "a"});
        assert_eq!(DeployRecord::default().with_record_tags(&document, &ObservedState::default()), document);
    }

    #[test]
    fn values_fit_the_rules_of_tags() {
        assert_eq!(sanitize_tag_value("a,b*ü"), "a b_ü");
        assert_eq!(sanitize_tag_value(&"x".repeat(300)).len(), 256);
    }
}
