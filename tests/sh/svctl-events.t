#!/bin/sh
# svctl events: what happens, as it happens.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
cd "$T" || exit 111
events=run/coppice/manager/event

exits 102 'without a manager ever nothing happens' ctl events
like 'which says so' "$(cat err)" '^svctl: fatal: no tree runs in .*: svctl --prefix .* boot --background starts it$'
exits 100 'of an image nothing does' svctl --root "$T" events

unit disk <<'EOF'
type = "oneshot"
start = "true"
EOF
unit web <<EOF
exec = ["/bin/sh", "-c", "[ ! -e '$T/broken' ] || exit 7; echo >&3; exec sleep 1000"]
ready = "notify-fd 3"
requires = ["disk"]
restart = "no"
EOF
unit other <<'EOF'
exec = "sleep 1000"
EOF
enabled other
compile
# shellcheck disable=SC2119  # no options
managed
until_ok 10 is_in other ready
exits 100 'a name that there is not' ctl events wbe
like 'is told with one that is near' "$(cat err)" 'there is no service wbe \(did you mean web\?\)'

# listening N - so many subscribe.
listening() { [ "$(find "$events" -name 'sub.*' -type p | wc -l)" = "$1" ]; }
# said FILE - its lines, without times and ids, and blanks as they come.
said() { sed -E 's/^[0-9-]{10} [0-9:.]{12} //; s/ +/ /g' "$1"; }
# tells FILE TEXT - there is such a line.
tells() { said "$1" | grep -Fqx -- "$2"; }

background svctl --prefix "$T" events
all=$pid
background svctl --prefix "$T" events --json web
json=$pid
until_ok 10 listening 2
change up web >answer
until_ok 10 tells "$all.out" 'request done (up web)'
# That it is up may be seen only when it is ready.
is 'each change of a state is a line' "$(said "$all.out" | grep -v -e '^request' -e '^web up$')" 'disk starting
disk ready
web starting
web ready'
is 'and each request' "$(said "$all.out" | grep '^request')" 'request accepted (up web)
request done (up web)'
like 'with local time' "$(head -n 1 "$all.out")" "^$(date +%Y)-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} "
until_ok 10 grep -q '"state":"done"' "$json.out"
is 'as JSON, of one service' "$(sed -E 's/"time":"[^"]*"/"time":T/; s/"id":"[^"]*"/"id":I/; /"state":"up"/d' "$json.out")" \
'{"schema":"svctl-events-1","time":T,"event":"request","id":I,"request":"up web","state":"accepted","reason":null}
{"schema":"svctl-events-1","time":T,"event":"service","name":"web","state":"starting","reason":null}
{"schema":"svctl-events-1","time":T,"event":"service","name":"web","state":"ready","reason":null}
{"schema":"svctl-events-1","time":T,"event":"request","id":I,"request":"up web","exit":0,"state":"done","reason":null}'

as_schemas_say "$json.out" 'which keeps to its schema'

# was_ready N - web was ready so often.
was_ready() { [ "$(said "$all.out" | grep -c '^web ready$')" = "$1" ]; }

# --- reasons
change down web >answer
until_ok 10 tells "$all.out" 'web down (nothing needs web)'
pass_or_fail() { what=$1; shift; if "$@"; then pass; else fail "not told:" "$(said "$all.out")"; fi; }
pass_or_fail 'who is down is told why' tells "$all.out" 'web down (nothing needs web)'
: >broken
change up web >answer
until_ok 10 tells "$all.out" 'web failed (web failed: exit code 7)'
pass_or_fail 'and who failed' tells "$all.out" 'web failed (web failed: exit code 7)'
pass_or_fail 'a request that was not fulfilled says why' tells "$all.out" \
	'request done (up web: not as asked for: web: not ready: web failed: exit code 7)'
rm broken

# --- deaths
first=$(manager)
kill -9 "$first"
until_ok 20 tells "$all.out" 'svc-managerd started'
is 'the death of the manager, and the next one' "$(said "$all.out" | grep '^svc-managerd')" 'svc-managerd died
svc-managerd started'
until_ok 10 takes_requests
change up web >answer
until_ok 10 tells "$all.out" 'request done (up web)'
becomes 10 'and it goes on' was_ready 2

# --- too much at once
kill -STOP "$all"
fifo=$(find "$events" -name "sub.$all.*")
change down web >answer
yes 'service other ready' | head -c 600000 >"$fifo"
kill -CONT "$all"
until_ok 20 tells "$all.out" 'some events lost (what has changed is told from the state table)'
pass_or_fail 'what is lost is told' tells "$all.out" 'some events lost (what has changed is told from the state table)'
printf 'service ../../x ready\nservice \033[31mx ready\nnonsense\n' >"$fifo"
change up web >answer
until_ok 10 was_ready 3
is 'nobody else puts a colour or a name into it' "$(grep -c "$(printf '\033')\|nonsense\|\.\./" "$all.out")" 0

# --- ends
kill -TERM "$json"
code=0; wait "$json" || code=$?
is 'it ends when it is told to' "$code $(cat "$json.err")" '143 '
code=0; env --default-signal=INT svctl --prefix "$T" events >typed 2>typed.err &
pid=$!
until_ok 10 listening 2
kill -INT "$pid"
wait "$pid" || code=$?
is 'Ctrl-C is no failure that it has to tell' "$code $(cat typed.err)" '130 '
mkfifo pipe
svctl --prefix "$T" events >pipe 2>piped.err &
pid=$!
exec 3<pipe
until_ok 10 listening 2
exec 3<&-
code=0; wait "$pid" || code=$?
is 'it ends quietly when nobody reads any more' "$code $(cat piped.err)" '0 '
kill -TERM "$all"
becomes 10 'its fifo goes with it' listening 0

done_testing
