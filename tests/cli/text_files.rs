//! Checks that all files of a user are read alike: the manifest, definitions, what they include, and env files.

use crate::support::{Folder, Run};

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
services: { web: { task_definition: web.yml } }
";
const DEFINITION: &str = "\
family: web
memory: 128
containerDefinitions:
- name: web
  image: nginx:1.27
  command: [{{ env.WORD }}]
{% include 'part.yml' %}
";
const PART: &str = "  cpu: 64\n";
const ENV: &str = "WORD=hello\n";

/// Returns the files of a project, each as its bytes.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION), ("part.yml", PART), (".env", ENV)]
        .map(|(name, text)| (name, text.as_bytes().to_vec()))
        .to_vec()
}

/// Renders the project with one of its files in other bytes.
fn rendered_with(changed: &str, change: fn(&[u8]) -> Vec<u8>) -> Run {
    let folder = Folder::new(&[]);
    for (name, bytes) in files() {
        let bytes = if name == changed { change(&bytes) } else { bytes };
        std::fs::write(folder.dir.path().join(name), bytes).expect("written");
    }
    folder.run(&["render", "service", "web", "--env-file", ".env"])
}

fn utf16(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| [*byte, 0]).collect()
}

#[test]
fn byte_order_marks_and_line_ends_of_windows_change_nothing_in_any_file() {
    let expected = rendered_with("", |bytes| bytes.to_vec()).exits(0).stdout;
    for (name, _) in files() {
        let marked = rendered_with(name, |bytes| [b"\xef\xbb\xbf", bytes].concat()).exits(0);
        assert_eq!(marked.stdout, expected, "{name}");
        let windows =
            rendered_with(name, |bytes| String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes());
        assert_eq!(windows.exits(0).stdout, expected, "{name}");
    }
}

#[test]
fn utf16_is_named_with_the_file_in_any_file() {
    for (name, _) in files() {
        for change in [utf16 as fn(&[u8]) -> Vec<u8>, |bytes| [b"\xff\xfe".to_vec(), utf16(bytes)].concat()] {
            let run = rendered_with(name, change);
            assert_ne!(run.code, 0, "{name}");
            assert!(run.stderr.contains("it is UTF-16 text; save it as UTF-8"), "{name}:\n{}", run.stderr);
            assert!(run.stderr.contains(&format!("`{name}`")), "{name}:\n{}", run.stderr);
        }
    }
}

#[test]
fn an_include_that_cannot_be_read_is_one_problem_at_the_include() {
    let run = rendered_with("part.yml", |_| b"cpu: \xff\n".to_vec()).exits(1);
    run.says("failed to read `part.yml`: it is not UTF-8 text").says("--> web.yml:7:13").says("1 error");
}
