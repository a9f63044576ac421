//! Reads the file beside the manifest with what the sandbox has for look-ups: parameters, secrets, stacks and objects.

use std::collections::BTreeMap;
use std::path::Path;

use ecsail_sandbox::{Seed, SeedObject, SeedParameter, SeedStack};
use serde::Deserialize;
use serde_json::Value;

use crate::document::problem::{InvalidFiles, Problems};
use crate::document::rendered_text::RenderedText;
use crate::document::source::Sources;
use crate::document::tree;
use crate::error::{Failure, Result};
use crate::manifest::Manifest;
use crate::secret_store::Ciphertext;
use crate::text_file;

/// The name of the file.
const FILE: &str = "ecsail.sandbox.yml";

/// What the file has.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SandboxValues {
    parameters: BTreeMap<String, Value>,
    secrets: Vec<String>,
    /// Aliases of keys in KMS.
    key_aliases: Vec<String>,
    /// What ciphertexts of KMS stand for, with or without `${…}` around them.
    ciphertexts: BTreeMap<String, String>,
    stacks: BTreeMap<String, StackValues>,
    /// The texts of objects, or the files that have them, by their URLs.
    objects: BTreeMap<String, ObjectValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StackValues {
    outputs: BTreeMap<String, String>,
    exports: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectValue {
    file: String,
}

/// Returns what the file beside the manifest has; `None` where there is no file.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn read(manifest: &Manifest, region: &str) -> Result<Option<Seed>> {
    let Some(folder) = manifest.path.as_deref().and_then(Path::parent) else { return Ok(None) };
    let path = folder.join(FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let text = text_file::read(&path).map_err(|error| error.of(&path))?;
    let mut sources = Sources::default();
    let id = sources.add(path.display().to_string(), text.clone());
    let node = tree::parse(&RenderedText::from_source(id, text)).map_err(|found| {
        let mut problems = Problems::default();
        problems.extend(found);
        Failure::from(InvalidFiles { problems, sources })
    })?;
    if node.is_null() {
        return Ok(None);
    }
    let values: SandboxValues = serde_json::from_value(node.to_value()).map_err(|error| {
        let hint = "see `ecsail docs lookups` for what the file may have".to_owned();
        Failure::usage(format!("failed to read `{}`", path.display()))
            .with_cause(error.to_string())
            .with_hint(hint)
    })?;
    seed(values, folder, region).map(Some)
}

fn seed(values: SandboxValues, folder: &Path, region: &str) -> Result<Seed> {
    let mut objects = Vec::new();
    for (url, object) in values.objects {
        let place = url.strip_prefix("s3://").and_then(|place| place.split_once('/'));
        let Some((bucket, key)) = place else {
            let hint = "write `s3://BUCKET/KEY`".to_owned();
            return Err(Failure::usage(format!("`{url}` in `{FILE}` names no object")).with_hint(hint));
        };
        let path = folder.join(&object.file);
        let text = text_file::read(&path).map_err(|error| error.of(&path))?;
        objects.push(SeedObject { bucket: bucket.to_owned(), key: key.to_owned(), text });
    }
    let mut ciphertexts = BTreeMap::new();
    for (text, value) in values.ciphertexts {
        let Some(ciphertext) = Ciphertext::parse(&text) else {
            let hint = "write `${…}` as it stands in the definition".to_owned();
            return Err(Failure::usage(format!(
                "a key of `ciphertexts` in `{FILE}` is no ciphertext of KMS"
            ))
            .with_hint(hint));
        };
        ciphertexts.insert(ciphertext.0, value);
    }
    let stack = |(name, stack): (String, StackValues)| SeedStack {
        name,
        outputs: stack.outputs,
        exports: stack.exports,
    };
    Ok(Seed {
        parameters: values.parameters.into_iter().map(parameter).collect(),
        secrets: values.secrets,
        key_aliases: values.key_aliases,
        ciphertexts,
        stacks: values.stacks.into_iter().map(stack).collect(),
        objects,
        region: Some(region.to_owned()),
        ..Seed::default()
    })
}

/// Returns a parameter: a list is a `StringList`, `{ secure: VALUE }` a `SecureString`, and anything else a `String`.
fn parameter((name, value): (String, Value)) -> SeedParameter {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (kind, value) = match &value {
        Value::Array(items) => ("StringList", items.iter().map(text).collect::<Vec<_>>().join(",")),
        Value::Object(members) => ("SecureString", members.get("secure").map(text).unwrap_or_default()),
        other => ("String", text(other)),
    };
    SeedParameter { name, kind: kind.to_owned(), value }
}
