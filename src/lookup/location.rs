//! Where a Terraform state is: in a file, in S3, or behind an HTTPS address; and the file in `.terraform` that names a backend.

use serde_json::Value;

use super::LookupFailure;
use crate::local_http::is_local_http;

/// The workspace that Terraform has without one.
pub const DEFAULT_WORKSPACE: &str = "default";

/// The prefix of the keys of other workspaces in S3, where the backend sets none.
const KEY_PREFIX: &str = "env:";

/// The place of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateLocation {
    /// A path, relative to the folder of the manifest or absolute.
    File(String),
    S3(S3Object),
    Https(String),
}

/// An object in S3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Object {
    pub bucket: String,
    pub key: String,
    /// `None` for the region of the run.
    pub region: Option<String>,
    /// The role to assume for the read, beside that of the manifest.
    pub role: Option<String>,
}

/// Returns the place that a URL names, with the state of a workspace.
///
/// # Errors
/// The scheme is not supported, or the URL names no object.
pub fn from_url(url: &str, workspace: &str) -> Result<StateLocation, LookupFailure> {
    if let Some(rest) = url.strip_prefix("s3://") {
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || key.is_empty() {
            let failure = LookupFailure::new(format!("`{url}` names no object in S3"));
            return Err(failure.with_hint("write `s3://BUCKET/KEY`".to_owned()));
        }
        let key = s3_key(key, KEY_PREFIX, workspace);
        return Ok(StateLocation::S3(S3Object { bucket: bucket.to_owned(), key, ..S3Object::default() }));
    }
    if let Some(path) = url.strip_prefix("file://") {
        return Ok(StateLocation::File(path_of_workspace(path, workspace)));
    }
    if url.starts_with("https://") || is_local_http(url) {
        return Ok(StateLocation::Https(url.to_owned()));
    }
    let scheme = url.split_once("://").map_or(url, |(scheme, _)| scheme);
    Err(not_supported(&format!("a Terraform state behind `{scheme}://`")))
}

fn not_supported(what: &str) -> LookupFailure {
    let hint =
        "write the state into a file before with `terraform state pull > FILE`, and name it with `path`";
    LookupFailure::new(format!("{what} cannot be read")).with_hint(hint.to_owned())
}

/// Returns the path of the state of a workspace, as Terraform's local backend keeps it.
pub fn path_of_workspace(path: &str, workspace: &str) -> String {
    if workspace == DEFAULT_WORKSPACE {
        return path.to_owned();
    }
    let (folder, file) = path.rsplit_once('/').map_or(("", path), |(folder, file)| (folder, file));
    let below = format!("terraform.tfstate.d/{workspace}/{file}");
    if folder.is_empty() { below } else { format!("{folder}/{below}") }
}

fn s3_key(key: &str, prefix: &str, workspace: &str) -> String {
    if workspace == DEFAULT_WORKSPACE { key.to_owned() } else { format!("{prefix}/{workspace}/{key}") }
}

/// Returns the backend that a file names in place of a state; `None` for a state itself.
pub fn backend_of(file: &Value) -> Option<&Value> {
    let backend = file.get("backend")?;
    backend["type"].is_string().then_some(backend)
}

/// Returns where a backend keeps the state of a workspace. `folder` is that in which `terraform` runs.
///
/// # Errors
/// A kind of backend that cannot be read, or one without a place.
pub fn of_backend(backend: &Value, folder: &str, workspace: &str) -> Result<StateLocation, LookupFailure> {
    let config = &backend["config"];
    let text = |name: &str| config[name].as_str().filter(|text| !text.is_empty());
    let required = |name: &str| {
        text(name).ok_or_else(|| LookupFailure::new(format!("the Terraform backend has no `{name}`")))
    };
    match backend["type"].as_str().unwrap_or_default() {
        "s3" => {
            let prefix = text("workspace_key_prefix").unwrap_or(KEY_PREFIX);
            let role = text("role_arn").or_else(|| role_of(&config["assume_role"]));
            Ok(StateLocation::S3(S3Object {
                bucket: required("bucket")?.to_owned(),
                key: s3_key(required("key")?, prefix, workspace),
                region: text("region").map(str::to_owned),
                role: role.map(str::to_owned),
            }))
        }
        "http" => from_url(required("address")?, DEFAULT_WORKSPACE),
        "local" => {
            let path = path_of_workspace(text("path").unwrap_or("terraform.tfstate"), workspace);
            let is_whole = path.starts_with('/') || folder.is_empty();
            Ok(StateLocation::File(if is_whole { path } else { format!("{folder}/{path}") }))
        }
        other => Err(not_supported(&format!("a Terraform state in a `{other}` backend"))),
    }
}

/// Returns the role of `assume_role`, which Terraform keeps as a mapping, or as a list of one.
fn role_of(assume_role: &Value) -> Option<&str> {
    let block = assume_role.get(0).unwrap_or(assume_role);
    block["role_arn"].as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(bucket: &str, key: &str) -> S3Object {
        S3Object { bucket: bucket.to_owned(), key: key.to_owned(), ..S3Object::default() }
    }

    #[test]
    fn a_url_names_a_place() {
        for (url, workspace, expected) in [
            ("s3://b/a/t.tfstate", "default", StateLocation::S3(object("b", "a/t.tfstate"))),
            ("s3://b/t.tfstate", "blue", StateLocation::S3(object("b", "env:/blue/t.tfstate"))),
            ("https://e.com/s", "blue", StateLocation::Https("https://e.com/s".to_owned())),
            ("file:///a/t", "blue", StateLocation::File("/a/terraform.tfstate.d/blue/t".to_owned())),
        ] {
            assert_eq!(from_url(url, workspace), Ok(expected), "{url}");
        }
        for url in ["s3://b", "gs://b/k", "azurerm://a/b/c/d", "remote://h/o/w", "http://e.com/s"] {
            assert!(from_url(url, "default").is_err(), "{url}");
        }
    }

    #[test]
    fn the_file_in_dot_terraform_names_a_backend() {
        let s3 = json!({ "version": 3, "backend": { "type": "s3", "config": {
            "bucket": "b", "key": "k", "region": "eu-west-1", "role_arn": null,
            "assume_role": [{ "role_arn": "arn:aws:iam::1:role/r" }], "workspace_key_prefix": "w" } } });
        let backend = backend_of(&s3).expect("a backend");
        let expected = S3Object {
            region: Some("eu-west-1".to_owned()),
            role: Some("arn:aws:iam::1:role/r".to_owned()),
            ..object("b", "w/blue/k")
        };
        assert_eq!(of_backend(backend, "infra", "blue"), Ok(StateLocation::S3(expected)));
        let local = json!({ "type": "local", "config": { "path": null } });
        let expected = StateLocation::File("infra/terraform.tfstate".to_owned());
        assert_eq!(of_backend(&local, "infra", "default"), Ok(expected));
        let gcs = of_backend(&json!({ "type": "gcs", "config": {} }), "", "default").expect_err("gcs");
        assert_eq!(gcs.message, "a Terraform state in a `gcs` backend cannot be read");
        assert_eq!(backend_of(&json!({ "version": 4, "resources": [] })), None);
    }
}
