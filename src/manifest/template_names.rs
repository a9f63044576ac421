//! Defines the names for templates: `env`, `stage`, `tag`, `git`, `app`, `vars` and `image`.
//!
//! `service`, `task` and `schedule` are defined where definitions are rendered. `app` may use the names before it, `vars` may use `app` too, and everything else may use all names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::types::ManifestImage;
use crate::document::problem::{Problems, Severity, did_you_mean};
use crate::document::source::{SourceId, SourceSpan};
use crate::document::tree::{Node, NodeKey, NodeKind};
use crate::error::Failure;
use crate::image::ImageReference;
use crate::settings::{ImageTags, Settings};
use crate::template::TemplateContext;

/// Returns the names that are defined outside the manifest: `env`, `stage`, `tag` and `git`.
pub fn base_context(
    settings: &Settings,
    stages: &[String],
    tags: &ImageTags,
    git_sha: Option<&str>,
) -> TemplateContext {
    let mut context = TemplateContext::default();
    let is_visible =
        |name: &str| settings.template_variables.as_ref().is_none_or(|names| names.contains(name));
    let visible: BTreeMap<_, _> = settings.environment.iter().filter(|(name, _)| is_visible(name)).collect();
    context.set("env", &json!(visible));
    for name in settings.environment.keys().filter(|name| !is_visible(name)) {
        let hint = format!("allow it with `--allow-env {name}`: not all of the environment is in `env`");
        context.set_missing_name_hint(&format!("env.{name}"), &hint);
    }
    match &settings.stage {
        Some(stage) => context.set("stage", &json!(stage)),
        None => context.set_missing_name_hint("stage", &choose_stage_hint(stages)),
    }
    match &tags.default {
        Some(tag) => context.set("tag", &json!(tag)),
        None => context.set_missing_name_hint("tag", MISSING_TAG_HINT),
    }
    for (name, value) in [("service", "name"), ("task", "key"), ("schedule", "name")] {
        let hint = format!("`{name}.{value}` is known in the files of definitions of a {name}");
        context.set_missing_name_hint(name, &hint);
    }
    if let Some(sha) = git_sha {
        context.set("git", &json!({ "sha": sha }));
    } else {
        context.set("git", &json!({}));
        context.set_missing_name_hint(
            "git.sha",
            "run in a git checkout, or set a CI variable with the commit, such as `GITHUB_SHA`",
        );
    }
    context
}

/// The hint for `tag` in a run without a tag for all images.
pub const MISSING_TAG_HINT: &str = "set the tag to deploy with `--tag 1.4.2`";

/// Returns the hint for an image in a run without a tag for it.
pub fn missing_tag_hint(image: &str) -> String {
    format!("{MISSING_TAG_HINT} or `--tag {image}=1.4.2`")
}

/// Returns the images without a tag, if nothing else is wrong than that tags are missing.
pub fn images_without_tag<'a>(
    problems: &Problems,
    images: &'a BTreeMap<String, ManifestImage>,
) -> Option<Vec<&'a str>> {
    let errors = problems.sorted().into_iter().filter(|problem| problem.severity == Severity::Error);
    let hints: BTreeSet<&str> = errors.map(|problem| problem.hint.as_deref().unwrap_or_default()).collect();
    let without: Vec<&str> = images
        .keys()
        .map(String::as_str)
        .filter(|name| hints.contains(missing_tag_hint(name).as_str()))
        .collect();
    let of_tag = usize::from(hints.contains(MISSING_TAG_HINT));
    (!hints.is_empty() && without.len() + of_tag == hints.len()).then_some(without)
}

/// Returns the hint for a run without a stage.
pub fn choose_stage_hint(stages: &[String]) -> String {
    match stages {
        [] => "set one with `--stage NAME` or `ECSAIL_STAGE`".to_owned(),
        stages => format!("choose one with `--stage` or `ECSAIL_STAGE`: {}", stages.join(", ")),
    }
}

/// Sets `app`.
pub fn set_app(context: &mut TemplateContext, root: &Node) {
    if let Some(app) = root.get("app").and_then(Node::text) {
        context.set("app", &json!(app));
    }
}

/// Sets `vars`: those of the manifest, overridden by `--set`. Variables with undefined values are left out.
pub fn set_vars(context: &mut TemplateContext, root: &Node, settings: &Settings) {
    let vars = root.get("vars");
    let nowhere = vars.map_or(SourceSpan::new(SourceId::from_index(0), 0..0), |vars| vars.span);
    let defined =
        vars.map(Node::entries).unwrap_or_default().iter().filter(|(_, value)| !value.has_undefined());
    let mut entries: Vec<(NodeKey, Node)> = defined.cloned().collect();
    for (name, text) in &settings.set_vars {
        let value = Node::from_value(&parse_set_value(text), nowhere);
        match entries.iter_mut().find(|(key, _)| &key.name == name) {
            Some((_, known)) => *known = value,
            None => entries.push((NodeKey { name: name.clone(), span: nowhere }, value)),
        }
    }
    context.set_node("vars", &Node { kind: NodeKind::Map(entries), span: nowhere });
}

/// Defines names whose values depend on look-ups without an answer as placeholders, so that what uses them causes no problems.
/// `keys` are the keys of the manifest that have been read.
pub fn set_placeholders(context: &mut TemplateContext, root: &Node, keys: &[&str]) {
    if !context.lookups().has_placeholders() {
        return;
    }
    for key in keys {
        let Some(node) = root.get(key) else { continue };
        let name = if *key == "images" { "image" } else { key };
        if node.is_undefined() {
            context.add_placeholder(name);
        }
        for (key, _) in node.entries().iter().filter(|(_, value)| value.has_undefined()) {
            context.add_placeholder(&format!("{name}.{}", key.name));
        }
    }
}

/// Returns the value of `--set name=value`: a boolean or an integer if it is spelled as one, otherwise a string.
fn parse_set_value(text: &str) -> Value {
    match (text, text.parse::<i64>()) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(number)) if number.to_string() == text => json!(number),
        _ => json!(text),
    }
}

/// Returns whether a variable of the manifest uses a name that variables may not use.
pub fn uses_later_names(key: &str, early: &Node, last: &Node) -> bool {
    let value = |root: &Node| root.get("vars").and_then(|vars| vars.get(key)).map(Node::to_value);
    // The value depends on such a name if it changes once all names are defined.
    value(last).is_some() && value(early) != value(last)
}

/// Sets `image`: each image with its tag in this run. Images without a tag stay undefined.
pub fn set_images(context: &mut TemplateContext, images: &BTreeMap<String, ManifestImage>, tags: &ImageTags) {
    let mut known = Map::new();
    for (name, image) in images {
        if let Some(reference) = resolve_image(name, image, images.len(), tags) {
            known.insert(name.clone(), json!(reference.to_string()));
        } else {
            context.set_missing_name_hint(&format!("image.{name}"), &missing_tag_hint(name));
        }
    }
    context.set("image", &Value::Object(known));
}

/// Returns an image with its tag: the one given for it, the one given for all images, or that of the manifest.
///
/// The tag for all images applies to images without a tag in the manifest, and to the only image of a manifest even if
/// that has a tag.
pub fn resolve_image(
    name: &str,
    image: &ManifestImage,
    count: usize,
    tags: &ImageTags,
) -> Option<ImageReference> {
    let reference = &image.reference;
    if let Some(tag) = tags.by_image.get(name) {
        return Some(reference.with_version(tag));
    }
    match (&tags.default, reference.has_version()) {
        (Some(tag), false) => Some(reference.with_version(tag)),
        (Some(tag), true) if count == 1 => Some(reference.with_version(tag)),
        (_, true) => Some(reference.clone()),
        (None, false) => None,
    }
}

/// Checks that the manifest has an image for each `--tag NAME=…`.
///
/// # Errors
/// An unknown image; the hint has the most similar name.
pub fn check_tag_images(tags: &ImageTags, images: &BTreeMap<String, ManifestImage>) -> Result<(), Failure> {
    if images.is_empty() {
        // Without `images`, the name may be that of a container in a running definition. A tag that no definition uses is
        // reported later.
        return Ok(());
    }
    let Some(name) = tags.by_image.keys().find(|name| !images.contains_key(*name)) else { return Ok(()) };
    let known: Vec<&str> = images.keys().map(String::as_str).collect();
    let hint = did_you_mean(name, known.iter().copied());
    let hint = hint.unwrap_or_else(|| format!("images: {}", known.join(", ")));
    Err(Failure::usage(format!("no image named `{name}` in the manifest, as given with `--tag {name}=…`"))
        .with_hint(hint))
}

/// Returns the names of the manifest's stages.
pub fn stage_names(root: &Node) -> Vec<String> {
    match root.get("stages").map(|stages| &stages.kind) {
        Some(NodeKind::Map(entries)) => entries.iter().map(|(key, _)| key.name.clone()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> ManifestImage {
        ManifestImage {
            containers: Vec::new(),
            reference: ImageReference::parse(text),
            span: SourceSpan::new(SourceId::from_index(0), 0..0),
        }
    }

    #[test]
    fn the_default_tag_applies_to_untagged_images_and_to_a_single_image() {
        let tags = ImageTags {
            default: Some("2".into()),
            by_image: BTreeMap::from([("c".into(), "9".into())]),
            ..ImageTags::default()
        };
        let shown = |name, text, count| {
            resolve_image(name, &image(text), count, &tags).map(|image| image.to_string())
        };
        assert_eq!(shown("a", "r/a", 2), Some("r/a:2".into()));
        assert_eq!(shown("b", "r/b:1", 2), Some("r/b:1".into()));
        assert_eq!(shown("b", "r/b:1", 1), Some("r/b:2".into()));
        assert_eq!(shown("c", "r/c:1", 2), Some("r/c:9".into()));
        assert_eq!(resolve_image("a", &image("r/a"), 1, &ImageTags::default()), None);
    }

    #[test]
    fn set_keeps_text_that_resembles_a_number() {
        assert_eq!(parse_set_value("3"), json!(3));
        assert_eq!(parse_set_value("true"), json!(true));
        assert_eq!(parse_set_value("1.10"), json!("1.10"));
        assert_eq!(parse_set_value("007"), json!("007"));
    }
}
