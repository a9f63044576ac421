//! Calls of services of which a run needs a few operations only: JSON, the query protocol or S3 over HTTP, signed with the
//! credentials of the run, and sent with the connections that the SDK brings. The crates of DynamoDB and Systems Manager alone
//! have 480,000 lines for the six calls of theirs that are made here. Never retries a call that AWS refused.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::service_config::ServiceConfigKey;
use serde_json::Value;

use super::error::ApiErrorKind;
pub(super) use super::signed_answer::{RawAnswer, SignedAnswer, SignedError};
use super::signed_answer::{lost, raw_answer, read, read_xml};
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
    attempts: Policy,
    /// How far the clock of AWS is ahead of the one of this machine, in seconds, as far as it matters for signatures.
    clock_offset: Arc<AtomicI64>,
}

impl fmt::Debug for SignedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedClient").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A request before it is signed.
#[derive(Clone, Debug)]
pub(super) struct PlainRequest {
    pub(super) method: &'static str,
    pub(super) address: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    /// The limit for one attempt, with the body of the answer.
    pub(super) timeout: Duration,
    pub(super) settings: SigningSettings,
}

impl Aws {
    /// Returns a client with connections of its own, so that it can be used on any thread.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub(super) fn signed_client(&self, service: ServiceName) -> Result<SignedClient> {
        self.signed_client_in(service, &self.region)
    }

    /// Returns a client for another region.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub(super) fn signed_client_in(&self, service: ServiceName, region: &str) -> Result<SignedClient> {
        let address = self.address_of(service, region);
        let connector = http_client::connector(&self.machine, address.starts_with("https:"))?;
        let credentials = self.config.credentials_provider();
        let region = region.to_owned();
        let (attempts, clock_offset) = (ATTEMPTS, Arc::default());
        Ok(SignedClient { service, address, region, connector, credentials, attempts, clock_offset })
    }

    /// Returns the address of a service: the one that is set for it, the one that is set for all, or AWS's.
    pub(super) fn address_of(&self, service: ServiceName, region: &str) -> String {
        let key = ServiceConfigKey::builder()
            .service_id(service.id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        let own = key.ok().and_then(|key| self.config.service_config()?.load_config(key));
        let address = own
            .or_else(|| self.config.endpoint_url().map(str::to_owned))
            .unwrap_or_else(|| format!("https://{}", host_of(service, region)));
        format!("{}/", address.trim_end_matches('/'))
    }
}

fn host_of(service: ServiceName, region: &str) -> String {
    // IAM is one for all regions (AWS General Reference, "AWS Identity and Access Management endpoints and quotas").
    match (service.signing, region) {
        ("iam", "us-east-1") => "iam.amazonaws.com".to_owned(),
        ("iam", "us-gov-west-1") => "iam.us-gov.amazonaws.com".to_owned(),
        (name, region) => format!("{name}.{region}.{}", dns_suffix(region)),
    }
}

pub(super) fn dns_suffix(region: &str) -> &'static str {
    let own = DNS_SUFFIXES.iter().find(|(prefix, _)| region.starts_with(prefix));
    own.map_or("amazonaws.com", |(_, suffix)| suffix)
}

impl SignedClient {
    /// Returns the IAM action of an operation.
    pub(super) fn action(&self, operation: &str) -> String {
        match (self.service.signing, operation) {
            ("monitoring", operation) => format!("cloudwatch:{operation}"),
            ("s3", "HeadObject") => "s3:GetObject".to_owned(),
            (name, operation) => format!("{name}:{operation}"),
        }
    }

    /// Returns the client with more attempts, for reads that a run cannot do without.
    pub(super) fn with_attempts(self, attempts: Policy) -> SignedClient {
        SignedClient { attempts, ..self }
    }

    /// Returns the address of the service, which ends in a slash.
    pub(super) fn address(&self) -> &str {
        &self.address
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
        let action = self.action(operation);
        let headers = vec![
            ("content-type", self.service.content_type.to_owned()),
            ("x-amz-target", format!("{}.{operation}", self.service.target)),
        ];
        let request = self.post(headers, input.to_string());
        let attempt = async || read(&action, self.exchange(&action, &request).await?);
        retry::<_, Box<SignedError>>(self.attempts, |error| self.is_temporary(error), attempt).await
    }

    /// Calls an operation of the query protocol, and returns its result. `fields` are those of the input.
    ///
    /// # Errors
    /// AWS refused the call, or gave no answer.
    pub(super) async fn query(
        &self,
        operation: &str,
        version: &str,
        fields: &[(&str, &str)],
    ) -> Result<Value, Box<SignedError>> {
        let action = self.action(operation);
        let mut body = format!("Action={operation}&Version={version}");
        for (name, value) in fields {
            body += &format!("&{name}={}", percent_encoded(value, ""));
        }
        let headers = vec![("content-type", self.service.content_type.to_owned())];
        let request = self.post(headers, body);
        let attempt = async || {
            let answer = read_xml(&action, &self.exchange(&action, &request).await?)?;
            let response = &answer[format!("{operation}Response")];
            // EC2 has no element around its result.
            let result = response.get(format!("{operation}Result")).unwrap_or(response);
            Ok(result.clone())
        };
        retry::<_, Box<SignedError>>(self.attempts, |error| self.is_temporary(error), attempt).await
    }

    /// Calls an operation of a REST protocol that only reads, by its path and query below the address.
    ///
    /// # Errors
    /// AWS refused the call, or gave no answer.
    pub(super) async fn read_path(
        &self,
        operation: &str,
        path: &str,
    ) -> Result<SignedAnswer, Box<SignedError>> {
        let action = self.action(operation);
        let request = PlainRequest {
            method: "GET",
            address: format!("{}{path}", self.address),
            headers: Vec::new(),
            body: String::new(),
            timeout: ATTEMPT_TIMEOUT,
            settings: SigningSettings::default(),
        };
        let attempt = async || read(&action, self.exchange(&action, &request).await?);
        retry::<_, Box<SignedError>>(self.attempts, |error| self.is_temporary(error), attempt).await
    }

    /// Returns the answer to a `HEAD` of an address of S3, whose errors have a status and no body.
    ///
    /// # Errors
    /// S3 gave no answer.
    pub(super) async fn head(&self, operation: &str, address: &str) -> Result<RawAnswer, Box<SignedError>> {
        let action = self.action(operation);
        let request = PlainRequest {
            method: "HEAD",
            address: address.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            timeout: ATTEMPT_TIMEOUT,
            settings: s3_settings(),
        };
        let attempt = async || {
            let answer = self.exchange(&action, &request).await?;
            if answer.status < 500 && answer.status != 400 {
                return Ok(answer);
            }
            let message = Some(format!("HTTP {}", answer.status));
            let kind = if answer.status < 500 { ApiErrorKind::Other } else { ApiErrorKind::Transient };
            Err(ApiError { kind, message, ..ApiError::unreadable(&action) }.into())
        };
        retry::<_, Box<SignedError>>(self.attempts, |error| self.is_temporary(error), attempt).await
    }

    /// Returns the bytes that an address of S3 has.
    ///
    /// # Errors
    /// S3 refused the call, or gave no answer.
    pub(super) async fn get(
        &self,
        operation: &str,
        address: &str,
        timeout: Duration,
    ) -> Result<RawAnswer, Box<SignedError>> {
        let action = self.action(operation);
        let request = PlainRequest {
            method: "GET",
            address: address.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            timeout,
            settings: s3_settings(),
        };
        let attempt = async || {
            let answer = self.exchange(&action, &request).await?;
            // Where a request went to another region than the bucket's, the caller follows.
            let is_redirect = answer.bucket_region.as_ref().is_some_and(|home| *home != self.region);
            if is_redirect || answer.status == 200 {
                return Ok(answer);
            }
            read_xml(&action, &answer)?;
            Err(ApiError::unreadable(&action).into())
        };
        retry::<_, Box<SignedError>>(self.attempts, |error| self.is_temporary(error), attempt).await
    }

    fn post(&self, headers: Vec<(&'static str, String)>, body: String) -> PlainRequest {
        PlainRequest {
            method: "POST",
            address: self.address.clone(),
            headers,
            body,
            timeout: ATTEMPT_TIMEOUT,
            settings: SigningSettings::default(),
        }
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

    /// Sends a request once, and returns the answer, whatever its status.
    async fn exchange(&self, action: &str, request: &PlainRequest) -> Result<RawAnswer, Box<SignedError>> {
        let signed = self.signed_request(action, request).await?;
        let answering = async {
            let response = self.connector.call(signed).await.map_err(|error| lost(action, &error))?;
            raw_answer(action, response).await
        };
        if let Ok(answer) = tokio::time::timeout(request.timeout, answering).await {
            return answer;
        }
        let error = ApiError::not_answered_within(action, request.timeout);
        Err(ApiError { kind: ApiErrorKind::Transient, ..error }.into())
    }

    async fn signed_request(&self, action: &str, plain: &PlainRequest) -> Result<HttpRequest, ApiError> {
        let failed = |message: String| ApiError {
            kind: ApiErrorKind::NoCredentials,
            message: Some(masked_message(&message)),
            ..ApiError::unreadable(action)
        };
        let provider = self.credentials.as_ref().ok_or_else(|| failed("there are none".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let identity: Identity = credentials.map_err(|error| failed(error.to_string()))?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service.signing)
            .time(self.signing_time())
            .settings(plain.settings.clone())
            .build()
            .map_err(|error| failed(error.to_string()))?
            .into();
        let headers = plain.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = SignableBody::Bytes(plain.body.as_bytes());
        let signable = SignableRequest::new(plain.method, plain.address.as_str(), headers.clone(), body);
        let signed = signable.and_then(|signable| sign(signable, &params));
        let (instructions, _) = signed.map_err(|error| failed(error.to_string()))?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(plain.body.as_str()));
        let is_set = request.set_method(plain.method).and_then(|()| request.set_uri(plain.address.as_str()));
        is_set.map_err(|error| failed(error.to_string()))?;
        for (name, value) in headers.chain(instructions.headers()) {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        Ok(request)
    }
}

/// Returns how S3 takes signatures: of the path as it is sent, with the hash of the body as a header ("Authenticating Requests" in
/// the API reference of S3).
fn s3_settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

/// Returns a text for a URL: all but letters, digits, `-`, `_`, `.`, `~` and the characters in `kept` is escaped.
pub(super) fn percent_encoded(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-_.~".contains(character) || kept.contains(character) {
            encoded.push(character);
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}
