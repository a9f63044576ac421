//! The reviews of the environments of a workflow run.

use serde_json::Value;

use super::access::Repository;
use super::request::ApiRequest;

/// One review: a person approved or rejected that a run deploys to environments. GitHub gives no time and no attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunApproval {
    /// `approved`, `rejected` or `pending`.
    pub state: String,
    pub user_id: u64,
    pub login: String,
    /// The names of the environments.
    pub environments: Vec<String>,
}

/// Returns the request for the reviews of a run; `None` if the id is no number.
pub fn approvals_request(repository: &Repository, run_id: &str) -> Option<ApiRequest> {
    let is_number = !run_id.is_empty() && run_id.bytes().all(|byte| byte.is_ascii_digit());
    let path = repository.path(&format!("actions/runs/{run_id}/approvals"));
    is_number.then(|| ApiRequest::get(path, "actions: read"))
}

/// Returns the reviews in an answer; `None` if it is not of the form that GitHub describes.
pub fn approvals(body: &Value) -> Option<Vec<RunApproval>> {
    body.as_array()?.iter().map(approval).collect()
}

fn approval(review: &Value) -> Option<RunApproval> {
    let environments = review["environments"].as_array()?.iter();
    let names = environments.map(|environment| environment["name"].as_str().map(str::to_owned));
    Some(RunApproval {
        state: review["state"].as_str()?.to_owned(),
        user_id: review["user"]["id"].as_u64()?,
        login: review["user"]["login"].as_str()?.to_owned(),
        environments: names.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reviews_are_read_with_their_environments() {
        let body = json!([{
            "state": "approved",
            "comment": "",
            "user": { "login": "bob", "id": 7, "type": "User" },
            "environments": [{ "id": 1, "name": "production" }],
        }]);
        let bob = RunApproval {
            state: "approved".to_owned(),
            user_id: 7,
            login: "bob".to_owned(),
            environments: vec!["production".to_owned()],
        };
        assert_eq!(approvals(&body), Some(vec![bob]));
        assert_eq!(approvals(&json!([])), Some(Vec::new()));
    }

    #[test]
    fn another_form_is_no_review() {
        assert_eq!(approvals(&json!({ "message": "x" })), None);
        assert_eq!(approvals(&json!([{ "state": "approved", "user": null, "environments": [] }])), None);
    }
}
