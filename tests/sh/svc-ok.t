#!/bin/sh
# svc-ok: is a supervisor running on this service directory?
. "${0%/*}/lib.sh"

mkdir -p web/supervise
exits 1 'a service directory that nobody ever supervised: no' svc-ok web
mkfifo web/supervise/control
exits 1 'the fifo of a supervisor that is gone: no' svc-ok web
is 'nothing is printed' "$(cat out err)" ''

exec 3<>web/supervise/control
exits 0 'a fifo that somebody reads: yes' svc-ok web
is 'nothing is printed then either' "$(cat out err)" ''
exits 0 'a slash at the end changes nothing' svc-ok web/
exits 0 'a name that begins with a dash comes after --' svc-ok -- web
exec 3<&-
exits 1 'no, as soon as it is closed' svc-ok web

exits 111 'no service directory at all: it can not tell' svc-ok nowhere
is 'and says so' "$(cat err)" 'svc-ok: fatal: unable to open nowhere: No such file or directory'
mkdir -p linked/supervise file/supervise
ln -s ../../web/supervise/control linked/supervise/control
exits 111 'a symbolic link in its place is not followed' svc-ok linked
echo precious >file/supervise/control
exits 111 'nor is a file written to' svc-ok file
is 'which is left as it was' "$(cat file/supervise/control)" precious

if is_root; then
	skip 'a fifo that one may not open: it says so' 'root may open everything'
else
	chmod 0 web/supervise/control
	exits 111 'a fifo that one may not open: it says so' svc-ok web
	contains 'with the reason' "$(cat err)" 'svc-ok: fatal: unable to open web/supervise/control: Permission denied'
fi

exits 100 'no directory given is a mistake' svc-ok
is 'which is named' "$(cat err)" 'svc-ok: fatal: missing service directory
svc-ok: usage: svc-ok DIR'
exits 100 'two are one too many' svc-ok web web
exits 100 'there are no options' svc-ok -v web

done_testing
