//! Log streams: what is needed to generate their lines.

use serde::{Deserialize, Serialize};

use crate::scenario::TaskBehavior;
use crate::time::Millis;

/// The log stream of one container of one task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LogStream {
    pub(crate) region: String,
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) behavior: TaskBehavior,
    /// Whether its task belongs to a service. A task outside a service ends when its work is done.
    pub(crate) in_service: bool,
    /// The text of the first line, such as `app, web:2`.
    pub(crate) title: String,
    pub(crate) port: u64,
    /// The container's memory limit in MiB, or the task's.
    pub(crate) memory: u64,
    pub(crate) started: Millis,
    /// When the container received SIGTERM.
    pub(crate) stopping_at: Option<Millis>,
    pub(crate) ended: Option<Millis>,
}

impl LogStream {
    /// Returns the id of the event at this time: 56 digits that sort by time.
    pub(crate) fn event_id(&self, at: Millis) -> String {
        format!("{at:020}{:036}", u128::from(self.hash()))
    }

    /// Returns a hash of the stream's name.
    pub(crate) fn hash(&self) -> u64 {
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.name.bytes().fold(0xcbf2_9ce4_8422_2325, fold)
    }
}
