//! Calls CloudWatch Logs: the log lines of containers.

use super::{ApiError, Aws};

/// The most pages of a log stream that are read to find one with lines.
const MAX_LOG_PAGES: usize = 5;

/// A query for events of a log group.
#[derive(Clone, Copy, Debug)]
pub struct LogQuery<'a> {
    /// The region of the log group, if it differs from the service's.
    pub region: Option<&'a str>,
    pub group: &'a str,
    /// The prefix of the log stream names.
    pub stream_prefix: &'a str,
    /// A CloudWatch filter pattern.
    pub pattern: Option<&'a str>,
    /// The start time, in milliseconds since 1970.
    pub since: i64,
    /// The token of the next page, from the page before.
    pub page_token: Option<&'a str>,
}

/// One event of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEvent {
    pub id: String,
    pub stream: String,
    /// The timestamp that the writer gave, in milliseconds since 1970.
    pub timestamp: i64,
    /// When CloudWatch ingested it, in milliseconds since 1970.
    pub ingested_at: i64,
    pub message: String,
}

/// One page of events. An empty page may be followed by others.
#[derive(Clone, Debug, Default)]
pub struct LogPage {
    pub events: Vec<LogEvent>,
    pub next_token: Option<String>,
}

impl Aws {
    /// Returns the last lines of a log stream, oldest first; `region` is the log group's, if it differs from the
    /// service's.
    ///
    /// # Errors
    /// The API call failed, with [`super::error::Meaning::NotFound`] if the group or stream does not exist.
    pub async fn last_log_lines(
        &self,
        region: Option<&str>,
        group: &str,
        stream: &str,
        number: i32,
    ) -> Result<Vec<String>, ApiError> {
        let client = self.logs(region.unwrap_or(&self.region));
        let mut token = None;
        // A page may be empty although there are earlier ones; after the last one, the token stays the same.
        for _ in 0..MAX_LOG_PAGES {
            let request = client.get_log_events().log_group_name(group).log_stream_name(stream);
            let request = request.limit(number).start_from_head(false).set_next_token(token.clone());
            let answer =
                request.send().await.map_err(|error| ApiError::from_sdk("logs:GetLogEvents", error))?;
            let next = answer.next_backward_token().map(str::to_owned);
            if !answer.events().is_empty() || next.is_none() || next == token {
                let messages = answer.events().iter().filter_map(|event| event.message());
                return Ok(messages.map(str::to_owned).collect());
            }
            token = next;
        }
        Ok(Vec::new())
    }

    /// Returns whether a log group exists; `region` is its own, if it differs from that of the run.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn has_log_group(&self, region: Option<&str>, name: &str) -> Result<bool, ApiError> {
        let client = self.logs(region.unwrap_or(&self.region));
        let mut pages =
            client.describe_log_groups().log_group_name_prefix(name).into_paginator().items().send();
        while let Some(group) = pages.next().await {
            let group = group.map_err(|error| ApiError::from_sdk("logs:DescribeLogGroups", error))?;
            if group.log_group_name() == Some(name) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns one page of the events of a log group, across its streams, oldest first.
    ///
    /// # Errors
    /// The API call failed, with [`super::error::Meaning::NotFound`] if the group does not exist.
    pub async fn log_events(&self, query: &LogQuery<'_>) -> Result<LogPage, ApiError> {
        let client = self.logs(query.region.unwrap_or(&self.region));
        let request = client.filter_log_events().log_group_name(query.group);
        let request = request.log_stream_name_prefix(query.stream_prefix).start_time(query.since);
        let request = request.set_filter_pattern(query.pattern.map(str::to_owned));
        let sent = request.set_next_token(query.page_token.map(str::to_owned)).send().await;
        let answer = sent.map_err(|error| ApiError::from_sdk("logs:FilterLogEvents", error))?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let event = |event: &aws_sdk_cloudwatchlogs::types::FilteredLogEvent| LogEvent {
            id: text(event.event_id()),
            stream: text(event.log_stream_name()),
            timestamp: event.timestamp().unwrap_or_default(),
            ingested_at: event.ingestion_time().unwrap_or_default(),
            message: text(event.message()),
        };
        let next = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        Ok(LogPage { events: answer.events().iter().map(event).collect(), next_token: next })
    }
}
