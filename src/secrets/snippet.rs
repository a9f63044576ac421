//! Tells whether a line of a file may be shown beside a problem.

use super::command::without_arguments;
use super::setting::looks_secret;
use super::text::{without_credentials, without_tokens};

/// Returns whether the last line of a text of a file holds a secret: one by its form, the value of a secret-looking name, or
/// the value of an entry whose name may stand on the line before. What template expressions stand for is not in the line.
pub fn holds_secret(lines: &str) -> bool {
    let lines = without_expressions(lines);
    let last = lines.rsplit('\n').next().unwrap_or_default();
    let masked = without_arguments(&without_credentials(&without_tokens(last)));
    masked != last || last.contains("PRIVATE KEY-----") || is_secret_member(last) || has_secret_entry(&lines)
}

/// Returns whether a line is a member `NAME: VALUE` of a mapping, and the value a secret.
fn is_secret_member(line: &str) -> bool {
    line.split([',', '{', '}']).filter_map(|part| part.split_once(':')).any(|(name, value)| {
        let clean = |text: &str| text.trim().trim_matches(['"', '\'', '-', ' ']).to_owned();
        looks_secret(&clean(name), &clean(value)).is_some()
    })
}

/// Returns a line of a template without its expressions and statements.
fn without_expressions(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = [rest.find("{{"), rest.find("{%")].into_iter().flatten().min() {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        kept.push_str(&rest[..start]);
        rest = rest[start..].find(close).map_or("", |length| &rest[start + length + close.len()..]);
    }
    kept + rest
}

/// Returns whether a line has an environment entry whose value is a secret: `name: DB_PASSWORD, value: x`.
fn has_secret_entry(line: &str) -> bool {
    let after = |key: &str| {
        let rest = &line[line.rfind(key)? + key.len()..];
        let rest = rest.trim_start_matches(['"', '\'', ':', ' ']);
        rest.split([',', '}', '"', '\'', '\n']).next().map(str::trim).filter(|word| !word.is_empty())
    };
    match (after("name"), after("value")) {
        (Some(name), Some(value)) => looks_secret(name, value).is_some(),
        _ => false,
    }
}
