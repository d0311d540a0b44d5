#!/bin/sh
# svc-sdnotify: what a program says by sd_notify(3), as readiness for a supervisor.
# shellcheck disable=SC2016  # scripts as words
. "${0%/*}/lib.sh"
. "$here/link.sh"
. "$here/supervised.sh"

if ! has perl || ! perl -MSocket -e 1; then skip_all 'no perl with Socket here'; fi
# tell TEXT... [-- COMMAND...] - says each text to NOTIFY_SOCKET, as the process that it is, then becomes COMMAND.
script tell <<'EOF'
#!/usr/bin/perl
use Socket;
my $path = $ENV{NOTIFY_SOCKET};
$path =~ s/^@/\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
while (defined(my $text = shift)) {
	last if $text eq '--';
	$text =~ s/\\n/\n/g;
	defined send($socket, $text, 0, pack_sockaddr_un($path)) or die "send: $!";
}
exec @ARGV if @ARGV;
EOF
PATH=$T:$PATH

exec 9>ready
link svc-sdnotify -d 9
becomes 10 'no listener is left' no_helpers svc-sdnotify
is 'none of them has said that it is ready' "$(cat ready)" ''

# run WORD... - a program behind svc-sdnotify in the background; its pid is in $pid. Its listener is the
# only one.
run() {
	until_ok 10 no_helpers svc-sdnotify
	: >ready
	background svc-sdnotify -d 9 "$@"
}
is_ready() { [ "$(wc -l <ready)" -ge 1 ]; }

run tell READY=1 -- sleep 1000
becomes 10 'a program that says READY=1 is ready' is_ready
becomes 10 'it has the process that was started' grep -qx sleep "/proc/$pid/comm"
is 'and no child that it did not make' "$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)" ''
is 'it does not get the notification descriptor' "$(find "/proc/$pid/fd/" -lname "$T/ready")" ''
listener=$(helpers svc-sdnotify)
is 'the listener holds standard error, and what it needs' "$(find "/proc/$listener/fd" -name '[012]' -printf '%f')" 2
is 'and no directory' "$(readlink "/proc/$listener/cwd")" /
kill -9 "$pid"
becomes 10 'it ends with the program' gone "$listener"

: >ready
background sh -c 'exec svc-sdnotify tell READY=1 -- sleep 1000 3>ready'
becomes 10 'descriptor 3 is the default' is_ready
kill "$pid"

run tell READY=1 -- sleep 1000
until_ok 10 is_ready
listener=$(helpers svc-sdnotify)
kill -9 "$listener"
until_ok 10 gone "$listener"
ok 'a killed listener leaves the program alone' alive "$pid"
kill "$pid"

# Who may speak.
run sh -c 'tell READY=1; tell STATUS=x; : >told; exec sleep 1000'
until_ok 10 test -e told
is 'a child may not speak for it' "$(cat ready)" ''
rm told
kill "$pid"
run -a sh -c 'sh -c "tell READY=1 -- sleep 1000" & wait'
becomes 10 'with -a a descendant may' is_ready
kill "$pid"
run -a sh -c 'echo "$NOTIFY_SOCKET" >address.new; mv address.new address; exec sleep 1000'
until_ok 10 test -e address
stranger() { NOTIFY_SOCKET=$(cat address) svc-setsid -i sh -c 'tell READY=1 && :'; }
ok 'a stranger is heard by nobody' stranger
# What comes later is heard later.
listener=$(helpers svc-sdnotify)
idle() { grep -q '^State:.S' "/proc/$listener/status" && ! grep -q "$(cat address).*[1-9]\$" /proc/net/unix; }
until_ok 10 idle
is 'even with -a' "$(cat ready)" ''
kill "$pid"

# Bad input.
long=$(printf '%5000s' '' | tr ' ' x)
run tell "READY=1\nX=$long" READY READY=2 'READY =1' '' '\n\n=\n' "STATUS=$(printf '\001\377')" WATCHDOG_USEC=-1 \
	EXTEND_TIMEOUT_USEC=99999999999999999999 MAINPID=1 -- sh -c ': >told; exec tell -- sleep 1000'
until_ok 10 test -e told
listener=$(helpers svc-sdnotify)
is 'garbage is no readiness' "$(cat ready)" ''
ok 'and does no harm' alive "$listener"
kill "$pid"

run -s text tell 'READY=1\nSTATUS=half done' 'STATUS=all done' -- sleep 1000
becomes 10 '-s keeps the status' grep -qx 'all done' text
kill "$pid"
run -s text sleep 1000
becomes 10 'until the next start' test ! -e text
kill "$pid"

if has python3; then
	cat >store.py <<'EOF'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\0" + os.environ["NOTIFY_SOCKET"][1:])
socket.send_fds(s, [b"FDSTORE=1\nFDNAME=x"], [1, 2])
r, w = os.pipe()
socket.send_fds(s, [b"BARRIER=1"], [w])
os.close(w)
os.read(r, 1)
open("passed", "w").close()
os.execvp("sleep", ["sleep", "1000"])
EOF
	run python3 store.py
	becomes 10 'a barrier is passed' test -e passed
	listener=$(helpers svc-sdnotify)
	is 'and no descriptor is kept' "$(find "/proc/$listener/fd" -lname '/dev/null')" ''
	kill "$pid"
else
	skip 'a barrier is passed' 'no python3 here'
fi

if has systemd-notify; then
	run -a sh -c 'systemd-notify --ready --status=up && exec sleep 1000'
	becomes 10 "systemd's own program is understood" is_ready
	kill "$pid"
else
	skip "systemd's own program is understood" 'no systemd-notify here'
fi

# Deadlines.
exits 143 'who is not ready in time gets TERM' svc-sdnotify -d 9 -t 50 sleep 1000
like 'which is said' "$(cat err)" '^svc-sdnotify: warning: process [0-9]+: it is not ready in time: sending it TERM$'
exits 134 'who gives no sign of life gets ABRT' svc-sdnotify -d 9 -w 50 tell READY=1 -- sleep 1000
like 'which is said as well' "$(cat err)" ': it gives no sign of life: sending it ABRT$'
exits 134 'also one that asks for it' svc-sdnotify -d 9 -w 60000 tell WATCHDOG=trigger -- sleep 1000
exits 7 'who is not ready needs give no sign' svc-sdnotify -d 9 -w 1 sh -c 'sleep 0.1; exit 7'
exits 7 'who asks for more time has it' svc-sdnotify -d 9 -t 10000 tell EXTEND_TIMEOUT_USEC=60000000 -- sh -c 'sleep 10.2; exit 7'
exits 0 'it learns how often it is to give signs' svc-sdnotify -d 9 -w 1500 \
	sh -c '[ "$WATCHDOG_USEC" = 1500000 ] && [ "$WATCHDOG_PID" = $$ ]'

# What a listener must not hold.
background svc-setlock lock svc-sdnotify -d 9 sh -c 'for fd in 3 4 5 6 7; do eval "exec $fd>&-"; done; : >closed; exec sleep 1000'
until_ok 10 test -e closed
ok 'a lock is only the program'\''s' svc-setlock -n lock true
kill "$pid"

# A path.
run -p "$T/socket" sh -c 'stat -c %A "$NOTIFY_SOCKET" >mode; exec tell READY=1 -- sleep 1000'
becomes 10 '-p listens at a path' is_ready
is 'to which everybody may write' "$(cat mode)" srw-rw-rw-
kill "$pid"
run -p "$T/socket" tell READY=1 -- sleep 1000
becomes 10 'also at one of an earlier start' is_ready
kill "$pid"
: >plain
exits 111 'what is no socket is not' svc-sdnotify -d 9 -p "$T/plain" true
like 'which is said' "$(cat err)" "^svc-sdnotify: fatal: unable to make the socket $T/plain: Address"
ok 'and stays' test -f plain
mistake 'invalid path: socket' svc-sdnotify -d 9 -p socket true
mistake 'file descriptor 8 is not open (a service has the one that its file notification-fd names)' svc-sdnotify -d 8 true
mistake 'invalid number of milliseconds: 1s' svc-sdnotify -w 1s true
mistake 'invalid file: ..' svc-sdnotify -d 9 -s .. true
refused 'unable to open none: No such file or directory' svc-sdnotify -d 9 -s none/file true

# Under a supervisor.
service web <<'EOF'
#!/bin/sh
exec svc-sdnotify perl daemon
EOF
cat >web/daemon <<'EOF'
use Socket;
my $path = $ENV{NOTIFY_SOCKET};
$path =~ s/^@/\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
sub tell_it { send($socket, $_[0], 0, pack_sockaddr_un($path)) or die "send: $!"; }
sub wait_for { select(undef, undef, undef, 0.02) until -e $_[0]; }
$SIG{HUP} = sub { tell_it("RELOADING=1\nSTATUS=x"); wait_for("../loaded"); tell_it("READY=1"); };
$SIG{TERM} = sub { tell_it("STOPPING=1"); wait_for("../stopped"); exit 0; };
tell_it("READY=1");
# A signal may come just before a sleep.
select(undef, undef, undef, 0.05) while 1;
EOF
echo 3 >web/notification-fd
supervise web
has_key() { [ "$(key web "$1")" ]; }
becomes 10 'a service is ready when it says so' has_key ready
svc-ctl -h web
becomes 10 'not while it reloads' lacks web ready
: >loaded
becomes 10 'and again afterwards' has_key ready
svc-ctl -d web
becomes 10 'not while it stops' lacks web ready
: >stopped
becomes 10 'it stops' says web state down
becomes 10 'and leaves nothing' no_helpers svc-sdnotify

if has redis-server; then
	mkdir redis-data
	service redis <<EOF
#!/bin/sh
exec svc-sdnotify redis-server --supervised systemd --port 0 --unixsocket $T/redis.socket --dir $T/redis-data
EOF
	echo 3 >redis/notification-fd
	background svc-supervise redis
	becomes 20 'redis-server is ready when it says so' sh -c 'svc-stat redis | grep -q ready'
	svc-ctl -wd down redis
	is 'and ends when it is told to' "$(key redis last-run)" exit=0
else
	skip 'redis-server is ready when it says so' 'no redis-server here'
fi

done_testing
