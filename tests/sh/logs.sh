# shellcheck shell=sh
# logs.sh - loggers in trouble: what a test of one needs, after lib.sh.

# logger COMMAND... - starts a logger whose input, the fifo `fifo`, we hold on descriptor 3: its pid
# is in $logger, what it says in $said.
logger() {
	[ -p fifo ] || { mkfifo fifo; exec 3<>fifo; }
	said=$T/said
	"$@" <fifo >"$T/printed" 2>"$said" 3>&- &
	logger=$!
}
# logd ARGUMENT... - starts svc-logd with what it logs in fifos/: its pid is in $logger, what it says
# in $said.
logd() {
	: >ready
	said=$T/said
	svc-logd -d 3 "$@" 3>ready >/dev/null 2>"$said" &
	logger=$!
	until_ok 10 test -s ready
}
# ended - tells it to end; it does.
ended() { kill "$logger" && becomes 20 "TERM ends it${1:+: $1}" gone "$logger"; }
# plain DIR - the lines of a log directory, oldest first, without stamps.
plain() { cat "$1"/@*.s "$1"/current 2>/dev/null | sed 's/^@[0-9a-f]\{24\} //'; }
has_last() { [ "$(plain "$1" | tail -n 1)" = "$2" ]; }
# numbered FIRST LAST - lines.
numbered() { seq -f 'line %07.0f, which must be there once, whole and in order' "$1" "$2"; }
# all DIR FIRST LAST WHAT - the log directory has these lines and no others.
all() {
	plain "$1" >"$T/got"
	numbered "$2" "$3" >"$T/want"
	# shellcheck disable=SC2034  # pass and fail show it
	what=$4
	if cmp -s "$T/got" "$T/want"; then pass; else
		diff "$T/got" "$T/want" | head -n 6 >"$T/out"
		: >"$T/err"
		fail; shown out
	fi
}
# says_once TEXT WHAT - soon it has said it, and not more often.
says_once() {
	becomes 10 "$2" grep -q "$1" "$said"
	# A few more tries of it.
	rests
	is "$2, once" "$(grep -c "$1" "$said")" 1
}
ticks() { sed 's/.*) //' "/proc/$logger/stat" | awk '{ print $12 + $13 }'; }
# rests - while it waits it takes next to no time: less than a tenth of a second in one.
rests() {
	before=$(ticks)
	# To see that nothing happens takes its time.
	sleep 1
	is 'meanwhile it does not spin' "$([ $(($(ticks) - before)) -lt 10 ] && echo rests)" rests
}
