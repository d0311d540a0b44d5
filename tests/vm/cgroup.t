#!/bin/sh
# limit: 200
# kill-scope=cgroup where cgroup v2 is alone.
. "${0%/*}/../sh/lib.sh"

members() { cat /sys/fs/cgroup/tests/"$1"/cgroup.procs; }
count() { members "$1" | wc -l; }
empty() { [ "$(count "$1")" = 0 ]; }

# What they start leaves their process group and ignores TERM.
mkdir scan
for name in whole alone; do
	service scan/$name <<-'end'
	#!/bin/sh
	[ "$1" = alone ] || trap "" TERM
	for i in 1 2 3; do
		setsid sh -c 'trap "" TERM; while :; do sleep 1000; done' &
	done
	# Without a process of its own, which would be counted.
	count() { n=0; while read -r _; do n=$((n + 1)); done </sys/fs/cgroup/tests/$1/cgroup.procs; }
	while count "$1"; [ "$n" -lt 7 ]; do sleep 0.02; done
	echo >&3
	exec sleep 1000
	end
	echo 3 >scan/$name/notification-fd
	echo /tests/$name >scan/$name/cgroup
	touch scan/$name/down
done
echo cgroup >scan/whole/kill-scope
echo 1000 >scan/whole/timeout-kill
background svc-scan scan
becomes 60 'a tree comes up' svc-ok scan/whole
becomes 60 'all of it' svc-ok scan/alone

ok 'a service with a cgroup starts' svc-ctl -o -wU -T 60000 scan/whole
is 'without a note' "$(svc-stat scan/whole | grep note)" ''
contains 'it is in it' "$(members whole)" "$(svc-stat -p scan/whole)"
ok 'the service is stopped' svc-ctl -wD -T 60000 -d scan/whole
becomes 30 'and with it everything in its cgroup' empty whole
is 'as it ignored TERM, by KILL' "$(svc-stat -o signal scan/whole)" SIGKILL

svc-ctl -o -wU -T 60000 scan/whole
kill -KILL "$(svc-stat -p scan/whole)"
becomes 30 'a death takes the rest of the cgroup with it' empty whole

svc-ctl -o -wU -T 60000 scan/whole
kill -STOP "$(svc-stat -p scan/whole)"
kill -KILL "$(sed -n 's/^pid=//p' scan/whole/supervise/supervisor)"
becomes 30 'a killed supervisor is replaced' svc-ok scan/whole
is 'nothing is killed by that' "$(count whole)" 7
ok 'the new one stops the service' svc-ctl -wD -T 60000 -d scan/whole
becomes 30 'and its cgroup' empty whole

ok 'a service whose kill-scope is the process starts' svc-ctl -o -wU -T 60000 scan/alone
ok 'and is stopped' svc-ctl -wD -T 60000 -d scan/alone
is 'what it left lives' "$(count alone)" 6
becomes 30 'and is named' grep -q "alone: warning: 6 processes left in its cgroup: $(members alone | head -n 1) " "$pid.err"
echo 1 >/sys/fs/cgroup/tests/alone/cgroup.kill
svc-scanctl quit scan
becomes 60 'the tree ends' gone "$pid"
done_testing
