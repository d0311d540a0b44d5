#!/bin/sh
# svctl boot and svctl halt: a whole tree, from nothing and to nothing.
# limit: 240
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111
# What managed.sh makes for itself is made by boot here.
rm -rf "${T:?}"/*

scan_pid() { sed -n 's/^pid=//p' "$run/scan/.svc-scan/scan"; }
supervisor() { sed -n 's/^pid=//p' "$run/scan/$1/supervise/supervisor"; }
pid_of() { svc-stat -o pid "$run/scan/$1"; }
said() { grep -qs -e "$2" "$T/var/log/coppice/$1/current"; }
# killed PID... - those that are one.
killed() { for pid do if [ "$pid" -gt 1 ]; then kill -9 "$pid"; fi; done; }
booted() { ctl boot --background >"$T/booted" 2>"$T/booted.err"; }
# left - the processes of the tree: each works in a directory of its own below $T.
left() {
	for dir in /proc/[0-9]*; do
		case $(readlink "$dir/cwd") in "$T"/*) echo "${dir#/proc/} $(tr "\\0" " " <"$dir/cmdline" 2>&1)" ;; esac
	done
}

none_left() { [ -z "$(left)" ]; }

exits 0 'where nothing runs there is nothing to halt' ctl halt
is 'and that is said' "$(cat out)" 'nothing runs'
exits 0 'a tree of no services can be booted' ctl boot --background
like 'it tells its pid' "$(cat out)" '^booted: svc-scan is pid [1-9][0-9]*$'
is 'that is svc-scan' "$(cat "/proc/$(scan_pid)/comm")" svc-scan
is 'in a session of its own' "$(cut -d' ' -f6 "/proc/$(scan_pid)/stat")" "$(scan_pid)"
ok 'the manager takes requests as soon as it is there' change --quiet look
exits 0 'a second boot does nothing' ctl boot --background
is 'and says so' "$(cat out)" "already: svc-scan is pid $(scan_pid)"
exits 0 'without --background as well' ctl boot
exits 0 'halt' ctl halt
is 'says when it is over' "$(cat out)" halted
is 'nothing is left' "$(left)" ''

unit db <<'EOF'
exec = ["/bin/sh", "-c", "trap 'echo db ends >>$0; echo bye; kill $!; exit 0' TERM; echo hello; echo >&3; while :; do sleep 1000 & wait; done", "ORDER"]
ready = "notify-fd 3"
kill-scope = "group"
EOF
unit web <<'EOF'
exec = ["/bin/sh", "-c", "trap 'echo web ends >>$0; kill $!; exit 0' TERM; while :; do sleep 1000 & wait; done", "ORDER"]
requires = ["db"]
kill-scope = "group"
EOF
sed -i "s,ORDER,$T/order," "$etc/services/db.toml" "$etc/services/web.toml"
enabled web
ok 'a tree is booted again' ctl boot --background
contains 'what is compiled is said' "$(cat err)" '2 services, 1 enabled: generation 2'
ok 'what is enabled comes up, with what it needs' change --timeout 60s wait web
becomes 10 'what a service says is logged' said db hello
is 'as svctl shows it' "$(ctl logs db --stamp none)" hello
exits 0 'halt takes all down' ctl halt
is 'those that need others first' "$(cat order)" "$(printf 'web ends\ndb ends')"
like 'and tells it' "$(cat out)" '^web: down$'
ok 'the last words are logged' said db bye
is 'nothing is left of these' "$(left)" ''
rm -f order

# What was wanted in the last life is not wanted in the next.
ok 'it can be booted' booted
ok 'with what is enabled' change --timeout 60s wait web
ok 'which can be taken down' change down web
ok 'and halted' ctl halt
ok 'then booted again' booted
ok 'what was taken down is up, as after a boot' change --timeout 60s wait web

# Killed, whoever it is.
web=$(pid_of web)
killed "$(supervisor svc-managerd)" "$(manager)"
becomes 10 'after a kill of the manager there is another' takes_requests
killed "$(scan_pid)"
becomes 5 'svc-scan can be killed' gone "$(scan_pid)"
exits 102 'who has no supervisor is not started then' ctl start db
contains 'which is said' "$(cat err)" 'svc-scan is gone: '
exits 102 'then halt' ctl halt
like 'says what to type' "$(cat err)" 'boot --background first$'
ok 'boot takes all over that runs' booted
like 'as another svc-scan' "$(cat booted)" '^booted: '
is 'no service was restarted' "$(pid_of web)" "$web"
ok 'the manager goes on' takes_requests
becomes 10 'what svc-scan and supervisors say is in a log' test -d "$T/var/log/coppice/svc-scan"

# Without a manager.
cp "$run/scan/svc-managerd/run" kept
rm -f "$run/scan/svc-managerd/run"
svc-ctl down "$run/scan/svc-managerd"
svc-wait -t 60000 down "$run/scan/svc-managerd"
exits 0 'without a manager it halts too' ctl halt
contains 'and says that there is no order' "$(cat err)" 'there is no svc-managerd: all go down at the same time'
is 'nothing is left then' "$(left)" ''
exits 1 'nor what the manager remembered' test -e "$run/manager/state"

# What boot finds.
echo 'exec = 7' >"$etc/services/web.toml"
ok 'a set with a mistake is no reason not to boot' ctl boot --background
contains 'it is told' "$(cat err)" 'booting from generation 2, the last one'
contains 'with its place' "$(cat err)" "$etc/services/web.toml:1:"
ok 'what was accepted last is up' change --timeout 60s wait web
ok 'and down' ctl halt
rm -rf "$lib"
exits 100 'without any generation it is one' ctl boot --background
is 'and nothing runs' "$(left)" ''
rm "$etc/services/web.toml"
echo 'exec = "sleep 1000"' >"$etc/services/svc-logd.toml"
exits 100 'a service can have no name of the tree' ctl boot --background
contains 'which is said' "$(cat err)" "error[E014]: names that begin with svc- are the tree's own"
rm "$etc/services/svc-logd.toml" "$etc"/enabled/*

# A table that another boot of the machine has left on a disk.
echo 'exec = "sleep 1000"' >"$etc/services/nap.toml"
enabled nap
ok 'booted' booted
ok 'up' change --timeout 60s wait nap
killed "$(scan_pid)"
becomes 5 'svc-scan is killed' gone "$(scan_pid)"
for name in nap svc-managerd svc-logd svc-scan-log; do
	killed "$(supervisor "$name")" "$(pid_of "$name")"
done
sed -i 's/^boot=.\{8\}/boot=00000000/' "$run/manager/managerd"
sed -i 's/nap state=ready/nap state=xxxxx/' "$run/manager/state"
ok 'what a manager of another boot has left is nothing' booted
ok 'all begins anew' change --timeout 60s wait nap
is 'without a complaint' "$(grep -rs damaged "$T/var/log/coppice/svc-managerd/current")" ''

# A service that does not want to end.
unit deaf <<'EOF'
exec = ["/bin/sh", "-c", "trap '' TERM; echo >&3; while :; do sleep 1; done"]
ready = "notify-fd 3"
timeout-stop = "10s"
EOF
enabled nap deaf
compile
ok 'a service that ignores TERM is up' change --timeout 60s apply
exits 99 'halt waits as long as it is told' ctl halt --timeout 100ms
contains 'status says why' "$(ctl status)" '! halt: everything goes down'
ok 'it goes on, and can be waited for' ctl halt
becomes 5 'what does not end is killed' none_left

# For programs.
is 'JSON: booted' "$(ctl --json boot --background 2>/dev/null | sed 's/"pid":[0-9]*/"pid":N/')" \
	'{"schema":"svctl-boot-1","state":"booted","pid":N}'
is 'JSON: already' "$(ctl --json boot --background | sed 's/"pid":[0-9]*/"pid":N/')" \
	'{"schema":"svctl-boot-1","state":"already","pid":N}'
is 'JSON: halted' "$(ctl --json halt)" '{"schema":"svctl-halt-1","state":"halted"}'
is 'JSON: nothing there' "$(ctl --json halt)" '{"schema":"svctl-halt-1","state":"already"}'

# A tree that ends without halt.
enabled nap
unit hand <<'EOF'
exec = "sleep 1000"
EOF
unit stubborn <<'EOF'
exec = ["/bin/sh", "-c", "trap '' TERM; echo >&3; while [ ! -e END ]; do sleep 0.1; done"]
ready = "notify-fd 3"
timeout-stop = "60s"
EOF
sed -i "s,END,$T/end," "$etc/services/stubborn.toml"
ok 'booted' booted
ok 'up' change --timeout 60s wait nap
ok 'what is enabled is taken down' change down nap
ok 'and another is started by hand, with one that does not want to end' change up hand stubborn
scan=$(scan_pid)
if [ "$scan" -gt 1 ]; then kill -TERM "$scan"; fi
has_no_manager() { ! alive "$(manager)"; }
becomes 10 'TERM to svc-scan ends the manager' has_no_manager
contains 'status says what happens' "$(ctl status)" '! svc-scan ends the tree: everything goes down'
ctl boot --background >"$T/booted" 2>"$T/booted.err" &
boot=$!
becomes 10 'a boot meanwhile says that it waits' grep -q 'the tree is ending' "$T/booted.err"
: >"$T/end"
wait "$boot"
like 'and boots then' "$? $(cat "$T/booted")" '^0 booted: svc-scan is pid '
ok 'another tree' test "$(scan_pid)" != "$scan"
ok 'what is enabled is up' change --timeout 60s wait nap
ok 'and nothing else' is_in hand down
ok 'it ends' ctl halt

# What was not confirmed, or was taken back, is no more than that at the next boot.
printf 'environment.A = "1"\n' >>"$etc/services/nap.toml"
ok 'booted' booted
before=$(readlink "$lib/boot")
printf 'environment.B = "1"\n' >>"$etc/services/nap.toml"
ok 'another generation is tried' ctl apply --confirm 600
ok 'the tree is halted meanwhile' ctl halt
ok 'and booted' booted
is 'it boots from what was before' "$(readlink "$lib/boot" "$lib/live")" "$(printf '%s\n%s' "$before" "$before")"
contains 'and says so' "$(cat "$T/booted.err")" 'which was given up: booting from generation'
ok 'down' ctl halt
printf 'environment.C = "1"\n' >>"$etc/services/nap.toml"
ok 'service files that have changed since' booted
ok 'are what it boots from' test "$(readlink "$lib/boot")" != "$before"
ok 'down again' ctl halt

# In the foreground.
background svctl --prefix "$T" boot
until_ok 10 takes_requests
is 'boot becomes svc-scan' "$(scan_pid)" "$pid"
ok 'what is enabled comes up' change --timeout 60s wait nap
is 'which keeps nothing that it was started with' \
	"$(readlink "/proc/$(pid_of nap)/fd/0" "/proc/$(pid_of nap)/fd/9")" /dev/null
ok 'and ends when it is told to' ctl halt
becomes 5 'the process that was started is gone' gone "$pid"
becomes 5 'with nothing left' none_left

exits 100 'of an image nothing is booted' svctl --root "$T" boot
contains 'which is said' "$(cat err)" 'nothing of an image runs'
exits 100 'nor halted' svctl --root "$T" halt
: >"$T/file"
exits 111 'a place where nothing can be made' svctl --prefix "$T/file" boot --background
contains 'is named' "$(cat err)" "unable to make $T/file/"

# Twice at the same moment.
ctl boot --background >one 2>&1 &
one=$!
ctl boot --background >two 2>&1
wait "$one"
is 'of two at once one boots' "$(cat one two | grep -c '^booted')" 1
is 'and the other finds the tree' "$(cat one two | grep -c '^already')" 1
is 'which has one root' "$(cat one two | sed -n 's/.* is pid //p' | sort -u)" "$(scan_pid)"
ok 'which ends' ctl halt
done_testing
