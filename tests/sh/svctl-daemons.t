#!/bin/sh
# svctl with the twelve daemons of examples/services: operated by nothing else, and what it says of
# their failures, to who has never seen them before.
# limit: 300
. "${0%/*}/daemons.sh"
# Their configuration names directories of the system, which are our own here: those of the prefix are the same.
mkdir -p "$T/var/lib"
ln -s /run "$T/run"
ln -s /var/log "$T/var/log"
for dir in chrony dbus haproxy mosquitto nginx postgresql redis unbound; do
	[ -d "/var/lib/$dir" ] || continue
	cp -a "/var/lib/$dir" "$T/var/lib/$dir" && mount --bind "$T/var/lib/$dir" "/var/lib/$dir"
done
. "$here/svctl.sh"
unset COLUMNS NO_COLOR COPPICE_PREFIX
scan=$run/scan
service_files
chmod 711 "$T"

# --- up
ok 'what the machine is for is enabled' ctl enable default
ok 'the tree is booted' ctl boot --background
ok 'and comes up, all of it' ctl wait default
is 'as the table says' "$(ctl status | tail -n 1)" '17 services: 17 ready'
is 'nothing is amiss' "$(ctl why)" 'all services are as they are wanted'
for name in $daemons; do
	ok "$name answers" "asked_$name"
	ok "$name is shown" ctl status "$name"
	like 'as it is: ready' "$(cat out)" '^ +State: ready since '
	like 'wanted' "$(cat out)" "^ +Wanted: default wants $name$"
	like 'with its process' "$(cat out)" '^ +Process: [0-9]+ '
	ok 'and is where it is wanted' ctl why "$name"
done

# --- moved, each of them
for name in $daemons; do
	with=
	[ "$name" != nginx ] || with=--with-dependents
	# shellcheck disable=SC2086  # none or one
	ok "$name is stopped" ctl stop $with "$name"
	exits 3 'it is down' ctl status "$name"
	like 'as it was asked to be' "$(cat out)" '^ +Wanted: no: it was asked to be down$'
	ok 'it is started' ctl start "$name"
	is 'which is the last that is said' "$(tail -n 1 out)" "$name: ready"
	ok 'once more' ctl start "$name"
	is 'is well' "$(cat out)" "$name: already ready"
done
ctl start --quiet default haproxy
for name in $daemons; do
	ok "$name is restarted" ctl restart "$name"
	becomes 10 'and answers' "asked_$name"
done
becomes 20 'haproxy has found nginx again' asked_haproxy
for name in haproxy nginx sshd; do
	was=$(main_of $name)
	ok "$name is reloaded" ctl reload "$name"
	becomes 10 'and answers' "asked_$name"
	is 'as the same process' "$(main_of $name)" "$was"
done
like 'what they say is in their logs' "$(ctl logs sshd)" 'Server listening on 0\.0\.0\.0 port 22'
like 'all of it together' "$(ctl logs)" 'ready to accept connections'

# causes NAME - from it to the root, as svctl why has them.
causes() { ctl why "$1" | sed -n 's/^  \(because\|root cause\): /\1: /p'; }
# kill_main NAME - by KILL, as soon as it runs. The pid of what is down is -1, which must not be killed.
runs() { [ "$(main_of "$1")" -gt 1 ]; }
kill_main() {
	until_ok 30 runs "$1"
	was=$(main_of "$1")
	[ "$was" -gt 1 ] && kill -9 "$was" && until_ok 10 gone "$was"
}
# has_line COMMAND NAME ERE - what it prints has a line of a log like this.
has_line() { ctl "$1" "$2" | grep -Eq "^  +[-0-9]+ [:0-9]+ .*$3"; }
# shows NAME ERE - so does svctl why. shown_in_status NAME ERE - so does svctl status.
shows() { becomes 10 "why $1 has the line that tells: $2" has_line why "$1" "$2" || ctl why "$1" | sed 's/^/# /'; }
shown_in_status() { becomes 10 "status $1 has the line that tells: $2" has_line status "$1" "$2"; }
# comes_to NAME TEXT - the cause is this.
comes_to() { [ "$(causes "$1")" = "$2" ]; }
restarting() { ctl why "$1" | grep -q "^R $1 is restarting"; }

# --- nginx: somebody else has its port
ok 'nginx and who needs it are stopped' ctl stop --with-dependents nginx
# shellcheck disable=SC2016  # variables of perl
background perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(LocalAddr => "0.0.0.0:80", Listen => 5, ReuseAddr => 1) or die $!; sleep 1000'
thief=$pid
becomes 10 'another process takes its port' perl -MIO::Socket::INET -e 'IO::Socket::INET->new("127.0.0.1:80") or exit 1'
exits 1 'nginx can not be started while another has its port' ctl start nginx haproxy
like 'which is said at once' "$(cat out)" '^nginx: not ready: nginx failed: exit code 1, and is started again$'
like 'of haproxy with its reason' "$(cat out)" '^haproxy: not ready: haproxy needs nginx; nginx failed: exit code 1, and is started again$'
like 'and who says more' "$(cat err)" '^svctl: hint: svctl --prefix .* why (nginx|haproxy) says more$'
is 'why nginx names nginx' "$(causes nginx)" 'root cause: nginx failed: exit code 1, and is started again'
is 'why haproxy as well' "$(causes haproxy)" 'because: haproxy needs nginx
root cause: nginx failed: exit code 1, and is started again'
taken='bind\(\) to 0\.0\.0\.0:80 failed \(98: Address already in use\)$'
for name in nginx haproxy; do shows "$name" "$taken"; done
shown_in_status nginx "$taken"
shown_in_status nginx 'port 80: another process listens there already'
like 'all that it keeps down is told' "$(ctl why)" 'keeps from where they are wanted: haproxy$'
exits 3 'haproxy does not run' ctl status haproxy
like 'for that reason' "$(cat out)" '^Root cause: nginx failed: exit code 1'
kill "$thief"
ok 'when the port is free they come by themselves' ctl wait nginx haproxy
becomes 20 'and serve' asked_haproxy

# --- redis: a mistake in its configuration, and no test before the start
echo 'prot 6379' >>/etc/redis/redis.conf
exits 1 'redis does not come back from a restart' ctl restart redis
is 'which is the answer' "$(tail -n 1 out)" 'redis: not ready: redis failed: exit code 1, and is started again'
is 'why redis says so' "$(causes redis)" 'root cause: redis failed: exit code 1, and is started again'
shows redis "FATAL CONFIG FILE ERROR"
shows redis ">>> 'prot 6379'"
shown_in_status redis ">>> 'prot 6379'"
like 'with its next try' "$(ctl status redis)" '^ +Restarts: [0-9]+, the next in '
sed -i '$d' /etc/redis/redis.conf
ok 'mended, it is started' ctl start redis
ok 'and answers' asked_redis

# --- unbound: the same, and a test before the start
was=$(main_of unbound)
echo 'mistake' >>/etc/unbound/unbound.conf
exits 1 'a restart of unbound is refused' ctl restart unbound
is 'by its before-start' "$(sed -n 1p out)" 'unbound: not restarted: before-start failed: /usr/sbin/unbound-checkconf: exit code 1'
like 'which names the mistake' "$(cat out)" "^unbound: /etc/unbound/unbound.conf:[0-9]+: error: unknown keyword 'mistake'$"
is 'the old one runs on' "$(main_of unbound)" "$was"
ok 'and answers' asked_unbound
like 'as status says' "$(ctl status unbound)" '^ +State: ready since '
kill_main unbound
becomes 20 'killed, it does not come back' comes_to unbound 'root cause: unbound failed: exit code 1, and is started again'
shows unbound "unknown keyword 'mistake'"
shown_in_status unbound "unknown keyword 'mistake'"
sed -i '$d' /etc/unbound/unbound.conf
ok 'mended, it is started' ctl start unbound
ok 'and answers' asked_unbound

# --- memcached: its program is gone
mkdir "$T/opt"
cp /usr/bin/memcached "$T/opt/memcached"
added memcached local "exec = \"$T/opt/memcached -u memcache -l 127.0.0.1 -P /run/memcached/memcached.pid\""
ok 'memcached runs another program' ctl apply
rm "$T/opt/memcached"
exits 1 'which an upgrade removes' ctl stale
is 'as stale says, and what would come of a restart' "$(cat out)" "memcached: unable to run $T/opt/memcached: No such file or directory: a restart would fail
memcached: $T/opt/memcached was removed"
exits 1 'which is refused' ctl restart memcached
is 'with the reason' "$(cat out)" "memcached: not restarted: unable to run $T/opt/memcached: No such file or directory"
ok 'it runs on' asked_memcached
exits 1 'it does not come back from one that is done all the same' ctl restart --no-test memcached
is 'which is the answer' "$(tail -n 1 out)" 'memcached: not ready: memcached failed: exit code 127, and is started again'
shows memcached "unable to run $T/opt/memcached: No such file or directory$"
shown_in_status memcached "unable to run $T/opt/memcached: No such file or directory$"
cp /usr/bin/memcached "$T/opt/memcached"
ok 'when it is there again, it is started' ctl start memcached
ok 'and answers' asked_memcached

# --- postgresql: its data are gone
data=/var/lib/postgresql/$version
ok 'postgresql is stopped' ctl stop postgresql
mv "$data/main" "$data/elsewhere"
exits 1 'without its data it does not start' ctl start postgresql
is 'which is why' "$(causes postgresql)" 'root cause: postgresql failed: exit code 1, and is started again'
shows postgresql "Error: $data/main is not accessible or does not exist$"
shown_in_status postgresql "Error: $data/main is not accessible or does not exist$"
mkdir "$data/main"
exits 1 'nor where they are of another owner' ctl restart postgresql
shows postgresql "Error: Data directory $data/main must not be owned by root$"
rmdir "$data/main"
mv "$data/elsewhere" "$data/main"
ok 'with its data it starts' ctl start postgresql
ok 'and answers' asked_postgresql

# --- postgresql: what it needs once fails for good
ok 'postgresql is stopped' ctl stop postgresql
mv "/etc/postgresql/$version" "$T/postgresql"
mv "$data" "$T/data"
mount -o remount,ro,bind /var/lib/postgresql
exits 1 'without a cluster there is no postgresql' ctl start postgresql
like 'which is said with the reason' "$(cat out)" '^postgresql: not ready: postgresql needs postgresql-cluster; postgresql-cluster failed: exit code [0-9]+$'
like 'why says the same' "$(causes postgresql)" '^because: postgresql needs postgresql-cluster$'
like 'down to the root' "$(causes postgresql)" '^root cause: postgresql-cluster failed: exit code [0-9]+$'
shows postgresql 'Read-only file system'
like 'with what to type' "$(ctl why postgresql)" '^  try: svctl --prefix .* reset postgresql-cluster$'
like 'status as well' "$(ctl status postgresql)" '^Root cause: postgresql-cluster failed: exit code [0-9]+$'
like 'and the table' "$(ctl status)" '^B postgresql .* postgresql-cluster failed: exit code [0-9]+$'
shown_in_status postgresql-cluster 'Read-only file system'
mount -o remount,rw,bind /var/lib/postgresql
mv "$T/data" "$data"
mv "$T/postgresql" "/etc/postgresql/$version"
ok 'mended, it is tried again as it said' ctl reset postgresql-cluster
ok 'and postgresql comes by itself' ctl wait postgresql
ok 'and answers' asked_postgresql

# --- sshd: its keys are gone
ok 'sshd is stopped' ctl stop sshd
rm /etc/ssh/ssh_host_*
mount -o remount,ro,bind /etc/ssh
exits 1 'without keys there is no sshd' ctl start sshd
is 'which is why' "$(causes sshd)" 'root cause: sshd failed: exit code 1, and is started again'
shows sshd 'no hostkeys available -- exiting'
shown_in_status hostkeys 'Read-only file system'
mount -o remount,rw,bind /etc/ssh
ok 'new ones are made' ctl restart hostkeys
ok 'with these it is started' ctl start sshd
ok 'and answers' asked_sshd

# --- haproxy: who it needs is killed, and can not come back
echo 'mistake' >>/etc/nginx/nginx.conf
kill_main nginx
becomes 20 'nginx is killed' restarting nginx
becomes 20 'and does not come back' comes_to nginx 'root cause: nginx failed: exit code 1, and is started again'
ok 'haproxy stays, and tells its clients' ctl status haproxy
like 'it is shown what is amiss with whom it needs' "$(cat out)" '^ +Needs: .*nginx \(restarting\)'
blocked() { ctl why haproxy | grep -q '^B haproxy is blocked'; }
ok 'stopped and started it waits for nginx' ctl stop haproxy
exits 1 'as its start says' ctl start haproxy
is 'which is why' "$(causes haproxy)" 'because: haproxy needs nginx
root cause: nginx failed: exit code 1, and is started again'
becomes 10 'it is blocked' blocked
shows haproxy 'nginx: configuration file /etc/nginx/nginx.conf test failed$'
shows haproxy 'unexpected end of file, expecting ";" or "}" in /etc/nginx/nginx.conf:[0-9]+$'
sed -i '$d' /etc/nginx/nginx.conf
ok 'when nginx is well it is started' ctl start nginx
ok 'and haproxy with it' ctl wait haproxy
becomes 20 'both serve' asked_haproxy

# --- rsyslog: killed again and again
for _ in 1 2 3 4; do kill_main rsyslog; done
waits() { ctl status rsyslog >"$T/seen"; grep -q '^ *Restarts: .*the next in' "$T/seen"; }
becomes 20 'rsyslog is killed again and again' waits
like 'it is said what ended it' "$(cat seen)" '^ +Last end: killed by KILL, [0-9]+ (s|min) ago$'
like 'how often, and when it is tried again' "$(cat seen)" '^ +Restarts: [0-9]+, the next in [0-9]+ s$'
like 'that is its state' "$(cat seen)" '^ +State: restarting since '
like 'and the cause' "$(cat seen)" '^Root cause: rsyslog failed: killed by KILL, and is started again$'
ok 'it comes back' ctl start rsyslog
ok 'and logs' asked_rsyslog

# --- cron: another one is there already
ok 'cron is stopped' ctl stop cron
background cron -f
another=$pid
until_ok 10 grep -qx "$another" /run/crond.pid
# Its file tells that a cron is ready, so that the service may seem to be for as long as it lives.
ctl start cron >out 2>err
becomes 20 'there is no second cron' comes_to cron 'root cause: cron failed: exit code 1, and is started again'
shows cron "can't lock /var/run/crond.pid, otherpid may be $another"
kill "$another"
until_ok 10 gone "$another"
rm -f /run/crond.pid
ok 'when it is gone, it is started' ctl start cron
becomes 10 'and runs' asked_cron

# --- mosquitto: who may not read its configuration
chmod 600 /etc/mosquitto/mosquitto.conf
exits 1 'mosquitto can not read its configuration' ctl restart mosquitto
shows mosquitto 'Error: Unable to open config file /etc/mosquitto/mosquitto.conf\.$'
chmod 644 /etc/mosquitto/mosquitto.conf
ok 'when it may, it is started' ctl start mosquitto
ok 'and answers' asked_mosquitto

# --- chrony: a line that it does not know
echo 'mistake' >>/etc/chrony/chrony.conf
exits 1 'chrony does not come back from a restart' ctl restart chrony
shows chrony 'Invalid directive at line [0-9]+ in file /etc/chrony/chrony.conf'
sed -i '$d' /etc/chrony/chrony.conf
ok 'mended, it is started' ctl start chrony
ok 'and answers' asked_chrony

# --- dbus: the same
echo '<busconfig><mistake></busconfig>' >"$T/system.conf"
mount --bind "$T/system.conf" /usr/share/dbus-1/system.conf
exits 1 'dbus does not come back from a restart' ctl restart dbus
shows dbus 'mistake'
umount /usr/share/dbus-1/system.conf
ok 'mended, it is started' ctl start dbus
ok 'and answers' asked_dbus

# --- down
settled() { [ "$(ctl why)" = 'all services are as they are wanted' ]; }
# Who died often counts as well when it has stayed for a while.
becomes 30 'all are where they are wanted' settled
ok 'the tree is told to end' ctl halt
like 'and does' "$(tail -n 1 out)" '^halted$'
for program in chronyd cron dbus-daemon haproxy memcached mosquitto nginx postgres redis-check-rdb rsyslogd sshd unbound; do
	ok "$program has left no process" gone_all "$program"
done
done_testing
