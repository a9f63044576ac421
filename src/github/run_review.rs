//! A workflow run with the reviews of its environments.

use serde_json::Value;

use super::access::Repository;
use super::request::ApiRequest;
use crate::approval::review::{ReviewedRun, RunReview};

const PERMISSION: &str = "actions: read";

/// Returns the requests for a run and for its reviews; `None` if the id is no number.
pub fn run_requests(repository: &Repository, run_id: &str) -> Option<[ApiRequest; 2]> {
    let is_number = !run_id.is_empty() && run_id.bytes().all(|byte| byte.is_ascii_digit());
    let paths = ["", "/approvals"].map(|part| repository.path(&format!("actions/runs/{run_id}{part}")));
    is_number.then(|| paths.map(|path| ApiRequest::get(path, PERMISSION)))
}

/// Returns the run of two answers; `None` if they are not of the form that GitHub describes.
pub fn reviewed_run(run: &Value, reviews: &Value) -> Option<ReviewedRun> {
    let actors = ["actor", "triggering_actor"].map(|name| run[name]["id"].as_u64());
    Some(ReviewedRun {
        attempt: run["run_attempt"].as_u64()?,
        actors: actors.into_iter().collect::<Option<_>>()?,
        reviews: reviews.as_array()?.iter().map(review).collect::<Option<_>>()?,
    })
}

fn review(review: &Value) -> Option<RunReview> {
    let environments = review["environments"].as_array()?.iter();
    let names = environments.map(|environment| environment["name"].as_str().map(str::to_owned));
    Some(RunReview {
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

    fn run() -> Value {
        json!({ "run_attempt": 1, "actor": { "id": 1 }, "triggering_actor": { "id": 2 } })
    }

    #[test]
    fn reviews_are_read_with_their_environments() {
        let body = json!([{
            "state": "approved",
            "comment": "",
            "user": { "login": "bob", "id": 7, "type": "User" },
            "environments": [{ "id": 1, "name": "production" }],
        }]);
        let bob = RunReview {
            state: "approved".to_owned(),
            user_id: 7,
            login: "bob".to_owned(),
            environments: vec!["production".to_owned()],
        };
        let read = |reviews: &Value| reviewed_run(&run(), reviews).map(|run| (run.actors, run.reviews));
        assert_eq!(read(&body), Some((vec![1, 2], vec![bob])));
        assert_eq!(read(&json!([])), Some((vec![1, 2], Vec::new())));
    }

    #[test]
    fn another_form_is_no_review() {
        assert_eq!(reviewed_run(&run(), &json!({ "message": "x" })), None);
        let unknown = json!([{ "state": "approved", "user": null, "environments": [] }]);
        assert_eq!(reviewed_run(&run(), &unknown), None);
        assert_eq!(reviewed_run(&json!({ "run_attempt": 1 }), &json!([])), None);
    }
}
