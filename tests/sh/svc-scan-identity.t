#!/bin/sh
# svc-scan: a service is its directory, whatever its name; what is removed is stopped when asked for.
. "${0%/*}/lib.sh"

sleeper() {
	for name do service "$name" <<-'end'
		#!/bin/sh
		exec sleep 1000
		end
	done
}
pid_of() { svc-stat -o pid "$1"; }
supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }
is_up() { [ "$(svc-stat -o up "$1")" = true ]; }
named() { grep -qax "name=$2" "$1/supervise/status"; }
unsupervised() { ! svc-ok "$1"; }
has_line() { grep -q "$2" "$1"; }
# scanned - a scan, and it is over.
probes=0
scanned() {
	probes=$((probes + 1))
	sleeper "probe$probes" && mv "probe$probes" scan/
	svc-scanctl scan scan && svc-wait -t 60000 up "scan/probe$probes"
}

mkdir scan real
sleeper scan/one real/two real/three
sleeper scan/one/log
printf '#!/bin/sh\nexec cat >>lines\n' >scan/one/log/run
ln -s "$T/real/two" scan/two
ln -s "$T/real/three" scan/three
ln -s "$T/real/three" scan/third
background svc-scan scan
# shellcheck disable=SC2154  # background sets it
scan=$pid log=$pid.err
ok 'all services come up' svc-wait -t 60000 up scan/one scan/one/log scan/two scan/three
background svc-events scan
events=$pid.out
becomes 10 'a reader of events sees them' has_line "$events" '^[^ ]* three: \|^[^ ]* third: '

# Names.
one=$(pid_of scan/one) logger=$(pid_of scan/one/log) two=$(pid_of scan/two) three=$(pid_of scan/three)
mv scan/one scan/uno
mv scan/two scan/due
ok 'a scan' scanned
is 'a renamed directory is no restart' "$(pid_of scan/uno) $(pid_of scan/uno/log)" "$one $logger"
is 'nor is a renamed link' "$(pid_of scan/due)" "$two"
becomes 5 'the status has the new name' named scan/uno uno
becomes 5 'that of the logger, too' named scan/uno/log uno/log
becomes 5 'and that behind a link' named real/two due
svc-ctl -r scan/uno scan/due scan/uno/log
becomes 10 'events have the new name' has_line "$events" ' uno up pid='
becomes 10 'that of the logger, too' has_line "$events" ' uno/log up pid='
becomes 10 'and that behind a link' has_line "$events" ' due up pid='
kill -KILL "$(supervisor_of scan/uno)" "$(supervisor_of scan/due)"
becomes 10 'a new supervisor' svc-ok scan/uno
becomes 10 'for each' svc-ok scan/due
becomes 10 'has the new name' named scan/uno uno
ps_name() { tr '\0' ' ' <"/proc/$(supervisor_of "$1")/cmdline" | grep -q " $2 \$"; }
becomes 10 'on its command line as well' ps_name real/two due
before=$(pid_of scan/uno)
mv scan/uno scan/swap && mv scan/due scan/uno && mv scan/swap scan/due
ok 'a scan after two names were exchanged' scanned
is 'nothing is restarted' "$(pid_of scan/due) $(pid_of scan/uno)" "$before $(pid_of real/two)"
becomes 5 'each has its new name' named scan/due due
becomes 5 'both' named real/two uno

# Two links to one directory.
is 'two links are one service' "$(pgrep -f -c 'svc-supervise.* (three|third)$')" 1
is 'with one process' "$(pid_of scan/three) $(pid_of scan/third)" "$three $three"
named scan/three three && gone=three other=third || gone=third other=three
rm "scan/$gone"
ok 'a scan when one of two links is gone' scanned
becomes 5 'it goes by the other name' named real/three "$other"
svc-scanctl prune scan
ok 'pruning' scanned
is 'does not stop it' "$(pid_of real/three)" "$three"

# A copy in the place of the original, with all that was in it: s6 and runit people do that.
cp -a scan/probe1 copy
original=$(pid_of scan/probe1)
mv scan/probe1 original && mv copy scan/probe1
ok 'a scan when a copy was put in the place of a service' scanned
started() { is_up scan/probe1 && [ "$(pid_of scan/probe1)" != "$original" ]; }
becomes 15 'the copy is a service of its own' started
ok 'the original goes on' is_up original
is 'as it was' "$(pid_of original)" "$original"
svc-scanctl prune scan
becomes 10 'the original can be pruned' unsupervised original
ok 'it is stopped' gone "$original"
ok 'the copy is not' is_up scan/probe1
svc-wait -t 60000 up scan/probe1
new=$(pid_of scan/probe1)
ok 'its process is there' alive "$new"

# A directory made anew under the old name.
sleeper again && mv again scan/again && svc-scanctl scan scan && svc-wait -t 60000 up scan/again
old=$(pid_of scan/again)
rm -r scan/again && sleeper again && mv again scan/again
ok 'a scan when a service was removed and made anew' svc-scanctl scan scan
ok 'it is a new service' svc-wait -t 60000 up scan/again
ok 'the old one goes on' alive "$old"
svc-scanctl prune scan
becomes 10 'until it is pruned' gone "$old"
ok 'which is not for the new one' is_up scan/again
is 'nothing was said but by the one whose files are gone' "$(grep -v '^svc-supervise again: ' "$log")" ''
svc-scanctl quit scan
becomes 10 'the tree ends' gone "$scan"
done_testing
