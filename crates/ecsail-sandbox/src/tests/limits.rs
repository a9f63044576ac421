//! How much one client can take of the server.

use std::io::{Read, Write};
use std::time::Duration;

use super::http::{answer, connect, request, send};
use crate::{Clock, Limits, Options, Sandbox};

/// A time that is long for the server and short for a test.
const SHORT: Duration = Duration::from_millis(50);

fn sandbox(limits: Limits) -> Sandbox {
    Sandbox::start(Options { clock: Clock::Held, limits, ..Options::default() }).expect("loopback is there")
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let sandbox = sandbox(Limits { body: 100, ..Limits::default() });
    let status = |length: usize| send(&sandbox, "POST /", &[], &"x".repeat(length)).map(|a| a.status);
    assert_eq!((status(100), status(101)), (Some(400), Some(413)));
}

#[test]
fn a_body_without_a_length_is_refused_where_it_passes_the_limit() {
    let sandbox = sandbox(Limits { body: 100, ..Limits::default() });
    let mut stream = connect(&sandbox);
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(format!("{head}ff\r\n{}\r\n", "x".repeat(255)).as_bytes()).expect("it reads");
    assert_eq!(answer(stream).map(|answer| answer.status), Some(413));
}

#[test]
fn a_body_that_does_not_come_is_refused() {
    let sandbox = sandbox(Limits { request: SHORT, ..Limits::default() });
    let mut stream = connect(&sandbox);
    stream.write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n").expect("it reads");
    assert_eq!(answer(stream).map(|answer| answer.status), Some(408));
}

#[test]
fn a_connection_without_a_request_is_closed() {
    let sandbox = sandbox(Limits { idle: SHORT, ..Limits::default() });
    let mut fresh = connect(&sandbox);
    assert_eq!(fresh.read(&mut [0; 1]).expect("it is closed in order"), 0);
    let mut kept = connect(&sandbox);
    let text = request("GET /schedules", &[], "").replace("connection: close\r\n", "");
    kept.write_all(text.as_bytes()).expect("it reads");
    assert!(answer(kept).is_some(), "it is answered, and closed afterwards");
}

#[test]
fn connections_over_the_limit_wait_for_their_turn() {
    let sandbox = sandbox(Limits { connections: 1, ..Limits::default() });
    let mut first = connect(&sandbox);
    let mut second = connect(&sandbox);
    let call = |agent: &str| request("POST /", &[format!("user-agent: {agent}")], "");
    second.write_all(call("second").as_bytes()).expect("the system keeps it");
    first.write_all(call("first").as_bytes()).expect("it reads");
    assert!(answer(first).is_some() && answer(second).is_some());
    let agents: Vec<String> = sandbox.requests().into_iter().map(|request| request.user_agent).collect();
    assert_eq!(agents, ["first", "second"]);
}
