#!/bin/sh
# svc-sv against our own supervisors, and side by side with runit's sv against runsv.
# limit: 240
. "${0%/*}/lib.sh"

# Fills a directory with the services of the comparison.
services() {
	service "$1/a" <<-'EOF'
		#!/bin/sh
		exec sleep 1000
	EOF
	service "$1/a/log" <<-'EOF'
		#!/bin/sh
		exec cat >/dev/null
	EOF
	service "$1/b" <"$1/a/run"
	: >"$1/b/down"
	service "$1/stubborn" <<-'EOF'
		#!/bin/sh
		trap '' TERM HUP ALRM
		while :; do sleep 1000 & wait; done
	EOF
	service "$1/checked" <"$1/a/run"
	printf '#!/bin/sh\necho noise\ntest -e available\n' >"$1/checked/check"
	chmod 755 "$1/checked/check"
}
services ours
background svc-scan ours
scan=$pid
SVDIR=$T/ours
export SVDIR
mkdir ourbin
ln -s "$BIN/svc-sv" ourbin/sv
ours=$T/ourbin/sv

# shows ERE SERVICE - its status line is like that.
shows() { "$ours" status "$2" | grep -Eq "$1"; }
for name in a a/log stubborn checked; do until_ok 10 shows '^run: ' "$name"; done
until_ok 10 shows '^down: ' b
# Too late for svc-scan, which is not asked to look again.
mkdir ours/nothing

# plain - lines without what differs from run to run, and how often there is an s.
plain() { sed 's/(pid [0-9]*) [0-9]*s/(pid N) Ns/g; s/: [0-9][0-9]*s/: Ns/g'; }
said() { "$@" 2>/dev/null | plain; }

is 'status shows the service and its logger' "$(said "$ours" status a)" \
	'run: a: (pid N) Ns; run: log: (pid N) Ns'
is 'a path is shown as it was given' "$(cd ours && said "$ours" status ./b "$T/ours/b" a/log)" \
	"down: ./b: Ns
down: $T/ours/b: Ns
run: a/log: (pid N) Ns"
exits 2 'each service that failed counts' svc-sv status nowhere nothing a
is 'and says why' "$(plain <out)" \
	'fail: nowhere: unable to change to service directory: file does not exist
warning: nothing: unable to open supervise/ok: file does not exist
run: a: (pid N) Ns; run: log: (pid N) Ns'

pid_of() { "$ours" status "$1" | sed -n 's/^[a-z]*: [^ ]* (pid \([0-9]*\)).*/\1/p'; }
before=$(pid_of a)
ok 'restart waits for a new process' svc-sv restart a
is 'and says that it runs' "$(plain <out)" 'ok: run: a: (pid N) Ns'
like 'which is another one' "$(pid_of a)" '^[0-9]+$'
[ "$before" != "$(pid_of a)" ]; is 'with another pid' "$?" 0
before=$(pid_of a)
ok 'a second restart in the same second is one as well' svc-sv -w 10 restart a
[ "$before" != "$(pid_of a)" ]; is 'with another pid again' "$?" 0

ok 'up is not waited for' svc-sv up b
is 'and says nothing' "$(cat out)" ''
ok 'start is' svc-sv start b
is 'and knows that the service is normally down' "$(plain <out)" 'ok: run: b: (pid N) Ns, normally down'
ok 'pause' svc-sv -v pause b
is 'is shown' "$(plain <out)" 'ok: run: b: (pid N) Ns, normally down, paused'
ok 'cont' svc-sv -v cont b
is 'ends it' "$(plain <out)" 'ok: run: b: (pid N) Ns, normally down'
ok 'once' svc-sv -v once b
is 'means that it is wanted down' "$(plain <out)" 'ok: run: b: (pid N) Ns, normally down, want down'
ok 'stop' svc-sv stop b
is 'waits for the end' "$(plain <out)" 'ok: down: b: Ns'
ok 'try-restart leaves a stopped service alone' svc-sv try-restart b
is 'and says so' "$(plain <out)" 'ok: down: b: Ns'
ok 'a signal' svc-sv -v alarm stubborn
is 'has taken effect at once' "$(plain <out)" 'ok: run: stubborn: (pid N) Ns'
until_ok 10 shows '^run: ' a

exits 1 'a service that is not available in time' svc-sv -w 1 check checked
is 'is a timeout' "$(plain <out)" 'timeout: run: checked: (pid N) Ns'
is 'and what check says is not shown' "$(cat err)" ''
: >ours/checked/available
ok 'once it is available' svc-sv check checked
is 'check says ok' "$(plain <out)" 'ok: run: checked: (pid N) Ns'
printf '#!/bin/sh\nexec sleep 1000\n' >ours/checked/check
exits 1 'a check that hangs is given up' svc-sv -w 1 start checked

exits 1 'a service that ignores TERM' svc-sv -w 1 stop stubborn
is 'is a timeout, too' "$(plain <out)" 'timeout: run: stubborn: (pid N) Ns, want down, got TERM'
SVWAIT=1 exits 1 'force-stop, with a time from SVWAIT,' svc-sv force-stop stubborn
is 'says that it kills' "$(plain <out)" 'kill: run: stubborn: (pid N) Ns, want down, got TERM'
becomes 10 'and kills' shows '^down: ' stubborn

exits 100 'no command is a usage error' svc-sv
exits 100 'so is no service' svc-sv status
exits 100 'so is an unknown command' svc-sv fnord a
exits 100 'so is an unknown option' svc-sv -x up a

if is_root && has setpriv && [ -x "$BIN/svc-sv" ]; then
	nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	dir=$T
	while case ${dir##*/} in coppice*|*.t) ;; *) false ;; esac do chmod a+x "$dir"; dir=${dir%/*}; done
	if nobody "$ours" status nowhere >/dev/null 2>&1; [ $? = 1 ] && nobody test -x "$T/ours"; then
		exits 1 'who may not look' nobody "$ours" status a
		contains 'is told' "$(cat out)" 'warning: a: unable to open supervise/ok: access denied'
		svc-perms -o "$T/ours/b"
		ok 'who may look' nobody "$ours" status b
		is 'is answered' "$(plain <out)" 'down: b: Ns'
		exits 1 'but may not command' nobody "$ours" up b
		contains 'and is told' "$(cat out)" 'warning: b: unable to open supervise/control: access denied'
	else
		skip 'who may look, and who may command' 'nobody gets at the programs or at this directory'
	fi
else
	skip 'who may look, and who may command' 'not root, or setpriv is not installed'
fi

ln -s "$BIN/svc-sv" ourbin/a
ln -s sv ourbin/b
ln -s sv ourbin/nothing
ok 'an init script: status of one that runs' ourbin/a status
is 'shows the service of its name' "$(plain <out)" 'run: a: (pid N) Ns; run: log: (pid N) Ns'
exits 3 'an init script: status of one that is down' ourbin/b status
exits 4 'an init script: status of one that nobody knows' ourbin/nothing status
exits 2 'an init script: a command that is none' ourbin/a fnord
exits 2 'an init script: no command' ourbin/a
ok 'an init script: stop' ourbin/a stop
is 'waits' "$(plain <out)" 'ok: down: a: Ns, normally up'
ok 'an init script: start' ourbin/a start

ok 'shutdown waits for the supervisor'"'"'s end' svc-sv -w 20 shutdown b
is 'and says so in the words of sv' "$(cat out)" 'ok: b: runsv not running'
kill "$scan"
until_ok 20 gone "$scan"
exits 1 'without a supervisor status fails' svc-sv status a
is 'in the words of sv' "$(cat out)" 'fail: a: runsv not running'
exits 1 'as does up' svc-sv up a
is 'in the same words' "$(cat out)" 'fail: a: runsv not running'
ok 'exit has nothing to do' svc-sv exit a
is 'and is content' "$(cat out)" 'ok: a: runsv not running'

if ! has runsv sv; then
	skip 'the lines and exit codes are those of runit'"'"'s sv' 'runit is not installed'
	done_testing
fi

services theirs
services again
background svc-scan again
for name in a b stubborn checked; do background runsv "theirs/$name"; done
theirs=$(command -v sv)
mkdir theirbin
ln -s "$theirs" theirbin/checked

# both COMMAND... - runs it with either sv, each in its own services; what they say must be the same.
# sv may read the status before runsv has written the new one: what has no wait of its own is settled.
both() {
	SVDIR=$T/again "$ours" "$@" >ours.out 2>ours.err && echo 0 >>ours.out || echo $? >>ours.out
	SVDIR=$T/theirs "$theirs" "$@" >theirs.out 2>theirs.err && echo 0 >>theirs.out ||
		echo $? >>theirs.out
	is "like runit's: sv $*" "$(plain <ours.out)" "$(plain <theirs.out)"
}
settled() {
	SVDIR=$T/again "$ours" status "$2" | grep -Eq "$1" &&
		SVDIR=$T/theirs "$theirs" status "$2" | grep -Eq "$1"
}
for name in a a/log stubborn checked; do until_ok 10 settled '^run: ' "$name"; done
until_ok 10 settled '^down: ' b
mkdir again/nothing theirs/nothing
both status a b a/log nothing nowhere
both up a
both start a
both start b
both -v hup stubborn
both reload stubborn
both pause b
until_ok 10 settled paused b
both status b
both cont b
until_ok 10 settled 'normally down$' b
both once b
until_ok 10 settled 'want down' b
both -v once b
both check a b
both stop b
both try-restart b
both -v down b
both restart b
both -v exit nowhere
both -w 1 check checked
both -w 1 stop stubborn
both status stubborn
both force-stop -w1 stubborn
until_ok 10 settled '^down' stubborn
both -w 1 force-stop stubborn
both fnord a
both restore a
both
both status
both -x
both shutdown b
script() {
	SVDIR=$T/again "ourbin/$1" "$2" >ours.out 2>/dev/null && echo 0 >>ours.out || echo $? >>ours.out
	SVDIR=$T/theirs "theirbin/$1" "$2" >theirs.out 2>/dev/null && echo 0 >>theirs.out ||
		echo $? >>theirs.out
	is "like runit's as an init script: $*" "$(plain <ours.out)" "$(plain <theirs.out)"
}
ln -s sv ourbin/checked
for command in status stop status start fnord shutdown; do script checked $command; done

done_testing
