//! Reads and writes durations, in jiff's friendly format. Pure.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::fmt::friendly::SpanPrinter;

/// Returns a duration as text, in two units at the most: `450ms`, `45s`, `3m 20s`, `1h 5m`.
pub fn text(duration: Duration) -> String {
    let rounded = match duration.as_millis() {
        millis @ 0..1000 => SignedDuration::from_millis(millis as i64),
        millis => {
            let seconds = i64::try_from((millis + 500) / 1000).unwrap_or(i64::MAX);
            SignedDuration::from_secs(if seconds < 3600 { seconds } else { seconds / 60 * 60 })
        }
    };
    SpanPrinter::new().duration_to_string(&rounded)
}

/// Returns a number of seconds as text, as [`text`] does; negative ones are none.
pub fn seconds(seconds: f64) -> String {
    text(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default())
}

/// Returns a duration such as `90s`, `15m`, `1h30m` or `1h 30m`; `None` for anything else, and for a duration of zero.
pub fn parse(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.parse().ok()?;
    Duration::try_from(duration).ok().filter(|duration| !duration.is_zero())
}

/// Returns the duration of a command line argument.
///
/// # Errors
/// The text is not a duration.
pub fn argument(text: &str) -> Result<Duration, String> {
    parse(text).ok_or_else(|| "not a duration such as `90s`, `15m` or `1h30m`".to_owned())
}

/// Returns the duration of a command line argument, which may be zero.
///
/// # Errors
/// The text is not a duration.
pub fn argument_or_zero(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s") { Ok(Duration::ZERO) } else { argument(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_two_units_at_the_most() {
        let cases = [
            (0.0, "0s"),
            (0.45, "450ms"),
            (45.4, "45s"),
            (59.6, "1m"),
            (200.0, "3m 20s"),
            (3600.0, "1h"),
            (3959.0, "1h 5m"),
            (180_000.0, "50h"),
            (-3.0, "0s"),
        ];
        for (given, expected) in cases {
            assert_eq!(seconds(given), expected, "{given}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for given in ["450ms", "45s", "3m 20s", "1h 5m", "50h"] {
            assert_eq!(parse(given).map(text).as_deref(), Some(given));
        }
    }

    #[test]
    fn durations_have_units_and_are_not_zero() {
        assert_eq!(parse("15m"), Some(Duration::from_mins(15)));
        assert_eq!(parse("1h30m"), Some(Duration::from_mins(90)));
        for text in ["15", "", "-3m", "0s", "soon"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
