//! Chooses the service events that `status` shows. Pure.

use std::cmp::Reverse;

use crate::aws::types::{Event, Service};
use crate::diagnose::events;

/// Returns the newest events, failures first, without those that every rollout has.
pub(super) fn happened(service: &Service, number: usize) -> Vec<&Event> {
    let telling = service.events.iter().filter(|event| !events::is_noise(&event.message));
    let mut newest: Vec<_> = telling.take(number).collect();
    newest.sort_by_key(|event| Reverse(trouble(&event.message)));
    newest
}

/// Returns the severity of an event. Unknown events come before those without a problem.
fn trouble(message: &str) -> u8 {
    match events::read(message).class {
        events::Class::Fail => 3,
        events::Class::Warn => 2,
        events::Class::Unknown => 1,
        events::Class::Ok | events::Class::Info => 0,
    }
}
