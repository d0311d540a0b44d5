#!/bin/sh
# svc-log and svc-logd when something around them fails: said once, waited for, gone on from.
# limit: 300
. "${0%/*}/lib.sh"
. "$here/logs.sh"

can_trace() { has strace && strace -qq -o "$T/try" true 2>/dev/null && [ -s "$T/try" ]; }
# traced OPTION... - svc-log with an injected failure.
traced() {
	if ! can_trace; then skip "$what" 'no ptrace for us here'; return 1; fi
	options=$*
	# shellcheck disable=SC2086  # words
	numbered 1 3000 | strace -f -qq -o trace $options svc-log r20 s50000 n1000 t ./d 2>said
	said=$T/said
}

# --- The disk.
what='an I/O error'
if traced -e trace=pwrite64 -e inject=pwrite64:error=EIO:when=2..5; then
	is "$what is told of, once" "$(grep -c 'unable to write ./d/current: I/O error\|Input/output error' said)" 1
	all d 1 3000 'and nothing is lost by it'
	rm -rf d
fi
what='an error in a rotation'
if traced -e trace=renameat,renameat2 -e inject=renameat,renameat2:error=EROFS:when=1..3; then
	is "$what is told of, once" "$(grep -c 'unable to rename ./d/current: Read-only file system' said)" 1
	all d 1 3000 'and nothing is lost by it'
	rm -rf d
fi
logger svc-log r50 s50000 n1000 t ./d
numbered 1 10 >&3
until_ok 10 has_last d "$(numbered 10 10)"
cp -R d before
rm -r d
: >d
# It looks whether its file is still there once a second.
nudged() { echo nudge >&3; grep -q 'unable to' "$said"; }
until_ok 10 nudged
says_once 'unable to open ./d: Not a directory (trying every 50 ms, input waits)' 'a file in the place of the directory'
numbered 11 20 >&3
rm d
becomes 10 'when it is gone there is a directory again' has_last d "$(numbered 20 20)"
ended
plain before >got
plain d >>got
is 'and all lines are in one or the other' "$(grep -vx nudge got)" "$(numbered 1 20)"
rm -rf d before

# What a predecessor left is kept by one that can write nothing until it ends.
logger svc-log -l 60000 --journal journal r50 ./d
{ numbered 1 200 && printf 'the next'; } >piece
cat piece >&3
becomes 10 'lines are logged, without the last one, which has no end' has_last d "$(numbered 200 200)"
# The input ends further on in the journal than it ever did by the other of its two offsets.
long=$(printf '%020000d' 1)
printf '%s' "$long" >&3
until_ok 10 grep -aqF "$long" journal
kill -9 "$logger"
until_ok 10 gone "$logger"
mv d kept
: >d
logger svc-log -l 60000 --journal journal r50 ./d
says_once 'unable to open ./d: Not a directory' 'nothing can be written then'
ended 'with nothing written'
rm d
mv kept d
logger svc-log -l 60000 --journal journal r50 ./d
echo ' has an end' >&3
is_whole() { has_last d "the next$long has an end"; }
becomes 10 'the line is logged whole' is_whole
ended
rm -rf d journal

what='a logger killed when it was about to write'
# kill_at_write COMMAND... - what may be shown of it is shown elsewhere.
kill_at_write() { strace -qq -o trace -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=1 "$@" 2>/dev/null; }
if can_trace; then
	numbered 1 10 | kill_at_write svc-log --journal journal r50 ./d ./e
	ok "$what leaves a file that is not complete" test ! -x d/current
	rm -r e
	: >e
	logger svc-log --journal journal r50 ./d ./e
	says_once 'unable to open ./e: Not a directory' 'nor can the next one write'
	ended 'with nothing written'
	ok 'which does not call it complete either' test ! -x d/current
	rm e
	logger svc-log --journal journal r50 ./d ./e
	becomes 10 'the lines are logged by one that can' has_last d "$(numbered 10 10)"
	ended
	ok 'and complete' test -x d/current
	all d 1 10 'and each is there once'
	rm -rf d e journal
else
	skip "$what" 'no ptrace for us here'
fi

# --- Descriptors.
if has prlimit; then
	logger prlimit --nofile=7:64 svc-log r50 s50000 n1000 t ./d
	numbered 1 300 >&3
	says_once 'unable to .*[Tt]oo many open files\|unable to .*No file descriptors available' 'too many open files are told of'
	prlimit --nofile=64 --pid "$logger"
	becomes 10 'with more it goes on' has_last d "$(numbered 300 300)"
	all d 1 300 'and has all lines'
	ended
	rm -rf d
	# What is the one too many differs: a fifo, a directory of logs, that of the fifos.
	for limit in 8 9 10 11 12 13; do
		mkdir -m 700 fifos
		logd fifos logs
		prlimit --nofile=$limit:64 --pid "$logger"
		for name in one two three; do
			mkfifo -m 600 fifos/$name
			until_ok 1 grep -q "$name\|directory of fifos" "$said" fifos/.svc-logd/status
		done
		exec 4<>fifos/three
		numbered 1 9 >&4
		becomes 10 "svc-logd that may open $limit files says what it can not do" grep -q '^svc-logd.*: warning: unable to' "$said"
		rests
		prlimit --nofile=64 --pid "$logger"
		becomes 10 'and does it later' has_last logs/three "$(numbered 9 9)"
		ended
		exec 4>&-
		rm -rf fifos logs
	done
else
	skip 'too many open files' 'no prlimit here'
fi

# --- A lock that somebody else has.
mkdir -m 700 fifos
mkdir logs
mkfifo -m 600 fifos/held fifos/other
exec 4<>fifos/held 5<>fifos/other
logger svc-log ./logs/held
numbered 1 5 >&3
until_ok 10 has_last logs/held "$(numbered 5 5)"
first=$logger
logd fifos logs r50
numbered 6 9 >&4
says_once '^svc-logd held: warning: unable to lock .*logs/held' 'a log directory that another logger has is told of'
numbered 1 9 >&5
becomes 4 'other services do not wait for it' has_last logs/other "$(numbered 9 9)"
second=$logger
logger=$first; ended 'the other logger'; logger=$second
becomes 10 'then it is logged' has_last logs/held "$(numbered 9 9)"
all logs/held 1 9 'after what was there'
ended
rm -rf logs fifos
exec 4>&- 5>&-

# --- A fifo that goes and comes while its log can't be written.
mkdir -m 700 fifos
mkdir logs
mkfifo -m 600 fifos/web
: >logs/web
logd fifos logs r50
exec 4<>fifos/web
numbered 1 5 >&4
until_ok 10 grep -q 'svc-logd web: warning' "$said"
rm fifos/web
mkfifo -m 600 fifos/web
numbered 6 9 >fifos/web &
rm logs/web
becomes 10 'a new fifo of a name is logged after the old one' has_last logs/web "$(numbered 9 9)"
in_all() { [ "$(plain "$1" | sort -u | wc -l)" = "$2" ]; }
becomes 10 'of which nothing is missing either' in_all logs/web 9
ended
rm -rf logs fifos
exec 4>&-

# --- Processors.
# shellcheck disable=SC2012  # our own names
archives() { ls d/@*"$1" 2>/dev/null | wc -l; }
has_archives() { [ "$(archives "$2")" -ge "$1" ]; }
# shellcheck disable=SC2016  # a processor's
logger svc-log '?echo $$ >worker; exec sleep 1000' s4096 n100 ./d
numbered 1 200 >&3
becomes 10 'a processor that does not end' test -s worker
ended 'with a processor that never ends'
is 'its archive stays' "$(archives .u)" "$(archives '')"
ok 'the processor is gone' gone "$(cat worker)"
logger svc-log '?cat' s4096 n100 ./d
processed() { [ "$(archives .u)" = 0 ]; }
becomes 10 'a successor has them processed' processed
becomes 10 'and all is there' has_last d "$(numbered 200 200)"
all d 1 200 'in order'
ended
rm -rf d
for processor in '?exit 1' '!none' '--compress=zstd'; do
	case $processor in --*) options=$processor directive= ;; *) options='' directive=$processor ;; esac
	mkdir empty
	# A word, or none.
	logger env PATH="$T/empty" "$BIN/svc-log" ${options:+"$options"} ${directive:+"$directive"} r20 s4096 n100 ./d
	numbered 1 200 >&3
	says_once 'unable to process ' "a processor that fails: $processor"
	numbered 201 400 >&3
	until_ok 10 has_archives 4 .u
	kill -ALRM "$logger"
	becomes 10 'and the next archives, too' has_last d ''
	rests
	is 'which is no news' "$(grep -c 'unable to' "$said")" 1
	cat d/@* d/current >got
	is 'all is there' "$(cat got)" "$(numbered 1 400)"
	ended 'with a processor that fails'
	rm -rf d empty
done
what='where pidfd_open is refused'
if traced -f -e trace=pidfd_open -e inject=pidfd_open:error=EPERM; then
	rm -rf d
	# shellcheck disable=SC2016  # a processor's
	numbered 1 3000 | strace -qq -o trace -e inject=pidfd_open:error=EPERM svc-log '?cat' s4096 n1000 ./d
	until_ok 10 sh -c 'svc-log "?cat" s4096 n1000 ./d </dev/null; ! ls d/@*.u'
	all d 1 3000 "$what processors work"
	rm -rf d
fi
# It outlives the logger that started it, and goes on writing.
logger svc-log '?cat; [ -e slow ] || { : >slow; until [ -e go ]; do sleep 0.1; done; echo too late; echo too late >&5; : >gone; }' s4096 n100 ./d
numbered 1 70 >&3
until_ok 10 test -e slow
kill -9 "$logger"; wait "$logger" 2>/dev/null
logger svc-log '?cat; echo state >&5; until [ -e gone ]; do sleep 0.1; done' s4096 n100 ./d
becomes 10 'an archive whose processor outlived its logger is processed again' grep -q state d/newstate
: >go
becomes 20 'by one only' processed
is 'the old one writes nowhere' "$(cat d/state)" state
becomes 10 'and nothing is lost' has_last d "$(numbered 70 70)"
all d 1 70 'or torn'
ended
rm -rf d slow go gone

# --- Input and output.
# It comes a little at a time: the logger sleeps in between.
slowly() { for number in 1 2 3; do until_ok 10 has_last d "$(numbered 1 $((number - 1)) | tail -n 1)"; numbered $number $number; done; }
what='a pipe that can not send signals'
if can_trace; then
	slowly | strace -qq -o trace svc-log t ./d
	ok 'the logger has slept' grep -q '^ppoll(\[{fd=[1-9]' trace
	exits 1 'a pipe is not polled: its writers would pay for that' grep -q '{fd=0' trace
	all d 1 3 'and what comes to a sleeping logger is written'
	rm -rf d
	slowly | strace -qq -o trace -e inject=ioctl:error=ENOTTY svc-log t ./d
	ok "$what is polled" grep -q '{fd=0' trace
	all d 1 3 'and nothing is lost by it'
	rm -rf d
else
	skip "$what" 'no ptrace for us here'
fi
closed() { numbered 1 9 | svc-log 1 ./d >&-; }
exits 0 'a closed standard output' closed
all d 1 9 'stops nobody'
broken() { numbered 10 3000 | { svc-log 1 ./d; echo $? >code; } | true; cat code; }
is 'nor one that nobody reads' "$(broken 2>said)" 0
is 'which is told of, once' "$(grep -c 'unable to write to standard output (given up)' said)" 1
all d 1 3000 'all lines are there'
rm -rf d

# Held for reading and writing: without writers there is no end.
mkfifo shared
svc-log n1000 ./d <>shared 3>&- &
logger=$!
for first in 1 11 21; do
	numbered $first $((first + 9)) >shared
	becomes 10 "writers leave, $first" has_last d "$(numbered $((first + 9)) $((first + 9)))"
done
all d 1 30 'and come back'
ended
rm -rf d

logger svc-log n1000 s50000 ./d
numbered 1 10 >&3
until_ok 10 has_last d "$(numbered 10 10)"
kill -STOP "$logger"
numbered 11 9000 >&3 &
writer=$!
kill -CONT "$logger"
becomes 10 'stopped and continued' has_last d "$(numbered 9000 9000)"
wait "$writer"
all d 1 9000 'it misses nothing'
ended
rm -rf d

# A line of a gigabyte.
logger svc-log n2 ./d
head -c 1000000000 /dev/zero | tr '\0' x >&3
printf '\nthe next\n' >&3
becomes 60 'after a line of a gigabyte comes the next' has_last d 'the next'
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$logger/status")
ok "which takes no more memory than another: $peak kB" [ "$peak" -lt 8192 ]
is 'it comes in pieces' "$(plain d | sed '$d' | tr -d 'x' | sort -u | wc -l)" 1
ended
rm -rf d
logger svc-log n1000 ./d
head -c 300000 /dev/zero >&3
echo 'the next' >&3
becomes 20 'NUL bytes end lines' has_last d 'the next'
is 'each of them one' "$(plain d | wc -l)" 300001
ended
rm -rf d
done_testing
