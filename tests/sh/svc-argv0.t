#!/bin/sh
# svc-argv0: a program under another name.
. "${0%/*}/lib.sh"
. "$here/link.sh"

# argv0 WORD... - what a shell finds as its argv[0].
argv0() { "$@" sh -c 'tr "\0" "\n" </proc/$$/cmdline | head -n 1; :'; }
is 'the name is argv[0]' "$(argv0 svc-argv0 other)" other
is 'a minus is no option' "$(argv0 svc-argv0 -sh)" -sh
is 'nor are two, behind two' "$(argv0 svc-argv0 -- --)" --
is 'the name may be empty' "$(argv0 svc-argv0 '')" ''
is 'it is only for the next program' "$(argv0 svc-argv0 other svc-umask 022)" sh
mistake 'missing name' svc-argv0
mistake 'missing program' svc-argv0 name
exits 127 'a missing program' svc-argv0 name ./none
is 'is named as it is sought' "$(cat err)" 'svc-argv0: fatal: unable to run ./none: No such file or directory'
same "it is chpst's -b" 'argv0 svc-argv0 other' "chpst -b other sh -c 'tr \"\\0\" \"\\n\" </proc/\$\$/cmdline | head -n 1; :'"

done_testing
