//! GitHub deployments: what one is made of, how it is found again, and which state an outcome is.

use serde_json::{Value, json};

use super::access::Repository;
use super::request::{ApiMethod, ApiRequest, encoded};
use crate::outcome::Outcome;

const PERMISSION: &str = "deployments: write";
/// The most characters of a description (GitHub REST API, "Create a deployment status").
const MAX_DESCRIPTION: usize = 140;
/// The environment of an app without stages, as GitHub names it.
const DEFAULT_ENVIRONMENT: &str = "production";

/// A deployment that is to be recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewDeployment {
    /// The commit that is deployed.
    pub commit: String,
    pub environment: String,
    /// `deploy` or `rollback`.
    pub task: &'static str,
    pub description: String,
    /// By which the deployment is found again, if it is not known whether it was created.
    pub release: String,
    pub app: Option<String>,
    pub tag: Option<String>,
}

/// The state of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentState {
    InProgress,
    Success,
    /// The new version does not run.
    Failure,
    /// How it ended is not known.
    Error,
}

impl DeploymentState {
    /// Returns the state as GitHub names it.
    pub fn name(self) -> &'static str {
        match self {
            DeploymentState::InProgress => "in_progress",
            DeploymentState::Success => "success",
            DeploymentState::Failure => "failure",
            DeploymentState::Error => "error",
        }
    }

    /// Returns the state for an outcome.
    pub fn of(outcome: Outcome) -> DeploymentState {
        match outcome {
            Outcome::Succeeded | Outcome::Unchanged => DeploymentState::Success,
            Outcome::Failed | Outcome::RolledBack | Outcome::Skipped => DeploymentState::Failure,
            Outcome::Superseded | Outcome::TimedOut | Outcome::Interrupted | Outcome::InProgress => {
                DeploymentState::Error
            }
        }
    }
}

/// The status that a deployment gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStatus {
    pub state: DeploymentState,
    pub description: String,
    /// Where the app is reached.
    pub url: Option<String>,
    /// The address of the run.
    pub run_url: Option<String>,
}

/// Returns the environment of a stage.
pub fn environment(setting: Option<&str>, stage: Option<&str>) -> String {
    setting.or(stage).unwrap_or(DEFAULT_ENVIRONMENT).to_owned()
}

/// Returns the request that creates a deployment.
///
/// Without these two members GitHub would merge the default branch into the commit, or refuse it until all its checks are green.
pub fn create_request(repository: &Repository, new: &NewDeployment) -> ApiRequest {
    let body = json!({
        "ref": new.commit,
        "task": new.task,
        "auto_merge": false,
        "required_contexts": [],
        "environment": new.environment,
        "description": cut(&new.description),
        "payload": { "release": new.release, "app": new.app, "tag": new.tag },
    });
    ApiRequest::create(repository.path("deployments"), body, PERMISSION)
}

/// Returns the request for the deployments of the same commit, environment and task.
pub fn find_request(repository: &Repository, new: &NewDeployment) -> ApiRequest {
    let (environment, task) = (encoded(&new.environment), encoded(new.task));
    let query = format!("sha={}&environment={environment}&task={task}", encoded(&new.commit));
    ApiRequest::get(repository.path(&format!("deployments?{query}")), PERMISSION)
}

/// Returns the id of the deployment of a release among others.
pub fn find(release: &str, deployments: &[Value]) -> Option<u64> {
    let has_release = |deployment: &&Value| match &deployment["payload"] {
        // GitHub gives a payload back as it was sent, or as text.
        Value::String(text) => {
            serde_json::from_str::<Value>(text).is_ok_and(|payload| payload["release"] == release)
        }
        payload => payload["release"] == release,
    };
    deployments.iter().find(has_release)?["id"].as_u64()
}

/// Returns the request that gives a deployment a status.
pub fn status_request(repository: &Repository, deployment: u64, status: &NewStatus) -> ApiRequest {
    let mut body = json!({ "state": status.state.name(), "description": cut(&status.description) });
    for (name, value) in [("environment_url", &status.url), ("log_url", &status.run_url)] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    let path = repository.path(&format!("deployments/{deployment}/statuses"));
    ApiRequest::change(ApiMethod::Post, path, Some(body), PERMISSION)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_DESCRIPTION) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MAX_DESCRIPTION - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_a_state_of_github() {
        for (outcome, state) in [
            (Outcome::Succeeded, "success"),
            (Outcome::Unchanged, "success"),
            (Outcome::RolledBack, "failure"),
            (Outcome::Failed, "failure"),
            (Outcome::Skipped, "failure"),
            (Outcome::Interrupted, "error"),
            (Outcome::TimedOut, "error"),
            (Outcome::InProgress, "error"),
            (Outcome::Superseded, "error"),
        ] {
            assert_eq!(DeploymentState::of(outcome).name(), state);
        }
    }

    #[test]
    fn a_deployment_is_found_by_its_release() {
        let others = [
            json!({ "id": 1, "payload": "" }),
            json!({ "id": 2, "payload": { "release": "r1" } }),
            json!({ "id": 3, "payload": "{\"release\":\"r2\"}" }),
        ];
        assert_eq!(find("r1", &others), Some(2));
        assert_eq!(find("r2", &others), Some(3));
        assert_eq!(find("r3", &others), None);
    }

    #[test]
    fn nothing_is_merged_and_no_check_awaited() {
        let repository = Repository { owner: "octo".to_owned(), name: "shop".to_owned() };
        let new = NewDeployment { description: "é".repeat(200), ..NewDeployment::default() };
        let body = create_request(&repository, &new).body.expect("a body");
        assert_eq!(body["auto_merge"], false);
        assert_eq!(body["required_contexts"], json!([]));
        assert_eq!(body["description"].as_str().map(|text| text.chars().count()), Some(140));
    }
}
