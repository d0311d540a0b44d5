#!/bin/sh
# svc-envuidgid: UID, GID and GIDLIST.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-envuidgid 1:2
ids='env | grep -E "^(UID|GID|GIDLIST)=" | sort'
is 'a user has all three' "$(svc-envuidgid daemon sh -c "$ids" | grep -v '^GIDLIST=[0-9]')" "$(printf 'GID=1\nGIDLIST=\nUID=1')"
is 'USER:GROUP leaves GIDLIST' "$(GIDLIST=x svc-envuidgid 7:daemon sh -c "$ids")" "$(printf 'GID=1\nGIDLIST=x\nUID=7')"
is '-u sets only UID' "$(GID=x svc-envuidgid -u daemon sh -c "$ids")" "$(printf 'GID=x\nUID=1')"
is '-g sets only GID' "$(UID=x svc-envuidgid -g daemon env | grep -E '^(UID|GID|GIDLIST)=' | sort)" "$(printf 'GID=1\nUID=x')"
mistake 'missing account' svc-envuidgid
mistake 'unknown user no-such-user' svc-envuidgid no-such-user true
mistake 'unknown group no-such-group' svc-envuidgid -g no-such-group true
for user in daemon nobody $(getent group | awk -F: '$4 != "" { split($4, a, ","); print a[1] }' | sort -u | head -n 3); do
	same "it is s6-envuidgid for $user" "svc-envuidgid $user sh -c '$ids'" "s6-envuidgid $user sh -c '$ids'"
done

done_testing
