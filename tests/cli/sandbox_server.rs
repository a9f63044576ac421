//! Tests of `ecsail sandbox serve` as a server: what it survives, who may call it, and what it leaves behind.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use crate::support::{DEFINITION, Folder, MANIFEST, finished};

/// A served sandbox.
struct Served {
    folder: Folder,
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
    variables: Vec<(String, String)>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn new() -> Served {
        Served::with_file_descriptors(1024)
    }

    /// Serves a sandbox in a process that may have only so many file descriptors.
    fn with_file_descriptors(limit: u32) -> Served {
        let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)])
            .env("ECSAIL_POLL_INTERVAL", "20ms")
            .env("RUST_LOG", "warn");
        let served = folder.command(&["sandbox", "serve"]);
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {limit} && exec \"$0\" sandbox serve");
        command.args(["-c", &script]).arg(served.get_program()).current_dir(folder.dir.path()).env_clear();
        command.envs(served.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("`sh` runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped")).lines();
        let stderr = BufReader::new(child.stderr.take().expect("piped")).lines();
        let variables = stdout.by_ref().take(5).map(|line| {
            let line = line.expect("text");
            let (name, value) = line.trim_start_matches("export ").split_once('=').expect("an assignment");
            (name.to_owned(), value.to_owned())
        });
        let variables = variables.collect();
        Served { folder, child, stdout, stderr, variables }
    }

    fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| known == name);
        let missing = || panic!("no `{name}`: {:?}", self.variables);
        found.map_or_else(missing, |(_, value)| value.as_str())
    }

    fn connect(&self) -> TcpStream {
        let address = self.variable("AWS_ENDPOINT_URL").trim_start_matches("http://");
        TcpStream::connect(address).expect("the sandbox listens")
    }

    /// Sends a request and returns the status of the answer.
    fn status(&self, line: &str, headers: &str) -> u16 {
        let mut stream = self.connect();
        let text = format!("{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n{headers}\r\n");
        stream.write_all(text.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// Takes connections until the server has no file descriptor left.
    fn exhaust(&mut self) -> Vec<TcpStream> {
        let taken = (0..64).map(|_| self.connect()).collect();
        let line = self.stderr.find(|line| line.as_ref().is_ok_and(|line| line.contains("accept")));
        assert!(line.is_some(), "it reports that it cannot accept a connection");
        taken
    }

    /// Ends the server with a signal, and returns its exit code.
    fn end(&mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("`kill` is there").success());
        assert!(self.stdout.next().is_none(), "nothing else is printed");
        self.child.wait().expect("it ends").code()
    }

    /// Runs a command against the served sandbox.
    fn client(&self, arguments: &[&str]) -> crate::support::Run {
        let mut client = self.folder.command(arguments);
        client.envs(self.variables.iter().map(|(name, value)| (name, value)));
        finished(client)
    }
}

#[test]
fn it_goes_on_after_it_had_no_file_descriptor_left() {
    let mut served = Served::with_file_descriptors(32);
    let taken = served.exhaust();
    drop(taken);
    served.client(&["status"]).exits(0).answers("web: web:1, 2/2 running");
}

#[test]
fn its_state_is_kept_when_it_ends_without_a_file_descriptor() {
    let mut served = Served::with_file_descriptors(32);
    served.client(&["deploy", "--tag", "v2"]).exits(0);
    let _taken = served.exhaust();
    assert_eq!(served.end("-TERM"), Some(0));
    served.folder.run(&["--sandbox", "status"]).exits(0).answers("web: web:2, 2/2 running");
}

#[test]
fn its_state_is_kept_when_it_is_terminated() {
    let mut served = Served::new();
    served.client(&["deploy", "--tag", "v2"]).exits(0);
    assert_eq!(served.end("-TERM"), Some(0));
    served.folder.run(&["--sandbox", "status"]).exits(0).answers("web: web:2, 2/2 running");
}

#[test]
fn its_state_is_for_its_user_only() {
    let mut served = Served::new();
    served.folder.write(".ecsail/sandbox.json", "");
    let state = served.folder.dir.path().join(".ecsail");
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).expect("its own");
    assert_eq!(served.end("-TERM"), Some(0));
    for (path, mode) in [("", 0o700), ("sandbox.json", 0o600), (".gitignore", 0o600)] {
        let found = std::fs::metadata(state.join(path)).expect("it was written");
        assert_eq!(found.permissions().mode() & 0o777, mode, "{path}");
    }
}

#[test]
fn its_control_endpoints_require_the_token_that_it_prints() {
    let served = Served::new();
    let token = served.variable("ECSAIL_SANDBOX_TOKEN");
    let with_token = format!("host: localhost\r\nauthorization: Bearer {token}\r\n");
    assert_eq!(served.status("GET /_sandbox/requests", &with_token), 200);
    assert_eq!(served.status("GET /_sandbox/requests", "host: localhost\r\n"), 401);
}

#[test]
fn a_token_of_the_environment_is_used() {
    let mut folder = Folder::new(&[]);
    folder = folder.env("ECSAIL_SANDBOX_TOKEN", "chosen");
    let mut command = folder.command(&["sandbox", "serve", "--output", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("text");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let event: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(event["token"], "chosen");
}

#[test]
fn it_refuses_names_of_other_hosts() {
    let served = Served::new();
    assert_eq!(served.status("POST /", "host: rebound.example\r\n"), 403);
}
