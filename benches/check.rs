//! Measures the CPU time of `check` on a manifest with 100 services: `cargo bench --bench check`.
//!
//! The target is less than 150 ms in a release build. Linux only: the times are read from `/proc/self`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ecsail::manifest::{self, Request};
use ecsail::render;
use ecsail::settings::{ImageTags, Settings};

const SERVICES: usize = 100;
const RUNS: u32 = 10;
const AIM: Duration = Duration::from_millis(150);

const BASE: &str = include_str!("../examples/shop/task/base.yml");
const OWN: &str = include_str!("../examples/shop/task/web.yml");

/// Writes the manifest, the base layer of all services, and a layer for each.
fn write(folder: &Path) {
    let mut manifest = String::from(
        "ecsail: 1\napp: shop\nregion: eu-central-1\ncluster: main\nimages:\n  app: r/app\n  proxy: { repository: r/proxy, tag: '1' }\n\
         vars: { name: \"{{ app }}-main\", log_level: info }\nstages: { main: {} }\nservices:\n",
    );
    std::fs::write(folder.join("base.yml"), BASE).expect("can be written");
    for n in 0..SERVICES {
        writeln!(manifest, "  web-{n}:\n    name: \"{{{{ vars.name }}}}-web-{n}\"\n    task_definition: [ base.yml, web-{n}.yml ]")
            .expect("text");
        std::fs::write(folder.join(format!("web-{n}.yml")), format!("# {n}\n{OWN}")).expect("can be written");
    }
    std::fs::write(folder.join("ecsail.yml"), manifest).expect("can be written");
}

/// Returns the CPU time of this process's main thread.
fn own_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    Duration::from_nanos(text.split(' ').next().and_then(|first| first.parse().ok()).expect("a number"))
}

/// Returns the CPU time of the children that have ended: user and system, in steps of 10 ms.
fn children_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = text.rsplit(") ").next().expect("fields").split(' ').skip(13).take(2);
    Duration::from_millis(fields.map(|ticks| ticks.parse::<u64>().expect("a number") * 10).sum())
}

fn check(folder: &Path) {
    let settings = Settings {
        manifest: Some(folder.join("ecsail.yml")),
        stage: Some("main".to_owned()),
        ..Settings::default()
    };
    let tags = ImageTags { default: Some("1".to_owned()), ..ImageTags::default() };
    let request = Request { tags, ..Request::default() };
    let manifest = manifest::load(&settings, &request).expect("loads");
    let desired = render::render_desired(&manifest).expect("renders");
    assert_eq!(desired.services.len(), SERVICES);
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its results")]
fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path());
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("check of {SERVICES} services, {build} build, mean of {RUNS} runs");

    let before = own_cpu();
    (0..RUNS).for_each(|_| check(folder.path()));
    println!("  load and render: {:.1} ms CPU", ms(own_cpu().saturating_sub(before) / RUNS));

    let (before, began) = (children_cpu(), Instant::now());
    for _ in 0..RUNS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecsail"));
        let status = command
            .arg("check")
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("the binary runs").success(), "the manifest is valid");
    }
    let cpu = children_cpu().saturating_sub(before) / RUNS;
    println!("  `ecsail check`:  {:.1} ms CPU, {:.1} ms in total", ms(cpu), ms(began.elapsed() / RUNS));
    println!(
        "  target: {:.0} ms CPU in a release build{}",
        ms(AIM),
        if cpu > AIM && !cfg!(debug_assertions) { ", missed" } else { "" }
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
