//! Tests of `ecsail init`: the files of what runs, and a plan of them without changes.

mod autoscaling;
mod express;
mod schedules;

use ecsail_sandbox::{Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{Folder, REPOSITORY, Run, World, behind_target_group, service};

/// Returns a world without files, in which these services run.
fn running(services: &[SeedService]) -> World {
    World::with(Scenario::Steady, &[], services)
}

/// Writes the files of the cluster and checks that a plan of them, made anew, has no changes.
#[track_caller]
fn adopted(world: &World, arguments: &[&str]) -> Run {
    let run = world.run(&[&["init", "--cluster", "main"], arguments].concat()).exits(0);
    run.answers("no changes")
}

#[track_caller]
fn plan_is_empty(world: &World, arguments: &[&str]) {
    world.run(&[&["plan", "--exit-code"], arguments].concat()).exits(0);
}

fn text(world: &World, name: &str) -> String {
    let path = world.folder.dir.path().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn exists(world: &World, name: &str) -> bool {
    world.folder.dir.path().join(name).exists()
}

/// Returns a service whose container has these members too.
fn with_container(name: &str, container: Value, members: Value) -> SeedService {
    let mut seeded = service(name, members);
    for (member, value) in container.as_object().into_iter().flatten() {
        seeded.task_definition["containerDefinitions"][0][member.as_str()] = value.clone();
    }
    seeded
}

#[test]
fn a_service_on_fargate_behind_a_load_balancer() {
    let ports = json!({"portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]});
    let mut members = behind_target_group();
    members["healthCheckGracePeriodSeconds"] = json!(30);
    members["deploymentConfiguration"] = json!({"maximumPercent": 150, "minimumHealthyPercent": 50,
        "deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    members["enableExecuteCommand"] = json!(true);
    members["tags"] = json!([{"key": "team", "value": "shop"}]);
    let mut seeded = with_container("web", ports, members);
    seeded.task_definition["taskRoleArn"] = json!("arn:aws:iam::123456789012:role/web");
    let world = running(&[seeded]);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    let definition = text(&world, "task/web.yml");
    assert!(definition.contains("image: \"{{ image.app }}\"\n"), "{definition}");
    assert!(definition.contains("portMappings:\n      - containerPort: 80\n"), "{definition}");
    assert!(!definition.contains("protocol") && !definition.contains("revision"), "{definition}");
    let attributes = text(&world, "service/web.yml");
    for line in ["desiredCount: 2", "team: shop", "healthCheckGracePeriodSeconds: 30", "launchType: FARGATE"]
    {
        assert!(attributes.contains(line), "{line} is not in {attributes}");
    }
    let manifest = text(&world, "ecsail.yml");
    for line in [
        "app: main",
        "region: us-east-1",
        "cluster: main",
        "account: \"123456789012\"",
        "service: service/web.yml",
    ] {
        assert!(manifest.contains(line), "{line} is not in {manifest}");
    }
    assert!(manifest.contains(&format!("app: {REPOSITORY}\n")), "{manifest}");
    world.unchanged();
}

#[test]
fn each_file_names_its_schema_and_the_schemas_are_beside() {
    let world = running(&[service("web", json!({}))]);
    adopted(&world, &[]);
    for (file, schema) in [
        ("ecsail.yml", ".schemas/manifest.schema.json"),
        ("task/web.yml", "../.schemas/task-definition.schema.json"),
        ("service/web.yml", "../.schemas/service.schema.json"),
    ] {
        let first = format!("# yaml-language-server: $schema={schema}\n");
        assert!(text(&world, file).starts_with(&first), "{file}");
        let path = std::path::Path::new(file).parent().expect("a folder").join(schema);
        let _: Value = serde_json::from_str(&text(&world, path.to_str().expect("text"))).expect("JSON");
    }
}

#[test]
fn a_service_on_instances_with_a_capacity_provider() {
    let mut seeded = service(
        "batch",
        json!({"capacityProviderStrategy":
        [{"capacityProvider": "instances", "weight": 1, "base": 1}],
        "placementStrategy": [{"type": "spread", "field": "attribute:ecs.availability-zone"}],
        "placementConstraints": [{"type": "distinctInstance"}]}),
    );
    seeded.task_definition = json!({"family": "batch", "containerDefinitions": [{"name": "app", "memory": 256,
        "image": format!("{REPOSITORY}:v1"), "links": [], "mountPoints": [{"sourceVolume": "data", "containerPath": "/d"}]}],
        "volumes": [{"name": "data", "host": {"sourcePath": "/data"}}], "pidMode": "host"});
    let world = running(&[seeded]);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    assert!(text(&world, "task/batch.yml").contains("pidMode: host"));
    assert!(!text(&world, "service/batch.yml").contains("launchType"));
}

#[test]
fn service_connect_and_volumes_come_from_the_deployment() {
    let container = json!({"portMappings": [{"containerPort": 80, "name": "http"}],
        "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]});
    let mut seeded = with_container(
        "web",
        container,
        json!({
        "serviceConnectConfiguration": {"enabled": true, "namespace": "shop", "services": [{"portName": "http",
            "clientAliases": [{"port": 80, "dnsName": "web"}]}]},
        "volumeConfigurations": [{"name": "data", "managedEBSVolume": {"sizeInGiB": 20,
            "roleArn": "arn:aws:iam::123456789012:role/volumes"}}]}),
    );
    seeded.task_definition["volumes"] = json!([{"name": "data", "configuredAtLaunch": true}]);
    let world = running(&[seeded]);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    let attributes = text(&world, "service/web.yml");
    assert!(
        attributes.contains("serviceConnectConfiguration:") && attributes.contains("sizeInGiB: 20"),
        "{attributes}"
    );
}

#[test]
fn a_blue_green_service_with_hooks() {
    let group = |name: &str| {
        format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/0123456789abcdef")
    };
    let members = json!({"loadBalancers": [{"containerName": "app", "containerPort": 80, "targetGroupArn": group("web"),
            "advancedConfiguration": {"alternateTargetGroupArn": group("web-2"),
                "roleArn": "arn:aws:iam::123456789012:role/balancers",
                "productionListenerRule": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/web/a/b/c"}}],
        "deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, "lifecycleHooks": [{
            "hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:check",
            "roleArn": "arn:aws:iam::123456789012:role/hooks", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]}});
    let world = running(&[with_container("web", json!({"portMappings": [{"containerPort": 80}]}), members)]);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    let attributes = text(&world, "service/web.yml");
    assert!(
        attributes.contains("strategy: BLUE_GREEN") && attributes.contains("POST_TEST_TRAFFIC_SHIFT"),
        "{attributes}"
    );
}

#[test]
fn a_daemon_has_no_count() {
    let mut seeded =
        service("agent", json!({"schedulingStrategy": "DAEMON", "launchType": "EC2", "desiredCount": null}));
    seeded.task_definition = json!({"family": "agent", "networkMode": "host", "containerDefinitions": [
        {"name": "app", "memory": 128, "image": format!("{REPOSITORY}:v1")}]});
    let world = running(&[seeded]);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    let attributes = text(&world, "service/agent.yml");
    assert!(
        attributes.contains("schedulingStrategy: DAEMON") && !attributes.contains("desiredCount"),
        "{attributes}"
    );
}

#[test]
fn two_containers_with_secrets_and_firelens() {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"] = json!([
        {"name": "app", "image": format!("{REPOSITORY}:v1"), "dependsOn": [{"containerName": "log", "condition": "START"}],
            "secrets": [{"name": "DATABASE_URL", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/db"}],
            "environment": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "EMPTY", "value": ""}],
            "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "cloudwatch", "region": "us-east-1"}}},
        {"name": "log", "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable", "essential": true, "user": "0",
            "firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}}}]);
    let world = running(&[seeded]);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    let definition = text(&world, "task/web.yml");
    assert!(
        definition.contains("EMPTY: \"\"") && definition.contains("enable-ecs-log-metadata: \"true\""),
        "{definition}"
    );
    assert!(
        definition.contains("image: public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"),
        "{definition}"
    );
}

#[test]
fn what_services_share_is_one_base_layer() {
    let world = running(&[service("web", json!({})), service("worker", json!({}))]);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    assert!(text(&world, "ecsail.yml").contains("task_definition: [task/base.yml, task/web.yml]"));
    assert!(text(&world, "task/base.yml").contains("cpu: \"256\""));
    let own = text(&world, "task/worker.yml");
    assert!(own.contains("family: worker") && !own.contains("cpu"), "{own}");
}

#[test]
fn text_that_looks_like_a_template_is_text() {
    let hostile = [
        "{{.Name}}",
        "{% raw %}",
        "{# x #}",
        "a {{ b",
        "{% endraw %}{{ stage }}",
        "}}",
        "%}",
        "${#NAME}",
        "{{",
        "x{",
        "yes",
        "1.10",
        "0755",
        "a: b",
        "#",
        "- x",
        "multi\nline\n",
        " spaced ",
        "\"quoted\"",
        "back\\slash",
        "tab\t",
        "*",
        "&a",
        "!x",
        "null",
        "~",
        "",
    ];
    let environment: Vec<Value> = hostile
        .iter()
        .enumerate()
        .map(|(at, value)| json!({"name": format!("V{at}"), "value": value}))
        .collect();
    let container = json!({"environment": environment, "command": ["sh", "-c", "echo {{ x }}\nset -e\n"],
        "dockerLabels": {"{{key}}": "{{value}}"}});
    let world = running(&[with_container("web", container, json!({}))]);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    assert!(text(&world, "task/web.yml").contains("V0: \"{% raw %}{{.Name}}{% endraw %}\""));
}

#[test]
fn a_value_that_looks_secret_is_in_no_file_that_is_committed() {
    let value = "hunter2hunter2";
    let container = json!({"environment": [{"name": "DB_PASSWORD", "value": value}, {"name": "LOG_LEVEL", "value": "info"}]});
    let world = running(&[with_container("web", container, json!({}))]);
    let run = adopted(&world, &[]).says("`DB_PASSWORD` of container `app` of `web` looks like a secret");
    let run = run.says("secrets: { DB_PASSWORD: ARN }").answers("--env-file .ecsail/init.env");
    assert!(!run.stdout.contains(value) && !run.stderr.contains(value));
    assert!(text(&world, "task/web.yml").contains("DB_PASSWORD: \"{{ env.DB_PASSWORD }}\""));
    assert!(text(&world, ".ecsail/init.env").contains(&format!("DB_PASSWORD=\"{value}\"")));
    assert_eq!(text(&world, ".ecsail/.gitignore"), "*\n");
    plan_is_empty(&world, &["--env-file", ".ecsail/init.env", "--tag", "v1"]);
    let printed = world.run(&["init", "--cluster", "main", "--dry-run"]).exits(0);
    assert!(!printed.stdout.contains(value));
}

#[test]
fn services_in_other_versions_have_images_of_their_own() {
    let mut worker = service("worker", json!({}));
    worker.task_definition["containerDefinitions"][0]["image"] = json!(format!("{REPOSITORY}:v2"));
    let world = running(&[service("api", json!({})), service("web", json!({})), worker]);
    let run =
        adopted(&world, &[]).says("runs in several versions").answers("--tag app=v1 --tag app_worker=v2");
    drop(run);
    plan_is_empty(&world, &["--tag", "app=v1", "--tag", "app_worker=v2"]);
}

#[test]
fn a_service_that_another_tool_owns_keeps_its_definition() {
    let tagged = json!({"tags": [{"key": "ManagedBy", "value": "terraform"}]});
    let world = running(&[service("legacy", tagged), service("web", json!({}))]);
    let run = adopted(&world, &[]).says("service `legacy` seems to belong to Terraform (tag `ManagedBy`)");
    run.says("adopt them with `--own`");
    assert!(text(&world, "ecsail.yml").contains("  legacy: {}\n"), "{}", text(&world, "ecsail.yml"));
    assert!(!exists(&world, "task/legacy.yml") && !exists(&world, "service/legacy.yml"));
    plan_is_empty(&world, &["--tag", "v1"]);
    adopted(&world, &["--own", "--force"]);
    assert!(exists(&world, "task/legacy.yml"));
}

#[test]
fn a_check_that_what_runs_does_not_pass_is_left_out() {
    // AWS accepts it, and ECS Exec fails later.
    let world =
        running(&[service("web", json!({"enableExecuteCommand": true})), service("worker", json!({}))]);
    adopted(&world, &[])
        .says("what runs does not pass every check: `execute-command-role` left out with `ignore:`");
    let manifest = text(&world, "ecsail.yml");
    assert_eq!(manifest.matches("ignore: [execute-command-role]").count(), 1, "{manifest}");
    plan_is_empty(&world, &["--tag", "v1"]);
}

#[test]
fn nothing_is_overwritten_without_force() {
    let world = running(&[service("web", json!({}))]);
    world.folder.write("task/web.yml", "mine\n");
    let run = world.run(&["init", "--cluster", "main"]).exits(5).says("`task/web.yml` exists already");
    drop(run);
    assert!(!exists(&world, "ecsail.yml") && !exists(&world, ".schemas"), "all or nothing");
    assert_eq!(text(&world, "task/web.yml"), "mine\n");
    adopted(&world, &["--force"]);
    assert!(text(&world, "task/web.yml").contains("family: web"));
    world.sandbox.clear_requests();
    world.run(&["init", "--cluster", "main"]).exits(5).says("`ecsail.yml` exists already");
    assert!(world.sandbox.requests().is_empty(), "the manifest is looked for first");
}

#[test]
fn a_dry_run_prints_the_files_and_writes_none() {
    let world = running(&[service("web", json!({}))]);
    let run = world.run(&["init", "--cluster", "main", "--dry-run"]).exits(0);
    run.answers("# ecsail.yml").answers("# task/web.yml").answers("family: web");
    assert_eq!(world.folder.dir.path().read_dir().expect("a folder").count(), 0);
}

#[test]
fn a_secret_in_a_command_is_named_and_is_not_printed() {
    let container = json!({"command": ["serve", "--password", "hunter2hunter2"]});
    let world = running(&[with_container("web", container, json!({}))]);
    let run = world.run(&["init", "--cluster", "main", "--dry-run"]).exits(0);
    let run = run.says("a command of `web` holds what looks like a secret").answers("(hidden)");
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
}

#[test]
fn a_variable_that_repeats_the_tag_follows_it() {
    let container =
        json!({"environment": [{"name": "RELEASE", "value": "v1"}, {"name": "API", "value": "v1"}]});
    let world = running(&[with_container("web", container, json!({}))]);
    adopted(&world, &[]);
    let definition = text(&world, "task/web.yml");
    assert!(definition.contains("RELEASE: \"{{ tag }}\"") && definition.contains("API: v1"), "{definition}");
    world.run(&["plan", "--tag", "v2"]).exits(0).answers("environment[RELEASE]: v1 → v2");
}

#[test]
fn a_file_that_cannot_be_written_leaves_all_as_they_were() {
    let world = running(&[service("web", json!({}))]);
    world.folder.write("service", "a file in place of the folder");
    world.folder.write("ecsail.yml", "mine\n");
    world.run(&["init", "--cluster", "main", "--force"]).exits(1).says("failed to write `service/web.yml`");
    assert_eq!(text(&world, "ecsail.yml"), "mine\n");
    let left = world.folder.dir.path().read_dir().expect("a folder").count();
    assert_eq!(left, 2, "nothing else is left");
}

#[test]
fn a_service_of_another_controller_is_left_out_with_what_takes_it() {
    for controller in ["CODE_DEPLOY", "EXTERNAL"] {
        let other = service("api", json!({"deploymentController": {"type": controller}}));
        let world = running(&[service("web", json!({})), other]);
        let run = adopted(&world, &[]).says(&format!("has the deployment controller `{controller}`"));
        run.says("status api`").says("take it by its name");
        assert!(!text(&world, "ecsail.yml").contains("api"));
    }
}

#[test]
fn where_nothing_can_be_written_no_file_is() {
    let world = running(&[service("api", json!({"deploymentController": {"type": "CODE_DEPLOY"}}))]);
    let run = world.run(&["init", "--cluster", "main"]).exits(5);
    run.says("has the deployment controller `CODE_DEPLOY`").says("error: there is nothing to write");
    assert!(!exists(&world, "ecsail.yml"));
}

#[test]
fn only_the_named_services_are_written() {
    let world = running(&[service("web", json!({})), service("worker", json!({}))]);
    adopted(&world, &["--service", "web"]);
    assert!(exists(&world, "task/web.yml") && !exists(&world, "task/worker.yml"));
    let run = world.run(&["init", "--cluster", "main", "--service", "wbe", "--force"]).exits(2);
    run.says("no service named `wbe` in cluster `main`").says("did you mean `web`?");
}

#[test]
fn a_cluster_must_be_named_and_exist() {
    let world = running(&[service("web", json!({}))]);
    world.run(&["init"]).exits(2).says("no cluster to write the files of");
    world.run(&["init", "--cluster", "nope"]).exits(1).says("nope");
}

#[test]
fn what_is_written_is_reported_as_events() {
    let world = running(&[service("web", json!({}))]);
    let run = world.run(&["init", "--cluster", "main", "--output", "json"]).exits(0);
    assert_eq!(run.event("init.file")["path"], "ecsail.yml");
    let checked = run.event("init.checked");
    assert_eq!(
        (&checked["has_changes"], &checked["command"]),
        (&json!(false), &json!("ecsail plan --tag v1"))
    );
}

#[test]
fn a_plan_with_changes_is_no_success() {
    let world = running(&[service("web", json!({}))]);
    // The tag was pushed anew, so that a deploy of it would replace the tasks.
    world.move_tag("v1");
    let run = world.run(&["init", "--cluster", "main"]).exits(6);
    run.answers("a deploy would make the changes above");
}

#[test]
fn two_stages_are_one_manifest() {
    let staged = |stage: &str, cpu: &str| {
        let mut seeded = service(&format!("{stage}-web"), json!({}));
        seeded.cluster = format!("shop-{stage}");
        seeded.task_definition["family"] = json!(format!("shop-{stage}-web"));
        seeded.task_definition["cpu"] = json!(cpu);
        seeded.task_definition["memory"] = json!("1024");
        seeded
    };
    let mut extra = service("report", json!({}));
    extra.cluster = "shop-production".to_owned();
    let world = running(&[staged("staging", "256"), staged("production", "512"), extra]);
    let run = world
        .run(&["init", "--stage", "staging=shop-staging", "--stage", "production=shop-production"])
        .exits(0)
        .answers("staging: no changes")
        .answers("production: no changes");
    drop(run);
    for stage in ["staging", "production"] {
        plan_is_empty(&world, &["--stage", stage, "--tag", "v1"]);
    }
    let manifest = text(&world, "ecsail.yml");
    for line in ["app: shop", "cluster: \"shop-{{ stage }}\"", "name: \"{{ stage }}-web\""] {
        assert!(manifest.contains(line), "{line} is not in {manifest}");
    }
    assert!(text(&world, "task/web.yml").contains("family: \"shop-{{ stage }}-web\""));
    assert!(text(&world, "task/web.production.yml").ends_with("cpu: \"512\"\n"));
    world.run(&["check"]).exits(0);
}

// A new app

const NEW: &[&str] = &["init", "--new", "--name", "api", "--image", REPOSITORY, "--port", "8080"];

#[test]
fn a_new_app_deploys_in_the_sandbox_at_once() {
    let folder = Folder::new(&[]).env("ECSAIL_SANDBOX_STEP", "5s");
    let run = folder.run(NEW).exits(0).answers("wrote ecsail.yml");
    run.says("`ecsail --sandbox deploy --tag v2`");
    folder.run(&["--sandbox", "deploy", "--tag", "v2"]).exits(0).answers("api: deployed api:2");
    folder.run(&["check"]).exits(0).answers("no problems");
}

#[test]
fn a_new_worker_with_an_image_elsewhere_deploys_too() {
    let folder = Folder::new(&[]).env("ECSAIL_SANDBOX_STEP", "5s");
    folder
        .run(&["init", "--new", "--name", "on", "--image", "ghcr.io/shop/Worker:v1"])
        .exits(2)
        .says("capital letters");
    folder
        .run(&["init", "--new", "--name", "on", "--image", "ghcr.io/shop/worker:v1"])
        .exits(2)
        .says("name the repository alone, `ghcr.io/shop/worker`");
    folder.run(&["init", "--new", "--name", "on", "--image", "ghcr.io/shop/worker"]).exits(0);
    folder.run(&["--sandbox", "deploy", "--tag", "v2"]).exits(0).answers("on: deployed on:");
}

#[test]
fn a_new_app_calls_nothing_and_overwrites_nothing() {
    let world = World::new(Scenario::Steady);
    world.run(NEW).exits(5).says("`ecsail.yml` exists already");
    world.run(&[NEW, &["--dry-run"]].concat()).exits(0).answers("# task/api.yml");
    assert!(world.sandbox.requests().is_empty());
    assert!(!exists(&world, "task/api.yml"));
}

#[test]
fn what_a_new_app_needs_is_asked_or_named() {
    let folder = Folder::new(&[]);
    folder.run(&["init", "--new", "--name", "api"]).exits(2).says("no image for the new app");
    folder
        .run(&["init", "--new", "--name", "a b", "--image", "x"])
        .exits(2)
        .says("`a b` is no name of a service");
    folder.run(&["init", "--new", "--image", "x", "--stage", "a=b"]).exits(2);
    folder.run(&["init", "--image", "x"]).exits(2).says("--new");
}

#[cfg(unix)]
#[test]
fn a_wrong_answer_is_asked_again_and_cluster_and_region_are_asked_for() {
    use crate::support::terminal::Terminal;
    let folder = Folder::new(&[]).env("CI", "");
    let terminal = Terminal { columns: 120, rows: 40 };
    let steps = [
        ("Name of the app [", "a b\n"),
        ("`a b` is no name of a service", "api\n"),
        ("Repository of its image", "ghcr.io/shop/api\n"),
        ("Port that the container listens on", "http\n"),
        ("`http` is no port", "8080\n"),
        ("Cluster [main]:", "shop\n"),
        ("Region [us-east-1]:", "eu-west-1\n"),
    ];
    terminal.run(&folder.command(&["init", "--new"]), &steps).exits(0);
    let manifest = std::fs::read_to_string(folder.dir.path().join("ecsail.yml")).expect("it was written");
    assert!(manifest.contains("region: eu-west-1\ncluster: shop\n"), "{manifest}");
}

#[cfg(unix)]
#[test]
fn the_third_wrong_answer_ends_the_command() {
    use crate::support::terminal::Terminal;
    let folder = Folder::new(&[]).env("CI", "");
    let terminal = Terminal { columns: 120, rows: 40 };
    let steps = [("Name of the app [", "a b\n"), ("`a b` is no", "c d\n"), ("`c d` is no", "e f\n")];
    terminal.run(&folder.command(&["init", "--new"]), &steps).exits(2).shows("`e f` is no name of a service");
}
