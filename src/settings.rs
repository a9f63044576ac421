//! The settings of a run: flags, environment variables and the env file, combined once at the start.
//!
//! No other code reads the process environment, except the AWS SDK, which has its own conventions, and `report`, which
//! detects the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::image;

/// The format of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputMode {
    /// Text for people
    #[default]
    Text,
    /// One JSON object per line, for programs
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

/// The settings of a run that come from outside the manifest.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The arguments of the command line, without the name of the program.
    pub arguments: Vec<String>,
    /// The path given with `--file` or `ECSAIL_MANIFEST`.
    pub manifest: Option<PathBuf>,
    pub stage: Option<String>,
    /// The variables given with `--set name=value`, in order.
    pub set_vars: Vec<(String, String)>,
    /// The environment of templates: that of the process, overridden by the env file.
    pub environment: BTreeMap<String, String>,
    /// The names in `env` of templates, where not all of the environment is; those of env files are always in it.
    pub template_variables: Option<BTreeSet<String>>,
    /// Whether templates may include files outside the manifest's folder.
    pub allow_includes_outside: bool,
    /// The environment of the process: what the AWS SDK reads. An env file is for templates, and its keys are often those
    /// of the app.
    pub process_environment: BTreeMap<String, String>,
    pub profile: Option<String>,
    pub region: Option<String>,
    pub cluster: Option<String>,
    pub endpoint_url: Option<String>,
    pub sandbox: Option<String>,
    pub poll_interval: Option<Duration>,
    /// How long a command waits for the lock of its stage; `None` for the default.
    pub lock_timeout: Option<Duration>,
    /// Whether commands change a stage without its lock.
    pub without_lock: bool,
    /// Why a protected stage is changed without approval; `None` for a change that needs it.
    pub emergency: Option<String>,
}

impl Settings {
    /// Returns a variable of the process; one that is set and empty is unset.
    pub fn process_variable(&self, name: &str) -> Option<&str> {
        self.process_environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns whether every question is answered with yes, because a CI system runs the program and sets `CI`.
    pub fn assumes_yes(&self) -> bool {
        self.process_variable("CI").is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }
}

/// The tags given with `--tag`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageTags {
    /// `--tag 1.4.2`: the tag of all images without one in the manifest.
    pub default: Option<String>,
    /// `--tag app=1.4.2`: the tag of one image, by its name.
    pub by_image: BTreeMap<String, String>,
    /// Whether `all` is a placeholder for a tag that was not given.
    pub is_placeholder: bool,
}

impl ImageTags {
    /// Returns the tags given by the arguments of `--tag`.
    ///
    /// # Errors
    /// A tag that is not valid in a registry, or two tags for the same images.
    pub fn parse(arguments: &[String]) -> Result<ImageTags, Failure> {
        let mut tags = ImageTags::default();
        for argument in arguments {
            let (image, tag) = match argument.split_once('=') {
                Some((image, tag)) => (Some(image.trim()), tag.trim()),
                None => (None, argument.trim()),
            };
            check_version(tag)?;
            let tag = tag.strip_prefix('@').unwrap_or(tag);
            let before = match image {
                Some(image) => tags.by_image.insert(image.to_owned(), tag.to_owned()),
                None => tags.default.replace(tag.to_owned()),
            };
            if let Some(before) = before.filter(|before| before != tag) {
                let what = image.map_or("all images".to_owned(), |image| format!("image `{image}`"));
                return Err(Failure::usage(format!("two tags for {what}: `{before}` and `{tag}`")));
            }
        }
        Ok(tags)
    }

    /// Returns whether no tag was given.
    pub fn is_empty(&self) -> bool {
        self.default.is_none() && self.by_image.is_empty()
    }

    /// Returns the tags in one line, as they are recorded with a deploy: `1.4.2` or `app=1.4.2,proxy=2`.
    pub fn summary(&self) -> Option<String> {
        let ones = self.by_image.iter().map(|(image, tag)| format!("{image}={tag}"));
        let all: Vec<String> = self.default.iter().cloned().chain(ones).collect();
        Some(all.join(",")).filter(|label| !label.is_empty())
    }
}

/// Checks the version of an image: a tag, a digest, or both as `v2@sha256:…`.
fn check_version(version: &str) -> Result<(), Failure> {
    let (tag, digest) = image::split_version(version);
    if let Some(digest) = digest.filter(|digest| !image::is_digest(digest)) {
        let hint = "copy the digest from `ecsail images --output json`, or from the output of `docker push`";
        return Err(Failure::usage(format!("`{digest}` is not a digest: {}", image::DIGEST_FORM))
            .with_hint(hint.to_owned()));
    }
    match tag.filter(|tag| !image::is_tag(tag)) {
        Some(tag) => {
            let hint = "use up to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`";
            Err(Failure::usage(format!("`{tag}` is not a valid image tag")).with_hint(hint.to_owned()))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(arguments: &[&str]) -> Result<ImageTags, Failure> {
        ImageTags::parse(&arguments.iter().map(|argument| argument.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn tags_are_for_all_images_or_for_one() {
        let tags = tags(&["1.4.2", "proxy=2"]).expect("valid");
        assert_eq!(tags.default.as_deref(), Some("1.4.2"));
        assert_eq!(tags.by_image["proxy"], "2");
        assert_eq!(tags.summary().as_deref(), Some("1.4.2,proxy=2"));
    }

    #[test]
    fn invalid_tags_are_refused() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let with_tag = format!("1.4.2@{digest}");
        let with_at = format!("@{digest}");
        let empty_tag = format!("x@@{digest}");
        for (tag, valid) in [
            ("1.4.2", true),
            ("_x", true),
            (&digest, true),
            (&with_tag, true),
            (&with_at, true),
            (&empty_tag, false),
            (&digest.to_uppercase(), false),
            ("sha256:00", false),
            ("1.4.2@sha256:00", false),
            ("1.4.2@", false),
            ("1.4.2@1.4.3", false),
            ("", false),
            (".x", false),
            ("a b", false),
            ("a/b", false),
        ] {
            assert_eq!(tags(&[tag]).is_ok(), valid, "{tag}");
        }
        assert!(tags(&[&"a".repeat(129)]).is_err());
        assert!(tags(&["1", "2"]).is_err());
    }
}
