//! What was asked for in a pass over the templates, and the answers so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::{Lookup, LookupFailure};

/// The answer to a look-up.
pub type LookupAnswer = Result<Value, LookupFailure>;

/// What the ARN of a secret that does not exist begins with, up to its name.
const MISSING_SECRET: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";

fn missing_secret_arn(name: &str) -> String {
    format!("{MISSING_SECRET}{name}")
}

/// Returns the name of the secret for which a text stands that refers to one which does not exist.
pub fn missing_secret_name(text: &str) -> Option<&str> {
    text.strip_prefix(MISSING_SECRET)?.split(':').next()
}

/// The look-ups of a run. Clones share their content, so that all templates of a run ask the same table.
#[derive(Clone, Debug, Default)]
pub struct LookupTable {
    content: Arc<Mutex<TableContent>>,
}

#[derive(Debug, Default)]
struct TableContent {
    answers: BTreeMap<Lookup, LookupAnswer>,
    /// What was asked for in this pass and has no answer yet.
    unanswered: BTreeSet<Lookup>,
    /// Whether a template of this pass was given a placeholder.
    has_placeholders: bool,
    /// Whether secrets that do not exist are answered with a name that says so.
    tolerates_missing_secrets: bool,
}

impl LookupTable {
    fn lock(&self) -> MutexGuard<'_, TableContent> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the answer to a look-up. Without one, the look-up is recorded, and the caller gets a placeholder for it.
    pub fn answer(&self, lookup: &Lookup) -> Option<LookupAnswer> {
        let mut content = self.lock();
        if let Some(answer) = content.answers.get(lookup) {
            return Some(match (lookup, answer) {
                (Lookup::Secret(name), Err(why)) if why.is_missing && content.tolerates_missing_secrets => {
                    Ok(Value::from(missing_secret_arn(name)))
                }
                _ => answer.clone(),
            });
        }
        content.unanswered.insert(lookup.clone());
        content.has_placeholders = true;
        None
    }

    /// Lets documents be rendered that refer to secrets which do not exist: for a command that compares both.
    pub fn tolerate_missing_secrets(&self) {
        self.lock().tolerates_missing_secrets = true;
    }

    /// Records that a placeholder was given for a look-up whose arguments are not known yet.
    pub fn record_placeholder(&self) {
        self.lock().has_placeholders = true;
    }

    /// Returns the failure of a look-up that has one. Records nothing.
    pub fn failure(&self, lookup: &Lookup) -> Option<LookupFailure> {
        self.lock().answers.get(lookup).and_then(|answer| answer.clone().err())
    }

    /// Returns whether a template of this pass was given a placeholder.
    pub fn has_placeholders(&self) -> bool {
        self.lock().has_placeholders
    }

    /// Forgets what was asked for, before the templates are rendered again. The answers stay.
    pub fn begin_pass(&self) {
        let mut content = self.lock();
        content.unanswered.clear();
        content.has_placeholders = false;
    }

    /// Returns what was asked for in this pass and has no answer.
    pub fn unanswered(&self) -> BTreeSet<Lookup> {
        self.lock().unanswered.clone()
    }

    /// Returns everything that was asked for and answered so far, and what was asked for in this pass.
    pub fn asked(&self) -> BTreeSet<Lookup> {
        let content = self.lock();
        content.answers.keys().chain(&content.unanswered).cloned().collect()
    }

    /// Adds answers.
    pub fn add_answers(&self, answers: impl IntoIterator<Item = (Lookup, LookupAnswer)>) {
        self.lock().answers.extend(answers);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_no_answer_is_recorded_once() {
        let table = LookupTable::default();
        let lookup = Lookup::Parameter("/a".to_owned());
        assert_eq!((table.answer(&lookup), table.answer(&lookup)), (None, None));
        assert_eq!(table.unanswered().len(), 1);
        table.add_answers([(lookup.clone(), Ok(json!("1")))]);
        table.begin_pass();
        assert_eq!(table.answer(&lookup), Some(Ok(json!("1"))));
        assert!(table.unanswered().is_empty() && !table.has_placeholders());
    }
}
