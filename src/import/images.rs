//! The names of images in the manifest that is made. Pure.

use crate::adopt::names::identifier;
use crate::document::rendered_text::{TOKEN_END, TOKEN_START};

/// The images that have a name: each repository of a stage has one.
#[derive(Clone, Debug, Default)]
pub struct ImageNames {
    names: Vec<ImageName>,
}

#[derive(Clone, Debug)]
struct ImageName {
    stage: Option<String>,
    name: String,
    repository: String,
    tag: Option<String>,
}

impl ImageNames {
    /// Returns the name of an image: the last part of its repository, or more of it where that is taken; `container` where an
    /// expression gives all of it. `tag` is the fixed tag.
    pub fn claim(
        &mut self,
        stage: Option<&str>,
        repository: &str,
        tag: Option<&str>,
        container: &str,
    ) -> String {
        let is_same = |known: &&ImageName| {
            known.repository == repository && known.tag.as_deref() == tag && known.stage.as_deref() == stage
        };
        if let Some(known) = self.names.iter().find(is_same) {
            return known.name.clone();
        }
        let name = wishes(repository, container)
            .into_iter()
            .find(|wish| !self.is_taken(stage, wish))
            .unwrap_or_else(|| self.numbered(stage, repository, container));
        self.names.push(ImageName {
            stage: stage.map(str::to_owned),
            name: name.clone(),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
        });
        name
    }

    fn is_taken(&self, stage: Option<&str>, name: &str) -> bool {
        self.names.iter().any(|known| known.stage.as_deref() == stage && known.name == name)
    }

    fn numbered(&self, stage: Option<&str>, repository: &str, container: &str) -> String {
        let base = wishes(repository, container).pop().unwrap_or_else(|| "app".to_owned());
        let mut number = 2;
        while self.is_taken(stage, &format!("{base}_{number}")) {
            number += 1;
        }
        format!("{base}_{number}")
    }
}

/// Returns the names that an image may have, the shortest first.
fn wishes(repository: &str, container: &str) -> Vec<String> {
    let literal = literal_text(repository);
    let path = literal.split_once('/').map_or(literal.as_str(), |(_, path)| path);
    let parts: Vec<&str> = path.split('/').map(|part| part.trim_matches(['-', '_', '.'])).collect();
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let mut found: Vec<String> = Vec::new();
    for length in 1..=parts.len().min(3) {
        found.push(identifier(&parts[parts.len() - length..].join("_")));
    }
    if found.is_empty() {
        found.push(if container.is_empty() { "app".to_owned() } else { identifier(container) });
    }
    found
}

/// Returns a text without the expressions in it.
pub fn literal_text(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(TOKEN_START) {
        kept.push_str(before);
        rest = after.split_once(TOKEN_END).map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml_writer::expression;

    #[test]
    fn images_are_named_for_their_repositories() {
        let mut names = ImageNames::default();
        let mut claim = |repository: &str| names.claim(None, repository, None, "web");
        assert_eq!(claim("1.dkr.ecr.us-east-1.amazonaws.com/shop/app"), "app");
        assert_eq!(claim("1.dkr.ecr.us-east-1.amazonaws.com/shop/app"), "app");
        assert_eq!(claim("1.dkr.ecr.us-east-1.amazonaws.com/blog/app"), "blog_app");
        assert_eq!(claim("nginx"), "nginx");
        assert_eq!(claim(&format!("{}.dkr.ecr.x.amazonaws.com/my-api", expression("env.ACCOUNT"))), "my_api");
        assert_eq!(claim(&expression("env.IMAGE")), "web");
        assert_eq!(names.claim(Some("staging"), "2.dkr.ecr.x.amazonaws.com/other/app", None, ""), "app");
    }
}
