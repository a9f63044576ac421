//! The exit codes and their meanings, of all commands and of each: data for the reference and for help texts. Which run
//! ends with which code is decided in [`crate::report::outcome`] and [`crate::error`].

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
        meaning: "A rollout failed, was rolled back, was superseded or is stuck, or a task ended without an exit code. `status --exit-code` found a service that is failing or short of tasks.",
    },
    ExitCode {
        code: 4,
        short: "timed out while in progress",
        meaning: "The time is up and the rollout is still in progress. A one-off task was stopped. `status --exit-code` found a service that is being deployed or deleted.",
    },
    ExitCode {
        code: 5,
        short: "refused",
        meaning: "Refused before anything changed: a deployment is in progress, the credentials are those of another account, another controller manages the service, something changed since the plan was made, another command or person has the lock of the stage, or the stage is protected and approvals are missing.",
    },
    ExitCode {
        code: 6,
        short: "changes found",
        meaning: "`plan --exit-code` or `schedule diff --exit-code` found changes.",
    },
    ExitCode {
        code: 130,
        short: "interrupted",
        meaning: "Interrupted by Ctrl-C, SIGTERM or SIGHUP. A rollout that is in progress continues.",
    },
];

/// The exit codes of one command.
#[derive(Clone, Copy, Debug)]
pub struct CommandExitCodes {
    /// The words of the command, such as `schedule run`.
    pub command: &'static str,
    /// Whose exit code it is otherwise; empty where the command has none but those of ecsail.
    pub passed_on: &'static str,
    pub codes: &'static [CodeMeaning],
}

/// An exit code with its meaning for one command; without one the general meaning holds.
#[derive(Clone, Copy, Debug)]
pub struct CodeMeaning {
    pub code: u8,
    pub meaning: Option<&'static str>,
}

const fn as_ever(code: u8) -> CodeMeaning {
    CodeMeaning { code, meaning: None }
}

const fn meaning(code: u8, meaning: &'static str) -> CodeMeaning {
    CodeMeaning { code, meaning: Some(meaning) }
}

const fn only(command: &'static str, codes: &'static [CodeMeaning]) -> CommandExitCodes {
    CommandExitCodes { command, passed_on: "", codes }
}

const CONTAINER: &str = "that of the container (of several the first that is not 0)";
const NOT_STARTED: CodeMeaning = meaning(1, "no task was started or the watch was lost");
const NO_EXIT_CODE: CodeMeaning = meaning(3, "no exit code, because it never ran or was stopped");
const STOPPED: CodeMeaning = meaning(4, "exceeded its timeout and was stopped");
const ROLLBACK_FAILED: CodeMeaning = meaning(3, "the rollback failed");
const ERROR: CodeMeaning = meaning(1, "error");
const CHANGES: CodeMeaning = meaning(6, "changes found, with `--exit-code`");

const ROLLOUT: &[CodeMeaning] =
    &[as_ever(0), as_ever(1), as_ever(2), as_ever(3), as_ever(4), as_ever(5), as_ever(130)];
const PLAN: &[CodeMeaning] = &[as_ever(0), ERROR, as_ever(2), as_ever(5), CHANGES];

/// The commands whose help names their exit codes.
pub const COMMAND_EXIT_CODES: &[CommandExitCodes] = &[
    only(
        "init",
        &[
            meaning(0, "the files are written, and a plan of them has no changes"),
            ERROR,
            as_ever(2),
            meaning(5, "files exist already, or a deploy of what was written is refused"),
            meaning(6, "the files are written, and a plan of them has changes"),
        ],
    ),
    only(
        "import",
        &[
            meaning(0, "the files are written, and everything is carried over"),
            meaning(1, "a file cannot be read, or says what no manifest can say"),
            as_ever(2),
            meaning(5, "files exist already"),
            meaning(6, "the files are written, and something is not carried over"),
        ],
    ),
    only("plan", PLAN),
    only("deploy", ROLLOUT),
    only("apply", ROLLOUT),
    only("promote", ROLLOUT),
    only(
        "approve",
        &[
            meaning(0, "approved"),
            as_ever(1),
            as_ever(2),
            meaning(5, "your approval does not count, or AWS refuses the signature"),
        ],
    ),
    only(
        "status",
        &[
            meaning(0, "all services exist, or Ctrl-C ended `--watch`"),
            meaning(1, "a service does not exist or another error"),
            as_ever(2),
            meaning(3, "a service is failing or short of tasks, with `--exit-code`"),
            meaning(4, "a service is being deployed or deleted, with `--exit-code`"),
        ],
    ),
    only("prune", &[as_ever(0), as_ever(1), as_ever(2), as_ever(5), as_ever(130)]),
    only("why", &[meaning(0, "explained, or nothing is wrong"), ERROR, as_ever(2), as_ever(5)]),
    only("wait", &[as_ever(0), ERROR, as_ever(2), as_ever(3), as_ever(4), as_ever(5), as_ever(130)]),
    only(
        "rollback",
        &[
            meaning(0, "rolled back or nothing to do"),
            as_ever(1),
            as_ever(2),
            ROLLBACK_FAILED,
            as_ever(4),
            as_ever(5),
            as_ever(130),
        ],
    ),
    only(
        "cancel",
        &[
            meaning(0, "rolled back"),
            meaning(1, "no deployment in progress, another error or declined"),
            as_ever(2),
            ROLLBACK_FAILED,
            as_ever(4),
            as_ever(5),
            as_ever(130),
        ],
    ),
    only(
        "continue",
        &[
            meaning(0, "succeeded, or with `--rollback` rolled back"),
            meaning(1, "no hook is waiting or another error"),
            as_ever(2),
            as_ever(3),
            as_ever(4),
            as_ever(5),
            as_ever(130),
        ],
    ),
    only("restart", ROLLOUT),
    only("logs", &[meaning(0, "succeeded, or Ctrl-C ended `--follow`"), ERROR, as_ever(2)]),
    CommandExitCodes {
        command: "exec",
        passed_on: "that of `session-manager-plugin`",
        codes: &[meaning(1, "a prerequisite is missing or another error"), as_ever(2)],
    },
    CommandExitCodes {
        command: "run",
        passed_on: CONTAINER,
        codes: &[NOT_STARTED, as_ever(2), NO_EXIT_CODE, STOPPED, as_ever(5), as_ever(130)],
    },
    only("schedule diff", PLAN),
    CommandExitCodes {
        command: "schedule run",
        passed_on: CONTAINER,
        codes: &[
            NOT_STARTED,
            as_ever(2),
            NO_EXIT_CODE,
            STOPPED,
            meaning(5, "refused, such as a target that runs no task"),
            as_ever(130),
        ],
    },
    only("schedule enable", &[as_ever(0), ERROR, as_ever(2), as_ever(5)]),
    only("schedule disable", &[as_ever(0), ERROR, as_ever(2), as_ever(5)]),
    only("schedule prune", &[as_ever(0), as_ever(1), as_ever(2), as_ever(5)]),
    only("stop-task", &[meaning(0, "all are stopping"), as_ever(1), as_ever(2), as_ever(5)]),
    only(
        "scale",
        &[
            meaning(0, "as many tasks run as are desired"),
            as_ever(1),
            as_ever(2),
            meaning(3, "ECS reports that the tasks cannot be started"),
            as_ever(4),
            as_ever(5),
            as_ever(130),
        ],
    ),
    only("lock init", &[meaning(0, "the table is there, or was printed"), ERROR, as_ever(2)]),
    only("lock status", &[meaning(0, "shown, whoever holds it"), ERROR, as_ever(2)]),
    only(
        "lock hold",
        &[
            meaning(0, "held"),
            ERROR,
            as_ever(2),
            meaning(5, "another person holds it, or a command had it for too long"),
        ],
    ),
    only(
        "lock release",
        &[meaning(0, "released, or nobody had it"), ERROR, as_ever(2), meaning(5, "another person holds it")],
    ),
    only("notify", &[meaning(0, "shown"), ERROR, as_ever(2)]),
    only(
        "delete",
        &[
            meaning(0, "deleted or nothing to do"),
            as_ever(1),
            as_ever(2),
            meaning(4, "timed out while tasks still run"),
            as_ever(5),
            as_ever(130),
        ],
    ),
];

impl CommandExitCodes {
    /// Returns the codes with their meanings as one line.
    pub fn text(&self) -> String {
        let codes: Vec<String> =
            self.codes.iter().map(|row| format!("{} {}", row.code, row.short())).collect();
        let codes = codes.join("; ");
        if self.passed_on.is_empty() { codes } else { format!("{}; {codes}", self.passed_on) }
    }
}

impl CodeMeaning {
    fn short(&self) -> &'static str {
        let general = || EXIT_CODES.iter().find(|row| row.code == self.code).map(|row| row.short);
        self.meaning.or_else(general).unwrap_or_default()
    }
}

/// Returns the help after the flags of a command: a text, and its exit codes.
pub fn after_help(command: &str, text: &str) -> String {
    let codes = COMMAND_EXIT_CODES.iter().find(|row| row.command == command).map(CommandExitCodes::text);
    codes.map_or_else(
        || text.to_owned(),
        |codes| format!("{text}\n\n{}", wrapped(&format!("Exit codes: {codes}."))),
    )
}

/// The width of the texts that are written by hand in the help.
const HELP_WIDTH: usize = 95;

/// Returns a text in lines of at most [`HELP_WIDTH`] characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= HELP_WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

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

    #[test]
    fn codes_of_commands_are_in_order_and_have_a_meaning() {
        for row in COMMAND_EXIT_CODES {
            let codes: Vec<u8> = row.codes.iter().map(|row| row.code).collect();
            assert!(codes.is_sorted_by(|a, b| a < b), "{}: {codes:?}", row.command);
            assert!(row.codes.iter().all(|row| !row.short().is_empty()), "{}", row.text());
        }
    }
}
