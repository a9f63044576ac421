//! Writes a secret: creates it, or replaces its value. Each write takes effect once, also where its answer was lost. No message
//! has a part of the value.

use super::is_retryable;
use super::lost_answer::{Trace, send_once};
use crate::aws::parameter_store::{NewParameter, ParameterStore};
use crate::aws::secretsmanager::NewSecretValue;
use crate::aws::{ApiError, Aws};
use crate::error::{Failure, Result};
use crate::retry;
use crate::secret_store::{SecretName, SecretStore};
use crate::secrets::HIDDEN;

/// What is written, and what was there when it was planned.
#[derive(Clone, Copy)]
pub struct SecretOrder<'a> {
    pub secret: &'a SecretName,
    pub value: &'a str,
    pub kms_key: Option<&'a str>,
    pub is_advanced: bool,
    pub before: SecretBefore<'a>,
}

/// What was there before a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretBefore<'a> {
    Nothing,
    /// A parameter with this version.
    Parameter {
        version: u64,
    },
    /// A secret with this ARN.
    Secret {
        arn: &'a str,
    },
}

/// A secret that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSecret {
    /// The version of a parameter.
    pub version: Option<u64>,
    /// The ARN of a secret in Secrets Manager.
    pub arn: Option<String>,
}

/// Writes a secret.
///
/// # Errors
/// The store refused it, or it is not known whether it was written.
pub async fn write_secret(order: SecretOrder<'_>, aws: &Aws) -> Result<WrittenSecret> {
    match order.secret.store {
        SecretStore::ParameterStore => write_parameter(order, aws).await,
        SecretStore::SecretsManager => write_secret_value(order, aws).await,
    }
}

async fn write_parameter(order: SecretOrder<'_>, aws: &Aws) -> Result<WrittenSecret> {
    let store = aws.parameter_store_in(&aws.region)?;
    let before = match order.before {
        SecretBefore::Parameter { version } => version,
        _ => 0,
    };
    let new = NewParameter {
        name: &order.secret.name,
        value: order.value,
        kms_key: order.kms_key,
        is_advanced: order.is_advanced,
        replaces: before > 0,
    };
    let call = async || store.put_parameter(new).await.map_err(|error| without_value(error, order.value));
    let look = async || trace(&store, order, before).await;
    let attempted = format!("failed to write {}", order.secret);
    let is_temporary =
        |error: &ApiError| is_retryable(error) || error.code.as_deref() == Some("TooManyUpdates");
    let version = send_once(aws, &attempted, is_temporary, call, look).await?;
    Ok(WrittenSecret { version: Some(version), arn: None })
}

/// Returns what is there after a write whose answer was lost. Parameter Store has no tokens of requests, so that the value is
/// compared.
async fn trace(store: &ParameterStore, order: SecretOrder<'_>, before: u64) -> Result<Trace<u64>, ApiError> {
    let name = &order.secret.name;
    let found = store.describe(std::slice::from_ref(name)).await?;
    let version = found.first().map_or(0, |parameter| parameter.version);
    if version == before {
        return Ok(Trace::AsBefore);
    }
    if store.has_value(name, before + 1, order.value).await? {
        return Ok(Trace::Ours(before + 1));
    }
    let message = format!("{} was written by another client at the same time", order.secret);
    let hint = "see which value it has, then run the command again".to_owned();
    Ok(Trace::Foreign(Failure::error(message).with_hint(hint)))
}

async fn write_secret_value(order: SecretOrder<'_>, aws: &Aws) -> Result<WrittenSecret> {
    let writer = aws.secret_writer()?;
    let token = retry::token();
    let new = NewSecretValue { value: order.value, token: &token, kms_key: order.kms_key };
    let written = match order.before {
        SecretBefore::Secret { arn } => writer.put_secret_value(arn, new).await,
        _ => writer.create_secret(&order.secret.name, new).await,
    };
    let arn = match written {
        Ok(arn) => arn,
        // An attempt without an answer may have created it.
        Err(error) if error.code.as_deref() == Some("ResourceExistsException") => {
            let found = aws.secret_finder()?.describe(&order.secret.name).await?;
            if !found.versions.contains(&token) {
                return Err(failure(order, error));
            }
            found.arn
        }
        Err(error) => return Err(failure(order, error)),
    };
    Ok(WrittenSecret { version: None, arn: Some(arn) })
}

fn failure(order: SecretOrder<'_>, error: ApiError) -> Failure {
    let error = without_value(error, order.value);
    let is_unclear = error.is_ambiguous();
    let failure = Failure::error(format!("failed to write {}", order.secret)).with_hint(error.hint());
    failure.with_cause(error).unclear(is_unclear)
}

/// Returns an error without its message where that has the value: AWS quotes what it was sent.
fn without_value(error: ApiError, value: &str) -> ApiError {
    let has_value = error.message.as_deref().is_some_and(|message| message.contains(value));
    if has_value { ApiError { message: Some(HIDDEN.to_owned()), ..error } } else { error }
}
