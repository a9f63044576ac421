//! Schedules and rules against MiniStack and moto: after they are applied, a comparison finds no changes.
//!
//! Ignored in a plain `cargo test`, as all conformance tests.

use ecsail::apply::schedules::{apply_schedule, delete, restore, set_enabled};
use ecsail::aws::Aws;
use ecsail::aws::types::{ObservedSchedules, Via};
use ecsail::manifest::schedules::ManifestRetry;
use ecsail::observe::schedules;
use ecsail::plan::schedules::{ScheduleContext, SchedulePlan, compare, owner};
use ecsail::plan::{ResolvedWork, Revision};
use ecsail::render::{DesiredSchedule, DesiredScheduleTarget, DesiredTaskSpec};
use ecsail::report::{Event, Reporter, RolloutQuestion};
use ecsail::settings::Settings;
use serde_json::json;

use crate::support::python::Server;

/// Ignores all events.
struct Silent;

impl Reporter for Silent {
    fn report(&self, _: &Event<'_>) {}
    fn report_error(&self, _: &ecsail::error::Failure) {}
    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }
    fn rollout_question(&self) -> Option<RolloutQuestion> {
        None
    }
}

/// The connection to an emulator.
struct Elsewhere {
    aws: Aws,
    runtime: tokio::runtime::Runtime,
    schedule_context: ScheduleContext,
}

impl Elsewhere {
    fn at(url: &str) -> Elsewhere {
        let settings = Settings {
            endpoint_url: Some(url.to_owned()),
            region: Some("us-east-1".to_owned()),
            // Any credentials work, as in the sandbox.
            sandbox: Some(String::new()),
            ..Settings::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let aws = runtime.block_on(Aws::connect(&settings, None, None)).expect("there is a region");
        let caller = runtime.block_on(aws.caller()).expect("the caller is known");
        let schedule_context = ScheduleContext {
            account: caller.account,
            partition: "aws".into(),
            region: "us-east-1".into(),
            app: Some("shop".into()),
            stage: Some("prod".into()),
            now: 1_800_000_000,
        };
        Elsewhere { aws, runtime, schedule_context }
    }

    fn observe(&self, desired: &DesiredSchedule) -> ObservedSchedules {
        let look = schedules::observe(&self.aws, std::slice::from_ref(desired));
        self.runtime.block_on(look).expect("it can be looked at")
    }

    fn plan(&self, desired: &DesiredSchedule, work: &ResolvedWork) -> SchedulePlan {
        let works = vec![work.clone(); desired.targets.len()];
        let plan = compare(desired, &works, &self.observe(desired), &self.schedule_context);
        plan.unwrap_or_else(|failures| panic!("{failures:?}"))
    }

    fn deploy(&self, desired: &DesiredSchedule, work: &ResolvedWork) -> SchedulePlan {
        let plan = self.plan(desired, work);
        let applied = self.runtime.block_on(apply_schedule(&plan, &[], &self.aws, &Silent));
        applied.unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(self.plan(desired, work).changes, [], "{:?}: it is as it was applied", desired.kind);
        plan
    }

    fn work(&self, revision: u32) -> ResolvedWork {
        let arn = |kind: &str| format!("arn:aws:ecs:us-east-1:{}:{kind}", self.schedule_context.account);
        let members = json!({"launchType": "FARGATE", "networkConfiguration":
            {"awsvpcConfiguration": {"subnets": ["subnet-b", "subnet-a"], "assignPublicIp": "DISABLED"}}});
        ResolvedWork {
            volumes: None,
            key: "nightly".into(),
            cluster: "main".into(),
            cluster_arn: arn("cluster/main"),
            revision: Revision::Registered(arn(&format!("task-definition/web:{revision}"))),
            family: "web".into(),
            definition: json!({}),
            members: members.as_object().cloned().expect("an object"),
            overrides: Some(json!({"containerOverrides": [{"name": "app", "command": ["report"]}]})),
            count: 1,
            container: None,
        }
    }

    /// Creates, updates, disables, restores and deletes a schedule.
    fn go_through(&self, plain: &DesiredSchedule) {
        self.deploy(plain, &self.work(1));
        let mut full =
            DesiredSchedule { enabled: Some(true), description: Some("the report".into()), ..plain.clone() };
        if full.kind == Via::Scheduler {
            full.timezone = Some("Asia/Tokyo".into());
            full.flexible_window = Some(15);
            full.end = Some(4_000_000_000);
        }
        full.targets[0].retry = ManifestRetry { max_attempts: Some(2), max_age_seconds: Some(600) };
        self.deploy(&full, &self.work(1));
        let updated = self.deploy(plain, &self.work(2));
        let policy = &self.observe(plain).found["nightly"].targets[0]["RetryPolicy"];
        assert_eq!(policy["MaximumRetryAttempts"], 2, "it was not named, and is kept");
        for enabled in [false, true] {
            let found = self.observe(plain).found["nightly"].clone();
            let switching = set_enabled("nightly", &found, enabled, &self.aws, &Silent);
            assert!(self.runtime.block_on(switching).expect("it is switched"));
            assert_eq!(
                self.plan(plain, &self.work(2)).changes,
                [],
                "a setting that the manifest omits is kept"
            );
        }
        self.runtime.block_on(restore(&updated, &self.aws, &Silent)).expect("the schedule is restored");
        assert_eq!(self.plan(&full, &self.work(1)).changes, []);
        let (tags, none) = (owner::owner_tags(&self.schedule_context), Default::default());
        let owned = match plain.kind {
            Via::Scheduler => self.runtime.block_on(schedules::other_schedules_of_group(
                &self.aws,
                "shop-prod",
                &tags,
                &none,
            )),
            Via::Rule => self.runtime.block_on(schedules::rules_with_tags(&self.aws, &tags)),
        };
        let owned = owned.expect("listed");
        assert_eq!(owned.iter().map(|one| one.name()).collect::<Vec<_>>(), ["nightly"]);
        self.runtime.block_on(delete("nightly", &owned[0], &self.aws, &Silent)).expect("it is deleted");
        assert!(self.observe(plain).found.is_empty());
    }
}

fn nightly(via: Via) -> DesiredSchedule {
    let work = DesiredTaskSpec {
        like: Some("web".into()),
        definition: None,
        cluster: None,
        run_task_members: serde_json::Map::new(),
        overrides: Default::default(),
        count: 1,
    };
    let target = DesiredScheduleTarget {
        id: "nightly".into(),
        spec: work,
        role: Some("starter".into()),
        input: None,
        retry: ManifestRetry::default(),
        dead_letter: None,
    };
    DesiredSchedule {
        key: "nightly".into(),
        kind: via,
        name: "nightly".into(),
        group: (via == Via::Scheduler).then(|| "shop-prod".to_owned()),
        uses_app_group: via == Via::Scheduler,
        expression: "cron(0 3 * * ? *)".into(),
        timezone: None,
        enabled: None,
        description: None,
        flexible_window: None,
        start: None,
        end: None,
        targets: vec![target],
    }
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_shows_schedules_and_rules_as_they_were_applied() {
    let moto = Server::moto();
    let elsewhere = Elsewhere::at(&moto.url());
    for via in [Via::Scheduler, Via::Rule] {
        elsewhere.go_through(&nightly(via));
    }
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_shows_schedules_and_rules_as_they_were_applied() {
    let (ministack, _docker) = Server::ministack();
    let elsewhere = Elsewhere::at(&ministack.url());
    for via in [Via::Scheduler, Via::Rule] {
        elsewhere.go_through(&nightly(via));
    }
}
