//! A manifest that is being made: its members, with comments. What several files give is merged in [`super::merge`].

use serde_json::{Map, Value, json};

use crate::adopt::SCHEMA_FOLDER;
use crate::yaml_writer::{Comments, to_yaml_with};

/// The members of a manifest in the order in which people write them.
const ORDER: &[&str] = &[
    "ecsail",
    "app",
    "region",
    "account",
    "role",
    "cluster",
    "timeout",
    "schedule_role",
    "images",
    "vars",
    "lookups",
    "hooks",
    "stages",
    "services",
    "tasks",
    "schedules",
];

/// A manifest, or a part of one.
///
/// A string may have expressions of templates in it: [`crate::yaml_writer::expression`] returns one. Everything else in a
/// string is text, and is escaped where a template would read it as a tag.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    pub members: Map<String, Value>,
    pub comments: Comments,
}

impl Draft {
    /// Sets the member at a path, and creates the mappings above it.
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        let Some((last, above)) = path.split_last() else { return };
        let mut members = &mut self.members;
        for name in above {
            let inner = members.entry(*name).or_insert_with(|| json!({}));
            if !inner.is_object() {
                *inner = json!({});
            }
            let Value::Object(inner) = inner else { return };
            members = inner;
        }
        members.insert((*last).to_owned(), value.into());
    }

    /// Returns the member at a path.
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.members.get(*first)?, |value, name| value.get(*name))
    }

    /// Writes a comment above the member at a path.
    pub fn comment(&mut self, path: &[&str], line: &str) {
        self.comments.add(&owned(path), line);
    }

    /// Writes a member as a comment at the end of the mapping at a path, such as a key that ecsail does not have.
    pub fn comment_out(&mut self, path: &[&str], name: &str, value: impl Into<Value>) {
        self.comments.add_member(&owned(path), name, value.into());
    }

    /// Returns whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns the text of the manifest: members in their usual order, with a blank line before each block.
    pub fn to_text(&self) -> String {
        let mut names: Vec<&String> = self.members.keys().collect();
        names.sort_by_key(|name| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
        let mut text = format!("# yaml-language-server: $schema={SCHEMA_FOLDER}/manifest.schema.json\n");
        // The comments of the whole mapping are below its last member.
        let inner = self.comments.without_members_of_root();
        for name in names {
            let Some(value) = self.members.get(name) else { continue };
            if value.is_object() {
                text.push('\n');
            }
            text.push_str(&to_yaml_with(&Map::from_iter([(name.clone(), value.clone())]), &inner));
        }
        text.push_str(&to_yaml_with(&Map::new(), &self.comments));
        text
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_in_their_usual_order() {
        let mut draft = Draft::default();
        draft.set(&["services", "web", "task_definition"], "task.json");
        draft.set(&["cluster"], "main");
        draft.set(&["ecsail"], 1);
        draft.comment(&["services", "web"], "from web.yml");
        draft.comment_out(&["services", "web"], "codedeploy", json!({"app": "x"}));
        assert_eq!(
            draft.to_text(),
            "# yaml-language-server: $schema=.schemas/manifest.schema.json\necsail: 1\ncluster: main\n\nservices:\n  \
             # from web.yml\n  web:\n    task_definition: task.json\n    # codedeploy:\n    #   app: x\n"
        );
    }
}
