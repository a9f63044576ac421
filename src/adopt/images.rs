//! Names the images of the definitions, so that `--tag` sets their tags: one name for each repository and version that
//! runs. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::names::{UsedNames, identifier};
use crate::image::ImageReference;
use crate::yaml_writer::expression;

/// A definition whose images get names, with the key of what runs it.
#[derive(Debug)]
pub(super) struct ImageUser<'a> {
    pub(super) key: &'a str,
    pub(super) document: &'a Value,
}

/// The images of a cluster by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct NamedImages {
    /// Each with the version that runs.
    pub(super) by_name: BTreeMap<String, ImageReference>,
}

/// A repository, and the versions of it that run with who runs each.
struct UsedRepository<'a> {
    repository: String,
    versions: Vec<(ImageReference, Vec<&'a str>)>,
}

impl NamedImages {
    /// Names the images of definitions: those of private ECR repositories, and of a definition without any its first.
    pub(super) fn of(users: &[ImageUser<'_>]) -> NamedImages {
        let mut repositories: Vec<UsedRepository<'_>> = Vec::new();
        for user in users {
            for image in named_images(user.document) {
                add_use(&mut repositories, image, user.key);
            }
        }
        let mut names = UsedNames::default();
        let mut by_name = BTreeMap::new();
        for used in &mut repositories {
            // The plain name is that of the version that most of them run.
            used.versions.sort_by_key(|(_, keys)| std::cmp::Reverse(keys.len()));
            let wished = wished_names(&used.repository);
            let plain = names.claim(&wished);
            for (index, (image, keys)) in used.versions.iter().enumerate() {
                let name = match index {
                    0 => plain.clone(),
                    _ => names.claim(&[format!(
                        "{plain}_{}",
                        identifier(keys.first().copied().unwrap_or_default())
                    )]),
                };
                by_name.insert(name, image.clone());
            }
        }
        NamedImages { by_name }
    }

    /// Replaces the images of a definition by the expressions of their names.
    pub(super) fn name_in(&self, document: &mut Value) {
        for container in document["containerDefinitions"].as_array_mut().into_iter().flatten() {
            self.name_in_container(container);
        }
    }

    /// Replaces the image of an Express service by the expression of its name.
    pub(super) fn name_in_express(&self, document: &mut Value) {
        if let Some(container) = document.get_mut("primaryContainer") {
            self.name_in_container(container);
        }
    }

    fn name_in_container(&self, container: &mut Value) {
        let Some(text) = container["image"].as_str() else { return };
        let is_it = |(_, image): &(&String, &ImageReference)| image.to_string() == text;
        if let Some((name, _)) = self.by_name.iter().find(is_it) {
            container["image"] = expression(&format!("image.{name}")).into();
            self.name_version_in(container);
        }
    }

    /// Replaces the variables of a container that repeat the version of its image by the tag of the deploy: as constants they
    /// would name an old version after the next one.
    fn name_version_in(&self, container: &mut Value) {
        let Ok([version]) = <[String; 1]>::try_from(self.tag_arguments()) else { return };
        let variables = container.get_mut("environment").and_then(Value::as_array_mut).into_iter().flatten();
        for variable in variables.filter(|variable| is_version_name(variable["name"].as_str())) {
            if variable["value"] == version.as_str() {
                variable["value"] = expression("tag").into();
            }
        }
    }

    /// Returns the names of a repository that runs in several versions.
    pub(super) fn of_several_versions(&self) -> Vec<(&str, Vec<&str>)> {
        let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, image) in &self.by_name {
            found.entry(&image.repository).or_default().push(name);
        }
        found.into_iter().filter(|(_, names)| names.len() > 1).collect()
    }

    /// Returns the arguments of `--tag` with which every image has the version that runs.
    pub(super) fn tag_arguments(&self) -> Vec<String> {
        let versions: Vec<(&String, String)> =
            self.by_name.iter().filter_map(|(name, image)| Some((name, image.version()?))).collect();
        let Some((_, first)) = versions.first() else { return Vec::new() };
        if versions.iter().all(|(_, version)| version == first) {
            return vec![first.clone()];
        }
        versions.iter().map(|(name, version)| format!("{name}={version}")).collect()
    }
}

/// Returns the images of a definition that get a name.
fn named_images(document: &Value) -> Vec<ImageReference> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    let images: Vec<ImageReference> = containers
        .filter_map(|container| container["image"].as_str())
        .map(ImageReference::parse)
        .filter(ImageReference::has_version)
        .collect();
    let private: Vec<ImageReference> =
        images.iter().filter(|image| image.ecr_repository().is_some()).cloned().collect();
    if private.is_empty() { images.into_iter().take(1).collect() } else { private }
}

fn add_use<'a>(repositories: &mut Vec<UsedRepository<'a>>, image: ImageReference, key: &'a str) {
    let known = repositories.iter().position(|used| used.repository == image.repository);
    let known = known.unwrap_or_else(|| {
        repositories.push(UsedRepository { repository: image.repository.clone(), versions: Vec::new() });
        repositories.len() - 1
    });
    let versions = &mut repositories[known].versions;
    match versions.iter_mut().find(|(version, _)| *version == image) {
        Some((_, keys)) => keys.push(key),
        None => versions.push((image, vec![key])),
    }
}

/// Returns whether a variable is named for the version of what runs, such as `RELEASE` or `APP_VERSION`.
fn is_version_name(name: Option<&str>) -> bool {
    const WORDS: &[&str] = &["RELEASE", "VERSION", "TAG", "REVISION", "COMMIT", "SHA", "BUILD"];
    name.unwrap_or_default().split('_').any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// Returns the names that a repository may get: its last part, or its last two.
fn wished_names(repository: &str) -> Vec<String> {
    let parts: Vec<&str> = repository.rsplit('/').collect();
    let longer = parts.get(1).filter(|_| parts.len() > 2).map(|above| format!("{above}_{}", parts[0]));
    std::iter::once(parts[0].to_owned()).chain(longer).map(|name| identifier(&name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

    fn document(images: &[String]) -> Value {
        json!({"containerDefinitions": images.iter().map(|image| json!({"name": "c", "image": image})).collect::<Vec<_>>()})
    }

    fn named(definitions: &[(&str, Vec<String>)]) -> NamedImages {
        let documents: Vec<Value> = definitions.iter().map(|(_, images)| document(images)).collect();
        let users: Vec<ImageUser<'_>> = definitions
            .iter()
            .zip(&documents)
            .map(|((key, _), document)| ImageUser { key, document })
            .collect();
        NamedImages::of(&users)
    }

    #[test]
    fn one_version_of_all_is_one_tag() {
        let app = format!("{REGISTRY}/shop/app:v1");
        let images = named(&[("web", vec![app.clone(), "nginx:1.27".into()]), ("worker", vec![app.clone()])]);
        assert_eq!(images.tag_arguments(), ["v1"]);
        let mut written = document(&[app, "nginx:1.27".into()]);
        images.name_in(&mut written);
        assert_eq!(written["containerDefinitions"][0]["image"], expression("image.app"));
        assert_eq!(written["containerDefinitions"][1]["image"], "nginx:1.27");
    }

    #[test]
    fn a_variable_that_repeats_the_version_follows_it() {
        let image = format!("{REGISTRY}/shop/app:v1");
        let images = named(&[("web", vec![image.clone()])]);
        let variable = |name: &str, value: &str| json!({"name": name, "value": value});
        let environment =
            json!([variable("APP_RELEASE", "v1"), variable("API", "v1"), variable("TAG", "v0")]);
        let mut written = json!({"containerDefinitions": [{"image": image, "environment": environment}]});
        images.name_in(&mut written);
        let written = &written["containerDefinitions"][0]["environment"];
        assert_eq!(written[0]["value"], expression("tag"));
        assert_eq!((&written[1]["value"], &written[2]["value"]), (&json!("v1"), &json!("v0")));
    }

    #[test]
    fn two_versions_of_a_repository_have_two_names() {
        let app = |version: &str| vec![format!("{REGISTRY}/shop/app:{version}")];
        let images = named(&[("worker", app("v1")), ("web", app("v2")), ("api", app("v2"))]);
        assert_eq!(images.tag_arguments(), ["app=v2", "app_worker=v1"]);
        assert_eq!(images.of_several_versions().len(), 1);
    }

    #[test]
    fn two_repositories_of_one_name_have_two_names() {
        let images =
            named(&[("web", vec![format!("{REGISTRY}/shop/app:v1"), format!("{REGISTRY}/blog/app:v1")])]);
        assert_eq!(images.by_name.keys().collect::<Vec<_>>(), ["app", "blog_app"]);
    }

    #[test]
    fn without_a_private_repository_the_first_image_has_a_name() {
        let images = named(&[("web", vec!["ghcr.io/shop/app:v1".into(), "nginx:1.27".into()])]);
        assert_eq!(images.tag_arguments(), ["v1"]);
        assert_eq!(named(&[("web", vec!["nginx".into()])]).tag_arguments(), [""; 0], "no version, no name");
    }
}
