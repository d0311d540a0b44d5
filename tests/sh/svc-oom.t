#!/bin/sh
# svc-oom: who is killed when memory runs out.
. "${0%/*}/lib.sh"
. "$here/link.sh"

now=$(cat /proc/self/oom_score_adj)
link svc-oom 1000
is 'the score is set' "$(svc-oom 900 cat /proc/self/oom_score_adj)" 900
if is_root && [ "$now" != -1000 ] && svc-oom -5 true 2>/dev/null; then
	is 'it may be negative' "$(svc-oom -5 cat /proc/self/oom_score_adj)" -5
else skip 'it may be negative' 'needs CAP_SYS_RESOURCE'; fi
unprivileged svc-oom -1000 true 2>err || code=$?
is 'which needs a privilege' "$code: $(cat err)" \
	'111: svc-oom: fatal: unable to write -1000 to /proc/self/oom_score_adj: Permission denied'
mistake 'missing score' svc-oom
for bad in 1001 -1001 x -1x ''; do mistake "invalid score (-1000 to 1000): $bad" svc-oom "$bad" true; done

done_testing
