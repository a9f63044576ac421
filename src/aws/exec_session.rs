//! Opens ECS Exec sessions to containers, and runs `session-manager-plugin` with them.

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use serde_json::json;

use super::raw_json::RawJson;
use super::{ApiError, Aws};

/// The AWS program that connects to a session.
pub const SESSION_PLUGIN: &str = "session-manager-plugin";

/// An open session. Its token gives access to the container, so it is never printed.
pub struct ExecSession {
    /// The session as ECS returned it.
    document: String,
    /// The parameters with which the plugin would resume it.
    parameters: String,
    endpoint: String,
}

/// The container that a command runs in.
#[derive(Clone, Copy, Debug)]
pub struct ExecTarget<'a> {
    pub cluster: &'a str,
    pub task: &'a str,
    pub container: &'a str,
    /// The container's id in its runtime.
    pub runtime_id: &'a str,
}

impl Aws {
    /// Opens a session that runs a command.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn execute_command(
        &self,
        room: &ExecTarget<'_>,
        command: &str,
    ) -> Result<ExecSession, ApiError> {
        let (raw, endpoint) = (RawJson::capture(), EndpointCapture::default());
        let request = self.ecs.execute_command().cluster(room.cluster).task(room.task);
        let request = request.container(room.container).command(command).interactive(true);
        let sent = request.customize().interceptor(raw.clone()).interceptor(endpoint.clone()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:ExecuteCommand", error))?;
        let answer = raw.take_response("ecs:ExecuteCommand")?;
        if !answer["session"].is_object() {
            return Err(ApiError::unreadable("ecs:ExecuteCommand"));
        }
        let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
        let cluster = last(answer["clusterArn"].as_str().unwrap_or(room.cluster));
        let target = format!("ecs:{cluster}_{}_{}", last(room.task), room.runtime_id);
        Ok(ExecSession {
            document: answer["session"].to_string(),
            parameters: json!({ "Target": target }).to_string(),
            endpoint: endpoint.address(),
        })
    }
}

/// An interceptor that keeps the address that a call was sent to.
#[derive(Clone, Debug, Default)]
struct EndpointCapture(Arc<Mutex<String>>);

impl EndpointCapture {
    fn address(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[dyn_dispatch_hint]
impl Intercept for EndpointCapture {
    fn name(&self) -> &'static str {
        "Endpoint"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let address = context.request().uri().trim_end_matches('/').to_owned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = address;
        Ok(())
    }
}

/// The installed session-manager-plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPlugin {
    path: PathBuf,
}

impl SessionPlugin {
    /// Returns the plugin in the directories of a `PATH`, or `None` if it is not installed.
    pub fn find(folders: &str) -> Option<SessionPlugin> {
        let name = format!("{SESSION_PLUGIN}{}", std::env::consts::EXE_SUFFIX);
        let found =
            std::env::split_paths(folders).map(|folder| folder.join(&name)).find(|path| is_executable(path));
        found.map(|path| SessionPlugin { path })
    }

    /// Runs the plugin with a session on this terminal, and returns its exit code.
    ///
    /// While it runs, Ctrl-C, Ctrl-\ and Ctrl-Z are left to the plugin, which sends them to the container.
    ///
    /// # Errors
    /// The plugin could not be started.
    pub fn run(&self, session: &ExecSession, region: &str, profile: &str) -> io::Result<u8> {
        #[cfg(unix)]
        let _held = hold_keyboard_signals()?;
        let mut command = Command::new(&self.path);
        command.args([&session.document, region, "StartSession", profile]);
        command.args([&session.parameters, &session.endpoint]);
        Ok(exit_code(command.status()?))
    }
}

#[cfg(unix)]
fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &std::path::Path) -> bool {
    path.is_file()
}

/// Listens for the keyboard's signals, so that they neither end nor stop this process. The plugin still gets their
/// default handling, because a child process does not inherit handlers.
#[cfg(unix)]
fn hold_keyboard_signals() -> io::Result<[tokio::signal::unix::Signal; 3]> {
    use tokio::signal::unix::{SignalKind, signal};
    // tokio has no name for SIGTSTP.
    let stop = if cfg!(target_os = "linux") { 20 } else { 18 };
    Ok([signal(SignalKind::interrupt())?, signal(SignalKind::quit())?, signal(SignalKind::from_raw(stop))?])
}

/// Returns the exit code of a process; of one ended by a signal, 128 plus the signal's number, as in a shell.
fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128u8.saturating_add(u8::try_from(signal).unwrap_or(u8::MAX));
    }
    status.code().map_or(1, |code| u8::try_from(code & 0xff).unwrap_or(1))
}
