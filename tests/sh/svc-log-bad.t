#!/bin/sh
# svc-log and what makes no sense: it says so in one line, names the word and what is right.
. "${0%/*}/lib.sh"

# bad MESSAGE WORD... - exit code 100 and one line, which begins with MESSAGE; s6-log refuses it too.
bad() {
	message=$1; shift
	exits 100 "refused: $*" svc-log "$@"
	is "in one line: $*" "$(grep -vc ': usage: ' err)" 1
	what="which says: $message"
	case $(cat err) in "svc-log: fatal: $message"*) pass ;; *) fail "$(cat err)" ;; esac
}
# worse MESSAGE WORD... - the same, with words that s6-log knows.
worse() {
	bad "$@"
	shift
	if has s6-log; then exits 100 "by s6-log as well: $*" s6-log "$@"
	else skip "by s6-log as well: $*" 'no s6'; fi
}

# --- Typos.
bad 'directive 3: x99: no such directive (t T nN' t n3 x99 ./d
contains 'and what there is' "$(cat err)" '=FILE, or a directory with / or ./)'
worse 'directive 3: x99: ' t n3 x99 ./d
worse 'directive 1: main: no such directive (t T nN' main
worse 'directive 1: logs: l takes a number of bytes, in digits (a directory begins with / or ./)' logs
worse 'directive 1: tt: no such directive' tt ./d
worse 'directive 2: T1: no such directive' t T1 ./d
worse 'directive 1: fatal: no such directive' fatal ./d
worse 'directive 1: 12: no such directive' 12
worse 'directive 1: 2>x: no such directive' '2>x'
worse 'directive 1: : an empty word is no directive' '' ./d
worse 'directive 1: =: = takes the name of a file' =
worse 'directive 1: a\nb: no such directive' 'a
b' ./d

# --- Bad values.
worse 'directive 1: n: n takes a number of archives' n ./d
worse 'directive 1: n-1: n takes' n-1 ./d
worse 'directive 1: n4294967296: n takes' n4294967296 ./d
worse 'directive 1: s10M: s takes a number of bytes, in digits' s10M ./d
worse 'directive 1: Slots: S takes a number of bytes' Slots ./d
worse 'directive 1: S18446744073709551616: S takes' S18446744073709551616 ./d
worse 'directive 1: r1s: r takes a number of milliseconds' r1s ./d
worse 'directive 1: E: E takes a number of bytes' E 2
worse 'directive 1: ^x: ^ takes a number of bytes' ^x =d
bad 'directive 1: R1d: R takes a number of seconds' R1d ./d
worse 'directive 1: l50000: more than half of s99999, the size that is in force here' l50000 ./d
worse 'directive 2: l2049: more than half of s4096' s1 l2049 ./d
worse 'directive 1: +(x: not a regular expression: ' '+(x' ./d
worse 'directive 1: -[: not a regular expression: ' '--' '-[' ./d
worse 'directive 2: +x{2: not a regular expression: ' t '+x{2' ./d

# --- Nothing to do.
worse 'no action: where do the lines go? (/DIR, ./DIR, 1, 2, =FILE or --dir DIR)'
worse 'no action: ' t n3
worse 'no action: ' -b -- -x

# --- Options.
bad 'invalid option -x' -x ./d
bad 'directive 3: d/./x: no such directive' t ./d d/./x
bad 'directive 3: ././d: this directory was named before' ./d t ././d
bad 'file descriptor 9 is not open' -d 9 ./d
bad 'invalid option --turn' --turn ./d
bad "missing argument for option '-l'" -l
bad "missing argument for option '--dir'" --dir
bad "unexpected argument for option '--sync'" --sync=yes 1
bad '-l: many: not a number of bytes' -l many ./d
bad '--line-max: -1: not a number of bytes' --line-max=-1 ./d
bad '-t: 2s: not a number of milliseconds' -t 2s ./d
bad '-d: 2: not a descriptor, 3 or more' -d2 ./d
bad '-d: x: not a descriptor' -d x ./d
bad '--rotate-size: 10MB: not a size of at least 4K (such as 10M)' --rotate-size 10MB ./d
bad '--rotate-size: 1K: not a size of at least 4K' --rotate-size=1K ./d
bad '--rotate-every: 1w: not a duration (such as 12h or 1d)' --rotate-every 1w ./d
bad '--keep: all: not a number of archives' --keep all ./d
bad '--max-total: much: not a size (such as 100M)' --max-total much ./d
bad '--stamp: utc: not iso, tai64n, both or none' --stamp utc ./d
bad '--compress: zip: not gzip, zstd or xz' --compress=zip ./d
bad '--when-full: drop: not wait or drop-oldest' --when-full drop ./d
bad '--select: (: not a regular expression: ' --select '(' ./d
bad '--deselect: [: not a regular expression: ' --deselect '[' ./d
bad '--dir: an empty name' --dir=
bad '--journal: an empty name' --journal= ./d
ok 'none of them has made anything' test ! -e d

# --- What makes sense, but can't have been meant: a warning, and on it goes.
exits 0 'words after the last action are ignored' svc-log ./d n3 -x
is 'which is told' "$(cat err)" 'svc-log: warning: ignoring n3 and what follows: no action comes after it'
exits 0 'but not with -q' svc-log -q ./d n3
is 'then it is not' "$(cat err)" ''
exits 0 'an option among the directives is a pattern, as in s6-log' svc-log t --sync ./d
like 'which is told' "$(cat err)" '^svc-log: warning: directive 2: --sync: taken as a pattern, options come before'

# --- Directories that can't be: it says so once and tries again.

# stubborn MESSAGE REPAIR WORD... - warns, waits, and logs what it was given once it can.
stubborn() {
	message=$1 repair=$2; shift 2
	mkfifo fifo
	svc-log "$@" <fifo >/dev/null 2>stubborn &
	logger=$!
	exec 5>fifo
	rm fifo
	echo "one line" >&5
	becomes 10 "it says: $message" grep -Eqs "^svc-log: warning: unable to $message" stubborn
	ok 'it is still there' alive "$logger"
	eval "$repair"
	becomes 10 'as soon as it can it logs what it was given' grep -qs 'one line' logs/current
	exec 5>&-
	becomes 10 'and ends' gone "$logger"
	is 'it has said so once' "$(grep -c 'unable to' stubborn)" 1
	rm -rf logs
}
echo precious >logs
stubborn 'open \./logs: Not a directory' 'grep -qx precious logs && rm logs' r50 ./logs
stubborn 'make \./deep/er/logs: No such file or directory' 'mkdir -p deep/er; ln -s deep/er/logs logs' r50 ./deep/er/logs
mkdir -p logs/current
stubborn 'open \./logs/current: ' 'rmdir logs/current' r50 ./logs
mkdir logs && mkfifo logs/current
stubborn 'open \./logs/current: ' 'rm logs/current' r50 ./logs
mkdir logs && ln -s ../elsewhere logs/current
stubborn 'open \./logs/current: ' 'rm logs/current' r50 ./logs
ok 'what a link led to is not touched' test ! -e elsewhere
mkfifo fifo
svc-log ./logs <fifo &
logger=$!
exec 5>fifo
echo mine >&5
becomes 10 'a first logger logs' grep -qs mine logs/current
stop_first() { exec 5>&-; until_ok 10 gone "$logger"; }
(exec 5>&-; echo 'one line' | svc-log r50 ./logs 2>second) &
second=$!
becomes 20 'a second one for the same directory says that it is in use' grep -qs '^svc-log: warning: unable to lock \./logs: ' second
stop_first
becomes 10 'and takes over when the first has ended' grep -qs 'one line' logs/current
becomes 10 'and ends' gone "$second"

long=$(printf '%0300d' 0)
mkfifo never
svc-log "./$long" <never 2>stubborn &
logger=$!
exec 5>never
becomes 10 'a name that is too long is told' grep -Eqs '^svc-log: warning: unable to make \./0' stubborn
kill "$logger"
becomes 10 'and TERM ends the waiting' gone "$logger"
exec 5>&-

if is_root; then
	skip 'what may not be written is told' 'root may write everything'
	skip 'and then it is logged' 'root may write everything'
else
	mkdir -m 500 locked
	stubborn 'make \./locked/logs: Permission denied' 'chmod 700 locked; ln -s locked/logs logs' r50 ./locked/logs
fi

# --- Standard input, output and error.
from_dir() { svc-log ./d </; }
exits 111 'a directory as input is an error' from_dir
closed() { svc-log ./d <&-; }
exits 0 'closed input is an end' closed
to_full() { echo x | svc-log 1 ./d >/dev/full; }
exits 0 'a full standard output stops nobody' to_full
like 'it is told' "$(cat err)" '^svc-log: warning: unable to write to standard output'
is 'and the next action has the line' "$(tail -n 1 d/current)" x
exits 0 'a status file that can not be written stops nobody' sh -c 'echo y | svc-log =no/such/dir ./d'
like 'it is told' "$(cat err)" '^svc-log: warning: unable to replace no/such/dir'
is 'and the next action has the line' "$(tail -n 1 d/current)" y
done_testing
