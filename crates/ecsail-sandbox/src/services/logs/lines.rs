//! Generates the lines of a log stream. The lines depend on the stream and the time only: none are stored.

use crate::model::LogStream;
use crate::scenario::TaskBehavior;
use crate::time::Millis;

const SECOND: Millis = 1000;
/// The interval between the lines of a running server.
const LINE_INTERVAL: Millis = 12 * SECOND;
/// The most lines of a running server.
const MAX_LINES: Millis = 1200;

/// A line and its time; no two lines of a stream have the same time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LogLine {
    pub(super) at: Millis,
    pub(super) text: String,
}

/// Returns the lines until `now`, the oldest first.
pub(super) fn lines(stream: &LogStream, now: Millis) -> Vec<LogLine> {
    let end = stream.ended.map_or(now, |ended| ended.min(now));
    let mut out = start_lines(stream);
    if stream.in_service && has_running_server(stream.behavior) {
        let until = stream.stopping_at.unwrap_or(end).min(end);
        out.extend(service_lines(stream, until).filter(|line| line.at <= until));
    }
    if let Some(stopping_at) = stream.stopping_at {
        let line = |after: Millis, text: &str| LogLine { at: stopping_at + after, text: text.to_owned() };
        out.push(line(0, "received SIGTERM, shutting down"));
        out.push(line(4 * SECOND, "closed all connections, bye"));
    }
    let loses_database =
        stream.stopping_at.is_none() && stream.in_service && has_running_server(stream.behavior);
    if let Some(at) = stream.ended.filter(|_| loses_database) {
        out.push(LogLine { at, text: "ERROR lost the connection to the database, giving up".to_owned() });
    }
    out.retain(|line| line.at <= end);
    out
}

/// Returns whether the container starts a server.
fn has_running_server(behavior: TaskBehavior) -> bool {
    !matches!(
        behavior,
        TaskBehavior::Crash | TaskBehavior::Oom | TaskBehavior::ExitZero | TaskBehavior::ExitSeven
    )
}

/// Returns the lines of a container's start, and of an exit by itself.
fn start_lines(stream: &LogStream) -> Vec<LogLine> {
    let mut out = vec![LogLine { at: stream.started, text: format!("starting {}", stream.title) }];
    let mut log = |after: Millis, text: String| out.push(LogLine { at: stream.started + after, text });
    match stream.behavior {
        TaskBehavior::Crash => crash(log),
        TaskBehavior::Oom => {
            for step in 1..=8 {
                let used = stream.memory * step / 8;
                log(step as Millis * 900, format!("cache: {used} MiB of {} MiB allocated", stream.memory));
            }
        }
        TaskBehavior::ExitZero => {
            log(1500, "nothing to do".to_owned());
            log(2800, "done".to_owned());
        }
        TaskBehavior::ExitSeven => {
            log(SECOND, "working".to_owned());
            log(4 * SECOND, "ERROR step 4 of 7 failed: column `price` already exists".to_owned());
            log(5 * SECOND, "exiting with code 7".to_owned());
        }
        _ if stream.in_service => log(2 * SECOND, format!("listening on 0.0.0.0:{}", stream.port)),
        _ => {
            log(SECOND, "working".to_owned());
            (2..9).for_each(|step| log(step * SECOND, format!("step {} of 7", step - 1)));
            log(9 * SECOND, "done".to_owned());
        }
    }
    out
}

/// An application that cannot reach its database, and that logs a password.
fn crash(mut log: impl FnMut(Millis, String)) {
    let lines = [
        (400, "config: DATABASE_URL=postgres://app:hunter2@db/shop POOL_SIZE=10"),
        (1200, "connecting to db:5432"),
        (3100, "ERROR could not connect to the database: connection refused (db:5432)"),
        (3101, "    at Pool.connect (/srv/app/db.js:41:11)"),
        (3102, "    at Server.start (/srv/app/server.js:17:5)"),
        (3103, "    at main (/srv/app/index.js:8:3)"),
        (3200, "exiting with code 1"),
    ];
    for (after, text) in lines {
        log(after, text.to_owned());
    }
}

/// Returns the lines of a running server until `end`.
fn service_lines(stream: &LogStream, end: Millis) -> impl Iterator<Item = LogLine> {
    let begin = stream.started + 4 * SECOND;
    let last = (end - begin).div_euclid(LINE_INTERVAL);
    let number = stream.hash();
    let behavior = stream.behavior;
    let first = (last - MAX_LINES).max(0);
    (first..=last).map(move |index| {
        let noise = number.wrapping_add(index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let at = begin + index * LINE_INTERVAL + (noise % 9000) as Millis;
        LogLine { at, text: request_line(behavior, index, noise) }
    })
}

fn request_line(behavior: TaskBehavior, index: Millis, noise: u64) -> String {
    let took = 2 + noise % 40;
    match behavior {
        TaskBehavior::Unhealthy => format!("WARN GET /health 503 {took}ms: the cache is not connected"),
        TaskBehavior::TimedOut => format!("WARN the event loop was blocked for {}ms", 4000 + noise % 3000),
        TaskBehavior::UnhealthyContainer => format!("WARN GET /health 500 {took}ms: no route `/health`"),
        _ if index % 3 == 0 => format!("GET /health 200 {took}ms"),
        _ => format!("GET /products/{} 200 {took}ms", noise / 64 % 5000),
    }
}
