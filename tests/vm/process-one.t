#!/bin/sh
# limit: 200
# svc-scan as process 1.
. "${0%/*}/../sh/lib.sh"

field() { sed -n "s/^$1=//p" "$2"; }
supervisor_of() { field pid "/run/service/$1/supervise/supervisor"; }
state_of() { svc-stat -o pid,starts "/run/service/$1"; }
services='one two three three/log'
# in_tree PROGRAM... - of each service of the tree.
in_tree() { for name in $services; do "$@" "$name"; done; }
succeeded() { supervisor=$(supervisor_of "$1"); [ "$supervisor" ] && alive "$supervisor" && ! grep -qw "$supervisor" "$T/killed"; }
all_succeeded() { for name in $services; do succeeded "$name" || return 1; done; }
hook() {
	# shellcheck disable=SC2016  # for the hook
	printf '#!/bin/sh\necho $PPID >%s\n' "$T/$1" >"/run/service/.svc-scan/SIG$1"
	chmod 755 "/run/service/.svc-scan/SIG$1"
}

is 'the kernel guards fifos and no links' "$(cat /proc/sys/fs/protected_fifos /proc/sys/fs/protected_symlinks)" '2
0'
is 'svc-scan is process 1' "$(cat /proc/1/comm)" svc-scan
ok 'the services come up' svc-wait -t 60000 ready /run/service/one /run/service/two /run/service/three
ok 'the logger too' svc-wait -t 60000 up /run/service/three/log
before=$(in_tree state_of)

# The signals that the kernel and a power supply send.
hook INT
hook PWR
echo 'sendkey ctrl-alt-delete' >/dev/ttyS2
becomes 30 'ctrl-alt-del runs a hook' test -s INT
is 'as a child of process 1' "$(cat INT)" 1
kill -PWR 1
becomes 30 'so does a failure of the power' test -s PWR
rm /run/service/.svc-scan/SIG*
kill -KILL 1
kill -SEGV 1
is 'process 1 is not to be killed' "$(in_tree state_of)" "$before"

# Orphans.
sh -c 'sleep 0 & sleep 0 & echo $! >orphan; sleep 1000 & echo $! >>orphan'
{ read -r dead; read -r living; } <orphan
is 'an orphan is its child' "$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$living/status")" 1
kill -KILL "$living"
becomes 30 'and is reaped' test ! -e "/proc/$living"
becomes 30 'as is one that ended before its parent' test ! -e "/proc/$dead"

# Every supervisor at once.
for round in 1 2 3; do
	in_tree supervisor_of >killed
	# shellcheck disable=SC2046  # a word each
	kill -KILL $(cat killed)
	becomes 60 "round $round: all supervisors are killed and replaced" all_succeeded
	is 'no service was restarted' "$(in_tree state_of)" "$before"
done
ok 'the new supervisors obey' svc-ctl -r -wR -T 60000 /run/service/two
is 'once' "$(svc-stat -o starts /run/service/two)" 2

# Services that die while nobody supervises them: process 1 is told how.
kill -KILL "$(supervisor_of one)" "$(svc-stat -p /run/service/one)"
becomes 60 'a kill that only process 1 sees is known' grep -qx last-run=signal=KILL /run/service/one/supervise/status
ok 'and followed by a start' svc-wait -t 60000 ready /run/service/one
kill -KILL "$(supervisor_of one)"
kill -USR1 "$(svc-stat -p /run/service/one)"
becomes 60 'so is an exit code' grep -qx last-run=exit=7 /run/service/one/supervise/status
ok 'the service comes back' svc-wait -t 60000 ready /run/service/one
is 'each death is seen once' "$(svc-stat -o starts /run/service/one)" 3

# The end, which is none without finish.
kill -TERM 1
ok 'told to end, process 1 stops all services' svc-wait -t 60000 down /run/service/*/ /run/service/three/log
becomes 60 'and stays' grep -q 'svc-scan: warning: no .svc-scan/finish to run: staying' /run/tree.log
sh -c 'sleep 0 & echo $! >orphan'
becomes 30 'still reaping' test ! -e "/proc/$(cat orphan)"
kill -ALRM 1
ok 'a scan brings the services back' svc-wait -t 60000 ready /run/service/one /run/service/two /run/service/three
done_testing
