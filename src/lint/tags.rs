//! The checks of tags, for task definitions and services.

use super::CheckProblems;
use super::document_view::{member_items, member_text};
use crate::document::model::DocumentKind;
use crate::document::normalize::OWN_TAG_PREFIX;
use crate::document::tree::Node;

/// From the API reference, RegisterTaskDefinition.tags: the number of tags, and the length of keys and values.
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

pub(super) fn tag_limits(node: &Node, _: DocumentKind, findings: &mut CheckProblems<'_>) {
    let tags = member_items(node, "tags");
    if let Some(list) = node.get("tags").filter(|_| tags.len() > MAX_TAGS) {
        let message = format!("{} tags: ECS allows at most {MAX_TAGS}", tags.len());
        findings.add(list, "tags", message, "remove some of them".to_owned());
    }
    for (index, tag) in tags.iter().enumerate() {
        let (key, value) = (member_text(tag, "key"), member_text(tag, "value"));
        let reserved = |text: Option<&str>| {
            text.and_then(|text| text.get(..4)).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
        };
        let length = |text: Option<&str>| text.map_or(1, |text| text.chars().count());
        let wrong = if reserved(key) || reserved(value) {
            "begins with `aws:`, which is reserved for AWS"
        } else if length(key) == 0 {
            "has an empty key"
        } else if length(key) > MAX_KEY {
            "has a key of more than 128 characters"
        } else if length(value) > MAX_VALUE {
            "has a value of more than 256 characters"
        } else {
            continue;
        };
        let shown = match tag.get("key") {
            Some(key)
                if !key.span.from_expression
                    && key.text().is_some_and(|key| !key.is_empty() && key.len() <= MAX_KEY) =>
            {
                format!("the tag `{}`", key.text().unwrap_or_default())
            }
            _ => format!("tag {}", index + 1),
        };
        findings.add(
            tag,
            format!("tags[{index}]"),
            format!("{shown} {wrong}"),
            "change or remove it".to_owned(),
        );
    }
}

pub(super) fn own_tags(node: &Node, _: DocumentKind, findings: &mut CheckProblems<'_>) {
    for (index, tag) in member_items(node, "tags").iter().enumerate() {
        if member_text(tag, "key").is_some_and(|key| key.starts_with(OWN_TAG_PREFIX)) {
            let message = format!("keys that begin with `{OWN_TAG_PREFIX}` are set by ecsail itself");
            findings.add(
                tag,
                format!("tags[{index}]"),
                message,
                "choose another key, or remove the tag".to_owned(),
            );
        }
    }
}
