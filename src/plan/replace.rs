//! Computes the definition of a service whose definition is not in the manifest: the running one, with other image
//! tags.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::aws::types::{Observed, ServiceRef, revision_of};
use crate::document::model::{Root, model};
use crate::document::normal::OWN_TAG_PREFIX;
use crate::error::Failure;
use crate::image::Reference;
use crate::render::{Definition, DesiredService, Replacements};

/// Returns the task definition document that a service should have.
///
/// # Errors
/// The service keeps its definition, but runs none, or none with these images.
pub fn desired_document(service: &DesiredService, observed: &Observed) -> Result<Value, Failure> {
    let replacements = match &service.definition {
        Definition::Rendered(document) => return Ok(document.clone()),
        Definition::Running(replacements) => Some(replacements),
        Definition::Kept => None,
    };
    let seen = observed.services.get(&ServiceRef::new(&service.cluster, &service.name));
    let Some(running) = seen.and_then(|seen| seen.running.as_ref()) else {
        let arn = seen.map_or("none", |seen| revision_of(&seen.service.task_definition));
        return Err(Failure::error(format!(
            "failed to read the running task definition of service `{}`: `{arn}`",
            service.name
        )));
    };
    let mut document = registrable(&running.document);
    if let Some(replacements) = replacements {
        replace(&mut document, replacements, service, running.revision())?;
    }
    Ok(document)
}

/// Returns a registered document in a form that can be registered again, without read-only members and empty texts.
///
/// ecsail's own tags are left out, because they are set again.
fn registrable(document: &Value) -> Value {
    registrable_without(document, |key| key.starts_with(OWN_TAG_PREFIX))
}

/// Returns a registered document in a form that can be registered again, with all tags that ECS accepts.
pub fn registrable_with_own_tags(document: &Value) -> Value {
    registrable_without(document, |_| false)
}

fn registrable_without(document: &Value, unwanted: impl Fn(&str) -> bool) -> Value {
    let mut document = document.clone();
    let Value::Object(members) = &mut document else { return document };
    members.retain(|name, value| {
        let says_something = !value.is_null() && value.as_str() != Some("");
        says_something && !model().is_read_only(Root::TaskDefinition, name)
    });
    if let Some(tags) = members.get_mut("tags").and_then(Value::as_array_mut) {
        // ECS refuses `aws:` tags.
        tags.retain(|tag| {
            let key = tag["key"].as_str().unwrap_or_default();
            !key.starts_with("aws:") && !unwanted(key)
        });
    }
    // RegisterTaskDefinition refuses an empty list of tags.
    members.retain(|name, value| name != "tags" || value.as_array().is_some_and(|tags| !tags.is_empty()));
    document
}

/// Replaces the tags of the matching images, and nothing else.
fn replace(
    document: &mut Value,
    with: &Replacements,
    service: &DesiredService,
    revision: &str,
) -> Result<(), Failure> {
    let Some(containers) = document["containerDefinitions"].as_array_mut() else { return Ok(()) };
    let images: Vec<(String, Reference)> = containers
        .iter()
        .map(|container| {
            let text = |member: &str| container[member].as_str().unwrap_or_default().to_owned();
            (text("name"), Reference::parse(&text("image")))
        })
        .collect();
    let needs_tag = |(_, image): &&(String, Reference)| {
        with.untagged.iter().any(|known| known.repository == image.repository)
    };
    if let Some((_, image)) = images.iter().find(needs_tag) {
        let message = format!("no tag to deploy for image `{}` of `{}`", image.repository, service.name);
        return Err(Failure::error(message).hint("pass one, such as `--tag 1.4.2`".to_owned()));
    }
    let chosen = if with.tags.is_empty() { by_repository(&images, with) } else { by_name(&images, with)? };
    if chosen.iter().all(Option::is_none) {
        let wanted: Vec<_> = with.images.iter().map(|image| format!("`{}`", image.repository)).collect();
        let message =
            format!("no image of {} in `{revision}`, which `{}` runs", wanted.join(", "), service.name);
        return Err(Failure::error(message).hint(format!("its images: {}", names(&images))));
    }
    for (container, image) in containers.iter_mut().zip(chosen) {
        if let Some(image) = image {
            container["image"] = Value::from(image.to_string());
        }
    }
    Ok(())
}

/// Chooses by the manifest's `images`, which have the same repository.
fn by_repository(images: &[(String, Reference)], with: &Replacements) -> Vec<Option<Reference>> {
    let matching =
        |image: &Reference| with.images.iter().find(|wanted| wanted.repository == image.repository);
    images.iter().map(|(_, image)| matching(image).cloned()).collect()
}

/// Chooses without a manifest: by the name of the container or repository, or the only repository.
fn by_name(images: &[(String, Reference)], with: &Replacements) -> Result<Vec<Option<Reference>>, Failure> {
    for name in with.tags.one.keys() {
        if !images.iter().any(|image| is_named(image, name)) {
            let message = format!("`--tag {name}=…`: no container or repository named `{name}`");
            return Err(Failure::usage(message).hint(format!("running images: {}", names(images))));
        }
    }
    let repositories: BTreeSet<_> = images.iter().map(|(_, image)| &image.repository).collect();
    if with.tags.all.is_some() && repositories.len() > 1 {
        let message = "`--tag` is ambiguous: the service has several images, and there is no manifest";
        let hint = format!("use `--tag CONTAINER=TAG`; running images: {}", names(images));
        return Err(Failure::usage(message).hint(hint));
    }
    let tag = |image: &(String, Reference)| {
        let one = with.tags.one.iter().find(|(name, _)| is_named(image, name)).map(|(_, tag)| tag);
        one.or(with.tags.all.as_ref()).map(|tag| image.1.with_tag(tag))
    };
    Ok(images.iter().map(tag).collect())
}

fn is_named((container, image): &(String, Reference), name: &str) -> bool {
    container == name || image.repository == name || image.repository.rsplit('/').next() == Some(name)
}

fn names(images: &[(String, Reference)]) -> String {
    images.iter().map(|(name, image)| format!("{name}: {image}")).collect::<Vec<_>>().join(", ")
}
