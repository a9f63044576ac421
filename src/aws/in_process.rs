//! An HTTP client for tests without connections: each request waits until the test lets it arrive, so that the test
//! decides the order in which the requests of several clients take effect.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use ecsail_sandbox as sandbox;
use tokio::sync::oneshot;

thread_local! {
    static GATE: RefCell<Option<Gate>> = const { RefCell::new(None) };
}

/// A request that waits to arrive.
pub(crate) struct WaitingRequest {
    pub(crate) request: sandbox::HttpRequest,
    answer: oneshot::Sender<Option<sandbox::HttpResponse>>,
}

/// The requests of all clients of a thread that wait to arrive, in the order in which they were sent.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<Vec<WaitingRequest>>>);

impl Gate {
    /// Makes all clients that this thread connects from now on send their requests to the gate.
    pub(crate) fn install(&self) {
        GATE.with(|gate| *gate.borrow_mut() = Some(self.clone()));
    }

    /// Returns the requests that wait, to look at or take one.
    pub(crate) fn waiting(&self) -> MutexGuard<'_, Vec<WaitingRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

impl WaitingRequest {
    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Answers the request; without a response the connection is closed. A client that no longer waits gets nothing.
    pub(crate) fn answer(self, response: Option<sandbox::HttpResponse>) {
        drop(self.answer.send(response));
    }
}

/// Returns the client of this thread, if a gate is installed.
pub(super) fn client() -> Option<SharedHttpClient> {
    GATE.with(|gate| gate.borrow().clone()).map(SharedHttpClient::new)
}

impl HttpClient for Gate {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Gate {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, answered) = oneshot::channel();
        self.waiting().push(WaitingRequest { request: to_sandbox(&request), answer });
        HttpConnectorFuture::new(async move {
            match answered.await {
                Ok(Some(response)) => from_sandbox(response),
                _ => Err(ConnectorError::io(Box::new(io::Error::from(io::ErrorKind::ConnectionReset)))),
            }
        })
    }
}

fn to_sandbox(request: &HttpRequest) -> sandbox::HttpRequest {
    let uri = request.uri();
    let path = uri.find("://").map_or(uri, |at| &uri[at + 3..]);
    let path = path.find('/').map_or("/", |at| &path[at..]);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    sandbox::HttpRequest {
        method: request.method().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

fn from_sandbox(response: sandbox::HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(response.status);
    let status = status.map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut answer = HttpResponse::new(status, SdkBody::from(response.body));
    for (name, value) in response.headers {
        answer.headers_mut().insert(name, value);
    }
    Ok(answer)
}
