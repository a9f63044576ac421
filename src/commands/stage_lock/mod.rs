//! Takes the lock of a stage for a command that changes it, and waits for it. [`crate::lock`] decides when it may be taken.

use std::time::{Duration, Instant};

use super::notify::sender::Notifier;
use crate::apply::stage_lock::{LockAttempt, WatchClock, keep, replace, try_take, unique_id};
use crate::aws::dynamodb::ItemTable;
use crate::aws::error::ApiErrorKind;
use crate::aws::{ApiError, Aws};
use crate::context::CommandContext;
use crate::duration;
use crate::error::{Failure, Result};
use crate::lock::{Holder, LeaseWatch, LockDecision, LockKind, LockRecord, lock_key};
use crate::manifest::Manifest;
use crate::notify::{NotificationKind, ReleaseNotice};
use crate::observe::lock_holder::in_progress;
use crate::release::task_origin::TaskOrigin;
use crate::report::Event;
use crate::settings::Settings;

mod holder;

use holder::holder;

/// How long a command waits for a lock: longer than a lease, so that it can outlast a holder that is gone.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(15);
/// The longest pause between two looks at a lock.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What a lock is taken for.
#[derive(Clone, Copy, Debug)]
pub struct LockPurpose<'a> {
    /// The command, such as `deploy`.
    pub command: &'a str,
    pub release: Option<&'a str>,
}

impl LockPurpose<'_> {
    /// Returns the purpose of a command that has no release.
    pub fn of(command: &str) -> LockPurpose<'_> {
        LockPurpose { command, release: None }
    }
}

/// Takes the lock of the manifest's stage, if it has one, and keeps it until the end of the run. From then on each call that
/// changes something is sent only while the lock is held.
///
/// # Errors
/// Another command or person has the lock, the table does not exist, or a call failed.
pub async fn lock_stage(
    manifest: &Manifest,
    aws: &Aws,
    purpose: LockPurpose<'_>,
    context: &CommandContext,
) -> Result<()> {
    let Some(lock) = &manifest.lock else { return Ok(()) };
    if context.settings.without_lock {
        let note =
            "the stage is changed without its lock, as `--no-lock` asks: another command may change it too";
        context.reporter.report(&Event::Note(note));
        return Ok(());
    }
    let record = LockRecord {
        holder: holder(aws, purpose, context).await,
        lease: lock.lease,
        ..new_record(manifest, purpose.release)
    };
    let told = (purpose.command == "deploy").then_some(manifest);
    let taken = take(&aws.item_table(&lock.table)?, record, told, aws, context).await?;
    let table = aws.item_table(&lock.table)?;
    let guard = keep(table, taken.record, taken.sent_at.elapsed(), &context.stage_lock)?;
    aws.guard_changes(std::sync::Arc::new(guard));
    Ok(())
}

/// Returns a record of the lock of a manifest, without a holder.
pub fn new_record(manifest: &Manifest, release: Option<&str>) -> LockRecord {
    let (app, stage) = (manifest.app.as_deref(), manifest.stage.as_deref());
    let own = manifest.services.iter().filter_map(|service| manifest.cluster_of(service));
    let mut clusters: Vec<String> = own.chain(manifest.cluster.clone()).collect();
    clusters.sort();
    clusters.dedup();
    let started_by = |task: &String| Some(TaskOrigin::new(release?, app, stage, task).as_started_by());
    LockRecord {
        key: lock_key(app.unwrap_or_default(), stage),
        kind: LockKind::Run,
        is_held: true,
        owner: unique_id(),
        version: unique_id(),
        lease: crate::lock::DEFAULT_LEASE,
        holder: Default::default(),
        since: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        until: None,
        clusters,
        services: manifest.service_names.iter().cloned().collect(),
        tasks: manifest.release_tasks.iter().filter_map(started_by).collect(),
        note: None,
    }
}

/// A lock that was taken.
pub struct TakenLock {
    pub record: LockRecord,
    /// When the write that took it was sent.
    pub sent_at: Instant,
}

/// Takes a lock, and waits for it as long as the settings say. Those whom the manifest names are told that it waits.
///
/// # Errors
/// Another command or person has the lock, the table does not exist, or a call failed.
pub async fn take(
    table: &ItemTable,
    record: LockRecord,
    told: Option<&Manifest>,
    aws: &Aws,
    context: &CommandContext,
) -> Result<TakenLock> {
    let mut waiting = LockWait {
        table,
        aws,
        context,
        record,
        watch: LeaseWatch::default(),
        clock: WatchClock::start(),
        reported: None,
        told,
        notifier: Notifier::default(),
    };
    let taken = waiting.take().await;
    waiting.notifier.finish(context).await;
    taken
}

/// A command that waits for a lock.
struct LockWait<'a> {
    table: &'a ItemTable,
    aws: &'a Aws,
    context: &'a CommandContext,
    record: LockRecord,
    watch: LeaseWatch,
    clock: WatchClock,
    /// What was reported last: the owner, and why the lock is not taken over.
    reported: Option<(String, Option<String>)>,
    told: Option<&'a Manifest>,
    notifier: Notifier,
}

impl LockWait<'_> {
    async fn take(&mut self) -> Result<TakenLock> {
        let timeout = self.context.settings.lock_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let started = Instant::now();
        loop {
            let sent_at = Instant::now();
            let Some((other, why)) = self.attempt().await? else {
                return Ok(TakenLock { record: self.record.clone(), sent_at });
            };
            let pause = (other.lease / 10).min(LONGEST_PAUSE);
            if started.elapsed() + pause > timeout {
                return Err(busy_failure(&other, why.as_deref(), started.elapsed()));
            }
            self.report(&other, why);
            tokio::time::sleep(pause).await;
        }
    }

    /// Tells those whom the manifest names that the command waits.
    fn tell(&mut self, reason: &str) {
        let Some(manifest) = self.told.filter(|_| self.reported.is_none()) else { return };
        let holder = &self.record.holder;
        let notice = ReleaseNotice {
            app: manifest.app.clone(),
            stage: manifest.stage.clone(),
            tag: manifest.tags.summary(),
            release: holder.release.clone(),
            who: holder.who.clone(),
            run_url: holder.run_url.clone(),
            emergency: self.context.settings.emergency.clone(),
            reason: Some(reason.to_owned()),
            ..ReleaseNotice::default()
        };
        self.notifier = Notifier::start(&manifest.notify, self.aws, self.context);
        self.notifier.tell(NotificationKind::Waiting, &notice);
    }

    /// Attempts to take the lock. Returns who has it, and why it is not taken over although its lease is over.
    async fn attempt(&mut self) -> Result<Option<(LockRecord, Option<String>)>> {
        let key = self.record.key.clone();
        let attempt = try_take(self.table, &self.record, &mut self.watch, &self.clock).await;
        match attempt.map_err(|error| table_failure(&self.table.name, error))? {
            LockAttempt::Taken => Ok(None),
            LockAttempt::Unreadable => Err(unreadable_failure(&key, &self.table.name)),
            LockAttempt::Busy { other, decision } => self.handle(*other, decision).await,
        }
    }

    async fn handle(
        &mut self,
        other: LockRecord,
        decision: LockDecision,
    ) -> Result<Option<(LockRecord, Option<String>)>> {
        let (version, note) = match decision {
            LockDecision::Held if is_own_hold(&self.record, &other) => (other.version.clone(), None),
            LockDecision::Held => return Err(held_failure(&other)),
            LockDecision::TakeEndedHold { version } => (version, None),
            LockDecision::LeaseOver { version } => {
                if let Some(why) = self.reason_to_wait(&other).await {
                    return Ok(Some((other, Some(why))));
                }
                let lease = duration::text(other.lease);
                let note = format!("taken over from {}: no renewal for {lease}", other.holder.in_words());
                (version, Some(note))
            }
            // Taken or free between two calls: look again.
            LockDecision::Take | LockDecision::Own | LockDecision::Wait => return Ok(Some((other, None))),
        };
        self.record.note = note.clone();
        let replaced = replace(self.table, &self.record, &version).await;
        if !replaced.map_err(|error| table_failure(&self.table.name, error))? {
            self.record.note = None;
            return Ok(Some((other, None)));
        }
        if let Some(note) = note {
            let note = format!("the lock of `{}` was {note}", self.record.key);
            self.context.reporter.report(&Event::Note(&note));
        }
        Ok(None)
    }

    /// Returns why a lock whose lease is over is not taken over yet.
    async fn reason_to_wait(&self, other: &LockRecord) -> Option<String> {
        match in_progress(other, self.aws).await {
            Ok(None) => None,
            Ok(Some(what)) => Some(format!("its lease is over, but {what} is in progress")),
            Err(error) => Some(format!("its lease is over, but what it began could not be read: {error}")),
        }
    }

    /// Reports for whom the command waits, once for each holder and reason.
    fn report(&mut self, other: &LockRecord, why: Option<String>) {
        let state = (other.owner.clone(), why);
        if self.reported.as_ref() == Some(&state) {
            return;
        }
        let reason = state.1.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
        let note = format!(
            "waiting for the lock of `{}`: held since {} by {}{reason}",
            other.key,
            other.since,
            other.holder.in_words()
        );
        self.context.reporter.report(&Event::Note(&note));
        self.tell(&note);
        self.reported = Some(state);
    }
}

/// Returns whether a hold replaces another one of the same person.
fn is_own_hold(own: &LockRecord, other: &LockRecord) -> bool {
    own.kind == LockKind::Hold && own.holder.is_same_person(&other.holder)
}

/// Returns the failure of a call to the table.
pub fn table_failure(table: &str, error: ApiError) -> Failure {
    if error.kind != ApiErrorKind::NotFound {
        let hint = "look at the table, or change the stage without its lock with `--no-lock`".to_owned();
        return Failure::error("failed to read or write the lock of the stage")
            .with_cause(error)
            .with_hint(hint);
    }
    Failure::error(format!("no DynamoDB table named `{table}`"))
        .with_cause(error)
        .with_hint("create it with `ecsail lock init`".to_owned())
}

/// Returns the failure that an item is not a lock.
pub fn unreadable_failure(key: &str, table: &str) -> Failure {
    let hint = "name another table in `lock:`, or delete the item".to_owned();
    Failure::error(format!("item `{key}` of table `{table}` is not a lock of ecsail")).with_hint(hint)
}

fn held_failure(other: &LockRecord) -> Failure {
    let until = other.until.and_then(time_text).map(|until| format!(" until {until}")).unwrap_or_default();
    let message = format!("`{}` is held{until} by {}", other.key, other.holder.in_words());
    Failure::refused(message).with_hint(
        "wait for the end of the hold, or end it with `ecsail lock release`; of others, with `--force`"
            .to_owned(),
    )
}

fn busy_failure(other: &LockRecord, why: Option<&str>, waited: Duration) -> Failure {
    let why = why.map(|why| format!("; {why}")).unwrap_or_default();
    let message = format!(
        "the lock of `{}` is held by {}, also after {}{why}",
        other.key,
        other.holder.in_words(),
        duration::text(waited)
    );
    Failure::refused(message)
        .with_hint("look at it with `ecsail lock status`, or wait longer with `--lock-timeout`".to_owned())
        .with_hint("if its holder is gone, release it with `ecsail lock release --force`".to_owned())
}

/// Returns a time in seconds since 1970 as text.
pub fn time_text(seconds: i64) -> Option<String> {
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Returns the holder of a lock that is taken by hand.
pub async fn person(aws: &Aws, command: &str, reason: Option<&str>, context: &CommandContext) -> Holder {
    let holder = holder(aws, LockPurpose::of(command), context).await;
    Holder { reason: reason.map(str::to_owned).or(holder.reason.clone()), ..holder }
}

/// Returns who runs this command, as far as it is known without AWS.
pub fn runner(settings: &Settings) -> Holder {
    holder::local_holder(LockPurpose::of(""), settings)
}
