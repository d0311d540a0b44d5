#!/bin/sh
# Kill anything, lose nothing, one instant after the other: a tree of one service and its logger goes
# through start, reexec, crash, finish, adoption and stop, and svc-supervise or svc-scan is killed on
# its way into one system call. Then into the next. Each time all must come about as if nothing had
# happened: the judge of tests/tool decides.
# limit: 1800
#
#   FULL=1      every system call (otherwise one in STEP)
#   STEP=N      (6)
#   JOBS=N      how many at a time (four times as many as there are cores: most of it is waiting)
#   TOOL=FILE   tests/tool, built
. "${0%/*}/lib.sh"
tool=${TOOL:-$root/target/debug/coppice-test}
[ -x "$tool" ] || skip_all "no $tool (cargo build -p coppice-test)"
has strace || skip_all 'no strace here'
if ! strace -D -qq -o "$T/try" true 2>/dev/null || ! [ -s "$T/try" ]; then skip_all 'no ptrace for us here'; fi
step=${STEP:-6}
[ -z "${FULL:-}" ] || step=1
jobs=${JOBS:-$(($(nproc) * 4))}
export tool

# one SCRIPT VICTIM [CALL N] - plays the script once; says what went wrong. Its trace is in
# SCRIPT.CALL.N/bin.
cat >one <<'V'
script=$1 victim=$2 dir=$T/$1.${3:-}.${4:-}
INJECT="-e trace=!rt_sigaction ${3:+-e inject=$3:signal=KILL:when=$4}"
ARMED=$dir/tree/.armed TRACE=$dir/bin/trace
export INJECT ARMED TRACE
mkdir "$dir" "$dir/bin"
for name in svc-scan svc-supervise; do ln -s "$BIN/$name" "$dir/bin/$name"; done
rm "$dir/bin/$victim"
echo "#!$tool victim" >"$dir/bin/$victim"
chmod 755 "$dir/bin/$victim"
case $victim in svc-scan) root=--root ;; *) root= ;; esac
timeout -k 5 600 "$tool" drill --services 1 --script "$script" $root --bin "$dir/bin" "$dir/tree" \
	>"$dir/verdict" 2>&1
code=$?
[ -z "${3:-}" ] && exit "$code"
if [ "$code" != 0 ]; then
	# Until strace has reaped its victim, svc-scan does not see that it is dead, but may see that what
	# it supervised is: then nobody can be told how that ended. Untraced, the order is the other way
	# round. So where only that is wrong, it is tried again.
	if [ "${5:-0}" -lt 9 ] && ! grep '^fault' "$dir/verdict" | grep -qv 'exit=unknown$\|says Some(Unknown)'; then
		rm -rf "$dir"
		exec sh "$0" "$1" "$2" "$3" "$4" "$((${5:-0} + 1))"
	fi
	sed "s/^/at $3 $4: /" "$dir/verdict" "$dir/tree/.messages"
elif grep -q 'killed by SIGKILL' "$dir/bin/trace"; then echo hit
else echo missed; fi
rm -rf "$dir"
V

# systematic SCRIPT VICTIM WHAT
systematic() {
	script=$1 victim=$2
	ok "$3: the scenario itself" sh "$T/one" "$script" "$victim"
	# Every call with its number among those of its name.
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$T/$script../bin/trace" |
		awk '{ print $1, ++n[$1] }' | grep -v '^exit_group' >all
	# One in so many, beginning at a place that is the same each time but not the same for all.
	awk -v step="$step" -v first="${#script}" 'NR % step == first % step' all >tried
	sed "s/^/$script $victim /" tried | xargs -P "$jobs" -L 1 sh "$T/one" >told
	hit=$(grep -cx hit told)
	is "$3: killed at any system call, nothing is lost" "$(grep -vx 'hit\|missed' told)" ''
	ok "$3: it was killed" test "$hit" -gt 0
	echo "# $3: $(wc -l <tried) of $(wc -l <all) system calls tried, $hit of them came to pass"
}

systematic supervise svc-supervise 'start, reexec, crash, finish and stop in svc-supervise'
systematic adopt svc-supervise 'adoption, crash, finish and stop in svc-supervise'
systematic scan svc-scan 'start, restart, reexec, an orphan and stop in svc-scan'

done_testing
