//! HTTP: signatures, errors, faults, the request log, the control endpoints.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::{authorization, post, send, sts, try_post};
use super::support::seeded_sandbox;
use crate::{Clock, Fault, FaultKind, Options, Sandbox, Scenario};

fn clusters(sandbox: &Sandbox) -> Option<(u16, Value)> {
    try_post(sandbox, "ecs", "ListClusters", &json!({})).map(|answer| (answer.status, answer.json()))
}

#[test]
fn answers_and_errors_have_the_shape_of_the_protocol() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let good = post(&sandbox, "ecs", "ListClusters", &json!({}));
    assert_eq!(good.status, 200);
    assert!(good.head.contains("content-type: application/x-amz-json-1.1"));
    assert!(good.head.contains("x-amzn-requestid: "));
    assert_eq!(good.json()["clusterArns"][0], "arn:aws:ecs:us-east-1:123456789012:cluster/shop");
    let bad = post(&sandbox, "ecs", "DescribeServices", &json!({ "services": ["a"] }));
    assert_eq!(bad.status, 400);
    assert_eq!(bad.json(), json!({ "__type": "ClusterNotFoundException", "message": "Cluster not found." }));
    let unknown = post(&sandbox, "ecs", "MakeCoffee", &json!({}));
    assert_eq!((unknown.status, unknown.json()), (400, json!({ "__type": "UnknownOperationException" })));
}

#[test]
fn unsigned_and_missigned_calls_are_refused() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let target = "x-amz-target: AmazonEC2ContainerServiceV20141113.ListClusters".to_owned();
    let code =
        |headers: &[String]| send(&sandbox, "POST /", headers, "{}").map(|a| a.json()["__type"].clone());
    assert_eq!(code(std::slice::from_ref(&target)), Some(json!("MissingAuthenticationTokenException")));
    let odd = "authorization: AWS4-HMAC-SHA256 Credential=x".to_owned();
    assert_eq!(code(&[target, odd]), Some(json!("IncompleteSignatureException")));
}

#[test]
fn each_region_has_its_own() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let headers = [
        "x-amz-target: AmazonEC2ContainerServiceV20141113.ListClusters".to_owned(),
        "x-amz-date: 20260101T000000Z".to_owned(),
        format!("authorization: {}", authorization("AKIDEXAMPLE", "eu-west-1", "ecs")),
    ];
    let answer = send(&sandbox, "POST /", &headers, "{}").expect("an answer");
    assert_eq!(answer.json(), json!({ "clusterArns": [] }));
}

#[test]
fn a_role_brings_its_account() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let form = "\
         Action=AssumeRole&Version=2011-06-15&RoleSessionName=ci&RoleArn=arn%3Aaws%3Aiam%3A%3A210987654321%3Arole%2Fdeploy";
    let assumed = sts(&sandbox, "AKIDEXAMPLE", form).body;
    let key =
        assumed.split("<AccessKeyId>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    let me = |key: &str| sts(&sandbox, key, "Action=GetCallerIdentity&Version=2011-06-15").body;
    assert!(me(key).contains("<Account>210987654321</Account>"));
    assert!(me(key).contains("<Arn>arn:aws:sts::210987654321:assumed-role/deploy/ci</Arn>"));
    assert!(me("AKIDEXAMPLE").contains("<Account>123456789012</Account>"));
    let bad = sts(&sandbox, "AKIDEXAMPLE", "Action=AssumeRole&RoleArn=x");
    assert_eq!(bad.status, 400);
    assert!(bad.body.contains("<Code>ValidationError</Code>"), "{}", bad.body);
}

#[test]
fn faults_are_injected_over_http() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let struck = |kind| {
        sandbox.inject(Fault::on("ListClusters", kind));
        let first = clusters(&sandbox);
        assert_eq!(clusters(&sandbox).map(|answer| answer.0), Some(200), "once only");
        first
    };
    let error =
        |status, code: &str, message: &str| Some((status, json!({ "__type": code, "message": message })));
    assert_eq!(struck(FaultKind::Throttling), error(400, "ThrottlingException", "Rate exceeded"));
    assert_eq!(struck(FaultKind::ServerError(503)).map(|answer| answer.0), Some(503));
    assert_eq!(
        struck(FaultKind::ExpiredToken).map(|a| a.1["__type"].clone()),
        Some(json!("ExpiredTokenException"))
    );
    let denied =
        struck(FaultKind::AccessDenied).map(|answer| answer.1["message"].clone()).unwrap_or_default();
    assert!(denied.as_str().is_some_and(|m| m.contains("is not authorized to perform: ecs:ListClusters")));
    assert_eq!(struck(FaultKind::Html500), Some((500, Value::Null)));
    let own = FaultKind::Code { status: 418, code: "Teapot".to_owned(), message: "short".to_owned() };
    assert_eq!(struck(own), error(418, "Teapot", "short"));
    assert_eq!(struck(FaultKind::DropBefore), None);
}

#[test]
fn a_drop_is_before_or_after_the_effect() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let create = |name: &str| try_post(&sandbox, "ecs", "CreateCluster", &json!({ "clusterName": name }));
    sandbox.inject(Fault::on("CreateCluster", FaultKind::DropBefore));
    assert!(create("early").is_none());
    sandbox.inject(Fault::on("CreateCluster", FaultKind::DropAfter));
    assert!(create("late").is_none());
    let names = clusters(&sandbox).unwrap_or_default().1.to_string();
    assert!(names.contains("cluster/late") && !names.contains("cluster/early"), "{names}");
}

#[test]
fn the_log_records_which_requests_overlapped() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.inject(Fault::on("ListClusters", FaultKind::Latency(Duration::from_millis(200))).always());
    std::thread::scope(|scope| {
        let both = [0, 1].map(|_| scope.spawn(|| clusters(&sandbox)));
        for thread in both {
            assert!(thread.join().is_ok());
        }
    });
    clusters(&sandbox);
    let log = sandbox.requests();
    assert_eq!(log.len(), 3);
    assert!(log[0].overlaps(&log[1]));
    assert!(!log[0].overlaps(&log[2]) && !log[2].overlaps(&log[1]));
    assert_eq!((log[0].operation.as_str(), log[0].status), ("ListClusters", Some(200)));
    assert_eq!((log[0].signing_region.as_str(), log[0].access_key.as_str()), ("us-east-1", "AKIDEXAMPLE"));
    assert_eq!(log[0].user_agent, "test/1");
    sandbox.clear_requests();
    assert!(sandbox.requests().is_empty());
}

#[test]
fn rates_are_limited_when_asked_for() {
    let sandbox = Sandbox::start(Options { rate_limits: true, clock: Clock::Held, ..Options::default() })
        .expect("starts");
    let ask =
        || post(&sandbox, "ecs", "DeleteTaskDefinitions", &json!({ "taskDefinitions": ["a:1"] })).status;
    let answers: Vec<u16> = (0..6).map(|_| ask()).collect();
    assert_eq!(answers, [200, 200, 200, 200, 200, 400]);
}

#[test]
fn the_control_plane_needs_no_signature() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let token = format!("authorization: Bearer {}", sandbox.token());
    let control = |line: &str, body: &str| {
        send(&sandbox, line, std::slice::from_ref(&token), body)
            .map(|a| (a.status, a.json()))
            .unwrap_or_default()
    };
    assert_eq!(control("GET /_sandbox/health", "").0, 200);
    let before = sandbox.now();
    control("POST /_sandbox/advance", r#"{"seconds": 30}"#);
    assert!((sandbox.now() - before - 30.0).abs() < 0.001);
    assert_eq!(control("POST /_sandbox/scenario", r#"{"scenario": "crash"}"#).0, 200);
    assert_eq!(control("POST /_sandbox/scenario", r#"{"scenario": "boom"}"#).0, 400);
    clusters(&sandbox);
    let fault = r#"{"operation": "ListClusters", "times": 1, "skip": 0, "kind": "AccessDenied"}"#;
    assert_eq!(control("POST /_sandbox/fault", fault).0, 200);
    assert_eq!(clusters(&sandbox).map(|(status, _)| status), Some(400));
    assert_eq!(control("POST /_sandbox/fault", r#"{"kind": "Boom"}"#).0, 400);
    let log = control("GET /_sandbox/requests", "").1;
    assert_eq!(log["requests"][0]["operation"], "ListClusters");
    assert_eq!(control("GET /_sandbox/nothing", "").0, 404);
    assert_eq!("crash".parse(), Ok(Scenario::Crash));
}
