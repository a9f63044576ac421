//! Tests of tables: on a terminal they are as narrow as it is, and elsewhere nothing is cut.

use console::{measure_text_width, strip_ansi_codes};
use ecsail_sandbox::{Scenario, SeedService};
use serde_json::json;

use crate::support::pseudo_terminal::PseudoTerminal;
use crate::support::{World, service};

const CLUSTER: &[&str] = &["--cluster", "main"];

/// Returns twelve services with long names, of which two differ only in their middle.
fn long_names() -> Vec<SeedService> {
    let named = |name: String| service(&name, json!({}));
    let others = (0..10).map(|n| named(format!("shop-production-worker-{n:03}-of-the-night")));
    let middle =
        ["api", "web"].map(|part| named(format!("shop-production-frontend-{part}-behind-the-proxy")));
    others.chain(middle).collect()
}

/// Returns what a command shows on a terminal of this width, without colours.
fn shown(world: &World, arguments: &[&str], columns: u16) -> String {
    let (text, code) = PseudoTerminal::start(world.folder.command(arguments), columns, 24).finish();
    assert_eq!(code, 0, "{text}");
    strip_ansi_codes(&text).into_owned()
}

#[track_caller]
fn fits(text: &str, columns: u16) {
    for line in text.lines() {
        let width = measure_text_width(line);
        assert!(width <= usize::from(columns), "{width} columns: {line}\n{text}");
    }
}

#[test]
fn every_table_fits_on_a_terminal_of_80_and_of_60_columns() {
    let world = World::with(Scenario::Steady, &[], &long_names());
    let name = "shop-production-frontend-web-behind-the-proxy";
    let restart = ["restart", name, "--cluster", "main", "--yes"];
    world.run(&restart).exits(0);
    for command in
        [&["status"][..], &["history", name], &["tasks", name], &["images", name], &["revisions", name]]
    {
        for columns in [80, 60] {
            fits(&shown(&world, &[command, CLUSTER].concat(), columns), columns);
        }
    }
}

#[test]
fn names_that_are_cut_stay_different() {
    let world = World::with(Scenario::Steady, &[], &long_names());
    let text = shown(&world, &["status", "--cluster", "main"], 60);
    let names: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" 2/2 "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut different = names.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!((names.len(), different.len()), (12, 12), "{text}");
    assert!(names.iter().all(|name| name.contains('…')), "{text}");
}

#[test]
fn what_does_not_fit_is_left_out_on_a_narrow_terminal_only() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    let header = |columns: u16| {
        let text = shown(&world, &["history", "web"], columns);
        text.lines().nth(1).unwrap_or_default().trim().to_owned()
    };
    let all = "WHEN               OUTCOME    REVISION  TAG  TOOK   BY       RELEASE  DIGEST";
    assert!(
        header(100).starts_with("WHEN ") && header(100).ends_with("  RELEASE  DIGEST"),
        "{}",
        header(100)
    );
    assert!(header(50).ends_with("  TOOK"), "{}", header(50));
    let piped = world.run(&["history", "web"]).exits(0);
    assert_eq!(
        piped.stdout.lines().nth(1).map(|line| line.split_whitespace().collect::<Vec<_>>()),
        Some(all.split_whitespace().collect())
    );
}

#[test]
fn piped_tables_are_never_cut() {
    let world = World::with(Scenario::Steady, &[], &long_names());
    let mut command = world.folder.command(&["status", "--cluster", "main"]);
    command.env("COLUMNS", "40");
    let run = crate::support::finished(command).exits(0);
    run.answers("shop-production-frontend-web-behind-the-proxy:1");
}
