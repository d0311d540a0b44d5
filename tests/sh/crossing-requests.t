#!/bin/sh
# Requests that wait while others change what they wait for, and what is late already.
. "${0%/*}/lib.sh"
. "$here/managed.sh"

unit slow <<'EOF'
exec = ["sleep", "1000"]
ready = "notify-fd 3"
timeout-start = "1h"
EOF
unit behind <<'EOF'
exec = ["sleep", "1000"]
requires = ["slow"]
EOF
unit late <<EOF
exec = ["/bin/sh", "-c", "until [ -e $T/go ]; do sleep 0.05; done; echo >&3; exec sleep 1000"]
ready = "notify-fd 3"
timeout-start = "5s"
EOF
enabled
compile || { cat compiled >&2; exit 1; }
managed ''
# asks ARGUMENT... - in the background; its output is in $T/$asked.out, its exit code in $T/code.
asks() {
	rm -f code
	# shellcheck disable=SC2016 # as it is meant
	background sh -c '"$@"; echo $? >code' asks svc-change --dir "$run" --generations "$lib" "$@"; asked=$pid
}
is_answered() { [ -s code ]; }
# waits NUMBER - so many requests are not over.
waits() { [ "$(grep -l '^state=accepted' "$run"/manager/requests/owner/* 2>/dev/null | wc -l)" -eq "$1" ]; }

for verb in up once restart; do
	asks "$verb" slow
	until_ok 10 waits 1
	until_ok 10 is_in slow up
	ok "somebody else takes it down" change down slow
	becomes 10 "who asked for $verb learns it" is_answered
	is 'as a no' "$(cat code) $(tail -n 1 "$asked.out")" '1 slow: not ready: stopped by another request'
done
asks --json up slow
until_ok 10 is_in slow up
ok 'it is taken down' change down slow
becomes 10 'a program learns it' is_answered
contains 'as a no, too' "$(cat code) $(tail -n 1 "$asked.out")" 'slow: not ready: stopped by another request'
is 'by its exit code' "$(cat code)" 1
asks up behind
until_ok 10 is_in slow up
ok 'one that waits for another' change down behind
becomes 10 'that goes is the same' is_answered
is 'as is said' "$(cat code) $(tail -n 1 "$asked.out")" '1 behind: not ready: stopped by another request'

exits 1 'what is not ready in time is late' change up late
is 'which is said' "$(tail -n 1 out)" 'late: not ready: late failed: not ready in time'
for verb in up once; do
	exits 1 "$verb of what is late is answered at once" timeout 100 svc-change --dir "$run" --generations "$lib" "$verb" late
	is 'in the same way' "$(tail -n 1 out)" 'late: not ready: late failed: not ready in time'
done
ok 'a reset' change reset late
exits 1 'changes nothing about it' timeout 100 svc-change --dir "$run" --generations "$lib" wait late
was=$(svc-stat -o pid "$run/scan/late")
exits 1 'a restart is a new try' timeout 100 svc-change --dir "$run" --generations "$lib" restart late
is 'which is late, too' "$(tail -n 1 out)" 'late: not ready: late failed: not ready in time'
ok 'of another process' test "$(svc-stat -o pid "$run/scan/late")" != "$was"
: >go
becomes 10 'it may yet be ready' is_in late ready

done_testing
