//! Shortens names to a number of columns: by their middle, and so that different names stay different. Pure.

use std::collections::{BTreeMap, BTreeSet};

use console::{measure_text_width, truncate_str};

/// What stands for the part that is left out.
const GAP: char = '…';

/// Returns a name of at most so many columns. It loses its middle, since names differ at both ends.
pub fn cut_middle(name: &str, width: usize) -> String {
    if measure_text_width(name) <= width {
        return name.to_owned();
    }
    let kept = width.saturating_sub(1);
    let head = beginning(name.chars(), kept.div_ceil(2));
    let tail: String = beginning(name.chars().rev(), kept / 2).chars().rev().collect();
    format!("{head}{GAP}{tail}")
}

/// Returns an id of at most so many columns. It loses its end: commands take the beginning of an id.
pub fn cut_end(id: &str, width: usize) -> String {
    truncate_str(id, width, "…").into_owned()
}

/// Returns what each of these names is shortened to. Names that would look the same show where they differ, or stay whole.
pub fn cut_apart(names: &BTreeSet<&str>, width: usize) -> BTreeMap<String, String> {
    let plain = names.iter().map(|name| ((*name).to_owned(), cut_middle(name, width))).collect();
    let differing = replace_equal(&plain, |group, name| window(name, common_prefix(group), width));
    replace_equal(&differing, |_, name| name.to_owned())
}

/// Returns the texts of names, where each text that several names share is replaced.
fn replace_equal(
    texts: &BTreeMap<String, String>,
    replacement: impl Fn(&[&str], &str) -> String,
) -> BTreeMap<String, String> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, text) in texts {
        groups.entry(text).or_default().push(name);
    }
    let shown = |(name, text): (&String, &String)| match groups.get(text.as_str()) {
        Some(group) if group.len() > 1 => (name.clone(), replacement(group, name)),
        _ => (name.clone(), text.clone()),
    };
    texts.iter().map(shown).collect()
}

/// Returns how many characters all names begin with.
fn common_prefix(names: &[&str]) -> usize {
    let Some((first, rest)) = names.split_first() else { return 0 };
    let equal = |name: &&str| first.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    rest.iter().map(equal).min().unwrap_or_default()
}

/// Returns the part of a name that shows its characters from this one on.
fn window(name: &str, from: usize, width: usize) -> String {
    let characters: Vec<char> = name.chars().collect();
    let room = width.saturating_sub(1);
    let tail: String = beginning(characters.iter().rev().copied(), room).chars().rev().collect();
    if characters.len().saturating_sub(tail.chars().count()) <= from {
        return format!("{GAP}{tail}");
    }
    let shown = beginning(characters.iter().skip(from).copied(), room.saturating_sub(1));
    format!("{GAP}{shown}{GAP}")
}

/// Returns the first characters that fit on so many columns.
fn beginning(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut text = String::new();
    for character in characters {
        text.push(character);
        if measure_text_width(&text) > columns {
            text.pop();
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(names: &[&str], width: usize) -> Vec<String> {
        let shown = cut_apart(&names.iter().copied().collect(), width);
        names.iter().map(|name| shown[*name].clone()).collect()
    }

    #[test]
    fn a_name_loses_its_middle_and_an_id_its_end() {
        assert_eq!(cut_middle("production-shop-frontend-blue", 13), "produc…d-blue");
        assert_eq!(cut_middle("web", 3), "web");
        assert_eq!(cut_middle("日本語のサービス", 8), "日本…ス");
        assert_eq!(cut_end("0123456789abcdef", 9), "01234567…");
    }

    #[test]
    fn names_that_differ_in_their_middle_show_it() {
        let names = ["shop-production-api-service-blue", "shop-production-web-service-blue"];
        assert_eq!(cut(&names, 12), ["…api-servic…", "…web-servic…"]);
    }

    #[test]
    fn names_that_differ_at_an_end_keep_it() {
        let names = ["shop-production-frontend-1", "shop-production-frontend-2"];
        assert_eq!(cut(&names, 12), ["shop-p…end-1", "shop-p…end-2"]);
    }

    proptest::proptest! {
        #[test]
        fn different_names_stay_different(
            names in proptest::collection::btree_set("[ab-]{1,24}", 1..12), width in 4usize..30,
        ) {
            let shown = cut_apart(&names.iter().map(String::as_str).collect(), width);
            let texts: BTreeSet<&String> = shown.values().collect();
            proptest::prop_assert_eq!(texts.len(), names.len(), "{:?}", shown);
        }
    }
}
