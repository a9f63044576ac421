//! The lock that a run holds, shared by all that may end the run.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::keeper::Order;
use crate::interrupt::Signal;

/// How long the end of a run waits for the release of its lock.
const RELEASE_LIMIT: Duration = Duration::from_secs(5);

/// The lock that a run holds, if it holds one.
#[derive(Clone)]
pub struct HeldLock {
    orders: Arc<Mutex<Option<UnboundedSender<Order>>>>,
    /// Ends the process on a signal that no command listens for.
    end: Arc<dyn Fn(Signal) + Send + Sync>,
}

impl HeldLock {
    /// Returns the state of a run that holds no lock; `end` ends the process on a signal.
    pub fn new(end: impl Fn(Signal) + Send + Sync + 'static) -> HeldLock {
        HeldLock { orders: Arc::default(), end: Arc::new(end) }
    }

    /// Returns whether the run holds a lock.
    pub fn is_held(&self) -> bool {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn set(&self, orders: UnboundedSender<Order>) {
        *self.orders.lock().unwrap_or_else(PoisonError::into_inner) = Some(orders);
    }

    pub(super) fn end(&self, signal: Signal) {
        (self.end)(signal);
    }

    /// Releases the lock, if one is held.
    ///
    /// # Errors
    /// Why it could not be released; it is free once its lease is over.
    pub async fn release(&self) -> Result<(), String> {
        let Some(released) = self.order_release() else { return Ok(()) };
        match tokio::time::timeout(RELEASE_LIMIT, released).await {
            Ok(Ok(result)) => result,
            _ => Err(format!("no answer within {} s", RELEASE_LIMIT.as_secs())),
        }
    }

    /// Releases the lock at the end of the process, on a thread without other work.
    pub fn release_at_exit(&self) {
        let Some(released) = self.order_release() else { return };
        let built = tokio::runtime::Builder::new_current_thread().enable_time().build();
        if let Ok(runtime) = built {
            let _ = runtime.block_on(async { tokio::time::timeout(RELEASE_LIMIT, released).await });
        }
    }

    fn order_release(&self) -> Option<oneshot::Receiver<Result<(), String>>> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let (answer, released) = oneshot::channel();
        orders.send(Order::Release(answer)).ok()?;
        Some(released)
    }
}

impl Default for HeldLock {
    fn default() -> HeldLock {
        HeldLock::new(|_| {})
    }
}

impl fmt::Debug for HeldLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldLock").field("is_held", &self.is_held()).finish_non_exhaustive()
    }
}
