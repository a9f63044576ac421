//! The context of a command: its settings, its report, and the connection to AWS or to the sandbox.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use crate::apply::stage_lock::HeldLock;
use crate::aws::Aws;
use crate::error::Result;
use crate::lookup::LookupTable;
use crate::manifest::Manifest;
use crate::render::DesiredState;
use crate::report::Reporter;
use crate::settings::Settings;

/// The connection with which templates have looked something up.
struct LookupConnection {
    region: Option<String>,
    role: Option<String>,
    aws: Rc<Aws>,
    #[cfg(feature = "sandbox")]
    sandbox: Option<crate::sandbox_session::SandboxSession>,
}

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
    lookup_connection: RefCell<Option<LookupConnection>>,
    /// What was looked up in each stage, so that nothing is fetched twice in a run.
    lookups: RefCell<BTreeMap<Option<String>, LookupTable>>,
}

impl CommandContext {
    /// Returns the context of a run.
    pub fn new(settings: Settings, report: Box<dyn Reporter>) -> CommandContext {
        CommandContext {
            settings,
            reporter: Rc::from(report),
            stage_lock: HeldLock::default(),
            sandbox_session: RefCell::default(),
            lookup_connection: RefCell::default(),
            lookups: RefCell::default(),
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
            lookup_connection: RefCell::default(),
            lookups: RefCell::default(),
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
        let of_lookups = self.lookup_connection.borrow_mut().take();
        #[cfg(feature = "sandbox")]
        if let Some(scenario) = &self.settings.sandbox {
            let session =
                crate::sandbox_session::SandboxSession::start(scenario, &self.settings, manifest, desired)?;
            session.notes().iter().for_each(|note| self.reporter.report(&crate::report::Event::Note(note)));
            let settings = session.client_settings(&self.settings);
            drop(of_lookups);
            *self.sandbox_session.borrow_mut() = Some(session);
            return self.connect_with(&settings, region, role).await;
        }
        let _ = (desired, &self.sandbox_session);
        let is_same =
            |known: &LookupConnection| known.region.as_deref() == region && known.role.as_deref() == role;
        if let Some(aws) = of_lookups.filter(is_same).and_then(|known| Rc::into_inner(known.aws)) {
            return Ok(aws);
        }
        self.connect_with(&self.settings, region, role).await
    }

    /// Returns what was looked up in a stage so far.
    pub fn lookups_of(&self, stage: Option<&str>) -> LookupTable {
        self.lookups.borrow_mut().entry(stage.map(str::to_owned)).or_default().clone()
    }

    /// Connects to AWS for look-ups, before there are documents; with `--sandbox`, to one that is gone once the command connects.
    ///
    /// # Errors
    /// As of [`CommandContext::connect`].
    pub async fn connect_for_lookups(&self, settings: &Settings, manifest: &Manifest) -> Result<Rc<Aws>> {
        let (region, role) = (manifest.region.clone(), manifest.role.clone());
        if let Some(aws) = self.known_connection(region.as_ref(), role.as_ref()) {
            return Ok(aws);
        }
        #[cfg(feature = "sandbox")]
        let sandbox = match &settings.sandbox {
            Some(_) => Some(crate::sandbox_session::SandboxSession::for_lookups(settings, manifest)?),
            None => None,
        };
        #[cfg(feature = "sandbox")]
        let client_settings = sandbox.as_ref().map(|session| session.client_settings(settings));
        #[cfg(not(feature = "sandbox"))]
        let client_settings: Option<Settings> = None;
        let settings = client_settings.as_ref().unwrap_or(settings);
        let aws = Rc::new(self.connect_with(settings, region.as_deref(), role.as_deref()).await?);
        let connection = LookupConnection {
            region,
            role,
            aws: Rc::clone(&aws),
            #[cfg(feature = "sandbox")]
            sandbox,
        };
        *self.lookup_connection.borrow_mut() = Some(connection);
        Ok(aws)
    }

    /// Returns the connection with which templates have looked something up with this region and role of the manifest.
    fn known_connection(&self, region: Option<&String>, role: Option<&String>) -> Option<Rc<Aws>> {
        let known = self.lookup_connection.borrow();
        let known = known.as_ref()?;
        let is_same = known.region.as_ref() == region && known.role.as_ref() == role;
        is_same.then(|| Rc::clone(&known.aws))
    }

    /// Returns the settings of look-ups: with `--sandbox` those of its clients.
    pub fn lookup_settings(&self, settings: &Settings) -> Settings {
        #[cfg(feature = "sandbox")]
        if let Some(LookupConnection { sandbox: Some(session), .. }) =
            self.lookup_connection.borrow().as_ref()
        {
            return session.client_settings(settings);
        }
        settings.clone()
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

    /// Connects once more, with the credentials of the run instead of the role of the manifest.
    ///
    /// # Errors
    /// As of [`CommandContext::connect`].
    pub async fn connect_without_role(&self, manifest: &Manifest) -> Result<Aws> {
        let region = manifest.region.as_deref();
        #[cfg(feature = "sandbox")]
        let settings = {
            let session = self.sandbox_session.borrow();
            session.as_ref().map(|session| session.client_settings(&self.settings))
        };
        #[cfg(feature = "sandbox")]
        if let Some(settings) = settings {
            return self.connect_with(&settings, region, None).await;
        }
        self.connect_with(&self.settings, region, None).await
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
    pub fn program_environment(&self) -> BTreeMap<String, String> {
        let environment = self.sandbox_environment();
        without_approvals(environment.unwrap_or_else(|| self.settings.environment.clone()))
    }

    /// Returns the environment in which the sandbox is reached: that of the command, or of the look-ups before it.
    #[cfg(feature = "sandbox")]
    fn sandbox_environment(&self) -> Option<BTreeMap<String, String>> {
        let (of_command, of_lookups) = (self.sandbox_session.borrow(), self.lookup_connection.borrow());
        let of_lookups = of_lookups.as_ref().and_then(|known| known.sandbox.as_ref());
        let session = of_command.as_ref().or(of_lookups)?;
        Some(session.client_environment(&self.settings.environment))
    }

    #[cfg(not(feature = "sandbox"))]
    fn sandbox_environment(&self) -> Option<BTreeMap<String, String>> {
        None
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

/// Returns an environment without the approvals, which prove the identity of others.
fn without_approvals(mut environment: BTreeMap<String, String>) -> BTreeMap<String, String> {
    environment.retain(|name, _| !name.starts_with("ECSAIL_APPROVAL"));
    environment
}
