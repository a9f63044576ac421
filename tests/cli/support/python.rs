//! Programs from PyPI for the conformance tests: the virtual environment, and servers that end with their test.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub(crate) const REGION: &str = "us-east-1";
/// The hint if a program of these tests fails.
pub(crate) const HINT: &str = "see tests/conformance/README.md";

/// The time that a server may take until it accepts connections.
const START: Duration = Duration::from_mins(1);

/// Returns the folder with the Python programs of these tests.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// Returns the programs' folder of a virtual environment with the pinned packages. It is created once, in the target
/// folder.
pub(crate) fn bin() -> &'static Path {
    static BIN: OnceLock<PathBuf> = OnceLock::new();
    BIN.get_or_init(|| {
        let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance-venv");
        let wanted = std::fs::read_to_string(folder().join("requirements.txt")).expect("the requirements are there");
        let stamp = venv.join("installed.txt");
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return venv.join("bin");
        }
        let hint = "the conformance tests need Python 3.11 or newer with `venv`, and PyPI: install python3 and python3-venv";
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), hint);
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args(["install", "--quiet", "--no-compile", "--disable-pip-version-check", "-r"]);
        run(pip.arg(folder().join("requirements.txt")), hint);
        std::fs::write(&stamp, wanted).expect("the target folder can be written");
        venv.join("bin")
    })
}

/// Returns a Python program of these tests, with credentials that any emulator accepts.
pub(crate) fn program(script: &str, endpoint: &str, account: &str) -> Command {
    let mut command = Command::new(bin().join("python"));
    command.arg(folder().join(script)).args(["--endpoint", endpoint]);
    command
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("AWS_DEFAULT_REGION", REGION);
    command
}

/// Runs a command to its end. If it fails, fails with its output and a hint.
pub(crate) fn run(command: &mut Command, hint: &str) -> String {
    let output =
        command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}; {hint}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{stdout}\n{stderr}\n{hint}");
    stdout
}

/// A server that is killed when its test ends, in whatever way.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Returns a server once it accepts connections on its port.
    pub(crate) fn on_port(mut command: Command, port: u16) -> Server {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server =
            Server { child: child.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")), port };
        let started = Instant::now();
        // A process without other signs of readiness can only be polled.
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.child.try_wait().expect("the process can be asked");
            assert!(
                ended.is_none() && started.elapsed() < START,
                "{command:?} does not answer on port {port}: {ended:?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Returns a server of this folder, which prints its port on its first line.
    fn of_this_folder(script: &str, arguments: &[&OsStr]) -> Server {
        let mut command = Command::new(bin().join("python"));
        command.arg(folder().join(script)).args(arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("python runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("text");
        let port = line.trim().rsplit(' ').next().and_then(|port| port.parse().ok());
        Server { child, port: port.unwrap_or_else(|| panic!("`{script}` prints its port: {line}")) }
    }

    /// Returns a proxy in front of a server, which records the calls in a folder.
    pub(crate) fn watching(server: &Server, notes: &Path) -> Server {
        Server::proxy("watching_proxy.py", server, notes)
    }

    /// Returns such a proxy that also refuses what ECS refuses, and answers in ECS's spelling.
    pub(crate) fn strict(server: &Server, notes: &Path) -> Server {
        Server::proxy("strict_proxy.py", server, notes)
    }

    fn proxy(script: &str, server: &Server, notes: &Path) -> Server {
        let upstream = server.url();
        let arguments = ["--upstream".as_ref(), upstream.as_ref(), "--folder".as_ref(), notes.as_os_str()];
        Server::of_this_folder(script, &arguments)
    }

    /// Returns moto's server.
    pub(crate) fn moto() -> Server {
        let port = free_port();
        let mut command = Command::new(bin().join("moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        Server::on_port(command, port)
    }

    /// Returns moto's server, in which so many tasks of a service run as soon as it is created.
    pub(crate) fn moto_with_running_tasks(count: u32) -> Server {
        let port = free_port();
        let mut command = Command::new(bin().join("moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command.env("MOTO_ECS_SERVICE_RUNNING", count.to_string());
        Server::on_port(command, port)
    }

    /// Returns MiniStack, which rolls out through the Docker stand-in.
    pub(crate) fn ministack() -> (Server, Server) {
        Server::ministack_with(&[])
    }

    /// Returns MiniStack with variables of its own.
    pub(crate) fn ministack_with(variables: &[(&str, &str)]) -> (Server, Server) {
        let docker = Server::of_this_folder("docker_standin.py", &["--port".as_ref(), "0".as_ref()]);
        let port = free_port();
        let mut command = Command::new(bin().join("ministack"));
        // Without the first two it would listen on all addresses.
        command.env("BIND_HOST", "127.0.0.1").env("IOT_MTLS_ENABLED", "0").env("MINISTACK_HOST", "127.0.0.1");
        command
            .env("GATEWAY_PORT", port.to_string())
            .env("DOCKER_HOST", format!("tcp://127.0.0.1:{}", docker.port))
            .envs(variables.iter().copied());
        (Server::on_port(command, port), docker)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}
