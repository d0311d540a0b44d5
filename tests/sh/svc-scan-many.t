#!/bin/sh
# svc-scan: many services, and a megabyte of garbage. FULL=1 for a thousand services.
. "${0%/*}/lib.sh"

sleeper() {
	for name do service "$name" <<-'end'
		#!/bin/sh
		exec sleep 1000
		end
	done
}
descriptors() { find "/proc/$1/fd" -type l | wc -l; }

many=500
[ -z "${FULL:-}" ] || many=1000
sleeper model
mkdir scan
n=0
more() { while [ "$n" -lt "$1" ]; do n=$((n + 1)); cp -r model "scan/s$n"; done; }
more 10
background svc-scan scan
# shellcheck disable=SC2154  # background sets it
scan=$pid log=$pid.err
ok 'ten services come up' svc-wait -t 20000 up scan/*
few=$(descriptors "$scan")
more $many
svc-scanctl scan scan
# Once svc-scan answers, all supervisors have been started.
ok "$many services come up" svc-wait -t 60000 up scan/*
is 'svc-scan has no more descriptors than for ten' "$(descriptors "$scan")" "$few"
is 'svc-stat lists them all' "$(svc-stat -o up scan | grep -cx true)" $many
pids() { svc-stat -o pid scan/s*; }
before=$(pids)
ok 'all of them can be restarted' svc-ctl -r scan/*
restarted() { pids >now; [ "$(grep -cvx -e -1 -e NA now)" = "$many" ] && ! echo "$before" | grep -qxF -f now; }
becomes 60 'and come back' restarted
is 'in silence' "$(cat "$log")" ''

# Garbage.
garbage() { head -c 1000000 /dev/zero | tr '\0' '.' | timeout 300 dd of=scan/.svc-scan/control bs=65536 2>dd.err; }
before=$(pids)
ok 'its control fifo can be flooded with a megabyte of garbage' garbage
sleeper late && mv late scan/late
ok 'after which it does what it is told' svc-scanctl scan scan
ok 'when it has read all of it' svc-wait -t 20000 up scan/late
is 'and nothing else' "$(pids)" "$before"
is 'the garbage is not worth a word' "$(cat "$log")" ''
svc-scanctl terminate scan
becomes 60 'all of it ends' gone "$scan"
is 'no service is left' "$(svc-stat -o up scan/s* | grep -c true)" 0

done_testing
