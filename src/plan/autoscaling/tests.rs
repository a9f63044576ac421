//! Tests of what a plan changes, what it was made for, and how it is restored.

use serde_json::{Value, json};

use super::types::{AutoscalingPlan, ScalingStep};
use super::{compare, drift, restore_plan};
use crate::aws::autoscaling::{ObservedAutoscaling, ScalableTarget, SuspendedActivities};
use crate::aws::types::{ObservedState, ServiceRef};
use crate::render::autoscaling::{DesiredAutoscaling, ScalingDocument, tracking_policy};
use crate::render::definition_edits::DefinitionEdits;
use crate::render::{DefinitionSource, DesiredService};

fn service() -> DesiredService {
    DesiredService {
        key: "web".to_owned(),
        name: "web".to_owned(),
        cluster: "main".to_owned(),
        definition: DefinitionSource::RunningUnchanged,
        edits: DefinitionEdits::default(),
        service: None,
        autoscaling: None,
        enforce_desired_count: false,
        ignore_tags: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
        needs: Vec::new(),
        timeout: None,
        on_failure: None,
        on_timeout: None,
        patience: None,
    }
}

fn cpu(name: &str, value: f64) -> ScalingDocument {
    tracking_policy(name, json!({ "PredefinedMetricType": "ECSServiceAverageCPUUtilization" }), value)
}

/// Returns a policy as AWS returns it.
fn observed(policy: &ScalingDocument) -> Value {
    let mut document = policy.document.clone();
    document["PolicyARN"] = "arn:aws:autoscaling:x".into();
    document["ServiceNamespace"] = "ecs".into();
    document["Alarms"] = json!([{ "AlarmName": "a", "AlarmARN": "b" }]);
    document["CreationTime"] = json!(1.5);
    document
}

fn target(min: i32, max: i32) -> ScalableTarget {
    ScalableTarget { min, max, suspended: SuspendedActivities::all(true) }
}

fn state(range: Option<(i32, i32)>, policies: &[ScalingDocument]) -> ObservedAutoscaling {
    ObservedAutoscaling {
        target: range.map(|(min, max)| target(min, max)),
        policies: policies.iter().map(observed).collect(),
        scheduled_actions: Vec::new(),
    }
}

fn plan(desired: &DesiredAutoscaling, before: ObservedAutoscaling) -> AutoscalingPlan {
    let place = ServiceRef::new("main", "web");
    let observed = ObservedState { autoscaling: [(place, before)].into(), ..ObservedState::default() };
    compare(&service(), desired, &observed, false).expect("no blockers")
}

fn desired(min: i32, max: i32, policies: Vec<ScalingDocument>) -> DesiredAutoscaling {
    DesiredAutoscaling { min: Some(min), max: Some(max), policies, ..DesiredAutoscaling::default() }
}

#[test]
fn what_is_there_is_no_change() {
    let before = state(Some((1, 4)), &[cpu("ecsail-cpu", 60.0)]);
    let plan = plan(&desired(1, 4, vec![cpu("ecsail-cpu", 60.0)]), before);
    assert!(!plan.is_changing() && plan.changes.is_empty(), "{plan:?}");
}

#[test]
fn a_policy_under_another_name_is_deleted_before_its_metric_is_put_again() {
    let before = state(Some((1, 4)), &[cpu("ecsail-old", 60.0)]);
    let plan = plan(&desired(1, 4, vec![cpu("ecsail-cpu", 60.0)]), before);
    let steps =
        [ScalingStep::DeletePolicy("ecsail-old".to_owned()), ScalingStep::PutPolicy(cpu("ecsail-cpu", 60.0))];
    assert_eq!(plan.steps, steps);
}

#[test]
fn everything_is_restored_in_the_opposite_order() {
    let before = state(Some((1, 4)), &[cpu("ecsail-old", 60.0)]);
    let plan = plan(&desired(2, 8, vec![cpu("ecsail-cpu", 70.0)]), before);
    let restored = restore_plan(&plan, &state(Some((2, 8)), &[cpu("ecsail-cpu", 70.0)]));
    let steps = [
        ScalingStep::DeletePolicy("ecsail-cpu".to_owned()),
        ScalingStep::PutPolicy(cpu("ecsail-old", 60.0)),
        ScalingStep::Register { min: Some(1), max: Some(4) },
    ];
    assert_eq!((restored.steps.as_slice(), restored.kept.len()), (steps.as_slice(), 0));
}

#[test]
fn only_what_was_changed_is_restored() {
    let before = state(Some((1, 4)), &[]);
    let plan = plan(&desired(2, 8, vec![cpu("ecsail-cpu", 70.0)]), before.clone());
    let restored = restore_plan(&plan, &state(Some((2, 8)), &[]));
    assert_eq!(restored.steps, [ScalingStep::Register { min: Some(1), max: Some(4) }]);
    assert!(restore_plan(&plan, &before).steps.is_empty());
}

#[test]
fn what_others_changed_since_is_kept() {
    let plan = plan(&desired(2, 8, vec![cpu("ecsail-cpu", 70.0)]), state(Some((1, 4)), &[]));
    let restored = restore_plan(&plan, &state(Some((2, 9)), &[cpu("ecsail-cpu", 75.0)]));
    assert_eq!(restored.kept, ["scaling policy `ecsail-cpu`", "the range"]);
    assert!(restored.steps.is_empty(), "{restored:?}");
}

#[test]
fn a_new_target_is_deregistered_unless_others_use_it() {
    let plan = plan(&desired(2, 8, vec![cpu("ecsail-cpu", 70.0)]), state(None, &[]));
    let ours = restore_plan(&plan, &state(Some((2, 8)), &[cpu("ecsail-cpu", 70.0)]));
    assert_eq!(ours.steps.last(), Some(&ScalingStep::Deregister));
    let theirs = restore_plan(&plan, &state(Some((2, 8)), &[cpu("theirs", 40.0)]));
    assert_eq!((theirs.steps.len(), theirs.kept.as_slice()), (0, ["the range".to_owned()].as_slice()));
}

#[test]
fn a_change_of_what_the_plan_changes_is_found_and_no_other() {
    let plan = plan(&desired(2, 4, vec![cpu("ecsail-cpu", 70.0)]), state(Some((1, 4)), &[]));
    assert_eq!(drift(&plan, &state(Some((1, 4)), &[])), None);
    let mut resumed = state(Some((1, 4)), &[]);
    resumed.target = Some(ScalableTarget { suspended: SuspendedActivities::default(), ..target(1, 4) });
    assert_eq!(drift(&plan, &resumed), None, "what is suspended is not the plan's");
    assert_eq!(drift(&plan, &state(Some((1, 5)), &[])).as_deref(), Some("the range"));
    let put = drift(&plan, &state(Some((1, 4)), &[cpu("ecsail-cpu", 50.0)]));
    assert_eq!(put.as_deref(), Some("scaling policy `ecsail-cpu`"));
}
