//! An emulator (MiniStack or moto), a folder to run the binary in, and other clients that read and change its state.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::python::{HINT, REGION, Server, bin, program, run};
use super::{DEFINITION, Folder, MANIFEST, Run};

/// The account in the manifests of tests. It is replaced by the emulator's own.
const ACCOUNT: &str = "123456789012";

/// An emulator with service `web` running tag `v1`, and a folder to run the binary in.
pub(crate) struct Emulator {
    pub(crate) folder: Folder,
    pub(crate) kind: &'static str,
    account: &'static str,
    server: Server,
    _docker: Option<Server>,
    watched: Option<(Server, TempDir)>,
}

impl Emulator {
    pub(crate) fn ministack(seed: &[&str]) -> Emulator {
        let (server, docker) = Server::ministack();
        Emulator::new("ministack", "111111111111", server, Some(docker), seed)
    }

    /// Returns MiniStack, which evaluates the policies of its users; the account itself may do everything.
    pub(crate) fn authorizing_ministack() -> Emulator {
        let (server, docker) = Server::ministack_with(&[("AUTH", "true")]);
        let mut roles = program("authorize.py", &server.url(), "111111111111");
        run(roles.args(["--roles", "ecsTaskExecutionRole", "execution", "scheduler"]), HINT);
        Emulator::new("ministack", "111111111111", server, Some(docker), &[])
    }

    pub(crate) fn moto(seed: &[&str]) -> Emulator {
        Emulator::new("moto", ACCOUNT, Server::moto(), None, seed)
    }

    /// Returns moto with services whose deployments are completed.
    pub(crate) fn completed_moto() -> Emulator {
        Emulator::new("moto", ACCOUNT, Server::moto_with_running_tasks(2), None, &[])
    }

    fn new(
        kind: &'static str,
        account: &'static str,
        server: Server,
        docker: Option<Server>,
        seed: &[&str],
    ) -> Emulator {
        let mut command = program("seed_emulator.py", &server.url(), account);
        run(command.args(["--kind", kind, "--region", REGION, "--access-key", account]).args(seed), HINT);
        let manifest = MANIFEST.replace(ACCOUNT, account);
        let folder = Folder::new(&[
            ("ecsail.yml", &manifest),
            ("web.yml", DEFINITION),
            ("kept/ecsail.yml", &kept(&manifest)),
        ])
        .env("AWS_ENDPOINT_URL", &server.url())
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("ECSAIL_POLL_INTERVAL", "100ms");
        Emulator { folder, kind, account, server, _docker: docker, watched: None }
    }

    /// Returns the emulator with other files, and a proxy that records all calls of ecsail.
    pub(crate) fn watched(self, files: &[(&str, &str)]) -> Emulator {
        for (name, text) in files {
            self.write(name, text);
        }
        self.behind(Server::watching)
    }

    /// Returns the emulator behind a proxy that refuses what ECS refuses, and answers in ECS's spelling.
    pub(crate) fn strict(self) -> Emulator {
        self.behind(Server::strict)
    }

    fn behind(mut self, proxy: fn(&Server, &std::path::Path) -> Server) -> Emulator {
        let notes = TempDir::new().expect("a temporary folder");
        let proxy = proxy(&self.server, notes.path());
        self.folder = self.folder.env("AWS_ENDPOINT_URL", &proxy.url());
        self.watched = Some((proxy, notes));
        self
    }

    /// Returns the address of the emulator.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the access key, by which emulators tell accounts apart.
    pub(crate) fn access_key(&self) -> &'static str {
        self.account
    }

    /// Writes a file to the folder, with the emulator's account.
    pub(crate) fn write(&self, name: &str, text: &str) {
        self.folder.write(name, &self.with_account(text));
    }

    /// Returns a text with the emulator's account.
    pub(crate) fn with_account(&self, text: &str) -> String {
        text.replace(ACCOUNT, self.account)
    }

    pub(crate) fn deploy(&self, arguments: &[&str]) -> Run {
        self.folder.run(&[&["deploy", "service", "web"], arguments].concat())
    }

    /// Runs the binary, and returns its output and its calls that change something, sorted.
    pub(crate) fn changes(&self, arguments: &[&str]) -> (Run, Vec<String>) {
        let (_, notes) = self.watched.as_ref().expect("it is watched");
        let path = notes.path().join("calls.txt");
        std::fs::write(&path, "").expect("the notes can be written");
        let run = self.folder.run(arguments);
        let calls = std::fs::read_to_string(&path).expect("text");
        assert!(calls.lines().count() > 0, "ecsail calls the emulator through the proxy: {run:?}");
        let mut changing: Vec<String> =
            calls.lines().filter(|call| changes(call)).map(str::to_owned).collect();
        changing.sort();
        (run, changing)
    }

    /// Fails unless a plan shows no change and makes no call that changes something.
    #[track_caller]
    pub(crate) fn is_unchanged(&self, arguments: &[&str]) -> Run {
        let (run, changing) = self.changes(&[&["plan"], arguments, &["--exit-code"]].concat());
        assert_eq!(changing, [""; 0], "{}: {run:?}", self.kind);
        run.exits(0)
    }

    /// Makes `PutTargets` fail for these targets from now on.
    pub(crate) fn refuse(&self, targets: &[&str]) {
        let (_, notes) = self.watched.as_ref().expect("it is watched");
        std::fs::write(notes.path().join("refuse.txt"), targets.join("\n"))
            .expect("the notes can be written");
    }

    /// Returns the state of the emulator, read with boto3.
    pub(crate) fn look(&self) -> Value {
        self.other_client(&["show"])
    }

    /// Returns the output of another client: see `other_client.py`.
    pub(crate) fn other_client(&self, arguments: &[&str]) -> Value {
        let mut command = program("other_client.py", &self.server.url(), self.account);
        serde_json::from_str(&run(command.args(arguments), HINT)).expect("JSON")
    }

    /// Returns the output of the AWS CLI.
    pub(crate) fn aws(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(bin().join("aws"));
        command
            .args(["--endpoint-url", &self.server.url(), "--region", REGION, "--output", "text"])
            .args(arguments);
        command.env("AWS_ACCESS_KEY_ID", self.account).env("AWS_SECRET_ACCESS_KEY", "example");
        run(&mut command, HINT)
    }

    pub(crate) fn revision(&self) -> String {
        let query = ["--query", "services[0].taskDefinition"];
        let arn = self.aws(
            &[&["ecs", "describe-services", "--cluster", "main", "--services", "web"], &query[..]].concat(),
        );
        arn.trim().rsplit('/').next().unwrap_or_default().to_owned()
    }
}

/// Returns whether a call, as named by the proxy, changes anything.
fn changes(call: &str) -> bool {
    let looks = ["GET ", "Describe", "List", "Get", "BatchGet", "Filter"];
    !looks.iter().any(|begin| call.starts_with(begin))
}

/// Returns the manifest of a service that keeps its running definition.
fn kept(manifest: &str) -> String {
    manifest.replace("  web:\n    task_definition: web.yml\n", "  web: {}\n")
}
