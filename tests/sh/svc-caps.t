#!/bin/sh
# svc-caps: capabilities.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-caps -b all
mistake 'no capability net_bind_servce: did you mean net_bind_service?' svc-caps -a net_bind_servce true
mistake 'no capability cap_' svc-caps -b cap_ true
mistake 'no capability 12' svc-caps -i 12 true
mistake 'invalid list of capabilities: ' svc-caps -a '' true
mistake 'invalid list of capabilities: kill,-chown' svc-caps -b kill,-chown true
mistake 'invalid list of capabilities: -kill,chown' svc-caps -b -kill,chown true
mistake 'missing program' svc-caps -a none
mistake "missing argument for option '-a'" svc-caps -a
unprivileged svc-caps -b none true 2>err || code=$?
is 'who is not root can bound nothing' "$code: $(cat err)" \
	'111: svc-caps: fatal: unable to drop chown from the bounding set: Operation not permitted'
unprivileged svc-caps -a chown true 2>err || code=$?
is 'nor hand on what he has not' "$code: $(cat err)" \
	'111: svc-caps: fatal: unable to hand on chown: Operation not permitted'
unprivileged svc-caps -b all -i all -a all true 2>err && code=0 || code=$?
is 'but what changes nothing' "$code: $(cat err)" '0: '
if ! is_root; then skip 'the rest' 'not root'; done_testing; fi

# caps WORD... - the sets of a program behind these words: inheritable, permitted, effective, bounding,
# ambient, in hexadecimal without leading zeros.
caps() { "$@" sed -n 's/^Cap...:[[:space:]]*0*\(.\)/\1/p' /proc/self/status | tr '\n' ' '; }
# In this: chown 1, kill 20, setgid 40, setuid 80, setpcap 100, net_bind_service 400.
for capability in chown kill setgid setuid setpcap net_bind_service; do
	svc-caps -a "$capability" true || skip_all "root has no $capability here"
done
all=$(caps svc-caps | cut -d ' ' -f 2)
is 'without options it changes nothing' "$(caps svc-caps)" "$(caps env)"
is 'ambient ones are inheritable' "$(caps svc-caps -a kill,CAP_CHOWN)" "21 $all $all $all 21 "
is 'inheritable ones need not be ambient' "$(caps svc-caps -i chown)" "1 $all $all $all 0 "
is 'both together' "$(caps svc-caps -i chown -a kill)" "21 $all $all $all 20 "
is 'a list replaces the set' "$(caps svc-caps -i chown -a kill svc-caps -a setuid)" "81 $all $all $all 80 "
is 'none empties it' "$(caps svc-caps -i chown -a kill svc-caps -a none)" "1 $all $all $all 0 "
is 'the ambient stay when the inheritable go' "$(caps svc-caps -i chown -a kill svc-caps -i none)" "20 $all $all $all 20 "
is 'root has what is in bounds' "$(caps svc-caps -b kill,chown)" '0 21 21 21 0 '
is 'and what is inheritable loses the rest' "$(caps svc-caps -a kill,setuid svc-caps -b kill,chown)" '20 21 21 21 20 '
is 'all but some' "$(caps svc-caps -b kill,chown,setpcap svc-caps -b -kill)" '0 101 101 101 0 '
is 'all that is permitted' "$(caps svc-caps -b kill,chown,setpcap svc-caps -i all -a -setpcap)" '121 121 121 121 21 '
refused 'unable to hand on setuid: Operation not permitted' svc-caps -b kill -a setuid true
refused 'unable to hand on setuid: Operation not permitted' svc-caps -b kill svc-caps -i setuid true
refused 'unable to drop kill from the bounding set: Operation not permitted' svc-caps -b kill svc-caps -b none true

# The order of svc-caps and svc-setuid.
is 'a user keeps what is ambient' "$(caps svc-caps -a net_bind_service svc-setuid nobody)" "400 400 400 $all 400 "
is 'and nothing else' "$(caps svc-caps -i chown -a kill svc-setuid nobody)" "21 20 20 $all 20 "
is 'also when it is another user' "$(caps svc-caps -a setuid,setgid svc-setuid nobody svc-setuid 33:33 svc-caps -a none)" "0 0 0 $all 0 "
chmod 755 . && cp "$BIN/svc-caps" .
exits 111 'what comes too late is refused' svc-setuid nobody ./svc-caps -a net_bind_service true
is 'with its reason' "$(cat err)" 'svc-caps: fatal: unable to hand on net_bind_service: Operation not permitted'
is 'a user who has setpcap so far can be bounded' \
	"$(caps svc-caps -a net_bind_service,setpcap svc-setuid nobody ./svc-caps -b net_bind_service)" '400 400 400 400 400 '
is 'to nothing at all' "$(caps svc-caps -a setpcap svc-setuid nobody ./svc-caps -b none)" '0 0 0 0 0 '
exits 111 'root who can no longer become another is told so' svc-caps -b none svc-setuid nobody true
if has python3 && [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 1 ]; then
	# An address of its own for each run of this test.
	bind="import socket; socket.socket().bind(('127.$(($$ / 65536 % 256)).$(($$ / 256 % 256)).$(($$ % 256))', 1))"
	ok 'so a port below 1024 can be had' svc-caps -a net_bind_service svc-setuid nobody python3 -c "$bind"
	exits 1 'and not without it' svc-setuid nobody python3 -c "$bind"
else skip 'so a port below 1024 can be had' 'no python3, or everybody may, here'; fi
same "it is setpriv's" 'caps svc-caps -a kill,chown -i setuid svc-setuid -s "" nobody' \
	"caps setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps +kill,+chown,+setuid --ambient-caps +kill,+chown"

done_testing
