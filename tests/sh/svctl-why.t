#!/bin/sh
# svctl why: the root cause of whatever keeps a service from where it is wanted.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-scene.sh"
cd "$T" || exit 111

exits 102 'where nothing is live there is nothing to explain' ctl why
unit mail <<'EOF'
exec = ["sleep", "1000"]
when.all = ["net/up = yes"]
EOF
cp "$(command -v sleep)" prog
unit missing <<EOF
exec = ["$T/prog", "1000"]
restart = "no"
EOF
unit rival <<'EOF'
exec = ["sleep", "1000"]
conflicts = ["cache"]
EOF
: >"$etc/enabled/mail"
scene || { fail 'the scene is set'; done_testing; }

golden why "$(COLUMNS=200 ctl why | same_each_time)"
for name in web crash files paused spare slow; do
	golden "why-$name" "$(COLUMNS=200 ctl why "$name" | same_each_time)"
done
golden why-80-unicode "$(COLUMNS=80 LC_ALL=C.UTF-8 ctl why | grep -v ' try: ' | same_each_time)"
ctl_fits() { COLUMNS=80 ctl why | grep -v ' try: ' | fits 80; }
ok 'but for commands all is cut to the width' ctl_fits

like 'a condition is told with what does not hold' "$(ctl why mail)" 'root cause: the condition of mail does not hold \(net/up = yes\)'
exits 100 'a name that there is not' ctl why webb
like 'is met with what was meant' "$(cat err)" 'did you mean web'

# ---- what was asked for ----
ok 'a service is taken down that others need' change --quiet down --with-dependents database
until_ok 10 is_in web down
like 'who needs it is told so' "$(ctl why web)" 'root cause: database is held down'
like 'and what ends that' "$(ctl why web)" 'try: svctl --prefix .* start database'
like 'all that it keeps down are told together' "$(ctl why)" 'keeps from where they are wanted: app, web'
change --quiet up database
until_ok 10 is_in app ready

# ---- a program that is not there any more ----
rm prog
change --quiet --no-wait up missing
until_ok 10 is_in missing failed
until_ok 10 grep -q prog var/log/coppice/missing/current
like 'a missing program ends with 127' "$(ctl why missing)" 'root cause: missing failed: exit code 127'
like 'and is named by its log' "$(ctl why missing)" 'unable to run .*/prog: No such file or directory'

# ---- one that is ready whenever somebody looks ----
unit flap <<'EOF'
exec = ["/bin/sh", "-c", "sleep 0.1; exit 4"]
restart-delay = "100ms"
restart-delay-max = "200ms"
EOF
rm "$etc/services/missing.toml"
compile && change --quiet apply
change --quiet --no-wait up flap
becomes 20 'who dies over and over is told so' sh -c "svctl --prefix '$T' why flap | grep -q '^R flap is restarting'"
becomes 20 'with its end' sh -c "svctl --prefix '$T' why flap | grep -q 'root cause: flap failed: exit code 4'"

# ---- one that may not be up beside another ----
change --quiet --no-wait up rival
like 'a conflict is told' "$(ctl why rival)" 'root cause: rival conflicts with cache'
like 'with what would end it' "$(ctl why rival)" 'try: svctl --prefix .* stop cache'

# ---- what helps, and what does not ----
unit deaf <<'EOF'
exec = ["/bin/sh", "-c", "trap : TERM; echo >&3; while :; do sleep 1000 & wait; done"]
ready = "notify-fd 3"
EOF
unit part <<'EOF'
exec = ["sleep", "1000"]
part-of = ["whole"]
EOF
unit whole <<'EOF'
type = "group"
wants = ["part"]
EOF
compile && change --quiet apply
# tries NAME - what is to be typed about it.
tries() { ctl why "$1" | sed -n 's/^  try: svctl --prefix [^ ]* //p' | tr '\n' ','; }
change --quiet up deaf
change --quiet --no-wait down deaf
until_ok 10 is_in deaf stopping
is 'who is on its way down is waited for' "$(tries deaf)" 'wait --down deaf,'
is 'status says the same' "$(ctl status deaf | sed -n 's/^ *Try: svctl --prefix [^ ]* //p')" 'wait --down deaf'
ctl kill deaf KILL --quiet
until_ok 10 is_in deaf down
is 'then it can be started' "$(tries deaf)" 'start deaf,'
unit fails <<'EOF'
type = "oneshot"
start = "false"
EOF
compile && change --quiet apply
exits 1 'it fails, and is not wanted any more' ctl start --once fails
is 'then there is nothing to reset' "$(tries fails)" 'start fails,'
ctl kill cache STOP --quiet
# It stops when it comes to run.
until_ok 10 prints 'kill cache CONT,' tries cache
is 'what was paused goes on by a signal' "$(tries cache) $(ctl status cache | sed -n 's/^ *Try: svctl --prefix [^ ]* //p')" 'kill cache CONT, kill cache CONT'
ctl kill cache CONT --quiet
change --quiet up part whole
change --quiet down whole
until_ok 10 is_in part down
like 'a part is told from what it is part of' "$(ctl why part)" 'root cause: nothing needs whole'
is 'which is to be started' "$(tries part)" 'start whole,'

# ---- the same chain as that of svc-db ----
chain() { sed -n 's/^ *\(because\|root cause\): \(.*\)/\2/p' | sed 's/ (since .*//'; }
is 'svc-db names the same causes' "$(ctl why a-name-that-is-longer-than-anybody-can-remember | chain)" \
	"$(svc-db --dir "$run" --generations "$lib" why a-name-that-is-longer-than-anybody-can-remember | chain)"

# ---- control characters ----
unit naughty <<'EOF'
exec = ["/bin/sh", "-c", "printf 'a\\033[2Jb\\n'; exit 1"]
restart = "no"
EOF
compile && change --quiet apply
change --quiet --no-wait up naughty
until_ok 10 grep -q 2Jb var/log/coppice/naughty/current
until_ok 10 is_in naughty failed
like 'what a log would do to a terminal is shown instead' "$(ctl why naughty)" 'a\\x1b\[2Jb'

# What ran before the program, once, or to undo it.
unit gated <<'EOF'
exec = ["sleep", "1000"]
before-start = [["-/bin/false"], ["/bin/sh", "-c", "exit 6"]]
EOF
unit try <<'EOF'
exec = ["/bin/sh", "-c", "echo no luck today; exit 5"]
ready = "notify-fd 3"
EOF
unit mount <<'EOF'
type = "oneshot"
start = ["true"]
stop = ["/bin/sh", "-c", "echo still busy; exit 32"]
EOF
compile && ctl apply --quiet >/dev/null 2>&1
ctl start --quiet gated >/dev/null 2>&1
like 'a before-start that fails is the root cause' "$(ctl why gated)" 'root cause: gated failed: exit code 6'
becomes 20 'and is named' sh -c "svctl --prefix '$T' why gated | grep -q 'before-start failed: /bin/sh: exit code 6'"
exits 1 'one that is tried once fails' ctl start --once try
like 'why tells how' "$(ctl why try)" 'last end: exit code 5'
becomes 10 'and what it said' sh -c "svctl --prefix '$T' why try | grep -q 'no luck today'"
ok 'a oneshot is up' ctl start mount
exits 1 'its stop command fails' ctl stop mount
is 'which is said' "$(tail -n 2 out)" 'mount: down
mount: its stop command failed: exit code 32'
like 'why tells it, too' "$(ctl why mount)" 'last end: exit code 32'

unit forks <<'EOF'
exec = ["/bin/sh", "-c", "exit 0"]
restart-delay = "1h"
restart-delay-max = "1h"
EOF
compile && ctl apply --quiet >/dev/null 2>&1
ctl start --quiet --no-wait forks
becomes 20 'a success that is taken for a death has a hint' sh -c "svctl --prefix '$T' why forks | grep -q 'exit code 0; if it goes into the background, say ready = \"forked\"'"

done_testing
