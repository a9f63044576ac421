//! Owns the record that a deploy leaves on what it registers: tags named `ecsail:…`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::types::{ImageState, Observed, TaskDefinition};
use crate::image::Reference;

/// The most tags that a resource may have (API reference, RegisterTaskDefinition, `tags`).
pub(super) const MOST_TAGS: usize = 50;
/// The longest value and key of a tag (API reference, Tag).
const LONGEST_VALUE: usize = 256;
const LONGEST_KEY: usize = 128;

/// Holds what is known of a deploy: what, from where, by whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub app: Option<String>,
    pub stage: Option<String>,
    /// The tags as they were given.
    pub tag: Option<String>,
    pub git_sha: Option<String>,
    /// Who deployed, where CI names somebody; else the caller as STS says.
    pub performer: Option<String>,
    /// The release's id.
    pub release: Option<String>,
}

impl Record {
    /// Returns a document with the record's tags; the user's own come first and are never dropped for them.
    pub fn tagged(&self, document: &Value, observed: &Observed) -> Value {
        let mut tags = document["tags"].as_array().cloned().unwrap_or_default();
        let caller = observed.caller.as_ref().map(|caller| caller.arn.clone());
        let performer = self.performer.clone().or(caller);
        let facts = [
            ("ecsail:app", self.app.clone()),
            ("ecsail:stage", self.stage.clone()),
            (TAG, self.tag.clone()),
            ("ecsail:git-sha", self.git_sha.clone()),
            ("ecsail:deployed-by", performer),
            (RELEASE, self.release.clone()),
        ];
        let facts = facts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), allowed(&value?))));
        for (key, value) in facts.chain(self.digest_tags(document, observed)) {
            if tags.len() < MOST_TAGS && !value.is_empty() && key.chars().count() <= LONGEST_KEY {
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
    pub fn digest_tags(&self, document: &Value, observed: &Observed) -> BTreeMap<String, String> {
        digests(document, observed)
            .into_iter()
            .map(|(container, digest)| (digest_key(&container), digest))
            .collect()
    }
}

/// Returns the tag that a definition was deployed with: as the record on it has it, else those of its images.
pub fn tag_of(definition: &TaskDefinition) -> Option<String> {
    if let Some(tag) = definition.tag(TAG) {
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

/// The keys of the tags that name what was deployed, and in which release.
const TAG: &str = "ecsail:tag";
pub const RELEASE: &str = "ecsail:release";

/// The key of the tag that names the revision that a registered-again one was made from, as `family:revision`.
pub const RESTORED_FROM: &str = "ecsail:restored-from";

/// Returns the key of the tag that records a container's digest.
pub fn digest_key(container: &str) -> String {
    format!("ecsail:digest:{container}")
}

/// Returns the digests that a document's tags have today, by container.
pub fn digests(document: &Value, observed: &Observed) -> BTreeMap<String, String> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    let digest = |container: &Value| {
        let image = Reference::parse(container["image"].as_str()?).to_string();
        let ImageState::Found { digest } = observed.images.get(&image)? else { return None };
        Some((container["name"].as_str()?.to_owned(), digest.clone()))
    };
    containers.filter_map(digest).collect()
}

/// Returns a value with only the characters that tags may have, no longer than they may be.
pub(super) fn allowed(value: &str) -> String {
    let fits = |character: char| character.is_alphanumeric() || " +-=._:/@".contains(character);
    value.chars().map(|character| if fits(character) { character } else { '_' }).take(LONGEST_VALUE).collect()
}

/// Returns whether a registered revision was recorded with the digests that its tags have today.
pub(super) fn same_digests(latest: &TaskDefinition, document: &Value, observed: &Observed) -> bool {
    digests(document, observed).iter().all(|(container, digest)| {
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
        let record = Record { tag: Some("1".into()), app: Some("shop".into()), ..Record::default() };
        let tagged = record.tagged(&json!({"family": "a", "tags": tags}), &Observed::default());
        let tags = tagged["tags"].as_array().expect("tags");
        assert_eq!(tags.len(), 50);
        assert_eq!(tags[49], json!({"key": "ecsail:app", "value": "shop"}));
    }

    #[test]
    fn a_record_of_nothing_adds_no_empty_list() {
        let document = json!({"family": "a"});
        assert_eq!(Record::default().tagged(&document, &Observed::default()), document);
    }

    #[test]
    fn values_fit_the_rules_of_tags() {
        assert_eq!(allowed("a,b*ü"), "a_b_ü");
        assert_eq!(allowed(&"x".repeat(300)).len(), 256);
    }
}
