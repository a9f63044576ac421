//! Parses references to container images, and recognizes ECR repositories in them.

use crate::document::arn::{is_account, is_region};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// The parts of an image reference such as `nginx:1.27` or `…/shop/app@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Returns the reference with another tag; a tag that begins with `sha256:` becomes the digest.
    pub fn with_tag(&self, tag: &str) -> ImageReference {
        let (tag, digest) = if tag.starts_with("sha256:") {
            (None, Some(tag.to_owned()))
        } else {
            (Some(tag.to_owned()), None)
        };
        ImageReference { repository: self.repository.clone(), tag, digest }
    }

    /// Returns the private ECR repository of this image, or `None` for other registries.
    pub fn ecr_repository(&self) -> Option<EcrRepository> {
        let (host, name) = self.repository.split_once('/')?;
        let mut labels = host.split('.');
        let account = labels
            .next()
            .filter(|account| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))?;
        let (dkr, ecr, region) = (labels.next()?, labels.next()?, labels.next()?);
        let amazon = labels.next() == Some("amazonaws");
        if dkr != "dkr" || !matches!(ecr, "ecr" | "ecr-fips") || !amazon {
            return None;
        }
        Some(EcrRepository { account: account.to_owned(), region: region.to_owned(), name: name.to_owned() })
    }

    /// Returns the tag, or the digest if there is no tag.
    pub fn tag_or_digest(&self) -> Option<&str> {
        self.tag.as_deref().or(self.digest.as_deref())
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
    repository_error(&reference.repository).or_else(|| {
        let tag = reference.tag.as_deref().filter(|tag| !is_tag(tag));
        let tag = tag.map(|_| {
            "its tag is empty or has more than 128 characters, or begins with `.` or `-`".to_owned()
        });
        let digest = reference.digest.as_deref().filter(|digest| !is_digest(digest));
        tag.or_else(|| digest.map(|_| "its digest is not `sha256:` and 64 hexadecimal digits".to_owned()))
    })
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
    match host.split('.').collect::<Vec<_>>()[..] {
        [account, "dkr", "ecr" | "ecr-fips", region, "amazonaws", ..]
        | [account, "dkr-ecr" | "dkr-ecr-fips", region, "on", "aws" | "amazonwebservices", ..] => {
            is_account(account) && is_region(region)
        }
        _ => true,
    }
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

fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, digits)) = text.split_once(':') else { return false };
    let enough = if algorithm == "sha256" { digits.len() == 64 } else { digits.len() >= 32 };
    enough && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_parsed_and_formatted() {
        for (text, repository, tag, digest) in [
            ("nginx", "nginx", None, None),
            ("nginx:1.27", "nginx", Some("1.27"), None),
            ("localhost:5000/a/b", "localhost:5000/a/b", None, None),
            ("localhost:5000/a/b:c", "localhost:5000/a/b", Some("c"), None),
            ("a/b@sha256:00", "a/b", None, Some("sha256:00")),
            ("a/b:1@sha256:00", "a/b", Some("1"), Some("sha256:00")),
        ] {
            let reference = ImageReference::parse(text);
            assert_eq!(reference.repository, repository, "{text}");
            assert_eq!((reference.tag.as_deref(), reference.digest.as_deref()), (tag, digest), "{text}");
            assert_eq!(reference.to_string(), text);
        }
    }

    #[test]
    fn only_private_ecr_repositories_are_ecr() {
        let ecr = |text: &str| {
            ImageReference::parse(text).ecr_repository().map(|ecr| (ecr.account, ecr.region, ecr.name))
        };
        let found = ecr("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/app:1");
        assert_eq!(found, Some(("123456789012".into(), "ap-northeast-1".into(), "shop/app".into())));
        assert!(ecr("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app").is_some());
        assert_eq!(ecr("public.ecr.aws/nginx/nginx:1"), None);
        assert_eq!(ecr("nginx"), None);
    }

    #[test]
    fn the_grammar_of_references_is_checked() {
        let digest = format!("app@sha256:{}", "0f".repeat(32));
        for valid in [
            "nginx",
            "nginx:1.27",
            "localhost:5000/a/b_c-d.e:V1",
            "public.ecr.aws/docker/library/busybox:1.36",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop/app:v1",
            "123456789012.dkr-ecr.us-east-1.on.aws/app:v1",
            "ghcr.io/Shop.Example/app",
            &digest,
        ] {
            let expected = valid.contains("Shop").then(|| "its repository has capital letters".to_owned());
            assert_eq!(syntax_error(valid), expected, "{valid}");
        }
        for invalid in [
            "my app",
            "$REGISTRY/app",
            "https://example.com/app",
            "app:",
            "app:-1",
            "/app",
            "app/",
            "a//b",
            "app@sha256:00",
            &"a".repeat(256),
        ] {
            assert!(syntax_error(invalid).is_some(), "{invalid}");
        }
    }

    #[test]
    fn a_host_of_ecr_has_an_account_and_a_region() {
        for valid in ["nginx", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "ghcr.io/app"] {
            assert!(has_valid_ecr_host(valid), "{valid}");
        }
        for invalid in [
            "1234.dkr.ecr.us-east-1.amazonaws.com/app",
            "123456789012.dkr.ecr.REGION.amazonaws.com/app",
            "YOUR-ACCOUNT.dkr-ecr.eu-west-1.on.aws/app",
        ] {
            assert!(!has_valid_ecr_host(invalid), "{invalid}");
        }
    }

    #[test]
    fn a_digest_replaces_a_tag() {
        let reference = ImageReference::parse("a/b:1").with_tag("sha256:00");
        assert_eq!(reference.to_string(), "a/b@sha256:00");
    }
}
