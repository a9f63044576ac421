//! Amazon CloudWatch Logs, as far as readers need it. Owns its operations and their paging; a group is
//! there once a task definition names it, and the streams tell what became of the tasks.

mod lines;
mod pattern;
mod stream;

use serde_json::{Value, json};

use super::params::{text, texts};
use super::scenario::Scenario;
use super::state::{Caller, Millis, World};
use super::wire::{ApiError, invalid_if};
use lines::{Line, lines};
use pattern::Pattern;
use stream::{creation, groups, streams};

pub(super) use stream::{Stream, remember};

/// How long an event takes to be readable.
const INGESTION: Millis = 850;
const MOST_EVENTS: usize = 10_000;
/// How long an event takes where lines come late, and how many there are a page.
const LATE: Millis = 15_000;
const FEW_EVENTS: usize = 3;

/// Answers a CloudWatch Logs operation.
pub(super) fn answer(
    world: &World,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let desk = Desk { world, caller };
    match operation {
        "GetLogEvents" => desk.permitted(operation, input).and_then(|()| desk.get(input)),
        "FilterLogEvents" => desk.permitted(operation, input).and_then(|()| desk.filter(input)),
        "DescribeLogStreams" => desk.permitted(operation, input).and_then(|()| desk.describe_streams(input)),
        "DescribeLogGroups" => desk.permitted(operation, input).and_then(|()| desk.describe_groups(input)),
        _ => Err(ApiError::unknown_operation()),
    }
}

/// One caller's view of the logs.
struct Desk<'a> {
    world: &'a World,
    caller: &'a Caller,
}

impl Desk<'_> {
    /// Refuses where the scenario denies the reading of logs.
    fn permitted(&self, operation: &str, input: &Value) -> Result<(), ApiError> {
        if !self.world.scenarios.any(Scenario::NoLogs) {
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

    /// Returns the group that the input names, which must exist.
    fn group<'i>(&self, input: &'i Value) -> Result<&'i str, ApiError> {
        invalid_if(
            text(input, "logGroupName").is_some() == text(input, "logGroupIdentifier").is_some(),
            "Exactly one of logGroupName and logGroupIdentifier must be specified",
        )?;
        let name = group_name(input).unwrap_or_default();
        let known = groups(self.world, self.caller).contains_key(name);
        if known { Ok(name) } else { Err(missing("group")) }
    }

    fn streams(&self, group: &str) -> Vec<Stream> {
        streams(self.world, self.caller, group)
    }

    fn get(&self, input: &Value) -> Result<Value, ApiError> {
        let limit = limit(input, MOST_EVENTS)?;
        let group = self.group(input)?;
        let name = text(input, "logStreamName").unwrap_or_default();
        let stream = self.streams(group).into_iter().find(|s| s.name == name);
        let stream = stream.ok_or_else(|| missing("stream"))?;
        let span = Span::of(input);
        let all: Vec<Line> =
            lines(&stream, self.world.now).into_iter().filter(|line| span.holds(line.at)).collect();
        let page = match text(input, "nextToken").map(Cursor::parse).transpose()? {
            Some(Cursor::After(at)) => head(all.iter().filter(|line| line.at > at).collect(), limit),
            Some(Cursor::Before(at)) => tail(all.iter().filter(|line| line.at < at).collect(), limit),
            None if input["startFromHead"] == true => head(all.iter().collect(), limit),
            None => tail(all.iter().collect(), limit),
        };
        // An empty page hands the position back that it was asked for.
        let (first, last) = match (page.first(), page.last(), text(input, "nextToken").map(Cursor::parse)) {
            (Some(first), Some(last), _) => (first.at, last.at),
            (_, _, Some(Ok(Cursor::After(at)))) => (at + 1, at),
            (_, _, Some(Ok(Cursor::Before(at)))) => (at, at - 1),
            _ => (stream.started, stream.started - 1),
        };
        let events: Vec<Value> = page.iter().map(|line| event(line)).collect();
        Ok(json!({
            "events": events,
            "nextForwardToken": Cursor::After(last).to_string(),
            "nextBackwardToken": Cursor::Before(first).to_string(),
        }))
    }

    fn filter(&self, input: &Value) -> Result<Value, ApiError> {
        let late = self.world.scenarios.any(Scenario::LateLogs);
        let limit = limit(input, MOST_EVENTS)?.min(if late { FEW_EVENTS } else { MOST_EVENTS });
        let group = self.group(input)?;
        let (names, prefix) = (texts(input, "logStreamNames"), text(input, "logStreamNamePrefix"));
        invalid_if(
            !names.is_empty() && prefix.is_some(),
            "logStreamNamePrefix and logStreamNames cannot both be specified",
        )?;
        let streams = self.streams(group);
        if names.iter().any(|name| !streams.iter().any(|s| s.name == *name)) {
            return Err(missing("stream"));
        }
        let wanted = |s: &&Stream| {
            (names.is_empty() || names.contains(&s.name.as_str()))
                && prefix.is_none_or(|p| s.name.starts_with(p))
        };
        let (span, pattern) = (Span::of(input), Pattern::parse(text(input, "filterPattern"))?);
        let mut found: Vec<(String, &Stream, Line)> = Vec::new();
        for stream in streams.iter().filter(wanted) {
            let now = self.world.now;
            let readable = if late { now - LATE } else { now };
            let of_it = lines(stream, now).into_iter().filter(|line| line.at <= readable);
            let fits = of_it.filter(|line| span.holds(line.at) && pattern.holds(&line.text));
            found.extend(fits.map(|line| (stream.event_id(line.at), stream, line)));
        }
        found.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        if let Some(token) = text(input, "nextToken") {
            let after = token.strip_prefix("Bxkq6kVGFtq2y_").ok_or_else(bad_token)?;
            found.retain(|(id, ..)| id.as_str() > after);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let events: Vec<Value> = found
            .iter()
            .map(|(id, stream, line)| {
                let mut out = event(line);
                if late {
                    out["ingestionTime"] = json!(line.at + LATE);
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
        let group = self.group(input)?;
        let prefix = text(input, "logStreamNamePrefix");
        let by_time = text(input, "orderBy") == Some("LastEventTime");
        invalid_if(by_time && prefix.is_some(), "Cannot order by LastEventTime with a logStreamNamePrefix.")?;
        let now = self.world.now;
        let mut found: Vec<(Option<Millis>, Stream)> = self
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
                    "creationTime": stream.started,
                    "arn": format!("{}:log-stream:{}", self.group_arn(group), stream.name),
                    "storedBytes": 0,
                });
                if let Some(last) = last {
                    out["firstEventTimestamp"] = json!(stream.started);
                    out["lastEventTimestamp"] = json!(last);
                    out["lastIngestionTime"] = json!(last + INGESTION);
                    out["uploadSequenceToken"] = json!(stream.event_id(*last));
                }
                out
            })
            .collect();
        page(input, "logStreams", &views, limit)
    }

    fn describe_groups(&self, input: &Value) -> Result<Value, ApiError> {
        let limit = limit(input, 50)?;
        let (prefix, part) = (text(input, "logGroupNamePrefix"), text(input, "logGroupNamePattern"));
        invalid_if(
            prefix.is_some() && part.is_some(),
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        )?;
        let views: Vec<Value> = groups(self.world, self.caller)
            .iter()
            .filter(|(name, _)| prefix.is_none_or(|p| name.starts_with(p)))
            .filter(|(name, _)| part.is_none_or(|p| name.contains(p)))
            .map(|(name, definition)| {
                json!({
                    "logGroupName": name,
                    "creationTime": creation(definition),
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

/// Returns the group that an input names, by name or by ARN.
fn group_name(input: &Value) -> Option<&str> {
    text(input, "logGroupName").or_else(|| {
        let given = text(input, "logGroupIdentifier")?;
        Some(given.split_once(":log-group:").map_or(given, |(_, name)| name.trim_end_matches(":*")))
    })
}

fn missing(what: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("The specified log {what} does not exist."))
}

fn bad_token() -> ApiError {
    ApiError::invalid("The specified nextToken is invalid.")
}

fn event(line: &Line) -> Value {
    json!({ "timestamp": line.at, "message": line.text, "ingestionTime": line.at + INGESTION })
}

fn head(mut lines: Vec<&Line>, limit: usize) -> Vec<&Line> {
    lines.truncate(limit);
    lines
}

fn tail(mut lines: Vec<&Line>, limit: usize) -> Vec<&Line> {
    lines.drain(..lines.len().saturating_sub(limit));
    lines
}

/// Returns how many items a page may have.
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

/// Returns one page of a listing, with a token where there is more.
fn page(input: &Value, name: &str, items: &[Value], limit: usize) -> Result<Value, ApiError> {
    let start = match text(input, "nextToken") {
        Some(token) => token.parse::<usize>().map_err(|_| bad_token())?,
        None => 0,
    };
    let end = (start + limit).min(items.len());
    let mut out = json!({ name: items.get(start..end).unwrap_or_default() });
    if end < items.len() {
        out["nextToken"] = json!(end.to_string());
    }
    Ok(out)
}

/// From when to when events are asked for.
struct Span {
    from: Millis,
    to: Millis,
}

impl Span {
    fn of(input: &Value) -> Span {
        let at = |name: &str| input[name].as_i64();
        Span { from: at("startTime").unwrap_or(Millis::MIN), to: at("endTime").unwrap_or(Millis::MAX) }
    }

    fn holds(&self, at: Millis) -> bool {
        at >= self.from && at < self.to
    }
}

/// A position in a stream, as the tokens of GetLogEvents carry it.
enum Cursor {
    After(Millis),
    Before(Millis),
}

impl Cursor {
    fn parse(token: &str) -> Result<Cursor, ApiError> {
        let body = token.get(2..).and_then(|rest| rest.strip_suffix("/s"));
        let at = body.and_then(|digits| digits.parse().ok()).ok_or_else(bad_token)?;
        match token.get(..2) {
            Some("f/") => Ok(Cursor::After(at)),
            Some("b/") => Ok(Cursor::Before(at)),
            _ => Err(bad_token()),
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
