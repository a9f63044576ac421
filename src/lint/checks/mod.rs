//! The table of checks: ids, severities, reasons and sources. No logic.

mod fargate;
mod image;
mod launch;
mod references;
mod schedule;
mod service;
mod task;

use super::Check;

/// All checks, by what they are about.
const TABLES: &[&[Check]] = &[
    fargate::FARGATE,
    task::TASK,
    references::REFERENCES,
    service::SERVICE,
    launch::LAUNCH,
    schedule::SCHEDULE,
    image::IMAGE,
];

/// Returns all checks.
pub fn all_checks() -> impl Iterator<Item = &'static Check> {
    TABLES.iter().copied().flatten()
}
