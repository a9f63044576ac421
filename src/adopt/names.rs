//! Names of what is adopted: its key in the manifest, and the path of its file. Pure.

use std::collections::BTreeSet;

use crate::secrets;

/// Returns the name of a resource without the word that names its stage: `shop-staging-web` becomes `shop-web`. A name
/// that is only the stage stays.
pub(crate) fn without_stage(name: &str, stage: Option<&str>) -> String {
    let Some(stage) = stage else { return name.to_owned() };
    let mut kept = String::new();
    let mut word = String::new();
    let mut separator = String::new();
    for character in name.chars().chain(['\0']) {
        if character.is_alphanumeric() {
            word.push(character);
            continue;
        }
        if !word.is_empty() && !word.eq_ignore_ascii_case(stage) {
            let between = if kept.is_empty() { "" } else { separator.as_str() };
            kept = format!("{kept}{between}{word}");
            separator.clear();
        }
        word.clear();
        if separator.is_empty() && character != '\0' {
            separator.push(character);
        }
    }
    if kept.is_empty() { name.to_owned() } else { kept }
}

/// Returns a name that `{{ image.NAME }}`, `{{ env.NAME }}` and `--tag NAME=…` take.
pub(crate) fn identifier(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match plain.chars().next() {
        Some(first) if !first.is_ascii_digit() => plain,
        _ => format!("_{plain}"),
    }
}

/// Names that are in use, compared without case: many file systems do not tell `Web` from `web`.
#[derive(Debug, Default)]
pub(crate) struct UsedNames(BTreeSet<String>);

impl UsedNames {
    /// Returns the first of the wished names that is free, or the last one with a number, and remembers it.
    pub(crate) fn claim(&mut self, wished: &[String]) -> String {
        let numbered = (2..).map(|number| format!("{}_{number}", wished.last().map_or("", String::as_str)));
        let mut free = wished.iter().cloned().chain(numbered);
        // The numbers never end, so that one is free.
        let name = free.find(|name| !self.0.contains(&name.to_ascii_lowercase())).unwrap_or_default();
        self.0.insert(name.to_ascii_lowercase());
        name
    }
}

/// Returns a name of others as a part of a message.
pub(crate) fn shown(name: &str) -> String {
    format!("`{}`", secrets::printable(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_is_left_out_of_a_name() {
        for (name, key) in [
            ("staging-web", "web"),
            ("web-staging", "web"),
            ("shop-staging-web", "shop-web"),
            ("shop_staging_web", "shop_web"),
            ("Staging-web", "web"),
            ("web", "web"),
            ("staging", "staging"),
            ("stagingweb", "stagingweb"),
            ("my-staging-web_api", "my-web_api"),
        ] {
            assert_eq!(without_stage(name, Some("staging")), key, "{name}");
        }
        assert_eq!(without_stage("staging-web", None), "staging-web");
    }

    #[test]
    fn names_are_used_once() {
        let mut names = UsedNames::default();
        let wish = |text: &str| [text.to_owned()];
        assert_eq!(
            [names.claim(&wish("Web")), names.claim(&wish("web")), names.claim(&wish("web"))],
            ["Web", "web_2", "web_3"]
        );
        assert_eq!(identifier("my-app"), "my_app");
        assert_eq!(identifier("1app"), "_1app");
    }
}
