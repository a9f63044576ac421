//! The pages of the documentation, as part of the binary: people and programs have those of the version that they run.

/// A page of the documentation.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub topic: &'static str,
    /// The page as Markdown.
    pub text: &'static str,
}

macro_rules! pages {
    ($($topic:literal => $file:literal),* $(,)?) => {
        &[$(Page { topic: $topic, text: include_str!(concat!("../docs/", $file)) }),*]
    };
}

/// The pages, in the order of the book.
pub const PAGES: &[Page] = pages! {
    "introduction" => "introduction.md",
    "install" => "install.md",
    "start" => "start.md",
    "adopt" => "adopt.md",
    "import" => "import.md",
    "manifest" => "manifest.md",
    "templates" => "templates.md",
    "lookups" => "lookups.md",
    "secrets" => "secrets.md",
    "definitions" => "definitions.md",
    "checks" => "checks.md",
    "verify" => "verify.md",
    "express" => "express.md",
    "releases" => "releases.md",
    "tasks-and-schedules" => "tasks-and-schedules.md",
    "hooks" => "hooks.md",
    "locks" => "locks.md",
    "notify" => "notify.md",
    "github" => "github.md",
    "operating" => "operating.md",
    "rollouts" => "rollouts.md",
    "stages" => "stages.md",
    "reviewed-plans" => "reviewed-plans.md",
    "protected-stages" => "protected-stages.md",
    "ci" => "ci.md",
    "aws" => "aws.md",
    "iam-policy" => "iam-policy.md",
    "sandbox" => "sandbox.md",
    "commands" => "reference/commands.md",
    "rules" => "reference/checks.md",
    "exit-codes" => "reference/exit-codes.md",
    "permissions" => "reference/permissions.md",
    "events" => "reference/events.md",
    "normal-form" => "reference/normal-form.md",
    "scenarios" => "reference/scenarios.md",
};

/// Returns the topics.
pub fn topics() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|page| page.topic)
}

impl Page {
    /// Returns the heading of the page.
    pub fn title(&self) -> &'static str {
        self.text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default()
    }

    /// Returns the page without the comment for those who write it, which a generated page begins with.
    pub fn content(&self) -> &'static str {
        match self.text.strip_prefix("<!--").and_then(|rest| rest.split_once("-->")) {
            Some((_, content)) => content.trim_start(),
            None => self.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_the_book_is_a_topic() {
        let summary = include_str!("../docs/SUMMARY.md");
        let guide = summary.split("# Contributing").next().expect("a part before it");
        let pages = guide.matches(".md)").count();
        assert_eq!(PAGES.len(), pages);
        assert!(PAGES.iter().all(|page| !page.title().is_empty()));
    }
}
