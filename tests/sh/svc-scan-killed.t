#!/bin/sh
# svc-scan: killed, or replaced by a new image of itself, while all services go on.
. "${0%/*}/lib.sh"

pid_of() { svc-stat -o pid "$1"; }
supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }
root_of() { sed -n 's/^pid=//p' "$1/.svc-scan/scan"; }
has_line() { grep -q -e "$2" "$1"; }
pids() { for s in scan/a scan/b scan/b/log scan/talker scan/talker/log; do pid_of $s; supervisor_of $s; done; }
descriptors() { find "/proc/$1/fd" -type l | wc -l; }
watches() { [ "$(root_of scan)" = "$1" ] && svc-scanctl -z scan && alive "$1"; }
new_supervisor() { svc-ok "$1" && [ "$(supervisor_of "$1")" != "$2" ]; }
# Down for a moment, its pid is -1.
new_process() {
	svc-wait -t 1000 up "$1" && new=$(pid_of "$1") && [ "$new" -gt 0 ] && [ "$new" != "$2" ]
}

for name in scan/a scan/b; do
	service $name <<-'end'
	#!/bin/sh
	exec sleep 1000
	end
done
# It numbers its lines over all its lives.
service scan/talker <<'end'
#!/bin/sh
n=$(cat said 2>/dev/null)
n=${n:-0}
trap 'end=1' TERM
while [ -z "$end" ]; do
	n=$((n + 1))
	echo "$n" >said.new && mv said.new said
	echo "line $n"
	sleep 0.005
done
end
for name in scan/b scan/talker; do
	service $name/log <<-end
	#!/bin/sh
	exec cat >>"$T/log.${name##*/}"
	end
done
background svc-scan scan
# shellcheck disable=SC2154  # background sets it
first=$pid
ok 'a tree comes up' svc-wait -t 60000 up scan/a scan/b scan/b/log scan/talker scan/talker/log
before=$(pids)
few=$(descriptors "$first")

# killed DESCRIPTION COMMAND... - the svc-scan that runs is killed, COMMAND is its successor.
killed() {
	how=$1; shift
	root_pid=$(root_of scan)
	kill -KILL "$root_pid"
	becomes 5 "$how: svc-scan is killed" gone "$root_pid"
	is "$how: nothing is restarted" "$(pids)" "$before"
	background "$@"
	log=$pid.err
	started() { scan=$(root_of scan); [ "$scan" != "$root_pid" ] && watches "$scan"; }
	becomes 10 "$how: there is another one" started
	sed 's/^/# /' "$log"
}
# It watches what it did not start.
inherits() {
	is "$how: still nothing is restarted" "$(pids)" "$before"
	old=$(supervisor_of scan/a)
	service=$(pid_of scan/a)
	kill -KILL "$old"
	becomes 10 "$how: a supervisor that is killed is replaced" new_supervisor scan/a "$old"
	is "$how: the service does not notice" "$(pid_of scan/a)" "$service"
	old=$(supervisor_of scan/b/log)
	kill -KILL "$old"
	becomes 10 "$how: so is that of a logger" new_supervisor scan/b/log "$old"
	svc-ctl -k scan/a
	becomes 10 "$how: a service that dies is started again" new_process scan/a "$service"
	is "$how: it has been seen how it died" "$(svc-stat -o exit scan/a)" signal=KILL
	before=$(pids)
}

killed 'killed' svc-scan scan
inherits
is 'it holds a descriptor for each supervisor that it has not started' "$(descriptors "$scan")" $((few + 3))
killed 'killed again' svc-scan --watch scan
inherits

# Killed twice, and a supervisor between: nobody is there to replace it.
kill -KILL "$scan"
until_ok 5 gone "$scan"
kill -KILL "$(supervisor_of scan/b)"
becomes 5 'without svc-scan nobody replaces a supervisor' sh -c '! svc-ok scan/b'
background svc-scan scan
scan=$pid
becomes 10 'the next svc-scan does' svc-ok scan/b
is 'the service does not notice' "$(pid_of scan/b)" "$(echo "$before" | sed -n 3p)"
before=$(pids)

# Replaced in place, while commands are sent.
(while [ ! -e enough ]; do svc-ctl -c scan/a; svc-scanctl -az scan; done) >commands.out 2>&1 </dev/null &
sender=$!
for n in 1 2 3; do ok "it is replaced in place, time $n" svc-scanctl --reexec scan; done
for n in 1 2 3; do
	svc-scanctl -aE scan
	ok "it alone, time $n" svc-scanctl -az scan
done
touch enough
wait $sender
is 'what was sent meanwhile has arrived' "$(cat commands.out)" ''
is 'svc-scan is the same process' "$(root_of scan)" "$scan"
becomes 10 'it listens' watches "$scan"
is 'the services and supervisors are the same processes' "$(pids)" "$before"
before=$(pids)

if has strace && strace -o trace -e inject=pidfd_open:error=ENOSYS true 2>err; then
	killed 'without pidfds' strace -qq -o trace -e trace=pidfd_open -e inject=pidfd_open:error=ENOSYS svc-scan scan
	becomes 5 'without pidfds: it has asked' grep -q INJECTED trace
	inherits
else
	skip 'without pidfds' 'no strace here, or it may not trace'
fi

# The end, by one that has started none of it.
said=$(cat scan/talker/said)
kill -TERM "$scan"
becomes 15 'it ends the tree that it took over' gone "$scan"
is 'no service is left' "$(for s in scan/a scan/b scan/b/log scan/talker scan/talker/log; do svc-ok $s && echo $s; done)" ''
becomes 5 'no line was lost' has_line log.talker "line $(cat scan/talker/said)\$"
is 'nor doubled' "$(sed 's/^line //' log.talker | awk '$1 != NR { print NR ": " $1 }')" ''
ok 'there were some' test "$said" -gt 20
done_testing
