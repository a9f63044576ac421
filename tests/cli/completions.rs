//! The completion scripts in `completions/` are those that the binary prints.

use crate::support::Folder;

#[test]
fn the_scripts_in_the_repository_are_current() {
    let folder = Folder::new(&[]);
    for (shell, name) in [("bash", "ecsail.bash"), ("zsh", "_ecsail"), ("fish", "ecsail.fish")] {
        let printed = folder.run(&["completions", shell]).exits(0).stdout;
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name);
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == printed,
            "completions/{name} is old: `cargo run -- completions {shell} > completions/{name}`"
        );
    }
}

#[test]
fn every_verb_has_help_with_examples() {
    let folder = Folder::new(&[]);
    for verb in ["check", "render", "plan", "deploy", "status", "explain", "sandbox", "schema", "completions"]
    {
        folder.run(&[verb, "--help"]).exits(0).answers("Examples:");
    }
    folder.run(&["--version"]).exits(0).answers(concat!("ecsail ", env!("CARGO_PKG_VERSION")));
}
