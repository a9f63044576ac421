//! Plans a change of a service's desired count or autoscaling, and returns its blockers. Pure.

use crate::aws::autoscaling::{ScalableTarget, Suspended, TargetChange};
use crate::aws::types::Service;
use crate::error::Failure;

/// What `scale` is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Set the desired count.
    Desired(i32),
    /// Change the range of autoscaling.
    Range { min: Option<i32>, max: Option<i32> },
    /// Suspend or resume autoscaling.
    Suspended(bool),
}

/// What is known of a service's autoscaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autoscaling {
    /// It could not be read.
    Unknown,
    None,
    Target(ScalableTarget),
}

/// A planned change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    pub change: Change,
    /// The change in words, as the start of the confirmation question.
    pub words: String,
    pub notes: Vec<String>,
    /// The desired count after the change; `None` if it stays as it is.
    pub comes_to: Option<i64>,
}

/// The change to send to AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    None,
    Desired(i32),
    Target(TargetChange),
}

/// Plans a change; `key` is the service's name in commands.
///
/// # Errors
/// The request is impossible, or autoscaling would undo it and it is not forced.
pub fn scaling(
    wish: Wish,
    key: &str,
    service: &Service,
    autoscaling: &Autoscaling,
    force: bool,
) -> Result<Scaling, Failure> {
    match (wish, autoscaling) {
        (Wish::Desired(desired), _) => to_desired(desired, key, service, autoscaling, force),
        (Wish::Range { min, max }, Autoscaling::Target(target)) => to_range(min, max, key, service, target),
        (Wish::Suspended(suspended), Autoscaling::Target(target)) => Ok(to_suspended(suspended, key, target)),
        (_, Autoscaling::None | Autoscaling::Unknown) => Err(no_target(key, service)),
    }
}

fn to_desired(
    desired: i32,
    key: &str,
    service: &Service,
    autoscaling: &Autoscaling,
    force: bool,
) -> Result<Scaling, Failure> {
    if service.scheduling_strategy == "DAEMON" {
        let message = format!(
            "service `{key}` has no desired count to set: it runs one task on each instance (DAEMON)"
        );
        return Err(Failure::refused(message));
    }
    let notes = match autoscaling {
        Autoscaling::Target(target) if target.suspended == Suspended::all(true) => {
            let rests = "autoscaling is suspended: nothing changes the count until `--resume`".to_owned();
            [Some(rests), outside(desired, target)].into_iter().flatten().collect()
        }
        Autoscaling::Target(target) if force => {
            let moves = format!("autoscaling ({}) will change it again", range(target));
            vec![outside(desired, target).unwrap_or(moves)]
        }
        Autoscaling::Target(target) => return Err(against_autoscaling(desired, key, target)),
        Autoscaling::None | Autoscaling::Unknown => Vec::new(),
    };
    let same = service.desired_count == i64::from(desired);
    Ok(Scaling {
        change: if same { Change::None } else { Change::Desired(desired) },
        words: format!("Scale service `{key}` from {} to {desired} tasks", service.desired_count),
        notes,
        comes_to: Some(i64::from(desired)),
    })
}

fn against_autoscaling(desired: i32, key: &str, target: &ScalableTarget) -> Failure {
    let message = match outside(desired, target) {
        Some(outside) => format!("service `{key}` is scaled automatically: {outside}"),
        None => format!(
            "service `{key}` is scaled automatically ({}): autoscaling would change {desired} again",
            range(target)
        ),
    };
    let hint = "change the range with `--min` and `--max`, suspend autoscaling with `--suspend`, or set the \
                count anyway with `--force`";
    Failure::refused(message).hint(hint.to_owned())
}

/// Returns the note that a count is outside the range of autoscaling, or `None` if it is inside.
fn outside(desired: i32, target: &ScalableTarget) -> Option<String> {
    let inside = (target.min..=target.max).contains(&desired);
    let says = || {
        format!("{desired} is outside of {}, and autoscaling corrects it when it next scales", range(target))
    };
    (!inside).then(says)
}

fn range(target: &ScalableTarget) -> String {
    format!("{}..{}", target.min, target.max)
}

fn to_range(
    min: Option<i32>,
    max: Option<i32>,
    key: &str,
    service: &Service,
    target: &ScalableTarget,
) -> Result<Scaling, Failure> {
    let (least, most) = (min.unwrap_or(target.min), max.unwrap_or(target.max));
    if least > most {
        let hint = match (min, max) {
            (Some(_), None) => Some(format!("set `--max` too: the maximum is {most} now")),
            (None, Some(_)) => Some(format!("set `--min` too: the minimum is {least} now")),
            _ => None,
        };
        return Err(Failure::usage(format!("the minimum {least} is above the maximum {most}")).hint(hint));
    }
    let same = (least, most) == (target.min, target.max);
    let desired = service.desired_count;
    let comes_to = desired.clamp(i64::from(least), i64::from(most));
    let note = match comes_to {
        raised if raised > desired => {
            Some(format!("autoscaling will raise the count from {desired} to {raised} tasks"))
        }
        lowered if lowered < desired => {
            Some(format!("autoscaling will lower the count from {desired} to {lowered} tasks"))
        }
        _ => None,
    };
    let change = TargetChange { min: Some(least), max: Some(most), suspended: None };
    Ok(Scaling {
        change: if same { Change::None } else { Change::Target(change) },
        words: format!(
            "Change the autoscaling range of service `{key}` from {} to {least}..{most} tasks",
            range(target)
        ),
        notes: note.into_iter().filter(|_| !same).collect(),
        comes_to: Some(comes_to).filter(|comes_to| !same && *comes_to != desired),
    })
}

fn to_suspended(suspended: bool, key: &str, target: &ScalableTarget) -> Scaling {
    let wanted = Suspended::all(suspended);
    let change = TargetChange { suspended: Some(wanted), ..TargetChange::default() };
    let verb = if suspended { "Suspend" } else { "Resume" };
    Scaling {
        change: if target.suspended == wanted { Change::None } else { Change::Target(change) },
        words: format!("{verb} the autoscaling of service `{key}` ({} tasks)", range(target)),
        notes: Vec::new(),
        comes_to: None,
    }
}

fn no_target(key: &str, service: &Service) -> Failure {
    let cluster = service.cluster_arn.rsplit('/').next().unwrap_or_default();
    let hint = format!(
        "set the count with `--desired`, or register a scalable target: `aws application-autoscaling \
         register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id \
         service/{cluster}/{} --min-capacity 1 --max-capacity 4`",
        service.service_name
    );
    Failure::error(format!("service `{key}` is not scaled automatically: it has no scalable target"))
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn service(desired: i64) -> Service {
        Service { desired_count: desired, service_name: "web".to_owned(), ..Service::default() }
    }

    fn target(min: i32, max: i32) -> Autoscaling {
        Autoscaling::Target(ScalableTarget { min, max, suspended: Suspended::default() })
    }

    fn suspended(min: i32, max: i32) -> Autoscaling {
        Autoscaling::Target(ScalableTarget { min, max, suspended: Suspended::all(true) })
    }

    fn decided(wish: Wish, now: i64, autoscaling: Autoscaling, force: bool) -> Result<Scaling, Failure> {
        scaling(wish, "web", &service(now), &autoscaling, force)
    }

    #[test]
    fn a_number_is_set_where_nothing_scales_and_where_that_is_not_known() {
        for autoscaling in [Autoscaling::None, Autoscaling::Unknown] {
            let scaling = decided(Wish::Desired(4), 2, autoscaling, false).expect("no blocker");
            assert_eq!((scaling.change, scaling.comes_to), (Change::Desired(4), Some(4)));
            assert_eq!(scaling.words, "Scale service `web` from 2 to 4 tasks");
        }
        let same = decided(Wish::Desired(2), 2, Autoscaling::None, false).expect("no blocker");
        assert_eq!(same.change, Change::None);
    }

    #[test]
    fn a_number_against_autoscaling_is_refused_unless_it_is_forced_or_suspended() {
        let refused = decided(Wish::Desired(4), 2, target(1, 6), false).expect_err("refused");
        assert_eq!(refused.kind, Kind::Refused);
        assert!(refused.message.contains("(1..6): autoscaling would change 4 again"), "{refused}");
        let forced = decided(Wish::Desired(4), 2, target(1, 6), true).expect("forced");
        assert_eq!(forced.change, Change::Desired(4));
        assert!(forced.notes[0].contains("will change it again"), "{:?}", forced.notes);
        let rests = decided(Wish::Desired(4), 2, suspended(1, 6), false).expect("no blocker");
        assert!(rests.notes[0].contains("suspended"), "{:?}", rests.notes);
    }

    #[test]
    fn a_number_outside_of_the_range_is_said_to_be() {
        let refused = decided(Wish::Desired(9), 2, target(1, 6), false).expect_err("refused");
        assert!(refused.message.contains("9 is outside of 1..6"), "{refused}");
        let forced = decided(Wish::Desired(0), 2, target(1, 6), true).expect("forced");
        assert!(forced.notes[0].contains("0 is outside of 1..6"), "{:?}", forced.notes);
        let rests = decided(Wish::Desired(9), 2, suspended(1, 6), false).expect("no blocker");
        assert_eq!(rests.notes.len(), 2);
    }

    #[test]
    fn a_range_needs_a_target_and_keeps_what_is_not_given() {
        let wish = Wish::Range { min: Some(3), max: None };
        assert!(decided(wish, 2, Autoscaling::None, true).is_err());
        let scaling = decided(wish, 2, target(1, 6), false).expect("a range");
        let change = TargetChange { min: Some(3), max: Some(6), suspended: None };
        assert_eq!((scaling.change, scaling.comes_to), (Change::Target(change), Some(3)));
        assert_eq!(scaling.notes, ["autoscaling will raise the count from 2 to 3 tasks"]);
        let wider =
            decided(Wish::Range { min: None, max: Some(9) }, 2, target(1, 6), false).expect("a range");
        assert_eq!(wider.comes_to, None, "2 stay");
        let same =
            decided(Wish::Range { min: Some(1), max: Some(6) }, 9, target(1, 6), false).expect("a range");
        assert_eq!((same.change, same.comes_to), (Change::None, None));
    }

    #[test]
    fn a_range_that_is_none_says_what_is_missing() {
        let error =
            decided(Wish::Range { min: Some(7), max: None }, 2, target(1, 6), false).expect_err("none");
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::Usage, "the minimum 7 is above the maximum 6")
        );
        assert!(error.hints[0].contains("set `--max` too"), "{:?}", error.hints);
    }

    #[test]
    fn autoscaling_is_suspended_and_resumed_as_a_whole() {
        let suspend = decided(Wish::Suspended(true), 2, target(1, 6), false).expect("a target");
        let change = TargetChange { suspended: Some(Suspended::all(true)), ..TargetChange::default() };
        assert_eq!(suspend.change, Change::Target(change));
        let again = decided(Wish::Suspended(true), 2, suspended(1, 6), false).expect("a target");
        assert_eq!(again.change, Change::None);
        let resume = decided(Wish::Suspended(false), 2, suspended(1, 6), false).expect("a target");
        assert!(matches!(resume.change, Change::Target(_)));
        assert!(decided(Wish::Suspended(false), 2, Autoscaling::None, false).is_err());
    }

    #[test]
    fn a_daemon_has_no_number() {
        let daemon = Service { scheduling_strategy: "DAEMON".to_owned(), ..service(2) };
        let refused =
            scaling(Wish::Desired(4), "web", &daemon, &Autoscaling::None, true).expect_err("refused");
        assert_eq!(refused.kind, Kind::Refused);
    }
}
