# An operator at night: no manifest, a name that is wrong, a service whose deploy crashed.
run() { printf '$ %s\n' "$*"; "$@"; printf '[exit %s]\n\n' "$?"; }

run ecsail status --cluster main wbe
run ecsail status --cluster main web
run ecsail why --cluster main web
run ecsail history --cluster main web
run ecsail logs --cluster main web --no-timestamps
run ecsail rollback --cluster main web
run ecsail rollback --cluster main web
run ecsail status --cluster main web
