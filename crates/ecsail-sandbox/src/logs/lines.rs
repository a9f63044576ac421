//! The lines of a log stream. Owns what a container says in each story; keeps nothing: the same stream
//! at the same time has the same lines.

use super::stream::Stream;
use crate::script::Fate;
use crate::state::Millis;

const SECOND: Millis = 1000;
/// How often a container that serves says something.
const PERIOD: Millis = 12 * SECOND;
/// How many of these lines are kept.
const KEPT: Millis = 1200;

/// A line and when it was written; no two lines of a stream have the same time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) at: Millis,
    pub(super) text: String,
}

/// Returns the lines that a stream has by now, the oldest first.
pub(super) fn lines(stream: &Stream, now: Millis) -> Vec<Line> {
    let end = stream.ended.map_or(now, |ended| ended.min(now));
    let mut out = opening(stream);
    if stream.serves && is_listening(stream.story) {
        let quiet = stream.told.unwrap_or(end).min(end);
        out.extend(served(stream, quiet).filter(|line| line.at <= quiet));
    }
    if let Some(told) = stream.told {
        let line = |after: Millis, text: &str| Line { at: told + after, text: text.to_owned() };
        out.push(line(0, "received SIGTERM, shutting down"));
        out.push(line(4 * SECOND, "closed all connections, bye"));
    }
    let gives_up = stream.told.is_none() && stream.serves && is_listening(stream.story);
    if let Some(at) = stream.ended.filter(|_| gives_up) {
        out.push(Line { at, text: "ERROR lost the connection to the database, giving up".to_owned() });
    }
    out.retain(|line| line.at <= end);
    out
}

/// Returns whether a story has a container that comes up and serves.
fn is_listening(story: Fate) -> bool {
    !matches!(story, Fate::Crash | Fate::Oom | Fate::ExitZero | Fate::ExitSeven)
}

/// Returns what a container says as it starts, and as it ends by itself.
fn opening(stream: &Stream) -> Vec<Line> {
    let mut out = vec![Line { at: stream.started, text: format!("starting {}", stream.title) }];
    let mut say = |after: Millis, text: String| out.push(Line { at: stream.started + after, text });
    match stream.story {
        Fate::Crash => crash(say),
        Fate::Oom => {
            for step in 1..=8 {
                let used = stream.memory * step / 8;
                say(step as Millis * 900, format!("cache: {used} MiB of {} MiB allocated", stream.memory));
            }
        }
        Fate::ExitZero => {
            say(1500, "nothing to do".to_owned());
            say(2800, "done".to_owned());
        }
        Fate::ExitSeven => {
            say(SECOND, "working".to_owned());
            say(4 * SECOND, "ERROR step 4 of 7 failed: column `price` already exists".to_owned());
            say(5 * SECOND, "exiting with code 7".to_owned());
        }
        _ if stream.serves => say(2 * SECOND, format!("listening on 0.0.0.0:{}", stream.port)),
        _ => {
            say(SECOND, "working".to_owned());
            (2..9).for_each(|step| say(step * SECOND, format!("step {} of 7", step - 1)));
            say(9 * SECOND, "done".to_owned());
        }
    }
    out
}

/// An application that cannot reach its database, and tells more than it should.
fn crash(mut say: impl FnMut(Millis, String)) {
    let lines = [
        (400, "config: DATABASE_URL=postgres://app:hunter2@db/shop POOL_SIZE=10"),
        (1200, "connecting to db:5432"),
        (3100, "ERROR could not connect to the database: connection refused (db:5432)"),
        (3101, "    at Pool.connect (/srv/app/db.js:41:11)"),
        (3102, "    at Server.start (/srv/app/server.js:17:5)"),
        (3103, "    at main (/srv/app/index.js:8:3)"),
        (3200, "exiting with code 1"),
    ];
    lines.into_iter().for_each(|(after, text)| say(after, text.to_owned()));
}

/// Returns the lines of a container at work, until `end`.
fn served(stream: &Stream, end: Millis) -> impl Iterator<Item = Line> {
    let begin = stream.started + 4 * SECOND;
    let last = (end - begin).div_euclid(PERIOD);
    let number = stream.number();
    let (story, first) = (stream.story, (last - KEPT).max(0));
    (first..=last).map(move |turn| {
        let noise = number.wrapping_add(turn as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let at = begin + turn * PERIOD + (noise % 9000) as Millis;
        Line { at, text: request(story, turn, noise) }
    })
}

fn request(story: Fate, turn: Millis, noise: u64) -> String {
    let took = 2 + noise % 40;
    match story {
        Fate::Unhealthy => format!("WARN GET /health 503 {took}ms: the cache is not connected"),
        Fate::TimedOut => format!("WARN the event loop was blocked for {}ms", 4000 + noise % 3000),
        Fate::UnhealthyContainer => format!("WARN GET /health 500 {took}ms: no route `/health`"),
        _ if turn % 3 == 0 => format!("GET /health 200 {took}ms"),
        _ => format!("GET /products/{} 200 {took}ms", noise / 64 % 5000),
    }
}
