//! Reads the project's own source: each file of `src/` as code only, without comments, text literals and test items.

use std::path::{Path, PathBuf};

/// Returns the source files below `src/` with their paths relative to it, sorted. Files of tests are left out; in the others,
/// comments, literals and test items are blanked, so that lines keep their numbers.
pub(crate) fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir().expect("a folder") {
            let path: PathBuf = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name =
                    path.strip_prefix(&root).expect("inside").to_str().expect("text").replace('\\', "/");
                if !is_of_tests(&name) {
                    let text = std::fs::read_to_string(&path).expect("text");
                    found.push((name, without_test_items(&code(&text))));
                }
            }
        }
    }
    found.sort();
    assert!(found.len() > 30, "the source was found");
    found
}

/// Whether a file belongs to a module's tests: `tests.rs`, or a file in a folder `tests`.
fn is_of_tests(name: &str) -> bool {
    name.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// Returns the text with comments and literals blanked; line breaks stay.
fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_opaque(&chars, at);
        if end > at {
            kept.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            kept.push(chars[at]);
            at += 1;
        }
    }
    kept
}

/// Returns where the comment or literal that begins at `at` ends; `at` itself where none begins.
fn end_of_opaque(chars: &[char], at: usize) -> usize {
    let next = |offset: usize| chars.get(at + offset).copied().unwrap_or('\0');
    let in_a_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match (chars[at], next(1)) {
        ('/', '/') => position(chars, at, |c| c == '\n'),
        ('/', '*') => end_of_block(chars, at),
        ('"', _) => end_of_string(chars, at),
        ('b', '"') if !in_a_word => end_of_string(chars, at + 1),
        ('r', '"' | '#') if !in_a_word => end_of_raw(chars, at + 1).unwrap_or(at),
        ('b', 'r') if !in_a_word => end_of_raw(chars, at + 2).unwrap_or(at),
        // A lifetime has no closing mark behind its first character.
        ('\'', '\\') => position(chars, at + 3, |c| c == '\'') + 1,
        ('\'', _) if next(2) == '\'' => at + 3,
        _ => at,
    }
}

fn position(chars: &[char], from: usize, matches: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|&at| matches(chars[at])).unwrap_or(chars.len())
}

fn end_of_block(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut at = at;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') if depth == 1 => return at + 2,
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    chars.len()
}

fn end_of_string(chars: &[char], quote: usize) -> usize {
    let mut at = quote + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn end_of_raw(chars: &[char], hashes: usize) -> Option<usize> {
    let quote = position(chars, hashes, |c| c != '#');
    if chars.get(quote) != Some(&'"') {
        return None;
    }
    let closing: Vec<char> = std::iter::once('"').chain(chars[hashes..quote].iter().copied()).collect();
    let rest = &chars[quote + 1..];
    let length = rest.windows(closing.len()).position(|window| window == closing)?;
    Some(quote + 1 + length + closing.len())
}

/// Returns the code with each item behind a `#[cfg(test)]` blanked, and what stands behind that item kept.
fn without_test_items(code: &str) -> String {
    let mut kept: Vec<char> = code.chars().collect();
    let mut at = 0;
    while at < kept.len() {
        if kept[at] == '#' && kept.get(at + 1) == Some(&'[') {
            let end = end_of_group(&kept, at + 1);
            let attribute: String = kept[at..end].iter().filter(|c| !c.is_whitespace()).collect();
            let of_tests = attribute.starts_with("#[cfg(")
                && attribute.contains("test")
                && !attribute.contains("not(test");
            if of_tests {
                let end = end_of_item(&kept, end);
                kept[at..end].iter_mut().filter(|c| **c != '\n').for_each(|c| *c = ' ');
            }
            at = end;
        } else {
            at += 1;
        }
    }
    kept.into_iter().collect()
}

/// Returns the place behind the bracket that closes the one at `at`.
fn end_of_group(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    for (index, c) in chars.iter().enumerate().skip(at) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    chars.len()
}

/// Returns the place behind an item: its block, or the `;` of one that has none (or whose braces are part of a path or value).
fn end_of_item(chars: &[char], from: usize) -> usize {
    let mut at = position(chars, from, |c| !c.is_whitespace());
    while chars.get(at) == Some(&'#') {
        at = position(chars, end_of_group(chars, at + 1), |c| !c.is_whitespace());
    }
    let words: String = chars[at..].iter().take(60).collect();
    let ends_with_a_mark = words
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .find(|word| !["pub", "crate", "super", ""].contains(word))
        .is_some_and(|word| {
            ["use", "static", "type", "let"].contains(&word) || word == "const" && !words.contains("fn ")
        });
    while at < chars.len() {
        match chars[at] {
            ';' => return at + 1,
            '{' if !ends_with_a_mark => return end_of_group(chars, at),
            '(' | '[' | '{' => at = end_of_group(chars, at),
            _ => at += 1,
        }
    }
    chars.len()
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = "let a = \"x::y\"; // z\nlet b = r#\"q\"q\"#; /* c /* d */\n e */ let f: &'static str = '\"'; let g = b'\\'';";
    let kept = code(text);
    assert_eq!(kept.matches('\n').count(), 2);
    for gone in ["x::y", "z", "q", "c", "d", "e */", "\""] {
        assert!(!kept.contains(gone) || gone == "c" && kept.contains("static"), "{gone}: {kept}");
    }
    for stays in ["let a =", "let b =", "let f: &'static str =", "let g ="] {
        assert!(kept.contains(stays), "{stays}: {kept}");
    }
}

#[test]
fn a_test_item_hides_itself_only() {
    let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\npub(crate) fn b(x: [u8; 2]) -> u8 { if x { 1 } }\nfn c() {}\n\
                #[cfg(all(test, unix))]\nuse d::{e, f};\nfn g() {}\n#[cfg(test)]\nmod tests {\n fn h() {}\n}\nfn i() {}\n\
                #[cfg(test)]\nmod more;\nfn j() {}\n#[cfg(not(test))]\nfn k() {}\n";
    let kept = without_test_items(text);
    let names: Vec<&str> = kept.split("fn ").skip(1).map(|rest| &rest[..1]).collect();
    assert_eq!(names, ["a", "c", "g", "i", "j", "k"]);
    assert!(!kept.contains("use d") && !kept.contains("more"), "{kept}");
}

/// A use of one module by another: the file and the line where it stands.
pub(crate) struct Import {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) place: String,
}

/// Returns the uses between the top-level modules of `src/`: what the paths name that begin with `crate::` or with `super::`s
/// that leave a module, in `use` lines and elsewhere. The macros of a crate are no modules.
pub(crate) fn imports() -> Vec<Import> {
    let sources = sources();
    let modules: Vec<String> =
        sources.iter().filter_map(|(name, _)| module_path(name).into_iter().next()).collect();
    let mut found = Vec::new();
    for (name, code) in &sources {
        let own = module_path(name);
        let Some(from) = own.first() else { continue };
        for (place, path) in paths(code) {
            let depth = path.iter().take_while(|part| *part == "super").count();
            let target = match path.first().map(String::as_str) {
                Some("crate") => path.get(1),
                Some("super") if depth >= own.len() => path.get(depth),
                _ => None,
            };
            if let Some(to) = target.filter(|to| *to != from && modules.contains(to)) {
                let place = format!("src/{name}:{place}: {}", path.join("::"));
                found.push(Import { from: from.clone(), to: to.clone(), place });
            }
        }
    }
    found
}

/// Returns the path of a file's module: `plan/schedules/mod.rs` is `[plan, schedules]`; none for the crate's root and `main.rs`.
fn module_path(name: &str) -> Vec<String> {
    let path = name.trim_end_matches(".rs").trim_end_matches("/mod");
    if matches!(path, "lib" | "main") { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// Returns the paths that begin with `crate` or `super`, each with its line; a `{…}` in a path gives one for each of its parts.
fn paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].trim_end();
            if code[..at].ends_with(is_word) || before.ends_with("::") {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            tree(&code[at..], &[], &mut |path| found.push((line, path)));
        }
    }
    found
}

/// Reads a tree of paths such as `a::{b, c::d}`, and returns what stands behind it.
fn tree<'a>(code: &'a str, before: &[String], found: &mut impl FnMut(Vec<String>)) -> &'a str {
    let mut path = before.to_vec();
    let mut rest = code.trim_start();
    loop {
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner.trim_start();
            while !rest.starts_with('}') && !rest.is_empty() {
                let behind = tree(rest, &path, &mut *found);
                // What is no path ends the tree: a block, and not a group of paths.
                if behind.len() == rest.len() {
                    return behind;
                }
                rest = behind.trim_start().trim_start_matches(',').trim_start();
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end > 0 {
            path.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(behind) if end > 0 => rest = behind.trim_start(),
            _ => break,
        }
    }
    if path.len() > before.len() {
        found(path);
    }
    let rest = rest.trim_start();
    let renamed = rest
        .strip_prefix("as ")
        .map(|name| name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'));
    renamed.unwrap_or(rest)
}

#[test]
fn paths_are_read_with_their_groups() {
    let code = "use crate::a::{self, b, c::{D, e as f}};\nlet x = super::super::g::h(crate::i::J::k);\n$crate::l!();";
    let read: Vec<String> =
        paths(code).into_iter().map(|(line, path)| format!("{line} {}", path.join("::"))).collect();
    for expected in [
        "1 crate::a::self",
        "1 crate::a::b",
        "1 crate::a::c::D",
        "1 crate::a::c::e",
        "2 super::super::g::h",
        "2 crate::i::J::k",
    ] {
        assert!(read.iter().any(|found| found == expected), "{expected}: {read:?}");
    }
    assert_eq!(module_path("plan/schedules/mod.rs"), ["plan", "schedules"]);
    assert_eq!(module_path("cli.rs"), ["cli"]);
}
