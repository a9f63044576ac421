//! Shared by the tests: a folder with a manifest, a sandbox for the binary, and the output of the binary.

pub(crate) mod emulator;
#[cfg(unix)]
pub(crate) mod file_server;
pub(crate) mod github_api;
#[cfg(unix)]
pub(crate) mod pseudo_terminal;
pub(crate) mod python;
pub(crate) mod source;
pub(crate) mod terminal;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ecsail_sandbox::{
    Clock, Options, Request, Sandbox, Scenario, Seed, SeedRepository, SeedService, SeedTag,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{permissions, policy};

pub(crate) const REPOSITORY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app";

/// The manifest of most tests: one service, with its definition in a file.
pub(crate) const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
services:
  web:
    task_definition: web.yml
";

/// A manifest with one service of Express Mode.
pub(crate) const EXPRESS: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
services:
  web:
    express:
      infrastructureRoleArn: arn:aws:iam::123456789012:role/infrastructure
      executionRoleArn: arn:aws:iam::123456789012:role/execution
      healthCheckPath: /health
      primaryContainer:
        image: \"{{ image.app }}\"
        containerPort: 8080
        environment: { LOG_LEVEL: info, REGION: eu, TEAM: shop }
      scalingTarget: { minTaskCount: 2, maxTaskCount: 4 }
      networkConfiguration: { subnets: [subnet-1, subnet-2], securityGroups: [sg-1] }
      tags: { team: shop }
";

pub(crate) const DEFINITION: &str = "\
family: web
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 256
memory: 512
executionRoleArn: arn:aws:iam::123456789012:role/execution
containerDefinitions:
  - name: app
    image: {{ image.app }}
";

/// The output of one run of the binary.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Run {
    /// Returns the JSON lines of stdout.
    pub(crate) fn events(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// Returns the first event of this name.
    pub(crate) fn event(&self, name: &str) -> Value {
        let events = self.events();
        let found = events.iter().find(|event| event["event"] == name).cloned();
        found.unwrap_or_else(|| panic!("no event `{name}` in {}", self.stdout))
    }

    /// Fails unless this is the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Run {
        assert!(
            self.stderr.contains(text),
            "`{text}` is not in stderr:\n{}\nstdout:\n{}",
            self.stderr,
            self.stdout
        );
        self
    }

    #[track_caller]
    pub(crate) fn answers(self, text: &str) -> Run {
        assert!(
            self.stdout.contains(text),
            "`{text}` is not in stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// A folder to run the binary in, without AWS.
pub(crate) struct Folder {
    pub(crate) dir: TempDir,
    env: BTreeMap<String, String>,
}

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder { dir: TempDir::new().expect("a temporary folder"), env: BTreeMap::new() };
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    /// Returns the texts of the files in the folder itself.
    pub(crate) fn texts(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).expect("the folder can be read");
        entries.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok()).collect()
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Folder {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Returns the binary in this folder, without the user's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        command(self.dir.path(), &self.env, arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        finished(self.command(arguments))
    }
}

pub(crate) fn command(folder: &Path, env: &BTreeMap<String, String>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecsail"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_clear();
    // The commit is read with git, and without a home the user's git configuration is not used.
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder);
    // Without it, a change needs `--yes`, and a test that is run on a terminal would wait for an answer.
    command.env("CI", "true").envs(env);
    command
}

pub(crate) fn finished(mut command: Command) -> Run {
    let output = command.output().expect("the binary runs");
    Run {
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
        code: output.status.code().unwrap_or(-1),
    }
}

/// A sandbox, and a folder to run the binary in.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: Folder,
    /// Whether a process was started that may run beside the next one.
    shared: Cell<bool>,
}

impl World {
    /// Returns a world with [`MANIFEST`] and [`DEFINITION`], and service `web` running tag `v1`.
    pub(crate) fn new(scenario: Scenario) -> World {
        World::with(
            scenario,
            &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)],
            &[service("web", json!({}))],
        )
    }

    /// Returns a world whose service has the circuit breaker on, with rollback.
    pub(crate) fn with_breaker(scenario: Scenario) -> World {
        let breaker = json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
        World::with(
            scenario,
            &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)],
            &[service("web", breaker)],
        )
    }

    /// Returns the world of [`World::new`] in which no time passes.
    pub(crate) fn held() -> World {
        let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
        World::with_clock(Clock::Held, Scenario::Steady, &files, &[service("web", json!({}))])
    }

    pub(crate) fn with(scenario: Scenario, files: &[(&str, &str)], services: &[SeedService]) -> World {
        World::with_clock(Clock::Poll(Duration::from_secs(5)), scenario, files, services)
    }

    fn with_clock(
        clock: Clock,
        scenario: Scenario,
        files: &[(&str, &str)],
        services: &[SeedService],
    ) -> World {
        let options = Options { clock, scenario, ..Options::default() };
        let sandbox = Sandbox::start(options).expect("the sandbox starts");
        let tag = |(index, tag): (usize, &&str)| SeedTag {
            tag: (*tag).to_owned(),
            digest: None,
            pushed_at: Some(1_700_000_000.0 + index as f64),
            findings: None,
        };
        let tags = ["v1", "v2", "v3"].iter().enumerate().map(tag).collect();
        let repositories = vec![SeedRepository { name: "shop/app".to_owned(), tags }];
        let seed = Seed { services: services.to_vec(), repositories, ..Seed::default() };
        sandbox.seed(&seed).expect("the seed is good");
        let folder = Folder::new(files)
            .env("AWS_ENDPOINT_URL", &sandbox.url())
            .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "example")
            .env("AWS_REGION", "us-east-1")
            .env("ECSAIL_POLL_INTERVAL", "2ms")
            .env("ECSAIL_LOOKUP_PAUSE", "2ms");
        World { sandbox, folder, shared: Cell::new(false) }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let before = self.sandbox.requests().len();
        let run = self.folder.run(arguments);
        // Where another process was started, the requests are not of this command line alone.
        if !self.shared.get() {
            let requests = self.sandbox.requests();
            let requests = requests.get(before..).unwrap_or_default();
            permissions::are_listed(arguments, requests);
            if let Some(verb) = permissions::verb(arguments) {
                policy::allows(&self.folder, &verb, arguments, requests);
            }
        }
        run
    }

    /// Runs the program without a terminal, and not in CI.
    pub(crate) fn unattended(&self, arguments: &[&str]) -> Run {
        let mut command = self.folder.command(arguments);
        finished(terminal::without_terminal(command.env("CI", "")))
    }

    pub(crate) fn deploy(&self, tag: &str) -> Run {
        self.run(&["deploy", "service", "web", "--tag", tag])
    }

    /// Returns the calls of an operation.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Request> {
        let mut requests = self.sandbox.requests();
        requests.retain(|request| request.operation == operation);
        requests
    }

    /// Fails if anything was changed in AWS.
    #[track_caller]
    pub(crate) fn unchanged(&self) {
        let changing = [
            "RegisterTaskDefinition",
            "UpdateService",
            "CreateService",
            "DeleteService",
            "CreateExpressGatewayService",
            "UpdateExpressGatewayService",
            "DeleteExpressGatewayService",
            "UntagResource",
            "TagResource",
            "DeregisterTaskDefinition",
            "DeleteTaskDefinitions",
            "RunTask",
            "StopTask",
            "RegisterScalableTarget",
            "DeregisterScalableTarget",
            "PutScalingPolicy",
            "DeleteScalingPolicy",
            "PutScheduledAction",
            "DeleteScheduledAction",
        ];
        let calls: Vec<_> = self.sandbox.requests().into_iter().map(|request| request.operation).collect();
        assert!(calls.iter().all(|call| !changing.contains(&call.as_str())), "{calls:?}");
    }

    pub(crate) fn call(&self, operation: &str, input: Value) -> Value {
        self.sandbox.call("ecs", operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// Returns a service, as of `DescribeServices`.
    pub(crate) fn service(&self, name: &str) -> Value {
        self.call("DescribeServices", json!({"cluster": "main", "services": [name]}))["services"][0].clone()
    }

    /// Returns a task definition with its tags.
    pub(crate) fn definition(&self, name: &str) -> (Value, BTreeMap<String, String>) {
        let answer =
            self.call("DescribeTaskDefinition", json!({"taskDefinition": name, "include": ["TAGS"]}));
        let tags = answer["tags"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tags = tags.map(|tag| (text(&tag["key"]), text(&tag["value"]))).collect();
        (answer["taskDefinition"].clone(), tags)
    }

    /// Returns the number of revisions of a family.
    pub(crate) fn revisions(&self, family: &str) -> usize {
        let list = self.call("ListTaskDefinitions", json!({"familyPrefix": family}));
        list["taskDefinitionArns"].as_array().map_or(0, Vec::len)
    }

    /// Pushes another image under an existing tag.
    pub(crate) fn move_tag(&self, tag: &str) {
        let input =
            json!({"repositoryName": "shop/app", "imageTag": tag, "imageManifest": "{\"another\": true}"});
        self.sandbox.call("ecr", "PutImage", input).expect("the image can be pushed");
    }

    /// Pushes an image under a new tag.
    pub(crate) fn push(&self, tag: &str) {
        let manifest = json!({"schemaVersion": 2, "tag": tag}).to_string();
        let input = json!({"repositoryName": "shop/app", "imageTag": tag, "imageManifest": manifest});
        self.sandbox.call("ecr", "PutImage", input).expect("the image can be pushed");
    }

    /// Returns the image under a tag, as of `DescribeImages`.
    pub(crate) fn image(&self, tag: &str) -> Value {
        let input = json!({"repositoryName": "shop/app", "imageIds": [{"imageTag": tag}]});
        let answer = self.sandbox.call("ecr", "DescribeImages", input).expect("it is there");
        answer["imageDetails"][0].clone()
    }

    /// Starts the binary without waiting for it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.shared.set(true);
        let mut command = self.folder.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
    }
}

/// Returns a service that runs tag `v1`, with additional members of `CreateService`.
pub(crate) fn service(name: &str, members: Value) -> SeedService {
    SeedService {
        name: name.to_owned(),
        cluster: "main".to_owned(),
        task_definition: json!({
            "family": name, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "containerDefinitions": [{"name": "app", "image": format!("{REPOSITORY}:v1")}]
        }),
        service: members,
    }
}

/// Returns the service members that add a target group.
pub(crate) fn behind_target_group() -> Value {
    json!({"loadBalancers": [{"containerName": "app", "containerPort": 80,
        "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"}]})
}

/// Returns service `web` with these members, and the file of its definition; both have port 80.
pub(crate) fn with_port_80(members: Value) -> (SeedService, String) {
    let mut seeded = service("web", members);
    seeded.task_definition["containerDefinitions"][0]["portMappings"] = json!([{"containerPort": 80}]);
    (seeded, format!("{DEFINITION}    portMappings: [ {{ containerPort: 80 }} ]\n"))
}
