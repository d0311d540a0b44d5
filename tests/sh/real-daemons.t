#!/bin/sh
# examples/services: twelve daemons of Debian under a manager, each asked by its client.
# limit: 300
. "${0%/*}/daemons.sh"
. "$here/managed.sh"
service_files
ln -s ../services/default.toml etc/enabled/default

ok 'they compile' svc-compile --programs "$BIN" --output "$T/lib" etc/services
is 'and nothing is blamed' "$(cat err)" ''
like 'all would be up after a boot' "$(cat out)" '^after a boot: 17 ready$'
graph=$T/lib/boot/graph scan=$T/run/scan

# --- up, all that can at the same time
# shellcheck disable=SC2119  # no options
managed
tree=$pid
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
for name in $daemons; do
	ok "$name is ready" svc-wait -t 60000 ready "$scan/$name"
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
