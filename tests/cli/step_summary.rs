//! Checks the step summary of GitHub Actions: whole, for every way in which a run ends.

use ecsail_sandbox::Scenario;

use crate::github::{in_github, read};
use crate::release::{DEFINITION as RELEASE_DEFINITION, MANIFEST, release, world as release_world};
use crate::support::{DEFINITION, World};

/// A definition whose container logs.
const LOGGING: &str = "    logConfiguration:
      logDriver: awslogs
      options: { awslogs-group: /shop, awslogs-region: us-east-1, awslogs-stream-prefix: app }
";

/// Returns the step summary, with ids and durations replaced.
fn summary(world: &World) -> String {
    let text = read(world, "summary.md");
    assert_blocks_are_apart(&text);
    let is_part = |next: char| next.is_ascii_alphanumeric() || next == '-';
    let words = text.split_inclusive(|next: char| !is_part(next));
    words
        .map(|word| word.replace(word.trim_end_matches(|next| !is_part(next)), shown(word, is_part)))
        .collect()
}

/// Returns a word as a snapshot has it.
fn shown(word: &str, is_part: impl Fn(char) -> bool) -> &str {
    let word = word.trim_end_matches(|next| !is_part(next));
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let others = word.trim_start_matches(|next: char| next.is_ascii_digit());
    match others {
        "ms" | "s" | "m" if digits > 0 => "<time>",
        _ if digits >= 6 && word.len() >= 8 => "<id>",
        _ => word,
    }
}

/// Fails where a table, a block of code or a collapsed block has no empty line before or after it: it would be part of the
/// paragraph or the table beside it (GitHub Flavored Markdown, 4.10 and 4.6).
#[track_caller]
fn assert_blocks_are_apart(text: &str) {
    let mut fence: Option<&str> = None;
    let mut before = "";
    for line in text.lines() {
        let is_row = |line: &str| line.starts_with("| ");
        if let Some(open) = fence {
            if line == open {
                fence = None;
            }
        } else if let Some(open) = line.strip_suffix("text").filter(|open| open.starts_with("```")) {
            assert_eq!(before, "", "no empty line before the code in:\n{text}");
            fence = Some(open);
        } else if is_row(line) != is_row(before) {
            assert!(line.is_empty() || before.is_empty(), "no empty line beside `{line}` in:\n{text}");
        } else if line.starts_with("<details>") || line.starts_with("**") {
            assert_eq!(before, "", "no empty line before `{line}` in:\n{text}");
        } else if before == "</details>" {
            assert_eq!(line, "", "no empty line after a collapsed block in:\n{text}");
        }
        before = line;
    }
    assert_eq!(fence, None, "a block of code has no end in:\n{text}");
}

#[test]
fn a_deploy_has_its_table_apart_from_its_verdict() {
    let world = in_github(World::with_breaker(Scenario::Steady));
    world.deploy("v2").exits(0);
    insta::assert_snapshot!(summary(&world), @"
    **shop · <id> · us-east-1 · cluster main · tag v2 · by user/sandbox**

    ### `web`: web:1 → a new revision of `web`

    | path | before | after |
    | --- | --- | --- |
    | `containerDefinitions[app].image` | `` …:v1 `` | `` …:v2 `` |

    **web**: deployed web:2 in <time>
    ");
}

#[test]
fn a_rollback_has_its_log_lines() {
    let world = in_github(World::with_breaker(Scenario::Crash));
    world.folder.write("web.yml", &format!("{DEFINITION}{LOGGING}"));
    world.deploy("v2").exits(3);
    insta::assert_snapshot!(summary(&world), @"
    **shop · <id> · us-east-1 · cluster main · tag v2 · by user/sandbox**

    ### `web`: web:1 → a new revision of `web`

    | path | before | after |
    | --- | --- | --- |
    | `containerDefinitions[app].image` | `` …:v1 `` | `` …:v2 `` |
    | `containerDefinitions[app].logConfiguration.logDriver` |  | `` awslogs `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-group` |  | `` /shop `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-region` |  | `` us-east-1 `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-stream-prefix` |  | `` app `` |

    **web**: web:2 was rolled back, web:1 is running: Service deployment rolled back because the circuit breaker threshold was exceeded.

    <details><summary>the last log lines (/shop app/app/<id>)</summary>

    ```text
    starting app, web:2
    config: DATABASE_URL=postgres://(hidden)@db/shop POOL_SIZE=10
    connecting to db:5432
    ERROR could not connect to the database: connection refused (db:5432)
        at Pool.connect (/srv/app/db.js:41:11)
        at Server.start (/srv/app/server.js:17:5)
        at main (/srv/app/index.js:8:3)
    exiting with code 1
    ```

    </details>
    ");
}

#[test]
fn an_unchanged_run_has_a_summary() {
    let world = in_github(World::with_breaker(Scenario::Steady));
    world.deploy("v1").exits(0);
    insta::assert_snapshot!(summary(&world), @"
    **web**: unchanged, web:1 stays
    ");
    let world = in_github(release_world(MANIFEST));
    release(&world, &[]).exits(0);
    std::fs::remove_file(world.folder.dir.path().join("summary.md")).expect("a summary");
    release(&world, &[]).exits(0);
    insta::assert_snapshot!(summary(&world), @"
    **web**: unchanged, shop:4 stays

    **worker**: unchanged, shop:4 stays

    **mailer**: unchanged, shop:4 stays

    <id> · us-east-1 · cluster main: **release <id>**: unchanged

    | target | name | outcome | detail |
    | --- | --- | --- | --- |
    | task | `migrate` | skipped | no service that needs it changes |
    | service | `web` | unchanged | shop:4 |
    | service | `worker` | unchanged | shop:4 |
    | service | `mailer` | unchanged | shop:4 |
    | schedule | `nightly` | unchanged |  |
    | task | `warm` | skipped | no service that needs it changes |
    ");
}

#[test]
fn a_failed_migration_has_its_log_lines_and_what_was_skipped() {
    let world = in_github(release_world(MANIFEST));
    world.folder.write("task.yml", &format!("{RELEASE_DEFINITION}{LOGGING}"));
    world.sandbox.set_scenario(Some("shop"), Scenario::Crash);
    release(&world, &[]).exits(3);
    insta::assert_snapshot!(summary(&world), @r#"
    **shop · <id> · us-east-1 · cluster main · tag v2 · by user/sandbox**

    task migrate: runs before web, as a new revision of \`shop\`

    ### `web`: shop:1 → a new revision of `shop`

    | path | before | after |
    | --- | --- | --- |
    | `containerDefinitions[app].image` | `` …:v1 `` | `` …:v2 `` |
    | `containerDefinitions[app].logConfiguration.logDriver` |  | `` awslogs `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-group` |  | `` /shop `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-region` |  | `` us-east-1 `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-stream-prefix` |  | `` app `` |

    ### `worker`: shop:2 → a new revision of `shop`

    | path | before | after |
    | --- | --- | --- |
    | `containerDefinitions[app].image` | `` …:v1 `` | `` …:v2 `` |
    | `containerDefinitions[app].logConfiguration.logDriver` |  | `` awslogs `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-group` |  | `` /shop `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-region` |  | `` us-east-1 `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-stream-prefix` |  | `` app `` |

    ### `mailer`: shop:3 → a new revision of `shop`

    | path | before | after |
    | --- | --- | --- |
    | `containerDefinitions[app].image` | `` …:v1 `` | `` …:v2 `` |
    | `containerDefinitions[app].logConfiguration.logDriver` |  | `` awslogs `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-group` |  | `` /shop `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-region` |  | `` us-east-1 `` |
    | `containerDefinitions[app].logConfiguration.options.awslogs-stream-prefix` |  | `` app `` |

    ### schedule `nightly`: is created

    | path | before | after |
    | --- | --- | --- |
    | `expression` |  | `` cron(0 3 * * ? *) `` |
    | `timezone` |  | `` Asia/Tokyo `` |
    | `state` |  | `` ENABLED `` |
    | `flexible_window` |  | `` off `` |
    | `target.task_definition` |  | `` a new revision of `shop` `` |
    | `target.cluster` |  | `` arn:aws:ecs:us-east-1:<id>:cluster/main `` |
    | `target.count` |  | `` 1 `` |
    | `target.role` |  | `` arn:aws:iam::<id>:role/ecsSchedulerRole `` |
    | `target.launchType` |  | `` FARGATE `` |
    | `target.networkConfiguration.awsvpcConfiguration.subnets` |  | `` ["subnet-1"] `` |
    | `target.command` |  | `` ["bin/report"] `` |

    task warm: runs after mailer, as a new revision of \`shop\`

    3 change, 1 created

    **migrate**: shop:4 failed with exit code 1 after <time>

    <details><summary>the last log lines</summary>

    ```text
    starting app, shop:4
    config: DATABASE_URL=postgres://(hidden)@db/shop POOL_SIZE=10
    connecting to db:5432
    ERROR could not connect to the database: connection refused (db:5432)
        at Pool.connect (/srv/app/db.js:41:11)
        at Server.start (/srv/app/server.js:17:5)
        at main (/srv/app/index.js:8:3)
    exiting with code 1
    ```

    </details>

    <id> · us-east-1 · cluster main: **release <id>**: failed

    | target | name | outcome | detail |
    | --- | --- | --- | --- |
    | task | `migrate` | failed | exit code 1 |
    | service | `web` | skipped | \`migrate\` failed |
    | service | `worker` | skipped | \`migrate\` failed |
    | service | `mailer` | skipped | \`migrate\` failed |
    | schedule | `nightly` | skipped | \`migrate\` failed |
    | task | `warm` | skipped | \`migrate\` failed |
    "#);
}

#[test]
fn a_task_that_fails_alone_has_its_verdict() {
    let world = in_github(release_world(MANIFEST));
    world.sandbox.set_scenario(Some("shop"), Scenario::Crash);
    world.run(&["run", "migrate", "--tag", "v2"]).exits(1);
    insta::assert_snapshot!(summary(&world), @"**migrate**: shop:4 failed with exit code 1 after <time>");
}

#[test]
fn a_run_that_stops_early_has_its_error() {
    let world = in_github(World::with_breaker(Scenario::Steady));
    world.deploy("v9").exits(1);
    insta::assert_snapshot!(summary(&world), @r#"
    **error**: no tag \`v9\` in repository \`shop/app\` in account <id>, us-east-1

    - hint: newest tags: v3, v2, v1
    "#);
    let world = in_github(World::with_breaker(Scenario::Steady));
    world
        .folder
        .write("web.yml", "family: web\ncontainerDefinitions:\n- name: app\n  image: x\n  cpux: 1|2\n");
    world.deploy("v2").exits(1);
    insta::assert_snapshot!(summary(&world), @r#"
    **error**: 1 error in the files

    - `web.yml:5` unknown key \`cpux\`; hint: did you mean \`cpu\`?
    "#);
}

#[test]
fn what_another_step_wrote_without_a_line_end_stays_apart() {
    let world = in_github(World::with_breaker(Scenario::Steady));
    world.folder.write("summary.md", "| a |\n| - |\n| b |");
    world.deploy("v2").exits(0);
    let expected = "| a |\n| - |\n| b |\n\n**shop · <id> · us-east-1 · cluster main · tag v2 · by user/sandbox**\n\n### `web`: ";
    assert!(summary(&world).starts_with(expected), "{}", summary(&world));
}
