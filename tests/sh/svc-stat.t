#!/bin/sh
# svc-stat: what supervisors know of their services.
. "${0%/*}/lib.sh"

supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }

# The command line, and what is no service.
exits 100 'an unknown field is a mistake' svc-stat -o up,down .
contains 'which is named' "$(cat err)" 'svc-stat: fatal: unknown field down'
exits 100 'an unknown option is a mistake' svc-stat -x .
exits 111 'a directory that is not there' svc-stat none
is 'is named' "$(cat err)" 'svc-stat: fatal: unable to open none: No such file or directory'
exits 111 'a name of ten thousand characters is an error' svc-stat "$(printf '%10000s' '' | tr ' ' x)"
mkdir empty
exits 1 'a service that never had a supervisor' svc-stat empty
is 'is called so' "$(cat out)" 'not supervised, and never was'
mkdir -p torn/supervise
printf 'version=1\nstate=up\ncheck=00000000\n' >torn/supervise/status
exits 111 'a status that is not whole is an error' svc-stat torn
is 'which names it' "$(cat err)" 'svc-stat: fatal: torn/supervise/status is damaged'
exits 111 'it does not keep others from theirs' svc-stat torn empty
is 'with a warning' "$(cat err)" 'svc-stat: warning: torn/supervise/status is damaged'
is 'and a name to each line' "$(cat out)" 'empty: not supervised, and never was'
rm torn/supervise/status
mkfifo torn/supervise/status
exits 111 'a fifo in place of the status does not hang it' timeout 100 svc-stat torn

mkdir scan
service scan/up <<'end'
#!/bin/sh
echo >&3
exec sleep 1000
end
echo 3 >scan/up/notification-fd
service scan/up/log <<'end'
#!/bin/sh
exec cat
end
service scan/down <<'end'
#!/bin/sh
exec sleep 1000
end
touch scan/down/down
service scan/fails <<'end'
#!/bin/sh
exit 3
end
printf '#!/bin/sh\nexit 125\n' >scan/fails/finish
chmod 755 scan/fails/finish
service scan/dies <<'end'
#!/bin/sh
kill -KILL $$
end
echo 600000 >scan/dies/restart-delay
echo 600000 >scan/dies/restart-delay-max
service scan/ends <<'end'
#!/bin/sh
exit 0
end
echo on-failure >scan/ends/restart
service scan/finishing <<'end'
#!/bin/sh
exit 7
end
printf '#!/bin/sh\nexec sleep 1000\n' >scan/finishing/finish
chmod 755 scan/finishing/finish
echo 0 >scan/finishing/timeout-finish
service 'scan/a"b\c' <<'end'
#!/bin/sh
exec sleep 1000
end
: >scan/file
background svc-scan scan
ok 'services come up' svc-wait -t 60000 ready scan/up
svc-wait -t 60000 finished scan/fails scan/dies scan/ends scan/down
svc-wait -t 60000 down scan/finishing
becomes 10 'as they do' sh -c 'svc-stat scan/finishing | grep -q "finish runs"'

# For people.
some='[0-9]+ seconds?'
ok 'a service can be looked at' svc-stat scan/up
like 'one that is up and ready' "$(cat out)" "^up \(pid [0-9]+ pgid [0-9]+\) $some, ready $some$"
like 'one that is to be down' "$(svc-stat scan/down)" "^down \(not started yet\) $some$"
like 'one that failed for good' "$(svc-stat scan/fails)" \
	"^down \(exitcode 3\) $some, normally up, failed for good$"
like 'one that ended by its policy' "$(svc-stat scan/ends)" \
	"^down \(exitcode 0\) $some, normally up, not started again \(file restart\)$"
like 'one that is to be started again' "$(svc-stat scan/dies)" \
	"^down \(signal SIGKILL\) $some, want up, next start in [0-9]+ seconds$"
like 'with the number of the signal' "$(svc-stat -n scan/dies)" '^down \(signal 9\)'
like 'one that finishes' "$(svc-stat scan/finishing)" \
	"^down \(exitcode 7\) $some, want up, finish runs \(pid [0-9]+\)(, next start in $some)?$"
svc-ctl -u -wu -T 60000 scan/down
like 'one that is up in spite of its file' "$(svc-stat scan/down)" \
	"^up \(pid [0-9]+ pgid [0-9]+\) $some, normally down$"
svc-ctl -p scan/down
becomes 10 'one that is paused' sh -c 'svc-stat scan/down | grep -q ", paused$"'
svc-ctl -c -O scan/down
becomes 10 'one that is not to be started again' sh -c 'svc-stat scan/down | grep -Eq ", (want down|once)$"'
(cd scan/up && svc-stat) >here
like 'the current directory is the default' "$(cat here)" '^up '

# A scan directory.
ok 'all services of a scan directory can be looked at' svc-stat scan
is 'in order, each logger after its service' "$(sed 's/: .*//' out)" 'a"b\c
dies
down
ends
fails
finishing
up
up/log'
ok 'several directories too' svc-stat scan/up scan/down
is 'with their names' "$(sed 's/: .*//' out)" 'scan/up
scan/down'

# For scripts.
pid=$(svc-stat -p scan/up)
ok 'the pid is that of the process' alive "$pid"
is 'fields are printed in the order asked for' \
	"$(svc-stat -o pid,up,wantedup,normallyup,ready,paused,pgid,exitcode,signal,signum scan/up)" \
	"$pid true true true true false $pid -1 NA -1"
like 'times are labels' "$(svc-stat -o updownsince,readysince scan/up)" '^@4[0-9a-f]{23} @4[0-9a-f]{23}$'
like 'or seconds' "$(svc-stat -o updownfor,readyfor scan/up)" '^[0-9]+ [0-9]+$'
is 'deaths have fields' "$(svc-stat -o up,exitcode,signal,signum,exit,quick scan/dies)" \
	'false -1 SIGKILL 9 signal=KILL 1'
is 'with numbers if one likes' "$(svc-stat -n -o signal scan/dies)" 9
is 'so have ends' "$(svc-stat -o exitcode,ended,wanted,state,finish scan/fails)" '3 failed down down exit=125'
is 'the options of s6-svstat are fields' "$(svc-stat -uw -Nr scan/up)" 'true true true true'
like 'what is due is in milliseconds' "$(svc-stat -o startdue,killdue scan/dies)" '^[0-9]+ -1$'

ok 'there is JSON' svc-stat --json 'scan/a"b\c'
is 'one object a line' "$(grep -c . out)" 1
contains 'in which names are quoted' "$(cat out)" '"name":"scan/a\"b\\c"'
like 'and values have types' "$(cat out)" '^\{"up":true,.*"pid":[0-9]+,.*"signal":null,.*\}$'
is 'of chosen fields' "$(svc-stat --json -o up,name scan/dies)" '{"up":false,"name":"scan/dies"}'
keys() { grep -o '"[a-z]*":' "$1" | tr -d '":' | tr '\n' ' '; }
svc-stat --json scan/up >one
svc-stat --json empty >two
is 'the keys are always the same' "$(keys two)" "$(keys one)"
if has python3; then
	svc-stat --json scan >all
	ok 'others can read it' python3 -c 'import json, sys; [json.loads(line) for line in open("all")]'
else
	skip 'others can read it' 'no python3'
fi

# Without a supervisor.
service alone <<'end'
#!/bin/sh
exec sleep 1000
end
background svc-supervise alone
svc-wait -t 60000 up alone
kill -KILL "$(supervisor_of alone)"
becomes 10 'a supervisor dies' sh -c '! svc-ok alone'
exits 1 'the last known state is shown all the same' svc-stat alone
like 'with the warning' "$(cat out)" "^up \(pid [0-9]+ pgid [0-9]+\) $some, supervisor gone$"
exits 1 'also in fields' svc-stat -o up,supervised alone
is 'with the answer' "$(cat out)" 'true false'

# Without permission.
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
chmod 755 "$T"
if is_root && as_nobody svc-stat --help >/dev/null 2>&1; then
	exits 111 'who may not look is told so' as_nobody svc-stat scan/up
	is 'with the file' "$(cat err)" \
		'svc-stat: fatal: unable to read scan/up/supervise/status: Permission denied'
	chmod 711 scan/up/supervise
	chmod 644 scan/up/supervise/status scan/up/supervise/supervisor
	ok 'who may look need not be allowed to command' as_nobody svc-stat scan/up
elif ! is_root; then
	chmod 0 scan/up/supervise
	exits 111 'who may not look is told so' svc-stat scan/up
	is 'with the file' "$(cat err)" \
		'svc-stat: fatal: unable to read scan/up/supervise/status: Permission denied'
	chmod 700 scan/up/supervise
else
	skip 'who may not look is told so' 'setpriv can not run the programs as nobody'
fi

svc-scanctl -q scan
done_testing
