#!/bin/sh
# svc-readycheck: a program that can't say that it is ready.
# shellcheck disable=SC1083,SC2016  # blocks; scripts as words
. "${0%/*}/lib.sh"
. "$here/link.sh"
. "$here/supervised.sh"

exec 9>ready
link svc-readycheck -d 9 -f none
becomes 10 'nobody looks any more' no_helpers svc-readycheck
is 'none of them was ready' "$(cat ready)" ''

# run WORD... sleep N - that program behind svc-readycheck in the background; its pid is in $pid. Who
# looks has been started by then.
run() {
	: >ready
	background svc-readycheck -d 9 -w 20 -n 0 "$@"
	until_ok 10 grep -qx sleep "/proc/$pid/comm"
}
is_ready() { [ "$(wc -l <ready)" = 1 ]; }
there_is() { [ -e "$1" ]; }

run -f flag sleep 1000
becomes 10 'it has the process that was started' grep -qx sleep "/proc/$pid/comm"
is 'and no child that it did not make' "$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)" ''
is 'it does not get the notification descriptor' "$(find "/proc/$pid/fd/" -lname "$T/ready")" ''
is 'a file that is missing is no readiness' "$(cat ready)" ''
: >flag
becomes 10 'one that is there is' is_ready
becomes 10 'then nobody looks any more' no_helpers svc-readycheck
ok 'and the program goes on' alive "$pid"
kill "$pid"
: >ready
background sh -c 'exec svc-readycheck -f flag sleep 1000 3>ready'
becomes 10 'descriptor 3 is the default' is_ready
kill "$pid"

run -c { sh -c 'echo x >>looks; [ -e flag2 ]' } sleep 1000
until_ok 10 sh -c '[ "$(wc -l <looks)" -ge 3 ]'
is 'a check that fails is made again' "$(cat ready)" ''
: >flag2
becomes 10 'one that exits 0 says that it is ready' is_ready
kill "$pid"
run -c ' test' ' -e' ' flag' '' sleep 1000
becomes 10 'a block may be written as execline does' is_ready
kill "$pid"
run -c { ./none } sleep 1000
until_ok 10 grep -qs none "$pid.err"
like 'a check that is missing is told' "$(cat "$pid.err")" '^svc-readycheck: fatal: unable to run ./none: No such file or directory$'
ok 'and harms nobody' alive "$pid"
kill "$pid"
is 'it finds the signals and the environment of the program' \
	"$(trap '' USR1; svc-env A=b svc-readycheck -d 9 -c { sh -c 'echo "$A"; grep "^Sig[BI]" /proc/self/status >&2; : >looked; exit 1' } -n 1 -s 0 sh -c 'while [ ! -e looked ]; do sleep 0.02; done' 2>&1 | grep -v warning)" \
	"$(trap '' USR1; A=b sh -c 'echo "$A"; grep "^Sig[BI]" /proc/self/status')"

# Limits.
run -n 3 -c { sh -c 'echo x >>three; exit 1' } sleep 1000
becomes 10 'it gives up after -n looks' no_helpers svc-readycheck
is 'not earlier' "$(grep -c . three)" 3
like 'and says so' "$(cat "$pid.err")" '^svc-readycheck: warning: process [0-9]+: not known to be ready: gave up looking$'
ok 'and the program goes on then' alive "$pid"
kill "$pid"
run -T 100 -f none sleep 1000
becomes 10 'or after -T' no_helpers svc-readycheck
kill "$pid"
run -t 50 -n 1 -c { sh -c 'sleep 1001 & sleep 1000' } sleep 1002
becomes 10 'a look that takes too long is ended' no_helpers svc-readycheck
only() { [ "$(helpers "$1")" = "$2" ]; }
becomes 10 'with all that it started' only sleep "$pid"
is 'and was in vain' "$(cat ready)" ''
kill "$pid"

# Kill each part.
run -c { sh -c 'echo $$ >check.new; mv check.new check; exec sleep 1000' } sleep 1000
until_ok 10 there_is check
kill -9 "$pid"
becomes 10 'when the program is killed, the check is ended' gone "$(cat check)"
becomes 10 'and the one who looks' no_helpers svc-readycheck
rm check
run -c { sh -c 'echo $$ >check.new; mv check.new check; exec sleep 1000' } sleep 1000
until_ok 10 there_is check
kill -9 "$(helpers svc-readycheck)"
becomes 10 'when the one who looks is killed, the check is ended' gone "$(cat check)"
ok 'and the program goes on without' alive "$pid"
kill "$pid"

# Sockets.
if has python3; then
	cat >listen.py <<'EOF'
import socket, sys, time
kind = {"stream": socket.SOCK_STREAM, "dgram": socket.SOCK_DGRAM, "seqpacket": socket.SOCK_SEQPACKET}
if sys.argv[1] == "tcp":
    s = socket.socket(socket.AF_INET6 if sys.argv[2] == "::1" else socket.AF_INET)
    s.bind((sys.argv[2], 0))
    print(s.getsockname()[1], file=open("port.new", "w"))
else:
    s = socket.socket(socket.AF_UNIX, kind[sys.argv[1]])
    s.bind(sys.argv[2])
import os
if sys.argv[1] == "tcp": os.rename("port.new", "port")
while not os.path.exists("listen"): time.sleep(0.02)
if sys.argv[1] != "dgram": s.listen()
time.sleep(1000)
EOF
	for address in 127.0.0.1 ::1; do
		[ "$address" = 127.0.0.1 ] || [ -e /proc/net/if_inet6 ] || continue
		rm -f port listen
		background python3 listen.py tcp "$address"
		server=$pid
		bound_or_gone() { there_is port || gone "$server"; }
		until_ok 10 bound_or_gone
		if ! there_is port; then skip "a TCP port of $address" 'not to be had'; continue; fi
		at="[$address]:$(cat port)"
		[ "$address" = ::1 ] || at=$(cat port)
		run -i "$at" sleep 1000
		is "a closed TCP port of $address is no readiness" "$(cat ready)" ''
		: >listen
		becomes 10 'an open one is' is_ready
		kill "$pid"
		run -i "$at" -w 10 -n 3 sleep 1000
		becomes 10 'what listens already is not the program' no_helpers svc-readycheck
		is 'which is not ready by it' "$(cat ready)" ''
		like 'and that is said' "$(cat "$pid.err")" "^svc-readycheck: warning: port $(cat port): another process listens there already$"
		kill "$pid" "$server"
	done
	for kind in stream seqpacket dgram; do
		rm -f listen
		[ "$kind" != dgram ] || : >listen
		run -u "$kind.socket" sleep 1000
		background python3 listen.py "$kind" "$kind.socket"
		: >listen
		becomes 10 "a socket is readiness ($kind)" is_ready
		kill "$pid"
	done
else
	skip 'an open TCP port is readiness' 'no python3 here'
fi
: >plain
run -u plain -n 2 sleep 1000
becomes 10 'what is no socket is no readiness' no_helpers svc-readycheck
is 'at no time' "$(cat ready)" ''
kill "$pid"

mistake 'missing -c, -i, -u or -f' svc-readycheck true
mistake 'invalid address and port: localhost:80' svc-readycheck -i localhost:80 true
mistake 'invalid address and port: 0' svc-readycheck -i 0 true
mistake 'invalid number of looks: many' svc-readycheck -n many true
mistake 'invalid number of milliseconds: 1s' svc-readycheck -w 1s true
mistake 'missing } at the end of a block' svc-readycheck -c { true
mistake 'empty block' svc-readycheck -c { } true
mistake 'file descriptor 8 is not open (a service has the one that its file notification-fd names)' svc-readycheck -d 8 -f x true

service web <<'EOF'
#!/bin/sh
rm -f ../up
exec svc-readycheck -n 0 -w 20 -c { test -e ../up } sh -c ': >../up; exec sleep 1000'
EOF
echo 3 >web/notification-fd
supervise web
has_key() { [ "$(key web "$1")" ]; }
becomes 10 'a service is ready when its check says so' has_key ready
svc-ctl -wd down web
becomes 10 'and leaves nothing' no_helpers svc-readycheck

done_testing
