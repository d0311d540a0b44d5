#!/bin/sh
# svc-logread -f: each line once, whatever happens to the files.
. "${0%/*}/lib.sh"
TZ=UTC0
export TZ

# archive N - the name of the archive of this number.
archive() { printf '@40000000691e%04x00000000' "$1"; }
shows() { [ "$(cat "$T/$pid.out")" = "$1" ]; }
has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }
# follow ARGUMENT... - follows, without stamps; its output is $pid.out.
follow() { background svc-logread -f --stamp none "$@"; }

# One log.
mkdir one
seq -f 'line %g' 20 >one/current
follow ./one
becomes 10 'first come the last ten lines' has_lines "$pid.out" 10
is 'and no more' "$(head -n 1 "$pid.out")" 'line 11'
printf 'whole\npart' >>one/current
becomes 10 'then what is added' has_lines "$pid.out" 11
is 'but no line that is not whole' "$(tail -n 1 "$pid.out")" whole
echo ' and the rest' >>one/current
becomes 10 'until it is' grep -qx 'part and the rest' "$pid.out"
echo last >>one/current
mv one/current "one/$(archive 1).s"
echo first >one/current
becomes 10 'after a rotation it goes on in the new file' grep -qx first "$pid.out"
is 'when the old one is done' "$(tail -n 2 "$pid.out" | head -n 1)" last
printf 'torn' >>one/current
mv one/current "one/$(archive 2).u"
echo between >one/new
mv one/new "one/$(archive 3).s"
echo now >one/current
becomes 10 'files in between are read' grep -qx now "$pid.out"
is 'in order' "$(tail -n 3 "$pid.out" | tr '\n' ' ')" 'torn between now '
cp "one/$(archive 2).u" one/processed
mv one/processed "one/$(archive 2).s"
rm "one/$(archive 2).u"
echo again >>one/current
becomes 10 'what was processed' grep -qx again "$pid.out"
is 'is not read again' "$(grep -c torn "$pid.out")" 1
# s6-log's way.
mv one/current one/previous
echo new >one/current
becomes 10 'previous is what was current' grep -qx new "$pid.out"
gzip -c <one/previous >one/processed 2>/dev/null || cp one/previous one/processed
mv one/processed "one/$(archive 4).s"
rm one/previous
echo newer >>one/current
becomes 10 'and what becomes of it' grep -qx newer "$pid.out"
is 'is not read again either' "$(grep -cx again "$pid.out")" 1
size=$(wc -c <one/current)
printf 'a line that a crash has torn' >>one/current
dd if=/dev/null of=one/current bs=1 seek="$size" 2>/dev/null
echo repaired >>one/current
becomes 10 'a file that was repaired goes on' grep -qx repaired "$pid.out"
rm -r one
mkdir one
echo reborn >one/current
becomes 10 'a directory that was made anew is a new log' grep -qx reborn "$pid.out"
is 'nothing came twice' "$(sort "$pid.out" | uniq -d)" ''
is 'in all this time it said nothing' "$(cat "$pid.err")" ''
kill "$pid"

# Nothing of what was there.
mkdir none
echo old >none/current
follow -n 0 ./none
more() { echo new >>none/current; [ -s "$pid.out" ]; }
becomes 10 'with -n 0 there is only what is added' more
is 'and nothing older' "$(sort -u "$pid.out")" new
kill "$pid"

# What is not there yet.
follow ./later/log
mkdir later
mkdir later/log
echo here >later/log/current
becomes 10 'a log is waited for' shows here
kill "$pid"
mkdir -p root/a
follow --root root
mkdir root/b
echo from b >root/b/current
becomes 10 'new services are followed too' grep -qx 'b from b' "$pid.out"
echo from a >root/a/current
becomes 10 'and those that had said nothing' grep -qx 'a from a' "$pid.out"
kill "$pid"

# A reader that goes away.
mkfifo pipe
sh -c 'exec svc-logread -f ./later/log >pipe' 2>gone.err &
reader=$!
exec 8<pipe
read -r line <&8
is 'a reader reads' "$line" here
exec 8<&-
ok 'when it goes away, we do' wait "$reader"

# Ten logs that are rotated and restarted under load, by three kinds of loggers. None trims.
# rotate LOG KIND - makes an archive of current, and a new current.
rotate() {
	number=$((number + 1))
	name=$1/$(archive "$number")
	case $2 in
	0) mv "$1/current" "$name.s" ;;
	1) mv "$1/current" "$name.u"; : >"$1/current"
		cp "$name.u" "$1/processed"; mv "$1/processed" "$name.s"; rm "$name.u" ;;
	2) mv "$1/current" "$1/previous"; : >"$1/current"
		ln "$1/previous" "$name.s"; rm "$1/previous" ;;
	esac
}
# logger LOG KIND - writes 2000 lines.
logger() {
	number=0 line=0
	while [ "$line" -lt 2000 ]; do
		: $((line += 1))
		echo "line $line" >>"$1/current"
		[ $((line % 50)) != 0 ] || rotate "$1" "$2"
	done
}
mkdir ten
for i in 0 1 2 3 4 5 6 7 8 9; do mkdir "ten/s$i"; done
follow --root ten --since @0
writers=
for i in 0 1 2 3 4 5 6 7 8 9; do
	logger "ten/s$i" $((i % 3)) &
	writers="$writers $!"
done
# Stopped now and then, it finds several rotations at once.
archives() { set -- ten/s0/@*; echo $#; }
has_more() { [ "$(archives)" -ge "$1" ]; }
for _ in 1 2 3 4 5; do
	kill -STOP "$pid"
	until_ok 10 has_more $(($(archives) + 3))
	kill -CONT "$pid"
done
# shellcheck disable=SC2086  # pids are words
wait $writers
becomes 30 'all lines of ten logs come' has_lines "$pid.out" 20000
is 'none is missing, none comes twice, all are in order' \
	"$(awk '$3 != last[$1] + 1 { print } { last[$1] = $3 } END { print NR }' "$pid.out")" 20000
is 'without a complaint' "$(cat "$pid.err")" ''
kill "$pid"

# The same with s6-log, which ends and is started anew meanwhile.
if has s6-log seq; then
	mkdir s6
	for i in 0 1 2; do mkdir "s6/s$i"; done
	follow --root s6 --since @0
	for i in 0 1 2; do
		for from in 1 2001 4001; do
			seq -f 'line %g of some length, so that there are rotations' "$from" $((from + 1999)) |
				s6-log n1000 s4096 t "$T/s6/s$i"
		done
	done
	becomes 30 "s6-log's lines come" has_lines "$pid.out" 18000
	is 'each once, in order' \
		"$(awk '$3 != last[$1] + 1 { print } { last[$1] = $3 } END { print NR }' "$pid.out")" 18000
	is 'and then they can be read' "$(svc-logread --root s6 --stamp raw s0 | wc -l)" 6000
	kill "$pid"
else
	skip "s6-log's logs are followed" 's6-log is not installed'
fi

done_testing
