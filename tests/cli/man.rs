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
    folder.run(&["man", "nope"]).exits(2).says("no verb named `nope`");
}
