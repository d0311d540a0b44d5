#!/bin/sh
# The service directories of Debian's packages runit-services and runit, unchanged, installed as
# Debian installs them. Their run, check, control/ and finish scripts are really executed; the daemons
# are stand-ins. All of it in namespaces of its own, with the system's files below an overlay: these
# scripts stop what the machine's own init has started.
# limit: 300
apart='unshare --mount --pid --fork --net --ipc --mount-proc'
if [ "$(id -u)" = 0 ] && [ "${COPPICE_INSIDE:-}" != yes ] && $apart true 2>/dev/null; then
	COPPICE_INSIDE=yes exec $apart --kill-child sh "$0"
fi
. "${0%/*}/lib.sh"

packaged=/usr/share/runit/sv
[ "${COPPICE_INSIDE:-}" = yes ] || skip_all 'not root, or no namespaces here'
[ -d $packaged/dbus ] || skip_all 'the package runit-services is not installed'
[ -x /lib/runit/finish-exec ] || skip_all 'the package runit is not installed'
has perl || skip_all 'perl is not installed'

# What the machine has is below; what is written is in a tmpfs, which ends with the namespace.
mount -t tmpfs tmpfs /mnt || skip_all 'no tmpfs here'
for dir in usr etc var; do
	mkdir "/mnt/$dir" "/mnt/work.$dir"
	mount -t overlay overlay -o "lowerdir=/$dir,upperdir=/mnt/$dir,workdir=/mnt/work.$dir" "/$dir" ||
		skip_all 'no overlays here'
done
mount -t tmpfs tmpfs /run
ln -sfn /run /var/run 2>/dev/null
rm -rf /etc/service /etc/init.d /etc/rc2.d /etc/sv/dbus* /usr/sbin/policy-rc.d /etc/default
mkdir -p /etc/service /etc/init.d /etc/rc2.d /etc/default /run/runit/supervise /run/stub \
	/etc/X11 /etc/apache2 /etc/postfix /etc/lirc /usr/lib/elogind /var/log/runit
chmod 777 /run/stub
for user in mysql messagebus Debian-exim sddm; do
	grep -q "^$user:" /etc/passwd || echo "$user:x:65533:65533::/:/bin/false" >>/etc/passwd
	grep -q "^$user:" /etc/group || echo "$user:x:65533:" >>/etc/group
done
echo /usr/sbin/lightdm >/etc/X11/default-display-manager
echo START_DAEMON=true >/etc/default/mdadm
touch /etc/apache2/envvars /etc/postfix/main.cf /etc/lirc/lirc_options.conf /etc/runit/verbose /etc/runit/debug

# A stand-in for a daemon, and for its checks of its configuration; it tells how it was called.
cat >/usr/lib/stub <<'EOF'
#!/bin/sh
name=${0##*/}
case "$name $*" in
'ntpd -n' | 'proftpd --configtest' | 'postfix check' | dhcpd*' -t'* | dhcpd*' -T'*) exit 0 ;;
'postfix stop' | 'apache2ctl stop')
	daemon=${name%ctl}
	echo stopped >"/run/stub/$daemon.stopped"
	kill "$(cat "/run/stub/$daemon.pid")"
	exit ;;
esac
echo $$ >"/run/stub/$name.pid"
echo "$name $*" >"/run/stub/${PWD##*/}.called"
[ "$name" != dbus-daemon ] || exec perl -MSocket -e '
	unlink $ARGV[0];
	socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, sockaddr_un($ARGV[0])) or die;
	sleep' /run/dbus/system_bus_socket
exec sleep 100000
EOF
chmod 755 /usr/lib/stub
# stand_in PATH... - puts it there.
stand_in() { for path do mkdir -p "${path%/*}"; rm -f "$path"; ln -s /usr/lib/stub "$path"; done; }
# What a script merely asks has a simple answer.
for tool in postconf apachectl loginctl ifconfig lircd-setup dbus-uuidgen plymouth; do
	rm -f "/usr/bin/$tool" "/usr/sbin/$tool"
	printf '#!/bin/sh\necho inet\n' >"/usr/bin/$tool"
	[ "$tool" != lircd-setup ] || mv /usr/bin/$tool /usr/sbin/$tool
	chmod 755 /usr/*bin/"$tool"
done
stand_in /usr/sbin/apache2ctl

# The services, as cpsv of the package runit installs them.
names=
for dir in "$packaged"/*/ /etc/sv/default-syslog/; do
	name=$(basename "$dir")
	names="$names $name"
	[ -d "/etc/sv/$name" ] || cp -a "$dir" "/etc/sv/$name"
	cd "/etc/sv/$name" || exit 111
	ln -sfn "/run/runit/supervise/$name" supervise
	if [ -d log ]; then
		ln -sfn "/run/runit/supervise/$name.log" log/supervise
		[ -e log/run ] || ln -s /etc/sv/svlogd/run log/run
	fi
	# The daemon, where the package expects it and where the script will look for it.
	[ ! -e .meta/bin ] || stand_in "$(cat .meta/bin)"
	command=$(sed -n 's/^exec  *\([^0-9>].*\)/\1/p' run | grep -v '^[0-9]*>&' | tail -n 1)
	case $command in chpst*) command=$(echo "$command" | sed 's/^chpst  *-[mu] *[^ ]*  *//') ;; esac
	case ${command%% *} in
	sleep | '') ;;
	/*) stand_in "${command%% *}" ;;
	*) stand_in "/usr/sbin/${command%% *}" "/usr/bin/${command%% *}" ;;
	esac
	ln -s "/etc/sv/$name" "/etc/service/$name"
	cd "$T" || exit 111
done

# The tree, with our sv first in PATH; SVDIR is not needed, since the services are where Debian's sv
# seeks them.
mkdir runit
ln -s "$BIN/svc-sv" runit/sv
cat >start <<EOF
#!/bin/sh
PATH=$T/runit:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
exec $BIN/svc-scan /etc/service 2>&1
EOF
background sh start
scan=$pid

field() { svc-stat -o "$1" "/etc/service/$2"; }
called() { [ -s "/run/stub/$1.called" ]; }
is_up() { called "$1" && [ "$(field up "$1")" = true ]; }
is_down() { [ "$(field up,wantedup "$1")" = 'false false' ]; }
# ended NAME - how run ended last.
ended() { sed -n 's/^last-run=//p' "/run/runit/supervise/$1/status"; }

running=
for name in $names; do
	case $name in
	# Another display manager is the chosen one; and this one goes down when it has done its work.
	sddm | slim | xdm | dbus.dep-fixer) continue ;;
	default-syslog) becomes 20 "$name is up" prints true field up "$name"; continue ;;
	mdadm) [ -e /proc/mdstat ] || { skip "$name" 'the kernel has no /proc/mdstat'; continue; } ;;
	esac
	becomes 30 "$name is up" is_up "$name"
	running="$running $name"
done
for name in sddm slim xdm; do
	becomes 20 "$name, not chosen, is down to stay" is_down $name
	# Told late, its supervisor has started it once more, and ended that.
	like 'because its finish saw exit code 161, and called sv' "$(ended $name)" '^(exit=161|signal=TERM)$'
done
becomes 20 'dbus.dep-fixer has told its own supervisor to stop it' is_down dbus.dep-fixer
is 'anacron has told its own supervisor not to start it again' \
	"$(sed -n 's/^wanted=//p' /run/runit/supervise/anacron/status)" once
is 'a daemon gets the arguments of its package' "$(cat /run/stub/cron.called)" 'cron -f'
is 'also through chpst' "$(cat /run/stub/dhclient.called)" 'dhclient -d'
ok 'check is asked' "$BIN/svc-sv" check /etc/service/dbus
rm /run/dbus/system_bus_socket
exits 1 'and may say no' "$BIN/svc-sv" -w 1 check /etc/service/dbus
ok 'a restart brings it back' "$T/runit/sv" -w 20 restart dbus

for name in $running; do
	ok "$name stops" "$T/runit/sv" -w 20 stop "$name"
done
is 'most of them by TERM' "$(ended chrony)" signal=TERM
is 'elogind by its control script, which sends INT by sv' "$(ended elogind)" signal=INT
for name in apache2 postfix; do
	ok "$name by its control script, which calls the program's own stop" test -s "/run/stub/$name.stopped"
done
contains 'finish is told -1, as by runsv' "$(cat "$scan.out")" 'cron : run exit code is -1'
becomes 10 'svlogd has written what they said' grep -q 'starting chrony' /var/log/runit/chrony/current
becomes 10 'and that finish was told -1 there, too' \
	grep -q 'chrony : run exit code is -1' /var/log/runit/chrony/current
kill "$scan"
becomes 20 'the tree ends' gone "$scan"
done_testing
