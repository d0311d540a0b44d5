#!/bin/sh
# svc-scan: too few descriptors, no processes, a directory that can not be written.
. "${0%/*}/lib.sh"

sleeper() {
	for name do service "$name" <<-'end'
		#!/bin/sh
		exec sleep 1000
		end
	done
}
pid_of() { svc-stat -o pid "$1"; }
supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }
root_of() { sed -n 's/^pid=//p' "$1/.svc-scan/scan"; }
is_up() { [ "$(svc-stat -o up "$1")" = true ]; }
new_supervisor() { svc-ok "$1" && [ "$(supervisor_of "$1")" != "$2" ]; }
said() { grep -cF -e "$1" "$log"; }
traces() { has strace && strace -o trace "$@" true 2>err; }

# No descriptors.
if has prlimit; then
	sleeper few/a few/b
	background svc-scan few
	scan=$pid log=$pid.err
	svc-wait -t 60000 up few/a few/b
	a=$(pid_of few/a)
	ok 'its limit on descriptors can be lowered' prlimit --pid "$scan" --nofile=3:4096
	sleeper new && mv new few/new
	old=$(supervisor_of few/a)
	kill -KILL "$old"
	svc-scanctl scan few
	becomes 10 'it says that it can not read its directory' \
		grep -q '^svc-scan: warning: unable to read the scan directory: ' "$log"
	becomes 10 'and that it can not start a supervisor' \
		grep -q '^svc-scan: warning: unable to start .*/svc-supervise: .* (trying again)$' "$log"
	ok 'the services go on' alive "$a"
	prlimit --pid "$scan" --nofile=1024:4096
	becomes 10 'with more of them, the supervisor is started' new_supervisor few/a "$old"
	becomes 10 'and the directory is read' is_up few/new
	is 'its service has not noticed' "$(pid_of few/a)" "$a"
	is 'each has been said once' "$(grep -c . "$log")" 2
	kill -KILL "$scan"
	until_ok 5 gone "$scan"

	# More supervisors to take over than it may have descriptors.
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleeper few/t$n; done
	background svc-scan few
	scan=$pid
	ok 'another one' svc-wait -t 60000 up few/*
	kill -KILL "$scan"
	until_ok 5 gone "$scan"
	before=$(svc-stat -o pid few/*)
	background prlimit --nofile=20:20 "$BIN/svc-scan" few
	scan=$pid log=$pid.err
	takes_over() { [ "$(root_of few)" = "$scan" ] && svc-scanctl -z few; }
	becomes 10 'it takes over more supervisors than it may have descriptors' takes_over
	is 'without restarting any' "$(svc-stat -o pid few/*)" "$before"
	for name in a t20; do
		old=$(supervisor_of few/$name)
		kill -KILL "$old"
		becomes 10 "it replaces the supervisor of $name" new_supervisor few/$name "$old"
	done
	sleeper more && mv more few/more && svc-scanctl scan few
	ok 'it starts new ones' svc-wait -t 60000 up few/more
	is 'and has no complaint' "$(cat "$log")" ''
	rm -r few/more
	is 'nothing was restarted' "$(svc-stat -o pid few/*)" "$before"
	kill -TERM "$scan"
	becomes 20 'and ends all of them' gone "$scan"
else
	skip 'without descriptors' 'no prlimit here'
fi

# No processes.
calls=clone,clone3,vfork,fork
traces -e inject=clone:error=EAGAIN:when=1 || calls=
if [ "$calls" ]; then
	sleeper fork/a fork/b fork/c
	background strace -qq -o trace -e trace=$calls -e inject=$calls:error=EAGAIN:when=1..5 svc-scan fork
	log=$pid.err
	becomes 10 'when it can not fork, it says so' \
		grep -q '^svc-scan: warning: unable to start .*/svc-supervise: Resource temporarily unavailable (trying again)$' "$log"
	ok 'and tries until it can' svc-wait -t 20000 up fork/a fork/b fork/c
	is 'it has tried' "$(grep -c INJECTED trace)" 5
	is 'it says so once' "$(said 'unable to start')" 1
	scan=$(root_of fork)
	svc-scanctl quit fork
	becomes 10 'that tree ends' gone "$scan"
else
	skip 'when it can not fork, it says so' 'no strace here, or it may not trace'
fi

# A scan directory that can't be written.
mounts='unshare --mount --propagation private'
is_root || mounts="unshare --user --map-root-user --mount"
# shellcheck disable=SC2086  # words
if has unshare && $mounts mount -t tmpfs none "$T" 2>err; then
	sleeper fixed/a
	mkdir writable writable/supervise writable/event
	ln -s "$T/writable/supervise" fixed/a/supervise
	ln -s "$T/writable/event" fixed/a/event
	read_only() { $mounts sh -c 'mount --bind fixed fixed && mount -o remount,bind,ro fixed && exec "$@"' sh "$@"; }
	exits 111 'a read-only scan directory without .svc-scan is an error' read_only svc-scan fixed
	contains 'which says so' "$(cat err)" 'svc-scan: fatal: unable to make .svc-scan: Read-only file system'
	ln -s "$T/writable/own" fixed/.svc-scan
	exits 111 'so is a link that leads nowhere' read_only svc-scan fixed
	contains 'which says so, too' "$(cat err)" 'svc-scan: fatal: unable to open .svc-scan: No such file or directory'
	mkdir writable/own
	background $mounts sh -c 'mount --bind fixed fixed && mount -o remount,bind,ro fixed && exec svc-scan fixed'
	scan=$pid log=$pid.err
	becomes 10 'with links to a writable place it works' is_up fixed/a
	svc-scanctl terminate fixed
	becomes 10 'and ends' gone "$scan"
	is 'in silence' "$(cat "$log")" ''
else
	skip 'a read-only scan directory' 'no way here to mount'
fi
done_testing
