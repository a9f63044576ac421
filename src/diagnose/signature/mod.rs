//! Recognises equal failures: a signature is the same where only ids, addresses and times differ.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::fmt;

use super::causes::{End, Match, of_task, of_text};
use super::{failing_container, full_reason};
use crate::aws::types::{StopCode, Task};

/// How a task failed, so that equal failures can be counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signature {
    /// An essential container ended.
    Exited { container: String, code: Option<i64> },
    /// A container needed more memory than it has.
    OutOfMemory { container: String },
    /// The task did not start: the reason, without what differs from task to task.
    NotStarted { reason: String },
    /// A health check failed: the reason, without what differs from task to task.
    Unhealthy { reason: String },
}

impl Signature {
    /// Returns how a stopped task failed; `None` where it was stopped in normal operation, or from outside.
    pub fn of(task: &Task) -> Option<Signature> {
        let found = of_task(task);
        let reason = || stable(&full_reason(task));
        match end_of(task, &found)? {
            End::NotStarted => Some(Signature::NotStarted { reason: reason() }),
            End::Unhealthy => Some(Signature::Unhealthy {
                reason: stable(task.stopped_reason.as_deref().unwrap_or_default()),
            }),
            End::Exited => Some(exited(task)),
            End::Interrupted | End::Ordinary => None,
        }
    }

    /// Returns whether failures of this kind often pass by themselves.
    pub fn heals(&self) -> bool {
        matches!(self, Signature::Unhealthy { .. })
    }

    /// Returns whether a retry with the same definition cannot end otherwise.
    ///
    /// A single failure of the kind may still have been an accident (a role that was just created): wait for the
    /// second.
    pub fn is_deterministic(&self) -> bool {
        match self {
            Signature::NotStarted { reason } => {
                of_text(reason).first().is_some_and(|found| found.row.deterministic)
            }
            Signature::Exited { code, .. } => matches!(code, Some(126 | 127)),
            Signature::OutOfMemory { .. } | Signature::Unhealthy { .. } => false,
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signature::Exited { container, code: Some(code) } => {
                write!(f, "container `{container}` exited with code {code}")
            }
            Signature::Exited { container, code: None } => {
                write!(f, "container `{container}` ended without an exit code")
            }
            Signature::OutOfMemory { container } => write!(f, "container `{container}` ran out of memory"),
            Signature::NotStarted { reason } => write!(f, "the task did not start: {reason}"),
            Signature::Unhealthy { reason } => f.write_str(reason),
        }
    }
}

/// Returns how a task ended: by its text, else by its stop code. `None`: it is no known failure.
fn end_of(task: &Task, found: &[Match]) -> Option<End> {
    let by_text = found.first().map(|found| found.row.end);
    by_text.or(match task.stop_code {
        Some(StopCode::TaskFailedToStart) => Some(End::NotStarted),
        Some(StopCode::EssentialContainerExited) => Some(End::Exited),
        _ => None,
    })
}

fn exited(task: &Task) -> Signature {
    let container = failing_container(task).or(task.containers.first());
    let name = container.map_or("?", |container| container.name.as_str()).to_owned();
    let reason = container.and_then(|container| container.reason.as_deref()).unwrap_or_default();
    let reason = format!("{} {reason}", task.stopped_reason.as_deref().unwrap_or_default());
    if reason.to_lowercase().contains("outofmemory") {
        return Signature::OutOfMemory { container: name };
    }
    Signature::Exited { container: name, code: container.and_then(|container| container.exit_code) }
}

/// Replaces the parts of a text that differ from task to task.
const LEFT_OUT: &str = "…";

/// Returns a text without ids, digests, ARNs, addresses, times and counts of retries.
pub(super) fn stable(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let counts = ["time(s)", "times", "time", "sec", "seconds"].iter().any(|unit| next.starts_with(unit));
        let after = at.checked_sub(1).map(|before| words[before].to_lowercase()).unwrap_or_default();
        let request = after.ends_with("requestid:") || after == "id:" || after.ends_with("request-id:");
        let number = word.chars().next().is_some_and(|first| first.is_ascii_digit());
        kept.push(if (counts && number) || (request && !word.starts_with(',')) {
            format!("{LEFT_OUT}{}", ending(word))
        } else {
            without_ids(word)
        });
    }
    kept.join(" ")
}

/// Returns the punctuation that ends a word.
fn ending(word: &str) -> &str {
    let end = word.trim_end_matches([',', ';', '.', ':', ')', ']', '"', '\'']).len();
    &word[end..]
}

fn without_ids(word: &str) -> String {
    if let Some(at) = word.find("arn:") {
        let rest = &word[at..];
        // An ARN ends with the word, or with what closes it.
        let end = rest.find([')', '\'', '"', ',', ';']).unwrap_or(rest.trim_end_matches(['.', ':']).len());
        return format!("{}{LEFT_OUT}{}", &word[..at], &rest[end..]);
    }
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if !bare.is_empty() && (is_address(bare) || is_time(bare)) {
        return word.replacen(bare, LEFT_OUT, 1);
    }
    segments(word)
}

/// Returns whether a word is an IP address, with or without a port.
fn is_address(word: &str) -> bool {
    let (host, port) = word.rsplit_once(':').unwrap_or((word, "0"));
    let port = port.chars().all(|c| c.is_ascii_digit());
    let v4 = host.parse::<Ipv4Addr>().is_ok() && port;
    let v6 = |text: &str| text.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok();
    v4 || v6(word) || (port && v6(host))
}

/// Returns whether a word is a timestamp or a duration: `2026-03-28T03:54:01.125Z`, `3m0s`, `15ms`.
fn is_time(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let starts = word.starts_with(|c: char| c.is_ascii_digit());
    let point = digits >= 6 && word.chars().all(|c| c.is_ascii_digit() || "-:.TZ+".contains(c));
    let duration = digits > 0 && word.chars().all(|c| c.is_ascii_digit() || ".hmsµun".contains(c));
    starts && ((point && word.contains(['-', ':'])) || (duration && digits < word.chars().count()))
}

/// Returns a word without ids: long numbers, UUIDs and hexadecimal runs.
fn segments(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let is_part = |c: char| c.is_ascii_alphanumeric();
        let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        if is_uuid(rest) {
            out.push_str(LEFT_OUT);
            rest = &rest[36..];
        } else if length == 0 {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        } else {
            out.push_str(&part(&rest[..length]));
            rest = &rest[length..];
        }
    }
    out
}

fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() >= 36
        && text
            .bytes()
            .take(36)
            .enumerate()
            .all(|(at, byte)| if dashes.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Returns a run of letters and digits, or its replacement where it is an id.
fn part(run: &str) -> String {
    let hex = run.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    if (hex && run.len() >= 8 && digits > 0) || (hex && run.len() >= 32) {
        return LEFT_OUT.to_owned();
    }
    let trailing = run.bytes().rev().take_while(u8::is_ascii_digit).count();
    if trailing >= 5 { format!("{}{LEFT_OUT}", &run[..run.len() - trailing]) } else { run.to_owned() }
}

#[cfg(test)]
mod tests;
