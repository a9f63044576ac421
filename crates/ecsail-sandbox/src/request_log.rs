//! The log of the latest requests, with the order in which they started and ended. Holds no value of an environment variable
//! or a secret.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Value, json};

use crate::authorization::AuthorizationCheck;
use crate::hidden_values;

/// The most requests that are kept, and the most bytes of their bodies. The oldest go first.
const MAX_REQUESTS: usize = 10_000;
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The largest body that is kept. The largest document of ECS, a task definition, has 64 KiB.
const MAX_BODY: usize = 256 * 1024;
/// The longest header that is kept.
const MAX_HEADER: usize = 512;

/// A request that the sandbox received.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Request {
    /// The position of the request's start among the starts and ends of all requests.
    pub start_seq: u64,
    /// The position of its end; none while it is being answered. Two requests overlapped when each started
    /// before the other ended.
    pub end_seq: Option<u64>,
    /// The service, such as `ecs`; empty where the request named none.
    pub service: String,
    /// The operation, such as `UpdateService`.
    pub operation: String,
    /// The input as sent, without the values of environment variables and secrets; of a very long one only
    /// `{"bytes": LENGTH}`.
    pub body: Value,
    /// What AWS checks for the call. Empty where the signature is missing or malformed.
    pub checks: Vec<AuthorizationCheck>,
    /// The HTTP status of the response; none where the connection was closed without one.
    pub status: Option<u16>,
    /// The error code of the response.
    pub error: Option<String>,
    /// The simulated time of the response, in seconds since 1970.
    pub sim_time: f64,
    /// The `Host` header.
    pub host: String,
    /// The access key in the signature.
    pub access_key: String,
    /// The region that the signature is for.
    pub signing_region: String,
    /// The service that the signature is for.
    pub signing_service: String,
    /// The `User-Agent` header.
    pub user_agent: String,
}

impl Request {
    /// Returns whether its operation changes something.
    pub fn is_change(&self) -> bool {
        is_change(&self.operation)
    }

    /// Returns whether the two requests were in progress at the same time.
    pub fn overlaps(&self, other: &Request) -> bool {
        let ends_after = |a: &Request, start: u64| a.end_seq.is_none_or(|end| end > start);
        ends_after(self, other.start_seq) && ends_after(other, self.start_seq)
    }
}

/// Returns whether an operation changes something, by its name.
pub(crate) fn is_change(operation: &str) -> bool {
    const READS: &[&str] =
        &["AssumeRole", "BatchCheck", "BatchGet", "Decrypt", "Describe", "Encrypt", "Filter", "Get", "List"];
    !READS.iter().any(|verb| operation.starts_with(verb))
}

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    sequence: u64,
    requests: VecDeque<LoggedRequest>,
    /// The bytes of all bodies that are kept.
    bytes: usize,
}

/// A request, and the length of its body.
#[derive(Debug)]
struct LoggedRequest {
    request: Request,
    bytes: usize,
}

impl RequestLog {
    /// Adds a request and returns its `start_seq`.
    pub(crate) fn start(&mut self, mut request: Request) -> u64 {
        self.sequence += 1;
        request.start_seq = self.sequence;
        for header in [&mut request.host, &mut request.user_agent] {
            header.truncate(header.floor_char_boundary(MAX_HEADER));
        }
        hidden_values::hide(&mut request.body);
        let mut bytes = request.body.to_string().len();
        if bytes > MAX_BODY {
            request.body = json!({ "bytes": bytes });
            bytes = request.body.to_string().len();
        }
        self.bytes += bytes;
        self.requests.push_back(LoggedRequest { request, bytes });
        self.drop_oldest();
        self.sequence
    }

    fn drop_oldest(&mut self) {
        while self.requests.len() > MAX_REQUESTS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.requests.pop_front() else { return };
            self.bytes -= oldest.bytes;
        }
    }

    /// Records the end of the request with this `start_seq`.
    pub(crate) fn finish(&mut self, start: u64, status: Option<u16>, error: Option<String>, sim_time: f64) {
        self.sequence += 1;
        let mut latest = self.requests.iter_mut().rev().map(|logged| &mut logged.request);
        // The log may have been cleared meanwhile.
        if let Some(request) = latest.find(|request| request.start_seq == start) {
            request.end_seq = Some(self.sequence);
            request.status = status;
            request.error = error;
            request.sim_time = sim_time;
        }
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.requests.iter().map(|logged| logged.request.clone()).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Value) -> Request {
        Request {
            start_seq: 0,
            end_seq: None,
            service: "ecs".to_owned(),
            operation: "RunTask".to_owned(),
            body,
            checks: Vec::new(),
            status: None,
            error: None,
            sim_time: 0.0,
            host: "é".repeat(MAX_HEADER),
            access_key: String::new(),
            signing_region: String::new(),
            signing_service: String::new(),
            user_agent: String::new(),
        }
    }

    #[test]
    fn the_oldest_requests_go_first() {
        let mut log = RequestLog::default();
        for _ in 0..MAX_REQUESTS + 5 {
            log.start(request(json!({})));
        }
        let kept = log.all();
        assert_eq!((kept.len(), kept[0].start_seq), (MAX_REQUESTS, 6));
    }

    #[test]
    fn the_bytes_of_all_bodies_are_bounded() {
        let mut log = RequestLog::default();
        let text = "x".repeat(MAX_BODY - 100);
        for _ in 0..MAX_BYTES / text.len() + 5 {
            log.start(request(json!({ "text": text })));
        }
        let bytes: usize = log.all().iter().map(|request| request.body.to_string().len()).sum();
        assert!(bytes <= MAX_BYTES && bytes > MAX_BYTES / 2, "{bytes}");
    }

    #[test]
    fn a_long_body_is_kept_by_its_length_only() {
        let mut log = RequestLog::default();
        log.start(request(json!({ "text": "x".repeat(MAX_BODY) })));
        assert_eq!(log.all()[0].body, json!({ "bytes": MAX_BODY + 11 }));
        assert!(log.all()[0].host.len() <= MAX_HEADER);
    }
}
