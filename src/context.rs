//! The context of a command: its settings, its report, and the connection to AWS or to the sandbox.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::apply::stage_lock::HeldLock;
use crate::aws::Aws;
use crate::error::Result;
use crate::manifest::Manifest;
use crate::render::DesiredState;
use crate::report::Reporter;
use crate::settings::Settings;

/// The context of a command.
pub struct CommandContext {
    pub settings: Settings,
    pub reporter: Rc<dyn Reporter>,
    /// The lock of the stage, as long as this run holds it.
    pub stage_lock: HeldLock,
    #[cfg(feature = "sandbox")]
    sandbox_session: RefCell<Option<crate::sandbox_session::SandboxSession>>,
    #[cfg(not(feature = "sandbox"))]
    sandbox_session: RefCell<()>,
}

impl CommandContext {
    /// Returns the context of a run.
    pub fn new(settings: Settings, report: Box<dyn Reporter>) -> CommandContext {
        CommandContext {
            settings,
            reporter: Rc::from(report),
            stage_lock: HeldLock::default(),
            sandbox_session: RefCell::default(),
        }
    }

    /// Returns the context with a lock that also others can release, who end the process.
    pub fn with_stage_lock(self, stage_lock: HeldLock) -> CommandContext {
        CommandContext { stage_lock, ..self }
    }

    /// Returns the context of the same run for another stage: with settings of its own, the same report and the same lock.
    pub fn with_settings(&self, settings: Settings) -> CommandContext {
        CommandContext {
            settings,
            reporter: self.reporter.clone(),
            stage_lock: self.stage_lock.clone(),
            sandbox_session: RefCell::default(),
        }
    }

    /// Releases the lock of the stage at the end of a command, if it holds one.
    pub async fn release_stage_lock(&self) {
        if let Err(why) = self.stage_lock.release().await {
            let note = format!("failed to release the lock of the stage, which ends with its lease: {why}");
            self.reporter.report(&crate::report::Event::Note(&note));
        }
    }

    /// Connects to AWS and logs in; with `--sandbox`, to an embedded sandbox that has what the manifest describes.
    ///
    /// # Errors
    /// No region, no credentials, or a sandbox that cannot start.
    pub async fn connect(&self, manifest: &Manifest, desired: &DesiredState) -> Result<Aws> {
        let (region, role) = (manifest.region.as_deref(), manifest.role.as_deref());
        #[cfg(feature = "sandbox")]
        if let Some(scenario) = &self.settings.sandbox {
            let session =
                crate::sandbox_session::SandboxSession::start(scenario, &self.settings, manifest, desired)?;
            session.notes().iter().for_each(|note| self.reporter.report(&crate::report::Event::Note(note)));
            let settings = session.client_settings(&self.settings);
            *self.sandbox_session.borrow_mut() = Some(session);
            return self.connect_with(&settings, region, role).await;
        }
        let _ = (desired, &self.sandbox_session);
        self.connect_with(&self.settings, region, role).await
    }

    async fn connect_with(
        &self,
        settings: &Settings,
        region: Option<&str>,
        role: Option<&str>,
    ) -> Result<Aws> {
        let aws = Aws::connect(settings, region, role).await?;
        aws.log_in(self.reporter.as_ref()).await?;
        Ok(aws)
    }

    /// Connects to AWS for a command that needs no documents; with `--sandbox`, to the state of earlier commands.
    ///
    /// # Errors
    /// As [`Context::connect`].
    pub async fn connect_without_definitions(&self, manifest: &Manifest) -> Result<Aws> {
        self.connect(manifest, &DesiredState::default()).await
    }

    /// Returns the environment for programs that this run starts: with `--sandbox` they reach the sandbox, and no
    /// account.
    pub fn program_environment(&self) -> std::collections::BTreeMap<String, String> {
        #[cfg(feature = "sandbox")]
        if let Some(session) = self.sandbox_session.borrow().as_ref() {
            return session.client_environment(&self.settings.environment);
        }
        self.settings.environment.clone()
    }

    /// Returns the fixed time between two polls of a rollout; `None` where it adapts.
    pub fn poll_interval(&self) -> Option<Duration> {
        #[cfg(feature = "sandbox")]
        if let Some(session) = self.sandbox_session.borrow().as_ref() {
            return session.client_settings(&self.settings).poll_interval;
        }
        self.settings.poll_interval
    }

    /// Saves the state of the sandbox for the next command, if there is a sandbox.
    ///
    /// # Errors
    /// A state file that cannot be written.
    pub fn save_sandbox_state(&self) -> Result<()> {
        #[cfg(feature = "sandbox")]
        if let Some(session) = self.sandbox_session.borrow_mut().take() {
            session.save()?;
        }
        Ok(())
    }
}
