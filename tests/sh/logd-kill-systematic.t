#!/bin/sh
# svc-logd is killed on its way into one system call, then into the next: at its start, when it takes
# over, with a new fifo, in a rotation, when a fifo is removed, when early lines are moved. Its
# successor leaves each line once.
# limit: 900
#
#   FULL=1      every system call (otherwise one in STEP)
#   STEP=N      (5)
#   JOBS=N      how many at a time (twice as many as there are cores: much of it is waiting)
. "${0%/*}/lib.sh"
has strace || skip_all 'no strace here'
if ! strace -qq -o "$T/try" true 2>/dev/null || ! [ -s "$T/try" ]; then skip_all 'no ptrace for us here'; fi
step=${STEP:-5}
[ -z "${FULL:-}" ] || step=1
jobs=${JOBS:-$(($(nproc) * 2))}

seq -f 'line %06.0f of those that must be there once, whole and in order' 1 250 >few
# More than a rotation of what is kept early, less than all of it.
seq -f 'line %06.0f of those that must be there once, whole and in order' 1 1500 >many

# one DIR SCENARIO [CALL N] - goes through it, with a svc-logd that is killed there, and a successor if
# it is. Says what is wrong.
cat >one <<'V'
dir=$1 scenario=$2 call=${3:-} number=${4:-}
mkdir "$dir" && cd "$dir" || exit
mkdir -m 700 fifos
mkfifo -m 600 fifos/a fifos/b
exec 4<>fifos/a 5<>fifos/b
alive() { grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }
logd() {
	: >ready
	"$@" svc-logd -d 8 --stamp none --early early fifos disk/logs s4096 n100 8>ready 2>>errors 4>&- 5>&- 6>&- &
	logd=$!
}
# Once: the successors are left alone.
traced() { logd timeout 300 strace -qq -o trace -e 'trace=!execve' ${call:+-e "inject=$call:signal=KILL:when=$number"}; }
# until COMMAND... - whoever has been killed meanwhile has a successor.
until_it() {
	tries=1000
	until "$@" 2>/dev/null; do
		alive "$logd" || logd env
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { echo "never: $*"; return; }
		sleep 0.02
	done
}
ready() { [ -s ready ]; }
lines() { cat "$1"/@* "$1/current" 2>/dev/null; }
has() { [ "$(lines "$1" | tail -n 1)" = "$2" ]; }
is_gone() { ! [ -e "$1" ]; }
value() { sed -n "s/^$1=//p" fifos/.svc-logd/status; }
counts() { [ "$(value services)" = "$1" ]; }
tell() { pid=$(value pid); [ -z "$pid" ] || kill "-$1" "$pid" 2>/dev/null; }
new_fifo() {
	mkfifo -m 600 fifos/c
	exec 6<>fifos/c
	# Taken in one piece: who has the line has the other's beginning.
	printf 'a line\nno end' >&6
	until_it has disk/logs/c 'a line'
}
removed() {
	rm fifos/c
	until_it has disk/logs/c 'no end'
	until_it counts 2
	[ "$(lines disk/logs/c | wc -l)" = 2 ] || echo "in c: $(lines disk/logs/c)"
}
last=$(tail -n 1 "$T/few")
case $scenario in
work)
	mkdir -p disk/logs
	cat "$T/few" >&4; cat "$T/few" >&5
	traced
	until_it ready
	until_it has disk/logs/a "$last"
	until_it has disk/logs/b "$last"
	new_fifo
	removed
	;;
adopt)
	mkdir -p disk/logs
	logd env
	until_it ready
	new_fifo
	head -n 100 "$T/few" >&4; cat "$T/few" >&5
	until_it has disk/logs/b "$last"
	kill -9 "$logd"; wait "$logd" 2>/dev/null
	tail -n +101 "$T/few" >&4
	rm fifos/c
	mkfifo -m 600 fifos/d
	traced
	until_it has disk/logs/a "$last"
	rm fifos/d
	removed
	;;
early)
	cat "$T/many" >&4 &
	cat "$T/few" >&5
	logd env
	until_it has early/a "$(tail -n 1 "$T/many")"
	until_it has early/b "$last"
	kill -9 "$logd"; wait "$logd" 2>/dev/null
	mkdir -p disk/logs/b
	echo 'of the boot before' >disk/logs/b/current
	chmod +x disk/logs/b/current
	traced
	until_it is_gone early/a
	until_it is_gone early/b
	echo later >&4
	until_it has disk/logs/a later
	;;
esac
while alive "$logd"; do tell TERM; sleep 0.02; done
# One that was killed when it ended has a successor, which ends.
if grep -q 'killed by SIGKILL' trace; then
	hit=yes
	logd env
	until_it ready
	while alive "$logd"; do tell TERM; sleep 0.02; done
else
	hit=no
fi
case $scenario in
early) { cat "$T/many"; echo later; } >a; { echo 'of the boot before'; cat "$T/few"; } >b ;;
*) cp "$T/few" a; cp "$T/few" b ;;
esac
for name in a b; do
	lines "disk/logs/$name" >got
	cmp -s got $name || { echo "in $name:"; diff got $name | head -n 5; }
	ls "disk/logs/$name" | grep -q '\.u$\|moving' && echo "in $name: $(ls disk/logs/$name)"
	[ -x "disk/logs/$name/current" ] || echo "in $name: current is not marked as complete"
done
[ -z "$(ls early 2>/dev/null)" ] || echo "early: $(ls -R early)"
grep -v '^Killed$\|can be written to: logging there$' errors
echo "$hit"
V
export T

# systematic SCENARIO WHAT
systematic() {
	scenario=$1
	sh "$T/one" "$T/base" "$scenario" >told 2>/dev/null
	is "$2: the scenario itself" "$(cat told)" no
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' base/trace | awk '{ print $1, ++n[$1] }' | grep -v '^exit_group' >all
	rm -rf base
	awk -v step="$step" -v first="${#scenario}" 'NR % step == first % step' all >tried
	# shellcheck disable=SC2016  # for the inner shell
	sed "s/.*/$scenario &/" tried | xargs -P "$jobs" -L 1 sh -c '
		told=$(timeout -k 5 600 sh "$T/one" "$T/at.$*" "$@" 2>/dev/null)
		case $told in
		yes) echo hit ;;
		no) echo missed ;;
		*) printf "%s\n" "$*:" "$told" ;;
		esac
		rm -rf "$T/at.$*"' sh >told
	hit=$(grep -cx hit told)
	is "$2: killed at any system call, each line is there once" "$(grep -vx 'hit\|missed' told)" ''
	ok "$2: it was killed" test "$hit" -gt 0
	echo "# $2: $(wc -l <tried) of $(wc -l <all) system calls tried, $hit of them came to pass"
}

systematic work 'start, rotation, a new fifo and one that is removed'
systematic adopt 'taking over, also what is left of a removed fifo'
systematic early 'early lines on their way to the disk'
done_testing
