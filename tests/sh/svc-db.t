#!/bin/sh
# svc-db: answers about services, from files alone.
. "${0%/*}/lib.sh"

mkdir -p etc/services etc/enabled run/scan
# file NAME - a service file from standard input.
file() { cat >"etc/services/$1.toml"; }
compile() { svc-compile --output "$T/lib" --programs "$BIN" "$@" "$T/etc/services"; }
db() { svc-db --dir "$T/run" --generations "$T/lib" "$@"; }
# Of a generation, which nobody runs.
boot() { db --generation boot "$@"; }
# said COMMAND... - what it says, without times.
said() { "$@" 2>&1 | sed 's/20[0-9-]*T[0-9:.]*Z/TIME/g; s/in [0-9.]* s/in N s/'; }

echo 'type = "oneshot"
start = "sh -c \"exit 3\""' | file disk
file database <<'E'
exec = "sleep 1000"
requires = ["disk"]
E
file web <<'E'
exec = "sleep 1000"
description = "HTTP server"
requires = ["database"]
wants = ["mail"]
after = ["mail"]
[environment]
LANG = "C"
E
file mail <<'E'
exec = "sh -c \"exit 5\""
restart-delay = "100s"
restart-delay-max = "100s"
conflicts = ["old-mail"]
E
file old-mail <<'E'
exec = "sleep 1000"
E
file online <<'E'
type = "group"
when.all = ["net/up = yes"]
E
file all <<'E'
type = "group"
requires = ["web"]
wants = ["online", "beside"]
E
file beside <<'E'
exec = "sleep 1000"
E
ln -s anywhere etc/enabled/all
ok 'a set is compiled' compile

# A generation.
is 'the services of a generation' "$(boot list)" 'all       group    enabled
beside    daemon   -
database  daemon   -
disk      oneshot  -
mail      daemon   -
old-mail  daemon   -
online    group    -
web       daemon   -'
is 'its number says the same as its link' "$(db --generation 1 list)" "$(boot list)"
is 'as JSON' "$(boot list --json | sed -n '1p;4p')" '{"name":"all","kind":"group","enabled":true}
{"name":"disk","kind":"oneshot","enabled":false}'
is 'what a service leads to' "$(boot dependencies web)" 'web requires database stop
web wants mail ignore
web after mail'
is 'options may stand behind' "$(db dependencies all --generation boot --all)" 'all requires web stop
  web requires database stop
    database requires disk stop
  web wants mail ignore
    mail conflicts old-mail
  web after mail (see above)
all wants online ignore
all wants beside ignore'
is 'who leads to it' "$(boot dependencies --users disk mail)" 'database requires disk stop
old-mail conflicts mail
web wants mail ignore
web after mail'
is 'and so on' "$(boot dependencies --users --all disk)" 'database requires disk stop
  web requires database stop
    all requires web stop'
is 'as JSON, with depths' "$(boot dependencies --all --json database)" \
	'{"from":"database","relation":"requires","to":"disk","on-loss":"stop","depth":0}'
boot order >starts
is 'all that a boot starts is in the order' "$(sort starts)" 'beside
database
disk
mail
web'
is 'what is needed comes first' "$(grep -xE 'disk|database|web' starts)" 'disk
database
web'
is 'the order of stops is the other way round' "$(boot order --stops | grep -xE 'disk|database|web')" 'web
database
disk'
is 'the order of a part' "$(boot order database)" 'disk
database'
is 'as JSON' "$(boot --json order disk)" '{"name":"disk"}'
exits 1 'who conflict can not all be up' db --generation boot order mail old-mail
like 'which is said' "$(cat err)" '^svc-db: warning: .*mail would not be ready: .*conflicts'
is 'the files of a service are as svc-compile shows them' "$(boot contents web)" "$(compile --show web)"
is 'of a group there are none' "$(boot contents all)" '# a group: nothing runs'
is 'as JSON' "$(boot contents web --json | tail -n 1)" '{"file":"timeout-kill","program":false,"text":"90000\u000a"}'
boot dot >graph.dot
is 'graphviz gets each service and relation' "$(grep -c ' \[shape=' graph.dot) $(grep -c -- ' -> ' graph.dot)" '8 8'
like 'with what it is' "$(cat graph.dot)" '^  "web" -> "database" \[label="requires", style=solid\];$'
if has dot; then ok 'and reads it' dot -Tplain graph.dot; else skip 'and reads it' 'no dot here'; fi
is 'the generations' "$(said db generations)" '1  TIME  8 services  boot'

# Another one.
rm etc/services/beside.toml
sed -i 's/LANG = "C"/LANG = "C.UTF-8"/; s/^wants = .*/requires = ["database", "mail"]/; /^requires = \["database"\]$/d' etc/services/web.toml
sed -i 's/, "beside"//' etc/services/all.toml
echo 'exec = "sleep 1000"' | file beside-it
ln -s anywhere etc/enabled/mail
rm etc/enabled/all
ok 'another generation' compile
exits 1 'two generations differ' db diff 1 boot
is 'in what they do' "$(cat out)" 'all: - wants beside ignore
all: disabled
beside: gone
beside-it: new
mail: enabled
web: - wants mail ignore
web: + requires mail stop
web: changed run'
is 'as JSON' "$(db --json diff 2 1 | sed -n '2,4p;$p')" '{"name":"all","change":"enabled","what":null}
{"name":"beside","change":"new","what":null}
{"name":"beside-it","change":"gone","what":null}
{"name":"web","change":"changed","what":"run"}'
ok 'one and the same do not' db diff 2 boot
is 'so nothing is said' "$(cat out)" ''
is 'both are listed' "$(said db --json generations | sed 's/TIME/T/')" \
	'{"generation":1,"made":"T","services":8,"boot":false,"live":false,"good":false}
{"generation":2,"made":"T","services":8,"boot":true,"live":false,"good":false}'
ln -s generations/1 lib/good
is 'the good one is marked' "$(db generations | sed -n 's/.*services//p')" '  good
  boot'
is 'and has a name' "$(db --generation good contents beside | sed 1d | head -n 1)" 'svc-fdmove -c 2 1'
rm lib/good
svc-compile --output lib --rollback >/dev/null || exit

# What can't be asked.
# refused CODE WHAT ERE 'WORDS'
refused() {
	# shellcheck disable=SC2086  # words
	exits "$1" "$2" svc-db --dir "$T/run" --generations "$T/lib" $4
	like "$2: which is said" "$(sed 1q err)" "$3"
}
refused 102 'nothing is live' 'there is no .*/run/manager/state: no svc-managerd has been at work there' list
refused 100 'no question' 'missing question' ''
refused 100 'a wrong question' '"lst" is no question \(did you mean list\?\)' lst
refused 100 'a wrong option' 'invalid option --every' 'list --every'
refused 100 'an option of another question' '^svc-db: fatal: --users does not go with list$' 'list --users'
refused 100 'why of a generation' '^svc-db: fatal: --generation does not go with why$' 'why web --generation boot'
refused 100 'no name' 'missing name' why
refused 100 'a name too many' 'unexpected argument b' '--generation boot contents web b'
refused 100 'a wrong name' '^svc-db: fatal: there is no service wbe \(did you mean web\?\)$' '--generation boot contents wbe'
refused 100 'a wrong generation' '"new" is no generation: write its number, boot or good' 'diff 1 new'
refused 100 'a path for a generation' '"a/1" is no generation' 'diff 1 a/1'
refused 100 'a generation that is not there' 'there is no generation 9 in .*/generations' '--generation 9 list'
refused 111 'a link that is not there' '/good leads to no generation' '--generation good list'
refused 111 'a record that is not there' 'unable to read .*record' replay

# What is live.
background svc-scan run/scan
scan=$pid
until_ok 10 svc-scanctl -a run/scan
background svc-managerd --dir "$T/run" --generations "$T/lib"
manager=$pid
state() { db list | awk -v name="$1" '$1 == name { print $5 }'; }
is_in() { [ "$(state "$1")" = "$2" ]; }
has_ended() { db why mail | grep -q 'last end: exit code 5'; }
becomes 10 'a oneshot fails' is_in disk failed
becomes 10 'a daemon is to be started again' has_ended
becomes 10 'which is known' is_in mail starting
becomes 10 'another is ready' is_in beside ready
is 'states are told' "$(said db list)" 'all       group    enabled  up        down      TIME
beside    daemon   -        up        ready     TIME
database  daemon   -        up        down      TIME
disk      oneshot  -        up        failed    TIME
mail      daemon   -        up        starting  TIME
old-mail  daemon   -        down      down      TIME
online    group    -        up        down      TIME
web       daemon   -        up        down      TIME'
is 'as JSON' "$(said db list --json | sed -n 4p)" '{"name":"disk","kind":"oneshot","enabled":false,"wanted":"up","asked":"none","state":"failed","failure":"ended:exit=3","since":"TIME","gone":false}'
is 'the live generation is marked' "$(db generations | sed -n '1s/.*services//p')" '  boot  live'
is 'why a service is not up' "$(said db why web | sed "s,$T,T,g")" 'web: down since TIME
wanted: all requires web
wanted: all is enabled
because: web needs database (since TIME)
because: database needs disk (since TIME)
root cause: disk failed: exit code 3 (since TIME)
process: disk: last end: exit code 3
try: svc-logread disk
try: svc-change --dir T/run --generations T/lib reset disk'
is 'why one is started again' "$(said db why mail | sed -n '/^root/,$p')" 'root cause: mail failed: exit code 5, and is started again (since TIME)
process: mail: last end: exit code 5; next start: in N s
try: svc-logread mail'
is 'why a condition does not hold' "$(said db why online | sed -n '2,4p')" 'wanted: all wants online
wanted: all is enabled
root cause: the condition of online does not hold (net/up = yes) (since TIME)'
is 'why one is up' "$(said db why beside)" 'beside: ready since TIME
wanted: all wants beside
wanted: all is enabled'
is 'why one is down' "$(said db why old-mail | sed '$d')" 'old-mail: down since TIME
wanted: by nobody
root cause: nothing needs old-mail (since TIME)'
is 'as JSON' "$(said db why web --json | sed -n '1,2p;4,7p')" '{"line":"state","text":"down since TIME","name":"web","state":"down","needed":true,"asked":"none"}
{"line":"wanted","text":"all requires web","by":"all"}
{"line":"because","text":"web needs database (since TIME)","name":"web","state":"down","leads-to":"database"}
{"line":"because","text":"database needs disk (since TIME)","name":"database","state":"down","leads-to":"disk"}
{"line":"root cause","text":"disk failed: exit code 3 (since TIME)","name":"disk","state":"failed","leads-to":null}
{"line":"process","text":"disk: last end: exit code 3","name":"disk","exit":"exit=3","restarts":0}'
mkdir -p facts/net
echo yes >facts/net/up
is 'facts are looked at where they are' "$(said db --facts facts why online | sed -n '4,$p' | sed "s,$T,T,g")" 'root cause: online waits for its turn (since TIME)
try: svc-change --dir T/run --generations T/lib look'
like 'the live graph has colours' "$(db dot)" '^  "disk" \[shape=cds, fillcolor=salmon\];$'
is 'the files of what is live' "$(db contents beside)" "$(boot contents beside)"
db replay >again
like 'what happened happens again' "$(cat again)" '^[0-9]+\.[0-9]{3} disk: failed \(disk failed: exit code 3\)$'
like 'as JSON' "$(db replay --json)" '^\{"ms":[0-9]+,"name":"disk","state":"failed","cause":"disk failed: exit code 3"\}$'
cat run/manager/record >record
is 'from a copy as well' "$(db replay record)" "$(cat again)"
echo 'segment graph=1 time=5
nonsense' >wrong
refused 100 'a record with nonsense' '^svc-db: fatal: the record of generation 1: line 2: "nonsense" is' 'replay wrong'
refused 100 'what is no record' '^svc-db: fatal: that is no record' 'replay etc/services/web.toml'

# Without a manager it is as it was; nothing has the lock of anybody.
kill -9 "$manager"
until_ok 10 gone "$manager"
is 'without a manager the states are told' "$(db list 2>err | wc -l) $(cat err)" \
	'8 svc-db: warning: no svc-managerd is running: it was so when the last one ended'
is 'and the reasons' "$(said db why disk | sed -n '1,2p')" 'manager: none is running: nothing happens until one is
disk: failed since TIME'

# A table with damage: line 4 is that of database.
width=$(($(wc -c <run/manager/state) / $(wc -l <run/manager/state)))
cp run/manager/state whole
printf X | dd of=run/manager/state bs=1 seek=$((3 * width)) conv=notrunc 2>dd.err
ok 'a damaged line is no hindrance' svc-db --dir run --generations lib list
like 'it is named' "$(cat err)" "^svc-db: warning: run/manager/state: line 4 damaged: nobody knows the state of database$"
like 'nothing is said of its service' "$(cat out)" '^database +daemon +- +unknown +unknown +-$'
like 'all else is told' "$(cat out)" '^disk +oneshot +- +up +failed '
printf X | dd of=run/manager/state bs=1 seek=3 conv=notrunc 2>dd.err
refused 111 'a damaged table' '/run/manager/state is damaged$' list

# One that is being written: whoever has read half a line reads again.
# torn DESCRIPTION OFFSET COMMAND... - which is stopped when it has read a table with damage there, and goes on
# when that is whole. What it says is in $pid.out and $pid.err.
torn() {
	what=$1 offset=$2; shift 2
	cp whole run/manager/state
	printf '?' | dd of=run/manager/state bs=1 seek="$offset" conv=notrunc 2>dd.err
	rm -f calls
	# shellcheck disable=SC2016  # its own pid
	background strace -o calls -P "$T/run/manager/state" -e trace=read -e inject=read:signal=STOP:when=1 \
		sh -c 'echo $$ >reader; exec "$@"' reader "$@"
	becomes 10 "$what: one has read it" grep -q 'stopped by SIGSTOP' calls
	cp whole run/manager/state
	kill -CONT "$(cat reader)"
	wait "$pid"
	is "$what, and reads it again" "$? $(cat "$pid.err")" "0 $without"
}
cp whole run/manager/state
list=$(db list 2>/dev/null) without=$(db list 2>&1 >/dev/null)
if has strace && strace -o calls true 2>/dev/null; then
	torn 'half a line' $((width + 9)) svc-db --dir "$T/run" --generations "$T/lib" list
	is 'which is whole' "$(cat "$pid.out")" "$list"
	torn 'half of the first line' 3 svc-db --dir "$T/run" --generations "$T/lib" list
	is 'which is as well' "$(cat "$pid.out")" "$list"
	without=
	torn 'half a line of a plan' $((width + 9)) svc-change --dir "$T/run" --generations "$T/lib" apply --plan
	torn 'half of its first line' 3 svc-change --dir "$T/run" --generations "$T/lib" apply --plan
else
	skip 'whoever has read half a line reads again' 'strace does not work here'
fi

# One that is on its way out of the live generation.
cp whole run/manager/state
background svc-managerd --dir "$T/run" --generations "$T/lib"
is_managed() { ! db list 2>&1 | grep -q '^svc-db: warning'; }
until_ok 10 is_managed
cat >etc/services/beside.toml <<'E'
exec = "sh -c \"trap '' TERM; echo >&3; while :; do sleep 1; done\""
ready = "notify-fd 3"
timeout-stop = "100s"
E
ln -s anywhere etc/enabled/beside
compile >/dev/null 2>&1
# This waits for a manager that reads it.
request() { echo "$1" >run/manager/command/owner; }
request '00000000000000000000000000000001 apply'
is_live() { db generations | grep -q "^$1 .*live\$"; }
becomes 10 'another generation is live' is_live 3
becomes 10 'with a daemon that does not stop' is_in beside ready
rm etc/services/beside.toml etc/enabled/beside
compile >/dev/null 2>&1
request '00000000000000000000000000000002 apply'
becomes 10 'the next' is_live 4
becomes 10 'it is on its way out' is_in beside stopping
is 'and listed' "$(said db list | grep '^beside ')" 'beside     daemon   -        down      stopping  TIME'
is 'why it is' "$(said db why beside)" 'beside: stopping since TIME, gone from the live generation
wanted: by nobody
root cause: nothing needs beside (since TIME)
process: beside: last end: killed by TERM; restarts: 1; KILL: in N s, if nothing happens before'
like 'its files are those of its generation' "$(db contents beside)" "^sh -c 'trap "
like 'what happened is there, with it' "$(db replay)" '^[0-9.]* generation 4$'

svc-scanctl -q run/scan
until_ok 20 gone "$scan"

done_testing
