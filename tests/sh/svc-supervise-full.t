#!/bin/sh
# svc-supervise on a file system that is full, or can't be written.
#
# A small tmpfs, in a mount namespace of its own.
if [ -z "${OWN_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
	export OWN_MOUNTS=yes
	exec unshare -m sh "$0"
fi
. "${0%/*}/lib.sh"
. "$here/supervised.sh"
[ "${OWN_MOUNTS:-}" ] || skip_all 'no root, or no mount namespaces'
mkdir small scan
mount -t tmpfs -o size=256k,nr_inodes=100 none small || skip_all 'no tmpfs can be mounted'
# Whatever happens: what is mounted could not be removed.
trap 'umount -l small; end_of_test 1' EXIT

# fill - takes all space and all inodes there are.
fill() {
	dd if=/dev/zero of=small/ballast bs=4k >/dev/null 2>&1
	mkdir small/ballasts
	n=0
	while touch "small/ballasts/$n" 2>/dev/null; do n=$((n + 1)); done
	! echo x 2>/dev/null >small/more
}
make_room() { rm -rf small/ballast small/ballasts; }

# Full while it runs.
service small/web <<'end'
#!/bin/sh
[ -e ../../code ] && { read -r code <../../code; rm ../../code; exit "$code"; }
echo >&3
exec sleep 1000
end
script small/web/finish <<'end'
#!/bin/sh
echo "$1" >>../../finishes
end
echo 3 >small/web/notification-fd
echo 0 >small/web/restart-delay
supervise small/web
web=$pid
until_ok 10 svc-wait -t 10000 ready small/web
ok 'a tmpfs is full' fill
exits 111 'in which nobody can subscribe any more' svc-ctl -d -wd small/web
n=$(key small/web starts)
ok 'a restart' svc-ctl -r small/web
becomes 10 'is recorded' says small/web starts $((n + 1))
becomes 10 'and so is that it is ready again' grep -q '^ready=' small/web/supervise/status
echo 9 >code
kill -KILL "$(key small/web pid)"
becomes 10 'a death, and another start' says small/web starts $((n + 3))
is 'are recorded' "$(key small/web last-run)" exit=9
ok 'finish has run' grep -qx 9 finishes
until_ok 10 grep -q '^ready=' small/web/supervise/status
ok 'a stop' svc-ctl -d small/web
becomes 10 'is recorded' says small/web state down
is 'and how' "$(key small/web wanted) $(key small/web last-run)" 'down signal=TERM'
ok 'a start' svc-ctl -u small/web
becomes 10 'is recorded' says small/web state up
pid_before=$(key small/web pid)
kill -KILL "$web"
until_ok 10 gone "$web"
supervise small/web
web2=$pid
is 'a successor takes over' "$(key small/web state) $(key small/web pid)" "up $pid_before"
is 'no record failed' "$(grep -c 'unable to write' "$web.err" "$web2.err" | sed 's/.*://' | tr '\n' ' ')" '0 0 '
ok 'the file down can not be made' svc-ctl -D small/web
becomes 10 'which is said' grep -q 'unable to make the file down: No space left on device' "$web2.err"
becomes 10 'and it is down all the same' says small/web state down
make_room
ok 'with room again' svc-ctl -u -wU -T 10000 small/web
ok 'all is well' svc-ctl -dx -wD -T 10000 small/web
until_ok 10 gone "$web2"

# Full before it starts.
service small/late <<'end'
#!/bin/sh
exec sleep 1000
end
service scan/beside <<'end'
#!/bin/sh
exec sleep 1000
end
ln -s "$T/small/late" scan/late
ok 'a tmpfs that is full' fill
exits 111 'is no place to begin' svc-supervise small/late
like 'which is said' "$(cat err)" '^svc-supervise: fatal: unable to .*: No space left on device$'
background svc-scan scan
root=$pid
becomes 10 'under svc-scan' grep -q '^svc-supervise late: .*No space left on device' "$root.err"
becomes 10 'others are not disturbed' says scan/beside state up
is 'it is down' "$([ -e small/late/supervise/status ] && key small/late state)" ''
make_room
becomes 30 'and comes up when there is room' says scan/late state up
is 'it was said once' "$(grep -c '^svc-supervise late: ' "$root.err")" 1
svc-ctl -d -wD -T 10000 scan/late
svc-ctl -x scan/late

# A file system without inodes alone, with the directory supervise there but empty.
service small/inodes <<'end'
#!/bin/sh
exec sleep 1000
end
mkdir -m 700 small/inodes/supervise small/inodes/event
ok 'a tmpfs without an inode left' fill
ln -s "$T/small/inodes" scan/inodes
svc-scanctl -a scan
becomes 10 'is named' grep -q '^svc-supervise inodes: .*No space left on device' "$root.err"
make_room
becomes 30 'and the service comes up later' says scan/inodes state up
svc-scanctl -t scan
until_ok 20 gone "$root"

# Read-only.
service small/ro <<'end'
#!/bin/sh
exec sleep 1000
end
mkdir scan2
ln -s "$T/small/ro" scan2/ro
mount -o remount,ro small
exits 111 'a read-only directory' svc-supervise small/ro
is 'is named' "$(cat err)" 'svc-supervise: fatal: unable to make the directory supervise: Read-only file system'
background svc-scan scan2
root=$pid
becomes 10 'under svc-scan' grep -q '^svc-supervise ro: .*Read-only file system' "$root.err"
mount -o remount,rw small
becomes 30 'it comes up when it can be written' says scan2/ro state up
is 'that was said once' "$(grep -c '^svc-supervise ro: ' "$root.err")" 1
svc-scanctl -t scan2
until_ok 20 gone "$root"
rm -rf small/ro/supervise small/ro/event
mkdir run
ln -s "$T/run/supervise" small/ro/supervise
ln -s "$T/run/event" small/ro/event
mount -o remount,ro small
supervise small/ro
ok 'with links to a place that can be written it runs' svc-ctl -u -wu -T 10000 small/ro
ok 'and is restarted' svc-ctl -r -wr -T 10000 small/ro
ok 'D' svc-ctl -D -wD -T 10000 small/ro
becomes 10 'stops it and says what it can not do' grep -q 'unable to make the file down: Read-only file system' "$pid.err"
ok 'x' svc-ctl -x small/ro
becomes 10 'ends it' gone "$pid"
umount small || umount -l small
trap 'end_of_test $?' EXIT

done_testing
