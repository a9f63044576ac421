//! The platforms of images, as their manifests have them (OCI image specification, and Docker's image manifest version 2).

use std::fmt;

use serde_json::Value;

/// The media types of manifests that are understood.
pub const MANIFEST_TYPES: &[&str] = &[
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// A platform as image indexes name it: `linux/arm64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    pub os: String,
    pub architecture: String,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)
    }
}

/// What a manifest says of platforms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageManifest {
    /// The platforms of an index.
    Index(Vec<Platform>),
    /// A single image, whose config of this digest has the platform.
    Single { config: String },
}

impl ImageManifest {
    /// Parses a manifest; `None` where it is of another form.
    pub fn parse(text: &str) -> Option<ImageManifest> {
        let manifest: Value = serde_json::from_str(text).ok()?;
        if let Some(entries) = manifest["manifests"].as_array() {
            // Attestations stand in the index with an unknown platform.
            let known = entries.iter().filter_map(|entry| platform(&entry["platform"]));
            return Some(ImageManifest::Index(known.filter(|platform| platform.os != "unknown").collect()));
        }
        let config = manifest["config"]["digest"].as_str()?.to_owned();
        Some(ImageManifest::Single { config })
    }
}

/// Returns the platform in the config of an image.
pub fn of_config(bytes: &[u8]) -> Option<Platform> {
    platform(&serde_json::from_slice(bytes).ok()?)
}

fn platform(value: &Value) -> Option<Platform> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Some(Platform { os: text("os")?, architecture: text("architecture")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_has_its_platforms_without_attestations() {
        let text = r#"{"manifests": [{"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
            {"platform": {"os": "unknown", "architecture": "unknown"}}, {"digest": "sha256:1"}]}"#;
        let arm = Platform { os: "linux".to_owned(), architecture: "arm64".to_owned() };
        assert_eq!(ImageManifest::parse(text), Some(ImageManifest::Index(vec![arm.clone()])));
        assert_eq!(of_config(br#"{"os": "linux", "architecture": "arm64"}"#), Some(arm));
    }

    #[test]
    fn a_single_manifest_names_its_config() {
        let text = r#"{"schemaVersion": 2, "config": {"digest": "sha256:1"}, "layers": []}"#;
        assert_eq!(ImageManifest::parse(text), Some(ImageManifest::Single { config: "sha256:1".to_owned() }));
        assert_eq!(ImageManifest::parse(r#"{"schemaVersion": 1}"#), None);
    }
}
