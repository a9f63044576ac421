# A job on GitHub Actions: the plan of a pull request, a deploy that succeeds, one that crashes, and the files of the runner.
exec 2>&1
run() { printf '$ %s\n' "$*"; "$@"; printf '[exit %s]\n\n' "$?"; }

run ecsail check
run ecsail plan --tag v2 --output markdown --exit-code
run ecsail deploy --tag v2
run ecsail deploy --tag v2
run ecsail deploy --tag v4
printf '## GITHUB_OUTPUT\n'
cat "$GITHUB_OUTPUT"
printf '## GITHUB_STEP_SUMMARY\n'
cat "$GITHUB_STEP_SUMMARY"
