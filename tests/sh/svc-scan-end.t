#!/bin/sh
# svc-scan: how a tree ends, and what hooks make of it.
. "${0%/*}/lib.sh"

sleeper() {
	for name do service "$name" <<-'end'
		#!/bin/sh
		exec sleep 1000
		end
	done
}
logs_to() {
	service "$1/log" <<-end
	#!/bin/sh
	exec cat >>"$2"
	end
}
hook() {
	mkdir -p "${1%/*}"
	cat >"$1"
	chmod 755 "$1"
}
pid_of() { svc-stat -o pid "$1"; }
supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }
has_line() { grep -q -e "$2" "$1"; }
# start DIR OPTION... - a tree with all services up.
# shellcheck disable=SC2154  # background sets pid
start() {
	dir=$1; shift
	background svc-scan "$@" "$dir"
	scan=$pid log=$pid.err
	until_ok 10 svc-scanctl -z "$dir"
	svc-wait -t 60000 up "$dir"/*
}

# Each way to end: a service that speaks to the last, its finish, its logger.
chatty() {
	service "$1/chatty" <<-'end'
	#!/bin/sh
	trap 'n=0; while [ $n -lt 200 ]; do n=$((n + 1)); echo "last words $n"; done; exit 3' TERM
	echo >&4
	while :; do sleep 0.02; done
	end
	echo 4 >"$1/chatty/notification-fd"
	hook "$1/chatty/finish" <<-'end'
	#!/bin/sh
	echo "finish $1 $2"
	echo "$1" >finished
	end
	logs_to "$1/chatty" "$T/$1.log"
	sleeper "$1/plain"
	service "$1/never" </dev/null
	touch "$1/never/down"
}
for way in TERM INT terminate; do
	chatty tree.$way
	background svc-scan tree.$way
	# shellcheck disable=SC2154
	scan=$pid log=$pid.err
	until_ok 10 svc-scanctl -z tree.$way
	ok "$way: a tree" svc-wait -t 60000 ready tree.$way/chatty
	svc-wait -t 60000 up tree.$way/plain tree.$way/chatty/log
	plain=$(pid_of tree.$way/plain)
	if [ $way = terminate ]; then svc-scanctl $way tree.$way; else kill -$way "$scan"; fi
	becomes 10 "$way: it ends" gone "$scan"
	wait "$scan"
	is "$way: with exit code 0" $? 0
	ok "$way: no service is left" gone "$plain"
	is "$way: the logger had everything" "$(grep -c 'last words' tree.$way.log) $(tail -n 1 tree.$way.log)" '200 finish 3 0'
	is "$way: in silence" "$(cat "$log")" ''
done
for way in QUIT quit; do
	chatty tree.$way
	background svc-scan tree.$way
	scan=$pid
	until_ok 10 svc-scanctl -z tree.$way
	svc-wait -t 60000 ready tree.$way/chatty
	svc-wait -t 60000 up tree.$way/plain tree.$way/chatty/log
	if [ $way = quit ]; then svc-scanctl $way tree.$way; else kill -$way "$scan"; fi
	becomes 10 "$way: it ends" gone "$scan"
	becomes 5 "$way: finish has run" test -s tree.$way/chatty/finished
done

# A child of a service that keeps the log open.
service stray/s <<'end'
#!/bin/sh
trap 'exit 0' TERM
setsid sh -c 'echo $$ >stray.new; mv stray.new stray; exec sleep 1000' &
while :; do sleep 0.02; done
end
logs_to stray/s "$T/stray.log"
start stray --timeout-eof 300
becomes 5 'a service has a child that keeps the log open' test -s stray/s/stray
child=$(cat stray/s/stray)
kill -TERM "$scan"
becomes 4 'the tree ends after --timeout-eof' gone "$scan"
like 'the stray writer is named' "$(cat "$log")" "^svc-supervise s/log: warning: its input is still held open by pid $child\$"
is 'nothing else is said' "$(grep -c . "$log")" 1
ok 'it is left alone' alive "$child"
kill "$child"

# A logger that ignores TERM as well is killed after five seconds.
sleeper deaf/s
service deaf/s/log <<'end'
#!/bin/sh
trap '' TERM
while :; do sleep 1; done
end
start deaf --timeout-eof 100
svc-wait -t 60000 up deaf/s/log
kill -TERM "$scan"
deaf=$scan

# A service that ignores TERM: killed if it has a timeout-kill, else waited for.
service slow/stubborn <<'end'
#!/bin/sh
trap '' TERM
echo >&4
while :; do sleep 0.1; done
end
echo 4 >slow/stubborn/notification-fd
echo 200 >slow/stubborn/timeout-kill
service slow/patient <<'end'
#!/bin/sh
trap 'touch asked' TERM
echo >&4
while [ ! -e enough ]; do sleep 0.02; done
end
echo 4 >slow/patient/notification-fd
sleeper slow/plain
start slow
svc-wait -t 60000 ready slow/stubborn slow/patient
stubborn=$(pid_of slow/stubborn)
kill -TERM "$scan"
becomes 10 'a service that ignores TERM is killed after its timeout-kill' gone "$stubborn"
becomes 10 'another is asked' test -e slow/patient/asked
sleeper slow/late
svc-scanctl scan slow
ok 'svc-scan waits for it' alive "$scan"
kill -KILL "$(supervisor_of slow/patient)"
touch slow/patient/enough
becomes 10 'even when its supervisor is killed meanwhile' gone "$scan"
ok 'nothing is started any more' test ! -e slow/late/supervise

# While services are still starting, and while they are restarted.
for n in 1 2 3 4 5 6 7 8 9; do sleeper "busy/s$n"; done
service busy/crash </dev/null
chmod 644 busy/crash/run
service busy/flash <<'end'
#!/bin/sh
exit 1
end
background svc-scan busy
scan=$pid
until_ok 10 test -p busy/.svc-scan/control
kill -TERM "$scan"
becomes 10 'a tree that is just starting can be ended' gone "$scan"
is 'and nothing is left' "$(for s in busy/*; do svc-ok "$s" && echo "$s"; done)" ''

# A supervisor is killed twice in a second, so that the next one has to wait; the service ends meanwhile,
# and then all is to end.
sleeper orphan/s
hook orphan/s/finish <<'end'
#!/bin/sh
echo "$1 $2" >told
end
start orphan
service=$(pid_of orphan/s)
first=$(supervisor_of orphan/s)
kill -KILL "$first"
replaced() { svc-ok orphan/s && [ "$(supervisor_of orphan/s)" != "$first" ]; }
becomes 5 'a supervisor is replaced' replaced
kill -KILL "$(supervisor_of orphan/s)"
until_ok 5 sh -c '! svc-ok orphan/s'
kill -TERM "$service"
becomes 5 'a service that ends without one is recorded' has_line orphan/s/supervise/process '^signal=TERM$'
kill -TERM "$scan"
becomes 10 'svc-scan ends' gone "$scan"
is 'but not before finish was told' "$(cat orphan/s/told)" '256 15'
is 'and the end is on file' "$(sed -n '/^left=/p; /^last-run=/p' orphan/s/supervise/status | sort)" 'last-run=signal=TERM
left=yes'

# A directory that is gone, whose supervisor is killed at the end.
mkdir lost
service lost/s <<'end'
#!/bin/sh
trap '' TERM
echo $$ >../../lost.pid
exec sleep 1000
end
sleeper lost/other
start lost
until_ok 5 test -s lost.pid
supervisor=$(supervisor_of lost/s)
rm -r lost/s
kill -TERM "$scan"
kill -KILL "$supervisor"
becomes 10 'a service that can not be found any more does not keep the tree from ending' gone "$scan"
like 'but is named' "$(cat "$log")" '^svc-scan: warning: s: '
kill -KILL "$(cat lost.pid)"

# Hooks.
sleeper hooks/a
for signal in TERM INT HUP QUIT USR1 USR2 PWR WINCH; do
	hook hooks/.svc-scan/SIG$signal <<-end
	#!/bin/sh
	sed -n 's/^SigBlk:[[:space:]]*//p' /proc/self/status >"$T/hook.new"
	mv "$T/hook.new" "$T/hook.$signal"
	end
done
start hooks
a=$(pid_of hooks/a)
for signal in TERM INT HUP QUIT USR1 USR2 PWR WINCH; do
	kill -$signal "$scan"
	becomes 5 "SIG$signal is run" test -s hook.$signal
done
is 'with no signal blocked' "$(cat hook.*)" "$(for n in 1 2 3 4 5 6 7 8; do echo 0000000000000000; done)"
ok 'nothing built in happens then' alive "$scan"
is 'to any service' "$(pid_of hooks/a)" "$a"
chmod 644 hooks/.svc-scan/SIGUSR1
echo '#!/none/such' >hooks/.svc-scan/SIGUSR2
kill -USR1 "$scan"
kill -USR2 "$scan"
becomes 5 'a hook that can not be run is reported' grep -q '^svc-scan: warning: unable to run ./.svc-scan/SIGUSR2: No such file' "$log"
is 'one that is not executable is none' "$(grep -c . "$log")" 1
ok 'commands are not diverted' svc-scanctl terminate hooks
becomes 10 'they end the tree' gone "$scan"

# finish and crash.
for end in TERM ABRT; do
	sleeper finish.$end/a
	hook finish.$end/.svc-scan/finish <<-'end'
	#!/bin/sh
	{ echo "$$"; pwd; grep '^Sig\(Blk\|Ign\)' /proc/self/status | tr -d '\n\t'; echo; sed -n '/^Max open files/p' /proc/self/limits; } >>../finish
	exit 7
	end
	rm -f finish
	start finish.$end
	a=$(pid_of finish.$end/a)
	limit=$(sed -n '/^Max open files/p' /proc/self/limits)
	kill -$end "$scan"
	becomes 10 "$end: it ends" gone "$scan"
	wait "$scan"
	is "$end: as finish does" $? 7
	is "$end: which is the same process in the scan directory, with nothing blocked" "$(cat finish)" "$scan
$T/finish.$end
SigBlk:0000000000000000SigIgn:0000000000000000
$limit"
done
ok 'ABRT leaves the services alone' alive "$a"
ok 'and their supervisors' svc-ok finish.ABRT/a
chmod 644 finish.ABRT/.svc-scan/finish
start finish.ABRT
is 'the next svc-scan takes them over' "$(pid_of finish.ABRT/a)" "$a"
svc-scanctl terminate finish.ABRT
becomes 10 'and ends them' gone "$a"
becomes 10 'and itself' gone "$scan"

traces() { has strace && strace -o trace true 2>err; }
if traces; then
	sleeper crash/a
	hook crash/.svc-scan/crash <<-'end'
	#!/bin/sh
	echo "$$" >../crashed
	exit 9
	end
	start crash
	strace -qq -o trace -e inject=poll,ppoll:error=EBADF -p "$scan" >out 2>err &
	tracer=$!
	becomes 10 'when it can not wait, it becomes crash' gone "$scan"
	wait "$scan"
	is 'altogether' "$? $(cat crashed)" "9 $scan"
	contains 'which is said' "$(cat "$log")" 'svc-scan: warning: unable to wait: Bad file descriptor (running .svc-scan/crash)'
	ok 'the services go on' svc-wait -t 60000 up crash/a
	wait $tracer
else
	skip 'when it can not wait, it becomes crash' 'no strace here, or it may not trace'
fi

becomes 15 'a logger that ignores TERM is killed' gone "$deaf"
done_testing
