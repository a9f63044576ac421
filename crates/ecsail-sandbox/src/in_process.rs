//! Answers requests of the same process without a connection, for tests that decide themselves when each request arrives.

use hyper::{HeaderMap, header::HeaderName, header::HeaderValue};

use crate::Sandbox;
use crate::server::{arrive, complete};

/// A request, as an HTTP client sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// The HTTP method.
    pub method: String,
    /// The path of the URL.
    pub path: String,
    /// The query of the URL, without the question mark.
    pub query: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A response to an HTTP client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Sandbox {
    /// Answers a request as the server does, but at once: a fault that only delays the answer is ignored. None where the
    /// connection is closed without a response.
    pub fn respond(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                headers.insert(name, value);
            }
        }
        let parts = (request.method.as_str(), request.path.as_str(), request.query.as_str());
        let arrived = arrive(self.simulation(), parts, &headers, &request.body);
        let response = complete(self.simulation(), arrived).ok()?;
        let (head, body) = response.into_parts();
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Some(HttpResponse { status: head.status.as_u16(), headers, body: body.to_vec() })
    }
}
