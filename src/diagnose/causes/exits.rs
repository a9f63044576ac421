//! The rows for containers that exited: by their reason and by their exit code.

use super::{CauseRow, ExitMatch, Retry, TaskEndKind, exit, row, start};

/// The remedy where only the log of the container tells more.
pub const READ_LOG: &str = "read the container's last log lines";

const MEMORY: &str = "outofmemoryerror|outofmemory:|oomkilled";

pub(super) const ROWS: &[CauseRow] = &[
    row(
        TaskEndKind::Exited,
        &[MEMORY],
        ("the container needed more memory than it has", "raise `memory`, or reduce what the container uses"),
        Retry::No,
    ),
    exit(ExitMatch::Code(&[127]), start::NO_COMMAND).deterministic(),
    exit(ExitMatch::Code(&[126]), ("the command cannot be executed", "correct `command` or `entryPoint`"))
        .deterministic(),
    exit(
        ExitMatch::Code(&[137]),
        (
            "the container was killed: out of memory, or it did not exit on SIGTERM in time",
            "raise `memory`; exit on SIGTERM within `stopTimeout`",
        ),
    )
    .unless(MEMORY),
    exit(
        ExitMatch::Code(&[139]),
        ("the program crashed (segmentation fault)", "run the image on this architecture locally"),
    ),
    exit(
        ExitMatch::Code(&[143]),
        ("the container was stopped by SIGTERM", "find out what stopped it, if that was not intended"),
    ),
    exit(
        ExitMatch::Code(&[0]),
        (
            "the program exited by itself; a service has to keep running",
            "run it in the foreground, or set `essential: false`",
        ),
    ),
    exit(ExitMatch::Nonzero, ("the program exited with an error", READ_LOG)).general(),
    exit(
        ExitMatch::Missing,
        (
            "the container ended without an exit code: it never ran",
            "check the image, the command and the mount points",
        ),
    )
    .general(),
];
