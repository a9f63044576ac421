//! Owns what is wrong with the user's files: one [`Problem`] each, gathered in [`Problems`].
//!
//! Problems are values. They are collected while a file is read, so that all of them
//! can be shown in one run, and only `report` turns them into text.

use super::source::{Sources, Span};
use crate::secrets::masked_message;

/// Says how much a problem weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing stops.
    Note,
    /// Likely a mistake; nothing stops.
    Warning,
    /// Nothing is deployed while one of these stands.
    Error,
}

/// Holds one thing that is wrong, where, and what helps.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub severity: Severity,
    pub message: String,
    /// The place in the user's file; `None` only where there is no file.
    pub span: Option<Span>,
    /// What stands beside the caret: what was expected there.
    pub label: Option<String>,
    /// The path inside the document, such as `containerDefinitions[web].cpu`.
    pub path: Option<String>,
    pub hint: Option<String>,
    /// The rule that was broken, where there is one: what `ecsail explain` and `ignore` take.
    pub rule: Option<&'static str>,
    /// Whether the line itself is not shown: it may hold a secret.
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

    /// Sets what stands beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = Some(masked_message(&label.into()));
        self
    }

    /// Sets the path inside the document.
    pub fn path(mut self, path: impl Into<String>) -> Problem {
        self.path = Some(path.into()).filter(|path: &String| !path.is_empty());
        self
    }

    /// Sets the hint; `None` leaves it away.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Problem {
        self.hint = hint.into().map(|hint| masked_message(&hint));
        self
    }
}

/// Collects problems; each is taken in once.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Takes a problem in, unless it is there already (a file may be read for two services).
    pub fn push(&mut self, problem: Problem) {
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// Takes in all problems of another collection.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Problem>) {
        others.into_iter().for_each(|problem| self.push(problem));
    }

    /// Returns whether any of them is an error.
    pub fn any_error(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Returns how many are errors.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Returns whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the problems in the order in which a reader meets them: by file, then by place.
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

/// The error of a run whose files have problems: the problems and the texts to show them in.
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

/// Returns the name among `known` that a reader most likely meant by `found`.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lowered = found.to_lowercase();
    let length = lowered.chars().count();
    let distance = |name: &'a str| {
        let known = name.chars().count();
        let most = 1 + known.min(length) / 4;
        // Texts of any length come from expressions: what differs more in length alone is not measured.
        let near = known.abs_diff(length) <= most;
        let distance = near.then(|| strsim::damerau_levenshtein(&lowered, &name.to_lowercase()))?;
        (distance <= most).then_some((distance, name))
    };
    known.into_iter().filter_map(distance).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Returns the "did you mean" hint for `found`, where something known is near enough.
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
        // Measured, this would take minutes and gigabytes.
        assert_eq!(nearest(&"x".repeat(50_000_000), known), None);
    }
}
