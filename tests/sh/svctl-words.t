#!/bin/sh
# svctl: what it says when something is amiss, and what to type then.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111

# fails CODE DESCRIPTION LINE ARGUMENT... - svctl ends so, with that as the last line of its errors.
fails() {
	want=$1 description=$2 line=$3; shift 3
	code=0
	ctl "$@" >out 2>err </dev/null || code=$?
	is "$description" "$code $(tail -n 1 err)" "$want $line"
}
package() { cat >"$T/usr/lib/coppice/services/$1.toml"; }
sleeper() { printf 'exec = ["sleep", "1000"]\n%s' "${1:-}"; }

sleeper | unit counter
sleeper | unit idle
sleeper | package pkg
enabled counter
ctl apply >/dev/null 2>&1
logged
# shellcheck disable=SC2119  # no options
managed
until_ok 10 is_in counter ready

# The habits of other systems.
fatal='svctl: fatal:'
fails 100 'a verb of systemd has another name here' "$fatal no verb daemon-reload: svctl apply does that" daemon-reload
fails 100 'or nothing does it' "$fatal no verb list-timers: there are no timers yet: cron does that" list-timers
fails 100 'and is no slip of the pen' "$fatal no verb preset: what is enabled is so by hand: svctl enable NAME" preset x
fails 100 'what nobody has is like no verb' "$fatal no verb frobnicate: svctl --help lists all" frobnicate
fails 100 'the option of journalctl' "$fatal no option -u: svctl logs counter" -u counter
fails 100 'behind the verb as well' "$fatal no option -u: svctl logs counter" logs -u counter
fails 100 'a signal as kill has it' "$fatal no option -9: svctl kill counter KILL" kill counter -9
fails 100 'or by its name' "$fatal no option -H: svctl kill NAME HUP" kill -HUP counter
fails 100 'an empty name' "$fatal an empty word is not the name of a service" enable ''
code=0; svctl --prefix '' status 2>err || code=$?
is 'an empty prefix is none' "$code $(cat err)" "100 $fatal --prefix is empty: which directory?"
code=0; COPPICE_PREFIX='' svctl status 2>err || code=$?
is 'nor is that of the environment the system' "$code $(cat err)" "100 $fatal COPPICE_PREFIX is empty: unset it, or name a directory"

# The files of a service by its name.
is 'the files of a service are checked by its name' "$(ctl check counter)" 'no errors'
fails 100 'nobody has that name, nor a file' "$fatal there is no countr" check countr

# What runs, and is disabled or masked.
is 'who disables what runs is told who stops it' "$(ctl disable counter)" "counter: disabled
not live yet: svctl --prefix $T apply stops counter, unless others need it"
ok 'it may be enabled again' ctl enable counter
is 'what does not run is stopped by nobody' "$(ctl enable idle; ctl disable idle)" "idle: enabled
not live yet: svctl --prefix $T apply
idle: disabled
not live yet: svctl --prefix $T apply"
ok 'applied' ctl apply
sleeper | package fresh
ok 'what is not live is masked, and need not be stopped' ctl mask --now fresh
is 'it is masked' "$(readlink "$etc/services/fresh.toml")" /dev/null
ok 'what is down is masked' ctl mask --now pkg
ok 'and unmasked' ctl unmask pkg
is 'it comes as any other' "$(ctl plan)" "pkg: new
nothing is stopped or started"
like 'and is new when it is applied' "$(ctl apply)" '^pkg: new$'

# A file that is gone.
rm "$T/usr/lib/coppice/services/fresh.toml" "$etc/services/fresh.toml"
: >"$etc/enabled/lost"
ctl check 2>err
like 'what is enabled and has no file can be disabled' "$(cat err)" ' svctl disable lost$'
rm "$etc/enabled/lost"

# A file with a mistake.
sleeper '
nicee = 3
exec = 5
' >"$etc/services/counter.toml"
like 'a mistake is in the way of an apply' "$(ctl restart counter 2>&1)" \
	"counter.toml has changed since generation [0-9]*, and has a mistake: svctl --prefix $T check"
is 'and what is stale needs it mended' "$(ctl stale | sed "s/generation [0-9]*/N/")" \
	"counter: $etc/services/counter.toml has changed since N, and has a mistake
try: svctl --prefix $T check"
mistake=$(ctl list --broken | sed -n 's/.*\(counter.toml:[0-9]*\).*/\1/p')
like 'status names the same mistake as list' "$(ctl status counter)" "can't be applied: .*$mistake"
exits 1 'what has a mistake can not be shown' ctl show counter
like 'which is told' "$(cat err)" "^$mistake|counter.toml:[0-9]*:1: error"
sleeper | unit counter

# Waiting has an end.
unit never <<'END'
exec = ["sleep", "1000"]
ready = "notify-fd 3"
timeout-start = "1h"
END
sleeper 'requires = ["never"]' | unit needy
ok 'applied again' ctl apply
fails 99 'who is not there in time is named, with the reason' \
	"$fatal timed out: the request goes on; needy needs never; never is under way" start --timeout 5s needy
ok 'they are stopped' ctl stop --with-dependents never

unit deaf <<END
exec = ["/bin/sh", "-c", "trap : TERM; echo >&3; until test -e '$T/end'; do sleep 0.05; done"]
timeout-stop = "60s"
ready = "notify-fd 3"
END
ok 'one that is in no hurry to go' sh -c "svctl --prefix '$T' apply && svctl --prefix '$T' start deaf"
ok 'is asked to' ctl stop --no-wait deaf
until_ok 10 is_in deaf stopping
is 'why gives no advice twice' "$(ctl why deaf | grep 'try: ' | sort | uniq -d)" ''
: >end

# On a narrow terminal.
COLUMNS=40
export COLUMNS
file=$etc/services/counter.toml
ok 'status cuts no path' sh -c "svctl --prefix '$T' status counter | grep -qx ' *File: $file'"
ok 'list has it in a line of its own' sh -c "svctl --prefix '$T' list | grep -A1 '^counter ' | grep -qx '  $file'"
ok 'as generations have what changed' sh -c "svctl --prefix '$T' generations | grep -qx '  +needy +never'"
unset COLUMNS

# Somebody who may not.
if is_root; then
	asks='(doas|sudo|as root:)'
	chmod 755 "$T"
	# refuses PATTERN ARGUMENT... - to somebody else that is the last line.
	refuses() {
		pattern=$1; shift
		timeout 300 svc-setuid 65534:65534 svctl --prefix "$T" "$@" >out 2>&1
		like "who may not $1 is told what to type" "$(tail -n 1 out)" "$pattern; $asks svctl --prefix $T $*$"
	}
	refuses 'you may not command this tree: root may' stop counter
	refuses 'counter: Permission denied' disable counter
	refuses 'boot.lock: Permission denied' boot
	refuses 'control: Permission denied' halt
	timeout 300 svc-setuid 65534:65534 svctl --prefix "$T" status counter >out 2>&1
	like 'what may not be read is told' "$(cat out)" \
		"Note: you may not read its process, restarts and log: $asks svctl --prefix $T status counter$"
else
	skip 'who may not is told what to type' 'not root'
fi

# A tree that has ended, by Ctrl-C and not by halt.
ok 'a tree in the foreground' ctl halt
timeout 600 svctl --prefix "$T" boot 2>booted &
boot=$!
until_ok 20 is_in counter ready
is 'it runs' "$(ctl is-up counter)" ready
kill -INT "$(sed -n 's/^pid=//p' "$run/scan/.svc-scan/scan")"
wait "$boot"
none="no tree runs in $run/scan: svctl --prefix $T boot --background starts it"
for verb in status why 'is-up counter'; do
	# shellcheck disable=SC2086  # words
	ctl $verb >out 2>&1
	contains "after Ctrl-C nothing runs: $verb" "$(cat out)" "$none"
done
fails 102 'nothing can be killed' "$fatal $none" kill counter

# Where no tree ever ran.
mkdir -p "$T/new/etc/coppice/services"
echo 'exce = 5' >"$T/new/etc/coppice/services/bad.toml"
timeout 300 svctl --prefix "$T/new" boot >out 2>&1
like 'a first boot needs files without mistakes' "$(tail -n 1 out)" \
	"^$fatal .* nothing is written, and there is no other generation: no tree was started\. .*check\), then svctl --prefix $T/new boot\$"
is 'events says what to type' "$(svctl --prefix "$T/new" events 2>&1)" \
	"$fatal no tree runs in $T/new/run/coppice/scan: svctl --prefix $T/new boot --background starts it"
done_testing
