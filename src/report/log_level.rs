//! Finds the level in a log line, so that it can be shown in a colour. Pure.

use std::ops::Range;

use super::screen::Paint;

/// How many characters of a line are searched for a level that is a word.
const SEARCHED: usize = 120;
/// The names of the member that holds the level, in JSON and in lines of `name=value`.
const NAMES: &[&str] =
    &["level", "severity", "lvl", "levelname", "loglevel", "log_level", "log.level", "@l", "@level"];

/// The level of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Info,
    Debug,
}

impl Level {
    /// Returns the level with this name. The numbers are those of pino and bunyan.
    fn parse(name: &str) -> Option<Level> {
        match name.to_ascii_lowercase().as_str() {
            "error" | "err" | "fatal" | "critical" | "crit" | "panic" | "severe" | "emergency" | "emerg"
            | "alert" | "50" | "60" => Some(Level::Error),
            "warn" | "warning" | "40" => Some(Level::Warning),
            "info" | "notice" | "information" | "30" => Some(Level::Info),
            "debug" | "trace" | "verbose" | "20" | "10" => Some(Level::Debug),
            _ => None,
        }
    }

    fn paint(self) -> Option<Paint> {
        match self {
            Level::Error => Some(Paint::Bad),
            Level::Warning => Some(Paint::Warn),
            Level::Info => None,
            Level::Debug => Some(Paint::Dim),
        }
    }
}

/// Returns where the level of a line stands, and its colour; `None` where it has none, or one that is not remarkable.
pub(super) fn find_level(line: &str) -> Option<(Range<usize>, Paint)> {
    let member = member_level(line, "\"", "\":").or_else(|| member_level(line, " ", "="));
    let (range, level) = member.or_else(|| word_level(line))?;
    Some((range, level.paint()?))
}

/// Returns the level that a member holds, and its place.
fn member_level(line: &str, before: &str, after: &str) -> Option<(Range<usize>, Level)> {
    let name = NAMES.iter().find_map(|name| {
        let start = format!("{before}{name}{after}");
        if before == " " && line.starts_with(start.trim_start()) {
            return Some(start.trim_start().len());
        }
        line.find(&start).map(|at| at + start.len())
    })?;
    let rest = line.get(name..)?;
    let start = name + rest.find(|character: char| character != ' ' && character != '"')?;
    let value = line.get(start..)?;
    let end = value.find(|character: char| !character.is_alphanumeric()).unwrap_or(value.len());
    let level = Level::parse(&value[..end])?;
    Some((start..start + end, level))
}

/// Returns the first level in capitals, and its place.
fn word_level(line: &str) -> Option<(Range<usize>, Level)> {
    let searched = line.char_indices().nth(SEARCHED).map_or(line, |(end, _)| &line[..end]);
    let mut at = 0;
    for word in searched.split_inclusive(|character: char| !character.is_ascii_alphanumeric()) {
        let name = word.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
        let is_capital = name.len() > 1 && name.chars().all(|character| character.is_ascii_uppercase());
        if let Some(level) = is_capital.then(|| Level::parse(name)).flatten() {
            return Some((at..at + name.len(), level));
        }
        at += word.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_in_json_in_pairs_and_as_words() {
        for (line, level, paint) in [
            (r#"{"time":1,"level":"error","msg":"no"}"#, "error", Paint::Bad),
            (r#"{"level": 40, "msg": "slow"}"#, "40", Paint::Warn),
            (r#"{"severity":"WARNING","message":"ERROR"}"#, "WARNING", Paint::Warn),
            ("time=1 level=warn msg=x", "warn", Paint::Warn),
            ("level=debug msg=x", "debug", Paint::Dim),
            ("2026-11-30 10:00:00 ERROR could not connect", "ERROR", Paint::Bad),
            ("[WARN] slow", "WARN", Paint::Warn),
            ("FATAL: no", "FATAL", Paint::Bad),
        ] {
            let found = find_level(line).map(|(range, paint)| (&line[range], paint));
            assert_eq!(found, Some((level, paint)), "{line}");
        }
    }

    #[test]
    fn other_words_are_no_levels() {
        for line in [
            "the error rate is 0",
            "no ERRORS",
            "INFO retried after an ERROR",
            r#"{"level":"info","msg":"ERROR"}"#,
            r#"{"level":"#,
            "level=",
            "",
            "é ÉRROR",
        ] {
            assert_eq!(find_level(line), None, "{line}");
        }
    }
}
