//! Checks members of schedules, other than names and times, for values that AWS refuses.

use crate::aws::types::Via;
use crate::document::arn::{is_account, is_role};
use crate::document::problem::{Problem, Problems};
use crate::manifest::fields::LocatedValue;
use crate::manifest::schedules::{ManifestSchedule, ManifestTarget};

/// The maximum length of the name of a group and the id of a target, and the characters that are valid in them besides
/// letters and digits (API references: `CreateScheduleGroup` `Name`, EventBridge Target `Id`).
const MAX_NAME_LENGTH: usize = 64;
const NAME_PUNCTUATION: &str = ".-_";
/// The maximum length of the name of a queue (API reference: SQS `CreateQueue`, `QueueName`).
const MAX_QUEUE_NAME_LENGTH: usize = 80;
/// The maximum length of a description (API references: `CreateSchedule` and `PutRule`, `Description`).
const MAX_DESCRIPTION_LENGTH: usize = 512;

/// Checks the description and the group of a schedule.
pub(super) fn check_schedule(schedule: &ManifestSchedule, problems: &mut Problems) {
    let path = |name: &str| format!("schedules.{}.{name}", schedule.key);
    let length = schedule.description.as_ref().map_or(0, |text| text.chars().count());
    if length > MAX_DESCRIPTION_LENGTH {
        let message =
            format!("the description has {length} characters: at most {MAX_DESCRIPTION_LENGTH} are allowed");
        problems.push(Problem::error(schedule.span, message).path(path("description")));
    }
    if let Some(group) = schedule.group.as_ref().filter(|group| !is_name(&group.value, NAME_PUNCTUATION)) {
        problems.push(name_problem("the schedule group", group, &path("group")));
    }
}

/// Checks the id, the role and the dead-letter queue of a target.
pub(super) fn check_target(target: &ManifestTarget, schedule: &ManifestSchedule, problems: &mut Problems) {
    let path = |name: &str| match schedule.targets.len() {
        1 => format!("schedules.{}.{name}", schedule.key),
        _ => format!("schedules.{}.targets.{}.{name}", schedule.key, target.id.value),
    };
    if schedule.kind == Via::Rule && !is_name(&target.id.value, NAME_PUNCTUATION) {
        problems.push(name_problem("the id of a target", &target.id, &path("target")));
    }
    if let Some(role) = &target.role {
        check_role(role, &path("role"), problems);
    }
    if target.dead_letter.as_ref().is_some_and(|queue| !is_queue(queue)) {
        let message = "`dead_letter` must be the name or the ARN of a standard SQS queue";
        let problem = Problem::error(target.id.span, message);
        let hint = "write it as `dead` or `arn:aws:sqs:us-east-1:123456789012:dead`".to_owned();
        problems.push(problem.path(path("dead_letter")).hint(hint));
    }
}

/// Checks that a role is a name or an ARN.
pub(super) fn check_role(role: &LocatedValue<String>, path: &str, problems: &mut Problems) {
    if is_role(&role.value) {
        return;
    }
    let problem = Problem::error(role.span, "a role must be a name or an ARN").path(path);
    let hint = "write it as `scheduler` or `arn:aws:iam::123456789012:role/scheduler`; a name has up to 64 letters, digits and `_+=,.@-`";
    problems.push(problem.hint(hint.to_owned()));
}

/// Checks that the end of a schedule is after its start.
pub(super) fn check_window(
    schedule: &ManifestSchedule,
    times: (Option<i64>, Option<i64>),
    problems: &mut Problems,
) {
    let ((Some(start), Some(end)), Some(text)) = (times, &schedule.end) else { return };
    if end <= start {
        let problem = Problem::error(text.span, "`end` must be after `start`");
        problems.push(problem.path(format!("schedules.{}.end", schedule.key)));
    }
}

fn name_problem(what: &str, text: &LocatedValue<String>, path: &str) -> Problem {
    let message = format!("{what} must have 1 to {MAX_NAME_LENGTH} letters, digits, `.`, `-` and `_`");
    Problem::error(text.span, message).path(path)
}

fn is_name(text: &str, marks: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || marks.contains(character);
    (1..=MAX_NAME_LENGTH).contains(&text.len()) && text.chars().all(fits)
}

/// Returns whether a text is the name of a standard queue (API reference: SQS `CreateQueue`, `QueueName`), or an ARN.
fn is_queue(text: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    is_queue_arn(text) || (1..=MAX_QUEUE_NAME_LENGTH).contains(&text.len()) && text.chars().all(fits)
}

fn is_queue_arn(text: &str) -> bool {
    match text.split(':').collect::<Vec<_>>()[..] {
        ["arn", partition, "sqs", region, account, name] => {
            !partition.is_empty() && !region.is_empty() && is_account(account) && !name.is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_queue_is_a_name_or_the_arn_of_a_queue() {
        assert!(is_queue("dead_letters-1"));
        assert!(is_queue("arn:aws:sqs:us-east-1:123456789012:dead"));
        for queue in [
            "dead.fifo",
            "https://sqs.us-east-1.amazonaws.com/1/dead",
            "arn:aws:sns:us-east-1:123456789012:dead",
        ] {
            assert!(!is_queue(queue), "{queue}");
        }
    }
}
