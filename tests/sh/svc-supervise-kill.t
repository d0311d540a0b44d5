#!/bin/sh
# svc-supervise: what it kills and when: timeout-kill, timeout-finish, kill-scope, cgroup.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

# members PGID - how many processes are in a group, zombies not counted.
members() {
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^.*) //' |
		awk -v group="$1" '$1 != "Z" && $3 == group { n++ } END { print n + 0 }'
}
empty() { [ "$(members "$1")" = 0 ]; }

# Deadlines.
service deaf <<'end'
#!/bin/sh
trap '' TERM
echo >>ready
while :; do sleep 1000; done
end
echo 100 >deaf/timeout-kill
supervise deaf
until_ok 10 test -e deaf/ready
ok 'what is deaf to TERM is killed after timeout-kill' svc-ctl -d -wD -T 60000 deaf
is 'by KILL' "$(key deaf last-run)" signal=KILL
rm deaf/ready
svc-ctl -u deaf
until_ok 10 test -e deaf/ready
ok 'so it is when it is restarted' svc-ctl -r -wr -T 60000 deaf
service slow <<'end'
#!/bin/sh
exit 0
end
script slow/finish <<'end'
#!/bin/sh
trap '' TERM
echo >finishing
exec sleep 1000
end
echo 100 >slow/timeout-finish
echo 60000 >slow/restart-delay
supervise slow
becomes 10 'a finish that takes too long is killed after timeout-finish' says slow last-finish signal=KILL
is 'then it is down' "$(key slow state)" down
echo 0 >slow/timeout-finish
rm slow/finishing
svc-ctl -u slow
until_ok 10 test -e slow/finishing
until_ok 10 says slow state finish
is 'timeout-finish 0 is no limit' "$(key slow state) $(key slow kill-due)" 'finish '
rm slow/timeout-finish
kill "$(key slow pid)"
svc-ctl -d slow
kill -KILL "$(key slow pid)"
until_ok 10 says slow state down
rm slow/finishing
svc-ctl -u slow
until_ok 10 says slow state finish
until_ok 10 grep -q '^kill-due=' slow/supervise/status
is 'without the file it is five seconds' "$([ $(($(key slow kill-due) - $(key slow started))) -ge 5000 ] && echo yes)" yes

# Whom the KILL is for.
service crowd <<'end'
#!/bin/sh
trap '' TERM
i=0
while [ "$i" -lt 1000 ]; do sleep 1000 & i=$((i + 1)); done
echo >ready
wait
end
echo group >crowd/kill-scope
echo 100 >crowd/timeout-kill
supervise crowd
until_ok 60 test -e crowd/ready
group=$(key crowd pid)
is 'a service that forks 1000 children, all deaf to TERM' "$(members "$group")" 1001
ok 'is stopped' svc-ctl -d -wD -T 100000 crowd
becomes 10 'and with kill-scope group nothing of it is left' empty "$group"
sed -i 's/1000 ]/3 ]/; s/^wait/exit 0/' crowd/run
rm crowd/ready
svc-ctl -o crowd
until_ok 10 test -e crowd/ready
group=$(sed -n 's/^pid=//p' crowd/supervise/process)
becomes 10 'nor after a death by itself' empty "$group"
service parent <<'end'
#!/bin/sh
sleep 1000 &
echo $! >child
exec sleep 1000
end
supervise parent
until_ok 10 test -s parent/child
ok 'with kill-scope process' svc-ctl -d -wD -T 60000 parent
ok 'children are left alone' alive "$(cat parent/child)"
kill "$(cat parent/child)"

# cgroups.
for v2 in /sys/fs/cgroup /sys/fs/cgroup/unified ''; do
	[ "$(stat -fc %T "${v2:-/}")" = cgroup2fs ] && break
done
ours=$v2/$(sed -n 's/^0:://p' /proc/self/cgroup)
group=coppice-test.$$
if [ "$v2" ] && mkdir "$ours/$group" 2>/dev/null; then
	service boxed <<'end'
#!/bin/sh
setsid sh -c 'trap "" TERM; echo $$ >far; exec sleep 1000' &
until [ -s far ]; do sleep 0.02; done
echo >ready
exec sleep 1000
end
	echo "$group/a/b" >boxed/cgroup
	echo cgroup >boxed/kill-scope
	supervise boxed
	boxed=$pid
	until_ok 10 test -e boxed/ready
	until_ok 10 says boxed state up
	like 'a service with a cgroup is in it' "$(cat "/proc/$(key boxed pid)/cgroup")" "^0::.*/$group/a/b\$"
	is 'no note is needed' "$(key boxed note)" ''
	ok 'its supervisor is not' sh -c "! grep -q '$group' /proc/$boxed/cgroup"
	ok 'd' svc-ctl -d -wD -T 60000 boxed
	becomes 10 'what left its session is killed with it' gone "$(cat boxed/far)"
	contains 'and reported' "$(cat "$boxed.err")" "left in its cgroup: $(cat boxed/far)"
	echo process >boxed/kill-scope
	rm boxed/ready boxed/far
	svc-ctl -u boxed
	until_ok 10 test -e boxed/ready
	: >"$boxed.err"
	ok 'with kill-scope process' svc-ctl -d -wD -T 60000 boxed
	becomes 10 'what is left is reported' grep -q "left in its cgroup: $(cat boxed/far)" "$boxed.err"
	ok 'and left alone' alive "$(cat boxed/far)"
	kill -KILL "$(cat boxed/far)"
	echo cgroup >boxed/kill-scope
	echo 100 >boxed/timeout-kill
	sed -i "s/^echo >ready/trap '' TERM\n&/" boxed/run
	rm boxed/ready boxed/far
	svc-ctl -u boxed
	until_ok 10 test -e boxed/ready
	ok 'timeout-kill' svc-ctl -d -wD -T 60000 boxed
	becomes 10 'kills all of it' gone "$(cat boxed/far)"
	echo "$v2/none" >boxed/cgroup
	kill "$boxed"
	until_ok 10 gone "$boxed"
	until_ok 10 rmdir "$ours/$group/a/b" "$ours/$group/a" "$ours/$group"
else
	skip 'a service with a cgroup is in it' 'no cgroup v2 that can be written'
fi
# fallback NAME COMMAND - a service with a cgroup where COMMAND has taken cgroups away.
fallback() {
	service "$1" <<'end'
#!/bin/sh
sleep 1000 &
echo $! >child
exec sleep 1000
end
	echo coppice-test.none >"$1/cgroup"
	echo cgroup >"$1/kill-scope"
	background unshare -m sh -c "$2 && exec svc-supervise $1"
	until_ok 10 test -s "$1/child"
	svc-wait -u -t 60000 "$1"
	contains "$1: a note is in the status" "$(key "$1" note)" 'kill-scope=group (cgroup refused: '
	like "$1: it is said once" "$(cat "$pid.err")" "^svc-supervise $1: warning: no cgroup for the service: "
	svc-ctl -r -wr -T 60000 "$1"
	ok "$1: also at the next start" lines "$pid.err" 1
	child=$(cat "$1/child")
	ok "$1: it stops" svc-ctl -d -wD -T 60000 "$1"
	becomes 10 "$1: with its group" gone "$child"
}
if is_root && unshare -m true 2>/dev/null; then
	fallback no-v2 'mount -t tmpfs none /sys/fs/cgroup'
	if [ "$v2" ] && unshare -m mount -o remount,bind,ro "$v2" 2>/dev/null; then
		fallback read-only "mount -o remount,bind,ro $v2"
	else
		skip 'cgroups that are read-only' 'no cgroup v2 that can be remounted'
	fi
else
	skip 'cgroups that are not there' 'no root, or no mount namespaces'
fi

done_testing
