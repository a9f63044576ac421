//! Filter patterns: terms, phrases, `?optional` and `-excluded`. Patterns for JSON and columns are not
//! supported.

use crate::api::ApiError;

/// A parsed filter pattern.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// Parses a pattern; none, and an empty one, match every line.
    pub(super) fn parse(given: Option<&str>) -> Result<Pattern, ApiError> {
        let mut rest = given.unwrap_or_default().trim();
        let structured = rest.starts_with(['{', '[', '%']);
        if structured || rest.replace("\\\"", "").matches('"').count() % 2 == 1 {
            return Err(ApiError::invalid("Invalid filter pattern"));
        }
        let mut pattern = Pattern::default();
        while !rest.is_empty() {
            let (list, after) = match rest.split_at_checked(1) {
                Some(("?", after)) => (&mut pattern.any, after),
                Some(("-", after)) => (&mut pattern.none, after),
                _ => (&mut pattern.all, rest),
            };
            let (term, after) = if let Some(quoted) = after.strip_prefix('"') {
                phrase(quoted)
            } else {
                let (term, after) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
                (term.to_owned(), after)
            };
            list.push(term);
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Returns whether a line matches.
    pub(super) fn is_match(&self, line: &str) -> bool {
        self.all.iter().all(|term| line.contains(term))
            && (self.any.is_empty() || self.any.iter().any(|term| line.contains(term)))
            && !self.none.iter().any(|term| line.contains(term))
    }
}

/// Returns a quoted phrase and the text after its closing quote. A backslash escapes the next character.
fn phrase(quoted: &str) -> (String, &str) {
    let mut phrase = String::new();
    let mut rest = quoted.char_indices();
    while let Some((at, next)) = rest.next() {
        match next {
            '"' => return (phrase, &quoted[at + 1..]),
            '\\' => phrase.extend(rest.next().map(|(_, escaped)| escaped)),
            plain => phrase.push(plain),
        }
    }
    (phrase, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_phrases_alternatives_and_exclusions_are_distinguished() {
        let holds = |pattern: &str, line: &str| Pattern::parse(Some(pattern)).expect("reads").is_match(line);
        assert!(holds("", "anything"));
        assert!(holds("ERROR refused", "refused: ERROR"));
        assert!(!holds("ERROR refused", "ERROR"));
        assert!(holds("\"not there\"", "it is not there"));
        assert!(!holds("\"not there\"", "there it is not"));
        assert!(holds(r#""say \"hi\"" twice"#, r#"twice: say "hi""#));
        assert!(holds("?a ?b", "only b"));
        assert!(!holds("ERROR -health", "ERROR in health"));
        assert!(Pattern::parse(Some("{ $.a = 1 }")).is_err());
    }
}
