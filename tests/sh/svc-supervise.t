#!/bin/sh
# svc-supervise: start, death, finish; what the commands do; what a service finds; how a supervisor
# ends. More in svc-supervise-*.t.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

# A person who starts a second supervisor waits five seconds for the answer: asked for early.
service taken <<'end'
#!/bin/sh
exec sleep 1000
end
supervise taken
taken=$pid
background sh -c 'svc-supervise taken; echo $? >taken.code'
second=$pid

# What a service finds. Its run is the program itself, so that no shell changes anything.
mkdir 1000
cp "$(command -v sleep)" 1000/run
(
	trap '' HUP PIPE TERM INT QUIT USR1
	exec 9</dev/null
	background svc-supervise 1000
	echo "$pid" >1000.pid
)
until_ok 10 says 1000 state up
first=$(key 1000 pid)
is 'a service blocks no signal' "$(field "$first" SigBlk)" 0000000000000000
is 'ignores none, whatever its supervisor was started with' "$(field "$first" SigIgn)" 0000000000000000
is 'and has none pending' "$(field "$first" SigPnd)$(field "$first" ShdPnd)" 00000000000000000000000000000000
# pid (comm) state ppid pgrp session
read -r _ _ _ _ group session _ <"/proc/$first/stat"
is 'it has a session and a group of its own' "$group $session" "$first $first"
is 'it has no descriptors but 0, 1 and 2' "$(cd "/proc/$first/fd" && echo *)" '0 1 2'
is 'its input is that of the supervisor' "$(readlink "/proc/$first/fd/0")" "$(readlink "/proc/$(cat 1000.pid)/fd/0")"
is 'it runs in its directory' "$(readlink "/proc/$first/cwd")" "$T/1000"
is 'as ./run NAME' "$(tr '\0' ' ' <"/proc/$first/cmdline")" './run 1000 '
if env --block-signal=USR2,CHLD true 2>/dev/null; then
	cp -r 1000 999
	rm -rf 999/supervise 999/event
	background env --block-signal=USR2,CHLD,TERM svc-supervise 999
	until_ok 10 says 999 state up
	is 'nor are signals blocked that the parent had blocked' "$(field "$(key 999 pid)" SigBlk)" 0000000000000000
	ok 'and the supervisor itself hears them' kill -TERM "$pid"
	becomes 10 'and ends' gone "$pid"
else
	skip 'nor are signals blocked that the parent had blocked' 'this env has no --block-signal'
fi
cp -r 1000 998
rm -rf 998/supervise 998/event
background sh -c 'exec svc-supervise 998 <&- >&- 2>&-'
until_ok 10 says 998 state up
is 'with 0, 1 and 2 closed it has them on /dev/null' \
	"$(for n in 0 1 2; do readlink "/proc/$(key 998 pid)/fd/$n"; done | tr "\n" " ")" "/dev/null /dev/null /dev/null "
is 'and nothing else' "$(cd "/proc/$(key 998 pid)/fd" && echo *)" '0 1 2'

# Death and finish.
service web <<'end'
#!/bin/sh
echo "$1 $$" >>starts
until [ -e go ]; do sleep 0.02; done
rm go
eval "$(cat how)"
end
script web/finish <<'end'
#!/bin/sh
echo "$*" >>finishes
exit "$(cat finish-code)"
end
echo 0 >web/restart-delay
echo 0 >web/finish-code
supervise web
web=$pid
# ends HOW - lets it end in this way; the pid that it had is in $was.
ends() { was=$(key web pid); n=$(key web starts); echo "$1" >web/how; touch web/go; until_ok 10 says web starts $((n + 1)); }
until_ok 10 lines web/starts 1
is 'run gets the name' "$(cut -d' ' -f1 web/starts)" web
ends 'exit 7'
is 'finish gets the exit code, no signal, the name and the group' "$(tail -n1 web/finishes)" "7 0 web $was"
is 'the status keeps how it ended' "$(key web last-run)" exit=7
is 'and how finish ended' "$(key web last-finish)" exit=0
ends 'kill -KILL $$'
is 'finish gets 256 and the signal' "$(tail -n1 web/finishes)" "256 9 web $was"
is 'which the status keeps by name' "$(key web last-run)" signal=KILL
echo 3 >web/finish-code
ends 'exit 0'
is 'what finish exits with is in the status' "$(key web last-finish)" exit=3
echo 125 >web/finish-code
echo 'exit 1' >web/how; touch web/go
becomes 10 'finish that exits 125 keeps it down' says web state down
is 'for good' "$(key web ended) $(key web wanted)" 'failed down'
n=$(key web starts)
echo 0 >web/finish-code
ok 'until it is asked for' svc-ctl -u -wu -T 60000 web
is 'by a start' "$(key web starts)" $((n + 1))
is 'that forgets the failure' "$(key web ended)" ''

# Once, at most once.
ok 'once while it is up' svc-ctl -o web
echo 'exit 0' >web/how; touch web/go
ok 'it is not started again' svc-wait -t 60000 finished web
is 'and wanted down' "$(key web wanted)" down
ok 'once while it is down starts it' svc-ctl -o -wu -T 60000 web
is 'it is wanted once' "$(key web wanted)" once
touch web/go
ok 'and ends' svc-wait -t 60000 finished web
ok 'up again' svc-ctl -u -wu -T 60000 web
ok 'at most once while it is up' svc-ctl -O web
touch web/go
ok 'ends as well' svc-wait -t 60000 finished web

# The file down.
ok 'up again' svc-ctl -u -wu -T 60000 web
ok '-D stops it' svc-ctl -D -wD -T 60000 web
ok 'and makes the file down' test -f web/down
ok '-U starts it' svc-ctl -U -wu -T 60000 web
ok 'and removes the file' test ! -e web/down
n=$(key web starts)
ok '-Q' svc-ctl -Q web
becomes 10 'makes the file down' test -f web/down
is 'and stops nothing' "$(key web state) $(key web starts)" "up $n"
rm web/down
ok '-d stops it' svc-ctl -d -wD -T 60000 web
ok 'and makes no file' test ! -e web/down
kill "$web"
touch web/down
until_ok 10 gone "$web"
supervise web
ok 'a service with a file down is not started' says web wanted down
is 'and counts its starts anew' "$(key web starts)" 0
is 'but not their numbers' "$([ "$(key web seq)" -gt 5 ] && echo more)" more
ok 'until it is asked for' svc-ctl -u -wu -T 60000 web
ok 'which leaves the file alone' test -f web/down

# STOP, and signals.
ok 'pause' svc-ctl -p web
becomes 10 'stops it' grep -q '^State:.T' "/proc/$(key web pid)/status"
is 'and is in the status' "$(key web paused)" yes
ok 'what is stopped stops on d all the same' svc-ctl -d -wD -T 60000 web
is 'by the signal' "$(key web last-run)" signal=TERM
is 'and is paused no more' "$(key web paused)" ''
service signals <<'end'
#!/bin/sh
for s in HUP INT USR1 USR2 QUIT ALRM WINCH; do trap "echo $s >>got" $s; done
trap 'echo TERM >>got; exit 0' TERM
echo >>ready
while :; do sleep 0.02; done
end
echo INT >signals/down-signal
echo usr2 >signals/reload-signal
supervise signals
until_ok 10 test -e signals/ready
for pair in h:HUP 1:USR1 2:USR2 i:INT q:QUIT a:ALRM y:WINCH l:USR2; do
	rm -f signals/got
	svc-ctl "-${pair%:*}" signals
	becomes 10 "${pair%:*} sends ${pair#*:}" grep -q "^${pair#*:}\$" signals/got
done
rm -f signals/got
ok 'd' svc-ctl -d signals
becomes 10 'sends the signal of the file down-signal' grep -qx INT signals/got
is 'and waits' "$(key signals state) $(key signals stopping)" 'up yes'
ok 'for ever, without timeout-kill' lacks signals kill-due
rm signals/down-signal
ok 'd again, without the file' svc-ctl -d -wD -T 60000 signals
is 'sends TERM' "$(tail -n1 signals/got)" TERM

# How a supervisor ends.
service leaver <<'end'
#!/bin/sh
trap 'echo INT >>got; exit 0' INT
echo >>ready
while :; do sleep 0.02; done
end
# begins - a supervisor and its service, known to be up.
begins() {
	rm -f leaver/ready leaver/got
	supervise leaver
	until_ok 10 test -e leaver/ready
	until_ok 10 says leaver state up
	was=$(key leaver pid)
}
begins
kill -TERM "$pid"
becomes 10 'TERM ends the supervisor' gone "$pid"
ok 'and its service' gone "$was"
is 'wanted down, left in order' "$(key leaver wanted) $(key leaver left)" 'down yes'
begins
is 'the next one begins with the file down: there is none' "$(key leaver wanted)" up
kill -HUP "$pid"
becomes 10 'HUP has it leave' says leaver leaving yes
is 'when the service is down' "$(alive "$pid" && alive "$was" && echo yes)" yes
ok 'which it may be by itself' kill -KILL "$was"
becomes 10 'then it ends' gone "$pid"
is 'and starts nothing' "$(key leaver state)" down
begins
kill -QUIT "$pid"
becomes 10 'QUIT ends the supervisor at once' gone "$pid"
ok 'and leaves the service' alive "$was"
supervise leaver
is 'which the next one takes over' "$(key leaver pid)" "$was"
kill -INT "$pid"
becomes 10 'INT ends the supervisor at once' gone "$pid"
becomes 10 'and interrupts the service' grep -qsx INT leaver/got

# Exit codes.
exits 111 'a directory that is not there' svc-supervise none
is 'is named' "$(cat err)" 'svc-supervise: fatal: unable to enter none: No such file or directory'
exits 100 'no directory' svc-supervise
touch file
exits 111 'a file' svc-supervise file
is 'is no directory' "$(cat err)" 'svc-supervise: fatal: unable to enter file: Not a directory'
becomes 10 'a second supervisor ends' gone "$second"
is 'with 100' "$(cat taken.code)" 100
is 'and says who supervises' "$(head -n 1 "$second.err")" "svc-supervise: fatal: already supervised by pid $taken"
ok 'which goes on' says taken state up

done_testing
