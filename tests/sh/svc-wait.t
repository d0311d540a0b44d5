#!/bin/sh
# svc-wait: wait until services are in a state.
. "${0%/*}/lib.sh"

supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }
# listens DIR - svc-wait (pid $pid) subscribes to its events, and sleeps.
# shellcheck disable=SC2154  # background sets it
listens() { test -p "$1/event/sub.$pid.0" && grep -q '^State:.S' "/proc/$pid/status"; }
waits() { becomes 10 "$2" listens "$1"; }

# The command line.
exits 100 'no state is a mistake' svc-wait
exits 100 'an unknown state is a mistake' svc-wait sideways .
contains 'which is named' "$(cat err)" 'svc-wait: fatal: unknown state sideways'
exits 100 'no directory is a mistake' svc-wait up
exits 100 'also after a letter' svc-wait -u
exits 100 'an unknown option is a mistake' svc-wait -x up .
exits 100 'a time that is no number is a mistake' svc-wait -t soon up .
exits 111 'a directory that is not there' svc-wait up none
mkdir empty
exits 100 'a directory that is no service' svc-wait up empty
contains 'is named' "$(cat err)" 'svc-wait: fatal: empty is no service directory: no run in it'
mkdir -p torn/supervise torn/event
echo 'version=1' >torn/supervise/status
exits 111 'a status that is not whole is an error' svc-wait -t 60000 up torn
is 'which names it' "$(cat err)" 'svc-wait: fatal: torn/supervise/status is damaged'

mkdir scan
for name in a b; do
	service scan/$name <<-'end'
	#!/bin/sh
	exec sleep 1000
	end
done
service scan/ready <<'end'
#!/bin/sh
while [ ! -e go ]; do sleep 0.05; done
echo >&3
exec sleep 1000
end
echo 3 >scan/ready/notification-fd

# Before the first supervisor.
exits 99 'a service without a supervisor yet is waited for, within the time' svc-wait -t 50 up scan/a
is 'and named' "$(cat err)" 'svc-wait: fatal: timed out: scan/a is not up'
background svc-wait -t 60000 -a up scan/a scan/b
early=$pid
mkdir -p read-only tmpfs
service read-only/c <<'end'
#!/bin/sh
exec sleep 1000
end
ln -s "$T/tmpfs/event" read-only/c/event
ln -s "$T/tmpfs/supervise" read-only/c/supervise
background svc-wait -t 60000 up read-only/c
linked=$pid
background svc-scan scan
background svc-supervise read-only/c
ok 'until it comes up' wait "$early"
ok 'also when its directories are links to nothing yet' wait "$linked"

# States.
ok 'a service that is up is up' svc-wait -t 60000 up scan/a
ok 'by letter' svc-wait -u -t 60000 scan/a scan/b
exits 99 'it is not down' svc-wait -t 50 -d scan/a
exits 99 'it is not ready' svc-wait -t 50 ready scan/ready
touch scan/ready/go
ok 'until it is' svc-wait -t 60000 ready scan/ready
exits 99 'all have to be' svc-wait -a -t 50 ready scan/ready scan/a
is 'and who is not is named' "$(cat err)" 'svc-wait: fatal: timed out: scan/a is not ready'
ok 'or any' svc-wait -o -t 60000 ready scan/a scan/ready
svc-ctl -d -wD -T 60000 scan/a
ok 'a service that is finished is down' svc-wait -t 60000 down scan/a
ok 'and finished' svc-wait -D -t 60000 scan/a
exits 99 'a service that is down is not restarted' svc-wait -t 50 restarted scan/a
background svc-wait -t 60000 restarted scan/a
waits scan/a 'a start is waited for'
svc-ctl -u scan/a
ok 'and is a restart' wait "$pid"
background svc-wait -t 60000 -o down scan/a scan/b
waits scan/b 'a death is waited for'
svc-ctl -k scan/b
ok 'and noticed however fast the next start' wait "$pid"

# Deaths of supervisors.
background svc-wait -t 60000 finished scan/a
waits scan/a 'an end is waited for'
first=$(supervisor_of scan/a)
kill -KILL "$first"
replaced() { new=$(supervisor_of scan/a) && [ "$new" ] && [ "$new" != "$first" ]; }
becomes 10 'the supervisor is replaced' replaced
ok 'by one that adopts' svc-wait -t 60000 up scan/a
ok 'and the waiting goes on' alive "$pid"
until_ok 10 svc-ctl -d scan/a
ok 'to its end' wait "$pid"

service alone <<'end'
#!/bin/sh
exec sleep 1000
end
background svc-supervise alone
ok 'a supervisor alone works too' svc-wait -t 60000 up alone
background svc-wait -t 60000 down alone
waits alone 'its service is waited for'
waiter=$pid
kill -KILL "$(supervisor_of alone)"
wait "$waiter"
is 'a supervisor that nobody replaces ends the wait' $? 102
is 'as is said' "$(cat "$waiter.err")" 'svc-wait: fatal: alone: not supervised, will not be down'
exits 102 'up takes a living supervisor' svc-wait -t 60000 up alone
background svc-supervise alone
svc-wait -t 60000 up alone
until_ok 10 svc-ctl -dx alone
ok 'down does not' svc-wait -t 60000 finished alone
exits 102 'but up does' svc-wait -t 60000 up alone

# Ends for good.
service scan/fails <<'end'
#!/bin/sh
exit 3
end
printf '#!/bin/sh\nexit 125\n' >scan/fails/finish
chmod 755 scan/fails/finish
svc-scanctl scan scan
exits 103 'a failure for good ends the wait for up' svc-wait -t 60000 ready scan/fails
is 'and is named' "$(cat err)" 'svc-wait: fatal: scan/fails: failed for good, will not be ready'
ok 'not the wait for down' svc-wait -t 60000 finished scan/fails
exits 103 'of all services one is enough' svc-wait -t 60000 ready scan/ready scan/fails
ok 'of any it takes all' svc-wait -o -t 60000 ready scan/fails scan/ready

# Nobody may be left behind in the event directories.
is 'no fifo is left behind' "$(find . -name 'sub.*' -o -name '.sub.*')" ''

if has strace && strace -o trace true 2>/dev/null; then
	svc-wait -t 60000 up scan/b
	background strace -f -o trace svc-wait -t 1000 down scan/b
	wait "$pid"
	# What it says in the end looks for room on standard error.
	is 'it sleeps in one poll' "$(grep '^[0-9]* *p*poll(' trace | grep -vc 'fd=2, events=POLLOUT')" 1
else
	skip 'it sleeps in one poll' 'strace does not work here'
fi

svc-scanctl -t scan
done_testing
