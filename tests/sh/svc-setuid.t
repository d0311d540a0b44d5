#!/bin/sh
# svc-setuid: another user.
. "${0%/*}/lib.sh"
. "$here/link.sh"

me=$(id -u):$(id -g)
mistake 'missing account' svc-setuid
mistake 'unknown user no-such-user' svc-setuid no-such-user true
is 'is one line' "$(grep -c . err)" 1
mistake 'unknown group no-such-group' svc-setuid -g no-such-group true
mistake 'unknown group no-such-group' svc-setuid -s 1,no-such-group "$me" true
mistake 'unknown group ' svc-setuid 1: true
mistake 'unknown user ' svc-setuid :1 true
mistake 'a number alone has no groups: write 33:GROUP' svc-setuid 33 true
mistake 'unknown user 4294967295' svc-setuid 4294967295:0 true
mistake 'unknown user -1' svc-setuid -- -1:0 true

if ! is_root; then
	refused 'unable to set supplementary groups: Operation not permitted' svc-setuid 0:0 true
	skip 'what needs privileges' 'not root'
	done_testing
fi
link svc-setuid 0:0

# ids WORD... - the ids and groups that the kernel shows.
ids() { "$@" sed -n 's/[[:space:]]*$//; /^[UG]id:/p; /^Groups:/p' /proc/self/status | tr '\t' ' '; }
is 'all ids are those of UID:GID' "$(ids svc-setuid 33:34)" 'Uid: 33 33 33 33
Gid: 34 34 34 34
Groups: 34'
is 'a name brings its groups' "$(ids svc-setuid nobody)" "Uid: 65534 65534 65534 65534
Gid: $(printf '%s %s %s %s' "$(id -g nobody)" "$(id -g nobody)" "$(id -g nobody)" "$(id -g nobody)")
Groups: $(id -G nobody)"
is 'USER:GROUP may be names' "$(ids svc-setuid nobody:daemon | tail -n 2)" 'Gid: 1 1 1 1
Groups: 1'
is 'the groups may be given' "$(ids svc-setuid -s 7,daemon nobody | tail -n 1)" 'Groups: 1 7'
is 'there may be none' "$(ids svc-setuid -s '' nobody | tail -n 1)" 'Groups:'
is '-g leaves the user' "$(ids svc-setuid -s 5 -g daemon)" 'Uid: 0 0 0 0
Gid: 1 1 1 1
Groups: 5'
is '-g leaves the other groups' "$(ids svc-setuid -s 5,6 0:0 svc-setuid -g 7)" 'Uid: 0 0 0 0
Gid: 7 7 7 7
Groups: 5 6'
caps() { "$@" sed -n 's/^Cap\(Prm\|Eff\|Amb\):[[:space:]]*0*$/\1/p' /proc/self/status | tr '\n' ' '; }
is 'no capability is left' "$(caps svc-setuid nobody)" 'Prm Eff Amb '
# By a relative path: what leads to the programs need not be open to everybody.
chmod 755 . && mkdir copy && cp "$BIN/svc-setuid" copy
exits 111 'there is no way back' svc-setuid nobody ./copy/svc-setuid 0:0 true
exits 111 'not with the groups alone' svc-setuid nobody ./copy/svc-setuid -g 0 true
ok 'who is it already needs no privilege' svc-setuid 33:34 ./copy/svc-setuid 33:34 true
for user in nobody daemon $(getent group | awk -F: '$4 != "" { split($4, a, ","); print a[1] }' | sort -u | head -n 3); do
	same "it is s6-setuidgid for $user" "ids svc-setuid $user | head -n 2" \
		"s6-setuidgid $user sed -n 's/[[:space:]]*$//; /^[UG]id:/p' /proc/self/status | tr '\t' ' '"
	is "it has the groups that id tells for $user" \
		"$(svc-setuid "$user" id -G | tr ' ' '\n' | sort -n)" "$(id -G "$user" | tr ' ' '\n' | sort -n)"
done
if has setpriv && setpriv --pdeathsig TERM true 2>/dev/null; then
	is "the signal that its parent's death sends it stays" \
		"$(setpriv --pdeathsig USR1 svc-setuid 33:34 setpriv --dump | grep '^Parent death')" 'Parent death signal: USR1'
else skip "the signal that its parent's death sends it stays" 'no setpriv here'; fi
same 'it is s6-setuidgid for numbers' 'svc-setuid 33:34 id' 's6-setuidgid 33:34 id'

done_testing
