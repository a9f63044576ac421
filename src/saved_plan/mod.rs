//! Plans that are kept in a file between `ecsail plan --out` and `ecsail apply`: what is to be deployed, and what that depended
//! on. Pure; it reads and writes no file, and never asks AWS.
//!
//! A file has two lines: a header with the format and the SHA-256 of the second line, and the plan as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::approval::{Identity, Protection};
use crate::aws::types::{ImageState, ObservedState};
use crate::error::{Failure, Result};
use crate::plan::{Plan, ServiceState};
use crate::render::express::express_definition;
use crate::render::{DefinitionSource, DesiredState};
use crate::secrets::{hides_value, known_source};
use crate::settings::ImageTags;

mod changes;
pub mod request;
mod summary;

pub use changes::{changed_files, changes_since};

/// The format that this version writes, and the only one that it reads.
const FORMAT: u32 = 1;

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    ecsail_plan: u32,
    sha256: String,
}

/// A plan as it is kept in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// The version of ecsail that made it.
    pub version: String,
    /// When it was made, as RFC 3339.
    pub planned_at: String,
    /// Who made it: the user whom CI names, else the caller's ARN.
    pub planned_by: Option<String>,
    /// The id of the release that applies it.
    pub release: String,
    pub request: SavedRequest,
    pub options: SavedOptions,
    /// The hashes of all files that were read, by their paths from the folder of the manifest.
    pub files: BTreeMap<String, String>,
    /// The documents to deploy.
    pub desired: DesiredState,
    /// The digest that each image meant.
    pub images: BTreeMap<String, String>,
    /// The services as they were observed, by key.
    pub services: BTreeMap<String, ServiceState>,
    /// The plan as it was shown, as the JSON event `plan`.
    pub plan: Value,
    /// The identities of who made it; empty where the stage is not protected.
    #[serde(default)]
    pub planners: Vec<Identity>,
    /// What an approval needs; none where the stage is not protected.
    #[serde(default)]
    pub terms: Option<ApprovalTerms>,
}

/// What who approves a change must know, who may not have the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalTerms {
    pub protection: Protection,
    /// The account and the region of the stage.
    pub account: String,
    pub region: String,
    /// The app and its stage: `shop/production`.
    pub stage_key: String,
    /// The table of the lock.
    pub table: Option<String>,
}

/// What the command line of the plan named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedRequest {
    pub stage: Option<String>,
    pub cluster: Option<String>,
    pub region: Option<String>,
    pub vars: Vec<(String, String)>,
    pub tags: ImageTags,
    pub services: Vec<String>,
    pub scope: SavedScope,
}

/// The part of the manifest that was planned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SavedScope {
    Services,
    #[default]
    Release,
    Named(Vec<String>),
    Schedules(Vec<String>),
}

/// The options of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedOptions {
    pub force: bool,
    pub create: bool,
    pub strict_images: Option<bool>,
}

impl SavedPlan {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// The text is no plan, one of another format, or one that was edited.
    pub fn parse(text: &str, name: &str) -> Result<SavedPlan> {
        let no_plan = || {
            Failure::usage(format!("`{name}` is not a plan"))
                .with_hint("save one with `ecsail plan --out FILE`".to_owned())
        };
        let (header, body) = text.split_once('\n').ok_or_else(no_plan)?;
        let header: Header = serde_json::from_str(header).map_err(|_| no_plan())?;
        if header.ecsail_plan != FORMAT {
            let message = format!(
                "plan `{name}` has format {}; this version reads format {FORMAT}",
                header.ecsail_plan
            );
            return Err(Failure::usage(message).with_hint("plan again, with this version".to_owned()));
        }
        let body = body.strip_suffix('\n').unwrap_or(body);
        if hash(body.as_bytes()) != header.sha256 {
            return Err(Failure::refused(format!("plan `{name}` was edited after it was saved"))
                .with_hint("plan again: `ecsail plan --out FILE`".to_owned()));
        }
        serde_json::from_str(body).map_err(|error| no_plan().with_cause(error.to_string()))
    }

    /// Returns the SHA-256 that the text of a file has: what an approval is of.
    ///
    /// # Errors
    /// The text is no plan.
    pub fn digest(text: &str, name: &str) -> Result<String> {
        let header = text.lines().next().and_then(|line| serde_json::from_str::<Header>(line).ok());
        let no_plan = || Failure::usage(format!("`{name}` is not a plan"));
        header.map(|header| header.sha256).ok_or_else(no_plan)
    }

    /// Returns what the plan changes, in a few lines.
    pub fn summary(&self) -> Vec<String> {
        summary::summary(&self.plan)
    }

    /// Returns the text of the file.
    ///
    /// # Errors
    /// A value cannot be written as JSON.
    pub fn to_text(&self) -> Result<String> {
        let write = |error: serde_json::Error| {
            Failure::error("failed to write the plan as JSON").with_cause(error.to_string())
        };
        let body = serde_json::to_string(self).map_err(write)?;
        let header = Header { ecsail_plan: FORMAT, sha256: hash(body.as_bytes()) };
        let header = serde_json::to_string(&header).map_err(write)?;
        Ok(format!("{header}\n{body}\n"))
    }

    /// Returns whether the file would have a value that a look-up gave as a secret.
    pub fn has_looked_up_secret(&self) -> bool {
        serde_json::to_value(self).is_ok_and(|value| has_known(&value))
    }

    /// Returns the variables whose values the file has and that look secret, as `CONTAINER.NAME`.
    pub fn plain_secrets(&self) -> Vec<String> {
        let found = self.desired.definitions().flat_map(|definition| match definition {
            DefinitionSource::Rendered(document) => plain_secrets_of(document),
            DefinitionSource::Express(document) => plain_secrets_of(&express_definition(document)),
            DefinitionSource::RunningWithTags(_)
            | DefinitionSource::RunningUnchanged
            | DefinitionSource::Registered(_) => Vec::new(),
        });
        let mut found: Vec<String> = found.collect();
        found.sort();
        found.dedup();
        found
    }
}

fn has_known(value: &Value) -> bool {
    match value {
        Value::String(text) => known_source(text).is_some(),
        Value::Array(items) => items.iter().any(has_known),
        Value::Object(members) => members.values().any(has_known),
        _ => false,
    }
}

fn plain_secrets_of(document: &Value) -> Vec<String> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    let entries = containers.flat_map(|container| {
        let entries = container["environment"].as_array().into_iter().flatten();
        entries.map(|entry| (container["name"].as_str().unwrap_or_default(), entry))
    });
    let secret = entries.filter_map(|(container, entry)| {
        let name = entry["name"].as_str()?;
        hides_value(name, entry["value"].as_str()?).then(|| format!("{container}.{name}"))
    });
    secret.collect()
}

/// Returns the hashes of files, by their paths from a folder. Each file is its path and its text.
pub fn file_hashes<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    folder: &str,
) -> BTreeMap<String, String> {
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let hashed = files
        .map(|(name, text)| (name.strip_prefix(&prefix).unwrap_or(name).to_owned(), hash(text.as_bytes())));
    hashed.collect()
}

/// Returns the digests of the images that were found.
pub fn image_digests(observed: &ObservedState) -> BTreeMap<String, String> {
    let digests = observed.images.iter().filter_map(|(image, state)| match state {
        ImageState::Found { digest } => Some((image.clone(), digest.clone())),
        _ => None,
    });
    digests.collect()
}

/// Returns the states that a plan was made for, by the keys of the services.
pub fn service_states(plan: &Plan) -> BTreeMap<String, ServiceState> {
    plan.services.iter().map(|service| (service.key.clone(), service.observed.clone())).collect()
}

/// Returns a SHA-256 in hexadecimal digits.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
