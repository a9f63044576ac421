//! Conformance tests of secrets: what ecsail writes and encrypts, boto3 reads and decrypts, in moto, MiniStack and the sandbox.

use std::io::Write;
use std::process::Stdio;

use ecsail_sandbox::Scenario;
use serde_json::{Value, json};

use crate::support::emulator::Emulator;
use crate::support::python::{HINT, program, run};
use crate::support::{DEFINITION, Folder, MANIFEST, Run, World, finished};

const VALUE: &str = "blue-sky-77";

/// A place where AWS is imitated, as ecsail and boto3 reach it.
struct Place<'a> {
    folder: &'a Folder,
    url: String,
    access_key: &'a str,
}

impl Place<'_> {
    fn boto3(&self, arguments: &[&str]) -> Value {
        let mut command = program("secrets_client.py", &self.url, self.access_key);
        serde_json::from_str(&run(command.args(arguments), HINT)).expect("JSON")
    }

    /// Runs ecsail with a value on standard input.
    fn ecsail(&self, arguments: &[&str], value: &str) -> Run {
        let mut command = self.folder.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        child.stdin.take().expect("it is piped").write_all(value.as_bytes()).expect("it is read");
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Run {
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            code: output.status.code().unwrap_or(-1),
        }
    }

    fn agrees_with_boto3(&self) {
        let ciphertext = format!("${{{}}}", self.boto3(&["prepare"]).as_str().expect("a text"));
        let variables = format!("    environment: [{{ name: DB, value: '{ciphertext}' }}]\n");
        self.folder.write("web.yml", &format!("{DEFINITION}{variables}"));
        for name in ["/shop/db", "shop/db"] {
            self.ecsail(&["secret", "put", name, "--from-stdin"], "first\n").exits(0);
            let moved = finished(self.folder.command(&["secret", "from-kms", "DB", name])).exits(0);
            assert!(!format!("{}{}", moved.stdout, moved.stderr).contains(VALUE), "{moved:?}");
        }
        let expected = json!({
            "parameter": [VALUE, "SecureString", 2], "secret": VALUE, "stages": ["AWSCURRENT", "AWSPREVIOUS"],
        });
        assert_eq!(self.boto3(&["read"]), expected, "{}", self.url);
        let run = self.ecsail(&["secret", "encrypt", "--key", "shop", "--from-stdin"], VALUE).exits(0);
        let encrypted = run.stdout.trim().trim_start_matches("${").trim_end_matches('}').to_owned();
        assert_eq!(self.boto3(&["decrypt", &encrypted]), VALUE);
        let listed = self.folder.run(&["secret", "list"]).exits(0);
        assert!(listed.stdout.contains("/shop/db ") && listed.stdout.contains("\nshop/db "), "{listed:?}");
        let variables = "    secrets: [{ name: A, valueFrom: /shop/db }, { name: B, valueFrom: /shop/no }]\n";
        self.folder.write("web.yml", &format!("{DEFINITION}{variables}"));
        let compared = self.folder.run(&["secret", "diff", "--exit-code"]).exits(6);
        assert!(compared.stdout.contains("\nfound    /shop/db"), "{compared:?}");
    }
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn boto3_reads_what_is_written_to_moto_and_ministack() {
    for emulator in [Emulator::moto(&[]), Emulator::ministack(&[])] {
        emulator.write("ecsail.yml", MANIFEST);
        let place =
            Place { folder: &emulator.folder, url: emulator.url(), access_key: emulator.access_key() };
        place.agrees_with_boto3();
    }
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn boto3_reads_what_is_written_to_the_sandbox() {
    let world = World::new(Scenario::Steady);
    Place { folder: &world.folder, url: world.sandbox.url(), access_key: "AKIAEXAMPLE" }.agrees_with_boto3();
}
