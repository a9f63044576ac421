//! Calls of services of which a run needs a few operations only: JSON over HTTP, signed with the credentials of the run, and
//! sent with the connections that the SDK brings. The crates of DynamoDB and Systems Manager have 480,000 lines for the five
//! calls that are made here. Never retries a call that AWS refused.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_types::service_config::ServiceConfigKey;
use serde_json::Value;

use super::error::ApiErrorKind;
use super::{ApiError, Aws, http_client};
use crate::error::Result;
use crate::retry::{Backoff, Policy, retry};
use crate::secrets::masked_message;

/// The limit for one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS: Policy = Policy { attempts: 3, backoff: Backoff::Exponential(Duration::from_millis(100)) };
/// The difference of clocks that signatures do not notice, in seconds: AWS accepts five minutes.
const TOLERATED_OFFSET: u64 = 240;
/// The partitions whose hosts do not end in `amazonaws.com`: what the names of their regions begin with (aws-sdk-ecs 1.157).
const DNS_SUFFIXES: &[(&str, &str)] = &[
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-iso-", "c2s.ic.gov"),
];

/// A service that is called without its crate.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceName {
    /// In signatures, policies and host names: `dynamodb`.
    pub(super) signing: &'static str,
    /// As the SDK names it where an address is set: `DynamoDB`.
    pub(super) id: &'static str,
    /// What `X-Amz-Target` begins with.
    pub(super) target: &'static str,
    pub(super) content_type: &'static str,
}

/// A client of a service.
#[derive(Clone)]
pub struct SignedClient {
    service: ServiceName,
    address: String,
    region: String,
    connector: SharedHttpConnector,
    credentials: Option<SharedCredentialsProvider>,
    /// How far the clock of AWS is ahead of the one of this machine, in seconds, as far as it matters for signatures.
    clock_offset: Arc<AtomicI64>,
}

impl fmt::Debug for SignedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedClient").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The answer of a call, and the time at which AWS gave it, in seconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct SignedAnswer {
    pub(super) body: Value,
    pub(super) answered_at: Option<i64>,
}

/// The error of a call, with the whole body of AWS's answer.
#[derive(Clone, Debug)]
pub(super) struct SignedError {
    pub(super) error: ApiError,
    pub(super) body: Value,
    pub(super) answered_at: Option<i64>,
}

impl Aws {
    /// Returns a client with connections of its own, so that it can be used on any thread.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub(super) fn signed_client(&self, service: ServiceName) -> Result<SignedClient> {
        let address = self.address_of(service);
        let connector = http_client::connector(&self.machine, address.starts_with("https:"))?;
        let credentials = self.config.credentials_provider();
        let region = self.region.clone();
        Ok(SignedClient { service, address, region, connector, credentials, clock_offset: Arc::default() })
    }

    /// Returns the address of a service: the one that is set for it, the one that is set for all, or AWS's.
    pub(super) fn address_of(&self, service: ServiceName) -> String {
        let key = ServiceConfigKey::builder()
            .service_id(service.id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        let own = key.ok().and_then(|key| self.config.service_config()?.load_config(key));
        let address = own.or_else(|| self.config.endpoint_url().map(str::to_owned)).unwrap_or_else(|| {
            format!("https://{}.{}.{}", service.signing, self.region, dns_suffix(&self.region))
        });
        format!("{}/", address.trim_end_matches('/'))
    }
}

pub(super) fn dns_suffix(region: &str) -> &'static str {
    let own = DNS_SUFFIXES.iter().find(|(prefix, _)| region.starts_with(prefix));
    own.map_or("amazonaws.com", |(_, suffix)| suffix)
}

impl SignedClient {
    /// Returns the IAM action of an operation.
    pub(super) fn action(&self, operation: &str) -> String {
        format!("{}:{operation}", self.service.signing)
    }

    /// Calls an operation. A call without an answer is repeated, so it may take effect more than once.
    ///
    /// # Errors
    /// AWS refused the call, or gave no answer.
    pub(super) async fn call(
        &self,
        operation: &str,
        input: &Value,
    ) -> Result<SignedAnswer, Box<SignedError>> {
        let attempt = async || self.attempt(operation, input).await;
        retry::<_, Box<SignedError>>(ATTEMPTS, |error| self.is_temporary(error), attempt).await
    }

    /// Returns whether another attempt may succeed. After a signature that AWS refused for its time, the next ones have
    /// the time of AWS.
    fn is_temporary(&self, error: &SignedError) -> bool {
        let code = error.error.code.as_deref().unwrap_or_default();
        let is_about_time = code.contains("Signature") || code.contains("RequestExpired");
        let Some(answered_at) = error.answered_at.filter(|_| is_about_time) else {
            return error.error.is_retryable();
        };
        let offset = answered_at - jiff::Timestamp::now().as_second();
        let known = self.clock_offset.swap(offset, Ordering::Relaxed);
        (offset - known).unsigned_abs() > TOLERATED_OFFSET
    }

    /// Returns the time for a signature.
    fn signing_time(&self) -> SystemTime {
        let offset = self.clock_offset.load(Ordering::Relaxed);
        let shift = Duration::from_secs(offset.unsigned_abs());
        let now = SystemTime::now();
        let shifted = if offset < 0 { now.checked_sub(shift) } else { now.checked_add(shift) };
        shifted.unwrap_or(now)
    }

    async fn attempt(&self, operation: &str, input: &Value) -> Result<SignedAnswer, Box<SignedError>> {
        let action = self.action(operation);
        let request = self.signed_request(operation, input).await?;
        let answering = async {
            let response = self.connector.call(request).await.map_err(|error| lost(&action, &error))?;
            read(&action, response).await
        };
        if let Ok(answer) = tokio::time::timeout(ATTEMPT_TIMEOUT, answering).await {
            return answer;
        }
        let error = ApiError::not_answered_within(&action, ATTEMPT_TIMEOUT);
        Err(ApiError { kind: ApiErrorKind::Transient, ..error }.into())
    }

    async fn signed_request(&self, operation: &str, input: &Value) -> Result<HttpRequest, ApiError> {
        let action = self.action(operation);
        let failed = |message: String| ApiError {
            kind: ApiErrorKind::NoCredentials,
            message: Some(masked_message(&message)),
            ..ApiError::unreadable(&action)
        };
        let provider = self.credentials.as_ref().ok_or_else(|| failed("there are none".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let identity: Identity = credentials.map_err(|error| failed(error.to_string()))?.into();
        let body = input.to_string();
        let target = format!("{}.{operation}", self.service.target);
        let headers = [("content-type", self.service.content_type), ("x-amz-target", target.as_str())];
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service.signing)
            .time(self.signing_time())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(error.to_string()))?
            .into();
        let signable = SignableRequest::new(
            "POST",
            self.address.as_str(),
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let signed = signable.and_then(|signable| sign(signable, &params));
        let (instructions, _) = signed.map_err(|error| failed(error.to_string()))?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(body.as_str()));
        let is_set = request.set_method("POST").and_then(|()| request.set_uri(self.address.as_str()));
        is_set.map_err(|error| failed(error.to_string()))?;
        for (name, value) in headers.into_iter().chain(instructions.headers()) {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        Ok(request)
    }
}

/// Returns the error of a request without an answer.
fn lost(action: &str, error: &dyn std::error::Error) -> Box<SignedError> {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let message = Some(masked_message(&innermost.to_string()));
    ApiError { kind: ApiErrorKind::Transient, message, ..ApiError::unreadable(action) }.into()
}

async fn read(action: &str, response: HttpResponse) -> Result<SignedAnswer, Box<SignedError>> {
    let status = response.status();
    let header = |name: &str| response.headers().get(name).map(str::to_owned);
    let request_id = header("x-amzn-requestid");
    let answered_at = header("date").and_then(|date| seconds_of(&date));
    let bytes = ByteStream::new(response.into_body()).collect().await;
    let bytes = bytes.map_err(|error| lost(action, &error))?.into_bytes();
    let body: Option<Value> = serde_json::from_slice(&bytes).ok();
    match body {
        Some(body) if status.is_success() => Ok(SignedAnswer { body, answered_at }),
        Some(body) => {
            let error = ApiError { request_id, ..error_of(action, &body, status.is_server_error()) };
            Err(Box::new(SignedError { error, body, answered_at }))
        }
        None => {
            let message = Some(format!("HTTP {}: the response could not be parsed", status.as_u16()));
            Err(ApiError { message, request_id, ..ApiError::unreadable(action) }.into())
        }
    }
}

/// Returns the time of a `Date` header, in seconds since 1970.
fn seconds_of(date: &str) -> Option<i64> {
    let zoned = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(zoned.timestamp().as_second())
}

fn error_of(action: &str, body: &Value, is_server_error: bool) -> ApiError {
    let code =
        body["__type"].as_str().and_then(|code| code.rsplit('#').next()).unwrap_or_default().to_owned();
    let message = body["message"].as_str().or(body["Message"].as_str());
    let message = message.filter(|message| !message.is_empty()).map(masked_message);
    let kind = match code.as_str() {
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => ApiErrorKind::Expired,
        "AccessDeniedException" | "AccessDenied" => ApiErrorKind::Denied,
        "ResourceNotFoundException" | "ParameterNotFound" => ApiErrorKind::NotFound,
        "UnknownOperationException" => ApiErrorKind::Unsupported,
        code if is_throttle(code) || is_server_error => ApiErrorKind::Transient,
        _ => ApiErrorKind::Other,
    };
    ApiError { kind, code: Some(code), message, ..ApiError::unreadable(action) }
}

fn is_throttle(code: &str) -> bool {
    code.contains("Throttl")
        || code == "ProvisionedThroughputExceededException"
        || code == "RequestLimitExceeded"
}

impl From<ApiError> for Box<SignedError> {
    fn from(error: ApiError) -> Box<SignedError> {
        Box::new(SignedError { error, body: Value::Null, answered_at: None })
    }
}
