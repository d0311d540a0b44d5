# shellcheck shell=sh
# lib.sh - the test harness: TAP on stdout, a private directory for each test file.
#
# A test file sources this, makes assertions, and ends with `done_testing`. It runs in its own
# directory $T, which is removed at the end, as is every process that was started below the test
# file: services and supervisors too, whoever is their parent by then (see sweep).
# BIN is the directory of the programs; $root that of the sources. A line `# limit: SECONDS` gives a
# test file more than the usual two minutes: those of a machine that has nothing else to do, as in until_ok.

BIN=$(cd "${BIN:?set BIN to the directory of the programs}" && pwd) || exit 111
here=$(cd "${0%/*}" && pwd) || exit 111
root=$(cd "$here/../.." && pwd) || exit 111
PATH=$BIN:$PATH
T=$(mktemp -d "${TMPDIR:-/tmp}/coppice.XXXXXX") || exit 111
T=$(cd "$T" && pwd -P) || exit 111
COPPICE_TEST=$T
LC_ALL=C
export BIN PATH T COPPICE_TEST LC_ALL
umask 022
cd "$T" || exit 111

count=0 bad=0 finished=
trap 'end_of_test $?' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Whatever happened, nothing is left.
end_of_test() {
	trap - EXIT
	[ "$finished" ] || echo "# the test file ended before done_testing, with exit code $1"
	cd /
	"$root/tests/sh/sweep" "$T"
	# A test may have taken its own rights away.
	chmod -R u+rwX "$T" 2>/dev/null
	rm -rf "$T"
	[ "$finished" ] || exit 1
	exit "$1"
}

# ok DESCRIPTION COMMAND... - the command succeeds. Its output is in $T/out and $T/err.
ok() {
	what=$1; shift
	"$@" >"$T/out" 2>"$T/err" </dev/null && code=0 || code=$?
	if [ "$code" = 0 ]; then pass; else fail "command: $*" "exit code $code"; shown out err; fi
}

# exits CODE DESCRIPTION COMMAND... - the command exits with CODE. Output as for ok.
exits() {
	want=$1 what=$2; shift 2
	"$@" >"$T/out" 2>"$T/err" </dev/null && code=0 || code=$?
	if [ "$code" = "$want" ]; then pass; else
		fail "command: $*" "exit code $code, not $want"; shown out err
	fi
}

# is DESCRIPTION GOT WANT - two texts are equal.
is() {
	what=$1
	if [ "$2" = "$3" ]; then pass; else
		fail; printf '%s\n' "$2" | sed 's/^/#   got:  /'; printf '%s\n' "$3" | sed 's/^/#   want: /'
	fi
}

# contains DESCRIPTION TEXT PART - the text has the part in it.
contains() {
	what=$1
	case $2 in *"$3"*) pass ;; *) fail "no \"$3\" in:"; printf '%s\n' "$2" | sed 's/^/#     /' ;; esac
}

# like DESCRIPTION TEXT ERE - a line of the text matches an extended regular expression.
like() {
	what=$1
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then pass; else
		fail "no line like $3 in:"; printf '%s\n' "$2" | sed 's/^/#     /'
	fi
}

# becomes SECONDS DESCRIPTION COMMAND... - the command succeeds before long.
becomes() {
	seconds=$1 what=$2; shift 2
	if until_ok "$seconds" "$@"; then pass; else fail "not within $((seconds * 6)) s: $*"; fi
}

# skip DESCRIPTION REASON - counts as neither; the reason is shown.
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }

# skip_all REASON - nothing in this file can be tested here.
skip_all() { echo "1..0 # SKIP $1"; finished=yes; exit 0; }

done_testing() {
	echo "1..$count"
	finished=yes
	[ "$bad" = 0 ]
	exit
}

pass() { count=$((count + 1)); echo "ok $count - $what"; }

# fail [LINE...] - for assertions: not ok, with what a reader needs.
fail() {
	count=$((count + 1)) bad=$((bad + 1))
	echo "not ok $count - $what"
	for line do printf '#   %s\n' "$line"; done
}

# shown FILE... - their first lines, as comments.
shown() { for file do head -n 20 "$T/$file" | sed "s/^/#   std$file: /"; done; }

# until_ok SECONDS COMMAND... - tries until it succeeds; fails if it does not in time. The seconds are
# those of a machine that has nothing else to do; one that is busy gets six times as many.
until_ok() {
	tries=$(($1 * 300)); shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.02
	done
}

# prints TEXT COMMAND... - the command prints this; for until_ok, which asks again and again.
prints() { [ "$(shift; "$@")" = "$1" ]; }

# background COMMAND... - starts it; its pid is in $pid, its output in $T/$pid.out and $T/$pid.err.
# It ends with the test file at the latest.
background() {
	# Opened before the fork: the child is in no hurry, the next lines are.
	{ "$@" & } >"$T/background.out" 2>"$T/background.err" </dev/null
	pid=$!
	mv "$T/background.out" "$T/$pid.out"
	mv "$T/background.err" "$T/$pid.err"
}

# service NAME - makes a service directory, whose run script is standard input.
service() {
	mkdir -p "$1"
	cat >"$1/run"
	chmod 755 "$1/run"
}

# alive PID - it is a process, and no zombie.
alive() { grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }
gone() { ! alive "$1"; }

is_root() { [ "$(id -u)" = 0 ]; }

# has COMMAND... - whether all of them are installed.
has() { for command do command -v "$command" >/dev/null || return 1; done; }
