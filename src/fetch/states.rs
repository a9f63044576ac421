//! Finds and reads Terraform states: in files, in S3, and behind HTTPS addresses.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Answers, FetchContext, StateBytes};
use crate::aws::Aws;
use crate::aws::https_file::read_https;
use crate::document::problem::did_you_mean;
use crate::error::Failure;
use crate::lookup::location::{
    DEFAULT_WORKSPACE, S3Object, StateLocation, backend_of, from_url, of_backend, path_of_workspace,
};
use crate::lookup::state::TerraformState;
use crate::lookup::{Lookup, LookupFailure};
use crate::manifest::lookups::{ManifestState, StatePlace};
use crate::secrets::{KnownSource, add_known};
use crate::settings::Settings;

/// The largest state that is read. Terraform itself is slow with a tenth of it.
const LARGEST: u64 = 256 << 20;
/// The largest file that may name a backend; a state is read as one whatever its size.
const LARGEST_POINTER: usize = 64 << 10;

/// A state, as far as it is known.
#[derive(Clone, Debug)]
pub(super) enum StateSource {
    Read(StateBytes),
    At(StateLocation),
}

impl StateSource {
    pub(super) fn is_read(&self) -> bool {
        matches!(self, StateSource::Read(_))
    }

    pub(super) fn is_in_s3(&self) -> bool {
        matches!(self, StateSource::At(StateLocation::S3(_)))
    }

    /// Returns the object in S3 that has the state, if it is there.
    pub(super) fn into_object(self) -> Option<S3Object> {
        match self {
            StateSource::At(StateLocation::S3(object)) => Some(object),
            _ => None,
        }
    }

    /// Returns the state with its bytes.
    pub(super) async fn read(
        self,
        context: &FetchContext<'_>,
        aws: Option<&Aws>,
    ) -> Result<StateSource, LookupFailure> {
        let bytes = match self {
            StateSource::Read(_) => return Ok(self),
            StateSource::At(StateLocation::File(path)) => read_file(&context.manifest.folder().join(path))?,
            StateSource::At(StateLocation::S3(object)) => read_object(&object, context, aws).await?,
            StateSource::At(StateLocation::Https(url)) => {
                let read = read_https(&url, context.settings).await;
                // The address may have a password.
                read.map_err(|why| LookupFailure::new(format!("failed to read the Terraform state: {why}")))?
            }
        };
        Ok(StateSource::Read(Arc::new(bytes)))
    }
}

/// Returns where a state of the manifest is; one in a file is read at once.
pub(super) fn locate(name: &str, context: &FetchContext<'_>) -> Result<StateSource, LookupFailure> {
    let states = &context.manifest.lookups.states;
    let Some(state) = states.get(name) else {
        let hint = did_you_mean(name, states.keys().map(String::as_str));
        let hint = hint.unwrap_or_else(|| {
            format!("add it to the manifest: `lookups: {{ tfstate: {{ {name}: {{ path: terraform.tfstate }} }} }}`")
        });
        return Err(
            LookupFailure::new(format!("the manifest has no Terraform state named `{name}`")).with_hint(hint)
        );
    };
    match &state.place {
        StatePlace::Url(url) => match from_url(url, state.workspace.as_deref().unwrap_or(DEFAULT_WORKSPACE))?
        {
            StateLocation::File(path) => locate_file(&path, state, context),
            StateLocation::S3(object) => {
                let region = state.region.clone();
                Ok(StateSource::At(StateLocation::S3(S3Object { region, ..object })))
            }
            other @ StateLocation::Https(_) => Ok(StateSource::At(other)),
        },
        StatePlace::Path(path) => locate_file(path, state, context),
    }
}

/// Returns the state in a file, or that of the backend which the file names.
fn locate_file(
    path: &str,
    state: &ManifestState,
    context: &FetchContext<'_>,
) -> Result<StateSource, LookupFailure> {
    let whole = context.manifest.folder().join(path);
    let pointer = std::fs::metadata(&whole).ok().filter(|file| file.len() <= LARGEST_POINTER as u64);
    if pointer.is_some() {
        let bytes = read_file(&whole)?;
        let file: Option<Value> = serde_json::from_slice(&bytes).ok();
        if let Some(backend) = file.as_ref().and_then(backend_of) {
            return follow_backend(backend, path, &whole, state, context);
        }
    }
    let workspace = state.workspace.as_deref().unwrap_or(DEFAULT_WORKSPACE);
    let path = path_of_workspace(path, workspace);
    Ok(StateSource::Read(Arc::new(read_file(&context.manifest.folder().join(path))?)))
}

fn follow_backend(
    backend: &Value,
    path: &str,
    file: &Path,
    state: &ManifestState,
    context: &FetchContext<'_>,
) -> Result<StateSource, LookupFailure> {
    let workspace = workspace(file, state, context.settings);
    // Terraform runs in the folder above `.terraform`.
    let of_terraform = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let of_terraform = of_terraform.strip_suffix(".terraform").unwrap_or(of_terraform).trim_end_matches('/');
    match of_backend(backend, of_terraform, &workspace)? {
        StateLocation::File(path) => {
            Ok(StateSource::Read(Arc::new(read_file(&context.manifest.folder().join(path))?)))
        }
        other => Ok(StateSource::At(other)),
    }
}

/// Returns the workspace: that of the manifest, of `TF_WORKSPACE`, or of the file beside the one that names the backend.
fn workspace(pointer: &Path, state: &ManifestState, settings: &Settings) -> String {
    if let Some(workspace) = &state.workspace {
        return workspace.clone();
    }
    if let Some(workspace) = settings.environment.get("TF_WORKSPACE").filter(|name| !name.is_empty()) {
        return workspace.clone();
    }
    let chosen = std::fs::read_to_string(pointer.with_file_name("environment")).unwrap_or_default();
    let chosen = chosen.trim();
    if chosen.is_empty() { DEFAULT_WORKSPACE.to_owned() } else { chosen.to_owned() }
}

fn read_file(path: &Path) -> Result<Vec<u8>, LookupFailure> {
    let failed = |why: &dyn std::fmt::Display| {
        LookupFailure::new(format!("failed to read Terraform state `{}`: {why}", path.display()))
            .with_hint("check `path` under `lookups.tfstate` of the manifest".to_owned())
    };
    let metadata = std::fs::metadata(path).map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(failed(&"it is no regular file"));
    }
    if metadata.len() > LARGEST {
        return Err(failed(&"it is larger than 256 MiB"));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    Ok(bytes)
}

async fn read_object(
    object: &S3Object,
    context: &FetchContext<'_>,
    aws: Option<&Aws>,
) -> Result<Vec<u8>, LookupFailure> {
    let read = match (&object.region, &object.role, aws) {
        (None, None, Some(aws)) => aws.object(&object.bucket, &object.key).await,
        _ => read_elsewhere(object, context).await,
    };
    read.map_err(|failure| {
        let message =
            format!("failed to read `s3://{}/{}`: {}", object.bucket, object.key, failure.one_line());
        let hint = failure.hints.first().cloned();
        LookupFailure::new(message).with_hint(hint.or_else(|| Some(OBJECT_HINT.to_owned())))
    })
}

const OBJECT_HINT: &str =
    "check the bucket and the key, and that the credentials have `s3:GetObject` and `kms:Decrypt` on them";

/// Reads an object in the region and with the role that the state has of its own.
async fn read_elsewhere(object: &S3Object, context: &FetchContext<'_>) -> Result<Vec<u8>, Failure> {
    let role = object.role.as_deref().or(context.manifest.role.as_deref());
    let region = object.region.as_deref().or(context.manifest.region.as_deref());
    // A region that the state has precedes that of the command line.
    let own_region = object.region.as_ref().or(context.settings.region.as_ref()).cloned();
    let settings = Settings { region: own_region, ..context.settings.clone() };
    let aws = Aws::connect(&settings, region, role).await?;
    aws.object(&object.bucket, &object.key).await
}

/// Returns the answers of a state to addresses. Without its bytes there are none.
pub(super) fn answers(
    name: &str,
    addresses: &[&str],
    source: Option<&Result<StateSource, LookupFailure>>,
) -> Answers {
    let lookup = |address: &str| Lookup::State { state: name.to_owned(), address: address.to_owned() };
    let all_failed = |failure: &LookupFailure| {
        addresses.iter().map(|address| (lookup(address), Err(failure.clone()))).collect()
    };
    let bytes = match source {
        Some(Ok(StateSource::Read(bytes))) => bytes,
        Some(Err(failure)) => return all_failed(failure),
        Some(Ok(StateSource::At(_))) | None => return Vec::new(),
    };
    let state = match TerraformState::parse(bytes, addresses) {
        Ok(state) => state,
        Err(failure) => {
            let message = format!("Terraform state `{name}` cannot be used: {}", failure.message);
            return all_failed(&LookupFailure { message, ..failure });
        }
    };
    let answer = |address: &&str| {
        let found = state.value(address).map(|found| {
            if found.is_sensitive {
                keep_secret(&found.value);
            }
            found.value
        });
        (lookup(address), found)
    };
    addresses.iter().map(answer).collect()
}

/// Keeps the texts of a value as secrets.
fn keep_secret(value: &Value) {
    match value {
        Value::String(text) => add_known(text, KnownSource::Other),
        Value::Array(items) => items.iter().for_each(keep_secret),
        Value::Object(members) => members.values().for_each(keep_secret),
        _ => {}
    }
}
