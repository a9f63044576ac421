//! Reads parameters of Systems Manager. Never writes one, and never prints a value.

use serde_json::{Value, json};

use super::signed_call::{ServiceName, SignedClient};
use super::{ApiError, Aws};
use crate::error::Result;
use crate::retry::Policy;

pub(super) const SERVICE: ServiceName = ServiceName {
    signing: "ssm",
    id: "SSM",
    target: "AmazonSSM",
    content_type: "application/x-amz-json-1.1",
};

/// The most names that a call of `GetParameters` takes (API reference of Systems Manager).
pub const MOST_PARAMETERS: usize = 10;

/// Reads parameters, with connections of its own.
#[derive(Clone, Debug)]
pub struct ParameterReader(SignedClient);

/// A parameter that was asked for, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundParameter {
    /// As it was asked for: a name or an ARN, with the version or label.
    pub asked: String,
    pub arn: String,
    pub value: ParameterValue,
}

/// The value of a parameter, by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterValue {
    Text(String),
    List(Vec<String>),
    /// The decrypted value of a `SecureString`.
    Secure(String),
}

impl Aws {
    /// Returns a reader of parameters. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn parameter_reader(&self) -> Result<ParameterReader> {
        Ok(ParameterReader(self.signed_client(SERVICE)?))
    }

    /// Returns a reader of the parameters of another region. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn parameter_reader_in(&self, region: &str) -> Result<ParameterReader> {
        Ok(ParameterReader(self.signed_client_in(SERVICE, region)?).patient())
    }
}

impl ParameterReader {
    /// Returns the reader with the attempts of calls that a run cannot do without.
    pub fn patient(self) -> ParameterReader {
        ParameterReader(self.0.with_attempts(Policy::CALL))
    }

    /// Returns the value of a parameter, decrypted.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn read(&self, name: &str) -> Result<String, String> {
        let input = json!({ "Name": name, "WithDecryption": true });
        let answer = self.0.call("GetParameter", &input).await.map_err(|error| error.error.to_string())?;
        let value = answer.body["Parameter"]["Value"].as_str().map(str::to_owned);
        value.ok_or_else(|| "the answer has no value".to_owned())
    }

    /// Returns those of at most [`MOST_PARAMETERS`] parameters that exist, decrypted, in one call.
    ///
    /// # Errors
    /// The call failed: also where only one of the parameters may not be read.
    pub async fn read_several(&self, names: &[String]) -> Result<Vec<FoundParameter>, ApiError> {
        let input = json!({ "Names": names, "WithDecryption": true });
        let answer = self.0.call("GetParameters", &input).await.map_err(|error| error.error)?;
        let found = answer.body["Parameters"].as_array().into_iter().flatten();
        Ok(found.filter_map(|parameter| found_parameter(parameter, names)).collect())
    }
}

impl ParameterReader {
    /// Returns those of at most [`MOST_PARAMETERS`] parameters that exist, as they were asked for. Nothing is decrypted, and values
    /// are dropped.
    ///
    /// # Errors
    /// The call failed: also where only one of the parameters may not be read.
    pub async fn existing(&self, names: &[String]) -> Result<Vec<String>, ApiError> {
        let input = json!({ "Names": names, "WithDecryption": false });
        let answer = self.0.call("GetParameters", &input).await.map_err(|error| error.error)?;
        let found = answer.body["Parameters"].as_array().into_iter().flatten();
        Ok(found.filter_map(|parameter| Some(found_parameter(parameter, names)?.asked)).collect())
    }
}

fn found_parameter(parameter: &Value, names: &[String]) -> Option<FoundParameter> {
    let text = |member: &str| parameter[member].as_str().unwrap_or_default();
    let selector = text("Selector");
    let is_asked = |asked: &&String| {
        let bare = asked.strip_suffix(selector).unwrap_or(asked);
        bare == text("Name") || bare == text("ARN")
    };
    let value = text("Value").to_owned();
    let value = match text("Type") {
        "StringList" => ParameterValue::List(value.split(',').map(str::to_owned).collect()),
        "SecureString" => ParameterValue::Secure(value),
        _ => ParameterValue::Text(value),
    };
    Some(FoundParameter { asked: names.iter().find(is_asked)?.clone(), arn: text("ARN").to_owned(), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_by_what_it_was_asked_for() {
        let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/a";
        let answer =
            json!({ "Name": "/a", "ARN": arn, "Selector": ":3", "Type": "StringList", "Value": "x,y" });
        let found = |asked: &str| found_parameter(&answer, &["/b".to_owned(), asked.to_owned()]);
        let value = ParameterValue::List(vec!["x".to_owned(), "y".to_owned()]);
        for asked in ["/a:3", &format!("{arn}:3")] {
            assert_eq!(
                found(asked).map(|found| (found.asked, found.value)),
                Some((asked.to_owned(), value.clone()))
            );
        }
        assert_eq!(found("/c"), None);
    }
}
