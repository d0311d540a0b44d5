#!/bin/sh
# svc-supervise among enemies: planted files, a flooded control fifo, subscribers that never read,
# and a kernel that refuses pidfd_open and close_range.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

# sleeper DIR
sleeper() { service "$1" <<'end'
#!/bin/sh
exec sleep 1000
end
}

# Planted: nothing is written through what is not ours.
echo 'the victim' >victim
mkfifo victim.fifo
exec 3<>victim.fifo
names='control ok status status.spare process supervisor lock death_tally ready ready.new exit exit.new log service-lock'
mkdir scan
for name in $names; do
	for kind in symlink hardlink fifolink; do
		dir=scan/$name.$kind
		service "$dir" <<'end'
#!/bin/sh
[ -e again ] && exec sleep 1000
echo >again
end
		echo 3 >"$dir/notification-fd"
		echo 4 >"$dir/lock-fd"
		echo 0 >"$dir/restart-delay"
		sleeper "$dir/log"
		mkdir -m 700 "$dir/supervise"
		case $kind in
		symlink) ln -s "$T/victim" "$dir/supervise/$name" ;;
		hardlink) ln victim "$dir/supervise/$name" ;;
		fifolink) ln -s "$T/victim.fifo" "$dir/supervise/$name" ;;
		esac
	done
done
for name in $names; do
	if [ "$(id -u)" = 0 ]; then
		dir=scan/$name.device
		sleeper "$dir"
		mkdir -m 700 "$dir/supervise"
		# The memory of nothing: major 1, minor 3 would swallow what is written; 4 is a terminal.
		mknod "$dir/supervise/$name" c 4 63 2>/dev/null || rm -r "$dir"
	fi
done
sleeper scan/event
sleeper scan/zzz
mkdir -m 3730 scan/event/event
ln -s ../supervise/control scan/event/event/sub.1.0
ln -s "$T/victim" scan/event/event/sub.2.0
ln victim scan/event/event/sub.3.0
ln victim.fifo scan/event/event/sub.4.0
mkdir scan/event/event/sub.5.0
echo plain >scan/event/event/sub.6.0
is_root && mknod scan/event/event/sub.7.0 c 1 3
echo other >scan/event/event/other
background svc-scan scan
log=$T/$pid.err
becomes 20 'the service beside them is up' says scan/zzz state up
becomes 20 'a service with a planted event directory is up' says scan/event state up
for name in $names; do
	case $name in
	death_tally | exit | exit.new | ready | ready.new | ok)
		for kind in symlink hardlink fifolink; do
			becomes 20 "a planted $name ($kind) stops nothing" says "scan/$name.$kind" starts 2
		done ;;
	log)
		for kind in symlink hardlink fifolink; do
			becomes 20 "a planted log ($kind) is named" grep -q "svc-supervise log.$kind: .*log" "$log"
		done ;;
	service-lock)
		becomes 20 "a planted $name is no lock" grep -q "svc-supervise $name.symlink: warning: unable to use supervise/$name" "$log" ;;
	lock | control | status | status.spare | process | supervisor)
		for kind in symlink fifolink; do
			becomes 20 "a planted $name ($kind) is named" grep -q "svc-supervise $name.$kind: warning: .*$name" "$log"
			is 'and nothing is started' "$([ -e "scan/$name.$kind/again" ] && echo started)" ''
		done ;;
	esac
done
svc-ctl -r -wr -T 60000 scan/event
is 'what is no subscriber is removed from event/' "$(cd scan/event/event && echo *)" 'other sub.5.0'
is 'the victim has the bytes that it had' "$(cat victim)" 'the victim'
svc-ctl -d -wD -T 60000 scan/exit.symlink
is 'also after the service was stopped' "$(cat victim)" 'the victim'
# Its end as an orphan is recorded by svc-scan.
svc-ctl -u -wu -T 60000 scan/exit.symlink
was=$(key scan/exit.symlink pid) old=$(supervisor_of scan/exit.symlink) n=$(key scan/exit.symlink starts)
kill -STOP "$old"; kill -KILL "$was" "$old"
becomes 20 'nor does a planted exit lose a death' says scan/exit.symlink starts $((n + 1))
is 'whose status is known' "$(key scan/exit.symlink last-run)" signal=KILL
is 'or touch the victim' "$(cat victim)" 'the victim'
if is_root; then
	is 'its mode and owner are as they were' "$(stat -c '%a %u %g' victim)" '644 0 0'
fi
mkfifo check
# Nothing is in the victim's fifo: what is written now is what is read first.
echo first >&3
read -r line <&3
is 'nothing was written to the fifo of another' "$line" first
rm check
exec 3>&-

# The control fifo is flooded.
sleeper flooded
touch flooded/down
supervise flooded
flooded=$pid
rss() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
svc-ctl -u -wu -T 60000 flooded
svc-ctl -p flooded
until_ok 10 says flooded paused yes
svc-ctl -c flooded
until_ok 10 lacks flooded paused
before=$(rss "$flooded") event=$(key flooded event) was=$(key flooded pid)
head -c 2000000 /dev/urandom | tr -d '[:alnum:]=' | head -c 1000000 >flood
ok 'a megabyte that is no letters' timeout 300 sh -c 'cat flood >flooded/supervise/control'
ok 'is followed by a command' svc-ctl -p flooded
becomes 30 'that is heard' says flooded paused yes
is 'nothing else has happened' "$(key flooded event) $(key flooded pid) $(key flooded wanted)" "$event $was up"
is 'and no memory was spent' "$([ $(($(rss "$flooded") - before)) -le 200 ] && echo none)" none
head -c 1000000 /dev/zero | tr '\0' '=' >flood
ok 'a megabyte of beginnings of names' timeout 300 sh -c 'cat flood >flooded/supervise/control; printf "\n" >flooded/supervise/control'
ok 'is followed by a command' svc-ctl -c flooded
becomes 30 'that is heard as well' lacks flooded paused
is 'without memory' "$([ $(($(rss "$flooded") - before)) -le 200 ] && echo none)" none

# A thousand subscribers that never read.
sleeper heard
supervise heard
heard=$pid
script hold <<'end'
#!/bin/sh
# hold FIFO... - holds them, seven a process, and never reads.
while [ $# -ge 7 ]; do
	(
		exec 3<>"$1" 4<>"$2" 5<>"$3" 6<>"$4" 7<>"$5" 8<>"$6" 9<>"$7"
		exec sleep 1000
	) &
	shift 7
done
exec 3<>"$1"
dd if=/dev/zero of=/dev/fd/3 oflag=nonblock bs=4096 count=16 2>/dev/null
echo >holding
exec sleep 1000
end
set --
n=0
while [ "$n" -lt 1002 ]; do set -- "$@" "heard/event/sub.1.$n"; n=$((n + 1)); done
mkfifo -m 622 "$@"
background ./hold "$@"
becomes 20 'with a thousand subscribers that never read' test -e holding
for letter in d u r r d u; do
	n=$(key heard event)
	ok "$letter" svc-ctl "-$letter" heard
	becomes 20 'is done' sh -c "[ \$(sed -n s/^event=//p heard/supervise/status) -gt $n ]"
	until_ok 10 says heard state "$([ "$letter" = d ] && echo down || echo up)"
done
like 'that some are not served is said' "$(cat "$heard.err")" 'too many subscribers: some are not served'
ok 'once' lines "$heard.err" 1

# Without pidfd_open and close_range.
if has strace && strace -f -o /dev/null true 2>/dev/null; then
	mkdir old old/web
	sleeper old/web
	sleeper old/finishing
	script old/finishing/finish <<'end'
#!/bin/sh
until [ -e go ]; do sleep 0.02; done
end
	echo 600000 >old/finishing/timeout-finish
	background strace -f -qq -o trace -e trace=pidfd_open,close_range \
		-e inject=pidfd_open:error=EPERM -e inject=close_range:error=ENOSYS svc-scan old
	becomes 20 'without pidfd_open and close_range a tree comes up' says old/web state up
	descriptors() { [ "$(cd "/proc/$(key old/web pid)/fd" && echo *)" = "$1" ]; }
	# Until it has executed sleep, the shell has one more.
	becomes 20 'a service has no descriptors but 0, 1 and 2' descriptors '0 1 2'
	was=$(key old/web pid) kept=$(supervisor_of old/web)
	ok 'the supervisor is killed' kill -KILL "$kept"
	replaced() { [ "$(supervisor_of old/web)" != "$kept" ] && supervised old/web "$(supervisor_of old/web)"; }
	becomes 20 'and replaced' replaced
	is 'the service is adopted' "$(key old/web pid) $(key old/web starts)" "$was 1"
	ok 'its death' kill -KILL "$was"
	becomes 20 'is noticed' says old/web starts 2
	is 'and known' "$(key old/web last-run)" signal=KILL
	kept=$(supervisor_of old/web)
	kill -KILL "$kept"
	until_ok 20 replaced
	ok 'an adopted one can be stopped' svc-ctl -d -wD -T 20000 old/web
	svc-ctl -k old/finishing
	until_ok 20 says old/finishing state finish
	kill -KILL "$(supervisor_of old/finishing)"
	touch old/finishing/go
	becomes 20 'an adopted finish ends as well' says old/finishing starts 2
	like 'the kernel did refuse' "$(cat trace)" 'pidfd_open.*EPERM.*INJECTED'
else
	skip 'without pidfd_open and close_range a tree comes up' 'no strace, or ptrace is forbidden'
fi

done_testing
