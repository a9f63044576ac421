//! The server on loopback: a thread, a listener, requests in and answers out. Owns the connections
//! and the order of checks; what an operation does stands elsewhere.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::auth::{Scope, scope};
use crate::buckets::Buckets;
use crate::clock::{MOST_AT_ONCE, Ticker};
use crate::eventbridge::partly;
use crate::faults::{FaultKind, Faults, Strike};
use crate::log::{Log, Request};
use crate::params::texts;
use crate::query::speaks;
use crate::state::{Caller, Millis, World, last_part};
use crate::wire::{ApiError, Asked, Sent, answer_body, asked, error_body};
use crate::{autoscaling, control, ecr, ecs, elb, eventbridge, logs, rest, scheduler, sts};

/// Everything behind the server.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) ticker: Ticker,
    /// The simulated time at which the sandbox was started: its callers' credentials are from then.
    pub(crate) login: Millis,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    pub(crate) buckets: Option<Buckets>,
}

/// What the server and the `Sandbox` share.
#[derive(Debug)]
pub(crate) struct Shared(pub(crate) Mutex<Inner>);

impl Shared {
    /// Returns the inside, locked. A panic in one request does not end the sandbox.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Lets the clock catch up before a call is answered.
    pub(crate) fn tick(&mut self, polled: bool) {
        let target = self.ticker.target(self.world.now, polled);
        self.world.move_to(target, MOST_AT_ONCE);
    }

    /// Answers a call by `caller`, at the time that it is now.
    pub(crate) fn answer(&mut self, caller: &Caller, asked: &Asked) -> Result<Value, ApiError> {
        if asked.service == "logs" {
            return logs::answer(&self.world, caller, &asked.operation, &asked.input);
        }
        let mut env = self.world.env(caller);
        match asked.service.as_str() {
            "ecs" => ecs::answer(&mut env, &asked.operation, &asked.input),
            "application-autoscaling" => autoscaling::answer(&mut env, &asked.operation, &asked.input),
            "ecr" => ecr::answer(&mut env, &asked.operation, &asked.input),
            "elasticloadbalancing" => elb::answer(&mut env, &asked.operation, &asked.input),
            "events" => eventbridge::answer(&mut env, &asked.operation, &asked.input),
            "scheduler" => scheduler::answer(&mut env, &asked.operation, &asked.input),
            "sts" => sts::answer(&mut env, &asked.operation, &asked.input),
            _ => Err(ApiError::unknown_operation()),
        }
    }

    /// Returns whether a call is a poll: it asks how a rollout, or a task of its own, is doing.
    fn is_poll(&self, caller: &Caller, asked: &Asked) -> bool {
        match asked.operation.as_str() {
            "DescribeServices" => true,
            // Where lines come late, who reads them waits.
            "FilterLogEvents" => self.world.scenarios.any(crate::scenario::Scenario::LateLogs),
            "DescribeTasks" => {
                let realm = self.world.realms.get(&caller.realm());
                let ids = texts(&asked.input, "tasks");
                let of_service = |id: &&str| {
                    let id = last_part(id);
                    realm.is_some_and(|r| r.tasks.iter().any(|t| t.id == id && t.service.is_some()))
                };
                !ids.iter().any(of_service)
            }
            _ => false,
        }
    }
}

/// A running server; ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds loopback and serves from a thread of its own.
    pub(crate) fn start(shared: Arc<Shared>, port: u16) -> io::Result<Server> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    served = accept(listener, shared) => {
                        if let Err(error) = served {
                            tracing::warn!(%error, "the sandbox stopped listening");
                        }
                    }
                    // The sender is only ever dropped.
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Server { port, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to clean up.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        // Answers are small and clients wait for each: never hold one back.
        stream.set_nodelay(true)?;
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| serve(Arc::clone(&shared), request));
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a sandbox connection ended early");
            }
        });
    }
}

/// What goes back; an error closes the connection without an answer.
type Answer = io::Result<Response<Full<Bytes>>>;

fn dropped() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "dropped by a fault")
}

async fn serve(shared: Arc<Shared>, request: HttpRequest<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if let Some(path) = head.uri.path().strip_prefix("/_sandbox/") {
        let (status, value) = control::answer(&shared, head.method.as_str(), path, &body);
        return Ok(response(status, value.to_string(), "application/json", ""));
    }
    let scope = scope(header(&head.headers, "authorization"), header(&head.headers, "x-amz-date"));
    let signed_for = scope.as_ref().ok().map(|scope| scope.service.as_str());
    let asked = asked(Sent {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        target: header(&head.headers, "x-amz-target"),
        signed_for,
        body: &body,
    });
    let (start, strike) = {
        let mut inner = shared.lock();
        let start = inner.log.begin(noted(&head.headers, asked.as_ref().ok(), scope.as_ref().ok()));
        let strike = asked
            .as_ref()
            .map_or_else(|_| Strike::default(), |a| inner.faults.strike(&a.service, &a.operation));
        (start, strike)
    };
    // Lets requests that came at the same time be noted before the first of them is answered.
    tokio::task::yield_now().await;
    if strike.latency > Duration::ZERO {
        tokio::time::sleep(strike.latency).await;
    }
    let mut inner = shared.lock();
    let request_id = format!("5a4d-sandbox-{start:08x}");
    let (ended, answer) = work(&mut inner, asked, scope, strike.kind, &request_id);
    let sim_time = inner.world.now as f64 / 1000.0;
    inner.log.end(start, ended.0, ended.1, sim_time);
    answer
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns the log's note of a request that has just come in.
fn noted(headers: &HeaderMap, asked: Option<&Asked>, scope: Option<&Scope>) -> Request {
    let text = |name: &str| header(headers, name).unwrap_or_default().to_owned();
    let of = |part: fn(&Scope) -> &String| scope.map(part).cloned().unwrap_or_default();
    Request {
        start_seq: 0,
        end_seq: None,
        service: asked.map(|a| a.service.clone()).unwrap_or_default(),
        operation: asked.map(|a| a.operation.clone()).unwrap_or_default(),
        body: asked.map(|a| a.input.clone()).unwrap_or_default(),
        status: None,
        error: None,
        sim_time: 0.0,
        host: text("host"),
        access_key: of(|s| &s.access_key),
        signing_region: of(|s| &s.region),
        signing_service: of(|s| &s.service),
        user_agent: text("user-agent"),
    }
}

type Ended = (Option<u16>, Option<String>);

/// Checks a call, does it, and returns how it ended and what goes back.
fn work(
    inner: &mut Inner,
    asked: Result<Asked, ApiError>,
    scope: Result<Scope, ApiError>,
    fault: Option<FaultKind>,
    request_id: &str,
) -> (Ended, Answer) {
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => return refused("", &error, request_id),
    };
    match &fault {
        Some(FaultKind::DropBefore) => return ((None, None), Err(dropped())),
        Some(FaultKind::Html500) => {
            let page = "<html><body><h1>500 Internal Server Error</h1></body></html>\n".to_owned();
            return ((Some(500), None), Ok(response(500, page, "text/html", request_id)));
        }
        _ => {}
    }
    let outcome = scope.map_err(|error| unsigned(error, &asked)).and_then(|scope| {
        let caller = inner.world.caller(&scope.access_key, &scope.region);
        if let Some(error) = fault.as_ref().and_then(|fault| ordered(fault, &asked, &caller)) {
            return Err(error);
        }
        let allowed = inner.buckets.as_mut().is_none_or(|b| b.take(&caller.realm(), &asked, Instant::now()));
        if !allowed {
            return Err(throttled(&asked));
        }
        let polled = inner.is_poll(&caller, &asked);
        inner.tick(polled);
        if inner.world.is_expired(inner.login) {
            return Err(expired(&asked));
        }
        match &fault {
            Some(FaultKind::FailedEntries { ids, code, message }) => {
                partly::answer(&asked, (ids, code, message), |left| inner.answer(&caller, left))
            }
            _ => inner.answer(&caller, &asked),
        }
    });
    if fault == Some(FaultKind::DropAfter) {
        return ((None, None), Err(dropped()));
    }
    match outcome {
        Ok(output) => {
            let (body, kind) = answer_body(&asked, &output, request_id);
            ((Some(200), None), Ok(response(200, body, kind, request_id)))
        }
        Err(error) => refused(&asked.service, &error, request_id),
    }
}

/// Returns a refusal for its signature in the wording of the service: the codes of the query protocol lack the suffix.
fn unsigned(error: ApiError, asked: &Asked) -> ApiError {
    match error.code.strip_suffix("Exception").filter(|_| speaks(&asked.service)) {
        Some(code) => ApiError { status: 403, code: code.to_owned(), message: error.message },
        None => error,
    }
}

fn throttled(asked: &Asked) -> ApiError {
    let code = if speaks(&asked.service) { "Throttling" } else { "ThrottlingException" };
    let status = if rest::speaks(&asked.service) { 429 } else { 400 };
    ApiError { status, ..ApiError::new(code, "Rate exceeded") }
}

fn expired(asked: &Asked) -> ApiError {
    let code = if speaks(&asked.service) { "ExpiredToken" } else { "ExpiredTokenException" };
    let status = if rest::speaks(&asked.service) { 403 } else { 400 };
    ApiError { status, ..ApiError::new(code, "The security token included in the request is expired") }
}

/// Returns the error that a fault orders, if it orders one.
fn ordered(fault: &FaultKind, asked: &Asked, caller: &Caller) -> Option<ApiError> {
    let plain = speaks(&asked.service);
    match fault {
        FaultKind::Throttling => Some(throttled(asked)),
        FaultKind::ServerError(status) => Some(ApiError {
            status: *status,
            code: if *status == 503 { "ServiceUnavailableException" } else { "ServerException" }.to_owned(),
            message: "Service Unavailable. Please try again later.".to_owned(),
        }),
        FaultKind::AccessDenied => {
            let action = format!("{}:{}", asked.service, asked.operation);
            let mut error = ApiError::denied(&caller.arn, &action, "*");
            if plain || rest::speaks(&asked.service) {
                error.status = 403;
            }
            if plain {
                error.code = "AccessDenied".to_owned();
            }
            Some(error)
        }
        FaultKind::ExpiredToken => Some(expired(asked)),
        FaultKind::Code { status, code, message } => {
            Some(ApiError { status: *status, code: code.clone(), message: message.clone() })
        }
        FaultKind::DropBefore | FaultKind::DropAfter | FaultKind::Latency(_) | FaultKind::Html500 => None,
        FaultKind::FailedEntries { .. } => None,
    }
}

fn refused(service: &str, error: &ApiError, request_id: &str) -> (Ended, Answer) {
    let (body, kind) = error_body(service, error, request_id);
    let ended = (Some(error.status), Some(error.code.clone()));
    let mut response = response(error.status, body, kind, request_id);
    // Under REST the code of an error is in the head, not in the body.
    if let (true, Ok(code)) = (rest::speaks(service), error.code.parse()) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    (ended, Ok(response))
}

fn response(status: u16, body: String, kind: &str, request_id: &str) -> Response<Full<Bytes>> {
    let response = Response::builder().status(status).header("content-type", kind);
    let response =
        if request_id.is_empty() { response } else { response.header("x-amzn-requestid", request_id) };
    let fallback =
        || Response::new(Full::new(Bytes::from(json!({ "__type": "ServerException" }).to_string())));
    // Only a status out of range can fail here: one that a fault made up.
    response.body(Full::new(Bytes::from(body))).unwrap_or_else(|_| fallback())
}
