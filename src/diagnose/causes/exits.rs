//! Owns the rows for containers that ended: by their reason and by their exit code.

use super::{Cause, End, Exit, Retry, exit, row, start};

const MEMORY: &str = "outofmemoryerror|outofmemory:|oomkilled";

pub(super) const ROWS: &[Cause] = &[
    row(
        End::Exited,
        &[MEMORY],
        ("the container needed more memory than it has", "raise `memory`, or find what takes it"),
        Retry::No,
    ),
    exit(Exit::Code(&[127]), start::NO_COMMAND).deterministic(),
    exit(Exit::Code(&[126]), ("the command cannot be executed", "correct `command` or `entryPoint`"))
        .deterministic(),
    exit(
        Exit::Code(&[137]),
        (
            "the container was killed: out of memory, or it did not end on SIGTERM in time",
            "raise `memory`; end on SIGTERM within `stopTimeout`",
        ),
    )
    .unless(MEMORY),
    exit(
        Exit::Code(&[139]),
        ("the program crashed (segmentation fault)", "run the image on this architecture locally"),
    ),
    exit(
        Exit::Code(&[143]),
        ("the container was asked to end (SIGTERM)", "find out who stopped it, if nobody meant to"),
    ),
    exit(
        Exit::Code(&[0]),
        (
            "the program ended by itself; a service has to go on",
            "keep it in the foreground, or set `essential: false`",
        ),
    ),
    exit(Exit::Nonzero, ("the program ended with an error", "read the container's last log lines")).general(),
    exit(
        Exit::Missing,
        (
            "the container ended without an exit code: it never ran",
            "check the image, the command and the mount points",
        ),
    )
    .general(),
];
