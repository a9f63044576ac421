//! Parses references to container images, and recognizes ECR repositories in them.

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
    fn a_digest_replaces_a_tag() {
        let reference = ImageReference::parse("a/b:1").with_tag("sha256:00");
        assert_eq!(reference.to_string(), "a/b@sha256:00");
    }
}
