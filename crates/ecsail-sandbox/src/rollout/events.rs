//! The events of a service.

use super::service_step::ServiceStep;
use crate::ids::Ids;
use crate::model::{Service, ServiceEvent};
use crate::time::Millis;

const MAX_EVENTS: usize = 100;
const REPEAT_INTERVAL: Millis = 6 * 3_600_000;

impl ServiceStep<'_> {
    /// Adds an event with the text `(service NAME) TEXT`.
    pub(super) fn add_event(&mut self, text: &str) {
        let message = format!("(service {}) {text}", self.service.name);
        push_event(self.service, self.ids, self.now, message);
    }

    /// Adds an event about a lasting condition, unless the same event is less than six hours old.
    pub(super) fn add_event_once(&mut self, message: String) {
        let recent = |event: &ServiceEvent| event.message == message && self.now - event.at < REPEAT_INTERVAL;
        if !self.service.events.iter().any(recent) {
            push_event(self.service, self.ids, self.now, message);
        }
    }
}

/// Adds an event; the oldest is removed where there are too many.
pub(crate) fn push_event(service: &mut Service, ids: &mut Ids, now: Millis, message: String) {
    service.events.push(ServiceEvent { id: ids.uuid(), at: now, message });
    let surplus = service.events.len().saturating_sub(MAX_EVENTS);
    service.events.drain(..surplus);
}

/// Returns the ids as events list them: `(task A) (task B)`.
pub(crate) fn task_list(tasks: &[String]) -> String {
    let parts: Vec<String> = tasks.iter().map(|id| format!("(task {id})")).collect();
    parts.join(" ")
}
