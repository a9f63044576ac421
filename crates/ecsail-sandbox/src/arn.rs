//! Parses ARNs and the short names that may be given in their place.

/// Returns the key under which a service is stored, `cluster/name`; `given` is its name or ARN.
pub(crate) fn service_key(cluster: &str, given: &str) -> String {
    format!("{cluster}/{}", last_segment(given))
}

/// Parses `family:revision`, a family, or the ARN of a task definition into family and revision. A revision
/// that is not a number is 0, which no revision has.
pub(crate) fn parse_definition(given: &str) -> (&str, Option<u64>) {
    let name = if given.starts_with("arn:") { last_segment(given) } else { given };
    match name.split_once(':') {
        Some((family, revision)) => (family, Some(revision.parse().unwrap_or(0))),
        None => (name, None),
    }
}

/// Returns the text after the last `/`, or the whole text.
pub(crate) fn last_segment(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}
