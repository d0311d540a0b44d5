#!/bin/sh
# svc-log does what s6-log's page says of its directives, and what s6-log does, but for its faults.
. "${0%/*}/lib.sh"

hex='[0-9a-f]'
label="@40000000$hex$hex$hex$hex$hex$hex$hex$hex$hex$hex$hex$hex$hex$hex$hex$hex"
date='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]{9}'

# unstamped - standard input with a word for each stamp.
unstamped() { sed -E "s/$label/LABEL/g; s/$date  /DATE  /g"; }

# log DIR - all that is in a log directory, oldest first. In s6-log's, .u comes before .s of the same time.
log() { (cd "$1" && cat -- *@* current 2>/dev/null) | unstamped; }

# left DIR - what a logger left in DIR: log directories, files and messages, in words.
left() {
	(cd "$1" && find . -name current -o -name 'status*' | sort) | while read -r file; do
		echo "== $file"
		case $file in
		*/current) log "$1/${file%/current}" ;;
		*) unstamped <"$1/$file"; wc -c <"$1/$file" ;;
		esac
	done
	echo '== standard output'; unstamped <"$1.out"
	# Warnings are each program's own.
	echo '== alerts'; grep -a ': alert: ' "$1.err" | sed 's/^s6-log: /svc-log: /' | unstamped
}

# run PROGRAM DIR WORD... - in DIR, which is made, from the file `input`.
run() {
	program=$1 dir=$2; shift 2
	mkdir "$dir"
	(cd "$dir" && exec "$program" "$@" <"$T/input" >"$T/$dir.out" 2>"$T/$dir.err")
	echo "$?" >"$dir.code"
}

# --- The examples of s6-log's page.

printf '%s\n' 'start' 'fatal: no disk' 'STATUS good' 'a fatal: x' 'STAT last' 'end' >input
run svc-log one -b n20 s1000000 t ./stuff
is 'the first example logs all lines with labels' "$(log one/stuff)" "$(sed 's/^/LABEL /' input)"
is 'and exits 0 when its input ends' "$(cat one.code)" 0

mkdir -p two
run_two() { (cd two && svc-log n30 E500 - +fatal: 2 - +^STAT =status f s10000000 S15000000 T '!gzip -nq9' ./foobard <"$T/input"); }
exits 0 'the second example runs' run_two
is 'lines with "fatal:" are alerts' "$(cat err)" 'svc-log: alert: fatal: no disk
svc-log: alert: a fatal: x'
is 'the last line that begins with STAT is the status' "$(cat two/status)" 'STAT last'
is 'of 1001 bytes' "$(wc -c <two/status | tr -d ' ')" 1001
is 'all other lines are logged with dates' "$(log two/foobard)" 'DATE  start
DATE  end'

# --- The same words and input for s6-log and svc-log.

cases=0
# same DESCRIPTION WORD... - both leave the same.
same() {
	what=$1; shift
	if ! has s6-log; then skip "$what" 'no s6'; return; fi
	cases=$((cases + 1))
	run s6-log "theirs$cases" "$@"
	run svc-log "ours$cases" "$@"
	is "$what: $*" "$(cat "ours$cases.code"; left "ours$cases")" "$(cat "theirs$cases.code"; left "theirs$cases")"
}

cat >input <<'EOF'
plain
fatal: no disk
warning: fatal: twice

STAT 1
STAT 2
[core] 3.14 = pi
a+b (c) {d} e|f \ ^ $ ? *
ab
aab
EOF
same 'all lines are selected at first' ./log
same 'lines are labelled' t ./log
same 'lines are dated' T ./log
same 'the label comes before the date' T t ./log
same 'stamps are for one action' t ./a ./b T ./c 1
same 'a stamp given twice is given once' t t ./a
same 'a prefix comes after the stamps, and sticks' t ppre ./a ./b p ./c
same 'a prefix may have blanks' 'p one two' 1
same 'one action after another' ./a ./b 1 2
same 'a directory is a path with a dot' ./a .b
same 'an empty pattern is every line' - 1
same 'nothing selected, then some' - +fatal 1
same 'all but some' -fatal 1
same 'the beginning of a line' - +^STAT 1
same 'the end of a line' - '+2$' 1
same 'a whole line' - '+^ab$' 1
same 'an empty line' - '+^$' 1
same 'an expression' - '+^(a+b|[[:digit:]])' 1
same 'classes and counts' - '+^[[:alpha:]]{2,3}$' 1
same 'a dot is any character' - '+3.14' 1
same 'an escaped one is itself' - '+3\.1' '+\[core\]' '+\^ \$' 1
same 'operators escaped' - '+a\+b \(c\) \{d\} e\|f \\ ' 1
same 'blanks in a pattern' - '+fatal: no' 1
same 'nothing matches' - '+no such line' 1
same 'a selection goes on after an action' - +fatal 1 +STAT ./a
same 'and is narrowed' -STAT 1 -fatal ./a
same 'f is what nobody took' - +fatal 1 f ./a
same 'f again' - +fatal ./a f +fatal -STAT ./b f ./c
same 'f with nothing before it is all' f 1
same 'f when all is taken is nothing' ./a f 1
same 'rules before f count for nothing' -STAT f 1
same 'alerts' - +fatal 2
same 'alerts with a stamp' t - +fatal 2
same 'alerts cut' E4 - +warning 2
same 'alerts cut by little are not' E19 - +warning 2
same 'alerts uncut' E0 - +warning 2
same 'alerts with a prefix' px E4 2
same 'a status is the newest line' - +STAT =status
same 'a status with a stamp' t =status
same 'a status of few bytes' ^4 =status
same 'of as many as the line has' ^3 =status
same 'of one more' ^4 =status
same 'of the line and no more' ^0 =status
same 'of a size that sticks' ^9 =status-a =status-b ^0 =status-c
same 'a status never written' - '+no such line' =status ./a
same 'the second example of the page' n30 E500 - +fatal: 2 - +^STAT =status f s10000000 S15000000 T '!gzip -nq9' ./foobard
same 'limits out of bounds are brought back' s1 ./a s999999999 l0 ./b
same 'options of s6-log' -b -p -q -v -l 100 -- t ./a
same 'options together' -bpql100 t ./a
same 'a pattern after the double dash' -- -fatal ./a
same 'words after the last action are ignored' ./a -x
same 'the last word is an action of no lines' ./a - 1

printf 'one\0two\0\nthree\377\376\n\0\n\001\033[0m\r\n' >input
same 'NUL ends a line as a newline does' ./a
same 'and any other byte is a byte' - '+^three' '+.m' 1
same 'bytes that are no text match a dot' - '+^three..$' 1

awk 'BEGIN { for (i = 0; i < 200; i++) printf "%d,", i; print ""; print "short"
	for (i = 0; i < 48; i++) printf "x"; print ""
	for (i = 0; i < 49; i++) printf "y"; print ""
	for (i = 0; i < 96; i++) printf "z"; print "" }' >input
same 'long lines are split' -l 100 ./a
same 'at 48 bytes at least' -l 5 ./a
same 'each piece is a line' -l 50 - +^x +y t ./a
same 'or not at all' -l 0 ./a
awk 'BEGIN { for (i = 0; i < 8192; i++) printf "a"; print ""; for (i = 0; i < 8193; i++) printf "b"; print ""
	for (i = 0; i < 20000; i++) printf "c"; print "" }' >input
same 'at 8192 bytes if nothing is said' ./a
: >input
same 'no line' t ./a 1
printf '\n\n\n' >input
same 'empty lines' t ./a 1
awk 'BEGIN { for (i = 1; i <= 20000; i++) print "line", i, "of twenty thousand" }' >input
same 'many lines, none lost by rotations' n1000 s4096 ./a
same 'by more than one' n1000 s4096 - '+[02468] of' ./even f s9000 ./odd
same 'unstamped, small and large' n1000 s4096 l2048 ./a s268435455 ./b

# --- Rotation: what is kept, and how it is called.

# kept DIR - the archives.
kept() { (cd "$1" && for file in *@*; do [ -e "$file" ] && echo "$file"; done); }
run svc-log rotated n3 s4096 ./a n0 ./b n1000 S10000 ./c S0 ./d
is 'n archives are kept' "$(kept rotated/a | wc -l | tr -d ' ')" 3
is 'or none' "$(kept rotated/b)" ''
is 'their names are labels' "$(kept rotated/a | grep -Evc "^$label\.s$")" 0
log rotated/a >newest
tail -n "$(wc -l <newest)" input >want
ok 'the newest lines are kept' cmp newest want
sizes() { (cd "$1" && kept . | while read -r file; do wc -c <"$file"; done) | sort -n | tr -d ' '; }
total=$(sizes rotated/c | awk '{ sum += $1 } END { print sum }')
ok "or as many bytes as S says: $total" [ "$total" -le 10000 -a "$total" -gt 5000 ]
is 'and none is lost by rotating' "$(log rotated/d | cksum)" "$(cksum <input)"
# s6-log's archives may be far larger than s says.
is 'no archive is larger than s says' "$(sizes rotated/d | awk '$1 > 4096')" ''
is 'or smaller than s less l' "$(sizes rotated/d | awk '$1 < 4096 - 2000')" ''

# --- ALRM, processors and state: a logger fed by hand.

# Whether the archives of $1 are as many as $2 and nothing is left to do.
rotated() {
	[ "$(kept "$1" | wc -l)" -eq "$2" ] && [ ! -s "$1/current" ] && [ ! -e "$1/previous" ]
}

# by_hand PROGRAM DIR WORD... - two rotations of DIR/log, with a line each.
by_hand() {
	program=$1 dir=$2; shift 2
	mkdir "$dir" && mkfifo "$dir/fifo"
	(cd "$dir" && exec "$program" "$@" <fifo >"$T/$dir.out" 2>"$T/$dir.err") &
	logger=$!
	exec 5>"$dir/fifo"
	for turn in 1 2; do
		echo "line $turn" >&5
		becomes 10 "$dir: line $turn is written" grep -qs "$turn" "$dir/log/current"
		kill -ALRM "$logger"
		becomes 10 "$dir: ALRM rotates it away" rotated "$dir/log" "$turn"
	done
	echo 'line 3' >&5
	exec 5>&-
	becomes 10 "$dir: it ends when nobody writes any more" gone "$logger"
	rm "$dir/fifo"
}
# hand DESCRIPTION WORD... - what both leave.
hand() {
	what=$1; shift
	cases=$((cases + 1))
	text=$what
	by_hand svc-log "ours$cases" "$@"
	if ! has s6-log; then skip "$text" 'no s6'; return; fi
	by_hand s6-log "theirs$cases" "$@"
	is "$text: $*" "$(left "ours$cases"; kept "ours$cases/log" | unstamped)" \
		"$(left "theirs$cases"; kept "theirs$cases/log" | unstamped)"
}
hand 'ALRM rotates' ./log
hand 'an archive goes through sh' '?tr a-z A-Z' ./log
hand 'a processor may write nothing' '?cat >/dev/null' ./log
if has execlineb; then hand 'or through execlineb' '!tr a-z A-Z' ./log
else skip 'or through execlineb' 'no execline'; fi
hand 'an empty processor is none' '?tr a-z A-Z' '?' ./log

# --- Where s6-log is wrong.

printf 'one\ntwo' >input
run svc-log tail t ./log
is 'a last line without a newline is logged (s6-log drops it)' "$(log tail/log)" 'LABEL one
LABEL two'
# The page promises a descriptor 5; s6-log of 2.11 does not open it.
by_hand svc-log state '?cat; cat <&4; echo more >&5' ./log
is 'a processor reads its state from 4 and writes that for the next to 5' "$(log state/log)" 'line 1
line 2
more
line 3'
# s6-log forgets the ? of a processor after the first action, and runs the second with execlineb.
mkdir sticky && mkfifo sticky/fifo
(cd sticky && exec svc-log '?{ cat; echo sh; }' ./log ./other <fifo) &
logger=$!
exec 5>sticky/fifo
echo line >&5
becomes 10 'a line is in both directories' grep -qs line sticky/other/current
kill -ALRM "$logger"
becomes 10 'a processor of sh sticks (that of s6-log goes to execlineb the second time)' \
	sh -c 'grep -qs "^sh$" sticky/log/*@*.s && grep -qs "^sh$" sticky/other/*@*.s'
exec 5>&-
becomes 10 'the logger ends' gone "$logger"
done_testing
