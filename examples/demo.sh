#!/bin/sh
# demo.sh - shows what a supervision tree does, with the small services of sv/, as the current user,
# in a temporary directory; ends by itself in less than a minute, or at Ctrl-C, and leaves nothing.
#
#   BIN=DIR    the programs (../target/bin)
here=$(cd "${0%/*}" && pwd) || exit 111
BIN=$(cd "${BIN:-$here/../target/bin}" && pwd) || exit 111
PATH=$BIN:$PATH
services='clock counter greeter once'

demo=$(mktemp -d "${TMPDIR:-/tmp}/coppice-demo.XXXXXX") || exit 111
scan='' events=''
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Whatever happened, nothing is left: no process, no file.
leave() {
	code=$?
	trap '' INT TERM HUP
	trap - EXIT
	[ -z "$events" ] || kill "$events" 2>/dev/null
	if [ "$scan" ] && kill "$scan" 2>/dev/null; then
		within 10 gone "$scan" || root_is_stuck
	fi
	cd / && rm -rf "$demo"
	exit "$code"
}

# It never should be. Then nobody asks politely any more: supervisors first, then what they ran.
root_is_stuck() {
	kill -KILL "$scan"
	for file in supervisor process; do
		# shellcheck disable=SC2046  # a word each
		kill -KILL $(sed -n 's/^pid=//p' "$demo"/*/supervise/$file "$demo"/*/log/supervise/$file)
	done 2>/dev/null
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# within SECONDS COMMAND... - tries until it succeeds.
within() {
	tries=$(($1 * 20)); shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# Colours, and time to read, are for people.
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
say() { echo; printf '%s\n' "$@" | sed 's/^/# /'; if [ -t 1 ]; then sleep 1; fi; }
# run COMMAND - shows a command line, runs it, and ends the demo if it fails.
run() {
	printf '%s$ %s%s\n' "$bold" "$1" "$plain"
	eval "$1" || {
		echo "# This should not have failed: exit code $?." >&2
		exit 1
	}
}
pid_of() { svc-stat -o pid "$1"; }

cd "$demo" || exit 111
say 'A service is a directory with a program called run. Here are four.'
for name in $services; do cp -R "$here/sv/$name" . || exit 111; done
run 'ls'
run 'cat clock/run'

say 'svc-scan starts a supervisor for each of them, and one for each logger.'
printf '%s$ svc-scan . &%s\n' "$bold" "$plain"
svc-scan . &
scan=$!
for name in $services; do within 10 svc-ok "$name" && within 10 svc-ok "$name/log" || exit 1; done
run 'svc-wait -t 10000 ready greeter'
run 'svc-stat .'
say 'greeter says itself when it is ready. once has done its work; its file restart says "no".'

say 'All changes in the tree can be listened to, through one directory.'
run 'svc-events . >events &'
events=$!
within 10 grep -q clock events

say 'Kill a service, and it comes back.'
before=$(pid_of clock)
run 'svc-ctl kill clock'
run 'svc-wait -t 10000 up clock'
within 10 test "$before" != "$(pid_of clock)"
run 'svc-stat clock'

say 'Now kill its supervisor. The service must not notice.'
run 'grep ^pid= clock/supervise/supervisor clock/supervise/process'
before=$(pid_of clock)
supervisor=$(sed -n 's/^pid=//p' clock/supervise/supervisor)
# shellcheck disable=SC2016  # run expands it, when it has shown it
run 'kill -KILL $(sed -n s/^pid=//p clock/supervise/supervisor)'
another() { svc-ok clock && [ "$(sed -n 's/^pid=//p' clock/supervise/supervisor)" != "$supervisor" ]; }
within 10 another || exit 1
run 'grep ^pid= clock/supervise/supervisor clock/supervise/process'
if [ "$(pid_of clock)" != "$before" ]; then
	echo '# The service was restarted. This should not have happened.' >&2
	exit 1
fi
say 'Another supervisor, the same process: it was adopted.'
say 'Its death is still noticed, and so is how it died. Having died young again, it waits a moment.'
run 'svc-ctl kill clock'
within 10 grep -q 'clock down signal=KILL' events
run 'svc-wait -t 10000 up clock'
run 'svc-stat clock'

say 'Stop and start, and wait until it is so.'
run 'svc-ctl down greeter && svc-wait -t 10000 finished greeter'
run 'svc-ctl up greeter && svc-wait -t 10000 ready greeter'
run 'svc-logread -n 4 greeter/log/main'

say 'What has been announced since we began to listen:'
run 'grep -v /log events | grep -v ": "'

say 'The end: services first, then their loggers, then the root.'
run 'svc-scanctl terminate .'
within 10 gone "$scan" || exit 1
wait "$scan"
scan=''
run 'svc-logread -n 3 clock/log/main'
say 'Nothing is left. The services that you saw are in examples/sv/, to copy.'
