//! Tests of `install.sh`, and of the table of targets that it shares with the release: an archive that is not what the release
//! says is never installed.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::support::file_server::{FileServer, Served};
use crate::support::{Run, finished};

pub(crate) const VERSION: &str = "9.8.7";
/// The static binary is the one for every Linux.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-musl";

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A release on a local server whose binary is a script.
pub(crate) struct Release {
    pub(crate) server: FileServer,
    archive: Vec<u8>,
}

impl Release {
    pub(crate) fn new(script: &str) -> Release {
        let folder = TempDir::new().expect("a temporary folder");
        let name = format!("ecsail-{VERSION}-{TARGET}");
        let binary = folder.path().join(&name).join("ecsail");
        std::fs::create_dir(folder.path().join(&name)).expect("a new folder");
        std::fs::write(&binary, script).expect("written");
        std::fs::set_permissions(&binary, PermissionsExt::from_mode(0o755)).expect("ours");
        let pack = Command::new("tar").arg("-czf").arg("-").arg(&name).current_dir(folder.path()).output();
        let archive = pack.expect("`tar` is there").stdout;
        let release = Release { server: FileServer::start(), archive };
        release.serve(Served::Whole(release.archive.clone()));
        release.server.put(&path("SHA256SUMS"), Served::Whole(release.sums(&release.archive).into_bytes()));
        release
    }

    fn serve(&self, archive: Served) {
        self.server.put(&path(&format!("ecsail-{VERSION}-{TARGET}.tar.gz")), archive);
    }

    /// Returns a file of sums with one line more than that of the archive.
    fn sums(&self, archive: &[u8]) -> String {
        let other = "0".repeat(64);
        format!(
            "{other}  ecsail-{VERSION}-other.tar.gz\n{}  ecsail-{VERSION}-{TARGET}.tar.gz\n",
            sum(archive)
        )
    }

    /// Runs the installer for a folder that has an older binary.
    fn install(&self, home: &TempDir, variables: &[(&str, &str)]) -> Run {
        let folder = home.path().join(".local/bin");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("ecsail"), "old").expect("written");
        let mut shell = Command::new("sh");
        shell.arg(repository().join("install.sh")).env_clear().env("HOME", home.path());
        shell.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        shell.env("ECSAIL_VERSION", VERSION).env("ECSAIL_TARGET", TARGET);
        shell.env("ECSAIL_DOWNLOAD_URL", self.server.url()).envs(variables.iter().copied());
        finished(shell)
    }

    /// Runs the installer, and fails unless it refuses with this text and leaves the folder as it is.
    fn refuses(&self, variables: &[(&str, &str)], text: &str) {
        let home = TempDir::new().expect("a temporary folder");
        self.install(&home, variables).exits(1).says(text);
        assert_eq!(installed(&home), ["ecsail: old"]);
    }
}

fn path(name: &str) -> String {
    format!("/v{VERSION}/{name}")
}

fn sum(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), bytes).expect("written");
    let script = "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let output = Command::new("python3").args(["-c", script]).arg(file.path()).output();
    String::from_utf8(output.expect("`python3` is there").stdout).expect("text").trim().to_owned()
}

/// Returns the files where the installer puts the binary, with their texts.
fn installed(home: &TempDir) -> Vec<String> {
    let entries = home.path().join(".local/bin").read_dir().expect("a folder");
    let text = |entry: std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path()).expect("text");
        format!("{}: {text}", entry.file_name().to_string_lossy())
    };
    entries.map(|entry| text(entry.expect("readable"))).collect()
}

const SCRIPT: &str = "#!/bin/sh\necho \"ecsail 9.8.7\"\n";

#[test]
fn a_release_replaces_the_older_binary() {
    let release = Release::new(SCRIPT);
    let home = TempDir::new().expect("a temporary folder");
    let path = home.path().join("github_path");
    let run = release.install(&home, &[("GITHUB_PATH", path.to_str().expect("text"))]).exits(0);
    run.says("installed ecsail 9.8.7 as ").says(".local/bin is not in PATH");
    assert_eq!(installed(&home), [format!("ecsail: {SCRIPT}")]);
    let line = format!("{}\n", home.path().join(".local/bin").display());
    assert_eq!(std::fs::read_to_string(path).expect("written"), line);
}

#[test]
fn a_tampered_archive_is_refused() {
    let release = Release::new(SCRIPT);
    let mut tampered = release.archive.clone();
    tampered.push(0);
    release.serve(Served::Whole(tampered));
    release.refuses(&[], "has the sum ");
}

#[test]
fn an_archive_that_is_cut_off_is_refused() {
    let release = Release::new(SCRIPT);
    release.serve(Served::CutOff(release.archive.clone()));
    release.refuses(&[], "failed to download ");
}

#[test]
fn an_archive_without_a_sum_is_refused() {
    let release = Release::new(SCRIPT);
    release.server.put(&path("SHA256SUMS"), Served::Whole(b"".to_vec()));
    release.refuses(&[], "has no sum of ecsail-9.8.7-");
    release.server.remove(&path("SHA256SUMS"));
    release.refuses(&[], "SHA256SUMS");
}

#[test]
fn the_sum_of_the_user_counts_instead_of_that_of_the_release() {
    let release = Release::new(SCRIPT);
    release.refuses(&[("ECSAIL_SHA256", &"0".repeat(64))], "instead of 0000");
    let home = TempDir::new().expect("a temporary folder");
    release.install(&home, &[("ECSAIL_SHA256", &sum(&release.archive).to_uppercase())]).exits(0);
    assert!(!release.server.requests().contains(&path("SHA256SUMS")));
}

#[test]
fn a_binary_that_does_not_run_here_replaces_nothing() {
    Release::new("#!/bin/sh\nexit 126\n").refuses(&[], "does not run on this machine");
}

#[test]
fn plain_http_needs_the_sum_of_the_user() {
    let release = Release::new(SCRIPT);
    let url = ("ECSAIL_DOWNLOAD_URL", "http://releases.example");
    release.refuses(&[url], "http://releases.example is no https address");
}

#[test]
fn an_installer_that_is_cut_off_does_nothing() {
    let script = std::fs::read_to_string(repository().join("install.sh")).expect("text");
    let cut = script.trim_end().strip_suffix("main \"$@\"").expect("the call stands on the last line");
    let run = Command::new("sh").args(["-c", cut]).env_clear().output().expect("there is a shell");
    assert!(run.status.success() && run.stdout.is_empty() && run.stderr.is_empty(), "{run:?}");
}

/// Runs a script that calls functions of the installer, with programs in place of the machine's.
fn with_programs(programs: &[(&str, &str)], call: &str) -> String {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in programs {
        let file = folder.path().join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).expect("written");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("ours");
    }
    let script = std::fs::read_to_string(repository().join("install.sh")).expect("text");
    let script = script.replace("main \"$@\"", call);
    let search = format!("{}:{}", folder.path().display(), std::env::var("PATH").expect("set"));
    let run =
        Command::new("sh").args(["-c", &script]).env("PATH", search).output().expect("there is a shell");
    String::from_utf8(run.stdout).expect("text").trim().to_owned()
}

#[test]
fn an_old_or_another_c_library_has_the_static_binary() {
    let library =
        |getconf: &str, ldd: &str| with_programs(&[("getconf", getconf), ("ldd", ldd)], "c_library");
    let no_getconf = "exit 1";
    let libraries = [
        (library("echo glibc 2.31", ""), "gnu"),
        (library("echo glibc 2.17", ""), "gnu"),
        (library("echo glibc 2.12", ""), "musl"),
        (library(no_getconf, "echo 'ldd (Ubuntu GLIBC 2.35-0ubuntu3.8) 2.35'"), "gnu"),
        (library(no_getconf, "echo 'musl libc (x86_64)' >&2; echo 'Version 1.2.5' >&2; exit 1"), "musl"),
        (library(no_getconf, "exit 127"), "musl"),
    ];
    for (found, expected) in libraries {
        assert_eq!(found, expected);
    }
}

#[test]
fn every_target_of_the_table_is_chosen_by_its_machine() {
    let table = std::fs::read_to_string(repository().join("scripts/targets.tsv")).expect("text");
    for row in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [target, _, _, format, system, machine] = columns[..] else { panic!("{row}") };
        let system = if system == "Windows" { "MINGW64_NT-10.0-26100" } else { system };
        let uname = format!("[ \"$1\" = -s ] && echo {system} || echo {machine}");
        let getconf = if target.ends_with("gnu") {
            "[ \"$1\" = LONG_BIT ] && echo 64 || echo glibc 2.31"
        } else {
            "exit 1"
        };
        let programs =
            [("uname", uname.as_str()), ("getconf", getconf), ("ldd", "exit 1"), ("sysctl", "exit 1")];
        let chosen = with_programs(&programs, "version=1; choose_archive; echo $archive");
        assert_eq!(chosen, format!("ecsail-1-{target}.{format}"));
    }
}

#[test]
fn what_repeats_the_table_of_targets_is_current() {
    let run =
        Command::new("python3").arg("scripts/targets.py").arg("check").current_dir(repository()).output();
    let run = run.expect("`python3` is there");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// Packs a folder with a binary and a page whose files have this mode, and a time that differs with it, and returns the archive.
fn packed(format: &str, mode: u32) -> Vec<u8> {
    let folder = TempDir::new().expect("a temporary folder");
    let root = folder.path().join("ecsail-1");
    std::fs::create_dir_all(root.join("man")).expect("new folders");
    for name in ["ecsail", "man/ecsail.1"] {
        std::fs::write(root.join(name), name).expect("written");
        let file = std::fs::File::options().write(true).open(root.join(name)).expect("there");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_hours(mode.into())).expect("ours");
        std::fs::set_permissions(root.join(name), PermissionsExt::from_mode(mode)).expect("ours");
    }
    let archive = folder.path().join(format!("a.{format}"));
    let mut script = Command::new(repository().join("scripts/pack.py"));
    script.arg(&root).arg(&archive).arg("1700000000");
    finished(script).exits(0);
    std::fs::read(archive).expect("written")
}

#[test]
fn an_archive_depends_on_nothing_but_its_files_and_the_given_time() {
    for format in ["tar.gz", "zip"] {
        assert!(packed(format, 0o755) == packed(format, 0o600), "{format}");
    }
}

fn add_release_files(folder: &Path) -> Run {
    let mut script = Command::new(repository().join("scripts/release-files.sh"));
    script.arg(folder).arg("https://git.example/owner/ecsail/releases/download");
    finished(script)
}

#[test]
fn a_release_has_sums_an_installer_with_its_address_and_a_formula() {
    let folder = TempDir::new().expect("a temporary folder");
    let table = std::fs::read_to_string(repository().join("scripts/targets.tsv")).expect("text");
    let version = env!("CARGO_PKG_VERSION");
    for row in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let name = format!("ecsail-{version}-{}", columns[0]);
        std::fs::write(folder.path().join(format!("{name}.{}", columns[3])), columns[0]).expect("written");
        std::fs::write(folder.path().join(format!("{name}.cdx.json")), "{}").expect("written");
    }
    add_release_files(folder.path()).exits(0);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    let installer = read("install.sh");
    assert!(installer.contains("\nRELEASED_URL=\"https://git.example/owner/ecsail/releases/download\"\n"));
    assert!(installer.contains(&format!("\nRELEASED_VERSION=\"{version}\"\n")));
    let digest = sum(b"aarch64-apple-darwin");
    assert!(
        read("SHA256SUMS").contains(&format!("{digest}  ecsail-{version}-aarch64-apple-darwin.tar.gz\n"))
    );
    let url =
        format!("/v{version}/ecsail-{version}-aarch64-apple-darwin.tar.gz\"\n      sha256 \"{digest}\"");
    assert!(read("ecsail.rb").contains(&url), "{}", read("ecsail.rb"));
    std::fs::remove_file(folder.path().join(format!("ecsail-{version}-x86_64-pc-windows-msvc.zip")))
        .expect("there");
    add_release_files(folder.path()).exits(1).says("x86_64-pc-windows-msvc.zip is missing");
}
