#!/usr/bin/env bash
# Builds the release archive for one target: the binary, its licences, man pages and completions. The same commit, toolchain and
# linker give the same bytes, in whatever folder and at whatever time. Needs no network after `cargo fetch --locked`.
#
#   scripts/release.sh [TARGET]        writes target/dist/ecsail-VERSION-TARGET.tar.gz (or .zip) and its SHA-256
#   scripts/release.sh --verify        builds the checkout in two other folders, and compares the archives
set -euo pipefail
cd "$(dirname "$0")/.."

host() { rustc -vV | sed -n 's/^host: //p'; }

# Git's bash has paths of another form than the compiler on Windows.
native_path() { cygpath -w "$1" 2>/dev/null || echo "$1"; }

# Returns a column of the table of targets. A target that is not in it is built by cargo, and packed as most are.
field() {
  if grep -q "^$1	" scripts/targets.tsv; then scripts/targets.py field "$1" "$2"; else echo "$3"; fi
}

# The time in the archive is that of the commit; a source archive without git has to set it.
source_date() { echo "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"; }

build() {
  local target=$1 cargo_home rust_source commit here
  here=$(native_path "$PWD")
  cargo_home=$(native_path "${CARGO_HOME:-$HOME/.cargo}")
  # With the component `rust-src`, the compiler writes its own paths of the standard library instead of these.
  rust_source=$(rustc --print sysroot)/lib/rustlib/src/rust
  commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
  export CARGO_INCREMENTAL=0
  # The unit separator of this variable allows blanks in paths. Where several prefixes match, the last one counts.
  local flags=(
    "--remap-path-prefix=$here=/ecsail"
    "--remap-path-prefix=$cargo_home=/cargo"
    "--remap-path-prefix=$rust_source=/rustc/$commit"
  )
  CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
  export CARGO_ENCODED_RUSTFLAGS
  # An explicit target keeps these flags from build scripts, which run here and are not part of the archive.
  local options=(--profile dist --locked --package ecsail --target-dir target)
  if [[ $(field "$target" build cargo) == zig ]]; then
    # The oldest glibc that Rust's own standard library runs with; zig has its symbols.
    cargo zigbuild "${options[@]}" --target "${target/%gnu/gnu.2.17}"
  else
    cargo build "${options[@]}" --target "$target"
  fi
  ensure_no_build_paths "$(binary_of "$target")" "$here" "$cargo_home" "$rust_source"
  if [[ $target == *-linux-gnu ]]; then scripts/check-glibc.sh "$(binary_of "$target")" 2.17; fi
}

binary_of() {
  case $1 in
    *-windows-*) echo "target/$1/dist/ecsail.exe" ;;
    *) echo "target/$1/dist/ecsail" ;;
  esac
}

# Fails where the binary contains a path of this machine.
ensure_no_build_paths() {
  local binary=$1 path
  shift
  for path in "$@"; do
    if grep -aqF "$path" "$binary"; then
      echo "error: $binary contains the build path $path" >&2
      return 1
    fi
  done
}

pack() {
  local target=$1 version name folder notices archive
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
  name=ecsail-$version-$target
  folder=target/dist/$name
  archive=$name.$(field "$target" format tar.gz)
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$(binary_of "$target")" README.md CHANGELOG.md LICENSE "$folder"
  cp -r man completions "$folder"
  scripts/third-party-licenses.py --target "$target" > "$folder/THIRD-PARTY-LICENSES"
  # The licences of the crates in the standard library, which the toolchain brings.
  notices=$(rustc --print sysroot)/share/doc/rust/COPYRIGHT-library.html
  cp "$notices" "$folder/RUST-STANDARD-LIBRARY-LICENSES.html"
  scripts/pack.py "$folder" "target/dist/$archive" "$(source_date)"
  rm -rf "$folder"
  scripts/sbom.py --target "$target" > "target/dist/$name.cdx.json"
  (cd target/dist && sha256 "$archive" | tee "$archive.sha256")
}

# macOS has another program for the same.
sha256() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi; }

# Builds what is committed in two folders whose paths have different lengths, and compares the results.
verify() {
  local target
  target=$(host)
  # Global, because it is removed when the script ends.
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  SOURCE_DATE_EPOCH=$(source_date)
  export SOURCE_DATE_EPOCH
  for folder in "$work/a" "$work/another/longer path"; do
    mkdir -p "$folder"
    git archive HEAD | tar -x -C "$folder"
    "$folder/scripts/release.sh" "$target"
  done
  cmp "$work"/a/target/dist/*.tar.gz "$work/another/longer path"/target/dist/*.tar.gz
  echo "both archives have the same bytes"
}

case ${1-} in
  --verify) verify ;;
  *)
    target=${1:-$(host)}
    build "$target"
    pack "$target"
    ;;
esac
