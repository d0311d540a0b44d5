#!/bin/sh
# svc-oneshot: whatever is killed, and whenever, the program runs exactly once, and how it ended is
# known. All that is killed here is below a svc-scan, which is told of orphans: a service of its own
# carries out the parts.
# limit: 600
#
#   ROUNDS=N        how many oneshots are killed at random (40)
#   STEP=N          one in so many system calls is tried (1)
#   CONTROLS=FILE   coppice-core, built with the feature `controls`
#   JOBS=N          how many at a time (four times as many as there are cores: most of it is waiting)
. "${0%/*}/lib.sh"
. "$here/supervised.sh"
rounds=${ROUNDS:-40} step=${STEP:-1} jobs=${JOBS:-$(($(nproc) * 4))}
controls=${CONTROLS:-$root/target/controls/debug/coppice-core}
wards=$T/tree/.svc-scan/wards
export wards here

# What the parts have in common.
cat >common <<'end'
. "$here/supervised.sh"
cd "$T" || exit 111
until_ok() { tries=$(($1 * 50)); shift; until "$@" 2>/dev/null; do tries=$((tries - 1)); [ "$tries" -gt 0 ] || return 1; sleep 0.02; done; }
# make DIR [COMMAND...] - a oneshot that says that it runs, does this, and exits 7.
make() {
	mkdir -p "$1"
	printf '#!/bin/sh\necho ran >>ran\n%s\nexit 7\n' "$2" >"$1/run"
	chmod 755 "$1/run"
}
# one DIR - carries out order 1.
one() { svc-oneshot --seq 1 --wards "$wards" "$1"; }
# begin DIR [OPTION...] - the same, in the background; its pid is in $one.
begin() { where=$1; shift; svc-oneshot --seq 1 --wards "$wards" "$@" "$where" & one=$!; }
# process DIR - the pid of its program.
process() { sed -n 's/^pid=//p' "$1/supervise/process"; }
# judge DIR [DEATH] - says what is not as it should be.
judge() {
	[ "$(cat "$1/ran")" = ran ] || echo "$1: it ran $(wc -l <"$1/ran") times"
	says "$1" state down || echo "$1: state=$(key "$1" state)"
	says "$1" last-run "${2-exit=7}" || echo "$1: last-run=$(key "$1" last-run)"
	# svc-scan may be about to reap what was killed.
	until_ok 10 has_no_ward "$T/$1" || echo "$1: it still has a ward"
}
# has_no_ward DIR - no program of it is on its way.
has_no_ward() { ! find "$wards" -lname "$1" | grep -q .; }
end

# victim SCENARIO [CALL N] - svc-oneshot is killed on its way into the Nth CALL. Prints hit or missed,
# and what is wrong.
cat >victim <<'end'
. "$T/common"
dir=$1/$2.$3
watched() {
	exec strace -D -qq -o "$dir/trace" -e 'trace=!rt_sigaction' ${2:+-e "inject=$2:signal=KILL:when=$3"} \
		svc-oneshot --seq 1 --wards "$wards" "$dir"
}
# taken_over PID - it is about to go on with the order, or is dead.
taken_over() { [ "$(supervisor_of "$dir")" = "$1" ] || ! grep -qs '^State:.[^Z]' "/proc/$1/status"; }
case $1 in
start)
	make "$dir"
	watched "$@" &
	watched=$! ;;
adopt)
	make "$dir" 'until [ -e go ]; do sleep 0.02; done'
	begin "$dir"
	until_ok 20 test -e "$dir/ran"
	kill -KILL "$one"
	watched "$@" &
	watched=$!
	until_ok 20 taken_over "$watched"
	touch "$dir/go" ;;
esac
wait "$watched"
code=$?
[ -n "$2" ] || [ "$code" = 0 ] || echo "$dir: exit code $code"
[ -z "$2" ] || one "$dir" || echo "$dir: exit code $?"
judge "$dir"
if grep -q 'killed by SIGKILL' "$dir/trace"; then echo hit; else echo missed; fi
end

# random N - svc-oneshot is killed over and over, every few milliseconds.
cat >random <<'end'
. "$T/common"
dir=rounds/$1
if [ $(($1 % 2)) = 0 ]; then death=exit=7; else death=signal=KILL; fi
make "$dir" "sleep 0.0$(($1 % 10)); [ $death = exit=7 ] || kill -KILL \$\$"
for try in 1 2 3 4 5 6 7 8 9 10; do
	begin "$dir"
	sleep "0.0$(od -An -N1 -tu1 /dev/urandom | awk '{ printf "%03d", $1 % 100 }')"
	kill -KILL "$one"
	wait "$one"
done
one "$dir" || echo "$dir: exit code $?"
judge "$dir" "$death"
end

# other NAME - the other things that may be killed.
cat >other <<'end'
. "$T/common"
dir=others/$1
make "$dir" 'until [ -e go ]; do sleep 0.02; done'
case $1 in
program)
	begin "$dir"
	until_ok 20 test -e "$dir/ran"
	kill -KILL "$(process "$dir")"
	wait "$one" || echo "exit code $?"
	one "$dir" || echo "exit code $?"
	judge "$dir" signal=KILL ;;
both)
	begin "$dir"
	until_ok 20 test -e "$dir/ran"
	kill -KILL "$one" "$(process "$dir")"
	one "$dir" || echo "exit code $?"
	judge "$dir" signal=KILL ;;
unattended | without)
	# The program ends while nobody is there.
	if [ "$1" = unattended ]; then begin "$dir"; else begin "$dir" --wards "$T/nowhere"; fi
	until_ok 20 test -e "$dir/ran"
	kill -KILL "$one"
	program=$(process "$dir")
	touch "$dir/go"
	until_ok 20 sh -c "! [ -d /proc/$program ]"
	one "$dir" || echo "exit code $?"
	judge "$dir" ;;
earlier)
	# Another order, with another program, comes while nobody is there.
	printf '#!/bin/sh\necho stop >>ran\n' >"$dir/stop"
	chmod 755 "$dir/stop"
	begin "$dir"
	until_ok 20 test -e "$dir/ran"
	kill -KILL "$one"
	begin "$dir" --seq 2 --run stop
	until_ok 20 sh -c '[ "$(sed -n "s/^pid=//p" "$1/supervise/supervisor")" = "$2" ]' - "$dir" "$one"
	[ "$(cat "$dir/ran")" = ran ] || echo 'it did not wait'
	touch "$dir/go"
	wait "$one" || echo "exit code $?"
	tr '\n' ' ' <"$dir/ran" ;;
called-off)
	# As before, but the other order is called off before its turn.
	printf '#!/bin/sh\necho stop >>ran\n' >"$dir/stop"
	chmod 755 "$dir/stop"
	begin "$dir"
	until_ok 20 test -e "$dir/ran"
	kill -KILL "$one"
	begin "$dir" --seq 2 --run stop
	until_ok 20 sh -c '[ "$(sed -n "s/^pid=//p" "$1/supervise/supervisor")" = "$2" ]' - "$dir" "$one"
	kill -TERM "$one"
	wait "$one" || echo "exit code $?"
	judge "$dir" ''
	key "$dir" order ;;
moved)
	# The directory gets another name.
	begin "$dir"
	until_ok 20 test -e "$dir/ran"
	mv "$dir" "$dir.new"
	dir=$dir.new
	echo =new >"$dir/supervise/control"
	until_ok 20 says "$dir" name new
	kill -KILL "$one"
	program=$(process "$dir")
	touch "$dir/go"
	until_ok 20 sh -c "! [ -d /proc/$program ]"
	one "$dir" || echo "exit code $?"
	judge "$dir" ;;
stopped)
	# A stop is carried on.
	printf '#!/bin/sh\necho ran >>ran\ntrap "" TERM\necho >>deaf\nuntil [ -e go ]; do sleep 0.02; done\nexit 7\n' >"$dir/run"
	echo 300 >"$dir/timeout-kill"
	begin "$dir"
	until_ok 20 test -e "$dir/deaf"
	svc-ctl -d "$dir"
	stops() { says "$dir" stopping yes || gone "$one"; }
	until_ok 20 stops
	kill -KILL "$one"
	one "$dir" || echo "exit code $?"
	judge "$dir" signal=KILL ;;
orphan)
	# Somebody's daemon, whose ward is not one: its number and what is in its place are in the file garbage.
	sh -c 'sleep 1000 & echo $!' >"$dir/pid"
	pid=$(cat "$dir/pid")
	mkdir -p "$dir/supervise"
	case $(cat garbage) in
	nothing) ln -s nowhere "$wards/$pid" ;;
	directory) mkdir "$wards/$pid" ;;
	file) echo >"$wards/$pid" ;;
	empty) ln -s "$T/others" "$wards/$pid" ;;
	fifo) mkfifo "$dir/supervise/process"; ln -s "$T/$dir" "$wards/$pid" ;;
	other)
		head -c 256 "others/both/supervise/process" >"$dir/supervise/process"
		ln -s "$T/$dir" "$wards/$pid"
		;;
	esac
	kill -KILL "$pid"
	until_ok 20 sh -c "! [ -d /proc/$pid ]" || echo 'it is not reaped'
	if [ -f "$dir/supervise/process" ]; then
		grep -E '^(exit|signal)=' "$dir/supervise/process" && echo 'an exit was recorded'
	fi
	rm -rf "$dir/supervise" ;;
esac
end

# The service that does all that: job COMMAND... runs below svc-scan; its output is in the file said.
mkdir tree
service tree/driver <<'end'
#!/bin/sh
cd "$T" || exit 111
while read -r number command <jobs; do
	sh -c "$command" >"job.$number" 2>"job.$number.said" </dev/null || echo "exit code $?" >>"job.$number"
	echo >"job.$number.done"
done
end
mkfifo jobs
export T
background svc-scan tree
scan=$pid
until_ok 10 says tree/driver state up
number=0
job() {
	number=$((number + 1))
	# shellcheck disable=SC2238  # a fifo
	echo "$number $*" >jobs
	until_ok 200 test -e "job.$number.done"
	mv "job.$number" said
}
# answers DESCRIPTION WANT COMMAND... - a job that has this to say.
answers() { describe=$1 want=$2; shift 2; job "$@"; is "$describe" "$(cat said)" "$want"; }
is 'the directory of wards is for nobody else' "$(stat -c %a "$wards")" 700

answers 'the program is killed: it has ended' '' sh other program
answers 'both are: it is not run again' '' sh other both
answers 'it ends while nobody is there: svc-scan has written down how' '' sh other unattended
answers 'without its ward nobody knows, and nobody guesses' 'others/without: last-run=exit=unknown' sh other without
answers 'the next order waits for what the last one left' 'ran stop ' sh other earlier
answers 'or is not carried out at all if it is called off meanwhile' 2 sh other called-off
answers 'a stop is carried on' '' sh other stopped
answers 'the directory may be moved' '' sh other moved
for garbage in nothing directory file empty fifo other; do
	echo "$garbage" >garbage
	answers "a ward that is garbage ($garbage) does no harm" '' sh other orphan
done
ok 'svc-scan lives' alive "$scan"
rmdir "$wards"/[1-9]* 2>/dev/null
ls "$wards" >left

answers "$rounds are killed ten times each: all have run once, and their end is known" '' \
	"seq $rounds | xargs -P $jobs -n 1 sh random"

if ! has strace || ! strace -D -qq -o try true 2>/dev/null || ! [ -s try ]; then
	skip 'killed at any system call' 'no strace that works here'
else
	for scenario in start adopt; do
		answers "$scenario: the scenario itself" missed sh victim "$scenario"
		sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$scenario/./trace" |
			awk '{ print $1, ++n[$1] }' | grep -v '^exit_group' >all
		awk -v step="$step" 'NR % step == 0' all | sed "s/^/$scenario /" >tried
		job "xargs -P $jobs -L 1 sh victim <tried"
		is "$scenario: killed at any system call, it has run once, and its end is known" "$(grep -vx 'hit\|missed' said)" ''
		hit=$(grep -cx hit said)
		ok "$scenario: it was killed" test "$hit" -gt 0
		echo "# $scenario: $(wc -l <tried) of $(wc -l <all) system calls tried, $hit of them came to pass"
	done
fi
is 'no ward is left' "$(ls "$wards")" "$(cat left)"

# The same must find what is wrong when a part of the protocol is left out.
if [ -x "$controls" ]; then
	mkdir controls
	ln -s "$controls" controls/svc-oneshot
	# some PART - rounds without that part.
	some() { rm -rf rounds; job "export PATH=$T/controls:\$PATH COPPICE_CONTROL=$1; seq 40 | xargs -P $jobs -n 1 sh random"; }
	# finds PART FAULT - it may take some rounds, as chance decides.
	finds() {
		left=15
		while [ "$left" -gt 0 ]; do
			left=$((left - 1))
			some "$1"
			! grep -q "$2" said || return 0
		done
		return 1
	}
	some none
	is 'svc-oneshots that only dawdle lose nothing' "$(cat said)" ''
	ok 'without the lock some are run twice' finds no-lock 'it ran [2-9]'
	ok 'without the intent on file some are run twice' finds no-intent 'it ran [2-9]'
	ok 'when deaths are reaped before they are recorded, some are not known' finds reap-first last-run=exit=unknown
	rm -rf rounds
else
	skip 'faults are found when a part of the protocol is left out' \
		"no $controls (cargo build -p coppice --features controls --target-dir target/controls)"
fi

# Those that a dead svc-scan could not remove.
# (What is left of the rounds without a part may have the pid of somebody who lives by now.)
rm -f "$wards"/*
sleep 1000 &
living=$!
ln -s "$T/none" "$wards/$living"
ln -s "$T/none" "$wards/4194304"
ln -s "$T/none" "$wards/-1"
echo >"$wards/nonsense"
kill -KILL "$scan"
until_ok 10 gone "$scan"
background svc-scan tree
becomes 10 'a new svc-scan keeps only the wards of what lives' sh -c "[ \"\$(ls '$wards')\" = '$living' ]"

done_testing
