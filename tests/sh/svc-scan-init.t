#!/bin/sh
# svc-scan: as process 1, here of a pid namespace.
. "${0%/*}/lib.sh"

space='unshare --pid --fork --mount-proc'
is_root || space="$space --user --map-root-user"
# shellcheck disable=SC2086  # words
$space true 2>err || skip_all 'no way here to make a pid namespace'

hook() {
	mkdir -p "${1%/*}"
	cat >"$1"
	chmod 755 "$1"
}
# Pids are others in there: what there is to see is in files.
is_state() { grep -qax "state=$2" "$1/supervise/status"; }
children() {
	grep -hsE '^(State|Pid|PPid):' /proc/[0-9]*/status | awk -v parent="$1" '
		$1 == "State:" { state = $2 } $1 == "Pid:" { pid = $2 } $1 == "PPid:" && $2 == parent { print pid, state }'
}
# start DIR OPTION... - init is its pid as seen from here.
# shellcheck disable=SC2086,SC2154
start() {
	dir=$1; shift
	background $space svc-scan "$@" "$dir"
	outside=$pid log=$pid.err
	until_ok 10 test -p "$dir/.svc-scan/control"
	until_ok 10 svc-scanctl -z "$dir"
	init=$(children "$outside" | sed 's/ .*//')
}

service scan/a <<'end'
#!/bin/sh
cat /proc/1/comm >comm
kill -KILL 1
kill -STOP 1
n=0
while [ $n -lt 50 ]; do n=$((n + 1)); sh -c 'sh -c "exit 3" & sh -c "sleep 0.01" &'; done
touch made
exec sleep 1000
end
service scan/b <<'end'
#!/bin/sh
exec sleep 1000
end
service scan/b/log <<end
#!/bin/sh
exec cat >>"$T/log"
end
for signal in INT PWR; do
	hook scan/.svc-scan/SIG$signal <<-end
	#!/bin/sh
	echo "\$PPID" >"$T/hook.new"
	mv "$T/hook.new" "$T/hook.$signal"
	end
done
start scan
becomes 10 'services come up' is_state scan/b up
becomes 10 'their loggers, too' is_state scan/b/log up
becomes 20 'a service makes orphans' test -e scan/a/made
is 'process 1 is svc-scan' "$(cat scan/a/comm)" svc-scan
ok 'which nobody in there can kill' alive "$init"
no_zombies() { ! children "$init" | grep Z; }
becomes 10 'it reaps them all' no_zombies
supervisors_only() { [ "$(children "$init" | wc -l)" = 3 ]; }
becomes 10 'and has no children but the supervisors' supervisors_only
for signal in INT PWR; do
	kill -$signal "$init"
	becomes 5 "SIG$signal has its hook" test -s hook.$signal
	is "SIG$signal: which is the child of process 1" "$(cat hook.$signal)" 1
done

# The end of the services is not its end.
kill -TERM "$init"
staying='svc-scan: warning: no .svc-scan/finish to run: staying'
becomes 10 'TERM ends the services' grep -qxF "$staying" "$log"
ok 'svc-scan stays' alive "$init"
is 'with no children' "$(children "$init")" ''
kill -ABRT "$init"
ok 'and listens' svc-scanctl -z scan
kill -QUIT "$init"
rm scan/a/made
up_again() { kill -ALRM "$init" && is_state scan/b up; }
becomes 10 'it can start them again' up_again
# A shell that forks while process 1 ends says that it can't.
becomes 20 'orphans are made again' test -e scan/a/made
becomes 10 'and reaped' supervisors_only
is 'that it stays is said once' "$(cat "$log")" "$staying"

# With finish.
hook scan/.svc-scan/finish <<end
#!/bin/sh
echo "\$\$" >"$T/finished"
exit 5
end
kill -TERM "$init"
becomes 10 'with finish it ends as that' gone "$outside"
wait "$outside"
is 'with its exit code' $? 5
is 'as process 1' "$(cat finished)" 1
is 'nothing else is said' "$(cat "$log")" "$staying"
done_testing
