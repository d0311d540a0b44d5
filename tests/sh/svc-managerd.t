#!/bin/sh
# svc-managerd: what it refuses, what it does by itself, and what becomes of it when things go wrong.
# limit: 240
#
# A small tmpfs, in a mount namespace of its own.
if [ -z "${OWN_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
	export OWN_MOUNTS=yes
	exec unshare -m sh "$0"
fi
. "${0%/*}/lib.sh"
. "$here/managed.sh"
# shellcheck disable=SC2154  # pid: from background

# refused CODE MESSAGE [ARGUMENT...] - exits so, with this message.
refused() {
	code=$1 message=$2; shift 2
	exits "$code" "it does not begin: $message" timeout 300 svc-managerd "$@"
	is 'which is said' "$(sed 1q err)" "svc-managerd: fatal: $message"
}
# here_refused CODE MESSAGE - the same, of a live system.
here_refused() { refused "$@" --dir other --generations lib; }
said() { grep -qxF "svc-managerd: warning: $1" managerd.err; }
# becomes_said TEXT - it warns so.
becomes_said() { becomes 20 "it says: $1" said "$1"; }
# process NAME - its pid.
process() { svc-stat -o pid "run/scan/$1"; }
starts() { wc -l <"starts.$1" 2>/dev/null || echo 0; }
# supervised OPTION - svc-ctl for the service svc-managerd: as if by hand.
supervised() { svc-ctl "$1" run/scan/svc-managerd; }
stopped() { supervised -d && until_ok 20 sh -c '! grep -q "^state=up" run/scan/svc-managerd/supervise/status'; }
started() { supervised -u && until_ok 20 takes_requests; }
# killed - kill -9, and its successor takes requests.
killed() { old=$(manager) && kill -9 "$old" && until_ok 20 another; }
another() { [ "$(manager)" != "$old" ] && takes_requests; }

# --- What it refuses.
refused 100 'with a limit of 0 nothing would ever start' --limit 0
refused 100 'invalid number: many' --limit many
refused 100 "missing argument for option '--limit'" --limit
refused 100 'invalid option --fast' --fast
refused 100 'unexpected argument web' web
here_refused 111 "unable to open $T/other/scan: No such file or directory"
mkdir -p other/scan
here_refused 102 'no svc-scan has been at work in scan/'
background svc-scan other/scan; scan=$pid
ok 'there is a tree' until_ok 10 test -d other/scan/.svc-scan/event
here_refused 111 "$T/lib/boot leads to no generation: run svc-compile"

# a daemon that notes its starts
daemon() {
	printf 'exec = ["/bin/sh", "-c", "echo >>%s; exec sleep 1000"]\n' "$T/starts.$1"
	cat
}
daemon db </dev/null | unit db
echo 'requires = ["db"]' | daemon web | unit web
daemon idle </dev/null | unit idle
enabled web
ok 'the services are accepted' compile
mv lib/generations/1/graph graph.good
here_refused 111 "unable to read $T/lib/generations/1/graph: No such file or directory"
echo 'version 1' >lib/generations/1/graph
echo 'nonsense' >>lib/generations/1/graph
exits 111 'nor with a graph that is none' timeout 300 svc-managerd --dir other --generations lib
like 'which is said' "$(cat err)" "^svc-managerd: fatal: $T/lib/generations/1/graph: line 2: "
mv graph.good lib/generations/1/graph
ok 'nothing was begun' test ! -e other/manager/state

# --- By hand.
background svc-managerd --dir other --generations lib; first=$pid
ready_there() { grep -q '^web state=ready ' other/manager/state; }
becomes 20 'what is enabled comes up' ready_there
is 'and nothing else' "$(ls other/scan)" 'db
web'
ok 'none of them starts again by itself in another tree' test -e other/scan/db/down -a -e other/scan/web/down
here_refused 100 'another svc-managerd is at work there'
ok 'the first one does not mind' alive "$first"
p=$(svc-stat -o pid other/scan/web)
kill -TERM "$first"
wait "$first"
is 'told to end, it ends' $? 0
is 'and leaves all as it is' "$(svc-stat -o pid other/scan/web)" "$p"
is 'it has said nothing' "$(cat "$first.out" "$first.err")" ''
kill -TERM "$scan"
wait "$scan"
is 'services end with the tree' $? 0
rm -r other lib starts.*

# --- As a service.
for name in one two three; do
	{
		echo 'type = "oneshot"'
		echo "start = [\"/bin/sh\", \"-c\", \"echo $name >>$T/order\"]"
		echo "stop = [\"/bin/sh\", \"-c\", \"echo $name >>$T/stops\"]"
	} >"etc/services/$name.toml"
done
echo 'requires = ["two"]' >>etc/services/three.toml
echo 'requires = ["one"]' >>etc/services/two.toml
{ echo 'requires = ["three", "db"]'; } | daemon web | unit web
{
	printf 'exec = ["/bin/sh", "-c", "echo >>%s/starts.slow; until [ -e %s/go ]; do sleep 0.02; done; echo >&3; exec sleep 1000"]\n' "$T" "$T"
	echo 'ready = "notify-fd 3"'
} | unit slow
unit command <<EOF2
type = "oneshot"
start = ["/bin/sh", "-c", "echo >>$T/starts.command; until [ -e $T/go ]; do sleep 0.02; done"]
EOF2
{ echo '[when]'; echo 'all = ["power/ac = yes"]'; } | daemon mains | unit mains
enabled web mains
ok 'the services are accepted' compile
# It is killed more often than anybody should have to wait for.
echo 200 >run/scan/svc-managerd/restart-delay-max
ok 'it can be a service' managed ''
ok 'what is enabled comes up' change wait web
is 'in order' "$(cat order)" 'one
two
three'
ok 'it is nothing but that' is_in idle down
is 'what waits for a fact is down' "$(state mains)" down
exits 1 'so the goal is not reached' test -L lib/good

# Facts.
mkdir -p run/events/facts/power
echo yes >run/events/facts/power/ac
ok 'who changes a fact tells it to look' change look
ok 'what waits for it comes up' change wait mains
is_good() { [ "$(readlink lib/good)" = generations/1 ]; }
becomes 20 'all that is enabled has been ready' is_good
echo no >run/events/facts/power/ac
ok 'a HUP does it too' kill -HUP "$(manager)"
becomes 20 'what waits for it goes down' is_in mains down
rm run/events/facts/power/ac
echo yes >run/events/facts/power/ac
kill -HUP "$(manager)"
becomes 20 'and comes back' is_in mains ready

# kill -9.
before="$(process web) $(process db) $(process mains)"
ok 'killed it is started again' killed
is 'the services are those that there were' "$(process web) $(process db) $(process mains)" "$before"
ok 'all of it is as it was' change wait web mains
is 'no oneshot ran twice' "$(wc -l <order)" 3
background change up slow command; waits=$pid
becomes 20 'a request is under way' is_in slow up
becomes 20 'and a command runs' test -s starts.command
ok 'killed again' killed
ok 'and again' killed
: >go
ok 'the request is answered' wait "$waits"
is 'with what became of it' "$(tail -n 2 "$waits.out" | sort)" 'command: ready
slow: ready'
is 'nothing ran twice' "$(starts slow) $(starts command)" '1 1'

unit patient <<E
exec = ["/bin/sh", "-c", "trap 'echo TERM >>$T/told' TERM; echo >&3; until [ -e $T/enough ]; do sleep 0.1 & wait; done"]
ready = "notify-fd 3"
E
compile && change --quiet apply
ok 'what takes its time to end is up' change up patient
background change down patient; waits=$pid
becomes 20 'it is told to end' test -s told
ok 'killed meanwhile' killed
ok 'and again' killed
: >enough
ok 'it is down' wait "$waits"
is 'and was told once: many take a second TERM for an order to drop everything' "$(cat told)" TERM
rm etc/services/patient.toml
compile && change --quiet apply
old=$(manager)
kill -TERM "$old"
becomes 20 'after a TERM too there is another one' another
is 'and the services are those that there were' "$(process web) $(process db) $(process mains)" "$before"
is 'up to here it had nothing to say' "$(cat managerd.err)" ''

# What is done while nobody manages.
ok 'it is stopped' stopped
p=$(process idle 2>/dev/null)
kill -9 "$(process db)"
started_twice() { [ "$(starts db)" = 2 ]; }
becomes 20 'what dies is started by its supervisor' started_twice
ok 'it is started' started
ok 'what was restarted without it is ready' change wait web db

# Somebody else's.
mkdir run/scan/theirs
printf '#!/bin/sh\necho >>%s/starts.theirs\nexec sleep 1000\n' "$T" >run/scan/theirs/run
chmod 755 run/scan/theirs/run
svc-scanctl -a run/scan
theirs_runs() { [ -s starts.theirs ] && [ "$(process theirs)" -gt 1 ]; }
becomes 20 'somebody else has a service' theirs_runs
theirs=$(process theirs)
{ echo 'timeout-start = "500ms"'; } | daemon ours | unit theirs
ok 'there is a service file of the same name' compile
ok 'it is applied' change apply
exits 1 'it does not come up' change up theirs
becomes_said "unable to make the directory of theirs: there is a service directory that is not the manager's"
is 'what is there is not touched' "$(process theirs)" "$theirs"
change down theirs >/dev/null 2>&1
is 'nor stopped' "$(process theirs)" "$theirs"
rm "etc/services/theirs.toml"
ok 'it is taken out' compile
ok 'which is applied' change apply
is 'and still not stopped' "$(process theirs)" "$theirs"

# Garbage.
hwm() { sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(manager)/status"; }
memory=$(hwm)
# Each line in a write of its own: what is half a line swallows that of another writer.
for number in $(seq 10000); do echo "garbage $number"; done >run/manager/command/owner &
garbage=$!
ok 'who asks for something meanwhile has his answer' change up idle
ok 'all of it is read' wait "$garbage"
{ head -c 100000 /dev/zero | tr '\0' x; echo; } >run/manager/command/owner
ok 'and it is still served' change restart idle
printf 'half a line' >run/manager/command/owner
ok 'half a line swallows no other' change --timeout 60s restart idle
is 'it is said once' "$(grep -c 'owner wrote a line that is no request: left out' managerd.err)" 1
ok 'none of it is kept' test $(($(hwm) - memory)) -lt 2048

# The table.
# torn NAME - a byte in the middle of its line is another.
torn() {
	line=$(grep -n "^$1 " run/manager/state | cut -d: -f1)
	printf 'X' | dd of=run/manager/state bs=1 seek=$((256 * (line - 1) + ${#1} + 3)) conv=notrunc 2>/dev/null
}
before="$(process web) $(process db)"
ok 'it is stopped' stopped
torn db
torn idle
ok 'and started with a table of which lines are torn' started
becomes_said 'manager/state is damaged: as after a boot: db idle'
ok 'all is as it was' change wait web db
is 'the services are those that there were' "$(process web) $(process db)" "$before"
becomes 20 'but what is not enabled is not wanted any more' is_in idle down
ok 'it is stopped' stopped
torn web
ok 'a line of one that is enabled can be torn' started
ok 'it is as after a boot' change wait web
is 'and its process is the same' "$(process web) $(process db)" "$before"
is 'no oneshot ran again' "$(wc -l <order)" 3
ok 'a oneshot is started for the second time' change restart three
ok 'what depends on it is as well' change wait web
before="$(process web) $(process db)"
ok 'it is stopped' stopped
echo nonsense >run/manager/state
supervised -u
becomes 20 'a table that is none is said' grep -qx 'svc-managerd: fatal: manager/state is damaged: without it all begins as after a boot' managerd.err
is 'the services go on' "$(process web) $(process db)" "$before"
exits 102 'and nothing can be asked for' change --timeout 0 up idle
ok 'it is stopped' stopped
rm run/manager/state
ok 'without a table' started
ok 'it begins as after a boot' change wait web mains
is 'oneshots are started, of which nobody knows anything' "$(sort order | uniq -c | sed 's/^ *//')" '2 one
3 three
2 two'
: >stops
ok 'a oneshot can be taken down' change down --with-dependents one
is 'its stop command has run' "$(cat stops)" 'three
two
one'
ok 'and up again' change up one
ok 'with its dependents' change wait web
is 'each start command has run again' "$(sort order | uniq -c | sed 's/^ *//')" '3 one
4 three
3 two'

# Who may.
if is_root; then
	groups=$(awk -F: '$3 > 0 && $3 < 10 { print $1 }' /etc/group | head -n 2 | tr '\n' ' ')
	a=${groups%% *} b=${groups#* } b=${b% }
	cat >policy <<EOF2
# who may what
$a up down : web mains
$b fly
$b *
$b up :
nobodys-group up
EOF2
	sed -i "s|svc-managerd --dir|svc-managerd --policy '$T/policy' --dir|" run/scan/svc-managerd/run
	old=$(manager)
	kill "$old"
	becomes 20 'there is a policy' another
	becomes_said "$T/policy: line 3: fly is no verb"
	becomes_said "$T/policy: line 5: no service after the colon"
	becomes_said 'policy: there is no group nobodys-group'
	is 'the other lines hold' "$(cd run/manager/command && stat -c '%n %A %U %G' -- * | sort)" "$(sort <<EOF2
$a prw--w---- root $a
$b prw--w---- root $b
owner prw------- root root
EOF2
)"
	exits 1 'who may something' change --as "$a" up idle
	is 'may not something else' "$(cat out)" "$a may not up idle"
	ok 'who may all' change --as "$b" up idle
	ok 'may all' is_in idle ready
	is 'each has his own answers' "$(find run/manager/requests -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)" "$(printf '%s\n' "$a" "$b" owner | sort)"
	# Who writes without end keeps nobody waiting.
	yes nonsense >"run/manager/command/$a" 2>/dev/null &
	flood=$!
	ok 'who floods keeps nobody waiting' change --as "$b" restart idle
	ok 'nor whoever runs the manager' change restart idle
	ok 'he still does' alive "$flood"
	kill "$flood"
	echo "$a up : web" >policy
	kill -HUP "$(manager)"
	becomes 20 'after a HUP the policy is another' test ! -e "run/manager/command/$b"
	exits 1 'also for who is still named' change --as "$a" down web
else
	skip 'others may ask for what the policy says' 'not root'
fi

# As many at once as there may be.
for name in 1 2 3 4 5 6; do
	unit "some-$name" <<EOF2
type = "oneshot"
start = ["/bin/sh", "-c", "cd $T; : >at.$name; ls at.* | wc -l >>many; until [ -e leave ]; do sleep 0.02; done; rm at.$name"]
EOF2
done
ok 'there are some more' compile
ok 'they are applied' change apply
sed -i 's|svc-managerd |svc-managerd --limit 2 |' run/scan/svc-managerd/run
old=$(manager)
kill "$old"
becomes 20 'there is a limit' another
background change up some-1 some-2 some-3 some-4 some-5 some-6; waits=$pid
two_at_once() { [ "$(find . -maxdepth 1 -name "at.*" | wc -l)" = 2 ]; }
becomes 20 'as many start' two_at_once
is 'the others wait' "$(grep -c '^some-. state=starting ' run/manager/state)" 2
contains 'which is why' "$(svc-db --dir run --generations lib why some-6)" 'some-6 waits for its turn'
ok 'killed' killed
: >leave
ok 'it starts all of them' wait "$waits"
is 'never more at once' "$(sort -n many | tail -n 1)" 2
is 'each of them once' "$(wc -l <many)" 6

# The tree can end, and nothing of it matters.
manager=$(manager)
kill -TERM "$(sed -n 's/^pid=//p' run/scan/.svc-scan/scan)"
becomes 60 'the tree ends' gone "$manager"

# --- Essential.
: >ended
unit_of() { # NAME [LINE...]
	name=$1; shift
	{
		printf 'exec = ["/bin/sleep", "1000"]\nafter-stop = ["/bin/sh", "-c", "echo %s >>%s/ended"]\n' "$name" "$T"
		printf '%s\n' "$@"
	} | unit "$name"
}
rm -rf etc/services/* run lib managerd.err
mkdir -p run/scan/svc-managerd
unit_of low
unit_of middle 'requires = ["low"]'
unit_of high 'requires = ["middle"]'
unit core <<EOF2
exec = ["/bin/sh", "-c", "until [ -e $T/die ]; do sleep 0.02; done; exit 3"]
restart = "no"
essential = true
log.own = false
EOF2
enabled high core
ok 'one of the services is essential' compile
managed ''
tree=$(sed -n 's/^pid=//p' run/scan/.svc-scan/scan)
ok 'all comes up' change wait high core
: >die
becomes 30 'when it fails, the tree ends' gone "$tree"
is 'it is said' "$(cat managerd.err)" 'svc-managerd: warning: core failed: exit code 3
svc-managerd: warning: core is essential: all services go down'
is 'all went down, in order' "$(cat ended)" 'high
middle
low'

again=$(sed -n 's/^pid=//p' run/scan/.svc-scan/scan)
is 'it was the tree that it began with' "$again" "$tree"
background svc-scan run/scan; tree=$pid
becomes 30 'so does the next one, as nobody has changed that' gone "$tree"
rm die
managed ''
ok 'until the cause is mended' change wait high core
tree=$(sed -n 's/^pid=//p' run/scan/.svc-scan/scan)

# The same, asked for; and it survives whoever asked, and whoever heard.
rm ended go
unit slow <<EOF2
exec = ["/bin/sh", "-c", "trap 'until [ -e $T/go ]; do sleep 0.02; done; exit' TERM; echo >&3; while :; do sleep 0.02; done"]
ready = "notify-fd 3"
requires = ["high"]
EOF2
enabled high core slow
ok 'with one that takes long to end' compile
ok 'which comes up' change apply
ok 'the end can be asked for' change --no-wait end
exits 1 'then nothing else can be' change up core
is 'which is said' "$(tail -n 1 out)" 'everything goes down'
kill -9 "$(manager)"
becomes 10 'after a kill there is another manager' sh -c "kill -0 \$(sed -n 's/^pid=//p' run/manager/managerd)"
: >go
becomes 30 'the tree ends' gone "$tree"
is 'in order' "$(cat ended)" 'high
middle
low'
exits 1 'with nothing that the next one would go on from' test -e run/manager/state
rm etc/services/slow.toml
enabled high core
ok 'without that one' compile

# --- No space.
if [ "${OWN_MOUNTS:-}" ]; then
	rm -rf run managerd.err
	mkdir run
	mount -t tmpfs -o size=2m none run || skip 'a full tmpfs' 'none can be mounted'
fi
if [ "${OWN_MOUNTS:-}" ] && mountpoint -q run; then
	trap 'umount -l run; end_of_test 1' EXIT
	mkdir -p run/scan/svc-managerd
	managed ''
	ok 'all comes up on a small tmpfs' change wait high core
	unfilled=$(manager)
	dd if=/dev/zero of=run/ballast bs=4k >/dev/null 2>&1
	exits 111 'a full one takes no request' change down high
	like 'which is why' "$(cat out err)" 'No space left on device'
	like 'the manager says so' "$(cat managerd.err)" '^svc-managerd: warning: unable to write an answer: No space left on device$'
	ok 'by its supervisor a service can be stopped' svc-ctl -d run/scan/low
	# switches - how often it was awake.
	switches() { sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$unfilled/status"; }
	rests() { n=$(switches); sleep 0.3; [ "$n" = "$(switches)" ]; }
	becomes 20 'it does not spin' rests
	ok 'it can be killed' kill -9 "$unfilled"
	rm run/ballast
	becomes 20 'with space it goes on' takes_requests
	ok 'and does what it is asked for' change down high
	umount -l run
	trap 'end_of_test $?' EXIT
else
	skip 'a full tmpfs' 'no root, or no mount namespaces'
fi

done_testing
