#!/bin/sh
# svc-ionice: I/O priorities.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-ionice best-effort
if has ionice; then
	is 'idle' "$(svc-ionice idle ionice)" idle
	is 'best-effort, 4 by default' "$(svc-ionice best-effort ionice)" 'best-effort: prio 4'
	is 'a level' "$(svc-ionice best-effort:7 ionice)" 'best-effort: prio 7'
	is 'none follows from the niceness' "$(svc-ionice idle svc-ionice none ionice | cut -d : -f 1)" none
	same "it is ionice's" 'svc-ionice best-effort:2 ionice' 'ionice -c 2 -n 2 ionice'
	if is_root; then is 'realtime' "$(svc-ionice realtime:0 ionice)" 'realtime: prio 0'; fi
else skip 'what the kernel then says' 'no ionice here'; fi
unprivileged svc-ionice realtime true 2>err || code=$?
is 'realtime needs a privilege' "$code: $(cat err)" \
	'111: svc-ionice: fatal: unable to set the I/O priority: Operation not permitted'
mistake 'missing class' svc-ionice
for bad in fast best-effort:8 best-effort: idle:1 ''; do
	mistake "invalid I/O priority: $bad" svc-ionice "$bad" true
done

done_testing
