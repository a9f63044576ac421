//! Quotes arguments for a shell, in the commands that messages propose. Never runs anything.

/// Quotes an argument for a shell.
pub fn quote(argument: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@=+,".contains(character);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        for (argument, quoted) in [
            ("web", "web"),
            ("arn:aws:ecs:us-east-1:1:service/main/web", "arn:aws:ecs:us-east-1:1:service/main/web"),
            ("x; touch PWNED #", "'x; touch PWNED #'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quote(argument), quoted);
        }
    }
}
