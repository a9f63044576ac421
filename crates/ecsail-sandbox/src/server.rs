//! The HTTP server on loopback, on a thread of its own.
//!
//! Reads requests, injects the faults of the connection, and writes answers. What a call does is decided in `simulation`.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::sync::oneshot;

use crate::api::{ApiCall, ApiError};
use crate::control;
use crate::faults::{FaultKind, InjectedFault};
use crate::protocol::auth::{CredentialScope, parse_authorization};
use crate::protocol::{self, RequestParts, rest};
use crate::request_log::Request;
use crate::simulation::{SharedSimulation, Simulation};

/// A running server; it stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds a port on loopback (any free one when 0) and serves it from a new thread.
    ///
    /// # Errors
    /// When the port cannot be bound, or the thread cannot be started.
    pub(crate) fn start(simulation: Arc<SharedSimulation>, port: u16) -> io::Result<Server> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    served = accept(listener, simulation) => {
                        if let Err(error) = served {
                            tracing::warn!(%error, "the sandbox stopped listening");
                        }
                    }
                    // The sender is never used, only dropped.
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Server { port, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the port that the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::debug!("the sandbox's thread panicked");
        }
    }
}

async fn accept(listener: TcpListener, simulation: Arc<SharedSimulation>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        // Answers are small, and clients wait for each: none is held back to be sent with the next.
        stream.set_nodelay(true)?;
        let simulation = Arc::clone(&simulation);
        tokio::spawn(async move {
            let service = service_fn(|request| serve(Arc::clone(&simulation), request));
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a sandbox connection ended early");
            }
        });
    }
}

/// An HTTP response; an error closes the connection without one.
type HttpResult = io::Result<Response<Full<Bytes>>>;

async fn serve(simulation: Arc<SharedSimulation>, request: HttpRequest<Incoming>) -> HttpResult {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if let Some(path) = head.uri.path().strip_prefix("/_sandbox/") {
        let (status, value) = control::answer(&simulation, head.method.as_str(), path, &body);
        return Ok(http_response(status, value.to_string(), "application/json", ""));
    }
    let signature =
        parse_authorization(header(&head.headers, "authorization"), header(&head.headers, "x-amz-date"));
    let call = protocol::parse_call(RequestParts {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        target: header(&head.headers, "x-amz-target"),
        signed_for: signature.as_ref().ok().map(|scope| scope.service.as_str()),
        body: &body,
    });
    let (start_seq, injected) = {
        let mut simulation = simulation.lock();
        let start_seq =
            simulation.log.start(log_entry(&head.headers, call.as_ref().ok(), signature.as_ref().ok()));
        let injected = match &call {
            Ok(call) => simulation.faults.take(&call.service, &call.operation),
            Err(_) => InjectedFault::default(),
        };
        (start_seq, injected)
    };
    // Requests that came at the same time are all logged before the first of them is answered.
    tokio::task::yield_now().await;
    if injected.latency > Duration::ZERO {
        tokio::time::sleep(injected.latency).await;
    }
    let mut simulation = simulation.lock();
    let request_id = format!("5a4d-sandbox-{start_seq:08x}");
    let outcome = answer(&mut simulation, call, signature, injected.kind.as_ref(), &request_id);
    let seconds = simulation.state.now as f64 / 1000.0;
    simulation.log.finish(start_seq, outcome.status, outcome.error, seconds);
    outcome.response
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns the log entry of a request that has just arrived.
fn log_entry(headers: &HeaderMap, call: Option<&ApiCall>, scope: Option<&CredentialScope>) -> Request {
    let call = call.cloned().unwrap_or_default();
    let scope = scope.cloned().unwrap_or_default();
    Request {
        start_seq: 0,
        end_seq: None,
        service: call.service,
        operation: call.operation,
        body: call.input,
        status: None,
        error: None,
        sim_time: 0.0,
        host: header(headers, "host").unwrap_or_default().to_owned(),
        access_key: scope.access_key,
        signing_region: scope.region,
        signing_service: scope.service,
        user_agent: header(headers, "user-agent").unwrap_or_default().to_owned(),
    }
}

/// How a request was answered: what the log records of it, and the response.
struct Outcome {
    /// The HTTP status; none where the connection is closed without a response.
    status: Option<u16>,
    error: Option<String>,
    response: HttpResult,
}

/// Answers a call, with the faults that concern the connection.
fn answer(
    simulation: &mut Simulation,
    call: Result<ApiCall, ApiError>,
    signature: Result<CredentialScope, ApiError>,
    fault: Option<&FaultKind>,
    request_id: &str,
) -> Outcome {
    let call = match call {
        Ok(call) => call,
        Err(error) => return error_outcome("", error, request_id),
    };
    match fault {
        Some(FaultKind::DropBefore) => return dropped_connection(),
        Some(FaultKind::Html500) => {
            let page = "<html><body><h1>500 Internal Server Error</h1></body></html>\n".to_owned();
            let response = http_response(500, page, "text/html", request_id);
            return Outcome { status: Some(500), error: None, response: Ok(response) };
        }
        _ => {}
    }
    let output = simulation.handle(&call, signature, fault);
    if fault == Some(&FaultKind::DropAfter) {
        return dropped_connection();
    }
    match output {
        Ok(mut output) => {
            if let Some(fault) = fault {
                fault.change_answer(&mut output);
            }
            let (body, content_type) = protocol::answer_body(&call, &output, request_id);
            let response = http_response(200, body, content_type, request_id);
            Outcome { status: Some(200), error: None, response: Ok(response) }
        }
        Err(error) => error_outcome(&call.service, error, request_id),
    }
}

fn dropped_connection() -> Outcome {
    let error = io::Error::new(io::ErrorKind::ConnectionAborted, "dropped by a fault");
    Outcome { status: None, error: None, response: Err(error) }
}

fn error_outcome(service: &str, error: ApiError, request_id: &str) -> Outcome {
    let (body, content_type) = protocol::error_body(service, &error, request_id);
    let mut response = http_response(error.status, body, content_type, request_id);
    // The REST protocol carries the error code in a header, not in the body.
    if rest::is_spoken_by(service)
        && let Ok(code) = error.code.parse()
    {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    Outcome { status: Some(error.status), error: Some(error.code), response: Ok(response) }
}

fn http_response(status: u16, body: String, content_type: &str, request_id: &str) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status).header("content-type", content_type);
    if !request_id.is_empty() {
        response = response.header("x-amzn-requestid", request_id);
    }
    // Building fails only for a status out of range, which a fault can have.
    response.body(Full::new(Bytes::from(body))).unwrap_or_else(|_| {
        Response::new(Full::new(Bytes::from(json!({ "__type": "ServerException" }).to_string())))
    })
}
