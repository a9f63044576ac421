//! Simulated time, and the times that clients see.
//!
//! Operations put simulated times into their outputs with [`epoch_seconds`] and [`epoch_millis`]. Before an output leaves the
//! simulation, [`ReportedTimes`] replaces them by the times that clients see.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// The members of the objects that stand for times. No AWS API has members with such names.
const SECONDS: &str = "\u{1}seconds";
const MILLIS: &str = "\u{1}millis";

/// Returns a time for an output in which it is a number of seconds since 1970, with a fraction: the JSON protocols.
pub(crate) fn epoch_seconds(at: Millis) -> Value {
    json!({ SECONDS: at })
}

/// Returns a time for an output in which it is a number of milliseconds since 1970: CloudWatch Logs.
pub(crate) fn epoch_millis(at: Millis) -> Value {
    json!({ MILLIS: at })
}

/// Returns the simulated time of a value that [`epoch_seconds`] or [`epoch_millis`] made.
pub(crate) fn simulated_time(value: &Value) -> Option<Millis> {
    value.get(SECONDS).or_else(|| value.get(MILLIS))?.as_i64()
}

/// The times that clients see of simulated times.
///
/// Where simulated time runs faster than wall time, it would soon lie in the future of the clients. They see it scaled: what
/// happens now happens at the wall time of now, and what takes a minute at a factor of 20 takes three seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReportedTimes {
    /// A time that clients see, and the simulated time that it stands for.
    pub(crate) wall: Millis,
    pub(crate) simulated: Millis,
    /// Simulated milliseconds per millisecond.
    pub(crate) factor: f64,
}

impl Default for ReportedTimes {
    /// Returns the times of a clock that does not follow wall time: clients see simulated times.
    fn default() -> ReportedTimes {
        ReportedTimes { wall: 0, simulated: 0, factor: 1.0 }
    }
}

impl ReportedTimes {
    /// Returns the time that clients see, never later than the exact one.
    pub(crate) fn reported(&self, at: Millis) -> Millis {
        if self.factor == 1.0 {
            return at - self.simulated + self.wall;
        }
        self.wall + ((at - self.simulated) as f64 / self.factor).floor() as Millis
    }

    /// Returns the first simulated time that clients see as the given one.
    pub(crate) fn simulated(&self, at: Millis) -> Millis {
        self.simulated.saturating_add(((at.saturating_sub(self.wall)) as f64 * self.factor).ceil() as Millis)
    }

    /// Replaces the simulated times in an output by those that clients see.
    pub(crate) fn replace_in(&self, output: &mut Value) {
        match output {
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace_in(item)),
            Value::Object(members) => {
                let (seconds, millis) = (members.get(SECONDS), members.get(MILLIS));
                if let Some(at) = seconds.and_then(Value::as_i64) {
                    *output = Value::from(self.reported(at) as f64 / 1000.0);
                } else if let Some(at) = millis.and_then(Value::as_i64) {
                    *output = Value::from(self.reported(at));
                } else {
                    members.values_mut().for_each(|member| self.replace_in(member));
                }
            }
            _ => {}
        }
    }

    /// Replaces the times in an input that are compared with simulated times. A time that is only kept, such as the start of a
    /// schedule, stays.
    pub(crate) fn replace_in_input(&self, service: &str, input: &mut Value) {
        match service {
            "logs" => {
                for member in ["startTime", "endTime"] {
                    if let Some(at) = input[member].as_i64() {
                        input[member] = json!(self.simulated(at));
                    }
                }
            }
            "ecs" => {
                for bound in ["after", "before"] {
                    let given = input.get("createdAt").and_then(|created| created[bound].as_f64());
                    if let Some(seconds) = given {
                        let at = self.simulated((seconds * 1000.0) as Millis);
                        input["createdAt"][bound] = json!(at as f64 / 1000.0);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: ReportedTimes = ReportedTimes { wall: 1_000_000, simulated: 5_000_000, factor: 20.0 };

    #[test]
    fn durations_are_scaled_and_dates_are_kept() {
        assert_eq!(FAST.reported(5_000_000), 1_000_000);
        assert_eq!(FAST.reported(5_060_000), 1_003_000);
        assert_eq!(FAST.reported(4_940_000), 997_000);
        // Never later than the exact time.
        assert_eq!(FAST.reported(5_000_019), 1_000_000);
        assert_eq!(FAST.reported(4_999_999), 999_999);
    }

    #[test]
    fn a_time_that_clients_saw_finds_what_happened_then() {
        for at in [5_000_000, 5_000_001, 5_000_019, 5_000_020, 4_999_999, 9_876_543] {
            let seen = FAST.reported(at);
            assert!(FAST.simulated(seen) <= at && at < FAST.simulated(seen + 1), "{at}");
        }
    }

    #[test]
    fn without_a_factor_all_times_are_simulated_ones() {
        let mut output = json!({ "a": [epoch_seconds(1500)], "b": { "c": epoch_millis(7), "d": 3 } });
        ReportedTimes::default().replace_in(&mut output);
        assert_eq!(output, json!({ "a": [1.5], "b": { "c": 7, "d": 3 } }));
        let mut input = json!({ "startTime": 5, "createdAt": { "after": 2.5 } });
        ReportedTimes::default().replace_in_input("logs", &mut input);
        ReportedTimes::default().replace_in_input("ecs", &mut input);
        assert_eq!(input, json!({ "startTime": 5, "createdAt": { "after": 2.5 } }));
    }
}
