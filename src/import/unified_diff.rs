//! The difference of two texts as a patch that `git apply` takes. Pure.

use std::fmt::Write as _;

/// The lines around a change.
const CONTEXT: usize = 3;
/// The maximum number of lines that are compared one by one; more are one change.
const MAX_LINES: usize = 2000;

/// A line of both texts, or of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DiffLine<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// Returns the patch that turns `before` into `after`; empty where they are equal.
pub(super) fn unified_diff(path: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let lines = diff_lines(
        &before.split_inclusive('\n').collect::<Vec<_>>(),
        &after.split_inclusive('\n').collect::<Vec<_>>(),
    );
    let mut text = format!("--- a/{path}\n+++ b/{path}\n");
    for (start, end) in hunks(&lines) {
        let count = |wanted: fn(&DiffLine<'_>) -> bool, lines: &[DiffLine<'_>]| {
            lines.iter().filter(|line| wanted(line)).count()
        };
        let in_before = |line: &DiffLine<'_>| !matches!(line, DiffLine::Added(_));
        let in_after = |line: &DiffLine<'_>| !matches!(line, DiffLine::Removed(_));
        let (old, new) = (count(in_before, &lines[..start]), count(in_after, &lines[..start]));
        let (olds, news) = (count(in_before, &lines[start..end]), count(in_after, &lines[start..end]));
        let first = |before: usize, count: usize| if count == 0 { before } else { before + 1 };
        let _ = writeln!(text, "@@ -{},{olds} +{},{news} @@", first(old, olds), first(new, news));
        for line in &lines[start..end] {
            let (mark, line) = match line {
                DiffLine::Same(line) => (' ', line),
                DiffLine::Removed(line) => ('-', line),
                DiffLine::Added(line) => ('+', line),
            };
            text.push(mark);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    text
}

/// Returns the ranges of lines that are shown: changes with what is around them.
fn hunks(lines: &[DiffLine<'_>]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| !matches!(line, DiffLine::Same(_))) {
        let (start, end) = (at.saturating_sub(CONTEXT), (at + CONTEXT + 1).min(lines.len()));
        match found.last_mut().filter(|(_, last)| *last >= start) {
            Some((_, last)) => *last = end,
            None => found.push((start, end)),
        }
    }
    found
}

fn diff_lines<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<DiffLine<'a>> {
    let same = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (before_rest, after_rest) = (&before[same..], &after[same..]);
    let at_end =
        before_rest.iter().rev().zip(after_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let old = &before_rest[..before_rest.len() - at_end];
    let new = &after_rest[..after_rest.len() - at_end];
    let mut lines: Vec<DiffLine<'a>> = before[..same].iter().map(|line| DiffLine::Same(line)).collect();
    if old.len() > MAX_LINES || new.len() > MAX_LINES {
        lines.extend(old.iter().map(|line| DiffLine::Removed(line)));
        lines.extend(new.iter().map(|line| DiffLine::Added(line)));
    } else {
        lines.extend(longest_common(old, new));
    }
    lines.extend(before_rest[old.len()..].iter().map(|line| DiffLine::Same(line)));
    lines
}

/// Compares by the longest common subsequence.
fn longest_common<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<DiffLine<'a>> {
    let width = new.len() + 1;
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i * width + j] = if old[i] == new[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(DiffLine::Same(old[i]));
            i += 1;
            j += 1;
        } else if j == new.len()
            || (i < old.len() && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])
        {
            lines.push(DiffLine::Removed(old[i]));
            i += 1;
        } else {
            lines.push(DiffLine::Added(new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_has_the_lines_around_each_change() {
        let before: String = (1..=20).map(|number| format!("{number}\n")).collect();
        let after = before.replace("3\n4\n", "3\nnew\n4\n").replace("\n18\n", "\n");
        assert_eq!(
            unified_diff("a.yml", &before, &after),
            "--- a/a.yml\n+++ b/a.yml\n@@ -1,6 +1,7 @@\n 1\n 2\n 3\n+new\n 4\n 5\n 6\n@@ -15,6 +16,5 @@\n 15\n 16\n 17\n-18\n 19\n 20\n"
        );
        assert_eq!(unified_diff("a", "x", "x"), "");
        assert_eq!(
            unified_diff("a", "x", "y\n"),
            "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+y\n"
        );
        assert_eq!(unified_diff("a", "", "y\n"), "--- a/a\n+++ b/a\n@@ -0,0 +1,1 @@\n+y\n");
    }
}
