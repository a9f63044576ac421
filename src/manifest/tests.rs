//! Fuzz tests with mutated manifests and definitions: loading and rendering them produces documents or problems, never a
//! panic.
//!
//! A failure prints the seed of its run. Reproduce it with `ECSAIL_FUZZ_SEED=… ECSAIL_FUZZ_SECONDS=1`.

use std::time::{Duration, Instant};

use super::load::from_text;
use super::{Request, Scope};
use crate::document::problem::InvalidFiles;
use crate::error::{Details, Failure};
use crate::render;
use crate::report::problems;
use crate::settings::{ImageTags, Settings};

const MANIFESTS: &[&str] = &[
    include_str!("../../examples/quickstart/ecsail.yml"),
    include_str!("../../examples/shop/ecsail.yml"),
    include_str!("../../examples/release/ecsail.yml"),
    include_str!("../../examples/from-genova/ecsail.yml"),
    include_str!("../../examples/express/ecsail.yml"),
    "ecsail: 1\napp: a\ncluster: c\nimages: { app: r/a }\nvars: { n: 3, all: [1, 2] }\nservices:\n  web:\n    task_definition:\n      - web.yml\n      - { family: web, containerDefinitions: [ { name: app, image: \"{{ image.app }}\", cpu: \"{{ vars.n * 2 }}\" } ] }\n    service: { desiredCount: 2, serviceName: web }\n",
];

const DEFINITIONS: &[&str] = &[
    include_str!("../../examples/quickstart/web.yml"),
    include_str!("../../examples/shop/task/base.yml"),
    include_str!("../../examples/shop/task/web.yml"),
    include_str!("../../examples/shop/task/worker.yml"),
    include_str!("../../examples/shop/service/web.yml"),
    include_str!("../../examples/release/task/app.yml"),
    include_str!("../../examples/from-genova/config/deploy/backend.yml"),
    "{\"taskDefinition\": {\"family\": \"a\", \"revision\": 3, \"containerDefinitions\": [{\"name\": \"a\", \"image\": \"b\", \"environment\": [], \"cpu\": 0}]}, \"tags\": []}\n",
    "{% macro env(n, v) %}{ name: {{ n }}, value: \"{{ v }}\" }{% endmacro %}\nfamily: x\ncontainerDefinitions:\n{%- for n in vars.all %}\n  - name: c{{ n }}\n    image: {{ image.app }}\n    environment: [ {{ env('A', n) }} ]\n{%- endfor %}\n",
    "a: &a { x: 1, y: [ 1, 2 ] }\nb: { <<: *a, z: *a }\nc: |\n  {{ tag }}\n  text\nd: >-\n  folded {{ stage }}\n",
];

/// Texts with a meaning in YAML, in templates, or for the reader.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{-",
    "-}}",
    "{%-",
    "-%}",
    "like: web",
    "task: migrate",
    "before: [ web ]",
    "cron(0 3 * * ? *)",
    "rate(0 days)",
    "{{ vars.n }}",
    "{{ nope }}",
    "{{ nope.x }}",
    "{{ vars.n / 0 }}",
    "{{ 1 / vars }}",
    "{{ tag | reverse }}",
    "{{ vars }}",
    "{{ none }}",
    "{{ [1, {'a': 2}] }}",
    "{{ env }}",
    "{{ range(100000) }}",
    "{{ 'x' * 1000000 }}",
    "{{ 'x' * 99999999999 }}",
    "{{ 9 ** 99 }}",
    "{{ -1 }}",
    "{{ 1e400 }}",
    "{{ '\u{E000}0\u{E001}' }}",
    "{{ debug() }}",
    "{{ vars | tojson }}",
    "{{ 'é' | upper }}",
    "{{ loop.index }}",
    "{{ self.x() }}",
    "{{ super() }}",
    "{% for x in range(99999) %}",
    "{% for x in vars.all recursive %}",
    "{{ loop(vars.all) }}",
    "{% endfor %}",
    "{% if tag %}",
    "{% else %}",
    "{% endif %}",
    "{% set x %}",
    "{% endset %}",
    "{% set x = tag %}",
    "{% raw %}",
    "{% endraw %}",
    "{% macro m() %}",
    "{% endmacro %}",
    "{{ m() }}",
    "{% include 'web.yml' %}",
    "{% include 'ecsail.yml' %}",
    "{% include ['no', 'web.yml'] %}",
    "{% import 'web.yml' as w %}",
    "{% extends 'web.yml' %}",
    "{% filter upper %}",
    "{% endfilter %}",
    "{% block b %}",
    "{% endblock %}",
    "{% call m() %}",
    "{% endcall %}",
    "{% with a = 1 %}",
    "{% endwith %}",
    "{% do x %}",
    "{% break %}",
    "{% autoescape false %}",
    "{% endautoescape %}",
    "&a ",
    "*a",
    "&b",
    "*b",
    "<<: *a",
    "<<: ",
    "!!int ",
    "!!binary ",
    "!x ",
    "!",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "? ",
    ": ",
    "- ",
    "|\n",
    ">-\n",
    "|9\n",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ",",
    "#",
    "\\",
    "\t",
    "\n",
    "\r",
    "\r\n",
    " ",
    "  ",
    "\u{FEFF}",
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{E000}",
    "\u{E001}0",
    "\u{E002}0.1\u{E003}",
    "é",
    "😀",
    "~",
    "null",
    "true",
    "NO",
    "0o17",
    "1e999",
    "-.inf",
    ".nan",
    "123456789012345678901234567890",
    "-0",
    "0x",
    "2020-01-01",
    "\"\\ud83d\"",
    "\"\\x\"",
    "a: b\n",
    "a: a: b\n",
    "- - - x\n",
    "[[[[[[[[",
    "{a: {a: {a: ",
    "task_definition: web.yml\n",
    "stages: { a: , b: {} }\n",
    "stages: ",
    "vars: ",
    "images: { a: , b: [] }\n",
    "services: ",
    "services: []\n",
    "ecsail: 2\n",
    "allow_unknown: [x, containerDefinitions.x]\n",
    "timeout: 99999999999h\n",
    "timeout: -1s\n",
    "account: 12\n",
    "tags: { A: b }\n",
    "environment: { A: null }\n",
    "name: \n",
    "containerDefinitions: ",
    "family: ",
    "cpu: ",
    "port_mappings: [ { container_port: 99999999999 } ]\n",
    "ContainerDefinitions: [ { Name: x } ]\n",
];

/// The random number generator `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// Returns a random offset between two characters of a text.
    fn place(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    }

    fn range(&mut self, text: &str, longest: usize) -> std::ops::Range<usize> {
        let start = self.place(text);
        let wanted = start + self.below(longest);
        let end = (wanted..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        start..end
    }

    fn mutated(&mut self, from: &[&str]) -> String {
        let mut text = self.pick(from).to_owned();
        for _ in 0..self.below(6) {
            let at = self.place(&text);
            match self.below(8) {
                0..=2 => text.insert_str(at, self.pick(PIECES)),
                3 => {
                    let range = self.range(&text, 20);
                    text.replace_range(range, self.pick(PIECES));
                }
                4 => {
                    let range = self.range(&text, 60);
                    text.replace_range(range, "");
                }
                5 => {
                    let range = self.range(&text, 80);
                    let copy = text[range].to_owned();
                    text.insert_str(at, &copy);
                }
                6 => {
                    let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
                    text.insert_str(line, self.pick(PIECES));
                }
                _ => {
                    let other = self.pick(from);
                    let range = self.range(other, 120);
                    text.insert_str(at, &other[range]);
                }
            }
        }
        text
    }
}

/// Loads and renders a manifest with its definition, formats its problems, and returns their number.
fn run(manifest: &str, definition: &str, stage: Option<&str>) -> usize {
    let settings = Settings { stage: stage.map(str::to_owned), ..Settings::default() };
    let tags = ImageTags { default: Some("1.4.2".to_owned()), ..ImageTags::default() };
    let request = Request { tags, scope: Scope::Release, ..Request::default() };
    let invalid = match from_text(manifest, &settings, &request) {
        Ok(mut manifest) => {
            let id = manifest.sources.add("web.yml", definition);
            for name in ["web.yml", "task/base.yml", "task/web.yml", "task/worker.yml", "service/web.yml"] {
                manifest.templates.insert(name.to_owned(), id);
            }
            render::render_desired(&manifest).map_or_else(|invalid| invalid, |desired| desired.file_problems)
        }
        Err(Failure { details: Details::Problems(invalid), .. }) => *invalid,
        Err(_) => InvalidFiles::default(),
    };
    let shown = problems::text(&invalid, false);
    let sorted = invalid.problems.sorted();
    let lines: Vec<_> = sorted.iter().map(|problem| problems::event(problem, &invalid.sources)).collect();
    assert_eq!(shown.is_empty(), lines.is_empty());
    lines.len()
}

/// Repeats runs until `ends` returns true. Returns the number of runs, and the number of those with problems.
fn fuzz(first: u64, ends: impl Fn(u64) -> bool) -> (u64, u64) {
    let (mut seed, mut with_problems) = (first, 0);
    while !ends(seed - first) {
        let mut random = Random(seed);
        let (manifest, definition) = (random.mutated(MANIFESTS), random.mutated(DEFINITIONS));
        let stage = [None, Some("production")][random.below(2)];
        let began = Instant::now();
        let outcome = std::panic::catch_unwind(|| run(&manifest, &definition, stage));
        let took = began.elapsed();
        let told = || {
            format!(
                "seed {seed}, stage {stage:?}, {took:?}\n--- manifest\n{manifest}\n--- definition\n{definition}"
            )
        };
        let found = outcome.unwrap_or_else(|_| panic!("a panic: {}", told()));
        with_problems += u64::from(found > 0);
        seed += 1;
    }
    (seed - first, with_problems)
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn mutated_files_end_in_documents_or_problems() {
    let began = Instant::now();
    let (runs, with_problems) = fuzz(1, |runs| runs == 300 || began.elapsed() > Duration::from_secs(4));
    assert!(with_problems > runs / 4 && with_problems < runs, "{with_problems} of {runs} had problems");
}

#[test]
#[ignore = "takes minutes: ECSAIL_FUZZ_SECONDS, 60 if not set"]
#[allow(clippy::print_stdout, reason = "for `cargo test -- --nocapture`")]
fn mutated_files_end_in_documents_or_problems_for_a_long_time() {
    let seconds = number("ECSAIL_FUZZ_SECONDS", 60);
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = number("ECSAIL_FUZZ_SEED", clock.map_or(1, |since| since.as_secs() << 20));
    let began = Instant::now();
    let (runs, with_problems) = fuzz(seed, |_| began.elapsed() > Duration::from_secs(seconds));
    println!("{runs} runs from seed {seed}, {with_problems} with problems");
}
