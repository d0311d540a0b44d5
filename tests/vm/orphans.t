#!/bin/sh
# limit: 200
# Deaths that a tree misses, on a kernel that does not keep the status of what others reaped (before
# Linux 6.15): they are told exactly or called unknown.
. "${0%/*}/../sh/lib.sh"

supervisor_of() { sed -n 's/^pid=//p' "scan/$1/supervise/supervisor"; }
last() { sed -n 's/^last-run=//p' "scan/$1/supervise/status"; }
root() { sed -n 's/^pid=//p' scan/.svc-scan/scan; }

mkdir scan
for name in a b c d; do
	service scan/$name <<-'end'
	#!/bin/sh
	trap 'exit 7' USR1
	echo >&3
	while :; do sleep 1000 & wait; done
	end
	echo 3 >scan/$name/notification-fd
	echo no >scan/$name/restart
done
background svc-scan scan
ok 'a tree comes up' svc-wait -t 60000 ready scan/a scan/b scan/c scan/d
a=$(svc-stat -p scan/a) b=$(svc-stat -p scan/b) c=$(svc-stat -p scan/c)

# The supervisor of a, and those of b and c, die with the root; b ends before there is a successor, c
# when it has been adopted.
kill -KILL "$(root)" "$(supervisor_of b)" "$(supervisor_of c)"
becomes 30 'svc-scan is killed' gone "$pid"
kill -USR1 "$b"
becomes 30 'a service ends unseen' test ! -e "/proc/$b"
kill -USR1 "$a"
becomes 60 'the supervisor that is left knows how its own ended' prints exit=7 last a
background svc-scan scan
ok 'another svc-scan takes over' svc-wait -t 60000 finished scan/b
is 'what nobody has seen is unknown' "$(last b)" exit=unknown
like 'and called that' "$(svc-stat scan/b)" '^down \(exit unknown\)'
becomes 30 'what lives is adopted' svc-ok scan/c
is 'as the process it is' "$(svc-stat -p scan/c)" "$c"
kill -USR1 "$c"
ok 'when it ends' svc-wait -t 60000 finished scan/c
case $(uname -r) in
[1-5].* | 6.[0-9].* | 6.1[0-4].*) is 'nobody was told how' "$(last c)" exit=unknown ;;
*) is 'the kernel tells how' "$(last c)" exit=7 ;;
esac

# With its svc-scan alive, everything is known.
kill -KILL "$(supervisor_of d)"
becomes 30 'a supervisor of the predecessor is replaced' svc-ok scan/d
ok 'a service is started by a supervisor of the successor' svc-ctl -u -wU -T 60000 scan/b
kill -KILL "$(supervisor_of b)"
kill -USR1 "$(svc-stat -p scan/b)"
ok 'it dies unsupervised' svc-wait -t 60000 finished scan/b
is 'and svc-scan saw how' "$(last b)" exit=7
svc-scanctl quit scan
becomes 60 'the tree ends' gone "$pid"
done_testing
