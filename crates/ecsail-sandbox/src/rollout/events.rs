//! Service events. Owns the list and its limits; the texts are those that ECS uses.

use super::Hand;
use crate::ids::Ids;
use crate::model::{Event, Service};
use crate::state::Millis;

const KEPT: usize = 100;
const NOT_REPEATED_FOR: Millis = 6 * 3_600_000;

impl Hand<'_> {
    /// Notes an event; `text` goes after `(service NAME) `.
    pub(super) fn say(&mut self, text: &str) {
        let message = format!("(service {}) {text}", self.service.name);
        note(self.service, self.ids, self.now, message);
    }

    /// Notes an event about a state that lasts: not again within six hours.
    pub(super) fn say_once(&mut self, message: String) {
        let recent = |event: &Event| event.message == message && self.now - event.at < NOT_REPEATED_FOR;
        if !self.service.events.iter().any(recent) {
            note(self.service, self.ids, self.now, message);
        }
    }
}

/// Notes an event as it stands.
pub(crate) fn note(service: &mut Service, ids: &mut Ids, now: Millis, message: String) {
    service.events.push(Event { id: ids.uuid(), at: now, message });
    let surplus = service.events.len().saturating_sub(KEPT);
    service.events.drain(..surplus);
}

/// Returns `(task A) (task B)`, as events list tasks.
pub(crate) fn listed(tasks: &[String]) -> String {
    let parts: Vec<String> = tasks.iter().map(|id| format!("(task {id})")).collect();
    parts.join(" ")
}
