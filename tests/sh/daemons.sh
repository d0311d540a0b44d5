# shellcheck shell=sh
# daemons.sh - for tests of examples/services, sourced in place of lib.sh: twelve daemons of Debian, each on a
# system as its package leaves it, and how its client asks it.
#
# The service files are what they are: their ports and directories are those of the system. So all this happens
# in namespaces, in which these are empty and nobody else is.
if [ -z "${OUTSIDE:-}" ] && unshare -m -n -i -p -f true 2>/dev/null; then
	OUTSIDE=$(readlink /proc/self/ns/mnt) && export OUTSIDE
	exec unshare -m -n -i -p -f --kill-child --mount-proc sh "$0"
fi
. "${0%/*}/lib.sh"
. "$here/own-system.sh"
examples=$root/examples/services
# shellcheck disable=SC2034  # for who sources this
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
# shellcheck disable=SC2154  # etc: of who sources this
# added NAME WORD LINE - a drop-in.
added() { mkdir -p "$etc/services/$1.d" && echo "$3" >"$etc/services/$1.d/$2.toml"; }
# service_files - all of them, in $etc/services.
service_files() {
	cp "$examples"/*.toml "$etc/services/"
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
}

# --- how each is asked
# main_of NAME - the pid of its first process, as its supervisor in $scan has it.
# shellcheck disable=SC2154  # scan: of who sources this
main_of() { svc-stat -o pid "$scan/$1"; }
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
