//! Proves an identity by a signed request to AWS STS, as EKS does: who approves signs `GetCallerIdentity` together with what is
//! approved, and whoever verifies builds the same request and sends it. Never sends anything that the approver chose but the
//! fields of the token.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::identity::Identity as SdkIdentity;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::error::ApiErrorKind;
use super::signed_call::{ServiceName, dns_suffix};
use super::{ApiError, Aws, http_client};
use crate::approval::token::ApprovalToken;
use crate::approval::{Identity, TOKEN_VALIDITY};
use crate::error::{Failure, Result};
use crate::retry::{Backoff, Policy, retry};
use crate::secrets::masked_message;

const ACTION: &str = "sts:GetCallerIdentity";
const SERVICE: ServiceName = ServiceName { signing: "sts", id: "STS", target: "", content_type: "" };
/// The operation, which is all that a verified request can ask for.
const OPERATION: &str = "Action=GetCallerIdentity&Version=2011-06-15";
/// The signed header that has what is approved. Signers move headers that begin with `x-amz-` into the query.
const BINDING_HEADER: &str = "x-ecsail-plan";
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS: Policy = Policy { attempts: 3, backoff: Backoff::Exponential(Duration::from_millis(100)) };
/// The most that is read of an answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Why an identity was not proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofRefusal {
    /// AWS does not take the signature any more, or not yet.
    Expired,
    /// It is the signature of something else, or no signature of this key.
    Mismatch,
    /// AWS does not know the access key or the session.
    UnknownKey,
    /// It was made for another region.
    OtherRegion,
}

impl Aws {
    /// Signs what is approved (`sha256:…`) with the credentials of the run. Sends nothing.
    ///
    /// # Errors
    /// There are no credentials.
    pub async fn sign_approval(&self, binding: &str) -> Result<ApprovalToken> {
        let failed =
            |error: String| Failure::error("failed to sign the approval").with_cause(masked_message(&error));
        let provider =
            self.config.credentials_provider().ok_or_else(|| failed("no credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await.map_err(|error| failed(error.to_string()))?;
        let access_key = credentials.access_key_id().to_owned();
        let identity: SdkIdentity = credentials.into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(TOKEN_VALIDITY);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE.signing)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|error| failed(error.to_string()))?
            .into();
        let host = sts_host(&self.region);
        let address = format!("https://{host}/?{OPERATION}");
        let headers = [("host", host.as_str()), (BINDING_HEADER, binding)];
        let signable =
            SignableRequest::new("GET", address.as_str(), headers.into_iter(), SignableBody::Bytes(b""));
        let signed = signable.and_then(|signable| sign(signable, &params));
        let (instructions, signature) = signed.map_err(|error| failed(error.to_string()))?.into_parts();
        let param = |wanted: &str| {
            let found = instructions.params().iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.to_string())
        };
        Ok(ApprovalToken {
            region: self.region.clone(),
            access_key,
            date: param("X-Amz-Date").ok_or_else(|| failed("no date".to_owned()))?,
            signature,
            session_token: param("X-Amz-Security-Token"),
        })
    }

    /// Returns who signed this token for what is approved (`sha256:…`), as AWS STS answers it.
    ///
    /// # Errors
    /// The call failed. Where AWS refuses the signature, the reason is a value.
    pub async fn prove_identity(
        &self,
        token: &ApprovalToken,
        binding: &str,
    ) -> Result<Result<Identity, ProofRefusal>, ApiError> {
        if token.region != self.region {
            return Ok(Err(ProofRefusal::OtherRegion));
        }
        if token.time_left(jiff::Timestamp::now()).is_none() {
            return Ok(Err(ProofRefusal::Expired));
        }
        let attempt = async || self.send_proof(token, binding).await;
        let (status, body) = retry::<_, ApiError>(ATTEMPTS, ApiError::is_retryable, attempt).await?;
        if status == 200 {
            return identity_of(&body).map(Ok).ok_or_else(|| ApiError::unreadable(ACTION));
        }
        refusal_of(&body).map(Err)
    }

    /// Sends the request of a token, and returns the status and the answer.
    async fn send_proof(&self, token: &ApprovalToken, binding: &str) -> Result<(u16, Value), ApiError> {
        let lost = |message: String| ApiError {
            kind: ApiErrorKind::Transient,
            message: Some(masked_message(&message)),
            ..ApiError::unreadable(ACTION)
        };
        let address = self.address_of(SERVICE, &self.region);
        let connector = http_client::connector(&self.machine, address.starts_with("https:"));
        let connector = connector.map_err(|failure| ApiError {
            message: Some(failure.one_line()),
            ..ApiError::unreadable(ACTION)
        })?;
        let request = proof_request(&address, token, binding).ok_or_else(|| ApiError::unreadable(ACTION))?;
        let answering = async {
            let response = connector.call(request).await.map_err(|error| lost(error.to_string()))?;
            let status = response.status().as_u16();
            Ok((status, read(response).await.ok_or_else(|| lost("the answer could not be read".to_owned()))?))
        };
        let answered = tokio::time::timeout(ATTEMPT_TIMEOUT, answering).await;
        let (status, body) = answered
            .map_err(|_| ApiError::not_answered_within(ACTION, ATTEMPT_TIMEOUT))?
            .map_err(|error: ApiError| error)?;
        if status >= 500 || status == 429 {
            return Err(lost(format!("HTTP {status}")));
        }
        Ok((status, body))
    }
}

/// Returns the host that is signed: AWS's own, also where the calls go to another address.
fn sts_host(region: &str) -> String {
    format!("{}.{region}.{}", SERVICE.signing, dns_suffix(region))
}

/// Builds the request that the token must have been made for.
fn proof_request(address: &str, token: &ApprovalToken, binding: &str) -> Option<HttpRequest> {
    let ApprovalToken { region, access_key, date, signature, session_token } = token;
    let day = date.get(..8)?;
    let credential = format!("{access_key}/{day}/{region}/{}/aws4_request", SERVICE.signing);
    let signed = format!("host;{BINDING_HEADER}");
    let expires = TOKEN_VALIDITY.as_secs().to_string();
    let mut query = OPERATION.to_owned();
    let fields = [
        ("X-Amz-Algorithm", Some("AWS4-HMAC-SHA256")),
        ("X-Amz-Credential", Some(credential.as_str())),
        ("X-Amz-Date", Some(date.as_str())),
        ("X-Amz-Expires", Some(expires.as_str())),
        ("X-Amz-SignedHeaders", Some(signed.as_str())),
        ("X-Amz-Security-Token", session_token.as_deref()),
        ("X-Amz-Signature", Some(signature.as_str())),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            query.push_str(&format!("&{name}={}", escape(value)));
        }
    }
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_method("GET").ok()?;
    request.set_uri(format!("{address}?{query}")).ok()?;
    let headers = request.headers_mut();
    let host = sts_host(region);
    // Otherwise the client names the host itself, as the version of HTTP wants it.
    if !address.ends_with(&format!("://{host}/")) {
        headers.insert("host", host);
    }
    headers.insert("accept", "application/json");
    headers.insert("user-agent", concat!("ecsail/", env!("CARGO_PKG_VERSION")));
    headers.insert(BINDING_HEADER, binding.to_owned());
    Some(request)
}

/// Percent-encodes all but the unreserved characters of RFC 3986, as signatures have it.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Reads an answer as JSON; `None` for one that is too long or is none.
async fn read(response: HttpResponse) -> Option<Value> {
    let mut body = ByteStream::new(response.into_body());
    let mut read = Vec::new();
    while let Some(bytes) = body.next().await {
        read.extend_from_slice(&bytes.ok()?);
        if read.len() > MAX_ANSWER {
            return None;
        }
    }
    serde_json::from_slice(&read).ok()
}

/// Returns the identity of an answer; `None` unless it has the whole form of one.
fn identity_of(body: &Value) -> Option<Identity> {
    let result = &body["GetCallerIdentityResponse"]["GetCallerIdentityResult"];
    let text = |name: &str| result[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Identity { account: text("Account")?, arn: text("Arn")?, user_id: text("UserId")? })
}

/// Returns why STS refuses a signature.
///
/// # Errors
/// It refuses for another reason.
fn refusal_of(body: &Value) -> Result<ProofRefusal, ApiError> {
    let code = body["Error"]["Code"].as_str().unwrap_or_default();
    let message = body["Error"]["Message"].as_str().unwrap_or_default();
    match code {
        "SignatureDoesNotMatch" if message.starts_with("Signature expired") => Ok(ProofRefusal::Expired),
        "SignatureDoesNotMatch" if message.starts_with("Signature not yet") => Ok(ProofRefusal::Expired),
        "SignatureDoesNotMatch" => Ok(ProofRefusal::Mismatch),
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Ok(ProofRefusal::Expired),
        "InvalidClientTokenId" => Ok(ProofRefusal::UnknownKey),
        _ => Err(ApiError {
            code: Some(code.to_owned()),
            message: Some(masked_message(message)),
            ..ApiError::unreadable(ACTION)
        }),
    }
}
