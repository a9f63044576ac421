//! Calls AWS for parameters, secrets, stacks and the identity: few calls, side by side.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::Answers;
use crate::aws::error::ApiErrorKind;
use crate::aws::ssm::{FoundParameter, MOST_PARAMETERS, ParameterReader, ParameterValue};
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS};
use crate::error::Failure;
use crate::lookup::{Lookup, LookupAnswer, LookupFailure};
use crate::secret_store::{Ciphertext, SecretStore, kms_hint, put_command};
use crate::secrets::{KnownSource, add_known};

/// Where values are looked up, for hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookupOrigin {
    Aws,
    Sandbox,
}

impl LookupOrigin {
    /// Returns what to do about something that does not exist.
    fn hint(self, kind: &str, command: &str) -> String {
        match self {
            LookupOrigin::Aws => format!("list the {kind} with `aws {command}`"),
            LookupOrigin::Sandbox => {
                format!(
                    "add it to `{kind}` in `ecsail.sandbox.yml` beside the manifest: see `ecsail docs lookups`"
                )
            }
        }
    }
}

/// Returns the answers of AWS. Services that are not asked for get no client.
pub(super) async fn call_all(asked: &BTreeSet<Lookup>, aws: &Aws, origin: LookupOrigin) -> Answers {
    let (mut parameters, mut secrets, mut stacks) = (Vec::new(), Vec::new(), Vec::new());
    let mut ciphertexts = Vec::new();
    for lookup in asked {
        match lookup {
            Lookup::Parameter(name) => parameters.push(name.clone()),
            Lookup::Secret(name) => secrets.push(name.clone()),
            Lookup::Outputs(stack) => stacks.push(stack.clone()),
            Lookup::Ciphertext(ciphertext) => ciphertexts.push(ciphertext.clone()),
            _ => {}
        }
    }
    let (parameters, secrets, stacks, values, others) = tokio::join!(
        read_parameters(&parameters, aws, origin),
        find_secrets(&secrets, aws, origin),
        read_stacks(&stacks, aws, origin),
        decrypt(&ciphertexts, aws),
        read_others(asked, aws),
    );
    [parameters, secrets, stacks, values, others].concat()
}

async fn read_parameters(names: &[String], aws: &Aws, origin: LookupOrigin) -> Answers {
    if names.is_empty() {
        return Answers::new();
    }
    let reader = match aws.parameter_reader() {
        Ok(reader) => reader.patient(),
        Err(failure) => return all_failed(names, Lookup::Parameter, &failure),
    };
    let reads = names.chunks(MOST_PARAMETERS).map(|batch| read_batch(batch, &reader, (&aws.region, origin)));
    let answers: Vec<Answers> = stream::iter(reads).buffered(MAX_CONCURRENT_CALLS).collect().await;
    answers.concat()
}

/// Reads a batch. AWS refuses it as a whole where one of the parameters may not be read, so that each is then read alone.
async fn read_batch(names: &[String], reader: &ParameterReader, place: (&str, LookupOrigin)) -> Answers {
    let whole = reader.read_several(names).await;
    let is_of_one = |error: &ApiError| matches!(error.kind, ApiErrorKind::Denied | ApiErrorKind::Other);
    match whole {
        Err(error) if names.len() > 1 && is_of_one(&error) => {
            let single = names.iter().map(async |name| {
                let names = std::slice::from_ref(name);
                parameter_answers(names, reader.read_several(names).await, place)
            });
            join_all(single).await.concat()
        }
        whole => parameter_answers(names, whole, place),
    }
}

fn parameter_answers(
    names: &[String],
    read: Result<Vec<FoundParameter>, ApiError>,
    (region, origin): (&str, LookupOrigin),
) -> Answers {
    let answer = |name: &String| -> LookupAnswer {
        let found = match &read {
            Ok(found) => found.iter().find(|parameter| parameter.asked == *name),
            Err(error) => return Err(failed(&Lookup::Parameter(name.clone()), error)),
        };
        let Some(found) = found else {
            let hint = origin.hint("parameters", "ssm describe-parameters");
            return Err(
                LookupFailure::new(format!("no parameter named `{name}` in {region}")).with_hint(hint)
            );
        };
        Ok(match &found.value {
            ParameterValue::Text(text) => json!(text),
            ParameterValue::List(items) => json!(items),
            ParameterValue::Secure(text) => {
                let reference = if found.arn.is_empty() { name } else { &found.arn };
                add_known(text, KnownSource::Parameter(reference.clone()));
                json!(text)
            }
        })
    };
    names.iter().map(|name| (Lookup::Parameter(name.clone()), answer(name))).collect()
}

async fn find_secrets(names: &[String], aws: &Aws, origin: LookupOrigin) -> Answers {
    if names.is_empty() {
        return Answers::new();
    }
    let finder = match aws.secret_finder() {
        Ok(finder) => finder,
        Err(failure) => return all_failed(names, Lookup::Secret, &failure),
    };
    let finds = names.iter().map(async |name| {
        let lookup = Lookup::Secret(name.clone());
        let answer = match finder.describe(name).await {
            Ok(secret) if secret.is_deleted => {
                let hint = format!("restore it with `aws secretsmanager restore-secret --secret-id {name}`");
                Err(LookupFailure::new(format!("secret `{name}` is scheduled for deletion")).with_hint(hint))
            }
            Ok(secret) => Ok(Value::from(secret.arn)),
            Err(error) if error.kind == ApiErrorKind::NotFound => {
                let command = put_command(SecretStore::SecretsManager, name);
                let hint = match origin {
                    LookupOrigin::Aws => format!("create it with `{command}`, or see `ecsail secret list`"),
                    LookupOrigin::Sandbox => origin.hint("secrets", "secretsmanager list-secrets"),
                };
                let failure = LookupFailure::new(format!("no secret named `{name}` in {}", aws.region));
                Err(failure.with_hint(hint).of_missing())
            }
            Err(error) => Err(failed(&lookup, &error)),
        };
        (lookup, answer)
    });
    stream::iter(finds).buffered(MAX_CONCURRENT_CALLS).collect().await
}

async fn read_stacks(names: &[String], aws: &Aws, origin: LookupOrigin) -> Answers {
    if names.is_empty() {
        return Answers::new();
    }
    let reader = match aws.stack_reader() {
        Ok(reader) => reader,
        Err(failure) => return all_failed(names, Lookup::Outputs, &failure),
    };
    let reads = names.iter().map(async |name| {
        let lookup = Lookup::Outputs(name.clone());
        let answer = match reader.outputs(name).await {
            Ok(outputs) => Ok(json!(outputs)),
            Err(error) if error.kind == ApiErrorKind::NotFound => {
                let hint = origin.hint("stacks", "cloudformation list-stacks");
                Err(LookupFailure::new(format!("no stack named `{name}` in {}", aws.region)).with_hint(hint))
            }
            Err(error) => Err(failed(&lookup, &error)),
        };
        (lookup, answer)
    });
    stream::iter(reads).buffered(MAX_CONCURRENT_CALLS).collect().await
}

/// Decrypts ciphertexts. Their plain values are secrets for the rest of the run.
async fn decrypt(ciphertexts: &[Ciphertext], aws: &Aws) -> Answers {
    if ciphertexts.is_empty() {
        return Answers::new();
    }
    let kms = match aws.kms(None) {
        Ok(kms) => kms,
        Err(failure) => {
            let failed = |ciphertext: &Ciphertext| {
                let lookup = Lookup::Ciphertext(ciphertext.clone());
                let answer = Err(of_failure(&lookup, &failure));
                (lookup, answer)
            };
            return ciphertexts.iter().map(failed).collect();
        }
    };
    let reads = ciphertexts.iter().map(async |ciphertext| {
        let answer = match kms.decrypt(ciphertext).await {
            Ok(value) => {
                add_known(&value, KnownSource::Ciphertext);
                Ok(Value::from(value))
            }
            Err(error) => {
                let hint = kms_hint(error.code.as_deref(), &aws.region).or_else(|| error.hint());
                Err(LookupFailure::new(format!("failed to decrypt {ciphertext}: {error}")).with_hint(hint))
            }
        };
        (Lookup::Ciphertext(ciphertext.clone()), answer)
    });
    stream::iter(reads).buffered(MAX_CONCURRENT_CALLS).collect().await
}

/// Returns the exports, the account and the region, as far as they are asked for.
async fn read_others(asked: &BTreeSet<Lookup>, aws: &Aws) -> Answers {
    let mut answers = Answers::new();
    if asked.contains(&Lookup::Region) {
        answers.push((Lookup::Region, Ok(Value::from(aws.region.as_str()))));
    }
    if asked.contains(&Lookup::Account) {
        let answer = aws.caller().await.map(|caller| Value::from(caller.account));
        answers.push((Lookup::Account, answer.map_err(|error| failed(&Lookup::Account, &error))));
    }
    if asked.contains(&Lookup::Exports) {
        let answer = match aws.stack_reader() {
            Ok(reader) => reader.exports().await.map(|exports| json!(exports)),
            Err(failure) => {
                answers.push((Lookup::Exports, Err(of_failure(&Lookup::Exports, &failure))));
                return answers;
            }
        };
        answers.push((Lookup::Exports, answer.map_err(|error| failed(&Lookup::Exports, &error))));
    }
    answers
}

/// Returns the failure of a call. Where the action is not allowed, the hint names it.
fn failed(lookup: &Lookup, error: &ApiError) -> LookupFailure {
    let is_parameter = matches!(lookup, Lookup::Parameter(_));
    let hint = match error.kind {
        ApiErrorKind::Denied if is_parameter => Some(PARAMETER_HINT.to_owned()),
        _ => error.hint(),
    };
    LookupFailure::new(format!("failed to look up {lookup}: {error}")).with_hint(hint)
}

const PARAMETER_HINT: &str = "allow `ssm:GetParameters` on it for the role or user that runs ecsail, and `kms:Decrypt` on its key \
                              where it is a `SecureString`";

fn of_failure(lookup: &Lookup, failure: &Failure) -> LookupFailure {
    LookupFailure::new(format!("failed to look up {lookup}: {}", failure.one_line()))
        .with_hint(failure.hints.first().cloned())
}

fn all_failed(names: &[String], lookup: impl Fn(String) -> Lookup, failure: &Failure) -> Answers {
    let failed = |name: &String| {
        let lookup = lookup(name.clone());
        let answer = Err(of_failure(&lookup, failure));
        (lookup, answer)
    };
    names.iter().map(failed).collect()
}
