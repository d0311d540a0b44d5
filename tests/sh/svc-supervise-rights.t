#!/bin/sh
# svc-supervise as a user who is not root: files that he may not read, write or execute.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

# as_user COMMAND... - as somebody to whom permissions apply.
if is_root; then
	has setpriv || skip_all 'root may do everything, and there is no setpriv'
	as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
	as_user test -x "$BIN/svc-scan" || skip_all 'another user may not execute the programs'
	chown 65534:65534 .
else
	as_user() { "$@"; }
fi
# sleeper DIR
sleeper() { service "$1" <<'end'
#!/bin/sh
exec sleep 1000
end
}
mkdir scan
sleeper scan/good
settings='restart restart-delay timeout-kill timeout-finish down-signal kill-scope notification-fd lock-fd
	max-death-tally cgroup'
for file in $settings; do
	sleeper "scan/$file"
	echo 5 >"scan/$file/$file"
	chmod 0 "scan/$file/$file"
done
sleeper scan/run; chmod 0 scan/run/run
service scan/script <<'end'
#!/bin/sh
exec sleep 1000
end
# Executable, but sh can't read it.
chmod 111 scan/script/run
service scan/finish <<'end'
#!/bin/sh
[ -e again ] && exec sleep 1000
echo >again
end
echo 0 >scan/finish/restart-delay
echo '#!/bin/sh' >scan/finish/finish
chmod 0 scan/finish/finish
for file in supervise event; do
	sleeper "scan/$file"
done
for file in control lock status process supervisor; do
	sleeper "scan/s-$file"
	mkdir -m 700 "scan/s-$file/supervise"
	case $file in
	control) mkfifo "scan/s-$file/supervise/$file" ;;
	*) : >"scan/s-$file/supervise/$file" ;;
	esac
	chmod 0 "scan/s-$file/supervise/$file"
done
is_root && chown -R 65534:65534 scan
mkdir -m 0 scan/event/event
chmod 555 scan/supervise
is_root && chown 65534 scan/event/event
background as_user svc-scan scan
log=$T/$pid.err
# as_user is a shell of its own.
becomes 20 'a tree of a user comes up' says scan/good state up
# of DIR - what its supervisor said. A shell that can't open a script writes its line in pieces, between
# which another line may come: that one does not begin where a line does.
of() { grep "svc-supervise $1: " "$log"; }
# named DIR FILE
named() { of "$1" | grep -q "$2.*: .*Permission denied"; }
for file in $settings; do
	becomes 10 "$file that can't be read is named" named "$file" "$file"
	becomes 10 'and the service runs' says "scan/$file" state up
done
becomes 10 'run that is not executable is named' named run ./run
becomes 10 'finish that is not executable is named' named finish ./finish
becomes 10 'a directory in which supervise can not be made is named' named supervise supervise
for file in control lock status process supervisor; do
	becomes 10 "supervise/$file that can't be opened is named" named "s-$file" "$file"
done
becomes 10 'an event directory that can not be read stops nothing' says scan/event state up
for dir in control lock status process supervisor; do
	is "one line about $dir" "$(of "s-$dir" | wc -l)" 1
done
chmod 755 scan/supervise
becomes 30 'mended, it comes up' says scan/supervise state up
chmod 700 scan/run/run
as_user svc-ctl -u scan/run
becomes 30 'so does run' says scan/run state up

done_testing
