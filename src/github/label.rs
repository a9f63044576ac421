//! The labels of a pull request that say whether its plans change something.

use serde_json::{Value, json};

use super::access::Repository;
use super::request::{ApiMethod, ApiRequest, encoded};

const PERMISSION: &str = "pull-requests: write";

/// A label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanLabel {
    pub name: &'static str,
    color: &'static str,
    description: &'static str,
}

const CHANGES: PlanLabel = PlanLabel {
    name: "ecsail: changes",
    color: "d4a72c",
    description: "A deploy of this pull request changes something",
};
const NO_CHANGES: PlanLabel = PlanLabel {
    name: "ecsail: no changes",
    color: "8c959f",
    description: "A deploy of this pull request changes nothing",
};

/// What has to be done to a pull request's labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelChange {
    pub added: Option<PlanLabel>,
    pub removed: Option<PlanLabel>,
}

/// Returns what has to be done to these labels.
pub fn label_change(has_changes: bool, labels: &[Value]) -> LabelChange {
    let (wanted, other) = if has_changes { (CHANGES, NO_CHANGES) } else { (NO_CHANGES, CHANGES) };
    // GitHub takes names that differ in capitals as one.
    let has = |label: &PlanLabel| {
        labels
            .iter()
            .any(|known| known["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(label.name)))
    };
    LabelChange { added: Some(wanted).filter(|label| !has(label)), removed: Some(other).filter(has) }
}

/// Returns the request for the labels of a pull request.
pub fn list_request(repository: &Repository, pull: u64) -> ApiRequest {
    ApiRequest::get(repository.path(&format!("issues/{pull}/labels")), PERMISSION)
}

/// Returns the request that creates a label in the repository, refused with 422 if it exists.
pub fn create_request(repository: &Repository, label: PlanLabel) -> ApiRequest {
    let body = json!({ "name": label.name, "color": label.color, "description": label.description });
    ApiRequest::change(ApiMethod::Post, repository.path("labels"), Some(body), PERMISSION)
}

/// Returns the request that adds a label to a pull request.
pub fn add_request(repository: &Repository, pull: u64, label: PlanLabel) -> ApiRequest {
    let body = json!({ "labels": [label.name] });
    let path = repository.path(&format!("issues/{pull}/labels"));
    ApiRequest::change(ApiMethod::Post, path, Some(body), PERMISSION)
}

/// Returns the request that removes a label from a pull request.
pub fn remove_request(repository: &Repository, pull: u64, label: PlanLabel) -> ApiRequest {
    let path = repository.path(&format!("issues/{pull}/labels/{}", encoded(label.name)));
    ApiRequest::change(ApiMethod::Delete, path, None, PERMISSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_two_labels_stays() {
        let labels = [json!({ "name": "bug" }), json!({ "name": "Ecsail: No Changes" })];
        let change = label_change(true, &labels);
        assert_eq!(change, LabelChange { added: Some(CHANGES), removed: Some(NO_CHANGES) });
        assert_eq!(label_change(false, &labels), LabelChange { added: None, removed: None });
        assert_eq!(label_change(false, &[]), LabelChange { added: Some(NO_CHANGES), removed: None });
    }
}
