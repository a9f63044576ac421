#!/usr/bin/env bash
# Adds to a folder with the archives of a release what depends on all of them: SHA256SUMS, the installer with its address and
# version, and the Homebrew formula. Fails where an archive of the table is missing.
#
#   scripts/release-files.sh FOLDER URL      URL is where the folders of the versions are: URL/vVERSION/ARCHIVE
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
folder=$1
url=$2
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$repository/Cargo.toml" | head -n 1)
cd "$folder"

while read -r target; do
  archive=$("$repository/scripts/targets.py" archive "$target")
  [[ -f $archive ]] || { echo "error: $archive is missing" >&2; exit 1; }
done < <(grep -v '^#' "$repository/scripts/targets.tsv" | cut -f 1)

# `cargo binstall` and people who check one archive read the sum beside it; the installer reads the file with all of them.
sed -e "s|^RELEASED_URL=\"\"\$|RELEASED_URL=\"$url\"|" -e "s|^RELEASED_VERSION=\"\"\$|RELEASED_VERSION=\"$version\"|" \
  "$repository/install.sh" >install.sh
grep -qF "RELEASED_URL=\"$url\"" install.sh
sha256sum -- *.tar.gz *.zip *.cdx.json install.sh >SHA256SUMS
"$repository/scripts/targets.py" formula --url "$url/v$version" SHA256SUMS >ecsail.rb
