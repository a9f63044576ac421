//! Recognizes placeholders that were not replaced, such as `<IMAGE>`, `${TAG}`, `__CPU__` or `ACCOUNT_ID`.
//!
//! Some of them are valid names, so a caller asks only about values that do not have the form that they need.

/// The words that stand for a value in examples, as parts of a longer text; compared without case and with `_` for `-`.
const WORDS: &[&str] = &[
    "account",
    "account_id",
    "accountid",
    "aws_account",
    "aws_account_id",
    "aws_region",
    "placeholder",
    "region",
    "todo",
];
/// Words that stand for a value only in capitals.
const CAPITALS: &[&str] = &["IMAGE", "REPOSITORY", "TAG", "URI", "URL"];
/// The beginnings of such words.
const PREFIXES: &[&str] = &["your_", "my_account", "replace", "change_me", "changeme", "insert_"];
/// The pairs of marks around a name.
const MARKS: &[(&str, &str)] =
    &[("<", ">"), ("${", "}"), ("$(", ")"), ("{", "}"), ("__", "__"), ("%", "%"), ("@@", "@@")];
/// The maximum length of a name between two marks.
const MAX_NAME: usize = 64;

/// Returns the placeholder in a text, if there is one.
pub fn placeholder_in(text: &str) -> Option<&str> {
    MARKS.iter().find_map(|(open, close)| marked_name(text, open, close)).or_else(|| word(text))
}

/// Returns the placeholder between two marks that cannot be part of an ordinary value.
fn marked_name<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let start = text.find(open)?;
    let inside = &text[start + open.len()..];
    let end = inside.find(close)?;
    let name = &inside[..end];
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '.');
    let plain = |character: char| !matches!(character, '<' | '>' | '{' | '}' | '\n');
    (begins && name.len() <= MAX_NAME && name.chars().all(plain))
        .then(|| &text[start..start + open.len() + end + close.len()])
}

/// Returns the word of a text that stands for a value.
fn word(text: &str) -> Option<&str> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || "_-$".contains(character))).find(
        |part| {
            let lowered = part.to_lowercase().replace('-', "_");
            WORDS.contains(&lowered.as_str())
                || CAPITALS.contains(part)
                || PREFIXES.iter().any(|prefix| lowered.starts_with(prefix))
                || lowered.contains("xxxx")
                || is_shell_variable(part)
                || is_screaming_name(part)
        },
    )
}

/// Returns whether a word is a variable of a shell, such as `$IMAGE`.
fn is_shell_variable(word: &str) -> bool {
    word.strip_prefix('$').is_some_and(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()))
}

/// Returns whether a word is a name in capitals with underscores, such as `IMAGE_URI`.
fn is_screaming_name(word: &str) -> bool {
    let capital =
        |character: char| character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_';
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.trim_matches('_').contains('_')
        && word.chars().all(capital)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_many_templates_are_found() {
        for (text, found) in [
            ("<IMAGE1_NAME>", "<IMAGE1_NAME>"),
            ("arn:aws:iam::<account id>:role/app", "<account id>"),
            ("arn:${Partition}:secretsmanager", "${Partition}"),
            ("${AWS::AccountId}.dkr.ecr", "${AWS::AccountId}"),
            ("__CPU__", "__CPU__"),
            ("%REPOSITORY_URI%:v_%BUILD%", "%REPOSITORY_URI%"),
            ("$ECR_REGISTRY/$REPOSITORY:$TAG", "$ECR_REGISTRY"),
            ("ACCOUNT_ID.dkr.ecr.REGION.amazonaws.com/app", "ACCOUNT_ID"),
            ("arn:aws:secretsmanager:region:aws_account_id:secret:name", "region"),
            ("YOUR-ACCOUNT.dkr.ecr.us-east-1.amazonaws.com/app", "YOUR-ACCOUNT"),
            ("your_subnet", "your_subnet"),
            ("XXXXXXXXXXXX.dkr.ecr.us-east-1.amazonaws.com/app", "XXXXXXXXXXXX"),
            ("subnet-xxxxxxxx", "subnet-xxxxxxxx"),
            ("REPLACE_ME", "REPLACE_ME"),
            ("IMAGE_URI:latest", "IMAGE_URI"),
        ] {
            assert_eq!(placeholder_in(text), Some(found), "{text}");
        }
    }

    #[test]
    fn ordinary_values_have_no_placeholder() {
        for text in [
            "nginx:1.27",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/app:v1",
            "arn:aws:iam::123456789012:role/App",
            "sg-0123456789abcdef0",
            "100%",
            "a < b",
            "1<2>3",
            "",
        ] {
            assert_eq!(placeholder_in(text), None, "{text}");
        }
    }
}
