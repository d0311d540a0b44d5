#!/bin/sh
# svc-scan: what starts a service, and what a service finds when it starts.
. "${0%/*}/lib.sh"

sleeper() {
	for name do service "$name" <<-'end'
		#!/bin/sh
		exec sleep 1000
		end
	done
}
pid_of() { svc-stat -o pid "$1"; }
is_up() { [ "$(svc-stat -o up "$1")" = true ]; }
line_of() { grep -c "$2" "$T/$1.err"; }

# The command line.
exits 100 'an unknown option is a mistake' svc-scan -x
exits 100 'two directories are a mistake' svc-scan . .
exits 100 'a closed notification descriptor is a mistake' svc-scan -d 9 .
contains 'which is said' "$(cat err)" 'svc-scan: fatal: file descriptor 9 is not open'
exits 111 'a directory that is not there is an error' svc-scan none
contains 'which names it' "$(cat err)" 'svc-scan: fatal: unable to enter none: '

# Readiness, and who is there already. The tree gets all that a careless parent can give it.
sleeper scan/a scan/b
service scan/careful <<'end'
#!/bin/sh
ls /proc/self/fd >fds.new
sed -n '/^Sig\(Blk\|Ign\|Cgt\)/p' /proc/self/status >signals
ulimit -Sn >limit
readlink /proc/self/fd/0 >stdin
mv fds.new fds
exec sleep 1000
end
mkfifo ready
exec 8<>ready
(
	trap '' HUP PIPE USR1
	# shellcheck disable=SC3045  # where there is no -S, the test would fail
	ulimit -Sn 77
	exec svc-scan --notification-fd 7 scan 5</dev/null 6</dev/null 7>ready 9</dev/null
) >scan.out 2>scan.err 8>&- &
scan=$!
is 'it says when all supervisors have been started' "$(timeout 100 head -c 1 ready | od -An -tx1 | tr -d ' ')" 0a
is 'the notification descriptor is closed then' "$(readlink /proc/$scan/fd/* | grep -c "^$T/ready$")" 0
ok 'every service comes up' svc-wait -t 60000 up scan/a scan/b scan/careful
becomes 5 'a service writes down what it finds' test -s scan/careful/fds
is 'it inherits no descriptor but the first three' "$(head -c 12 scan/careful/fds | head -n 3 | tr '\n' ' ')$(awk '$1 > 3' scan/careful/fds)" '0 1 2 '
is 'no signal is blocked, ignored or caught' "$(tr -d '\t\n' <scan/careful/signals)" \
	'SigBlk:0000000000000000SigIgn:0000000000000000SigCgt:0000000000000000'
is 'it has the limit on descriptors that svc-scan was started with' "$(cat scan/careful/limit)" 77
is 'its standard input is /dev/null' "$(cat scan/careful/stdin)" /dev/null
exits 100 'a second svc-scan on the same directory gives up' timeout 100 svc-scan scan
contains 'and says why' "$(cat err)" 'svc-scan: fatal: svc-scan is already running on this directory'
ok 'which disturbs nobody' alive $scan

# Scan on command and by ALRM, and never by itself.
before=$(pid_of scan/a)
sleeper new && mv new scan/new
ok 'a scan can be asked for' svc-scanctl scan scan
ok 'it finds what is new' svc-wait -t 60000 up scan/new
sleeper newer && mv newer scan/newer
sleeper unasked && mv unasked scan/unasked
kill -ALRM $scan
ok 'so does ALRM' svc-wait -t 60000 up scan/newer scan/unasked
mv scan/newer gone
svc-scanctl scan scan
is 'what was there is not restarted' "$(pid_of scan/a)" "$before"
ok 'what was removed goes on' is_up gone
is 'and its name is gone from the list' "$(svc-stat -o name scan | grep -c newer)" 0
kill -HUP $scan
becomes 10 'HUP stops what was removed' sh -c '! svc-ok gone'
ok 'and nothing else' is_up scan/new

# Orphans.
service scan/parent <<'end'
#!/bin/sh
sh -c 'sleep 1000 & echo $! >orphan.new; mv orphan.new orphan'
exec sleep 1000
end
svc-scanctl scan scan
becomes 10 'a service leaves an orphan' test -s scan/parent/orphan
orphan=$(cat scan/parent/orphan)
adopted() { grep -q "^PPid:[[:space:]]$scan\$" "/proc/$orphan/status"; }
becomes 5 'which becomes the child of svc-scan' adopted
kill -KILL "$orphan"
becomes 5 'and is reaped' test ! -e "/proc/$orphan"
svc-ctl -k scan/a
before=$(pid_of scan/parent)
becomes 10 'services are restarted meanwhile' svc-wait -t 1000 up scan/a
is 'nothing else happens' "$(pid_of scan/parent)" "$before"
kill -TERM $scan
becomes 10 'TERM ends it' gone $scan
wait $scan
is 'with exit code 0' $? 0
is 'in silence' "$(cat scan.err)" ''
exec 8>&-

# Without a directory; with --watch.
cd scan || exit 111
rm -rf -- *
background svc-scan --watch
# shellcheck disable=SC2154  # background sets it
scan=$pid
cd "$T" || exit 111
becomes 10 'the working directory is the default' test -p scan/.svc-scan/control
sleeper x y
mv x scan/x
becomes 10 'with --watch a new entry is started at once' is_up scan/x
ln -s "$T/y" scan/y
becomes 10 'so is one that is linked' is_up scan/y
before=$(pid_of scan/x)
mv scan/x scan/z
named() { grep -qx "name=$2" "$1/supervise/status"; }
becomes 10 'a new name is noticed' named scan/z z
is 'which is no restart' "$(pid_of scan/z)" "$before"
rm scan/y
ok 'what is removed goes on' is_up y
ok 'until it is asked for' svc-scanctl prune scan
becomes 10 'then it is stopped' sh -c '! svc-ok y'

# A directory that is started while it is being filled.
mkdir scan/half
becomes 10 'a half-copied service has a supervisor' svc-ok scan/half
becomes 10 'which reports it' grep -q 'svc-supervise half: .*run' "$scan.err"
echo 'exec sleep 1000' | sed '1i #!/bin/sh' >scan/half/run
chmod 755 scan/half/run
becomes 20 'and starts it when it is complete' is_up scan/half
is 'it has been reported once' "$(line_of "$scan" 'svc-supervise half')" 1
is 'the others went on' "$(pid_of scan/z)" "$before"

# Standard error is a pipe whose reader dies.
mkfifo pipe
cat <pipe >/dev/null &
reader=$!
cat >z.finish <<'end'
#!/bin/sh
touch finished
end
chmod 755 z.finish
mkdir -p broken/.svc-scan
mv z.finish broken/.svc-scan/finish
(exec svc-scan broken 2>pipe) &
second=$!
becomes 10 'another tree runs' svc-scanctl -z broken
kill $reader
wait $reader 2>err
touch broken/file
svc-scanctl scan broken
sleeper broken/a
svc-scanctl scan broken
ok 'it outlives the reader of its messages' svc-wait -t 60000 up broken/a
svc-scanctl terminate broken
becomes 10 'and ends in order' gone $second
ok 'with its finish' test -e broken/finished

svc-scanctl quit scan
becomes 10 'quit ends it' gone "$scan"
done_testing
