#!/bin/sh
# svctl status, list, tree, is-up, is-ready and is-failed: what is shown of services in all states.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-scene.sh"
cd "$T" || exit 111

code=0; ctl status >out 2>err || code=$?
is 'where nothing is live, nobody knows' "$code" 4
like 'and it is said what can be looked at' "$(cat err)" 'no tree runs in .* boot --background starts it .svctl --prefix .* list shows what is installed.'
code=0; svctl --root "$T" status 2>err || code=$?
is 'of an image nothing runs' "$code" 100
like 'which is said in a line' "$(head -n 1 err)" 'nothing of an image runs: svctl --root .* list'
is 'an image has a list' "$(svctl --root "$T" list --enabled | wc -l)" 6

scene || { fail 'the scene is set'; done_testing; }

# ---- all ----
golden status-200 "$(COLUMNS=200 ctl status | same_each_time)"
golden status-80 "$(COLUMNS=80 ctl status | same_each_time)"
golden status-80-unicode "$(COLUMNS=80 LC_ALL=C.UTF-8 ctl status | same_each_time)"
golden status-pipe "$(ctl status | same_each_time)"
ok 'a table of 80 columns fits' sh -c "COLUMNS=80 svctl --prefix '$T' status >table"
ok 'in all its lines' sh -c "awk 'length(\$0) > 80 { exit 1 }' <table"
ok 'one of 40 columns fits' sh -c "COLUMNS=40 svctl --prefix '$T' status >table"
ok 'in all its lines too' sh -c "awk 'length(\$0) > 40 { exit 1 }' <table"
if has script stty; then
	golden status-terminal-80 "$(on_terminal 80 status | same_each_time)"
	golden status-terminal-200 "$(LC_ALL=C.UTF-8 on_terminal 200 status | same_each_time)"
	is 'colours add nothing but colours' "$(on_terminal 80 status | sed 's/\x1b\[[0-9]*m//g' | same_each_time)" \
		"$(COLUMNS=80 ctl status | same_each_time)"
else
	skip 'on a terminal' 'no script or stty'
fi

# ---- one ----
golden status-web "$(COLUMNS=200 ctl status web | same_each_time)"
golden status-crash "$(COLUMNS=200 ctl status crash 2>&1 | same_each_time)"
golden status-files-80 "$(COLUMNS=80 LC_ALL=C.UTF-8 ctl status files | grep -Ev '^ *(Try|File|Log):' | same_each_time)"
golden status-paused "$(COLUMNS=200 ctl status paused | same_each_time)"
exits 0 'who is ready is 0' ctl status web
exits 3 'who is not up is 3' ctl status files
exits 3 'of several the worst counts' ctl status web files
exits 4 'who is not there is 4' ctl status webb
like 'and who was meant is said' "$(cat err)" 'there is no service webb \(did you mean web\?\)'
exits 4 'one of several that is not there too' ctl status web nobody
like 'the others are shown' "$(cat out)" '^\* web'
exits 0 'the ending of a unit is understood' ctl status web.service
exits 0 'that of a file too' ctl status web.toml
is 'as many lines of the log as are asked for' "$(ctl status -n 0 database | grep -c accept)" 0
is 'no processes' "$(ctl status --no-processes web | grep -c -e '- [0-9]* sleep')" 0

echo 'exec = ["sleep", "5"]' | unit newcomer
exits 4 'a file that was not applied is nothing live' ctl status newcomer
like 'which is said with what to type' "$(cat err)" 'newcomer is not live yet: .*newcomer.toml was not applied: svctl --prefix .* apply'
ln -s /dev/null "$etc/services/mask.toml"
exits 4 'a masked name is nothing live' ctl status mask
like 'and that it is masked is said' "$(cat err)" 'mask is masked by .*: svctl --prefix .* unmask mask'

like 'who is needed twice over is named once' "$(ctl status spare)" '^ +Needs: wants and after cache .ready.$'
like 'as is who needs it' "$(ctl status cache)" 'Needed by: .*wants and after spare .down.'
ctl start spare --quiet
is 'who was started once was not started again' "$(ctl status spare | grep -c Restarts)" 0
ctl restart spare --quiet
like 'how often it was says what counts' "$(ctl status spare)" '^ +Restarts: 1, by hand or after a death$'
ctl stop spare --quiet

# ---- stale ----
is 'as applied nothing is stale' "$(ctl status web | grep -c Stale)" 0
touch "$etc/services/web.toml"
is 'nor if a file was only touched' "$(ctl status web | grep -c Stale)" 0
echo 'environment.A = "b"' >>"$etc/services/web.toml"
like 'what was changed is' "$(ctl status web)" 'Stale: changed since generation 1: svctl --prefix .* plan'
echo 'exce = "x"' >>"$etc/services/web.toml"
like 'what is broken has its first mistake' "$(ctl status web)" 'Stale: can.t be applied: .*web.toml:[0-9]*:[0-9]*: error\[E003\]'
like 'which list names as well' "$(ctl list --broken)" '^web +- +ready +.*web.toml:[0-9]*:[0-9]*: error\[E003\]'
rm "$etc/services/web.toml"
like 'what has no file any more' "$(ctl status web)" 'Stale: it goes with the next'
mkdir "$etc/services/cache.d"
echo 'requires = ["database"]' >"$etc/services/cache.d/need.toml"
like 'a drop-in that changes who is needed counts' "$(ctl status cache)" 'Stale: changed since generation 1'
like 'and is named' "$(ctl status cache)" 'Drop-in: .*cache.d/need.toml'

# ---- for scripts ----
is 'a word for each' "$(ctl is-ready web slow spare)" "ready
up
down"
exits 3 'not all are ready' ctl is-ready web slow
exits 0 'both run' ctl is-up web slow
exits 3 'one does not' ctl is-up web spare
exits 0 'it has failed' ctl is-failed disk crash
exits 1 'it has not' ctl is-failed web
exits 4 'nobody knows' ctl is-up nobody
exits 0 'without a word' ctl is-up --quiet web
is 'is without a word' "$(cat out)" ''

# ---- list and tree ----
like 'a list has what is not live' "$(ctl list)" '^newcomer +- +not live '
is 'what is masked' "$(ctl list --masked | awk 'NR > 1 { print $1, $2 }')" 'mask masked'
is 'what is enabled' "$(ctl list --enabled | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" 'a-name-that-is-longer-than-anybody-can-remember app crash paused slow '
is 'what has failed' "$(ctl list --failed | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" 'crash disk '
is 'what runs' "$(ctl list --running | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" 'app cache database slow web '
golden tree "$(ctl tree)"
golden tree-unicode "$(LC_ALL=C.UTF-8 ctl tree app)"
golden tree-users "$(ctl tree --users disk database)"
is 'a tree that is cut' "$(ctl tree --depth 1 a-name-that-is-longer-than-anybody-can-remember | tail -n 1)" '`- B files blocked ...'
is 'an image has a tree' "$(svctl --root "$T" tree files)" 'files
`- disk'

# ---- JSON ----
for words in 'status' 'status web crash disk paused' 'why' 'why web files' 'tree' 'list' 'is-up web spare' 'is-ready web' 'is-failed web'; do
	# shellcheck disable=SC2086  # words
	ctl $words --json >json || :
	as_schemas_say json "the objects of $words keep to their schemas"
done

# ---- without daemons ----
kill -STOP "$(manager)"
# is_stopped - the kernel has come to it.
is_stopped() { grep -q '^State:.T' "/proc/$(manager)/status"; }
until_ok 10 is_stopped
is 'a manager that was stopped is told, with what to type' "$(ctl status | head -n 1)" \
	"! svc-managerd is stopped, by a signal: nothing moves until it goes on: svctl --prefix $T kill svc-managerd CONT"
like 'of one service too' "$(ctl status cache)" '^ +Note: svc-managerd is stopped, by a signal'
like 'and where the cause of something is asked for' "$(ctl why files)" '^! svc-managerd is stopped'
is 'nothing is advised that it would have to do' "$(ctl why files | sed -n 's/^  try: .* \(.* .*\)/\1/p')" 'logs disk'
exits 99 'nobody takes what is asked for' ctl start --timeout 50ms cache
like 'who asks for something is told at once' "$(cat err)" '^svctl: note: svc-managerd is stopped, by a signal, and takes this when it goes on: svctl --prefix .* kill svc-managerd CONT$'
ok 'it goes on' ctl kill svc-managerd CONT
ok 'and does what is asked for' ctl start cache
svc-ctl once "$run/scan/svc-managerd"
kill -9 "$(manager)"
becomes 10 'a manager that is dead is told' sh -c "svctl --prefix '$T' status | grep -q '^! svc-managerd is not running: .*: svc-ctl up .*/scan/svc-managerd\$'"
database=$(sed -n 's/^pid=//p' "$run/scan/database/supervise/status")
case $database in [1-9]*) kill -9 "$database" ;; esac
becomes 10 'without a manager a process is shown as it is' sh -c \
	"svctl --prefix '$T' status database | grep -q 'Last end: killed by KILL'"
exits 0 'who runs still does' ctl is-up cache
mkdir -p other/run/coppice other/var/lib
cp -r "$run/manager" other/run/coppice/manager
cp -r "$lib" other/var/lib/coppice
ok 'a table without any daemon' svctl --prefix "$T/other" status
like 'says so' "$(cat out)" '^! svc-scan is not running'
like 'and counts' "$(cat out)" '^11 services: '

# ---- out of memory ----
# record - standard input as a file of supervise/, with its checksum.
record() {
	cat >record
	sum=2166136261
	for byte in $(od -An -v -tu1 record); do sum=$((((sum ^ byte) * 16777619) & 4294967295)); done
	printf 'check=%08x\n' "$sum" | cat record -
}
mkdir -p other/run/coppice/scan/crash/supervise
record >other/run/coppice/scan/crash/supervise/status <<EOF
version=1
state=down
seq=3
wanted=up
oom=yes
changed=1732174878.000123456
since=1
started=1
quick=1
start-due=999999999999
last-run=signal=KILL
oom-kills=1
starts=3
event=9
boot=$(cat /proc/sys/kernel/random/boot_id)
name=crash
EOF
like 'that memory ran out is told' "$(svctl --prefix "$T/other" status crash)" '^ *Last end: killed by KILL \(out of memory\)'
like 'in the table too' "$(svctl --prefix "$T/other" status)" '^R crash .*killed by KILL \(out of memory\), next try in'
like 'and as the cause' "$(svctl --prefix "$T/other" why crash)" 'last end: killed by KILL \(out of memory\); restarts: 2'

printf 'x' | dd of=other/run/coppice/manager/state bs=1 seek=600 conv=notrunc 2>/dev/null
ok 'a damaged line does not hide the others' svctl --prefix "$T/other" status
like 'and is told' "$(cat out)" 'damaged: nobody knows the state of'
: >other/run/coppice/manager/state
exits 4 'a table that is none is told' svctl --prefix "$T/other" status
contains 'in a line' "$(cat err)" 'state is damaged'

done_testing
