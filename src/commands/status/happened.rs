//! Chooses the service events that `status` shows. Pure.

use std::cmp::Reverse;

use crate::aws::types::{Service, ServiceEvent};
use crate::diagnose::events;

/// Returns the newest events, failures first, without those that every rollout has.
pub(super) fn happened(service: &Service, number: usize) -> Vec<&ServiceEvent> {
    let telling = service.events.iter().filter(|event| !events::is_routine(&event.message));
    let mut newest: Vec<_> = telling.take(number).collect();
    newest.sort_by_key(|event| Reverse(trouble(&event.message)));
    newest
}

/// Returns the severity of an event. Unknown events come before those without a problem.
fn trouble(message: &str) -> u8 {
    match events::read_event(message).class {
        events::EventClass::Fail => 3,
        events::EventClass::Warn => 2,
        events::EventClass::Unknown => 1,
        events::EventClass::Ok | events::EventClass::Info => 0,
    }
}
