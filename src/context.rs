//! The context of a command: its settings, its report, and the connection to AWS or to the sandbox.

use std::cell::RefCell;
use std::time::Duration;

use crate::aws::Aws;
use crate::error::Result;
use crate::manifest::Manifest;
use crate::render::Desired;
use crate::report::Report;
use crate::settings::Settings;

/// The context of a command.
pub struct Context {
    pub settings: Settings,
    pub report: Box<dyn Report>,
    #[cfg(feature = "sandbox")]
    session: RefCell<Option<crate::sandboxed::Session>>,
    #[cfg(not(feature = "sandbox"))]
    session: RefCell<()>,
}

impl Context {
    /// Returns the context of a run.
    pub fn new(settings: Settings, report: Box<dyn Report>) -> Context {
        Context { settings, report, session: RefCell::default() }
    }

    /// Connects to AWS; with `--sandbox`, to an embedded sandbox that has what the manifest describes.
    ///
    /// # Errors
    /// No region, or a sandbox that cannot start.
    pub async fn connect(&self, manifest: &Manifest, desired: &Desired) -> Result<Aws> {
        let (region, role) = (manifest.region.as_deref(), manifest.role.as_deref());
        #[cfg(feature = "sandbox")]
        if let Some(scenario) = &self.settings.sandbox {
            let session = crate::sandboxed::Session::start(scenario, &self.settings, manifest, desired)?;
            let settings = session.settings(&self.settings);
            *self.session.borrow_mut() = Some(session);
            return Aws::connect(&settings, region, role).await;
        }
        let _ = (desired, &self.session);
        Aws::connect(&self.settings, region, role).await
    }

    /// Connects to AWS for a command that needs no documents; with `--sandbox`, to the state of earlier commands.
    ///
    /// # Errors
    /// As [`Context::connect`].
    pub async fn connect_only(&self, manifest: &Manifest) -> Result<Aws> {
        self.connect(manifest, &Desired::default()).await
    }

    /// Returns the environment for programs that this run starts: with `--sandbox` they reach the sandbox, and no
    /// account.
    pub fn environment(&self) -> std::collections::BTreeMap<String, String> {
        #[cfg(feature = "sandbox")]
        if let Some(session) = self.session.borrow().as_ref() {
            return session.environment(&self.settings.environment);
        }
        self.settings.environment.clone()
    }

    /// Returns the fixed time between two polls of a rollout; `None` where it adapts.
    pub fn poll_interval(&self) -> Option<Duration> {
        #[cfg(feature = "sandbox")]
        if let Some(session) = self.session.borrow().as_ref() {
            return session.settings(&self.settings).poll_interval;
        }
        self.settings.poll_interval
    }

    /// Saves the state of the sandbox for the next command, if there is a sandbox.
    ///
    /// # Errors
    /// A state file that cannot be written.
    pub fn finish(&self) -> Result<()> {
        #[cfg(feature = "sandbox")]
        if let Some(session) = self.session.borrow_mut().take() {
            session.save()?;
        }
        Ok(())
    }
}
