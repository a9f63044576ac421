//! How many generations of tasks may fail before a rollout counts as stuck, as the manifest and `--patience` give it.

use serde::{Deserialize, Serialize};

use super::fields::FieldReader;
use crate::document::problem::{Problem, Problems};

/// When ecsail gives up on a rollout that ECS still continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Patience {
    /// After some generations of tasks, or after twice as many failures as the circuit breaker allows.
    Standard,
    /// After this many generations of tasks failed in the same way, or for a cause that no retry can mend.
    Generations(u32),
    /// Only for a cause that no retry can mend.
    CertainCauses,
    /// Never: ECS and the timeout decide.
    Never,
}

impl Patience {
    /// Returns the patience that a text gives: `never`, or a count of 1 or more.
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Patience, String> {
        if text == "never" {
            return Ok(Patience::Never);
        }
        let count = text.parse().ok().filter(|count| *count > 0);
        count.map(Patience::Generations).ok_or_else(|| "neither `never` nor a count of 1 or more".to_owned())
    }
}

/// Reads the member `patience`.
pub(super) fn read_patience(fields: &FieldReader<'_>, problems: &mut Problems) -> Option<Patience> {
    let text = fields.text("patience", problems)?;
    match Patience::parse(&text.value) {
        Ok(patience) => Some(patience),
        Err(why) => {
            let message = format!("`{}` is {why}", text.value);
            let problem = Problem::error(text.span, message).path(fields.member_path("patience"));
            problems.push(problem.hint(
                "write how many generations of tasks may fail in the same way, such as `6`".to_owned(),
            ));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_never_or_a_count() {
        assert_eq!(Patience::parse("never"), Ok(Patience::Never));
        assert_eq!(Patience::parse("6"), Ok(Patience::Generations(6)));
        for text in ["0", "-1", "", "ever", "1.5", "4294967296"] {
            assert!(Patience::parse(text).is_err(), "{text}");
        }
    }
}
