#!/bin/sh
# svc-scan: loggers. What a service says reaches its logger, whatever is removed, added or stopped.
. "${0%/*}/lib.sh"

pid_of() { svc-stat -o pid "$1"; }
supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }
is_up() { [ "$(svc-stat -o up "$1")" = true ]; }
unsupervised() { ! svc-ok "$1"; }
logs_to() {
	# It reads whole lines, as a shell does not: two of them may read the same fifo for a moment. Told to
	# end, it writes what it has read.
	service "$1/log" <<-end
	#!/bin/sh
	exec svc-log -l 0 s10000000 "$2.d"
	end
	ln -s "$2.d/current" "$2"
}
# Numbers all its lines over all its lives; each is on file before it is said.
talker() {
	service "$1" <<-'end'
	#!/bin/sh
	n=$(cat said 2>/dev/null)
	n=${n:-0}
	# What is on file is said, whenever the signal comes.
	trap 'end=1' TERM
	while [ -z "$end" ]; do
		n=$((n + 1))
		echo "$n" >said.new && mv said.new said
		echo "line $n"
		sleep 0.01
	done
	echo "last $n"
	end
	[ -z "$2" ] || logs_to "$1" "$2"
}
has_line() { grep -q "$2" "$1"; }
said() { cat "$1/said"; }
# unbroken FILE... - the lines 1 to the last one are there once and in order.
unbroken() {
	cat "$@" | sed -n 's/^line //p' | awk '$1 != NR { print "line " NR " is " $1; bad = 1; exit } END { exit bad || NR == 0 }'
}

mkdir scan
service scan/handed <<-end
	#!/bin/sh
	echo "\$SVC_LOG_JOURNAL" >"$T/of-service"
	exec sleep 1000
end
service scan/handed/log <<-end
	#!/bin/sh
	readlink "/proc/\$\$/fd/\$SVC_LOG_JOURNAL" >"$T/of-logger"
	exec cat
end
talker scan/talker "$T/first"
talker scan/removed "$T/removed.log"
background svc-scan scan
# shellcheck disable=SC2154  # background sets it
scan=$pid log=$pid.err
ok 'a service and its logger come up' svc-wait -t 60000 up scan/talker scan/talker/log scan/removed
becomes 5 'what it says is logged' has_line first 'line 5$'
becomes 5 'a logger gets an open file for its journal' test -s of-logger
is 'in its supervise/' "$(cat of-logger)" "$T/scan/handed/log/supervise/journal"
is 'which nobody else may read' "$(stat -c %a scan/handed/log/supervise/journal)" 600
becomes 5 'and its service runs' test -e of-service
is 'without one' "$(cat of-service)" ''

# log/ removed while the service runs: what it writes still goes there, until its next start.
service=$(pid_of scan/talker) logger=$(pid_of scan/talker/log)
mv scan/talker/log taken
ok 'log/ can be removed from a live service' svc-scanctl update scan
before=$(said scan/talker)
more() { [ "$(said scan/talker)" -gt $((before + 20)) ]; }
becomes 10 'the service goes on' more
is 'as the same process' "$(pid_of scan/talker)" "$service"
becomes 5 'and is logged' has_line first "line $((before + 20))\$"
ok 'by the same logger' alive "$logger"
svc-ctl -r scan/talker
becomes 10 'after the next start its output goes elsewhere' has_line "$pid.out" '^line '
becomes 10 'the logger ends then' unsupervised taken
ok 'altogether' gone "$logger"
ok 'no line is lost' unbroken first "$pid.out"
ok 'the first log has the last line of its service' has_line first '^last '

# log/ added to a live service.
logs_to new "$T/second"
mv new/log scan/talker/log
ok 'log/ can be added to a live service' svc-scanctl scan scan
ok 'the logger comes up' svc-wait -t 60000 up scan/talker/log
svc-ctl -r scan/talker
becomes 10 'and counts from the next start' has_line second '^line '

# log/ replaced by another one.
logger=$(pid_of scan/talker/log)
logs_to newer "$T/third"
mv scan/talker/log old
mv newer/log scan/talker/log
ok 'log/ can be replaced' svc-scanctl update scan
becomes 10 'the new logger comes up' svc-ok scan/talker/log
becomes 10 'and gets what the service says' has_line third '^line '
becomes 10 'the old one ends at once' gone "$logger"
before=$(said scan/talker)
becomes 10 'the service goes on' more
svc-ctl -d -wD -T 60000 scan/talker
becomes 10 'the new one gets its last words' has_line third '^last '
is 'no line is lost between them' "$(cat first "$pid.out" second third | sed -n 's/^line //p' | sort -n | uniq | wc -l)" "$(said scan/talker)"
is 'nor doubled' "$(cat first "$pid.out" second third | sed -n 's/^line //p' | sort -n | uniq -d)" ''

# log/ changed: the next start of the logger.
logs_to new "$T/fourth"
mv new/log/run scan/talker/log/run
svc-ctl -u -wu -T 60000 scan/talker
svc-ctl -r scan/talker/log
becomes 10 'a changed logger counts from its next start' has_line fourth '^line '
svc-ctl -d -wD -T 60000 scan/talker

# Removal.
service=$(pid_of scan/removed) logger=$(pid_of scan/removed/log)
mv scan/removed removed
ok 'a service is removed' svc-scanctl scan scan
svc-scanctl scan scan
before=$(said removed)
more() { [ "$(said removed)" -gt $((before + 20)) ]; }
becomes 10 'a scan stops nothing' more
is 'neither the service nor its logger' "$(pid_of removed) $(pid_of removed/log)" "$service $logger"
kill -KILL "$(supervisor_of removed)"
becomes 5 'its supervisor is not replaced when it dies' unsupervised removed
ok 'which leaves the service alone' alive "$service"
mv removed scan/back && svc-scanctl scan scan
becomes 10 'unless it comes back' svc-ok scan/back
is 'as the same process' "$(pid_of scan/back) $(pid_of scan/back/log)" "$service $logger"
mv scan/back removed && svc-scanctl scan scan
ok 'it can be pruned' svc-scanctl prune scan
becomes 10 'the service ends' gone "$service"
becomes 10 'then its logger' gone "$logger"
becomes 5 'and both supervisors' unsupervised removed
becomes 5 'that of the logger' unsupervised removed/log
ok 'the log has all lines' unbroken removed.log
is 'to the very last' "$(tail -n 1 removed.log)" "last $(said removed)"

# Prune while it stops, then back again.
talker again "$T/again.log" && mv again scan/again && svc-scanctl scan scan
ok 'a service' svc-wait -t 60000 up scan/again scan/again/log
mv scan/again again && svc-scanctl update scan && mv again scan/again && svc-scanctl scan scan
up_again() { is_up scan/again && is_up scan/again/log; }
becomes 15 'that is removed and put back at once is there in the end' up_again

# Prune-all does not wait for the end of the input.
service scan/stray <<'end'
#!/bin/sh
sh -c 'echo $$ >stray.new; mv stray.new stray; exec sleep 1000' &
exec sleep 1000
end
logs_to scan/stray "$T/stray.log"
svc-scanctl scan scan
ok 'a service with a child' svc-wait -t 60000 up scan/stray scan/stray/log
becomes 5 'which has the log open' test -s scan/stray/stray
logger=$(pid_of scan/stray/log)
mv scan/stray stray
svc-scanctl scan scan
svc-scanctl prune-all scan
becomes 4 'prune-all stops the logger at once' gone "$logger"
ok 'but not the child of the service' alive "$(cat stray/stray)"
svc-scanctl quit scan
becomes 10 'the tree ends' gone "$scan"
is 'nothing was said but of inputs that others still had open' "$(grep -v ': its input is still held open by ' "$log")" ''
done_testing
