//! Tests of single operations of ECS, ECR and STS.

use serde_json::{Value, json};

use super::support::{definition, seeded_sandbox, text};
use crate::{Clock, Sandbox, Scenario};

/// Registers `web` with a change and returns the error.
fn refused(sandbox: &Sandbox, change: impl Fn(&mut Value)) -> (String, String) {
    let mut input = definition("v1");
    change(&mut input);
    sandbox.ecs_error("RegisterTaskDefinition", input)
}

#[test]
fn a_definition_is_kept_and_filled_in() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let mut input = definition("v9");
    input["containerDefinitions"][0]["fieldOfTomorrow"] = json!({ "a": [1, 2] });
    input["tags"] = json!([{ "key": "team", "value": "shop" }]);
    sandbox.ecs("RegisterTaskDefinition", input);
    let plain = sandbox.ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" }));
    let container = &plain["taskDefinition"]["containerDefinitions"][0];
    assert_eq!(container["fieldOfTomorrow"], json!({ "a": [1, 2] }));
    for (field, value) in [
        ("cpu", json!(0)),
        ("essential", json!(true)),
        ("environment", json!([])),
        ("volumesFrom", json!([])),
    ] {
        assert_eq!(container[field], value, "{field}");
    }
    assert_eq!(
        container["portMappings"][0],
        json!({ "containerPort": 8080, "hostPort": 8080, "protocol": "tcp" })
    );
    assert_eq!(plain["taskDefinition"]["revision"], 2);
    assert_eq!(plain["taskDefinition"]["status"], "ACTIVE");
    assert!(plain["tags"].is_null(), "tags only when asked for");
    let tagged =
        sandbox.ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web:2", "include": ["TAGS"] }));
    assert_eq!(tagged["tags"][0]["value"], "shop");
}

#[test]
fn definitions_are_refused_with_the_messages_of_ecs() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let message = |change: &dyn Fn(&mut Value)| refused(&sandbox, change).1;
    let untagged = refused(&sandbox, |d| d["tags"] = json!([]));
    assert_eq!(untagged, ("ClientException".to_owned(), "Tags can not be empty.".to_owned()));
    assert_eq!(
        message(&|d| d["containerDefinitions"][0]["image"] = json!("")),
        "Container.image should not be null or empty."
    );
    assert!(
        message(&|d| d["memory"] = json!("4096"))
            .starts_with("No Fargate configuration exists for given values: 256 CPU, 4096 memory")
    );
    assert!(
        message(&|d| d["networkMode"] = json!("bridge")).starts_with("Fargate only supports network mode")
    );
    assert!(message(&|d| d["family"] = json!("no spaces")).starts_with("Family contains invalid"));
    assert_eq!(message(&|d| d["containerDefinitions"] = json!([])), "Container list cannot be empty.");
    assert!(message(&|d| d["pidMode"] = json!("hots")).contains("pidMode"));
    let twice = |d: &mut Value| {
        let one = d["containerDefinitions"][0].clone();
        d["containerDefinitions"] = json!([one, one]);
    };
    assert!(message(&twice).contains("unique"));
    let many: Vec<Value> = (0..51).map(|n| json!({ "key": format!("k{n}"), "value": "v" })).collect();
    assert_eq!(refused(&sandbox, |d| d["tags"] = json!(many)).0, "InvalidParameterException");
    let number = refused(&sandbox, |d| d["cpu"] = json!(256));
    assert_eq!(
        number,
        ("SerializationException".to_owned(), "NUMBER_VALUE can not be converted to a String".to_owned())
    );
    let listed = sandbox.ecs("ListTaskDefinitions", json!({ "familyPrefix": "web" }));
    assert_eq!(
        listed["taskDefinitionArns"].as_array().map(Vec::len),
        Some(1),
        "nothing refused is left behind"
    );
}

#[test]
fn missing_resources_are_reported() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let answer = sandbox.ecs("DescribeServices", json!({ "cluster": "shop", "services": ["web", "nope"] }));
    assert_eq!(answer["services"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    assert_eq!(answer["failures"][0]["arn"], "arn:aws:ecs:us-east-1:123456789012:service/shop/nope");
    let error = |operation, input| sandbox.ecs_error(operation, input);
    let pair = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    assert_eq!(
        error("DescribeServices", json!({ "services": ["web"] })),
        pair("ClusterNotFoundException", "Cluster not found.")
    );
    assert_eq!(
        error("UpdateService", json!({ "cluster": "shop", "service": "nope" })),
        pair("ServiceNotFoundException", "Service not found.")
    );
    assert_eq!(
        error("DescribeTaskDefinition", json!({ "taskDefinition": "nope" })),
        pair("ClientException", "Unable to describe task definition.")
    );
    let eleven: Vec<String> = (0..11).map(|n| format!("s{n}")).collect();
    assert_eq!(
        error("DescribeServices", json!({ "cluster": "shop", "services": eleven })).0,
        "InvalidParameterException"
    );
    assert_eq!(error("MakeCoffee", json!({})).0, "UnknownOperationException");
    let unknown = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:9";
    let answer = sandbox.ecs("DeleteTaskDefinitions", json!({ "taskDefinitions": [unknown] }));
    assert_eq!(answer["failures"][0]["arn"], unknown);
}

#[test]
fn images_are_found_by_tag_and_digest() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let ecr = |operation: &str, input: Value| sandbox.call("ecr", operation, input);
    let by_tag = json!({ "repositoryName": "shop/app", "imageIds": [{ "imageTag": "v1" }] });
    let found = ecr("DescribeImages", by_tag).expect("pushed");
    let digest = &found["imageDetails"][0]["imageDigest"];
    let by_digest = json!({ "repositoryName": "shop/app", "imageIds": [{ "imageDigest": digest }] });
    assert_eq!(ecr("DescribeImages", by_digest).expect("pushed")["imageDetails"], found["imageDetails"]);
    let missing = json!({ "repositoryName": "shop/app", "imageIds": [{ "imageTag": "x" }] });
    let error = ecr("DescribeImages", missing.clone()).expect_err("never pushed");
    assert_eq!(error.code, "ImageNotFoundException");
    assert_eq!(
        error.message,
        "The image with imageId {imageDigest:'null', imageTag:'x'} does not exist within the repository with \
         name 'shop/app' in the registry with id '123456789012'"
    );
    let batch = ecr("BatchGetImage", missing).expect("failures are in the answer");
    assert_eq!(batch["failures"][0]["failureCode"], "ImageNotFound");
    let nowhere = ecr("DescribeImages", json!({ "repositoryName": "nope" })).expect_err("no such repository");
    assert_eq!(nowhere.code, "RepositoryNotFoundException");
    let revision = sandbox.entry()["targetServiceRevision"]["arn"].clone();
    let seeded = sandbox.ecs("DescribeServiceRevisions", json!({ "serviceRevisionArns": [revision] }));
    assert_eq!(&seeded["serviceRevisions"][0]["containerImages"][0]["imageDigest"], digest);
}

#[test]
fn an_image_is_in_its_cache_after_the_first_task() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let ecr = |operation: &str, input: Value| sandbox.call("ecr", operation, input);
    let rule = json!({ "ecrRepositoryPrefix": "docker-hub", "upstreamRegistryUrl": "registry-1.docker.io" });
    let made = ecr("CreatePullThroughCacheRule", rule.clone()).expect("a new rule");
    assert_eq!(made["upstreamRegistry"], "docker-hub");
    let twice = ecr("CreatePullThroughCacheRule", rule).expect_err("it exists");
    assert_eq!(twice.code, "PullThroughCacheRuleAlreadyExistsException");
    let image = json!({ "repositoryName": "docker-hub/nginx", "imageIds": [{ "imageTag": "1.27" }] });
    let before = ecr("DescribeImages", image.clone()).expect_err("nothing was pulled");
    assert_eq!(before.code, "RepositoryNotFoundException");
    let mut input = definition("v1");
    input["containerDefinitions"][0]["image"] =
        json!("123456789012.dkr-ecr.us-east-1.on.aws/docker-hub/nginx:1.27");
    sandbox.ecs("RegisterTaskDefinition", input);
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let run = json!({ "cluster": "shop", "taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": network });
    sandbox.ecs("RunTask", run);
    assert!(ecr("DescribeImages", image).is_ok(), "the pull has cached it");
}

#[test]
fn a_registry_of_another_account_has_its_own_repositories() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let input = json!({ "registryId": "210987654321", "repositoryName": "shop/app" });
    let error = sandbox.call("ecr", "DescribeImages", input).expect_err("it is in the own registry");
    assert!(error.message.ends_with("in the registry with id '210987654321'"), "{}", error.message);
}

#[test]
fn tokens_make_calls_idempotent() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let mut input = json!({
    "cluster": "shop", "taskDefinition": "web", "launchType": "FARGATE",
           "networkConfiguration": network, "clientToken": "t-1",
       });
    let first = sandbox.ecs("RunTask", input.clone());
    let again = sandbox.ecs("RunTask", input.clone());
    assert_eq!(first["tasks"][0]["taskArn"], again["tasks"][0]["taskArn"]);
    input["count"] = json!(2);
    assert_eq!(sandbox.ecs_error("RunTask", input.clone()).0, "ConflictException");
    let service = json!({ "cluster": "shop", "serviceName": "api", "taskDefinition": "web",
        "networkConfiguration": network, "clientToken": "t-2",
    });
    let first = sandbox.ecs("CreateService", service.clone());
    let again = sandbox.ecs("CreateService", service.clone());
    assert_eq!(first["service"]["serviceArn"], again["service"]["serviceArn"]);
    let mut other = service;
    other["clientToken"] = json!("t-3");
    assert_eq!(sandbox.ecs_error("CreateService", other).1, "Creation of service was not idempotent.");
}

#[test]
fn a_task_of_its_own_works_and_ends() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let run = |scenario| {
        sandbox.set_scenario(Some("web"), scenario);
        let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
        let input = json!({
            "cluster": "shop", "taskDefinition": "web", "launchType": "FARGATE",
            "networkConfiguration": network,
        });
        let arn = sandbox.ecs("RunTask", input)["tasks"][0]["taskArn"].clone();
        let task = |s: &Sandbox| {
            s.ecs("DescribeTasks", json!({ "cluster": "shop", "tasks": [arn] }))["tasks"][0].clone()
        };
        sandbox.until(120, |s| task(s)["lastStatus"] == "STOPPED");
        task(&sandbox)["containers"][0]["exitCode"].clone()
    };
    assert_eq!(run(Scenario::Steady), json!(0));
    assert_eq!(run(Scenario::Crash), json!(1));
    assert_eq!(run(Scenario::Oom), json!(137));
    assert_eq!(run(Scenario::NoImage), Value::Null);
}

#[test]
fn tasks_that_cannot_be_placed_are_failures_of_a_successful_call() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let input = json!({ "cluster": "shop", "taskDefinition": "web", "launchType": "FARGATE", "count": 3,
        "networkConfiguration": network, "clientToken": "t-1" });
    sandbox.set_scenario(None, Scenario::Scarce);
    let answer = sandbox.ecs("RunTask", input.clone());
    let counts = [&answer["tasks"], &answer["failures"]].map(|list| list.as_array().map_or(0, Vec::len));
    assert_eq!((counts, &answer["failures"][0]["reason"]), ([1, 2], &json!("RESOURCE:MEMORY")));
    assert_eq!(sandbox.ecs("RunTask", input.clone())["failures"], answer["failures"], "the token keeps them");
    sandbox.set_scenario(None, Scenario::Placement);
    let mut other = input;
    other["clientToken"] = json!("t-2");
    assert_eq!(sandbox.ecs("RunTask", other)["tasks"], json!([]));
}

#[test]
fn scenarios_may_deny_calls() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.set_scenario(None, Scenario::NoDeploymentsApi);
    let (code, message) =
        sandbox.ecs_error("ListServiceDeployments", json!({ "cluster": "shop", "service": "web" }));
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message
            .contains("is not authorized to perform: ecs:ListServiceDeployments on resource: arn:aws:ecs:")
    );
    sandbox.set_scenario(None, Scenario::NoTagging);
    let mut tagged = definition("v2");
    tagged["tags"] = json!([{ "key": "a", "value": "b" }]);
    assert!(sandbox.ecs_error("RegisterTaskDefinition", tagged).1.contains("ecs:TagResource"));
    sandbox.ecs("RegisterTaskDefinition", definition("v2"));
}

#[test]
fn tags_are_kept_apart() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let arn = text(&sandbox.web()["serviceArn"]);
    sandbox.ecs(
        "TagResource",
        json!({ "resourceArn": arn, "tags": [{ "key": "a", "value": "1" }, { "key": "b", "value": "2" }] }),
    );
    sandbox.ecs("TagResource", json!({ "resourceArn": arn, "tags": [{ "key": "a", "value": "3" }] }));
    sandbox.ecs("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["b"] }));
    let tags = sandbox.ecs("ListTagsForResource", json!({ "resourceArn": arn }));
    assert_eq!(tags, json!({ "tags": [{ "key": "a", "value": "3" }] }));
    assert!(sandbox.web()["tags"].is_null());
}

#[test]
fn a_poll_moves_time_and_nothing_else_does() {
    let sandbox = seeded_sandbox(Clock::Poll(std::time::Duration::from_secs(10)), json!({}));
    let start = sandbox.now();
    sandbox.deploy("v2", Scenario::Steady);
    let describe = json!({ "cluster": "shop", "services": ["web"] });
    assert!((sandbox.now() - start).abs() < 0.001, "`call` moves no time");
    for _ in 0..8 {
        super::http::post(&sandbox, "ecs", "DescribeServices", &describe);
        super::http::post(&sandbox, "ecs", "ListServices", &json!({ "cluster": "shop" }));
    }
    assert!((sandbox.now() - start - 80.0).abs() < 0.001);
    assert!(super::support::is_completed(&sandbox));
}
