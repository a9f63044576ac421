//! The log of all requests, with the order in which they started and ended.

use serde::Serialize;
use serde_json::Value;

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
    /// The input as sent.
    pub body: Value,
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
    /// Returns whether the two requests were in progress at the same time.
    pub fn overlaps(&self, other: &Request) -> bool {
        let ends_after = |a: &Request, start: u64| a.end_seq.is_none_or(|end| end > start);
        ends_after(self, other.start_seq) && ends_after(other, self.start_seq)
    }
}

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    sequence: u64,
    requests: Vec<Request>,
}

impl RequestLog {
    /// Adds a request and returns its `start_seq`.
    pub(crate) fn start(&mut self, mut request: Request) -> u64 {
        self.sequence += 1;
        request.start_seq = self.sequence;
        self.requests.push(request);
        self.sequence
    }

    /// Records the end of the request with this `start_seq`.
    pub(crate) fn finish(&mut self, start: u64, status: Option<u16>, error: Option<String>, sim_time: f64) {
        self.sequence += 1;
        // The log may have been cleared meanwhile.
        if let Some(request) = self.requests.iter_mut().rev().find(|r| r.start_seq == start) {
            request.end_seq = Some(self.sequence);
            request.status = status;
            request.error = error;
            request.sim_time = sim_time;
        }
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.requests.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}
