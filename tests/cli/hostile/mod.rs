//! Texts of others in every field that AWS, containers, hooks, arguments and files can fill, for every verb and output: they are
//! shown, and do nothing.

mod readers;
mod texts;

use ecsail_sandbox::{Fault, FaultKind, Scenario, SeedService};
use readers::{controls_no_terminal, shows_only_text, taken_commands};
use serde_json::{Value, json};
use texts::{ALL, FORGED, INLINE, LINES};

use crate::support::{DEFINITION, Folder, MANIFEST, Run, World, service};

/// The members of answers that commands need to work.
const KEPT: &[&str] = &[
    "Account",
    "Arn",
    "ClusterArn",
    "GroupName",
    "Name",
    "ResourceArn",
    "ScheduleExpression",
    "State",
    "TaskDefinitionArn",
    "availabilityZone",
    "capacityProviderName",
    "clusterArn",
    "containerName",
    "family",
    "id",
    "imageDigest",
    "imageTag",
    "imageTags",
    "lastStatus",
    "launchType",
    "logGroupName",
    "logStreamName",
    "name",
    "nextToken",
    "repositoryName",
    "rolloutState",
    "schedulingStrategy",
    "serviceArn",
    "serviceArns",
    "serviceDeploymentArn",
    "serviceName",
    "status",
    "targetServiceRevisionArn",
    "serviceRevisionArn",
    "taskArn",
    "taskArns",
    "taskDefinition",
    "taskDefinitionArn",
    "taskDefinitionArns",
    "type",
];

/// The members of the answers of CloudWatch Logs, but the messages.
const LOG_MEMBERS: &[&str] =
    &["nextToken", "nextForwardToken", "nextBackwardToken", "logStreamName", "eventId"];

/// ECS Exec needs a task role.
const TASK_ROLE: &str = "arn:aws:iam::123456789012:role/task";

const SCHEDULES: &str = "\
schedule_role: scheduler
schedules:
  nightly:
    expression: cron(0 3 * * ? *)
    task: { like: web, command: [ bin/report ] }
  hourly:
    via: rule
    expression: rate(1 hour)
    task: { like: web }
";

const DEPLOY: &[&str] = &["deploy", "service", "web", "--tag", "v2", "--yes"];
const DEPLOY_ALL: &[&str] = &["deploy", "--tag", "v2", "--yes"];
const START: &[&str] = &["deploy", "service", "web", "--tag", "v2", "--yes", "--no-wait"];

/// A command line, what runs before it, and the scenario.
struct Case {
    command: &'static [&'static str],
    before: &'static [&'static [&'static str]],
    scenario: Scenario,
}

const fn steady(command: &'static [&'static str]) -> Case {
    Case { command, before: &[], scenario: Scenario::Steady }
}

const fn after(before: &'static [&'static [&'static str]], command: &'static [&'static str]) -> Case {
    Case { command, before, scenario: Scenario::Steady }
}

const CASES: &[Case] = &[
    steady(&["plan", "--tag", "v2"]),
    steady(&["plan", "--tag", "v2", "--output", "markdown"]),
    steady(DEPLOY_ALL),
    Case { command: DEPLOY, before: &[], scenario: Scenario::Crash },
    Case { command: DEPLOY, before: &[], scenario: Scenario::NoImage },
    Case { command: &["status"], before: &[START], scenario: Scenario::Stuck },
    Case { command: &["cancel", "web", "--yes"], before: &[START], scenario: Scenario::Stuck },
    Case { command: &["continue", "web", "--yes"], before: &[START], scenario: Scenario::Stuck },
    after(&[DEPLOY], &["status"]),
    after(&[DEPLOY], &["history", "web"]),
    after(&[DEPLOY], &["revisions", "web"]),
    after(&[DEPLOY], &["prune", "web", "--keep", "1", "--yes"]),
    after(&[DEPLOY], &["rollback", "web", "--yes"]),
    steady(&["tasks", "web"]),
    steady(&["images", "web"]),
    steady(&["wait", "web"]),
    steady(&["restart", "web", "--yes"]),
    steady(&["logs", "web", "--since", "1m"]),
    steady(&["exec", "web", "--", "true"]),
    steady(&["run", "--like", "web", "--", "true"]),
    Case { command: &["run", "--like", "web", "--", "false"], before: &[], scenario: Scenario::ExitSeven },
    after(&[DEPLOY_ALL], &["schedule", "list"]),
    after(&[DEPLOY_ALL], &["schedule", "diff", "--tag", "v3"]),
    after(&[DEPLOY_ALL], &["schedule", "run", "nightly"]),
    after(&[DEPLOY_ALL], &["schedule", "disable", "nightly"]),
    after(&[DEPLOY_ALL], &["schedule", "prune", "--yes"]),
    steady(&["stop-task", "web", "0123456789abcdef", "--yes"]),
    steady(&["scale", "web", "--desired", "3", "--yes"]),
];

/// Returns service `web` with a network, a log group, tags, a variable and ECS Exec.
fn web() -> SeedService {
    let mut seeded = service(
        "web",
        json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            "launchType": "FARGATE", "enableExecuteCommand": true}),
    );
    seeded.task_definition["taskRoleArn"] = json!(TASK_ROLE);
    let container = &mut seeded.task_definition["containerDefinitions"][0];
    container["environment"] = json!([{"name": "GREETING", "value": "hello"}]);
    container["logConfiguration"] = json!({"logDriver": "awslogs", "options": {"awslogs-group": "/shop/web",
        "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}});
    seeded
}

fn world(scenario: Scenario) -> World {
    let manifest = format!("{MANIFEST}{SCHEDULES}");
    let definition = format!("taskRoleArn: {TASK_ROLE}\n{DEFINITION}    environment: {{ GREETING: hi }}\n");
    World::with(scenario, &[("ecsail.yml", manifest.as_str()), ("web.yml", definition.as_str())], &[web()])
}

/// How a command line is run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Output {
    Text,
    Color,
    GitHub,
    Json,
}

const OUTPUTS: [Output; 4] = [Output::Text, Output::Color, Output::GitHub, Output::Json];

/// Runs a command line; nothing of what it prints and writes may do anything.
fn run_harmlessly(folder: &Folder, output: Output, arguments: &[&str]) -> Run {
    let style: &[&str] = match output {
        Output::Json => &["--output", "json"],
        Output::Color => &["--color", "always"],
        Output::Text | Output::GitHub => &[],
    };
    let is_markdown = arguments.contains(&"markdown");
    let style = if is_markdown { &[] } else { style };
    let output = if is_markdown { Output::GitHub } else { output };
    let mut command = folder.command(&[style, arguments].concat());
    let path = |name: &str| folder.dir.path().join(name);
    if output == Output::GitHub || output == Output::Json {
        command.env("GITHUB_ACTIONS", "true");
        command.env("GITHUB_STEP_SUMMARY", path("summary.md")).env("GITHUB_OUTPUT", path("output.txt"));
    }
    let run = crate::support::finished(command);
    let is_exact = ["logs", "run", "render"].contains(&arguments[0]) && output != Output::Json;
    is_harmless(&run, output, is_exact);
    if is_markdown {
        shows_only_text(&run.stdout);
    }
    if let Ok(summary) = std::fs::read_to_string(path("summary.md")) {
        shows_only_text(&summary);
    }
    let written = std::fs::read_to_string(path("output.txt")).unwrap_or_default();
    for line in written.lines().filter(|line| line.contains("<<")) {
        assert!(!line.contains(FORGED), "{written}");
    }
    assert!(!path("PWNED").exists(), "{arguments:?} ran a command of another");
    run
}

/// Fails where an output of one run does anything but show text. With `is_exact`, stdout has what programs wrote.
#[track_caller]
fn is_harmless(run: &Run, output: Output, is_exact: bool) {
    for (text, is_exact) in [(&run.stdout, is_exact), (&run.stderr, false)] {
        let shown = if output == Output::Color { without_colours(text) } else { text.clone() };
        if !is_exact {
            controls_no_terminal(&shown);
            let forged = shown.lines().find(|line| line.trim_start().starts_with(FORGED));
            assert!(forged.is_none(), "{forged:?} in {text}");
        }
        if output == Output::GitHub || output == Output::Json {
            for command in taken_commands(text) {
                let is_ours =
                    ["group", "endgroup", "error", "warning", "notice"].contains(&command.name.as_str());
                assert!(is_ours && !command.properties.contains("title=FORGED"), "{command:?} in {text}");
            }
        }
    }
    if output == Output::Json {
        for line in run.stdout.lines() {
            assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
        }
    }
}

/// Returns a text without the colours that ecsail uses.
fn without_colours(text: &str) -> String {
    let codes = ["0", "1", "2", "31", "32", "33", "34", "35", "36", "91", "92", "93", "94"];
    codes.iter().fold(text.to_owned(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""))
}

/// Runs every verb with a fault in all answers of AWS, in every output.
fn every_verb(fault: &FaultKind, outputs: &[Output]) {
    for case in CASES {
        for output in outputs {
            let world = world(case.scenario);
            case.before.iter().for_each(|before| {
                world.run(before);
            });
            world.sandbox.inject(Fault::any(fault.clone()).always());
            run_harmlessly(&world.folder, *output, case.command);
        }
    }
}

fn foreign(text: &str, except: &[&str]) -> FaultKind {
    let except = except.iter().map(|name| (*name).to_owned()).collect();
    FaultKind::Foreign { text: text.to_owned(), except }
}

#[test]
fn lines_in_what_aws_describes_do_nothing() {
    every_verb(&foreign(LINES, KEPT), &OUTPUTS);
}

#[test]
fn markup_in_what_aws_describes_does_nothing() {
    every_verb(&foreign(INLINE, KEPT), &OUTPUTS);
}

#[test]
fn texts_in_names_and_arns_do_nothing() {
    for text in ALL {
        every_verb(&foreign(text, &[]), &[Output::GitHub, Output::Json]);
    }
}

#[test]
fn texts_in_errors_of_aws_do_nothing() {
    for text in ALL {
        let error =
            FaultKind::Code { status: 400, code: "ClientException".to_owned(), message: text.to_owned() };
        every_verb(&error, &[Output::Text, Output::GitHub, Output::Json]);
    }
}

#[test]
fn texts_in_arguments_do_nothing() {
    // An argument has no NUL.
    for text in ALL.map(|text| text.replace('\0', "")) {
        let text = text.as_str();
        for arguments in [
            &["deploy", "service", "web", "--tag", text, "--yes"][..],
            &["deploy", "service", text, "--tag", "v2"],
            &["status", text],
            &["check", "--stage", text],
            &["plan", "--set", text],
            &["plan", "--tag", "v2", "--set", &format!("x={text}")],
            &["logs", text, "--since", text],
            &["run", "--like", "web", "--", text],
            &["wait", "web", "--cluster", text],
            &["explain", text],
            &["check", "-f", text],
            &["check", "--env-file", text],
            &["deploy", text],
            &[text],
        ] {
            for output in OUTPUTS {
                run_harmlessly(&world(Scenario::Steady).folder, output, arguments);
            }
        }
    }
}

#[test]
fn texts_in_files_do_nothing() {
    for text in ALL {
        let quoted = json!(text).to_string();
        let manifests = [
            MANIFEST.replace("  web:\n", &format!("  {quoted}:\n")),
            MANIFEST.replace("app: shop", &format!("app: {quoted}")),
            MANIFEST.replace("cluster: main", &format!("cluster: {quoted}")),
            MANIFEST.replace("web.yml", &quoted),
            MANIFEST.replace("  app: ", &format!("  {quoted}: x\n  app: ")),
            format!("{MANIFEST}stages: {{ {quoted}: {{}} }}\n"),
            format!("{MANIFEST}vars: {{ x: {quoted}, {quoted}: 1 }}\n"),
            format!("{MANIFEST}{quoted}: 1\n"),
            format!("{MANIFEST}hooks: {{ before_deploy: {quoted} }}\n").replace("touch PWNED", "true"),
            format!("{MANIFEST}# {text}"),
        ];
        let definitions = [
            format!("{DEFINITION}    environment: {{ X: {quoted}, {quoted}: x }}\n"),
            format!("{DEFINITION}    {quoted}: x\n"),
            DEFINITION.replace("name: app", &format!("name: {quoted}")),
            DEFINITION.replace("family: web", &format!("family: {quoted}")),
            DEFINITION.replace("{{ image.app }}", &format!("{{{{ {quoted} }}}}")),
            format!("{DEFINITION}# {text}"),
        ];
        let files = manifests.iter().map(|manifest| (manifest.as_str(), DEFINITION));
        let files = files.chain(definitions.iter().map(|definition| (MANIFEST, definition.as_str())));
        for (manifest, definition) in files {
            let files = [("ecsail.yml", manifest), ("web.yml", definition)];
            let world = World::with(Scenario::Steady, &files, &[web()]);
            for output in [Output::Text, Output::GitHub, Output::Json] {
                run_harmlessly(&world.folder, output, &["check"]);
                run_harmlessly(&world.folder, output, &["render", "--tag", "v2"]);
                run_harmlessly(&world.folder, output, &["plan", "--tag", "v2"]);
            }
        }
    }
}

#[test]
fn texts_in_lines_of_hooks_do_nothing() {
    let hooks = "hooks: { before_deploy: [ cat text.txt, cat text.txt >&2 ], on_failure: cat text.txt }\n";
    for text in ALL {
        for output in OUTPUTS {
            let world = world(Scenario::Crash);
            world.folder.write("ecsail.yml", &format!("{MANIFEST}{hooks}"));
            world.folder.write("text.txt", text);
            run_harmlessly(&world.folder, output, DEPLOY);
        }
    }
}

#[test]
fn an_answer_that_looks_like_a_command_is_printed_as_it_is_between_stopped_commands() {
    let world = world(Scenario::Steady);
    world.sandbox.inject(Fault {
        service: Some("logs".to_owned()),
        ..Fault::any(foreign("\n::error::x", LOG_MEMBERS)).always()
    });
    let arguments = ["run", "--like", "web", "--", "true"];
    let run = run_harmlessly(&world.folder, Output::GitHub, &arguments);
    assert!(
        run.stdout.contains("::stop-commands::") && run.stdout.contains("\n::error::x\n"),
        "{}",
        run.stdout
    );
    let run = run_harmlessly(&world.folder, Output::Text, &arguments);
    assert!(!run.stdout.contains("stop-commands"), "{}", run.stdout);
}

#[test]
fn an_answer_without_commands_is_printed_alone() {
    let run = run_harmlessly(
        &world(Scenario::Steady).folder,
        Output::GitHub,
        &["run", "--like", "web", "--", "true"],
    );
    assert!(!run.stdout.contains("::"), "{}", run.stdout);
}

#[test]
fn an_expression_in_a_hook_is_an_error_that_names_the_variable() {
    for (command, variable) in [
        ("./notify {{ env.BRANCH }}", "\"$BRANCH\""),
        ("'./notify \"{{ env[\"BRANCH\"] }}\"'", "\"$BRANCH\""),
        ("[ true, './notify {{ env.BRANCH | default(tag) }}' ]", "\"$BRANCH\""),
        ("./notify {{ tag }}", "\"$ECSAIL_TAG\""),
        ("./notify {{ stage }} {{ app }}", "\"$ECSAIL_STAGE\""),
        ("./notify {{ env.BRANCH | safe }}", "\"$BRANCH\""),
        ("{{ vars.command }}", "\"$NAME\""),
        ("{% filter trim %}./notify {{ env.BRANCH }}{% endfilter %}", "\"$NAME\""),
        ("{{ notify(env.BRANCH) }}", "\"$NAME\""),
    ] {
        let macros = "{% macro notify(name) %}./notify {{ name }}{% endmacro %}";
        let hooks = format!("hooks:\n  before_deploy: {command}\n");
        let more = "vars: { command: ./notify }\nstages: { production: {} }\n";
        let world = world(Scenario::Steady);
        world.folder.write("ecsail.yml", &format!("{macros}{MANIFEST}{more}{hooks}"));
        let mut run = world.folder.command(&[DEPLOY, &["--stage", "production"]].concat());
        run.env("BRANCH", "x; touch PWNED; #");
        let run = crate::support::finished(run).exits(1).says("a hook has no expressions").says(variable);
        assert!(!world.folder.dir.path().join("PWNED").exists(), "{}", run.stderr);
        world.unchanged();
    }
}

#[test]
fn a_hook_may_have_conditions_and_raw_text() {
    let world = world(Scenario::Steady);
    let hooks = "hooks:\n{% if tag == 'v2' %}\n  before_deploy: 'echo \"{% raw %}{{.Name}}{% endraw %} $BRANCH\"'\n{% endif %}\n";
    world.folder.write("ecsail.yml", &format!("{MANIFEST}{hooks}"));
    let mut run = world.folder.command(DEPLOY);
    run.env("BRANCH", "x; touch PWNED; #");
    crate::support::finished(run).says("before_deploy: {{.Name}} x; touch PWNED; #");
}
