//! Formats times: timestamps in UTC or in the zone of this machine, ages and durations.

use jiff::tz::TimeZone;

/// Returns a timestamp in UTC, to the minute: `2026-11-21 13:05Z`; `None` where it is not known.
pub fn format_utc(at: f64) -> Option<String> {
    let time = jiff::Timestamp::from_second(at as i64).ok().filter(|_| at > 0.0)?;
    Some(time.strftime("%Y-%m-%d %H:%MZ").to_string())
}

/// Returns the time zone of this machine, or UTC where it is not known.
pub fn local_zone() -> TimeZone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC)
}

/// Returns a time in milliseconds since 1970, in a zone and to the second: `2026-11-21 13:05:00`, in UTC with a `Z`.
pub fn format_in_zone(milliseconds: i64, zone: &TimeZone) -> String {
    let Ok(time) = jiff::Timestamp::from_millisecond(milliseconds) else { return String::new() };
    let mark = if *zone == TimeZone::UTC { "Z" } else { "" };
    format!("{}{mark}", time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S"))
}

/// Returns how long ago something was, in its largest unit: `12s ago`, `3m ago`, `5h ago`, `9d ago`.
///
/// Clocks differ: a time in the future counts as now.
pub fn format_age(at: f64, now: f64) -> Option<String> {
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
pub fn unix_now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_in_utc_and_unknown_ones_are_none() {
        assert_eq!(format_utc(1_795_266_300.9).as_deref(), Some("2026-11-21 13:05Z"));
        assert_eq!(format_utc(0.0), None);
        assert_eq!(format_age(0.0, 5.0), None);
    }

    #[test]
    fn times_of_lines_are_in_their_zone() {
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(format_in_zone(1_795_266_300_900, &tokyo), "2026-11-21 22:05:00");
        assert_eq!(format_in_zone(1_795_266_300_900, &TimeZone::UTC), "2026-11-21 13:05:00Z");
        assert_eq!(format_in_zone(i64::MAX, &TimeZone::UTC), "");
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
            assert_eq!(format_age(1000.0, 1000.0 + seconds).as_deref(), Some(text), "{seconds}");
        }
    }
}
