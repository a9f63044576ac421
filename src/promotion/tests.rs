use serde_json::{Value, json};

use super::*;
use crate::aws::types::parse_view;
use crate::document::source::{SourceId, SourceSpan};

const REPOSITORY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app";

fn images(names: &[&str]) -> BTreeMap<String, ManifestImage> {
    let image = |name: &&str| {
        let repository = REPOSITORY.replace("app", name);
        let span = SourceSpan::new(SourceId::from_index(0), 0..0);
        let image =
            ManifestImage { reference: ImageReference::parse(&repository), containers: Vec::new(), span };
        ((*name).to_owned(), image)
    };
    names.iter().map(image).collect()
}

/// Returns a service that runs a version, completed.
fn source(key: &str, version: &str, digest: Option<&str>) -> SourceService {
    let service = json!({"serviceName": key, "status": "ACTIVE", "desiredCount": 2, "runningCount": 2,
        "taskDefinition": format!("task-definition/{key}:7"), "currentServiceRevisions": [{"arn": "rev/7"}],
        "deployments": [{"id": "ecs-svc/7", "status": "PRIMARY", "rolloutState": "COMPLETED",
            "taskDefinition": format!("task-definition/{key}:7")}]});
    let image = ContainerImage {
        container_name: "app".to_owned(),
        image: format!("{REPOSITORY}:{version}"),
        image_digest: digest.map(str::to_owned),
    };
    let current = past("SUCCESSFUL", 7, vec![image]);
    let tags = ImageTags { default: Some(version.to_owned()), ..ImageTags::default() };
    SourceService {
        key: key.to_owned(),
        service: parse_view(&service).expect("a service"),
        past: vec![current],
        tags,
        ..SourceService::default()
    }
}

fn past(status: &str, number: u32, images: Vec<ContainerImage>) -> PastDeployment {
    PastDeployment {
        status: status.to_owned(),
        revision: format!("task-definition/web:{number}"),
        service_revision_arn: format!("rev/{number}"),
        images,
        finished_at: 60.0,
        ..PastDeployment::default()
    }
}

fn with(source: SourceService, members: Value) -> SourceService {
    let mut service = serde_json::to_value(&source.service).expect("JSON");
    members.as_object().into_iter().flatten().for_each(|(name, value)| service[name] = value.clone());
    SourceService { service: parse_view(&service).expect("a service"), ..source }
}

#[test]
fn what_has_not_proven_itself_is_refused_with_its_reason() {
    let steady = || source("web", "v2", Some("sha256:a"));
    let after = |newest: PastDeployment| {
        let mut source = steady();
        source.past.insert(0, newest);
        source
    };
    let current = |status: &str| {
        let mut source = steady();
        source.past[0].status = status.to_owned();
        source
    };
    let open = json!({"deployments": [{"id": "ecs-svc/8", "status": "PRIMARY", "rolloutState": "IN_PROGRESS",
        "taskDefinition": "task-definition/web:8"}]});
    let forgotten = SourceService { past: Vec::new(), ..steady() };
    for (what, source, reason) in [
        ("settled", steady(), None),
        ("not in the history any more", forgotten, None),
        ("rolled back by ECS", after(past("ROLLBACK_SUCCESSFUL", 8, Vec::new())), None),
        ("in progress", with(steady(), open), Some("is still deploying web:8")),
        (
            "rolling back",
            after(past("ROLLBACK_IN_PROGRESS", 8, Vec::new())),
            Some("is still deploying web:8"),
        ),
        ("stopping", after(past("STOP_REQUESTED", 8, Vec::new())), Some("is still deploying web:8")),
        ("short", with(steady(), json!({"runningCount": 1})), Some("runs 1 of 2 tasks")),
        (
            "at zero",
            with(steady(), json!({"desiredCount": 0, "runningCount": 0})),
            Some("runs no tasks: it is scaled to 0"),
        ),
        ("draining", with(steady(), json!({"status": "DRAINING"})), Some("is being deleted")),
        (
            "stopped",
            current("STOPPED"),
            Some("runs web:7, whose deployment did not succeed: failed (stopped)"),
        ),
        (
            "rollback failed",
            current("ROLLBACK_FAILED"),
            Some("runs web:7, whose deployment did not succeed: failed (rollback failed)"),
        ),
    ] {
        assert_eq!(unsettled_reason(&source).as_deref(), reason, "{what}");
        let refused =
            promotion("staging", &images(&["app"]), std::slice::from_ref(&source), Unsettled::Refused);
        assert_eq!(refused.is_err(), reason.is_some(), "{what}");
        let allowed = promotion("staging", &images(&["app"]), &[source], Unsettled::Allowed).expect(what);
        assert_eq!(allowed.services[0].unsettled.as_deref(), reason, "{what}");
    }
}

#[test]
fn images_go_by_tag_and_digest_and_templates_see_the_tag() {
    let sources = [source("web", "v2", Some("sha256:a")), source("worker", "v2", Some("sha256:a"))];
    let found =
        promotion("staging", &images(&["app", "migrate"]), &sources, Unsettled::Refused).expect("settled");
    assert_eq!(found.tags.default.as_deref(), Some("v2"));
    assert_eq!(found.tags.by_image, [("app".to_owned(), "v2@sha256:a".to_owned())].into());
    assert_eq!(found.by_tag_only, ["migrate"]);
}

#[test]
fn different_versions_of_one_image_are_refused() {
    for (version, digest) in [("v3", "sha256:a"), ("v2", "sha256:b")] {
        let sources = [source("web", "v2", Some("sha256:a")), source("worker", version, Some(digest))];
        let refused =
            promotion("staging", &images(&["app"]), &sources, Unsettled::Refused).expect_err("refused");
        let message = format!(
            "stage `staging` runs different versions of image `app`: web runs `v2@sha256:a`; worker runs `{version}@{digest}`"
        );
        assert_eq!(refused.message, message);
    }
}

#[test]
fn digests_that_the_revision_lacks_are_those_of_the_tasks() {
    let container =
        |digest: &str| json!({"name": "app", "image": format!("{REPOSITORY}:v2"), "imageDigest": digest});
    let tasks = |digests: &[&str]| {
        let task = |digest: &&str| parse_view(&json!({"containers": [container(digest)]})).expect("a task");
        digests.iter().map(task).collect::<Vec<Task>>()
    };
    let read = |digests: &[&str]| {
        let source = SourceService { tasks: tasks(digests), ..source("web", "v2", None) };
        promotion("staging", &images(&["app"]), &[source], Unsettled::Refused)
    };
    assert_eq!(read(&["sha256:a", "sha256:a"]).expect("one").tags.by_image["app"], "v2@sha256:a");
    let two = read(&["sha256:a", "sha256:b"]).expect_err("the tag was moved between the starts of two tasks");
    assert!(two.message.contains("different versions of image `app`"), "{}", two.message);
}

#[test]
fn an_image_without_a_known_digest_goes_by_its_tag_only_if_that_is_allowed() {
    let read = |unsettled| promotion("staging", &images(&["app"]), &[source("web", "v2", None)], unsettled);
    let refused = read(Unsettled::Refused).expect_err("refused");
    let message = "the digest of image `app` that `web` runs in stage `staging` is not known";
    assert_eq!(refused.message, message);
    assert_eq!(read(Unsettled::Allowed).expect("allowed").tags.by_image["app"], "v2");
}
