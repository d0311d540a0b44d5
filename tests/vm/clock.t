#!/bin/sh
# limit: 200
# A clock that is stepped by ten years and back, while a service runs, waits, and is being stopped.
. "${0%/*}/../sh/lib.sh"

uptime_ms() { awk '{ print int($1 * 1000) }' /proc/uptime; }
status() { sed -n "s/^$1=//p" "$2/supervise/status"; }
# step YEARS - of 365 days.
step() { date -s "@$(($(date +%s) + $1 * 31536000))" >/dev/null; }
# sane SERVICE - what is told of its times is not years.
sane() { svc-stat -o updownfor,readyfor "$1" | awk '{ print ($1 >= 0 && $1 < 3600 && $2 >= 0 && $2 < 3600) ? "sane" : $0 }'; }
due() { echo "$(status state scan/waiting) $(status start-due scan/waiting)"; }

mkdir scan
service scan/steady <<'end'
#!/bin/sh
echo >&3
exec sleep 10000
end
echo 3 >scan/steady/notification-fd
service scan/waiting <<'end'
#!/bin/sh
exit 1
end
echo 6000000 >scan/waiting/restart-delay
echo 6000000 >scan/waiting/restart-delay-max
service scan/returning <<'end'
#!/bin/sh
# When its supervisor started it; it may itself have to wait for the processor.
sed -n 's/^started=//p' supervise/status >>starts
exit 1
end
echo 2000 >scan/returning/restart-delay
echo 2000 >scan/returning/restart-delay-max
service scan/stubborn <<'end'
#!/bin/sh
trap '' TERM
echo >&3
while :; do sleep 10000; done
end
echo 3 >scan/stubborn/notification-fd
echo 3000 >scan/stubborn/timeout-kill
background svc-scan scan
ok 'a tree comes up' svc-wait -t 60000 ready scan/steady scan/stubborn
becomes 60 'one of its services waits' sh -c 'svc-stat scan/waiting | grep -q "next start in"'
before=$(svc-stat -o pid,starts scan/steady)
due=$(due)

# stepped HOW YEARS
stepped() {
	starts=$(wc -l <scan/returning/starts)
	# A client that waits for what does not come, and a stop with a KILL in three seconds.
	begun=$(uptime_ms)
	svc-wait -t 3000 down scan/steady >wait.out 2>&1 &
	waiting=$!
	ok "$1: a service that ignores TERM is told to stop" svc-ctl down scan/stubborn
	becomes 30 'and has a time to be killed at' sh -c 'svc-stat scan/stubborn | grep -Eq "stopping, killed in|^down"'
	step "$2"
	like 'the time to the kill is as it was' "$(svc-stat scan/stubborn)" 'stopping, killed in [0-3] seconds?|^down'
	is 'the times of a service that runs are as they were' "$(sane scan/steady)" sane
	ok 'the kill comes' svc-wait -t 60000 down scan/stubborn
	is 'by KILL' "$(status last-run scan/stubborn)" signal=KILL
	ok 'not before its time' [ "$(status since scan/stubborn)" -ge $((begun + 3000)) ]
	wait "$waiting"
	is 'a client that waits gives up' "$?" 99
	ok 'in its own time' [ "$(uptime_ms)" -ge $((begun + 3000)) ]
	is 'the one that waits goes on waiting' "$(due)" "$due"
	like 'as is told' "$(svc-stat scan/waiting)" 'next start in [0-9]{3,4} seconds'
	becomes 60 'one that returns every two seconds still does' \
		sh -c "[ \$(wc -l <scan/returning/starts) -ge $((starts + 3)) ]"
	is 'nothing has been restarted' "$(svc-stat -o pid,starts scan/steady)" "$before"
	ok 'what was stopped can be started' svc-ctl -u -wU -T 60000 scan/stubborn
}
stepped forward 10
stepped back -10
stepped 'further back' -10
step 10
# The first restart may come at once.
is 'the delay between two starts held every time' \
	"$(awk 'NR > 2 && $1 - last < 2000 { print last, $1 } { last = $1 }' scan/returning/starts)" ''

# A stepped clock when a supervisor is adopted by its successor, and a tree by its own.
supervisor=$(sed -n 's/^pid=//p' scan/steady/supervise/supervisor)
step 10
kill -KILL "$supervisor" "$pid"
background svc-scan scan
becomes 60 'after a kill under another clock there is a new supervisor' svc-ok scan/steady
is 'nothing has been restarted' "$(svc-stat -o pid,starts scan/steady)" "$before"
step -10
is 'the one that waits goes on waiting' "$(due)" "$due"
ok 'the tree ends' svc-scanctl quit scan
becomes 60 'as it was told' gone "$pid"
done_testing
