#!/bin/sh
# svc-background: a block beside a program.
# shellcheck disable=SC1083,SC2016  # braces and dollars are for others
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-background { true }
link svc-background -d { true }
# A shell does not hand on a variable of this name.
cat >child_pid <<'END'
tr '\0' '\n' </proc/$1/environ | sed -n 's/^!=//p'
END
mkfifo fifo
# beside WORD... - the link with a block that says who it is, and waits until it is read.
beside() {
	svc-background "$@" { sh -c 'echo "$$ $PPID" >fifo' } sh -c 'read -r block parent <fifo
		[ "$block" = "$(sh child_pid $$)" ] && echo "its pid is in !"
		[ "$parent" = $$ ] && echo "it is a child"'
}
is 'the program goes on while the block runs' "$(beside)" 'its pid is in !
it is a child'
is '-d: it is not a child' "$(beside -d)" 'its pid is in !'
is '-d: nor is what was between' "$(svc-background -d { sleep 0.1 } cat /proc/thread-self/children)" ''
is '-d: who ignores the end of children does so still' "$(trap '' CHLD; svc-background -d { sed -n 's/^SigIgn:.//p' /proc/self/status } true)" \
	"$(trap '' CHLD; sed -n 's/^SigIgn:.//p' /proc/self/status)"
is '-d: the block has no descriptor more' "$(svc-background -d { sh -c 'ls /proc/self/fd >fifo' } cat fifo)" "$(ls /proc/self/fd)"
background svc-background { true } sleep 100
zombie() { child=$(tr -d ' ' </proc/"$pid"/task/"$pid"/children) && grep -q ' Z ' "/proc/$child/stat"; }
becomes 10 'a child that has ended is for the program to wait for' zombie
kill "$pid"
is 'the block finds what the links before it did' "$(svc-env A=1 svc-background { sh -c 'echo $A >fifo' } cat fifo)" 1
is 'but not what the links behind it do' "$(A=0 svc-background { sh -c 'echo $A >fifo' } svc-env A=1 cat fifo)" 0
for option in '' -d; do
	# shellcheck disable=SC2086  # none or one
	exits 7 "a block that is missing does not keep the program away $option" svc-background $option { ./none } sh -c 'exit 7'
	becomes 10 'and is said in one line' grep -qx 'svc-background: fatal: unable to run ./none: No such file or directory' err
	if is_root; then
		# shellcheck disable=SC2086
		exits 111 "no process can be made $option" svc-setuid 61235:61235 svc-limit nproc=0 svc-background $option { true } true
		is 'which is said' "$(cat err)" 'svc-background: fatal: unable to make a process: Resource temporarily unavailable'
	fi
done
exits 7 'with standard error closed it is the same' sh -c 'exec svc-background -d { ./none } sh -c "exit 7" 2>&-'
if is_root; then
	exits 111 'also when no process can be made' sh -c 'exec svc-setuid 61235:61235 svc-limit nproc=0 svc-background -d { true } true 2>&-'
fi
background svc-background { sh -c 'echo $$ >block; exec sleep 100' } sleep 100
becomes 10 'a block runs' test -s block
kill -9 "$pid"
becomes 10 'the program is killed' gone "$pid"
ok 'the block stays' alive "$(cat block)"
kill -9 "$(cat block)"
mistake 'missing block' svc-background
mistake 'missing block' svc-background -d
mistake 'write { before a block, not true' svc-background true
mistake 'empty block' svc-background { } true
# A function of the harness has its name.
mkdir bin && PATH=$PATH:$T/bin
if has execlineb; then ln -s /usr/lib/execline/bin/background bin/execline-background; fi
for option in '' -d; do
	same "it is execline's background $option" "svc-background $option { true } env | sed 's/^!=[0-9]*$/!=PID/'" \
		"execline-background $option ' true' '' env | sed 's/^!=[0-9]*$/!=PID/'"
done

done_testing
