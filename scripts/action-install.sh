#!/usr/bin/env bash
# The install step of `action.yml`: puts ecsail into the tool cache of the runner, unless that version is there, and into PATH.
# Downloads nothing but the release, and prints nothing but what the installer says.
set -euo pipefail
cd "$(dirname "$0")/.."

# Git's bash has paths of another form than the runner on Windows.
unix_path() { cygpath -u "$1" 2>/dev/null || echo "$1"; }

# A reference such as `v1` or a commit names no version; the manifest of the same commit does.
own_version() { sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1; }

# The repository of the action, by its own name or by where the runner has put it: _actions/OWNER/NAME/REF.
own_repository() {
  if [[ -n ${ACTION_REPOSITORY:-} ]]; then
    echo "$ACTION_REPOSITORY"
  elif [[ $PWD =~ /_actions/([^/]+/[^/]+)/[^/]+ ]]; then
    echo "${BASH_REMATCH[1]}"
  else
    echo "::error title=ecsail::the repository of the releases is unknown%0Ahint: set the input \`download-url\`" >&2
    return 1
  fi
}

export ECSAIL_VERSION=${INPUT_VERSION:-$(own_version)}
ECSAIL_VERSION=${ECSAIL_VERSION#v}
export ECSAIL_SHA256=${INPUT_CHECKSUM:-}
export ECSAIL_DOWNLOAD_URL=${INPUT_DOWNLOAD_URL:-}
if [[ -z $ECSAIL_DOWNLOAD_URL ]]; then
  ECSAIL_DOWNLOAD_URL=${GITHUB_SERVER_URL:-https://github.com}/$(own_repository)/releases/download
fi

# The form of the tool cache of actions/toolkit: TOOL/VERSION/ARCH, and beside it a file that says it is complete.
cache=$(unix_path "${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}")
ECSAIL_INSTALL_DIR=$cache/ecsail/$ECSAIL_VERSION/$(echo "${RUNNER_ARCH:-X64}" | tr '[:upper:]' '[:lower:]')
export ECSAIL_INSTALL_DIR
complete=$ECSAIL_INSTALL_DIR.complete
# What the cache has is known by the sum that was asked for: another one installs again.
if [[ -f $complete && $(cat "$complete") == "$ECSAIL_DOWNLOAD_URL $ECSAIL_SHA256" ]]; then
  echo "ecsail $ECSAIL_VERSION is in the tool cache"
  echo "$ECSAIL_INSTALL_DIR" >>"$GITHUB_PATH"
else
  rm -f "$complete"
  sh ./install.sh
  echo "$ECSAIL_DOWNLOAD_URL $ECSAIL_SHA256" >"$complete"
fi
echo "version=$ECSAIL_VERSION" >>"$GITHUB_OUTPUT"
