//! Tests with schedules and rules in the sandbox, through the clients: what is put is what was requested, once, and
//! nothing else is lost.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ecsail_sandbox::{Clock, Fault, FaultKind, Options, Sandbox};
use serde_json::{Map, Value, json};

use super::*;
use crate::manifest::schedules::ManifestRetry;
use crate::observe::schedules;
use crate::plan::ResolvedWork;
use crate::plan::schedules::{ScheduleContext, compare, owner};
use crate::render::schedules::{DesiredSchedule, DesiredScheduleTarget};
use crate::render::task_spec::DesiredTaskSpec;
use crate::settings::Settings;

const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/main";
/// A time in the future, whatever the clock shows.
const LATER: i64 = 4_000_000_000;

/// Keeps the schedule events that are reported.
#[derive(Default)]
struct ReportedEvents(RefCell<Vec<String>>);

impl ApplyReporter for ReportedEvents {
    fn autoscaling_applied(&self, _: &str, _: crate::apply::AutoscalingAction) {}

    fn note(&self, _: &str) {}
    fn registered(&self, _: &str) {}
    fn retired(&self, _: &str, _: bool, _: usize, _: usize) {}
    fn created(&self, _: &str, _: &str, _: Option<&str>) {}
    fn updated(&self, _: &str, _: &str, _: Option<&str>) {}
    fn rolling_back(&self, _: &str, _: &str, _: Option<&str>) {}
    fn schedule_applied(&self, schedule: &str, name: &str, _: Via, action: ScheduleAction) {
        self.0.borrow_mut().push(format!("{schedule} {name} {}", action.name()));
    }
}

/// A sandbox, its clients, and the reported events.
struct TestBed {
    sandbox: Sandbox,
    aws: Aws,
    runtime: tokio::runtime::Runtime,
    told: ReportedEvents,
}

impl TestBed {
    fn new() -> TestBed {
        let options = Options { clock: Clock::Held, ..Options::default() };
        let sandbox = Sandbox::start(options).expect("the sandbox starts");
        let settings = Settings {
            endpoint_url: Some(sandbox.url()),
            region: Some("us-east-1".to_owned()),
            sandbox: Some(String::new()),
            process_environment: [("ECSAIL_LOOKUP_PAUSE".to_owned(), "1ms".to_owned())].into(),
            ..Settings::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let aws = runtime.block_on(Aws::connect(&settings, None, None)).expect("there is a region");
        TestBed { sandbox, aws, runtime, told: ReportedEvents::default() }
    }

    fn observe(&self, desired: &DesiredSchedule) -> crate::aws::types::ObservedSchedules {
        let look = schedules::observe(&self.aws, std::slice::from_ref(desired));
        self.runtime.block_on(look).expect("it can be read")
    }

    fn plan(&self, desired: &DesiredSchedule, work: &ResolvedWork) -> SchedulePlan {
        let works = vec![work.clone(); desired.targets.len()];
        let plan = compare(desired, &works, &self.observe(desired), &schedule_context());
        plan.unwrap_or_else(|failures| panic!("{failures:?}"))
    }

    fn try_apply(&self, plan: &SchedulePlan) -> Result<(), Failure> {
        let registered = [TaskDefinition { arn: revision("web:9"), document: json!({}) }];
        self.runtime.block_on(apply_schedule(plan, &registered, &self.aws, &self.told))
    }

    /// Plans and applies, and returns the plan.
    fn deploy(&self, desired: &DesiredSchedule, work: &ResolvedWork) -> SchedulePlan {
        let plan = self.plan(desired, work);
        self.try_apply(&plan).unwrap_or_else(|failure| panic!("{failure:?}"));
        plan
    }

    fn restore(&self, plan: &SchedulePlan) {
        self.runtime.block_on(restore(plan, &self.aws, &self.told)).expect("it is restored");
    }

    fn call(&self, service: &str, operation: &str, input: Value) -> Value {
        self.sandbox.call(service, operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    fn schedule(&self, name: &str) -> Value {
        self.call("scheduler", "GetSchedule", json!({"Name": name, "GroupName": "shop-prod"}))
    }

    fn rule(&self, name: &str) -> (Value, Vec<Value>) {
        let rule = self.call("events", "DescribeRule", json!({"Name": name}));
        let targets = self.call("events", "ListTargetsByRule", json!({"Rule": name}));
        (rule, targets["Targets"].as_array().cloned().unwrap_or_default())
    }

    fn calls(&self, operation: &str) -> Vec<Value> {
        let requests = self.sandbox.requests().into_iter();
        requests.filter(|request| request.operation == operation).map(|request| request.body).collect()
    }
}

fn schedule_context() -> ScheduleContext {
    ScheduleContext {
        account: "123456789012".into(),
        partition: "aws".into(),
        region: "us-east-1".into(),
        app: Some("shop".into()),
        stage: Some("prod".into()),
        now: super::now(),
    }
}

fn revision(name: &str) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{name}")
}

fn work(name: &str) -> ResolvedWork {
    ResolvedWork {
        volumes: None,
        key: "nightly".into(),
        cluster: "main".into(),
        cluster_arn: CLUSTER.into(),
        revision: Revision::Registered(revision(name)),
        family: "web".into(),
        definition: json!({}),
        members: Map::new(),
        overrides: None,
        count: 1,
        container: None,
    }
}

fn target(id: &str) -> DesiredScheduleTarget {
    DesiredScheduleTarget {
        id: id.into(),
        spec: DesiredTaskSpec {
            like: Some("web".into()),
            definition: None,
            cluster: None,
            run_task_members: Map::new(),
            overrides: Default::default(),
            count: 1,
        },
        role: Some("starter".into()),
        input: None,
        retry: ManifestRetry::default(),
        dead_letter: None,
    }
}

fn nightly() -> DesiredSchedule {
    DesiredSchedule {
        key: "nightly".into(),
        kind: Via::Scheduler,
        name: "nightly".into(),
        group: Some("shop-prod".into()),
        uses_app_group: true,
        expression: "rate(1 day)".into(),
        timezone: None,
        enabled: None,
        description: None,
        flexible_window: None,
        start: None,
        end: None,
        targets: vec![target("nightly")],
    }
}

fn rule() -> DesiredSchedule {
    DesiredSchedule { kind: Via::Rule, group: None, uses_app_group: false, ..nightly() }
}

/// Returns the tags of a rule that the app owns, with targets of these ids.
fn tags_with(ids: &str) -> BTreeMap<String, String> {
    let mut tags = owner::owner_tags(&schedule_context());
    tags.insert(owner::TARGETS_KEY.to_owned(), ids.to_owned());
    tags
}

fn rule_target(id: &str, definition: &str) -> Value {
    json!({"Id": id, "Arn": CLUSTER, "RoleArn": "arn:aws:iam::123456789012:role/starter",
        "EcsParameters": {"TaskDefinitionArn": revision(definition)}})
}

/// Returns one of many variants of a schedule: each bit decides whether something is written, and how.
fn variant(number: u32, via: Via) -> (DesiredSchedule, ResolvedWork) {
    let bit = |bit: u32| number & (1 << bit) != 0;
    let mut desired = if via == Via::Rule { rule() } else { nightly() };
    desired.enabled = bit(0).then_some(bit(1));
    desired.description = bit(2).then(|| "the report".to_owned());
    if via == Via::Scheduler {
        desired.timezone = bit(3).then(|| if bit(1) { "UTC" } else { "Asia/Tokyo" }.to_owned());
        desired.flexible_window = bit(4).then_some(if bit(1) { 0 } else { 15 });
        desired.start = bit(5).then_some(LATER);
        desired.end = bit(6).then_some(LATER + 60);
    }
    let own = &mut desired.targets[0];
    own.retry =
        ManifestRetry { max_attempts: bit(3).then_some(2), max_age_seconds: bit(5).then_some(86_400) };
    own.dead_letter = bit(4).then(|| "arn:aws:sqs:us-east-1:123456789012:dead".to_owned());
    own.input = bit(7).then(|| json!({"a": [1, 2]}).to_string());
    let mut work = work("web:2");
    if bit(6) {
        work.overrides = Some(json!({"containerOverrides": [{"name": "app", "command": ["report"]}]}));
        work.count = 2;
    }
    let members = match (bit(2), bit(5)) {
        (true, true) => {
            json!({"launchType": "FARGATE", "platformVersion": "1.4.0", "tags": [], "networkConfiguration":
            {"awsvpcConfiguration": {"subnets": ["b", "a"], "securityGroups": [], "assignPublicIp": "DISABLED"}}})
        }
        (true, false) => {
            json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}],
            "enableExecuteCommand": true, "tags": [{"key": "team", "value": "web"}], "propagateTags": "TASK_DEFINITION"})
        }
        (false, true) => {
            json!({"placementConstraints": [{"type": "memberOf", "expression": "x"}], "group": "",
            "placementStrategy": [{"type": "spread", "field": "host"}], "enableECSManagedTags": false})
        }
        (false, false) => json!({}),
    };
    work.members = members.as_object().cloned().expect("an object");
    (desired, work)
}

#[test]
fn what_was_applied_is_unchanged_whatever_was_written_and_whatever_was_there() {
    for via in [Via::Scheduler, Via::Rule] {
        let lab = TestBed::new();
        // Steps that share no divisor with the count, so that each follows another one than its neighbour.
        for step in 0..64u32 {
            let (desired, work) = variant(step * 77 % 256, via);
            lab.deploy(&desired, &work);
            let again = lab.plan(&desired, &work);
            assert_eq!(again.changes, [], "{via:?}, step {step}");
            assert!(!again.is_changing());
        }
        assert!(lab.told.0.borrow().len() > 50, "most steps change something");
    }
}

#[test]
fn a_schedule_is_created_in_the_group_of_the_app() {
    let lab = TestBed::new();
    let new = ResolvedWork { revision: Revision::New(0), ..work("web:2") };
    lab.deploy(&nightly(), &new);
    assert_eq!(lab.schedule("nightly")["Target"]["EcsParameters"]["TaskDefinitionArn"], revision("web:9"));
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/shop-prod";
    let tags = lab.call("scheduler", "ListTagsForResource", json!({"ResourceArn": arn}));
    let expected = json!([{"Key": "ecsail:app", "Value": "shop"}, {"Key": "ecsail:stage", "Value": "prod"}]);
    assert_eq!(tags["Tags"], expected);
    assert_eq!(*lab.told.0.borrow(), ["nightly nightly created"]);
}

#[test]
fn an_update_keeps_what_the_manifest_does_not_name() {
    let lab = TestBed::new();
    lab.deploy(&nightly(), &work("web:1"));
    let mut by_hand = lab.schedule("nightly");
    by_hand["Target"]["RetryPolicy"] = json!({"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 2});
    by_hand["Target"]["EcsParameters"]["ReferenceId"] = json!("r");
    by_hand["ActionAfterCompletion"] = json!("DELETE");
    by_hand["KmsKeyArn"] = json!("arn:aws:kms:us-east-1:123456789012:key/a");
    lab.call("scheduler", "UpdateSchedule", by_hand.clone());
    lab.deploy(&nightly(), &work("web:2"));
    by_hand["Target"]["EcsParameters"]["TaskDefinitionArn"] = json!(revision("web:2"));
    assert_eq!(lab.schedule("nightly"), by_hand);
}

#[test]
fn a_member_newer_than_the_sdk_is_sent_back_as_it_was() {
    let lab = TestBed::new();
    lab.deploy(&nightly(), &work("web:1"));
    let mut observed = lab.observe(&nightly());
    let known = observed.found.get_mut("nightly").expect("it is there");
    known.document["Target"]["EcsParameters"]["NewerThanTheSdk"] = json!({"A": 1});
    lab.call("scheduler", "UpdateSchedule", known.document.clone());
    lab.deploy(&nightly(), &work("web:2"));
    let sent = &lab.calls("UpdateSchedule")[0];
    assert_eq!(sent["Target"]["EcsParameters"]["NewerThanTheSdk"], json!({"A": 1}));
}

#[test]
fn a_start_that_has_passed_since_does_not_stand_against_an_update() {
    let lab = TestBed::new();
    lab.deploy(&nightly(), &work("web:1"));
    let mut begun = lab.schedule("nightly");
    let start = lab.sandbox.now() as i64 + 60;
    assert!(start < super::now(), "the sandbox's time is not ahead of ours");
    begun["StartDate"] = json!(start);
    lab.call("scheduler", "UpdateSchedule", begun.clone());
    lab.sandbox.advance(std::time::Duration::from_hours(1));
    let refused = lab.sandbox.call("scheduler", "UpdateSchedule", begun).expect_err("it is too old by now");
    assert_eq!(refused.message, "The StartDate you specify cannot be earlier than 5 minutes ago.");
    let written = DesiredSchedule { start: Some(start), ..nightly() };
    lab.deploy(&written, &work("web:2"));
    assert!(!lab.plan(&written, &work("web:2")).is_changing());
}

#[test]
fn what_changes_nothing_makes_no_call() {
    let lab = TestBed::new();
    for desired in [nightly(), rule()] {
        lab.deploy(&desired, &work("web:1"));
        lab.sandbox.clear_requests();
        lab.deploy(&desired, &work("web:1"));
        for operation in ["CreateSchedule", "UpdateSchedule", "PutRule", "PutTargets", "TagResource"] {
            assert_eq!(lab.calls(operation).len(), 0, "{operation}");
        }
    }
}

#[test]
fn lost_response_creates_one_schedule() {
    let lab = TestBed::new();
    lab.sandbox.inject(Fault::on("CreateSchedule", FaultKind::DropAfter));
    lab.deploy(&nightly(), &work("web:1"));
    let calls = lab.calls("CreateSchedule");
    assert_eq!(calls.len(), 2);
    assert!(calls[0]["ClientToken"].is_string());
    assert_eq!(calls[0], calls[1], "the same request under the same token");
    assert!(!lab.plan(&nightly(), &work("web:1")).is_changing());
}

#[test]
fn lost_answers_and_throttles_of_other_calls_are_waited_out() {
    let lab = TestBed::new();
    lab.sandbox.inject(Fault::on("CreateScheduleGroup", FaultKind::DropAfter));
    lab.sandbox.inject(Fault::on("CreateSchedule", FaultKind::Throttling));
    lab.deploy(&nightly(), &work("web:1"));
    lab.sandbox.inject(Fault::on("UpdateSchedule", FaultKind::DropAfter));
    lab.deploy(&nightly(), &work("web:2"));
    lab.sandbox.inject(Fault::on("PutRule", FaultKind::ServerError(503)));
    lab.sandbox.inject(Fault::on("PutTargets", FaultKind::DropAfter));
    lab.deploy(&rule(), &work("web:1"));
    for desired in [nightly(), rule()] {
        let name = if desired.kind == Via::Rule { "web:1" } else { "web:2" };
        assert!(!lab.plan(&desired, &work(name)).is_changing(), "{:?}", desired.kind);
    }
}

#[test]
fn concurrent_creation_is_compared() {
    let lab = TestBed::new();
    lab.deploy(&nightly(), &work("web:1"));
    let (second, third) = (named("second"), named("third"));
    let (same, other) = (lab.plan(&second, &work("web:1")), lab.plan(&third, &work("web:1")));
    lab.deploy(&second, &work("web:1"));
    lab.try_apply(&same).expect("it is as it should be");
    lab.deploy(&third, &work("web:2"));
    let failure = lab.try_apply(&other).expect_err("it says something else");
    assert_eq!(failure.message, "schedule `third` was created since the plan was made");
    assert_eq!(lab.schedule("third")["Target"]["EcsParameters"]["TaskDefinitionArn"], revision("web:2"));
}

fn named(name: &str) -> DesiredSchedule {
    DesiredSchedule { key: name.into(), name: name.into(), ..nightly() }
}

#[test]
fn concurrent_change_is_not_overwritten() {
    let lab = TestBed::new();
    for desired in [nightly(), rule()] {
        lab.deploy(&desired, &work("web:1"));
        let plan = lab.plan(&desired, &work("web:2"));
        lab.deploy(&DesiredSchedule { description: Some("by hand".into()), ..desired }, &work("web:1"));
        let failure = lab.try_apply(&plan).expect_err("it was changed");
        assert!(failure.message.ends_with("`nightly` was changed since the plan was made"), "{failure}");
    }
    assert_eq!(lab.rule("nightly").0["Description"], "by hand");
    assert_eq!(lab.schedule("nightly")["Description"], "by hand");
}

#[test]
fn group_created_concurrently_is_not_used() {
    let lab = TestBed::new();
    let plan = lab.plan(&nightly(), &work("web:1"));
    lab.call("scheduler", "CreateScheduleGroup", json!({"Name": "shop-prod"}));
    let failure = lab.try_apply(&plan).expect_err("the group is not ours");
    assert_eq!(failure.message, "schedule group `shop-prod` is taken: it was created with other tags");
    assert_eq!(lab.calls("CreateSchedule").len(), 0);
}

#[test]
fn many_are_applied_at_a_time_and_their_group_is_created_once() {
    let lab = TestBed::new();
    let names: Vec<String> = (0..20).map(|number| format!("s{number:02}")).collect();
    let mut plans: Vec<SchedulePlan> =
        names.iter().map(|name| lab.plan(&named(name), &work("web:1"))).collect();
    plans.push(lab.plan(&rule(), &work("web:1")));
    lab.sandbox.inject(Fault::on("PutRule", FaultKind::AccessDenied));
    let plans: Vec<&SchedulePlan> = plans.iter().collect();
    let results = lab.runtime.block_on(apply_schedules(&plans, &[], &lab.aws, &lab.told));
    let failed: Vec<usize> = (0..21).filter(|index| results[*index].is_err()).collect();
    assert_eq!(failed, [20], "each result stands at its plan's place");
    assert_eq!((lab.calls("CreateScheduleGroup").len(), lab.calls("CreateSchedule").len()), (1, 20));
}

#[test]
fn without_their_group_no_schedule_is_created_and_rules_are() {
    let lab = TestBed::new();
    lab.sandbox.inject(Fault::on("CreateScheduleGroup", FaultKind::AccessDenied).always());
    let (kept, rule) = (lab.plan(&nightly(), &work("web:1")), lab.plan(&rule(), &work("web:1")));
    let results = lab.runtime.block_on(apply_schedules(&[&kept, &rule], &[], &lab.aws, &lab.told));
    let failure = results[0].as_ref().expect_err("there is no group");
    let cause = std::error::Error::source(failure).expect("it has a cause").to_string();
    assert!(
        cause.starts_with("failed to create schedule group `shop-prod`: scheduler:CreateScheduleGroup"),
        "{cause}"
    );
    assert_eq!(
        failure.hints,
        ["allow `scheduler:CreateScheduleGroup` for the role or user that runs ecsail"]
    );
    assert!(results[1].is_ok());
}

#[test]
fn a_rule_is_created_with_its_tags_and_its_targets() {
    let lab = TestBed::new();
    let wanted = DesiredSchedule { targets: vec![target("a"), target("b")], enabled: Some(false), ..rule() };
    lab.deploy(&wanted, &work("web:1"));
    let (document, targets) = lab.rule("nightly");
    assert_eq!((&document["State"], targets.len()), (&json!("DISABLED"), 2));
    assert_eq!(lab.observe(&wanted).found["nightly"].tags, tags_with("a b"));
}

#[test]
fn a_rule_that_is_taken_over_keeps_what_the_manifest_does_not_name() {
    let lab = TestBed::new();
    let role = "arn:aws:iam::123456789012:role/of-the-rule";
    let old = json!({"Name": "nightly", "ScheduleExpression": "rate(2 days)", "State": "DISABLED", "Description": "of old",
        "RoleArn": role, "Tags": [{"Key": "team", "Value": "web"}]});
    lab.call("events", "PutRule", old);
    let mut known = rule_target("nightly", "web:1");
    known["RetryPolicy"] = json!({"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 600});
    lab.call("events", "PutTargets", json!({"Rule": "nightly", "Targets": [known]}));
    let plan = lab.deploy(&rule(), &work("web:2"));
    let (document, targets) = lab.rule("nightly");
    let said = ["State", "Description", "RoleArn", "ScheduleExpression"].map(|name| document[name].clone());
    assert_eq!(said, [json!("DISABLED"), json!("of old"), json!(role), json!("rate(1 day)")]);
    assert_eq!(targets[0]["RetryPolicy"]["MaximumRetryAttempts"], 2);
    let mut tags = tags_with("nightly");
    tags.insert("team".to_owned(), "web".to_owned());
    assert_eq!(lab.observe(&rule()).found["nightly"].tags, tags);
    lab.restore(&plan);
    let back = &lab.observe(&rule()).found["nightly"];
    assert_eq!(back.document["ScheduleExpression"], "rate(2 days)");
    assert_eq!(back.tags, BTreeMap::from([("team".to_owned(), "web".to_owned())]));
}

#[test]
fn targets_of_others_stay_as_they_are() {
    let lab = TestBed::new();
    lab.deploy(&rule(), &work("web:1"));
    let other = json!({"Id": "other", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:report"});
    lab.call("events", "PutTargets", json!({"Rule": "nightly", "Targets": [other]}));
    let plan = lab.deploy(&rule(), &work("web:2"));
    assert_eq!(plan.foreign, ["other"]);
    let (_, targets) = lab.rule("nightly");
    assert_eq!(targets.iter().find(|target| target["Id"] == "other"), Some(&other));
    let sent: Vec<Value> =
        lab.calls("PutTargets").iter().map(|call| call["Targets"][0]["Id"].clone()).collect();
    assert_eq!(sent, ["nightly", "nightly"]);
}

#[test]
fn a_rule_that_is_moved_over_runs_its_job_once_and_goes_back_as_it_was() {
    let lab = TestBed::new();
    lab.call("events", "PutRule", json!({"Name": "nightly", "ScheduleExpression": "rate(1 day)"}));
    let old = rule_target("terraform-20240101", "web:1");
    lab.call("events", "PutTargets", json!({"Rule": "nightly", "Targets": [old]}));
    let before = lab.observe(&rule());
    let plan = lab.deploy(&rule(), &work("web:2"));
    let ids =
        |lab: &TestBed| lab.rule("nightly").1.iter().map(|target| target["Id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&lab), ["nightly"]);
    assert!(!lab.plan(&rule(), &work("web:2")).is_changing());
    lab.restore(&plan);
    assert_eq!(lab.observe(&rule()), before);
}

#[test]
fn a_target_that_is_taken_out_of_the_manifest_is_removed_also_where_there_is_no_room() {
    let lab = TestBed::new();
    let with =
        |ids: &[&str]| DesiredSchedule { targets: ids.iter().map(|id| target(id)).collect(), ..rule() };
    lab.deploy(&with(&["a", "b", "c", "d", "e"]), &work("web:1"));
    let before = lab.observe(&rule());
    let plan = lab.deploy(&with(&["a", "b", "c", "d", "f"]), &work("web:1"));
    let ids =
        |lab: &TestBed| lab.rule("nightly").1.iter().map(|target| target["Id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&lab), ["a", "b", "c", "d", "f"]);
    assert_eq!(lab.observe(&rule()).found["nightly"].tags, tags_with("a b c d f"));
    lab.restore(&plan);
    assert_eq!(lab.observe(&rule()), before);
}

#[test]
fn a_target_that_is_not_removed_is_an_error_and_is_removed_the_next_time() {
    let lab = TestBed::new();
    let both = DesiredSchedule { targets: vec![target("a"), target("b")], ..rule() };
    lab.deploy(&both, &work("web:1"));
    let (code, message) = ("InternalException".to_owned(), "Later.".to_owned());
    let kind = FaultKind::FailedEntries { ids: vec!["b".to_owned()], code, message };
    lab.sandbox.inject(Fault::on("RemoveTargets", kind));
    let one = DesiredSchedule { targets: vec![target("a")], ..rule() };
    let failure = lab.try_apply(&lab.plan(&one, &work("web:1"))).expect_err("it was not removed");
    assert_eq!(failure.message, "failed to remove 1 of 1 targets of rule `nightly`");
    assert_eq!(lab.plan(&one, &work("web:1")).removed, ["b"]);
    lab.deploy(&one, &work("web:1"));
    assert_eq!(lab.rule("nightly").1.len(), 1);
}

#[test]
fn a_rule_whose_tags_are_refused_says_what_was_changed_already() {
    let lab = TestBed::new();
    lab.call("events", "PutRule", json!({"Name": "nightly", "ScheduleExpression": "rate(2 days)"}));
    lab.sandbox.inject(Fault::on("TagResource", FaultKind::AccessDenied));
    let failure = lab.try_apply(&lab.plan(&rule(), &work("web:1"))).expect_err("it may not be tagged");
    assert_eq!(failure.message, "failed to tag rule `nightly`");
    assert_eq!(
        failure.hints.last().map(String::as_str),
        Some("the rule and its targets were changed already: deploy again")
    );
}

#[test]
fn targets_that_were_not_put_are_an_error_that_names_them() {
    let lab = TestBed::new();
    let (code, message) = ("AccessDeniedException".to_owned(), "Not this role.".to_owned());
    let kind = FaultKind::FailedEntries { ids: vec!["b".to_owned()], code, message };
    lab.sandbox.inject(Fault::on("PutTargets", kind));
    let wanted = DesiredSchedule { targets: vec![target("a"), target("b")], ..rule() };
    let plan = lab.plan(&wanted, &work("web:1"));
    let failure = lab.try_apply(&plan).expect_err("one was not put");
    assert_eq!(failure.message, "failed to put 1 of 2 targets of rule `nightly`");
    let cause = std::error::Error::source(&failure).expect("it has a cause").to_string();
    assert_eq!(cause, "`b`: AccessDeniedException: Not this role.");
    assert_eq!(failure.hints, ["the others succeeded: `a`", "the rule itself was changed"]);
    assert_eq!(lab.told.0.borrow().len(), 0, "it is not reported as applied");
    let again = lab.plan(&wanted, &work("web:1"));
    assert_eq!(again.targets.iter().map(|target| target.changes).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn targets_that_fail_for_now_are_put_again_and_only_those() {
    let lab = TestBed::new();
    let (code, message) = ("ConcurrentModificationException".to_owned(), "Too many requests.".to_owned());
    let kind = FaultKind::FailedEntries { ids: vec!["b".to_owned()], code, message };
    lab.sandbox.inject(Fault::on("PutTargets", kind));
    lab.deploy(&DesiredSchedule { targets: vec![target("a"), target("b")], ..rule() }, &work("web:1"));
    let calls = lab.calls("PutTargets");
    assert_eq!(calls.len(), 2);
    assert_eq!((&calls[1]["Targets"][0]["Id"], &calls[1]["Targets"][1]), (&json!("b"), &Value::Null));
}

#[test]
fn a_second_try_that_is_denied_names_what_the_first_one_put() {
    let lab = TestBed::new();
    let (code, message) = ("ConcurrentModificationException".to_owned(), "Too many requests.".to_owned());
    let kind = FaultKind::FailedEntries { ids: vec!["b".to_owned()], code, message };
    lab.sandbox.inject(Fault::on("PutTargets", kind));
    lab.sandbox.inject(Fault::on("PutTargets", FaultKind::AccessDenied));
    let wanted = DesiredSchedule { targets: vec![target("a"), target("b")], ..rule() };
    let failure = lab.try_apply(&lab.plan(&wanted, &work("web:1"))).expect_err("the second try is denied");
    assert!(failure.hints.contains(&"the others succeeded: `a`".to_owned()), "{failure:?}");
    assert_eq!(failure.hints.last().map(String::as_str), Some("the rule itself was changed"));
}

#[test]
fn a_schedule_goes_back_to_what_it_was() {
    let lab = TestBed::new();
    for desired in [nightly(), rule()] {
        lab.deploy(&desired, &work("web:1"));
        let before = lab.observe(&desired);
        let mut wanted =
            DesiredSchedule { enabled: Some(false), description: Some("new".into()), ..desired.clone() };
        if desired.kind == Via::Rule {
            wanted.targets.push(target("second"));
        }
        let plan = lab.deploy(&wanted, &work("web:2"));
        lab.restore(&plan);
        let mut after = lab.observe(&desired);
        let document = &mut after.found.get_mut("nightly").expect("it is there").document;
        let read_only = before.found["nightly"].document["LastModificationDate"].clone();
        if desired.kind == Via::Scheduler {
            document["LastModificationDate"] = read_only;
        }
        assert_eq!(after, before, "{:?}", desired.kind);
    }
}

#[test]
fn a_schedule_that_was_created_is_deleted_when_it_goes_back() {
    let lab = TestBed::new();
    for desired in [nightly(), rule()] {
        let plan = lab.deploy(&desired, &work("web:1"));
        lab.restore(&plan);
        assert_eq!(lab.observe(&desired).found, BTreeMap::new(), "{:?}", desired.kind);
        lab.restore(&plan);
    }
}

#[test]
fn concurrent_change_is_not_restored() {
    let lab = TestBed::new();
    for desired in [nightly(), rule()] {
        lab.deploy(&desired, &work("web:1"));
        let plan = lab.deploy(&desired, &work("web:2"));
        lab.deploy(
            &DesiredSchedule { description: Some("by hand".into()), ..desired.clone() },
            &work("web:2"),
        );
        let failure = lab.runtime.block_on(restore(&plan, &lab.aws, &lab.told)).expect_err("it was changed");
        assert!(failure.message.ends_with("`nightly` was changed since the plan was made"), "{failure}");
        let there = &lab.observe(&desired).found["nightly"];
        assert_eq!(there.document["Description"], "by hand");
        assert_eq!(there.task_definitions(), [revision("web:2")]);
    }
}

#[test]
fn what_was_applied_in_part_goes_back_and_so_does_a_new_revision() {
    let lab = TestBed::new();
    lab.deploy(&rule(), &work("web:1"));
    let before = lab.observe(&rule());
    let off = DesiredSchedule { enabled: Some(false), ..rule() };
    let plan = lab.plan(&off, &work("web:2"));
    lab.sandbox.inject(Fault::on("PutTargets", FaultKind::AccessDenied));
    lab.try_apply(&plan).expect_err("the targets were not put");
    lab.restore(&plan);
    assert_eq!(lab.observe(&rule()), before);
    let plan = lab.deploy(&off, &ResolvedWork { revision: Revision::New(0), ..work("web:2") });
    lab.restore(&plan);
    assert_eq!(lab.observe(&rule()), before);
}

#[test]
fn switching_a_schedule_off_leaves_all_else_as_it_is() {
    let lab = TestBed::new();
    for desired in [nightly(), rule()] {
        lab.deploy(&desired, &work("web:1"));
        let before = lab.observe(&desired).found["nightly"].clone();
        let switch = |observed: &ObservedSchedule, enabled: bool| {
            let switching = set_enabled("nightly", observed, enabled, &lab.aws, &lab.told);
            lab.runtime.block_on(switching).expect("it can be switched")
        };
        assert!(!switch(&before, true), "it is on already");
        assert!(switch(&before, false));
        let mut after = lab.observe(&desired).found["nightly"].clone();
        assert!(!after.is_enabled());
        assert!(!lab.plan(&desired, &work("web:1")).is_changing(), "nothing is said of it: it stays off");
        after.document["State"] = json!("ENABLED");
        assert_eq!(after, before);
    }
}

#[test]
fn a_rule_is_deleted_with_the_targets_that_were_seen_and_stays_with_another_one() {
    let lab = TestBed::new();
    lab.deploy(&rule(), &work("web:1"));
    let observed = lab.observe(&rule()).found["nightly"].clone();
    lab.call("events", "PutTargets", json!({"Rule": "nightly", "Targets": [rule_target("other", "web:1")]}));
    let failure = lab.runtime.block_on(delete("nightly", &observed, &lab.aws, &lab.told));
    assert_eq!(failure.expect_err("it has another target").message, "failed to delete rule `nightly`");
    assert_eq!(lab.rule("nightly").1.len(), 2, "nothing is removed of what is not deleted");
    let observed = lab.observe(&rule()).found["nightly"].clone();
    lab.runtime.block_on(delete("nightly", &observed, &lab.aws, &lab.told)).expect("all were seen");
    assert_eq!(lab.observe(&rule()).found, BTreeMap::new());
}

#[test]
fn what_an_app_owns_is_found() {
    let lab = TestBed::new();
    for name in ["first", "second"] {
        lab.deploy(&named(name), &work("web:1"));
        lab.deploy(&DesiredSchedule { key: name.into(), name: name.into(), ..rule() }, &work("web:1"));
    }
    lab.call("events", "PutRule", json!({"Name": "unowned", "ScheduleExpression": "rate(1 day)"}));
    let names =
        |found: Vec<ObservedSchedule>| found.iter().map(|one| one.name().to_owned()).collect::<Vec<_>>();
    let kept = lab
        .runtime
        .block_on(schedules::other_schedules_of_group(
            &lab.aws,
            "shop-prod",
            &owner::owner_tags(&schedule_context()),
            &Default::default(),
        ))
        .expect("listed");
    let rules = lab
        .runtime
        .block_on(schedules::rules_with_tags(&lab.aws, &owner::owner_tags(&schedule_context())))
        .expect("listed");
    assert_eq!(rules[0].task_definitions(), [revision("web:1")]);
    assert_eq!(
        (names(kept), names(rules)),
        (vec!["first".into(), "second".into()], vec!["first".into(), "second".into()])
    );
}

#[test]
fn what_has_the_name_of_a_new_schedule_is_found_in_the_other_service_and_in_other_groups() {
    let lab = TestBed::new();
    lab.call("events", "PutRule", json!({"Name": "nightly", "ScheduleExpression": "rate(1 day)"}));
    let in_default = DesiredSchedule { group: Some("default".into()), uses_app_group: false, ..nightly() };
    lab.deploy(&in_default, &work("web:1"));
    let look = |desired: &[DesiredSchedule]| {
        let nothing = BTreeMap::new();
        let look = schedules::elsewhere(&lab.aws, desired, &nothing, Some("shop-prod"));
        let found = lab.runtime.block_on(look).expect("looked at").remove("nightly").unwrap_or_default();
        found.iter().map(|found| found.group().unwrap_or("(rule)").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(look(&[nightly()]), ["default", "(rule)"]);
    assert_eq!(look(&[rule()]), ["default"]);
    let other = DesiredSchedule { key: "other".into(), ..in_default };
    assert_eq!(look(&[nightly(), other]), ["(rule)"], "the manifest has the other one");
}

#[test]
fn missing_rule_permission_is_noted() {
    let lab = TestBed::new();
    lab.sandbox.inject(Fault::on("ListRules", FaultKind::AccessDenied).always());
    let desired = crate::render::DesiredState { schedules: vec![nightly()], ..Default::default() };
    let observed =
        lab.runtime.block_on(crate::observe::observe(&lab.aws, &desired)).expect("that is no failure");
    let told =
        "could not check whether another schedule or rule already runs the new schedules: events:ListRules";
    assert!(observed.notes.iter().any(|note| note.starts_with(told)), "{:?}", observed.notes);
}

#[test]
fn an_app_without_a_stage_does_not_own_the_rules_of_one() {
    let lab = TestBed::new();
    lab.deploy(&rule(), &work("web:1"));
    let without = owner::owner_tags(&ScheduleContext { stage: None, ..schedule_context() });
    assert_eq!(lab.runtime.block_on(schedules::rules_with_tags(&lab.aws, &without)).expect("listed"), []);
}

#[test]
fn five_hundred_schedules_are_looked_at_with_one_call_each() {
    let lab = TestBed::new();
    lab.call("scheduler", "CreateScheduleGroup", json!({"Name": "shop-prod"}));
    let all: Vec<DesiredSchedule> = (0..500).map(|number| named(&format!("s{number}"))).collect();
    let found = lab.runtime.block_on(schedules::observe(&lab.aws, &all)).expect("looked at");
    assert_eq!((found.found.len(), found.groups.len()), (0, 1));
    assert_eq!(lab.sandbox.requests().len(), 502);
}
