//! Tests of `ecsail deploy`: rollouts that succeed, and plans that are refused.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;
use std::time::Duration;

use crate::support::{DEFINITION, Folder, MANIFEST, World, service};

#[test]
fn a_deploy_registers_updates_and_watches_to_the_end() {
    let world = World::new(Scenario::Steady);
    let run = world.deploy("v2").exits(0).answers("web: deployed web:2 in ");
    assert!(run.stderr.contains("containerDefinitions[app].image: …:v1 → …:v2"), "{}", run.stderr);
    assert_eq!(world.calls("RegisterTaskDefinition").len(), 1);
    let updates = world.calls("UpdateService");
    assert_eq!(updates.len(), 1);
    let arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:2";
    // Only what was requested: no desiredCount, no defaults.
    assert_eq!(updates[0].body, json!({"cluster": "main", "service": "web", "taskDefinition": arn}));
    assert_eq!(world.service("web")["taskDefinition"], arn);
    assert_eq!(world.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn what_is_registered_is_what_was_written_and_a_record() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    let body = world.calls("RegisterTaskDefinition")[0].body.clone();
    let keys: Vec<_> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "family",
            "networkMode",
            "requiresCompatibilities",
            "cpu",
            "memory",
            "executionRoleArn",
            "containerDefinitions",
            "tags"
        ]
    );
    let (_, tags) = world.definition("web:2");
    assert_eq!(tags["ecsail:tag"], "v2");
    assert_eq!(tags["ecsail:app"], "shop");
    assert_eq!(
        tags["ecsail:deployed-by"],
        world.sandbox.call("sts", "GetCallerIdentity", json!({})).expect("sts")["Arn"]
    );
    assert!(tags["ecsail:digest:app"].starts_with("sha256:"), "{tags:?}");
}

#[test]
fn the_commit_and_the_performer_of_a_ci_run_are_recorded() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world
        .folder
        .env("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567")
        .env("GITHUB_ACTOR", "octocat");
    world.deploy("v2").exits(0);
    let (_, tags) = world.definition("web:2");
    assert_eq!(tags["ecsail:git-sha"], "0123456789abcdef0123456789abcdef01234567");
    assert_eq!(tags["ecsail:deployed-by"], "octocat");
}

#[test]
fn unchanged_deploy_makes_no_changes() {
    let world = World::new(Scenario::Steady);
    world.deploy("v1").exits(0).answers("web: unchanged, web:1 stays");
    world.unchanged();
}

#[test]
fn a_second_deploy_of_the_same_tag_is_unchanged() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    world.sandbox.clear_requests();
    world.deploy("v2").exits(0).answers("web: unchanged, web:2 stays");
    world.unchanged();
}

#[test]
fn force_starts_a_new_deployment_of_the_same_revision() {
    let world = World::new(Scenario::Steady);
    let before = world.service("web")["deployments"][0]["id"].clone();
    world.run(&["deploy", "--tag", "v1", "--force"]).exits(0).answers("web: deployed web:1 in ");
    assert_eq!(world.calls("RegisterTaskDefinition").len(), 0);
    let update = &world.calls("UpdateService")[0].body;
    assert_eq!(*update, json!({"cluster": "main", "service": "web", "forceNewDeployment": true}));
    assert_ne!(world.service("web")["deployments"][0]["id"], before);
}

#[test]
fn a_tag_that_moved_is_a_change() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    world.move_tag("v2");
    let run = world.deploy("v2").exits(0).says(":v2` now points to another image: sha256:");
    assert!(run.stdout.contains("web: deployed web:2 in "), "{}", run.stdout);
    assert_eq!(world.revisions("web"), 2, "the same revision is deployed anew");
    world.deploy("v2").exits(0).answers("web: unchanged, web:2 stays");
}

#[test]
fn a_tag_that_moved_is_found_without_service_revisions_by_the_record() {
    let world = World::new(Scenario::NoDeploymentsApi);
    world.deploy("v2").exits(0);
    world.deploy("v2").exits(0).answers("unchanged");
    world.move_tag("v2");
    world.deploy("v2").exits(0).answers("web: deployed web:2 in ");
    world.deploy("v2").exits(0).answers("unchanged");
}

#[test]
fn missing_tag_fails_before_anything_changes() {
    let world = World::new(Scenario::Steady);
    let run = world.deploy("v9").exits(1);
    let run = run.says("error: no tag `v9` in repository `shop/app` in account 123456789012, us-east-1");
    run.says("hint: newest tags: v3, v2, v1");
    world.unchanged();
}

#[test]
fn image_outside_ecr_is_deployed_with_a_note() {
    let files = [
        ("ecsail.yml", "ecsail: 1\ncluster: main\nservices: { web: { task_definition: web.yml } }\n"),
        (
            "web.yml",
            "family: web\nmemory: 512\ncontainerDefinitions: [ { name: app, image: 'public.ecr.aws/nginx/nginx:1.27' } ]\n",
        ),
    ];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.run(&["plan"]).exits(0).answers(
        "note: image `public.ecr.aws/nginx/nginx:1.27` was not checked: not in a private ECR registry",
    );
}

#[test]
fn unreadable_registry_is_a_note() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeImages", FaultKind::AccessDenied).always());
    world.deploy("v2").exits(0).says("was not checked: `ecr:DescribeImages` is not permitted");
}

#[test]
fn missing_service_that_the_manifest_does_not_describe_is_an_error() {
    let world = World::with(
        Scenario::Steady,
        &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)],
        &[service("other", json!({}))],
    );
    world
        .deploy("v2")
        .exits(1)
        .says("no service named `web` in cluster `main`")
        .says("services in the cluster: other")
        .says("to create the service, add `desiredCount` under `service:`");
    world.unchanged();
}

#[test]
fn missing_cluster_is_an_error() {
    let world = World::new(Scenario::Steady);
    world
        .run(&["deploy", "--tag", "v2", "--cluster", "nowhere"])
        .exits(1)
        .says("error: no cluster named `nowhere`");
}

#[test]
fn another_account_is_refused() {
    let manifest = MANIFEST.replace("region:", "account: \"999999999999\"\nregion:");
    let world = World::with(
        Scenario::Steady,
        &[("ecsail.yml", &manifest), ("web.yml", DEFINITION)],
        &[service("web", json!({}))],
    );
    world
        .deploy("v2")
        .exits(5)
        .says("this is for account `999999999999`, but the credentials belong to account `123456789012`");
    world.unchanged();
}

#[test]
fn unknown_account_is_refused() {
    let manifest = MANIFEST.replace("region:", "account: \"123456789012\"\nregion:");
    let world = World::with(
        Scenario::Steady,
        &[("ecsail.yml", &manifest), ("web.yml", DEFINITION)],
        &[service("web", json!({}))],
    );
    world.sandbox.inject(Fault::on("GetCallerIdentity", FaultKind::AccessDenied).always());
    let run = world.deploy("v2").exits(5).says("failed to identify the caller");
    run.says("is not authorized to perform: sts:GetCallerIdentity");
    world.unchanged();
}

#[test]
fn a_role_in_the_manifest_is_assumed() {
    let manifest = MANIFEST.replace("region:", "role: arn:aws:iam::123456789012:role/deployer\nregion:");
    let world = World::with(
        Scenario::Steady,
        &[("ecsail.yml", &manifest), ("web.yml", DEFINITION)],
        &[service("web", json!({}))],
    );
    world.deploy("v2").exits(0);
    assert_eq!(world.calls("AssumeRole")[0].body["RoleArn"], "arn:aws:iam::123456789012:role/deployer");
    let (_, tags) = world.definition("web:2");
    assert!(tags["ecsail:deployed-by"].contains("assumed-role/deployer/ecsail"), "{tags:?}");
}

#[test]
fn deployment_in_progress_is_refused_unless_superseded() {
    let world = World::new(Scenario::Slow);
    world
        .run(&["deploy", "--tag", "v2", "--no-wait"])
        .exits(0)
        .answers("web: web:2 is being deployed, not watching it");
    world.sandbox.clear_requests();
    world.deploy("v3").exits(5).says("a deployment of `web` is in progress: `web:2`").says("--supersede");
    world.unchanged();
    world.run(&["plan", "--tag", "v3"]).exits(0).answers("note: a deployment of `web` is in progress");
    world.sandbox.set_scenario(None, Scenario::Steady);
    world.run(&["deploy", "--tag", "v3", "--supersede"]).exits(0).answers("web: deployed web:3 in ");
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let world = World::new(Scenario::Steady);
    world
        .run(&["deploy", "--tag", "v2", "--dry-run"])
        .exits(0)
        .answers("dry run: nothing was changed")
        .says("…:v1 → …:v2");
    world.unchanged();
}

#[test]
fn a_mistake_in_the_last_service_registers_nothing_of_the_first() {
    let manifest = format!("{MANIFEST}  worker:\n    task_definition: worker.yml\n");
    let worker =
        "family: worker\ncontainerDefinitions: [ { name: app, image: {{ image.app }}, memmory: 1 } ]\n";
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION), ("worker.yml", worker)];
    let world =
        World::with(Scenario::Steady, &files, &[service("web", json!({})), service("worker", json!({}))]);
    world.run(&["deploy", "--tag", "v2"]).exits(1).says("unknown key `memmory`");
    assert!(world.sandbox.requests().is_empty(), "nothing is even asked");
    // A verb requires only what it uses.
    world.deploy("v2").exits(0);
}

#[test]
fn services_with_the_same_definition_share_one_registration_and_roll_out_side_by_side() {
    let manifest = format!("{MANIFEST}  api:\n    task_definition: web.yml\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world =
        World::with(Scenario::Steady, &files, &[service("web", json!({})), service("api", json!({}))]);
    let run = world.run(&["deploy", "--tag", "v2"]).exits(0);
    assert!(
        run.stdout.contains("web: deployed web:2") && run.stdout.contains("api: deployed web:2"),
        "{}",
        run.stdout
    );
    assert_eq!(world.calls("RegisterTaskDefinition").len(), 1);
    assert_eq!(world.calls("UpdateService").len(), 2);
}

#[test]
fn revision_of_a_failed_deploy_is_reused() {
    let world = World::with_breaker(Scenario::Crash);
    world.deploy("v2").exits(3);
    world.sandbox.set_scenario(None, Scenario::Steady);
    world.deploy("v2").exits(0).says("web:2 (registered already)");
    assert_eq!(world.revisions("web"), 2);
}

#[test]
fn missing_tag_permission_is_reported_once() {
    let world = World::new(Scenario::NoTagging);
    let run = world.deploy("v2").exits(0).says("note: registering without `ecsail:` tags");
    assert_eq!(run.stderr.matches("registering without").count(), 1);
    let (_, tags) = world.definition("web:2");
    assert!(tags.is_empty(), "{tags:?}");
}

#[test]
fn attributes_in_the_manifest_are_updated() {
    let manifest = format!(
        "{MANIFEST}    service:\n      deploymentConfiguration: {{ maximumPercent: 150 }}\n      enableECSManagedTags: true\n"
    );
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.deploy("v1").exits(0).says("service.deploymentConfiguration.maximumPercent: 200 → 150");
    let body = &world.calls("UpdateService")[0].body;
    assert_eq!(
        *body,
        json!({"cluster": "main", "service": "web", "enableECSManagedTags": true,
        "deploymentConfiguration": {"maximumPercent": 150}})
    );
    world.sandbox.clear_requests();
    world.deploy("v1").exits(0).answers("web: unchanged");
    world.unchanged();
}

#[test]
fn missing_tag_argument_is_an_error() {
    let world = World::new(Scenario::Steady);
    world
        .run(&["deploy"])
        .exits(2)
        .says("error: no tag was given for image `app`\n")
        .says("add the tag to deploy, such as `--tag 1.4.2`");
    world.unchanged();
}

#[test]
fn missing_manifest_has_hints() {
    let folder = Folder::new(&[]);
    folder
        .run(&["deploy", "--tag", "v2"])
        .exits(2)
        .says("no `ecsail.yml` in this directory or its parents")
        .says("`-f`");
}

#[test]
fn missing_region_is_reported_first() {
    let manifest = MANIFEST.replace("region: us-east-1\n", "");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    let folder = folder.env("AWS_EC2_METADATA_DISABLED", "true");
    folder
        .run(&["deploy", "--tag", "v2"])
        .exits(2)
        .says("no AWS region is set")
        .says("`region:` in the manifest");
}

#[test]
fn missing_credentials_are_reported_with_the_tried_sources() {
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]);
    let folder = folder.env("AWS_EC2_METADATA_DISABLED", "true");
    let run = folder.run(&["deploy", "--tag", "v2"]).exits(1).says("failed to load AWS credentials");
    run.says("set up credentials in the environment (`AWS_ACCESS_KEY_ID`), a profile in `~/.aws`");
}

/// Returns the length of the longest chain of calls each of which began after the previous had ended.
fn depth(requests: &[ecsail_sandbox::Request]) -> usize {
    let mut depths: Vec<usize> = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let before = requests[..index].iter().zip(&depths);
        let ended = before.filter(|(earlier, _)| earlier.end_seq.is_some_and(|end| end < request.start_seq));
        depths.push(1 + ended.map(|(_, depth)| *depth).max().unwrap_or_default());
    }
    depths.into_iter().max().unwrap_or_default()
}

#[test]
fn at_most_four_round_trips_precede_the_update() {
    let world = World::new(Scenario::Steady);
    // Calls that are made at once must overlap.
    world.sandbox.inject(Fault::any(FaultKind::Latency(Duration::from_millis(30))).always());
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let requests = world.sandbox.requests();
    let update = requests.iter().position(|request| request.operation == "UpdateService").expect("an update");
    let before = &requests[..update];
    let depth = depth(before);
    // Printed on purpose: `cargo test round_trips -- --nocapture` shows the number.
    #[allow(clippy::print_stdout)]
    {
        println!("{depth} serial round trips before UpdateService, in {} calls", before.len());
    }
    // Two to observe, one to register, and one to read the service right before it is updated.
    assert!(depth <= 4, "{depth}: {before:#?}");
}

#[test]
fn unused_tag_is_an_error() {
    let definition = DEFINITION.replace("{{ image.app }}", "nginx:1.27");
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.deploy("v3").exits(1).says("no definition uses the tag `v3`").says("image: {{ image.NAME }}");
}

#[test]
fn an_image_without_a_version_is_warned_of() {
    let definition = DEFINITION.replace("{{ image.app }}", "nginx");
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    Folder::new(&files)
        .run(&["check"])
        .exits(0)
        .says("the image of container `app` has no tag, so `latest` is used");
}

#[test]
fn manifest_without_services_is_an_error() {
    let folder = Folder::new(&[("ecsail.yml", "ecsail: 1\ncluster: main\nservices: {}\n")]);
    folder.run(&["deploy"]).exits(2).says("the manifest has no services or schedules to deploy");
}

#[test]
fn empty_arguments_are_ignored() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("ECSAIL_MANIFEST", "").env("ECSAIL_STAGE", "");
    world.run(&["deploy", "--tag", "v2", "--cluster", "", "--region", "", "--profile", ""]).exits(0);
}

#[test]
fn allowed_unknown_field_is_sent_unchanged() {
    let manifest = format!("{MANIFEST}allow_unknown: [ containerDefinitions.newField, newAtTheTop ]\n");
    let definition = format!("{DEFINITION}    newField: {{ Deep_Key: [1, \"\", null] }}\nnewAtTheTop: yes\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.deploy("v2").exits(0);
    let body = &world.calls("RegisterTaskDefinition")[0].body;
    assert_eq!(body["containerDefinitions"][0]["newField"], json!({"Deep_Key": [1, "", null]}));
    assert_eq!(body["newAtTheTop"], "yes");
    world.deploy("v2").exits(0).answers("unchanged");
}

/// Reads the output of the binary until it contains a text.
#[cfg(target_os = "linux")]
pub(crate) fn until_asked(child: &mut std::process::Child, question: &str) {
    let mut seen = Vec::new();
    let shown = child.stdout.as_mut().expect("piped");
    while !seen.ends_with(question.as_bytes()) {
        let mut byte = [0];
        let read = std::io::Read::read_exact(shown, &mut byte);
        assert!(read.is_ok(), "it asks before it ends: {}", String::from_utf8_lossy(&seen));
        seen.extend(byte);
    }
}

/// Starts the binary in a terminal.
#[cfg(target_os = "linux")]
pub(crate) fn at_a_terminal(world: &World, arguments: &str) -> std::process::Child {
    use std::process::{Command, Stdio};
    let binary = world.folder.command(&[]);
    let line = format!("'{}' {arguments}", binary.get_program().to_str().expect("text"));
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.env_clear().envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("CI", "");
    command.current_dir(world.folder.dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("`script` is there")
}

/// Starts the binary in a terminal and returns once it prompts.
#[cfg(target_os = "linux")]
fn asked(world: &World, arguments: &str) -> std::process::Child {
    let mut child = at_a_terminal(world, arguments);
    until_asked(&mut child, "[y/N] ");
    child
}

#[test]
#[cfg(target_os = "linux")]
fn next_interrupt_prompts_again_after_continuing() {
    let world = World::new(Scenario::Stuck);
    let mut child = at_a_terminal(&world, "deploy --tag v2 --yes");
    let mut keys = child.stdin.take().expect("piped");
    for answer in [b"w\n", b"l\n"] {
        // An interrupt drops typed input that was not read yet, so the watch has to continue first.
        until_asked(&mut child, "0/2");
        std::io::Write::write_all(&mut keys, b"\x03").expect("it listens");
        until_asked(&mut child, "[L/r/w] ");
        std::io::Write::write_all(&mut keys, answer).expect("it listens");
    }
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[cfg(target_os = "linux")]
fn deployment_made_during_the_prompt_is_not_superseded() {
    for arguments in ["deploy --tag v2", "restart web", "rollback web --to v1"] {
        let world = World::new(Scenario::Steady);
        world.deploy("v3").exits(0);
        let mut child = asked(&world, arguments);
        let force = json!({"cluster": "main", "service": "web", "forceNewDeployment": true});
        world.call("UpdateService", force);
        world.sandbox.clear_requests();
        std::io::Write::write_all(&mut child.stdin.take().expect("piped"), b"y\n").expect("it listens");
        let output = child.wait_with_output().expect("it ends");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(5), "{arguments}: {shown}");
        assert!(shown.contains("service `web` has changed since the plan"), "{shown}");
        world.unchanged();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn unchanged_service_is_deployed_after_the_confirmation() {
    let world = World::new(Scenario::Steady);
    let mut child = asked(&world, "deploy --tag v2");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), b"y\n").expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
