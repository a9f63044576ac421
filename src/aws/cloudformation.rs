//! Reads the outputs and exports of CloudFormation stacks. Never changes a stack.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::ApiErrorKind;
use super::signed_call::{ServiceName, SignedClient};
use super::{ApiError, Aws};
use crate::error::Result;
use crate::retry::Policy;

const SERVICE: ServiceName = ServiceName {
    signing: "cloudformation",
    id: "CloudFormation",
    target: "",
    content_type: "application/x-www-form-urlencoded",
};
const VERSION: &str = "2010-05-15";
/// More pages of exports than an account may have: 5,000 exports, 100 a page.
const MAX_PAGES: usize = 100;

/// Reads stacks, with connections of its own.
#[derive(Clone, Debug)]
pub struct StackReader(SignedClient);

impl Aws {
    /// Returns a reader of stacks. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn stack_reader(&self) -> Result<StackReader> {
        Ok(StackReader(self.signed_client(SERVICE)?.with_attempts(Policy::CALL)))
    }
}

impl StackReader {
    /// Returns the outputs of a stack.
    ///
    /// # Errors
    /// There is no such stack, or the call failed.
    pub async fn outputs(&self, stack: &str) -> Result<BTreeMap<String, String>, ApiError> {
        let answer = self.0.query("DescribeStacks", VERSION, &[("StackName", stack)]).await;
        let answer = answer.map_err(|error| {
            let error = error.error;
            // CloudFormation has no code of its own for a stack that does not exist.
            let is_missing = error.code.as_deref() == Some("ValidationError")
                && error.message.as_deref().is_some_and(|message| message.contains("does not exist"));
            if is_missing { ApiError { kind: ApiErrorKind::NotFound, ..error } } else { error }
        })?;
        Ok(pairs(&answer["Stacks"][0]["Outputs"], "OutputKey", "OutputValue"))
    }

    /// Returns all exports of the region.
    ///
    /// # Errors
    /// A call failed.
    pub async fn exports(&self) -> Result<BTreeMap<String, String>, ApiError> {
        let mut all = BTreeMap::new();
        let mut token = String::new();
        for _ in 0..MAX_PAGES {
            let fields: &[(&str, &str)] = if token.is_empty() { &[] } else { &[("NextToken", &token)] };
            let answer = self.0.query("ListExports", VERSION, fields).await.map_err(|error| error.error)?;
            all.extend(pairs(&answer["Exports"], "Name", "Value"));
            token = answer["NextToken"].as_str().unwrap_or_default().to_owned();
            if token.is_empty() {
                break;
            }
        }
        Ok(all)
    }
}

fn pairs(list: &Value, key: &str, value: &str) -> BTreeMap<String, String> {
    let items = list.as_array().into_iter().flatten();
    let text = |item: &Value, name: &str| item[name].as_str().map(str::to_owned);
    items.filter_map(|item| Some((text(item, key)?, text(item, value)?))).collect()
}
