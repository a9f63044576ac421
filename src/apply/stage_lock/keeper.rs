//! Keeps a lock: renews its lease on a thread of its own, as a question may block the other one, and allows each call that
//! changes something only after the lock was written once more.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::clock::HolderClock;
use super::held::HeldLock;
use super::{replace_own, unique_id};
use crate::aws::change_guard::{Allowed, ChangeGuard};
use crate::aws::dynamodb::ItemTable;
use crate::error::{Failure, Result};
use crate::interrupt::EarlyInterrupts;
use crate::lock::{Lease, LockRecord};

/// The part of a lease for which an answer to a renewal is waited for.
const RENEWAL_LIMIT: u32 = 4;

/// What a keeper is to do.
pub(super) enum Order {
    /// Answer once a change may be sent, or why it must not be.
    Allow(oneshot::Sender<Result<(), String>>),
    /// Release the lock and end.
    Release(oneshot::Sender<Result<(), String>>),
}

/// Allows the changes of a run as long as its lock is held.
#[derive(Clone, Debug)]
pub struct LockGuard(UnboundedSender<Order>);

impl ChangeGuard for LockGuard {
    fn allow(&self) -> Allowed<'_> {
        Box::pin(async {
            let (answer, answered) = oneshot::channel();
            let is_sent = self.0.send(Order::Allow(answer)).is_ok();
            let ended = || Err("the lock of the stage is not held any more".to_owned());
            if is_sent { answered.await.unwrap_or_else(|_| ended()) } else { ended() }
        })
    }
}

/// Keeps a lock that was taken by a write `taken_before` ago, until it is released. The table must have connections of its
/// own.
///
/// # Errors
/// The thread could not be started.
pub fn keep(
    table: ItemTable,
    record: LockRecord,
    taken_before: Duration,
    held: &HeldLock,
) -> Result<LockGuard> {
    let failed = |error| Failure::error("failed to start the thread that keeps the lock").with_cause(error);
    let (sender, orders) = unbounded_channel();
    held.set(sender.clone());
    let mut clock = HolderClock::start();
    let now = clock.now();
    // The clock begins now, and the lease began before: it is shortened by that.
    let lease = Lease::new(record.lease.saturating_sub(taken_before), now);
    let keeper = Keeper { table, record, clock, lease, lost: None };
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let held = held.clone();
    let keep = move || {
        built.block_on(keeper.run(orders, &held));
        built.shutdown_background();
    };
    std::thread::Builder::new().name("lock".to_owned()).spawn(keep).map_err(failed)?;
    Ok(LockGuard(sender))
}

struct Keeper {
    table: ItemTable,
    record: LockRecord,
    clock: HolderClock,
    lease: Lease,
    /// Why the lock is lost.
    lost: Option<String>,
}

impl Keeper {
    async fn run(mut self, mut orders: UnboundedReceiver<Order>, held: &HeldLock) {
        // Without signals the lock is kept all the same.
        let mut interrupts = EarlyInterrupts::listen().ok();
        loop {
            let interval = self.lease.renewal_interval();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Allow(first)) => {
                        if let Some(release) = self.allow(first, &mut orders).await {
                            let _ = release.send(self.release().await);
                            return;
                        }
                    }
                    Some(Order::Release(answer)) => {
                        let _ = answer.send(self.release().await);
                        return;
                    }
                    None => {
                        let _ = self.release().await;
                        return;
                    }
                },
                signal = EarlyInterrupts::next(&mut interrupts) => {
                    let _ = self.release().await;
                    held.end(signal);
                    return;
                }
                () = tokio::time::sleep(interval) => self.renew().await,
            }
        }
    }

    /// Answers all orders for a change that wait, after one renewal. Returns an order for a release that is among them.
    async fn allow(
        &mut self,
        first: oneshot::Sender<Result<(), String>>,
        orders: &mut UnboundedReceiver<Order>,
    ) -> Option<oneshot::Sender<Result<(), String>>> {
        let mut waiting = vec![first];
        let mut release = None;
        while let Ok(order) = orders.try_recv() {
            match order {
                Order::Allow(answer) => waiting.push(answer),
                Order::Release(answer) => release = Some(answer),
            }
        }
        self.renew().await;
        let verdict = self.verdict();
        for answer in waiting {
            let _ = answer.send(verdict.clone());
        }
        release
    }

    /// Returns whether a change may be sent now.
    fn verdict(&mut self) -> Result<(), String> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        if self.lease.is_safe(self.clock.now()) {
            return Ok(());
        }
        Err(format!(
            "the lock of `{}` could not be renewed in time, so another deploy may have it by now",
            self.record.key
        ))
    }

    /// Renews the lease. A failure is not the end: the lease lasts for a while.
    async fn renew(&mut self) {
        if self.lost.is_some() {
            return;
        }
        let sent_at = self.clock.now();
        self.record.version = unique_id();
        // A change need not wait for a slow answer: the lease decides.
        let limit = self.record.lease / RENEWAL_LIMIT;
        match tokio::time::timeout(limit, replace_own(&self.table, &self.record)).await {
            Ok(Ok(Ok(()))) => self.lease.renew(sent_at),
            Ok(Ok(Err(other))) => self.lost = Some(self.lost_to(other.as_ref())),
            Ok(Err(error)) => tracing::warn!("failed to renew the lock of `{}`: {error}", self.record.key),
            Err(_) => tracing::warn!("no answer to the renewal of the lock of `{}`", self.record.key),
        }
    }

    fn lost_to(&self, other: Option<&LockRecord>) -> String {
        let key = &self.record.key;
        match other {
            Some(other) if other.is_held => {
                format!("the lock of `{key}` was taken by {}", other.holder.in_words())
            }
            Some(LockRecord { note: Some(note), .. }) => format!("the lock of `{key}` was {note}"),
            _ => format!("the lock of `{key}` was released by another command"),
        }
    }

    /// Releases the lock; one that is lost is another's and stays.
    async fn release(&mut self) -> Result<(), String> {
        if self.lost.is_some() {
            return Ok(());
        }
        self.record.is_held = false;
        self.record.note = None;
        self.record.version = unique_id();
        match replace_own(&self.table, &self.record).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}
