#!/bin/sh
# svctl status where no daemon is left to write down a death: what runs is told from what has run.
# limit: 240
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111
rm -rf "${T:?}"/*
mkdir -p "$etc/services" "$etc/enabled"

names='ended later other same stays zombie'
scan=$run/scan
# field NAME FILE - a value of it.
field() { sed -n "s/^$1=//p" "$2"; }
pid_of() { field pid "$scan/$1/supervise/status"; }
supervisors() { for file in "$scan"/*/supervise/supervisor "$scan"/*/log/supervise/supervisor; do field pid "$file"; done; }
# killed PID... - they are gone.
killed() { for pid do [ "$pid" -gt 1 ] && kill -9 "$pid" && until_ok 10 gone "$pid" || return 1; done; }
# started PID - when, in ticks. The names of ours have no blanks in them.
started() { cut -d' ' -f22 "/proc/$1/stat"; }
# of NAME - its state and its pid.
of() { ctl --json status | sed -n 's/.*"name":"'"$1"'".*"state":"\([a-z]*\)".*"pid":\([0-9a-z]*\),.*/\1 \2/p'; }
# says NAME PID START - its record is of a process that had this pid at that time.
says() {
	sed -n "/^check=/q; s/^pid=.*/pid=$2/; s/^start=.*/start=$3/; p" "$scan/$1/supervise/status" >record
	sum=2166136261
	for byte in $(od -An -v -tu1 record); do sum=$((((sum ^ byte) * 16777619) & 4294967295)); done
	printf 'check=%08x\n' "$sum" | cat record - >"$scan/$1/supervise/status"
}

for name in $names; do printf 'exec = ["sleep", "1000"]\n' | unit "$name"; done
# shellcheck disable=SC2086  # words
enabled $names
ok 'a tree is booted' ctl boot --background
# shellcheck disable=SC2086  # words
ok 'and comes up' change --timeout 50s wait $names
ok 'svc-scan is killed' killed "$(field pid "$scan/.svc-scan/scan")"
# shellcheck disable=SC2046  # a word each
ok 'so is every supervisor' killed $(supervisors)
ok 'and the manager' killed "$(manager)"

ok 'there is a table' ctl status
contains 'with all of them' "$(cat out)" '6 services: 6 ready'
like 'that says who is missing' "$(cat out)" '^! svc-scan is not running'
for name in $names; do is "$name is shown" "$(of "$name")" "ready $(pid_of "$name")"; done

ok 'one is killed' killed "$(pid_of ended)"
is 'and is down' "$(of ended)" 'blocked null'
like 'no pid is shown' "$(ctl status)" '^B ended  *blocked  *[0-9]+[a-z]+  *no svc-managerd to start it$'
exits 3 'nor where it is asked about' ctl status ended
is 'no process either' "$(grep -c '^ *Process: ' out)" 0

stays=$(pid_of stays)
says other "$stays" "$(($(started "$stays") - 1))"
is 'who has the pid now and started later is another' "$(of other)" 'blocked null'
says same "$stays" "$(started "$stays")"
is 'who started then is the same' "$(of same)" "ready $stays"
says later "$stays" "$(($(started "$stays") + 100))"
is 'so is who started before the record says' "$(of later)" "ready $stays"

# A shell would reap it.
# shellcheck disable=SC2016  # for that shell
background sh -c '{ until [ -e end ]; do sleep 0.02; done; } & echo $! >zombie; exec sleep 1000'
# shellcheck disable=SC2154  # background sets it
until_ok 10 grep -qx sleep "/proc/$pid/comm"
: >end
is_zombie() { [ "$(cut -d' ' -f3 "/proc/$(cat zombie)/stat")" = Z ]; }
becomes 10 'there is a zombie' is_zombie
says zombie "$(cat zombie)" "$(started "$(cat zombie)")"
is 'which is dead' "$(of zombie)" 'blocked null'
contains 'all are counted' "$(ctl status)" '6 services: 3 ready, 3 blocked'

exits 102 'halt does not say that nothing runs' ctl halt
contains 'but what to do' "$(cat err)" 'svc-scan is gone, services are not: '
is 'and they run on' "$(of stays)" "ready $stays"
ok 'after a boot' ctl boot --background
ok 'it ends all of it' ctl halt
ok 'the last one, too' gone "$stays"
is 'now nothing runs' "$(ctl halt)" 'nothing runs'
done_testing
