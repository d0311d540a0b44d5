#!/bin/sh
# examples/demo.sh: shows what it promises, and leaves nothing behind; the small examples themselves.
. "${0%/*}/lib.sh"

TMPDIR=$T/tmp
export TMPDIR
mkdir "$TMPDIR"
# supervisors - those of a demo of ours: its directory is their environment's TMPDIR.
supervisors() {
	for dir in /proc/[0-9]*; do
		case $(cat "$dir/comm" 2>/dev/null) in
		svc-*) grep -qzs "^TMPDIR=$TMPDIR\$" "$dir/environ" && cat "$dir/comm" ;;
		esac
	done
}

ok 'the demo runs through' "$root/examples/demo.sh"
out=$(cat out)
contains 'it shows each command before it runs it' "$out" '$ svc-scan . &'
contains 'it shows the services come up' "$out" 'greeter: up'
contains 'it shows a death' "$out" 'clock down signal=KILL'
contains 'it shows an adoption' "$out" 'clock supervised'
contains 'it tells that it is over' "$out" 'Nothing is left.'
is 'and leaves no file' "$(ls -A "$TMPDIR")" ''
is 'and no process' "$(supervisors)" ''
is 'and says nothing else' "$(cat err)" ''

for signal in INT TERM HUP; do
	# Whenever that is: in one second the demo is somewhere in the middle.
	timeout -k 20 -s "$signal" 1 "$root/examples/demo.sh" >out 2>err </dev/null
	is "ended by $signal it leaves no file" "$(ls -A "$TMPDIR")" ''
	is 'and no process' "$(supervisors)" ''
done
done_testing
