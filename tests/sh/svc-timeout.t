#!/bin/sh
# svc-timeout: a program for a limited time.
# shellcheck disable=SC2016  # dollars are for others
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-timeout 60
link svc-timeout 0
exits 143 'a signal that ends the program is its exit code' svc-timeout 60 sh -c 'kill $$'
exits 137 'KILL as well' svc-timeout 60 sh -c 'kill -9 $$'
is 'without a word' "$(cat err)" ''
exits 255 'an exit code stays what it is' svc-timeout 60 sh -c 'exit 255'
exits 99 'the time ends it' svc-timeout 0.05 sleep 100
is 'which is said' "$(cat err)" 'svc-timeout: warning: PROG still runs after its time: sending TERM'
exits 99 'whatever it says to that' svc-timeout 50ms sh -c 'trap "exit 5" TERM; while :; do sleep 0.01; done'
exits 99 '-s chooses the signal' env --ignore-signal=TERM svc-timeout -s USR1 0.05 sleep 100
is 'which is said' "$(cat err)" 'svc-timeout: warning: PROG still runs after its time: sending USR1'
exits 99 '-k: then KILL' env --ignore-signal=TERM svc-timeout -k 50ms 0.05 sleep 100
is 'which is said as well' "$(cat err)" 'svc-timeout: warning: PROG still runs after its time: sending TERM
svc-timeout: warning: PROG still runs after its time: sending KILL'
exits 99 'one that is stopped is ended as well' svc-timeout 0.05 sh -c 'kill -STOP $$; exec sleep 100'
mkfifo nobody
exits 99 'the time is that of the links behind it, too' svc-timeout 0.05 svc-redirfd -r 0 nobody true
is 'who ignores the end of children learns how it ended' "$(trap '' CHLD; svc-timeout 60 sh -c 'exit 7'; echo $?)" 7

# The program says when it is ready, and which signals it gets.
catch='for signal in $SIGNALS; do trap "echo $signal >>caught" $signal; done; echo $$ >prog; while :; do sleep 0.02; done'
# running WORD... - the link with that program; its pid is in $link, the program's in $prog.
running() {
	rm -f prog caught
	background env --default-signal=INT,QUIT SIGNALS="$signals" svc-timeout "$@" sh -c "$catch"
	link=$pid
	until_ok 10 test -s prog
	prog=$(cat prog)
}
signals='HUP INT QUIT USR1 USR2 PIPE ALRM TERM URG TSTP TTIN TTOU WINCH IO PWR 40'
running 600
for signal in $signals; do
	kill -s "$signal" "$link"
	becomes 10 "$signal is passed on" grep -qx "$signal" caught
done
is 'once each' "$(sort caught | uniq -d)" ''
kill -STOP "$prog"
becomes 10 'the program is stopped' grep -q '^State:.T' "/proc/$prog/status"
kill -CONT "$link"
becomes 10 'CONT is passed on' grep -q '^State:.[SR]' "/proc/$prog/status"
like 'nothing was stopped but the program' "$(cat "/proc/$link/status")" '^State:.S'
is 'it holds nothing but standard error' "$(ls "/proc/$link/fd")" '0
2'
like 'and what it reads signals from' "$(readlink "/proc/$link/fd/0")" signalfd
kill -9 "$link"
becomes 10 'killed, it takes the program with it' gone "$prog"
signals=
if is_root; then
	chmod 777 .
	running 600 svc-setuid 65534:65534
	kill -9 "$link"
	becomes 10 'also when that has changed its user' gone "$prog"
	chmod 755 .
fi
running 600
kill -9 "$prog"
wait "$link"
is 'a program that is killed' "$?" 137
# Some programs that start others leave the C library's own signals ignored.
ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status)
for signal in 33 34 64; do
	if [ $((0x$ignored >> (signal - 1) & 1)) = 1 ]; then
		skip "signal $signal ends the program" 'it is ignored here'
		continue
	fi
	running 600
	kill "-$signal" "$link"
	wait "$link"
	is "signal $signal ends the program" "$? $(cat "$link.err")" "$((128 + signal)) "
done
running 600
kill -STOP "$prog"
kill -TERM "$link"
kill -CONT "$link"
wait "$link"
is 'a stopped one ends when it goes on' "$?" 143
mkfifo pipe
background svc-timeout 600 sh -c 'exec >pipe; exec >&-; sleep 100'
ok 'what the program closes is closed' timeout 100 cat pipe
kill "$pid"
is 'the program has no child and none but its parent' "$(svc-timeout 60 cat /proc/thread-self/children)" ''
if is_root; then
	exits 111 'no process can be made' svc-setuid 61236:61236 svc-limit nproc=0 svc-timeout 60 true
	is 'which is said' "$(cat err)" 'svc-timeout: fatal: unable to make a process: Resource temporarily unavailable'
fi
if has script; then
	cat >job <<-'END'
		set -m
		svc-timeout 60 sh -c 'kill -TSTP $$; exit 4'
		echo "stopped $?"
		fg >/dev/null
		echo "ended $?"
	END
	is 'at a terminal it stops when the program is stopped' "$(script -qec 'sh ./job' /dev/null </dev/null 2>&1 | tr -d '\r' | grep '^[se].* [0-9]*$')" 'stopped 147
ended 4'
	cat >typed <<-'END'
		trap 'echo INT >>typing' INT
		trap 'echo USR1 >>typing; exit' USR1
		echo $PPID >link
		while :; do sleep 0.02; done
	END
	# What is typed reaches the program from the terminal. The link, which sleeps meanwhile so that the two
	# can be told apart, must not send it again.
	{
		until_ok 10 test -s link && kill -STOP "$(cat link)" && printf '\003'
		until_ok 10 test -s typing && kill -CONT "$(cat link)" && kill -USR1 "$(cat link)"
	} | script -qec 'trap : INT; svc-timeout 600 sh ./typed' /dev/null >/dev/null 2>&1
	is 'what is typed arrives once' "$(cat typing)" 'INT
USR1'
else skip 'at a terminal it stops when the program is stopped' 'no script here'; fi
mistake 'missing time' svc-timeout
for word in x -- 1x 1.2.3 .5 5. 1e3 +1 99999999999999d; do
	exits 100 "a mistake: $word" svc-timeout -- "$word" true
	is 'which is named' "$(sed 1q err)" "svc-timeout: fatal: invalid time: $word"
done
mistake 'invalid time: x' svc-timeout -k x 1 true
mistake 'invalid signal: FOO' svc-timeout -s FOO 1 true
mistake 'invalid signal: 65' svc-timeout -s 65 1 true
same "it is coreutils' timeout" 'svc-timeout 60 sh -c "exit 3"; echo $?' 'timeout 60 sh -c "exit 3"; echo $?'
same 'but for the exit code' 'svc-timeout 0.05 sleep 100 2>&-; echo $?' 'timeout 0.05 sleep 100; echo $(($? - 25))'

done_testing
