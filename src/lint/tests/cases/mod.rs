//! The table of cases: for each check, documents that pass and documents that do not.

mod basics;
mod launches;
mod references;
mod services;
mod values;

/// The base document of a case.
#[derive(Clone, Copy, Debug)]
pub(super) enum CaseBase {
    Fargate,
    Ec2,
    FargateService,
    Ec2Service,
    /// A `RunTask` request, whose definition is for Fargate.
    FargateRun,
}

/// The cases of one check.
pub(super) struct Case {
    pub(super) id: &'static str,
    pub(super) base: CaseBase,
    pub(super) good: &'static [&'static str],
    pub(super) bad: &'static [&'static str],
}

const fn case(
    id: &'static str,
    on: CaseBase,
    good: &'static [&'static str],
    bad: &'static [&'static str],
) -> Case {
    Case { id, base: on, good, bad }
}

const TABLES: &[&[Case]] =
    &[basics::BASICS, references::REFERENCES, values::VALUES, services::SERVICES, launches::LAUNCHES];

/// Returns all cases.
pub(super) fn all_cases() -> impl Iterator<Item = &'static Case> {
    TABLES.iter().copied().flatten()
}
