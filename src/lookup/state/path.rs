//! The path behind a name in an address: `.id`, `[0]`, `["key"]`.

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathStep {
    Member(String),
    Item(usize),
}

/// Returns the steps of a path; `None` for anything else, such as a filter of jq.
pub(super) fn parse_path(text: &str) -> Option<Vec<PathStep>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // `a.[0]` is the same as `a[0]`, as in jq.
        if let Some(inner) = rest.strip_prefix('[').or_else(|| rest.strip_prefix(".[")) {
            let (step, behind) = bracket_step(inner)?;
            steps.push(step);
            rest = behind;
            continue;
        }
        let name = rest.strip_prefix('.')?;
        let length = name.find(['.', '[']).unwrap_or(name.len());
        let is_name = |next: char| next.is_alphanumeric() || "_-/:".contains(next);
        if length == 0 || !name[..length].chars().all(is_name) {
            return None;
        }
        // Older Terraform and people write `list.0`.
        steps.push(PathStep::Member(name[..length].to_owned()));
        rest = &name[length..];
    }
    Some(steps)
}

/// Returns the step inside brackets, and what follows it.
fn bracket_step(inner: &str) -> Option<(PathStep, &str)> {
    if inner.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        let key = values.next()?.ok()?;
        let behind = inner.get(values.byte_offset()..)?.strip_prefix(']')?;
        return Some((PathStep::Member(key), behind));
    }
    let (digits, behind) = inner.split_once(']')?;
    Some((PathStep::Item(digits.trim().parse().ok()?), behind))
}
