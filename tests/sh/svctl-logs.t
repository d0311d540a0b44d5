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
enabled quick-a quick-b quick-c quick-d quick-e quick-f talker own vital

ok 'a tree is booted' ctl boot --background
ok 'all that is enabled comes up' ctl wait --timeout 20s quick-a quick-b quick-c quick-d quick-e quick-f talker own vital
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
ok 'halt' ctl halt

done_testing
