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

done_testing
