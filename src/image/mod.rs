//! Parses references to container images, and recognizes ECR repositories in them.

pub mod platforms;
pub mod pull_through;
mod registry;
#[cfg(test)]
mod tests;

use registry::EcrHost;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// The parts of an image reference such as `nginx:1.27` or `…/shop/app@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageReference {
    pub repository: String,
    pub tag: Option<String>,
    pub digest: Option<String>,
}

/// A private ECR repository. Its account and region may differ from those of the deploy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EcrRepository {
    pub account: String,
    pub region: String,
    pub name: String,
}

impl ImageReference {
    /// Parses a reference.
    pub fn parse(text: &str) -> ImageReference {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        // A colon before the last slash separates the port of a registry.
        let name_start = rest.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match rest[name_start..].split_once(':') {
            Some((name, tag)) => (format!("{}{name}", &rest[..name_start]), Some(tag.to_owned())),
            None => (rest.to_owned(), None),
        };
        ImageReference { repository, tag, digest }
    }

    /// Returns the reference with another version: a tag, a digest such as `sha256:…`, or both as `tag@sha256:…`.
    pub fn with_version(&self, version: &str) -> ImageReference {
        let (tag, digest) = split_version(version);
        ImageReference { repository: self.repository.clone(), tag, digest }
    }

    /// Returns the private ECR repository of this image, or `None` for other registries.
    pub fn ecr_repository(&self) -> Option<EcrRepository> {
        let (host, name) = self.repository.split_once('/')?;
        let host = EcrHost::parse(host).filter(EcrHost::is_valid)?;
        Some(EcrRepository {
            account: host.account,
            region: host.region.to_ascii_lowercase(),
            name: name.to_owned(),
        })
    }

    /// Returns whether another reference names the same repository, maybe by another host name of its registry.
    pub fn is_in_repository_of(&self, other: &ImageReference) -> bool {
        let ecr = self.ecr_repository();
        self.repository == other.repository || ecr.is_some() && ecr == other.ecr_repository()
    }

    /// Returns the digest, or else the tag. A digest decides which image it is, whatever its tag points to.
    pub fn digest_or_tag(&self) -> Option<&str> {
        self.digest.as_deref().or(self.tag.as_deref())
    }

    /// Returns the version as `--tag` takes it: the tag, the digest, or both as `tag@sha256:…`.
    pub fn version(&self) -> Option<String> {
        let parts: Vec<&str> = self.tag.iter().chain(&self.digest).map(String::as_str).collect();
        Some(parts.join("@")).filter(|version| !version.is_empty())
    }

    /// Returns whether the reference has a tag or a digest.
    pub fn has_version(&self) -> bool {
        self.digest_or_tag().is_some()
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// The longest image in a container definition (API reference, ContainerDefinition.image).
const MAX_LENGTH: usize = 255;

/// Returns what is wrong with an image reference; `None` if it is valid (the grammar of container registries).
pub fn syntax_error(text: &str) -> Option<String> {
    if text.chars().count() > MAX_LENGTH {
        return Some(format!("it has more than {MAX_LENGTH} characters"));
    }
    if let Some(wrong) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.:/@#".contains(*c))) {
        return Some(format!("it contains `{wrong}`"));
    }
    if text.contains("://") {
        return Some("it begins with a scheme".to_owned());
    }
    let reference = ImageReference::parse(text);
    repository_error(&reference.repository).or_else(|| version_error(&reference))
}

/// Returns what is wrong with the tag or the digest of a reference.
pub fn version_error(reference: &ImageReference) -> Option<String> {
    let wrong_tag = reference.tag.as_deref().filter(|tag| !is_tag(tag));
    let wrong_digest = reference.digest.as_deref().filter(|digest| !is_digest(digest));
    match (wrong_tag, wrong_digest) {
        (Some(tag), _) if tag.contains(':') => {
            Some("its tag contains `:`; a digest is written `repository@sha256:…`".to_owned())
        }
        (Some(_), _) => {
            Some("its tag is empty or has more than 128 characters, or begins with `.` or `-`".to_owned())
        }
        (None, Some(_)) => Some(format!("its digest is not {DIGEST_FORM}")),
        (None, None) => None,
    }
}

/// The form of a digest, for messages.
pub const DIGEST_FORM: &str = "`sha256:` and 64 hexadecimal digits in lower case";

/// Returns the tag and the digest of a version: `v2`, `sha256:…`, `@sha256:…` or `v2@sha256:…`. Neither is checked.
pub fn split_version(version: &str) -> (Option<String>, Option<String>) {
    let version = version.strip_prefix('@').unwrap_or(version);
    match version.split_once('@') {
        Some((tag, digest)) => (Some(tag.to_owned()), Some(digest.to_owned())),
        None if version.contains(':') => (None, Some(version.to_owned())),
        None => (Some(version.to_owned()), None),
    }
}

/// Returns what is wrong with the registry and the path of a repository.
fn repository_error(repository: &str) -> Option<String> {
    let (registry, path) = match repository.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, repository),
    };
    if let Some(registry) = registry
        && !is_registry(registry)
    {
        return Some("its registry is not a host name".to_owned());
    }
    if path.chars().any(|c| c.is_ascii_uppercase()) {
        return Some("its repository has capital letters".to_owned());
    }
    let component = |part: &str| {
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        ends(part.chars().next()) && ends(part.chars().last()) && !part.contains("..") && !part.contains(':')
    };
    (!path.split('/').all(component)).then(|| "its repository is empty, or has an empty part".to_owned())
}

/// Returns whether the registry of an image, if it is one of ECR, has an account and a region.
pub fn has_valid_ecr_host(text: &str) -> bool {
    let host = text.split('/').next().unwrap_or_default();
    EcrHost::parse(host).is_none_or(|host| host.is_valid())
}

/// Returns whether a text is a host name with an optional port.
fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    host.split('.').all(label) && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a text is a tag (OCI distribution specification).
pub fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// Returns whether a text is a digest (OCI image specification: its digits are in lower case).
pub fn is_digest(text: &str) -> bool {
    let Some((algorithm, digits)) = text.split_once(':') else { return false };
    let is_algorithm = algorithm.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_complete = match algorithm {
        _ if algorithm.is_empty() || !is_algorithm => false,
        "sha256" => digits.len() == 64,
        "sha512" => digits.len() == 128,
        _ => digits.len() >= 32,
    };
    is_complete && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns the images of a task definition document.
pub fn images(document: &Value) -> impl Iterator<Item = ImageReference> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    containers.filter_map(|container| container["image"].as_str()).map(ImageReference::parse)
}

/// Returns the images that a task definition document names, each once.
pub fn images_of(document: &Value) -> BTreeSet<ImageReference> {
    images(document).collect()
}
