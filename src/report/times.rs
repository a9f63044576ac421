//! Formats times: timestamps in UTC, ages and durations. Pure.

/// Returns a timestamp in UTC, to the minute: `2026-11-21 13:05Z`; `None` where it is not known.
pub fn utc(at: f64) -> Option<String> {
    let time = jiff::Timestamp::from_second(at as i64).ok().filter(|_| at > 0.0)?;
    Some(time.strftime("%Y-%m-%d %H:%MZ").to_string())
}

/// Returns how long ago something was, in its largest unit: `12s ago`, `3m ago`, `5h ago`, `9d ago`.
///
/// Clocks differ: a time in the future counts as now.
pub fn ago(at: f64, now: f64) -> Option<String> {
    if at <= 0.0 {
        return None;
    }
    let seconds = (now - at).max(0.0) as u64;
    Some(match seconds {
        0..60 => format!("{seconds}s ago"),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..172_800 => format!("{}h ago", seconds / 3600),
        _ => format!("{}d ago", seconds / 86_400),
    })
}

/// Returns the time on this machine's clock, in seconds since 1970.
pub fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_utc_and_what_is_not_known_is_not_said() {
        assert_eq!(utc(1_795_266_300.9).as_deref(), Some("2026-11-21 13:05Z"));
        assert_eq!(utc(0.0), None);
        assert_eq!(ago(0.0, 5.0), None);
    }

    #[test]
    fn ages_are_in_their_largest_unit() {
        for (seconds, text) in [
            (-5.0, "0s ago"),
            (59.9, "59s ago"),
            (60.0, "1m ago"),
            (3599.0, "59m ago"),
            (7200.0, "2h ago"),
            (172_799.0, "47h ago"),
            (172_800.0, "2d ago"),
        ] {
            assert_eq!(ago(1000.0, 1000.0 + seconds).as_deref(), Some(text), "{seconds}");
        }
    }
}
