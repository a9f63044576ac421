//! Asks for the value of a secret on a terminal, which does not show what is typed. The line is read byte by byte: a terminal that
//! collects lines itself cuts them off at 4096 bytes.

#![cfg_attr(not(unix), allow(dead_code, reason = "a console reads the line there"))]

use super::question;
use super::screen::Screen;

/// What was typed where the value of a secret was asked for.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretAnswer {
    Line(String),
    /// More than a line was pasted. None of it is left to be read by another program.
    SeveralLines,
    /// Ctrl-C.
    Interrupted,
    /// The end of the input, or a terminal that cannot be read.
    Ended,
}

/// What a byte does to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    More,
    Enter,
    Interrupt,
    End,
}

/// The line that is being typed.
#[derive(Default)]
struct HiddenLine {
    bytes: Vec<u8>,
    /// How much of a control sequence, such as that of an arrow key, was read.
    escape: Escape,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Begun,
    Sequence,
}

impl HiddenLine {
    fn press(&mut self, byte: u8) -> Key {
        match (self.escape, byte) {
            (_, 0x03) => return Key::Interrupt,
            (_, b'\r' | b'\n') => return Key::Enter,
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Sequence,
            (Escape::Sequence, 0x40..=0x7e) | (Escape::Begun, _) => self.escape = Escape::None,
            (Escape::Sequence, _) => {}
            (Escape::None, 0x1b) => self.escape = Escape::Begun,
            (Escape::None, 0x04) if self.bytes.is_empty() => return Key::End,
            (Escape::None, 0x08 | 0x7f) => self.remove_last(),
            // Ctrl-U.
            (Escape::None, 0x15) => self.bytes.clear(),
            (Escape::None, byte) if byte >= 0x20 || byte == b'\t' => self.bytes.push(byte),
            (Escape::None, _) => {}
        }
        Key::More
    }

    /// Removes the last character, which may have several bytes.
    fn remove_last(&mut self) {
        while self.bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }

    fn into_answer(self) -> SecretAnswer {
        String::from_utf8(self.bytes).map_or(SecretAnswer::Ended, SecretAnswer::Line)
    }
}

/// Writes a question, and returns what is typed.
pub(super) fn ask(question: &str, screen: &Screen) -> SecretAnswer {
    let answer = read_hidden(&screen.shown(question));
    screen.write_story("");
    answer
}

#[cfg(unix)]
fn read_hidden(question: &str) -> SecretAnswer {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

    let terminal = question::terminal();
    let stdin = std::io::stdin();
    let input: &dyn std::os::fd::AsFd = match &terminal {
        Some(terminal) => terminal,
        None => &stdin,
    };
    let Ok(before) = tcgetattr(input) else { return SecretAnswer::Ended };
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
    hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
    // Before the question is there, so that no answer is shown.
    if tcsetattr(input, OptionalActions::Drain, &hidden).is_err() {
        return SecretAnswer::Ended;
    }
    let mut answer = if question::write(question) { read_line(input) } else { SecretAnswer::Ended };
    // Bytes right behind the line end were pasted with it.
    hidden.special_codes[SpecialCodeIndex::VMIN] = 0;
    hidden.special_codes[SpecialCodeIndex::VTIME] = 1;
    let can_look = tcsetattr(input, OptionalActions::Now, &hidden).is_ok();
    if matches!(answer, SecretAnswer::Line(_)) && can_look {
        let mut rest = [0; 1024];
        while rustix::io::read(input, &mut rest).is_ok_and(|length| length > 0) {
            answer = SecretAnswer::SeveralLines;
        }
    }
    let _ = tcsetattr(input, OptionalActions::Flush, &before);
    answer
}

#[cfg(unix)]
fn read_line(input: &dyn std::os::fd::AsFd) -> SecretAnswer {
    let mut line = HiddenLine::default();
    let mut byte = [0; 1];
    loop {
        match rustix::io::read(input, &mut byte) {
            Ok(1..) => {}
            Err(rustix::io::Errno::INTR) => continue,
            _ => return SecretAnswer::Ended,
        }
        match line.press(byte[0]) {
            Key::More => {}
            Key::Enter => return line.into_answer(),
            Key::Interrupt => return SecretAnswer::Interrupted,
            Key::End => return SecretAnswer::Ended,
        }
    }
}

#[cfg(not(unix))]
fn read_hidden(question: &str) -> SecretAnswer {
    if !question::write(question) {
        return SecretAnswer::Ended;
    }
    console::Term::stderr().read_secure_line().map_or(SecretAnswer::Ended, SecretAnswer::Line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_the_line_without_the_keys_that_edit_it() {
        for (typed, line) in [
            ("hunter2", "hunter2"),
            ("hunterü\u{7f}2", "hunter2"),
            ("wrong\u{15}right", "right"),
            ("a\u{1b}[Ab\u{1b}OBc", "abc"),
            ("a\tb\u{1}", "a\tb"),
            ("a\u{4}", "a"),
        ] {
            let mut hidden = HiddenLine::default();
            assert!(typed.bytes().all(|byte| hidden.press(byte) == Key::More), "{typed:?}");
            assert!(hidden.into_answer() == SecretAnswer::Line(line.to_owned()), "{typed:?}");
        }
    }

    #[test]
    fn enter_control_c_and_control_d_end_the_line() {
        for (byte, key) in [(b'\r', Key::Enter), (b'\n', Key::Enter), (3, Key::Interrupt), (4, Key::End)] {
            assert_eq!(HiddenLine::default().press(byte), key);
        }
    }
}
