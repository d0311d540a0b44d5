#!/bin/sh
# svc-supervise: it is killed in each state, and its successor goes on: one that is started by hand,
# and one that svc-scan starts.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

# The two ways to have a successor.
by_hand() { kill -KILL "$(supervisor_of "$1")"; until_ok 10 gone "$(supervisor_of "$1")"; supervise "$1"; }
by_scan() { old=$(supervisor_of "$1"); kill -KILL "$old"; until_ok 10 replaced "$1" "$old"; }
replaced() { [ "$(supervisor_of "$1")" != "$2" ] && supervised "$1" "$(supervisor_of "$1")"; }

# kept DIR DESCRIPTION KEY... - these keys survive the supervisor.
kept() {
	d=$1 what=$2; shift 2
	before=$(for k do key "$d" "$k" | sed "s/^/$k=/"; done)
	"$replace" "$d"
	is "$way: $what" "$(for k do key "$d" "$k" | sed "s/^/$k=/"; done)" "$before"
}

mkdir scan hand
for tree in scan hand; do
	service $tree/a <<'end'
#!/bin/sh
trap '' TERM
echo >ready
echo >&3
while :; do sleep 1000; done
end
	echo 3 >$tree/a/notification-fd
	service $tree/quick <<'end'
#!/bin/sh
exit 5
end
	echo 600000 >$tree/quick/restart-delay
	echo 600000 >$tree/quick/restart-delay-max
	service $tree/finishing <<'end'
#!/bin/sh
exit 6
end
	script $tree/finishing/finish <<'end'
#!/bin/sh
echo $$ >>pid
until [ -e go ]; do sleep 0.02; done
exit 125
end
	echo 600000 >$tree/finishing/timeout-finish
	service $tree/unready <<'end'
#!/bin/sh
until [ -e go ]; do sleep 0.02; done
echo >&5
exec sleep 1000
end
	echo 5 >$tree/unready/notification-fd
	service $tree/down <<'end'
#!/bin/sh
exec sleep 1000
end
	touch $tree/down/down
done
background svc-scan scan
for name in a quick finishing unready down; do supervise hand/$name; done
for name in a quick finishing unready down; do until_ok 10 svc-ok scan/$name; done

for way in hand scan; do
	if [ $way = hand ]; then replace=by_hand; else replace=by_scan; fi
	kept $way/down 'down stays down' state wanted seq starts
	rm $way/down/down
	kept $way/down 'also when the file down has gone' state wanted seq starts
	until_ok 10 says $way/quick quick 1
	kept $way/quick 'a pending start is still pending' state wanted quick start-due started last-run starts
	until_ok 10 grep -q ^ready= $way/a/supervise/status
	kept $way/a 'ready stays ready' state pid start ready changed starts seq
	svc-ctl -o $way/a
	until_ok 10 says $way/a wanted once
	kept $way/a 'once is once' wanted pid
	svc-ctl -u $way/a
	until_ok 10 says $way/a wanted up
	svc-ctl -p $way/a
	until_ok 10 says $way/a paused yes
	kept $way/a 'paused is paused' paused pid
	echo 600000 >$way/a/timeout-kill
	svc-ctl -d $way/a
	until_ok 10 says $way/a stopping yes
	kept $way/a 'stopping has its deadline' state wanted stopping kill-due pid
	svc-ctl -k $way/a
	becomes 10 "$way: and ends down" says $way/a state down
	echo 3000 >$way/a/timeout-kill
	rm $way/a/ready
	svc-ctl -u -wU -T 60000 $way/a
	svc-ctl -d $way/a
	until_ok 10 says $way/a stopping yes
	"$replace" $way/a
	becomes 10 "$way: the successor keeps the deadline" says $way/a state down
	is "$way: by KILL" "$(key $way/a last-run)" signal=KILL
	echo 600000 >$way/a/timeout-kill
	rm $way/a/ready
	svc-ctl -u -wU -T 60000 $way/a
	svc-ctl -r $way/a
	until_ok 10 says $way/a restarting yes
	n=$(key $way/a starts)
	kept $way/a 'restarting is restarting' restarting pid wanted
	svc-ctl -k $way/a
	becomes 10 "$way: and starts again" says $way/a starts $((n + 1))
	kept $way/unready 'up stays up' state pid starts seq
	touch $way/unready/go
	becomes 10 "$way: and the successor hears of its readiness" grep -q ^ready= $way/unready/supervise/status
	until_ok 10 says $way/finishing state finish
	kept $way/finishing 'finish goes on' state pid seq last-run kill-due
	touch $way/finishing/go
	becomes 10 "$way: and what it says counts" says $way/finishing state down
	if [ $way = scan ]; then
		is "$way: known from svc-scan" "$(key $way/finishing last-finish) $(key $way/finishing ended)" 'exit=125 failed'
	else
		like "$way: if it can be known" "$(key $way/finishing last-finish)" '^exit=(125|unknown)$'
	fi
	ok "$way: finish ran once" lines $way/finishing/pid 1
	# Dead while nobody looks.
	old=$(supervisor_of $way/unready) was=$(key $way/unready pid) n=$(key $way/unready starts)
	kill -STOP "$old"
	kill -KILL "$was" "$old"
	[ $way = scan ] || { until_ok 10 gone "$old"; supervise $way/unready; }
	becomes 10 "$way: a death in between is noticed" says $way/unready starts $((n + 1))
	like "$way: and how" "$(key $way/unready last-run)" '^(signal=KILL|exit=unknown)$'
	[ $way = hand ] || is "$way: exactly" "$(key $way/unready last-run)" signal=KILL
	svc-ctl -x $way/unready
	until_ok 10 says $way/unready leaving yes
	kept $way/unready 'a supervisor that was to leave still is' leaving pid state
done

# A record that is damaged: the other one tells.
service damaged <<'end'
#!/bin/sh
echo $$ >>pids
exec sleep 1000
end
supervise damaged
until_ok 10 says damaged state up
for file in status process; do
	old=$(supervisor_of damaged)
	kill -KILL "$old"
	until_ok 10 gone "$old"
	echo nonsense >damaged/supervise/$file
	supervise damaged
	cat "$pid.err" >>said
	is "with a damaged $file the process is found all the same" "$(key damaged state) $(key damaged pid)" "up $(cat damaged/pids)"
done
is 'a damaged status is named' "$(cat said)" \
	'svc-supervise damaged: warning: supervise/status is damaged: beginning anew'
ok 'and it can be stopped' svc-ctl -d -wD -T 60000 damaged

# killed_at_signal DIR COMMAND... - a supervisor by hand is killed on its way into the first signal that it
# sends once the command has run.
killed_at_signal() {
	dir=$1; shift
	old=$(supervisor_of "$dir")
	background strace -qq -o trace -e inject=kill,pidfd_send_signal:signal=KILL:when=1 \
		-e trace=kill,pidfd_send_signal -p "$old"
	tracer=$pid
	until_ok 10 grep -q "^TracerPid:[[:space:]]*$tracer\$" "/proc/$old/status"
	"$@"
	until_ok 10 gone "$old"
	wait "$tracer"
}
if has strace && strace -o trace true 2>err; then
	service obedient <<'end'
#!/bin/sh
trap 'exit 7' TERM
echo >ready
while :; do sleep 1000 & wait; done
end
	supervise obedient
	for letter in d r; do
		until_ok 10 there obedient/ready
		rm obedient/ready
		killed_at_signal obedient svc-ctl -$letter obedient
		is "$letter: it is on file that it is to end" "$(key obedient state) $(key obedient stopping)" 'up yes'
		was=$(key obedient pid)
		[ $letter = r ] || ok 'it has not been told' alive "$was"
		supervise obedient
		becomes 10 "$letter: the successor tells it" gone "$was"
		[ $letter = r ] || until_ok 10 says obedient state down
		svc-ctl -u obedient
	done
	until_ok 10 there obedient/ready
	killed_at_signal obedient svc-ctl -p obedient
	supervise obedient
	stopped() { grep -q '^State:[[:space:]]*T' "/proc/$(key obedient pid)/status"; }
	becomes 10 'what was to be paused is' stopped

	service leaving <<'end'
#!/bin/sh
sleep 1000 &
echo $! >left
wait
end
	echo group >leaving/kill-scope
	touch leaving/down
	supervise leaving
	svc-ctl -o leaving
	until_ok 10 there leaving/left
	killed_at_signal leaving kill -KILL "$(key leaving pid)"
	supervise leaving
	becomes 10 'what a dead service left in its group is killed' gone "$(cat leaving/left)"
	becomes 10 'and it is down' says leaving state down
else
	skip 'killed between the file and the signal' 'no strace here, or it may not trace'
fi

done_testing
