//! Runs the binary on a pseudo-terminal, and returns what it writes as it comes, with its colours.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// The binary on a terminal, and what it has written there.
pub(crate) struct PseudoTerminal {
    pub(crate) child: Child,
    screen: File,
    shown: String,
}

impl PseudoTerminal {
    /// Starts a command whose stdout and stderr are a terminal of this size.
    pub(crate) fn start(mut command: Command, columns: u16, rows: u16) -> PseudoTerminal {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&screen).expect("it is ours");
        unlockpt(&screen).expect("it is ours");
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&screen, size).expect("it has a size");
        let name = ptsname(&screen, Vec::new()).expect("it has a name");
        let open = || -> OwnedFd {
            rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it opens")
        };
        command.stdout(Stdio::from(open())).stderr(Stdio::from(open())).env("TERM", "xterm-256color");
        let child = command.spawn().expect("the binary runs");
        // What this process keeps open of the terminal would keep it from ending.
        drop(command);
        PseudoTerminal { child, screen: File::from(screen), shown: String::new() }
    }

    /// Reads until this text is on the screen, and returns all that was written.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> &str {
        while !self.shown.contains(text) {
            assert!(self.read(), "`{text}` is not in:\n{}", self.shown);
        }
        &self.shown
    }

    /// Reads to the end, and returns what was written, with its colours, and the exit code.
    pub(crate) fn finish(mut self) -> (String, i32) {
        while self.read() {}
        let code = self.child.wait().expect("it ends").code().unwrap_or(-1);
        (self.shown.replace("\r\n", "\n"), code)
    }

    /// Reads a part; `false` at the end, which Linux reports as an error.
    fn read(&mut self) -> bool {
        let mut part = [0; 4096];
        let Ok(length) = self.screen.read(&mut part) else { return false };
        self.shown.push_str(&String::from_utf8_lossy(&part[..length]));
        length > 0
    }
}
