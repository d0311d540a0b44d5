#!/bin/sh
# svc-log and svc-logd on a file system that is full, or can't be written: their logs or their journal.
# limit: 300
#
# A small tmpfs, in a mount namespace of its own.
if [ -z "${OWN_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
	export OWN_MOUNTS=yes
	exec unshare -m sh "$0"
fi
. "${0%/*}/lib.sh"
. "$here/logs.sh"
[ "${OWN_MOUNTS:-}" ] || skip_all 'no root, or no mount namespaces'
mkdir small
mount -t tmpfs -o size=4m none small || skip_all 'no tmpfs can be mounted'
# Whatever happens: what is mounted could not be removed.
trap 'umount -l small; end_of_test 1' EXIT

# filled - takes all the room there is.
filled() { ! dd if=/dev/zero of=small/ballast bs=4k >/dev/null 2>&1; }
make_room() { rm -f small/ballast; }

# --- The logs' disk is full: wait.
logger svc-log --journal journal r100 s100000 n1000 t ./small/d
numbered 1 10 >&3
until_ok 10 has_last small/d "$(numbered 10 10)"
ok 'a tmpfs is full' filled
numbered 11 25000 >&3 &
writer=$!
says_once 'unable to write ./small/d/current: No space left on device (trying every 100 ms, input waits)' 'svc-log says so'
ok 'whoever writes to it waits' alive "$writer"
make_room
becomes 10 'with room it goes on' has_last small/d "$(numbered 25000 25000)"
all small/d 1 25000 'and has all lines'
is 'it has said that it does' "$(sed -n '2,$p' "$said")" 'svc-log: warning: writing again'
ok 'full again' filled
numbered 25001 26000 >&3
said_twice() { [ "$(grep -c 'No space left' "$said")" = 2 ]; }
becomes 10 'it is said again, as it is another time' said_twice
ended 'with a full disk'
like 'it has said what it leaves' "$(tail -n 1 "$said")" '^svc-log: warning: ending: [0-9]* bytes stay in the journal$'
make_room
logger svc-log --journal journal r100 s100000 n1000 t ./small/d
becomes 10 'its successor goes on' has_last small/d "$(numbered 26000 26000)"
all small/d 1 26000 'and has all lines'
ended

ok 'full at the end of input' filled
said=$T/said2
# Only then is there a line to be written.
printf 'no end' | svc-log --journal another r100 ./small/e 2>"$said" &
logger=$!
until_ok 10 grep -q 'input waits' "$said"
ended 'at the end of input, too'
make_room
svc-log --journal another ./small/e </dev/null
is 'its successor has the last line' "$(plain small/e)" 'no end'

# Killed while it waits.
filled
logger svc-log --journal journal r100 s100000 n1000 t ./small/d
numbered 26001 49000 >&3 &
until_ok 10 grep -q 'input waits' "$said"
kill -9 "$logger"; wait "$logger" 2>/dev/null
logger svc-log --journal journal r100 s100000 n1000 t ./small/d
until_ok 10 grep -q 'input waits' "$said"
make_room
becomes 10 'killed while it waits, it has a successor that goes on' has_last small/d "$(numbered 49000 49000)"
all small/d 1 49000 'and has all lines'
ended
rm -rf small/* journal

# --- The logs' disk is full: drop the oldest.
for journal in "--journal $T/journal" ''; do
	# shellcheck disable=SC2086  # words
	logger svc-log $journal --when-full drop-oldest r100 s100000 n1000 t ./small/d
	numbered 1 60000 >&3
	becomes 20 "the oldest go${journal:-, the journal on the same disk}" has_last small/d "$(numbered 60000 60000)"
	first=$(plain small/d | sed -n '1s/line 0*\([0-9]*\),.*/\1/p')
	all small/d "$first" 60000 'what is left is whole'
	ok 'and not little' [ "$first" -lt 57000 ]
	is 'nothing was said' "$(cat "$said")" ''
	ended
	rm -rf small/* journal
done

# --- The journal's disk is full.
# As much of it as was used once stays: it takes a logger that had nothing to log yet.
logger svc-log -d 4 --journal small/journal r100 s100000 n1000 ./d 4>listens
until_ok 10 test -s listens
filled
numbered 1 9000 >&3 &
says_once "no room for the journal's data (input waits)" 'a journal without room is told of'
make_room
becomes 10 'with room it goes on' has_last d "$(numbered 9000 9000)"
all d 1 9000 'and has all lines'
ended
rm -rf small/* d
filled
logger svc-log --journal small/journal r100 s100000 n1000 ./d
numbered 1 100 >&3
says_once 'unable to open small/journal: No space left on device (trying again)' 'so is one that can not be made'
make_room
becomes 10 'later it can' has_last d "$(numbered 100 100)"
ended
rm -rf small/* d

# --- svc-logd.
mkdir -m 700 fifos
mkfifo -m 600 fifos/one fifos/two
exec 4<>fifos/one 5<>fifos/two
logd fifos small/logs r100 s100000 n1000
value() { sed -n "s/^$1=//p" "${2:-fifos}/.svc-logd/status"; }
numbered 1 1 | tee fifos/one >fifos/two
until_ok 10 has_last small/logs/two "$(numbered 1 1)"
until_ok 10 has_last small/logs/one "$(numbered 1 1)"
filled
numbered 2 3000 >&4 &
numbered 2 3000 >&5 &
becomes 10 'svc-logd says that a service waits' grep -q '^svc-logd one: warning: unable to write .*No space left' "$said"
says_once '^svc-logd two: warning: unable to write .*No space left' 'and which other'
is 'both stand in its status' "$(value blocked)" 'one two'
kill -9 "$logger"; wait "$logger" 2>/dev/null
logd fifos small/logs r100 s100000 n1000
make_room
becomes 10 'its successor goes on' has_last small/logs/one "$(numbered 3000 3000)"
becomes 10 'with both' has_last small/logs/two "$(numbered 3000 3000)"
all small/logs/one 1 3000 'the one has all lines'
all small/logs/two 1 3000 'and the other'
ended
rm -rf small/* logs

mkdir -m 700 small/fifos
mkfifo -m 600 small/fifos/one
exec 4<>small/fifos/one
logd small/fifos logs r100 s100000 n1000
filled
numbered 1 3000 >&4 &
says_once '^svc-logd one: warning: no room for its input: No space left on device (input waits)' 'a journal without room'
make_room
becomes 10 'later there is' has_last logs/one "$(numbered 3000 3000)"
all logs/one 1 3000 'and nothing is lost'
ended
rm -rf small/fifos logs
mkdir -m 700 small/fifos
logd small/fifos logs r100 s100000 n1000
filled
mkfifo -m 600 small/fifos/new
exec 5<>small/fifos/new
numbered 1 9 >&5
says_once '^svc-logd: warning: unable to log new: No space left on device' 'a journal that can not be made for a new service'
make_room
becomes 10 'is made later' has_last logs/new "$(numbered 9 9)"
ended
rm -rf small/* logs

# What is kept early shares a tmpfs with the journal.
mkdir -m 700 small/fifos small/early
mkfifo -m 600 small/fifos/web
exec 4<>small/fifos/web
logd --early small/early small/fifos "$T/disk/logs"
numbered 1 1 >&4
until_ok 10 has_last small/early/web "$(numbered 1 1)"
filled
numbered 2 9000 >&4 &
until_ok 10 grep -q 'No space left' "$said"
mkdir -p disk/logs
kill -HUP "$logger"
make_room
becomes 20 'early lines that had no room are moved all the same' has_last disk/logs/web "$(numbered 9000 9000)"
first=$(plain disk/logs/web | sed -n '1s/line 0*\([0-9]*\),.*/\1/p')
all disk/logs/web "$first" 9000 'whole and in order'
ended
exec 4>&- 5>&-
rm -rf small/* disk

# --- Read-only.
mkdir small/d
mount -o remount,ro small
logger svc-log r100 ./small/d
numbered 1 100 >&3
says_once 'Read-only file system (trying again)' 'a read-only directory is told of'
mount -o remount,rw small
becomes 10 'when it can be written it is' has_last small/d "$(numbered 100 100)"
ended
mount -o remount,ro small
logger svc-log --journal "$T/journal" r100 ./small/d
numbered 101 200 >&3
says_once 'Read-only file system (trying every 100 ms, input waits)' 'with a journal elsewhere, too'
ended 'while it can not be written'
mount -o remount,rw small
logger svc-log --journal "$T/journal" r100 ./small/d
becomes 10 'a successor goes on' has_last small/d "$(numbered 200 200)"
all small/d 1 200 'and has all lines'
ended
mkdir small/logs
mount -o remount,ro small
logd fifos small/logs r100
exec 4<>fifos/one
numbered 1 100 >&4
becomes 10 'svc-logd says it of each service' grep -q '^svc-logd one: warning: unable to make .*small/logs/one: Read-only file system' "$said"
rests
mount -o remount,rw small
becomes 10 'and goes on by itself' has_last small/logs/one "$(numbered 100 100)"
ended
exec 3>&- 4>&-
umount small || umount -l small
trap 'end_of_test $?' EXIT
done_testing
