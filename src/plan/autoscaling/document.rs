//! Policies and scheduled actions in the forms in which they are compared and sent.

use serde_json::Value;

use crate::document::model::{DocumentKind, model};
use crate::document::normalize::normalize;
use crate::render::autoscaling::ScalingDocument;

/// The members that name the scalable target.
const TARGET_MEMBERS: &[&str] = &["ServiceNamespace", "ResourceId", "ScalableDimension"];

/// Whether something is a policy or a scheduled action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalingKind {
    Policy,
    Action,
}

impl ScalingKind {
    pub(super) fn document(self) -> DocumentKind {
        match self {
            ScalingKind::Policy => DocumentKind::ScalingPolicy,
            ScalingKind::Action => DocumentKind::ScheduledAction,
        }
    }

    /// Returns the member with the name.
    pub(super) fn name_member(self) -> &'static str {
        match self {
            ScalingKind::Policy => "PolicyName",
            ScalingKind::Action => "ScheduledActionName",
        }
    }

    /// Returns the key of the list in the manifest.
    pub(super) fn list(self) -> &'static str {
        match self {
            ScalingKind::Policy => "policies",
            ScalingKind::Action => "scheduled_actions",
        }
    }
}

/// Returns the observed policy or action with a name.
pub(super) fn find<'a>(observed: &'a [Value], kind: ScalingKind, name: &str) -> Option<&'a Value> {
    observed.iter().find(|document| document[kind.name_member()] == name)
}

/// Returns the names of observed policies or actions.
pub(super) fn names(observed: &[Value], kind: ScalingKind) -> impl Iterator<Item = &str> {
    observed.iter().filter_map(move |document| document[kind.name_member()].as_str())
}

/// Returns the normal form of a policy or an action, without its name and the scalable target. Two that mean the same to
/// Application Auto Scaling have the same.
pub(super) fn normal_form(document: &Value, kind: ScalingKind) -> Value {
    let mut normal = normalize(&input_form(document, kind), kind.document());
    if let Value::Object(members) = &mut normal {
        members.shift_remove(kind.name_member());
    }
    normal
}

/// Returns whether two policies or actions mean the same.
pub(super) fn is_same(one: &Value, other: &Value, kind: ScalingKind) -> bool {
    normal_form(one, kind) == normal_form(other, kind)
}

/// Returns an observed policy or action as the input that puts it, without the scalable target.
pub(super) fn input_form(document: &Value, kind: ScalingKind) -> Value {
    let shape = kind.document().input_shape();
    let mut input = document.clone();
    if let Value::Object(members) = &mut input {
        members.retain(|name, _| {
            model().member_shape(shape, name).is_some() && !TARGET_MEMBERS.contains(&name.as_str())
        });
    }
    input
}

/// Returns the input that puts an action in the place of another one. What an update leaves out of an action stays as it is
/// (API reference, `PutScheduledAction`), so that the time zone is sent in any case.
pub(super) fn replacing(action: &ScalingDocument, before: Option<&Value>) -> ScalingDocument {
    let mut action = action.clone();
    let has_zone = before.is_some_and(|before| before["Timezone"].is_string());
    if has_zone && action.document["Timezone"].is_null() {
        action.document["Timezone"] = "UTC".into();
    }
    action
}
