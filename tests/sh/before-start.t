#!/bin/sh
# before-start, tried before a service that is up is restarted or reloaded, or an apply restarts it: when it
# fails nothing is taken down.
# limit: 300
. "${0%/*}/lib.sh"
. "$here/managed.sh"

# check NAME - what before-start runs: it does as test.NAME says, and notes that it was run.
cat >check <<END
#!/bin/sh
echo \$\$ >>'$T/tested.'\$1
. '$T/test.'\$1
END
# daemon NAME - notes each start, and each HUP.
cat >daemon <<END
#!/bin/sh
trap 'echo >>"$T/reloaded.\$1"' HUP
echo >"$T/started.\$1"
while :; do sleep 1000 & wait; done
END
chmod 755 "$T" check daemon
# guarded NAME [LINE...] - a daemon with such a before-start, and these lines besides.
guarded() {
	name=$1; shift
	[ -e "$T/test.$name" ] || : >"$T/test.$name"
	printf '%s\n' "exec = \"$T/daemon $name\"" 'kill-scope = "group"' 'reload-signal = "HUP"' "before-start = \"$T/check $name\"" "$@" | unit "$name"
}
# test_of NAME LINE... - from now on it does that.
test_of() { of=$1; shift; printf '%s\n' "$@" >"$T/test.$of"; }
main_of() { svc-stat -o pid "$T/run/scan/$1"; }
# runs NAME PID - it is still that process. another NAME PID - it is not.
runs() { is 'the old one runs on' "$(main_of "$1")" "$2"; ok 'as a process' alive "$2"; }
another() { ok 'another one runs' test "$(main_of "$1")" != "$2"; }
tested() { [ ! -e "$T/tested.$1" ] || wc -l <"$T/tested.$1"; }
has_tested() { [ "$(tested "$1")" -ge "$2" ]; }
has_reloaded() { [ -e "$T/reloaded.$1" ]; }
has_started() { [ -e "$T/started.$1" ]; }
# ask ARGUMENT... - in the background, until a test has begun; its output is in $T/$asked.out.
ask() {
	rm -f "$T/begun"
	background change "$@"; asked=$pid
	until_ok 10 test -s "$T/begun"
}
# holds NUMBER - so many requests are accepted and not over.
holds() { [ "$(grep -l '^state=accepted' "$T"/run/manager/requests/owner/* | wc -l)" -eq "$1" ]; }
is_answered() { gone "$asked"; }
# One that fails while the service is up, and not in its chain.
# shellcheck disable=SC2016
fails='grep -q svc-managerd "/proc/$PPID/comm" && exit 3; exit 0'
# One that lasts until it is told otherwise.
# shellcheck disable=SC2016
waits='echo $$ >"$T/begun"; until [ -e "$T/go" ]; do sleep 0.02; done'

guarded web
guarded db
guarded shop 'requires = ["db"]'
guarded slow 'timeout-start = "5s"'
guarded bare
sed -i '/^before-start/d' "$T/etc/services/bare.toml"
enabled web db shop slow bare
compile || { cat compiled >&2; exit 1; }
managed ''
ok 'all come up' change wait web db shop slow bare
is 'each command has a chain file' "$(grep -v '^# ' "$T/lib/boot/services/web/before-start.1")" "#!$BIN/svc-chain
svc-fdmove -c 2 1
$T/check web"
is 'there is none without before-start' "$(ls "$T/lib/boot/services/bare")" "$(printf '%s\n' kill-scope reload-signal run timeout-kill)"
for name in web db shop slow; do until_ok 10 has_started $name; done
is 'a start has run it once' "$(tested web)" 1

# --- ready
is_up() { [ "$(state "$1")" = up ]; }
# shellcheck disable=SC2016
gate='echo $$ >"$T/begun"; until [ -e "$T/go" ]; do sleep 0.02; done'
guarded gate
guarded behind 'requires = ["gate"]'
guarded quick 'timeout-start = "5s"'
test_of gate "$gate"
enabled web db shop slow bare gate behind
ok 'one whose before-start takes its time' compile
ok 'is applied' change --no-wait apply
until_ok 10 test -s begun
until_ok 10 is_up gate
is 'who needs it waits' "$(state behind)" down
ok 'meanwhile nothing of it runs' test ! -e started.gate
: >go
ok 'when its program runs, it is ready' change --timeout 60s wait gate behind
rm go begun
test_of gate 'exit 1'
ok 'one that is down' change down --with-dependents gate
rm -f started.behind
background change up gate behind; asked=$pid
tested_again() { has_tested gate $((before + 2)); }
before=$(tested gate)
until_ok 20 tested_again
ok 'is not ready while before-start fails' test "$(state gate)" != ready
is 'nor is who needs it started' "$(state behind)" down
ok 'nor was it ever' test ! -e started.behind
test_of gate ''
ok 'when that is mended all are ready' change --timeout 60s wait behind
until_ok 10 gone "$asked"
rm -f begun
test_of quick "$gate"
ok 'one that takes too long' compile
ok 'is applied, too' change apply
exits 1 'is late as any other' change --timeout 60s up quick
contains 'which is said' "$(cat out)" 'not ready in time'
: >go
is_ready() { is_in "$1" ready; }
becomes 10 'and may yet be ready' is_ready quick
rm go begun
ok 'they go' change down --with-dependents gate quick
mv daemon away
test_of gate ''
before=$(tested gate)
background change up gate; asked=$pid
until_ok 20 tested_again
ok 'a program that is missing is not announced' test "$(state gate)" != ready
mv away daemon
ok 'until it is there' change --timeout 60s wait gate
until_ok 10 gone "$asked"
ok 'it goes' change down --with-dependents gate
enabled web db shop slow bare
compile && change apply

# --- restart
was=$(main_of web)
test_of web 'echo "unknown directive \"foo\" in web.conf:3" >&2' 'exit 1'
exits 1 'a restart is refused' change restart web
is 'with all that one has to know' "$(cat out)" "web: not restarted: before-start failed: $T/check web: exit code 1
web: unknown directive \"foo\" in web.conf:3"
is 'the service was not touched' "$(state web)" ready
runs web "$was"
like 'the manager says so, too' "$(cat managerd.err)" "^svc-managerd: warning: web: not restarted: before-start failed: $T/check web: exit code 1\$"
exits 1 'it is the same for programs' change --json restart web
contains 'each line is one of the results' "$(tail -n 1 out)" '\"foo\" in web.conf:3"]'
# shellcheck disable=SC2016
test_of web 'kill -9 $$'
exits 1 'a test that is killed has failed' change restart web
is 'by what is said' "$(cat out)" "web: not restarted: before-start failed: $T/check web: killed by KILL"
mv check checked
exits 1 'so has one that is not there' change restart web
like 'which is said' "$(cat out)" "^web: not restarted: before-start failed: $T/check web: exit code 127\$"
mv checked check
test_of web ''
before=$(tested web)
ok 'when it is mended a restart is a restart' change restart web
another web "$was"
becomes 10 'for which it runs twice: before it, and in it' has_tested web $((before + 2))
was=$(main_of web)
test_of web "$fails"
before=$(tested web)
ok 'who says so has it restarted all the same' change restart --no-test web
another web "$was"
exits 100 'that goes with nothing else' change up --no-test web
is 'which is said' "$(sed 1q err)" 'svc-change: fatal: --no-test with up makes no sense'
exits 100 'nor with a plan' change apply --plan --no-test
is 'which is said, too' "$(sed 1q err)" 'svc-change: fatal: a plan needs no --no-test'
test_of web ''
ok 'it is taken down' change down web
before=$(tested web)
ok 'what is down is not asked before it is started' change restart web
becomes 10 'its chain tells' has_tested web $((before + 1))
is 'once' "$(tested web)" $((before + 1))

# --- reload
becomes 10 'it has started' has_started web
was=$(main_of web)
test_of web 'echo no' 'exit 1'
exits 1 'a reload is refused' change reload web
is 'with the same words' "$(cat out)" "web: not reloaded: before-start failed: $T/check web: exit code 1
web: no"
ok 'and not done' test ! -e reloaded.web
test_of web ''
rm -f started.web; ok 'a new one' change restart web; until_ok 10 has_started web
was=$(main_of web)
test_of web 'exit 1'
ok 'if one insists it is done' change reload --no-test web
becomes 10 'as it is told' has_reloaded web
rm reloaded.web
test_of web ''
ok 'so it is when it has passed' change reload web
is 'which is told as ever' "$(cat out)" 'web: told to reload'
becomes 10 'and done' has_reloaded web
runs web "$was"

# --- apply
live=$(generation)
guarded web '[environment]' 'A = "1"'
ok 'another definition is accepted' compile
# shellcheck disable=SC2016
test_of web 'echo "A is $A"' '[ "$A" != 1 ]'
exits 1 'an apply is refused' change apply
is 'by the test of the new definition' "$(cat out)" "web: not restarted: before-start failed: $T/check web: exit code 1
web: A is 1
nothing was applied"
is 'the old generation is live' "$(generation)" "$live"
runs web "$was"
ok 'the old definition can still be restarted' change restart web
# shellcheck disable=SC2016
test_of web '[ -z "$A" ] && exit 1' 'exit 0'
ok 'one can insist on the new one' change apply --no-test --confirm 10
goes_back() { [ "$(generation)" = "$live" ]; }
becomes 20 'and what is not confirmed goes back, whatever a test would say' goes_back
test_of web ''
ok 'to what was' change --timeout 60s wait web
guarded web '[environment]' 'A = "2"'
ok 'another one is accepted' compile
was=$(main_of web)
ok 'one that passes is applied' change apply
another web "$was"
guarded web 'description = "new"' '[environment]' 'A = "2"'
ok 'another description is accepted' compile
test_of web 'exit 1'
ok 'which needs no test' change apply
test_of web ''

# --- the program
was=$(main_of bare)
mv daemon away
exits 1 'a restart is refused when the program is missing' change restart bare
is 'and names it' "$(cat out)" "bare: not restarted: unable to run $T/daemon: No such file or directory"
exits 1 'so it is of one with before-start' change restart web
is 'which is not run then' "$(cat out)" "web: not restarted: unable to run $T/daemon: No such file or directory"
mv away daemon
chmod 644 daemon
exits 1 'or when nobody may execute it' change restart bare
is 'which is said' "$(cat out)" "bare: not restarted: unable to run $T/daemon: Permission denied"
chmod 755 daemon
runs bare "$was"
unit bare <<END
exec = "svc-daemon-of-nobody"
environment.PATH = "$T/no"
kill-scope = "group"
END
mkdir no && cp daemon no/svc-daemon-of-nobody
ok 'another program is accepted' compile
mv no away
exits 1 'an apply is refused that has none' change apply
is 'of which PATH has none' "$(cat out)" "bare: not restarted: unable to run svc-daemon-of-nobody: No such file or directory
nothing was applied"
runs bare "$was"
ok 'who says so has it done all the same' change apply --no-test --no-wait
mv away no
ok 'then it is tried until it is there' change --timeout 60s wait bare
another bare "$was"

# --- those that go with it
was=$(main_of db) dependent=$(main_of shop)
test_of shop 'echo broken' 'exit 1'
exits 1 'who is restarted with it is tested, too' change restart db
is 'and named' "$(cat out)" "shop: not restarted: before-start failed: $T/check shop: exit code 1
shop: broken
db: not restarted"
runs db "$was"
runs shop "$dependent"
ok 'who only goes on is not asked' change reload db
test_of db 'echo out of order' 'exit 2'
exits 1 'of several all that fail are told' change restart web shop db
is 'and the others are not restarted either' "$(cat out)" "db: not restarted: before-start failed: $T/check db: exit code 2
db: out of order
shop: not restarted: before-start failed: $T/check shop: exit code 1
shop: broken
web: not restarted"
runs db "$was"
test_of db ''; test_of shop ''

# --- output
# shellcheck disable=SC2016
test_of web 'i=0; while [ $i -lt 20000 ]; do echo "line $i xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; i=$((i + 1)); done' 'exit 1'
exits 1 'a megabyte is no trouble' change restart web
is 'its end is told' "$(sed -n '2p; $p' out | cut -c 1-15)" 'web: line 19980
web: line 19999'
is 'in a few lines' "$(($(wc -l <out)))" 21
unit flood <<END
exec = "$T/daemon flood"
before-start = [["/bin/true"], ["/bin/sh", "-c", "[ -e $T/quiet ] || while :; do echo for ever; done"]]
timeout-start = "5s"
END
: >quiet
enabled web db shop slow bare flood
ok 'one that floods is accepted' compile
ok 'and comes up' change apply
ok 'with all its commands' change --timeout 60s wait flood
rm quiet
exits 1 'one that never stops writing has failed' change --timeout 60s restart flood
like 'by the command that did' "$(sed 1q out)" '^flood: not restarted: before-start failed: /bin/sh -c \[ -e .*: timed out$'
: >quiet

# --- who stays behind
# shellcheck disable=SC2016
test_of web 'sleep 1000 & echo $! >"$T/left"' 'exit 1'
exits 1 'a child that stays with the descriptors keeps nobody waiting' change --timeout 60s restart web
becomes 10 'and is ended' gone "$(cat left)"
rm left
# shellcheck disable=SC2016
test_of web 'setsid sh -c "echo \$\$ >$T/left; while sleep 0.02; do echo more || exit; done" &' \
	'until [ -s "$T/left" ]; do sleep 0.02; done' 'exit 1'
exits 1 'nor does one that has gone elsewhere' change --timeout 60s restart web
becomes 10 'which finds that nobody listens' gone "$(cat left)"
test_of web ''

# --- a test that hangs
was=$(main_of slow)
test_of slow "$waits"
ask restart slow
hung=$(cat begun)
ok 'meanwhile others are served' change restart web
becomes 30 'it has as long as a start' is_answered
is 'then it has failed' "$(tail -n 1 "$asked.out")" "slow: not restarted: before-start failed: $T/check slow: timed out"
becomes 10 'and is ended' gone "$hung"
runs slow "$was"
test_of web "$waits"
ask restart web db; first=$asked hung=$(cat begun)
background change restart web; second=$pid
until_ok 10 holds 2
ok 'to go down nobody has to wait' change down web
until_ok 10 gone "$first"; until_ok 10 gone "$second"
is 'and who wanted a restart learns it' "$(grep -h not "$first.out")" 'web: not restarted: it is to go down
db: not restarted'
becomes 10 'the test is ended' gone "$hung"
: >go
ok 'it comes up' change up web
rm go

# --- in turn
ask restart web; first=$asked
background change restart web; second=$pid
until_ok 10 holds 2
: >go
until_ok 20 gone "$first"; until_ok 20 gone "$second"
is 'two restarts of one are both done' "$(for of in "$first" "$second"; do tail -n 1 "$of.out"; done)" 'web: ready
web: ready'
rm go

# --- the manager is killed meanwhile
is_another_manager() { [ "$(manager)" != "$killed" ] && alive "$(manager)"; }
is_another_test() { [ -s "$T/begun" ] && [ "$(cat "$T/begun")" != "$first" ]; }
kill_manager() {
	killed=$(manager)
	[ "$killed" -gt 1 ] && kill -9 "$killed"
	until_ok 10 is_another_manager
}
was=$(main_of web)
ask restart web; first=$(cat begun)
kill_manager
becomes 10 'when the manager is killed so is its test' gone "$first"
becomes 10 'the next one tests again' is_another_test
runs web "$was"
first=$(cat begun)
test_of web "$waits" 'echo broken' 'exit 1'
kill_manager
until_ok 10 is_another_test
: >go
becomes 20 'there is an answer' is_answered
is 'that of the last test' "$(tail -n 2 "$asked.out")" "web: not restarted: before-start failed: $T/check web: exit code 1
web: broken"
runs web "$was"
rm go
test_of web "$waits"
ask restart web
kill_manager
: >go
becomes 20 'or it is restarted' is_answered
is 'which is the answer' "$(tail -n 1 "$asked.out")" 'web: ready'
another web "$was"
rm go
test_of web ''

# --- several commands, and oneshots
unit two <<END
type = "oneshot"
start = "/bin/true"
stop = ["/bin/sh", "-c", "echo >>$T/stopped"]
before-start = [["-/bin/false"], ["$T/check", "two", "\$NAME"]]
expand = true
environment.NAME = "hello"
END
test_of two ''
enabled web db shop slow bare flood two
ok 'a oneshot is accepted' compile
ok 'and applied' change apply
ok 'is up' change --timeout 60s wait two
ok 'and restarted' change restart two
is 'once' "$(($(wc -l <stopped)))" 1
# shellcheck disable=SC2016
test_of two 'echo "$2"' 'exit 4'
exits 1 'unless a command fails that may not' change restart two
# shellcheck disable=SC2016
is 'which is the one that is told' "$(cat out)" "two: not restarted: before-start failed: $T/check two \$NAME: exit code 4
two: hello"
is 'it is not stopped' "$(($(wc -l <stopped)))" 1
test_of two ''

is_root || { skip 'a test is run as the user of the service' 'only root can be another user'; done_testing; }

# --- as whom, and with what
cat >look <<'END'
#!/bin/sh
{
	id; pwd; env | sed '/^_=/d; /^SHLVL=/d' | sort; ulimit -a; umask; nice
	cat /proc/self/oom_score_adj; sed -n '/^NoNewPrivs\|^Cap/p' /proc/self/status
} >"$DIRECTORY/seen.$$"
[ -e "$DIRECTORY/refuse" ] || exit 0
echo heard >/dev/stderr || exit 5
exit 1
END
chmod 755 look
mkdir seen && chown nobody seen
unit other <<END
exec = "sleep 1000"
user = "nobody"
working-directory = "/var"
umask = "0027"
nice = 5
oom-score-adjust = 500
no-new-privileges = true
limits.nofile = 77
environment.DIRECTORY = "$T/seen"
before-start = "$T/look"
END
seen() { find "$T/seen" -name 'seen.*'; }
enabled web db shop slow bare flood two other
ok 'one with a user is accepted' compile
ok 'and comes up' change apply
# Only then its chain is behind its test.
is_sleep() { [ "$(cat "/proc/$(main_of other)/comm")" = sleep ]; }
until_ok 10 is_sleep
: >seen/refuse
exits 1 'what it writes to /dev/stderr is heard' change restart other
is 'and told' "$(cat out)" "other: not restarted: before-start failed: $T/look: exit code 1
other: heard"
is 'its test was run twice' "$(($(seen | wc -l)))" 2
# shellcheck disable=SC2046 # two files
ok 'what it was in its chain it is before' cmp $(seen)
like 'that user' "$(cat seen/seen.*)" '^uid=[0-9]*\(nobody\)'

# --- asked for by a group
group=$(id -gn nobody)
echo "$group restart : web" >policy
sed -i "s,--generations,--policy '$T/policy' --generations," "$T/run/scan/svc-managerd/run"
killed=$(manager)
[ "$killed" -gt 1 ] && kill "$killed"
has_fifo() { [ -p "$T/run/manager/command/$group" ] && is_another_manager && takes_requests; }
becomes 10 'a group may ask' has_fifo
# shellcheck disable=SC2016
test_of web 'echo "I am $(id -un)"' 'exit 1'
exits 1 'and is refused as all are' svc-setuid nobody svc-change --dir "$T/run" --generations "$T/lib" restart web
is 'by what the service says, as itself' "$(tail -n 1 out)" 'web: I am root'
test_of web ''

done_testing
