//! Sends the requests of all clients: each waits for its turn and has a time limit, and an address that cannot be reached
//! from the start is reported after a few seconds, with what set it. A request that changes something is sent only while
//! the guard of the run allows it. Never retries a request that may have arrived.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use hyper_util::client::legacy;

use super::change_guard::{ChangeGuard, ChangeRefused, is_change};
use super::endpoint::Endpoints;
use super::login::find;
use super::pacer::Pacer;

/// The limit for one request; without it, a server that accepts a connection and never answers would block the run for
/// ever. The time in which a request waits for its turn does not count.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long connections to an address are attempted that has never been reached.
const UNREACHABLE_AFTER: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(500);

/// An address that could not be reached.
#[derive(Clone, Debug, thiserror::Error)]
#[error("could not reach `{address}`: {cause}")]
pub(super) struct Unreachable {
    address: String,
    cause: String,
    /// What to do.
    pub(super) advice: String,
}

/// The HTTP client of all clients of a run.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    inner: SharedHttpClient,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pacer: Arc<Pacer>,
    endpoints: Endpoints,
    /// The addresses that answered once.
    reached: Mutex<BTreeSet<String>>,
    guard: Mutex<Option<Arc<dyn ChangeGuard>>>,
}

impl Transport {
    /// Returns a client that sends requests with another one.
    pub(super) fn new(inner: SharedHttpClient, pacer: Arc<Pacer>, endpoints: Endpoints) -> Transport {
        let shared = Shared { pacer, endpoints, reached: Mutex::default(), guard: Mutex::default() };
        Transport { inner, shared: Arc::new(shared) }
    }

    /// Sets what allows each request that changes something, from now on.
    pub(super) fn set_guard(&self, guard: Arc<dyn ChangeGuard>) {
        *self.shared.guard.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    }
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(PacedConnector { inner, shared: Arc::clone(&self.shared) })
    }
}

#[derive(Debug)]
struct PacedConnector {
    inner: SharedHttpConnector,
    shared: Arc<Shared>,
}

impl HttpConnector for PacedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, shared) = (self.inner.clone(), Arc::clone(&self.shared));
        HttpConnectorFuture::new(async move {
            let turn = shared.pacer.turn(&request).await;
            // After the turn: a request may have waited for it for long.
            shared.ensure_allowed(&request).await?;
            let response = shared.send(&inner, request).await;
            drop(turn);
            response
        })
    }
}

impl Shared {
    /// Fails for a request that changes something and is not allowed; the SDK does not retry it.
    async fn ensure_allowed(&self, request: &HttpRequest) -> Result<(), ConnectorError> {
        let guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(guard) = guard.filter(|_| is_change(request)) else { return Ok(()) };
        let refused = |why: String| ConnectorError::other(Box::new(ChangeRefused(why)), None);
        guard.allow().await.map_err(refused)
    }

    /// Sends a request. The connection to an address that was never reached is attempted for a few seconds.
    async fn send(
        &self,
        inner: &SharedHttpConnector,
        mut request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let address = address(request.uri());
        let started = Instant::now();
        loop {
            let next = request.try_clone();
            let error = match tokio::time::timeout(REQUEST_TIMEOUT, inner.call(request)).await {
                Ok(Ok(response)) => {
                    self.reached.lock().unwrap_or_else(PoisonError::into_inner).insert(address);
                    return Ok(response);
                }
                Ok(Err(error)) => error,
                Err(late) => return Err(ConnectorError::timeout(late.into())),
            };
            if !is_connection_failure(&error) || self.is_reached(&address) {
                return Err(error);
            }
            let cause = cause(&error);
            let is_final = cause.contains("certificate") || started.elapsed() + PAUSE >= UNREACHABLE_AFTER;
            match next.filter(|_| !is_final) {
                Some(next) => request = next,
                None => return Err(self.unreachable(address, cause)),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn is_reached(&self, address: &str) -> bool {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).contains(address)
    }

    /// Returns an error that the SDK does not retry.
    fn unreachable(&self, address: String, cause: String) -> ConnectorError {
        let advice = self.endpoints.advice(&address, &cause);
        ConnectorError::other(Box::new(Unreachable { address, cause, advice }), None)
    }
}

/// Returns the scheme, host and port of a URL.
fn address(uri: &str) -> String {
    let host = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[host..].find(['/', '?']).map_or(uri.len(), |at| host + at);
    uri[..end].to_owned()
}

/// Returns whether there was no connection, so that the request was not sent.
fn is_connection_failure(error: &ConnectorError) -> bool {
    find::<legacy::Error>(error).is_some_and(legacy::Error::is_connect)
}

/// Returns the innermost cause, which says what is wrong.
fn cause(error: &ConnectorError) -> String {
    if error.is_timeout() {
        return "no connection in time".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_without_the_path() {
        assert_eq!(address("https://ecs.eu-west-1.amazonaws.com/"), "https://ecs.eu-west-1.amazonaws.com");
        assert_eq!(address("http://localhost:4566/schedules?x=1"), "http://localhost:4566");
        assert_eq!(address("http://localhost:4566"), "http://localhost:4566");
    }
}
