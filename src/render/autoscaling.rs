//! Renders the autoscaling of a service: reads policies and scheduled actions as documents of Application Auto Scaling,
//! and writes out the policies in short form. Calls no AWS.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::document::layer::remove_nulls;
use crate::document::model::DocumentKind;
use crate::document::problem::{Problem, Problems};
use crate::document::reader::DocumentReader;
use crate::document::required::check_required;
use crate::document::source::SourceSpan;
use crate::document::tree::Node;
use crate::expression::{Expression, ExpressionError, ExpressionKind, time_zone};
use crate::lint::problem_of_check;
use crate::manifest::autoscaling::ManifestAutoscaling;
use crate::manifest::{Manifest, ManifestService};
use crate::service_arn::cluster_name;

/// The prefix of the names of policies and scheduled actions that are removed once the manifest no longer has them.
pub const OWN_PREFIX: &str = "ecsail-";
/// The names of the policies in short form.
pub const CPU_POLICY: &str = "ecsail-cpu";
pub const MEMORY_POLICY: &str = "ecsail-memory";
pub const REQUESTS_POLICY: &str = "ecsail-requests";

/// The id of the check of schedules and time zones.
const SCHEDULE_CHECK: &str = "scaling-schedule";
const NAMESPACE: &str = "ecs";
const DIMENSION: &str = "ecs:service:DesiredCount";
/// The members that name the scalable target: the manifest does, so that documents need not.
const GIVEN: &[&str] = &["ServiceNamespace", "ResourceId", "ScalableDimension"];
/// The configurations of a policy, and the type that each is for.
const CONFIGURATIONS: &[(&str, &str)] = &[
    ("StepScalingPolicyConfiguration", "StepScaling"),
    ("TargetTrackingScalingPolicyConfiguration", "TargetTrackingScaling"),
    ("PredictiveScalingPolicyConfiguration", "PredictiveScaling"),
];

/// The desired autoscaling of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DesiredAutoscaling {
    /// The range of the desired count; a bound that is `None` stays as it is.
    pub min: Option<i32>,
    pub max: Option<i32>,
    /// The target value of the policy [`REQUESTS_POLICY`], whose metric depends on the service's load balancer.
    pub requests_per_target: Option<f64>,
    pub policies: Vec<ScalingDocument>,
    pub scheduled_actions: Vec<ScalingDocument>,
}

/// A policy or a scheduled action: the input of its `Put` operation, without the members that name the scalable target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScalingDocument {
    pub name: String,
    pub document: Value,
}

/// Returns the input of `PutScalingPolicy` for a policy that keeps a predefined metric at a value.
pub fn tracking_policy(name: &str, metric: Value, value: f64) -> ScalingDocument {
    let configuration = json!({ "TargetValue": value, "PredefinedMetricSpecification": metric });
    let document = json!({
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": configuration,
    });
    ScalingDocument { name: name.to_owned(), document }
}

/// Renders the autoscaling of a service; `None` where the manifest has none.
pub(super) fn render_autoscaling(
    service: &ManifestService,
    manifest: &Manifest,
    problems: &mut Problems,
) -> Option<DesiredAutoscaling> {
    let written = service.autoscaling.as_ref()?;
    let cluster = manifest.cluster_of(service).unwrap_or_default();
    let renderer = Renderer {
        resource: format!("service/{}/{}", cluster_name(&cluster), service.name),
        path: format!("services.{}.autoscaling", service.key),
        allow_unknown: &manifest.allow_unknown,
        ignore: [manifest.ignore.as_slice(), &service.ignore].concat(),
    };
    let mut policies = short_policies(written);
    for node in &written.policies {
        let Some(policy) = renderer.policy(node, problems) else { continue };
        let is_requests = policy.name == REQUESTS_POLICY && written.requests_per_target.is_some();
        if policies.iter().any(|known| known.name == policy.name) || is_requests {
            renderer.report_duplicate(node, "policies", &policy.name, problems);
        } else if policies.iter().any(|known| is_same_metric(&known.document, &policy.document)) {
            let message = format!("policy `{}` tracks the metric of another policy", policy.name);
            let hint = "remove one of them: a service has at most one target tracking policy for a metric";
            renderer.report(node.span, "policies", message, Some(hint), problems);
        } else {
            policies.push(policy);
        }
    }
    let mut scheduled_actions: Vec<ScalingDocument> = Vec::new();
    for node in &written.scheduled_actions {
        let Some(action) = renderer.action(node, problems) else { continue };
        if scheduled_actions.iter().any(|known| known.name == action.name) {
            renderer.report_duplicate(node, "scheduled_actions", &action.name, problems);
        } else {
            scheduled_actions.push(action);
        }
    }
    Some(DesiredAutoscaling {
        min: written.min.as_ref().map(|min| min.value),
        max: written.max.as_ref().map(|max| max.value),
        requests_per_target: written.requests_per_target.as_ref().map(|value| value.value),
        policies,
        scheduled_actions,
    })
}

/// Returns the policies in short form that depend on nothing else.
fn short_policies(written: &ManifestAutoscaling) -> Vec<ScalingDocument> {
    let cpu = written.cpu.as_ref().map(|value| {
        tracking_policy(
            CPU_POLICY,
            json!({ "PredefinedMetricType": "ECSServiceAverageCPUUtilization" }),
            value.value,
        )
    });
    let memory = written.memory.as_ref().map(|value| {
        let metric = json!({ "PredefinedMetricType": "ECSServiceAverageMemoryUtilization" });
        tracking_policy(MEMORY_POLICY, metric, value.value)
    });
    cpu.into_iter().chain(memory).collect()
}

/// Returns whether two policies track the same metric, of which AWS accepts one only.
pub fn is_same_metric(one: &Value, other: &Value) -> bool {
    let metric = |policy: &Value| {
        let configuration = &policy["TargetTrackingScalingPolicyConfiguration"];
        let [predefined, customized] = ["PredefinedMetricSpecification", "CustomizedMetricSpecification"]
            .map(|member| configuration[member].clone());
        (!predefined.is_null() || !customized.is_null()).then_some((predefined, customized))
    };
    metric(one).is_some_and(|one| metric(other) == Some(one))
}

/// Renders the documents of one service.
struct Renderer<'a> {
    /// The resource id of the service.
    resource: String,
    path: String,
    allow_unknown: &'a [String],
    ignore: Vec<String>,
}

impl Renderer<'_> {
    /// Returns a policy; one without a type gets that of its configuration.
    fn policy(&self, node: &Node, problems: &mut Problems) -> Option<ScalingDocument> {
        let read = self.document(node, DocumentKind::ScalingPolicy, problems)?;
        let types = CONFIGURATIONS.iter().filter(|(member, _)| read.get(member).is_some());
        let types: Vec<&str> = types.map(|(_, kind)| *kind).collect();
        let [kind] = types[..] else {
            let names: Vec<String> = CONFIGURATIONS.iter().map(|(member, _)| format!("`{member}`")).collect();
            let message = format!("a policy must have one of {}", names.join(", "));
            self.report(node.span, "policies", message, None, problems);
            return None;
        };
        let mut policy = named(&read, "PolicyName")?;
        if read.get("PolicyType").is_none() {
            policy.document["PolicyType"] = kind.into();
        }
        Some(policy)
    }

    /// Returns a scheduled action, with its times as AWS takes them.
    fn action(&self, node: &Node, problems: &mut Problems) -> Option<ScalingDocument> {
        let read = self.document(node, DocumentKind::ScheduledAction, problems)?;
        let mut is_valid = self.check_schedule(&read, node, problems);
        is_valid &= self.check_range(&read, node, problems);
        let mut action = named(&read, "ScheduledActionName")?;
        for member in ["StartTime", "EndTime"] {
            let Some(time) = read.get(member) else { continue };
            let seconds = time.text().and_then(epoch_seconds);
            if seconds.is_none() && !time.has_undefined() {
                let message = format!("`{member}` is not a time");
                let hint = "write it as `2026-12-01T00:00:00Z`";
                self.report(time.span, "scheduled_actions", message, Some(hint), problems);
                is_valid = false;
            }
            action.document[member] = seconds.into();
        }
        is_valid.then_some(action)
    }

    /// Returns a document, or `None` if it has an error.
    fn document(&self, node: &Node, kind: DocumentKind, problems: &mut Problems) -> Option<Node> {
        let mut found = Problems::default();
        let read = DocumentReader::new(kind, self.allow_unknown, &mut found).read_document(node);
        let read = remove_nulls(read, kind.input_shape());
        check_required(&read, kind, GIVEN, &mut found);
        for (member, expected) in GIVEN.iter().zip([NAMESPACE, &self.resource, DIMENSION]) {
            let Some(given) =
                read.get(member).filter(|given| given.text().is_some_and(|text| text != expected))
            else {
                continue;
            };
            let message =
                format!("`{member}` is {}, but it is that of the service: `{expected}`", given.describe());
            let problem = Problem::error(given.span, message).path(*member);
            found.push(problem.hint("remove it here: the manifest names the service".to_owned()));
        }
        let is_valid = !found.has_errors() && !read.has_undefined();
        problems.extend(found);
        is_valid.then_some(read)
    }

    /// Checks the schedule and the time zone of an action, and returns whether it has a schedule.
    fn check_schedule(&self, action: &Node, written: &Node, problems: &mut Problems) -> bool {
        let Some(schedule) = action.get("Schedule") else {
            let hint = "add one, such as `Schedule: cron(0 22 * * ? *)` or `at(2026-12-24T18:00:00)`";
            let message = "a scheduled action must have a `Schedule`".to_owned();
            self.report(written.span, "scheduled_actions", message, Some(hint), problems);
            return false;
        };
        let parsed = schedule.text().map(|text| Expression::parse(text, ExpressionKind::Scheduler));
        let zone = action.get("Timezone").and_then(|zone| Some((zone.span, time_zone(zone.text()?).err()?)));
        let wrong = parsed.and_then(Result::err).map(|wrong| (schedule.span, wrong));
        for (span, wrong) in wrong.into_iter().chain(zone) {
            let problem = self.value_problem(span, wrong);
            problems.extend(problem_of_check(SCHEDULE_CHECK, &self.ignore, problem));
        }
        true
    }

    /// Returns the problem for an invalid text; the value of a template expression is not repeated.
    fn value_problem(&self, span: SourceSpan, wrong: ExpressionError) -> Problem {
        let path = format!("{}.scheduled_actions", self.path);
        if span.from_expression {
            Problem::error(span, "the value of `{{ … }}` is not valid in Application Auto Scaling").path(path)
        } else {
            Problem::error(span, wrong.message).path(path).hint(wrong.hint)
        }
    }

    /// Checks that an action sets a range, and returns whether it does.
    fn check_range(&self, action: &Node, written: &Node, problems: &mut Problems) -> bool {
        let range = action.get("ScalableTargetAction");
        let bound = |member: &str| {
            let node = range?.get(member)?;
            Some((node.span, node.text()?.parse::<i64>().ok()?))
        };
        match (bound("MinCapacity"), bound("MaxCapacity")) {
            (None, None) => {
                let message = "a scheduled action must set a bound".to_owned();
                let hint =
                    "add `ScalableTargetAction: { MinCapacity: …, MaxCapacity: … }`, or one of the two";
                self.report(written.span, "scheduled_actions", message, Some(hint), problems);
                false
            }
            (Some((_, min)), Some((span, max))) if max < min => {
                let message = format!("`MaxCapacity` is below `MinCapacity`: {max} and {min}");
                self.report(span, "scheduled_actions", message, None, problems);
                false
            }
            _ => true,
        }
    }

    fn report_duplicate(&self, node: &Node, list: &str, name: &str, problems: &mut Problems) {
        let message = format!("`{name}` is there twice");
        self.report(node.span, list, message, Some("give one of them another name"), problems);
    }

    fn report(
        &self,
        span: SourceSpan,
        list: &str,
        message: String,
        hint: Option<&str>,
        problems: &mut Problems,
    ) {
        let problem = Problem::error(span, message).path(format!("{}.{list}", self.path));
        problems.push(problem.hint(hint.map(str::to_owned)));
    }
}

/// Returns a document with its name, without the members that name the scalable target.
fn named(read: &Node, member: &str) -> Option<ScalingDocument> {
    let mut document = read.to_value();
    let members = document.as_object_mut()?;
    members.retain(|name, _| !GIVEN.contains(&name.as_str()));
    let name = document[member].as_str()?.to_owned();
    Some(ScalingDocument { name, document })
}

/// Returns a time in seconds since 1970. A time without a zone is in UTC (API reference, `PutScheduledAction`).
fn epoch_seconds(text: &str) -> Option<i64> {
    if let Some(seconds) = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite()) {
        return Some(seconds as i64);
    }
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let time = text.parse::<jiff::Timestamp>().ok().or_else(|| civil().map(|zoned| zoned.timestamp()));
    time.map(jiff::Timestamp::as_second)
}
