//! Refuses tags with a value that a look-up gave as a secret: who may list tags may read them.

use serde_json::Value;

use super::{DefinitionSource, DesiredState};
use crate::document::problem::{Problem, Problems};
use crate::manifest::Manifest;
use crate::secrets::known_source;

/// Reports each tag of a document that has such a value, and an app of such a name.
pub(super) fn check(desired: &DesiredState, manifest: &Manifest, problems: &mut Problems) {
    if manifest.app.as_deref().and_then(known_source).is_some() {
        problems.push(problem("`app` is a tag of all that is deployed, and"));
    }
    let definitions = desired.definitions().filter_map(|definition| match definition {
        DefinitionSource::Rendered(document) | DefinitionSource::Express(document) => Some(document),
        DefinitionSource::RunningWithTags(_)
        | DefinitionSource::RunningUnchanged
        | DefinitionSource::Registered(_) => None,
    });
    let services = desired.services.iter().filter_map(|service| service.service.as_ref());
    for document in definitions.chain(services) {
        for tag in document["tags"].as_array().into_iter().flatten() {
            let has_secret = [&tag["key"], &tag["value"]].into_iter().any(is_known);
            if has_secret {
                let key = tag["key"].as_str().filter(|key| known_source(key).is_none()).unwrap_or_default();
                problems.push(problem(&format!("the tag `{key}`")));
            }
        }
    }
}

fn is_known(value: &Value) -> bool {
    value.as_str().and_then(known_source).is_some()
}

fn problem(subject: &str) -> Problem {
    let message = format!("{subject} has a value that is a secret where it was looked up");
    let hint = "leave it out of tags, and reference it under `secrets` of the container".to_owned();
    Problem::error(None, message).hint(hint)
}
