#!/bin/sh
# svctl start, stop, restart, reload, reset, kill and wait: services are moved.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
cd "$T" || exit 111
command="svctl --prefix $T"

# says CODE TEXT DESCRIPTION ARGUMENT... - all that svctl says, on both, and its exit code.
says() {
	want="$1 $2" what=$3; shift 3
	code=0; got=$(ctl "$@" 2>&1) || code=$?
	is "$what" "$code $(echo "$got" | sed "s,$T,T,g")" "$want"
}

unit db <<'EOF'
exec = ["/bin/sh", "-c", "trap : USR1 WINCH; echo >&3; while :; do sleep 1000 & wait; done"]
ready = "notify-fd 3"
EOF
unit web <<'EOF'
exec = ["sleep", "1000"]
requires = ["db"]
EOF
unit deaf <<'EOF'
exec = ["/bin/sh", "-c", "trap : TERM; echo >&3; while :; do sleep 1000 & wait; done"]
ready = "notify-fd 3"
timeout-stop = "50ms"
EOF
sed 's/50ms/1h/' "$etc/services/deaf.toml" >"$etc/services/patient.toml"
unit late <<'EOF'
exec = ["sleep", "1000"]
ready = "notify-fd 3"
timeout-start = "5s"
EOF
unit flaky <<EOF
exec = ["/bin/sh", "-c", "test -e '$T/flaky.go' && exec sleep 1000"]
restart-delay = "1h"
restart-delay-max = "1h"
EOF
unit top <<'EOF'
exec = ["sleep", "1000"]
requires = ["flaky"]
EOF
unit job <<'EOF'
type = "oneshot"
start = ["sh", "-c", "test -e go"]
EOF
sed -i "s,test -e go,test -e $T/go," "$etc/services/job.toml"
enabled
compile

says 102 "svctl: fatal: no tree runs in T/run/coppice/scan: svctl --prefix T boot --background starts it" 'without a tree it is said how one is started' start web
code=0; svctl --prefix "$T/none" start web 2>said || code=$?
like 'without a directory, too' "$code $(cat said)" '^102 svctl: fatal: no tree runs in .*/none/run/coppice/scan: svctl --prefix .* boot --background starts it'
like 'nothing of an image runs' "$(svctl --root "$T" start web 2>&1 | head -n 1)" '^svctl: fatal: nothing of an image runs: svctl --root .* list shows'
exits 100 'and that is a mistake' svctl --root "$T" stop web
printf 'daemon up restart : web\ndaemon reload\n' >policy
managed --policy "$T/policy"

says 0 'db: starting
db: up
db: ready
web: starting
web: ready' 'a start brings up what is needed, and waits' start web
says 0 'web: already ready' 'what is ready is so already' start web
says 0 'web: already ready' 'names may end as those of other systems do' start web.service
says 0 'db: already ready' 'or as our files do' start db.toml
says 1 "others need that: web
svctl: hint: svctl --prefix T stop --with-dependents db takes them down too" 'what is needed is not stopped' stop db
says 0 'web: stopping
web: down
db: stopping
db: down' 'but with those that need it' stop --with-dependents db
says 0 'db: already down' 'what is held down is so already' stop db
says 1 "web: not ready: web needs db; db is held down
svctl: hint: svctl --prefix T start db web starts both" 'why it is not ready, and what helps' start web
ctl start db --quiet >said 2>&1
is 'quiet means silent' "$(cat said)" ''
until_ok 10 is_in web ready
for verb in start stop restart reload reset wait kill why tree graph events logs; do
	says 100 'svctl: fatal: there is no service wbe (did you mean web?)' "a slip of the pen: $verb" $verb wbe
done
for verb in status is-up is-ready is-failed; do
	exits 4 "how such a one stands nobody knows: $verb" ctl $verb wbe
	like 'and who may be meant is said' "$(cat err)" 'there is no service wbe .did you mean web\?.$'
done
for verb in cat show enable disable mask edit; do
	exits 100 "a slip of the pen: $verb" ctl $verb wbe
	like 'and who may be meant is said too' "$(cat err)" 'there is no service file of wbe .did you mean web\?.'
done
says 100 'svctl: fatal: there is no service wbe (did you mean web?); there is no service bd (did you mean db?)' 'several of them' start wbe db bd
like 'as an object with its code' "$(ctl --json start wbe 2>/dev/null)" '"event":"done","exit":100,"results":."there is no service wbe".}$'

says 0 'web: ready' 'waiting for what is ready' wait web
says 1 'web: ready' 'not waiting for what is not down' wait --down --no-wait web
code=0; ctl wait --down web --timeout 3s >said 2>&1 || code=$?
is 'waiting has an end' "$code $(cat said)" '99 svctl: fatal: timed out: web: ready'
says 0 'web: stopping
web: down
web: starting
web: ready' 'a restart' restart web
says 0 'web: reset' 'a reset' reset web
code=0; ctl start job >said 2>&1 || code=$?
is 'a failure is told' "$code $(sed '$d' said)" '1 job: starting
job: failed
job: not ready: job failed: exit code 1'
like 'and where more is said' "$(cat said)" "hint: $command why job says more"
: >go
is 'a reset tries again' "$(ctl reset job | tail -n 1)" 'job: reset'
says 0 'job: ready' 'and then it is ready' wait job
is 'as JSON, each with its schema' "$(ctl start web --json | sed 's/"id":"[0-9a-f]*"/"id":"X"/')" '{"schema":"svctl-start-1","event":"accepted","id":"X"}
{"schema":"svctl-start-1","event":"done","exit":0,"results":["web: already ready"]}'
ctl stop web >/dev/null
is 'also what happens' "$(ctl start --json web | sed -n 's/.*"event":"service"/"service"/p')" '"service","name":"web","state":"starting"}
"service","name":"web","state":"ready"}'

says 1 "late: starting
late: up
late: not ready: late failed: not ready in time
svctl: hint: svctl --prefix T why late says more" 'no state is told twice' start late

# What is needed and waits before it is tried again is tried now.
ctl start top >/dev/null 2>&1
until_ok 10 grep -q start-due "$run/scan/flaky/supervise/status"
: >flaky.go
says 0 'flaky: starting
flaky: ready
top: starting
top: ready' 'who starts something has what it needs started at once' start --timeout 60s top
ctl stop --quiet top

# What does not end in its time is killed, and that is told.
says 0 'deaf: starting
deaf: up
deaf: ready' 'who is deaf to TERM' start deaf
says 0 'deaf: stopping
deaf: down: it had to be killed after 50 ms' 'a stop that only KILL brought about is one, and says so' stop deaf
ctl start --quiet deaf
like 'also one of a restart, as JSON' "$(ctl restart --json deaf | tee -a objects)" '"name":"deaf","state":"down","killed-after-ms":50}$'
ctl start --quiet patient
background ctl stop patient
until_ok 10 is_in patient stopping
ctl kill patient KILL --quiet
wait "$pid"
is 'whom others kill meanwhile was not late' "$(cat "$T/$pid.out")" 'patient: stopping
patient: down'

# Signals.
pid() { svc-stat -o pid "$run/scan/$1"; }
db=$(pid db)
says 0 "db: USR1 sent to process $db" 'a signal with a letter' kill db USR1
says 0 "db: WINCH sent to process $db" 'by its whole name' kill db SIGWINCH
says 0 "db: URG sent to process $db" 'one that supervisors have no letter for' kill db URG
is 'as an object' "$(ctl kill db URG --whole --json)" "{\"schema\":\"svctl-kill-1\",\"name\":\"db\",\"signal\":\"URG\",\"pid\":$db,\"whole\":true}"
is 'it lives' "$(pid db)" "$db"
code=0; ctl kill web >said || code=$?
like 'without one it is TERM' "$code $(cat said)" '^0 web: TERM sent to process [0-9]*$'
until_ok 10 is_in web ready
code=0; ctl kill db QUIET 2>said || code=$?
is 'no signal' "$code $(head -n 1 said)" '100 svctl: fatal: QUIET is no signal: did you mean QUIT?'
ctl stop web >/dev/null
says 1 "svctl: fatal: web has no process: nothing to kill (svctl --prefix T start web)" 'what is down has no process' kill web

# Objects.
for words in 'stop web' 'start web' 'restart web' 'reload db' 'reset web' 'wait web' 'start none' 'kill db URG' 'stop web'; do
	# shellcheck disable=SC2086  # words
	ctl --json $words >>objects 2>/dev/null
done
as_schemas_say objects

# Files.
unit new <<'EOF'
exec = ["sleep", "1000"]
EOF
says 100 "svctl: fatal: new is not live yet: T/etc/coppice/services/new.toml was not applied: svctl --prefix T apply" 'what is not live yet' start new
ln -s /dev/null "$etc/services/away.toml"
says 100 "svctl: fatal: away is masked by T/etc/coppice/services/away.toml: svctl --prefix T unmask away" 'what is masked' start away
rm "$etc/services/away.toml"
printf 'environment.A = "1"\n' >>"$etc/services/web.toml"
says 0 "svctl: note: web.toml has changed since generation 1: svctl --prefix T apply uses it
web: starting
web: ready" 'a definition that has changed is mentioned before' start web

rm "$etc/services/new.toml"
sed -i '$d' "$etc/services/web.toml"
says 0 'web: already ready' 'not when it says again what is live' start web

# Broken things.
cp "$run/manager/state" state.before
printf 'rubbish' >"$run/manager/state"
code=0; ctl start web >said 2>&1 || code=$?
like 'a state table that is none harms nobody' "$code" '^(0|1|111)$'
cp state.before "$run/manager/state"

# Who may.
if is_root && grep -q '^nobody:' /etc/passwd && grep -q '^daemon:' /etc/group; then
	chmod 755 "$T"
	code=0; su nobody -s /bin/sh -c "PATH=$PATH svctl --prefix '$T' start web" >said 2>&1 || code=$?
	like 'who may not is told who may' "$code $(cat said)" '^111 svctl: fatal: you may not command this tree: root may, and members of the group daemon \(for: up restart of web, reload\); .* start web$'
else
	skip 'who may not is told who may' 'not root, or nobody is not there'
fi

# Without a manager.
svc-ctl -wd down "$run/scan/svc-managerd"
code=0; ctl start web 2>said || code=$?
like 'no manager: what to type' "$code $(cat said)" '^102 svctl: fatal: the tree runs, and no manager: svc-ctl up .*/scan/svc-managerd'

done_testing
