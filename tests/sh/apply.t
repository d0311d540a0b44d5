#!/bin/sh
# svc-change apply: a change of service files on the live system restarts exactly what must be.
# limit: 240
. "${0%/*}/lib.sh"
. "$here/managed.sh"

# started_twice - the service that does not know its name was.
started_twice() { [ "$(wc -l <starts.anonymous)" -eq 2 ]; }
# service NAME [LINE...] - a daemon that notes each of its starts, with these lines besides.
service() {
	name=$1; shift
	{
		# shellcheck disable=SC2016 # the variable is the service's
		printf 'exec = ["/bin/sh", "-c", "echo >>%s; echo ${A:-none} >%s.a; exec sleep 1000"]\n' \
			"$T/starts.$name" "$T/$name"
		printf '%s\n' "$@"
	} | unit "$name"
}
# named NAME - the same of a service that does not know its name.
anonymous() {
	printf 'exec = ["/bin/sh", "-c", "echo >>%s; exec sleep 1000"]\n' "$T/starts.anonymous" |
		unit "$1"
}
services='db web shop mail one'
# starts - how often each was started.
starts() {
	for name in $services anonymous many-1 many-2 many-3 many-4; do
		[ ! -e "$T/starts.$name" ] || echo "$name $(($(wc -l <"$T/starts.$name")))"
	done
}
# restarts EXPECTED NAME - an apply of what the files say starts these again, and no others.
restarts() {
	starts >before
	ok "$2: the files are accepted" compile
	exits "${code:-0}" "$2: it is applied" change apply
	until_ok 5 started_are "$1"
	is "$2: started are" "$(started)" "$1"
	code=0
}
# started - who was since `before`.
started() { starts >after; diff before after | sed -n 's/^> \(.*\) .*/\1/p' | tr '\n' ' '; }
# A shell has started when it says so, which may be after its service is up.
started_are() { [ "$(started)" = "$1" ]; }
# process NAME - its pid.
process() { svc-stat -o pid "$T/run/scan/$1"; }

service db
service web 'requires = ["db"]'
service shop 'requires = ["db"]' '[on-loss]' 'db = "ignore"'
service mail
unit one <<EOF2
type = "oneshot"
start = ["/bin/sh", "-c", "echo >>$T/starts.one"]
stop = ["/bin/sh", "-c", "echo old >>$T/stops"]
EOF2
anonymous first
for number in 1 2 3 4; do service many-$number; done
enabled web shop mail one first many-1 many-2 many-3 many-4
ok 'there is a generation' compile
managed ''
ok 'all of it comes up' change wait web shop mail one first many-4
is_good() { [ "$(readlink "$T/lib/good")" = generations/1 ]; }
becomes 10 'and has reached its goal' is_good

restarts '' 'nothing has changed'
is 'which is said' "$(cat out)" 'nothing has changed'
p=$(process mail)

service mail '[environment]' 'A = "new"'
restarts 'mail ' 'a variable of an environment'
becomes 5 'it has the new one' grep -qx new mail.a
service mail '[environment]' 'A = "new"' '[log]' 'rotate-size = "1M"'
restarts '' 'how its output is logged'
p=$(process mail)
service mail 'description = "Letters"' 'restart-delay = "3s"' '[environment]' 'A = "new"'
restarts '' 'a description, and the time between restarts'
is 'its process is the same' "$(process mail)" "$p"
is 'its supervisor knows the new time' "$(cat "$T/run/scan/mail/restart-delay")" 3000

service db '[environment]' 'A = "1"'
restarts 'db web ' 'of two that need it, one restarts with it'
service web 'requires = ["db"]' 'after = ["mail"]'
restarts '' 'a dependency more'
service web 'requires = ["db", "mail"]'
restarts '' 'a dependency that is up already'

p=$(process first)
mv "$T/etc/services/first.toml" "$T/etc/services/second.toml"
enabled web shop mail one second many-1 many-2 many-3 many-4
restarts '' 'a service has another name'
is 'its process is the same' "$(process second)" "$p"
ok 'the old name is gone' test ! -e "$T/run/scan/first"
ok 'it is managed by its new name' change restart second
becomes 5 'and was restarted' started_twice

service mail '[environment]' 'A = "new"' '[log]' 'own = true' "directory = \"$T/log\""
restarts 'web mail ' 'a logger of its own'
until_ok 10 test -e "$T/log/current"
ok 'the logger is there' test -e "$T/log/current"
service mail '[environment]' 'A = "new"' '[log]' 'own = true' "directory = \"$T/log\"" 'keep = 3'
l=$(process mail/log)
restarts '' 'its logger has other settings'
another_logger() { [ "$(process mail/log)" != "$l" ]; }
becomes 10 'the logger alone was restarted' another_logger
service mail '[environment]' 'A = "new"'
restarts 'web mail ' 'no logger of its own any more'

unit one <<EOF2
type = "oneshot"
start = ["/bin/sh", "-c", "echo >>$T/starts.one; true"]
stop = ["/bin/sh", "-c", "echo new >>$T/stops"]
EOF2
restarts 'one ' 'a oneshot'
is 'what it did was undone as it was to be then' "$(cat stops)" old

for number in 1 2 3 4; do service many-$number '[environment]' "A = \"$number\""; done
service new
enabled web shop mail one new many-1 many-2 many-3
restarts 'many-1 many-2 many-3 ' 'many changes at once'
ok 'what is new is up' is_in new ready
ok 'what is enabled no more is down' is_in many-4 down
ok 'what nobody wants any more is down' is_in second down
rm "$T/etc/services/second.toml" "$T/etc/services/many-4.toml"
restarts '' 'services that are gone'
ok 'their directories go' until_ok 10 test ! -e "$T/run/scan/many-4"
ok 'all of it' until_ok 10 sh -c "! ls -A '$T/run/scan' | grep -q gone"

service many-1 '[environment]' 'A = "5"'
ok 'a plan' change apply --plan
is 'is of what was accepted' "$(cat out)" 'nothing would change'
ok 'there is another generation' compile
starts >before
ok 'a plan says what would be done' change apply --plan
like 'which is a restart' "$(cat out)" '^many-1: restart'
starts >after
ok 'and does nothing' cmp before after
live=$(generation)
ok 'it can be tried' change apply --confirm 10
is 'it is live' "$(generation)" $((live + 1))
becomes 10 'and is not when nobody confirms it' sh -c "grep -q ' generation=$live ' '$T/run/manager/state'"
is 'the old one is back' "$(generation)" "$live"
ok 'it is settled again' change wait many-1
becomes 5 'with what it said' grep -qx 1 many-1.a
is 'a boot takes it, too' "$(readlink "$T/lib/boot")" "generations/$live"
ok 'the new one can be tried again' change apply --confirm 600 $((live + 1))
ok 'asked for again, it is still on trial' change apply --confirm 600
ok 'and confirmed' change confirm
exits 1 'once' change confirm

cp "$T/etc/services/web.toml" web.good
service web 'requires = ["none"]'
starts >before
exits 100 'what is wrong is refused' compile
ok 'what is live was not touched by it' change apply
starts >after
ok 'nothing was started' cmp before after
cp web.good "$T/etc/services/web.toml"
exits 1 'a generation that there is not is refused' change apply 99
like 'with its name' "$(cat out)" 'unable to read .*/99/graph'
starts >after
ok 'and nothing is touched' cmp before after

ok 'the tree ends' svc-scanctl terminate "$T/run/scan"
becomes 20 'all of it' gone "$pid"
managed ''
ok 'in another one in its place the same is up, and nothing has failed' change --timeout 60s wait web mail

done_testing
