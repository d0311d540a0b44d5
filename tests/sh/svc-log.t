#!/bin/sh
# svc-log at work: what is in the files, when they rotate, how it ends and goes on.
. "${0%/*}/lib.sh"

lines() { cat d/@* d/current 2>/dev/null; }
archives() { find d -name '@*' | wc -l; }
# start [OPTION...] [DIRECTIVE...] - a logger whose input we hold on descriptor 3.
start() { svc-log "$@" <fifo 3>&- 2>errors & pid=$!; }
has_lines() { [ "$(lines | wc -l)" = "$1" ]; }

printf 'one\0two\n\nthree' | svc-log ./d
is 'newline and NUL end a line; the last one needs no end' "$(lines)" 'one
two

three'
ok 'a logger that ended in order leaves current marked' test -x d/current
printf 'four\n' | svc-log ./d
is 'and the next one goes on in it' "$(tail -n 1 d/current) $(archives)" 'four 0'

rm -rf d && mkdir d && printf 'half' >d/current && echo more | svc-log ./d
is 'a current that nobody ended becomes an archive' "$(cat d/@*.u) $(cat d/current)" 'half more'

mkfifo fifo
exec 3<>fifo
rm -rf d
start t ./d
printf 'whole\npart' >&3
becomes 10 'a whole line is written at once' has_lines 1
kill -ALRM $pid
becomes 10 'ALRM rotates' test ! -s d/current
is 'what was there is an archive' "$(archives)" 1
kill -9 $pid; wait $pid 2>/dev/null
start t ./d
printf ' and rest\n' >&3
becomes 10 'a successor has the piece of a line that the killed one had' grep -qs ' part and rest$' d/current
printf 'no end' >&3
kill -TERM $pid
printf ', but in time\n' >&3
wait $pid
is 'TERM waits for the end of a line' "$? $(sed 's/^[^ ]* //' d/current | tail -n 1)" '0 no end, but in time'
start -t 50 ./d
printf 'no end' >&3
becomes 10 'it listens' test ! -x d/current
kill -HUP $pid
wait $pid
is 'but not for ever' "$? $(tail -n 1 d/current)" '0 no end'
start -p ./d
becomes 10 'it listens' test ! -x d/current
kill -TERM $pid
echo more >&3
becomes 10 'with -p TERM does not end it' grep -qsx more d/current
kill -HUP $pid
wait $pid

rm -rf d journal
exec 4<>journal
SVC_LOG_JOURNAL=4 start '?cat; env >&5' s4096 ./d
seq 1 2000 >&3
becomes 10 'a journal that is handed down is used' test -s journal
exec 4>&-
ok 'and there is none in the directory' test ! -e d/journal
becomes 10 'processors work' test -s d/state
kill -TERM $pid
wait $pid
is 'and are not told of it' "$(grep -c SVC_LOG_JOURNAL d/state)" 0
is 'all is there, in order' "$(lines)" "$(seq 1 2000)"

rm -rf d
start r100 ./d
echo 1 >&3
becomes 10 'a line' has_lines 1
rm -rf d
until_ok 10 sh -c 'echo 2 >&3; test -s d/current'
ok 'a directory that was removed is made again' test -s d/current
rm d/current
until_ok 10 sh -c 'echo 3 >&3; test -s d/current'
ok 'and so is current' test -s d/current
kill -TERM $pid
wait $pid

rm -rf d
mkdir d
: >d/@5000000000000000000000ff.s
start s4096 n2 ./d
seq 1 2000 >&3
becomes 10 'archives from a clock that was ahead are older than the next' test ! -e d/@5000000000000000000000ff.s
is 'and the newest stay' "$(archives)" 2
kill -TERM $pid
wait $pid

rm -rf d
start ./d
echo before >&3
becomes 10 'a line is there' test -s d/current
: >d/current
echo after >&3
becomes 10 'the next is too' test -s d/current
is 'a file that was emptied begins anew' "$(cat d/current)" after
mv d/current d/mine
echo 'after that' >&3
becomes 10 'and one that was taken away is made again' test -s d/current
is 'with the next line' "$(cat d/current d/mine)" 'after that
after'
kill -TERM $pid
wait $pid

ok 'a duration may have parts' svc-log --rotate-every 1h30m ./parts
mkdir -m 2750 grouped
start ./grouped/d
echo line >&3
becomes 10 'below a directory that hands its group down' test -s grouped/d/current
is 'the group may read a log' "$(stat -c %a grouped/d)" 2750
kill -TERM $pid
wait $pid

rm -rf d
# shellcheck disable=SC2094  # it reads what the other has said so far
{ seq 2000; until_ok 10 grep -q 'the command ended' err; } | svc-log r10 '?exit 3' s4096 ./d 2>err
contains 'a processor that fails is told of with how it ended' "$(cat err)" ': the command ended with exit=3 ('
contains 'and what it has left in the end' "$(cat err)" 'svc-log: warning: ./d: '
contains 'which waits for the next start' "$(cat err)" ' archives are left for the processor (at the next start)'

rm -rf d
start ./d
echo first >&3
becomes 10 'a line is there' test -s d/current
ok '--rotate finds the logger of a directory, and waits for it' svc-log --rotate ./d
is 'which then has an archive' "$(archives)" 1
is 'and an empty file' "$(cat d/current)" ''
ok 'nothing is nothing to rotate' svc-log --rotate d
is 'and makes no archive' "$(archives)" 1
echo second >&3
becomes 10 'another line is there' test -s d/current
kill -STOP $pid
exits 99 'a logger that does not answer is told of' svc-log --rotate d
contains 'with its pid' "$(cat err)" "svc-log: fatal: d: its logger, pid $pid, does not answer"
kill -CONT $pid
kill -TERM $pid
wait $pid
exits 102 'without a logger nothing is rotated' svc-log --rotate d
contains 'and that is said' "$(cat err)" 'svc-log: fatal: d: no logger writes there'
exits 111 'nor without a directory' svc-log --rotate none
exits 100 'nor with directives' svc-log --rotate d t
if has s6-log; then
	# shellcheck disable=SC2016  # for sh
	background sh -c 'mkfifo s6; exec s6-log ./s6d <>s6'
	until_ok 10 test -f s6d/lock
	echo line >s6
	becomes 10 "a s6-log's line is there" test -s s6d/current
	ok "s6-log's directories are rotated as well" svc-log --rotate s6d
else
	skip "s6-log's directories are rotated as well" 's6 is not installed'
fi

done_testing
