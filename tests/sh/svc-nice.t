#!/bin/sh
# svc-nice: another niceness.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-nice 0
now=$(nice)
is 'a number is added' "$(svc-nice 3 nice)" "$((now + 3))"
is 'with a plus as well' "$(svc-nice +3 nice)" "$((now + 3))"
is 'up to 19' "$(svc-nice 100 nice)" 19
is '= sets' "$(svc-nice '=19' nice)" 19
if is_root; then
	is 'a number may be negative' "$(svc-nice -1 nice)" "$((now - 1))"
	is 'also behind --' "$(svc-nice -- -1 nice)" "$((now - 1))"
	is 'down to -20' "$(svc-nice -100 nice)" -20
else skip 'a number may be negative' 'not root'; fi
unprivileged svc-nice -1 true 2>err || code=$?
is 'that needs a privilege' "$code: $(cat err)" '111: svc-nice: fatal: unable to set the niceness to '$((now - 1))': Permission denied'
mistake 'missing number' svc-nice
mistake 'invalid niceness: x' svc-nice x true
mistake 'invalid niceness: =20' svc-nice =20 true
mistake 'invalid niceness: -1x' svc-nice -1x true
same "it is chpst's -n" 'svc-nice 4 nice' 'chpst -n 4 nice'

done_testing
