//! Computes the definition of a service whose definition is not in the manifest: the running one, with other image
//! tags.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::aws::types::{ObservedState, ServiceRef, revision_name};
use crate::document::model::{DocumentKind, Shape, model};
use crate::document::normalize::OWN_TAG_PREFIX;
use crate::error::Failure;
use crate::image::ImageReference;
use crate::render::{DefinitionSource, DesiredService, ImageReplacements};

/// Returns the task definition document that a service should have.
///
/// # Errors
/// The service keeps its definition, but runs none, or none with these images.
pub fn desired_document(service: &DesiredService, observed: &ObservedState) -> Result<Value, Failure> {
    let replacements = match &service.definition {
        DefinitionSource::Rendered(document) => return Ok(document.clone()),
        DefinitionSource::RunningWithTags(replacements) => Some(replacements),
        // Tasks that are `like` it run the definition that ECS has made.
        DefinitionSource::Express(_)
        | DefinitionSource::RunningUnchanged
        | DefinitionSource::Registered(_) => None,
    };
    let seen = observed.services.get(&ServiceRef::new(&service.cluster, &service.name));
    let Some(running) = seen.and_then(|seen| seen.running_definition.as_ref()) else {
        let arn = seen.map_or("none", |seen| revision_name(&seen.service.task_definition));
        return Err(Failure::error(format!(
            "failed to read the running task definition of service `{}`: `{arn}`",
            service.name
        )));
    };
    let mut document = without_read_only(&running.document);
    if let Some(replacements) = replacements {
        replace_tags(&mut document, replacements, service, running.revision_name())?;
    }
    service.edits.apply(&mut document)?;
    Ok(document)
}

/// Returns a registered document in a form that can be registered again, without read-only members and empty texts.
///
/// ecsail's own tags are left out, because they are set again.
fn without_read_only(document: &Value) -> Value {
    registrable_document_without(document, |key| key.starts_with(OWN_TAG_PREFIX))
}

/// Returns a registered document in a form that can be registered again, with all tags that ECS accepts.
pub fn registrable_document(document: &Value) -> Value {
    registrable_document_without(document, |_| false)
}

fn registrable_document_without(document: &Value, unwanted: impl Fn(&str) -> bool) -> Value {
    let mut document = document.clone();
    let Value::Object(members) = &mut document else { return document };
    members.retain(|name, value| {
        let says_something = !value.is_null() && value.as_str() != Some("");
        says_something && !model().is_read_only(DocumentKind::TaskDefinition, name)
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
    remove_filled_in(&mut document, DocumentKind::TaskDefinition.input_shape());
    document
}

/// Removes what ECS fills in and does not take back in every case: empty lists, ports beside a range of ports, and the
/// `autoprovision` of a volume that is not shared.
fn remove_filled_in(value: &mut Value, shape: &str) {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(_)) => {
            let is_empty = |name: &str, value: &Value| {
                model().member_shape(shape, name).is_some() && value.as_array().is_some_and(Vec::is_empty)
            };
            members.retain(|name, value| !is_empty(name, value));
            remove_contradicting(members, shape);
            for (name, value) in members {
                remove_filled_in(value, model().member_shape(shape, name).unwrap_or_default());
            }
        }
        (Value::Array(items), Shape::List(item)) => {
            for value in items.iter_mut() {
                remove_filled_in(value, item);
            }
        }
        _ => {}
    }
}

/// Removes members that `RegisterTaskDefinition` refuses beside others, and that say nothing.
fn remove_contradicting(members: &mut Map<String, Value>, shape: &str) {
    match shape {
        "PortMapping" if members.get("containerPortRange").is_some_and(Value::is_string) => {
            let is_open = |value: &Value| value.is_null() || *value == 0;
            members.retain(|name, value| {
                !["containerPort", "hostPort"].contains(&name.as_str()) || !is_open(value)
            });
        }
        "DockerVolumeConfiguration"
            if members.get("scope").is_none_or(|scope| scope != "shared")
                && members.get("autoprovision").is_some_and(|value| *value == false) =>
        {
            members.remove("autoprovision");
        }
        _ => {}
    }
}

/// Replaces the tags of the matching images, and nothing else.
fn replace_tags(
    document: &mut Value,
    with: &ImageReplacements,
    service: &DesiredService,
    revision: &str,
) -> Result<(), Failure> {
    let Some(containers) = document["containerDefinitions"].as_array_mut() else { return Ok(()) };
    let images: Vec<(String, ImageReference)> = containers
        .iter()
        .map(|container| {
            let text = |member: &str| container[member].as_str().unwrap_or_default().to_owned();
            (text("name"), ImageReference::parse(&text("image")))
        })
        .collect();
    let needs_tag = |(_, image): &&(String, ImageReference)| {
        with.untagged.iter().any(|known| known.is_in_repository_of(image))
    };
    if let Some((_, image)) = images.iter().find(needs_tag) {
        let message = format!("no tag to deploy for image `{}` of `{}`", image.repository, service.name);
        return Err(Failure::usage(message).with_hint("pass one, such as `--tag 1.4.2`".to_owned()));
    }
    let chosen = if with.tags.is_empty() {
        choose_by_repository(&images, with)
    } else {
        choose_by_name(&images, with)?
    };
    if chosen.iter().all(Option::is_none) {
        let wanted: Vec<_> =
            with.definition_images.iter().map(|image| format!("`{}`", image.repository)).collect();
        let message =
            format!("no image of {} in `{revision}`, which `{}` runs", wanted.join(", "), service.name);
        return Err(Failure::error(message).with_hint(format!("its images: {}", describe_images(&images))));
    }
    for (container, image) in containers.iter_mut().zip(chosen) {
        if let Some(image) = image {
            container["image"] = Value::from(image.to_string());
        }
    }
    Ok(())
}

/// Chooses by the manifest's `images`: those for the container, else those of the same repository.
fn choose_by_repository(
    images: &[(String, ImageReference)],
    with: &ImageReplacements,
) -> Vec<Option<ImageReference>> {
    let matching = |image: &ImageReference| {
        with.definition_images.iter().find(|wanted| wanted.is_in_repository_of(image))
    };
    let chosen = |(container, image): &(String, ImageReference)| {
        with.by_container.get(container).or_else(|| matching(image)).cloned()
    };
    images.iter().map(chosen).collect()
}

/// Chooses without a manifest: by the name of the container or repository, or the only repository.
fn choose_by_name(
    images: &[(String, ImageReference)],
    with: &ImageReplacements,
) -> Result<Vec<Option<ImageReference>>, Failure> {
    for name in with.tags.by_image.keys() {
        if !images.iter().any(|image| is_named(image, name)) {
            let message = format!("`--tag {name}=…`: no container or repository named `{name}`");
            return Err(
                Failure::usage(message).with_hint(format!("running images: {}", describe_images(images)))
            );
        }
    }
    let repositories: BTreeSet<_> = images.iter().map(|(_, image)| &image.repository).collect();
    if with.tags.default.is_some() && repositories.len() > 1 {
        let message = "`--tag` is ambiguous: the service has several images, and there is no manifest";
        let hint = format!("use `--tag CONTAINER=TAG`; running images: {}", describe_images(images));
        return Err(Failure::usage(message).with_hint(hint));
    }
    let tag = |image: &(String, ImageReference)| {
        let one = with.tags.by_image.iter().find(|(name, _)| is_named(image, name)).map(|(_, tag)| tag);
        one.or(with.tags.default.as_ref()).map(|tag| image.1.with_version(tag))
    };
    Ok(images.iter().map(tag).collect())
}

fn is_named((container, image): &(String, ImageReference), name: &str) -> bool {
    container == name || image.repository == name || image.repository.rsplit('/').next() == Some(name)
}

fn describe_images(images: &[(String, ImageReference)]) -> String {
    images.iter().map(|(name, image)| format!("{name}: {image}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_copy_has_nothing_that_register_task_definition_refuses() {
        let described = json!({
            "taskDefinitionArn": "arn:x", "family": "web", "pidMode": "", "placementConstraints": [],
            "tags": [{"key": "aws:x", "value": "1"}],
            "volumes": [{"name": "a", "dockerVolumeConfiguration": {"scope": "task", "autoprovision": false}},
                {"name": "b", "dockerVolumeConfiguration": {"scope": "shared", "autoprovision": false}},
                {"name": "c", "host": {}}],
            "containerDefinitions": [{"name": "web", "environment": [], "newer": [],
                "linuxParameters": {"capabilities": {"add": [], "drop": ["ALL"]}, "devices": []},
                "portMappings": [{"containerPortRange": "80-90", "containerPort": 0, "hostPort": 0, "protocol": "tcp"},
                    {"containerPort": 8080, "hostPort": 0}]}]
        });
        let expected = json!({
            "family": "web",
            "volumes": [{"name": "a", "dockerVolumeConfiguration": {"scope": "task"}},
                {"name": "b", "dockerVolumeConfiguration": {"scope": "shared", "autoprovision": false}},
                {"name": "c", "host": {}}],
            "containerDefinitions": [{"name": "web", "newer": [],
                "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
                "portMappings": [{"containerPortRange": "80-90", "protocol": "tcp"},
                    {"containerPort": 8080, "hostPort": 0}]}]
        });
        assert_eq!(registrable_document(&described), expected);
    }
}
