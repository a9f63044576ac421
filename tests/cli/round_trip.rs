//! Checks that a definition that is registered and described again is unchanged.
//!
//! The files are those of `tests/fixtures/definitions`; `ECSAIL_DEFINITIONS` names another folder.

use std::path::{Path, PathBuf};

use ecsail::aws::Aws;
use ecsail::document::model::Root;
use ecsail::document::normal::normal;
use ecsail::document::problem::Problems;
use ecsail::manifest::load;
use ecsail::plan::diff::diff;
use ecsail::render;
use ecsail::settings::{Settings, Tags};
use ecsail_sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::support::python::Server;

fn files() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/definitions");
    let folder = std::env::var_os("ECSAIL_DEFINITIONS").map_or(own, PathBuf::from);
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no files", folder.display());
    files
}

/// Returns the valid task definitions among the files.
fn definitions() -> Vec<(String, Value)> {
    let read = |path: PathBuf| {
        let (name, manifest) = load::definition(&Settings::default(), &path, &Tags::default()).ok()?;
        let mut problems = Problems::default();
        let (root, document) = render::definition_file(&name, &manifest, &mut problems)?;
        let file = path.file_name()?.to_string_lossy().into_owned();
        (root == Root::TaskDefinition && !problems.any_error()).then_some((file, document))
    };
    let found: Vec<_> = files().into_iter().filter_map(read).collect();
    assert!(!found.is_empty(), "some are accepted");
    found
}

/// Returns the differences of each file after it was registered at an endpoint and described again.
fn losses(endpoint: &str) -> Vec<String> {
    let settings = Settings {
        endpoint_url: Some(endpoint.to_owned()),
        region: Some("us-east-1".to_owned()),
        // Any credentials work, and those of the user must not be used.
        sandbox: Some("steady".to_owned()),
        ..Settings::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let aws = Aws::connect(&settings, None, None).await.expect("the settings are whole");
        let mut losses = Vec::new();
        for (file, document) in definitions() {
            match aws.register(&document).await {
                Err(error) => losses.push(format!("{file}: not registered: {error}")),
                Ok(registered) => {
                    let described =
                        aws.task_definition(&registered.arn).await.expect("described").expect("there");
                    let normal = |document: &Value| normal(document, Root::TaskDefinition);
                    let changes =
                        diff(&normal(&document), &normal(&described.document), Root::TaskDefinition.shape());
                    losses.extend(changes.into_iter().map(|change| format!("{file}: {}", change.path)));
                }
            }
        }
        losses
    })
}

#[test]
fn the_sandbox_loses_nothing() {
    let sandbox = Sandbox::start(Options::default()).expect("the sandbox starts");
    assert_eq!(losses(&sandbox.url()), [""; 0]);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_loses_only_what_is_known_of_it() {
    let (server, _docker) = Server::ministack();
    let unknown: Vec<_> =
        losses(&server.url()).into_iter().filter(|loss| !loss.ends_with("enableFaultInjection")).collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_loses_only_what_is_known_of_it() {
    let server = Server::moto();
    let unknown: Vec<_> =
        losses(&server.url()).into_iter().filter(|loss| !loss.ends_with("enableFaultInjection")).collect();
    assert_eq!(unknown, [""; 0]);
}
