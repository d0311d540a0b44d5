#!/bin/sh
# Service directories of s6's. Each scenario is a log of what the service's own scripts saw; where s6
# is installed, s6-supervise must write the same one.
# limit: 300
. "${0%/*}/lib.sh"
. "$here/compat.sh"

# under SUPERVISOR DIR - starts it as a scanner would: in the scan directory, with a name.
under() {
	# Not with what a shell ignores in the background.
	background env --default-signal=INT,QUIT -C "${2%/*}" "$1" "${2##*/}"
	supervisor=$pid
	until_ok 10 test -p "$2/supervise/control"
}

# A service that tells in the file seen what happens to it, and ends when there is a file fate.
witness() {
	mkdir -p "$1"
	script "$1/run" <<-'EOF'
		#!/bin/sh
		for signal in HUP INT QUIT ABRT USR1 USR2 ALRM WINCH CONT; do
			trap "echo $signal >>seen" $signal
		done
		trap 'echo TERM >>seen; exit 7' TERM
		echo "up $1" >>seen
		until [ -s fate ]; do sleep 0.02; done
		read -r code <fate
		rm fate
		exit "$code"
	EOF
	script "$1/finish" <<-'EOF'
		#!/bin/sh
		echo "finish $1 $2 $3" >>seen
		echo "$4" >>groups
	EOF
}

finish_arguments() {
	mkdir "$1.f"
	dir=$1.f/name
	witness "$dir"
	under "$1" "$dir"
	until_ok 10 grep -q up "$dir/seen"
	echo 3 >"$dir/fate"
	until_ok 10 grep -q 'finish 3' "$dir/seen"
	until_ok 10 sh -c "tail -n 1 $dir/seen | grep -q up"
	letters k "$dir"
	until_ok 10 sh -c "tail -n 2 $dir/seen | grep -q 'finish 256'"
	until_ok 10 sh -c "tail -n 1 $dir/seen | grep -q up"
	letters d "$dir"
	until_ok 10 sh -c "tail -n 1 $dir/seen | grep -q finish"
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	# Without what is pending when a trap exits.
	grep -v CONT "$dir/seen"
}

signals() {
	mkdir "$1.s"
	dir=$1.s/name
	witness "$dir"
	under "$1" "$dir"
	until_ok 10 grep -q up "$dir/seen"
	for pair in h:HUP a:ALRM b:ABRT i:INT q:QUIT 1:USR1 2:USR2 y:WINCH c:CONT; do
		letters "${pair%:*}" "$dir"
		until_ok 10 seen "$dir" "${pair#*:}"
	done
	letters d "$dir"
	until_ok 10 sh -c "tail -n 1 $dir/seen | grep -q finish"
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	sed 1d "$dir/seen" | grep -v finish
}

down_signal() {
	mkdir "$1.d"
	dir=$1.d/name
	witness "$dir"
	echo SIGINT >"$dir/down-signal"
	echo 3000 >"$dir/timeout-kill"
	under "$1" "$dir"
	until_ok 10 grep -q up "$dir/seen"
	# It does not end at INT: after 3 s it is killed.
	letters d "$dir"
	until_ok 20 sh -c "tail -n 1 $dir/seen | grep -q finish"
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	grep -v CONT "$dir/seen"
}

file_down() {
	mkdir "$1.n"
	dir=$1.n/name
	witness "$dir"
	: >"$dir/down"
	under "$1" "$dir"
	letters o "$dir"
	until_ok 10 grep -q up "$dir/seen"
	echo 0 >"$dir/fate"
	until_ok 10 sh -c "tail -n 1 $dir/seen | grep -q finish"
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	cat "$dir/seen"
}

permanent_failure() {
	mkdir "$1.p"
	dir=$1.p/name
	witness "$dir"
	script "$dir/finish" <<-'EOF'
		#!/bin/sh
		echo "finish $1" >>seen
		exit 125
	EOF
	under "$1" "$dir"
	until_ok 10 grep -q up "$dir/seen"
	echo 1 >"$dir/fate"
	until_ok 10 seen "$dir" 'finish 1'
	# It is down, and u starts it again.
	letters u "$dir"
	until_ok 10 sh -c "tail -n 1 $dir/seen | grep -q up"
	letters d "$dir"
	until_ok 10 seen "$dir" 'finish 7'
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	grep -v CONT "$dir/seen"
}

# scenario NAME DESCRIPTION - the log that it must leave is standard input.
scenario() {
	want=$(cat)
	is "$2" "$("$1" svc-supervise </dev/null)" "$want"
	if has s6-supervise; then
		is 's6-supervise does the same' "$("$1" s6-supervise </dev/null)" "$want"
	else
		skip 's6-supervise does the same' 's6 is not installed'
	fi
}
scenario finish_arguments 'finish gets exit code or 256, signal and name' <<'EOF'
up name
finish 3 0 name
up name
finish 256 9 name
up name
TERM
finish 7 0 name
EOF
# Newer versions of s6 than Debian's have this one.
is 'and the process group of the dead run' \
	"$(grep -Ec '^[0-9]+$' svc-supervise.f/name/groups)" 3
scenario signals 'each letter is its signal' <<'EOF'
HUP
ALRM
ABRT
INT
QUIT
USR1
USR2
WINCH
CONT
TERM
EOF
scenario down_signal 'down is down-signal, and KILL after timeout-kill' <<'EOF'
up name
INT
finish 256 9 name
EOF
scenario file_down 'with a file down it waits for a letter' <<'EOF'
up name
finish 0 0 name
EOF
scenario permanent_failure 'when finish exits 125 it stays down' <<'EOF'
up name
finish 1
up name
TERM
finish 7
EOF

# Readiness.
service ready <<'EOF'
#!/bin/sh
printf almost >&4
until [ -e go ]; do sleep 0.02; done
echo >&4
exec sleep 1000
EOF
echo 4 >ready/notification-fd
background svc-supervise ready
until_ok 10 svc-wait -t 100 up ready
exits 99 'up is not yet ready' svc-wait -t 200 ready ready
: >ready/go
ok 'a newline on notification-fd is' svc-wait -t 60000 ready ready
ok 'and a restart begins anew' svc-ctl -w R -T 60000 restart ready

# A finish that takes too long.
service slow <<'EOF'
#!/bin/sh
exit 1
EOF
printf '#!/bin/sh\necho finish >>seen\nexec sleep 1000\n' | script slow/finish
echo 100 >slow/timeout-finish
background svc-supervise slow
becomes 20 'timeout-finish ends a finish that hangs, and the service goes on' seen slow finish finish

# Two instances never run at once with lock-fd.
service locked <<'EOF'
#!/bin/sh
echo "up $$" >>seen
sleep 1000 &
wait
EOF
echo 7 >locked/lock-fd
background svc-supervise locked
until_ok 10 grep -q up locked/seen
# It begins before it has a child.
has_child() { child=$(ps -o pid= --ppid "$(svc-stat -o pid locked)" | tr -d ' ') && [ "$child" ]; }
until_ok 10 has_child
svc-ctl kill locked
ok 'while a child of the last instance has the lock' alive "$child"
becomes 10 'the next one waits' grep -q '^starts=2$' locked/supervise/status
is 'and has not begun' "$(wc -l <locked/seen)" 1
kill "$child"
begun() { [ "$(wc -l <locked/seen)" = 2 ]; }
becomes 10 'when it is free, it begins' begun

# What s6 has and we do not, what people keep there, and what s6-rc leaves: nothing of it matters.
service full <<'EOF'
#!/bin/sh
exec sleep 1000
EOF
mkdir full/data full/env full/template full/instance full/instances
: >full/flag-newpidns
: >full/flag-timeout-killpg
: >full/run.user
echo 'not for us' >full/type
echo 5 >full/max-death-tally
echo 10 >full/restart-delay
background svc-supervise full
ok 'other files do not matter' svc-wait -t 60000 up full
if has s6-svdt; then
	for _ in 1 2 3 4 5 6 7; do svc-ctl -w r -T 60000 kill full; done
	is 's6-svdt reads the death tally' "$(s6-svdt full | sed 's/^@[0-9a-f]* //' | sort -u)" 'signal SIGKILL'
	is 'which has as many entries as max-death-tally says' "$(s6-svdt full | wc -l)" 5
else
	skip 's6-svdt reads the death tally' 's6 is not installed'
fi
if has s6-permafailon s6-setsid execlineb; then
	service fails <<-'EOF'
		#!/bin/execlineb -P
		s6-setsid -q
		exit 3
	EOF
	sed -i "1s,.*,#!$(command -v execlineb) -P," fails/run
	printf '#!/bin/sh\nexec s6-permafailon 60 2 3 true\n' | script fails/finish
	background svc-supervise fails
	becomes 20 's6-permafailon counts deaths, and its verdict holds' grep -q '^ended=failed$' fails/supervise/status
	is 'after two' "$(sed -n 's/^starts=//p' fails/supervise/status)" 2
else
	skip 's6-permafailon counts deaths, and its verdict holds' 's6 or execline is not installed'
fi
if has s6-log; then
	mkdir tree
	service tree/talks <<-'EOF'
		#!/bin/sh
		echo one
		echo two
		exec sleep 1000
	EOF
	service tree/talks/log <<-'EOF'
		#!/bin/sh
		exec s6-log -d 3 n3 s10000 ./main
	EOF
	echo 3 >tree/talks/log/notification-fd
	background svc-scan tree
	until_ok 10 svc-ok tree/talks/log
	ok 's6-log is a logger like any other, and says when it is ready' svc-wait -t 60000 ready tree/talks/log
	becomes 10 'and gets what the service says' grep -q two tree/talks/log/main/current
else
	skip 's6-log is a logger like any other' 's6 is not installed'
fi

done_testing
