#!/bin/sh
# Service directories of runit's: finish's arguments, control/, log/. Each scenario is a log of what
# the service's own scripts saw; where runit is installed, runsv must write the same one.
# limit: 300
. "${0%/*}/lib.sh"
. "$here/compat.sh"

# A service that tells in the file seen what happens to it, and ends when there is a file fate.
witness() {
	mkdir -p "$1/control"
	script "$1/run" <<-'EOF'
		#!/bin/sh
		for signal in HUP INT QUIT USR1 USR2 ALRM CONT; do
			trap "echo $signal >>seen" $signal
		done
		trap 'echo TERM >>seen; exit 7' TERM
		echo up >>seen
		until [ -s fate ]; do sleep 0.02; done
		read -r code <fate
		rm fate
		exit "$code"
	EOF
	script "$1/finish" <<-'EOF'
		#!/bin/sh
		echo "finish $#: $1 $2" >>seen
	EOF
	: >"$1/seen"
}

finish_arguments() {
	dir=$1.finish
	witness "$dir"
	under "$1" "$dir"
	until_ok 10 seen "$dir" up
	echo 3 >"$dir/fate"
	until_ok 10 seen "$dir" 'finish 2: 3 0' up
	letters k "$dir"
	until_ok 10 seen "$dir" 'finish 2: -1 9' up
	letters d "$dir"
	until_ok 10 seen "$dir" 'finish 2: 7 0'
	letters u "$dir"
	until_ok 10 seen "$dir" up
	# What it has read before is done when the signal comes.
	letters oa "$dir"
	until_ok 10 seen "$dir" ALRM
	echo 0 >"$dir/fate"
	until_ok 10 seen "$dir" 'finish 2: 0 0'
	letters dx "$dir"
	until_ok 10 gone "$supervisor"
	cat "$dir/seen"
}

# Signals without scripts for them.
plain_signals() {
	dir=$1.plain
	witness "$dir"
	under "$1" "$dir"
	until_ok 10 seen "$dir" up
	for pair in h:HUP a:ALRM i:INT q:QUIT 1:USR1 2:USR2 c:CONT; do
		letters "${pair%:*}" "$dir"
		until_ok 10 seen "$dir" "${pair#*:}"
	done
	letters t "$dir"
	until_ok 10 seen "$dir" 'finish 2: 7 0' up
	letters d "$dir"
	# Told to leave before that, runsv sends another TERM.
	until_ok 10 seen "$dir" 'finish 2: 7 0'
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	cat "$dir/seen"
}

# Scripts that exit 0: no signal; then scripts that fail: the signal as well.
custom_signals() {
	dir=$1.custom
	witness "$dir"
	for letter in h a i q 1 2 c t k p u; do
		script "$dir/control/$letter" <<-EOF
			#!/bin/sh
			# Decided before it is seen: the test goes on then.
			test ! -e fail
			code=\$?
			echo script $letter >>seen
			exit "\$code"
		EOF
	done
	under "$1" "$dir"
	until_ok 10 seen "$dir" up
	# Without k: runsv takes the service for dead when its script has exited 0.
	for letter in h a i q 1 2 c t p; do
		letters "$letter" "$dir"
		until_ok 10 seen "$dir" "script $letter"
	done
	: >"$dir/fail"
	for pair in h:HUP a:ALRM i:INT q:QUIT 1:USR1 2:USR2 c:CONT; do
		letters "${pair%:*}" "$dir"
		until_ok 10 seen "$dir" "script ${pair%:*}" "${pair#*:}"
	done
	letters t "$dir"
	until_ok 10 seen "$dir" 'script t' TERM 'finish 2: 7 0' 'script u' up
	letters k "$dir"
	until_ok 10 seen "$dir" 'script k' 'finish 2: -1 9' 'script u' up
	letters d "$dir"
	until_ok 10 seen "$dir" 'finish 2: 7 0'
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	cat "$dir/seen"
}

# d is t, then CONT, then d; whether the process is gone by then decides nothing.
custom_down() {
	dir=$1.down
	witness "$dir"
	for letter in t d; do
		script "$dir/control/$letter" <<-EOF
			#!/bin/sh
			echo script $letter >>seen
		EOF
	done
	under "$1" "$dir"
	until_ok 10 seen "$dir" up
	letters d "$dir"
	until_ok 10 grep -q CONT "$dir/seen"
	until_ok 10 grep -q 'script d' "$dir/seen"
	echo 5 >"$dir/fate"
	until_ok 10 seen "$dir" 'finish 2: 5 0'
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	# The signal and the script after it reach the log in any order.
	{ sed 2q "$dir/seen"; sed 1,2d "$dir/seen" | sort; }
}

# scenario NAME DESCRIPTION - the log that it must leave is standard input.
scenario() {
	want=$(cat)
	is "$2" "$("$1" svc-supervise </dev/null)" "$want"
	if has runsv; then
		is 'runsv does the same' "$("$1" runsv </dev/null)" "$want"
	else
		skip 'runsv does the same' 'runit is not installed'
	fi
}
scenario finish_arguments 'finish gets an exit code or -1, a signal, and nothing else' <<'EOF'
up
finish 2: 3 0
up
finish 2: -1 9
up
TERM
finish 2: 7 0
up
ALRM
finish 2: 0 0
EOF
scenario plain_signals 'each letter is its signal' <<'EOF'
up
HUP
ALRM
INT
QUIT
USR1
USR2
CONT
TERM
finish 2: 7 0
up
TERM
finish 2: 7 0
EOF
scenario custom_signals 'a script in control/ comes first, and if it exits 0 is all' <<'EOF'
script u
up
script h
script a
script i
script q
script 1
script 2
script c
script t
script p
script h
HUP
script a
ALRM
script i
INT
script q
QUIT
script 1
USR1
script 2
USR2
script c
CONT
script t
TERM
finish 2: 7 0
script u
up
script k
finish 2: -1 9
script u
up
script t
TERM
finish 2: 7 0
EOF
scenario custom_down 'down is control/t, CONT and control/d' <<'EOF'
up
script t
CONT
finish 2: 5 0
script d
EOF

mkdir -p kill/control
witness kill
printf '#!/bin/sh\necho script k >>seen\n' | script kill/control/k
under svc-supervise kill
until_ok 10 seen kill up
letters k kill
becomes 10 'control/k comes before KILL' seen kill 'script k'
letters h kill
becomes 10 'and if it exits 0 the service lives' seen kill HUP

# What makes a directory one of runit's.
for mark in .meta control; do
	mkdir -p "mark$mark/$mark"
	script "mark$mark/run" <<-'EOF'
		#!/bin/sh
		exit 4
	EOF
	script "mark$mark/finish" <<-'EOF'
		#!/bin/sh
		echo "$#: $1 $2" >seen
		until [ -e go ]; do sleep 0.02; done
	EOF
	background svc-supervise "mark$mark"
	becomes 10 "with $mark/ finish is told in runit's manner" seen "mark$mark" '2: 4 0'
	becomes 10 'and is running' grep -q '^state=finish$' "mark$mark/supervise/status"
	exits 1 'without a time limit' grep '^kill-due=' "mark$mark/supervise/status"
	svc-ctl down "mark$mark"
	: >"mark$mark/go"
	svc-wait -t 60000 finished "mark$mark"
	rm "mark$mark/go"
	echo 60000 >"mark$mark/timeout-finish"
	svc-ctl up "mark$mark"
	becomes 10 'unless timeout-finish sets one' grep -q '^kill-due=' "mark$mark/supervise/status"
	svc-ctl down "mark$mark"
	: >"mark$mark/go"
done

# A logger gets what run and finish say, in order, and all of it.
logged() {
	mkdir -p "$1/s/log" "$1/s/.meta"
	script "$1/s/run" <<-'EOF'
		#!/bin/sh
		exec 2>&1
		echo run $((lives = $(cat lives 2>/dev/null || echo 0) + 1))
		echo $lives >lives
		[ "$lives" -lt 3 ] || exec sleep 1000
	EOF
	script "$1/s/finish" <<-'EOF'
		#!/bin/sh
		echo "finish $1"
	EOF
	script "$1/s/log/run" <<-'EOF'
		#!/bin/sh
		exec cat >>../heard
	EOF
}
want='run 1
finish 0
run 2
finish 0
run 3'
heard() { [ "$(cat "$1")" = "$want" ]; }
logged logged
background svc-scan logged
becomes 20 'log/ gets what run and finish say' heard logged/s/heard
if has runsvdir; then
	logged theirs
	background runsvdir theirs
	becomes 20 'as under runsvdir' heard theirs/s/heard
fi
if has svlogd; then
	logged svlogd
	mkdir svlogd/main
	printf '#!/bin/sh\nexec svlogd ../../main\n' | script svlogd/s/log/run
	background svc-scan svlogd
	becomes 20 'svlogd is a logger like any other' heard svlogd/main/current
	logger=$(svc-stat -o pid svlogd/s/log)
	svc-ctl hup svlogd/s/log
	ok 'and takes its signals' test "$logger" = "$(svc-stat -o pid svlogd/s/log)"
else
	skip 'svlogd is a logger like any other' 'runit is not installed'
fi
if has chpst; then
	service chpst <<-'EOF'
		#!/bin/sh
		exec chpst -e ./env -o 50 -P sh -c 'echo "$WORD $(ulimit -n)" >seen; exec sleep 1000'
	EOF
	mkdir chpst/env
	echo hello >chpst/env/WORD
	background svc-supervise chpst
	becomes 10 'chpst is a chainloader like any other' seen chpst 'hello 50'
else
	skip 'chpst is a chainloader like any other' 'runit is not installed'
fi

done_testing
