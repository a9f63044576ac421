//! Owns the carrying out of a release: hooks, tasks, services and schedules, in their order.

pub mod services;
