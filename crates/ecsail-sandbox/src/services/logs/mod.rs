//! Amazon CloudWatch Logs: reading log groups, streams and events. A log group exists as soon as a task
//! definition names it.

mod lines;
mod pattern;
mod stream;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::{ApiError, invalid_if};
use crate::model::{LogStream, TaskDefinition};
use crate::params::{text, texts};
use crate::scenario::Scenario;
use crate::state::{Caller, SandboxState};
use crate::time::{Millis, epoch_millis};
use lines::{LogLine, lines};
use pattern::Pattern;
use stream::{groups, registration_time, streams};

pub(crate) use stream::keep_streams_of_expired_tasks;

/// The delay after which an event can be read.
const INGESTION_DELAY: Millis = 850;
const MAX_EVENTS: usize = 10_000;
/// The delay and the page size under the scenario `late-logs`.
const LATE_INGESTION_DELAY: Millis = 15_000;
const MAX_LATE_EVENTS: usize = 3;

/// Answers a call.
pub(crate) fn answer(
    world: &SandboxState,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let desk = LogReader { world, caller };
    match operation {
        "GetLogEvents" => desk.check_permission(operation, input).and_then(|()| desk.get_events(input)),
        "FilterLogEvents" => desk.check_permission(operation, input).and_then(|()| desk.filter_events(input)),
        "DescribeLogStreams" => {
            desk.check_permission(operation, input).and_then(|()| desk.describe_streams(input))
        }
        "DescribeLogGroups" => {
            desk.check_permission(operation, input).and_then(|()| desk.describe_groups(input))
        }
        _ => Err(ApiError::unknown_operation()),
    }
}

/// The state, as one caller reads it.
struct LogReader<'a> {
    world: &'a SandboxState,
    caller: &'a Caller,
}

impl LogReader<'_> {
    /// Checks that the scenario does not deny the reading of logs.
    fn check_permission(&self, operation: &str, input: &Value) -> Result<(), ApiError> {
        if !self.world.scenarios.is_active(Scenario::NoLogs) {
            return Ok(());
        }
        let name = group_name(input).unwrap_or_default();
        let stream = text(input, "logStreamName").unwrap_or_default();
        let resource = format!("{}:log-stream:{stream}", self.group_arn(name));
        Err(ApiError::denied(&self.caller.arn, &format!("logs:{operation}"), &resource))
    }

    fn group_arn(&self, name: &str) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{name}", self.caller.region, self.caller.account)
    }

    /// Returns the log group of an input, which must exist.
    fn find_group<'i>(&self, input: &'i Value) -> Result<&'i str, ApiError> {
        invalid_if(
            text(input, "logGroupName").is_some() == text(input, "logGroupIdentifier").is_some(),
            "Exactly one of logGroupName and logGroupIdentifier must be specified",
        )?;
        let name = group_name(input).unwrap_or_default();
        let known = groups(self.world, self.caller).contains_key(name);
        if known { Ok(name) } else { Err(not_found("group")) }
    }

    fn streams(&self, group: &str) -> Vec<LogStream> {
        streams(self.world, self.caller, group)
    }

    fn get_events(&self, input: &Value) -> Result<Value, ApiError> {
        let limit = limit(input, MAX_EVENTS)?;
        let group = self.find_group(input)?;
        let name = text(input, "logStreamName").unwrap_or_default();
        let stream = self.streams(group).into_iter().find(|s| s.name == name);
        let stream = stream.ok_or_else(|| not_found("stream"))?;
        let span = TimeRange::from_input(input);
        let all: Vec<LogLine> =
            lines(&stream, self.world.now).into_iter().filter(|line| span.contains(line.at)).collect();
        let page = match text(input, "nextToken").map(Cursor::parse).transpose()? {
            Some(Cursor::After(at)) => first_lines(all.iter().filter(|line| line.at > at).collect(), limit),
            Some(Cursor::Before(at)) => last_lines(all.iter().filter(|line| line.at < at).collect(), limit),
            None if input["startFromHead"] == true => first_lines(all.iter().collect(), limit),
            None => last_lines(all.iter().collect(), limit),
        };
        // The tokens of an empty page have the position of the request.
        let (first, last) = match (page.first(), page.last(), text(input, "nextToken").map(Cursor::parse)) {
            (Some(first), Some(last), _) => (first.at, last.at),
            (_, _, Some(Ok(Cursor::After(at)))) => (at + 1, at),
            (_, _, Some(Ok(Cursor::Before(at)))) => (at, at - 1),
            _ => (stream.started, stream.started - 1),
        };
        let events: Vec<Value> = page.iter().map(|line| event_view(line)).collect();
        Ok(json!({
            "events": events,
            "nextForwardToken": Cursor::After(last).to_string(),
            "nextBackwardToken": Cursor::Before(first).to_string(),
        }))
    }

    fn filter_events(&self, input: &Value) -> Result<Value, ApiError> {
        let late = self.world.scenarios.is_active(Scenario::LateLogs);
        let limit = limit(input, MAX_EVENTS)?.min(if late { MAX_LATE_EVENTS } else { MAX_EVENTS });
        let group = self.find_group(input)?;
        let names = texts(input, "logStreamNames");
        let prefix = text(input, "logStreamNamePrefix");
        invalid_if(
            !names.is_empty() && prefix.is_some(),
            "logStreamNamePrefix and logStreamNames cannot both be specified",
        )?;
        let streams = self.streams(group);
        if names.iter().any(|name| !streams.iter().any(|s| s.name == *name)) {
            return Err(not_found("stream"));
        }
        let wanted = |s: &&LogStream| {
            (names.is_empty() || names.contains(&s.name.as_str()))
                && prefix.is_none_or(|p| s.name.starts_with(p))
        };
        let span = TimeRange::from_input(input);
        let pattern = Pattern::parse(text(input, "filterPattern"))?;
        let mut found: Vec<(String, &LogStream, LogLine)> = Vec::new();
        for stream in streams.iter().filter(wanted) {
            let now = self.world.now;
            let readable = if late { now - LATE_INGESTION_DELAY } else { now };
            let of_it = lines(stream, now).into_iter().filter(|line| line.at <= readable);
            let fits = of_it.filter(|line| span.contains(line.at) && pattern.is_match(&line.text));
            found.extend(fits.map(|line| (stream.event_id(line.at), stream, line)));
        }
        found.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        if let Some(token) = text(input, "nextToken") {
            let after = token.strip_prefix("Bxkq6kVGFtq2y_").ok_or_else(invalid_token)?;
            found.retain(|(id, ..)| id.as_str() > after);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let events: Vec<Value> = found
            .iter()
            .map(|(id, stream, line)| {
                let mut out = event_view(line);
                if late {
                    out["ingestionTime"] = epoch_millis(line.at + LATE_INGESTION_DELAY);
                }
                out["logStreamName"] = json!(stream.name);
                out["eventId"] = json!(id);
                out
            })
            .collect();
        let mut out = json!({ "events": events, "searchedLogStreams": [] });
        if let Some((id, ..)) = found.last().filter(|_| more) {
            out["nextToken"] = json!(format!("Bxkq6kVGFtq2y_{id}"));
        }
        Ok(out)
    }

    fn describe_streams(&self, input: &Value) -> Result<Value, ApiError> {
        let limit = limit(input, 50)?;
        let group = self.find_group(input)?;
        let prefix = text(input, "logStreamNamePrefix");
        let by_time = text(input, "orderBy") == Some("LastEventTime");
        invalid_if(by_time && prefix.is_some(), "Cannot order by LastEventTime with a logStreamNamePrefix.")?;
        let now = self.world.now;
        let mut found: Vec<(Option<Millis>, LogStream)> = self
            .streams(group)
            .into_iter()
            .filter(|stream| prefix.is_none_or(|p| stream.name.starts_with(p)))
            .map(|stream| (lines(&stream, now).last().map(|line| line.at), stream))
            .collect();
        found.sort_by(|(a, x), (b, y)| {
            let order = if by_time { a.cmp(b) } else { std::cmp::Ordering::Equal };
            order.then_with(|| x.name.cmp(&y.name))
        });
        if input["descending"] == true {
            found.reverse();
        }
        let views: Vec<Value> = found
            .iter()
            .map(|(last, stream)| {
                let mut out = json!({
                    "logStreamName": stream.name,
                    "creationTime": epoch_millis(stream.started),
                    "arn": format!("{}:log-stream:{}", self.group_arn(group), stream.name),
                    "storedBytes": 0,
                });
                if let Some(last) = last {
                    out["firstEventTimestamp"] = epoch_millis(stream.started);
                    out["lastEventTimestamp"] = epoch_millis(*last);
                    out["lastIngestionTime"] = epoch_millis(last + INGESTION_DELAY);
                    out["uploadSequenceToken"] = json!(stream.event_id(*last));
                }
                out
            })
            .collect();
        page(input, "logStreams", &views, limit)
    }

    /// Returns the log groups that were declared, and unless these are all, those of task definitions; each with the time at which it
    /// was created.
    fn known_groups(&self) -> BTreeMap<String, Millis> {
        let of_definitions = groups(self.world, self.caller);
        let mut known: BTreeMap<String, Millis> = BTreeMap::new();
        let inventory =
            self.world.regions.get(&self.caller.region_key()).map(|resources| &resources.inventory);
        known.extend(
            inventory
                .into_iter()
                .flat_map(|kept| kept.items("log_groups"))
                .map(|(name, _)| (name.clone(), 0)),
        );
        if !inventory.is_some_and(|kept| kept.is_complete("log_groups")) {
            let created = |(name, definition): (&&str, &&TaskDefinition)| {
                ((*name).to_owned(), registration_time(definition))
            };
            known.extend(of_definitions.iter().map(created));
        }
        known
    }

    fn describe_groups(&self, input: &Value) -> Result<Value, ApiError> {
        let limit = limit(input, 50)?;
        let prefix = text(input, "logGroupNamePrefix");
        let part = text(input, "logGroupNamePattern");
        invalid_if(
            prefix.is_some() && part.is_some(),
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        )?;
        let views: Vec<Value> = self
            .known_groups()
            .iter()
            .filter(|(name, _)| prefix.is_none_or(|p| name.starts_with(p)))
            .filter(|(name, _)| part.is_none_or(|p| name.contains(p)))
            .map(|(name, created)| {
                json!({
                    "logGroupName": name,
                    "creationTime": epoch_millis(*created),
                    "metricFilterCount": 0,
                    "arn": format!("{}:*", self.group_arn(name)),
                    "logGroupArn": self.group_arn(name),
                    "logGroupClass": "STANDARD",
                    "storedBytes": 0,
                })
            })
            .collect();
        page(input, "logGroups", &views, limit)
    }
}

/// Returns the log group of an input, given by name or ARN.
fn group_name(input: &Value) -> Option<&str> {
    text(input, "logGroupName").or_else(|| {
        let given = text(input, "logGroupIdentifier")?;
        Some(given.split_once(":log-group:").map_or(given, |(_, name)| name.trim_end_matches(":*")))
    })
}

fn not_found(what: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("The specified log {what} does not exist."))
}

fn invalid_token() -> ApiError {
    ApiError::invalid("The specified nextToken is invalid.")
}

fn event_view(line: &LogLine) -> Value {
    json!({
        "timestamp": epoch_millis(line.at),
        "message": line.text,
        "ingestionTime": epoch_millis(line.at + INGESTION_DELAY),
    })
}

fn first_lines(mut lines: Vec<&LogLine>, limit: usize) -> Vec<&LogLine> {
    lines.truncate(limit);
    lines
}

fn last_lines(mut lines: Vec<&LogLine>, limit: usize) -> Vec<&LogLine> {
    lines.drain(..lines.len().saturating_sub(limit));
    lines
}

/// Returns the page size of a request.
fn limit(input: &Value, most: usize) -> Result<usize, ApiError> {
    let Some(given) = input["limit"].as_i64() else {
        return Ok(most);
    };
    let broken = |bound: &str, than: usize| {
        format!(
            "1 validation error detected: Value '{given}' at 'limit' failed to satisfy constraint: Member \
             must have value {bound} than or equal to {than}"
        )
    };
    invalid_if(given < 1, broken("greater", 1))?;
    invalid_if(given > most as i64, broken("less", most))?;
    Ok(given as usize)
}

/// Returns one page of `items` under `name`, and a `nextToken` when there are more.
fn page(input: &Value, name: &str, items: &[Value], limit: usize) -> Result<Value, ApiError> {
    let start = match text(input, "nextToken") {
        Some(token) => token.parse::<usize>().map_err(|_| invalid_token())?,
        None => 0,
    };
    let end = (start + limit).min(items.len());
    let mut out = json!({ name: items.get(start..end).unwrap_or_default() });
    if end < items.len() {
        out["nextToken"] = json!(end.to_string());
    }
    Ok(out)
}

/// The time range of a request.
struct TimeRange {
    from: Millis,
    to: Millis,
}

impl TimeRange {
    fn from_input(input: &Value) -> TimeRange {
        TimeRange {
            from: input["startTime"].as_i64().unwrap_or(Millis::MIN),
            to: input["endTime"].as_i64().unwrap_or(Millis::MAX),
        }
    }

    fn contains(&self, at: Millis) -> bool {
        at >= self.from && at < self.to
    }
}

/// A position in a stream, as in the tokens of `GetLogEvents`.
enum Cursor {
    After(Millis),
    Before(Millis),
}

impl Cursor {
    fn parse(token: &str) -> Result<Cursor, ApiError> {
        let body = token.get(2..).and_then(|rest| rest.strip_suffix("/s"));
        let at = body.and_then(|digits| digits.parse().ok()).ok_or_else(invalid_token)?;
        match token.get(..2) {
            Some("f/") => Ok(Cursor::After(at)),
            Some("b/") => Ok(Cursor::Before(at)),
            _ => Err(invalid_token()),
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cursor::After(at) => write!(f, "f/{at:056}/s"),
            Cursor::Before(at) => write!(f, "b/{at:056}/s"),
        }
    }
}
