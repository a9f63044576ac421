//! Problems in the user's files: a [`Problem`] describes one, [`Problems`] collects them.
//!
//! Reading a file does not stop at the first problem, so that one run reports all of them. Only `report` formats them.

use super::source::{Sources, Span};
use crate::secrets::masked_message;

/// The weight of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Information; does not stop the run.
    Note,
    /// Probably a mistake; does not stop the run.
    Warning,
    /// Stops the run before anything is changed.
    Error,
}

/// One problem: what is wrong, where it is, and how to fix it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub severity: Severity,
    pub message: String,
    /// The place in the user's file; `None` only if there is no file.
    pub span: Option<Span>,
    /// The text beside the caret, such as `expected a list`.
    pub label: Option<String>,
    /// The path inside the document, such as `containerDefinitions[web].cpu`.
    pub path: Option<String>,
    pub hint: Option<String>,
    /// The id of the check that found the problem, as `ecsail explain` and `ignore` take it.
    pub rule: Option<&'static str>,
    /// Whether the source line must not be shown, because it may contain a secret.
    pub private: bool,
}

impl Problem {
    /// Returns an error at a place.
    pub fn error(span: impl Into<Option<Span>>, message: impl Into<String>) -> Problem {
        Problem {
            severity: Severity::Error,
            message: masked_message(&message.into()),
            span: span.into(),
            label: None,
            path: None,
            hint: None,
            rule: None,
            private: false,
        }
    }

    /// Returns a warning at a place.
    pub fn warning(span: impl Into<Option<Span>>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(span, message) }
    }

    /// Returns a note at a place.
    pub fn note(span: impl Into<Option<Span>>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Note, ..Problem::error(span, message) }
    }

    /// Sets the text beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = Some(masked_message(&label.into()));
        self
    }

    /// Sets the path inside the document.
    pub fn path(mut self, path: impl Into<String>) -> Problem {
        self.path = Some(path.into()).filter(|path: &String| !path.is_empty());
        self
    }

    /// Sets the hint, or removes it with `None`.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Problem {
        self.hint = hint.into().map(|hint| masked_message(&hint));
        self
    }
}

/// A collection of problems without duplicates.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Adds a problem, unless it is already there: a file that two services use may be read twice.
    pub fn push(&mut self, problem: Problem) {
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// Adds all problems of another collection.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Problem>) {
        others.into_iter().for_each(|problem| self.push(problem));
    }

    /// Returns whether any of the problems is an error.
    pub fn any_error(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Returns the number of errors.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Returns whether there are no problems.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the problems sorted by file, then by position.
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut sorted: Vec<_> = self.list.iter().collect();
        sorted.sort_by_key(|problem| problem.span.map(|span| (span.source, span.start)));
        sorted
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// The error of a run whose files have problems: the problems, and the texts that they refer to.
#[derive(Clone, Debug, Default)]
pub struct Invalid {
    pub problems: Problems,
    pub sources: Sources,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.problems.errors() {
            1 => write!(f, "1 problem in the files"),
            n => write!(f, "{n} problems in the files"),
        }
    }
}

impl std::error::Error for Invalid {}

/// Returns the name in `known` that is most similar to `found`, if one is similar enough.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lowered = found.to_lowercase();
    let length = lowered.chars().count();
    let distance = |name: &'a str| {
        let known = name.chars().count();
        let most = 1 + known.min(length) / 4;
        // An expression can produce a text of any length, so texts whose lengths alone differ too much are not compared.
        let near = known.abs_diff(length) <= most;
        let distance = near.then(|| strsim::damerau_levenshtein(&lowered, &name.to_lowercase()))?;
        (distance <= most).then_some((distance, name))
    };
    known.into_iter().filter_map(distance).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Returns the hint ``did you mean `x`?`` for `found`, if a name in `known` is similar enough.
pub fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(found, known).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_one_of_any_length_is_not_measured() {
        let known = ["family", "cpu", "memory", "taskRoleArn"];
        assert_eq!(nearest("famly", known), Some("family"));
        assert_eq!(nearest("TaskRoleARM", known), Some("taskRoleArn"));
        assert_eq!(nearest("volumes", known), None);
        // A comparison would take minutes and gigabytes.
        assert_eq!(nearest(&"x".repeat(50_000_000), known), None);
    }
}
