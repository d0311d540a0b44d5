#!/bin/sh
# svc-limit: resource limits.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-limit core=0
# limit NAME WORD... - soft and hard, as the kernel shows them.
limit() { what=$1; shift; svc-limit "$@" sed -n "s/^$what  *\\([^ ]*\\)  *\\([^ ]*\\).*/\\1 \\2/p" /proc/self/limits; }
is 'one value is both limits' "$(limit 'Max core file size' core=1K)" '1024 1024'
is 'two are soft and hard' "$(limit 'Max open files' nofile=20:30)" '20 30'
is 'a soft one alone' "$(limit 'Max open files' nofile=20:30 nofile=25:)" '25 30'
is 'a hard one alone' "$(limit 'Max open files' nofile=20:30 nofile=:25)" '20 25'
is 'max is what the hard one allows' "$(limit 'Max open files' nofile=20:30 nofile=max)" '30 30'
is 'max behind a new hard one' "$(limit 'Max open files' nofile=max:30)" '30 30'
is 'times have units' "$(limit 'Max cpu time' cpu=2h)" '7200 7200'
is 'down to microseconds' "$(limit 'Max realtime timeout' rttime=5ms)" '5000 5000'
is 'sizes have units' "$(limit 'Max file size' fsize=1T)" '1099511627776 1099511627776'
for name in as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack; do
	ok "$name=max:max" svc-limit "$name=max:max" true
done
is 'several at once' "$(limit 'Max open files' core=0 nofile=20 -- )" '20 20'
mistake 'missing limit' svc-limit
mistake 'missing limit' svc-limit true
mistake 'no limit nofiles: did you mean nofile?' svc-limit nofiles=1 true
mistake 'invalid limit: core=1X' svc-limit core=1X true
mistake 'invalid limit: core=' svc-limit core= true
mistake 'invalid limit: nofile=-1' svc-limit nofile=-1 true
refused 'limit nofile: soft 40 is above hard 30' svc-limit nofile=20:30 svc-limit nofile=40: true
unprivileged svc-limit nofile=:"$(awk '/^Max open files/ { print $5 + 1 }' /proc/self/limits)" true 2>err || code=$?
like 'more needs a privilege' "$code: $(cat err)" '^111: svc-limit: fatal: unable to set limit nofile to [0-9]+, above the hard limit [0-9]+: Operation not permitted$'
same "its soft limits are s6-softlimit's" "svc-limit nofile=77: sh -c 'ulimit -n; ulimit -Hn'" \
	"s6-softlimit -o 77 sh -c 'ulimit -n; ulimit -Hn'"
same "or chpst's" "svc-limit nproc=77777: fsize=4096: sh -c 'ulimit -f; ulimit -Hf'" \
	"chpst -f 4096 sh -c 'ulimit -f; ulimit -Hf'"

done_testing
