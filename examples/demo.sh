#!/bin/sh
# demo.sh - shows in a minute what Coppice does: the five services of demo/ and a tree of their own, as the
# current user, below a temporary directory. It goes on when this has ended, to be played with; the last lines
# say how, and how to remove it. At Ctrl-C, or if something fails, nothing is left.
#
#   BIN=DIR    the programs (../target/bin)
here=$(cd "${0%/*}" && pwd) || exit 111
BIN=$(cd "${BIN:-$here/../target/bin}" && pwd) || exit 111
PATH=$BIN:$PATH
DEMO=$(mktemp -d "${TMPDIR:-/tmp}/coppice-demo.XXXXXX") || exit 111
COPPICE_PREFIX=$DEMO
export PATH DEMO COPPICE_PREFIX
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# It did not come to its end: no process is left, and no file.
leave() {
	code=$?
	trap '' INT TERM HUP
	trap - EXIT
	svctl halt --timeout 20s >/dev/null 2>&1
	cd / && rm -rf "$DEMO"
	exit "$code"
}

# Colours, and time to read, are for people.
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
say() {
	echo
	printf '%s\n' "$@" | sed 's/^/# /'
	if [ -t 0 ] && [ -t 1 ]; then sleep 3; fi
}
# show COMMAND - shows a command line and runs it. Its exit code may be a no.
show() {
	printf '%s$ %s%s\n' "$bold" "$1" "$plain"
	eval "$1"
}
# run COMMAND - the same, and ends the demo if it fails.
run() {
	show "$1" || {
		echo "# This should not have failed: exit code $?." >&2
		exit 1
	}
}

# within SECONDS COMMAND... - tries until it succeeds.
within() {
	tries=$(($1 * 20)); shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

another_process() {
	now=$(svc-stat -o pid run/coppice/scan/store)
	[ "$now" -gt 1 ] && [ "$now" != "$before" ]
}
another_supervisor() { svc-ok .. && [ "$(sed -n 's/^pid=//p' supervisor)" != "$before" ]; }

cd "$DEMO" || exit 111
services=etc/coppice/services
mkdir -p "$services" etc/coppice/enabled data run || exit 111
cp "$here"/demo/*.toml "$services/" || exit 111
for program in store web clock backup report; do cp "$here/demo/$program" . || exit 111; done

say 'A service is a file. Here are five; clock needs web, which needs store.'
run "ls $services"
run "cat $services/web.toml"
run 'cat web'

say 'What is to be up is enabled. This tree is your own, below a temporary directory: --prefix, or' \
	'COPPICE_PREFIX, says where. Boot it: loggers, manager, and what is enabled with all it needs.'
run 'touch etc/coppice/enabled/clock etc/coppice/enabled/report'
run 'svctl boot --background'
run 'svctl wait clock report'
run 'svctl status'
run 'svctl tree clock'

say 'Each has its log.'
within 20 grep -q GET var/log/coppice/web/current
run 'svctl logs -n 6'

# The variables are for who reads along: run expands them.
# shellcheck disable=SC2016
{
	say 'Kill a service, as hard as you can. It comes back, and those who need it behind it.'
	before=$(svc-stat -o pid run/coppice/scan/store)
	run 'svctl kill store KILL'
	within 20 another_process || exit 1
	run 'svctl wait --timeout 20s clock'
	run 'svctl status store'

	say 'Kill its supervisor. The service does not notice: another one has adopted it.'
	run 'cd run/coppice/scan/store/supervise && grep ^pid= process'
	before=$(sed -n 's/^pid=//p' supervisor)
	run 'kill -9 $(sed -n s/^pid=//p supervisor)'
	within 20 another_supervisor || exit 1
	run 'grep ^pid= process; cd "$DEMO"'

	say 'Kill the manager. The next one goes on, and nothing has happened.'
	run 'kill -9 $(sed -n s/^pid=//p run/coppice/manager/managerd)'
	run 'svctl start --timeout 20s clock'
}

say 'Break something: store needs its directory, and tests that before it starts. A restart that would fail is'
echo '# refused, and what runs goes on.'
run 'mv data gone'
show 'svctl restart --timeout 20s store'

say 'Restarted all the same it does not come back, and what needs it can not be up either. Each says why.'
show 'svctl restart --no-test --timeout 20s store'
show 'svctl why clock'

say 'Mend it, and say so. All that was to be up comes up by itself.'
run 'mv gone data'
run 'svctl start --timeout 30s store'
run 'svctl wait --timeout 30s clock report'

say 'Who needs whom, and how the boot went, as pictures to look at in a browser.'
run 'svctl graph --output graph.svg'
run 'svctl bootchart --output bootchart.svg'
ls -l graph.svg bootchart.svg

cat >./env <<EOF
COPPICE_PREFIX='$DEMO' PATH='$BIN':\$PATH
export COPPICE_PREFIX PATH
EOF
cat >./remove <<EOF
#!/bin/sh
'$BIN/svctl' --prefix '$DEMO' halt && cd / && rm -rf '$DEMO'
EOF
chmod 755 remove
trap - EXIT
say 'It goes on. To look around in it (svctl --help; svctl status; svctl logs -f; svctl edit web):'
echo "  . $DEMO/env"
echo '# To end it and remove everything:'
echo "  $DEMO/remove"
