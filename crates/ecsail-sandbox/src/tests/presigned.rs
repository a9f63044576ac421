//! Presigned requests to STS that are refused, the keys of approvals, and scans. Good signatures are a conformance test with boto3.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Clock, HttpRequest, HttpResponse, Options, Sandbox};

const KEY: &str = "AKIASANDBOXALICE0000";

fn sandbox() -> Sandbox {
    Sandbox::start(Options { clock: Clock::Poll(Duration::from_secs(5)), ..Options::default() })
        .expect("loopback is there")
}

/// Sends a request whose signature is that of nothing, `age` seconds after it was signed.
fn send(sandbox: &Sandbox, key: &str, age: i64) -> (u16, Value) {
    let signed = Timestamp::now().as_second() - age;
    let date = Timestamp::from_second(signed).expect("a time").strftime("%Y%m%dT%H%M%SZ").to_string();
    let query = format!(
        "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key}%2F{}%2F\
         us-east-1%2Fsts%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={}",
        &date[..8],
        "0f".repeat(32)
    );
    let headers = [("host", "sts.us-east-1.amazonaws.com"), ("accept", "application/json")];
    let request = HttpRequest {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        query,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: Vec::new(),
    };
    let HttpResponse { status, body, .. } = sandbox.respond(&request).expect("an answer");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

#[test]
fn forged_old_future_and_unknown_signatures_are_refused_in_the_words_of_sts() {
    let sandbox = sandbox();
    for (key, age, code, words) in [
        (KEY, 0, "SignatureDoesNotMatch", "The request signature we calculated does not match"),
        (KEY, 1000, "SignatureDoesNotMatch", "Signature expired: "),
        (KEY, -1000, "SignatureDoesNotMatch", "Signature not yet current: "),
        ("AKIAUNKNOWN", 0, "InvalidClientTokenId", "The security token included in the request is invalid."),
        ("ASIASANDBOXCI0000000", 0, "InvalidClientTokenId", "The security token included"),
    ] {
        let (status, body) = send(&sandbox, key, age);
        assert_eq!((status, &body["Error"]["Code"]), (403, &json!(code)), "{body}");
        assert!(body["Error"]["Message"].as_str().is_some_and(|text| text.starts_with(words)), "{body}");
    }
}

#[test]
fn an_approval_is_written_under_a_key_of_ones_own_only() {
    let sandbox = sandbox();
    let table = json!({ "TableName": "locks", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }] });
    sandbox.call("dynamodb", "CreateTable", table).expect("it is new");
    sandbox.call("dynamodb", "DescribeTable", json!({ "TableName": "locks" })).expect("it is there");
    let put = |id: &str| {
        let item = json!({ "TableName": "locks", "Item": { "id": { "S": id } } });
        sandbox.call("dynamodb", "PutItem", item).map_err(|error| error.code)
    };
    assert!(put("approval/user/AIDASANDBOXSANDBOX000/sandbox/shop").is_ok());
    for other in ["approval/user/AIDASANDBOXBOB0000000/bob/shop", "approval/sso/AIDASANDBOXSANDBOX000/shop"] {
        assert_eq!(put(other), Err("AccessDeniedException".to_owned()), "{other}");
    }
}

#[test]
fn a_scan_has_pages() {
    let sandbox = sandbox();
    let table = json!({ "TableName": "locks", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }] });
    sandbox.call("dynamodb", "CreateTable", table).expect("it is new");
    sandbox.call("dynamodb", "DescribeTable", json!({ "TableName": "locks" })).expect("it is there");
    for number in 10..40 {
        let item = json!({ "TableName": "locks", "Item": { "id": { "S": number.to_string() } } });
        sandbox.call("dynamodb", "PutItem", item).expect("it is put");
    }
    let first = sandbox.call("dynamodb", "Scan", json!({ "TableName": "locks" })).expect("a page");
    assert_eq!((&first["Count"], &first["LastEvaluatedKey"]["id"]["S"]), (&json!(25), &json!("34")));
    let rest = json!({ "TableName": "locks", "ExclusiveStartKey": first["LastEvaluatedKey"] });
    let rest = sandbox.call("dynamodb", "Scan", rest).expect("a page");
    assert_eq!((&rest["Count"], &rest["LastEvaluatedKey"]), (&json!(5), &Value::Null));
}
