//! Calls EventBridge about the rules of the default bus: reads and changes rules and their targets. Documents are sent
//! and kept as raw JSON; see [`super::raw`]. Calls that change something are sent once.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::types::Tag;
use futures_util::future::join;
use serde_json::{Value, json};

use super::error::ApiErrorKind;
use super::raw_json::{RawJson, list, text};
use super::types::{ObservedSchedule, Via, without_nulls};
use super::{ApiError, Aws};

/// A failed entry of a call that succeeded for its other entries.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedEntry {
    pub target: String,
    pub code: String,
    pub message: String,
}

impl Aws {
    /// Returns all rules of the default bus, as `ListRules` gives them.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn all_rules(&self) -> Result<Vec<Value>, ApiError> {
        let (mut rules, mut next) = (Vec::new(), None);
        loop {
            let raw = RawJson::capture();
            let request = self.eventbridge().list_rules().limit(100).set_next_token(next).customize();
            let answer = request.interceptor(raw.clone()).send().await;
            let answer = answer.map_err(|error| ApiError::from_sdk("events:ListRules", error))?;
            let found = without_nulls(&raw.take_response("events:ListRules")?);
            rules.extend_from_slice(list("events:ListRules", &found, "Rules")?);
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(rules);
            }
        }
    }

    /// Returns a rule of the default bus, as `DescribeRule` gives it, or `None` if it does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn rule(&self, name: &str) -> Result<Option<Value>, ApiError> {
        let raw = RawJson::capture();
        let request = self.eventbridge().describe_rule().name(name).customize();
        match request.interceptor(raw.clone()).send().await {
            Ok(_) => Ok(Some(without_nulls(&raw.take_response("events:DescribeRule")?))),
            Err(error) => match ApiError::from_sdk("events:DescribeRule", error) {
                error if error.kind == ApiErrorKind::NotFound => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Returns the targets of a rule, or none if the rule no longer exists.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn rule_targets(&self, rule: &str) -> Result<Vec<Value>, ApiError> {
        let (mut targets, mut next) = (Vec::new(), None);
        loop {
            let raw = RawJson::capture();
            let request =
                self.eventbridge().list_targets_by_rule().rule(rule).set_next_token(next).customize();
            let sent = request.interceptor(raw.clone()).send().await;
            let answer = match sent.map_err(|error| ApiError::from_sdk("events:ListTargetsByRule", error)) {
                Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(targets),
                answer => answer?,
            };
            let found = without_nulls(&raw.take_response("events:ListTargetsByRule")?);
            targets.extend_from_slice(list("events:ListTargetsByRule", &found, "Targets")?);
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(targets);
            }
        }
    }

    /// Returns the tags of a rule, or none if the rule no longer exists.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn rule_tags(&self, rule: &Value) -> Result<BTreeMap<String, String>, ApiError> {
        let arn = text("events:DescribeRule", rule, "Arn")?;
        let sent = self.eventbridge().list_tags_for_resource().resource_arn(arn).send().await;
        let answer = match sent.map_err(|error| ApiError::from_sdk("events:ListTagsForResource", error)) {
            Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(BTreeMap::new()),
            answer => answer?,
        };
        Ok(answer.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
    }

    /// Returns a rule of a list with its targets and tags.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn whole_rule(&self, rule: &Value) -> Result<ObservedSchedule, ApiError> {
        let name = rule["Name"].as_str().unwrap_or_default();
        let (targets, tags) = join(self.rule_targets(name), self.rule_tags(rule)).await;
        Ok(ObservedSchedule { via: Via::Rule, document: rule.clone(), targets: targets?, tags: tags? })
    }

    /// Returns a rule with its targets and tags, or `None` if it does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn observe_rule(&self, name: &str) -> Result<Option<ObservedSchedule>, ApiError> {
        match self.rule(name).await? {
            Some(rule) => self.whole_rule(&rule).await.map(Some),
            None => Ok(None),
        }
    }

    /// Creates or replaces a rule with a `PutRule` document, and returns its ARN.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn put_rule(&self, document: &Value) -> Result<String, ApiError> {
        let request = self.eventbridge().put_rule().customize().interceptor(RawJson::with_body(document));
        let answer = request.config_override(without_retries()).send().await;
        let answer = answer.map_err(|error| ApiError::from_sdk("events:PutRule", error))?;
        let arn = answer.rule_arn().ok_or_else(|| ApiError::unreadable("events:PutRule"))?;
        Ok(arn.to_owned())
    }

    /// Puts targets on a rule, and returns the entries that failed.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn put_rule_targets(
        &self,
        rule: &str,
        targets: &[Value],
    ) -> Result<Vec<FailedEntry>, ApiError> {
        let raw = RawJson::with_body(&json!({ "Rule": rule, "Targets": targets }));
        let request = self.eventbridge().put_targets().customize().interceptor(raw.clone());
        let sent = request.config_override(without_retries()).send().await;
        sent.map_err(|error| ApiError::from_sdk("events:PutTargets", error))?;
        Ok(failed_entries(&raw.take_response("events:PutTargets")?))
    }

    /// Removes targets from a rule, and returns the entries that failed.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn remove_rule_targets(
        &self,
        rule: &str,
        ids: &[String],
    ) -> Result<Vec<FailedEntry>, ApiError> {
        let raw = RawJson::with_body(&json!({ "Rule": rule, "Ids": ids }));
        let request = self.eventbridge().remove_targets().customize().interceptor(raw.clone());
        let sent = request.config_override(without_retries()).send().await;
        sent.map_err(|error| ApiError::from_sdk("events:RemoveTargets", error))?;
        Ok(failed_entries(&raw.take_response("events:RemoveTargets")?))
    }

    /// Enables or disables a rule.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn set_rule_enabled(&self, rule: &str, enabled: bool) -> Result<(), ApiError> {
        if enabled {
            let sent = self
                .eventbridge()
                .enable_rule()
                .name(rule)
                .customize()
                .config_override(without_retries())
                .send()
                .await;
            return sent.map(drop).map_err(|error| ApiError::from_sdk("events:EnableRule", error));
        }
        let sent = self
            .eventbridge()
            .disable_rule()
            .name(rule)
            .customize()
            .config_override(without_retries())
            .send()
            .await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("events:DisableRule", error))
    }

    /// Deletes a rule that has no targets. Succeeds if the rule does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn delete_rule(&self, rule: &str) -> Result<(), ApiError> {
        let sent = self
            .eventbridge()
            .delete_rule()
            .name(rule)
            .customize()
            .config_override(without_retries())
            .send()
            .await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("events:DeleteRule", error))
    }

    /// Sets tags on a rule, by its ARN.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn tag_rule(&self, arn: &str, tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
        let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build().ok();
        let request = self.eventbridge().tag_resource().resource_arn(arn);
        let request = request.set_tags(Some(tags.iter().filter_map(tag).collect()));
        let sent = request.customize().config_override(without_retries()).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("events:TagResource", error))
    }

    /// Removes tags from a rule, by its ARN.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn untag_rule(&self, arn: &str, keys: &[String]) -> Result<(), ApiError> {
        let request = self.eventbridge().untag_resource().resource_arn(arn).set_tag_keys(Some(keys.to_vec()));
        let sent = request.customize().config_override(without_retries()).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("events:UntagResource", error))
    }
}

/// The target of a failed entry that names none.
pub const UNNAMED_TARGET: &str = "(not named)";

/// Returns the failed entries of a response. Entries that the response counts but does not list have no name.
fn failed_entries(answer: &Value) -> Vec<FailedEntry> {
    let text = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
    let entry = |entry: &Value| FailedEntry {
        target: text(&entry["TargetId"], UNNAMED_TARGET),
        code: text(&entry["ErrorCode"], "(no code)"),
        message: text(&entry["ErrorMessage"], "no message"),
    };
    let mut entries: Vec<FailedEntry> =
        answer["FailedEntries"].as_array().into_iter().flatten().map(entry).collect();
    // The raw JSON may contain a whole number as `1.0`.
    let counted = answer["FailedEntryCount"].as_f64().unwrap_or_default() as usize;
    entries.extend((entries.len()..counted).map(|_| unnamed_failed_entry()));
    entries
}

fn unnamed_failed_entry() -> FailedEntry {
    FailedEntry {
        target: UNNAMED_TARGET.to_owned(),
        code: "(no code)".to_owned(),
        message: "the response counts more failed entries than it lists".to_owned(),
    }
}

/// Returns the client configuration for calls that the SDK must not retry.
fn without_retries() -> aws_sdk_eventbridge::config::Builder {
    aws_sdk_eventbridge::config::Builder::default().retry_config(RetryConfig::disabled())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlisted_failed_entries_are_counted() {
        let listed = json!([{"TargetId": "a", "ErrorCode": "C", "ErrorMessage": "m"}]);
        let names = |answer: Value| {
            failed_entries(&answer).iter().map(|entry| entry.target.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(json!({"FailedEntryCount": 2, "FailedEntries": listed})), "a (not named)");
        assert_eq!(names(json!({"FailedEntryCount": 1.0})), "(not named)");
        assert_eq!(names(json!({"FailedEntryCount": 0, "FailedEntries": listed})), "a");
        assert_eq!(names(json!({"FailedEntryCount": 0})), "");
    }
}
