#!/bin/sh
# svc-follow: a program that puts itself into the background, supervised.
# limit: 240
# shellcheck disable=SC2016  # scripts as words
. "${0%/*}/lib.sh"
. "$here/link.sh"
. "$here/supervised.sh"

link svc-follow
mistake 'invalid number of milliseconds: x' svc-follow -t x true
mistake 'invalid number of milliseconds: -1' svc-follow -k -1 true
mistake 'file descriptor 8 is not open (a service has the one that its file notification-fd names)' svc-follow -d 8 true

if env --ignore-signal=CHLD true 2>/dev/null; then
	odd() { env --ignore-signal=CHLD,TERM --block-signal=USR1 "$@"; }
	is 'signals are as they were' "$(odd svc-follow grep '^Sig[BI]' /proc/self/status)" "$(odd grep '^Sig[BI]' /proc/self/status)"
else
	skip 'signals are as they were' "this env can't set them"
fi
is 'and descriptors' "$(svc-follow env ls /proc/self/fd)" "$(env ls /proc/self/fd)"

has perl || skip_all 'no perl here'
# forks N COMMAND... - leaves COMMAND in the background in N steps, as daemons do.
script forks <<'EOF'
#!/usr/bin/perl
use POSIX;
my $steps = shift;
for (1 .. $steps) { exit 0 if fork; POSIX::setsid(); }
exec @ARGV;
EOF
# serve NAME [COMMAND...] - a daemon: its pid is in NAME, each signal that it gets becomes a line of NAME.log;
# then the program forks once more, to leave a worker.
script serve <<'EOF'
#!/usr/bin/perl
my $name = shift;
sub note { open(my $log, '>>', "$name.log"); print $log "@_\n"; close $log; }
for my $signal (qw(HUP INT USR1 USR2 ALRM WINCH QUIT PWR)) { $SIG{$signal} = sub { note($signal); }; }
$SIG{TERM} = sub { note('TERM'); exit 3; };
open(my $file, '>', "$name.new"); print $file "$$\n"; close $file;
rename("$name.new", $name);
system(@ARGV) if @ARGV;
# A signal may come just before a sleep.
select(undef, undef, undef, 0.05) while 1;
EOF
PATH=$T:$PATH
nothing_left() { [ -z "$(left)" ]; }
# left - what this test has started and svc-follow is to end.
left() { helpers sleep; helpers svc-follow; helpers serve; }

# How it ends.
exits 5 'it exits as the daemon does' svc-follow forks 1 sh -c 'sleep 0.1; exit 5'
exits 5 'one that forked twice as well' svc-follow forks 2 sh -c 'sleep 0.1; exit 5'
exits 0 'one that ends well leaves the others to be followed' svc-follow sh -c 'forks 1 sh -c "forks 1 sh -c \"sleep 0.3; : >followed\""'
ok 'to their end' test -e followed
exits 5 'and one that ended before it was found' svc-follow sh -c 'forks 3 sh -c "exit 5"'
exits 0 'one that leaves nothing has ended' svc-follow true
exits 7 'one that fails has failed, whatever it leaves' svc-follow sh -c 'forks 1 sleep 1000; exit 7'
becomes 10 'which is ended' nothing_left
# The shell tells by 128 more.
exits 139 'a signal that kills the daemon kills it' svc-follow forks 1 sh -c 'kill -SEGV $$'
exits 143 'or one that kills the program' svc-follow sh -c 'kill $$'
is 'no core file is written for it' "$(find . -name 'core*')" ''
exits 3 'one that stays in the foreground is followed there' svc-follow sh -c 'sleep 0.1; exit 3'

# follow WORD... - svc-follow in the background; its pid is in $pid.
exec 9>ready
follow() { rm -f daemon daemon.log; : >ready; background svc-follow -d 9 "$@"; }
there_is() { [ -e "$1" ]; }
is_ready() { [ "$(wc -l <ready)" = 1 ]; }
# followed - it has found its daemon, which is at work.
followed() { is_ready && there_is daemon; }

# Signals.
follow forks 2 serve daemon
until_ok 10 followed
for signal in HUP INT USR1 USR2 ALRM WINCH QUIT PWR; do
	kill "-$signal" "$pid"
	becomes 10 "$signal is passed on" grep -qsx "$signal" daemon.log
done
keeper=$(helpers svc-follow | grep -vx "$pid")
is 'the keeper is out of reach of a KILL for the group' "$(ps -o pgid= -p "$keeper" | tr -d ' ')" "$keeper"
kill "$pid"
becomes 10 'TERM ends the daemon, and it' gone "$pid"
wait "$pid"
is 'with the exit code of the daemon' "$?" 3
is 'nothing is left' "$(left)" ''
is 'a program is in the group where it would be' "$(svc-follow sh -c 'ps -o pgid= -p $$')" "$(sh -c 'ps -o pgid= -p $$')"

# What the daemon leaves.
follow forks 1 serve daemon sh -c 'forks 1 sleep 1000; sleep 1001 &'
until_ok 10 followed
kill "$(cat daemon)"
becomes 10 'what a daemon leaves is ended' nothing_left
follow -k 50 forks 1 serve daemon sh -c 'trap "" TERM; forks 2 sleep 1000 & sleep 1001 &'
until_ok 10 followed
until_ok 10 a_helper sleep
kill -9 "$(cat daemon)"
becomes 10 'by KILL if need be' gone "$pid"
wait "$pid"
is 'it dies as the daemon did' "$?" 137
like 'and says so' "$(cat "$pid.err")" '^(svc-follow: warning: what the daemon has left does not end: KILL)?$'
is 'nothing is left then' "$(left)" ''

# Several.
follow sh -c 'forks 1 serve daemon; while [ ! -e daemon ]; do sleep 0.02; done; forks 1 sleep 1000'
until_ok 10 followed
kill "$(cat daemon)"
becomes 10 'of several it is the first' gone "$pid"
is 'and no other is left' "$(left)" ''
follow -a sh -c 'forks 1 sh -c "sleep 0.1; : >ended"; forks 1 serve daemon'
until_ok 10 there_is ended
until_ok 10 followed
ok 'with -a it is all of them' alive "$pid"
kill -HUP "$pid"
becomes 10 'which get the signals' grep -qsx HUP daemon.log
kill "$pid"
becomes 10 'until all have ended' gone "$pid"

# Pid files.
follow -p daemon sh -c 'forks 1 sleep 1000; forks 1 serve daemon'
until_ok 10 followed
becomes 10 '-p names the daemon' sh -c "kill -HUP $pid; grep -qsx HUP daemon.log"
kill "$(cat daemon)"
becomes 10 'and no other process' gone "$pid"
is 'whose rest is ended' "$(left)" ''
follow -p pidfile forks 1 serve daemon
until_ok 10 there_is daemon
ok 'a pid file is waited for' alive "$pid"
echo garbage >pidfile; cp daemon pidfile.new; mv pidfile.new pidfile
becomes 10 'a late one is good' sh -c "kill -HUP $pid; grep -qsx HUP daemon.log"
kill "$pid"
until_ok 10 gone "$pid"
sleep 1000 &
foreign=$!
for text in garbage '' 0 1 -1 4194304 "$foreign" "$$" '18446744073709551616'; do
	echo "$text" >pidfile
	exits 111 "a pid file with '$text' is none" svc-follow -t 50 -p pidfile forks 1 sleep 1001
	is 'which is said' "$(cat err)" 'svc-follow: fatal: no process of ours in pidfile'
done
ok "a process of somebody else's is left alone" alive "$foreign"
kill "$foreign"
becomes 10 'and ours do not stay' nothing_left
exits 111 'a pid file that is no file is none' svc-follow -t 50 -p . forks 1 sleep 1001
exits 5 'a daemon that ends meanwhile is not waited for' svc-follow -p none forks 1 sh -c 'exit 5'

# Readiness.
follow sh -c 'while [ ! -e go ]; do sleep 0.02; done; forks 1 serve daemon'
is 'a program that has not forked is not ready' "$(cat ready)" ''
: >go
becomes 10 'one that has is' is_ready
until_ok 10 followed
is 'nobody holds the notification descriptor then' "$(find /proc/"$pid"/fd /proc/"$(cat daemon)"/fd -lname "$T/ready")" ''
kill "$pid"
until_ok 10 gone "$pid"

# Kill each part.
for part in supervised keeper; do
	follow forks 1 serve daemon sh -c 'forks 1 sleep 1000'
	until_ok 10 followed
	keeper=$(helpers svc-follow | grep -vx "$pid")
	if [ "$part" = keeper ]; then kill -9 "$keeper"; else kill -9 "$pid"; fi
	becomes 10 "when the $part process is killed, the daemon ends" gone "$(cat daemon)"
	becomes 10 'and all else' nothing_left
done
follow sh -c ': >daemon; sleep 1000'
until_ok 10 there_is daemon
kill -9 "$pid"
becomes 10 'a program that has not forked yet ends as well' nothing_left

# held - somebody has the lock.
held() { ! svc-setlock -n lock true; }
rm -f daemon
background svc-setlock -n lock svc-follow -k 60000 forks 1 serve daemon sh -c 'trap "" TERM; forks 1 sleep 1000'
until_ok 10 there_is daemon
until_ok 10 a_helper sleep
kill -9 "$pid"
until_ok 10 gone "$(cat daemon)"
ok 'a lock in front is held until all has ended' held
kill -9 "$(helpers sleep)"
becomes 10 'and no longer' svc-setlock -n lock true

rm -f daemon
background svc-setlock -n lock svc-follow forks 1 serve daemon
until_ok 10 there_is daemon
keeper=$(helpers svc-follow | grep -vx "$pid")
kill -STOP "$pid"
kill -9 "$keeper"
until_ok 10 gone "$keeper"
kill -9 "$pid"
until_ok 10 gone "$pid"
ok 'when both are killed, the daemon goes on' alive "$(cat daemon)"
ok 'and so does the lock' held
kill -9 "$(cat daemon)"
becomes 10 'as long as the daemon' svc-setlock -n lock true

# Under a supervisor.
service web <<'EOF'
#!/bin/sh
exec svc-follow -d 3 forks 2 serve ../daemon sh -c 'sleep 1000 &'
EOF
echo 3 >web/notification-fd
echo 4 >web/lock-fd
echo 0 >web/restart-delay
rm -f daemon
supervise web
has_key() { [ "$(key web "$1")" ]; }
becomes 10 'a service is ready when it has forked' has_key ready
restarted() { alive "$(cat daemon)" && [ "$(cat daemon)" != "$old" ]; }
for way in daemon supervised keeper; do
	until_ok 10 there_is daemon
	until_ok 10 has_key ready
	old=$(cat daemon) run=$(key web pid)
	case $way in
	daemon) kill -9 "$old" ;;
	supervised) kill -9 "$run" ;;
	keeper) kill -9 "$(helpers svc-follow | grep -vx "$run")" ;;
	esac
	becomes 20 "a killed $way leads to a restart" restarted
	ok 'with no second daemon beside' gone "$old"
	is 'and one svc-follow' "$(helpers svc-follow | wc -l)" 2
done
svc-ctl -wd down web
is 'it can be stopped' "$(key web last-run)" exit=3
is 'and leaves nothing' "$(left)" ''

# Real ones.
if has munged && has mungekey; then
	mkdir -m 755 munge
	chmod 755 .
	mungekey -c -k munge/key >/dev/null 2>&1
	service munge-service <<EOF
#!/bin/sh
exec svc-follow -d 3 -p $T/munge/pid munged -f --key-file=$T/munge/key --socket=$T/munge/socket \
	--pid-file=$T/munge/pid --log-file=$T/munge/log --seed-file=$T/munge/seed
EOF
	echo 3 >munge-service/notification-fd
	echo 0 >munge-service/restart-delay
	background svc-supervise munge-service
	another() { new=$(cat munge/pid) && [ "$new" != "$old" ] && alive "$new" && [ "$(key munge-service ready)" ]; }
	old=
	becomes 20 'munged can be followed' another
	old=$(cat munge/pid)
	kill -9 "$old"
	becomes 20 'and is started again when it is killed' another
	is 'alone' "$(helpers munged | wc -l)" 1
	svc-ctl -wd down munge-service
	is 'it leaves nothing' "$(helpers munged)" ''
else
	skip 'munged can be followed' 'no munged here'
fi
# It has one place for its pid file: here a private one.
if has atd && is_root && unshare -m sh -c 'mount -t tmpfs none /run' 2>/dev/null; then
	service at <<'EOF'
#!/bin/sh
exec unshare -m sh -c 'mount -t tmpfs none /run && exec svc-follow -d 3 -p /run/atd.pid atd'
EOF
	echo 3 >at/notification-fd
	echo 0 >at/restart-delay
	background svc-supervise at
	another() { new=$(helpers atd) && [ "$new" ] && [ "$new" != "$old" ] && [ "$(key at ready)" ]; }
	old=
	becomes 20 'atd can be followed' another
	old=$(helpers atd)
	kill -9 "$old"
	becomes 20 'and is started again when it is killed' another
	is 'alone' "$(helpers atd | wc -l)" 1
	svc-ctl -wd down at
	is 'it leaves nothing' "$(helpers atd)" ''
else
	skip 'atd can be followed' 'no atd here, or not allowed'
fi

done_testing
