#!/bin/sh
# svc-oneshot: run a program once; orders; commands, events, output; what can be wrong. What it does
# when things are killed is in svc-oneshot-kill.t.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

# oneshot NAME - makes a directory whose run notes its pid and ends as the file how says.
oneshot() {
	service "$1" <<'end'
#!/bin/sh
echo "$*" >>ran
[ ! -e how ] || eval "$(cat how)"
end
}
# up DIR - its program runs, and listens.
up() { says "$1" state up && [ -e "$1/ready" ]; }
waits='echo >ready; until [ -e go ]; do sleep 0.02; done; exit 5'

# Once.
oneshot web
ok 'it runs' svc-oneshot web
is 'as ./run NAME would in a supervisor, once' "$(cat web/ran)" web
is 'the status says how it ended' "$(key web state) $(key web last-run)" 'down exit=0'
ok 'no fifo is read any more' sh -c '! svc-ok web'
ok 'there is no event directory' test ! -e web/event
echo 'exit 3' >web/how
ok 'its exit code is not that of the program' svc-oneshot web/
is 'which is in the status' "$(key web last-run)" exit=3
echo 'kill -USR1 $$' >web/how
ok 'nor is a signal' svc-oneshot -- web
is 'which is there by name' "$(key web last-run)" signal=USR1
ok 'without a number each is one more' lines web/ran 3
is 'of which the status counts the starts' "$(key web starts) $(key web order)" '3 '
ok 'no tally is kept' test ! -e web/supervise/death_tally

# What the program finds.
mkdir bare
cp "$(command -v sleep)" bare/run
(
	trap '' HUP PIPE TERM INT QUIT USR1
	exec 9</dev/null
	background svc-oneshot --name 1000 bare
)
until_ok 10 says bare state up
first=$(key bare pid)
is 'it has no descriptors but 0, 1 and 2' "$(cd "/proc/$first/fd" && echo *)" '0 1 2'
is 'it blocks no signal, and ignores none' "$(sed -n 's/^Sig\(Blk\|Ign\):[[:space:]]*//p' "/proc/$first/status" | sort -u)" 0000000000000000
read -r _ _ _ _ group session _ <"/proc/$first/stat"
is 'it has a session and a group of its own' "$group $session" "$first $first"
is 'it runs in its directory' "$(readlink "/proc/$first/cwd")" "$T/bare"
is 'under the name that was given' "$(tr '\0' ' ' <"/proc/$first/cmdline")" './run 1000 '
is 'which is in the status' "$(key bare name)" 1000
kill -KILL "$first"
becomes 10 'however it ends' says bare last-run signal=KILL

# Orders.
oneshot db
script db/stop <<'end'
#!/bin/sh
echo stop >>ran
end
ok 'order 1' svc-oneshot --seq 1 db
ok 'order 1 again' svc-oneshot --seq 1 db
ok 'and again, whatever the program would be' svc-oneshot --seq 1 --run stop db
is 'is done once' "$(cat db/ran)" db
is 'its number is in the status' "$(key db order)" 1
ok 'order 5, with another program' svc-oneshot --seq 5 --run stop db
is 'is done' "$(tail -n 1 db/ran)" stop
ok 'order 4 is one of before' svc-oneshot --seq 4 db
ok 'and not done any more' lines db/ran 2
ok 'without a number it is run all the same' svc-oneshot db
is 'and the next order is not taken for done by that' "$(svc-oneshot --seq 6 db; wc -l <db/ran)" 4
sed -i '/^boot=/s/=........./=01234567-/' db/supervise/status
sed -i '/^check=/d' db/supervise/status
ok 'a status that is damaged' svc-oneshot --seq 7 db
contains 'is named' "$(cat err)" 'svc-oneshot db: warning: supervise/status is damaged: beginning anew'
ok 'and the order carried out' lines db/ran 5

# One after the other.
oneshot queue
echo "$waits" >queue/how
background svc-oneshot --seq 1 queue
one=$pid
until_ok 10 up queue
background svc-oneshot --seq 1 queue
same=$pid
background svc-oneshot --seq 2 --run stop queue
script queue/stop <<'end'
#!/bin/sh
echo stop >>ran
end
two=$pid
ok 'those for whom it is not yet time wait' sh -c "[ -d /proc/$same ] && [ -d /proc/$two ]"
ok 'while one runs' lines queue/ran 1
touch queue/go
becomes 10 'then they have their turn' sh -c "! [ -d /proc/$one ] && ! [ -d /proc/$same ] && ! [ -d /proc/$two ]"
is 'and each program has run once' "$(tr '\n' ' ' <queue/ran)" 'queue stop '
rm queue/go queue/ready
background svc-oneshot --seq 3 queue
one=$pid
until_ok 10 up queue
background svc-oneshot --seq 4 queue
two=$pid
until_ok 10 grep -q svc-oneshot "/proc/$two/comm"
kill -TERM "$two"
becomes 10 'TERM ends one that waits' gone "$two"
wait "$two" && code=0 || code=$?
is 'as not done, unless it had not begun to listen' "$([ "$code" = 1 ] || [ "$code" = 143 ] && echo yes)" yes
ok 'and not the one that runs' alive "$one"
touch queue/go
until_ok 10 gone "$one"
is 'nor was anything else run' "$(tr '\n' ' ' <queue/ran)" 'queue stop queue '

# Stop.
oneshot deaf
echo "trap '' TERM; $waits" >deaf/how
echo 100 >deaf/timeout-kill
background svc-oneshot --seq 1 deaf
until_ok 10 up deaf
ok 'd' svc-ctl -d deaf
becomes 10 'stops it, by KILL after timeout-kill' gone "$pid"
is 'the status tells' "$(key deaf last-run) $(key deaf state)" 'signal=KILL down'
rm deaf/ready
echo "$waits" >deaf/how
background svc-oneshot --seq 2 deaf
until_ok 10 up deaf
for letter in u o O U Q r x R N; do svc-ctl -$letter deaf; done
is 'u, r, x and the like' "$(key deaf state) $(key deaf ready)" 'up '
ok 'start nothing' lines deaf/ran 2
ok 'and make no file down' test ! -e deaf/down
kill -TERM "$pid"
becomes 10 'TERM to svc-oneshot ends both' gone "$pid"
is 'by the signal' "$(key deaf last-run)" signal=TERM
ok 'and nothing is started again' lines deaf/ran 2
rm -f deaf/ready
for letter in k:KILL t:TERM 1:USR1 b:ABRT; do
	n=$(wc -l <deaf/ran)
	background svc-oneshot --seq $((n + 1)) deaf
	until_ok 10 up deaf
	svc-ctl "-${letter%:*}" deaf
	becomes 10 "${letter%:*}" gone "$pid"
	is "sends ${letter#*:}" "$(key deaf last-run)" "signal=${letter#*:}"
	rm deaf/ready
done
n=$(($(wc -l <deaf/ran) + 1))
background svc-oneshot --seq "$n" deaf
until_ok 10 up deaf
svc-ctl -p deaf
becomes 10 'p stops it' grep -q '^State:.T' "/proc/$(key deaf pid)/status"
svc-ctl -c deaf
becomes 10 'c continues it' grep -q '^State:.S' "/proc/$(key deaf pid)/status"
was=$(key deaf pid)
kill -QUIT "$pid"
becomes 10 'QUIT ends svc-oneshot' gone "$pid"
wait "$pid" && code=0 || code=$?
is 'with 1: it is not done' "$code" 1
ok 'and leaves the program' alive "$was"
background svc-oneshot --seq "$n" deaf
becomes 10 'which the next one takes over' says deaf state up
touch deaf/go
becomes 10 'until it ends' gone "$pid"
is 'the program was started once' "$(key deaf order) $(wc -l <deaf/ran)" "$n $n"
if env --block-signal=TERM true 2>/dev/null; then
	# A starter blocks all signals until svc-oneshot listens. This one ends when it does.
	oneshot never
	mkfifo never/gate
	background env --block-signal=TERM sh -c 'read -r _ <never/gate; exec svc-oneshot --seq 1 never'
	# It reads its gate: its signals are blocked.
	echo >never/gate
	kill -TERM "$pid"
	until_ok 10 says never order 1
	ok 'told to stop before it starts, it does not' test ! -e never/ran
	is 'which is done, without an end' "$(key never state) $(key never last-run)" 'down '
	ok 'for this order' svc-oneshot --seq 1 never
	ok 'as was said' test ! -e never/ran
	ok 'not for the next' svc-oneshot --seq 2 never
	is 'which runs' "$(cat never/ran)" never
else
	skip 'told to stop before it starts, it does not' 'this env has no --block-signal'
fi

# Programs that can't be started.
mkdir bad
exits 0 'a program that is missing is a result' svc-oneshot --seq 1 bad
is 'of which it warns' "$(cat err)" 'svc-oneshot bad: warning: unable to start ./run: No such file or directory'
is 'and which is in the status' "$(key bad state) $(key bad last-run) $(key bad start-error)" 'down exit=127 2'
exits 0 'it is not tried again' svc-oneshot --seq 1 bad
is 'without a word' "$(cat err)" ''
touch bad/run
exits 0 'one that is not executable' svc-oneshot --seq 2 bad
is 'is another' "$(key bad last-run) $(key bad start-error)" 'exit=126 13'
echo '#!/none' >bad/stop
chmod 755 bad/stop
exits 0 'so is one whose interpreter is missing' svc-oneshot --seq 3 --run stop bad
contains 'which is said' "$(cat err)" 'unable to start ./stop: No such file or directory, which is its interpreter'
oneshot bad
ok 'the next order' svc-oneshot --seq 4 bad
is 'has a result of its own' "$(key bad last-run) $(key bad start-error)" 'exit=0 '

# Output, and events.
mkdir logs tree
# is_done N - order N of talker is.
is_done() { [ "$(key talker order) $(key talker state)" = "$1 down" ]; }
oneshot talker
echo 'echo hello' >talker/how
ok 'without --log-fifos' svc-oneshot talker
is 'the output is that of svc-oneshot' "$(cat out)" hello
mkfifo logs/talker
exec 7<>logs/talker
background svc-oneshot --log-fifos logs talker
# shellcheck disable=SC2016  # for another shell
is 'it goes to the fifo of its name' "$(timeout 100 sh -c 'read -r line; echo "$line"' <&7)" hello
becomes 10 'and when it was taken svc-oneshot leaves' gone "$pid"

# What nobody has opened yet is not lost.
background svc-oneshot --log-fifos logs --name speaker --seq 10 talker
until_ok 10 is_done 10
ok 'while its lines wait the next order is carried out' svc-oneshot --name other --seq 11 talker
ok 'with --name it waits with the fifo of this name' alive "$pid"
# shellcheck disable=SC2016  # for another shell
is 'for whoever comes' "$(timeout 100 sh -c 'read -r line; echo "$line"' <logs/speaker)" hello
becomes 10 'and then leaves' gone "$pid"
background svc-oneshot --log-fifos logs --name speaker --seq 12 talker
until_ok 10 is_done 12
kill -TERM "$pid"
becomes 10 'TERM ends the wait' gone "$pid"
svc-fifodir make tree/event
mkfifo tree/event/sub.1.1
exec 8<>tree/event/sub.1.1
# told N - the next N events.
# shellcheck disable=SC2016  # for another shell
told() { timeout 100 sh -c 'for i do read -r letter _ name; echo "$letter $name"; done' - $(seq "$1") <&8 | tr '\n' ' '; }
ok 'with --events' svc-oneshot --events tree/event --name speaker --seq 20 talker
is 'its start and its end are announced' "$(told 3)" 'u speaker d speaker D speaker '
ok 'an order that is done' svc-oneshot --events tree/event --name speaker --seq 20 talker
is 'is announced as finished' "$(told 1)" 'D speaker '
ok 'a program that is missing' svc-oneshot --events tree/event --run none talker
is 'as well' "$(told 1)" 'D talker '
exec 8<&-
ok 'an event directory that is not there' svc-oneshot --events none talker
is 'is named, and no more' "$(cat out err)" 'hello
svc-oneshot talker: warning: unable to open the event directory none: No such file or directory'
mkdir wards
echo 'ls -l ../wards >wards' >talker/how
ok 'with --wards' svc-oneshot --wards wards talker
like 'the program has a ward' "$(cat talker/wards)" "[0-9] -> $T/talker\$"
is 'as long as it runs' "$(ls wards)" ''
ok 'without it' svc-oneshot --wards none talker
is 'it runs, and that is said' "$(cat err)" 'svc-oneshot talker: warning: unable to open the directory of wards none: No such file or directory'

# Mistakes.
exits 111 'a directory that is not there' svc-oneshot none
is 'is named' "$(cat err)" 'svc-oneshot: fatal: unable to enter none: No such file or directory'
# mistake MESSAGE ARGUMENT...
mistake() {
	message=$1; shift
	exits 100 "a mistake: $*" svc-oneshot "$@"
	is 'is named' "$(head -n 1 err)" "svc-oneshot: fatal: $message"
}
mistake 'missing directory'
mistake 'unexpected argument db' web db
mistake 'invalid option -x' -x web
mistake 'invalid number: 0' --seq 0 web
mistake 'invalid number: -1' --seq=-1 web
mistake 'invalid number: 18446744073709551616' --seq 18446744073709551616 web
mistake 'invalid name of a program: ../run' --run ../run web
mistake 'invalid name of a program: ' --run '' web
mistake 'invalid name: a/b' --name a/b web
mistake 'invalid name: ..' --name .. web
ok 'the highest number there is' svc-oneshot --seq 18446744073709551615 web

# No space.
if is_root && unshare -m true 2>/dev/null; then
	oneshot full
	mkdir full/supervise
	# little PAGES - says what comes of it with that much space for the files of supervise/.
	cat >little <<'end'
mount -t tmpfs -o size="$(($1 * 4))k" none full/supervise || exit 77
rm -f full/ran
svc-oneshot --seq 1 full 2>said
echo "exit code $?, $(sed -n 's/^start-error=/error /p' full/supervise/status 2>/dev/null), $(cat full/ran 2>/dev/null)" >little.answer
end
	for pages in 1 2 3 4 5 6 7 8 9; do
		unshare -m sh little "$pages"
		cat little.answer
		[ "$pages" != 2 ] || cp said said.2
	done >answers
	contains 'no space for the status' "$(cat said.2)" 'No space left on device'
	is 'or for the record of the program: either nothing is run, and that is said, or it is run' \
		"$(grep -vx 'exit code 111, , \|exit code 0, error 28, \|exit code 0, , full' answers)" ''
	is 'with none it is not' "$(head -n 1 answers)" 'exit code 111, , '
	is 'with enough it is' "$(tail -n 1 answers)" 'exit code 0, , full'
else
	skip 'no space for the status' 'no root, or no mount namespaces'
fi

done_testing
