//! The exit codes and their meanings: data for the reference and for help texts. Which run ends with which code is
//! decided in [`crate::report::outcome`] and [`crate::error`].

/// An exit code of ecsail.
#[derive(Clone, Copy, Debug)]
pub struct ExitCode {
    pub code: u8,
    /// The meaning in a few words, for help texts.
    pub short: &'static str,
    /// The meaning in full.
    pub meaning: &'static str,
}

/// All exit codes, in their order. `run`, `schedule run` and `exec` also exit with the code of what they ran.
pub const EXIT_CODES: &[ExitCode] = &[
    ExitCode {
        code: 0,
        short: "succeeded or nothing to do",
        meaning: "The command succeeded, or there was nothing to do.",
    },
    ExitCode {
        code: 1,
        short: "error or declined",
        meaning: "An error. Also: a question was answered with no, the watch was lost while the rollout continues, or a service of `status` does not exist.",
    },
    ExitCode {
        code: 2,
        short: "usage",
        meaning: "The command line or the environment names something that is invalid or does not exist.",
    },
    ExitCode {
        code: 3,
        short: "rollout failed or rolled back",
        meaning: "A rollout failed, was rolled back, was superseded or is stuck, or a task ended without an exit code.",
    },
    ExitCode {
        code: 4,
        short: "timed out while in progress",
        meaning: "The time is up and the rollout is still in progress. A one-off task was stopped.",
    },
    ExitCode {
        code: 5,
        short: "refused",
        meaning: "Refused before anything changed: a deployment is in progress, the credentials are those of another account, another controller manages the service, or something changed since the plan was made.",
    },
    ExitCode {
        code: 6,
        short: "changes found",
        meaning: "`plan --exit-code` or `schedule diff --exit-code` found changes.",
    },
    ExitCode {
        code: 130,
        short: "interrupted",
        meaning: "Interrupted by Ctrl-C or SIGTERM. A rollout that is in progress continues.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::report::CommandOutcome;

    #[test]
    fn every_code_that_a_run_can_end_with_is_listed_once_and_in_order() {
        let outcomes = [
            CommandOutcome::Succeeded,
            CommandOutcome::HasChanges,
            CommandOutcome::RolloutFailed,
            CommandOutcome::TimedOut,
            CommandOutcome::Interrupted,
            CommandOutcome::Error,
            CommandOutcome::Declined,
        ];
        let kinds = [ErrorKind::Error, ErrorKind::Usage, ErrorKind::Refused, ErrorKind::Interrupted];
        let mut codes: Vec<u8> = outcomes.iter().map(|outcome| outcome.exit_code()).collect();
        codes.extend(kinds.iter().map(|kind| kind.exit_code()));
        codes.sort_unstable();
        codes.dedup();
        let listed: Vec<u8> = EXIT_CODES.iter().map(|row| row.code).collect();
        assert_eq!(listed, codes);
    }
}
