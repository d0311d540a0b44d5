#!/bin/sh
# svc-events: the state of services, then every change of it.
. "${0%/*}/lib.sh"

# Without the times.
plain() { sed 's/^[^ ]* //' "$1"; }
has_line() { plain "$1" | grep -Eq "$2"; }
listens() { test -p "$1/sub.$2.0"; }

exits 100 'no directory is a mistake' svc-events
exits 100 'an unknown option is a mistake' svc-events -x .
exits 100 'a count that is no number is a mistake' svc-events -n many .
exits 111 'a directory that is not there is an error' svc-events none
mkdir empty
exits 102 'a directory that never had a supervisor has no events' svc-events empty
is 'as is said' "$(cat err)" 'svc-events: fatal: empty: not supervised'
mkdir -p old/.svc-scan
exits 102 'nor has one that never had an svc-scan' svc-events old

mkdir scan
service scan/a <<'end'
#!/bin/sh
exec sleep 1000
end
service scan/ready <<'end'
#!/bin/sh
echo >&3
exec sleep 1000
end
echo 3 >scan/ready/notification-fd
service scan/ready/log <<'end'
#!/bin/sh
exec cat
end
background svc-scan scan
ok 'a tree comes up' svc-wait -t 60000 up scan/a scan/ready scan/ready/log
svc-wait -t 60000 ready scan/ready

# A whole tree.
background svc-events scan
# shellcheck disable=SC2154  # background sets it
tree=$pid
becomes 10 'the states come first' has_line "$tree.out" '^ready/log: up '
like 'as svc-stat says them' "$(plain "$tree.out")" '^a: up \(pid [0-9]+ pgid [0-9]+\) [0-9]+ seconds?$'
like 'with the time in front' "$(cat "$tree.out")" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z a: up '
is 'all of them' "$(grep -c . "$tree.out")" 3
svc-ctl -d -wD -T 60000 scan/ready
becomes 10 'then what happens' has_line "$tree.out" '^ready finished$'
like 'a death with its cause' "$(plain "$tree.out")" '^ready down signal=TERM$'
svc-ctl -u -wU -T 60000 scan/ready
becomes 10 'a start' has_line "$tree.out" '^ready ready$'
like 'with its pid' "$(plain "$tree.out")" "^ready up pid=$(svc-stat -p scan/ready)\$"
service scan/new <<'end'
#!/bin/sh
exec sleep 1000
end
svc-scanctl scan scan
becomes 10 'new services too' has_line "$tree.out" '^new up pid='
ok 'through one fifo' test "$(find scan/*/event scan/.svc-scan/event -name "sub.$tree.*" | grep -c .)" = 1
kill -TERM "$tree"
wait "$tree"
is 'TERM ends it in order' $? 0
is 'and removes its fifo' "$(find scan -name "sub.$tree.*")" ''

# One service.
background svc-events -n 3 scan/a
becomes 10 'a service is listened to' listens scan/a/event "$pid"
svc-ctl -r scan/a
ok 'until so many changes came' wait "$pid"
is 'and these are they' "$(plain "$pid.out" | sed 's/ (.*//; s/pid=.*/pid/')" 'scan/a: up
scan/a down signal=TERM
scan/a finished
scan/a up pid'

# JSON.
background svc-events --json -n 1 scan scan/a
becomes 10 'several directories are listened to' listens scan/a/event "$pid"
becomes 10 'their states are told' has_line "$pid.out" '"name":"scan/new"'
svc-ctl -k scan/new
ok 'for objects' wait "$pid"
like 'of states' "$(cat "$pid.out")" '^\{"time":"20[^"]*Z","event":"status","up":true,.*"name":"scan/a",'
like 'and changes' "$(cat "$pid.out")" \
	'^\{"time":"20[^"]*Z","event":"down","name":"scan/new","seq":[0-9]+,"pid":null,"exit":"signal=KILL"\}$'

# A reader that goes away.
mkfifo pipe
sh -c 'exec svc-events scan/a >pipe' 2>gone.err &
reader=$!
exec 8<pipe
becomes 10 'a reader listens' listens scan/a/event "$reader"
exec 8<&-
ok 'when its reader goes away, it does too' wait "$reader"
is 'without a word' "$(cat gone.err)" ''
is 'and removes its fifo' "$(find scan -name "sub.$reader.*")" ''

# A reader that is too slow. What fills its fifo are empty lines, which are no events.
fill() { head -c "$2" /dev/zero | tr '\000' '\n' | dd of="$1" bs=4096 oflag=nonblock 2>/dev/null; }
background svc-events scan/a
becomes 10 'a reader stops' has_line "$pid.out" '^scan/a: up '
kill -STOP "$pid"
fill "scan/a/event/sub.$pid.0" 700000
svc-ctl -d -wD -T 60000 scan/a
kill -CONT "$pid"
becomes 10 'when it goes on it says that it may have missed something' has_line "$pid.out" '^lost events$'
# The last page of the fifo has room for the last events, or has not.
becomes 10 'but prints what it has not missed, or what has become of it' has_line "$pid.out" '^scan/a(: down .*| finished)$'
is 'and no state that it has told' "$(plain "$pid.out" | grep -c '^scan/a: up')" 1
kill "$pid"
wait "$pid"

background svc-events scan/a
becomes 10 'another reader stops' has_line "$pid.out" '^scan/a: down '
kill -STOP "$pid"
fill "scan/a/event/sub.$pid.0" 2000000
svc-ctl -u -wu -T 60000 scan/a
kill -CONT "$pid"
becomes 10 'it is told the state when it has missed the last event' has_line "$pid.out" '^scan/a: up '
is 'after the loss' "$(plain "$pid.out" | sed -n 2p)" 'lost events'
svc-ctl -d -wD -T 60000 scan/a
becomes 10 'and goes on' has_line "$pid.out" '^scan/a finished$'
kill "$pid"

svc-scanctl -t scan
done_testing
