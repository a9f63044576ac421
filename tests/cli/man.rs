//! Checks that the man pages in `man/` are those that the binary writes.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::Folder;

/// Returns the files of a folder with their content.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    let entries = folder.read_dir().into_iter().flatten();
    let page = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        Some((path.file_name()?.to_str()?.to_owned(), std::fs::read_to_string(&path).ok()?))
    };
    entries.filter_map(page).collect()
}

#[test]
fn the_pages_in_the_repository_are_current() {
    let folder = Folder::new(&[]);
    folder.run(&["man", "--out", "fresh"]).exits(0);
    let fresh = pages(&folder.dir.path().join("fresh"));
    let kept = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    let names = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
    let again = "`rm -r man && cargo run -- man --out man`";
    assert_eq!(names(&kept), names(&fresh), "other pages than in man/: {again}");
    for (name, text) in &fresh {
        assert!(kept.get(name) == Some(text), "man/{name} is old: {again}");
    }
}

#[test]
fn a_page_is_printed_for_each_verb() {
    let folder = Folder::new(&[]);
    folder
        .run(&["man"])
        .exits(0)
        .answers(".TH ecsail 1")
        .answers(concat!("ecsail ", env!("CARGO_PKG_VERSION")));
    let run = folder.run(&["man", "deploy"]).exits(0).answers(".TH ecsail-deploy 1").answers("Examples:");
    assert!(!run.stdout.contains("ecsail\\-deploy\\-service(1)"), "no page is named that does not exist");
    folder.run(&["man", "schedule", "run"]).exits(0).answers(".TH ecsail-schedule-run 1");
    folder.run(&["man", "schedule"]).exits(0).answers("ecsail\\-schedule\\-run(1)");
    folder.run(&["man", "nope"]).exits(2).says("no verb named `nope`");
}

#[test]
fn every_flag_of_a_page_is_described() {
    let folder = Folder::new(&[]);
    folder.run(&["man", "--out", "fresh"]).exits(0);
    let pages = pages(&folder.dir.path().join("fresh"));
    for (name, text) in &pages {
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(3).filter(|lines| lines[0] == ".TP" && lines[1].contains("\\-\\-")) {
            assert!(!pair[2].trim().is_empty(), "{name} does not describe {}", pair[1]);
        }
    }
    for flag in ["record", "parallel", "strict\\-images", "service"] {
        assert!(pages["ecsail-deploy.1"].contains(&format!(".TP\n\\fB\\-\\-{flag}\\fR")), "{flag}");
    }
}

#[test]
fn every_flag_of_the_help_is_in_a_page() {
    let folder = Folder::new(&[]);
    folder.run(&["man", "--out", "fresh"]).exits(0);
    for (name, page) in pages(&folder.dir.path().join("fresh")) {
        let verb = name.trim_end_matches(".1").trim_start_matches("ecsail").trim_start_matches('-');
        if verb.is_empty() {
            continue;
        }
        let is_one_word = ["stop-task", "iam-policy"].contains(&verb);
        let verb = if is_one_word { verb.to_owned() } else { verb.replacen('-', " ", 1) };
        let words: Vec<&str> = verb.split(' ').collect();
        let help = folder.run(&[&["help"], words.as_slice()].concat()).exits(0).stdout;
        let flags = help
            .lines()
            .filter_map(|line| line.trim().split_once("--").filter(|(before, _)| before.len() <= 4));
        for (_, rest) in flags.filter(|(before, _)| before.is_empty() || before.starts_with('-')) {
            let flag = rest
                .split(|next: char| !next.is_ascii_alphanumeric() && next != '-')
                .next()
                .unwrap_or_default();
            let written = format!("\\-\\-{}", flag.replace('-', "\\-"));
            assert!(page.contains(&written), "{name} has no --{flag}");
        }
    }
}
