//! Defines the names for templates: `env`, `stage`, `tag`, `git`, `app`, `vars` and `image`.
//!
//! `app` may use the names before it, `vars` may use `app` too, and everything else may use all names.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::types::Image;
use crate::document::problem::did_you_mean;
use crate::document::tree::{Kind, Node};
use crate::error::Failure;
use crate::image::Reference;
use crate::settings::{Settings, Tags};
use crate::template::Context;

/// Returns the names that are defined outside the manifest: `env`, `stage`, `tag` and `git`.
pub fn outside(settings: &Settings, stages: &[String], tags: &Tags, git_sha: Option<&str>) -> Context {
    let mut context = Context::default();
    context.set("env", &json!(settings.environment));
    match &settings.stage {
        Some(stage) => context.set("stage", &json!(stage)),
        None => context.explain_absent("stage", &choose_stage(stages)),
    }
    match &tags.all {
        Some(tag) => context.set("tag", &json!(tag)),
        None => context.explain_absent("tag", "set the tag to deploy with `--tag 1.4.2`"),
    }
    match git_sha {
        Some(sha) => context.set("git", &json!({ "sha": sha })),
        None => {
            context.set("git", &json!({}));
            context.explain_absent(
                "git.sha",
                "run in a git checkout, or set a CI variable with the commit, such as `GITHUB_SHA`",
            )
        }
    }
    context
}

/// Returns the hint for a run without a stage.
pub fn choose_stage(stages: &[String]) -> String {
    match stages {
        [] => "set one with `--stage NAME` or `ECSAIL_STAGE`".to_owned(),
        stages => format!("choose one with `--stage` or `ECSAIL_STAGE`: {}", stages.join(", ")),
    }
}

/// Sets `app`.
pub fn set_app(context: &mut Context, root: &Node) {
    if let Some(app) = root.get("app").and_then(Node::text) {
        context.set("app", &json!(app));
    }
}

/// Sets `vars`: those of the manifest, overridden by `--set`. Variables with undefined values are left out.
pub fn set_vars(context: &mut Context, root: &Node, settings: &Settings) {
    let mut vars = Map::new();
    for (key, value) in root.get("vars").map(Node::entries).unwrap_or_default() {
        if !value.any_unknown() {
            vars.insert(key.name.clone(), value.to_value());
        }
    }
    for (name, text) in &settings.set {
        vars.insert(name.clone(), set_value(text));
    }
    context.set("vars", &Value::Object(vars));
}

/// Returns the value of `--set name=value`: a boolean or an integer if it is spelled as one, otherwise a string.
fn set_value(text: &str) -> Value {
    match (text, text.parse::<i64>()) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(number)) if number.to_string() == text => json!(number),
        _ => json!(text),
    }
}

/// Returns whether a variable of the manifest uses a name that variables may not use.
pub fn is_late(key: &str, early: &Node, last: &Node) -> bool {
    let value = |root: &Node| root.get("vars").and_then(|vars| vars.get(key)).map(Node::to_value);
    // The value depends on such a name if it changes once all names are defined.
    value(last).is_some() && value(early) != value(last)
}

/// Sets `image`: each image with its tag in this run. Images without a tag stay undefined.
pub fn set_images(context: &mut Context, images: &BTreeMap<String, Image>, tags: &Tags) {
    let mut known = Map::new();
    for (name, image) in images {
        match tagged(name, image, images.len(), tags) {
            Some(reference) => {
                known.insert(name.clone(), json!(reference.to_string()));
            }
            None => {
                let hint = format!("set the tag to deploy with `--tag 1.4.2` or `--tag {name}=1.4.2`");
                context.explain_absent(&format!("image.{name}"), &hint);
            }
        }
    }
    context.set("image", &Value::Object(known));
}

/// Returns an image with its tag: the one given for it, the one given for all images, or that of the manifest.
///
/// The tag for all images applies to images without a tag in the manifest, and to the only image of a manifest even if
/// that has a tag.
pub fn tagged(name: &str, image: &Image, count: usize, tags: &Tags) -> Option<Reference> {
    let reference = &image.reference;
    if let Some(tag) = tags.one.get(name) {
        return Some(reference.with_tag(tag));
    }
    match (&tags.all, reference.version()) {
        (Some(tag), None) => Some(reference.with_tag(tag)),
        (Some(tag), Some(_)) if count == 1 => Some(reference.with_tag(tag)),
        (_, Some(_)) => Some(reference.clone()),
        (None, None) => None,
    }
}

/// Checks that the manifest has an image for each `--tag NAME=…`.
///
/// # Errors
/// An unknown image; the hint has the most similar name.
pub fn check_tags(tags: &Tags, images: &BTreeMap<String, Image>) -> Result<(), Failure> {
    if images.is_empty() {
        // Without `images`, the name may be that of a container in a running definition. A tag that no definition uses is
        // reported later.
        return Ok(());
    }
    let Some(name) = tags.one.keys().find(|name| !images.contains_key(*name)) else { return Ok(()) };
    let known: Vec<&str> = images.keys().map(String::as_str).collect();
    let hint = did_you_mean(name, known.iter().copied());
    let hint = hint.unwrap_or_else(|| format!("images: {}", known.join(", ")));
    Err(Failure::usage(format!("no image named `{name}` in the manifest, as given with `--tag {name}=…`"))
        .hint(hint))
}

/// Returns the names of the manifest's stages.
pub fn stages(root: &Node) -> Vec<String> {
    match root.get("stages").map(|stages| &stages.kind) {
        Some(Kind::Map(entries)) => entries.iter().map(|(key, _)| key.name.clone()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::source::{SourceId, Span};

    fn image(text: &str) -> Image {
        Image { reference: Reference::parse(text), span: Span::new(SourceId::from_index(0), 0..0) }
    }

    #[test]
    fn the_tag_for_all_goes_to_images_without_one_and_to_an_only_image() {
        let tags = Tags {
            all: Some("2".into()),
            one: BTreeMap::from([("c".into(), "9".into())]),
            ..Tags::default()
        };
        let shown =
            |name, text, count| tagged(name, &image(text), count, &tags).map(|image| image.to_string());
        assert_eq!(shown("a", "r/a", 2), Some("r/a:2".into()));
        assert_eq!(shown("b", "r/b:1", 2), Some("r/b:1".into()));
        assert_eq!(shown("b", "r/b:1", 1), Some("r/b:2".into()));
        assert_eq!(shown("c", "r/c:1", 2), Some("r/c:9".into()));
        assert_eq!(tagged("a", &image("r/a"), 1, &Tags::default()), None);
    }

    #[test]
    fn set_keeps_text_that_only_looks_like_a_number() {
        assert_eq!(set_value("3"), json!(3));
        assert_eq!(set_value("true"), json!(true));
        assert_eq!(set_value("1.10"), json!("1.10"));
        assert_eq!(set_value("007"), json!("007"));
    }
}
