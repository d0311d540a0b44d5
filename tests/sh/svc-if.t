#!/bin/sh
# svc-if: a program if a block succeeds.
# shellcheck disable=SC1083,SC2016  # braces and dollars are for others
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-if { true }
link svc-if -n { false }
exits 3 'without success the exit code is that of the block' svc-if { sh -c 'exit 3' } echo prog
is 'and nothing more happens' "$(cat out err)" ''
exits 128 'or 128' svc-if { sh -c 'exit 200' } true
exits 137 'a block that was killed' svc-if { sh -c 'kill -9 $$' } true
is 'is told' "$(cat err)" 'svc-if: fatal: the block was killed by KILL'
exits 137 'also with -n' svc-if -n { sh -c 'kill -9 $$' } true
exits 137 'but not with -X' svc-if -X { sh -c 'kill -9 $$' } true
is 'which says nothing' "$(cat err)" ''
exits 7 'with -X and -n it is a failure like others' svc-if -X -n { sh -c 'kill -9 $$' } sh -c 'exit 7'
exits 1 '-n exits 1 after a success' svc-if -n { true } true
exits 0 '-t exits 0' svc-if -t { false } echo prog
is 'without the program' "$(cat out)" ''
exits 5 '-x chooses the exit code' svc-if -x 5 { false } true
exits 5 'with -n as well' svc-if -n -x 5 { true } true
exits 5 'the last counts' svc-if -t -x 5 { false } true
exits 0 'of the two' svc-if -x 5 -t { false } true
exits 3 '-m says' svc-if -m 'no luck' { sh -c 'exit 3' } echo prog
is 'what went wrong and how' "$(cat out err)" 'svc-if: fatal: no luck: exit code 3'
exits 137 'also of a block that was killed' svc-if -m 'no luck' { sh -c 'kill -9 $$' } true
is 'by what' "$(cat err)" 'svc-if: fatal: no luck: killed by KILL'
exits 0 'it says nothing' svc-if -m 'no luck' { true } true
is 'of a success' "$(cat err)" ''
exits 127 'a block that is missing' svc-if { ./none } echo prog
is 'ends it in one line' "$(cat out err)" 'svc-if: fatal: unable to run ./none: No such file or directory'
exits 7 'it failed, says -n' svc-if -n { ./none } sh -c 'exit 7'
is 'who ignores the end of children learns how it ended' "$(trap '' CHLD; svc-if { false } echo prog; echo $?)" 1
is 'the program has no child' "$(svc-if { true } cat /proc/thread-self/children)" ''
is 'what is looked up behind it is what the block left' "$(svc-if { sh -c 'echo A=1 >file' } svc-envfile file sh -c 'echo $A')" 1
background svc-if { sh -c 'echo $$ >block; exec sleep 100' } true
becomes 10 'a block runs' test -s block
kill "$(cat block)"
wait "$pid"
is 'and is killed' "$?" 143
mistake 'missing block' svc-if
mistake 'invalid exit code: 256' svc-if -x 256 { true } true
mistake 'invalid exit code: x' svc-if -x x { true } true
mistake 'write { before a block, not true' svc-if true
mistake 'empty block' svc-if { } true
if has execlineb; then
	is 'it stands in an execline script' "$(execlineb -Pc 'svc-if { test -e . } foreground { svc-try { ./none } echo 1 } echo 2')" '1
2'
else skip 'it stands in an execline script' 'no execlineb here'; fi
# A word of the shell's own.
mkdir bin && PATH=$PATH:$T/bin
if has execlineb; then ln -s /usr/lib/execline/bin/if bin/execline-if; fi
for options in '' -n -X '-n -X' -t '-n -t' '-x 5' '-n -x 5' '-X -x 9'; do
	for end in 'exit 0' 'exit 3' 'exit 200' 'kill -9 $$'; do
		same "it is execline's if $options: $end" "svc-if $options { sh -c '$end' } echo prog 2>&-; echo \$?" \
			"execline-if $options ' sh' ' -c' ' $end' '' echo prog 2>&-; echo \$?"
	done
done

# Its end is the block's.
background svc-if { sh -c 'echo $$ >pid; exec sleep 1000' } true
until_ok 5 test -s pid
kill -KILL "$pid"
becomes 5 'a block does not outlive who waits for it' gone "$(cat pid)"

done_testing
