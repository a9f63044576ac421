//! Shortens long names for people: digests, commits, images, principals. Programs get the whole name. Pure.

use crate::image::ImageReference;

/// Returns the first 12 digits of a digest, as Docker shows it.
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    hex.get(..12).unwrap_or(hex)
}

/// Returns a version with its digest shortened: `v2@4eda9e9d0ba5`.
pub fn short_version(version: &str) -> String {
    match version.split_once("sha256:") {
        Some((tag, digest)) => format!("{tag}{}", short_digest(digest)),
        None => version.to_owned(),
    }
}

/// Returns the first 7 digits of a commit, as git shows it.
pub fn short_commit(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

/// Returns an image without its private ECR registry: `shop/app:v1`. A digest is shown where there is no tag.
pub fn short_image(reference: &str) -> String {
    let reference = ImageReference::parse(reference);
    let name = reference.ecr_repository().map_or(reference.repository, |ecr| ecr.name);
    match (reference.tag, reference.digest) {
        (Some(tag), _) => format!("{name}:{tag}"),
        (None, Some(digest)) => format!("{name}@{}", short_digest(&digest)),
        (None, None) => name,
    }
}

/// Returns the name in a principal's ARN: of a role, its name and the session's. Any other text is returned
/// unchanged.
pub fn principal_name(arn: &str) -> String {
    let Some(resource) = arn.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4)) else {
        return arn.to_owned();
    };
    resource.split_once('/').map_or(resource, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened() {
        assert_eq!(short_digest("sha256:0123456789abcdef"), "0123456789ab");
        assert_eq!(short_digest("0123"), "0123");
        assert_eq!(short_commit("0123456789abcdef"), "0123456");
        assert_eq!(short_image("123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:v1"), "shop/app:v1");
        assert_eq!(
            short_image("public.ecr.aws/nginx/nginx:1.27@sha256:00"),
            "public.ecr.aws/nginx/nginx:1.27"
        );
        assert_eq!(short_image("nginx"), "nginx");
    }

    #[test]
    fn principals_are_named_by_their_resource() {
        for (arn, name) in [
            ("arn:aws:iam::123456789012:user/team/alice", "team/alice"),
            ("arn:aws:sts::123456789012:assumed-role/deploy/alice", "deploy/alice"),
            ("arn:aws:iam::123456789012:root", "root"),
            ("alice", "alice"),
        ] {
            assert_eq!(principal_name(arn), name);
        }
    }
}
