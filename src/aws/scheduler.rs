//! Calls EventBridge Scheduler: one schedule, its group, and the names in a group. Documents are sent and kept as raw
//! JSON; see [`super::raw`]. Calls that change something are sent once: the caller decides about retries.

use std::collections::BTreeMap;

use aws_sdk_scheduler::config::retry::RetryConfig;
use aws_sdk_scheduler::types::Tag;
use serde_json::Value;

use super::error::ApiErrorKind;
use super::raw_json::RawJson;
use super::types::{ObservedSchedule, Via, without_nulls};
use super::{ApiError, Aws};

impl Aws {
    /// Returns a schedule, without the tags of its group, or `None` if it does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn schedule(&self, group: &str, name: &str) -> Result<Option<ObservedSchedule>, ApiError> {
        let raw = RawJson::capture();
        let request = self.scheduler().get_schedule().group_name(group).name(name);
        let sent = request.customize().interceptor(raw.clone()).send().await;
        match sent.map_err(|error| ApiError::from_sdk("scheduler:GetSchedule", error)) {
            Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let document = without_nulls(&raw.take_response("scheduler:GetSchedule")?);
        if !document["Target"].is_object() {
            return Err(ApiError::unreadable("scheduler:GetSchedule"));
        }
        let targets = vec![document["Target"].clone()];
        Ok(Some(ObservedSchedule { via: Via::Scheduler, document, targets, tags: BTreeMap::new() }))
    }

    /// Creates a schedule with a `CreateSchedule` document that includes the name.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn create_schedule(&self, document: &Value) -> Result<(), ApiError> {
        let (name, body) = split_name(document);
        let request = self.scheduler().create_schedule().name(name).customize();
        let sent =
            request.interceptor(RawJson::with_body(&body)).config_override(without_retries()).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("scheduler:CreateSchedule", error))
    }

    /// Replaces a schedule with an `UpdateSchedule` document.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn update_schedule(&self, document: &Value) -> Result<(), ApiError> {
        let (name, body) = split_name(document);
        let request = self.scheduler().update_schedule().name(name).customize();
        let sent =
            request.interceptor(RawJson::with_body(&body)).config_override(without_retries()).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("scheduler:UpdateSchedule", error))
    }

    /// Deletes a schedule.
    ///
    /// # Errors
    /// The API call failed, with [`Meaning::NotFound`] if the schedule does not exist.
    pub async fn delete_schedule(&self, group: &str, name: &str, token: &str) -> Result<(), ApiError> {
        let request = self.scheduler().delete_schedule().group_name(group).name(name).client_token(token);
        let sent = request.customize().config_override(without_retries()).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("scheduler:DeleteSchedule", error))
    }

    /// Returns the tags of a schedule group, or `None` if it does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn schedule_group_tags(
        &self,
        name: &str,
    ) -> Result<Option<BTreeMap<String, String>>, ApiError> {
        let sent = self.scheduler().get_schedule_group().name(name).send().await;
        let group = match sent.map_err(|error| ApiError::from_sdk("scheduler:GetScheduleGroup", error)) {
            Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(None),
            answer => answer?,
        };
        let arn = group.arn().ok_or_else(|| ApiError::unreadable("scheduler:GetScheduleGroup"))?;
        let request = self.scheduler().list_tags_for_resource().resource_arn(arn);
        match request.send().await.map_err(|error| ApiError::from_sdk("scheduler:ListTagsForResource", error))
        {
            // The group was deleted after it was read.
            Err(error) if error.kind == ApiErrorKind::NotFound => Ok(None),
            answer => {
                let tags = answer?;
                let pairs = tags.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
                Ok(Some(pairs.collect()))
            }
        }
    }

    /// Creates a schedule group with tags.
    ///
    /// # Errors
    /// The API call failed, with `ConflictException` if the group exists.
    pub async fn create_schedule_group(
        &self,
        name: &str,
        tags: &BTreeMap<String, String>,
        token: &str,
    ) -> Result<(), ApiError> {
        let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build().ok();
        let tags: Vec<Tag> = tags.iter().filter_map(tag).collect();
        let request = self.scheduler().create_schedule_group().name(name).client_token(token);
        let request = request.set_tags((!tags.is_empty()).then_some(tags));
        let sent = request.customize().config_override(without_retries()).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("scheduler:CreateScheduleGroup", error))
    }

    /// Returns the names of the schedules in a group, sorted.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn schedule_names(&self, group: &str) -> Result<Vec<String>, ApiError> {
        let (mut names, mut next) = (Vec::new(), None);
        loop {
            let request = self.scheduler().list_schedules().group_name(group).max_results(100);
            let sent = request.set_next_token(next).send().await;
            let answer = match sent.map_err(|error| ApiError::from_sdk("scheduler:ListSchedules", error)) {
                Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(names),
                answer => answer?,
            };
            names.extend(answer.schedules().iter().filter_map(|schedule| schedule.name().map(str::to_owned)));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                names.sort();
                return Ok(names);
            }
        }
    }
}

/// Splits a document into the schedule's name, which is part of the path, and the request body.
fn split_name(document: &Value) -> (String, Value) {
    let name = document["Name"].as_str().unwrap_or_default().to_owned();
    let mut body = document.clone();
    body.as_object_mut().map(|members| members.shift_remove("Name"));
    (name, body)
}

/// Returns the client configuration for calls that the SDK must not retry.
fn without_retries() -> aws_sdk_scheduler::config::Builder {
    aws_sdk_scheduler::config::Builder::default().retry_config(RetryConfig::disabled())
}
