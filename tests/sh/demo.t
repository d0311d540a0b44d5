#!/bin/sh
# examples/demo.sh: shows what it promises, goes on, and leaves nothing behind when it is removed.
# limit: 240
. "${0%/*}/lib.sh"

TMPDIR=$T/tmp
export TMPDIR
mkdir "$TMPDIR"
# programs - those of a demo of ours: its directory is their environment's TMPDIR.
programs() {
	for dir in /proc/[0-9]*; do
		case $(cat "$dir/comm" 2>/dev/null) in
		svc-*) grep -qzs "^TMPDIR=$TMPDIR\$" "$dir/environ" && cat "$dir/comm" ;;
		esac
	done
}
# left - those of its services as well: each has DEMO in its environment.
left() {
	programs
	for dir in /proc/[0-9]*; do
		grep -qzs "^DEMO=$TMPDIR/" "$dir/environ" && cat "$dir/comm"
	done
}
none_left() { [ -z "$(left)" ]; }

ok 'the demo runs through' "$root/examples/demo.sh"
cp out shown
out=$(cat shown)
contains 'it shows each command before it runs it' "$out" '$ svctl boot --background'
like 'it boots' "$out" '^booted: svc-scan is pid [0-9]*$'
like 'its services serve one another' "$out" 'GET /time'
is 'a service outlives its supervisor' "$(sed -n 's/^pid=//p' shown | sort -u | wc -l)" 1
contains 'it breaks something' "$out" '$ mv data gone'
like 'and shows why' "$out" 'clock.*store'
like 'it says that it goes on' "$out" '^# It goes on\.'
demo=$(echo "$TMPDIR"/coppice-demo.*)
ok 'so it does' test "$(left | grep -c svc-supervise)" -ge 7
for picture in graph bootchart; do
	like "$picture.svg is a picture" "$(cat "$demo/$picture.svg")" '<svg'
done
ok 'one can look around in it' sh -c ". '$demo/env' && cd / && svctl logs -n 1 report"
like 'and sees it' "$(cat out)" 'visits$'
ok 'it can be removed' "$demo/remove"
is 'which leaves no file' "$(ls -A "$TMPDIR")" ''
becomes 5 'and no process' none_left

for signal in INT TERM HUP; do
	# Whenever that is: in one second the demo is somewhere in the middle.
	timeout -k 40 -s "$signal" 1 "$root/examples/demo.sh" >out 2>err </dev/null
	is "ended by $signal it leaves no file" "$(ls -A "$TMPDIR")" ''
	becomes 5 'and no process' none_left
done
done_testing
