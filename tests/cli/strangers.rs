//! Manifests that strangers wrote: `check` ends within its limits, and shows nothing that is not part of the project.

use crate::support::{DEFINITION, Folder, MANIFEST};

fn folder(definition: &str) -> Folder {
    Folder::new(&[("app/ecsail.yml", MANIFEST), ("app/web.yml", definition)])
}

fn check(folder: &Folder, flags: &[&str]) -> crate::support::Run {
    folder.run(&[&["check", "-f", "app/ecsail.yml"], flags].concat())
}

#[test]
#[cfg(target_os = "linux")]
fn a_template_that_takes_all_memory_ends_with_an_error() {
    let doubling = "{% set ns = namespace(x='xxxxxxxxxx') %}{% for i in range(40) %}";
    let tens = "{% set ns = namespace(x='xxxxxxxxxx') %}{% for i in range(12) %}";
    for body in [
        format!("{doubling}{{% set ns.x = ns.x ~ ns.x %}}{{% endfor %}}"),
        format!("{doubling}{{% set ns.x = ns.x + ns.x %}}{{% endfor %}}"),
        format!("{tens}{{% set ns.x = ns.x | replace('x', 'xxxxxxxxxx') %}}{{% endfor %}}"),
        format!("{tens}{{% set ns.x = [ns.x] * 10 | join('') %}}{{% set ns.x = ns.x | join(ns.x) %}}{{% endfor %}}"),
        format!("{doubling}{{% set ns.x = '%s%s' | format(ns.x, ns.x) %}}{{% endfor %}}"),
        format!("{doubling}{{% set ns.x = ns.x | indent(i * 100000000, true) ~ ns.x %}}{{% endfor %}}"),
        "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = (ns.x + ns.x) | list %}{% endfor %}"
            .to_owned(),
        format!("{doubling}{{% set y %}}{{% for j in range(100000) %}}{}{{% endfor %}}{{% endset %}}{{% set ns.x = ns.x ~ y %}}{{% endfor %}}", "x".repeat(4000)),
    ] {
        let run = check(&folder(&format!("{body}{DEFINITION}")), &[]).exits(1);
        assert!(run.stderr.contains("error: ") && run.stderr.len() < 10_000, "{body}: {}", run.stderr);
    }
}

#[test]
fn recursion_and_nesting_end_with_an_error() {
    for body in [
        "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
        "{% include 'web.yml' %}",
        "{% set ns = namespace(x=[]) %}{% for i in range(1000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    ] {
        let run = check(&folder(&format!("{body}\n{DEFINITION}")), &[]).exits(1);
        assert!(run.stderr.contains("error: "), "{body}: {}", run.stderr);
    }
}

#[test]
#[cfg(unix)]
fn only_regular_files_are_read() {
    let folder = folder(DEFINITION);
    let fifo = folder.dir.path().join("app/fifo.yml");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("`mkfifo` is there");
    assert!(made.success());
    for name in ["fifo.yml", "/dev/zero", "."] {
        folder.write("app/ecsail.yml", &MANIFEST.replace("web.yml", name));
        check(&folder, &[]).exits(1).says("it is no regular file");
    }
    folder.write("app/ecsail.yml", MANIFEST);
    folder.write("app/web.yml", &format!("{{% include 'fifo.yml' %}}{DEFINITION}"));
    check(&folder, &[]).exits(1).says("it is no regular file");
}

#[test]
#[cfg(unix)]
fn includes_stay_below_the_folder_of_the_manifest() {
    let folder = folder(DEFINITION);
    folder.write("outside.yml", "# private\n");
    folder.write("app/below/part.yml", "# a part\n");
    let path = |name: &str| folder.dir.path().join(name);
    std::os::unix::fs::symlink(path("outside.yml"), path("app/link.yml")).expect("a link");
    let absolute = path("outside.yml").display().to_string();
    for name in ["../outside.yml", "link.yml", "below/../../outside.yml", absolute.as_str()] {
        folder.write("app/web.yml", &format!("{{% include '{name}' %}}{DEFINITION}"));
        check(&folder, &[])
            .exits(1)
            .says("is outside the folder of the manifest")
            .says("--allow-includes-outside");
        check(&folder, &["--allow-includes-outside"]).exits(0);
    }
    folder.write("app/web.yml", &format!("{{% include 'below/part.yml' %}}{DEFINITION}"));
    check(&folder, &[]).exits(0);
}

#[test]
fn nothing_of_a_file_outside_the_project_is_shown() {
    let folder = folder(DEFINITION);
    folder.write("outside.yml", "private_key: hunter22\nsecond: [ hunter22\n");
    let absolute = folder.dir.path().join("outside.yml").display().to_string();
    for name in ["../outside.yml", absolute.as_str()] {
        folder.write("app/ecsail.yml", &MANIFEST.replace("web.yml", name));
        for output in ["text", "json"] {
            let run = check(&folder, &["--output", output]).exits(1);
            let shown = format!("{}{}", run.stdout, run.stderr);
            assert!(shown.contains("is outside the project"), "{shown}");
            assert!(!shown.contains("hunter22") && !shown.contains("private_key"), "{shown}");
        }
    }
    // The files of a repository belong together.
    folder.write(".git/HEAD", "");
    check(&folder, &[]).exits(1).says("hunter22");
}

#[test]
fn only_allowed_variables_are_in_env() {
    let definition = format!("{DEFINITION}    environment: {{ A: \"{{{{ env.A }}}}\" }}\n");
    let folder = folder(&definition).env("A", "1").env("B", "2");
    folder.write("a.env", "A=3\n");
    check(&folder, &[]).exits(0);
    check(&folder, &["--allow-env", "A"]).exits(0);
    check(&folder, &["--no-env", "--env-file", "a.env"]).exits(0);
    for flags in [&["--no-env"][..], &["--allow-env", "B"]] {
        check(&folder, flags).exits(1).says("`env.A`").says("allow it with `--allow-env A`");
    }
}
