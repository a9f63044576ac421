//! Records a release on GitHub beside it: a deployment with its statuses, and after success a git tag. Never delays the release,
//! and never fails it: what was not recorded is a note at the end.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{access, client};
use crate::commands::stage_lock::runner;
use crate::context::CommandContext;
use crate::github::deployment::{DeploymentState, NewDeployment, NewStatus, environment};
use crate::github::event::is_commit;
use crate::github::git_tag::NewTag;
use crate::github_api::GitHubClient;
use crate::manifest::Manifest;
use crate::report::Event;
use crate::settings::Settings;

/// How long the end of a run waits for what is being recorded.
const LIMIT: Duration = Duration::from_secs(10);

/// What is deployed.
pub struct RecordedRelease {
    /// `deploy` or `rollback`.
    pub task: &'static str,
    pub release: String,
    pub tag: Option<String>,
    /// The commit that will run; `None` where it is not known.
    pub commit: Option<String>,
}

/// How it ended.
#[derive(Clone, Debug, Default)]
pub struct RecordedEnd {
    /// `None` where the end was not waited for.
    pub state: Option<DeploymentState>,
    pub description: String,
    /// Where the app is reached, if the manifest does not say.
    pub url: Option<String>,
}

/// Records one release; nothing where the manifest does not ask for it.
#[derive(Debug, Default)]
pub struct GitHubRecorder(Option<RecorderThread>);

#[derive(Debug)]
struct RecorderThread {
    end: oneshot::Sender<RecordedEnd>,
    /// What was not recorded.
    notes: oneshot::Receiver<Vec<String>>,
}

impl GitHubRecorder {
    /// Begins to record, on a thread of its own: a question or a busy release holds nothing up. In the sandbox nothing is recorded,
    /// unless `GITHUB_API_URL` is on this machine.
    pub fn start(manifest: &Manifest, begun: RecordedRelease, context: &CommandContext) -> GitHubRecorder {
        let settings = &context.settings;
        let is_off = settings.sandbox.is_some() && access(settings).is_err();
        let Some(recorder) = Recorder::new(manifest, begun, settings).filter(|_| !is_off) else {
            return GitHubRecorder::default();
        };
        let (end, ended) = oneshot::channel();
        let (told, notes) = oneshot::channel();
        let record = move || drop(told.send(recorder.record(ended)));
        // Without the thread, `notes` says so.
        let _ = std::thread::Builder::new().name("github".to_owned()).spawn(record);
        GitHubRecorder(Some(RecorderThread { end, notes }))
    }

    /// Records the end, waits a while for that, and reports what was not recorded.
    pub async fn finish(self, end: RecordedEnd, context: &CommandContext) {
        let Some(thread) = self.0 else { return };
        // A thread that has ended has its notes already.
        let _ = thread.end.send(end);
        let notes = tokio::time::timeout(LIMIT, thread.notes).await.ok().and_then(Result::ok);
        let late = || vec!["failed to record the release on GitHub in time".to_owned()];
        for note in notes.unwrap_or_else(late) {
            context.reporter.report(&Event::Note(&note));
        }
    }
}

/// What the thread needs.
struct Recorder {
    settings: Settings,
    deployment: Option<NewDeployment>,
    tag: Option<NewTag>,
    url: Option<String>,
    run_url: Option<String>,
    has_commit: bool,
}

impl Recorder {
    /// Returns the recorder of a release; `None` where the manifest does not ask for one.
    fn new(manifest: &Manifest, begun: RecordedRelease, settings: &Settings) -> Option<Recorder> {
        let setting = manifest.github.as_ref()?;
        let commit = begun.commit.filter(|commit| is_commit(commit));
        let app = manifest.app.clone();
        let what = [app.as_deref(), begun.tag.as_deref()];
        let what: Vec<&str> = what.into_iter().flatten().collect();
        let new_deployment = |commit: &String| NewDeployment {
            commit: commit.clone(),
            environment: environment(setting.environment.as_deref(), manifest.stage.as_deref()),
            task: begun.task,
            description: format!("{} of {}", begun.task, what.join(" ")),
            release: begun.release.clone(),
            app: app.clone(),
            tag: begun.tag.clone(),
        };
        // A rollback leaves the tags of releases where they are; one that follows what runs is moved back.
        let sets_tag = begun.task == "deploy" || setting.moves_tag;
        let name = setting.tag.as_ref().filter(|_| sets_tag);
        let new_tag = |commit: &String| {
            Some(NewTag { name: name?.clone(), commit: commit.clone(), moves: setting.moves_tag })
        };
        let is_asked = setting.deployments || name.is_some();
        is_asked.then(|| Recorder {
            settings: settings.clone(),
            deployment: commit.as_ref().filter(|_| setting.deployments).map(new_deployment),
            tag: commit.as_ref().and_then(new_tag),
            url: setting.url.clone(),
            run_url: runner(settings).run_url,
            has_commit: commit.is_some(),
        })
    }

    /// Records until the end of the release. Returns what was not recorded.
    fn record(&self, ended: oneshot::Receiver<RecordedEnd>) -> Vec<String> {
        let failed = |why: String| vec![format!("failed to record the release on GitHub: {why}")];
        if !self.has_commit {
            return failed("its commit is not known".to_owned());
        }
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(async {
                match client(&self.settings) {
                    Ok(client) => self.record_with(&client, ended).await,
                    Err(why) => failed(why),
                }
            }),
            Err(error) => failed(error.to_string()),
        }
    }

    async fn record_with(&self, client: &GitHubClient, ended: oneshot::Receiver<RecordedEnd>) -> Vec<String> {
        let mut notes = Vec::new();
        let deployment = match &self.deployment {
            Some(new) => self.begin(new, client, &mut notes).await,
            None => None,
        };
        let Ok(end) = ended.await else { return notes };
        let Some(state) = end.state else { return notes };
        if let Some(id) = deployment {
            let url = self.url.clone().or(end.url).filter(|_| state == DeploymentState::Success);
            let status = self.status(state, end.description, url);
            if let Err(error) = client.set_deployment_status(id, &status).await {
                notes.push(format!("failed to record the end of the deployment on GitHub: {error}"));
            }
        }
        if let Some(tag) = self.tag.as_ref().filter(|_| state == DeploymentState::Success) {
            notes.extend(put_tag(tag, client).await);
        }
        notes
    }

    /// Creates the deployment, and says that it is in progress. Returns its id; `None` if there is no deployment.
    async fn begin(
        &self,
        new: &NewDeployment,
        client: &GitHubClient,
        notes: &mut Vec<String>,
    ) -> Option<u64> {
        let failed = |error| format!("failed to record the deployment on GitHub: {error}");
        let id = match client.create_deployment(new).await {
            Ok(id) => id,
            Err(error) => {
                notes.push(failed(error));
                return None;
            }
        };
        let status = self.status(DeploymentState::InProgress, new.description.clone(), None);
        notes.extend(client.set_deployment_status(id, &status).await.err().map(failed));
        Some(id)
    }

    fn status(&self, state: DeploymentState, description: String, url: Option<String>) -> NewStatus {
        NewStatus { state, description, url, run_url: self.run_url.clone() }
    }
}

/// Sets the tag. Returns the note where it was not set.
async fn put_tag(tag: &NewTag, client: &GitHubClient) -> Option<String> {
    let name = &tag.name;
    match client.put_tag(tag).await {
        Ok(None) => None,
        Ok(Some(object)) => {
            let object = object.get(..7).unwrap_or(&object);
            Some(format!(
                "git tag `{name}` is on {object} already and stays there; `move_tag: true` moves it"
            ))
        }
        Err(error) => Some(format!("failed to set git tag `{name}`: {error}")),
    }
}
