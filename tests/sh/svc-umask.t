#!/bin/sh
# svc-umask: another file creation mask.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-umask 022
is 'the mask is set' "$(svc-umask 027 sh -c umask)" 0027
is 'to 0 as well' "$(svc-umask 0 sh -c umask)" 0000
mistake 'missing mask' svc-umask
mistake 'invalid mask: 9' svc-umask 9 true
mistake 'invalid mask: 1000' svc-umask 1000 true
mistake 'invalid mask: ' svc-umask '' true
mistake 'invalid mask: u=rwx' svc-umask u=rwx true
same "it is execline's umask" 'svc-umask 0137 sh -c umask' '/usr/lib/execline/bin/umask 0137 sh -c umask'

done_testing
