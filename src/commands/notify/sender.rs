//! Sends the messages of a release beside it, in their order. Never delays the release, and never fails it: what was not
//! delivered is a note at the end.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::aws::Aws;
use crate::aws::ssm::ParameterReader;
use crate::aws::webhook::{WebhookSender, signature};
use crate::context::CommandContext;
use crate::manifest::notify::{ManifestNotification, NotificationChannel, SecretSource};
use crate::notify::{NotificationKind, ReleaseNotice, slack, webhook};
use crate::report::Event;
use crate::settings::Settings;

/// How long a message may take, and how long the end of a run waits for the last ones.
const LIMIT: Duration = Duration::from_secs(5);

/// The messages of a run.
#[derive(Debug, Default)]
pub struct Notifier {
    channels: Vec<Channel>,
}

/// One entry of `notify`, and the thread that sends its messages.
#[derive(Debug)]
struct Channel {
    on: Vec<NotificationKind>,
    messages: UnboundedSender<Message>,
    /// Why a message was not delivered.
    ended: oneshot::Receiver<Option<String>>,
}

/// Tells those who want to know.
pub struct Teller(Vec<(Vec<NotificationKind>, UnboundedSender<Message>)>);

impl Teller {
    /// Tells those who want to know. Returns at once.
    pub fn tell(&self, kind: NotificationKind, notice: &ReleaseNotice) {
        for (_, messages) in self.0.iter().filter(|(on, _)| on.contains(&kind)) {
            // A thread that has ended reports why by itself.
            let _ = messages.send((kind, notice.clone()));
        }
    }
}

type Message = (NotificationKind, ReleaseNotice);

impl Channel {
    /// Starts to send, on a thread of its own: a question or a busy release holds no message up.
    fn start(post: Post) -> Channel {
        let (messages, received) = unbounded_channel();
        let (end, ended) = oneshot::channel();
        let on = post.entry.on.clone();
        let send = move || drop(end.send(post.send_all(received)));
        // Without the thread, `ended` says so.
        let _ = std::thread::Builder::new().name("notify".to_owned()).spawn(send);
        Channel { on, messages, ended }
    }
}

impl Notifier {
    /// Returns the notifier of a manifest. In the sandbox it sends nothing, and reports a note.
    pub fn start(entries: &[ManifestNotification], aws: &Aws, context: &CommandContext) -> Notifier {
        if entries.is_empty() {
            return Notifier::default();
        }
        if context.settings.sandbox.is_some() {
            let note = "in the sandbox nobody is told: preview the messages with `ecsail notify --dry-run`";
            context.reporter.report(&Event::Note(note));
            return Notifier::default();
        }
        let parameters = aws.parameter_reader().ok();
        let posts = entries.iter().enumerate().map(|(index, entry)| Post {
            index,
            entry: entry.clone(),
            parameters: parameters.clone(),
            settings: context.settings.clone(),
        });
        Notifier { channels: posts.map(Channel::start).collect() }
    }

    /// Tells those who want to know. Returns at once.
    pub fn tell(&self, kind: NotificationKind, notice: &ReleaseNotice) {
        self.teller().tell(kind, notice);
    }

    /// Returns what tells them, for a part of the run. It must be gone before the end, which waits for all messages.
    pub fn teller(&self) -> Teller {
        let recipient = |channel: &Channel| (channel.on.clone(), channel.messages.clone());
        Teller(self.channels.iter().map(recipient).collect())
    }

    /// Waits a while for the messages that are being sent, and reports what was not delivered.
    pub async fn finish(self, context: &CommandContext) {
        let ends = self.channels.into_iter().enumerate().map(async |(index, channel)| {
            let Channel { messages, ended, .. } = channel;
            drop(messages);
            let failed = || Some(format!("failed to tell `notify[{index}]` of the release in time"));
            tokio::time::timeout(LIMIT, ended).await.ok().and_then(Result::ok).unwrap_or_else(failed)
        });
        for note in futures_util::future::join_all(ends).await.into_iter().flatten() {
            context.reporter.report(&Event::Note(&note));
        }
    }
}

/// What a thread needs to send the messages of one entry.
struct Post {
    index: usize,
    entry: ManifestNotification,
    parameters: Option<ParameterReader>,
    settings: Settings,
}

impl Post {
    /// Sends messages until there are no more. Returns why the first one that was not delivered was not.
    fn send_all(&self, received: UnboundedReceiver<Message>) -> Option<String> {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let failure = match built {
            Ok(runtime) => runtime.block_on(self.run(received)),
            Err(error) => Some(error.to_string()),
        };
        failure.map(|why| format!("failed to tell `notify[{}]` of the release: {why}", self.index))
    }

    async fn run(&self, mut received: UnboundedReceiver<Message>) -> Option<String> {
        let mut failure = None;
        let mut prepared = None;
        while let Some((kind, notice)) = received.recv().await {
            let delivery = match prepared.take() {
                Some(known) => known,
                None => Delivery::prepare(&self.entry, self.parameters.as_ref(), &self.settings).await,
            };
            let sent = match &delivery {
                Ok(delivery) => delivery.send(kind, &notice).await,
                Err(why) => Err(why.clone()),
            };
            failure = failure.or(sent.err());
            prepared = Some(delivery);
        }
        failure
    }
}

/// How the messages of one entry are sent.
struct Delivery {
    sender: WebhookSender,
    is_slack: bool,
    /// The signing secret, in Base64.
    secret: Option<String>,
}

impl Delivery {
    async fn prepare(
        entry: &ManifestNotification,
        parameters: Option<&ParameterReader>,
        settings: &Settings,
    ) -> Result<Delivery, String> {
        let address = read_secret(&entry.address, parameters, settings).await?;
        let secret = match &entry.channel {
            NotificationChannel::Webhook { secret: Some(source) } => {
                let secret = read_secret(source, parameters, settings).await?;
                let secret = webhook::secret_text(&secret)?.to_owned();
                signature(&secret, "")?;
                Some(secret)
            }
            _ => None,
        };
        let sender = WebhookSender::new(&address, settings)?;
        Ok(Delivery { sender, is_slack: entry.channel == NotificationChannel::Slack, secret })
    }

    async fn send(&self, kind: NotificationKind, notice: &ReleaseNotice) -> Result<(), String> {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let body = if self.is_slack {
            slack::payload(kind, notice).to_string()
        } else {
            webhook::payload(kind, notice, &now).to_string()
        };
        let id = format!("msg_{:032x}", fastrand::u128(..));
        self.sender.post(&body, || self.headers(&id, &body), LIMIT).await
    }

    /// Returns the headers of an attempt: the id is the same for each, and the time is that of the attempt.
    fn headers(&self, id: &str, body: &str) -> Vec<(String, String)> {
        if self.is_slack {
            return Vec::new();
        }
        let seconds = jiff::Timestamp::now().as_second();
        let mut headers = vec![
            ("webhook-id".to_owned(), id.to_owned()),
            ("webhook-timestamp".to_owned(), seconds.to_string()),
        ];
        let signed =
            self.secret.as_ref().map(|secret| signature(secret, &webhook::signed_text(id, seconds, body)));
        if let Some(Ok(signature)) = signed {
            headers.push(("webhook-signature".to_owned(), format!("v1,{signature}")));
        }
        headers
    }
}

/// Returns why the messages of an entry cannot be sent, as far as the environment shows it; parameters are not read.
pub(super) fn setting_problem(entry: &ManifestNotification, settings: &Settings) -> Option<String> {
    let secret = match &entry.channel {
        NotificationChannel::Webhook { secret: Some(source) } => variable(source, settings),
        _ => None,
    };
    let checked_secret = secret.map(|secret| signature(webhook::secret_text(&secret?)?, "").map(drop));
    let checked_address =
        variable(&entry.address, settings).map(|address| WebhookSender::new(&address?, settings).map(drop));
    checked_address.into_iter().chain(checked_secret).find_map(Result::err)
}

/// Returns the value of a variable; `None` for a parameter.
fn variable(source: &SecretSource, settings: &Settings) -> Option<Result<String, String>> {
    let SecretSource::Variable(name) = source else { return None };
    let value = settings.environment.get(name).filter(|value| !value.is_empty()).cloned();
    Some(value.ok_or_else(|| format!("{} is not set", source.in_words())))
}

async fn read_secret(
    source: &SecretSource,
    parameters: Option<&ParameterReader>,
    settings: &Settings,
) -> Result<String, String> {
    match source {
        SecretSource::Variable(_) => variable(source, settings).unwrap_or_else(|| Err(source.in_words())),
        SecretSource::Parameter(name) => {
            let Some(parameters) = parameters else { return Err("no connection to AWS".to_owned()) };
            let read = tokio::time::timeout(LIMIT, parameters.read(name)).await;
            read.unwrap_or_else(|_| Err(format!("no answer within {} s", LIMIT.as_secs())))
                .map_err(|why| format!("failed to read {}: {why}", source.in_words()))
        }
    }
}
