#!/bin/sh
# examples/services: twelve daemons of Debian under a manager, each asked by its client.
# limit: 300
#
# The service files are what they are: their ports and directories are those of the system. So all this happens
# in namespaces, in which these are empty and nobody else is.
if [ -z "${OUTSIDE:-}" ] && unshare -m -n -i -p -f true 2>/dev/null; then
	OUTSIDE=$(readlink /proc/self/ns/mnt) && export OUTSIDE
	exec unshare -m -n -i -p -f --kill-child --mount-proc sh "$0"
fi
. "${0%/*}/lib.sh"
. "$here/own-system.sh"
. "$here/managed.sh"
examples=$root/examples/services
daemons='chrony cron dbus haproxy memcached mosquitto nginx postgresql redis rsyslog sshd unbound'
PATH=$PATH:/usr/sbin:/sbin

# --- what is needed
is_root || skip_all 'only root can be other users'
case ${OUTSIDE:-} in ''|"$(readlink /proc/self/ns/mnt)") skip_all 'no namespaces here' ;; esac
missing=
# package PROGRAM... - what is not there is told by the name of its package.
package() { package=$1; shift; has "$@" || missing="$missing $package"; }
package redis-server redis-server
package redis-tools redis-cli
package nginx-light nginx
package postgresql pg_createcluster pg_ctlcluster psql
package openssh-server sshd
package openssh-client ssh-keygen ssh-keyscan
package dbus dbus-daemon dbus-send
package rsyslog rsyslogd
package bsdutils logger
package cron cron
package memcached memcached /usr/share/memcached/scripts/systemd-memcached-wrapper
package mosquitto mosquitto
package mosquitto-clients mosquitto_pub mosquitto_sub
package unbound unbound unbound-checkconf /usr/libexec/unbound-helper
package bind9-dnsutils dig
package haproxy haproxy
package chrony chronyd chronyc
package iproute2 ip
package curl curl
[ -f /usr/share/dns/root.key ] || missing="$missing dns-root-data"
[ -z "$missing" ] || skip_all "not installed:$missing"
own() {
	own_system && own_dev && hide /etc/chrony /etc/cron.d /etc/crontab /etc/default /etc/haproxy /etc/memcached.conf \
		/etc/mosquitto /etc/nginx /etc/postgresql /etc/postgresql-common /etc/redis /etc/rsyslog.conf \
		/etc/rsyslog.d /etc/ssh /etc/unbound /var/lib/chrony /var/lib/dbus /var/lib/haproxy /var/lib/mosquitto \
		/var/lib/nginx /var/lib/postgresql /var/lib/redis /var/lib/unbound /var/log /var/spool/cron \
		/var/spool/rsyslog
}
own || skip_all 'the namespaces are not ours to change'

# --- a system as its packages leave it: where what they ask for is short it is as they have it
mkdir -p /var/lib/haproxy/dev /var/log/nginx /run/www /var/spool/cron/crontabs
mkdir /var/log/redis && chown redis:adm /var/log/redis && chmod 2750 /var/log/redis
mkdir /var/log/postgresql && chown root:postgres /var/log/postgresql && chmod 1775 /var/log/postgresql
echo 'It works' >/run/www/index.html
cat >/etc/nginx/nginx.conf <<'END'
user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events {}
http {
	access_log /var/log/nginx/access.log;
	server { listen 80; root /run/www; }
}
END
cat >/etc/haproxy/haproxy.cfg <<'END'
global
	log /dev/log local0
	log /dev/log local1 notice
	chroot /var/lib/haproxy
	stats socket /run/haproxy/admin.sock mode 660 level admin
	user haproxy
	group haproxy
	daemon
defaults
	log global
	mode http
	option httplog
	timeout connect 5000
	timeout client 50000
	timeout server 50000
frontend all
	bind 127.0.0.1:8080
	default_backend web
backend web
	server nginx 127.0.0.1:80 check
END
cat >/etc/rsyslog.conf <<'END'
module(load="imuxsock")
$WorkDirectory /var/spool/rsyslog
$IncludeConfig /etc/rsyslog.d/*.conf
*.* /var/log/syslog
END
# shellcheck disable=SC2016  # not a variable of ours
echo '$AddUnixListenSocket /var/lib/haproxy/dev/log' >/etc/rsyslog.d/49-haproxy.conf
printf '%s\n' 'bind 127.0.0.1' 'port 6379' 'daemonize yes' 'pidfile /run/redis/redis-server.pid' \
	'logfile /var/log/redis/redis-server.log' 'dir /var/lib/redis' 'save 3600 1' >/etc/redis/redis.conf
printf '%s\n' -d 'logfile /var/log/memcached.log' '-m 64' '-p 11211' '-u memcache' '-l 127.0.0.1' \
	'-P /var/run/memcached/memcached.pid' >/etc/memcached.conf
printf '%s\n' 'pid_file /run/mosquitto/mosquitto.pid' 'persistence true' \
	'persistence_location /var/lib/mosquitto/' 'log_dest file /var/log/mosquitto/mosquitto.log' \
	>/etc/mosquitto/mosquitto.conf
cat >/etc/unbound/unbound.conf <<'END'
server:
	auto-trust-anchor-file: "/var/lib/unbound/root.key"
remote-control:
	control-enable: yes
	control-interface: /run/unbound.ctl
END
printf '%s\n' 'keyfile /etc/chrony/chrony.keys' 'driftfile /var/lib/chrony/chrony.drift' 'logdir /var/log/chrony' \
	'ntsdumpdir /var/lib/chrony' rtcsync 'makestep 1 3' >/etc/chrony/chrony.conf
: >/etc/chrony/chrony.keys
echo 'UsePAM yes' >/etc/ssh/sshd_config
echo 'DAEMON_OPTS="-F 1"' >/etc/default/chrony
echo "EXTRA_OPTS='-L 15'" >/etc/default/cron
echo '@reboot root : >/run/cron-has-run' >/etc/cron.d/test

# --- the service files, and what this machine adds to them
cp "$examples"/*.toml etc/services/
ln -s ../services/default.toml etc/enabled/default
# added NAME WORD LINE - a drop-in.
added() { mkdir -p "etc/services/$1.d" && echo "$3" >"etc/services/$1.d/$2.toml"; }
# The clock is not ours.
# shellcheck disable=SC2016  # a variable of the service
added chrony no-clock 'exec = "/usr/sbin/chronyd -x $DAEMON_OPTS"'
# Another release has another PostgreSQL.
version=$(find /usr/lib/postgresql -name postgres | sed -n 's,/usr/lib/postgresql/\(.*\)/bin/.*,\1,p' | sort -n | tail -n 1)
if [ "$version" != 15 ]; then
	for name in postgresql postgresql-cluster; do
		added "$name" version "$(sed -n "/^exec\|^start/s,15,$version,gp" "$examples/$name.toml")"
	done
fi
# Where we may not, as in a container, nobody gets more than we have.
svc-limit nofile=65536 true 2>/dev/null || for name in mosquitto nginx redis rsyslog; do
	added "$name" limits 'limits.nofile = "max"'
done
svc-oom -900 true 2>/dev/null || for name in dbus postgresql; do
	added "$name" oom "oom-score-adjust = $(cat /proc/self/oom_score_adj)"
done

ok 'they compile' svc-compile --programs "$BIN" --output "$T/lib" etc/services
is 'and nothing is blamed' "$(cat err)" ''
like 'all would be up after a boot' "$(cat out)" '^after a boot: 17 ready$'
graph=$T/lib/boot/graph scan=$T/run/scan

# --- up, all that can at the same time
# shellcheck disable=SC2119  # no options
managed
tree=$pid
main_of() { svc-stat -o pid "$scan/$1"; }
# What the manager was told, and its successor. mark: what comes from now on is looked at by the next.
record() { cat run/manager/record.old run/manager/record 2>/dev/null; }
mark() { marked=$(record | wc -l); }
# order - what is wrong with the order since the mark: who was started before all that it needs or comes after was
# ready, who ended before all that need it or come after. A milestone counts for starts alone.
order() {
	record | awk -v marked="$marked" '
		FNR == NR && $1 == "service" { service = $2; kind[$2] = $3 }
		FNR == NR && /^ (requires|after|milestone) / { needs[service] = needs[service] " " $2 }
		FNR == NR && /^ (requires|after) / { users[$2] = users[$2] " " service }
		FNR == NR { next }
		function down(name) {
			for (i = split(users[name], names); i > 0; i--)
				if (names[i] in up && FNR > marked) print name " ended before " names[i]
			delete up[name]
		}
		$2 == "started" {
			for (i = split(needs[$3], names); i > 0; i--)
				if (!(names[i] in ready) && FNR > marked) print $3 " was started before " names[i] " was ready"
			up[$3]; starts++
		}
		$2 == "ready" { ready[$3] }
		$2 == "ended" && kind[$3] == "oneshot" && !($3 in ready) { up[$3]; ready[$3]; next }
		$2 == "ended" || $2 == "died" { down($3); if (kind[$3] == "daemon") delete ready[$3] }
		END { if (!starts) print "nobody was started" }' "$graph" -
}
since_mark() { record | tail -n "+$((marked + 1))"; }
# told NAME... - what there was of these since the mark; untold NAME... - of others.
told() { since_mark | awk -v of=" $* " 'index(of, " " $3 " ") { print $2, $3 }' | uniq; }
untold() { since_mark | awk -v of=" $* " '$2 != "step" && !index(of, " " $3 " ")'; }

marked=0
ok 'all are brought up' change up default
is 'each after what it needs' "$(order)" ''
# Making a cluster takes seconds.
is 'and none waits for who is nothing to it' "$(told nginx postgresql-cluster)" 'started nginx
ready nginx
ended postgresql-cluster'

# --- each serves
asked_chrony() { chronyc -n tracking | grep -q '^Reference ID'; }
asked_cron() { [ -e /run/cron-has-run ] && [ "$(cat /run/crond.pid)" = "$(main_of cron)" ]; }
asked_dbus() { dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId | grep -q string; }
asked_haproxy() { [ "$(curl -fs http://127.0.0.1:8080/)" = 'It works' ]; }
asked_memcached() { answers 11211 'stats\r\nquit\r\n' '^STAT pid'; }
asked_mosquitto() { mosquitto_pub -r -t probe -m heard && [ "$(mosquitto_sub -t probe -C 1 -W 10)" = heard ]; }
asked_nginx() { [ "$(curl -fs http://127.0.0.1/)" = 'It works' ]; }
asked_postgresql() { svc-setuid postgres psql -Atc 'select 6 * 7' | grep -qx 42; }
asked_redis() { [ "$(redis-cli ping)" = PONG ]; }
asked_rsyslog() { logger "line $((lines += 1))" && until_ok 5 grep -q "line $lines\$" /var/log/syslog; }
asked_sshd() { [ "$(ssh-keyscan -t ed25519 127.0.0.1 | cut -d ' ' -f 2,3)" = "$(cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub)" ]; }
asked_unbound() { [ "$(dig +short +tries=1 @127.0.0.1 localhost)" = 127.0.0.1 ]; }
lines=0
for name in $daemons; do
	ok "$name is ready" svc-wait -t 1 ready "$scan/$name"
	ok "and answers at once" "asked_$name"
done

# --- as whom, and with what
# runs_as PROGRAM USER - one process of it, at least, is of that user.
runs_as() { for of in $(processes "$1"); do uid_of "$of"; done | grep -qx "$(id -u "$2")"; }
while read -r program user; do ok "$program is $user" runs_as "$program" "$user"; done <<'END'
chronyd _chrony
cron root
dbus-daemon messagebus
haproxy haproxy
memcached memcache
mosquitto mosquitto
nginx www-data
postgres postgres
redis-check-rdb redis
rsyslogd root
sshd root
unbound unbound
END
ok 'haproxy logs to rsyslog, out of its chroot' until_ok 5 grep -q 'haproxy.*GET / HTTP' /var/log/syslog
contains 'what was added to chrony counts' "$(tr '\0' ' ' <"/proc/$(processes chronyd | sed 1q)/cmdline")" ' -x '
is 'a directory is whose it has to be' "$(stat -c '%a %U:%G' /run/chrony /run/haproxy /run/memcached)" '700 _chrony:_chrony
2775 haproxy:haproxy
755 memcache:memcache'

# --- restarted
mark
ok 'nginx is restarted' change restart nginx
is 'and haproxy with it: it stops first, and starts last' "$(told nginx haproxy)" 'restart nginx
ended haproxy
ended nginx
started nginx
ready nginx
started haproxy
ready haproxy'
is 'nobody else' "$(untold nginx haproxy)" ''
ok 'nginx answers at once' asked_nginx
ok 'and haproxy' asked_haproxy

# --- killed
for name in $daemons; do
	ok "$name is killed and becomes ready again" svc-ctl -w R -T 60000 kill "$scan/$name"
	becomes 10 'and answers' "asked_$name"
done
until_ok 30 asked_haproxy

# --- their configuration is read again
sed -i 's,/run/www,/run/other,' /etc/nginx/nginx.conf
mkdir /run/other && echo 'It works otherwise' >/run/other/index.html
was=$(main_of nginx)
ok 'nginx is reloaded' change reload nginx
otherwise() { [ "$(curl -fs http://127.0.0.1/)" = 'It works otherwise' ]; }
becomes 10 'and serves what it says now' otherwise
is 'as the same process' "$(main_of nginx)" "$was"
echo 'Banner none' >>/etc/ssh/sshd_config
ok 'sshd is reloaded' change reload sshd
becomes 10 'and answers' asked_sshd

# --- a mistake in a configuration takes nothing down
# refused VERB NAME WHY - by its before-start, which says so; it serves on, as the same process.
refused() {
	was=$(main_of "$2")
	exits 1 "$1 of $2 with a mistake is refused" change "$1" "$2"
	like 'by its before-start' "$(cat out)" "^$2: not $1ed: before-start failed: /usr/sbin/$2 .*: exit code [0-9]+\$"
	like 'which tells the mistake' "$(cat out)" "^$2: .*$3"
	is 'as the same process' "$(main_of "$2")" "$was"
	ok "$2 serves on" "asked_$2"
}
asked_nginx() { otherwise; }
echo 'mistake' >>/etc/nginx/nginx.conf
refused reload nginx 'unexpected end of file'
was_haproxy=$(main_of haproxy)
refused restart nginx 'unexpected end of file'
is 'and so does who would have gone with it' "$(main_of haproxy)" "$was_haproxy"
sed -i '$d' /etc/nginx/nginx.conf
echo 'mistake' >>/etc/haproxy/haproxy.cfg
asked_haproxy() { [ "$(curl -fs http://127.0.0.1:8080/)" = 'It works otherwise' ]; }
refused restart haproxy "unknown keyword 'mistake'"
exits 1 'nor is nginx restarted when haproxy could not be' change restart nginx
is 'which is said' "$(tail -n 1 out)" 'nginx: not restarted'
sed -i '$d' /etc/haproxy/haproxy.cfg
echo 'Mistake yes' >>/etc/ssh/sshd_config
refused reload sshd 'Bad configuration option: Mistake'
refused restart sshd 'Bad configuration option: Mistake'
sed -i '$d' /etc/ssh/sshd_config
ok 'when they are mended all are restarted' change restart nginx sshd
becomes 10 'nginx serves' asked_nginx
becomes 10 'haproxy serves' asked_haproxy
becomes 10 'sshd serves' asked_sshd

# --- the manager is killed
pids() { for name in $daemons; do echo "$name $(main_of "$name")"; done; }
was=$(pids) killed=$(manager)
ok 'the manager is killed' kill -9 "$killed"
another() { [ "$(manager)" != "$killed" ] && takes_requests; }
becomes 10 'there is another one' another
# shellcheck disable=SC2086  # words
ok 'for which all are ready' change wait --ready $daemons
is 'and no daemon has noticed' "$(pids)" "$was"

# --- down
mark
ok 'all are stopped' change down default
# shellcheck disable=SC2086  # words
ok 'and are down' change wait --down $daemons
is 'each after those who need it' "$(order)" ''
for program in chronyd cron dbus-daemon haproxy memcached mosquitto nginx postgres redis-check-rdb rsyslogd sshd unbound; do
	ok "$program has left no process" gone_all "$program"
done
is 'and nobody a directory in /run that should go' "$(ls -d /run/chrony /run/dbus /run/haproxy /run/memcached \
	/run/mosquitto /run/redis /run/sshd 2>/dev/null)" ''

ok 'the tree is told to end' svc-scanctl terminate "$scan"
becomes 30 'and does' gone "$tree"
done_testing
