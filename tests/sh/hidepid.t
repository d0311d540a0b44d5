#!/bin/sh
# limit: 100
# A tree below a /proc that shows a user no process but his own (hidepid=2), as in a container: killed
# and taken over there. Root becomes another user for that; any other is root of a user namespace.
user='' as_user=''
if [ "$(id -u)" = 0 ]; then as_user='setpriv --reuid 1000 --regid 1000 --clear-groups'
else user='--user --map-root-user'; fi
apart="unshare $user --mount --pid --fork"
hide='mount -t proc -o hidepid=2 proc /proc && mount -t tmpfs -o mode=1777 tmpfs /mnt'
if [ "${COPPICE_INSIDE:-}" != yes ] && $apart sh -c "$hide && $as_user true" 2>/dev/null; then
	# All that he needs is where he may go. The shell stays, as process 1.
	# shellcheck disable=SC2016  # for that shell
	COPPICE_INSIDE=yes exec $apart --kill-child sh -c "$hide"'
		mkdir /mnt/tests && cp -R "${0%/*}" /mnt/tests/sh && cp -R "$BIN" /mnt/bin || exit 111
		BIN=/mnt/bin TMPDIR=/mnt COPPICE_TEST=/mnt '"$as_user"' sh /mnt/tests/sh/hidepid.t
		exit $?' "$0"
fi
. "${0%/*}/lib.sh"
[ "${COPPICE_INSIDE:-}" = yes ] || skip_all 'no mount and pid namespaces here, or no unshare or setpriv'

field() { sed -n "s/^$1=//p" "$2"; }
services='scan/a scan/b scan/b/log'
supervisors() { for s in $services; do field pid "$s/supervise/supervisor"; done; }
states() { for s in $services; do svc-stat -o pid,starts "$s"; done; }
replaced() { for p in $(supervisors); do alive "$p" && ! grep -qx "$p" killed || return 1; done; }
takes_over() {
	background svc-scan scan
	root_pid=$pid
	becomes 10 "$1" replaced
	is 'nothing is restarted' "$(states)" "$before"
}

if is_root; then skip 'process 1 is hidden' 'root of a user namespace sees all that is in it'
else is 'process 1 is hidden' "$(find /proc -maxdepth 1 -name 1)" ''; fi

mkdir scan
for name in a b; do
	service scan/$name <<-'end'
	#!/bin/sh
	echo >&3
	while :; do read -r code <code && exit "$code"; done
	end
	mkfifo scan/$name/code
	echo 3 >scan/$name/notification-fd
done
service scan/b/log <<'end'
#!/bin/sh
exec cat
end
background svc-scan scan
root_pid=$pid
ok 'a tree comes up' svc-wait -t 60000 ready scan/a scan/b
ok 'with a logger' svc-wait -t 60000 up scan/b/log
before=$(states)
exits 100 'a second svc-scan is refused' svc-scan scan

supervisors >killed
# shellcheck disable=SC2046  # a word each
kill -KILL $(supervisors)
becomes 10 'all supervisors are killed and replaced' replaced
is 'nothing is restarted' "$(states)" "$before"
kill -KILL "$(field pid scan/a/supervise/supervisor)"
echo 7 >scan/a/code
becomes 10 'a death that only svc-scan saw is known' grep -qx last-run=exit=7 scan/a/supervise/status
ok 'and followed by a start' svc-wait -t 60000 ready scan/a

before=$(states)
: >killed
kill -KILL "$root_pid"
becomes 10 'svc-scan is killed' gone "$root_pid"
takes_over 'its successor finds the supervisors'
supervisors >killed
# shellcheck disable=SC2046
kill -KILL "$root_pid" $(supervisors)
becomes 10 'all of the tree is killed' gone "$root_pid"
takes_over 'another svc-scan starts other supervisors'
echo 9 >scan/a/code
becomes 10 'how an adopted orphan ended is told or unknown, never wrong' \
	grep -Eqx 'last-run=exit=(9|unknown)' scan/a/supervise/status
ok 'it is started again' svc-wait -t 60000 ready scan/a
is 'once' "$(svc-stat -o starts scan/a)" 3
ok 'the tree ends' svc-scanctl terminate scan
becomes 10 'as it was told' gone "$root_pid"
done_testing
