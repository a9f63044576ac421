//! Runs the console blocks of the documentation and compares the output, parses the commands of the others, checks the
//! manifests, and resolves links and anchors.
//!
//! The words after the language of a block say what is done with it; GitHub and mdBook ignore them:
//!
//! - `console run=EXAMPLE`: every `$ ` line runs in a copy of `examples/EXAMPLE` (`run=.`: in the folder that has
//!   `examples/`), and the output is compared with the lines below it. `exit=N` is the exit code of the last command,
//!   `setup="COMMAND; COMMAND"` runs before, without being shown. A line `…` stands for any number of lines.
//! - `console` alone: every `ecsail` line must parse.
//! - `yaml check`: the block passes `ecsail check` on its own. `yaml file=NAME`: all such blocks of a page are written
//!   to one folder, which passes `ecsail check`.
//!
//! Commands without `--sandbox` run against a sandbox in which the image tag decides what a rollout does, or with
//! `scenario=NAME` that scenario; `stage=NAME` chooses the stage of the manifest. Its clock advances with each poll, so
//! that the same lines come out of every run. Times, ids, ports and durations are compared by their form. With `ECSAIL_UPDATE_DOCS=1` in the environment the blocks are rewritten: a line that differs only in
//! times and ids stays as it is. A block with `…` is edited by hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser as _;
use ecsail::manifest::{self, Request};
use ecsail::sandbox_session::SandboxSession;
use ecsail::settings::{ImageTags, Settings};
use ecsail_sandbox::{Clock, Options, Sandbox};

use crate::support::Folder;

/// The time by which the sandbox advances at each poll.
const STEP: (&str, &str) = ("ECSAIL_SANDBOX_STEP", "5s");

/// A fenced block of a page.
#[derive(Debug, Clone)]
struct Block {
    /// The number of the line after the opening fence, from 0.
    start: usize,
    info: Vec<String>,
    lines: Vec<String>,
}

impl Block {
    fn language(&self) -> &str {
        self.info.first().map_or("", String::as_str)
    }

    fn has(&self, word: &str) -> bool {
        self.info.iter().any(|known| known == word)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.info.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// Returns the commands, each with the lines of its output.
    fn commands(&self) -> Vec<(String, Vec<String>)> {
        let mut commands: Vec<(String, Vec<String>)> = Vec::new();
        for line in &self.lines {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command.to_owned(), Vec::new())),
                (None, Some((_, output))) => output.push(line.clone()),
                (None, None) => panic!("output without a command: {line}"),
            }
        }
        commands
    }
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns whether pages are written instead of compared.
pub(crate) fn updating() -> bool {
    std::env::var_os("ECSAIL_UPDATE_DOCS").is_some_and(|value| value == "1")
}

/// Returns the pages below `docs/`, and the given ones beside it, with their paths relative to the repository.
fn pages(beside: &[&str]) -> Vec<(String, String)> {
    let mut found: Vec<PathBuf> = beside.iter().map(|name| root().join(name)).collect();
    let mut open = vec![root().join("docs")];
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir().expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    let page = |path: &PathBuf| {
        let name = path.strip_prefix(root()).expect("inside").to_str().expect("text").replace('\\', "/");
        (name, std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    found.iter().map(page).collect()
}

/// Splits the words after the language, where a value may be in double quotes.
fn words(info: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in info.trim().chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().expect("never empty").push(other),
        }
    }
    words
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), inside) {
            (Some(info), false) => {
                blocks.push(Block { start: index + 1, info: words(info), lines: Vec::new() });
                inside = true;
            }
            (Some(_), true) => inside = false,
            (None, true) => blocks.last_mut().expect("begun").lines.push(line.to_owned()),
            (None, false) => {}
        }
    }
    assert!(!inside, "a block is not closed");
    blocks
}

/// Copies the examples, so that the sandbox's state is not written to the repository.
fn copied(folder: &Folder) {
    let examples = root().join("examples");
    let state = fresh();
    let mut open = vec![examples.clone()];
    while let Some(path) = open.pop() {
        for entry in path.read_dir().expect("a folder") {
            let path = entry.expect("readable").path();
            let name = path.strip_prefix(&examples).expect("inside").to_str().expect("text").to_owned();
            if path.is_dir() && path.file_name().is_some_and(|name| name != ".ecsail") {
                open.push(path);
            } else if path.is_file() {
                let text = std::fs::read_to_string(&path).expect("text");
                folder.write(&format!("examples/{name}"), &text);
                if let Some(example) = name.strip_suffix("/ecsail.yml") {
                    folder.write(&format!("examples/{example}/.ecsail/sandbox.json"), &state);
                }
            }
        }
    }
}

/// Returns the state of an empty sandbox whose time is that of this machine.
fn fresh() -> String {
    let options = Options { clock: Clock::Wall { factor: 1.0 }, ..Options::default() };
    Sandbox::start(options).expect("the sandbox starts").save().to_string()
}

/// Starts a sandbox with what the manifest of an example describes.
fn served(folder: &Path, block: &Block) -> SandboxSession {
    let settings = Settings {
        manifest: Some(folder.join("ecsail.yml")),
        stage: block.value("stage").map(str::to_owned),
        environment: BTreeMap::from([(STEP.0.to_owned(), STEP.1.to_owned())]),
        ..Settings::default()
    };
    let tags = ImageTags::parse(&["v1".to_owned()]).expect("a tag");
    let scope = manifest::Scope::Release;
    let request = Request { tags, scope, ..Request::default() };
    let manifest = manifest::load(&settings, &request).expect("the example loads");
    let desired = ecsail::render::render_desired(&manifest).expect("the example renders");
    SandboxSession::start(block.value("scenario").unwrap_or("by-tag"), &settings, &manifest, &desired)
        .expect("the sandbox starts")
}

/// Runs the commands of a block, and returns the output and the exit code of each.
fn outputs(block: &Block, example: &str) -> Vec<(String, i32)> {
    let folder = Folder::new(&[]);
    copied(&folder);
    let home = folder.dir.path();
    let (here, session) = match example {
        "." => (home.to_path_buf(), None),
        example => {
            let here = home.join("examples").join(example);
            let session = served(&here, block);
            (here, Some(session))
        }
    };
    let binary = Path::new(env!("CARGO_BIN_EXE_ecsail"));
    let path = std::env::join_paths(
        std::iter::once(binary.parent().expect("a folder").to_path_buf())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let run = |command: &str| {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec 2>&1\n{}", command.replace("cargo run -- ", "ecsail ")));
        shell.current_dir(&here).stdin(Stdio::null()).env_clear();
        shell.env("PATH", path.as_ref().expect("a path")).env("HOME", home).env(STEP.0, STEP.1);
        shell.env("ECSAIL_POLL_INTERVAL", "2ms").env("GITHUB_ACTOR", "alice").env("CI", "true");
        if let Some(stage) = block.value("stage") {
            shell.env("ECSAIL_STAGE", stage);
        }
        if let Some(session) = &session {
            shell.envs(session.client_environment(&BTreeMap::new()));
        }
        let output = shell.output().expect("sh runs");
        (String::from_utf8(output.stdout).expect("text"), output.status.code().unwrap_or(-1))
    };
    for command in block.value("setup").unwrap_or_default().split(';').filter(|text| !text.trim().is_empty())
    {
        let (output, code) = run(command);
        // A setup may be a deploy that fails or does not end.
        assert!([0, 3, 4].contains(&code), "setup `{command}` exits with {code}:\n{output}");
    }
    block.commands().iter().map(|(command, _)| run(command)).collect()
}

/// What differs from run to run, and the form by which it is compared.
pub(crate) fn normalised(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        let boundary = out.chars().last().is_none_or(|last| !last.is_ascii_alphanumeric());
        if boundary && let Some((form, length)) = form(rest) {
            out.push_str(form);
            rest = &rest[length..];
        } else {
            out.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    // Columns are as wide as their values.
    out.split_whitespace().fold(indent(line), |mut text, word| {
        if !text.trim().is_empty() {
            text.push(' ');
        }
        text.push_str(word);
        text
    })
}

fn indent(line: &str) -> String {
    line.chars().take_while(|character| *character == ' ').collect()
}

/// Returns the form of a time, an id, a port or a duration at the start of the text, and its length.
///
/// In the patterns `9` is a digit, `h` a hexadecimal digit, and `*` repeats the one before it.
fn form(text: &str) -> Option<(&'static str, usize)> {
    const FORMS: &[(&str, &str)] = &[
        ("9999-99-99T99:99:99+99:99", "TIME"),
        ("9999-99-99T99:99:99Z", "TIME"),
        ("9999-99-99T99:99Z", "TIME"),
        ("9999-99-99 99:99:99Z", "TIME"),
        ("9999-99-99 99:99:99", "TIME"),
        ("9999-99-99 99:99Z", "TIME"),
        ("9999-99-99 99:99", "TIME"),
        ("99:99:99Z", "TIME"),
        ("9999999999.9*", "TIME"),
        ("99999999T999999Z-hhhhhh", "RELEASE"),
        ("ecs-svc/9*", "DEPLOYMENT"),
        ("sha256:hhhhhhhhhhhhh*", "DIGEST"),
        ("127.0.0.1:9*", "ADDRESS"),
        ("10.9*.9*.9*", "ADDRESS"),
        ("/products/9* 200 9*ms", "REQUEST"),
        ("hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh", "ID"),
        ("hhhhhhhhhhhh", "ID"),
        ("hhhhhhhh", "ID"),
        ("hhhhhh", "ID"),
        ("9*h 9*m", "DURATION"),
        ("9*h9*m", "DURATION"),
        ("9*m 9*s", "DURATION"),
        ("9*m9*s", "DURATION"),
        ("9*.9*s", "DURATION"),
        ("9*ms", "DURATION"),
        ("9*s", "DURATION"),
        ("9*m", "DURATION"),
        ("9*h", "DURATION"),
        ("9*d", "DURATION"),
    ];
    FORMS.iter().find_map(|(pattern, form)| Some((*form, matched(pattern, text)?)))
}

/// Returns the length of the text that the pattern matches, if no letter or digit follows it.
fn matched(pattern: &str, text: &str) -> Option<usize> {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().take(120).collect();
    let (mut at, mut index) = (0, 0);
    while index < pattern.len() {
        let expected = pattern[index];
        let fits = |character: &char| match expected {
            '9' => character.is_ascii_digit(),
            'h' => character.is_ascii_digit() || ('a'..='f').contains(character),
            other => *character == other,
        };
        if !text.get(at).is_some_and(fits) {
            return None;
        }
        at += 1;
        index += 1;
        if pattern.get(index) == Some(&'*') {
            while text.get(at).is_some_and(fits) {
                at += 1;
            }
            index += 1;
        }
    }
    let ends = text.get(at).is_none_or(|next| !next.is_ascii_alphanumeric());
    ends.then(|| text[..at].iter().map(|character| character.len_utf8()).sum())
}

/// Returns whether the output is as the page shows it, where a line `…` stands for any number of lines.
fn agrees(shown: &[String], actual: &[String]) -> bool {
    match shown.split_first() {
        None => actual.is_empty(),
        Some((line, rest)) if line.trim() == "…" => {
            (0..=actual.len()).any(|skip| agrees(rest, &actual[skip..]))
        }
        Some((line, rest)) => actual
            .split_first()
            .is_some_and(|(first, others)| normalised(line) == normalised(first) && agrees(rest, others)),
    }
}

/// Returns the output for the page: lines of the page that differ only in times and ids are kept.
fn rewritten(shown: &[String], actual: &[String]) -> Vec<String> {
    if agrees(shown, actual) {
        return shown.to_vec();
    }
    let mut old = shown.to_vec();
    let keep = |line: &String| {
        let found = old.iter().position(|known| normalised(known) == normalised(line));
        found.map_or_else(|| line.clone(), |index| old.remove(index))
    };
    actual.iter().map(keep).collect()
}

#[test]
fn console_blocks_print_what_they_show() {
    let mut broken = String::new();
    let mut ran = 0;
    for (name, text) in pages(&["README.md", "CONTRIBUTING.md"]) {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for block in blocks(&text).into_iter().rev().filter(|block| block.language() == "console") {
            let Some(example) = block.value("run") else { continue };
            ran += 1;
            let mut shown = Vec::new();
            let outputs = outputs(&block, example);
            // The exit code is that of the last command; those before it succeed.
            let mut codes = vec![0; outputs.len()];
            if let (Some(last), Some(exit)) = (codes.last_mut(), block.value("exit")) {
                *last = exit.parse().expect("an exit code");
            }
            let runs = block.commands().into_iter().zip(outputs).zip(codes);
            for (((command, before), (output, code)), expected) in runs {
                if code != expected {
                    let _ = writeln!(
                        broken,
                        "{name}:{}: `{command}` exits with {code}, not {expected}",
                        block.start + 1
                    );
                }
                let actual: Vec<String> = output.lines().map(|line| line.trim_end().to_owned()).collect();
                let elided = before.iter().any(|line| line.trim() == "…");
                if (!updating() || elided) && !agrees(&before, &actual) {
                    let _ = writeln!(
                        broken,
                        "{name}:{}: `{command}` prints:\n{}\n",
                        block.start + 1,
                        actual.join("\n")
                    );
                }
                shown.push(format!("$ {command}"));
                shown.extend(if elided { before } else { rewritten(&before, &actual) });
            }
            lines.splice(block.start..block.start + block.lines.len(), shown);
        }
        if updating() {
            let fresh = lines.join("\n") + "\n";
            if fresh != text {
                std::fs::write(root().join(&name), fresh).expect("the page can be written");
            }
        }
    }
    assert!(ran > 15, "only {ran} blocks were run");
    assert!(broken.is_empty(), "{broken}run the tests with ECSAIL_UPDATE_DOCS=1 to rewrite the blocks");
}

/// Returns the words of the first command in a line of shell, without what is redirected or piped.
fn arguments(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        let open = words.last_mut().expect("never empty");
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(mark), other) if mark == other => quote = None,
            (None, '#') if open.is_empty() => break,
            (None, '|' | '>' | ';' | '&' | '<') => break,
            (None, ' ') => words.push(String::new()),
            (_, other) => open.push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn commands_in_blocks_that_are_not_run_parse() {
    let mut parsed = 0;
    for (name, text) in pages(&["README.md", "CONTRIBUTING.md"]) {
        for block in blocks(&text).iter().filter(|block| block.language() == "console") {
            for (index, line) in block.lines.iter().enumerate().filter(|(_, line)| line.starts_with("$ ")) {
                let words = arguments(&line[2..].replace("cargo run -- ", "ecsail "));
                if words.first().is_none_or(|word| word != "ecsail") {
                    continue;
                }
                parsed += 1;
                if let Err(error) = ecsail::cli::Cli::try_parse_from(&words) {
                    let shows = [clap::error::ErrorKind::DisplayHelp, clap::error::ErrorKind::DisplayVersion];
                    assert!(shows.contains(&error.kind()), "{name}:{}: {error}", block.start + index + 1);
                }
            }
        }
    }
    assert!(parsed > 20, "only {parsed} commands were found");
}

#[test]
fn manifests_in_the_pages_pass_check() {
    let mut checked = 0;
    for (name, text) in pages(&["README.md"]) {
        let yaml = blocks(&text).into_iter().filter(|block| block.language() == "yaml");
        let (files, alone): (Vec<_>, Vec<_>) = yaml.partition(|block| block.value("file").is_some());
        for block in alone.iter().filter(|block| block.has("check")) {
            checked += 1;
            let run = Folder::new(&[("ecsail.yml", &block.lines.join("\n"))]).run(&["check"]);
            assert_eq!(run.code, 0, "{name}:{}: {}{}", block.start, run.stdout, run.stderr);
        }
        if !files.is_empty() {
            checked += 1;
            let folder = Folder::new(&[]);
            for block in &files {
                folder.write(block.value("file").expect("it has a name"), &block.lines.join("\n"));
            }
            let run = folder.run(&["check"]);
            assert_eq!(run.code, 0, "{name}: {}{}", run.stdout, run.stderr);
        }
    }
    assert!(checked >= 3, "only {checked} manifests were found");
}

/// Returns the anchor that GitHub and mdBook give a heading.
fn anchor(heading: &str) -> String {
    let kept = |character: char| match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        other if other.is_alphanumeric() => Some(other.to_ascii_lowercase()),
        _ => None,
    };
    heading.trim().chars().filter_map(kept).collect()
}

/// Returns the text without its fenced blocks and code spans.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.split('`').step_by(2).collect()
}

fn anchors(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        inside ^= line.starts_with("```");
        if !inside && line.starts_with('#') {
            found.push(anchor(line.trim_start_matches('#')));
        }
    }
    found
}

#[test]
fn links_and_anchors_resolve() {
    let mut broken = Vec::new();
    let mut found = 0;
    for (name, text) in pages(&["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"]) {
        let folder = Path::new(&name).parent().expect("a page has a folder");
        let prose = prose(&text);
        let targets = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")) {
            found += 1;
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { root().join(&name) } else { root().join(folder).join(path) };
            if !file.exists() {
                broken.push(format!("{name}: {target}: no such file"));
            } else if !fragment.is_empty() {
                let page = std::fs::read_to_string(&file).expect("text");
                if !anchors(&page).iter().any(|known| known == fragment) {
                    broken.push(format!("{name}: {target}: no such heading"));
                }
            }
        }
    }
    assert!(found > 50, "only {found} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).expect("there is a summary");
    for (name, _) in pages(&[]) {
        let page = name.strip_prefix("docs/").expect("below docs");
        assert!(
            page == "SUMMARY.md" || summary.contains(&format!("]({page})")),
            "docs/SUMMARY.md lacks {page}"
        );
    }
}

#[test]
fn pages_name_the_rust_version_of_the_package() {
    let version = format!("Rust {} or newer", env!("CARGO_PKG_RUST_VERSION"));
    let naming: Vec<(String, String)> = pages(&["README.md", "CONTRIBUTING.md"])
        .into_iter()
        .filter(|(_, text)| text.contains("Rust 1."))
        .collect();
    assert_eq!(naming.len(), 4, "{:?}", naming.iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (name, text) in naming {
        assert!(text.contains(&version), "{name} does not say `{version}`");
    }
}

#[test]
fn times_ids_and_durations_are_compared_by_their_form() {
    for (line, expected) in [
        ("web: succeeded: web:1 in 3.2s", "web: succeeded: web:1 in DURATION"),
        ("web: succeeded: web:1 in 1m 1s", "web: succeeded: web:1 in DURATION"),
        ("  deployed  2026-11-22 02:07Z, 0s ago, tag v2", "  deployed TIME, DURATION ago, tag v2"),
        ("release 20261122T031500Z-5f1a9c of v2", "release RELEASE of v2"),
        ("(deployment ecs-svc/7701652534245454904)", "(deployment DEPLOYMENT)"),
        ("quickstart-web:2, 2/2 running", "quickstart-web:2, 2/2 running"),
        ("exit code 137, task 5f1a9c0d", "exit code 137, task ID"),
    ] {
        assert_eq!(normalised(line), expected);
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(agrees(&lines("a\n…\nd"), &lines("a\nb\nc\nd")));
    assert!(!agrees(&lines("a\n…\nd"), &lines("a\nb\nc")));
    assert_eq!(rewritten(&lines("in 3s\nx"), &lines("in 4s\ny")), ["in 3s", "y"]);
}
