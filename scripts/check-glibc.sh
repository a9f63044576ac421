#!/usr/bin/env bash
# Fails where a binary needs symbols of a glibc that is newer than the given one, or libraries that not every Linux has.
#
#   scripts/check-glibc.sh BINARY 2.17
set -euo pipefail

binary=$1
limit=$2

needed=$(readelf --wide --version-info "$binary" | grep -o 'GLIBC_[0-9][0-9.]*' | sed 's/GLIBC_//' | sort -uV)
[[ -n $needed ]] || { echo "error: $binary needs no symbols of glibc at all" >&2; exit 1; }
newest=$(tail -n 1 <<<"$needed")
if [[ $(printf '%s\n%s\n' "$newest" "$limit" | sort -V | tail -n 1) != "$limit" ]]; then
  echo "error: $binary needs glibc $newest, and may need $limit:" >&2
  readelf --wide --dyn-syms "$binary" | grep "GLIBC_$newest" >&2
  exit 1
fi

libraries=$(readelf --wide --dynamic "$binary" | sed -n 's/.*Shared library: \[\(.*\)\]/\1/p')
# Those of glibc, and GCC's unwinder.
others=$(grep -Evx 'lib(c|m|dl|rt|pthread|util|resolv|gcc_s)\.so\.[0-9]+|ld-linux.*' <<<"$libraries" || true)
if [[ -n $others ]]; then
  echo "error: $binary needs $others" >&2
  exit 1
fi
echo "$binary needs glibc $newest or newer, and ${libraries//$'\n'/, }"
