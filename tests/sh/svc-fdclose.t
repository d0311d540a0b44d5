#!/bin/sh
# svc-fdclose: descriptors closed.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-fdclose 9
fds() { "$@" ls /proc/self/fd 2>&1 | tr '\n' ' '; }
is 'it closes' "$(fds svc-fdclose 5 5</dev/null 6</dev/null)" "$(fds env 6</dev/null)"
is 'several' "$(fds svc-fdclose 5,6 5</dev/null 6</dev/null)" "$(fds env)"
is 'standard input too' "$(svc-fdclose 0 readlink /proc/self/fd/0)" ''
exits 0 'what is closed already is fine' svc-fdclose 77,78 true
mistake 'missing descriptor' svc-fdclose
mistake 'invalid descriptor: x' svc-fdclose x true
mistake 'invalid descriptor: ' svc-fdclose 1, true
same "it is execline's" 'fds svc-fdclose 5 5</dev/null' 'fdclose 5 ls /proc/self/fd 5</dev/null | tr "\n" " "'

done_testing
