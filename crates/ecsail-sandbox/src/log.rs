//! The record of what was asked. Owns the list of requests and the order in which they started and
//! ended; never looks into what they did.

use serde::Serialize;
use serde_json::Value;

/// One request as the sandbox saw it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Request {
    /// Counts starts and ends of all requests: where this one started.
    pub start_seq: u64,
    /// Where this one ended; none while it is still being answered. Two requests overlapped when
    /// each started before the other ended.
    pub end_seq: Option<u64>,
    /// `ecs`, `ecr` or `sts`; empty where the request named none.
    pub service: String,
    /// The operation, such as `UpdateService`.
    pub operation: String,
    /// The input as sent.
    pub body: Value,
    /// The HTTP status of the answer; none where the connection was dropped.
    pub status: Option<u16>,
    /// The error code of the answer.
    pub error: Option<String>,
    /// Simulated time of the answer, in seconds since 1970.
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
    /// Returns whether the two requests were under way at the same time.
    pub fn overlaps(&self, other: &Request) -> bool {
        let ends_after = |a: &Request, start: u64| a.end_seq.is_none_or(|end| end > start);
        ends_after(self, other.start_seq) && ends_after(other, self.start_seq)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    sequence: u64,
    requests: Vec<Request>,
}

impl Log {
    /// Notes a request that has begun and returns its number in the sequence.
    pub(crate) fn begin(&mut self, mut request: Request) -> u64 {
        self.sequence += 1;
        request.start_seq = self.sequence;
        self.requests.push(request);
        self.sequence
    }

    /// Notes how the request that began as number `start` ended.
    pub(crate) fn end(&mut self, start: u64, status: Option<u16>, error: Option<String>, sim_time: f64) {
        self.sequence += 1;
        // A request that was cleared from the log meanwhile is nobody's business any more.
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
