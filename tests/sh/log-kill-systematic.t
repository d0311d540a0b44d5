#!/bin/sh
# A logger is killed on its way into one system call, then into the next: at work, in a rotation, in
# the recovery from a kill in either. Its successors leave each line once.
# limit: 900
#
#   FULL=1      every system call (otherwise one in STEP)
#   STEP=N      (3)
#   JOBS=N      how many at a time (as many as there are cores)
. "${0%/*}/lib.sh"
has strace || skip_all 'no strace here'
if ! strace -qq -o "$T/try" true 2>/dev/null || ! [ -s "$T/try" ]; then skip_all 'no ptrace for us here'; fi
step=${STEP:-3}
[ -z "${FULL:-}" ] || step=1
jobs=${JOBS:-$(nproc)}

# Less than a pipe holds, and some rotations' worth. The last line has no end.
{
	seq -f 'line %06.0f of those that must be there once, whole and in order' 1 250
	printf 'the last one'
} >lines
{ cat lines; echo; } >expected

# one DIR 'DIRECTIVES' [CALL N]... - a logger, killed at each place in turn, then one that comes to
# its end. Says what is wrong.
cat >one <<'V'
dir=$1 directives=$2; shift 2
mkdir "$dir" && cd "$dir" || exit
mkfifo in
exec 3<>in
cat "$T/lines" >&3
# The last reader keeps what is in it; without a writer it has an end.
exec 4<in 3>&-
round=0 hit=yes
while [ $# -ge 2 ]; do
	round=$((round + 1))
	# shellcheck disable=SC2086  # a word each
	timeout -k 5 300 strace -qq -o "trace.$round" -e trace='!execve' -e inject="$1:signal=KILL:when=$2" \
		svc-log $directives <&4 3>&- 4<&- >/dev/null 2>>errors
	grep -q 'killed by SIGKILL' "trace.$round" || hit=no
	shift 2
done
# shellcheck disable=SC2086  # a word each
timeout -k 5 300 strace -qq -o trace svc-log $directives <&4 3>&- 4<&- >/dev/null 2>>errors ||
	echo "the last logger ended with $?"
for log in a b; do
	[ -d "$log" ] || continue
	# What a processor has not seen waits for the next start.
	tries=10
	while ls "$log" | grep -q '\.u$' && [ "$tries" -gt 0 ]; do
		case $directives in *'?'*) ;; *) break ;; esac
		# shellcheck disable=SC2086  # a word each
		svc-log $directives </dev/null 2>>errors
		tries=$((tries - 1))
	done
	cat "$log"/@* "$log"/current | sed 's/^@[0-9a-f]* //' >got
	cmp -s got "$T/expected" || { echo "in $log:"; diff got "$T/expected" | head -n 5; }
	ls "$log" | grep -q '\.u$' && echo "in $log: an archive that nobody knows"
	[ -x "$log/current" ] || echo "in $log: current is not marked as complete"
done
grep -vx 'Killed' errors
echo "$hit"
V
export T

# systematic WHAT 'DIRECTIVES' [CALL N] - after a kill at that call, if any, one at each.
systematic() {
	title=$1 directives=$2; shift 2
	rm -rf base
	sh "$T/one" "$T/base" "$directives" "$@" >told 2>/dev/null
	is "$title: the scenario itself" "$(cat told)" yes
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' base/trace | awk '{ print $1, ++n[$1] }' |
		grep -v '^exit_group\|^execve' >all
	awk -v step="$step" -v first="$(($# + ${#title}))" 'NR % step == first % step' all >tried
	# shellcheck disable=SC2016  # for the inner shell
	while read -r call number; do
		echo "'$T/at.$call.$number' '$directives' $* $call $number"
	done <tried | xargs -P "$jobs" -L 1 sh -c '
		told=$(sh "$T/one" "$@" 2>/dev/null)
		case $told in
		yes) echo hit ;;
		no) echo missed ;;
		*) printf "%s\n" "$1:" "$told" ;;
		esac
		rm -rf "$1"' sh >told
	hit=$(grep -cx hit told)
	is "$title: killed at any system call, each line is there once" "$(grep -vx 'hit\|missed' told)" ''
	ok "$title: it was killed" test "$hit" -gt 0
	echo "# $title: $(wc -l <tried) of $(wc -l <all) system calls tried, $hit of them came to pass"
}

systematic 'at work' 't s4096 n100 ./a'
systematic 'without stamps' 's4096 n100 ./a'
systematic 'two directories, with rules' 't s4096 n100 -xyz ./a t s5000 ./b'
systematic 'durable' '--sync t s4096 n100 ./a'
systematic 'with a processor' 's4096 n100 ?cat ./a'
systematic 'recovery from a kill at a write' 't s4096 n100 ./a' pwrite64 3
systematic 'recovery from a kill in a rotation' 't s4096 n100 ./a' renameat 2
systematic 'recovery from a kill after the rename' 't s4096 n100 ./a' openat 8

done_testing
