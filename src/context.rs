//! Owns what every command has: the settings, the report, and the way to AWS or to the sandbox in its place.

use std::cell::RefCell;
use std::time::Duration;

use crate::aws::Aws;
use crate::error::Result;
use crate::manifest::Manifest;
use crate::render::Desired;
use crate::report::Report;
use crate::settings::Settings;

/// Holds what a command works with.
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

    /// Returns the way to AWS; under `--sandbox`, to an embedded sandbox that has what the manifest describes.
    ///
    /// # Errors
    /// No region, or a sandbox that cannot start.
    pub async fn connect(&self, manifest: &Manifest, desired: &Desired) -> Result<Aws> {
        #[cfg(feature = "sandbox")]
        if let Some(scenario) = &self.settings.sandbox {
            let session = crate::sandboxed::Session::start(scenario, &self.settings, manifest, desired)?;
            let settings = session.settings(&self.settings);
            *self.session.borrow_mut() = Some(session);
            return Aws::connect(&settings, manifest).await;
        }
        let _ = (desired, &self.session);
        Aws::connect(&self.settings, manifest).await
    }

    /// Returns the way to AWS for a verb that needs no documents; under `--sandbox`, to the state of earlier commands.
    ///
    /// # Errors
    /// As [`Context::connect`].
    pub async fn connect_only(&self, manifest: &Manifest) -> Result<Aws> {
        self.connect(manifest, &Desired::default()).await
    }

    /// Returns the environment for programs that this run starts: in the sandbox they reach the sandbox too, and no account.
    pub fn environment(&self) -> std::collections::BTreeMap<String, String> {
        #[cfg(feature = "sandbox")]
        if let Some(session) = self.session.borrow().as_ref() {
            return session.environment(&self.settings.environment);
        }
        self.settings.environment.clone()
    }

    /// Returns the time between two looks at a rollout, where it does not adapt.
    pub fn poll_interval(&self) -> Option<Duration> {
        #[cfg(feature = "sandbox")]
        if let Some(session) = self.session.borrow().as_ref() {
            return session.settings(&self.settings).poll_interval;
        }
        self.settings.poll_interval
    }

    /// Keeps the sandbox's state for the next command, where there was a sandbox.
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
