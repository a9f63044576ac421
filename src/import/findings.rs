//! What an import reports: what was carried over, what means something else now, and what is missing.

/// What became of a part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// It is in the manifest or a file, and means the same.
    CarriedOver,
    /// It is carried over, or replaced, and means something else.
    Changed,
    /// It is not carried over.
    Missing,
}

impl FindingKind {
    /// Returns the heading of a list of them.
    pub fn heading(self) -> &'static str {
        match self {
            FindingKind::CarriedOver => "carried over",
            FindingKind::Changed => "changed in meaning",
            FindingKind::Missing => "not carried over",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// The file, relative to the working folder; empty for a command line.
    pub file: String,
    /// The line in the file, from 1.
    pub line: Option<usize>,
    /// The key, call or flag, such as `codedeploy` or `--group`.
    pub what: String,
    /// What it became, what is different, or why it is missing.
    pub why: String,
}

/// The lines of the report, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a line, once.
    pub fn add(&mut self, finding: Finding) {
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    /// Returns all lines.
    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    /// Returns the lines of one kind.
    pub fn of(&self, kind: FindingKind) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(move |finding| finding.kind == kind)
    }

    /// Returns whether something is not carried over.
    pub fn has_gaps(&self) -> bool {
        self.of(FindingKind::Missing).next().is_some()
    }
}
