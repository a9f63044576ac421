//! A minimal HTTP client.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::Sandbox;

/// A response: status, head and body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// Returns the body as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Returns an `Authorization` header for this region and service, well formed, with a wrong signature.
pub(super) fn authorization(key: &str, region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={}",
        "0f".repeat(32)
    )
}

/// Returns the text of a request with these header lines, to a loopback name.
pub(super) fn request(line: &str, headers: &[String], body: &str) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let host = if headers.contains("host: ") { "" } else { "host: localhost\r\n" };
    let length = body.len();
    format!("{line} HTTP/1.1\r\n{host}connection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// Opens a connection to the sandbox.
pub(super) fn connect(sandbox: &Sandbox) -> TcpStream {
    TcpStream::connect(("127.0.0.1", sandbox.port())).expect("the sandbox listens")
}

/// Reads the answer of a connection to its end; none when it is closed without one.
pub(super) fn answer(mut stream: TcpStream) -> Option<Answer> {
    let mut text = String::new();
    // A connection that a fault closes may be reset, which is no answer either.
    let _ = stream.read_to_string(&mut text);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// Sends a request with these header lines; none when the connection is closed without an answer.
pub(super) fn send(sandbox: &Sandbox, line: &str, headers: &[String], body: &str) -> Option<Answer> {
    let mut stream = connect(sandbox);
    stream.write_all(request(line, headers, body).as_bytes()).expect("it reads");
    answer(stream)
}

/// Calls an operation over HTTP, signed for us-east-1; none when the connection is closed.
pub(super) fn try_post(sandbox: &Sandbox, service: &str, operation: &str, input: &Value) -> Option<Answer> {
    let prefix = match service {
        "ecs" => "AmazonEC2ContainerServiceV20141113",
        "logs" => "Logs_20140328",
        "events" => "AWSEvents",
        "application-autoscaling" => "AnyScaleFrontendService",
        _ => "AmazonEC2ContainerRegistry_V20150921",
    };
    let headers = [
        format!("x-amz-target: {prefix}.{operation}"),
        "content-type: application/x-amz-json-1.1".to_owned(),
        "x-amz-date: 20260101T000000Z".to_owned(),
        "user-agent: test/1".to_owned(),
        format!("authorization: {}", authorization("AKIDEXAMPLE", "us-east-1", service)),
    ];
    send(sandbox, "POST /", &headers, &input.to_string())
}

/// Calls an operation over HTTP that must be answered.
pub(super) fn post(sandbox: &Sandbox, service: &str, operation: &str, input: &Value) -> Answer {
    try_post(sandbox, service, operation, input).expect("an answer")
}

/// Calls an STS operation over HTTP with this access key.
pub(super) fn sts(sandbox: &Sandbox, key: &str, body: &str) -> Answer {
    form(sandbox, key, "sts", body)
}

/// Calls an operation of the query protocol over HTTP with this access key.
pub(super) fn form(sandbox: &Sandbox, key: &str, service: &str, body: &str) -> Answer {
    let headers = [
        "content-type: application/x-www-form-urlencoded".to_owned(),
        "x-amz-date: 20260101T000000Z".to_owned(),
        format!("authorization: {}", authorization(key, "us-east-1", service)),
    ];
    send(sandbox, "POST /", &headers, body).expect("an answer")
}
