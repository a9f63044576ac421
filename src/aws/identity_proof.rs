//! Proves an identity by a signed request to AWS STS, as EKS does: the approver signs `GetCallerIdentity` together with what is
//! approved, and the verifier builds the same request and sends it. Of the approver's choice it sends only the fields of the token.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity as SdkIdentity;
use serde_json::Value;

use super::error::ApiErrorKind;
use super::http_sender::HttpSender;
use super::signed_call::{ServiceName, dns_suffix, percent_encoded};
use super::{ApiError, Aws};
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
        let sender = HttpSender::of_machine(&address, &self.machine).map_err(|failure| ApiError {
            message: Some(failure.one_line()),
            ..ApiError::unreadable(ACTION)
        })?;
        let request = proof_request(&address, token, binding).ok_or_else(|| ApiError::unreadable(ACTION))?;
        let answered = tokio::time::timeout(ATTEMPT_TIMEOUT, sender.send(request)).await;
        let answer = answered
            .map_err(|_| ApiError::not_answered_within(ACTION, ATTEMPT_TIMEOUT))?
            .map_err(|error| lost(error.to_string()))?;
        let status = answer.status().as_u16();
        if status >= 500 || status == 429 {
            return Err(lost(format!("HTTP {status}")));
        }
        let body = serde_json::from_str(answer.body());
        Ok((status, body.map_err(|_| lost("the answer could not be read".to_owned()))?))
    }
}

/// Returns the host that is signed: AWS's own, also where the calls go to another address.
fn sts_host(region: &str) -> String {
    format!("{}.{region}.{}", SERVICE.signing, dns_suffix(region))
}

/// Builds the request that the token must have been made for.
fn proof_request(address: &str, token: &ApprovalToken, binding: &str) -> Option<http::Request<Vec<u8>>> {
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
            query.push_str(&format!("&{name}={}", percent_encoded(value, "")));
        }
    }
    let request = http::Request::get(format!("{address}?{query}"))
        .header("accept", "application/json")
        .header("user-agent", concat!("ecsail/", env!("CARGO_PKG_VERSION")))
        .header(BINDING_HEADER, binding);
    let host = sts_host(region);
    // Otherwise the client names the host itself, as the version of HTTP wants it.
    let request =
        if address.ends_with(&format!("://{host}/")) { request } else { request.header("host", host) };
    request.body(Vec::new()).ok()
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
