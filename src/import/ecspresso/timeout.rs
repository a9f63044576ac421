//! Durations of Go as ecsail writes them. Pure.

/// What a duration of a configuration means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GoDuration {
    /// A number of seconds.
    Seconds(u64),
    /// A number without a unit, which counts nanoseconds.
    Nanoseconds(u64),
    /// No limit.
    Unlimited,
}

/// Returns what a duration means; `None` for a text that is none.
pub(crate) fn parse(text: &str) -> Option<GoDuration> {
    let text = text.trim();
    if let Ok(number) = text.parse::<u64>() {
        return Some(if number == 0 { GoDuration::Unlimited } else { GoDuration::Nanoseconds(number) });
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, length) =
            [("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)]
                .into_iter()
                .find(|(unit, _)| rest.starts_with(unit))?;
        seconds += number * length;
        rest = &rest[unit.len()..];
    }
    if seconds == 0.0 {
        return Some(GoDuration::Unlimited);
    }
    Some(GoDuration::Seconds((seconds.round() as u64).max(1)))
}

/// Returns seconds as a duration of the manifest.
pub(crate) fn written(seconds: u64) -> String {
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let text: String =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go_are_read() {
        for (text, expected) in [
            ("10m0s", Some(GoDuration::Seconds(600))),
            ("10m", Some(GoDuration::Seconds(600))),
            ("1h30m", Some(GoDuration::Seconds(5400))),
            ("1.5h", Some(GoDuration::Seconds(5400))),
            ("300ms", Some(GoDuration::Seconds(1))),
            ("600", Some(GoDuration::Nanoseconds(600))),
            ("0", Some(GoDuration::Unlimited)),
            ("0s", Some(GoDuration::Unlimited)),
            ("ten", None),
            ("10", Some(GoDuration::Nanoseconds(10))),
            ("m", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!([600, 90, 5400, 3600].map(written), ["10m", "1m30s", "1h30m", "1h"]);
    }
}
