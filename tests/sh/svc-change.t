#!/bin/sh
# svc-change: what is asked of svc-managerd, and what is told of it.
# limit: 240
. "${0%/*}/lib.sh"
. "$here/managed.sh"
# shellcheck disable=SC2154  # pid: from background

# mistake MESSAGE ARGUMENT... - exits 100 with this message.
mistake() {
	message=$1; shift
	exits 100 "a mistake: $message" svc-change "$@"
	is 'which is said' "$(sed 1q err)" "svc-change: fatal: $message"
}

mistake 'missing verb'
mistake 'invalid option --fast' --fast up web
mistake 'no verb strat' strat web
mistake 'no verb restrt: did you mean restart?' restrt web
mistake 'up of which service?' up
mistake 'wait for which service?' wait
mistake 'confirm takes no names' confirm web
mistake 'apply takes the number of one generation' apply 1 2
mistake 'web is not the number of a generation' apply web
mistake 'a b is not the name of a service' up 'a b'
mistake '../x is not the name of a service' up ../x
mistake '--timeout belongs before the names' up web --timeout 1
mistake '--plan with up makes no sense' --plan up web
mistake '--confirm with up makes no sense' --confirm 1 up web
mistake '--with-dependents with up makes no sense' up --with-dependents web
mistake '--ready, --down and --settled with up makes no sense' up --ready web
mistake 'a plan needs no --confirm' apply --plan --confirm 1
mistake 'invalid number of seconds: soon' apply --confirm soon
mistake 'invalid time: 1x' --timeout 1x up web

# Without a manager.
nobody="svc-change: fatal: no svc-managerd is at work in $T/run: see svc-stat $T/run/scan/svc-managerd"
exits 102 'without a manager nothing can be asked for' change up web
is 'which is said, with where to look' "$(cat err)" "$nobody"
exits 102 'also after a while' change --timeout 0.3 up web
exits 102 'nor is there anything to wait for' change wait web
exits 102 'or to plan' change apply --plan

# sh -c ... with a file that says when it may go on.
run() { printf 'exec = ["/bin/sh", "-c", "%s"]\n' "$*"; }
unit db <<EOF
$(run 'echo started >>starts.db; exec sleep 1000')
working-directory = "$T"
EOF
unit web <<EOF
$(run 'exec sleep 1000')
requires = ["db"]
EOF
unit slow <<EOF
$(run 'echo started >>starts.slow; until [ -e go ]; do sleep 0.02; done; echo >&3; exec sleep 1000')
working-directory = "$T"
ready = "notify-fd 3"
EOF
unit front <<EOF
$(run 'exec sleep 1000')
requires = ["slow"]
EOF
unit bad <<EOF
type = "oneshot"
start = ["/bin/sh", "-c", "test -e mended"]
working-directory = "$T"
EOF
unit after-bad <<EOF
$(run 'exec sleep 1000')
requires = ["bad"]
EOF
unit hup <<EOF
$(run "trap 'echo reloaded >>reloads' HUP; echo >&3; while :; do sleep 1000 & wait; kill \$!; done")
working-directory = "$T"
ready = "notify-fd 3"
reload-signal = "HUP"
EOF
unit low <<EOF
$(run 'test ! -e broken || exit 7; echo >&3; exec sleep 1000')
working-directory = "$T"
ready = "notify-fd 3"
restart = "no"
EOF
# It has no other way to say that it is ready than to run, and is tried again.
unit blind <<EOF
$(run 'test ! -e broken || exit 7; exec sleep 1000')
working-directory = "$T"
restart-delay = "1h"
EOF
# Nobody is done before the one that seems to be ready has shown what it is.
for name in low blind; do
	unit "middle-$name" <<EOF
$(run 'while [ -e broken ]; do sleep 0.02; done; echo >&3; exec sleep 1000')
working-directory = "$T"
requires = ["$name"]
ready = "notify-fd 3"
EOF
	unit "top-$name" <<EOF
$(run 'exec sleep 1000')
requires = ["middle-$name"]
EOF
done
for number in 0 1 2 3 4 5 6 7 8 9; do
	unit "many-$number" <<EOF
$(run 'exec sleep 1000')
EOF
done
ok 'the services are accepted' compile

# accepted_of PID - the client with this pid, which prints objects, knows that its request is accepted.
accepted_of() { grep -q '"accepted"' "$1.out"; }
# supervisor - the pid of the supervisor of svc-managerd.
supervisor() { sed -n 's/^pid=//p' run/scan/svc-managerd/supervise/supervisor; }
# subscribed - somebody listens to the manager.
subscribed() { [ "$(ls run/manager/event)" ]; }

# One that comes while it is waited for.
background change --timeout 60s up db; early=$pid
ok 'a manager takes requests' managed
ok 'who waited for it has his answer' wait "$early"
is 'which is what became of it' "$(tail -n 1 "$early.out")" 'db: ready'
ok 'what is up goes down' change down db

# Verbs.
ok 'a service comes up' change up web
is 'what it needs before it' "$(grep ready out)" 'db: ready
web: ready'
is 'and nothing is said against it' "$(cat err)" ''
ok 'what is up is up' change up web
is 'in one line' "$(cat out)" 'web: ready'
ok 'several can be asked for' change up web db
is 'with a line for each' "$(sort out)" 'db: ready
web: ready'
ok 'who wants to hear nothing hears nothing' change --quiet restart db
is 'of what is well' "$(cat out err)" ''
exits 1 'what others need does not go down' change down db
is 'and they are named' "$(cat out)" 'others need that: web'
is 'with the way out' "$(cat err)" 'svc-change: hint: --with-dependents takes them down too'
ok 'a restart' change restart db
is 'takes those that depend on it along, in order' "$(grep -E 'down|ready' out)" 'web: down
db: down
db: ready
web: ready'
ok 'with its dependents it goes down' change down --with-dependents db
is 'after them' "$(grep down out)" 'web: down
db: down'
exits 1 'what needs one that is held down does not come up' change up web
is 'and that is why' "$(tail -n 1 out)" 'web: not ready: web needs db; db is held down'
is 'with the way out' "$(cat err)" "svc-change: hint: svc-change --dir $T/run --generations $T/lib up db web starts both"
ok 'which helps' change up db
ok 'as it says' change wait web

exits 1 'what fails is not ready' change up after-bad
contains 'the root of it is told' "$(cat out)" 'after-bad: not ready: after-bad needs bad; bad failed: exit code 1'
is 'and where more is' "$(cat err)" "svc-change: hint: svc-db --dir $T/run --generations $T/lib why after-bad says more"
exits 1 'quiet or not' change --quiet up after-bad
contains 'what goes wrong is said' "$(cat out)" 'after-bad: not ready: '
is 'without hints' "$(cat err)" ''
: >mended
ok 'what failed is tried again after a reset' change reset bad
ok 'and so are those that need it' change wait after-bad
ok 'a oneshot is run once' change once bad
ok 'it goes down' change down after-bad bad
rm mended
exits 1 'once more it fails' change once bad
is 'which is the answer' "$(tail -n 1 out)" 'bad: not ready: bad failed: exit code 1'

ok 'what all of a chain need' change up top-low top-blind
: >broken
exits 1 'fails after its restart' change --json restart low
is 'which is said of each that needs it' "$(sed -n '$s/.*"results":\[\(.*\)]}/\1/p' out | sed 's/","/"\n"/g' | sort)" '"low: not ready: low failed: exit code 7"
"middle-low: not ready: middle-low needs low; low failed: exit code 7"
"top-low: not ready: top-low needs middle-low; middle-low needs low; low failed: exit code 7"'
exits 1 'also of one that seems to be ready at first' change restart blind
ok 'then all are down that need it' change wait --down middle-blind top-blind
rm broken
ok 'who is asked for is not tried in an hour, but now' change up blind
ok 'and so are those that need it' change wait top-blind
ok 'it is stopped' change down --with-dependents low blind

ok 'a service can be run once' change once many-0
is 'until it ends' "$(tail -n 1 out)" 'many-0: ready'
ok 'one that can read its configuration again' change up hup
ok 'does' change reload hup
becomes 10 'when it is told to' [ -s reloads ]
is 'which is said' "$(cat out)" 'hup: told to reload'
exits 1 'one whose file does not say how is not told to reload' change reload web
is 'which is said' "$(cat out)" 'web: no way to reload: its service file says neither reload nor reload-signal'
contains 'with what helps' "$(cat err)" 'restart web does it'
ok 'facts are looked at' change look
exits 1 'what is down is not told to reload' change reload many-1
is 'which is said too' "$(cat out)" 'many-1: not up'

exits 1 'there is no such service' change up wbe many-1
is 'as is said' "$(cat out)" 'there is no service wbe'
is 'with what may be meant' "$(cat err)" 'svc-change: hint: instead of wbe, did you mean web?'
ok 'and nothing of the rest was done' is_in many-1 down

# Objects.
ok 'for programs' change --json restart db
is 'there are objects' "$(sed 's/"[0-9a-f]\{32\}"/ID/' out | sed -n '1p;$p')" '{"event":"accepted","id":ID}
{"event":"done","exit":0,"results":["db: ready","web: ready"]}'
is 'a line for each change' "$(grep -c '{"event":"service","name":"\(web\|db\)","state":"ready"}' out)" 2
exits 1 'also for what is not' change --json up nix
is 'with the exit code' "$(tail -n 1 out)" '{"event":"done","exit":1,"results":["there is no service nix"]}'

# Waiting.
ok 'what is ready is ready' change wait web db
is 'a line for each, as they were named' "$(cat out)" 'web: ready
db: ready'
exits 1 'what nobody wants will not be ready' change wait many-1
is 'which is why' "$(cat out)" 'many-1: not ready: nothing needs many-1'
ok 'it is down' change wait --down many-1
ok 'and settled, as is what is up' change wait --settled many-1 web
exits 99 'what does not go down is waited for' change --timeout 0.3 wait --down web
is 'for so long' "$(cat err)" 'svc-change: fatal: timed out: web: ready'
exits 1 'or not at all' change --no-wait wait --down web
exits 1 'for whom there is not' change wait nix
background change wait --down many-2 web; waits=$pid
becomes 10 'and he listens' subscribed
ok 'while somebody waits' change down web
ok 'he gets to know' wait "$waits"
is 'what happened' "$(grep 'down$' "$waits.out" | sort)" 'many-2: down
web: down'
ok 'it is up again' change up web

# Time.
exits 99 'what is not ready in time' change --timeout 0.3 up front
like 'goes on, and who is late is named' "$(cat err)" '^svc-change: fatal: timed out: the request goes on; front .*slow is under way$'
ok 'it is still starting' is_in slow up
ok 'who does not wait is told nothing' change --no-wait up front
is 'of what comes' "$(cat out)" ''
ok 'a timeout of 0 is the same' change --timeout 0 up front
# Not by way of timeout(1), which would be told to end.
background svc-change --dir run --generations lib --json up front; waits=$pid
becomes 10 'who waits' accepted_of "$waits"
kill -TERM "$waits"
wait "$waits"
is 'and is told to end, ends' $? 143
is 'and the request goes on' "$(cat "$waits.err")" 'svc-change: fatal: interrupted: the request goes on'
background change wait front; waits=$pid
: >go
ok 'then it comes up' wait "$waits"
is 'once' "$(wc -l <starts.slow)" 1

# The death of the manager.
ok 'it goes down' change down front
rm go starts.slow
background change up front; waits=$pid
becomes 10 'a request is accepted' is_in slow up
old=$(manager)
# So that there is time to see it.
kill -STOP "$(supervisor)"
kill -9 "$old"
becomes 10 'its client sees the manager die' grep -q died "$waits.err"
kill -CONT "$(supervisor)"
is 'says so' "$(cat "$waits.err")" 'svc-change: warning: svc-managerd died; waiting for the next one'
: >go
ok 'and has the answer of the next one' wait "$waits"
is 'which is what became of it' "$(tail -n 1 "$waits.out")" 'front: ready'
is 'nothing ran twice' "$(wc -l <starts.slow)" 1
ok 'it was another manager' test "$(manager)" != "$old"

# One that has not read the request.
kill -STOP "$(manager)"
exits 99 'a manager that hangs takes no request' change --timeout 0.3 up many-3
is 'in time' "$(cat err)" 'svc-change: fatal: timed out: svc-managerd has not taken it yet: it may still be carried out'
background change --json up many-4; waits=$pid
becomes 10 'somebody else waits' subscribed
kill -STOP "$(supervisor)"
kill -9 "$(manager)"
becomes 10 'and sees it die' grep -q manager-died "$waits.out"
kill -CONT "$(supervisor)"
ok 'and has an answer from the next one' wait "$waits"
is 'it died' "$(grep -c manager-died "$waits.out")" 1
is 'accepted once' "$(grep -c accepted "$waits.out")" 1
ok 'it is up' is_in many-4 ready

# A waiting client of which nobody knows.
ok 'down' change down front
rm go
background change up front; waits=$pid
becomes 10 'a request is accepted again' is_in slow up
rm -f run/manager/event/sub.*
: >go
ok 'who hears nothing looks for himself' wait "$waits"

# Who may write anything to it.
ok 'down' change down front
rm go
background change up front; waits=$pid
becomes 10 'and up' is_in slow up
for fifo in run/manager/event/sub.*; do
	printf 'service e\033vil ready\nservice many-9 ready\nrequest 0 done\nnonsense\n' >"$fifo"
done
: >go
ok 'what is announced falsely does no harm' wait "$waits"
is 'and is not told' "$(grep -v '^\(slow\|front\): ' "$waits.out")" ''

# More than the fifo holds.
kill -STOP "$(manager)"
# shellcheck disable=SC2046  # a word each
exits 99 'a request can be larger than the fifo' change --timeout 0.5 up $(seq -f 'no-such-service-%g' 5000)
is 'half of it is nothing' "$(cat err)" 'svc-change: fatal: timed out: svc-managerd did not take it: nothing is done'
kill -CONT "$(manager)"
# shellcheck disable=SC2046
exits 1 'all of it is answered' change --quiet up $(seq -f 'no-such-service-%g' 5000)
is 'line by line' "$(wc -l <out)" 5000

# Many at once.
seq 100 | while read -r number; do
	( verb=up; [ $((number % 3)) = 0 ] && verb=restart
	change --quiet "$verb" "many-$((number % 10))" >>"many.$number" 2>&1
	echo "exit $?" >>"many.$number" ) &
done
all_done() { [ "$(cat many.* 2>/dev/null | grep -c '^exit ')" = 100 ]; }
becomes 60 'a hundred at the same time are answered' all_done
is 'all of them well' "$(cat many.* | sort | uniq -c | sed 's/^ *//')" '100 exit 0'
is 'no subscriber is left' "$(ls run/manager/event)" ''

# Other generations.
first=$(generation)
ok 'an apply of what is live' change apply
is 'changes nothing' "$(cat out)" 'nothing has changed'
ok 'and is planned so' change apply --plan
is 'without anybody' "$(cat out)" 'nothing would change'
unit db <<EOF
$(run 'echo changed >>starts.db; exec sleep 1000')
working-directory = "$T"
EOF
unit new <<EOF
$(run 'exec sleep 1000')
EOF
enabled new
ok 'another generation' compile
starts=$(wc -l <starts.db)
ok 'is planned' change apply --plan
is 'with what becomes of whom, in order' "$(cat out)" 'db: restart (run)
new: new
new: enabled: is started
stop web
start new
stop db
start db
start web'
ok 'for programs too' change --json apply --plan
is 'in objects' "$(sed -n '1p;4p;$p' out)" '{"event":"change","name":"db","change":"restart (run)"}
{"event":"stop","name":"web"}
{"event":"done","exit":0,"results":[]}'
is 'nothing is done' "$(wc -l <starts.db) $(generation)" "$starts $first"
ok 'then it is applied, for a while' change apply --confirm 600
is 'and happens as planned' "$(grep -E '^(web|db): (down|ready)$' out)" 'web: down
db: down
db: ready
web: ready'
contains 'what is new is ready too' "$(cat out)" 'new: ready'
is 'it is live' "$(generation)" "$((first + 1))"
ok 'it is confirmed' change confirm
is 'as is said' "$(cat out)" "generation $((first + 1)) is kept"
exits 1 'once' change confirm
is 'there is nothing more to keep' "$(cat out)" 'nothing waits to be confirmed'
unit db <<EOF
$(run 'echo changed again >>starts.db; exec sleep 1000')
working-directory = "$T"
EOF
ok 'a third one' compile
ok 'is applied for some seconds' change apply --confirm 10
came_back() { [ "$(generation)" = "$((first + 1))" ]; }
becomes 20 'what is not confirmed is not kept' came_back
ok 'it is as it was' change wait --settled db web new
ok 'what is gone' change apply "$first"
ok 'and comes back' change apply "$((first + 1))"
is 'is as new' "$(grep '^new: ready' out)" 'new: ready'
ok 'also a plan for a generation' change apply --plan "$first"
contains 'says what is gone' "$(cat out)" 'new: gone: is stopped'
exits 1 'there is no such generation' change apply 99
like 'as is said' "$(cat out)" '^unable to read .*/generations/99/graph: '
exits 111 'nor a plan for it' change apply --plan 99

if ! is_root; then
	skip 'others may ask for what the policy says' 'not root'
	done_testing
fi

# Others.
chmod 711 "$T"
cp "$BIN/svc-change" . && chmod 755 svc-change
group=$(sed -n 's/^\([a-z]*\):[^:]*:65534:.*/\1/p' /etc/group)
printf '%s up : many-* web\n%s look\n' "$group" "$group" >policy
theirs() { svc-setuid 65534:65534 timeout 60 ./svc-change --dir run --generations lib "$@"; }
exits 111 'a stranger may not command' theirs up many-5
like 'as is said' "$(cat err)" '^svc-change: fatal: you may not command'
old=$(manager)
sed -i "s|svc-managerd --dir|svc-managerd --policy '$T/policy' --dir|" run/scan/svc-managerd/run
kill "$old"
another() { [ "$(manager)" != "$old" ] && takes_requests; }
becomes 20 'a manager with a policy' another
ok 'a member of a group may' theirs up many-5
is 'and has the answer' "$(tail -n 1 out)" 'many-5: ready'
ok 'also under its name' theirs --as "$group" up many-5
exits 1 'not what the policy does not say' theirs down many-5
is 'as is said' "$(cat out)" "$group may not down"
exits 1 'nor of whom' theirs up db
is 'as is said' "$(cat out)" "$group may not up db"
exits 111 'nor as another' theirs --as owner up many-5
is 'as is said' "$(cat err)" 'svc-change: fatal: unable to open manager/command/owner: Permission denied'
exits 100 'there is no such principal' theirs --as nobodys up many-5
is 'as is said' "$(cat err)" "svc-change: fatal: there is no principal nobodys; there are: $group owner"
ok 'who may do all may be one of them' change --as "$group" look
ok 'down' change down front
rm go
printf '%s up\n' "$group" >policy
kill -HUP "$(manager)"
may_front() { theirs --no-wait up front; }
becomes 10 'a policy is read again' may_front
background theirs --json up front; waits=$pid
becomes 10 'while one waits' accepted_of "$waits"
: >policy
kill -HUP "$(manager)"
wait "$waits"
is 'who is no principal any more' $? 1
is 'is told' "$(cat "$waits.err")" "svc-change: fatal: $group may not command any more; the request goes on"

done_testing
