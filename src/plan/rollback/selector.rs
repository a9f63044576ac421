//! Parses the argument of `--to`, and finds what it means for a service.

use std::fmt;

use super::new_choice::{Choice, Source, choice, names};
use super::past::DeploymentHistory;
use super::states::{DeployedState, DeployedStates};
use crate::aws::types::{TaskDefinition, family_of, number_of, revision_name};
use crate::error::Failure;
use crate::image::{DIGEST_FORM, ImageReference, is_digest, split_version};

/// What to roll back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollbackSelector {
    /// This number of succeeded deployments back; 1 is the one before the running one.
    Steps(usize),
    /// A revision of a family: `web:12`, or its ARN.
    Revision(String),
    /// A bare number: a revision, or else an image tag.
    Number(u64),
    /// An image tag or a digest.
    Image(String),
}

impl RollbackSelector {
    /// Parses an argument of `--to`.
    ///
    /// # Errors
    /// It is neither a revision nor an image.
    pub fn parse(text: &str) -> Result<RollbackSelector, String> {
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        if let Some(tag) = text.strip_prefix("tag=").filter(|tag| !tag.is_empty()) {
            return Ok(RollbackSelector::Image(tag.to_owned()));
        }
        // A digest decides, whatever its tag points to.
        if let Some(digest) = split_version(text).1.filter(|_| !text.starts_with("arn:"))
            && (text.contains('@') || digest.starts_with("sha256:"))
        {
            let malformed = || format!("`{digest}` is not a digest: {DIGEST_FORM}");
            return is_digest(&digest).then(|| RollbackSelector::Image(digest.clone())).ok_or_else(malformed);
        }
        if let Some(number) = number(text) {
            return Ok(RollbackSelector::Number(number));
        }
        let name = revision_name(text);
        match name.rsplit_once(':') {
            Some((family, revision)) if !family.is_empty() && number(revision).is_some() => {
                Ok(RollbackSelector::Revision(name.to_owned()))
            }
            None if !text.is_empty() && !text.contains(['/', '@', ' ', '=']) => {
                Ok(RollbackSelector::Image(text.to_owned()))
            }
            _ => Err("neither a revision such as `web:12`, nor an image tag, nor a digest".to_owned()),
        }
    }
}

impl fmt::Display for RollbackSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RollbackSelector::Steps(steps) => write!(f, "{steps} back"),
            RollbackSelector::Revision(text) | RollbackSelector::Image(text) => f.write_str(text),
            RollbackSelector::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Returns the named revision, or `None` if it is the running one.
///
/// Of its deployments, the newest one that succeeded is used, for its digests and attributes.
///
/// # Errors
/// The revision does not exist, or belongs to another family.
pub fn choose_revision(
    name: &str,
    past: &DeploymentHistory,
    releases: &DeployedStates,
) -> Result<Option<Choice>, Failure> {
    let running = &releases.running;
    let succeeded = releases.succeeded.iter().find(|known| known.revision_name() == name);
    let family = family_of(&running.definition);
    if family_of(name) != family && succeeded.is_none() {
        let hint = format!("the service's family is `{family}`");
        return Err(Failure::error(format!("`{name}` was never a revision of this service")).with_hint(hint));
    }
    if running.revision_name() == name {
        return Ok(None);
    }
    let known = past.definitions.values().find(|known| known.revision_name() == name);
    let Some(definition) = known else {
        return Err(Failure::error(format!("no revision named `{name}`")).with_hint(names(releases)));
    };
    let release = succeeded.cloned().unwrap_or_else(|| DeployedState::from_definition(&definition.arn));
    if release.is_same(running, past) {
        return Ok(None);
    }
    Ok(Some(choice(releases, release, Source::Named { succeeded: succeeded.is_some() }, past)))
}

/// Returns what a bare number means: a revision if it exists, or else an image tag.
///
/// # Errors
/// Both exist, or neither.
pub fn choose_number(
    number: u64,
    past: &DeploymentHistory,
    releases: &DeployedStates,
) -> Result<Option<Choice>, Failure> {
    let name = format!("{}:{number}", family_of(&releases.running.definition));
    let is_revision = past.definitions.values().any(|known| known.revision_name() == name);
    let tag = number.to_string();
    let image = find_state_with_image(&tag, past, releases);
    match (is_revision, image) {
        (true, Some(found)) if found.revision_name() != name => {
            let message = format!(
                "`{tag}` is ambiguous: it is the revision `{name}` and an image tag of `{}`",
                found.revision_name()
            );
            Err(Failure::usage(message).with_hint(format!("use `--to {name}` or `--to tag={tag}`")))
        }
        (true, _) => choose_revision(&name, past, releases),
        (false, None) if !has_image(&releases.running, &tag, past) => {
            let message = format!("no revision named `{name}` and no image tagged `{tag}`");
            Err(Failure::error(message).with_hint(names(releases)))
        }
        (false, _) => self::choose_image(&tag, past, releases),
    }
}

/// Returns the newest state with an image, or `None` if it is the running one.
///
/// # Errors
/// There is none.
pub fn choose_image(
    version: &str,
    past: &DeploymentHistory,
    releases: &DeployedStates,
) -> Result<Option<Choice>, Failure> {
    if has_image(&releases.running, version, past) {
        return Ok(None);
    }
    let Some(release) = find_state_with_image(version, past, releases) else {
        let message = format!("no deployment or revision with image `{version}`");
        return Err(Failure::error(message).with_hint(names(releases)));
    };
    if release.is_same(&releases.running, past) {
        return Ok(None);
    }
    let succeeded = release.deployment.is_some();
    Ok(Some(choice(releases, release, Source::Named { succeeded }, past)))
}

/// Returns the newest state with an image: of the succeeded deployments, or else of the registered revisions.
fn find_state_with_image(
    version: &str,
    past: &DeploymentHistory,
    releases: &DeployedStates,
) -> Option<DeployedState> {
    let succeeded = releases.succeeded.iter().find(|known| has_image(known, version, past)).cloned();
    let registered = || {
        let found = past.registered_revisions.iter().find(|known| names_image(known, version))?;
        Some(DeployedState::from_definition(&found.arn))
    };
    succeeded.or_else(registered)
}

/// Returns whether a state had an image, according to what ECS resolved or what its definition records.
pub fn has_image(release: &DeployedState, version: &str, past: &DeploymentHistory) -> bool {
    let images = release.revision.iter().flat_map(|revision| &revision.container_images);
    let mut resolved = images.filter(|image| {
        image.image_digest.as_deref() == Some(version)
            || is_named(&ImageReference::parse(&image.image), version)
    });
    let definition = past.definitions.get(&release.definition);
    resolved.next().is_some() || definition.is_some_and(|known| names_image(known, version))
}

/// Returns whether a definition names an image, or records that tag.
fn names_image(definition: &TaskDefinition, version: &str) -> bool {
    let containers = definition.document["containerDefinitions"].as_array().into_iter().flatten();
    let mut images =
        containers.filter_map(|container| container["image"].as_str()).map(ImageReference::parse);
    let recorded = definition.tag("ecsail:tag").unwrap_or_default().split(',');
    // Tags for single images are recorded as `app=1.4.2`; characters that tag values may not contain are recorded as
    // `_`.
    let mut recorded = recorded.map(|tag| split_version(tag.rsplit('=').next().unwrap_or(tag)));
    images.any(|image| is_named(&image, version))
        || recorded.any(|(tag, digest)| [tag, digest].iter().flatten().any(|named| named == version))
}

/// Returns whether a reference is written with a tag or with a digest.
fn is_named(image: &ImageReference, version: &str) -> bool {
    [&image.tag, &image.digest].into_iter().flatten().any(|named| named == version)
}

/// Returns whether the request can be answered from what was read, so that nothing more must be read.
pub fn can_resolve(wanted: &RollbackSelector, past: &DeploymentHistory, releases: &DeployedStates) -> bool {
    match wanted {
        RollbackSelector::Steps(steps) => {
            releases.earlier.len() >= *steps || past.is_complete && !past.deployments.is_empty()
        }
        RollbackSelector::Image(version) => {
            has_image(&releases.running, version, past)
                || find_state_with_image(version, past, releases).is_some()
        }
        RollbackSelector::Revision(name) => {
            past.definitions.values().any(|known| known.revision_name() == name)
        }
        RollbackSelector::Number(_) => false,
    }
}

/// Returns the revision number below which revisions can be rolled back to: that of the running revision, or of its
/// original.
pub fn revision_limit(past: &DeploymentHistory, releases: &DeployedStates) -> u64 {
    number_of(&past.original_definition(&releases.running.definition)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_after_to_is_a_revision_an_image_or_a_number() {
        let revision = |name: &str| Ok(RollbackSelector::Revision(name.to_owned()));
        let image = |name: &str| Ok(RollbackSelector::Image(name.to_owned()));
        let digest = format!("sha256:{}", "0f".repeat(32));
        for (text, wanted) in [
            ("web:12", revision("web:12")),
            ("arn:aws:ecs:us-east-1:123456789012:task-definition/web:12", revision("web:12")),
            ("12", Ok(RollbackSelector::Number(12))),
            ("1.4.1", image("1.4.1")),
            ("v12", image("v12")),
            ("tag=12", image("12")),
            (&digest, image(&digest)),
            (&format!("@{digest}"), image(&digest)),
            (&format!("v12@{digest}"), image(&digest)),
        ] {
            assert_eq!(RollbackSelector::parse(text), wanted, "{text}");
        }
        for text in ["", "web:", ":12", "web:x", "shop/app:v1", "a b", "tag=", "sha256:abc", "v1@sha256:abc"]
        {
            assert!(RollbackSelector::parse(text).is_err(), "{text}");
        }
    }
}
