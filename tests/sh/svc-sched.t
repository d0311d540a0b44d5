#!/bin/sh
# svc-sched: scheduling policies and CPUs.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-sched -p other
first=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)
is 'only on some CPUs' "$(svc-sched -c "$first" sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)" "$first"
if has chrt; then
	policy() { "$@" sh -c 'chrt -p $$' | sed 's/.*: //' | tr '\n' ' '; }
	is 'batch' "$(policy svc-sched -p batch)" 'SCHED_BATCH 0 '
	is 'idle' "$(policy svc-sched -p idle)" 'SCHED_IDLE 0 '
	if is_root && svc-sched -p fifo true 2>/dev/null; then
		is 'fifo' "$(policy svc-sched -p fifo:3)" 'SCHED_FIFO 3 '
		is 'rr' "$(policy svc-sched -p rr)" 'SCHED_RR 1 '
		is 'not what it forks' "$(policy svc-sched -r -p rr | sed 's/|.*//')" 'SCHED_RR'
	else skip 'fifo and rr' 'not allowed here'; fi
else skip 'what the kernel then says' 'no chrt here'; fi
unprivileged svc-sched -p fifo true 2>err || code=$?
is 'realtime needs a privilege' "$code: $(cat err)" \
	'111: svc-sched: fatal: unable to set the scheduling policy: Operation not permitted'
refused 'unable to choose the CPUs: Invalid argument' svc-sched -c 1023 true
for bad in fast fifo:0 fifo:100 idle:1 ''; do mistake "invalid policy: $bad" svc-sched -p "$bad" true; done
for bad in 1-0 x '' '0,' 5000; do mistake "invalid list of CPUs: $bad" svc-sched -c "$bad" true; done
mistake '-r needs -p' svc-sched -r true

done_testing
