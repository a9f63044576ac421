//! Whether the clusters of a `deploy.yml` are the stages of one app, and their names. Pure.

use std::collections::BTreeSet;

use super::app::{Use, UseKind};
use crate::adopt::names::without_stage;

/// Returns the names of the stages of clusters; none where the clusters are not variants of each other.
pub(super) fn stages(clusters: &[String], uses: &[Use]) -> Option<Vec<String>> {
    if clusters.len() < 2 {
        return None;
    }
    let names = distinct_words(clusters);
    let shares = |one: usize, other: usize| {
        let keys = |cluster: usize| -> BTreeSet<(UseKind, String)> {
            let own = uses.iter().filter(|used| used.cluster == cluster);
            own.map(|used| (used.kind, without_stage(&used.name, Some(&names[cluster])))).collect()
        };
        let paths = |cluster: usize| -> BTreeSet<&str> {
            uses.iter().filter(|used| used.cluster == cluster).map(|used| used.path.as_str()).collect()
        };
        !keys(one).is_disjoint(&keys(other)) || !paths(one).is_disjoint(&paths(other))
    };
    // Every cluster has something in common with another one.
    let is_variant = |one: usize| (0..clusters.len()).any(|other| other != one && shares(one, other));
    (0..clusters.len()).all(is_variant).then(|| names.clone())
}

/// Returns the names without the words that all of them begin or end with.
fn distinct_words(names: &[String]) -> Vec<String> {
    let words: Vec<Vec<&str>> = names.iter().map(|name| name.split(['-', '_']).collect()).collect();
    let is_common = |at: &dyn Fn(&[&str]) -> Option<String>| {
        let first = words.first().and_then(|words| at(words));
        first.is_some() && words.iter().all(|words| words.len() > 1 && at(words) == first)
    };
    let shortest = words.iter().map(Vec::len).min().unwrap_or(0);
    let mut before = 0;
    while before + 1 < shortest
        && is_common(&|words: &[&str]| words.get(before).map(|word| (*word).to_owned()))
    {
        before += 1;
    }
    let mut after = 0;
    while before + after + 1 < shortest
        && is_common(&|words: &[&str]| words.iter().rev().nth(after).map(|word| (*word).to_owned()))
    {
        after += 1;
    }
    let short: Vec<String> = words.iter().map(|words| words[before..words.len() - after].join("-")).collect();
    let is_good = short.iter().collect::<BTreeSet<_>>().len() == names.len()
        && short.iter().all(|name| !name.is_empty());
    if is_good { short } else { names.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(cluster: usize, name: &str, path: &str) -> Use {
        Use { cluster, kind: UseKind::Service, name: name.to_owned(), path: path.to_owned() }
    }

    fn stages_of(clusters: &[&str], uses: &[Use]) -> Option<Vec<String>> {
        stages(&clusters.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), uses)
    }

    #[test]
    fn clusters_with_the_same_services_are_stages() {
        let uses = [used(0, "staging-web", "a.yml"), used(1, "production-web", "b.yml")];
        let names = Some(vec!["staging".to_owned(), "production".to_owned()]);
        assert_eq!(stages_of(&["staging", "production"], &uses), names);
        assert_eq!(stages_of(&["shop-staging-ecs", "shop-production-ecs"], &uses), names);
        let same_file = [used(0, "web", "a.yml"), used(1, "api", "a.yml")];
        assert_eq!(stages_of(&["dev", "prod"], &same_file), Some(vec!["dev".to_owned(), "prod".to_owned()]));
    }

    #[test]
    fn clusters_with_nothing_in_common_are_none() {
        let uses = [used(0, "web", "a.yml"), used(1, "batch", "b.yml")];
        assert_eq!(stages_of(&["main", "batch"], &uses), None);
        assert_eq!(stages_of(&["main"], &uses[..1]), None);
    }
}
