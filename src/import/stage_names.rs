//! Which stage a file of another tool is for: as it was given, or by a word of its path or its text. Pure.

use std::collections::BTreeMap;

use super::tools::FoundFile;

/// The words that name a stage.
const WORDS: &[&str] = &[
    "production",
    "prod",
    "prd",
    "staging",
    "stage",
    "stg",
    "development",
    "develop",
    "dev",
    "testing",
    "test",
    "tst",
    "qa",
    "uat",
    "preprod",
    "preproduction",
    "sandbox",
    "sbx",
    "demo",
    "preview",
    "integration",
    "int",
    "nonprod",
];

/// The keys whose values may name the stage of a file.
const KEYS: &[&str] = &["cluster", "service", "trackingId"];

/// Returns the stage of each file; none where a file is for all stages, or there are no stages. `given` are names with the
/// file or folder that each is for.
pub fn assign(files: &[FoundFile], given: &[(String, String)]) -> BTreeMap<String, String> {
    let given_to = |file: &FoundFile| {
        let is_in = |path: &str| {
            path.is_empty()
                || file.path == path
                || file.path.starts_with(&format!("{}/", path.trim_end_matches('/')))
        };
        // The most precise path decides.
        let named = given.iter().filter(|(_, path)| is_in(path)).max_by_key(|(_, path)| path.len());
        named.map(|(stage, _)| stage.clone())
    };
    if !given.is_empty() {
        return files.iter().filter_map(|file| Some((file.path.clone(), given_to(file)?))).collect();
    }
    let by_path = found(files, |file| word_of(&file.path));
    if distinct(&by_path) > 1 {
        return by_path;
    }
    let by_text = found(files, |file| KEYS.iter().find_map(|key| word_of(value_of(&file.text, key)?)));
    if distinct(&by_text) > 1 && by_text.len() == files.len() { by_text } else { BTreeMap::new() }
}

fn found(files: &[FoundFile], stage: impl Fn(&FoundFile) -> Option<String>) -> BTreeMap<String, String> {
    files.iter().filter_map(|file| Some((file.path.clone(), stage(file)?))).collect()
}

fn distinct(stages: &BTreeMap<String, String>) -> usize {
    stages.values().collect::<std::collections::BTreeSet<_>>().len()
}

/// Returns the first word of a text that names a stage; the one in the last folder comes first.
fn word_of(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.rev().find(|word| WORDS.contains(&word.to_ascii_lowercase().as_str())).map(str::to_owned)
}

/// Returns the text behind a key of YAML or JSON.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let line = line.trim_start().trim_start_matches('"');
        line.strip_prefix(key)?.trim_start_matches('"').trim_start().strip_prefix(':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(files: &[(&str, &str)], given: &[(&str, &str)]) -> Vec<(String, String)> {
        let files: Vec<FoundFile> = files
            .iter()
            .map(|(path, text)| FoundFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        let given: Vec<(String, String)> =
            given.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect();
        assign(&files, &given).into_iter().collect()
    }

    #[test]
    fn stages_come_from_paths_else_from_clusters() {
        let pair = |path: &str, stage: &str| (path.to_owned(), stage.to_owned());
        assert_eq!(
            stages(&[("envs/staging/e.yml", ""), ("envs/prod/e.yml", ""), ("s.yml", "")], &[]),
            [pair("envs/prod/e.yml", "prod"), pair("envs/staging/e.yml", "staging")]
        );
        assert_eq!(
            stages(&[("a.yml", "cluster: shop-dev\n"), ("b.yml", "\"cluster\": \"shop-prd\"\n")], &[]),
            [pair("a.yml", "dev"), pair("b.yml", "prd")]
        );
        assert_eq!(stages(&[("envs/prod/a.yml", ""), ("envs/prod/b.yml", "")], &[]), []);
        assert_eq!(
            stages(&[("x/a/e.yml", ""), ("x/b/e.yml", "")], &[("one", "x"), ("two", "x/b")]),
            [pair("x/a/e.yml", "one"), pair("x/b/e.yml", "two")]
        );
    }
}
