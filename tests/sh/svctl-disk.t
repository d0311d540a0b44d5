#!/bin/sh
# What svctl says, and shows of the logs, while their disk is full or can't be written.
# limit: 240
#
# A small tmpfs, in a mount namespace of its own.
if [ -z "${OWN_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
	export OWN_MOUNTS=yes
	exec unshare -m sh "$0"
fi
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
[ "${OWN_MOUNTS:-}" ] || skip_all 'no root, or no mount namespaces'
cd "$T" || exit 111
rm -rf "${T:?}"/*
mkdir -p "$etc/services" "$etc/enabled" var/log
mount -t tmpfs -o size=1m,mode=755 none var/log || skip_all 'no tmpfs can be mounted'
# Whatever happens: what is mounted could not be removed.
trap 'umount -l "$T/var/log"; end_of_test 1' EXIT
logs=$T/var/log/coppice

# filled - takes all the room there is.
filled() { ! dd if=/dev/zero of=var/log/ballast bs=4k >/dev/null 2>&1; }
make_room() { rm -f var/log/ballast; }
says() { echo "$1" >"$T/fifo"; }
# shows TEXT VERB... - what svctl prints has this text in it.
shows() { part=$1; shift; ctl "$@" 2>&1 | grep -qF -e "$part"; }
shows_not() { ! shows "$@"; }
# status KEY - of svc-logd.
status() { sed -n "s/^$1=//p" "$run/log/fifos/.svc-logd/status"; }

mkfifo fifo
unit talk <<END
exec = ["/bin/sh", "-c", "while :; do read -r word <'$T/fifo' && echo \$word && yes \$word | head -n 2000; done"]
END
unit calm <<'END'
exec = ["sleep", "1000"]
END
enabled talk calm

# --- It can't be written from the beginning.
mount -o remount,ro var/log
ok 'a tree boots though the logs can not be written' ctl boot --background
like 'which is said' "$(cat err)" "logs stay in $run/log/early$"
says early
becomes 10 'what a service says is shown' shows early logs talk
is 'of both places one is enough' "$(ctl logs talk -n 1 --stamp none 2>&1)" early
becomes 10 'status shows where it is' shows "Log: $run/log/early/talk" status talk
like 'and its lines' "$(ctl status talk)" '^  20.* early$'
ok 'svc-scan logs there too' test -s "$run/log/early/svc-scan/current"
mount -o remount,rw var/log
becomes 10 'when it can be written the directory is made' test -d "$logs"
becomes 10 'and what was kept goes there' test -d "$logs/talk"
becomes 10 'and is no more where it was' test ! -e "$run/log/early/talk"
contains 'status shows that' "$(ctl status talk)" "Log: $logs/talk"
ok 'and logs the lines' ctl logs talk --stamp none
is 'each once' "$(grep -c early out)" 2001

# --- It is full.
ok 'halt' ctl halt
ok 'the next boot finds it as it is to be' ctl boot --background
is 'and says nothing of it' "$(grep -c early err)" 0
ok 'nothing is left in the other place' test ! -e "$run/log/early/talk"
says second
becomes 10 'it logs there at once' shows second logs talk
is 'nothing is amiss' "$(ctl status | grep -c '^!')" 0
ok 'the disk is full' filled
says third
becomes 10 'status says so' shows "! the logs of talk can't be written: No space left on device ($logs): make room there, and they go on" status
contains 'logs, too, whosever are asked for' "$(ctl logs svc-logd 2>&1)" "svctl: warning: the logs of talk can't be written: No space left"
like 'so does svc-logd' "$(status refused)" "^talk [0-9]* $logs/talk: No space left on device$"
becomes 10 'why says what it means' shows "its log can't be written since 20" why talk
contains 'and where to look' "$(ctl why talk)" "try: df -h $logs"
contains 'why of all says so' "$(ctl why)" "! the logs of talk can't be written"
like 'status of it has a note' "$(ctl status talk)" "^ *Note: its log can't be written since .* \(.* ago\): No space left on device \($logs/talk\)"
is 'that of others has none' "$(ctl status calm | grep -c Note:)" 0
if has python3; then
	for verb in 'status' 'status talk calm' 'why talk'; do
		# shellcheck disable=SC2086  # words
		ctl $verb --json >json
		as_schemas_say json "svctl $verb --json"
	done
	ctl status --json >json
	contains 'programs see it' "$(grep '"name":"talk"' json)" '"log-error":"No space left on device","log-error-since":"20'
	contains 'and where all is well' "$(grep '"name":"calm"' json)" '"log-error":null,"log-error-since":null'
	contains 'it is a warning' "$(head -n 1 json)" "\"warnings\":[\"the logs of talk can't"
fi
if has setpriv; then
	chmod 711 "$T"
	as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups timeout 300 svctl --prefix "$T" "$@"; }
	contains 'everybody sees it' "$(as_nobody status 2>&1)" "! the logs of talk can't be written"
fi
make_room
becomes 10 'with room all is well' shows_not '!' status
becomes 10 'and nothing was lost' shows third logs talk
is 'svc-logd has nothing to say' "$(status refused)$(status blocked)" ''
complaint() { test -s "$logs/svc-scan/current" && ctl logs svc-logd 2>svc-logd.err | grep -q 'svc-logd talk: warning: unable to write .*No space left on device'; }
becomes 10 'what it complained of is in a log' complaint
is 'of which svctl knows' "$(cat svc-logd.err)" 'svctl: info: what svc-logd says is in the log of svc-scan'

ok 'halt' ctl halt
umount -l var/log
trap 'end_of_test $?' EXIT
done_testing
