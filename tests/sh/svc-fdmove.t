#!/bin/sh
# svc-fdmove: descriptors at other numbers.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-fdmove 1 1
fds() { "$@" ls /proc/self/fd 2>&1 | tr '\n' ' '; }
is 'it moves' "$(fds svc-fdmove 7 5 5</dev/null)" "$(fds env 7</dev/null)"
is '-c copies' "$(fds svc-fdmove -c 7 5 5</dev/null)" "$(fds env 5</dev/null 7</dev/null)"
is 'what was there is replaced' "$(echo a | svc-fdmove 0 5 cat 5</dev/null)" ''
is 'onto itself is nothing' "$(fds svc-fdmove 5 5 5</dev/null)" "$(fds env 5</dev/null)"
is 'standard error into standard output' "$(svc-fdmove -c 2 1 sh -c 'echo x >&2' 2>/dev/null)" x
mistake 'missing descriptor' svc-fdmove
mistake 'missing descriptor' svc-fdmove 1
mistake 'invalid descriptor: x' svc-fdmove x 1 true
refused 'unable to move descriptor 77 to 5: Bad file descriptor' svc-fdmove 5 77 true
refused 'unable to move descriptor 77 to 77: Bad file descriptor' svc-fdmove 77 77 true
refused 'unable to copy descriptor 1 to 1000000000: Bad file descriptor' svc-fdmove -c 1000000000 1 true
same "it is execline's" 'fds svc-fdmove 7 5 5</dev/null' 'fdmove 7 5 ls /proc/self/fd 5</dev/null | tr "\n" " "'
same "its -c is execline's" 'fds svc-fdmove -c 7 5 5</dev/null' 'fdmove -c 7 5 ls /proc/self/fd 5</dev/null | tr "\n" " "'

done_testing
