#!/bin/sh
# Kill the manager, forget nothing, one instant after the other: svc-managerd is killed on its way into
# one system call of a request, then into the next. A new one takes over each time; afterwards all must
# be as if nothing had happened, and the request answered.
# limit: 1800
#
#   FULL=1      every system call (otherwise one in STEP)
#   STEP=N      (8)
#   JOBS=N      how many at a time (twice as many as there are cores: most of it is waiting)
. "${0%/*}/lib.sh"
has strace || skip_all 'no strace here'
if ! strace -D -qq -o "$T/try" true 2>/dev/null || ! [ -s "$T/try" ]; then skip_all 'no ptrace for us here'; fi
step=${STEP:-8}
[ -z "${FULL:-}" ] || step=1
jobs=${JOBS:-$(($(nproc) * 2))}
export here

# one SCENARIO [CALL N] - plays it once in a tree of its own, whose manager is killed at its Nth CALL
# after the request was made. What there is then is in SCENARIO.CALL.N/result.
cat >one <<'V'
scenario=$1 call=$2 number=$3
T=$T/$1.$2.$3
export T
mkdir "$T" && cd "$T" || exit 111
. "$here/managed.sh"
until_ok() { tries=$(($1 * 50)); shift; until "$@" >/dev/null 2>&1; do tries=$((tries - 1)); [ "$tries" -gt 0 ] || return 1; sleep 0.02; done; }
alive() { grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }
background() { "$@" >"$T/$1.out" 2>&1 </dev/null & pid=$!; }

# What each service does is in NAME.did.
daemon() {
	unit "$1" <<E
exec = ["/bin/sh", "-c", "echo up >>$T/$1.did; trap 'echo down >>$T/$1.did; exit' TERM; echo >&3; while :; do sleep 1000 & wait; done"]
ready = "notify-fd 3"
kill-scope = "group"
$2
E
}
oneshot() {
	unit "$1" <<E
type = "oneshot"
start = ["/bin/sh", "-c", "echo start >>$T/$1.did"]
stop = ["/bin/sh", "-c", "echo stop >>$T/$1.did"]
$2
E
}
daemon base ''
oneshot prepare 'requires = ["base"]'
daemon work 'requires = ["prepare"]'
printf 'type = "group"\nrequires = ["work"]\n' | unit all
before='all base prepare work' after=$before
case $scenario in
up) enabled; request='up all' ;;
down) enabled all; request='down all' ;;
restart) enabled all; request='restart prepare' ;;
apply)
	enabled all old leaving passing; request='apply 2'
	before="$before old leaving passing" after="$after new fresh"
	daemon old ''
	daemon leaving ''
	oneshot passing '' ;;
esac
compile || exit 111
if [ "$scenario" = apply ]; then
	# One is changed, one has another name, two are gone and one is new.
	daemon work 'requires = ["prepare"]
environment.VALUE = "2"'
	mv "$T/etc/services/old.toml" "$T/etc/services/new.toml"
	rm "$T/etc/services/leaving.toml" "$T/etc/services/passing.toml"
	daemon fresh 'requires = ["new"]'
	enabled all new fresh
	compile || exit 111
	ln -sfn generations/1 "$T/lib/boot"
fi
managed --limit 9
scan=$pid
settled() { change --quiet wait --settled --timeout 60 "$@" 2>>"$T/hints"; }
# shellcheck disable=SC2086  # a word each
settled $before || echo "$T: it does not come up"
old=$(manager)

# Traced, it must be before it is asked.
strace -q -p "$old" -o "$T/trace" -e trace='!rt_sigaction' ${call:+-e "inject=$call:signal=KILL:when=$number"} 2>"$T/strace" &
tracer=$!
until_ok 20 grep -q "^TracerPid:[[:space:]]*$tracer\$" "/proc/$old/status"
# shellcheck disable=SC2086  # a word each
change --timeout 60 $request >"$T/answer" 2>"$T/hints"
echo "exit code $?" >"$T/result"
# shellcheck disable=SC2086
settled $after || echo "$T: it does not settle"
# From here on nobody is killed. What strace wrote tells whether somebody was; one that is killed while
# strace lets go of it has no line.
kill "$tracer" 2>>"$T/strace"
wait "$tracer" 2>>"$T/strace"
case $(sed -n '/^+++/p' "$T/trace") in
'+++ killed by SIGKILL +++') hit=hit ;;
'') hit=missed ;;
*) hit=missed && echo "$T: the manager ended by itself" ;;
esac
until_ok 20 takes_requests || echo "$T: no manager"
[ "$hit$(manager)" != "hit$old" ] || echo "$T: no other manager"
# shellcheck disable=SC2086
settled $after || echo "$T: it does not settle"
{
	# What the table says but for times and numbers, what the services did, what is live.
	sed -n '2,$p' run/manager/state | grep -v ' gone=' |
		awk '{ line = $1; for (i = 2; i < NF; i++) if ($i !~ /^(started|lost|since|due|seq|request|was)=/) line = line " " $i; print line }'
	generation
	# Told to end twice, before and after the kill, a daemon that is about to end may say so twice.
	for file in *.did; do echo "$file: $(tr '\n' ' ' <"$file" | sed 's/\(down \)\1*/\1/g')"; done
	for def in run/scan/*/def run/manager/oneshot/*/def; do
		[ ! -h "$def" ] || echo "$def -> $(readlink "$def" | sed 's|.*generations/||')"
		case $def in run/scan/*) [ -e "${def%def}down" ] || echo "nothing holds ${def%/def}" ;; esac
	done
	# What is being removed just now may be gone when find looks at it.
	find run/scan run/manager/oneshot -maxdepth 1 -name '.*.new' 2>>"$T/hints"
	sed -n 's/^state=//p' run/manager/requests/owner/* | sort -u
} >>"$T/result"
svc-scanctl terminate run/scan
wait "$scan" || echo "$T: svc-scan: exit code $?"
[ -z "$call" ] && exit
if cmp -s "$T/result" "${T%/*}/$scenario../result"; then
	echo "$hit"
	# A svc-oneshot that is late may still look into its directory.
	until_ok 20 rm -rf "$T"
else
	echo "at $call $number: not as undisturbed:"
	diff "${T%/*}/$scenario../result" "$T/result" | sed 's/^/  /'
	cat "$T/answer" "$T/managerd.err"
fi
V

# systematic SCENARIO WHAT
systematic() {
	scenario=$1
	sh "$T/one" "$scenario" '' '' >said 2>&1
	is "$2: undisturbed" "$(cat said)" ''
	sed 's/^/# /' "$scenario../result"
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$scenario../trace" |
		awk '{ print $1, ++n[$1] }' | grep -v '^exit_group' >all
	awk -v step="$step" -v first="${#scenario}" 'NR % step == first % step' all >tried
	sed "s/^/$scenario /" tried | xargs -P "$jobs" -L 1 sh "$T/one" >told 2>&1
	hit=$(grep -cx hit told)
	is "$2: killed at any system call, all comes about" "$(grep -vx 'hit\|missed' told)" ''
	ok "$2: it was killed" test "$hit" -gt 0
	echo "# $2: $(wc -l <tried) of $(wc -l <all) system calls tried, $hit of them came to pass"
}

systematic up 'a chain of a daemon, a oneshot and a group comes up'
systematic down 'it goes down'
systematic restart 'a restart with those that depend on it'
systematic apply 'another generation, with a change, another name, two that are gone and one that is new'

done_testing
