#!/bin/sh
# svc-foreground: a block, then a program.
# shellcheck disable=SC1083,SC2016  # braces and dollars are for others
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-foreground { true }
is 'the block ends before the program begins' "$(svc-foreground { sh -c 'sleep 0.1; echo block' } echo prog)" 'block
prog'
# status WORD... - what the program finds in ? after this block.
status() { svc-foreground { "$@" } printenv '?'; }
is 'a success is 0' "$(status true)" 0
is 'a failure is its exit code' "$(status sh -c 'exit 3')" 3
is 'whatever it is' "$(status sh -c 'exit 255')" 255
is 'a signal is 256 and its number' "$(status sh -c 'kill -9 $$')" 265
is 'the last of two counts' "$(svc-foreground { false } svc-foreground { true } printenv '?')" 0
exits 0 'a block that is missing does not keep the program away' svc-foreground { ./none } printenv '?'
is 'it was not found' "$(cat out)" 127
is 'which is said in one line, by the link' "$(cat err)" 'svc-foreground: fatal: unable to run ./none: No such file or directory'
is 'the block is sought in the PATH that it gets' "$(mkdir -p dir && printf '#!/bin/sh\necho found\n' >dir/prog && chmod 755 dir/prog
	svc-env "PATH=$PWD/dir:$PATH" svc-foreground { prog } true)" found
is 'the block finds what the links before it did' "$(svc-cd / svc-env A=1 svc-foreground { sh -c 'echo $A; pwd' } true)" '1
/'
is 'but not what the links behind it do' "$(A=0 svc-foreground { sh -c 'echo $A' } svc-env A=1 true)" 0
is 'who ignores the end of children learns how it ended' "$(trap '' CHLD; status sh -c 'exit 3')" 3
is 'the program has no child' "$(svc-foreground { true } cat /proc/thread-self/children)" ''
background svc-foreground { sh -c 'echo $$ >block; exec sleep 100' } svc-redirfd -w 1 status printenv '?'
becomes 10 'a block runs' test -s block
kill -9 "$(cat block)"
becomes 10 'and is killed: the program goes on' grep -qx 265 status
wait "$pid"
if is_root; then
	exits 111 'no process can be made' svc-setuid 61234:61234 svc-limit nproc=0 svc-foreground { true } true
	is 'which is said' "$(cat err)" 'svc-foreground: fatal: unable to make a process: Resource temporarily unavailable'
fi
is 'a block in a block' "$(svc-foreground { svc-foreground { echo 1 } echo 2 } echo 3 | tr '\n' ' ')" '1 2 3 '
is "execline's form" "$(svc-foreground ' svc-foreground' '  echo' '  1' ' ' ' echo' ' 2' '' echo 3 | tr '\n' ' ')" '1 2 3 '
mistake 'missing block' svc-foreground
mistake 'write { before a block, not true' svc-foreground true
mistake 'missing } at the end of a block' svc-foreground { true
mistake 'empty block' svc-foreground { } true
for end in 'exit 0' 'exit 3' 'exit 200' 'kill -9 $$' 'kill -TERM $$'; do
	same "it is execline's foreground: $end" "svc-foreground { sh -c '$end' } env" "foreground ' sh' ' -c' ' $end' '' env"
done

# Its end is the block's.
background svc-foreground { sh -c 'echo $$ >pid; exec sleep 1000' } true
until_ok 5 test -s pid
kill -KILL "$pid"
becomes 5 'a block does not outlive who waits for it' gone "$(cat pid)"

done_testing
