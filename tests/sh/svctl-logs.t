#!/bin/sh
# Where the lines of services go in a tree that svctl boots, and by which directives.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111
rm -rf "${T:?}"/*
mkdir -p "$etc/services" "$etc/enabled"
logs=$T/var/log/coppice

# log NAME - its lines, without their times.
log() { sed 's/^@[0-9a-f]* //' "$logs/$1/current" 2>/dev/null; }
logged_as() { log "$1" | grep -qx -e "$2"; }
logd() { svc-stat -o pid "$run/scan/svc-logd"; }
# says WORD - what talker is to say.
says() { echo "$1" >"$T/fifo"; }

for name in a b c d e f; do
	unit "quick-$name" <<EOF
type = "oneshot"
start = ["echo", "$name was here"]
EOF
done
mkfifo fifo
unit talker <<EOF
exec = ["/bin/sh", "-c", "while :; do read -r word <'$T/fifo' && echo \$word; done"]
log.prefix = "one: "
EOF
unit own <<'EOF'
exec = ["/bin/sh", "-c", "echo mine; exec sleep 1000"]
log.own = true
EOF
unit vital <<'EOF'
exec = ["/bin/sh", "-c", "echo of the essence; exec sleep 1000"]
essential = true
EOF
mkfifo later
unit silent <<EOF
exec = ["/bin/sh", "-c", "read -r word <'$T/later'; echo \$word; exec sleep 1000"]
EOF
printf 'exec = ["true"]\n' | unit unlive
mkdir elsewhere
unit away <<EOF
exec = ["/bin/sh", "-c", "echo far; exec sleep 1000"]
log.directory = "$T/elsewhere/away"
EOF
unit own-away <<EOF
exec = ["/bin/sh", "-c", "echo farther; exec sleep 1000"]
log.own = true
log.directory = "$T/elsewhere/own"
EOF
enabled away own-away silent quick-a quick-b quick-c quick-d quick-e quick-f talker own vital

ok 'a tree is booted' ctl boot --background
ok 'all that is enabled comes up' ctl wait --timeout 60s quick-a quick-b quick-c quick-d quick-e quick-f talker own vital
for name in a b c d e f; do
	becomes 10 "what a oneshot says that ends at once is logged: $name" logged_as "quick-$name" "$name was here"
done
becomes 10 'a logger of its own logs below the prefix' logged_as own mine
becomes 10 'so does that of what is essential' logged_as vital 'of the essence'
contains 'and svctl finds it there' "$(ctl status own | grep Log:)" "$logs/own"
is 'its definition is what the files say' "$(ctl stale)" 'nothing is stale'

says first
becomes 10 'the first directives hold' logged_as talker 'one: first'
was=$(logd)
sed -i 's/one:/two:/' "$etc/services/talker.toml"
ok 'other directives can be applied' ctl apply
like 'which is told' "$(cat out)" '^talker: logged otherwise$'
# In a process of its own: whoever calls it counts its tries, too.
said_so() { says "$1"; (until_ok 1 logged_as talker "$2: $1"); }
becomes 10 'then these hold' said_so second two
is 'the logger was not restarted' "$(logd)" "$was"
ok 'an older generation can be live, and not the one of the next boot' ctl apply 1
becomes 10 'then its directives hold' said_so third one
sed -i '/prefix/d' "$etc/services/talker.toml"
ok 'they can go' ctl apply
plainly() { says "$1"; (until_ok 1 logged_as talker "$1"); }
becomes 10 'then there are none' plainly fourth

# What has no lines yet.
ok 'a service that has said nothing has a log' ctl logs silent
is 'in which there is nothing' "$(cat out err)" 'svctl: info: silent has logged nothing yet'
ok 'by its other name' ctl logs silent.service --json
is 'which is said the same way' "$(cat out err)" 'svctl: info: silent has logged nothing yet'
ok 'one that is not live' ctl logs unlive
is 'is as silent' "$(cat out err)" 'svctl: info: unlive has logged nothing yet'
ok 'others that were asked for are shown' ctl logs silent own --stamp none
is 'besides' "$(cat out err)" 'mine
svctl: info: silent has logged nothing yet'
until_ok 10 grep -q . elsewhere/away/current
is 'one that logs elsewhere is found there' "$(ctl logs away --stamp none 2>&1)" far
until_ok 10 grep -q . elsewhere/own/current
is 'also with a logger of its own' "$(ctl logs own-away --stamp none 2>&1)" farther
like 'status knows that' "$(ctl status own-away)" "^ *Log: $T/elsewhere/own$"
exits 100 'a service that there is not' ctl logs silen
contains 'is told apart' "$(cat err)" 'there is no service silen (did you mean silent?)'
background ctl logs -f silent --stamp none
until_ok 10 grep -q 'logged nothing' "$pid.err"
echo at last >later
becomes 10 'it can be waited for' grep -qx 'at last' "$pid.out"
kill "$pid"
background ctl logs -f unlive --stamp none
until_ok 10 grep -q 'logged nothing' "$pid.err"
mkdir "$logs/unlive"
echo 'alive by now' >"$logs/unlive/current"
becomes 10 'also where there is no directory yet' grep -qx 'alive by now' "$pid.out"
kill "$pid"

# Mistakes are told in one line.
mistake() {
	line=$1; shift
	exits 100 "logs $*" ctl logs "$@"
	is 'is told in one line' "$(cat err)" "svctl: fatal: $line"
}
mistake 'invalid count: x' -n x
mistake '-i and -v need --grep' -i talker
mistake 'invalid stamp: x (local, utc, tai64n, relative, none or raw)' --stamp x
exits 100 'so it is of status' ctl status -n x talker
is 'by the name that the help has' "$(cat err)" 'svctl: fatal: invalid count: x'

# Who may not read logs.
if is_root && has setpriv; then
	chmod 711 "$T"
	as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups timeout 300 svctl --prefix "$T" "$@"; }
	exits 111 'who may not read the logs' as_nobody logs
	like 'is told so in one line' "$(cat err)" "^svc-logread: warning: [1-9][0-9]* logs are left out: unable to read $logs/[a-z-]*: Permission denied .who may read: root; mode 0700.; and others$"
	is 'and no other' "$(wc -l <err)" 1
	background as_nobody logs -f
	becomes 10 'also who follows them' test -s "$pid.err"
	is 'once' "$(wc -l <"$pid.err")" 1
	kill "$pid"
else
	skip 'who may not read the logs is told so' 'only root can take rights away from himself'
fi
ok 'halt' ctl halt

done_testing
