#!/bin/sh
# svc-setlock: a program with a lock.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-setlock lock
# hold WORD... - a process that has the lock; its pid is in $pid.
hold() {
	rm -f held
	background "$@" sh -c ': >held; exec sleep 100'
	until_ok 10 test -e held
}
hold svc-setlock lock
holder=$pid
exits 1 'nobody else gets it' svc-setlock -n lock true
is 'which is said' "$(cat err)" 'svc-setlock: fatal: unable to lock lock: somebody else has it'
exits 1 'a shared one neither' svc-setlock -n -r lock true
exits 99 'nor by waiting a little' svc-setlock -t 20 lock true
is 'which is said as well' "$(cat err)" 'svc-setlock: fatal: unable to lock lock: somebody else still has it'
if has setlock; then
	exits 111 "daemontools' setlock sees it" setlock -n lock true
else skip "daemontools' setlock sees it" 'not installed'; fi
background svc-setlock lock sh -c ': >second'
waiting=$pid
background svc-setlock -t 60000 lock true
kill "$pid"
becomes 10 'TERM ends one that waits' gone "$pid"
kill "$holder"
becomes 10 'it is free when the program ends' test -e second
wait "$waiting"
hold svc-setlock -r lock
exits 0 'a shared lock can be shared' svc-setlock -n -r lock true
exits 1 'but only so' svc-setlock -n lock true
exits 0 'the last option counts' svc-setlock -n -w -r -N lock true
kill "$pid"
is '-d is where it stays open' "$(svc-setlock -d 9 lock readlink /proc/self/fd/9)" "$T/lock"
is 'and nowhere else' "$(svc-setlock -d 9 lock ls /proc/self/fd | tr '\n' ' ')" "$(env ls /proc/self/fd 9</dev/null | tr '\n' ' ')"
refused 'descriptor 9 is open already' svc-setlock -d 9 lock true 9</dev/null
hold svc-setlock lock sh -c 'sh -c ": >other" 3<lock; exec "$@"' sh
exits 1 'another close of the file does not free it' svc-setlock -n lock true
kill "$pid"
becomes 10 'one that was killed frees it' svc-setlock -n lock true
is 'ALRM stays as it was' "$(trap '' ALRM; svc-setlock -t 1000 lock sed -n 's/^SigIgn:.//p' /proc/self/status)" \
	"$(trap '' ALRM; sed -n 's/^SigIgn:.//p' /proc/self/status)"
mistake 'missing file' svc-setlock
mistake 'invalid number of milliseconds: x' svc-setlock -t x lock true
refused 'unable to open none/lock: No such file or directory' svc-setlock none/lock true
refused 'unable to open .: Is a directory' svc-setlock . true
ln -s lock link
exits 111 'a symbolic link is not followed' svc-setlock link true

done_testing
