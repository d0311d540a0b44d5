#!/bin/sh
# svc-scan may be so busy, or stopped, that it takes long to say how an orphan ended: the supervisor
# that adopted it waits.
. "${0%/*}/lib.sh"

mkdir scan
service scan/web <<'R'
#!/bin/sh
trap 'exit 0' TERM
while :; do sleep 0.02; done
R
value() { sed -n "s/^$1=//p" "$2"; }
status=scan/web/supervise/status
holder=scan/web/supervise/supervisor
is_up() { grep -qx state=up "$status" && [ "$(value pid "$status")" ]; }
replaced() { [ "$(value pid "$holder")" != "$killed" ] && grep -qx state=up "$status"; }

background svc-scan scan
root_pid=$pid
becomes 10 'the service is up' is_up
service_pid=$(value pid "$status")
killed=$(value pid "$holder")
kill -KILL "$killed"
becomes 10 'a new supervisor has adopted it' replaced
is 'it is the same process' "$(value pid "$status")" "$service_pid"

kill -STOP "$root_pid"
kill -TERM "$service_pid"
is_zombie() { grep -q '^State:[[:space:]]*Z' "/proc/$service_pid/status"; }
becomes 10 'it ends, and svc-scan does not hear of it' is_zombie
# Longer than a supervisor waits for one that reaps nothing at all.
no_guess() { sleep 2; ! grep -q '^last-run=' "$status"; }
ok 'the supervisor makes no guess' no_guess
kill -CONT "$root_pid"
becomes 10 'svc-scan tells it' grep -q '^last-run=' "$status"
is 'the exit code is known' "$(value last-run "$status")" exit=0

done_testing
