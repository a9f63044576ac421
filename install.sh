#!/bin/sh
# Installs ecsail from a release: chooses the archive for this machine, checks its SHA-256 sum, and refuses what does not match.
# Changes nothing but the binary, needs no root, and does nothing if this file was cut off while it was downloaded.
#
#   curl --proto '=https' --tlsv1.2 -fsSL RELEASES/latest/download/install.sh | sh
#
# Variables:
#   ECSAIL_VERSION        the version to install; the default is the one that this file was released with
#   ECSAIL_INSTALL_DIR    the folder for the binary; the default is ~/.local/bin
#   ECSAIL_DOWNLOAD_URL   where the releases are: ECSAIL_DOWNLOAD_URL/vVERSION/ARCHIVE
#   ECSAIL_SHA256         the sum that the archive must have, instead of the one in the SHA256SUMS of the release
#   ECSAIL_TARGET         the target of the archive, such as x86_64-unknown-linux-musl, instead of the one for this machine
set -eu

# The release workflow writes its repository and version here.
RELEASED_URL=""
RELEASED_VERSION=""

main() {
  version=${ECSAIL_VERSION:-$RELEASED_VERSION}
  version=${version#v}
  url=${ECSAIL_DOWNLOAD_URL:-$RELEASED_URL}
  expected=$(echo "${ECSAIL_SHA256:-}" | tr 'A-F' 'a-f')
  [ -n "$version" ] || fail "no version is known" "set ECSAIL_VERSION, for example to 1.2.3"
  [ -n "$url" ] || fail "no address of the releases is known" "set ECSAIL_DOWNLOAD_URL"
  check_url "$url"
  choose_archive
  folder=${ECSAIL_INSTALL_DIR:-${HOME:?}/.local/bin}
  staged=$folder/.ecsail.$$
  work=$(mktemp -d)
  trap 'rm -rf "$work" "$staged"' EXIT
  trap 'exit 130' INT HUP TERM

  say "downloading $archive"
  download "$url/v$version/$archive" "$work/$archive" || fail "failed to download $url/v$version/$archive"
  [ -n "$expected" ] || read_expected_sum
  check_sum
  unpack
  install_binary
}

# The sum comes from the same place as the archive, so that plain HTTP protects neither.
check_url() {
  case $1 in
    https://*) ;;
    http://127.0.0.1:* | http://127.0.0.1/* | http://localhost:* | http://localhost/*) ;;
    *) [ -n "$expected" ] || fail "$1 is no https address" "give the sum of the archive in ECSAIL_SHA256" ;;
  esac
}

choose_archive() {
  system=$(uname -s)
  machine=$(uname -m)
  case $system in MINGW* | MSYS* | CYGWIN*) system=Windows ;; esac
  case $machine in
    amd64 | x86-64) machine=x86_64 ;;
    arm64) [ "$system" = Darwin ] || machine=aarch64 ;;
  esac
  # A shell that Rosetta runs says x86_64.
  if [ "$system" = Darwin ] && [ "$(sysctl -n hw.optional.arm64 2>/dev/null || true)" = 1 ]; then machine=arm64; fi
  if [ "$system" = Linux ] && [ "$(getconf LONG_BIT 2>/dev/null || true)" = 32 ]; then machine="$machine, 32 bits"; fi
  libc=any
  if [ "$system" = Linux ]; then libc=$(c_library); fi
  found=$(targets | awk -v place="$system/$machine/$libc" -v target="${ECSAIL_TARGET:-}" \
    'target == $2 || (target == "" && place == $1) { print $2, $3 }')
  [ -n "$found" ] || fail "no release for ${ECSAIL_TARGET:-$system on $machine}" "build it from source with \`cargo install\`"
  name=ecsail-$version-${found% *}
  format=${found#* }
  archive=$name.$format
}

targets() {
  cat <<'TABLE'
# Written by `scripts/targets.py update`: system/machine/library, target, format.
Linux/x86_64/gnu x86_64-unknown-linux-gnu tar.gz
Linux/aarch64/gnu aarch64-unknown-linux-gnu tar.gz
Linux/x86_64/musl x86_64-unknown-linux-musl tar.gz
Linux/aarch64/musl aarch64-unknown-linux-musl tar.gz
Darwin/x86_64/any x86_64-apple-darwin tar.gz
Darwin/arm64/any aarch64-apple-darwin tar.gz
Windows/x86_64/any x86_64-pc-windows-msvc zip
# End of what `scripts/targets.py` writes.
TABLE
}

# Prints `gnu` where there is a glibc that the binaries run with, and `musl` elsewhere: those are linked statically.
c_library() {
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>/dev/null || true)
  glibc=$(echo "$glibc" | sed -n '1s/.*[^0-9.]\([0-9][0-9]*\.[0-9][0-9]*\)[0-9.]*$/\1/p')
  major=${glibc%.*}
  minor=${glibc#*.}
  if [ -n "$glibc" ] && { [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 17 ]; }; }; then
    echo gnu
  else
    echo musl
  fi
}

download() {
  if has curl; then
    # A redirection may not lead from https to http.
    case $1 in https://*) set -- "$1" "$2" --proto '=https' --tlsv1.2 ;; esac
    from=$1
    to=$2
    shift 2
    curl "$@" --fail --silent --show-error --location --retry 3 --output "$to" "$from"
  elif has wget; then
    wget -q -O "$2" "$1"
  else
    fail "neither curl nor wget is there" "install one of them"
  fi
}

read_expected_sum() {
  download "$url/v$version/SHA256SUMS" "$work/SHA256SUMS" || fail "failed to download $url/v$version/SHA256SUMS"
  # One line, or nothing is expected of the archive for certain.
  expected=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS")
  [ -n "$expected" ] || fail "SHA256SUMS of $version has no sum of $archive" "nothing was installed"
}

check_sum() {
  actual=$(sum_of "$work/$archive")
  [ "$actual" = "$expected" ] || fail "$archive has the sum $actual instead of $expected" "nothing was installed"
}

sum_of() {
  if has sha256sum; then
    sha256sum <"$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 <"$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
  else
    fail "nothing computes SHA-256 sums" "install sha256sum, shasum or openssl"
  fi
}

unpack() {
  binary=ecsail
  case $format in
    zip)
      binary=ecsail.exe
      unzip -q "$work/$archive" -d "$work" || fail "failed to unpack $archive"
      ;;
    *) tar -xzf "$work/$archive" -C "$work" || fail "failed to unpack $archive" ;;
  esac
}

# A rename replaces the binary at once, also one that is running.
install_binary() {
  mkdir -p "$folder" || fail "failed to create $folder"
  cp "$work/$name/$binary" "$staged" || fail "failed to write to $folder" "set ECSAIL_INSTALL_DIR to a folder that you may write to"
  chmod 755 "$staged"
  installed=$("$staged" --version) || fail "$archive does not run on this machine" "choose another one with ECSAIL_TARGET"
  mv -f "$staged" "$folder/$binary" || fail "failed to write $folder/$binary"
  say "installed $installed as $folder/$binary"
  # The next steps of a GitHub workflow find it.
  if [ -n "${GITHUB_PATH:-}" ]; then cygpath -w "$folder" >>"$GITHUB_PATH" 2>/dev/null || echo "$folder" >>"$GITHUB_PATH"; fi
  case ":$PATH:" in
    *":$folder:"*) ;;
    *) say "$folder is not in PATH" ;;
  esac
}

has() { command -v "$1" >/dev/null 2>&1; }

say() { echo "$1" >&2; }

fail() {
  echo "error: $1" >&2
  if [ -n "${2:-}" ]; then echo "  hint: $2" >&2; fi
  exit 1
}

main "$@"
