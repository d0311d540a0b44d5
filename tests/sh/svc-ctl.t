#!/bin/sh
# svc-ctl: send commands to supervisors, and wait for what comes of them.
. "${0%/*}/lib.sh"

pid_of() { svc-stat -p "$1"; }
supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }

# listens DIR PID - that process subscribes to the events of a service, and sleeps.
listens() { test -p "$1/event/sub.$2.0" && grep -q '^State:.S' "/proc/$2/status"; }

mkdir scan
service scan/a <<'end'
#!/bin/sh
exec sleep 1000
end
service scan/ready <<'end'
#!/bin/sh
echo >&3
exec sleep 1000
end
echo 3 >scan/ready/notification-fd
service scan/fails <<'end'
#!/bin/sh
exit 3
end
printf '#!/bin/sh\nexit 125\n' >scan/fails/finish
chmod 755 scan/fails/finish
touch scan/fails/down
echo 3 >scan/fails/notification-fd
service scan/policy <<'end'
#!/bin/sh
exit 0
end
echo on-failure >scan/policy/restart
touch scan/policy/down
service scan/short <<'end'
#!/bin/sh
exit 0
end
touch scan/short/down

# The command line.
exits 100 'no command is a mistake' svc-ctl
exits 100 'a directory alone is a mistake' svc-ctl scan/a
contains 'which is named' "$(cat err)" 'svc-ctl: fatal: unknown command scan/a'
exits 100 'no directory is a mistake' svc-ctl -u
contains 'which is named' "$(cat err)" 'svc-ctl: fatal: missing service directory'
exits 100 'also after a name' svc-ctl restart
exits 100 'an unknown letter is a mistake' svc-ctl -Z scan/a
exits 100 'the letter of a rename is not for users' svc-ctl -= scan/a
exits 100 'an unknown state is a mistake' svc-ctl -u -w x scan/a
exits 100 'a time that is no number is a mistake' svc-ctl -T soon -u scan/a
exits 100 'a signal that no command sends is a mistake' svc-ctl -s SEGV scan/a
contains 'which is named' "$(cat err)" 'svc-ctl: fatal: no command sends signal SEGV'
exits 102 'a service that nobody supervises' svc-ctl -u scan/a
is 'is named' "$(cat err)" 'svc-ctl: fatal: scan/a: not supervised'
exits 102 'is not waited for either' svc-ctl -u -wu scan/a
exits 111 'a directory that is not there' svc-ctl -u none
is 'is named' "$(cat err)" 'svc-ctl: fatal: unable to open none: No such file or directory'
long=$(printf '%10000s' '' | tr ' ' x)
exits 111 'a name of ten thousand characters is an error' svc-ctl -u "$long"

# What arrives in the fifo, without a supervisor: the test reads it.
mkdir -p plain/supervise
mkfifo plain/supervise/control
exec 9<>plain/supervise/control
exits 0 'letters are sent' svc-ctl -du -k plain
exits 0 'and signals by name' svc-ctl -s SIGTERM -s stop -s 18 plain
exits 0 'and commands by name' svc-ctl once-persist plain
is 'in order' "$(head -c 7 <&9)" duktpcQ
exits 102 'of several directories one may fail' svc-ctl -u scan/a plain
is 'with a warning' "$(cat err)" 'svc-ctl: warning: scan/a: not supervised'
is 'and the others have their turn' "$(head -c 1 <&9)" u
svc-ctl -uk -wU -T 1 plain >&- 2>&-
svc-ctl -d plain
is 'a warning that nobody can read is no command' "$(head -c 3 <&9)" ukd
head -c 65536 /dev/zero >&9
exits 111 'a full fifo is an error' svc-ctl -u plain
is 'which says what it means' "$(cat err)" \
	'svc-ctl: fatal: unable to write to plain/supervise/control: it is full, its reader hangs or is stopped'
exec 9>&-
rm plain/supervise/control
echo precious >plain/supervise/control
exits 111 'a file in place of the fifo is an error' svc-ctl -u plain
is 'and is not written to' "$(cat plain/supervise/control)" precious

background svc-scan scan
ok 'services come up' svc-wait -t 60000 up scan/a scan/ready

# Waiting.
before=$(pid_of scan/a)
ok 'a restart can be waited for' svc-ctl -r -wr -T 60000 scan/a
ok 'and is one' test "$(pid_of scan/a)" != "$before"
ok 'down can be waited for' svc-ctl -d -wd -T 60000 scan/a
ok 'and finished' svc-ctl -d -wD -T 60000 scan/a
is 'the service is down' "$(svc-stat -o up,wantedup scan/a)" 'false false'
exits 1 'what is down can not be restarted' svc-ctl -r -wr -T 60000 scan/a
is 'and is not waited for' "$(cat err)" 'svc-ctl: fatal: scan/a is down: nothing to restart (-u starts it)'
ok 'but when it is started as well' svc-ctl -ru -wr -T 60000 scan/a
ok 'a state that is there is not waited for' svc-ctl -u -wu scan/a
exits 99 'waiting ends in time' svc-ctl -u -wd -T 50 scan/a
is 'and says who is late' "$(cat err)" 'svc-ctl: fatal: timed out: scan/a is not down'
ok 'a service that has passed the state has been there' svc-ctl -o -wr -T 60000 scan/short
ok 'readiness can be waited for' svc-ctl restart -w R -T 60000 scan/ready
is 'and is there' "$(svc-stat -r scan/ready)" true
ok 'not for a service that can not tell' svc-ctl -u -wU -T 60000 scan/a scan/ready
is 'as a warning says' "$(cat err)" \
	'svc-ctl: warning: scan/a has no notification-fd: waiting until it is up, not ready'
ok 'several services can be restarted and waited for' svc-ctl restart -w restarted -T 60000 scan/a scan/ready
ok 'each service may pass the state at its time' svc-ctl -k -wd -T 60000 scan/a scan/ready
ok 'waiting needs no command' svc-ctl -wu -T 60000 scan/a

# Ends for good.
exits 103 'a failure for good ends the wait for up' svc-ctl -u -wU -T 60000 scan/fails
contains 'and is named' "$(cat err)" 'scan/fails: failed for good'
ok 'an old failure is no reason not to try' sh -c '
	sed -i "1a [ ! -e ok ] || exec sleep 1000" scan/fails/run; touch scan/fails/ok
	svc-ctl -u -wu -T 60000 scan/fails'
ok 'a service that is not started again' svc-ctl -u -wu -T 60000 scan/policy
echo 3 >scan/policy/notification-fd
exits 103 'ends the wait for ready' svc-ctl -u -wU -T 60000 scan/policy
contains 'and is named' "$(cat err)" 'scan/policy: ended and is not started again'

# Deaths of supervisors.
svc-ctl -d -wD -T 60000 scan/a
dead=$(supervisor_of scan/a)
kill -STOP "$dead"
background svc-ctl -u -wu -T 20000 scan/a
# shellcheck disable=SC2154  # background sets it
waiter=$pid
becomes 10 'the letter waits in the fifo' listens scan/a "$waiter"
kill -KILL "$dead"
ok 'a letter that a killed supervisor has not read is read by the next' wait "$waiter"
is 'and carried out' "$(svc-stat -w scan/a)" true

service alone <<'end'
#!/bin/sh
exec sleep 1000
end
background svc-supervise alone
ok 'a supervisor alone works too' svc-wait -t 60000 up alone
background svc-ctl -h -wr -T 60000 alone
waiter=$pid
becomes 10 'it is waited for' listens alone "$waiter"
kill -KILL "$(supervisor_of alone)"
wait "$waiter"
is 'when the supervisor is gone for good, so is the hope' $? 102
is 'as is said' "$(cat "$waiter.err")" 'svc-ctl: fatal: alone: not supervised, will not be restarted'

svc-scanctl -t scan
done_testing
