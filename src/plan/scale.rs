//! Plans a change of a service's desired count or autoscaling, and returns its blockers. Pure.

use crate::aws::autoscaling::{ScalableTarget, ScalableTargetChange, SuspendedActivities};
use crate::aws::types::Service;
use crate::error::Failure;
use crate::manifest::autoscaling::ManifestAutoscaling;

/// What `scale` is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleRequest {
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
    /// A scalable target without policies and scheduled actions: nothing changes a number inside its range.
    Idle(ScalableTarget),
    Target(ScalableTarget),
}

impl Autoscaling {
    /// Returns the scalable target, if there is one.
    pub fn target(&self) -> Option<ScalableTarget> {
        match self {
            Autoscaling::Idle(target) | Autoscaling::Target(target) => Some(*target),
            Autoscaling::Unknown | Autoscaling::None => None,
        }
    }
}

/// A planned change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePlan {
    pub change: ScaleChange,
    /// The change in words, as the start of the confirmation question.
    pub question: String,
    pub notes: Vec<String>,
    /// The desired count after the change; `None` if it stays as it is.
    pub desired_after: Option<i64>,
}

/// The change to send to AWS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleChange {
    #[default]
    None,
    Desired(i32),
    Target(ScalableTargetChange),
}

/// Plans a change; `key` is the service's name in commands.
///
/// # Errors
/// The request is impossible, or autoscaling would undo it and it is not forced.
pub fn plan_scaling(
    wish: ScaleRequest,
    key: &str,
    service: &Service,
    autoscaling: &Autoscaling,
    force: bool,
) -> Result<ScalePlan, Failure> {
    let target = autoscaling.target();
    match (wish, target) {
        (ScaleRequest::Desired(desired), _) => plan_desired_count(desired, key, service, autoscaling, force),
        (ScaleRequest::Range { min, max }, Some(target)) => plan_range(min, max, key, service, &target),
        (ScaleRequest::Suspended(suspended), Some(target)) => Ok(plan_suspension(suspended, key, &target)),
        (_, None) => Err(no_scalable_target(key, service)),
    }
}

/// Returns the notes that the next deploy changes a bound again, because the manifest has another one.
pub fn manifest_notes(wish: ScaleRequest, written: Option<&ManifestAutoscaling>) -> Vec<String> {
    let (ScaleRequest::Range { min, max }, Some(written)) = (wish, written) else { return Vec::new() };
    let bounds = [("min", min, &written.min), ("max", max, &written.max)];
    let differing = bounds.into_iter().filter_map(|(name, asked, written)| {
        let written = written.as_ref()?.value;
        asked.filter(|asked| *asked != written)?;
        Some(format!(
            "the manifest has `{name}: {written}` under `autoscaling`: the next deploy sets that again"
        ))
    });
    differing.collect()
}

fn plan_desired_count(
    desired: i32,
    key: &str,
    service: &Service,
    autoscaling: &Autoscaling,
    force: bool,
) -> Result<ScalePlan, Failure> {
    if service.scheduling_strategy == "DAEMON" {
        let message = format!(
            "service `{key}` has no desired count to set: it runs one task on each instance (DAEMON)"
        );
        return Err(Failure::refused(message));
    }
    let notes = match autoscaling {
        Autoscaling::Idle(target) | Autoscaling::Target(target)
            if target.suspended == SuspendedActivities::all(true) =>
        {
            let rests = "autoscaling is suspended: nothing changes the count until `--resume`".to_owned();
            [Some(rests), out_of_range_note(desired, target)].into_iter().flatten().collect()
        }
        Autoscaling::Idle(target) if out_of_range_note(desired, target).is_none() => {
            let range = format_range(target);
            vec![format!(
                "autoscaling ({range}) has no policy and no scheduled action that changes the count"
            )]
        }
        Autoscaling::Idle(target) | Autoscaling::Target(target) if force => {
            let moves = format!("autoscaling ({}) will change it again", format_range(target));
            vec![out_of_range_note(desired, target).unwrap_or(moves)]
        }
        Autoscaling::Idle(target) | Autoscaling::Target(target) => {
            return Err(autoscaling_blocker(desired, key, target));
        }
        Autoscaling::None | Autoscaling::Unknown => Vec::new(),
    };
    let same = service.desired_count == i64::from(desired);
    Ok(ScalePlan {
        change: if same { ScaleChange::None } else { ScaleChange::Desired(desired) },
        question: format!("Scale service `{key}` from {} to {desired} tasks", service.desired_count),
        notes,
        desired_after: Some(i64::from(desired)),
    })
}

fn autoscaling_blocker(desired: i32, key: &str, target: &ScalableTarget) -> Failure {
    let message = match out_of_range_note(desired, target) {
        Some(outside) => format!("service `{key}` is scaled automatically: {outside}"),
        None => format!(
            "service `{key}` is scaled automatically ({}): autoscaling would change {desired} again",
            format_range(target)
        ),
    };
    let hint = "change the range with `--min` and `--max`, suspend autoscaling with `--suspend`, or set the \
                count anyway with `--force`";
    Failure::refused(message).with_hint(hint.to_owned())
}

/// Returns the note that a count is outside the range of autoscaling, or `None` if it is inside.
fn out_of_range_note(desired: i32, target: &ScalableTarget) -> Option<String> {
    let inside = (target.min..=target.max).contains(&desired);
    let says = || {
        format!(
            "{desired} is outside of {}, and autoscaling corrects it when it next scales",
            format_range(target)
        )
    };
    (!inside).then(says)
}

fn format_range(target: &ScalableTarget) -> String {
    format!("{}..{}", target.min, target.max)
}

fn plan_range(
    min: Option<i32>,
    max: Option<i32>,
    key: &str,
    service: &Service,
    target: &ScalableTarget,
) -> Result<ScalePlan, Failure> {
    let (least, most) = (min.unwrap_or(target.min), max.unwrap_or(target.max));
    if least > most {
        let hint = match (min, max) {
            (Some(_), None) => Some(format!("set `--max` too: the maximum is {most} now")),
            (None, Some(_)) => Some(format!("set `--min` too: the minimum is {least} now")),
            _ => None,
        };
        return Err(
            Failure::usage(format!("the minimum {least} is above the maximum {most}")).with_hint(hint)
        );
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
    let change = ScalableTargetChange { min: Some(least), max: Some(most), suspended: None };
    Ok(ScalePlan {
        change: if same { ScaleChange::None } else { ScaleChange::Target(change) },
        question: format!(
            "Change the autoscaling range of service `{key}` from {} to {least}..{most} tasks",
            format_range(target)
        ),
        notes: note.into_iter().filter(|_| !same).collect(),
        desired_after: Some(comes_to).filter(|comes_to| !same && *comes_to != desired),
    })
}

fn plan_suspension(suspended: bool, key: &str, target: &ScalableTarget) -> ScalePlan {
    let wanted = SuspendedActivities::all(suspended);
    let change = ScalableTargetChange { suspended: Some(wanted), ..ScalableTargetChange::default() };
    let verb = if suspended { "Suspend" } else { "Resume" };
    ScalePlan {
        change: if target.suspended == wanted { ScaleChange::None } else { ScaleChange::Target(change) },
        question: format!("{verb} the autoscaling of service `{key}` ({} tasks)", format_range(target)),
        notes: Vec::new(),
        desired_after: None,
    }
}

fn no_scalable_target(key: &str, service: &Service) -> Failure {
    let cluster = service.cluster_arn.rsplit('/').next().unwrap_or_default();
    let hint = format!(
        "set the count with `--desired`, or register a scalable target: `aws application-autoscaling \
         register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id \
         service/{cluster}/{} --min-capacity 1 --max-capacity 4`",
        service.service_name
    );
    Failure::error(format!("service `{key}` is not scaled automatically: it has no scalable target"))
        .with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn service(desired: i64) -> Service {
        Service { desired_count: desired, service_name: "web".to_owned(), ..Service::default() }
    }

    fn target(min: i32, max: i32) -> Autoscaling {
        Autoscaling::Target(ScalableTarget { min, max, suspended: SuspendedActivities::default() })
    }

    fn suspended(min: i32, max: i32) -> Autoscaling {
        Autoscaling::Target(ScalableTarget { min, max, suspended: SuspendedActivities::all(true) })
    }

    fn planned(
        wish: ScaleRequest,
        now: i64,
        autoscaling: Autoscaling,
        force: bool,
    ) -> Result<ScalePlan, Failure> {
        plan_scaling(wish, "web", &service(now), &autoscaling, force)
    }

    #[test]
    fn desired_count_is_set_without_autoscaling() {
        for autoscaling in [Autoscaling::None, Autoscaling::Unknown] {
            let scaling = planned(ScaleRequest::Desired(4), 2, autoscaling, false).expect("no blocker");
            assert_eq!((scaling.change, scaling.desired_after), (ScaleChange::Desired(4), Some(4)));
            assert_eq!(scaling.question, "Scale service `web` from 2 to 4 tasks");
        }
        let same = planned(ScaleRequest::Desired(2), 2, Autoscaling::None, false).expect("no blocker");
        assert_eq!(same.change, ScaleChange::None);
    }

    #[test]
    fn desired_count_with_autoscaling_is_refused() {
        let refused = planned(ScaleRequest::Desired(4), 2, target(1, 6), false).expect_err("refused");
        assert_eq!(refused.kind, ErrorKind::Refused);
        assert!(refused.message.contains("(1..6): autoscaling would change 4 again"), "{refused}");
        let forced = planned(ScaleRequest::Desired(4), 2, target(1, 6), true).expect("forced");
        assert_eq!(forced.change, ScaleChange::Desired(4));
        assert!(forced.notes[0].contains("will change it again"), "{:?}", forced.notes);
        let rests = planned(ScaleRequest::Desired(4), 2, suspended(1, 6), false).expect("no blocker");
        assert!(rests.notes[0].contains("suspended"), "{:?}", rests.notes);
    }

    #[test]
    fn desired_count_out_of_range_is_noted() {
        let refused = planned(ScaleRequest::Desired(9), 2, target(1, 6), false).expect_err("refused");
        assert!(refused.message.contains("9 is outside of 1..6"), "{refused}");
        let forced = planned(ScaleRequest::Desired(0), 2, target(1, 6), true).expect("forced");
        assert!(forced.notes[0].contains("0 is outside of 1..6"), "{:?}", forced.notes);
        let rests = planned(ScaleRequest::Desired(9), 2, suspended(1, 6), false).expect("no blocker");
        assert_eq!(rests.notes.len(), 2);
    }

    #[test]
    fn a_range_needs_a_target_and_keeps_what_is_not_given() {
        let wish = ScaleRequest::Range { min: Some(3), max: None };
        assert!(planned(wish, 2, Autoscaling::None, true).is_err());
        let scaling = planned(wish, 2, target(1, 6), false).expect("a range");
        let change = ScalableTargetChange { min: Some(3), max: Some(6), suspended: None };
        assert_eq!((scaling.change, scaling.desired_after), (ScaleChange::Target(change), Some(3)));
        assert_eq!(scaling.notes, ["autoscaling will raise the count from 2 to 3 tasks"]);
        let wider = planned(ScaleRequest::Range { min: None, max: Some(9) }, 2, target(1, 6), false)
            .expect("a range");
        assert_eq!(wider.desired_after, None, "2 stay");
        let same = planned(ScaleRequest::Range { min: Some(1), max: Some(6) }, 9, target(1, 6), false)
            .expect("a range");
        assert_eq!((same.change, same.desired_after), (ScaleChange::None, None));
    }

    #[test]
    fn invalid_range_names_the_missing_flag() {
        let error = planned(ScaleRequest::Range { min: Some(7), max: None }, 2, target(1, 6), false)
            .expect_err("none");
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Usage, "the minimum 7 is above the maximum 6")
        );
        assert!(error.hints[0].contains("set `--max` too"), "{:?}", error.hints);
    }

    #[test]
    fn autoscaling_is_suspended_and_resumed_as_a_whole() {
        let suspend = planned(ScaleRequest::Suspended(true), 2, target(1, 6), false).expect("a target");
        let change = ScalableTargetChange {
            suspended: Some(SuspendedActivities::all(true)),
            ..ScalableTargetChange::default()
        };
        assert_eq!(suspend.change, ScaleChange::Target(change));
        let again = planned(ScaleRequest::Suspended(true), 2, suspended(1, 6), false).expect("a target");
        assert_eq!(again.change, ScaleChange::None);
        let resume = planned(ScaleRequest::Suspended(false), 2, suspended(1, 6), false).expect("a target");
        assert!(matches!(resume.change, ScaleChange::Target(_)));
        assert!(planned(ScaleRequest::Suspended(false), 2, Autoscaling::None, false).is_err());
    }

    #[test]
    fn daemon_has_no_desired_count() {
        let daemon = Service { scheduling_strategy: "DAEMON".to_owned(), ..service(2) };
        let refused = plan_scaling(ScaleRequest::Desired(4), "web", &daemon, &Autoscaling::None, true)
            .expect_err("refused");
        assert_eq!(refused.kind, ErrorKind::Refused);
    }
}
