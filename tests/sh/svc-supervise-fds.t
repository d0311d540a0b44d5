#!/bin/sh
# svc-supervise: notification-fd and what services do to it, lock-fd, and the readiness letters.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

mkdir scan
# ready NAME - a service with notification-fd 4; standard input says what it does with it.
ready() { { echo '#!/bin/sh'; cat; } | service "scan/$1"; echo 4 >"scan/$1/notification-fd"; }
ready says <<'end'
echo >&4
exec sleep 1000
end
ready twice <<'end'
echo >&4; echo >&4; printf '\n\n\n' >&4
echo >said
exec sleep 1000
end
ready never <<'end'
printf 'not yet' >&4
echo >said
exec sleep 1000
end
ready closes <<'end'
exec 4>&-
echo >said
exec sleep 1000
end
ready fills <<'end'
head -c 3000000 /dev/zero >&4
echo >filled
until [ -e go ]; do sleep 0.02; done
echo >&4
exec sleep 1000
end
ready dies <<'end'
echo >&4
exit 0
end
touch scan/dies/down
ready stale <<'end'
# A child of each instance speaks for it when the next one runs.
echo "$$" >>pids
sh -c 'until [ -e go ]; do sleep 0.02; done; echo >&4; echo >late' &
exec 4>&-
exec sleep 1000
end
service scan/silent <<'end'
#!/bin/sh
exec sleep 1000
end
background svc-scan scan
until_ok 10 svc-ok scan/silent
is_ready() { grep -q '^ready=' "scan/$1/supervise/status"; }
not_ready() { ! is_ready "$1"; }

becomes 10 'a newline is readiness' is_ready says
becomes 10 'several are' is_ready twice
until_ok 10 test -e scan/twice/said
is 'one event: supervised, up, ready' "$(key scan/twice event)" 3
becomes 10 'a service can write MBs before it is ready' test -e scan/fills/filled
ok 'which is not readiness' not_ready fills
touch scan/fills/go
becomes 10 'until the newline comes' is_ready fills
becomes 10 'what writes without a newline' test -e scan/never/said
ok 'is not ready' not_ready never
becomes 10 'what closes it' test -e scan/closes/said
is 'stays up' "$(key scan/closes state)" up
ok 'and is never ready' not_ready closes
is 'whose supervisor sleeps' "$(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$(supervisor_of scan/closes)/status")" S
svc-ctl -o scan/dies
# supervised, up, ready, down, finished
becomes 10 'what dies as soon as it is ready was ready' says scan/dies event 5

# The letters.
ok 'R' svc-ctl -R -wU -T 60000 scan/never
ok 'makes it ready' is_ready never
is 'for svc-stat' "$(svc-stat -o ready scan/never)" true
n=$(key scan/never event)
ok 'R again' svc-ctl -R scan/never
ok 'N' svc-ctl -N scan/never
becomes 10 'makes it unready' not_ready never
is 'which is one event' "$(key scan/never event)" $((n + 1))
ok 'N again changes nothing' svc-ctl -N scan/never
ok 'R does without notification-fd' svc-ctl -R scan/silent
becomes 10 'as well' is_ready silent
ok 'a restart' svc-ctl -r -wr -T 60000 scan/silent
ok 'takes readiness away' not_ready silent
ok 'd' svc-ctl -d -wD -T 60000 scan/says
ok 'as does' not_ready says
ok 'R when it is down' svc-ctl -R scan/says
svc-ctl -u -wU -T 60000 scan/says
ok 'says nothing of the next start' is_ready says

# The fifo is another one at each start.
until_ok 10 test -s scan/stale/pids
was=$(stat -c %i scan/stale/supervise/ready)
ok 'a restart while a child holds the fifo' svc-ctl -r -wr -T 60000 scan/stale
is 'makes a new fifo' "$([ "$(stat -c %i scan/stale/supervise/ready)" != "$was" ] && echo new)" new
sed -i 's/^sh -c.*/echo >clean/' scan/stale/run
ok 'and once more' svc-ctl -r -wr -T 60000 scan/stale
until_ok 10 test -e scan/stale/clean
touch scan/stale/go
becomes 10 'the child of an earlier instance' test -e scan/stale/late
n=$(key scan/stale event)
svc-ctl -N scan/stale && svc-ctl -p scan/stale
until_ok 10 says scan/stale paused yes
ok 'does not speak for this one' not_ready stale

# lock-fd.
service locked <<'end'
#!/bin/sh
readlink "/proc/$$/fd/7" >lock
echo "$$" >>starts
exec sleep 1000
end
echo 7 >locked/lock-fd
supervise locked
until_ok 10 test -s locked/starts
is 'a service has its lock on lock-fd' "$(cat locked/lock)" "$T/locked/supervise/service-lock"
if has flock; then
	exits 1 'as long as it runs' flock -n locked/supervise/service-lock true
	ok 'd' svc-ctl -d -wD -T 60000 locked
	ok 'and no longer' flock -n locked/supervise/service-lock true
	background flock locked/supervise/service-lock sleep 1000
	holder=$pid
	until_ok 10 grep -q . "/proc/$holder/task/$holder/children"
	until_ok 10 sh -c '! flock -n locked/supervise/service-lock true'
	rm locked/starts
	ok 'while another instance holds it' svc-ctl -u -wu -T 60000 locked
	is 'run waits' "$(ls locked/starts 2>/dev/null)" ''
	ok 'and can be stopped' svc-ctl -d -wD -T 60000 locked
	svc-ctl -u -wu -T 60000 locked
	waits=$(key locked pid)
	kill -KILL "$(supervisor_of locked)"
	until_ok 10 gone "$(supervisor_of locked)"
	supervise locked
	is 'a new supervisor goes on waiting' "$(key locked state) $(key locked pid)" "up $waits"
	# The lock is that of sleep, which inherited it.
	# shellcheck disable=SC2046  # a word each
	kill "$holder" $(cat "/proc/$holder/task/$holder/children")
	becomes 10 'when the other instance has ended it starts' test -s locked/starts
	is 'one instance' "$(cat locked/starts)" "$waits"
else
	skip 'as long as it runs' 'no flock here'
fi
service both <<'end'
#!/bin/sh
[ -e /proc/$$/fd/5 ] && echo yes >has
echo >&5
exec sleep 1000
end
echo 5 >both/lock-fd
echo 5 >both/notification-fd
supervise both
becomes 10 'with one number for both it is the notification' svc-wait -t 100 ready both
is 'which is said' "$(cat "$pid.err")" 'svc-supervise both: warning: lock-fd: the same number as notification-fd: ignored'
for number in 1 2; do
	service "low$number" <<end
#!/bin/sh
echo >&$number
exec sleep 1000
end
	echo "$number" >"low$number/notification-fd"
	supervise "low$number"
	ok "notification-fd $number works" svc-wait -t 60000 ready "low$number"
done
# A number that a supervisor itself has in use.
service high <<'end'
#!/bin/sh
for n in 3 4 5 6 7 8 9; do [ -e "/proc/$$/fd/$n" ] && echo "$n" >>open; done
read -r n <notification-fd
eval "echo >&$n"
exec sleep 1000
end
touch high/down
supervise high
for number in 3 4 5 6 7 8 9; do
	rm -f high/open
	echo "$number" >high/notification-fd
	svc-ctl -u -wU -T 60000 high
	is "notification-fd $number arrives, and nothing else does" "$(cat high/open)" "$number"
	svc-ctl -d -wD -T 60000 high
done

done_testing
