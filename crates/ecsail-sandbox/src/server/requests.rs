//! Answers HTTP requests: reads them, injects the faults of the connection, and writes answers. What a call does is decided
//! in `simulation`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{HeaderMap, Request as HttpRequest, Response};
use serde_json::json;

use super::{Endpoint, Limits, access};
use crate::api::{ApiCall, ApiError};
use crate::clock::wall_now;
use crate::control;
use crate::faults::{FaultKind, InjectedFault};
use crate::protocol::auth::{CredentialScope, parse_authorization};
use crate::protocol::presigned::PresignedRequest;
use crate::protocol::{self, AnswerFormat, RequestParts, rest, s3};
use crate::request_log::Request;
use crate::simulation::{SharedSimulation, Simulation};

/// An HTTP response; an error closes the connection without one.
type HttpResult = io::Result<Response<Full<Bytes>>>;

/// Answers a request: a call of an operation, or of a control endpoint.
pub(super) async fn serve(endpoint: Arc<Endpoint>, request: HttpRequest<Incoming>) -> HttpResult {
    let (head, body) = request.into_parts();
    if let Err(reason) = access::check_origin(&head.uri, &head.headers) {
        return Ok(refusal(403, &reason));
    }
    let control = head.uri.path().strip_prefix("/_sandbox/");
    if control.is_some()
        && let Err(reason) = access::check_token(&endpoint.token, &head.headers)
    {
        return Ok(refusal(401, &reason));
    }
    let body = match read_body(body, endpoint.limits).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let simulation = &endpoint.simulation;
    if let Some(platform) = head.uri.path().strip_prefix("/_layers/") {
        return Ok(image_config(platform).map(Full::new));
    }
    if let Some(path) = control {
        let (status, value) = control::answer(simulation, head.method.as_str(), path, &body).await;
        return Ok(http_response(status, value.to_string(), "application/json", "").map(Full::new));
    }
    let parts = (head.method.as_str(), head.uri.path(), head.uri.query().unwrap_or_default());
    let arrived = arrive(simulation, parts, &head.headers, &body);
    // Requests that came at the same time are all logged before the first of them is answered.
    tokio::task::yield_now().await;
    if arrived.injected.latency > Duration::ZERO {
        tokio::time::sleep(arrived.injected.latency).await;
    }
    let is_withheld = matches!(arrived.injected.kind, Some(FaultKind::Withheld { .. }));
    let released = simulation.until_released();
    let response = complete(simulation, arrived);
    if is_withheld {
        released.await;
    }
    response.map(|response| response.map(Full::new))
}

/// A request that has arrived and is not answered yet.
pub(crate) struct ArrivedRequest {
    start_seq: u64,
    call: Result<ApiCall, ApiError>,
    signature: Result<CredentialScope, ApiError>,
    injected: InjectedFault,
    format: AnswerFormat,
    /// The address of the server, as the client wrote it.
    host: String,
}

/// Reads and logs a request, given by its method, path and query, and takes its faults.
pub(crate) fn arrive(
    simulation: &SharedSimulation,
    (method, path, query): (&str, &str, &str),
    headers: &HeaderMap,
    body: &[u8],
) -> ArrivedRequest {
    let mut signature = parse_authorization(header(headers, "authorization"), header(headers, "x-amz-date"));
    let presigned = PresignedRequest::parse((method, path, query), headers, body);
    if let Some(read) = &presigned {
        signature = read.as_ref().map(|presigned| presigned.scope.clone()).map_err(Clone::clone);
    }
    let call = protocol::parse_call(RequestParts {
        method,
        path,
        query,
        target: header(headers, "x-amz-target"),
        signed_for: signature.as_ref().ok().map(|scope| scope.service.as_str()),
        body,
    });
    let mut simulation = simulation.lock();
    if let Some(Ok(presigned)) = presigned {
        let principal = simulation.state.principal(&presigned.scope.access_key);
        signature = presigned.verify(principal.as_ref(), wall_now());
    }
    let mut entry = log_entry(headers, call.as_ref().ok(), signature.as_ref().ok());
    if let (Ok(call), Ok(scope)) = (&call, &signature) {
        entry.checks = simulation.authorization_checks(call, scope);
    }
    let start_seq = simulation.log.start(entry);
    let injected = match &call {
        Ok(call) => simulation.take_faults(call),
        Err(_) => InjectedFault::default(),
    };
    let accepts_json =
        header(headers, "accept").is_some_and(|accepted| accepted.contains("application/json"));
    let format = if accepts_json { AnswerFormat::Json } else { AnswerFormat::Xml };
    let host = header(headers, "host").unwrap_or_default().to_owned();
    ArrivedRequest { start_seq, call, signature, injected, format, host }
}

/// Answers a request that has arrived; an error closes the connection without a response.
pub(crate) fn complete(
    simulation: &SharedSimulation,
    arrived: ArrivedRequest,
) -> io::Result<Response<Bytes>> {
    let ArrivedRequest { start_seq, call, signature, injected, format, host } = arrived;
    let mut simulation = simulation.lock();
    let request_id = format!("5a4d-sandbox-{start_seq:08x}");
    simulation.call_by_others(&injected.before);
    let outcome = answer(&mut simulation, call, signature, &injected, (&request_id, format, &host));
    simulation.call_by_others(&injected.after);
    let seconds = simulation.state.now as f64 / 1000.0;
    simulation.log.finish(start_seq, outcome.status, outcome.error, seconds);
    outcome.response
}

/// Returns the config of an image of a platform such as `linux/arm64`, to which ECR sends clients with an address of S3.
fn image_config(platform: &str) -> Response<Bytes> {
    let (os, architecture) = platform.split_once('/').unwrap_or((platform, "amd64"));
    let config =
        json!({ "os": os, "architecture": architecture, "rootfs": { "type": "layers", "diff_ids": [] } });
    http_response(200, config.to_string(), "application/octet-stream", "")
}

/// Reads a body within the limits; in the error is how a longer or slower one is answered.
async fn read_body(body: Incoming, limits: Limits) -> Result<Bytes, HttpResult> {
    let too_large = || Ok(refusal(413, &format!("the body is larger than {} bytes", limits.body)));
    if body.size_hint().lower() > limits.body as u64 {
        return Err(too_large());
    }
    match tokio::time::timeout(limits.request, Limited::new(body, limits.body).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Err(io::Error::other(error))),
        Err(_) => Err(Ok(refusal(408, "the body was not sent in time"))),
    }
}

/// Returns the answer to a request that is not served; the connection ends with it.
fn refusal(status: u16, reason: &str) -> Response<Full<Bytes>> {
    let body = json!({ "error": reason, "message": reason }).to_string();
    let mut response = http_response(status, body, "application/json", "");
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response.map(Full::new)
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
        checks: Vec::new(),
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
    response: io::Result<Response<Bytes>>,
}

/// Answers a call, with the faults that concern the connection.
fn answer(
    simulation: &mut Simulation,
    call: Result<ApiCall, ApiError>,
    signature: Result<CredentialScope, ApiError>,
    injected: &InjectedFault,
    (request_id, format, host): (&str, AnswerFormat, &str),
) -> Outcome {
    let fault = injected.kind.as_ref();
    let call = match call {
        Ok(call) => call,
        Err(error) => return error_outcome("", error, (request_id, format)),
    };
    match fault {
        Some(FaultKind::DropBefore | FaultKind::Withheld { effect: false }) => return dropped_connection(),
        Some(FaultKind::Html500) => {
            let page = "<html><body><h1>500 Internal Server Error</h1></body></html>\n".to_owned();
            let response = http_response(500, page, "text/html", request_id);
            return Outcome { status: Some(500), error: None, response: Ok(response) };
        }
        _ => {}
    }
    let output = simulation.handle(&call, signature, injected);
    match fault {
        Some(FaultKind::DropAfter) => return dropped_connection(),
        Some(FaultKind::DropLate(after)) => {
            simulation.advance(*after);
            return dropped_connection();
        }
        _ => {}
    }
    match output {
        Ok(mut output) => {
            if let Some(fault) = fault {
                fault.change_answer(&mut output);
            }
            if let Some(path) = output["downloadUrl"].as_str().filter(|path| path.starts_with('/')) {
                output["downloadUrl"] = json!(format!("http://{host}{path}"));
            }
            let (body, content_type) = protocol::answer_body(&call, &output, request_id, format);
            let response = http_response(200, body, content_type, request_id);
            Outcome { status: Some(200), error: None, response: Ok(response) }
        }
        Err(error) => error_outcome(&call.service, error, (request_id, format)),
    }
}

fn dropped_connection() -> Outcome {
    let error = io::Error::new(io::ErrorKind::ConnectionAborted, "dropped by a fault");
    Outcome { status: None, error: None, response: Err(error) }
}

fn error_outcome(service: &str, error: ApiError, (request_id, format): (&str, AnswerFormat)) -> Outcome {
    let (body, content_type) = protocol::error_body(service, &error, request_id, format);
    let mut response = http_response(error.status, body, content_type, request_id);
    // The REST protocol carries the error code in a header, not in the body.
    if rest::is_spoken_by(service)
        && let Ok(code) = error.code.parse()
    {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    if s3::is_spoken_by(service)
        && let Some(region) = s3::redirected_to(&error).and_then(|region| region.parse().ok())
    {
        response.headers_mut().insert("x-amz-bucket-region", region);
    }
    Outcome { status: Some(error.status), error: Some(error.code), response: Ok(response) }
}

fn http_response(status: u16, body: String, content_type: &str, request_id: &str) -> Response<Bytes> {
    let mut response = Response::builder().status(status).header("content-type", content_type);
    if !request_id.is_empty() {
        response = response.header("x-amzn-requestid", request_id);
    }
    // Building fails only for a status out of range, which a fault can have.
    response
        .body(Bytes::from(body))
        .unwrap_or_else(|_| Response::new(Bytes::from(json!({ "__type": "ServerException" }).to_string())))
}
