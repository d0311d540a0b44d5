#!/bin/sh
# svc-setsid: sessions and process groups.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-setsid
# ids WORD... - whether the process leads its group and session. In a child, which leads neither.
# shellcheck disable=SC2016  # for the inner shell
ids() { (exec "$@" sh -c 'read -r _ _ _ _ group session _ </proc/$$/stat
	echo "$([ "$group" = $$ ] && echo group) $([ "$session" = $$ ] && echo session)"') | cat; }
is 'without it, it leads nothing' "$(ids env)" ' '
is 'it leads a session' "$(ids svc-setsid)" 'group session'
is '-s as well' "$(ids svc-setsid -g -s)" 'group session'
is '-b only a group' "$(ids svc-setsid -b)" 'group '
exits 0 'who leads already goes on' svc-setsid svc-setsid true
is 'with a warning' "$(cat err)" 'svc-setsid: warning: unable to make a session: Operation not permitted'
exits 0 'without one with -q' svc-setsid svc-setsid -q true
is 'which says nothing' "$(cat err)" ''
refused 'unable to make a session: Operation not permitted' svc-setsid -b svc-setsid -i true
exits 111 'without a terminal there is no foreground' svc-setsid svc-setsid -i -f -d 0 true
mistake 'invalid descriptor: x' svc-setsid -d x true
if has script; then
	# shellcheck disable=SC2016
	echo 'read -r _ _ _ _ group _ _ front _ </proc/$$/stat; [ "$group" = "$front" ] && echo "front $((group == $$))"' >front
	is '-g takes the terminal' "$(script -qec 'sh -c "svc-setsid -i -g sh front; :"' /dev/null </dev/null | tr -d '\r')" 'front 1'
	is '-b does not' "$(script -qec 'sh -c "svc-setsid -i -b sh front; :"' /dev/null </dev/null | tr -d '\r')" ''
else skip '-g takes the terminal' 'no script here'; fi
if has s6-setsid; then is "it is s6-setsid's -b" "$(ids svc-setsid -b)" "$(ids s6-setsid -b)"; fi

done_testing
