#!/bin/sh
# svc-tty: a program on a terminal of its own.
. "${0%/*}/lib.sh"
. "$here/link.sh"

mistake 'missing terminal' svc-tty
mistake 'missing program' svc-tty /dev/tty
refused 'unable to open none: No such file or directory' svc-tty none true
: >file
refused 'file is no terminal' svc-tty file true
refused '/dev/null is no terminal' svc-tty /dev/null true
# A pseudoterminal that is nobody's yet; its other end is held open meanwhile.
if has python3; then
	cat >show <<'END'
echo "$(readlink "/proc/$$/fd/0") $(readlink "/proc/$$/fd/1") $(readlink "/proc/$$/fd/2")" >ends
read -r _ _ _ _ group session tty _ </proc/$$/stat
[ "$session" = $$ ] && [ "$tty" != 0 ] && echo leads >>ends
sed -n 's/^flags:.*0\(4...\)$/non-blocking/p' /proc/self/fdinfo/0 >>ends
exit 7
END
	cat >pty.py <<'END'
import os, subprocess, sys
master, slave = os.openpty()
name = os.ttyname(slave)
os.close(slave)
open('name', 'w').write(name)
sys.exit(subprocess.run([w.replace('TTY', name) for w in sys.argv[1:]]).returncode)
END
	exits 7 'it becomes the program' python3 pty.py svc-tty TTY sh show
	is 'which leads a session on the terminal' "$(cat ends)" "$(cat name) $(cat name) $(cat name)
leads"
	exits 7 'also one that leads a session already' python3 pty.py svc-setsid svc-tty TTY sh show
	exits 7 'also with standard input closed' python3 pty.py svc-fdclose 0,1,2 svc-tty TTY sh show
	is 'which is open then' "$(cat ends)" "$(cat name) $(cat name) $(cat name)
leads"
	exits 127 'a program that is missing' python3 pty.py svc-tty TTY ./none
else skip 'on a terminal' 'no python3 to make one'; fi

done_testing
