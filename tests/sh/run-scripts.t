#!/bin/sh
# examples/run: the run scripts of the page "Writing a run script", each with its daemon.
# limit: 300
#
# The scripts are what they are: their ports and directories are those of the system. So all this happens
# in namespaces, in which these are empty and nobody else is.
if [ -z "${OUTSIDE:-}" ] && unshare -m -n -i -p -f true 2>/dev/null; then
	OUTSIDE=$(readlink /proc/self/ns/mnt) && export OUTSIDE
	exec unshare -m -n -i -p -f --kill-child --mount-proc sh "$0"
fi
. "${0%/*}/lib.sh"
. "$here/supervised.sh"
. "$here/own-system.sh"
examples=$root/examples/run

is_root || skip_all 'only root can be other users'
case ${OUTSIDE:-} in ''|"$(readlink /proc/self/ns/mnt)") skip_all 'no namespaces here' ;; esac
has ip || skip_all 'no ip here (iproute2)'
own_system || skip_all 'the namespaces are not ours to change'
PATH=$PATH:/usr/sbin:/sbin

hide /etc/nginx /etc/postgresql /etc/redis /etc/ssh /etc/munge /etc/default /etc/cron.d /etc/crontab \
	/etc/dnsmasq.conf /etc/dnsmasq.d /etc/resolv.conf /etc/postgresql-common \
	/var/lib/nginx /var/lib/postgresql /var/lib/redis /var/lib/munge /var/lib/misc /var/lib/dbus \
	/var/log /var/spool/cron || skip_all 'what is here can not be hidden'

# example NAME PROGRAM [SED-SCRIPT] - puts that service under a supervisor. A test need not be installed to
# be run: so svc-chain is the one of the build.
example() {
	name=$1 program=$2
	cp -R "$examples/$name" .
	sed "1s,/usr/bin/,$BIN/,; ${3:-}" "$examples/$name/run" >"$name/run"
	is "$name: nothing is wrong with it" "$(cd "$name" && svc-chain --check run 2>&1)" ''
	supervise "$name"
}
main_of() { svc-stat -o pid "$1"; }
# is_of USER - the service is.
is_of() { [ "$(uid_of "$(main_of "$name")")" = "$(id -u "$1")" ]; }

# lives UP LETTER USER ANSWER... - the service becomes UP (which LETTER waits for), its process is of USER, it
# answers, is killed, comes back, and answers again.
lives() {
	up=$1 letter=$2 user=$3; shift 3
	ok "$name: it becomes $up" svc-wait -t 60000 "$up" "$name"
	# One that drops root itself may do so when it already listens.
	becomes 10 'it is of its user' is_of "$user"
	becomes 30 'it answers' "$@"
	ok 'it is killed and comes back' svc-ctl -w "$letter" -T 60000 kill "$name"
	becomes 30 'and answers again' "$@"
}
# stops - the service does so, with all of its processes.
stops() {
	ok 'it stops' svc-ctl -w D -T 60000 down "$name"
	becomes 10 'and leaves no process' gone_all "$program"
}
# said DESCRIPTION TEXT - it has said so to its log, which is here what its supervisor says.
said() { contains "$1" "$(cat "$pid.out")" "$2"; }
# lacking PROGRAM... - says that this is not tested.
lacking() { skip "$1" "not installed: $*"; }

# --- nginx
if has nginx; then
	mkdir -p /var/log/nginx /run/www
	echo 'It works' >/run/www/index.html
	cat >/etc/nginx/nginx.conf <<-'END'
		user www-data;
		worker_processes 1;
		pid /run/nginx.pid;
		error_log /var/log/nginx/error.log;
		events {}
		http {
			access_log /var/log/nginx/access.log;
			server { listen 80; root /run/www; }
		}
	END
	example nginx nginx
	lives ready R root answers 80 'GET / HTTP/1.0\r\n\r\n' 'It works'
	workers() { processes nginx | grep -vx "$(main_of nginx)"; }
	of_www_data() { [ "$(for worker in $(workers); do uid_of "$worker"; done)" = "$(id -u www-data)" ]; }
	becomes 10 'its worker is www-data' of_www_data
	is 'that of the killed one has not kept the port' "$(grep 'Address already in use' "$pid.out")" ''
	answer 80 'GET /none HTTP/1.0\r\n\r\n' >/dev/null
	said 'what is wrong is said to its log' '/none" failed'
	stops
else
	lacking nginx
fi

# --- postgresql
version=$(find /usr/lib/postgresql -name postgres 2>/dev/null | sed -n 's,/usr/lib/postgresql/\(.*\)/bin/.*,\1,p' | sort -n | tail -n 1)
if [ "$version" ] && has pg_createcluster; then
	mkdir -p /var/log/postgresql
	chown postgres: /var/log/postgresql
	ok 'postgresql: there is a cluster' pg_createcluster "$version" main -- --no-sync
	# As after a boot.
	rmdir /run/postgresql
	example postgresql postgres "s,/15/,/$version/,g"
	query() { svc-setuid postgres psql -Atc 'select 6 * 7' | grep -qx 42; }
	lives ready R postgres query
	said 'what it says goes to its log' 'database system is ready to accept connections'
	svc-setuid postgres psql -c 'select pg_sleep(1000)' >/dev/null 2>&1 &
	sleeping() { svc-setuid postgres psql -Atc 'select query from pg_stat_activity' | grep -q pg_sleep\(1000; }
	becomes 30 'somebody uses it' sleeping
	stops
else
	lacking postgresql
fi

# --- sshd
if has /usr/sbin/sshd ssh-keygen; then
	ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
	echo 'HostKey /etc/ssh/ssh_host_ed25519_key' >/etc/ssh/sshd_config
	example sshd sshd
	lives ready R root answers 22 '' '^SSH-2.0-'
	said 'what it says goes to its log' 'listening on 0.0.0.0 port 22'
	stops
else
	lacking openssh-server
fi

# --- getty
if has /sbin/agetty python3; then
	# Somebody who sits at a terminal, and what is on the screen.
	cat >terminal.py <<-'END'
		import os, pty
		user, tty = pty.openpty()
		with open("tty.new", "w") as file: file.write(os.ttyname(tty))
		os.rename("tty.new", "tty")
		with open("screen", "ab", 0) as screen:
		    while True: screen.write(os.read(user, 1000))
	END
	background python3 terminal.py
	until_ok 10 test -e tty
	prompts() { [ "$(grep -ac 'login:' screen)" -ge "$1" ]; }
	example getty agetty "s,tty1,$(sed 's,/dev/,,' tty),"
	becomes 30 'getty: it asks who is there' prompts 1
	is 'on a terminal that it controls' "$(ps -o tty= -p "$(main_of getty)" | tr -d ' ')" "$(sed 's,/dev/,,' tty)"
	is 'as root' "$(uid_of "$(main_of getty)")" 0
	ok 'it is killed and comes back' svc-ctl -w r -T 60000 kill getty
	becomes 30 'and asks again' prompts 2
	stops
else
	lacking agetty python3
fi

# --- java
if has /usr/bin/java; then
	example java java
	lives ready R daemon answers 1099 'JRMI\0\002K' '^N'
	stops
else
	lacking default-jre-headless
fi

# --- munge
if has munged munge; then
	mkdir -p /var/log/munge
	chown munge: /var/log/munge
	head -c 1024 /dev/urandom >/etc/munge/munge.key
	chown munge: /etc/munge/munge.key && chmod 600 /etc/munge/munge.key
	example munge munged
	daemon() { cat /run/munge/munged.pid; }
	credential() { munge -n | unmunge | grep -q 'Success'; }
	ok 'munge: it becomes ready' svc-wait -t 60000 ready munge
	ok 'and answers at once' credential
	is 'the daemon is of its user' "$(uid_of "$(daemon)")" "$(id -u munge)"
	ok 'and not what the supervisor knows' [ "$(daemon)" != "$(main_of munge)" ]
	first=$(daemon)
	ok 'it is killed' kill -9 "$first"
	another() { [ "$(daemon)" != "$first" ] && credential; }
	becomes 60 'and there is another one' another
	is 'one only' "$(processes munged | wc -l)" 1
	lives ready R munge credential
	stops
else
	lacking munge
fi

# --- dbus
if has dbus-daemon dbus-send; then
	example dbus dbus-daemon
	bus() { dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId | grep -q string; }
	lives ready R messagebus bus
	stops
else
	lacking dbus
fi

# --- cron
if has cron; then
	mkdir -p /var/spool/cron/crontabs
	echo "EXTRA_OPTS='-l -L 15'" >/etc/default/cron
	echo "@reboot root : >/run/cron-has-run" >/etc/cron.d/test
	example cron cron
	configured() { tr '\0' ' ' <"/proc/$(main_of cron)/cmdline" | grep -qx '/usr/sbin/cron -f -l -L 15 '; }
	becomes 60 'cron: its jobs are done' test -e /run/cron-has-run
	lives up r root configured
	stops
else
	lacking cron
fi

# --- dnsmasq
if has dnsmasq; then
	example dnsmasq dnsmasq
	# A question for localhost, by TCP: id 1, recursion, one question, A, IN.
	lives ready R dnsmasq answers 53 '\000\033\000\001\001\000\000\001\000\000\000\000\000\000\011localhost\000\000\001\000\001' "$(printf '\177')"
	stops
else
	lacking dnsmasq-base
fi

# --- redis
if has redis-server redis-cli; then
	printf '%s\n' 'bind 127.0.0.1' 'port 6379' 'daemonize yes' 'pidfile /run/redis/redis-server.pid' \
		'unixsocket /run/redis/redis-server.sock' \
		'logfile /var/log/redis/redis-server.log' 'dir /var/lib/redis' 'save 3600 1' >/etc/redis/redis.conf
	example redis redis-server
	pings() { [ "$(redis-cli -s /run/redis/redis-server.sock ping)" = PONG ]; }
	lives ready R redis pings
	said 'what it says goes to its log' 'Ready to accept connections'
	stops
else
	lacking redis-server
fi

done_testing
