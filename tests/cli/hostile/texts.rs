//! Texts that others could write to do harm: commands for GitHub, control sequences, Markdown, HTML, shell.

/// What each text tries to get into an output.
pub(crate) const FORGED: &str = "FORGED";

/// Begins lines, and controls a terminal.
pub(crate) const LINES: &str = "\n::add-mask::FORGED\n \t::set-output name=FORGED::1\nx ##[add-mask]FORGED\nFORGED: succeeded\n\
    \u{1b}[2J\u{1b}[31m\u{1b}]0;FORGED\u{7}\u{1b}P1$r\u{1b}\\\u{9b}2J\u{9d}0;FORGED\u{9c}\u{90}q\u{9c}\
    \u{202e}\u{2066}\u{200f}\u{2028}::error title=FORGED::x\u{85}\u{7f}\u{8}\u{0}\r::notice title=FORGED::x\n";

/// Stands within a line: Markdown, HTML, shell.
pub(crate) const INLINE: &str = "::error title=FORGED::x ##[add-mask]FORGED ![x](https://forged.example/x.png) \
    [x](https://forged.example) <img src=https://forged.example> <https://forged.example> www.forged.example @forged #1 \
    | `@forged` ``` ` \\| $(touch PWNED) `touch PWNED`; touch PWNED #";

pub(crate) const ALL: [&str; 2] = [LINES, INLINE];
