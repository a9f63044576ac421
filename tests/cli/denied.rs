//! Tests that each verb works without an action that the table of permissions calls optional, and says so once.

use std::time::Duration;

use ecsail::permissions::{self, Need};
use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;

use crate::support::{DEFINITION, EXPRESS, MANIFEST, Run, World, service, with_port_80};

const NIGHTLY: &str = "\
schedule_role: scheduler
schedules:
  nightly: { expression: cron(0 3 * * ? *), task: { like: web } }
";

const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef";

/// A command of a verb, and what is there before it.
#[derive(Clone, Copy, Debug)]
struct Situation {
    arguments: &'static [&'static str],
    /// What happens to the rollouts and tasks that the command starts or watches.
    scenario: Scenario,
    /// A deploy before the command, and the scenario under which it runs.
    before: Option<(&'static [&'static str], Scenario)>,
    /// Whether the service has a circuit breaker.
    breaker: bool,
    /// Whether the manifest has a schedule.
    schedule: bool,
    /// Whether the service of the manifest does not exist yet.
    is_new: bool,
    /// Whether the service is one of Express Mode.
    is_express: bool,
}

const DEPLOYED: Option<(&[&str], Scenario)> = Some((&["deploy", "--tag", "v2", "--yes"], Scenario::Steady));
const BEGUN: &[&str] = &["deploy", "--tag", "v2", "--yes", "--no-wait"];

const fn of(arguments: &'static [&'static str], scenario: Scenario) -> Situation {
    Situation {
        arguments,
        scenario,
        before: None,
        breaker: true,
        schedule: false,
        is_new: false,
        is_express: false,
    }
}

const fn after(
    before: Option<(&'static [&'static str], Scenario)>,
    arguments: &'static [&'static str],
    scenario: Scenario,
) -> Situation {
    Situation {
        arguments,
        scenario,
        before,
        breaker: true,
        schedule: false,
        is_new: false,
        is_express: false,
    }
}

const fn express(situation: Situation) -> Situation {
    Situation { is_express: true, ..situation }
}

const fn without_breaker(situation: Situation) -> Situation {
    Situation { breaker: false, ..situation }
}

const fn creating(arguments: &'static [&'static str]) -> Situation {
    Situation { is_new: true, ..of(arguments, Scenario::Steady) }
}

const fn with_schedule(situation: Situation) -> Situation {
    Situation { schedule: true, ..situation }
}

/// The situations of each verb, in which it makes all of its optional calls.
const SITUATIONS: &[(&str, &[Situation])] = &[
    (
        "plan",
        &[
            of(&["plan", "--tag", "v2"], Scenario::Steady),
            of(&["plan", "--tag", "v9"], Scenario::Steady),
            creating(&["plan", "--tag", "v2"]),
        ],
    ),
    (
        "deploy",
        &[
            of(&["deploy", "--tag", "v2", "--yes"], Scenario::Crash),
            of(&["deploy", "--tag", "v2", "--yes"], Scenario::Unhealthy),
            without_breaker(of(&["deploy", "--tag", "v2", "--yes"], Scenario::Crash)),
            of(&["deploy", "--tag", "v9", "--yes"], Scenario::Steady),
            creating(&["deploy", "--tag", "v2", "--yes"]),
        ],
    ),
    (
        "status",
        &[
            of(&["status", "web"], Scenario::Steady),
            after(Some((BEGUN, Scenario::Stuck)), &["status", "web"], Scenario::Stuck),
            without_breaker(after(Some((BEGUN, Scenario::Crash)), &["status", "web"], Scenario::Crash)),
            of(&["status", "wbe"], Scenario::Steady),
            express(after(DEPLOYED, &["status", "web"], Scenario::Steady)),
        ],
    ),
    (
        "history",
        &[after(DEPLOYED, &["history", "web"], Scenario::Steady), of(&["history", "wbe"], Scenario::Steady)],
    ),
    ("tasks", &[of(&["tasks", "wbe"], Scenario::Steady)]),
    ("images", &[of(&["images", "web"], Scenario::Steady), of(&["images", "wbe"], Scenario::Steady)]),
    (
        "revisions",
        &[
            with_schedule(after(DEPLOYED, &["revisions", "web"], Scenario::Steady)),
            of(&["revisions", "wbe"], Scenario::Steady),
        ],
    ),
    (
        "why",
        &[
            after(Some((BEGUN, Scenario::Crash)), &["why", "web"], Scenario::Crash),
            after(Some((BEGUN, Scenario::Unhealthy)), &["why", "web"], Scenario::Unhealthy),
            after(DEPLOYED, &["why", "web"], Scenario::Steady),
            of(&["why", "wbe"], Scenario::Steady),
        ],
    ),
    (
        "wait",
        &[
            after(Some((BEGUN, Scenario::Crash)), &["wait", "web"], Scenario::Crash),
            after(Some((BEGUN, Scenario::Unhealthy)), &["wait", "web"], Scenario::Unhealthy),
            after(
                Some((BEGUN, Scenario::Crash)),
                &["wait", "web", "--on-failure", "rollback"],
                Scenario::Crash,
            ),
            after(DEPLOYED, &["wait", "web"], Scenario::Steady),
            of(&["wait", "wbe"], Scenario::Steady),
        ],
    ),
    (
        "rollback",
        &[
            after(DEPLOYED, &["rollback", "web", "--yes"], Scenario::Crash),
            after(DEPLOYED, &["rollback", "web", "--yes"], Scenario::Unhealthy),
            after(Some((BEGUN, Scenario::Stuck)), &["rollback", "web", "--yes"], Scenario::Stuck),
            of(&["rollback", "wbe", "--yes"], Scenario::Steady),
        ],
    ),
    (
        "cancel",
        &[
            after(Some((BEGUN, Scenario::Stuck)), &["cancel", "web", "--yes"], Scenario::Stuck),
            after(
                Some((BEGUN, Scenario::RollbackFails)),
                &["cancel", "web", "--yes"],
                Scenario::RollbackFails,
            ),
            of(&["cancel", "wbe", "--yes"], Scenario::Steady),
        ],
    ),
    (
        "continue",
        &[
            after(Some((BEGUN, Scenario::HookPauses)), &["continue", "web"], Scenario::HookPauses),
            of(&["continue", "wbe"], Scenario::Steady),
        ],
    ),
    (
        "restart",
        &[
            of(&["restart", "web", "--yes"], Scenario::Crash),
            of(&["restart", "web", "--yes"], Scenario::Unhealthy),
            without_breaker(of(&["restart", "web", "--yes"], Scenario::Crash)),
            of(&["restart", "wbe", "--yes"], Scenario::Steady),
        ],
    ),
    ("logs", &[of(&["logs", "wbe"], Scenario::Steady)]),
    ("exec", &[of(&["exec", "wbe"], Scenario::Steady)]),
    (
        "stop-task",
        &[of(&["stop-task", "wbe", "0123456789abcdef0123456789abcdef", "--yes"], Scenario::Steady)],
    ),
    (
        "scale",
        &[
            of(&["scale", "web", "--desired", "3", "--yes"], Scenario::Steady),
            of(&["scale", "wbe", "--desired", "3", "--yes"], Scenario::Steady),
        ],
    ),
    (
        "delete",
        &[
            of(&["delete", "web", "--yes"], Scenario::Steady),
            of(&["delete", "wbe", "--cluster", "main", "--yes"], Scenario::Steady),
        ],
    ),
    (
        "init",
        &[
            with_schedule(after(
                DEPLOYED,
                &["init", "--cluster", "main", "--force", "--name", "shop"],
                Scenario::Steady,
            )),
            express(after(DEPLOYED, &["init", "--cluster", "main", "--force"], Scenario::Steady)),
        ],
    ),
    (
        "run",
        &[
            of(&["run", "--like", "web", "--cluster", "main", "--", "bin/x"], Scenario::ExitSeven),
            of(&["run", "--like", "web", "--cluster", "main", "--", "bin/x"], Scenario::Crash),
            of(&["run", "--like", "web", "--tag", "v2", "--", "bin/x"], Scenario::Steady),
            of(&["run", "--like", "web", "--tag", "v9", "--", "bin/x"], Scenario::Steady),
            of(&["run", "--like", "wbe", "--cluster", "main", "--", "bin/x"], Scenario::Steady),
        ],
    ),
    (
        "schedule diff",
        &[with_schedule(after(DEPLOYED, &["schedule", "diff", "--tag", "v3"], Scenario::Steady))],
    ),
    ("schedule run", &[with_schedule(after(DEPLOYED, &["schedule", "run", "nightly"], Scenario::ExitSeven))]),
];

impl Situation {
    fn world(&self) -> World {
        if self.is_new {
            let members = "launchType: FARGATE, desiredCount: 1, networkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1] } }";
            let manifest = format!("{MANIFEST}    service: {{ {members} }}\n");
            let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
            return World::with(Scenario::Steady, &files, &[service("other", json!({}))]);
        }
        if self.is_express {
            let world =
                World::with(Scenario::Steady, &[("ecsail.yml", EXPRESS)], &[service("other", json!({}))]);
            return self.begun(world);
        }
        let rollback = json!({"enable": self.breaker, "rollback": self.breaker});
        let network = json!({
            "deploymentConfiguration": {"deploymentCircuitBreaker": rollback},
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            "launchType": "FARGATE",
            "loadBalancers": [{"containerName": "app", "containerPort": 80, "targetGroupArn": GROUP}],
        });
        let (mut seeded, definition) = with_port_80(network);
        let options = json!({"awslogs-group": "/shop/web", "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "web"});
        seeded.task_definition["containerDefinitions"][0]["logConfiguration"] =
            json!({"logDriver": "awslogs", "options": options});
        let definition =
            format!("{definition}    logConfiguration: {{ logDriver: awslogs, options: {options} }}\n");
        let manifest = format!("{MANIFEST}{}", if self.schedule { NIGHTLY } else { "" });
        let files = [("ecsail.yml", manifest.as_str()), ("web.yml", definition.as_str())];
        self.begun(World::with(Scenario::Steady, &files, &[seeded]))
    }

    /// Returns a world after the command that comes before.
    fn begun(&self, world: World) -> World {
        if let Some((command, scenario)) = self.before {
            world.sandbox.set_scenario(None, scenario);
            world.run(command).exits(0);
            world.sandbox.advance(Duration::from_mins(2));
        }
        world.sandbox.set_scenario(None, self.scenario);
        world.sandbox.clear_requests();
        world
    }

    /// Runs the command where an action is denied; returns the run, and whether the action was called.
    fn run(&self, verb: &str, action: &str) -> (Run, bool) {
        let world = self.world();
        let operation = action.split_once(':').map_or(action, |(_, operation)| operation);
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
        let mut arguments = self.arguments.to_vec();
        if WATCHING.contains(&verb) {
            // In front of the command of a task.
            arguments.splice(1..1, ["--timeout", "10s"]);
        }
        let run = world.run(&arguments);
        (run, !world.calls(operation).is_empty())
    }
}

/// The number of runs at a time.
const THREADS: usize = 4;

/// The verbs that watch. Where it cannot be read how a rollout goes, some of them end with their time only.
const WATCHING: &[&str] = &["deploy", "wait", "rollback", "cancel", "continue", "restart", "run"];

/// Optional actions that no situation above calls, and where their denial is tested or why it is no note.
const NOT_PLAYED: &[(&[&str], &str, &str)] = &[
    (&["plan", "deploy"], "ecs:ListServicesByNamespace", "tested with namespaces in both forms"),
    (&["deploy"], "ecs:TagResource", "part of a registration; tested with the scenario `no-tagging`"),
    (&["deploy"], "logs:FilterLogEvents", "of `before` tasks, which are tasks as of `run`"),
    (
        &["schedule diff"],
        "sts:GetCallerIdentity",
        "the account of the schedules is unknown, which is an error",
    ),
    (&["exec"], "ecs:DescribeTaskDefinition", "needs the plugin; tested with it"),
    (&["rollback", "continue", "run", "schedule run"], "logs:GetLogEvents", "of failures as of `deploy`"),
    (&["continue"], "elasticloadbalancing:DescribeTargetHealth", "of failures as of `deploy`"),
    (&["continue"], "ecs:DescribeServiceRevisions", "as of `cancel`"),
    (&["continue"], "ecs:DescribeTaskDefinition", "of failures as of `wait`"),
    (&["wait"], "ecs:StopServiceDeployment", "of a rollout that gets stuck, as of `restart`"),
    (&["run"], "ecs:ListTasks", "of a task of the manifest; tested with one"),
    (&["revisions", "init"], "events:ListTargetsByRule", "as `events:ListRules`"),
    (&["init"], "events:ListTagsForResource", "as `events:ListRules`"),
    (
        &["init"],
        "application-autoscaling:DescribeScalingPolicies",
        "as `application-autoscaling:DescribeScalableTargets`",
    ),
    (
        &["init"],
        "application-autoscaling:DescribeScheduledActions",
        "as `application-autoscaling:DescribeScalableTargets`",
    ),
    (&["scale"], "application-autoscaling:DescribeScalingPolicies", "of a scalable target; tested with one"),
    (&["scale"], "application-autoscaling:DescribeScheduledActions", "as `DescribeScalingPolicies`"),
    (
        &["rollback", "restart", "run", "schedule diff", "init"],
        "ecr:DescribePullThroughCacheRules",
        "as of `deploy`",
    ),
];

fn is_played(verb: &str, action: &str) -> bool {
    // Only verbs whose change depends on the account identify the caller.
    let identifies = action != "sts:GetCallerIdentity" || matches!(verb, "plan" | "deploy" | "run");
    identifies && !NOT_PLAYED.iter().any(|(verbs, known, _)| *known == action && verbs.contains(&verb))
}

/// Returns the lines that name an action in the first situation of a verb in which the action is called and denied; none
/// where no situation calls it.
fn denied(verb: &str, action: &str) -> Option<(Vec<String>, Run)> {
    let situations = SITUATIONS.iter().find(|(known, _)| *known == verb).map_or(&[][..], |(_, list)| list);
    situations.iter().find_map(|situation| {
        let (run, called) = situation.run(verb, action);
        let lines = run.stderr.lines().chain(run.stdout.lines()).filter(|line| line.contains(action));
        let lines = lines.map(str::to_owned).collect();
        called.then_some((lines, run))
    })
}

/// Returns what is wrong with how a denied action is reported.
fn problem(verb: &str, action: &str) -> Option<String> {
    let Some((lines, run)) = denied(verb, action) else {
        return Some(format!("no situation of `{verb}` calls {action}"));
    };
    let mut distinct = lines.clone();
    distinct.sort();
    distinct.dedup();
    // Two different things can be lost without one action, such as the history and the stages of a rollout.
    let is_reported = !lines.is_empty() && lines.len() <= 2 && distinct.len() == lines.len();
    (!is_reported).then(|| format!("`{verb}` without {action}: {lines:#?}\n{}\n{}", run.stderr, run.stdout))
}

#[test]
fn each_verb_reports_once_what_it_loses_without_an_optional_action() {
    // `apply` and `promote` make the calls of `deploy`, and have the same rows; `approve` is nothing without its one call.
    let verbs = permissions::verbs().iter().filter(|verb| !["apply", "promote", "approve"].contains(*verb));
    let pairs: Vec<(&str, &str)> = verbs
        .flat_map(|verb| {
            let optional = permissions::of(verb).filter(|row| matches!(row.need, Need::Optional(_)));
            optional.flat_map(|row| row.actions).map(|action| (*verb, *action))
        })
        .filter(|(verb, action)| is_played(verb, action))
        .collect();
    let problems: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| {
                let own = pairs.iter().skip(first).step_by(THREADS);
                scope.spawn(|| own.filter_map(|(verb, action)| problem(verb, action)).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("it ends")).collect()
    });
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
