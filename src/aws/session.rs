//! Owns ECS Exec: the session that ECS opens to a container, and handing it over to `session-manager-plugin`.

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use serde_json::json;

use super::raw::RawJson;
use super::{ApiError, Aws};

/// The program of AWS that speaks for a session.
pub const PLUGIN: &str = "session-manager-plugin";

/// Holds an open session. Whoever has its token is in the container: it is never printed.
pub struct Session {
    /// The session as ECS gives it.
    document: String,
    /// What the plugin would start it with anew.
    parameters: String,
    endpoint: String,
}

/// Holds where a command is to run.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    pub cluster: &'a str,
    pub task: &'a str,
    pub container: &'a str,
    /// The container's id in its runtime.
    pub runtime_id: &'a str,
}

impl Aws {
    /// Returns a session in which a command runs.
    ///
    /// # Errors
    /// The API's.
    pub async fn execute_command(&self, room: &Room<'_>, command: &str) -> Result<Session, ApiError> {
        let (raw, endpoint) = (RawJson::keep(), Endpoint::default());
        let request = self.ecs.execute_command().cluster(room.cluster).task(room.task);
        let request = request.container(room.container).command(command).interactive(true);
        let sent = request.customize().interceptor(raw.clone()).interceptor(endpoint.clone()).send().await;
        sent.map_err(|error| ApiError::new("ecs:ExecuteCommand", error))?;
        let answer = raw.answer("ecs:ExecuteCommand")?;
        if !answer["session"].is_object() {
            return Err(ApiError::unreadable("ecs:ExecuteCommand"));
        }
        let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
        let cluster = last(answer["clusterArn"].as_str().unwrap_or(room.cluster));
        let target = format!("ecs:{cluster}_{}_{}", last(room.task), room.runtime_id);
        Ok(Session {
            document: answer["session"].to_string(),
            parameters: json!({ "Target": target }).to_string(),
            endpoint: endpoint.address(),
        })
    }
}

/// Keeps the address that a call was sent to.
#[derive(Clone, Debug, Default)]
struct Endpoint(Arc<Mutex<String>>);

impl Endpoint {
    fn address(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Endpoint {
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

/// Holds where the plugin is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    path: PathBuf,
}

impl Plugin {
    /// Returns the plugin in the folders of a `PATH`; nothing where it is not installed.
    pub fn find(folders: &str) -> Option<Plugin> {
        let name = format!("{PLUGIN}{}", std::env::consts::EXE_SUFFIX);
        let found = std::env::split_paths(folders).map(|folder| folder.join(&name)).find(|path| runs(path));
        found.map(|path| Plugin { path })
    }

    /// Runs the plugin with a session, on our own terminal, and returns what it ended with.
    ///
    /// Until then Ctrl-C, Ctrl-\ and Ctrl-Z are the plugin's: it sends them to the other side.
    ///
    /// # Errors
    /// It could not be started.
    pub fn run(&self, session: &Session, region: &str, profile: &str) -> io::Result<u8> {
        #[cfg(unix)]
        let _held = held()?;
        let mut command = Command::new(&self.path);
        command.args([&session.document, region, "StartSession", profile]);
        command.args([&session.parameters, &session.endpoint]);
        Ok(code_of(command.status()?))
    }
}

#[cfg(unix)]
fn runs(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(path: &std::path::Path) -> bool {
    path.is_file()
}

/// Listens to the signals of the keyboard, so that they do not end or stop this process. The plugin's own handling
/// begins anew: what is only listened to is not inherited.
#[cfg(unix)]
fn held() -> io::Result<[tokio::signal::unix::Signal; 3]> {
    use tokio::signal::unix::{SignalKind, signal};
    // SIGTSTP has no name in tokio.
    let stop = if cfg!(target_os = "linux") { 20 } else { 18 };
    Ok([signal(SignalKind::interrupt())?, signal(SignalKind::quit())?, signal(SignalKind::from_raw(stop))?])
}

/// Returns the exit code of a process; one that a signal ended has 128 and its number, as in a shell.
fn code_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128u8.saturating_add(u8::try_from(signal).unwrap_or(u8::MAX));
    }
    status.code().map_or(1, |code| u8::try_from(code & 0xff).unwrap_or(1))
}
